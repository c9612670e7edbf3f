"""The work of a sweep: run a stretch of runs and keep the part. `python -m sim.sweep.work` reads stretches.

Nothing here knows where it runs: a worker on this machine, a Ray or Dask worker or a SLURM job all call `do_stretch`.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.configuration import find_value
from sim.errors import ConfigurationError
from sim.files.locking import WORKERS_LOCK
from sim.sweep.parts import Failure, Stretch, write_part
from sim.sweep.plan import AGAIN, Plan, Run, check_maker, read_plan

if TYPE_CHECKING:
    import pandas as pd

    from sim.engine.batch import Chunk
    from sim.engine.inputs import Inputs
    from sim.engine.region import Region
    from sim.schema.parameters import Parameters
    from sim.schema.roster_tables import RosterTables

SECONDS_BETWEEN_LOOKS = 0.2
MEND = f"give every worker the code and libraries of the sweep and restart it, or, for the sweep, {AGAIN}"
JUDGED_AT_ONCE = 200  # runs; more would only take more memory


@lru_cache(maxsize=4)
def _read_plan(folder: Path, stamp: tuple[int, ...]) -> Plan:
    plan = read_plan(folder)
    check_maker(plan, folder, MEND)
    return plan


def load_plan(folder: Path) -> Plan:
    """Return the plan in `folder`, read again only when a file of it has changed.

    Raises `ConfigurationError` where it cannot be used, or was made with other code than this worker has.
    """
    stamp = tuple(path.stat().st_mtime_ns for path in sorted(folder.glob("pla*.json")))
    return _read_plan(folder, stamp)


def do_stretch(folder: Path, stretch: Stretch) -> dict[str, Any]:
    """Run the runs of a stretch and write its part; return what happened: first, last, failed, seconds.

    The part depends on the plan and the stretch alone, so doing one twice does no harm. Raises OSError, and
    `ConfigurationError` where the plan cannot be used.
    """
    start = time.monotonic()
    importlib.import_module("sim.engine.batch")  # also where the plan is refused, so that no later edit is loaded
    plan = load_plan(folder)
    tables, failures = run_stretch(plan, stretch)
    for table in ("events", "months", "runs"):  # runs last: it marks the stretch as done
        if table in tables:
            write_part(folder, table, stretch, tables[table], plan.key, failures if table == "runs" else ())
    seconds = time.monotonic() - start
    told = {"first": stretch.first, "last": stretch.last, "failed": len(failures), "seconds": seconds}
    return told | ({"why": failures[0].error} if failures else {})


def run_stretch(plan: Plan, stretch: Stretch) -> tuple[dict[str, pd.DataFrame], list[Failure]]:
    """Return the tables of a stretch and its runs that failed."""
    gathered, failures = Gathered(plan.tables), []
    inputs: Inputs | Region | None = None
    for point, values, runs in plan.runs(*stretch):
        n_before = gathered.n_runs
        try:
            inputs = _run_point(plan, point, values, runs, inputs, gathered)
        except Exception as problem:  # one impossible point must not end the sweep
            text = " ".join(plan.hide(str(problem)).split())[:300] or type(problem).__name__
            left = runs[gathered.n_runs - n_before :]
            failures += [Failure(run.number, run.point, run.seed, text) for run in left]
    return gathered.make_tables(), failures


def _run_point(
    plan: Plan, point: int, values: dict[str, Any], runs: list[Run], inputs: Inputs | Region | None, gathered: Gathered
) -> Inputs | Region:
    """Run some runs of one point into `gathered`. Return their inputs, which cost the next point less than new ones."""
    from sim.engine.batch import ROOM_FOR_EVENTS, prepare, simulate_runs

    parameters = plan.parameters_at(values)
    roster = read_roster(parameters, plan.roster)
    room = ROOM_FOR_EVENTS if "events" in plan.tables else 0
    inputs = prepare(parameters, roster, room, before=inputs, n_threads=1)  # workers take the cores
    varied = {column: find_value(name, values, parameters) for name, column in plan.columns.items()}
    suffix, n_done = f"-{point}" if plan.columns else "", 0
    for found in simulate_runs(inputs, [run.seed for run in runs], keep=plan.tables, suffix=suffix):
        count = len(found.panels)
        gathered.add([run.number for run in runs[n_done : n_done + count]], point, found, varied)
        n_done += count
    return inputs


class Gathered:
    """What the runs of a stretch give to the tables. Many settings are judged at once: a call costs half a run."""

    def __init__(self, tables: tuple[str, ...]) -> None:
        """Gather for these tables."""
        self.n_runs = 0
        self._lists: dict[str, list[Any]] = {}  # the columns before the judged ones
        self._varied: dict[str, list[Any]] = {}  # and behind them
        self._panels: list[np.ndarray] = []  # see engine.Chunk; still to be judged
        self._n_waiting = 0
        self._judged: list[dict[str, np.ndarray]] = []
        self._tables: dict[str, list[pd.DataFrame]] = {name: [] for name in tables if name != "runs"}

    def add(self, numbers: list[int], point: int, found: Chunk, varied: dict[str, Any]) -> None:
        """Add the runs of these numbers, which a point's settings gave."""
        if self._panels and self._panels[0].shape[1] != found.panels.shape[1]:
            self._judge()
        self._panels.append(found.panels)
        self._n_waiting += len(numbers)
        if self._n_waiting >= JUDGED_AT_ONCE:
            self._judge()
        for name, values in ({"run": numbers, "point": [point] * len(numbers)} | found.keys).items():
            self._lists.setdefault(name, []).extend(values)
        for name, value in varied.items():
            self._varied.setdefault(name, []).extend([value] * len(numbers))
        for name, table in found.tables.items():
            self._tables[name].append(table)
        self.n_runs += len(numbers)

    def _judge(self) -> None:
        from sim.results.verdict import judge_panels
        from sim.schema.columns import JUDGED

        panels = np.concatenate(self._panels)
        self._panels.clear()
        self._n_waiting = 0
        self._judged.append(judge_panels({name: panels[:, :, at] for at, name in enumerate(JUDGED)}))

    def make_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables, `runs` first."""
        import pandas as pd

        if self._panels:
            self._judge()
        columns = {name: _make_column(values) for name, values in self._lists.items()}
        columns |= {name: np.concatenate([one[name] for one in self._judged]) for name in next(iter(self._judged), ())}
        columns |= {name: _make_column(values) for name, values in self._varied.items()}
        others = {name: pd.concat(parts, ignore_index=True) for name, parts in self._tables.items() if parts}
        return {"runs": pd.DataFrame(columns)} | {name: others.get(name, pd.DataFrame()) for name in self._tables}


def _make_column(values: list[Any]) -> np.ndarray:
    """Return a column of numbers; where any is none, as objects, and what is no number then stands as text."""
    if all(isinstance(value, bool | int | float) for value in values):
        return np.array(values)
    plain = [value if isinstance(value, bool | int | float) or value is None else str(value) for value in values]
    return np.array(plain, object)


@lru_cache(maxsize=8)
def _read_folder(folder: str, populations: tuple[str, ...], sectors: tuple[str, ...], digests: str) -> RosterTables:
    from dataclasses import replace

    from sim.roster.reading import read_folder
    from sim.schema.parameters import Field

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


def read_roster(parameters: Parameters, digests: str) -> RosterTables | None:
    """Return the tables of a setting's roster, None without one. digests: those of the plan.

    Raises ValueError where the roster has changed since.
    """
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

    Arguments: the sweep's folder, the process to end with, and how many threads do a stretch each at the same time.
    """
    folder, parent, n_threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which lets stretches end
    end_with_parent(parent)
    with (folder / WORKERS_LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        out = os.dup(1)
        os.dup2(2, 1)  # whatever else prints does not mix with what is told
        importlib.import_module("sim.engine.batch")  # once, before there are threads
        asked: queue.SimpleQueue[Stretch | None] = queue.SimpleQueue()
        threads = [threading.Thread(target=_answer, args=(folder, asked, out), daemon=True) for _ in range(n_threads)]
        for thread in threads:
            thread.start()
        for line in sys.stdin:
            first, last = map(int, line.split())
            asked.put(Stretch(first, last))
        for _ in threads:
            asked.put(None)
        for thread in threads:
            thread.join()


def _answer(folder: Path, asked: queue.SimpleQueue[Stretch | None], out: int) -> None:
    """Do the stretches asked for, until None is."""
    while (stretch := asked.get()) is not None:
        try:
            told = do_stretch(folder, stretch)
        except ConfigurationError as problem:
            told = {"first": stretch.first, "last": stretch.last, "refused": str(problem)}
        except OSError as problem:
            told = {"first": stretch.first, "last": stretch.last}
            told |= {"error": problem.strerror or str(problem), "errno": problem.errno}
        except BaseException:  # of a thread alone nobody would hear
            traceback.print_exc()
            os._exit(1)
        try:
            os.write(out, json.dumps(told).encode() + b"\n")  # at once, so lines of two threads do not mix
        except BrokenPipeError:  # nobody listens any more
            os._exit(1)


if __name__ == "__main__":
    main()
