"""Sensitivity: the textbook's indices for the textbook's function, and what a design does not allow."""

import math

import numpy as np
import pytest

from sim.analysis import AnalysisError, reading
from sim.analysis.sensitivity import DUMMY, compute_sensitivity, describe_sensitivity
from tests.analysis.tables import PARAMETERS, make_table

THREE = {name: [0.0, 1.0] for name in ("memberships.turf_weight", "meetings.trust_gain", "grants.luck")}
# Ishigami's function with a = 7, b = 0.1: variances of its parts (Saltelli et al. 2000)
VARIANCE = 7**2 / 8 + 0.1 * math.pi**4 / 5 + 0.1**2 * math.pi**8 / 18 + 0.5
FIRST = [0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2 / VARIANCE, 7**2 / 8 / VARIANCE, 0.0]
TOGETHER = 0.1**2 * math.pi**8 * 8 / 225 / VARIANCE


def ishigami(points):
    one, two, three = (math.pi * (2 * points[name] - 1) for name in THREE)
    return np.sin(one) + 7 * np.sin(two) ** 2 + 0.1 * three**4 * np.sin(one)


@pytest.fixture(scope="module")
def sobol():
    sweep = make_table({"method": "saltelli", "n": 1024, "second_order": True}, ishigami, over=THREE)
    table = compute_sensitivity(sweep, ["y"])
    return table[table["partner"] == ""].set_index("parameter").loc[list(THREE)], table[table["partner"] != ""]


def test_sobol_indices_of_ishigamis_function_are_the_textbooks(sobol):
    alone, _ = sobol
    assert alone["first_order"].to_numpy() == pytest.approx(FIRST, abs=0.05)
    assert alone["total"].to_numpy() == pytest.approx([FIRST[0] + TOGETHER, FIRST[1], TOGETHER], abs=0.05)
    assert alone["interaction"].to_numpy() == pytest.approx([TOGETHER, 0.0, TOGETHER], abs=0.07)


def test_intervals_hold_the_textbooks_indices(sobol):
    alone, _ = sobol
    assert (alone["first_low"] <= FIRST).all()
    assert (alone["first_high"] >= FIRST).all()


def test_second_order_names_the_pair_that_acts_together(sobol):
    pair = sobol[1].iloc[0]
    assert {pair["parameter"], pair["partner"]} == {"memberships.turf_weight", "grants.luck"}
    assert pair["second_order"] == pytest.approx(TOGETHER, abs=0.06)


def test_morris_gives_slopes_and_knows_what_does_nothing():
    sweep = make_table(
        {"method": "morris", "trajectories": 20, "levels": 4},
        lambda points: 3 * points["grants.luck"] - points["meetings.trust_gain"],
    )
    table = compute_sensitivity(sweep, ["y"]).set_index("parameter")
    assert table.loc["grants.luck", "mu_star"] == pytest.approx(3.0)
    assert table.loc["meetings.trust_gain", ["mu_star", "mu"]].to_list() == pytest.approx([1.0, -1.0])
    assert table.loc["memberships.admission", "mu_star"] == 0.0
    assert "memberships.admission can be left alone" in describe_sensitivity(table.reset_index())


def test_morris_counts_steps_between_options_as_steps():
    worth = {"open": 0.0, "majority": 1.0, "unanimous": 2.0}
    sweep = make_table(
        {"method": "morris", "trajectories": 40, "levels": 6}, lambda points: points["memberships.admission"].map(worth)
    )
    found = compute_sensitivity(sweep, ["y"]).set_index("parameter").loc["memberships.admission"]
    assert found["mu"] == found["mu_star"] > 1.5


def test_pawn_and_delta_tell_what_acts_from_what_does_nothing():
    over = {name: span for name, span in PARAMETERS.items() if name != "meetings.trust_gain"}
    sweep = make_table(
        {"method": "latin_hypercube", "n": 128},
        lambda points: points["grants.luck"] + (points["memberships.admission"] == "open"),
        over=over,
    )
    table = compute_sensitivity(sweep, ["y"]).set_index("parameter")
    nothing = table.loc[DUMMY]
    for name in ("grants.luck", "memberships.admission"):
        assert table.loc[name, "delta"] > nothing["delta_high"], name
        assert table.loc[name, "pawn"] > nothing["pawn"], name
    assert table.loc["memberships.turf_weight", "delta_low"] < nothing["delta_high"]
    assert "2 of 3 parameters do more" in describe_sensitivity(table.reset_index())


def test_the_share_of_noise_is_what_seeds_add_to_the_averages():
    sweep = make_table(
        {"method": "sobol", "n": 1024}, lambda points: points["grants.luck"], n_seeds=4, noise=0.5, over=THREE
    )
    from sim.analysis import sensitivity

    rows = sensitivity._arrange(sweep, sweep.runs, sweep.runs["y"].to_numpy(), needs_all=False)
    expected = (0.5**2 / 4) / (0.5**2 / 4 + 1 / 12)
    assert sensitivity._find_noise(rows) == pytest.approx(expected, abs=0.04)


def test_each_policy_is_analysed_apart():
    cases = [{"name": "one"}, {"name": "other"}]
    sweep = make_table(
        {"method": "saltelli", "n": 64},
        lambda points: np.where(points["case"] == "one", points["grants.luck"], points["meetings.trust_gain"]),
        cases=cases,
    )
    table = compute_sensitivity(sweep, ["y"])
    tops = table.groupby("policy", sort=False)["parameter"].first().to_dict()
    assert tops == {"one": "grants.luck", "other": "meetings.trust_gain"}


def test_an_outcome_may_be_a_condition_and_one_that_never_varies_is_told():
    sweep = make_table({"method": "saltelli", "n": 64}, lambda points: points["grants.luck"])
    table = compute_sensitivity(sweep, ["y > 0.5", "y > 2"])
    assert table.loc[0, ["outcome", "parameter"]].to_list() == ["y > 0.5", "grants.luck"]
    assert "y > 2: does not vary" in describe_sensitivity(table)


def test_what_a_design_does_not_allow_is_said_with_the_mend(monkeypatch):
    whole = make_table({"method": "saltelli", "n": 8}, lambda points: points["grants.luck"])
    lost = reading.Sweep(**{**vars(whole), "runs": whole.runs[whole.runs["point"] != 3]})
    with pytest.raises(AnalysisError, match="1 of the 48 points of the saltelli sample are missing"):
        compute_sensitivity(lost, ["y"])
    with pytest.raises(AnalysisError, match=r"no sample.*coalitions robustness"):
        compute_sensitivity(reading.Sweep(**{**vars(whole), "sample": {}}), ["y"])
    with pytest.raises(AnalysisError, match="Did you mean 'y'"):
        compute_sensitivity(whole, ["yy"])
    monkeypatch.setattr(reading.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AnalysisError, match=r'needs SALib and scipy: pip install "coalitions\[analysis\]"'):
        compute_sensitivity(whole, ["y"])
