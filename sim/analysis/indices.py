"""Indices of sensitivity from the outcomes of a sample, with percentile bootstrap intervals. Numbers alone, no tables.

What is resampled belongs together: the rows of one draw of a Saltelli sample, a trajectory of a Morris sample, or the
points of any other. Shares of the variance are correlations, so that they and their intervals stay within [0, 1].

Sources: Martinez 2011 and Baudin et al. 2017 (Sobol indices as correlations, here with common moments), Campolongo et
al. 2007 (mu*), Plischke, Borgonovo & Smith 2013 (delta from any sample, in classes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

RESAMPLES, FEWEST_RESAMPLES = 500, 40
MOST_NUMBERS = 4_000_000  # in all resamples of a column together: larger samples are drawn again less often
LIMITS = (2.5, 97.5)  # percentiles of the interval
N_BINS = 10  # parts of the outcome's distribution that delta compares
FEW_VALUES = 10  # of a parameter that are each a class of their own


class Estimate(NamedTuple):
    """Indices (D,) with the limits of their 95 % intervals, nan where they cannot be told."""

    value: Floats
    low: Floats
    high: Floats


def draw_rows(n: int, generator: np.random.Generator) -> Whole:
    """Return the rows (R, n) of each resample of `n`."""
    n_resamples = max(min(RESAMPLES, MOST_NUMBERS // n), FEWEST_RESAMPLES)
    return generator.integers(n, size=(n_resamples, n))


def _bound(value: Floats, resamples: Floats, least: float, most: float) -> Estimate:
    """Return values (D,) and the percentiles of their resamples (R, D), none outside of what is possible.

    nan stands for outcomes of which none differs from another: nothing has moved them, and nothing limits the interval.
    """
    lost = np.isnan(resamples).all(axis=0)
    low, high = np.nanpercentile(np.where(lost, 0.0, resamples), LIMITS, axis=0)
    low, high = np.clip(np.where(lost, least, low), least, most), np.clip(np.where(lost, most, high), least, most)
    value = np.clip(np.nan_to_num(value), least, most)
    return Estimate(value, np.minimum(low, value), np.maximum(high, value))


def _correlate(one: Floats, other: Floats) -> Floats:
    """Return the correlations of two arrays along the last axis, which share one mean and one variance.

    nan where neither varies. Common moments keep it within [-1, 1] where one of the two does not vary by chance.
    """
    mean = (one.mean(axis=-1, keepdims=True) + other.mean(axis=-1, keepdims=True)) / 2
    first, second = one - mean, other - mean
    with np.errstate(invalid="ignore", divide="ignore"):
        return 2 * (first * second).sum(axis=-1) / ((first**2).sum(axis=-1) + (second**2).sum(axis=-1))


class Sobol(NamedTuple):
    """First-order and total indices (D,), and those of pairs (i < j, in order) or None."""

    first: Estimate
    total: Estimate
    second: Estimate | None


def estimate_sobol(outcomes: Floats, n_parameters: int, generator: np.random.Generator) -> Sobol:
    """Return Sobol indices from the outcomes (N, D + 2) or (N, 2 D + 2) of the N draws of a Saltelli sample.

    Columns: A, then A with each parameter of B, then (for pairs) B with each of A, then B.
    """
    has_pairs = outcomes.shape[1] == 2 * n_parameters + 2
    chosen = np.vstack([np.arange(len(outcomes)), draw_rows(len(outcomes), generator)])  # the sample itself first
    a, b = outcomes[chosen, 0], outcomes[chosen, -1]
    mixed = [outcomes[chosen, 1 + at] for at in range(n_parameters)]
    first = np.column_stack([_correlate(b, one) for one in mixed])
    total = np.column_stack([1 - _correlate(a, one) for one in mixed])
    second = None
    if has_pairs:
        swapped = [outcomes[chosen, 1 + n_parameters + at] for at in range(n_parameters)]
        by_chance = _correlate(a, b)
        pairs = [(i, j) for i in range(n_parameters) for j in range(i + 1, n_parameters)]
        both = [
            (_correlate(swapped[i], mixed[j]) + _correlate(swapped[j], mixed[i])) / 2
            - by_chance
            - first[:, i]
            - first[:, j]
            for i, j in pairs
        ]
        joined = np.column_stack(both)
        second = _bound(joined[0], joined[1:], -1.0, 1.0)
    return Sobol(_bound(first[0], first[1:], 0.0, 1.0), _bound(total[0], total[1:], 0.0, 1.0), second)


class Morris(NamedTuple):
    """mu* with its interval, mu and sigma, each (D,), in the outcome's unit over a parameter's whole range."""

    mu_star: Estimate
    mu: Floats
    sigma: Floats


def estimate_morris(outcomes: Floats, shares: Floats, generator: np.random.Generator) -> Morris:
    """Return elementary effects of T trajectories. outcomes: (T, D + 1). shares: (T, D + 1, D), in [0, 1]."""
    steps = np.diff(shares, axis=1)
    moved = np.abs(steps).argmax(axis=2)  # (T, D): the parameter that a step changes
    size = np.take_along_axis(steps, moved[:, :, np.newaxis], axis=2)[:, :, 0]
    effects = np.empty_like(size)
    np.put_along_axis(effects, moved, np.diff(outcomes, axis=1) / size, axis=1)
    found = np.abs(effects)
    resampled = found[draw_rows(len(found), generator)].mean(axis=1)
    sigma = effects.std(axis=0, ddof=1) if len(effects) > 1 else np.full(effects.shape[1], np.nan)
    return Morris(_bound(found.mean(axis=0), resampled, 0.0, np.inf), effects.mean(axis=0), sigma)


class Given(NamedTuple):
    """Delta and the first-order share of variance, each (D,)."""

    delta: Estimate
    first: Estimate


def estimate_given(parameters: Floats, outcomes: Floats, generator: np.random.Generator) -> Given:
    """Return delta and first-order indices of any sample. parameters: (N, D) ranks or codes. outcomes: (N,).

    Both compare the outcomes in classes of a parameter with all outcomes. Classes are small, so that they differ by
    chance alone, and more so in a resample: what a shuffled parameter shows on average is counted as 0.
    """
    rows = draw_rows(len(outcomes), generator)
    bins, n_bins = cut_outcomes(outcomes)
    found = {"delta": [], "first": []}
    for column in parameters.T:
        classes, n_classes = cut_parameter(column)

        def measure_delta(codes: Whole, at: Whole, n_classes: int = n_classes) -> Floats:
            return _measure_shift(codes, bins[at], n_classes, n_bins)

        def measure_first(codes: Whole, at: Whole, n_classes: int = n_classes) -> Floats:
            return _measure_means(codes, outcomes[at], n_classes)

        shuffled = generator.permuted(np.tile(classes, (len(rows), 1)), axis=1)
        found["delta"].append(_correct(measure_delta, classes, shuffled, rows))
        found["first"].append(_correct(measure_first, classes, shuffled, rows))
    stacked = {name: [np.array(part) for part in zip(*parts, strict=True)] for name, parts in found.items()}
    return Given(*(_bound(value, resamples.T, 0.0, 1.0) for value, resamples in stacked.values()))


def _correct(
    measure: Callable[[Whole, Whole], Floats], classes: Whole, shuffled: Whole, rows: Whole
) -> tuple[float, Floats]:
    """Return an index and its resamples, less what chance shows and in shares of what is then left up to 1."""
    whole = np.arange(len(classes))[np.newaxis]
    by_chance = float(np.nanmean(measure(shuffled, np.broadcast_to(whole, shuffled.shape))))
    again = float(np.nanmean(measure(np.take_along_axis(shuffled, rows, axis=1), rows)))
    value = (float(measure(classes[whole], whole)[0]) - by_chance) / (1 - by_chance)
    return value, (measure(classes[rows], rows) - again) / (1 - again)


def cut_parameter(column: Floats) -> tuple[Whole, int]:
    """Return the class (N,) of each value and their number: single values where there are few, else equal parts."""
    values, codes = np.unique(column, return_inverse=True)
    if len(values) <= FEW_VALUES:
        return codes.astype("i8"), len(values)
    n = len(column)
    n_classes = int(min(np.ceil(n ** (2 / (7 + np.tanh((1500 - n) / 500)))), 48))  # Plischke et al. 2013
    ranks = np.argsort(np.argsort(column, kind="stable"), kind="stable")
    return ranks * n_classes // n, n_classes


def cut_outcomes(outcomes: Floats) -> tuple[Whole, int]:
    """Return the part (N,) of the distribution in which each outcome lies, and their number; equals stay together."""
    limits = np.unique(np.quantile(outcomes, np.arange(1, N_BINS) / N_BINS))
    # a value that many share is a part of its own, whether the limit falls on it from below or from above
    edges = np.unique(np.concatenate([limits, np.nextafter(limits, np.inf)]))
    codes = np.searchsorted(edges, outcomes, side="right")
    kept, codes = np.unique(codes, return_inverse=True)
    counts = np.bincount(codes)
    return _join_small(codes.astype("i8"), counts, len(outcomes)), len(kept)


def _join_small(codes: Whole, counts: Whole, n: int) -> Whole:
    """Return codes in which a part with less than half of its due belongs to the one below it."""
    target, place = np.zeros(len(counts), "i8"), 0
    for at, count in enumerate(counts):
        place = at if count >= n / N_BINS / 2 or at == 0 else place
        target[at] = place
    return target[codes]


def _measure_shift(classes: Whole, bins: Whole, n_classes: int, n_bins: int) -> Floats:
    """Return (R,): half the distance between the outcome's distribution in a class and in all, mean over points."""
    n_resamples, n = classes.shape
    place = (np.arange(n_resamples)[:, np.newaxis] * n_classes + classes) * n_bins + bins
    counts = np.bincount(place.ravel(), minlength=n_resamples * n_classes * n_bins)
    counts = counts.reshape(n_resamples, n_classes, n_bins)
    in_class, in_bin = counts.sum(axis=2, keepdims=True), counts.sum(axis=1, keepdims=True)
    # half of |counts / in_class - in_bin / n|, weighted by the class: its size cancels
    return np.abs(counts - in_class * in_bin / n).sum(axis=(1, 2)) / (2 * n)


def _measure_means(classes: Whole, outcomes: Floats, n_classes: int) -> Floats:
    """Return (R,): the share of the variance that lies between the means of the classes; nan without variance."""
    n_resamples = len(classes)
    place = (np.arange(n_resamples)[:, np.newaxis] * n_classes + classes).ravel()
    shape = (n_resamples, n_classes)
    centred = outcomes - outcomes.mean(axis=1, keepdims=True)
    counts = np.bincount(place, minlength=n_resamples * n_classes).reshape(shape)
    sums = np.bincount(place, weights=centred.ravel(), minlength=n_resamples * n_classes).reshape(shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = np.where(counts > 0, sums**2 / np.maximum(counts, 1), 0.0).sum(axis=1)
        return between / (centred**2).sum(axis=1)
