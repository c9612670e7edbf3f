"""Scenario boxes: the ranges of parameters within which something happens far more often than elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold, join_words, name_value, tell_share
from sim.figures.style import BLUE, LIGHT, NARROW
from sim.figures.tornado import name_parameter


def plot_boxes(boxes: Table, origin: Origin, condition: str, ranges: Table | None = None) -> Figure:
    """Return a panel a box: the restricted parameters, and the part of each one's range that lies in the box.

    ``boxes``: box, parameter, low, high, coverage, density (a row a restricted parameter; nan where a side is open).
    condition: what happens there, like ``verdict == fragments``. ranges: index parameter, columns low and high of the
    design; without it the range is that of all boxes.
    """
    keys = ["method", "box"] if "method" in boxes else ["box"]
    table = boxes.dropna(subset=["low", "high"], how="all").reset_index(drop=True)
    groups = list(table.groupby(keys, sort=False))
    limits = _find_limits(table, ranges)
    tall = [len(rows) for _, rows in groups]

    def draw(canvas: Canvas) -> None:
        panels = canvas.subplots(len(groups), 1, squeeze=False, height_ratios=tall, sharex=True)
        for axes, (key, rows) in zip(panels.flat, groups, strict=True):
            _draw_box(axes, rows, limits, canvas.get_figwidth())
            first = rows.iloc[0]
            fit = f"{tell_share(first['density'])} of its points, {tell_share(first['coverage'])} of all such points"
            title = f"{_name_box(key)}: {fit}"
            axes.set_title(fold(title, 28 if canvas.get_figwidth() < NARROW else 90), weight="bold")
            axes.set_ylabel("Parameter")
        panels.flat[-1].set_xlabel(
            fold("Place in the range of the design (share)", 24 if canvas.get_figwidth() < NARROW else 50)
        )

    first = groups[0][1]
    held = (
        f" On points held out, {tell_share(first['held_out_density'].iloc[0])}."
        if _has(first, "held_out_density")
        else ""
    )
    return Figure(
        name="scenarios",
        title=f"{condition} at {tell_share(first['density'].iloc[0])} of points where {_list(first)}",
        subtitle="Blue: the part of each parameter's range that lies in the box; grey: the whole range of the design",
        spread=f"Of its points: how often it happens inside. Of all such points: how many lie inside.{held}",
        note="Found by the patient rule induction method (PRIM) or a decision tree (CART): a description, not a cause.",
        alt="Range chart. " + "; ".join(f"{_name_box(key)}: {_list(rows)}" for key, rows in groups) + ".",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: sum((0.42 if width >= NARROW else 0.62) * count + 0.75 for count in tall) + 0.4,
    )


def _has(rows: Table, name: str) -> bool:
    return name in rows and bool(rows[name].notna().any())


def _find_limits(table: Table, ranges: Table | None) -> dict[Any, tuple[float, float]]:
    """Return the whole range of each parameter."""
    found = {}
    for name, rows in table.groupby("parameter", sort=False):
        if ranges is not None and name in ranges.index:
            low, high = ranges.loc[name, ["low", "high"]]
        else:
            low, high = rows["low"].min(), rows["high"].max()
        found[name] = (float(low), float(high))
    return found


def _draw_box(axes: Axes, rows: Table, limits: dict[Any, tuple[float, float]], width: float) -> None:
    for height, row in enumerate(rows.to_dict("records")):
        low, high = limits[row["parameter"]]
        size = high - low if np.isfinite(high - low) and high > low else 1.0
        start = 0.0 if not np.isfinite(row["low"]) else max(0.0, (row["low"] - low) / size)
        end = 1.0 if not np.isfinite(row["high"]) else min(1.0, (row["high"] - low) / size)
        axes.barh(height, 1, height=0.32, color=LIGHT)
        axes.barh(height, end - start, left=start, height=0.5, color=BLUE)
        middle = (start + end) / 2
        side, at = ("left", 0.0) if middle < 0.15 else ("right", 1.0) if middle > 0.85 else ("center", middle)
        axes.text(at, height - 0.28, _tell_range(row), ha=side, va="bottom", fontsize=8)
    names = [fold(name_parameter(str(one)), 16 if width < NARROW else 34) for one in rows["parameter"]]
    axes.set_yticks(range(len(rows)), names, fontsize=8.5)
    axes.set_ylim(len(rows) - 0.5, -0.75)
    axes.set_xlim(0, 1)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _tell_range(row: dict[Any, Any]) -> str:
    if not np.isfinite(row["low"]):
        return f"at most {name_value(row['high'])}"
    if not np.isfinite(row["high"]):
        return f"at least {name_value(row['low'])}"
    return f"{name_value(row['low'])} to {name_value(row['high'])}"


def _name_box(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(["Box", str(parts[-1]), *([f"({str(parts[0]).upper()})"] if len(parts) > 1 else [])])


def _list(rows: Table) -> str:
    return join_words(
        [f"{name_parameter(str(row['parameter'])).lower()} is {_tell_range(row)}" for row in rows.to_dict("records")]
    )
