"""Robustness: a planted dominance, a lever that helps some sets and harms others, and money."""

import numpy as np
import pytest

from sim.analysis.reading import Sweep
from sim.analysis.robustness import compute_robustness, compute_share_interval, describe_robustness
from sim.errors import AnalysisError
from tests.analysis.tables import make_table

CASES = [
    {"name": "as_it_is"},
    {"name": "always", "meetings.facilitation": 0.4},
    {"name": "sometimes", "meetings.facilitation": 0.5},
    {"name": "nothing", "meetings.facilitation": 0.2},
]
SAMPLE = {"method": "sobol", "n": 64}


@pytest.fixture(scope="module")
def sweep():
    def outcome(points):
        luck, case = points["grants.luck"], points["case"]
        gain = np.select([case == "always", case == "sometimes"], [0.1, 0.4 - luck], 0.0)
        return 5 * luck + gain

    found = make_table(SAMPLE, outcome, n_seeds=2, cases=CASES)
    usd = np.where(found.runs["case"] == "always", 19_800_000.0, 18_000_000.0)
    return Sweep(**{**vars(found), "runs": found.runs.assign(total_awarded_usd=usd)})


@pytest.fixture(scope="module")
def levers(sweep):
    return compute_robustness(sweep, outcomes=["y"]).set_index("lever")


def test_a_planted_dominance_is_found_in_every_set(levers):
    always = levers.loc["always"]
    assert (always["better_share"], always["n_sets"], always["n_seeds"]) == (1.0, 64, 2)
    assert always[["mean", "low", "high", "worst_decile"]].to_list() == pytest.approx([0.1] * 4)


def test_a_lever_that_helps_some_sets_and_harms_others_shows_both(levers):
    sometimes = levers.loc["sometimes"]
    assert sometimes["better_share"] == pytest.approx(0.4, abs=0.02)
    assert sometimes["better_low"] < 0.4 < sometimes["better_high"]
    assert sometimes["worst_decile"] == pytest.approx(-0.5, abs=0.03)
    # in the worst set it loses 0.6, and "always" would have won 0.1
    assert sometimes["regret_worst"] == pytest.approx(0.7, abs=0.03)
    assert levers.loc["always", "regret_worst"] == pytest.approx(0.3, abs=0.03)


def test_a_lever_that_changes_nothing_is_the_same_in_every_set(levers):
    assert levers.loc["nothing", ["mean", "better_share", "same_share"]].to_list() == [0.0, 0.0, 1.0]


def test_money_is_per_organization_and_year(levers):
    assert levers.loc["always", "usd_per_organization_year"] == pytest.approx(19_800_000 / 18 / 10)
    assert levers.loc["always", "usd_difference"] == pytest.approx(10_000)


def test_less_is_counted_as_better_where_less_is_meant(sweep):
    runs = sweep.runs.assign(exit_rate=-sweep.runs["y"])
    table = compute_robustness(Sweep(**{**vars(sweep), "runs": runs}), outcomes=["exit_rate"]).set_index("lever")
    assert table.loc["always", ["mean", "better_share", "worst_decile"]].to_list() == pytest.approx([-0.1, 1.0, -0.1])


def test_the_sentence_names_the_levers_that_are_not_told_apart_and_the_share_of_sets(levers):
    told = describe_robustness(levers.reset_index())
    assert told.startswith("y: not told apart as highest: always; sometimes. Under always: +0.100 [+0.100, +0.100]")
    assert "higher in 100% of 64 sets (2 seeds each); +10,000 USD awarded per organization and year" in told


def test_a_lever_leads_where_its_interval_is_apart(levers):
    apart = levers.reset_index()
    apart = apart[apart["lever"] != "sometimes"]
    assert describe_robustness(apart).startswith("y is highest of 2 levers under always: +0.100 [+0.100, +0.100]")
    below = apart.assign(mean=-0.1, low=-0.2, high=0.1)[:1]
    assert describe_robustness(below).startswith("y is not clearly different under always: -0.100 [-0.200, +0.100]")
    assert "lower in 0%" in describe_robustness(below)


def test_another_reference_turns_the_differences(sweep):
    table = compute_robustness(sweep, "always", ["y"]).set_index("lever")
    assert table.loc["as_it_is", "mean"] == pytest.approx(-0.1)


def test_what_cannot_be_compared_is_said_with_the_mend(sweep):
    with pytest.raises(AnalysisError, match="--reference neither: must be one of as_it_is, always"):
        compute_robustness(sweep, "neither")
    with pytest.raises(AnalysisError, match=r"single policy.*coalitions sensitivity"):
        compute_robustness(make_table(SAMPLE, lambda points: points["grants.luck"]), outcomes=["y"])
    one = Sweep(**{**vars(sweep), "runs": sweep.runs[sweep.runs["point"] % 64 == 0]})
    with pytest.raises(AnalysisError, match=r"single set.*--sample ensemble"):
        compute_robustness(one, outcomes=["y"])
    with pytest.raises(AnalysisError, match="--outcome z: the table has no such column"):
        compute_robustness(sweep, outcomes=["z"])


def test_wilsons_interval_is_the_textbooks():
    assert compute_share_interval(0.1, 100) == pytest.approx((0.0552, 0.1744), abs=0.0002)
    assert compute_share_interval(0.0, 10)[0] == 0.0


@pytest.mark.parametrize(("verdict", "is_told"), [("too short", True), ("no pair left", False)])
def test_an_outcome_missing_since_runs_are_too_short_says_so(sweep, verdict, is_told):
    short = Sweep(**{**vars(sweep), "runs": sweep.runs.assign(collaboration_change=np.nan, verdict=verdict)})
    with pytest.raises(AnalysisError, match="collaboration_change") as caught:
        compute_robustness(short, outcomes=["collaboration_change"])
    assert ("24 months" in str(caught.value)) == is_told


def make_inert(n_sets, keys):
    """Return a sweep whose sets differ in nothing but luck, which does something in as many of them as `keys` says."""
    sweep = make_table(
        {"method": "sobol", "n": n_sets}, lambda points: np.zeros(len(points)), n_seeds=2, cases=CASES[:2]
    )
    numbers = np.minimum(sweep.number_scenarios(), keys - 1)
    served = 1000.0 + 10 * numbers + sweep.runs["seed"] + 0.5 * (sweep.runs["case"] == "always")
    runs = sweep.runs.assign(regime="lottery", served_end=served, collaboration_end=served / 5000)
    return Sweep(**{**vars(sweep), "runs": runs})


def test_sets_that_give_the_same_runs_under_every_lever_count_once():
    whole, few = (compute_robustness(make_inert(64, keys), outcomes=["collaboration_end"]) for keys in (64, 8))
    assert whole.loc[0, ["n_sets", "n_repeats"]].to_list() == [64, 0]
    assert few.loc[0, ["n_sets", "n_repeats"]].to_list() == [8, 56]
    assert "56 more that repeat one of them not counted" in describe_robustness(few)
    assert "not counted" not in describe_robustness(whole)
    assert few.loc[0, "better_low"] < whole.loc[0, "better_low"], "fewer sets tell less"
    with pytest.raises(AnalysisError, match="all 64 sets give the same runs"):
        compute_robustness(make_inert(64, 1), outcomes=["collaboration_end"])
