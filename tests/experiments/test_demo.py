"""What README and experiments/README.md say of the demo is what its numbers say."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs():
    from sim.configuration import compose
    from sim.sweep.in_memory import run_design

    return run_design(compose(["experiment=grow_or_fragment"])).runs


def read_folded(path):
    return " ".join((ROOT / path).read_text(encoding="utf-8").split())


def write_number(value):
    return f"{value:+.2f}".replace("-", "\u2212")


@pytest.fixture(scope="module")
def means(runs):
    """Mean change by regime (rows) and money (columns)."""
    return runs.pivot_table(index="regime", columns="annual_usd_per_organization", values="collaboration_change")


def test_the_readme_says_what_money_does(means):
    poor, rich = (write_number(means.loc["unrestricted", money]) for money in (20_000, 220_000))
    assert f"from {poor} at 20,000 USD per organization and year to {rich} at 220,000" in read_folded("README.md")


def test_the_readme_says_where_loss_turns_to_gain(means):
    assert "from loss to gain between 55,000 and 110,000" in read_folded("README.md")
    for regime in ("unrestricted", "competitive"):
        assert (means.loc[regime] > 0).tolist() == [False, False, True, True, True]


def test_the_readme_says_where_collaboration_falls_at_every_level(means):
    text = read_folded("README.md")
    for regime, words in {
        "population_silo": "Under population silos collaboration falls at every level",
        "viewpoint_conditional": "money is conditional on viewpoint",
    }.items():
        assert (means.loc[regime] < 0).all()
        assert f"{words} (by up to {-means.loc[regime].min():.2f})" in text
    assert means.loc["none"].nunique() == 1
    assert f"without grants (by {-means.loc['none'].iloc[0]:.2f})" in text


def test_the_readme_says_what_distance_costs_with_little_and_with_much_money(runs):
    given = runs[runs["regime"] != "none"]
    ends = given.pivot_table(
        index="annual_usd_per_organization", columns="viewpoint_spread", values="collaboration_end"
    )
    cost = ends[0.0] - ends[0.9]
    expected = f"by {cost[20_000]:.2f} with the least money and by {cost[220_000]:.2f} with the most"
    assert expected in read_folded("README.md")


def test_the_readme_says_what_was_awarded_and_what_is_covered(runs):
    awarded = runs.groupby("regime")["total_awarded_usd"].mean() / 18 / 10
    coverage = runs.groupby("regime")["coverage_end"].mean()
    text = read_folded("README.md")
    assert f"{awarded['unrestricted']:,.0f} USD per organization and year with unrestricted money" in text
    assert f"and {awarded['population_silo']:,.0f} under population silos" in text
    assert f"coverage ends at {coverage['population_silo']:.2f}" in text


def test_the_table_of_experiments_has_the_answer(runs):
    given = runs[runs["regime"] != "none"]
    by_money = given.pivot_table(
        index="seed", columns="annual_usd_per_organization", values="collaboration_change"
    ).mean()
    gain = by_money[220_000] - by_money[20_000]
    assert f"220,000 instead of 20,000 USD moves the change by {gain:+.3f}" in read_folded("experiments/README.md")
