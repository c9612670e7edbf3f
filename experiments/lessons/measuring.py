"""What the lessons measure: runs of a setting on the seeds of the class, and means over seeds with their intervals."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import sim
from sim.configuration import set_values
from sim.engine.batch import compile_kernels, run_compiled
from sim.engine.inputs import Inputs
from sim.results.contrasts import compute_half_width
from sim.results.verdict import judge_panels
from sim.schema.columns import JUDGED
from sim.schema.settable import GROUPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.schema.parameters import Parameters

N_SEEDS = 10  # seeds 1 to 10: those of the class's pages
LATE = 61  # the second half of a run


class Runs(NamedTuple):
    """The runs of one setting, a seed each."""

    rows: NDArray[Any]  # (seeds, months + 1) records of columns.MONTHS
    judged: dict[str, NDArray[Any]]  # (seeds,) verdict and summaries, see `verdict.judge_panels`

    def late(self, column: str) -> NDArray[Any]:
        """Return the mean of a column over the second half of each run, (seeds,)."""
        return self.rows[column][:, LATE:].mean(axis=1)

    def at(self, column: str, month: int) -> NDArray[Any]:
        """Return a column in one month of each run, (seeds,)."""
        return self.rows[column][:, month]


class Mean(NamedTuple):
    """A mean over seeds and its 95 % t-interval."""

    value: float
    low: float
    high: float


@cache
def run(*words: str, n_seeds: int = N_SEEDS) -> Runs:
    """Run a setting, in the words of the command line, on seeds 1 to n_seeds."""
    from sim.compiler.jit import is_cached

    if not is_cached():
        compile_kernels()
    found = run_compiled(Inputs(find_parameters(*words)), list(range(1, n_seeds + 1)), keep_events=False)
    return Runs(found.rows, judge_panels({name: np.asarray(found.rows[name], float) for name in JUDGED}))


def find_parameters(*words: str) -> Parameters:
    """Return the parameters of some words: regime and shock composed once each, numbers set as an explorer does."""
    pairs = [word.partition("=")[::2] for word in words]
    options = tuple(f"{name}={value}" for name, value in pairs if name in GROUPS)
    return set_values(_compose(options), {name: json.loads(value) for name, value in pairs if name not in GROUPS})


@cache
def _compose(words: tuple[str, ...]) -> Parameters:
    return sim.compose(words).parameters


def average(values: NDArray[Any]) -> Mean:
    """Return the mean of values, one a seed, with its interval."""
    mean, half = float(np.mean(values)), compute_half_width(float(np.std(values, ddof=1)), len(values))
    return Mean(mean, mean - half, mean + half)
