"""How memory, open files and threads move over many runs of changing settings: `python -m tests.trials.soak.memory`."""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import sim
from sim.engine.batch import prepare, simulate_runs
from sim.schema.regimes import Regime

REGIMES = ("unrestricted", "competitive", "population_silo", "collaboration_required")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
SEEDS_AT_ONCE = 20


class Soak(NamedTuple):
    """What so many runs left behind, after those that filled the caches."""

    n_runs: int
    seconds: float
    mb_a_run: float  # slope of memory over runs
    mb_more: float  # at the end, against the first reading
    files_more: int
    threads_more: int


def _read() -> tuple[float, int, int]:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * PAGE_MB, sum(1 for _ in Path("/proc/self/fd").iterdir()), threading.active_count()


def soak(seconds: float, *, warm_up: int = 400, least_runs: int = 0) -> Soak:
    """Run settings of several regimes and parameters with all tables for so long, and so often; return what grew."""
    settings = [sim.compose([f"regime={name}"]).parameters for name in REGIMES]
    before, readings, n_runs, start = None, [], 0, time.monotonic()
    while not readings or time.monotonic() - start < seconds or n_runs <= warm_up + least_runs:
        number = n_runs // SEEDS_AT_ONCE
        setting = settings[number % len(settings)]
        before = prepare(_vary(setting, number), max_events=4096, before=before)
        for _ in simulate_runs(before, list(range(n_runs, n_runs + SEEDS_AT_ONCE)), keep=("runs", "months", "events")):
            pass
        n_runs += SEEDS_AT_ONCE
        if n_runs == warm_up:
            start = time.monotonic()
        if n_runs >= warm_up:
            readings.append((n_runs, *_read()))
    runs, memory, files, threads = (np.array(one, float) for one in zip(*readings, strict=True))
    slope = float(np.polyfit(runs, memory, 1)[0]) if len(runs) > 2 else float("nan")
    return Soak(
        n_runs=int(runs[-1] - runs[0]),
        seconds=round(time.monotonic() - start, 1),
        mb_a_run=slope,
        mb_more=float(memory[-1] - memory[0]),
        files_more=int(files[-1] - files[0]),
        threads_more=int(threads[-1] - threads[0]),
    )


def _vary(setting, number: int):
    from sim.configuration import set_values

    assert isinstance(setting.regime, Regime)
    return set_values(setting, {"grants.luck": 0.1 + 0.01 * (number % 50), "meetings.meeting_interval": 1 + number % 3})


def main() -> None:
    """Print what grew, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    print(json.dumps(soak(parser.parse_args().seconds)._asdict()))


if __name__ == "__main__":
    main()
