"""What README and experiments/README.md say of the demo is what its numbers say."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs():
    from sim.commands.runs import run_design
    from sim.configuration import compose

    return run_design(compose(["experiment=grow_or_fragment"])).runs


def read_folded(path):
    return " ".join((ROOT / path).read_text(encoding="utf-8").split())


def count(runs, regime, verdict):
    return int(((runs["regime"] == regime) & (runs["verdict"] == verdict)).sum())


def write_number(value):
    return f"{value:+.2f}".replace("-", "\u2212")


def test_the_readme_says_what_money_does(runs):
    mean = runs.groupby(["regime", "annual_usd_per_organization"])["collaboration_change"].mean()
    low, high = mean["unrestricted", 20_000], mean["unrestricted", 220_000]
    expected = f"from {write_number(low)} at 20,000 USD per organization and year to {write_number(high)} at 220,000"
    assert expected in read_folded("README.md")


def test_the_readme_says_how_often_each_regime_fragments(runs):
    each = len(runs) // runs["regime"].nunique()
    coverage = runs.groupby("regime")["coverage_end"].mean()
    expected = (
        f"Of {each} runs each, collaboration fragments in {count(runs, 'population_silo', 'fragments')} "
        f"under population silos, {count(runs, 'none', 'fragments')} without grants, "
        f"{count(runs, 'viewpoint_conditional', 'fragments')} where money is conditional on viewpoint, "
        f"{count(runs, 'unrestricted', 'fragments')} with unrestricted and "
        f"{count(runs, 'competitive', 'fragments')} with competitive money"
    )
    assert expected in read_folded("README.md")
    assert f"coverage ends at {coverage['population_silo']:.2f}" in read_folded("README.md")


def test_the_readme_says_how_little_viewpoints_do_alone(runs):
    kept = runs[runs["regime"] == "unrestricted"]
    means = kept.groupby("viewpoint_spread")["collaboration_change"].mean()
    assert f"{write_number(means.min())} to {write_number(means.max())}" in read_folded("README.md")


def test_the_table_of_experiments_has_the_answer(runs):
    each = len(runs) / runs["regime"].nunique()
    share = {name: count(runs, name, "fragments") / each for name in ("population_silo", "unrestricted")}
    expected = (
        f"fragments in {share['population_silo']:.0%} of runs under population silos "
        f"and in {share['unrestricted']:.0%} with unrestricted money"
    )
    assert expected in read_folded("experiments/README.md")
