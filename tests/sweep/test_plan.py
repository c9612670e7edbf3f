"""The plan: what it says is run, that it survives the disk, when it is another one, and how it grows."""

import dataclasses
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.configuration import read_varied
from sim.errors import ConfigurationError, ParameterError
from sim.sweep import plan as planning
from sim.sweep.plan import Block, extend_plan, forget_places, make_plan, read_plan, write_plan
from tests.sweep.small import WORDS, plan_sweep

CASES = {"cases": [{"name": "as_it_is"}, {"name": "by_lot", "regime": "lottery", "meetings.facilitation": 0.4}]}
CLASHING = (
    "regime.programmes.conditional.stance_low=0.2,0.9",
    "regime.programmes.conditional.stance_high=0.6",
    "months=6",
)
SAMPLE = ("memberships.turf_weight=0..3", "regime=unrestricted,competitive", "months=6")


def make_wide():
    """A plan of three blocks: the first, more seeds for its points, and more points."""
    plan = extend_plan(plan_sweep(*WORDS, seeds=4), plan_sweep(*WORDS, seeds=6))
    return extend_plan(plan, plan_sweep("memberships.turf_weight=1.5,2", *WORDS[1:], seeds=6))


PLANS = {
    "grid": plan_sweep(*WORDS),
    "sample": plan_sweep(*SAMPLE, seeds="3-5"),
    "cases": plan_sweep("months=6", design=CASES),
    "listed seeds": plan_sweep(*WORDS, seeds=[4, 1, 9]),
    "roster": plan_sweep("field=city18", *WORDS),
    "events": plan_sweep(*WORDS, keep="events"),
    "extended": make_wide(),
}


def flatten(plan, first, last):
    return [run for _, _, runs in plan.runs(first, last) for run in runs]


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_read_from_the_disk_is_the_one_written(name, tmp_path):
    plan = PLANS[name]
    write_plan(plan, tmp_path)
    read = read_plan(tmp_path)
    assert read == plan
    assert read.key == plan.key
    assert flatten(read, 0, plan.n_runs) == flatten(plan, 0, plan.n_runs)


@pytest.mark.parametrize("name", PLANS)
def test_runs_are_numbered_through_without_a_gap(name):
    plan = PLANS[name]
    runs = flatten(plan, 0, plan.n_runs)
    assert [run.number for run in runs] == list(range(plan.n_runs))
    assert {run.point for run in runs} == set(range(plan.n_points))
    assert len({(run.point, run.seed) for run in runs}) == plan.n_runs
    assert len({json.dumps([run.values, run.seed]) for run in runs}) == plan.n_runs


@given(st.sampled_from(sorted(PLANS)), st.lists(st.integers(0, 60), max_size=8))
def test_runs_are_the_same_however_they_are_cut(name, cuts):
    plan = PLANS[name]
    edges = [0, *sorted(min(edge, plan.n_runs) for edge in cuts), plan.n_runs]
    pieces = [run for first, last in itertools.pairwise(edges) for run in flatten(plan, first, last)]
    assert pieces == flatten(plan, 0, plan.n_runs)


def test_a_stretch_of_no_runs_has_none():
    plan = PLANS["extended"]
    assert flatten(plan, 5, 5) == flatten(plan, plan.n_runs, plan.n_runs + 9) == []


def test_the_key_is_the_same_for_the_same_words():
    assert plan_sweep(*WORDS).key == plan_sweep(*WORDS).key
    assert plan_sweep(*WORDS).key == plan_sweep("memberships.turf_weight=0,0.5,1", "months=6", "name=other").key


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ((*WORDS, "meetings.facilitation=0.3"), {}),
        (("memberships.turf_weight=0,0.5,1.1", "months=6"), {}),
        (("memberships.turf_weight=0.5,0,1", "months=6"), {}),
        (("memberships.turf_weight=0,0.5,1", "months=7"), {}),
        ((*WORDS, "regime=competitive"), {}),
        (("field=city18", *WORDS), {}),
        (WORDS, {"seeds": 5}),
        (WORDS, {"seeds": "2-5"}),
        (WORDS, {"keep": "months"}),
    ],
)
def test_the_key_changes_with_whatever_changes_results(words, options):
    assert plan_sweep(*words, **options).key != plan_sweep(*WORDS).key


def test_the_key_changes_with_the_model(monkeypatch):
    before = plan_sweep(*WORDS).key
    monkeypatch.setattr(planning, "MODEL_VERSION", 10**6)
    assert plan_sweep(*WORDS).key != before


def test_the_key_changes_with_the_roster(tmp_path):
    import shutil

    from sim.configuration import compose
    from sim.roster.reading import locate_folder

    def make(folder):
        return make_plan(compose(["field=city18", f"field.folder={folder}", "months=6", "seeds=2"]))

    folder = tmp_path / "roster"
    shutil.copytree(locate_folder(compose(["field=city18"]).parameters.field.folder), folder)
    before = make(folder).key
    table = folder / "organizations.csv"
    table.write_text(table.read_text().replace(",21500,", ",21501,"))
    assert make(folder).key != before


def test_a_plan_knows_a_roster_by_what_it_holds_wherever_it_lies(tmp_path):
    from sim.configuration import compose

    def make(folder):
        folder.mkdir(parents=True)
        (folder / "organizations.csv").write_text("org_id\na\nb\n")
        return make_plan(compose([f"field.folder={folder}", "months=6", "seeds=2"]))

    here, there = make(tmp_path / "here" / "city"), make(tmp_path / "there" / "city")
    assert here.key == there.key
    assert here.base["field"]["folder"] == "…/city"
    write_plan(here, tmp_path)
    found = read_plan(tmp_path)
    assert found.parameters_at({}).field.folder == str(tmp_path / "here" / "city")
    assert "here" not in (tmp_path / "plan.json").read_text()
    forget_places(tmp_path)
    assert read_plan(tmp_path) == here
    words = [f"field.folder={tmp_path}/here/city,{tmp_path}/there/city"]
    plain, tree = read_varied(words)
    with pytest.raises(ParameterError, match="two folders of rosters are called 'city'"):
        make_plan(compose(plain, design=tree))


def test_the_key_leaves_out_later_blocks():
    assert PLANS["extended"].key == PLANS["grid"].key


def test_extending_by_seeds_adds_them_to_every_point():
    old = plan_sweep(*WORDS, seeds=4)
    plan = extend_plan(old, plan_sweep(*WORDS, seeds=7))
    assert [block.n_runs for block in plan.blocks] == [12, 9]
    assert plan.n_points == 3
    assert flatten(plan, 0, 12) == flatten(old, 0, 12)
    assert {(run.point, run.seed) for run in flatten(plan, 12, 21)} == {(a, b) for a in range(3) for b in (5, 6, 7)}


def test_extending_by_points_numbers_them_on():
    plan = extend_plan(plan_sweep(*WORDS), plan_sweep("memberships.turf_weight=1,2,3", *WORDS[1:]))
    added = flatten(plan, 12, plan.n_runs)
    assert [(run.point, run.values["memberships.turf_weight"]) for run in added[::4]] == [(3, 2.0), (4, 3.0)]
    assert plan.n_runs == 20


def test_extending_by_both_gives_the_full_product():
    wide = plan_sweep("memberships.turf_weight=0,0.5,1,2", *WORDS[1:], seeds=6)
    plan = extend_plan(plan_sweep(*WORDS), wide)
    pairs = {(run.values["memberships.turf_weight"], run.seed) for run in flatten(plan, 0, plan.n_runs)}
    assert pairs == {(value, seed) for value in (0.0, 0.5, 1.0, 2.0) for seed in range(1, 7)}
    assert plan.n_runs == 24


def test_extending_by_what_is_there_changes_nothing():
    plan = PLANS["extended"]
    assert extend_plan(plan, plan_sweep(*WORDS, seeds=4)).blocks == plan.blocks


def test_new_seeds_for_some_points_only_are_refused():
    part = plan_sweep("memberships.turf_weight=0,1", *WORDS[1:], seeds=9)
    with pytest.raises(ConfigurationError, match="new seeds are for all points"):
        extend_plan(plan_sweep(*WORDS), part)
    fresh = plan_sweep("memberships.turf_weight=2,3", *WORDS[1:], seeds=9)
    with pytest.raises(ConfigurationError, match="new seeds are for all points"):
        extend_plan(plan_sweep(*WORDS), fresh)  # the points that are there would lack them for ever


@pytest.mark.parametrize(
    ("words", "options", "what"),
    [
        ((*WORDS, "meetings.facilitation=0.3"), {}, "base"),
        (WORDS, {"keep": "months"}, "keep"),
        (("meetings.facilitation=0,0.5", *WORDS[1:]), {}, "what varies"),
    ],
)
def test_a_sweep_of_another_base_is_no_extension(words, options, what):
    with pytest.raises(ConfigurationError, match=f"small: cannot be extended, the new sweep differs in .*{what}"):
        extend_plan(plan_sweep(*WORDS), plan_sweep(*words, seeds=9, **options))


def test_writing_an_extended_plan_leaves_the_first_file_as_it_is(tmp_path):
    write_plan(PLANS["grid"], tmp_path)
    before = (tmp_path / "plan.json").read_bytes()
    write_plan(PLANS["extended"], tmp_path)
    assert (tmp_path / "plan.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan-2.json", "plan-3.json", "plan.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"model_version": 1}', "\0\0", '{"a": 1e999}'])
@pytest.mark.parametrize("name", ["plan.json", "plan-2.json"])
def test_a_damaged_plan_is_refused_by_its_name(name, content, tmp_path):
    write_plan(PLANS["extended"], tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigurationError, match=f"{name}: |planned for model") as found:
        read_plan(tmp_path)
    assert "\n" not in str(found.value)


def test_a_plan_cut_short_anywhere_is_refused(tmp_path):
    write_plan(PLANS["grid"], tmp_path)
    whole = (tmp_path / "plan.json").read_text().rstrip()
    for end in range(0, len(whole), 97):
        (tmp_path / "plan.json").write_text(whole[:end])
        with pytest.raises(ConfigurationError):
            read_plan(tmp_path)


def test_a_plan_with_a_file_missing_between_is_refused(tmp_path):
    write_plan(PLANS["extended"], tmp_path)
    (tmp_path / "plan-2.json").unlink()
    with pytest.raises(ConfigurationError, match=r"plan-2\.json: is missing"):
        read_plan(tmp_path)


def test_a_plan_of_another_model_is_refused_with_both_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "MODEL_VERSION", 999)
    write_plan(PLANS["grid"], tmp_path)
    monkeypatch.undo()
    with pytest.raises(ConfigurationError, match=f"planned for model 999, this is model {planning.MODEL_VERSION}"):
        read_plan(tmp_path)


def test_no_plan_is_said_with_what_is_expected(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no plan\.json there; give the folder of a sweep"):
        read_plan(tmp_path)


def test_parameters_that_do_not_fit_together_are_refused_at_their_point_alone():
    plan = plan_sweep("regime=viewpoint_conditional", *CLASHING)
    points = [values for _, values, _ in plan.runs(0, plan.n_runs)]
    assert plan.parameters_at(points[0]).regime.programmes["conditional"].stance_low == 0.2
    with pytest.raises(ConfigurationError):
        plan.parameters_at(points[1])


def test_seeds_not_in_a_row_are_kept_one_by_one():
    block = PLANS["listed seeds"].blocks[0]
    assert block.to_tree()["seeds"] == [4, 1, 9]
    assert Block.from_tree(json.loads(json.dumps(block.to_tree()))) == block
    assert dataclasses.replace(block, seeds=(3, 4)).to_tree()["seeds"] == {"first": 3, "count": 2}
