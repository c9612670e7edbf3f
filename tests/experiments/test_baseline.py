"""The baseline field must hold what a study of fragmentation needs: something to lose, and something to gain."""

import pytest

import sim


@pytest.fixture(scope="module")
def months():
    return sim.run(["regime=unrestricted"], seeds=100).months


def test_cross_viewpoint_pairs_exist(months):
    assert months[months["month"] == 120]["cross_viewpoint_share"].mean() > 0.05


def test_there_are_several_coalitions_of_three_or_more(months):
    assert 2 < months[months["month"] == 120]["n_coalitions"].mean() < 10


def test_some_organizations_are_unaffiliated(months):
    assert 0.02 < months[months["month"] == 120]["unaffiliated_share"].mean() < 0.5


def test_a_few_percent_of_organizations_close_in_a_year(months):
    later = months[months["month"] > 0]
    assert 0.01 < 12 * later["closures"].sum() / later["n_open"].sum() < 0.06


def test_grant_money_is_what_the_parameters_say(months):
    # 18 organizations x 110,000 USD a year x 10 years, and the cohorts that are running at the start
    yearly = months[months["month"] > 12].groupby("seed")["awarded_usd"].sum().mean() / 9
    assert yearly == pytest.approx(18 * 110_000, rel=0.001)
