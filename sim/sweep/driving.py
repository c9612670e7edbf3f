"""Driving a sweep: what is left to do, done on an engine, told while it goes, joined when all is there.

One driver at a time holds the lock of a folder, which the system frees when the driver ends, however it ends. Where
a worker was lost its stretch is halved and tried again, until the single run that kills its worker is known and set
aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sim.errors import FULL, ConfigurationError, NoRoomError
from sim.files.access import replace_file
from sim.files.locking import is_locked, lock_folder
from sim.sweep.engines import Engine
from sim.sweep.parts import (
    FOLDER,
    Failure,
    Stretch,
    check_table,
    cut,
    find_gaps,
    find_joined,
    find_parts,
    join_parts,
    name_part,
    part_again,
    read_note,
    remove_parts,
    write_part,
)
from sim.sweep.plan import Plan, check_maker, read_plan, write_plan

ATTEMPTS = 3  # with a run alone, before it is set aside
MOST_LOST = 60  # stretches in a row, before it is no single run that kills workers
SECONDS_A_PART = 3.0
MOST_RUNS_A_PART = 20_000
Report = Callable[[int, int], None]


class Outcome(NamedTuple):
    """How a sweep ended: runs done before and now, failures, parts set aside, whether it was stopped on the way."""

    n_runs: int
    n_before: int
    n_done: int
    failures: list[Failure]
    set_aside: list[str]
    is_stopped: bool

    @property
    def is_complete(self) -> bool:
        """Whether every run was done or has failed for good."""
        return self.n_done == self.n_runs


def is_joined(folder: Path, plan: Plan) -> bool:
    """Say whether the joined tables of this very plan lie in `folder`, from what they say of themselves."""
    try:
        notes = [read_note(folder / f"{table}.parquet") for table in plan.tables]
        return all(note["key"] == plan.key and note["last"] == plan.n_runs for note in notes)
    except Exception:  # missing or damaged, in any of pyarrow's ways
        return False


def find_damaged(folder: Path, plan: Plan) -> list[str]:
    """Return the joined tables that are not as they were written."""
    damaged = []
    for table in plan.tables:
        try:
            check_table(folder / f"{table}.parquet")
        except Exception:  # in any of pyarrow's ways
            damaged.append(f"{table}.parquet")
    return damaged


def drive(
    plan: Plan,
    folder: Path,
    engine: Engine,
    *,
    seconds_a_run: float,
    n_workers: int = 1,
    report: Report = lambda done, total: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Do all runs of the plan that are not done yet and join the parts.

    seconds_a_run: for the length of parts. is_stopped() is asked before each new stretch.
    Raises `FolderInUseError`, `NoRoomError`, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder):
        write_plan(plan, folder)
        kept = read_plan(folder)
        check_maker(kept, folder)
        if kept.blocks != plan.blocks:
            raise ConfigurationError(f"{folder}: was extended at the same time; call the same command again")
        _clear(folder)
        damaged = []
        if is_joined(folder, plan):
            damaged = find_damaged(folder, plan)
            if not damaged:
                remove_parts(folder)
                failures = read_failures(folder)
                write_failures(plan, folder, failures)
                return Outcome(plan.n_runs, plan.n_runs, plan.n_runs, failures, [], False)
        (folder / "manifest.json").unlink(missing_ok=True)  # it says that a sweep is complete
        part_again(folder, plan.key, tuple(reversed(plan.tables)), plan.n_runs)
        (folder / FOLDER).mkdir(exist_ok=True)
        found = find_parts(folder, plan.key, plan.tables, plan.n_runs)
        set_aside = damaged + found.set_aside
        n_before = sum(stretch.last - stretch.first for stretch in found.done)
        gaps = find_gaps(found.done, plan.n_runs)
        length = choose_length(seconds_a_run, plan.n_runs - n_before, n_workers)
        report(n_before, plan.n_runs)
        n_done = _do_gaps(plan, folder, engine, cut(gaps, length), n_before, report, is_stopped)
        if n_done < plan.n_runs:
            return Outcome(plan.n_runs, n_before, n_done, [], set_aside, is_stopped())
        failures = join_all(plan, folder)
        return Outcome(plan.n_runs, n_before, n_done, failures, set_aside, False)


def _clear(folder: Path) -> None:
    """Delete the half-written files of killed processes."""
    for pattern in (".*.tmp", ".pilot-*.parquet", f"{FOLDER}/.*.tmp"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def choose_length(seconds_a_run: float, n_left: int, n_workers: int) -> int:
    """Return how many runs a part has: some seconds of work, and a few parts for each worker."""
    by_time = int(SECONDS_A_PART / max(seconds_a_run, 1e-6))
    by_share = -(-n_left // (4 * n_workers))
    return max(min(by_time, by_share, MOST_RUNS_A_PART), 1)


def _do_gaps(
    plan: Plan,
    folder: Path,
    engine: Engine,
    stretches: Iterator[Stretch],
    n_done: int,
    report: Report,
    is_stopped: Callable[[], bool],
) -> int:
    n_lost, first_tries = 0, set()
    again: list[Stretch] = []
    tries: dict[Stretch, int] = {}

    def feed() -> Iterator[Stretch]:
        """Yield what is to be done; stretches that were lost come back, in halves."""
        while True:
            stretch = again.pop() if again else next(stretches, None)
            if stretch is None:
                return
            yield stretch

    while True:
        for told in engine.run(folder, feed(), is_stopped):
            stretch = Stretch(told["first"], told["last"])
            if "refused" in told:  # by a worker that can do nothing in this folder, nor can any other
                engine.stop()
                raise ConfigurationError(told["refused"])
            if "error" in told:
                engine.stop()
                if told.get("errno") in FULL:
                    raise NoRoomError(told["error"])
                raise OSError(told.get("errno") or 5, told["error"])
            n_lost, first_tries = (n_lost + 1, first_tries) if "lost" in told else (0, set(tries))
            if n_lost > MOST_LOST:
                engine.stop()
                for single in set(tries) - first_tries:  # it was no fault of theirs
                    name_part(folder, "runs", single).unlink(missing_ok=True)
                raise OSError(5, f"{n_lost} workers in a row ended at once ({told['lost']})")
            if "lost" in told:
                n_done += _take_back(plan, folder, stretch, told["lost"], again, tries)
            else:
                _refuse_failing(engine, told, n_done, plan)
                n_done += stretch.last - stretch.first
            report(n_done, plan.n_runs)
        if not again or is_stopped():
            return n_done


def _refuse_failing(engine: Engine, told: dict[str, Any], n_done: int, plan: Plan) -> None:
    """Raise `ConfigurationError` where the first part of a sweep has failed wholly, and there is more to do.

    The part is kept, so that a second call takes it for done and goes on.
    """
    n_runs = told["last"] - told["first"]
    if n_done or told.get("failed") != n_runs or n_runs == plan.n_runs:
        return
    engine.stop()
    raise ConfigurationError(
        f"{plan.name}: stopped, all {n_runs:,} runs of the first part failed: {told['why']}. `--dry-run` lists what "
        "fails; mend it under another name=…, or call the same command again to run the others"
    )


def _take_back(
    plan: Plan, folder: Path, stretch: Stretch, why: str, again: list[Stretch], tries: dict[Stretch, int]
) -> int:
    """Put a lost stretch back, in halves where it is longer than a run; set a run aside that is lost three times."""
    if stretch.last - stretch.first > 1:
        middle = (stretch.first + stretch.last) // 2
        again.extend((Stretch(middle, stretch.last), Stretch(stretch.first, middle)))
        return 0
    tries[stretch] = tries.get(stretch, 0) + 1
    if tries[stretch] < ATTEMPTS:
        again.append(stretch)
        return 0
    _, _, runs = next(plan.runs(*stretch))
    failures = [Failure(run.number, run.point, run.seed, f"set aside: {why}, {ATTEMPTS} times") for run in runs]
    for table in reversed(plan.tables):
        write_part(folder, table, stretch, pd.DataFrame(), plan.key, failures if table == "runs" else ())
    return 1


def join_all(plan: Plan, folder: Path) -> list[Failure]:
    """Join the parts of every table; list failures in failed.csv; return them. The table of runs comes last."""
    done = find_parts(folder, plan.key, plan.tables, plan.n_runs).done
    if find_gaps(done, plan.n_runs):
        raise OSError(5, "parts have been damaged or removed while it ran")
    failures: list[Failure] = []
    for table in reversed(plan.tables):
        failures = join_parts(folder, table, plan.key, done)
    write_failures(plan, folder, failures)
    remove_parts(folder)
    return failures


def write_failures(plan: Plan, folder: Path, failures: list[Failure]) -> None:
    """Write failed.csv with each failed run and its parameters, or remove it where none failed."""
    path = folder / "failed.csv"
    if not failures:
        path.unlink(missing_ok=True)
        return
    rows = []
    for failure in failures:
        point, values, _ = next(plan.runs(failure.run, failure.run + 1))
        rows.append(failure._asdict() | {"point": point} | values)
    replace_file(path, lambda target: pd.DataFrame(rows).to_csv(target, index=False))


def read_failures(folder: Path) -> list[Failure]:
    """Return the runs that failed for good, from the joined table of runs."""
    return [Failure(*one) for one in read_note(folder / "runs.parquet")["failures"]]


def describe(folder: Path, plan: Plan) -> dict[str, Any]:
    """Return how far a sweep is, without touching it."""
    if is_joined(folder, plan):
        return {"runs": plan.n_runs, "done": plan.n_runs, "failed": len(read_failures(folder)), "state": "complete"}
    joined = find_joined(folder, plan.key)  # of a sweep that has been extended since
    n_done, n_failed = (joined.last, len(read_failures(folder))) if joined else (0, 0)
    for path in (folder / FOLDER).glob("runs-*.parquet") if not joined else ():
        try:
            note = read_note(path)
        except Exception:  # damaged: it will be set aside when the sweep goes on
            continue
        if note["key"] == plan.key:
            n_done += note["last"] - note["first"]
            n_failed += len(note["failures"])
    state = "running" if is_locked(folder) else "stopped"
    return {"runs": plan.n_runs, "done": n_done, "failed": n_failed, "state": state}
