"""Beside cohesion: how many people are served, and how many populations keep a provider inside a coalition."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.columns import END_MONTHS, column
from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold, join_words, name_axis, name_setting, tell_share
from sim.figures.observations import draw_observations, tell_observations
from sim.figures.style import BLACK, BLUE, NARROW, SERIES
from sim.figures.timeline import N_PATHS, compute_spread, draw_together, explain_spread, finish_months, pick_paths

OUTCOMES = ("served_share", "coverage_share")


def plot_people(months: Table, origin: Origin) -> Figure:
    """Return people served and coverage by regime. ``months``: one row a run and month.

    Over time for up to three regimes, at the end for more.
    """
    ends = compute_ends(months)
    regimes = list(dict.fromkeys(ends["regime"]))
    is_over_time = len(regimes) <= len(SERIES)
    spreads = {name: compute_spread(months, name) for name in OUTCOMES}
    paths = {name: pick_paths(months, name, N_PATHS.get(len(regimes), 0)) for name in OUTCOMES if is_over_time}
    last = int(months["month"].max())

    def draw(canvas: Canvas) -> None:
        width = canvas.get_figwidth()
        grid = (1, 2) if width >= NARROW and not (is_over_time and len(regimes) > 1) else (2, 1)
        panels = canvas.subplots(*grid, sharex=is_over_time, sharey=not is_over_time).flat
        for axes, name in zip(panels, OUTCOMES, strict=True):
            if is_over_time:
                draw_together(axes, spreads[name], paths[name], width, 1.7)
                draw_observations(axes, origin, name)
                finish_months(axes, last, origin)
                axes.set_ylabel(fold(name_axis(name), 20))
                if grid == (2, 1) and name == OUTCOMES[0]:
                    axes.set_xlabel("")
            else:
                _draw_ends(axes, ends[ends["outcome"] == name], name, width)
                axes.tick_params(axis="y", labelleft=grid == (2, 1) or name == OUTCOMES[0])
                axes.set_xlabel(name_axis(name))
                axes.set_ylabel(column("regime").label if grid == (2, 1) or name == OUTCOMES[0] else "")

    tables = [spreads[name].assign(outcome=name) for name in OUTCOMES] if is_over_time else [ends]
    table = pd.concat(tables, ignore_index=True)
    n_runs = int(ends["n_runs"].min())
    dots = f"Dot: median of {n_runs} runs; bar: nine of ten runs." if n_runs > 1 else "One run of each: no spread."
    return Figure(
        name="people",
        title=_tell(ends),
        subtitle="People served, of those seeking services; coverage: populations with a provider inside a coalition"
        + ("" if is_over_time else f"; last {END_MONTHS} months"),
        spread=explain_spread(spreads[OUTCOMES[0]], N_PATHS.get(len(regimes), 0)) if is_over_time else dots,
        note="A coalition can stay together by leaving someone out: coverage shows it."
        + ("".join(tell_observations(origin, spreads[name], name) for name in OUTCOMES) if is_over_time else ""),
        alt=("Line charts" if is_over_time else "Dot plots") + f" of people served and coverage: {_describe(ends)}.",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: _find_height(width, len(regimes), is_over_time),
    )


def _find_height(width: float, n_regimes: int, is_over_time: bool) -> float:
    if not is_over_time:
        return (0.34 * n_regimes + 0.9) * (1 if width >= NARROW else 2)
    return 2.8 if width >= NARROW and n_regimes == 1 else 4.4


def compute_ends(months: Table) -> Table:
    """Return one row a regime and outcome: quantiles over runs of its mean over the last 12 months."""
    kept = months[months["month"] > months["month"].max() - END_MONTHS]
    runs = kept.groupby(["regime", "run_id"], sort=False, observed=True)[list(OUTCOMES)].mean()
    rows = []
    for name in OUTCOMES:
        for regime, values in runs[name].groupby("regime", sort=False, observed=True):
            low, middle, high = values.quantile([0.05, 0.5, 0.95])
            rows.append((regime, name, low, middle, high, len(values)))
    return pd.DataFrame(rows, columns=["regime", "outcome", "p05", "p50", "p95", "n_runs"])


def _draw_ends(axes: Axes, ends: Table, name: str, width: float) -> None:
    for height, row in enumerate(ends.to_dict("records")):
        axes.plot([row["p05"], row["p95"]], [height, height], color=BLUE, linewidth=2.5, solid_capstyle="butt")
        axes.plot(row["p50"], height, marker="o", markersize=6, color=BLACK, linestyle="none")
    axes.set_yticks(
        range(len(ends)), [fold(name_setting(str(one)), 14 if width < NARROW else 24) for one in ends["regime"]]
    )
    axes.set_ylim(len(ends) - 0.5, -0.5)
    axes.grid(axis="x", color="#EEEEEE")
    axes.set_axisbelow(True)


def _tell(ends: Table) -> str:
    parts = []
    for name, label in zip(
        OUTCOMES, ("of people seeking services are served", "of populations are covered"), strict=True
    ):
        rows = ends[ends["outcome"] == name].sort_values("p50")
        low, high = rows.iloc[0], rows.iloc[-1]
        if len(rows) == 1 or round(low["p50"], 2) == round(high["p50"], 2):
            parts.append(f"{tell_share(low['p50'])} {label}" + (" under all" if len(rows) > 1 else ""))
        else:
            told = [f"{tell_share(row['p50'])} ({name_setting(str(row['regime']))})" for row in (low, high)]
            parts.append(f"{' to '.join(told)} {label}")
    return f"At the end {join_words(parts)}"


def _describe(ends: Table) -> str:
    parts = []
    for row in ends.to_dict("records"):
        entry: Any = column(row["outcome"])
        spread = f", nine of ten runs {row['p05']:.2f} to {row['p95']:.2f}" if row["n_runs"] > 1 else ""
        parts.append(f"{entry.label.lower()} under {name_setting(str(row['regime']))} ends at {row['p50']:.2f}{spread}")
    return "; ".join(parts)
