"""Scenario discovery: planted boxes are found again, diagonal ones by their ratio, and chance is not a box."""

import numpy as np
import pytest

from sim.analysis.conditions import evaluate, evaluate_condition
from sim.analysis.reading import Sweep
from sim.analysis.scenarios import describe_scenarios, find_scenarios, prepare_points
from sim.errors import AnalysisError, ExpressionError
from tests.analysis.tables import make_table

SAMPLE = {"method": "latin_hypercube", "n": 256}
RATIO = "memberships.turf_weight / grants.luck"


def in_box(points):
    return (
        (points["memberships.turf_weight"] > 0.5)
        & (points["grants.luck"] < 0.4)
        & (points["memberships.admission"] != "open")
    )


@pytest.fixture(scope="module")
def planted():
    return find_scenarios(make_table(SAMPLE, in_box), "y > 0.5", features=[], n_boxes=1)


@pytest.mark.slow
def test_prim_finds_the_planted_box_and_nothing_else(planted):
    box = planted[(planted["method"] == "prim") & (planted["box"] == 1)].set_index("parameter")
    assert set(box.index) == {"memberships.turf_weight", "grants.luck", "memberships.admission"}
    assert box.loc["memberships.turf_weight", "low"] == pytest.approx(0.5, abs=0.05)
    assert box.loc["grants.luck", "high"] == pytest.approx(0.4, abs=0.05)
    assert box.loc["memberships.admission", "options"] == "majority unanimous"
    assert box["density"].iloc[0] > 0.95
    assert box["coverage"].iloc[0] > 0.9
    assert box["held_out_density"].iloc[0] > 0.8
    assert box.loc["grants.luck", "quasi_p_high"] < 0.001


def test_cart_finds_it_too(planted):
    leaf = planted[planted["method"] == "cart"].set_index("parameter")
    assert leaf["density"].iloc[0] > 0.9
    assert leaf.loc["memberships.turf_weight", "low"] == pytest.approx(0.5, abs=0.05)


def test_the_sentence_says_what_the_table_says(planted):
    told = describe_scenarios(planted, "y > 0.5", 0.13)
    assert told.startswith("y > 0.5: at 13% of all 256 points; where memberships.turf_weight is at least 0.")
    assert "memberships.admission is majority or unanimous" in told


@pytest.mark.slow
def test_a_diagonal_boundary_is_found_by_its_ratio_offered_without_asking():
    sweep = make_table(
        SAMPLE, lambda points: points["memberships.turf_weight"] > 1.5 * points["grants.luck"], over=None
    )
    box = find_scenarios(sweep, "y > 0.5", n_boxes=1)
    best = box[box["method"] == "prim"].set_index("parameter")
    assert best.loc[RATIO, "low"] == pytest.approx(1.5, rel=0.15)
    assert best["density"].iloc[0] > 0.95


def test_a_point_is_a_case_where_half_of_its_seeds_are():
    sweep = make_table(SAMPLE, lambda points: points["grants.luck"], n_seeds=3, noise=0.3)
    points, is_case = prepare_points(sweep, "y > 0.7")
    share = (sweep.runs["y"] > 0.7).groupby(sweep.runs["point"]).mean()
    assert is_case.sum() == (share >= 0.5).sum()
    assert len(points) == 256


@pytest.mark.slow
def test_chance_is_no_box_on_points_held_out():
    sweep = make_table(SAMPLE, lambda points: np.random.default_rng(3).random(len(points)))
    try:
        found = find_scenarios(sweep, "y > 0.7")
    except AnalysisError as problem:
        assert "no box" in str(problem)
        return
    first = found[(found["method"] == "prim") & (found["box"] == 1)].iloc[0]
    assert first["held_out_density"] < 0.45


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("y > 5", "holds at 0 of 256 points; at least 10"),
        ("y >= 0", "holds at 256 of 256 points: there is nothing"),
        ("yy > 0", "no column 'yy'. Did you mean 'y'"),
        ("y", "is a number, not a condition"),
        ("admission == closed", "no run has 'closed'; the column holds majority, open, unanimous"),
        ("__import__('os')", "may not stand there"),
        ("y >", "cannot be read"),
    ],
)
def test_conditions_that_lead_nowhere_say_why(condition, told):
    with pytest.raises(AnalysisError, match=told.replace("(", r"\(")):
        prepare_points(make_table(SAMPLE, lambda points: points["grants.luck"]), condition)


def test_a_feature_that_is_not_finite_is_refused():
    sweep = make_table(
        {"method": "morris", "trajectories": 20, "levels": 4}, lambda points: points["grants.luck"] > 0.5
    )
    with pytest.raises(AnalysisError, match="is a parameter 0 below the line"):
        find_scenarios(sweep, "y > 0.5", features=[RATIO])


def test_expressions_compute_with_columns_and_dotted_names():
    sweep = make_table(SAMPLE, lambda points: points["grants.luck"])
    runs = sweep.runs
    found = evaluate("-y + 2 * grants.luck / trust_gain", runs, sweep.columns)
    assert found == pytest.approx((-runs["y"] + 2 * runs["luck"] / runs["trust_gain"]).to_numpy())
    found = evaluate_condition("0.2 < y <= 0.5 and not (admission == open or admission != 'majority')", runs)
    assert (found == (runs["y"].between(0.2, 0.5) & (runs["admission"] == "majority"))).all()
    with pytest.raises(ExpressionError, match="compared with == or !="):
        evaluate_condition("admission < 'open'", runs)


@pytest.mark.slow
def test_points_that_repeat_another_are_told_and_are_no_evidence():
    sweep = make_table(SAMPLE, in_box)
    served = np.where(sweep.runs["point"] < 100, 1000.0, 1000.0 + sweep.runs["point"])
    flat = sweep.runs.assign(regime="none", served_end=served, collaboration_end=served)
    repeated = Sweep(**{**vars(sweep), "runs": flat.drop(columns="y").assign(coverage_end=sweep.runs["y"])})
    n_apart = int(sweep.runs.loc[:99, "y"].nunique())
    boxes = find_scenarios(repeated, "coverage_end > 0.5", features=[], n_boxes=1)
    assert set(boxes["n_repeats"]) == {100 - n_apart}
    assert f"({100 - n_apart} of them repeat another)" in describe_scenarios(boxes, "coverage_end > 0.5", 0.13)
    same = flat.assign(served_end=1000.0, collaboration_end=1.0, coverage_end=0.5)
    with pytest.raises(AnalysisError, match=r"256 points, of which 255 repeat another .* are too few"):
        prepare_points(Sweep(**{**vars(sweep), "runs": same}), "coverage_end > 0.1")


@pytest.mark.slow
def test_a_box_as_good_as_chance_is_not_told_as_a_part_where_it_happens():
    coin = make_table(SAMPLE, lambda points: np.random.default_rng(3).random(len(points)) < 0.2)
    boxes = find_scenarios(coin, "y > 0.5", features=[], n_boxes=1)
    kept = boxes[boxes["method"] == "prim"].head(1)
    for chance, is_told in ((0.3, False), (0.01, True)):
        told = describe_scenarios(kept.assign(quasi_p_low=chance, quasi_p_high=np.nan), "y > 0.5", 0.2)
        assert ("no part of the design holds them more densely than by chance" in told) != is_told, told
        assert ("of all such points lie there" in told) == is_told, told
