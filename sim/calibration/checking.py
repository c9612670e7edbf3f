"""Simulation-based calibration: does the inference find again what simulations were made with?

Sets are drawn from the prior and simulated; each simulation, with an error even over the bands, stands for an
observation, and its posterior is inferred as the real one is, with the emulator's chance of acceptance in place of
further simulations. Where a set lies in its own posterior must then be even in [0, 1], for every parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.calibration.inferring import CHECKING, SEED
from sim.calibration.priors import PRIORS
from sim.calibration.simulating import AIMS, NAMES, Simulator, draw_prior, to_shares
from sim.calibration.targets import TARGETS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sim.calibration.emulating import Emulator
    from sim.calibration.inferring import Simulate

POOL = 20_000  # sets of the prior that stand for a posterior, weighted
LEAST_EFFECTIVE = 20  # sets that must carry the weights, or an observation is left out
FAMILY = 0.01  # false alarms of the whole check
COVERAGE = 0.9


@dataclass(frozen=True)
class Check:
    """Places of true sets in their posteriors, and what a test of evenness says."""

    places: NDArray[np.float64]  # (observations used, parameters) in [0, 1]
    p_values: NDArray[np.float64]  # (parameters,), Kolmogorov-Smirnov
    coverage: NDArray[np.float64]  # (parameters,), of the central 90 % intervals
    n_simulated: int

    @property
    def n_used(self) -> int:
        """Return how many observations were used."""
        return len(self.places)

    @property
    def passes(self) -> bool:
        """Say whether no parameter's places are uneven, at FAMILY false alarms for all of them together."""
        return bool(self.n_used > 0 and self.p_values.min() >= FAMILY / len(self.p_values))


def check_inference(simulator: Simulator, emulator: Emulator, n_sets: int, simulate: Simulate) -> Check:
    """Simulate `n_sets` sets the emulator has not seen and find each in its posterior."""
    table = simulate(simulator, "sets of the check", draw_prior(n_sets, SEED + 2), CHECKING)
    return find_places(table, emulator, np.random.Generator(np.random.PCG64(SEED + 3)))


def find_places(table: pd.DataFrame, emulator: Emulator, generator: np.random.Generator, n_pool: int = POOL) -> Check:
    """Return where each simulated set lies in the posterior of an observation made from it.

    An observation is used if its bands lie where the emulator has learnt (within two widths of the real ones) and at
    least LEAST_EFFECTIVE sets of the pool carry its posterior: both depend on the observation alone, so that what is
    left stays even.
    """
    pool = generator.random((n_pool, len(PRIORS)))
    expected = emulator.predict(pool)
    places = []
    for row, truth in zip(table[AIMS].to_numpy(), to_shares(table[NAMES].to_numpy()), strict=True):
        bands = _observe(row, generator)
        if bands is None:
            continue
        weights = emulator.find_chance(expected, bands, AIMS)
        total = weights.sum()
        if total <= 0 or total**2 / (weights**2).sum() < LEAST_EFFECTIVE:
            continue
        places.append(((pool < truth) * weights[:, None]).sum(axis=0) / total)
    return judge_places(np.array(places).reshape(-1, len(PRIORS)), len(table))


def _observe(row: NDArray[np.float64], generator: np.random.Generator) -> dict[str, tuple[float, float]] | None:
    """Return the bands around one observation of a simulation, or None where it cannot be used."""
    errors = generator.random(len(TARGETS))
    bands = {}
    for target, value, error in zip(TARGETS, row, errors, strict=True):
        width = target.high - target.low
        low = value - error * width  # the simulation lies anywhere in the band, so the observation is off by any error
        if not np.isfinite(value) or abs(low - target.low) > 2 * width:
            return None
        bands[target.name] = (low, low + width)
    return bands


def judge_places(places: NDArray[np.float64], n_simulated: int) -> Check:
    """Return the check of places (observations, parameters) in [0, 1]."""
    from scipy.stats import kstest

    if not len(places):
        nothing = np.full(places.shape[1], np.nan)
        return Check(places, nothing, nothing, n_simulated)
    p_values = np.array([kstest(column, "uniform").pvalue for column in places.T])
    edge = (1.0 - COVERAGE) / 2
    coverage = ((places >= edge) & (places <= 1.0 - edge)).mean(axis=0)
    return Check(places, p_values, coverage, n_simulated)
