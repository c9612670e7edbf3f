"""What figures over time share: the spread of runs, bands and sample paths, the axis of months, labels at line ends."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from sim.figures.figure import Origin, Table
from sim.figures.labels import fold, name_axis, name_setting
from sim.figures.style import DARK, SERIES, darken

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
NAMES = ("p05", "p25", "p50", "p75", "p95")
FEWEST = 8  # runs for quantiles; below, every run is drawn
STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120)  # months between ticks
TICK_ROOM = 0.42  # inches between ticks
LINE_INCHES = 0.17  # height of a line of a name at the end of its series


def compute_spread(months: Table, name: str) -> Table:
    """Return one row a regime and month: quantiles of column `name` over runs, and how many runs."""
    grouped = months.groupby(["regime", "month"], sort=False, observed=True)[name]
    table = grouped.quantile(list(LEVELS)).unstack()  # noqa: PD010  the quantiles are rows of an index
    table.columns = list(NAMES)
    return table.assign(n_runs=grouped.nunique() * 0 + grouped.size()).reset_index()


def pick_paths(months: Table, name: str, n: int) -> dict[Any, Table]:
    """Return months × at most `n` runs of each regime, the first by name of the run."""
    found = {}
    for regime, table in months.groupby("regime", sort=False):
        kept = list(dict.fromkeys(table["run_id"]))[:n]
        found[regime] = table[table["run_id"].isin(kept)].pivot_table(index="month", columns="run_id", values=name)
    return found


def draw_band(axes: Axes, spread: Table, paths: Table, colour: str, line: str) -> None:
    """Draw one regime: bands where the runs are many, some runs as thin lines, the median as a thick one."""
    if spread["n_runs"].max() >= FEWEST:
        axes.fill_between(spread["month"], spread["p05"], spread["p95"], color=colour, alpha=0.12, linewidth=0)
        axes.fill_between(spread["month"], spread["p25"], spread["p75"], color=colour, alpha=0.2, linewidth=0)
    if spread["n_runs"].max() > 1:
        axes.plot(paths.index, paths, color=colour, linewidth=0.6, alpha=0.55)
    axes.plot(spread["month"], spread["p50"], color=colour, linestyle=line, linewidth=2)


def label_ends(axes: Axes, ends: dict[Any, float], letters: int, tall: float) -> None:
    """Write the name of each series, in its colour, to the right of its last value, with a leader to it.

    Neighbours move apart. tall: inches of the panel.
    """
    low, high = axes.get_ylim()
    names = {series: fold(name_setting(str(series)), letters) for series in ends}
    line = LINE_INCHES / tall * (high - low)
    heights = _part(ends, {series: line * (name.count("\n") + 1) for series, name in names.items()}, high)
    across = axes.get_yaxis_transform()  # the right end of the panel, at heights of the data
    for (colour, _), series in zip(SERIES, ends, strict=False):
        axes.plot(
            [1.005, 1.035], [ends[series], heights[series]], transform=across, color=colour, linewidth=0.8,
            clip_on=False, scaley=False, scalex=False,
        )  # fmt: skip
        axes.text(
            1.045, heights[series], names[series], transform=across, color=darken(colour), va="center", weight="bold",
            fontsize=8.5,
        )  # fmt: skip


def _part(heights: dict[Any, float], tall: dict[Any, float], top: float) -> dict[Any, float]:
    """Return the heights moved apart until no two texts overlap, around their middle, none above `top`."""
    ordered = sorted(heights, key=lambda one: heights[one])
    placed: list[float] = []
    for at, name in enumerate(ordered):
        below = placed[-1] + (tall[ordered[at - 1]] + tall[name]) / 2 if placed else -math.inf
        placed.append(max(heights[name], below))
    shift = sum(heights[name] - place for name, place in zip(ordered, placed, strict=True)) / max(len(ordered), 1)
    shift = min(shift, top - placed[-1]) if placed else shift
    return {name: place + shift for name, place in zip(ordered, placed, strict=True)}


def pick_step(last: int, room: float) -> int:
    """Return the months between two ticks of an axis of `last` months, `room` inches long."""
    fitting = (step for step in STEPS if last / step * TICK_ROOM <= room)
    return next(fitting, STEPS[-1] * math.ceil(last / STEPS[-1]))


def finish_months(axes: Axes, last: int, origin: Origin, room: float) -> None:
    """Give the axis of time its ticks, in months or with dates, and mark what strikes. room: inches of the axis."""
    axes.set_xlim(0, max(last, 1))
    axes.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)
    ticks = list(range(0, last + 1, pick_step(last, room)))
    if origin.start:
        first: Any = pd.Period(origin.start, freq="M")
        axes.set_xticks(ticks, [f"{first + tick:%b\n%Y}" for tick in ticks])
        axes.set_xlabel(f"Month and year; month 0 is {first:%B %Y}")
    else:
        axes.set_xticks(ticks)
        axes.set_xlabel(name_axis("month"))
    for at, (month, name) in enumerate(mark for mark in origin.marks if mark[0] <= last):
        axes.axvline(month, color=DARK, linewidth=0.9, linestyle=":")
        if not axes.get_title(loc="left"):  # which would stand there
            axes.annotate(
                name, (month, 1), (2, 2 + 11 * (at % 3)), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="bottom", color=DARK, fontsize=8.5, annotation_clip=False,
            )  # fmt: skip


def tell_marks(origin: Origin, last: int) -> str:
    """Return what the dotted lines of an axis of time are; nothing without any."""
    marks = [f"{name}, {_date(origin, month)}" for month, name in origin.marks if month <= last]
    return f" Dotted line{'s' if len(marks) > 1 else ''}: {'; '.join(marks)}." if marks else ""


def _date(origin: Origin, month: int) -> str:
    if not origin.start:
        return f"month {month}"
    first: Any = pd.Period(origin.start, freq="M")
    return f"month {month} ({first + month:%B %Y})"


def explain_spread(spread: Table, n_paths: int) -> str:
    """Return how the picture shows the spread over runs."""
    counts = spread.groupby("regime", sort=False, observed=True)["n_runs"].max()
    n_runs = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    each = " of each regime" if len(counts) > 1 else ""
    if counts.max() == 1:
        return "One run" + (f"{each}: no spread is shown; more seeds would show it.")
    if counts.max() < FEWEST:
        return f"Thick line: median of {n_runs} runs{each}; thin lines: the runs."
    return f"Thick line: median of {n_runs} runs{each}; bands: middle 50 % and 90 %; thin lines: {n_paths} runs{each}."
