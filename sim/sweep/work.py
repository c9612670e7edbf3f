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
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    for point, values, own in plan.runs(*stretch):
        try:
            found, tables = _run_point(plan, point, values, own)
        except Exception as problem:  # one impossible point must not end the sweep
            text = " ".join(str(problem).split())[:300] or type(problem).__name__
            failures += [Failure(run.number, run.point, run.seed, text) for run in own]
            continue
        runs.append(found)
        for name, table in tables.items():
            others[name].append(table)
    joined = {name: np.concatenate([one[name] for one in runs]) for name in (runs[0] if runs else ())}
    tables = {name: pd.concat(parts, ignore_index=True) if parts else pd.DataFrame() for name, parts in others.items()}
    return {"runs": pd.DataFrame(joined)} | tables, failures


def _run_point(
    plan: Plan, point: int, values: dict[str, Any], runs: list[Run]
) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return the columns of the table of runs, and the other tables."""
    from sim.engine import simulate_runs

    parameters = plan.parameters_at(values)
    seeds, columns = [run.seed for run in runs], plan.columns
    suffix = f"-{point}" if columns else ""
    roster = _read_roster(parameters, plan.roster)
    found, tables = simulate_runs(parameters, seeds, roster=roster, keep=plan.tables, suffix=suffix)
    numbers = {"run": np.array([run.number for run in runs], "i8"), "point": np.full(len(runs), point, "i8")}
    varied = {column: find_value(name, values, parameters) for name, column in columns.items()}
    return numbers | found | {name: _repeat(value, len(runs)) for name, value in varied.items()}, tables


def _repeat(value: Any, count: int) -> np.ndarray:
    """Return a column of one value; what is no number stands as text."""
    is_plain = isinstance(value, bool | int | float)
    return np.full(count, value if is_plain or value is None else str(value), None if is_plain else object)


@lru_cache(maxsize=8)
def _read_folder(folder: str, populations: tuple[str, ...], sectors: tuple[str, ...], digest: str) -> RosterTables:
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
    if digest and tables.digest != digest:
        raise ValueError("the roster has changed since the sweep was planned; start the sweep under another name")
    return tables


def _read_roster(parameters: Parameters, digest: str) -> RosterTables | None:
    setting = parameters.field
    if setting.folder is None:
        return None
    return _read_folder(setting.folder, tuple(setting.populations), tuple(setting.sectors), digest)


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
