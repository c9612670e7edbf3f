"""The work of a sweep: run a stretch of runs and keep the part. `python -m sim.sweep.work FOLDER` takes stretches on stdin.

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

    parts: dict[str, list[pd.DataFrame]] = {"runs": []} | {name: [] for name in plan.tables if name != "runs"}
    failures: list[Failure] = []
    for point, values, runs in plan.runs(*stretch):
        try:
            parameters = plan.parameters_at(values)
            found = _run_point(plan, parameters, point, values, runs)
        except Exception as problem:  # one impossible point must not end the sweep
            text = " ".join(str(problem).split())[:300] or type(problem).__name__
            failures += [Failure(run.number, run.point, run.seed, text) for run in runs]
            continue
        for name, table in found.items():
            parts[name].append(table)
    tables = {name: pd.concat(found, ignore_index=True) for name, found in parts.items() if found}
    return {name: tables.get(name, pd.DataFrame()) for name in parts}, failures


def _run_point(
    plan: Plan, parameters: Parameters, point: int, values: dict[str, Any], runs: list[Run]
) -> dict[str, pd.DataFrame]:
    from sim.engine import simulate_runs

    varied = {name.rsplit(".", 1)[-1]: values.get(name) for name in plan.varied if name != "regime"}
    suffix = f"-{point}" if plan.varied else ""
    tables = simulate_runs(
        parameters, [run.seed for run in runs], _read_roster(parameters, plan.roster), plan.tables, suffix
    )
    tables["runs"].insert(0, "point", np.full(len(runs), point, "i8"))
    tables["runs"].insert(0, "run", np.array([run.number for run in runs], "i8"))
    for name, value in varied.items():
        tables["runs"][name] = value
    return tables


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


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, so that no orphan goes on writing."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Do stretches, a line `first last` each, and tell of each in a line of JSON; end with the input."""
    folder = Path(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which lets stretches end
    end_with_parent()
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
            print(json.dumps(told), file=out, flush=True)


if __name__ == "__main__":
    main()
