"""What matters: how much of an outcome each parameter decides, alone and together with others."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from sim.errors import FigureError
from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold, tell_share
from sim.figures.phrases import find_outcome, list_some, lower, name_levers, name_parameter, tell_amount
from sim.figures.style import BLACK, BLUE, NARROW, WIDE, place_legend
from sim.results.leaders import INTERVALS, NOTHING, find_leaders, find_measure

MOST = 10  # parameters of an outcome that are drawn
MOST_NAMED = 3  # of those that are not told apart
MEASURES = {
    "total": "Share of the variance",
    "mu_star": "Mean effect over the range",
    "delta": "Delta: shift of its distribution, 0 by chance and at most 1",
}


def plot_tornado(sensitivities: Table, origin: Origin, labels: dict[str, dict[str, str]] | None = None) -> Figure:
    """Return a panel an outcome with its most important parameters.

    ``sensitivities``: outcome, parameter and either total, total_low, total_high with first_order (Sobol), or mu_star
    and sigma (Morris), or delta. labels: see ``labels`` in a manifest. Raises `FigureError` where none of the three is
    there.
    """
    measure = find_measure(sensitivities)
    if measure is None:
        raise FigureError(
            f"a table of sensitivities needs a column {', '.join(MEASURES)} with numbers; it has "
            f"{', '.join(sensitivities)}"
        )
    rows, policies = _choose_policy(sensitivities, measure)
    table = _pick(rows, measure)
    outcomes = list(dict.fromkeys(table["outcome"]))
    tall = [int((table["outcome"] == outcome).sum()) for outcome in outcomes]
    leaders = {outcome: find_leaders(rows[rows["outcome"] == outcome], measure) for outcome in outcomes}

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        panels = canvas.subplots(len(outcomes), 1, squeeze=False, height_ratios=tall, sharex=measure != "mu_star")
        for axes, outcome in zip(panels.flat, outcomes, strict=True):
            _draw_panel(axes, table[table["outcome"] == outcome], measure, is_narrow)
            label, unit = find_outcome(str(outcome))
            axes.set_title(fold(f"{label} ({unit})" if unit else label, 24 if is_narrow else 60), weight="bold")
            axes.set_ylabel("Parameter")
            if measure == "mu_star":
                axes.set_xlabel(
                    fold(f"{MEASURES[measure]} ({unit})" if unit else MEASURES[measure], 18 if is_narrow else 50)
                )
        if measure != "mu_star":
            panels.flat[-1].set_xlabel(fold(MEASURES[measure], 24 if is_narrow else 70))
        if measure == "total" and "first_order" in table:
            handles = [
                Line2D([], [], color=BLUE, linewidth=6),
                Line2D([], [], color=BLACK, marker="D", linestyle="none", markersize=5),
            ]
            place_legend(canvas, handles, ["with others (total)", "alone (first order)"], 2)

    called = name_levers(policies, labels or {})
    under = f" Shown under {called[policies[0]]}, the first of {len(policies)} policies." if len(policies) > 1 else ""
    return Figure(
        name="sensitivities",
        title=_tell(table, leaders, measure),
        short=_tell_short(leaders),
        subtitle=f"How much of each outcome the parameters decide, the largest estimate first.{under}",
        spread="Black bar: 95 % interval of the estimate. Parameters whose bars reach the first one's are not told "
        "apart from it." if _find_interval(table, measure) else "No interval was computed.",
        note=f"At most {MOST} parameters an outcome; those left out have smaller estimates." if max(tall) == MOST else
        "Parameters vary over the ranges of the design.",
        alt=f"Bar chart. {'; '.join(_describe(table, outcome, measure) for outcome in outcomes)}.",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: _find_height(tall, width, measure),
        split=(lambda tallest: _split(sensitivities, origin, labels, tallest)) if len(outcomes) > 1 else None,
    )  # fmt: skip


def _split(
    sensitivities: Table, origin: Origin, labels: dict[str, dict[str, str]] | None, tallest: float
) -> list[Figure]:
    """Return figures of some outcomes each, as many as stay lower than `tallest` inches; of one at least."""
    parts: list[Figure] = []
    kept: list[str] = []
    for outcome in dict.fromkeys(sensitivities["outcome"]):
        wider = sensitivities[sensitivities["outcome"].isin([*kept, outcome])]
        single = sensitivities[sensitivities["outcome"] == outcome]
        if single[str(find_measure(sensitivities))].isna().all():
            continue
        figure = plot_tornado(wider, origin, labels)
        if kept and figure.height(WIDE) > tallest:
            kept, figure = [], plot_tornado(single, origin, labels)
            parts.append(figure)
        elif kept:
            parts[-1] = figure
        else:
            parts.append(figure)
        kept.append(outcome)
    return parts


def _find_height(tall: list[int], width: float, measure: str) -> float:
    axis = (0.35 if width >= NARROW else 0.75) if measure == "mu_star" else 0.0  # a label under each panel
    return sum((0.36 if width >= NARROW else 0.5) * count + 0.6 + axis for count in tall) + 0.6


def _choose_policy(sensitivities: Table, measure: str) -> tuple[Table, list[str]]:
    """Return the rows of the first policy that has any, without those of pairs; and all policies, that one first."""
    kept = sensitivities[sensitivities[measure].notna()]
    if "partner" in kept:
        kept = kept[kept["partner"].isna() | (kept["partner"] == "")]
    if "policy" not in kept:
        return kept, [""]
    policy = kept["policy"].map(str)
    return kept[policy == policy.iloc[0]], list(policy.unique())


def _pick(rows: Table, measure: str) -> Table:
    """Return the rows to draw, the largest estimates first within an outcome."""
    parts = [one.nlargest(MOST, measure) for _, one in rows.groupby("outcome", sort=False)]
    return pd.concat(parts, ignore_index=True).dropna(axis=1, how="all")


def _find_interval(table: Table, measure: str) -> tuple[str, str] | None:
    names = INTERVALS[measure]
    return names if set(names) <= set(table.columns) else None


def _draw_panel(axes: Axes, rows: Table, measure: str, is_narrow: bool) -> None:
    interval = _find_interval(rows, measure)
    for height, row in enumerate(rows.to_dict("records")):
        axes.barh(height, row[measure], height=0.62, color=BLUE, alpha=0.85)
        if interval:
            low, high = (row[name] for name in interval)
            axes.plot([low, high], [height, height], color=BLACK, linewidth=1.6)
        if "first_order" in row and measure == "total":
            axes.plot(max(row["first_order"], 0), height, marker="D", markersize=5, color=BLACK, linestyle="none")
    names = [fold(_name(str(one)), 24 if is_narrow else 38) for one in rows["parameter"]]
    axes.set_yticks(range(len(rows)), names, fontsize=8.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#EEEEEE")
    axes.set_axisbelow(True)


def _name(parameter: str) -> str:
    return "One that does nothing, by chance" if parameter == NOTHING else name_parameter(parameter)


def _tell(table: Table, leaders: dict[Any, list[str]], measure: str) -> str:
    """Return the title: what leads for each outcome, or which are not told apart."""
    clear: dict[str, list[tuple[str, str]]] = {}
    unclear = []
    for outcome, names in leaders.items():
        label, unit = find_outcome(str(outcome))
        if len(names) == 1:
            rows = table[(table["outcome"] == outcome) & (table["parameter"] == names[0])]
            value = rows[measure].iloc[0]
            amount = tell_amount(value, unit) if measure == "mu_star" else _tell_index(value, measure)
            clear.setdefault(names[0], []).append((lower(label), amount))
        elif names:
            listed = list_some([lower(name_parameter(one)) for one in names], MOST_NAMED)
            unclear.append(f"not told apart for {lower(label)}: {listed}")
        else:
            unclear.append(f"nothing clearly moves {lower(label)}")
    parts = [_tell_clear(name, listed) for name, listed in clear.items()]
    told = "; ".join([*parts, *unclear])
    return told[:1].upper() + told[1:]


def _tell_clear(parameter: str, outcomes: list[tuple[str, str]]) -> str:
    listed = list_some([f"{label} ({amount})" for label, amount in outcomes], 4)
    return f"{listed} {'depends' if len(outcomes) == 1 else 'depend'} most on {lower(name_parameter(parameter))}"


def _tell_index(value: float, measure: str) -> str:
    return tell_share(value) if measure == "total" else f"delta {value:.2f}"


def _tell_short(leaders: dict[Any, list[str]]) -> str:
    """Return the title for where the whole one does not fit."""
    clear = {outcome: names[0] for outcome, names in leaders.items() if len(names) == 1}
    if len(leaders) == 1:
        ((outcome, names),) = leaders.items()
        label = lower(find_outcome(str(outcome))[0])
        if clear:
            return _tell_short_clear(label, names[0])
        return f"{len(names)} parameters are not told apart for {label}" if names else f"Nothing clearly moves {label}"
    counts = {one: list(clear.values()).count(one) for one in clear.values()}
    if not counts:
        return f"No single parameter leads for any of {len(leaders)} outcomes"
    most = max(counts, key=counts.__getitem__)
    n_open = len(leaders) - len(clear)
    tail = f"; no single one leads for {n_open} other{'s' if n_open > 1 else ''}" if n_open else ""
    if counts[most] == 1:
        first = next(iter(clear))
        return _tell_short_clear(lower(find_outcome(str(first))[0]), clear[first]) + tail
    return f"{counts[most]} of {len(leaders)} outcomes depend most on {lower(name_parameter(most))}{tail}"


def _tell_short_clear(label: str, parameter: str) -> str:
    return f"{label[:1].upper()}{label[1:]} depends most on {lower(name_parameter(parameter))}"


def _describe(table: Table, outcome: Any, measure: str) -> str:
    rows = table[table["outcome"] == outcome]
    label, unit = find_outcome(str(outcome))
    told = MEASURES[measure].partition(":")[0].lower() + (f" ({unit})" if unit and measure == "mu_star" else "")
    listed = [f"{_name(str(row['parameter']))} {_tell_number(row, measure)}" for row in rows.head(5).to_dict("records")]
    return f"{label}, {told}: {', '.join(listed)}"


def _tell_number(row: dict[Any, Any], measure: str) -> str:
    low, high = (row.get(name, float("nan")) for name in INTERVALS[measure])
    return f"{row[measure]:.2f}" + (f" ({low:.2f} to {high:.2f})" if low == low else "")
