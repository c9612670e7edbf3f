"""Collaboration over time: the median run of each regime and the spread over runs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.figures.labels import fold, join_words, name_axis, name_setting
from sim.figures.style import BLUE, DARK, MIDDLE, SERIES, make_figure, styled
from sim.tables import THRESHOLD

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
FEWEST = 8  # runs for quantiles; below, every run is drawn
PHRASES = {"grows": "grows", "holds": "holds", "fragments": "fragments", "undecided": "is undecided"}


@styled
def plot_trajectories(
    months: pd.DataFrame, summary: pd.DataFrame, name: str = "collaboration_share", shock_month: int | None = None
) -> Figure:
    """Return the figure of column `name` over time, by regime.

    ``months`` has one row a run and month; ``summary`` one row a regime (`sim.tables.summarise`), for the title.
    Up to three regimes share one panel; more get one each, with the medians of the others in grey.
    """
    spreads = {regime: _spread(table, name) for regime, table in months.groupby("regime", sort=False)}
    counts = months.groupby("regime", sort=False)[["run_id", "seed"]].nunique()
    title, subtitle = _tell(summary), _explain(counts["run_id"], int(counts["seed"].max()))  # pyright: ignore[reportArgumentType]
    if len(spreads) <= len(SERIES):
        figure = make_figure(8.0, 3.9, title, subtitle)
        panels = [figure.subplots()]
        _draw_together(panels[0], spreads)
    else:
        n_rows = math.ceil(len(spreads) / 4) if len(spreads) != 5 else 1
        n_columns = math.ceil(len(spreads) / n_rows)
        figure = make_figure(max(8.0, 2.3 * n_columns), 2.6 * n_rows + 0.3, title, subtitle)
        panels = list(figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).flat)
        _draw_apart(panels, spreads)
        panels = panels[: len(spreads)]
    for axes in panels:
        _finish(axes, months["month"].max(), shock_month)  # pyright: ignore[reportArgumentType]
        axes.set(xlabel=name_axis("month"), ylabel=name_axis(name))
        if len(panels) > 1:
            axes.label_outer()
    return figure


def _spread(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return months × runs where the runs are few, else months × quantiles."""
    wide = table.pivot_table(index="month", columns="run_id", values=name)
    return wide if wide.shape[1] < FEWEST else wide.quantile(list(LEVELS), axis=1).T


def _draw_band(axes: Axes, spread: pd.DataFrame, colour: str, line: str) -> None:
    if tuple(spread.columns) != LEVELS:
        if spread.shape[1] > 1:
            axes.plot(spread.index, spread, color=colour, linestyle=line, linewidth=0.6, alpha=0.5)
        axes.plot(spread.index, spread.median(axis=1), color=colour, linestyle=line, linewidth=1.8)
        return
    low, lower, middle, upper, high = (spread[level] for level in LEVELS)
    axes.fill_between(spread.index, low, high, color=colour, alpha=0.13, linewidth=0)
    axes.fill_between(spread.index, lower, upper, color=colour, alpha=0.22, linewidth=0)
    axes.plot(spread.index, middle, color=colour, linestyle=line, linewidth=1.8)


def _take_middle(spread: pd.DataFrame) -> pd.Series:
    return spread[0.5] if tuple(spread.columns) == LEVELS else spread.median(axis=1)  # pyright: ignore[reportReturnType]


def _draw_together(axes: Axes, spreads: dict[Any, pd.DataFrame]) -> None:
    for (colour, line), spread in zip(SERIES, spreads.values(), strict=False):
        _draw_band(axes, spread, colour, line)
    low, high = axes.get_ylim()
    if len(spreads) == 1:
        return
    ends = {regime: _take_middle(spread).iloc[-1] for regime, spread in spreads.items()}
    heights = _part(ends, 0.055 * (high - low))
    for (colour, _), (regime, spread) in zip(SERIES, spreads.items(), strict=False):
        axes.annotate(
            name_setting(regime), (spread.index[-1], heights[regime]), (5, 0), textcoords="offset points",
            color=colour, va="center", weight="bold", annotation_clip=False,
        )  # fmt: skip


def _part(heights: dict[Any, float], gap: float) -> dict[Any, float]:
    """Return the heights moved apart upwards until neighbours are `gap` from each other."""
    parted: dict[Any, float] = {}
    last = -math.inf
    for name in sorted(heights, key=lambda one: heights[one]):
        last = parted[name] = max(heights[name], last + gap)
    return parted


def _draw_apart(panels: list[Axes], spreads: dict[Any, pd.DataFrame]) -> None:
    for axes, (regime, spread) in zip(panels, spreads.items(), strict=False):
        for other in spreads.values():
            axes.plot(other.index, _take_middle(other), color=MIDDLE, linewidth=0.7)
        _draw_band(axes, spread, BLUE, "-")
        axes.set_title(fold(name_setting(regime), 22), weight="bold", color=BLUE)
    for axes in panels[len(spreads) :]:
        axes.set_axis_off()


def _finish(axes: Axes, last: int, shock_month: int | None) -> None:
    axes.set_xlim(0, last)
    axes.set_ylim(bottom=max(0.0, axes.get_ylim()[0]))
    axes.set_xticks(
        [tick for tick in axes.get_xticks() if tick % 1 == 0] if last < 24 else range(0, last + 1, _step(last))
    )
    axes.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)
    if shock_month is not None:
        axes.axvline(shock_month, color=DARK, linewidth=0.8, linestyle=":")
        axes.annotate("shock", (shock_month, 1), (3, -2), xycoords=("data", "axes fraction"),
                      textcoords="offset points", va="top", color=DARK)  # fmt: skip


def _step(last: int) -> int:
    return 12 * max(1, round(last / 60))


def _tell(summary: pd.DataFrame) -> str:
    if len(summary) == 1:
        row = summary.iloc[0]
        start = row["collaboration_end"] - row["change_mean"]
        told = f"{name_setting(row['regime'])}: collaboration {PHRASES[row['verdict']]}"
        return f"{told}, from {start:.2f} to {row['collaboration_end']:.2f} of pairs"
    parts = []
    for verdict, phrase in PHRASES.items():
        regimes = [name_setting(regime) for regime in summary.loc[summary["verdict"] == verdict, "regime"]]
        if regimes:
            listed = join_words(regimes) if len(summary) <= 5 else f"{len(regimes)} of {len(summary)} settings"
            parts.append(f"{phrase} under {listed}")
    return f"Collaboration {'; '.join(parts)}"


def _explain(counts: pd.Series, n_seeds: int) -> str:
    n_runs = counts.min() if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    if counts.max() == 1:
        told = "One run" + (" of each." if len(counts) > 1 else ".")
    elif counts.max() < FEWEST:
        told = f"Thin lines: the {n_runs} runs of each; thick line: their median."
    else:
        told = f"Line: median of {n_runs} runs{' of each' if len(counts) > 1 else ''}; bands: middle 50 % and 90 %."
    if counts.max() > n_seeds:
        told += f" The runs differ in seed ({n_seeds}) and in what the design varies."
    how = "" if counts.max() == 1 else "95 % interval "
    rule = f"Verdict: last 12 months less months 1–12, {how}against ±{THRESHOLD:g}."
    others = " Grey: medians of the others." if len(counts) > len(SERIES) else ""
    return f"{told}{others} {rule}"
