"""The forms of fragmentation, each apart: how often organizations leave, break away, found rivals, go slack, end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import (
    SHORT_TITLE,
    choose_title,
    count_lines,
    explain_column,
    find_design,
    fold,
    join_words,
    name_setting,
)
from sim.figures.pairs import compare_settings, is_clear
from sim.figures.style import BLACK, BLUE, NARROW
from sim.results import verdict
from sim.schema.columns import RATES, column

FORMS = ("exits", "breakaways", "rival_foundings", "hollowings", "dissolutions")
EXPOSED = {events: exposure for events, exposure in RATES.values() if events in FORMS}
PER = {"memberships": "100 memberships", "n_open": "100 organizations"}


def plot_forms(months: Table, runs: Table, origin: Origin) -> Figure:
    """Return how often each form happens in a year where 100 things could do it, by regime.

    ``months`` has one row a run and month; ``runs`` one row a run, from which the design is read.
    """
    found = compute_rates(months, runs)
    rates = sum_up(found)
    regimes = list(dict.fromkeys(rates["regime"]))
    n_runs = int(rates["n_runs"].min())
    titles = _tell(found, rates, regimes, find_design(runs))

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        grid = _find_grid(canvas.get_figwidth())
        panels = list(canvas.subplots(*grid, sharey=True, squeeze=False).flat)
        for axes in panels[len(FORMS) :]:
            axes.remove()
        for at, (axes, form) in enumerate(zip(panels, FORMS, strict=False)):
            rows = rates[rates["form"] == form]
            for height, row in enumerate(rows.to_dict("records")):
                axes.plot([row["p05"], row["p95"]], [height, height], color=BLUE, linewidth=3, solid_capstyle="butt")
                axes.plot(row["mean"], height, marker="o", markersize=6, color=BLACK, linestyle="none")
            axes.set_title(fold(column(form).label, 22), fontsize=9.5)
            axes.set_yticks(
                range(len(regimes)), [fold(name_setting(one), 16 if is_narrow else 22) for one in regimes], fontsize=8.5
            )
            axes.set_ylim(len(regimes) - 0.5, -0.5)
            top = float(np.nanmax([*rows["p95"], *rows["mean"], 0.1]))
            axes.set_xlim(0, 1.08 * top)
            axes.locator_params(axis="x", nbins=4)
            axes.grid(axis="x", color="#EEEEEE")
            axes.set_axisbelow(True)
            axes.tick_params(axis="y", length=0, labelleft=at % grid[1] == 0)
            axes.set_xlabel(fold(f"a year per {PER[EXPOSED[form]]}", 30), fontsize=8.5)
            if at % grid[1] == 0 and len(regimes) > 1:
                axes.set_ylabel(column("regime").label)

    return Figure(
        name="forms",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle="Forms of fragmentation: events a year, against the memberships or organizations there are",
        spread=f"Dot: mean of {n_runs} runs; bar: nine of ten runs." if n_runs > 1 else "One run of each: no spread.",
        note=". ".join(f"{column(form).label}: {_lower(explain_column(form))}" for form in FORMS)
        + ". Each scale is its own."
        + (" Named above: the form whose rate differs most from that of the first setting, in events, of those whose "
        "paired 95 % interval holds no zero." if len(regimes) > 1 else ""),
        alt="Dot plots of rates: " + "; ".join(_describe(rates, regime) for regime in regimes) + ".",
        table=rates,
        origin=origin,
        draw=draw,
        height=lambda width: _find_grid(width)[0] * (_find_row(width, regimes) * len(regimes) + 1.0),
    )  # fmt: skip


def _find_grid(width: float) -> tuple[int, int]:
    n_columns = 3 if width >= NARROW else 1
    return math.ceil(len(FORMS) / n_columns), n_columns


def _find_row(width: float, regimes: list[Any]) -> float:
    """Return the inches of a row, enough for the lines of its name."""
    return max(0.3, 0.15 * count_lines(regimes, 16 if width < NARROW else 22) + 0.06)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def compute_rates(months: Table, runs: Table) -> Table:
    """Return one row a run: events a year of each form per 100 of what is exposed to it, and what the design varied.

    The rate is nan in a run in which nothing was ever exposed.
    """
    keys = months.groupby("run_id", sort=False, observed=True)["seed"].first().reset_index()
    by_form = {name: events for name, (events, _) in RATES.items() if events in FORMS}
    found: Table = verdict.compute_rates(months)[["run_id", "regime", *by_form]]
    rates = found.rename(columns=by_form).merge(keys, on="run_id")
    rates[list(FORMS)] *= 100
    design = find_design(runs)
    return rates.merge(runs[["run_id", *design]], on="run_id", how="left") if design else rates


def sum_up(rates: Table) -> Table:
    """Return one row a regime and form: mean and quantiles over runs of its rate."""
    rows = []
    for regime, found in rates.groupby("regime", sort=False, observed=True):
        for form in FORMS:
            low, high = found[form].quantile([0.05, 0.95])
            rows.append((regime, form, found[form].mean(), low, high, len(found), PER[EXPOSED[form]]))
    return pd.DataFrame(rows, columns=["regime", "form", "mean", "p05", "p95", "n_runs", "per"])


def _tell(found: Table, rates: Table, regimes: list[Any], design: list[str]) -> list[str]:
    means = rates.pivot_table(index="regime", columns="form", values="mean", sort=False, observed=True)
    if len(regimes) == 1:
        row = means.iloc[0]
        parts = [f"{row[form]:.1f} {column(form).label.lower()}" for form in FORMS if form != "rival_foundings"]
        return [f"A year, per 100 memberships: {join_words(parts[:n])}" for n in range(len(parts), 0, -1)]
    reference = name_setting(str(regimes[0]))
    clear = [
        (abs(row["mean"]), form, row)
        for form in FORMS
        for row in compare_settings(found, form, design).to_dict("records")
        if is_clear(row)
    ]
    if not clear:
        told = f"no form of fragmentation differs clearly from {reference}"
        return [f"For what is exposed to it, {told}", told.capitalize(), "No form of fragmentation differs clearly"]
    _, form, row = max(clear, key=lambda one: one[0])
    label, per = column(form).label, PER[EXPOSED[form]]
    high, low = f"{means.loc[row['regime'], form]:.1f}", f"{means.loc[regimes[0], form]:.1f}"
    other = name_setting(row["regime"])
    return [
        f"{label} differ most from {reference}: {high} a year per {per} under {other}, {low} under {reference}",
        f"{label} differ most: {high} a year per {per} under {other}, against {low}",
        f"{label} differ most: {high} against {low} a year per {per}",
    ]


def _describe(rates: Table, regime: str) -> str:
    rows = rates[rates["regime"] == regime]
    listed = [
        f"{column(row['form']).label.lower()} {row['mean']:.1f} per {row['per']}" for row in rows.to_dict("records")
    ]
    return f"{name_setting(str(regime))}: {', '.join(listed)}"
