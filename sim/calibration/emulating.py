"""Gaussian processes in place of the model: what a target would be at a set that has not been simulated.

They only spare simulations of sets that can hardly be accepted; whatever is accepted has been simulated.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibration.simulating import AIMS, NAMES, to_shares
from sim.calibration.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Bands = Mapping[str, tuple[float, float]]

LEARNT_FROM = 250  # rows that length scales are found with; all rows learnt from are then conditioned on
STEPS = 25  # of that search
HELD_OUT = 5  # one row in so many tells the emulator's error
BLOCK = 2000


def declared_bands() -> Bands:
    """Return the band of each target."""
    return {target.name: (target.low, target.high) for target in TARGETS}


class Emulator:
    """One Gaussian process a target, and its error on simulations it has not seen (their own noise included)."""

    def __init__(self, table: pd.DataFrame) -> None:
        """Learn from simulated sets, `Simulator.simulate`."""
        from threadpoolctl import threadpool_limits

        shares = to_shares(table[NAMES].to_numpy())
        self.error: dict[str, float] = {}
        self.explained: dict[str, float] = {}  # share of the variance over sets not seen
        self._processes: dict[str, Any] = {}
        with threadpool_limits(1):  # matrices as small as these are slower on several threads that share a core
            for target in TARGETS:
                self._learn(target.name, shares, table[target.name].to_numpy(), target.high - target.low)

    def _learn(self, aim: str, shares: NDArray[np.float64], found: NDArray[np.float64], width: float) -> None:
        known = np.isfinite(found)
        low, high = declared_bands()[aim]
        shares, found = shares[known], np.clip(found[known], low - 2 * width, high + 2 * width)  # far out is far out
        kept = np.arange(len(found)) % HELD_OUT > 0
        kernel = _find_kernel(shares[kept][:LEARNT_FROM], found[kept][:LEARNT_FROM])
        tried = _condition(kernel, shares[kept], found[kept])
        residuals = found[~kept] - tried.predict(shares[~kept])
        self.error[aim] = float(np.sqrt(np.mean(residuals**2)))
        self.explained[aim] = float(1.0 - np.mean(residuals**2) / max(np.var(found[~kept]), 1e-12))
        self._processes[aim] = tried

    def predict(self, shares: NDArray[np.float64], aims: list[str] | None = None) -> NDArray[np.float64]:
        """Return what is expected of each target at `shares` (sets, parameters): (sets, targets)."""
        from threadpoolctl import threadpool_limits

        aims = AIMS if aims is None else aims
        found = np.empty((len(shares), len(aims)))
        with threadpool_limits(1):
            for column, aim in enumerate(aims):
                for first in range(0, len(shares), BLOCK):
                    found[first : first + BLOCK, column] = self._processes[aim].predict(shares[first : first + BLOCK])
        return found

    def find_chance(self, expected: NDArray[np.float64], bands: Bands, aims: list[str]) -> NDArray[np.float64]:
        """Return the chance that simulated targets lie within all `bands`; errors are normal and independent: (sets,).

        expected: (sets, aims), from `predict`.
        """
        from scipy.stats import norm

        low, high = (np.array([bands[aim][end] for aim in aims]) for end in (0, 1))
        error = np.array([max(self.error[aim], 1e-12) for aim in aims])
        inside = norm.cdf((high - expected) / error) - norm.cdf((low - expected) / error)
        return inside.prod(axis=1)

    def find_chance_of(self, shares: NDArray[np.float64], bands: Bands, least: float) -> NDArray[np.float64]:
        """Return the chance that each set is accepted; 0 where some targets already leave it less than `least`."""
        chance, left = np.ones(len(shares)), np.arange(len(shares))
        for aim in sorted(bands, key=lambda aim: (bands[aim][1] - bands[aim][0]) / max(self.error[aim], 1e-12)):
            chance[left] *= self.find_chance(self.predict(shares[left], [aim]), bands, [aim])
            chance[chance < least] = 0.0
            left = np.flatnonzero(chance)
        return chance


def _find_kernel(shares: NDArray[np.float64], found: NDArray[np.float64]) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    scales: Any = np.full(shares.shape[1], 2.0)
    climb: Any = _climb  # scikit-learn declares only names of optimizers, and takes functions
    kernel = ConstantKernel(1.0) * RBF(scales, (0.2, 50.0)) + WhiteKernel(0.1)
    process = GaussianProcessRegressor(kernel, normalize_y=True, optimizer=climb)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a parameter without effect has no length scale
        return process.fit(shares, found).kernel_


def _climb(objective: Any, start: NDArray[np.float64], bounds: NDArray[np.float64]) -> tuple[Any, float]:
    """Return the best length scales found in STEPS steps: good enough, as the error on sets not seen tells."""
    from scipy.optimize import minimize

    found = minimize(objective, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": STEPS})
    return found.x, found.fun


def _condition(kernel: Any, shares: NDArray[np.float64], found: NDArray[np.float64]) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor

    keep: Any = None
    return GaussianProcessRegressor(kernel, optimizer=keep, normalize_y=True).fit(shares, found)
