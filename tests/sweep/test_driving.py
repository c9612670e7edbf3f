"""Driving in this process: bytes that depend on the plan alone, extension, failures, crash points, what is told."""

import os
import shutil
import types

import pandas as pd
import pytest

import sim
from sim.configuration import compose, read_varied
from sim.errors import ConfigurationError, FolderInUseError, NoRoomError
from sim.files import locking
from sim.files.locking import lock_folder
from sim.roster.reading import locate_folder
from sim.sweep import driving, pilot, work
from sim.sweep.driving import choose_length, describe
from sim.sweep.engines import Here, Workers
from sim.sweep.in_memory import run_design
from sim.sweep.parts import FOLDER
from sim.sweep.pilot import Pilot, check_room
from sim.sweep.plan import extend_plan, read_plan
from tests.sweep.small import (
    WORDS,
    Shuffled,
    assert_same_rows,
    drive,
    plan_sweep,
    read_bytes,
    stop_after,
)

CLASHING = (
    "regime=viewpoint_conditional",
    "regime.programmes.conditional.stance_low=0.2,0.9,0.4",
    "regime.programmes.conditional.stance_high=0.6",
    "months=6",
    "name=clashing",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a sweep with all tables, driven in one go."""
    folder = tmp_path_factory.mktemp("whole")
    assert drive(plan_sweep(*WORDS, keep="events"), folder, length=100, engine=Here()).is_complete
    return folder


def runs_in(folder):
    return pd.read_parquet(folder / "runs.parquet")


# The joined tables depend on the plan alone


@pytest.mark.parametrize("length", [1, 2, 5, 12])
@pytest.mark.parametrize("seed", range(3))
def test_joined_bytes_are_the_same_for_any_part_length_order_and_loss(length, seed, whole, tmp_path):
    engine = Shuffled(seed, share_lost=0.3 * (seed > 0), share_twice=0.3 * (seed > 1))
    assert drive(plan_sweep(*WORDS, keep="events"), tmp_path, length=length, engine=engine).n_done == 12
    found, expected = read_bytes(tmp_path), read_bytes(whole)
    if engine.share_lost:  # a run lost three times is set aside
        rows = runs_in(tmp_path)
        kept = runs_in(whole).set_index("run").loc[rows["run"]].reset_index()
        pd.testing.assert_frame_equal(rows, kept, check_exact=True)
        return
    assert found == expected


@pytest.mark.slow
@pytest.mark.parametrize(("n_workers", "n_threads"), [(1, 1), (2, 2), (3, 2), (3, 1)])
def test_joined_bytes_are_the_same_for_any_number_of_workers_and_threads(n_workers, n_threads, whole, tmp_path):
    engine = Workers(n_workers, n_threads)
    assert drive(plan_sweep(*WORDS, keep="events"), tmp_path, length=1, engine=engine).is_complete
    assert read_bytes(tmp_path) == read_bytes(whole)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_stopped_and_gone_on_with_gives_the_same_bytes(at, whole, tmp_path):
    plan = plan_sweep(*WORDS, keep="events")
    outcome = drive(plan, tmp_path, length=1, is_stopped=stop_after(at))
    assert 0 < outcome.n_done < 12
    assert outcome.is_stopped
    again = drive(plan, tmp_path, length=4)
    assert (again.n_before, again.n_done) == (outcome.n_done, 12)
    assert read_bytes(tmp_path) == read_bytes(whole)
    assert not (tmp_path / FOLDER).exists()


def test_a_complete_sweep_is_not_done_again(whole):
    before = {path.name: path.stat().st_mtime_ns for path in whole.glob("*.parquet")}
    engine = Shuffled()
    outcome = drive(plan_sweep(*WORDS, keep="events"), whole, engine=engine)
    assert (outcome.n_before, outcome.n_done, engine.done) == (12, 12, [])
    assert {path.name: path.stat().st_mtime_ns for path in whole.glob("*.parquet")} == before


@pytest.mark.parametrize("keep", ["runs", "months", "events"])
def test_the_tables_kept_are_those_asked_for(keep, tmp_path, whole):
    drive(plan_sweep(*WORDS, keep=keep), tmp_path)
    kept = ["runs", "months", "events"][: ["runs", "months", "events"].index(keep) + 1]
    assert sorted(path.stem for path in tmp_path.glob("*.parquet")) == sorted(kept)
    for name in kept:
        found, expected = pd.read_parquet(tmp_path / f"{name}.parquet"), pd.read_parquet(whole / f"{name}.parquet")
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


# The same tables as `coalitions run`

SAME = {
    "grid": (WORDS, None),
    "groups": (("regime=unrestricted,competitive", "field=city,rural", "months=6"), None),
    "shocks": (("shock=none,total_cut", "months=30", "shock.month=3"), None),
    "cases": (
        ("months=6",),
        {"cases": [{"name": "as_it_is"}, {"name": "by_lot", "regime": "lottery"}]},
    ),
    "a group in some cases": (("months=6",), {"cases": [{"name": "one"}, {"name": "two", "field": "rural9"}]}),
    "roster": (("field=city18", *WORDS), None),
    "whole and fraction": (("months=6",), {"vary": {"memberships.turf_weight": [1, 0.5]}}),
    "one setting": (("months=6",), None),
}


@pytest.mark.parametrize("name", SAME)
def test_the_tables_equal_those_of_a_run_of_the_same_design(name, tmp_path):
    words, design = SAME[name]
    plain, tree = read_varied([*words, "seeds=3"], None)
    expected = run_design(compose(plain, design=design or tree))
    plan = plan_sweep(*words, seeds=3, design=design, keep="events")
    outcome = drive(plan, tmp_path, length=1)
    assert outcome.failures == []
    found = runs_in(tmp_path)
    assert list(found.columns) == ["run", "point", *expected.runs.columns]
    pd.testing.assert_frame_equal(
        found.drop(columns=["run", "point"]), expected.runs, check_dtype=False, check_exact=True
    )
    for table in ("months", "events"):
        content = pd.read_parquet(tmp_path / f"{table}.parquet")
        pd.testing.assert_frame_equal(content, getattr(expected, table), check_dtype=False, check_exact=True)


def test_the_table_equals_that_of_the_public_run(tmp_path):
    drive(plan_sweep("months=6", "regime=competitive", seeds=3), tmp_path)
    expected = sim.run(["months=6", "regime=competitive"], seeds=3).runs
    found = runs_in(tmp_path).drop(columns=["run", "point"])
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=True)


# Extension


@pytest.mark.parametrize(
    ("values", "seeds"), [("0,0.5,1", 6), ("0,0.5,1,2,3", 4), ("1.5,2", 4), ("0,0.5,1,2", 6)], ids=str
)
@pytest.mark.parametrize("is_complete", [True, False])
def test_an_extended_sweep_has_the_rows_of_one_planned_at_once(values, seeds, is_complete, tmp_path):
    old, words = plan_sweep(*WORDS), (f"memberships.turf_weight={values}", *WORDS[1:])
    drive(old, tmp_path / "grown", is_stopped=(lambda: False) if is_complete else stop_after(1))
    new = extend_plan(old, plan_sweep(*words, seeds=seeds))
    engine = Shuffled()
    outcome = drive(new, tmp_path / "grown", engine=engine)
    assert outcome.n_done == new.n_runs
    if is_complete:
        assert min(stretch.first for stretch in engine.done) == 12  # nothing is done again
    both = f"memberships.turf_weight={','.join(dict.fromkeys(['0', '0.5', '1', *values.split(',')]))}"
    drive(plan_sweep(both, *WORDS[1:], seeds=seeds), tmp_path / "once")
    grown, once = runs_in(tmp_path / "grown"), runs_in(tmp_path / "once")
    assert_same_rows(grown, once)
    assert grown["run"].tolist() == list(range(new.n_runs))
    assert grown["run_id"].is_unique


def test_rows_keep_their_numbers_and_names_when_a_sweep_is_extended(tmp_path):
    old = plan_sweep(*WORDS, keep="months")
    drive(old, tmp_path)
    before, months = runs_in(tmp_path), pd.read_parquet(tmp_path / "months.parquet")
    drive(extend_plan(old, plan_sweep(*WORDS, seeds=6, keep="months")), tmp_path)
    pd.testing.assert_frame_equal(runs_in(tmp_path).head(12), before, check_exact=True)
    after = pd.read_parquet(tmp_path / "months.parquet")
    pd.testing.assert_frame_equal(after.head(len(months)), months, check_exact=True)
    assert after["run_id"].nunique() == 18


def test_an_extension_that_was_only_planned_is_done_by_the_first_command(tmp_path):
    old = plan_sweep(*WORDS)
    drive(old, tmp_path)
    new = extend_plan(old, plan_sweep(*WORDS, seeds=6))
    driving.write_plan(new, tmp_path)  # and killed here
    assert describe(tmp_path, read_plan(tmp_path)) == {"runs": 18, "done": 12, "failed": 0, "state": "stopped"}
    assert drive(read_plan(tmp_path), tmp_path).n_before == 12
    assert len(runs_in(tmp_path)) == 18


def test_an_incomplete_extension_is_not_taken_for_complete_results(tmp_path):
    old = plan_sweep(*WORDS)
    drive(old, tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    drive(extend_plan(old, plan_sweep(*WORDS, seeds=6)), tmp_path, is_stopped=stop_after(1))
    assert not (tmp_path / "manifest.json").exists()


def test_a_plan_that_another_has_extended_meanwhile_is_refused(tmp_path):
    old = plan_sweep(*WORDS)
    drive(extend_plan(old, plan_sweep(*WORDS, seeds=6)), tmp_path)
    with pytest.raises(ConfigurationError, match="extended at the same time"):
        drive(old, tmp_path)


# Failures


def test_a_point_that_cannot_be_leaves_the_others_and_is_listed_with_its_parameters(tmp_path):
    outcome = drive(plan_sweep(*CLASHING, keep="months"), tmp_path, length=5)
    assert outcome.is_complete
    assert [(one.run, one.point, one.seed) for one in outcome.failures] == [(4 + at, 1, 1 + at) for at in range(4)]
    assert "stance_low = 0.9: must not exceed" in outcome.failures[0].error
    listed = pd.read_csv(tmp_path / "failed.csv")
    assert list(listed.columns) == ["run", "point", "seed", "error", CLASHING[1].partition("=")[0]]
    assert listed.iloc[:, -1].tolist() == [0.9] * 4
    assert runs_in(tmp_path)["run"].tolist() == [0, 1, 2, 3, 8, 9, 10, 11]
    assert pd.read_parquet(tmp_path / "months.parquet")["run_id"].nunique() == 8


def test_failures_are_told_again_without_being_done_again(tmp_path):
    plan, engine = plan_sweep(*CLASHING), Shuffled()
    first = drive(plan, tmp_path)
    (tmp_path / "failed.csv").write_text("run,poi")  # cut short
    again = drive(plan, tmp_path, engine=engine)
    assert again.failures == first.failures
    assert engine.done == []
    assert len(pd.read_csv(tmp_path / "failed.csv")) == 4


def test_a_sweep_of_nothing_but_failures_ends(tmp_path):
    words = (CLASHING[0], "regime.programmes.conditional.stance_low=0.8,0.9", *CLASHING[2:])
    with pytest.raises(ConfigurationError, match="all 3 runs of the first part failed"):
        drive(plan_sweep(*words), tmp_path)
    outcome = drive(plan_sweep(*words), tmp_path)
    assert (outcome.is_complete, len(outcome.failures)) == (True, 8)


def test_a_roster_that_changes_on_the_way_fails_its_runs_and_says_why(tmp_path):
    roster = tmp_path / "roster"
    shutil.copytree(locate_folder(str(compose(["field=city18"]).parameters.field.folder)), roster)
    plan = plan_sweep("field=city18", f"field.folder={roster}", *WORDS)
    table = roster / "organizations.csv"
    table.write_text(table.read_text().replace(",21500,", ",21501,"))
    with pytest.raises(ConfigurationError, match="the roster has changed"):
        drive(plan, tmp_path / "out")
    outcome = drive(plan, tmp_path / "out")
    assert len(outcome.failures) == 12
    assert "the roster has changed" in outcome.failures[0].error


def test_a_run_that_is_lost_three_times_alone_is_set_aside(tmp_path):
    class Killed(Shuffled):
        """Run 5 kills whoever does it."""

        def run(self, folder, stretches, is_stopped):
            for stretch in stretches:
                lost = {"first": stretch.first, "last": stretch.last, "lost": "its worker ended with code -9"}
                yield lost if 5 in range(*stretch) else work.do_stretch(folder, stretch)

    outcome = drive(plan_sweep(*WORDS, keep="months"), tmp_path, length=12, engine=Killed())
    assert [(one.run, one.error) for one in outcome.failures] == [
        (5, "set aside: its worker ended with code -9, 3 times")
    ]
    assert sorted(runs_in(tmp_path)["run"]) == [run for run in range(12) if run != 5]


def test_workers_that_all_die_end_the_sweep_instead_of_setting_everything_aside(tmp_path):
    class Dead(Shuffled):
        def run(self, folder, stretches, is_stopped):
            for stretch in stretches:
                yield {"first": stretch.first, "last": stretch.last, "lost": "its worker ended with code 1"}

    with pytest.raises(OSError, match="workers in a row ended at once"):
        drive(plan_sweep(*WORDS, seeds=100), tmp_path, engine=Dead())
    assert not list((tmp_path / FOLDER).glob("runs-*"))


@pytest.mark.parametrize(("number", "kind"), [(28, NoRoomError), (30, OSError)])
def test_a_part_that_cannot_be_written_ends_the_sweep_and_keeps_the_rest(number, kind, tmp_path):
    class Full(Shuffled):
        def run(self, folder, stretches, is_stopped):
            yield work.do_stretch(folder, next(stretches))
            yield {"first": 3, "last": 6, "error": "no", "errno": number}

    with pytest.raises(kind, match="no"):
        drive(plan_sweep(*WORDS), tmp_path, engine=Full())
    assert drive(plan_sweep(*WORDS), tmp_path).n_before == 3


# What lies in the folder


@pytest.mark.parametrize("table", ["runs", "months"])
@pytest.mark.parametrize("damage", ["flip", "cut", "missing", "empty"])
def test_a_damaged_joined_table_is_made_anew(table, damage, tmp_path):
    plan = plan_sweep(*WORDS, keep="months")
    drive(plan, tmp_path)
    expected, path = read_bytes(tmp_path), tmp_path / f"{table}.parquet"
    content = bytearray(path.read_bytes())
    for at in range(100, len(content), 500):
        content[at] ^= 4
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"flip": bytes(content), "cut": bytes(content[:-50]), "empty": b""}[damage])
    assert drive(plan, tmp_path).is_complete
    assert read_bytes(tmp_path) == expected


def test_half_written_files_of_killed_processes_are_cleared_away(tmp_path):
    plan = plan_sweep(*WORDS)
    drive(plan, tmp_path, is_stopped=stop_after(1))
    for name in (".runs.parquet.abc.tmp", ".pilot-1.parquet", f"{FOLDER}/.runs-1.parquet.abc.tmp"):
        (tmp_path / name).write_bytes(b"half")
    drive(plan, tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".lock", ".workers.lock", "plan.json", "runs.parquet"]


def test_a_folder_that_is_held_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(locking, "SECONDS_FOR_LOCK", 0.05)
    with lock_folder(tmp_path), pytest.raises(FolderInUseError, match="another sweep is running there"):
        drive(plan_sweep(*WORDS), tmp_path)
    assert drive(plan_sweep(*WORDS), tmp_path).is_complete


def test_how_far_a_sweep_is_is_told_while_it_runs_when_stopped_and_at_the_end(tmp_path):
    plan, told = plan_sweep(*WORDS), []

    def report(done, total):
        told.append(describe(tmp_path, plan) | {"reported": done})

    drive(plan, tmp_path, report=report, is_stopped=stop_after(2))
    assert [one["state"] for one in told] == ["running"] * len(told)
    assert told[0]["done"] == told[0]["reported"] == 0
    stopped = describe(tmp_path, plan)
    assert (stopped["state"], stopped["done"]) == ("stopped", told[-1]["reported"])
    drive(plan, tmp_path)
    assert describe(tmp_path, plan) == {"runs": 12, "done": 12, "failed": 0, "state": "complete"}


@pytest.mark.parametrize(("seconds", "n_left", "n_workers"), [(0, 5, 2), (1e-9, 10**7, 2), (10, 50, 4), (0.001, 0, 1)])
def test_a_part_has_at_least_one_run_and_every_worker_some_parts(seconds, n_left, n_workers):
    length = choose_length(seconds, n_left, n_workers)
    assert 1 <= length <= driving.MOST_RUNS_A_PART
    assert length == 1 or (n_left / length > 2 * n_workers and length * seconds <= driving.SECONDS_A_PART)


# Crash points: every step that touches the disk, in a process that ends there


def end_at(step):
    """Make this process end at its step-th call that makes, flushes, moves or removes a file."""
    import pathlib

    import pyarrow.parquet as pq

    seen = [0]

    def wrap(owner, name):
        kept = getattr(owner, name)

        def counted(*args, **options):
            seen[0] += 1
            if seen[0] == step:
                os._exit(77)
            return kept(*args, **options)

        setattr(owner, name, counted)

    for name in ("fsync", "replace"):
        wrap(os, name)
    for name in ("replace", "unlink", "rmdir", "mkdir", "write_text", "chmod"):
        wrap(pathlib.Path, name)
    for name in ("write_table", "close", "add_key_value_metadata"):
        wrap(pq.ParquetWriter, name)
    return seen


def crash(plan, folder, step):
    """Drive in a forked process that ends at `step`; return whether it got to the end instead."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            end_at(step)
            drive(plan, folder, length=12, engine=Here())
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 77)
    return code == 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("kind", [pytest.param("new", marks=pytest.mark.nightly), "extended", "failing"])
def test_after_a_crash_at_any_step_the_next_call_gives_the_whole_table(kind, tmp_path):
    words = CLASHING if kind == "failing" else WORDS
    keep = "runs" if kind == "failing" else "months"
    first = plan_sweep(*words, seeds=2, keep=keep)
    plan = extend_plan(first, plan_sweep(*words, seeds=3, keep=keep)) if kind == "extended" else first

    begun = tmp_path / "begun"
    begun.mkdir()
    if kind == "extended":
        drive(first, begun, length=12, engine=Here())
    shutil.copytree(begun, tmp_path / "whole")
    expected_failures = drive(plan, tmp_path / "whole", length=12, engine=Here()).failures
    expected = read_bytes(tmp_path / "whole")
    for step in range(1, 400):
        folder = tmp_path / str(step)
        shutil.copytree(begun, folder)
        is_over = crash(plan, folder, step)
        for path in folder.glob("*.parquet"):  # what stands there is whole
            pd.read_parquet(path)
        outcome = drive(plan, folder, length=12, engine=Here())
        assert outcome.set_aside == []
        assert read_bytes(folder) == expected, f"after a crash at step {step}"
        assert outcome.failures == expected_failures
        assert len(list(folder.glob("failed.csv"))) == bool(expected_failures)
        assert not (folder / FOLDER).exists()
        if is_over:
            break
    assert 20 < step < 399


def test_a_sweep_that_will_not_fit_is_refused_before_it_begins(tmp_path, monkeypatch):
    few = Pilot(0.01, {"runs": 100.0, "months": 900.0}, [], 10)
    monkeypatch.setattr(pilot.shutil, "disk_usage", lambda folder: types.SimpleNamespace(free=2_000_000))
    check_room(tmp_path, few, 900)
    with pytest.raises(NoRoomError, match=r"2\.2 MB wanted, 2\.0 MB free"):
        check_room(tmp_path, few, 1000)
