"""What matters: how much of an outcome each parameter decides, alone and together with others."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold, join_words, name_axis, name_setting, tell_share
from sim.figures.style import BLACK, BLUE, NARROW, place_legend
from sim.parameters import declarations

_LINE = re.compile(r"regime\.programmes\.[^.]+\.")
MOST = 10  # parameters of an outcome that are drawn
MEASURES = {
    "total": "Share of the variance",
    "mu_star": "Mean effect over the range",
    "delta": "Delta (share of the distribution)",
}
INTERVALS = {
    "total": ("total_low", "total_high"),
    "mu_star": ("mu_star_low", "mu_star_high"),
    "delta": ("delta_low", "delta_high"),
}


def plot_tornado(sensitivities: Table, origin: Origin) -> Figure:
    """Return a panel an outcome with its most important parameters.

    ``sensitivities``: outcome, parameter and either total, total_low, total_high with first_order (Sobol), or mu_star
    and sigma (Morris), or delta. Raises `ValueError` where none of the three is there.
    """
    measure = next((name for name in MEASURES if name in sensitivities and sensitivities[name].notna().any()), None)
    if measure is None:
        raise ValueError(
            f"a table of sensitivities needs a column {', '.join(MEASURES)}; it has {', '.join(sensitivities)}"
        )
    table = _pick(sensitivities, measure)
    outcomes = list(dict.fromkeys(table["outcome"]))
    tall = [int((table["outcome"] == outcome).sum()) for outcome in outcomes]

    def draw(canvas: Canvas) -> None:
        panels = canvas.subplots(len(outcomes), 1, squeeze=False, height_ratios=tall, sharex=measure != "mu_star")
        for axes, outcome in zip(panels.flat, outcomes, strict=True):
            _draw_panel(axes, table[table["outcome"] == outcome], measure, canvas.get_figwidth())
            axes.set_title(
                fold(name_axis(str(outcome), "runs"), 24 if canvas.get_figwidth() < NARROW else 60), weight="bold"
            )
            axes.set_ylabel("Parameter")
        panels.flat[-1].set_xlabel(MEASURES[measure])
        if "first_order" in table:
            handles = [
                Line2D([], [], color=BLUE, linewidth=6),
                Line2D([], [], color=BLACK, marker="D", linestyle="none", markersize=5),
            ]
            place_legend(canvas, handles, ["with others (total)", "alone (first order)"], 2)

    return Figure(
        name="sensitivities",
        title=_tell(table, outcomes, measure),
        subtitle="How much of each outcome the parameters decide, the most important first",
        spread="Black bar: 95 % interval of the estimate." if _find_interval(table, measure)
        else "No interval was computed.",
        note=f"At most {MOST} parameters an outcome; those left out matter less." if max(tall) == MOST else
        "Parameters vary over the ranges of the design.",
        alt=f"Bar chart. {'; '.join(_describe(table, outcome, measure) for outcome in outcomes)}.",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: sum((0.33 if width >= NARROW else 0.5) * count + 0.55 for count in tall) + 0.6,
    )  # fmt: skip


def _pick(sensitivities: Table, measure: str) -> Table:
    """Return the rows to draw, most important first within an outcome, without those of pairs and other policies."""
    kept = sensitivities[sensitivities[measure].notna()]
    if "partner" in kept:
        kept = kept[kept["partner"].isna() | (kept["partner"] == "")]
    if "policy" in kept:  # that of the first policy
        policy = kept["policy"].map(str)
        kept = kept[policy == policy.iloc[0]]
    parts = [rows.nlargest(MOST, measure) for _, rows in kept.groupby("outcome", sort=False)]
    return pd.concat(parts, ignore_index=True).dropna(axis=1, how="all")


def _find_interval(table: Table, measure: str) -> tuple[str, str] | None:
    names = INTERVALS[measure]
    return names if set(names) <= set(table.columns) else None


def _draw_panel(axes: Axes, rows: Table, measure: str, width: float) -> None:
    interval = _find_interval(rows, measure)
    for height, row in enumerate(rows.to_dict("records")):
        axes.barh(height, row[measure], height=0.62, color=BLUE, alpha=0.85)
        if interval:
            low, high = (row[name] for name in interval)
            axes.plot([max(low, 0), high], [height, height], color=BLACK, linewidth=1.6)
        if "first_order" in row and measure == "total":
            axes.plot(max(row["first_order"], 0), height, marker="D", markersize=5, color=BLACK, linestyle="none")
    names = [fold(name_parameter(str(one)), 24 if width < NARROW else 34) for one in rows["parameter"]]
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#EEEEEE")
    axes.set_axisbelow(True)


def name_parameter(name: str) -> str:
    """Return the label of a parameter by its dotted name; of two that an analysis has joined, both."""
    for sign, word in ((" * ", " × "), (" / ", " over ")):
        if sign in name:
            first, second = map(name_parameter, name.split(sign, 1))
            return f"{first}{word}{second[:1].lower()}{second[1:]}"
    declared = dict(declarations()).get(_LINE.sub("regime.programmes.<line>.", name))
    if declared is not None:
        return str(declared.metadata["label"])
    last = name.rsplit(".", 1)[-1]
    label = name_axis(last)
    return label.rpartition(" (")[0] if label.endswith(")") else name_setting(last)


def _tell(table: Table, outcomes: list[Any], measure: str) -> str:
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        top: Any = table[table["outcome"] == outcome].iloc[0]
        amount = f"{top[measure]:.2f}" if measure == "mu_star" else tell_share(top[measure])
        found.setdefault(name_parameter(str(top["parameter"])), []).append(f"{_name(outcome)} ({amount})")
    parts = [f"{parameter} matters most for {join_words(listed)}" for parameter, listed in found.items()]
    return "; ".join(parts)


def _name(outcome: Any) -> str:
    return name_axis(str(outcome), "runs").rpartition(" (")[0].lower() or str(outcome)


def _describe(table: Table, outcome: Any, measure: str) -> str:
    rows = table[table["outcome"] == outcome]
    listed = [f"{name_parameter(str(row['parameter']))} {row[measure]:.2f}" for row in rows.head(5).to_dict("records")]
    return f"{_name(outcome)}, {MEASURES[measure].lower()}: {', '.join(listed)}"
