"""What a sweep will take, from a second of its own runs: time, and room on the disk."""

from __future__ import annotations

import itertools
import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sim.errors import NoRoomError
from sim.sweep.parts import Failure, Stretch
from sim.sweep.plan import Plan
from sim.sweep.work import run_stretch

PILOT_SECONDS = 1.0
GOLDEN_RATIO = 0.618033988749895


class Pilot(NamedTuple):
    """What a few runs took: seconds a run on one worker, bytes a run on disk for each table kept.

    Runs that fail are not timed: they take no time. failures: those among the runs tried. n_timed: 0 where all failed.
    """

    seconds: float
    bytes: dict[str, float]
    failures: list[Failure]
    n_timed: int


def run_pilot(plan: Plan, folder: Path) -> Pilot:
    """Run some runs from all over the plan for about a second; keep nothing. Writes and removes a part in `folder`."""
    run_stretch(plan, Stretch(0, 1))  # whatever is made at the first run only
    start, frames, n_tried = time.monotonic(), {}, 0
    failures: list[Failure] = []
    n_timed, seconds = 0, 0.0
    for spot in itertools.count():
        first = int(plan.n_runs * (spot * GOLDEN_RATIO % 1.0))  # spread evenly, never the same twice
        begun = time.monotonic()
        tables, failed = run_stretch(plan, Stretch(first, min(first + 10, plan.n_runs)))
        n_tried += min(10, plan.n_runs - first)
        failures += failed
        if len(failed) < min(10, plan.n_runs - first):
            n_timed += min(10, plan.n_runs - first) - len(failed)
            seconds += time.monotonic() - begun
        for name, table in tables.items():
            frames.setdefault(name, []).append(table)
        if time.monotonic() - start > PILOT_SECONDS or n_tried >= plan.n_runs:
            break
    n_kept = max(n_timed, 1)
    sizes = {name: _measure_bytes(pd.concat(parts), folder) / n_kept for name, parts in frames.items()}
    return Pilot(seconds / n_kept, sizes, failures, n_timed)


def _measure_bytes(frame: pd.DataFrame, folder: Path) -> float:
    path = folder / f".pilot-{os.getpid()}.parquet"
    try:
        frame.to_parquet(path, index=False, compression="zstd")
        return path.stat().st_size
    finally:
        path.unlink(missing_ok=True)


def check_room(folder: Path, pilot: Pilot, n_runs: int) -> None:
    """Raise `NoRoomError` unless there is room for twice the results: parts and what they are joined to."""
    needed = 2.2 * sum(pilot.bytes.values()) * n_runs
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise NoRoomError(f"{folder}: {needed / 1e6:,.1f} MB wanted, {free / 1e6:,.1f} MB free")
