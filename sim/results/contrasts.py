"""Paired differences: the same seeds under two settings, the mean of what differs and its interval."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TOTALS = (  # people a month, and money of the whole run
    "served_end",
    "not_served_end",
    "total_budgeted_usd",
    "total_awarded_usd",
    "total_paid_usd",
    "total_unspent_usd",
)
OUTCOMES = ("collaboration_end", "collaboration_change", "effective_change", "coverage_end", *TOTALS)


def compute_differences(runs: pd.DataFrame, outcomes: tuple[str, ...] = OUTCOMES) -> pd.DataFrame:
    """Return one row an outcome and setting: its difference to the first setting on equal seeds.

    ``runs`` has one row a run, with ``regime`` (the setting) and ``seed``; an outcome that is no column of it is left
    out. Columns of the result: outcome, regime, reference, mean, low, high (95 % t-interval; nan with a single seed),
    n (pairs in which both runs have the outcome; without one, mean is nan too).
    """
    import pandas as pd

    settings = list(dict.fromkeys(runs["regime"].astype(str)))
    rows = []
    for outcome in [name for name in outcomes if name in runs.columns]:
        wide = runs.assign(regime=runs["regime"].astype(str)).pivot_table(
            index="seed", columns="regime", values=outcome, observed=True, dropna=False
        )
        for setting in settings[1:]:
            paired = (wide[setting] - wide[settings[0]]).dropna().to_numpy(dtype=float)
            deviation = float(paired.std(ddof=1)) if len(paired) > 1 else math.nan
            mean = float(paired.mean()) if len(paired) else math.nan
            half = compute_half_width(deviation, len(paired))
            rows.append((outcome, setting, settings[0], mean, mean - half, mean + half, len(paired)))
    return pd.DataFrame(rows, columns=["outcome", "regime", "reference", "mean", "low", "high", "n"])


def compute_crossed_interval(by_set: Any, by_seed: Any) -> tuple[float, float, float]:
    """Return the mean of a difference over sets crossed with seeds, and its 95 % interval over both.

    by_set: means over seeds (sets,). by_seed: means over sets (seeds,). All sets run on the same seeds, so what a seed
    does stays in every set's mean: the variances of both means add up, and the t quantile is that of the fewer. A
    little too wide, since what is left of a run's own chance counts twice. With one seed it is over sets alone.
    """
    import numpy as np

    mean = float(np.mean(by_set))
    parts = [one for one in (np.asarray(by_set), np.asarray(by_seed)) if len(one) > 1]
    if not parts:
        return mean, math.nan, math.nan
    deviation = math.sqrt(sum(float(one.var(ddof=1)) / len(one) for one in parts))
    half = compute_t_quantile(min(map(len, parts)) - 1) * deviation
    return mean, mean - half, mean + half


def compute_half_width(deviation: float, n: int) -> float:
    """Return the half-width of the 95 % t-interval of a mean of `n` values with this standard deviation."""
    return compute_t_quantile(n - 1) * deviation / math.sqrt(n) if n > 1 else math.nan


def compute_t_quantile(freedom: int, probability: float = 0.975) -> float:
    """Return Student's t quantile, exact for 1 and 2 degrees of freedom, else by expansion (error below 0.2 %).

    Source: Abramowitz & Stegun 1964, 26.7.5; saves a dependency on scipy.
    """
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        return (2 * probability - 1) / math.sqrt(2 * probability * (1 - probability))
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))


def find_same(differences: pd.DataFrame) -> set[str]:
    """Return the settings whose runs are those of the reference, number for number.

    differences: see `compute_differences`. People served at the end are drawn anew for every seed and month, so that
    two different runs never agree in them; without them, or without a pair, nothing is taken for the same.
    """
    known: Any = differences[differences["n"] > 0]
    is_zero: Any = (known["mean"] == 0) & ~(known["low"] < 0) & ~(known["high"] > 0)
    told: Any = known.loc[known["outcome"] == "served_end", "regime"]
    return set(told) - set(known.loc[~is_zero, "regime"])


def tell_differences(differences: pd.DataFrame, outcome: str = "collaboration_end") -> str:
    """Return a sentence a setting: how its collaboration at the end differs from the reference's."""
    sentences, same = [], find_same(differences)
    for row in differences.to_dict("records"):
        if row["outcome"] != outcome:
            continue
        if row["regime"] in same:
            sentences.append(f"{row['regime']} gives the same runs as {row['reference']}: nothing differs on any seed.")
            continue
        start = f"On the same {row['n']} seeds, {row['regime']} ends with"
        if not row["n"]:
            sentences.append(f"{row['regime']} and {row['reference']} have no end to compare on any seed.")
            continue
        if row["n"] == 1:
            told = f"{row['mean']:+.3f} in collaboration (share of pairs) from {row['reference']}"
            sentences.append(f"On one seed, {row['regime']} ends {told}; a single seed says nothing about chance.")
            continue
        if row["mean"] == row["low"] == row["high"] == 0:
            sentences.append(f"{start} exactly the collaboration of {row['reference']}, on each of them.")
            continue
        if not (row["low"] > 0 or row["high"] < 0):
            spread = f"95 % interval {row['low']:+.3f} to {row['high']:+.3f}"
            sentences.append(f"{start} no clear difference in collaboration from {row['reference']} ({spread}).")
            continue
        word = "more" if row["mean"] > 0 else "less"
        low, high = sorted((abs(row["low"]), abs(row["high"])))
        told = f"{abs(row['mean']):.3f} {word} collaboration (share of pairs) than {row['reference']}"
        sentences.append(f"{start} {told} (95 % interval {low:.3f} to {high:.3f} {word}).")
    return " ".join(sentences)
