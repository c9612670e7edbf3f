"""The table of simulations: sets drawn from the prior, each with the targets it gives, written in parts as they end.

Every set has seeds of its own, so that rows are independent draws and any of them can be judged by the others.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.calibration.priors import PRIORS
from sim.calibration.targets import TARGETS, WORLDS
from sim.files.access import replace_file
from sim.schema.columns import MODEL_VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.calibration.measuring import Measure

    Report = Callable[[int, int], None]
    Task = tuple[Path, NDArray[np.float64], list[list[int]], bool]

SETS_IN_PART = 20
FIRST_SEED = "first_seed"
NAMES = [prior.name for prior in PRIORS]
AIMS = [target.name for target in TARGETS]


def draw_prior(n_sets: int, seed: int) -> NDArray[np.float64]:
    """Return (n_sets, parameters) values, even over the prior: a Latin hypercube."""
    from scipy.stats import qmc

    shares = qmc.LatinHypercube(len(PRIORS), rng=np.random.Generator(np.random.PCG64(seed))).random(n_sets)
    return to_values(shares)


def to_values(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values at `shares` in [0, 1] of the way through each prior's range; six figures, as they are kept."""
    low, high = _spans()
    values = low + shares * (high - low)
    return np.array([[float(f"{value:.6g}") for value in row] for row in values]).reshape(shares.shape)


def to_shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where in its prior's range each value lies, in [0, 1]."""
    low, high = _spans()
    return (values - low) / (high - low)


def _spans() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([prior.low for prior in PRIORS]), np.array([prior.high for prior in PRIORS])


def make_seeds(stage: int, first: int, n_sets: int, n_seeds: int) -> list[list[int]]:
    """Return the seeds of sets `first` and on of a stage; no two sets of any stage share one."""
    start = stage * 1_000_000_000 + 1
    return [list(range(start + at * n_seeds, start + (at + 1) * n_seeds)) for at in range(first, first + n_sets)]


class Simulator:
    """Worker processes that simulate sets, and the folder of what they have simulated."""

    def __init__(self, folder: Path, n_seeds: int, n_workers: int) -> None:
        """Begin nothing yet: workers are started with the first sets that `folder` does not hold."""
        self.folder, self.n_seeds, self.n_workers = folder, n_seeds, n_workers
        self._pool: ProcessPoolExecutor | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Simulator:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers; parts under way are finished and kept, others dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def simulate(
        self, values: NDArray[np.float64], stage: int, *, is_hasty: bool = False, report: Report | None = None
    ) -> pd.DataFrame:
        """Return the sets with the targets each gives, simulating what the folder does not hold yet.

        values: (sets, parameters). Columns: the parameters by their full names, then the targets, then `first_seed`.
        Parts are written whole or not at all, so that a stopped calibration goes on where it was. is_hasty: see
        `Measure.measure`. report(sets done, all sets).
        """
        tasks = []
        for first in range(0, len(values), SETS_IN_PART):
            part = values[first : first + SETS_IN_PART]
            seeds = make_seeds(stage, first, len(part), self.n_seeds)
            tasks.append((self.folder / f"{stage}-{_digest(part, seeds, is_hasty)}.csv", part, seeds, is_hasty))
        missing = [task for task in tasks if not task[0].exists()]
        done = len(values) - sum(len(task[1]) for task in missing)
        if report:
            report(done, len(values))
        for n_sets in self._run(missing):
            done += n_sets
            if report:
                report(done, len(values))
        frames = [pd.read_csv(task[0], dtype=str).astype(float) for task in tasks]  # exact, unlike some parsers
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*NAMES, *AIMS, FIRST_SEED])

    def _run(self, tasks: list[Task]) -> Iterator[int]:
        """Yield the number of sets of each part as it ends."""
        if self.n_workers == 1:
            yield from (simulate_part(*task) for task in tasks)
            return
        if tasks and self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.n_workers, mp_context=get_context("spawn"), initializer=_be_quiet, initargs=(os.getpid(),)
            )
        for one in as_completed([self._pool.submit(simulate_part, *task) for task in tasks] if self._pool else []):
            yield one.result()


def _be_quiet(parent: int) -> None:
    """Leave Ctrl-C to the first process, and end when it does."""
    from sim.sweep.work import end_with_parent

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)


@cache
def _get_measure() -> Measure:
    """Return both worlds, made once in a process."""
    from sim.calibration.measuring import Measure

    return Measure()


def simulate_part(path: Path, values: NDArray[np.float64], seeds: list[list[int]], is_hasty: bool) -> int:
    """Simulate the sets of one part, write it, and return how many they are; what a worker does."""
    rows = []
    for row, own in zip(values.tolist(), seeds, strict=True):
        given = dict(zip(NAMES, row, strict=True))
        rows.append(given | _get_measure().measure(given, own, is_hasty=is_hasty) | {FIRST_SEED: own[0]})
    replace_file(path, lambda target: pd.DataFrame(rows).to_csv(target, index=False))
    return len(rows)


def _digest(values: NDArray[np.float64], seeds: list[list[int]], is_hasty: bool) -> str:
    """Return what a part is known by: its sets, seeds, targets and the version of the model."""
    told = [MODEL_VERSION, NAMES, [repr(target) for target in TARGETS], WORLDS, values.tolist(), seeds, is_hasty]
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()
