"""Scenario boxes: the ranges of parameters within which something happens far more often than elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold, join_words, name_setting, tell_share
from sim.figures.phrases import find_spoken_unit, lower, name_parameter, tell_condition, tell_number
from sim.figures.style import BLUE, DARK, LIGHT, NARROW

Limits = dict[Any, tuple[float, float]]


def plot_boxes(
    boxes: Table,
    origin: Origin,
    condition: str,
    ranges: Table | None = None,
    labels: dict[str, dict[str, str]] | None = None,
) -> Figure:
    """Return a panel a box: the restricted parameters, and the part of each one's range that lies in the box.

    ``boxes``: box, parameter, low, high, coverage, density (a row a restricted parameter; nan where a side is open),
    options (words with blanks between them, where a choice is restricted), base_share (of all points, where it holds).
    condition: what happens there, like ``verdict == fragments``. ranges: index parameter, columns low and high of the
    design; without it the range is that of all boxes. labels: see ``labels`` in a manifest.
    """
    keys = ["method", "box"] if "method" in boxes else ["box"]
    has_options = boxes["options"].fillna("").astype(str).str.len() > 0 if "options" in boxes else False
    table = boxes[boxes["low"].notna() | boxes["high"].notna() | has_options].reset_index(drop=True)
    told = table.assign(words=[_tell_range(row, labels or {}) for row in table.to_dict("records")])
    groups = list(told.groupby(keys, sort=False))
    limits = _find_limits(table, ranges)
    tall = [len(rows) for _, rows in groups]

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        panels = canvas.subplots(len(groups), 1, squeeze=False, height_ratios=tall, sharex=True)
        for axes, (key, rows) in zip(panels.flat, groups, strict=True):
            _draw_box(axes, rows, limits, is_narrow)
            first = rows.iloc[0]
            fit = f"{tell_share(first['density'])} of its points, {tell_share(first['coverage'])} of all such points"
            axes.set_title(fold(f"{_name_box(key)}: {fit}", 28 if is_narrow else 90), weight="bold")
            axes.set_ylabel("Parameter")
        panels.flat[-1].set_xlabel(
            fold("Range of each parameter in the design, in its own unit", 26 if is_narrow else 70)
        )

    first = groups[0][1]
    what, dense = tell_condition(condition)[0], tell_share(first["density"].iloc[0])
    held = (
        f" On points held out, {tell_share(first['held_out_density'].iloc[0])}."
        if _has(first, "held_out_density")
        else ""
    )
    base = f", against {tell_share(first['base_share'].iloc[0])} of all" if _has(first, "base_share") else ""
    happens = what[:1].upper() + what[1:]
    return Figure(
        name="scenarios",
        title=f"{happens} at {dense} of points where {_list(first)}{base}",
        short=f"{dense} of points in one part of the design{base}: {what}",
        subtitle="Blue: the part of each parameter's range that lies in the box; grey: the whole range of the design",
        spread=f"Of its points: how often it happens inside. Of all such points: how many lie inside.{held}",
        note="Found by the patient rule induction method (PRIM) or a decision tree (CART): a description, not a cause.",
        alt="Range chart. " + "; ".join(f"{_name_box(key)}: {_list(rows)}" for key, rows in groups) + ".",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: sum(_find_row_height(rows, width) * len(rows) + 0.75 for _, rows in groups) + 0.4,
    )


def _has(rows: Table, name: str) -> bool:
    return name in rows and bool(rows[name].notna().any())


def _find_limits(table: Table, ranges: Table | None) -> Limits:
    """Return the whole range of each parameter."""
    found = {}
    for name, rows in table.groupby("parameter", sort=False):
        if ranges is not None and name in ranges.index:
            low, high = ranges.loc[name, ["low", "high"]]
        else:
            low, high = rows[["low", "high"]].min().min(), rows[["low", "high"]].max().max()
        found[name] = (float(low), float(high))
    return found


def _draw_box(axes: Axes, rows: Table, limits: Limits, is_narrow: bool) -> None:
    for height, row in enumerate(rows.to_dict("records")):
        low, high = limits[row["parameter"]]
        is_range = np.isfinite(low) and np.isfinite(high)
        if is_range:
            start, end = _place(row, low, high)
            axes.barh(height, 1, height=0.26, color=LIGHT)
            axes.barh(height, end - start, left=start, height=0.4, color=BLUE)
            for side, value in ((0.0, low), (1.0, high)):
                axes.text(
                    side,
                    height + 0.23,
                    tell_number(value),
                    ha="right" if side else "left",
                    va="top",
                    fontsize=8,
                    color=DARK,
                )
        else:  # a choice among words
            axes.text(0, height, row["words"], ha="left", va="center", fontsize=8.5)
            continue
        middle = (start + end) / 2
        side, at = ("left", 0.0) if middle < 0.3 else ("right", 1.0) if middle > 0.7 else ("center", middle)
        axes.text(at, height - 0.23, row["words"], ha=side, va="bottom", fontsize=8.5)
    names = _name_rows(rows, is_narrow)
    axes.set_yticks(range(len(rows)), names, fontsize=8.5)
    axes.set_ylim(len(rows) - 0.4, -0.7)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for spine in ("left", "bottom"):
        axes.spines[spine].set_visible(False)


def _name_rows(rows: Table, is_narrow: bool) -> list[str]:
    return [fold(name_parameter(str(one)), 20 if is_narrow else 34) for one in rows["parameter"]]


def _find_row_height(rows: Table, width: float) -> float:
    """Return inches for a row, as its longest name needs them."""
    lines = max(name.count("\n") + 1 for name in _name_rows(rows, width < NARROW))
    return max(0.56, 0.155 * lines + 0.1)


def _place(row: dict[Any, Any], low: float, high: float) -> tuple[float, float]:
    """Return where the box begins and ends on the way from the lowest to the highest value of the design."""
    size = high - low if high > low else 1.0
    start = 0.0 if not np.isfinite(row["low"]) else max(0.0, (row["low"] - low) / size)
    end = 1.0 if not np.isfinite(row["high"]) else min(1.0, (row["high"] - low) / size)
    return start, end


def _tell_range(row: dict[Any, Any], labels: dict[str, dict[str, str]]) -> str:
    options = row.get("options")
    if isinstance(options, str) and options:
        known = labels.get(str(row["parameter"]), {})
        return " or ".join(known.get(one) or name_setting(one) for one in options.split())
    unit = f" {find_spoken_unit(str(row['parameter']))}".rstrip()
    if not np.isfinite(row["low"]):
        return f"at most {tell_number(row['high'])}{unit}"
    if not np.isfinite(row["high"]):
        return f"at least {tell_number(row['low'])}{unit}"
    return f"{tell_number(row['low'])} to {tell_number(row['high'])}{unit}"


def _name_box(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(["Box", str(parts[-1]), *([f"({str(parts[0]).upper()})"] if len(parts) > 1 else [])])


def _list(rows: Table) -> str:
    return join_words([f"{lower(name_parameter(str(row.parameter)))} is {row.words}" for row in rows.itertuples()])
