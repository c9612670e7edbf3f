"""The phase picture: where in the plane of two numbers collaboration grows, holds or fragments, by regime."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.columns import column
from sim.figures.labels import find_design, fold, name_axis, name_setting, name_value
from sim.figures.style import BLACK, make_figure, styled
from sim.tables import THRESHOLD, summarise

CHANGE = "collaboration_change"
COLOURS = "PuOr"  # orange falls, purple rises; safe for colour-blind readers
PREFERRED = ("annual_usd_per_organization", "viewpoint_spread")


def find_plane(runs: pd.DataFrame) -> tuple[str, str] | None:
    """Return the two numbers to draw on x and y, or None where the design does not vary two numbers."""
    numbers = [name for name in find_design(runs) if pd.api.types.is_numeric_dtype(runs[name])]
    if len(numbers) < 2 or runs.duplicated(["regime", "seed"]).sum() == 0:
        return None
    numbers.sort(key=lambda name: PREFERRED.index(name) if name in PREFERRED else len(PREFERRED))
    return numbers[0], numbers[1]


def judge_cells(runs: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Return one row a cell and regime: mean change over its runs, verdict by the rule of `sim.tables`, runs."""
    cells = runs[["regime", x, y]].drop_duplicates().reset_index(drop=True)
    number = runs[["regime", x, y]].merge(cells.reset_index(names="cell"), how="left")["cell"].to_numpy()  # pyright: ignore[reportCallIssue]
    judged = summarise(SimpleNamespace(runs=runs.assign(regime=number)))
    kept = judged.set_index("regime").loc[cells.index, ["change_mean", "verdict", "n_runs"]]
    return pd.concat([cells, kept], axis=1)


@styled
def plot_phases(runs: pd.DataFrame, x: str, y: str) -> Figure:
    """Return one panel a regime: x and y are varied columns of `runs`, colour is the mean change over seeds.

    A dot marks cells whose 95 % interval lies on neither side of a threshold: undecided.
    """
    cells = judge_cells(runs, x, y)
    regimes = list(dict.fromkeys(cells["regime"]))
    n_columns = min(3, len(regimes))
    n_rows = math.ceil(len(regimes) / n_columns)
    figure = make_figure(max(7.0, 3.2 * n_columns), 2.5 * n_rows + 0.5, _tell(cells, regimes), _explain(cells))
    panels = figure.subplots(n_rows, n_columns, squeeze=False)
    limit = max(2 * THRESHOLD, float(cells["change_mean"].abs().max()))  # pyright: ignore[reportArgumentType]
    for axes, regime in zip(panels.flat, regimes, strict=False):
        _draw_panel(axes, cells[cells["regime"] == regime], x, y, limit)  # pyright: ignore[reportArgumentType]
    for position, axes in enumerate(panels.flat):
        if position >= len(regimes):
            axes.set_axis_off()
        if position % n_columns:
            axes.set_ylabel("")
        if position + n_columns < len(regimes):  # another panel below
            axes.set_xlabel("")
    bar = figure.colorbar(panels.flat[0].collections[0], ax=panels, shrink=0.8, aspect=30)
    bar.set_label(name_axis(CHANGE))
    bar.outline.set_visible(False)
    for edge in (-THRESHOLD, THRESHOLD):
        bar.ax.axhline(edge, color=BLACK, linewidth=0.8)
    return figure


def _draw_panel(axes: Axes, cells: pd.DataFrame, x: str, y: str, limit: float) -> None:
    import seaborn as sns  # half a second, which runs without this picture need not wait for

    grid = cells.pivot_table(index=y, columns=x, values="change_mean")
    sns.heatmap(
        grid, ax=axes, cmap=COLOURS, vmin=-limit, vmax=limit, cbar=False, linewidths=0.6, linecolor="white",
        xticklabels=[name_value(value) for value in grid.columns],
        yticklabels=[name_value(value) for value in grid.index],
    )  # fmt: skip
    axes.invert_yaxis()
    axes.tick_params(axis="both", length=0, rotation=0)
    undecided = cells[cells["verdict"] == "undecided"]
    across = np.searchsorted(grid.columns, undecided[x]) + 0.5
    up = np.searchsorted(grid.index, undecided[y]) + 0.5
    axes.scatter(across, up, s=12, color=BLACK, linewidths=0)
    counts = cells["verdict"].value_counts()
    told = [f"{verdict} {counts[verdict]}" for verdict in ("grows", "holds", "fragments") if verdict in counts]
    axes.set_title(f"{name_setting(cells['regime'].iloc[0])}\n{' · '.join(told) or 'undecided'}")
    axes.set(xlabel=fold(name_axis(x), 36), ylabel=fold(name_axis(y), 32))


def _tell(cells: pd.DataFrame, regimes: list) -> str:
    counts = cells["verdict"].value_counts()
    total = len(cells)
    grows, fragments = counts.get("grows", 0), counts.get("fragments", 0)
    told = f"Collaboration grows in {grows} of {total} settings and fragments in {fragments}"
    if len(regimes) == 1:
        return told
    means = cast(Any, cells.groupby("regime", sort=False)["change_mean"].mean())
    best, worst = name_setting(means.idxmax()), name_setting(means.idxmin())
    return f"{told}; mean change from {means.min():+.2f} ({worst}) to {means.max():+.2f} ({best})"


def _explain(cells: pd.DataFrame) -> str:
    n_runs = cast(Any, cells["n_runs"].min())
    start = f"Colour: {column(CHANGE).label.lower()}, last 12 months less months 1–12, mean of {n_runs} runs a cell."
    if n_runs == 1:
        return f"{start} A single run: no interval."
    return f"{start} Dot: undecided, the 95 % interval crosses −{THRESHOLD:g} or +{THRESHOLD:g} (lines on the scale)."
