"""Differences on the same seeds: each setting against the first one, a dot a seed."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.columns import column
from sim.contrasts import compute_half_width
from sim.figures.labels import find_design, name_setting
from sim.figures.style import BLACK, BLUE, DARK, make_figure, styled


@styled
def plot_pairs(runs: pd.DataFrame, name: str = "collaboration_end") -> Figure:
    """Return the differences in column `name` of `runs` to the first setting, seed by seed, with mean and interval.

    Where a design varies more beside the regime, runs are paired on the same seed and the same point of the design.
    """
    pairs = pair_runs(runs, name)
    reference = name_setting(runs["regime"].iloc[0])
    rows = [(name_setting(setting), pairs[setting].dropna().to_numpy()) for setting in pairs.columns]
    intervals = [compute_interval(values) for _, values in rows]
    figure = make_figure(8.0, 0.55 * len(rows) + 0.95, _tell(rows, intervals, reference), _explain(rows))
    axes = figure.subplots()
    for height, ((_, values), interval) in enumerate(zip(rows, intervals, strict=True)):
        _draw_row(axes, height, values, interval)
    axes.axvline(0, color=DARK, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [setting for setting, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    entry = column(name)
    axes.set(xlabel=f"Difference to {reference}: {entry.label} ({entry.unit})", ylabel=column("regime").label)
    axes.margins(x=0.06)
    return figure


def pair_runs(runs: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return one column a setting, one row a pair: its value less that of the first setting."""
    is_plain = not runs.duplicated(["regime", "seed"]).any()
    keys = ["seed"] if is_plain else ["seed", *find_design(runs)]
    wide = runs.pivot_table(index=keys, columns="regime", values=name, sort=False)
    wide = wide[list(dict.fromkeys(runs["regime"]))]
    return wide.sub(wide.iloc[:, 0], axis=0).iloc[:, 1:]


def compute_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return mean and 95 % t-interval; nan for the interval of fewer than two values."""
    mean = float(values.mean())
    deviation = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    half = compute_half_width(deviation, len(values))
    return mean, mean - half, mean + half


def _draw_row(axes: Axes, height: int, values: np.ndarray, interval: tuple[float, float, float]) -> None:
    offsets = (np.arange(len(values)) * 0.618034 % 1 - 0.5) * 0.3  # golden steps: even, and the same every time
    axes.scatter(values, height + 0.12 + offsets, s=13, color=BLUE, alpha=0.55, linewidths=0)
    mean, low, high = interval
    if not math.isnan(low):
        axes.plot([low, high], [height - 0.25] * 2, color=BLACK, linewidth=2, solid_capstyle="butt")
    axes.plot(mean, height - 0.25, marker="D", markersize=5, color=BLACK, linestyle="none")


def _tell(rows: list, intervals: list, reference: str) -> str:
    if len(rows) == 1:
        mean, low, high = intervals[0]
        if math.isnan(low):
            return f"{rows[0][0]}: collaboration at the end {mean:+.2f} against {reference}, on one seed"
        if low > 0 or high < 0:
            word = "more" if mean > 0 else "less"
            return f"{rows[0][0]} ends with {abs(mean):.2f} {word} collaboration than {reference}"
        return f"No clear difference at the end between {rows[0][0]} and {reference}"
    more = sum(low > 0 for _, low, _ in intervals)
    less = sum(high < 0 for _, _, high in intervals)
    counted = f"more collaboration at the end in {more}, less in {less}, unclear in {len(rows) - more - less}"
    return f"Of {len(rows)} settings against {reference}: {counted}"


def _explain(rows: list) -> str:
    n_pairs = min(len(values) for _, values in rows)
    dots = f"Dot: one of {n_pairs} pairs with the same seed" if n_pairs > 1 else "One pair with the same seed"
    return f"{dots}; diamond and bar: mean and 95 % interval." if n_pairs > 1 else f"{dots}; no interval."
