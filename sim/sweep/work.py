"""The work of a sweep: run a stretch of runs and keep the part. `python -m sim.sweep.work` reads stretches.

Nothing here knows where it runs: a worker on this machine, a Ray or Dask worker or a SLURM job all call `do_stretch`.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.configuration import find_value
from sim.sweep.parts import Failure, Stretch, write_part
from sim.sweep.plan import Plan, Run, read_plan

if TYPE_CHECKING:
    import pandas as pd

    from sim.parameters import Parameters
    from sim.roster import RosterTables

WORKERS_LOCK = ".workers.lock"
SECONDS_BETWEEN_LOOKS = 0.2
JUDGED_AT_ONCE = 200  # runs; more would only take more memory


class Piece(NamedTuple):
    """What some runs of one point give."""

    keys: dict[str, np.ndarray]
    panels: dict[str, np.ndarray]  # see engine.Chunk
    varied: dict[str, np.ndarray]
    tables: dict[str, pd.DataFrame]

    @property
    def n_months(self) -> int:
        """Number of months."""
        return next(iter(self.panels.values())).shape[1]


@lru_cache(maxsize=4)
def _read_plan(folder: Path, stamp: tuple[int, ...]) -> Plan:
    return read_plan(folder)


def load_plan(folder: Path) -> Plan:
    """Return the plan in `folder`, read again only when a file of it has changed."""
    stamp = tuple(path.stat().st_mtime_ns for path in sorted(folder.glob("plan*.json")))
    return _read_plan(folder, stamp)


def do_stretch(folder: Path, stretch: Stretch) -> dict[str, Any]:
    """Run the runs of a stretch and write its part; return what happened: first, last, failed, seconds.

    The part depends on the plan and the stretch alone, so doing one twice does no harm. Raises OSError.
    """
    start = time.monotonic()
    plan = load_plan(folder)
    tables, failures = run_stretch(plan, stretch)
    for table in ("events", "months", "runs"):  # runs last: it marks the stretch as done
        if table in tables:
            write_part(folder, table, stretch, tables[table], plan.key, failures if table == "runs" else ())
    seconds = time.monotonic() - start
    return {"first": stretch.first, "last": stretch.last, "failed": len(failures), "seconds": seconds}


def run_stretch(plan: Plan, stretch: Stretch) -> tuple[dict[str, pd.DataFrame], list[Failure]]:
    """Return the tables of a stretch and its runs that failed."""
    import pandas as pd

    runs: list[dict[str, Any]] = []
    others: dict[str, list[pd.DataFrame]] = {name: [] for name in plan.tables if name != "runs"}
    failures: list[Failure] = []
    waiting: list[Piece] = []
    n_waiting = 0
    for piece in _each_piece(plan, stretch, failures):
        if waiting and (n_waiting >= JUDGED_AT_ONCE or waiting[-1].n_months != piece.n_months):
            runs.append(_judge(waiting))
            waiting, n_waiting = [], 0
        waiting.append(piece)
        n_waiting += len(piece.keys["run"])
        for name, table in piece.tables.items():
            others[name].append(table)
    runs += [_judge(waiting)] if waiting else []
    tables = {name: pd.concat(parts, ignore_index=True) if parts else pd.DataFrame() for name, parts in others.items()}
    return {"runs": pd.DataFrame(_join(runs))} | tables, failures


def _judge(pieces: list[Piece]) -> dict[str, np.ndarray]:
    """Return the columns of the table of runs: many settings at once, for a call of its own costs as much as a run."""
    from sim.tables import judge_panels

    keys = _join([piece.keys for piece in pieces])
    varied = _join([piece.varied for piece in pieces])
    return keys | judge_panels(_join([piece.panels for piece in pieces])) | varied


def _join(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([one[name] for one in parts]) for name in (parts[0] if parts else ())}


def _each_piece(plan: Plan, stretch: Stretch, failures: list[Failure]) -> Iterator[Piece]:
    """Yield what the runs of a stretch give; list those that fail."""
    for point, values, runs in plan.runs(*stretch):
        n_done = 0
        try:
            for piece in _run_point(plan, point, values, runs):
                n_done += len(piece.keys["run"])
                yield piece
        except Exception as problem:  # one impossible point must not end the sweep
            text = " ".join(str(problem).split())[:300] or type(problem).__name__
            failures += [Failure(run.number, run.point, run.seed, text) for run in runs[n_done:]]


def _run_point(plan: Plan, point: int, values: dict[str, Any], runs: list[Run]) -> Iterator[Piece]:
    from sim.engine import simulate_runs

    parameters = plan.parameters_at(values)
    suffix = f"-{point}" if plan.columns else ""
    roster = _read_roster(parameters, plan.roster)
    varied = {column: find_value(name, values, parameters) for name, column in plan.columns.items()}
    n_done = 0
    for found in simulate_runs(parameters, [run.seed for run in runs], roster=roster, keep=plan.tables, suffix=suffix):
        count = len(found.keys["seed"])
        numbers = np.array([run.number for run in runs[n_done : n_done + count]], "i8")
        n_done += count
        yield Piece(
            keys={"run": numbers, "point": np.full(count, point, "i8")} | found.keys,
            panels=found.panels,
            varied={name: _repeat(value, count) for name, value in varied.items()},
            tables=found.tables,
        )


def _repeat(value: Any, count: int) -> np.ndarray:
    """Return a column of one value; what is no number stands as text."""
    is_plain = isinstance(value, bool | int | float)
    return np.full(count, value if is_plain or value is None else str(value), None if is_plain else object)


@lru_cache(maxsize=8)
def _read_folder(folder: str, populations: tuple[str, ...], sectors: tuple[str, ...], digests: str) -> RosterTables:
    from dataclasses import replace

    from sim.parameters import Field
    from sim.roster import read_folder

    shares = [1.0 / len(populations)] * len(populations), [1.0 / len(sectors)] * len(sectors)
    setting = replace(
        Field(),
        populations=list(populations),
        population_demand=shares[0],
        sectors=list(sectors),
        sector_shares=shares[1],
    )
    tables = read_folder(folder, setting)
    if tables.digest not in digests.split():
        raise ValueError("the roster has changed since the sweep was planned; start the sweep under another name")
    return tables


def _read_roster(parameters: Parameters, digests: str) -> RosterTables | None:
    setting = parameters.field
    if setting.folder is None:
        return None
    return _read_folder(setting.folder, tuple(setting.populations), tuple(setting.sectors), digests)


def end_with_parent(parent: int) -> None:
    """End this process as soon as process `parent`, which started it, is gone, so that no orphan goes on writing."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Do stretches, a line `first last` each, and tell of each in a line of JSON; end with the input.

    Arguments: the sweep's folder and the process to end with.
    """
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which lets stretches end
    end_with_parent(parent)
    with (folder / WORKERS_LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # whatever else prints does not mix with what is told
        for line in sys.stdin:
            first, last = map(int, line.split())
            try:
                told = do_stretch(folder, Stretch(first, last))
            except OSError as problem:
                told = {"first": first, "last": last, "error": problem.strerror or str(problem), "errno": problem.errno}
            try:
                print(json.dumps(told), file=out, flush=True)
            except BrokenPipeError:  # nobody listens any more
                os._exit(1)


if __name__ == "__main__":
    main()
