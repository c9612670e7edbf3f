"""Sensitivity: the textbook's indices for the textbook's function, and what a design does not allow."""

import math

import numpy as np
import pytest

from sim.analysis import reading
from sim.analysis.sensitivity import compute_sensitivity, describe_sensitivity
from sim.errors import AnalysisError
from sim.results.leaders import NOTHING
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
    nothing = table.loc[NOTHING]
    for name in ("grants.luck", "memberships.admission"):
        assert table.loc[name, "delta"] > nothing["delta_high"], name
        assert table.loc[name, "pawn"] > nothing["pawn"], name
    assert table.loc["memberships.turf_weight", "delta_low"] < nothing["delta_high"]
    assert "2 of 3 parameters clearly do more" in describe_sensitivity(table.reset_index())


def test_the_share_of_noise_is_what_seeds_add_to_the_averages():
    sweep = make_table(
        {"method": "sobol", "n": 1024}, lambda points: points["grants.luck"], n_seeds=4, noise=0.5, over=THREE
    )
    expected = (0.5**2 / 4) / (0.5**2 / 4 + 1 / 12)
    assert compute_sensitivity(sweep, ["y"])["noise_share"].to_numpy() == pytest.approx(expected, abs=0.04)


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
    with pytest.raises(AnalysisError, match=r"no sample.*coalitions robustness"):
        compute_sensitivity(reading.Sweep(**{**vars(whole), "sample": {}}), ["y"])
    with pytest.raises(AnalysisError, match="Did you mean 'y'"):
        compute_sensitivity(whole, ["yy"])
    monkeypatch.setattr(reading.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AnalysisError, match=r'needs scipy: pip install "coalitions\[analysis\]"'):
        compute_sensitivity(whole, ["y"])


def _lose(sweep, is_lost, *, failed):
    """Return the sweep with the outcome missing in some runs, or without these runs."""
    runs = sweep.runs[~is_lost] if failed else sweep.runs.assign(y=sweep.runs["y"].where(~is_lost))
    return reading.Sweep(**{**vars(sweep), "runs": runs})


SAMPLES = {
    "saltelli": ({"method": "saltelli", "n": 64}, 6),
    "morris": ({"method": "morris", "trajectories": 20}, 5),
    "latin_hypercube": ({"method": "latin_hypercube", "n": 200}, 1),
}


@pytest.mark.parametrize("failed", [False, True], ids=["missing", "failed"])
@pytest.mark.parametrize("method", SAMPLES)
def test_a_run_without_the_outcome_loses_its_draw_and_is_counted(method, failed):
    sample, size = SAMPLES[method]
    whole = make_table(sample, lambda points: 3 * points["grants.luck"] + points["meetings.trust_gain"])
    lost = _lose(whole, whole.runs["point"].isin([3, 4 * size]), failed=failed)
    table = compute_sensitivity(lost, ["y"])
    first = table.iloc[0]
    assert first["parameter"] == "grants.luck"
    assert (first["n_missing"], first["problem"]) == (2, "")
    assert first["n_points"] == len(whole.runs) - 2 * size
    assert first["n_drawn"] == len(whole.runs) / size - 2
    assert "2 runs without it left out" in describe_sensitivity(table)


def test_a_point_counts_with_the_runs_it_has():
    whole = make_table({"method": "saltelli", "n": 64}, lambda points: points["grants.luck"], n_seeds=3)
    table = compute_sensitivity(
        _lose(whole, (whole.runs["point"] == 7) & (whole.runs["seed"] < 3), failed=False), ["y"]
    )
    assert table.loc[0, ["n_missing", "n_drawn"]].to_list() == [2, 64]


@pytest.mark.parametrize(
    ("values", "months", "told"),
    [
        (1.0, 120, "does not vary: it is 1 at every point"),
        (math.nan, 120, "is missing in all 384 runs;"),
        (math.nan, 23, "is missing in all 384 runs: they are shorter than the 24 months it needs"),
    ],
)
def test_why_nothing_can_be_told_apart_is_said(values, months, told):
    sweep = make_table({"method": "saltelli", "n": 64}, lambda points: np.full(len(points), values))
    sweep = reading.Sweep(**{**vars(sweep), "settings": {**sweep.settings, "months": months}})
    table = compute_sensitivity(sweep, ["y"])
    assert table[["total", "first_order"]].isna().all(axis=None)
    assert told in describe_sensitivity(table)


def test_an_outcome_that_most_runs_lack_is_said_with_their_number():
    whole = make_table({"method": "morris", "trajectories": 5}, lambda points: points["grants.luck"])
    table = compute_sensitivity(_lose(whole, whole.runs["point"] % 5 == 0, failed=False), ["y"])
    assert "is missing in 5 of 25 runs, which leaves 0 whole trajectories" in describe_sensitivity(table)


NOISY = {"saltelli": "n", "morris": "trajectories", "latin_hypercube": "n", "sobol": "n"}
LIMITS = {"total": (0, 1), "first": (0, 1), "delta": (0, 1), "mu_star": (0, math.inf)}


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("method", NOISY)
@pytest.mark.parametrize("kind", ["noise", "heavy", "mostly zero"])
def test_indices_and_their_intervals_stay_in_their_range(method, seed, kind):
    n = {"saltelli": 8, "morris": 5}.get(method, 64)
    shapes = {
        "noise": lambda z: z,
        "heavy": lambda z: np.exp(3 * z),
        "mostly zero": lambda z: np.where(z > 1.2, z, 0.0),
    }
    sweep = make_table(
        {"method": method, NOISY[method]: n},
        lambda points: shapes[kind](np.random.default_rng(seed).standard_normal(len(points))),
    )
    table = compute_sensitivity(sweep, ["y"])
    checked = [name for name in LIMITS if f"{name}_low" in table]
    assert checked
    for name in checked:
        least, most = LIMITS[name]
        value = table["first_order" if name == "first" else name]
        limits = table[f"{name}_low"], table[f"{name}_high"]
        assert value.notna().all()
        assert (limits[0] >= least).all(), name
        assert (limits[1] <= most).all(), name
        assert ((limits[0] <= value) & (value <= limits[1])).all(), name


def _fit(points):
    return points["grants.luck"] + 0.98 * points["meetings.trust_gain"]


@pytest.mark.parametrize("method", NOISY)
def test_two_parameters_that_do_as_much_are_not_told_apart(method):
    n = {"saltelli": 64, "morris": 10}.get(method, 256)
    sample = {"method": method, NOISY[method]: n}
    bent = make_table(sample, lambda points: _fit(points) ** 2 + 0.2 * np.sin(9 * points["memberships.turf_weight"]))
    told = describe_sensitivity(compute_sensitivity(bent, ["y"]))
    assert "not told apart: " in told
    assert {"grants.luck", "meetings.trust_gain"} <= set(told.replace(",", "").split())
    assert "would tell them apart" in told or "would be needed to tell them apart" in told
    clear = make_table(sample, lambda points: 9 * points["grants.luck"] + points["meetings.trust_gain"])
    assert "not told apart" not in describe_sensitivity(compute_sensitivity(clear, ["y"]))


def test_the_sentence_leaves_to_noise_no_less_than_the_seeds_make():
    sweep = make_table({"method": "saltelli", "n": 64}, lambda points: 9 * points["grants.luck"], n_seeds=4, noise=0.8)
    table = compute_sensitivity(sweep, ["y"]).assign(first_order=lambda found: found["first_order"].clip(lower=0.4))
    assert table["first_order"].sum() > 1  # estimates of a sample can add up to more than all
    noise = table["noise_share"].iloc[0]
    assert noise > 0.005
    told = describe_sensitivity(table)
    assert f"{noise:.0%} of it is interaction between parameters, or noise; seeds make {noise:.0%}" in told


def test_a_count_that_is_zero_in_most_runs_names_what_moves_it_and_says_so():
    def count(points):
        return np.where(points["grants.luck"] > 0.75, np.ceil(20 * points["grants.luck"]), 0.0)

    table = compute_sensitivity(make_table({"method": "sobol", "n": 256}, count), ["y"])
    found = table.set_index("parameter")
    assert found.loc["grants.luck", "delta"] > 0.25
    assert found.drop("grants.luck")["delta"].max() < 0.1
    told = describe_sensitivity(table)
    assert told.startswith("y: grants.luck moves its distribution most")
    assert "75% of points have one and the same value" in told


def test_sobol_indices_are_those_of_the_library():
    from SALib.analyze import sobol

    from sim.analysis.indices import estimate_sobol

    sweep = make_table({"method": "saltelli", "n": 2048}, ishigami, over=THREE)
    outcomes = sweep.runs["y"].to_numpy()
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    theirs = sobol.analyze(problem, outcomes, calc_second_order=False, seed=1)
    ours = estimate_sobol(outcomes.reshape(-1, 5), 3, np.random.default_rng(1))
    assert ours.first.value == pytest.approx(theirs["S1"], abs=0.02)
    assert ours.total.value == pytest.approx(theirs["ST"], abs=0.02)


@pytest.mark.slow
def test_delta_is_that_of_the_library_less_what_chance_shows():
    from sim.analysis.indices import estimate_given

    generator = np.random.default_rng(3)
    x = generator.random((2000, 2))
    y = x[:, 0] + 0.1 * generator.standard_normal(2000)
    from SALib.analyze import delta

    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0, 1]] * 2}
    theirs = delta.analyze(problem, x, y, num_resamples=2, seed=1)
    ours = estimate_given(x, y, generator)
    assert ours.delta.value[0] == pytest.approx(theirs["delta_raw"][0], abs=0.1)
    assert ours.delta.value[1] < 0.02
    assert ours.first.value == pytest.approx([1 / 12 / (1 / 12 + 0.01), 0.0], abs=0.03)
