"""Designs: which points, in which order, the same everywhere; and what is refused says why."""

import hashlib
import itertools
import json
import pickle
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.configuration import Design, compose, read_design, read_varied, set_values
from sim.configuration.designs import check_groups, narrow
from sim.configuration.designs.constraints import read_constraint
from sim.errors import ConfigurationError, ConstraintError

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = {
    "method": "latin_hypercube",
    "n": 8,
    "over": {
        "grants.annual_usd_per_organization": {"low": 1000, "high": 100_000, "scale": "log"},
        "meetings.meeting_interval": [1, 6],
        "memberships.admission": None,
        "mechanisms.meet": None,
    },
}
GRID = {"regime": ["mixed", "none"], "grants.luck": [0.1, 0.2, 0.3]}
CASES = [{"name": "calm", "meetings.trust_gain": 0.1, "meetings.trust_loss": 0.2}, {"meetings.trust_gain": 0.5}]


def refusal(tree, **options):
    with pytest.raises(ConfigurationError) as caught:
        read_design(tree, **options)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def digest(design):
    rounded = [
        {name: f"{value:.12g}" if isinstance(value, float) else value for name, value in point.items()}
        for point in design.points()
    ]
    return hashlib.blake2b(json.dumps(rounded).encode(), digest_size=8).hexdigest()


# Points


def test_nothing_varied_is_one_empty_point():
    design = read_design({})
    assert (len(design), list(design.points()), design.names()) == (1, [{}], [])
    assert design.describe() == "1 point: nothing varies"


def test_a_grid_is_every_combination_with_the_first_name_slowest():
    design = read_design({"vary": GRID})
    assert [tuple(point.values()) for point in design.points()] == list(itertools.product(*GRID.values()))


def test_parts_are_a_product_with_the_sample_fastest_and_the_same_in_every_policy():
    design = read_design({"vary": GRID, "cases": CASES, "sample": SAMPLE})
    points = list(design.points())
    assert len(points) == len(design) == 2 * 3 * 2 * 8
    drawn = [{name: point[name] for name in SAMPLE["over"]} for point in points]
    assert drawn == drawn[:8] * 12
    assert [point["case"] for point in points[:17]] == ["calm"] * 8 + ["case_2"] * 8 + ["calm"]
    assert [point["grants.luck"] for point in points[::16]] == [0.1, 0.2, 0.3] * 2


def test_names_are_the_columns_of_all_points():
    design = read_design({"vary": GRID, "cases": CASES, "sample": SAMPLE})
    assert design.names() == [*GRID, "case", "meetings.trust_gain", "meetings.trust_loss", *SAMPLE["over"]]
    assert {name for point in design.points() for name in point} == set(design.names())


def test_cases_without_any_name_have_no_column_for_it():
    assert read_design({"cases": [{"grants.luck": 0.5}, {}]}).names() == ["grants.luck"]


TREES = {
    "grid": {"vary": GRID},
    "product": {"vary": GRID, "cases": CASES, "sample": SAMPLE},
    "constrained grid": {
        "vary": {"meetings.trust_gain": [0.1, 0.2, 0.3], "meetings.trust_loss": [0.1, 0.2], "shock": ["none"]},
        "constraints": ["meetings.trust_loss >= meetings.trust_gain"],
    },
    "constrained product": {
        "vary": {"meetings.trust_gain": [0.1, 0.5, 0.9]},
        "sample": {"method": "sobol", "n": 16, "over": ["meetings.trust_loss", "meetings.trust_decay"]},
        "constraints": ["meetings.trust_loss > meetings.trust_gain", "meetings.trust_decay <= meetings.trust_loss"],
    },
    "saltelli": {"sample": {"method": "saltelli", "n": 4, "second_order": True, "over": ["grants.luck", "months"]}},
    "morris": {"sample": {"method": "morris", "over": ["grants.luck", "memberships.admission"]}},
    "designs": {"designs": [{"vary": GRID}, {"vary": {**GRID, "grants.luck": [0.3, 0.4]}}, {"sample": SAMPLE}, {}]},
}


@pytest.mark.parametrize("kind", TREES)
def test_random_access_and_slices_equal_iteration(kind):
    design = read_design(TREES[kind])
    points = list(design.points())
    assert len(points) == len(design) > 0
    assert [design.point(number) for number in reversed(range(len(design)))] == points[::-1]
    assert list(design.points(3, 5)) == points[3:5]
    assert list(design.points(len(design) - 1, len(design) + 5)) == points[-1:]
    for number in (-1, len(design)):
        with pytest.raises(IndexError, match=f"point {number}: the design has points 0 to {len(design) - 1}"):
            design.point(number)


@pytest.mark.parametrize("kind", TREES)
def test_a_design_comes_back_from_plain_data_with_the_same_points(kind):
    design = read_design(TREES[kind])
    again = read_design(json.loads(json.dumps(design.to_tree())))
    assert again == design
    assert again.content_hash() == design.content_hash()
    assert list(again.points()) == list(design.points())
    assert list(pickle.loads(pickle.dumps(design)).points()) == list(design.points())


def test_the_hash_tells_designs_apart_by_order_seed_and_range():
    sample = {"method": "sobol", "n": 4, "over": {"grants.luck": [0, 1]}}
    trees = [
        {"vary": GRID},
        {"vary": dict(reversed(GRID.items()))},
        {"sample": sample},
        {"sample": {**sample, "seed": 2}},
        {"sample": {**sample, "over": {"grants.luck": [0, 2]}}},
        {"sample": {**sample, "method": "latin_hypercube"}},
    ]
    assert len({read_design(tree).content_hash() for tree in trees}) == len(trees)


def test_an_own_range_equal_to_the_plausible_one_is_the_same_design():
    assert read_design({"sample": {"over": ["grants.luck"]}}) == read_design(
        {"sample": {"method": "latin_hypercube", "n": 256, "seed": 1, "over": {"grants.luck": [0.175, 0.7]}}}
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("product", "ef3a79d8fbd68138"),
        ("constrained product", "1e7cfb8b0c721934"),
        ("saltelli", "b1c6f51dd5f3b36a"),
        ("morris", "061924f2fa747d5b"),
    ],
)
def test_points_are_the_same_on_every_machine_and_python(kind, expected):
    assert digest(read_design(TREES[kind])) == expected


def test_a_million_points_are_counted_and_reached_without_making_them(monkeypatch):
    values = [number / 1000 for number in range(1000)]
    design = read_design({"vary": {"grants.luck": values, "grants.fit_weight": values}})
    made = []
    make = Design._make_point
    monkeypatch.setattr(Design, "_make_point", lambda self, place: made.append(place) or make(self, place))
    assert len(design) == 1_000_000
    assert design.point(123_456) == {"grants.luck": 0.123, "grants.fit_weight": 0.456}
    assert next(design.points()) == {"grants.luck": 0.0, "grants.fit_weight": 0.0}
    assert len(made) == 2


def test_sampled_values_are_of_their_kind_and_in_their_range():
    points = list(read_design({"sample": {**SAMPLE, "n": 240}}).points())
    intervals = [point["meetings.meeting_interval"] for point in points]
    assert [intervals.count(value) for value in range(1, 7)] == [40] * 6
    assert sum(point["grants.annual_usd_per_organization"] < 10_000 for point in points) == 120
    admissions = [point["memberships.admission"] for point in points]
    assert [admissions.count(option) for option in ("open", "majority", "unanimous")] == [80] * 3
    assert sum(point["mechanisms.meet"] for point in points) == 120


def test_a_config_group_can_be_sampled():
    points = read_design({"sample": {"n": 10, "over": {"regime": ["mixed", "none"], "grants.luck": None}}}).points()
    assert sorted(point["regime"] for point in points) == ["mixed"] * 5 + ["none"] * 5


# Constraints


def test_points_of_a_grid_that_break_a_constraint_are_dropped():
    points = list(read_design(TREES["constrained grid"]).points())
    pairs = [(point["meetings.trust_gain"], point["meetings.trust_loss"]) for point in points]
    assert pairs == [(0.1, 0.1), (0.1, 0.2), (0.2, 0.2)]


def test_a_constraint_within_a_sample_leaves_its_number_of_points_and_one_across_drops_combinations():
    design = read_design(TREES["constrained product"])
    rows = {(point["meetings.trust_loss"], point["meetings.trust_decay"]) for point in design.points()}
    assert all(decay <= loss for loss, decay in rows)
    assert all(point["meetings.trust_loss"] > point["meetings.trust_gain"] for point in design.points())
    inner = {
        "sample": TREES["constrained product"]["sample"],
        "constraints": ["meetings.trust_decay <= meetings.trust_loss"],
    }
    drawn = [point["meetings.trust_loss"] for point in read_design(inner).points()]
    assert len(drawn) == 16
    assert len(design) == sum(loss > gain for loss in drawn for gain in (0.1, 0.5, 0.9)) < 48


def test_a_parameter_that_does_not_vary_stands_for_its_value():
    parameters = compose(["meetings.trust_loss=0.2"]).parameters
    tree = {
        "vary": {"meetings.trust_gain": [0.1, 0.2, 0.3]},
        "constraints": ["meetings.trust_gain < meetings.trust_loss", "meetings.trust_loss > 0.1"],
    }
    design = read_design(tree, parameters)
    assert list(design.points()) == [{"meetings.trust_gain": 0.1}]
    assert design.to_tree()["constraints"] == ["meetings.trust_gain < 0.2"]
    assert read_design(design.to_tree()) == design


def test_a_case_can_be_dropped_by_a_constraint():
    tree = {
        "cases": [{"name": "a", "grants.luck": 1}, {"name": "b", "grants.luck": 2}],
        "vary": {"meetings.trust_gain": [0.1, 0.9]},
        "constraints": ["grants.luck * meetings.trust_gain < 1"],
    }
    found = [(point["case"], point["meetings.trust_gain"]) for point in read_design(tree).points()]
    assert found == [("a", 0.1), ("b", 0.1), ("a", 0.9)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a >= b", False),
        ("a + 1.5 == b * b - .25 * -a - a", False),
        ("2*a+b<=7", True),
        ("2*a+b<7", False),
        ("a - b - 1 == -2", True),
        ("-a != a", True),
        ("1e1 * a == 20", True),
        ("x.y > a * b - -2 * x.y", False),
        ("x.y * x.y == 0.25", True),
    ],
)
def test_a_constraint_is_read_as_arithmetic(text, holds):
    constraint = read_constraint(text)
    values = {"a": 2, "b": 3, "x.y": 0.5}
    assert bool(constraint.holds(values)) is holds
    assert read_constraint(str(constraint)) == constraint
    filled = constraint.fill(values)
    assert (filled.names(), bool(filled.holds({}))) == ([], holds)


@pytest.mark.parametrize("value", [-3, -0.5, 0, 2])
def test_a_number_in_the_place_of_a_name_keeps_its_sign(value):
    for text in ("a > 0", "-a > 0", "1 - a >= 1", "2 * a + 1 == 1 - -2 * a"):
        constraint = read_constraint(text)
        filled = constraint.fill({"a": value})
        assert filled.holds({}) == constraint.holds({"a": value})
        assert str(filled).count("--") == 0


@pytest.mark.slow
@given(st.lists(st.sampled_from(["a", "b", "2", "0.5", "+", "-", "*", ">=", "<", "==", " "]), max_size=12).map("".join))
def test_a_constraint_means_what_the_same_text_means_to_python(text):
    values = {"a": 2.5, "b": -1.0}
    try:
        constraint = read_constraint(text)
    except ConstraintError:
        return
    assert bool(constraint.holds(values)) == bool(eval(text.strip(), {}, values))  # written by this test alone


@pytest.mark.slow
@given(st.text(max_size=40))
def test_any_other_text_is_refused_as_a_constraint_or_read(text):
    try:
        read_constraint(text)
    except ConstraintError as problem:
        assert str(problem)


# Designs one after the other


def test_designs_follow_each_other_and_a_repeated_point_keeps_its_first_place():
    first, second = {"grants.luck": [0.1, 0.2]}, {"grants.luck": [0.2, 0.3, 0.1]}
    design = read_design({"designs": [{"vary": first}, {"vary": second}, {"vary": {"grants.fit_weight": [0.1]}}]})
    assert list(design.points()) == [
        {"grants.luck": 0.1},
        {"grants.luck": 0.2},
        {"grants.luck": 0.3},
        {"grants.fit_weight": 0.1},
    ]


def test_the_union_with_itself_is_the_design():
    one = TREES["product"]
    assert list(read_design({"designs": [one, one]}).points()) == list(read_design(one).points())


# In words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("grid", "2 regimes × 3 values of grants.luck = 6 points"),
        (
            "product",
            "2 regimes × 3 values of grants.luck × 2 cases × 8 Latin hypercube points over 4 parameters = 96 points",
        ),
        (
            "constrained grid",
            "3 values of meetings.trust_gain × 2 values of meetings.trust_loss × 1 shock = 6 points, "
            "of which 3 keep the constraints",
        ),
        ("saltelli", "24 Saltelli points over 2 parameters"),
        ("morris", "60 Morris points (20 trajectories) over 2 parameters"),
    ],
)
def test_a_design_tells_itself_in_a_line(kind, words):
    assert read_design(TREES[kind]).describe() == words


# Refusals, word for word


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ([], "design = []: must be a mapping with any of vary, cases, sample, constraints, designs"),
        (
            {"varry": {}},
            "unknown entry 'design.varry'. Did you mean 'vary'? It may hold vary, cases, sample, constraints, designs.",
        ),
        ({"vary": {"grants.luck": 1}}, "design.vary.grants.luck = 1: must be a list of values, like [1, 2]"),
        ({"vary": {"grants.luck": [1, 1.0]}}, "design.vary.grants.luck: holds 1.0 twice; take one away"),
        ({"vary": {"grants.luck": [9]}}, "grants.luck = 9 score: must lie in [0, 5]"),
        (
            {"vary": {"experiment": ["a"]}},
            "design.vary.experiment: an experiment cannot vary experiments; vary its settings",
        ),
        (
            {"vary": {"seeds": [1, 2]}},
            "design.vary.seeds: is no parameter, so it cannot vary; write 'seeds' beside 'design' in the "
            "experiment's file",
        ),
        (
            {"cases": {"grants.luck": 1}},
            "design.cases = {'grants.luck': 1}: must be a list of cases, like [{name: rich, grants.luck: 0.1}]",
        ),
        ({"cases": [3]}, "design.cases[0] = 3: must be a mapping like {name: rich, grants.luck: 0.1}"),
        (
            {"cases": [{"name": "a b"}]},
            "design.cases[0].name = a b: may hold letters, digits, '.', '_' and '-', at most 64",
        ),
        ({"cases": [{"name": "a"}, {"name": "a"}]}, "design.cases: holds a twice; give each case a name of its own"),
        (
            {"cases": [{"grants.lukc": 1}]},
            "unknown parameter 'grants.lukc'. Did you mean 'grants.luck'? 'coalitions list parameters' shows all.",
        ),
        (
            {"sample": {"method": "latin", "over": ["grants.luck"]}},
            "design.sample.method = latin: must be one of latin_hypercube, sobol, saltelli, morris, ensemble. "
            "Did you mean 'latin_hypercube'?",
        ),
        (
            {"sample": {"method": "moris", "over": ["grants.luck"]}},
            "design.sample.method = moris: must be one of latin_hypercube, sobol, saltelli, morris, ensemble. "
            "Did you mean 'morris'?",
        ),
        (
            {"sample": {"method": "morris", "n": 8, "over": ["grants.luck"]}},
            "design.sample.n: morris takes trajectories and levels; take 'n' out",
        ),
        (
            {"sample": {"m": 8, "over": ["grants.luck"]}},
            "unknown entry 'design.sample.m'. It may hold method, n, seed, over.",
        ),
        (
            {"sample": {"n": 0, "over": ["grants.luck"]}},
            "design.sample.n = 0: must be a whole number in [1, 10000000]",
        ),
        (
            {"sample": {"method": "sobol", "n": 100, "over": ["grants.luck"]}},
            "design.sample.n = 100: must be a power of 2 for sobol, like 64 or 128; other numbers go "
            "with latin_hypercube",
        ),
        (
            {"sample": {"method": "morris", "levels": 5, "over": ["grants.luck"]}},
            "design.sample.levels = 5: must be an even whole number in [2, 1000]",
        ),
        (
            {"sample": {"seed": -1, "over": ["grants.luck"]}},
            "design.sample.seed = -1: must be a whole number in [0, 9007199254740991]",
        ),
        (
            {"sample": {"method": "saltelli", "second_order": 1, "over": ["grants.luck"]}},
            "design.sample.second_order = 1: must be true or false",
        ),
        (
            {"sample": {"n": 8}},
            "design.sample.over = null: must be a list of parameters or a mapping of parameters to ranges, "
            "like [0, 1] or {low: 1, high: 100, scale: log}",
        ),
        (
            {"sample": {"over": ["grants.luck", "grants.luck"]}},
            "design.sample.over: holds grants.luck twice; take one away",
        ),
        (
            {"sample": {"over": ["grants.lukc"]}},
            "unknown parameter 'grants.lukc'. Did you mean 'grants.luck'? 'coalitions list parameters' shows all.",
        ),
        (
            {"sample": {"over": ["field.populations"]}},
            "design.sample.over.field.populations: has no range to draw from; list its values in design.vary",
        ),
        (
            {"sample": {"over": ["regime"]}},
            "design.sample.over.regime = null: must be a list of two options or more, like [a, b]",
        ),
        (
            {"sample": {"over": {"memberships.admission": ["open"]}}},
            "design.sample.over.memberships.admission = ['open']: must be a list of two options or more, "
            "like [open, majority]",
        ),
        (
            {"sample": {"over": {"grants.luck": [1, 2, 3]}}},
            "design.sample.over.grants.luck = [1, 2, 3]: must be [low, high]; single values belong in design.vary",
        ),
        (
            {"sample": {"over": {"grants.luck": 1}}},
            "design.sample.over.grants.luck = 1: must be a range, like [0, 1] or {low: 1, high: 100, scale: log}",
        ),
        ({"sample": {"over": {"grants.luck": [0, 9]}}}, "grants.luck = 9 score: must lie in [0, 5]"),
        (
            {"sample": {"over": {"grants.luck": [2, 1]}}},
            "design.sample.over.grants.luck = [2.0, 1.0]: low must lie below high; a single value is set as "
            "grants.luck: 1.0",
        ),
        (
            {"sample": {"over": {"grants.luck": {"hihg": 1}}}},
            "unknown entry 'design.sample.over.grants.luck.hihg'. Did you mean 'high'? It may hold low, high, scale.",
        ),
        (
            {"sample": {"over": {"grants.luck": {"scale": "logg"}}}},
            "design.sample.over.grants.luck.scale = logg: must be linear or log. Did you mean 'log'?",
        ),
        (
            {"sample": {"over": {"grants.luck": {"low": 0, "scale": "log"}}}},
            "design.sample.over.grants.luck.low = 0.0: must lie above 0 for scale: log; give a low above 0 "
            "or leave the scale out",
        ),
        (
            {"vary": {"grants.luck": [1]}, "sample": {"over": ["grants.luck"]}},
            "grants.luck: stands in design.vary and in design.sample; take it out of one of them",
        ),
        (
            {
                "vary": {
                    "grants.luck": [n / 1000 for n in range(4000)],
                    "months": [*range(1, 1200)],
                    "shock.month": [1, 2, 3],
                }
            },
            "design: has 14,388,000 points; at most 10,000,000 are run; list fewer values or draw a sample",
        ),
        (
            {"designs": [{"vary": {"grants.luck": [1]}}], "vary": {"grants.luck": [1]}},
            "design.vary: cannot stand beside design.designs; move it into each of them",
        ),
        ({"designs": {}}, "design.designs = {}: must be a list of designs, like [{vary: …}, {sample: …}]"),
        (
            {"designs": [{}, {"vary": {"grants.luck": 3}}]},
            "design.designs[1].vary.grants.luck = 3: must be a list of values, like [1, 2]",
        ),
        (
            {"designs": [{"sample": {"method": "morris", "over": ["grants.luck"]}}]},
            "design.designs[0].sample.method = morris: the rows of Morris belong together, and repeats are left out of "
            "a list of designs; make it an experiment of its own",
        ),
    ],
)
def test_a_mistake_in_a_design_is_told_exactly(tree, text):
    assert refusal(tree) == text


LIKE = "it is written like 'meetings.trust_loss >= 2 * meetings.trust_gain'"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grants.luck", f"compares nothing; {LIKE}"),
        ("0 < grants.luck < 1", f"compares more than once; write a constraint for each comparison; {LIKE}"),
        ("1 < 2", f"names no parameter; {LIKE}"),
        ("grants.luck < ", f"lacks a parameter or number before the end of a side; {LIKE}"),
        ("grants.luck * + 1 < 2", f"lacks a parameter or number before '+'; {LIKE}"),
        ("grants.luck 2 < 3", f"lacks a sign before '2'; {LIKE}"),
        ("grants.luck < 1e999", "holds 1e999, which is too large a number"),
        (
            "grants.luck = 1",
            "cannot be read from '= 1' on; write == to ask for equal; it may hold parameters, numbers, + - * and one "
            "of >= <= > < == !=, like 'meetings.trust_loss >= 2 * meetings.trust_gain'",
        ),
        (
            "grants.luck < __import__('os')",
            "cannot be read from '('os')' on; it may hold parameters, numbers, + - * and one "
            "of >= <= > < == !=, like 'meetings.trust_loss >= 2 * meetings.trust_gain'",
        ),
        ("grants.luck < " + "1 + " * 80 + "1", "is 335 letters long; at most 300 are read"),
        (
            "grants.lukc < 1",
            "unknown parameter 'grants.lukc'. Did you mean 'grants.luck'? 'coalitions list parameters' shows all.",
        ),
        ("grants.luck < memberships.admission", "memberships.admission is not a number; constraints compare numbers"),
        ("grants.luck < months", "months does not vary in this design; vary it or write its number"),
        ("grants.luck < shock.month", "shock.month may differ from one shock to the next; write a number instead"),
        ("grants.luck > grants.fit_weight", "grants.fit_weight is set in some cases only; set it in every case"),
    ],
)
def test_a_mistake_in_a_constraint_is_told_exactly(text, told):
    tree = {
        "vary": {"grants.luck": [0.1, 0.2], "shock": ["none", "total_cut"]},
        "cases": [{"grants.fit_weight": 1}, {"grants.record_weight": 1}],
        "constraints": [text],
    }
    assert refusal(tree) == f"design.constraints[0] = '{text}': {told}"


@pytest.mark.parametrize("method", ["saltelli", "morris"])
def test_rows_that_an_analysis_needs_are_not_thinned(method):
    tree = {
        "vary": {"grants.fit_weight": [1, 2, 3]},
        "sample": {"method": method, "over": ["grants.luck"]},
        "constraints": ["grants.fit_weight < 3"],
    }
    assert len(read_design(tree)) == 2 * read_design({"sample": tree["sample"]}).count_written()
    tree["constraints"].append("grants.luck < grants.fit_weight")
    assert refusal(tree) == (
        "design.constraints[1] = 'grants.luck < grants.fit_weight': "
        f"grants.luck is drawn by {method}, whose analysis needs every row, so no point may be dropped; "
        "narrow the ranges until every point keeps it, or use method: latin_hypercube"
    )


def test_a_design_without_points_is_refused():
    vary = {"vary": {"grants.luck": [0.1, 0.2]}}
    told = "design.constraints: no point keeps 'grants.luck > 1'; widen the ranges or take one away"
    assert refusal({**vary, "constraints": ["grants.luck > 1"]}) == told
    told = "design.constraints[0] = 'months > 500': never holds, since 120 > 500 is false; vary a parameter of it"
    assert refusal({**vary, "constraints": ["months > 500"]}, parameters=compose([]).parameters) == told
    sample = {"sample": {"n": 16, "over": ["grants.luck"]}, "constraints": ["grants.luck > 5"]}
    assert refusal(sample).startswith("design.constraints: only 0 of 10,000 points drawn keep the constraints; narrow")


def test_without_the_libraries_a_sample_says_what_to_install(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    told = 'design.sample.method = sobol: needs scipy: pip install "coalitions[sweep]"'
    assert refusal({"sample": {"method": "sobol", "over": ["grants.luck"]}}) == told
    assert len(read_design({"vary": GRID})) == 6


# Words of the command line


@pytest.mark.parametrize(
    ("words", "plain", "tree"),
    [
        (["regime=mixed", "seeds=3"], ["regime=mixed", "seeds=3"], {}),
        (["regime=mixed,none", "months=24"], ["months=24"], {"vary": {"regime": ["mixed", "none"]}}),
        (["grants.luck=0,1.5"], [], {"vary": {"grants.luck": [0, 1.5]}}),
        (["grants.luck=0.1..1"], [], {"sample": {"over": {"grants.luck": [0.1, 1.0]}}}),
        (["grants.luck=.."], [], {"sample": {"over": {"grants.luck": [0.175, 0.7]}}}),
        (["meetings.meeting_interval=3.."], [], {"sample": {"over": {"meetings.meeting_interval": [3, 6]}}}),
        (
            ["memberships.membership_threshold=-1..2", "shock=none,total_cut"],
            [],
            {
                "vary": {"shock": ["none", "total_cut"]},
                "sample": {"over": {"memberships.membership_threshold": [-1, 2]}},
            },
        ),
        (["field.folder=.."], ["field.folder=.."], {}),
        (["seeds=1,2"], ["seeds=1,2"], {}),
    ],
)
def test_lists_and_ranges_among_words_vary(words, plain, tree):
    assert read_varied(words) == (plain, tree)
    read_design(tree)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["grants.luck=0..9"], "grants.luck = 9 score: must lie in [0, 5]"),
        (
            ["meetings.meeting_interval=1..2.5"],
            "meetings.meeting_interval = 2.5: must be a whole number in [1, 24] months",
        ),
        (
            ["seeds=1..3"],
            "seeds=1..3: only a number can be drawn from a range; "
            "give a number of seeds, or a range of them like seeds=3-9",
        ),
        (["name=1..3"], "name=1..3: only a number can be drawn from a range; give one value"),
        (["regime=1..2"], "regime=1..2: only a number can be drawn from a range; list values as regime=a,b"),
        (
            ["grants.lukc=0..1"],
            "unknown parameter 'grants.lukc'. Did you mean 'grants.luck'? 'coalitions list parameters' shows all.",
        ),
        (["grants.luck=0..1", "grants.luck=2"], "grants.luck: stands twice among these words; give it once"),
        (["grants.luck=1,2", "grants.luck=3,4"], "grants.luck: stands twice among these words; give it once"),
        (
            ["+regime.programmes.extra.money_share=0.1,0.2"],
            "+regime.programmes.extra.money_share=0.1,0.2: cannot be varied; write the values out, "
            "like regime.programmes.extra.money_share=1,2",
        ),
    ],
)
def test_a_mistake_in_varied_words_is_told_exactly(words, text):
    with pytest.raises(ConfigurationError) as caught:
        read_varied(words)
    assert str(caught.value) == text


@pytest.mark.slow
def test_varied_words_go_into_the_design_of_an_experiment_and_in_its_place_where_both_vary():
    plain, tree = read_varied(
        ["experiment=lever_screening", "regime=unrestricted,lottery", "meetings.facilitation=0..0.1"]
    )
    tree["sample"]["seed"] = 7
    with pytest.raises(ConfigurationError, match="two options or more"):
        compose(plain, design={"sample": {"over": {"memberships.admission": ["open"]}}})
    found = compose(plain, design=tree).design
    present = compose(["experiment=lever_screening"]).design
    assert found.vary == {"regime": ["unrestricted", "lottery"]}
    assert (found.sample.method, found.sample.seed) == ("morris", 7)
    assert {axis.name for axis in found.sample.axes} == {axis.name for axis in present.sample.axes}
    assert found.sample.to_tree()["over"]["meetings.facilitation"] == [0.0, 0.1]


def test_a_range_among_words_takes_the_place_of_a_list_in_the_experiment():
    plain, tree = read_varied(["experiment=grow_or_fragment", "field.viewpoint_spread=0..1"])
    design = compose(plain, design=tree).design
    assert list(design.vary) == ["regime", "grants.annual_usd_per_organization"]
    assert len(design) == 25 * 256


def test_what_is_set_to_one_value_leaves_every_part_of_the_design():
    tree = {
        "vary": {"grants.luck": [1, 2], "months": [3, 4]},
        "cases": [{"name": "a", "grants.luck": 1}, {"name": "b", "months": 3}],
        "sample": {"over": ["grants.luck"], "n": 4},
        "designs": [{"vary": {"grants.luck": [1]}}, {"sample": {"over": {"grants.luck": [1, 2], "months": None}}}],
    }
    assert narrow(tree, ["grants.luck"]) == {
        "vary": {"months": [3, 4]},
        "cases": [{"name": "a"}, {"name": "b", "months": 3}],
        "sample": None,
        "designs": [{"vary": {}}, {"sample": {"over": {"months": None}}}],
    }
    assert narrow({"cases": [{"months": 1}, {"months": 2}]}, ["months"]) == {"cases": None}


def test_the_name_of_a_run_leaves_the_names_of_cases_alone():
    found = compose(["experiment=money_and_viewpoint", "name=mine", "seeds=2"])
    assert found.name == "mine"
    assert [case["name"] for case in found.design.cases] == ["any_viewpoint", "one_pole", "other_pole"]


def test_a_constraint_takes_the_value_that_the_user_has_set():
    found = compose(["experiment=money_and_viewpoint", "meetings.trust_gain=0.1"]).design
    assert str(found.constraints[0]) == "meetings.trust_loss >= 0.1"
    assert min(found.point(number)["meetings.trust_loss"] for number in range(256)) >= 0.1


# Running


@pytest.fixture
def own(tmp_path):
    def write(design):
        (tmp_path / "experiment").mkdir(exist_ok=True)
        text = "# @package _global_\n" + yaml.safe_dump(
            {"design": design, "months": 2, "field": {"n_organizations": 4}}
        )
        (tmp_path / "experiment" / "mine.yaml").write_text(text)
        return tmp_path

    return write


@pytest.mark.slow
def test_every_point_is_run_as_it_stands_in_the_table(own):
    design = {
        "vary": {"shock": ["none", "total_cut"]},
        "cases": [{"name": "a", "shock.term_months": 3}, {"name": "b", "regime": "lottery", "shock.term_months": 4}],
        "sample": {"n": 3, "over": ["grants.luck", "shock.month"]},
    }
    folder = own(design)
    runs = sim.run(["experiment=mine"], seeds=2, config_dir=folder).runs
    points = list(compose(["experiment=mine"], config_dir=folder).design.points())
    assert len(runs) == 2 * len(points) == 2 * 12
    for name in ("shock", "case", "term_months", "luck"):
        last = {"term_months": "shock.term_months", "luck": "grants.luck"}.get(name, name)
        assert list(runs[name])[::2] == [point[last] for point in points], name
    assert list(runs["regime"])[::2] == ["unrestricted" if point["case"] == "a" else "lottery" for point in points]
    assert runs["run_id"].is_unique


@pytest.mark.slow
def test_a_point_that_leaves_a_number_alone_has_the_one_it_was_run_with(own):
    folder = own({"designs": [{"vary": {"grants.luck": [0.1, 0.2]}}, {"vary": {"shock.cut_share": [0.5]}}]})
    runs = sim.run(["experiment=mine"], config_dir=folder).runs
    assert list(runs["luck"]) == [0.1, 0.2, 0.35]
    assert list(runs["cut_share"]) == [1.0, 1.0, 0.5]


def test_two_parameters_with_one_last_name_have_a_column_each(own):
    folder = own({"vary": {"shock.ambiguity": [0.1, 0.2], "regime.programmes.operating.ambiguity": [0.3]}})
    runs = sim.run(["experiment=mine"], config_dir=folder).runs
    assert list(runs["shock.ambiguity"]) == [0.1, 0.2]
    assert list(runs["regime.programmes.operating.ambiguity"]) == [0.3, 0.3]


def test_values_that_bound_each_other_are_set_at_once_and_refused_by_name_where_they_exclude_each_other():
    line = "regime.programmes.operating"
    first = set_values(compose([]).parameters, {f"{line}.stance_low": -0.8, f"{line}.stance_high": -0.5})
    second = set_values(first, {f"{line}.stance_low": 0.2, f"{line}.stance_high": 0.6})
    assert second.regime.programmes["operating"].stance_low == 0.2
    with pytest.raises(ConfigurationError) as caught:
        set_values(first, {f"{line}.stance_low": 0.2})
    assert str(caught.value) == f"{line}.stance_low = 0.2: must not exceed stance_high = -0.5"
    with pytest.raises(ConfigurationError) as caught:
        set_values(first, {"regime.programmes.other.stance_low": 0.2})
    assert str(caught.value) == "regime.programmes.other: this regime has no line 'other', but operating"


@pytest.mark.slow
@pytest.mark.parametrize(
    "design",
    [
        {"cases": [{"regime": "competitiv"}]},
        {"sample": {"over": {"regime": ["mixed", "competitiv"]}}},
        {"designs": [{"vary": {"regime": ["competitiv"]}}]},
    ],
)
def test_an_option_that_does_not_exist_is_refused_in_every_part(design, own):
    with pytest.raises(ConfigurationError, match=r"unknown regime 'competitiv'\. Did you mean 'competitive'\?"):
        compose(["experiment=mine"], config_dir=own(design))


@pytest.mark.slow
def test_two_designs_never_share_a_name_or_a_hash(own):
    from sim.sweep.in_memory import content_hash

    sample = {"n": 4, "over": ["grants.luck"]}
    designs = [{"sample": sample}, {"sample": {**sample, "seed": 2}}, {"cases": [{"grants.luck": 1}, {}]}, {}]
    found = [compose(["experiment=mine"], config_dir=own(design)) for design in designs]
    assert len({one.name for one in found}) == len({content_hash(one) for one in found}) == len(designs)


# The page


@pytest.mark.slow
def test_every_example_of_the_page_is_read_and_is_told_as_it_is():
    page = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```\n\n(.+?)\n\n", page, re.MULTILINE | re.DOTALL)
    assert len(examples) == page.count("```yaml") >= 7
    parameters = compose([]).parameters
    for text, words in examples:
        design = read_design(yaml.safe_load(text)["design"], parameters)
        check_groups(design)
        if words[0].isdigit():
            assert f"{design.describe()}." == " ".join(words.split())
    assert sum(words[0].isdigit() for _, words in examples) >= 6


def test_the_code_of_the_page_runs(capsys):
    page = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    for code in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(code, {})
    assert "2 shocks × 280 Morris points (20 trajectories) over 13 parameters = 560 points" in capsys.readouterr().out
