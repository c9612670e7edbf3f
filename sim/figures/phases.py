"""The phase picture: where in the plane of two numbers collaboration grows, holds or fragments, by regime."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from sim.columns import column
from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import find_design, fold, join_words, name_axis, name_setting, name_value
from sim.figures.style import BLACK, NARROW, place_legend
from sim.tables import THRESHOLD, UNKNOWN, summarise

CHANGE = "collaboration_change"
COLOURS = "PuOr"  # orange falls, purple rises; safe for colour-blind readers
PREFERRED = ("annual_usd_per_organization", "viewpoint_spread")
CONTOURS: dict[float, Any] = {0.1: ":", 0.5: "-", 0.9: "--"}  # share of runs that grow


def find_plane(runs: Table) -> tuple[str, str] | None:
    """Return the two numbers to draw on x and y, or None where the design does not vary two numbers on a grid."""
    numbers = [name for name in find_design(runs) if pd.api.types.is_numeric_dtype(runs[name])]
    if len(numbers) < 2 or runs.duplicated(["regime", "seed"]).sum() == 0:
        return None
    numbers.sort(key=lambda name: PREFERRED.index(name) if name in PREFERRED else len(PREFERRED))
    cells = len(runs[["regime", *numbers[:2]]].drop_duplicates())
    is_grid = runs[numbers[0]].nunique() * runs[numbers[1]].nunique() * runs["regime"].nunique() <= 2 * cells
    return (numbers[0], numbers[1]) if is_grid else None  # a random sample has no two points in a row


def judge_cells(runs: Table, x: str, y: str) -> Table:
    """Return one row a cell and regime: mean change, its interval, verdict by `sim.tables`, share that grows, runs."""
    cells = runs[["regime", x, y]].drop_duplicates().reset_index(drop=True)
    number = runs[["regime", x, y]].merge(cells.reset_index(names="cell"), how="left")["cell"].to_numpy()
    judged = summarise(SimpleNamespace(runs=runs.assign(regime=number)))
    wanted = ["change_mean", "change_low", "change_high", "grows_share", "verdict", "n_runs"]
    return pd.concat([cells, judged.set_index("regime").loc[cells.index, wanted]], axis=1)


def plot_phases(runs: Table, x: str, y: str, origin: Origin) -> Figure:
    """Return one panel a regime: x and y are varied columns of `runs`, colour is the mean change over seeds.

    Lines are where 10, 50 and 90 % of runs grow. A dot marks cells whose 95 % interval lies on neither side of a
    threshold: undecided.
    """
    cells = judge_cells(runs, x, y)
    regimes = list(dict.fromkeys(cells["regime"]))
    n_runs = cast(Any, cells["n_runs"].min())
    limit = max(2 * THRESHOLD, float(cells["change_mean"].abs().max()))

    def draw(canvas: Canvas) -> None:
        n_rows, n_columns = _find_grid(len(regimes), canvas.get_figwidth())
        panels = canvas.subplots(n_rows, n_columns, squeeze=False)
        crossed: set[float] = set()
        for position, axes in enumerate(panels.flat):
            if position >= len(regimes):
                axes.set_axis_off()
                continue
            crossed |= _draw_panel(axes, cast(Any, cells[cells["regime"] == regimes[position]]), x, y, limit)
            if position % n_columns:
                axes.set_ylabel("")
            if position + n_columns < len(regimes):  # another panel below
                axes.set_xlabel("")
        _draw_keys(canvas, panels, crossed, n_runs)

    start = f"Colour: {column(CHANGE, 'runs').label.lower()}, mean of {n_runs} runs a cell"
    return Figure(
        name="phases",
        title=_tell(cells, regimes),
        subtitle=f"{column(CHANGE, 'runs').label} (share of pairs of organizations), by {join_words(_name_axes(x, y))}",
        spread=f"{start}. A single run a cell: no interval." if n_runs == 1
        else f"{start}; lines: where 10, 50 and 90 % of runs grow; dot: undecided, the 95 % interval crosses "
        f"−{THRESHOLD:g} or +{THRESHOLD:g}.",
        note="Change: share of pairs that share a coalition, last 12 months less months 1–12.",
        alt=_describe(cells, regimes, x, y),
        table=cells,
        origin=origin,
        draw=draw,
        height=lambda width: 2.35 * _find_grid(len(regimes), width)[0] + 1.1,
    )  # fmt: skip


def _find_grid(n: int, width: float) -> tuple[int, int]:
    n_columns = min(n, max(1, int(width / 2.4)))
    return math.ceil(n / n_columns), n_columns


def _name_axes(x: str, y: str) -> list[str]:
    return [name_axis(name, "runs").rpartition(" (")[0].lower() or name_axis(name, "runs") for name in (x, y)]


def _draw_panel(axes: Axes, cells: Table, x: str, y: str, limit: float) -> set[float]:
    """Draw one regime and return the contours that cross it."""
    import seaborn as sns  # half a second, which runs without this picture need not wait for

    grid = cells.pivot_table(index=y, columns=x, values="change_mean", dropna=False)
    sns.heatmap(
        grid, ax=axes, cmap=COLOURS, vmin=-limit, vmax=limit, cbar=False, linewidths=0.6, linecolor="white",
        xticklabels=[name_value(value) for value in grid.columns],
        yticklabels=[name_value(value) for value in grid.index],
    )  # fmt: skip
    axes.invert_yaxis()
    axes.tick_params(axis="both", length=0, rotation=0)
    crossed = _draw_contours(axes, cells.pivot_table(index=y, columns=x, values="grows_share", dropna=False))
    undecided = cells[cells["verdict"] == "undecided"]
    across = np.searchsorted(grid.columns, undecided[x]) + 0.5
    up = np.searchsorted(grid.index, undecided[y]) + 0.5
    axes.scatter(across, up, s=14, color=BLACK, linewidths=0, zorder=3)
    counts = cells["verdict"].value_counts()
    told = [
        f"{verdict}\u00a0{counts[verdict]}"
        for verdict in ("grows", "holds", "fragments", "undecided", *UNKNOWN)
        if verdict in counts
    ]
    axes.set_title(f"{fold(name_setting(cells['regime'].iloc[0]), 26)}\n{fold(' · '.join(told), 30)}", fontsize=9)
    axes.set(xlabel=fold(name_axis(x, "runs"), 26), ylabel=fold(name_axis(y, "runs"), 26))
    return crossed


def _draw_contours(axes: Axes, shares: Table) -> set[float]:
    """Draw where the share of runs that grow passes each level, between the middles of the cells."""
    values = shares.to_numpy(float)
    if np.isnan(values).all():  # no run of this regime can be judged
        return set()
    crossed = {level for level in CONTOURS if np.nanmin(values) < level <= np.nanmax(values)}
    if min(values.shape) < 2 or not crossed:
        return set()
    across, up = np.arange(values.shape[1]) + 0.5, np.arange(values.shape[0]) + 0.5
    for level in sorted(crossed):
        axes.contour(across, up, values, levels=[level], colors=BLACK, linewidths=1.3, linestyles=CONTOURS[level])
    return crossed


def _draw_keys(canvas: Canvas, panels: Any, crossed: set[float], n_runs: int) -> None:
    """Draw the scale of colours, and the kinds of lines."""
    bar = canvas.colorbar(panels.flat[0].collections[0], ax=panels, location="bottom", shrink=0.75, aspect=40, pad=0.03)
    bar.set_label(
        fold(
            f"{name_axis(CHANGE, 'runs')}; lines on the scale: ±{THRESHOLD:g}",
            70 if canvas.get_figwidth() >= NARROW else 36,
        )
    )
    bar.outline.set_visible(False)
    for edge in (-THRESHOLD, THRESHOLD):
        bar.ax.axvline(edge, color=BLACK, linewidth=1)
    handles = [Line2D([], [], color=BLACK, linewidth=1.3, linestyle=CONTOURS[level]) for level in sorted(crossed)]
    labels = [f"{100 * level:.0f} % of runs grow" for level in sorted(crossed)]
    if n_runs > 1:
        handles.append(Line2D([], [], color=BLACK, marker="o", markersize=4, linestyle="none"))
        labels.append("undecided")
    if handles:
        place_legend(canvas, handles, labels, 4 if canvas.get_figwidth() >= NARROW else 2)


def _tell(cells: Table, regimes: list) -> str:
    counts = cells["verdict"].value_counts()
    total = len(cells)
    grows, fragments = counts.get("grows", 0), counts.get("fragments", 0)
    told = f"Collaboration grows in {grows} of {total} settings and fragments in {fragments}"
    if len(regimes) == 1:
        return told
    means = cast(Any, cells.groupby("regime", sort=False)["change_mean"].mean())
    best, worst = name_setting(means.idxmax()), name_setting(means.idxmin())
    return f"{told}; mean change from {means.min():+.2f} ({worst}) to {means.max():+.2f} ({best})"


def _describe(cells: Table, regimes: list, x: str, y: str) -> str:
    parts = []
    for regime in regimes:
        kept = cells[cells["regime"] == regime]
        counts = kept["verdict"].value_counts()
        told = join_words([f"{verdict} in {counts[verdict]}" for verdict in counts.index])
        low, high = kept["change_mean"].min(), kept["change_mean"].max()
        parts.append(f"{name_setting(regime)} {told} of {len(kept)} cells, mean change {low:+.2f} to {high:+.2f}")
    return f"Heat maps of the change in collaboration, {' across and '.join(_name_axes(x, y))} up: {'; '.join(parts)}."
