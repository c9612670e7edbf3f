"""The phase picture: where in the plane of two numbers collaboration grows, holds or fragments, by regime."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import (
    SHORT_TITLE,
    choose_title,
    find_design,
    fold,
    join_words,
    name_axis,
    name_setting,
    name_value,
    tell_change,
)
from sim.figures.style import BLACK, DARK, NARROW, place_legend
from sim.results.summaries import summarise
from sim.results.verdict import THRESHOLD, VERDICTS
from sim.schema.columns import column

CHANGE = "collaboration_change"
COLOURS = "PuOr"  # orange falls, purple rises; safe for colour-blind readers
PREFERRED = ("annual_usd_per_organization", "viewpoint_spread")
CONTOURS: dict[float, Any] = {0.1: ":", 0.5: "-", 0.9: "--"}  # share of runs that grow
SHORTEST = 1.5  # length of a contour in cells; below it is a corner of one cell, which says nothing
NEAREST = 0.05  # least distance of two ticks, in shares of the axis


def find_plane(runs: Table) -> tuple[str, str] | None:
    """Return the two numbers to draw on x and y, or None where the design does not vary two numbers on a grid."""
    numbers = [name for name in find_design(runs) if pd.api.types.is_numeric_dtype(runs[name])]
    if len(numbers) < 2 or runs.duplicated(["regime", "seed"]).sum() == 0 or runs[CHANGE].isna().all():
        return None
    numbers.sort(key=lambda name: PREFERRED.index(name) if name in PREFERRED else len(PREFERRED))
    cells = len(runs[["regime", *numbers[:2]]].drop_duplicates())
    is_grid = runs[numbers[0]].nunique() * runs[numbers[1]].nunique() * runs["regime"].nunique() <= 2 * cells
    return (numbers[0], numbers[1]) if is_grid else None  # a random sample has no two points in a row


def judge_cells(runs: Table, x: str, y: str) -> Table:
    """Return one row a cell and regime: mean change, its interval, verdict, share that grows, runs."""
    cells = runs[["regime", x, y]].drop_duplicates().reset_index(drop=True)
    number = runs[["regime", x, y]].merge(cells.reset_index(names="cell"), how="left")["cell"].to_numpy()
    judged = summarise(SimpleNamespace(runs=runs.assign(regime=number)))
    wanted = ["change_mean", "change_low", "change_high", "grows_share", "verdict", "n_runs"]
    return pd.concat([cells, judged.set_index("regime").loc[cells.index, wanted]], axis=1)


def plot_phases(runs: Table, x: str, y: str, origin: Origin) -> Figure:
    """Return one panel a regime: x and y are varied columns of `runs`, colour is the mean change over runs.

    Cells are as wide as the steps between the values. Lines are where 10, 50 and 90 % of runs grow. A dot marks cells
    whose 95 % interval lies on neither side of a threshold: undecided. A cell of the plane without runs is hatched.
    """
    cells = judge_cells(runs, x, y)
    regimes = list(dict.fromkeys(cells["regime"]))
    limit = max(2 * THRESHOLD, float(cells["change_mean"].abs().max()))
    n_empty = cells[x].nunique() * cells[y].nunique() * len(regimes) - len(cells)
    inert = [regime for regime in regimes if len(regimes) > 1 and _is_inert(runs[runs["regime"] == regime], x)]
    scales = {name: _find_scale(sorted(cells[name].unique())) for name in (x, y)}

    def draw(canvas: Canvas) -> None:
        n_rows, n_columns = _find_grid(len(regimes), canvas.get_figwidth())
        panels = canvas.subplots(n_rows, n_columns, squeeze=False)
        crossed: set[float] = set()
        for position, axes in enumerate(panels.flat):
            if position >= len(regimes):
                axes.set_axis_off()
                continue
            rows = cast(Any, cells[cells["regime"] == regimes[position]])
            crossed |= _draw_panel(axes, rows, scales[x], scales[y], limit)
            axes.set(xlabel=_label_axis(x), ylabel=_label_axis(y))
            if position % n_columns:
                axes.set_ylabel("")
            if position + n_columns < len(regimes):  # another panel below
                axes.set_xlabel("")
        has_dots = bool((cells["verdict"] == "undecided").any())
        _draw_keys(canvas, panels, limit, sorted(crossed), has_dots=has_dots, has_empty=n_empty > 0)

    bounds = [_find_bounds(cells[cells["regime"] == regime], x, y, str(regime)) for regime in regimes]
    titles = _tell(bounds, cells)
    return Figure(
        name="phases",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle=f"{column(CHANGE, 'runs').label} (share of pairs of organizations), by {join_words(_name_axes(x, y))}",
        spread=_explain(cells),
        note="Change: share of pairs that share a coalition, last 12 months less months 1–12."
        + _tell_rest(runs, x, y) + _tell_inert(inert, x),
        alt=_describe(cells, bounds, x, y),
        table=cells,
        origin=origin,
        draw=draw,
        height=lambda width: 2.35 * _find_grid(len(regimes), width)[0] + 1.1,
    )  # fmt: skip


def _find_grid(n: int, width: float) -> tuple[int, int]:
    n_columns = min(n, max(1, int(width / 2.4)))
    return math.ceil(n / n_columns), n_columns


def _name_axes(*names: str) -> list[str]:
    return [name_axis(name, "runs").rpartition(" (")[0].lower() or name_axis(name, "runs") for name in names]


def _label_axis(name: str) -> str:
    return fold(name_axis(name, "runs"), 28)


# --- what is drawn


class _Scale(NamedTuple):
    """The values of one axis, where they stand, and the edges of their cells."""

    values: list[float]
    places: np.ndarray
    edges: np.ndarray


def _find_scale(values: list[float]) -> _Scale:
    """Return the places of the values: to scale, or by their logarithm where that alone keeps them apart."""
    places = np.array(values, float)
    if places[0] > 0 and _find_gap(places) < NEAREST < _find_gap(np.log10(places)):
        places = np.log10(places)
    middles = (places[1:] + places[:-1]) / 2
    ends = [2 * places[0] - middles[0], 2 * places[-1] - middles[-1]] if len(middles) else places[0] + [-0.5, 0.5]
    return _Scale(values, places, np.array([ends[0], *middles, ends[1]]))


def _find_gap(places: np.ndarray) -> float:
    return float(np.diff(places).min() / np.ptp(places)) if len(places) > 1 else 1.0


def _draw_panel(axes: Axes, cells: Table, across: _Scale, up: _Scale, limit: float) -> set[float]:
    """Draw one regime and return the contours that cross it."""
    x, y = cells.columns[1:3]
    change = _lay(cells, "change_mean", across, up)
    axes.pcolormesh(
        across.edges, up.edges, np.ma.masked_invalid(change), cmap=COLOURS, vmin=-limit, vmax=limit, edgecolors="white",
        linewidth=0.6,
    )  # fmt: skip
    for row, column_ in np.argwhere(np.isnan(change)):
        left, low = float(across.edges[column_]), float(up.edges[row])
        width, height = float(across.edges[column_ + 1]) - left, float(up.edges[row + 1]) - low
        axes.add_patch(Rectangle((left, low), width, height, fc="white", ec=DARK, hatch="////", linewidth=0))
    crossed = _draw_contours(axes, _lay(cells, "grows_share", across, up), across.places, up.places)
    undecided = cells[cells["verdict"] == "undecided"]
    axes.scatter(
        across.places[np.searchsorted(across.values, undecided[x])],
        up.places[np.searchsorted(up.values, undecided[y])],
        s=14, color=BLACK, linewidths=0, zorder=3,
    )  # fmt: skip
    axes.set(xlim=across.edges[[0, -1]], ylim=up.edges[[0, -1]])
    axes.set_xticks(across.places, _name_ticks(across))
    axes.set_yticks(up.places, _name_ticks(up))
    axes.tick_params(axis="both", length=2, labelsize=8.5)
    axes.spines[:].set_visible(False)
    axes.set_title(fold(name_setting(cells["regime"].iloc[0]), 26), fontsize=9)
    return crossed


def _lay(cells: Table, name: str, across: _Scale, up: _Scale) -> np.ndarray:
    """Return a column of the cells as a grid, y up and x across; nan where a cell has no runs."""
    x, y = cells.columns[1:3]
    wide = cells.pivot_table(index=y, columns=x, values=name)
    return wide.reindex(index=up.values, columns=across.values).to_numpy(float)


def _name_ticks(scale: _Scale) -> list[str]:
    """Return the labels of the values, empty where one would touch the one before it."""
    names, last = [], -math.inf
    for value, place in zip(scale.values, scale.places, strict=True):
        share = (place - scale.places[0]) / (np.ptp(scale.places) or 1)
        is_apart = share - last >= 3 * NEAREST
        names.append(name_value(value) if is_apart else "")
        last = share if is_apart else last
    return names


def _draw_contours(axes: Axes, values: np.ndarray, across: np.ndarray, up: np.ndarray) -> set[float]:
    """Draw where the share of runs that grow passes each level, between the middles of the cells; return the levels.

    A line shorter than `SHORTEST` cells cuts off the corner of one cell and is left out.
    """
    if min(values.shape) < 2 or np.isnan(values).any():
        return set()
    rows, columns = np.arange(len(up)), np.arange(len(across))
    drawn = set()
    for level in sorted(CONTOURS):
        found = axes.contour(columns, rows, values, levels=[level]) if values.min() < level < values.max() else None
        if found is None:
            continue
        lines = [line for line in found.allsegs[0] if _measure(line) >= SHORTEST]
        found.remove()
        for line in lines:
            places = np.interp(line[:, 0], columns, across), np.interp(line[:, 1], rows, up)
            axes.plot(*places, color=BLACK, linewidth=1.3, linestyle=CONTOURS[level])
        drawn |= {level} if lines else set()
    return drawn


def _measure(line: np.ndarray) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _draw_keys(
    canvas: Canvas, panels: Any, limit: float, crossed: list[float], *, has_dots: bool, has_empty: bool
) -> None:
    """Draw the scale of colours, and the kinds of lines and marks that are in the panels."""
    is_wide = canvas.get_figwidth() >= NARROW
    colours = ScalarMappable(Normalize(-limit, limit), COLOURS)
    bar = canvas.colorbar(colours, ax=panels, location="bottom", shrink=0.75, aspect=40, pad=0.03)
    bar.set_label(fold(f"{name_axis(CHANGE, 'runs')}; lines on the scale: ±{THRESHOLD:g}", 70 if is_wide else 36))
    bar.outline.set_visible(False)
    for edge in (-THRESHOLD, THRESHOLD):
        bar.ax.axvline(edge, color=BLACK, linewidth=1)
    handles: list[Any] = [Line2D([], [], color=BLACK, linewidth=1.3, linestyle=CONTOURS[level]) for level in crossed]
    labels = [f"{100 * level:.0f} % of runs grow" for level in crossed]
    if has_dots:
        handles.append(Line2D([], [], color=BLACK, marker="o", markersize=4, linestyle="none"))
        labels.append("undecided")
    if has_empty:
        handles.append(Patch(facecolor="white", edgecolor=DARK, hatch="////", linewidth=0))
        labels.append("no runs")
    if handles:
        place_legend(canvas, handles, labels, 4 if is_wide else 2)


# --- what is said


class _Bounds(NamedTuple):
    """Where a regime grows and fragments along one axis: ranges over the values of the other; nan where it does not."""

    regime: str
    axis: str
    grows: tuple[float, float]  # above it, at every value of the other axis
    fragments: tuple[float, float]  # below it
    is_upward: bool  # grows at the high end of the axis
    throughout: str  # the verdict of all cells, if it is one


def _find_bounds(cells: Table, x: str, y: str, regime: str) -> _Bounds:
    """Return where the mean change passes +0.05 and −0.05 along the axis on which it changes more."""
    means = {name: cells.groupby(name)["change_mean"].mean() for name in (x, y)}
    axis = max((x, y), key=lambda name: float(np.ptp(means[name])))
    is_upward = bool(means[axis].iloc[-1] >= means[axis].iloc[0])
    lines = [rows.sort_values(axis) for _, rows in cells.groupby(y if axis == x else x)]
    sign = 1 if is_upward else -1
    grows = [_find_crossing(rows[axis], sign * rows["change_mean"], sign * THRESHOLD) for rows in lines]
    fragments = [_find_crossing(rows[axis], sign * rows["change_mean"], -sign * THRESHOLD) for rows in lines]
    verdicts = set(cells["verdict"])  # a cell with a dot is undecided: its mean alone is no "throughout"
    throughout = verdicts.pop() if len(verdicts) == 1 and verdicts <= {*VERDICTS} else ""
    return _Bounds(regime, axis, _span(grows), _span(fragments), is_upward, throughout)


def _find_crossing(places: Any, values: Any, level: float) -> float:
    """Return where rising values pass `level`, if they do so once; nan where not, or more than once."""
    x, above = places.to_numpy(float), values.to_numpy(float) > level
    at = np.flatnonzero(above[1:] != above[:-1])
    if len(at) != 1 or above[0]:
        return math.nan
    low, high = values.iloc[at[0]], values.iloc[at[0] + 1]
    return float(x[at[0]] + (level - low) / (high - low) * (x[at[0] + 1] - x[at[0]]))


def _span(found: list[float]) -> tuple[float, float]:
    """Return the least and the greatest, nan where one is missing."""
    return (min(found), max(found)) if np.isfinite(found).all() else (math.nan, math.nan)


def _tell(bounds: list[_Bounds], cells: Table) -> list[str]:
    """Return titles that say where the boundary lies, the fullest first."""
    edges, throughout = _tell_boundaries(bounds), _tell_throughout(bounds)
    sets = [[*edges, *throughout], [*edges[:1], *throughout], edges, edges[:1], throughout]
    if len(bounds) == 1:
        sets = [[phrase.partition(" under ")[0] for phrase in phrases] for phrases in sets]
    told = ["; ".join(phrases) for phrases in sets if phrases]
    titles = [text for one in told for text in (f"Collaboration {one}", f"{one[:1].upper()}{one[1:]}")]
    low, high = (cells.loc[cells["change_mean"].agg(end)] for end in ("idxmin", "idxmax"))
    ends = [tell_change(row["change_mean"]) for row in (low, high)]
    names = [f" ({name_setting(row['regime'])})" if len(bounds) > 1 else "" for row in (low, high)]
    mean = f"The mean change in collaboration runs from {ends[0]}{names[0]} to {ends[1]}{names[1]}"
    return [*titles, mean, f"The mean change runs from {ends[0]} to {ends[1]}"]


def _tell_boundaries(bounds: list[_Bounds]) -> list[str]:
    """Return a phrase for growth and one for fragmentation, each with the regimes that have such a boundary."""
    told = []
    for verdict in ("grows", "fragments"):
        groups: dict[tuple[str, bool], list[_Bounds]] = {}
        for one in bounds:
            if np.isfinite(getattr(one, verdict)).all():
                groups.setdefault((one.axis, one.is_upward), []).append(one)
        for (axis, is_upward), found in groups.items():
            side = "above" if is_upward == (verdict == "grows") else "below"
            low, high = min(getattr(one, verdict)[0] for one in found), max(getattr(one, verdict)[1] for one in found)
            names = join_words([name_setting(one.regime) for one in found])
            told.append(f"{verdict} {side} about {_tell_place(axis, low, high)} under {names}")
    return told


def _tell_place(axis: str, low: float, high: float) -> str:
    """Return a range in two digits, with the unit of the axis."""
    ends = list(dict.fromkeys(name_value(float(f"{end:.2g}")) for end in (low, high)))
    label, _, unit = name_axis(axis, "runs").rpartition(" (")
    unit = unit.rstrip(")").partition("/")[0].partition(" per ")[0]
    return f"{' to '.join(ends)} {unit if unit == 'USD' else f'({label.lower()})' if label else ''}".strip()


def _tell_throughout(bounds: list[_Bounds]) -> list[str]:
    told = []
    for verdict in ("fragments", "grows", "holds"):
        names = [name_setting(one.regime) for one in bounds if one.throughout == verdict]
        told += [f"{verdict} throughout under {join_words(names)}"] if names else []
    return told


def _explain(cells: Table) -> str:
    n_runs = sorted(cells["n_runs"].unique())
    told = f"{n_runs[0]}" if len(n_runs) == 1 else f"{n_runs[0]} to {n_runs[-1]}"
    start = f"Colour: {column(CHANGE, 'runs').label.lower()}, mean of {told} run{'' if n_runs[-1] == 1 else 's'} a cell"
    if n_runs[-1] == 1:
        return f"{start}: no interval."
    return (
        f"{start}; lines: share of runs that grow, see the key; dot: undecided, the 95 % interval crosses "
        f"−{THRESHOLD:g} or +{THRESHOLD:g}."
    )


def _tell_rest(runs: Table, x: str, y: str) -> str:
    """Say what else varies inside each cell; nothing where nothing does."""
    others = [name for name in find_design(runs) if name not in (x, y)]
    if not others:
        return ""
    names = join_words(_name_axes(*others)) if len(others) <= 3 else f"{len(others)} other parameters"
    return f" Inside each cell {names} {'varies' if len(others) == 1 else 'vary'}, too."


def _is_inert(runs: Table, x: str) -> bool:
    """Say whether the runs are the same at every value of x: a parameter that does nothing there."""
    keys = ["seed", *[name for name in find_design(runs) if name != x]]
    groups = runs.groupby(keys)
    if groups[x].nunique().min() < 2:  # what else varies goes along with x, as in a sample: nothing to compare
        return False
    return bool(groups[[CHANGE, "collaboration_end"]].nunique().max().max() == 1)


def _tell_inert(regimes: list[Any], x: str) -> str:
    if not regimes:
        return ""
    names = join_words([name_setting(str(one)) for one in regimes])
    return f" Under {names} {_name_axes(x)[0]} changes nothing: each row repeats the same runs."


def _describe(cells: Table, bounds: list[_Bounds], x: str, y: str) -> str:
    parts = []
    for one in bounds:
        kept = cells[cells["regime"].astype(str) == one.regime]
        low, high = tell_change(kept["change_mean"].min()), tell_change(kept["change_mean"].max())
        told = [*_tell_boundaries([one]), *_tell_throughout([one])]
        where = f", {join_words([phrase.partition(' under ')[0] for phrase in told])}" if told else ""
        parts.append(f"{name_setting(one.regime)}: mean change {low} to {high}{where}")
    return f"Heat maps of the change in collaboration, {' across and '.join(_name_axes(x, y))} up: {'; '.join(parts)}."
