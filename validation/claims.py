"""What is tested and by which rule it is judged: claims, patterns, verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.results.contrasts import compute_half_width

if TYPE_CHECKING:
    from validation.settings import Setting

HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"
FEWEST_SETS = 5  # with a value; below that nothing is decided


@dataclass(frozen=True)
class Claim:
    """One sentence that a number bears out where it lies above `low`, or between `low` and a finite `high`.

    needs_null: it is about who chooses to sit with whom, so it must also exceed what the null model shows.
    is_beside: shown for information, no part of the verdict.
    """

    name: str
    statement: str
    unit: str
    low: float = 0.0
    high: float = math.inf
    needs_null: bool = False
    is_beside: bool = False

    @property
    def is_band(self) -> bool:
        """Whether the number has to lie below something, too."""
        return math.isfinite(self.high)


@dataclass(frozen=True)
class Pattern:
    """One pattern: where it comes from, what is compared, and how it is measured.

    measure(setting, seeds) returns one number a claim, by the claim's name: the mean over the paired seeds, nan where
    nothing could be measured. null_is_same: it holds memberships fixed, so that the null model has nothing to change.
    """

    number: int
    title: str
    source: str
    strength: str  # of the evidence: A, B or C
    compared: str
    claims: tuple[Claim, ...]
    measure: Callable[[Setting, list[int]], dict[str, float]]
    is_calibrated: bool = False
    null_is_same: bool = False
    seeds_factor: int = 1  # times as many seeds, where what is looked for is rare

    @property
    def tested(self) -> tuple[Claim, ...]:
        """The claims that decide."""
        return tuple(claim for claim in self.claims if not claim.is_beside)


@dataclass(frozen=True)
class Result:
    """What the sets say of one claim. Intervals are 95 % t-intervals of the mean over sets."""

    claim: Claim
    mean: float
    low: float
    high: float
    share: float  # of sets whose own value is on the predicted side
    n_sets: int
    null: float
    beyond_low: float  # interval of value less null, set by set
    beyond_high: float
    verdict: str


def compute_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return mean, low and high of the 95 % t-interval of the mean; nan with fewer than two values."""
    if len(values) < 2:
        return (float(values[0]) if len(values) else math.nan), math.nan, math.nan
    mean = float(values.mean())
    half = compute_half_width(float(values.std(ddof=1)), len(values))
    return mean, mean - half, mean + half


def judge_claim(claim: Claim, values: np.ndarray, nulls: np.ndarray) -> Result:
    """Judge one claim by its values, one a set, and those of the null model for the same sets.

    holds: the whole interval lies between `low` and `high` and, where the null model counts, that of value less null
    above 0. fails: one of the two intervals lies wholly on the other side. Otherwise undecided.
    """
    known = np.isfinite(values)
    mean, low, high = compute_interval(values[known])
    paired = known & np.isfinite(nulls)
    _, beyond_low, beyond_high = compute_interval(values[paired] - nulls[paired])
    share = float(((values[known] > claim.low) & (values[known] < claim.high)).mean()) if known.any() else math.nan
    null = float(nulls[np.isfinite(nulls)].mean()) if np.isfinite(nulls).any() else math.nan
    verdict = UNDECIDED
    if known.sum() >= FEWEST_SETS:
        is_inside = low > claim.low and high < claim.high
        is_outside = high < claim.low or low > claim.high
        exceeds = not claim.needs_null or beyond_low > 0
        falls_short = claim.needs_null and beyond_high < 0
        if is_inside and exceeds:
            verdict = HOLDS
        elif is_outside or falls_short:
            verdict = FAILS
    return Result(claim, mean, low, high, share, int(known.sum()), null, beyond_low, beyond_high, verdict)


def find_deciding(results: list[Result]) -> Result:
    """Return the result that decides a pattern: the first that fails, else the first undecided, else the first.

    So a pattern holds if all its claims hold and fails if one of them does.
    """
    tested = [one for one in results if not one.claim.is_beside]
    for verdict in (FAILS, UNDECIDED):
        for one in tested:
            if one.verdict == verdict:
                return one
    return tested[0]
