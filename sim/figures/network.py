"""Who shares a coalition with whom, at four moments of one run; each organization keeps its place."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import NAMED, Figure, Origin, Table
from sim.figures.labels import fold, name_setting
from sim.figures.strip import CLOSED, UNAFFILIATED, rank_coalitions
from sim.figures.style import BLACK, DARK, FULL, LIGHT, MIDDLE, NARROW

MOMENTS = (0.0, 0.33, 0.67, 1.0)  # of the run
MOST_RUNS = 3  # one below the other


def plot_network(members: Table, origin: Origin, names: Mapping[int, str] | None = None) -> Figure:
    """Return small networks of shared largest coalitions. ``members``: one row an organization and month, by run.

    One row of panels a run, the first run of up to three regimes. An organization has the same place in all of
    them, found from the pairs of all months and runs together.
    """
    runs = {str(regime): one for regime, one in itertools.islice(_pick_runs(members), MOST_RUNS)}
    last = int(members["month"].max())
    moments = list(dict.fromkeys(round(share * last) for share in MOMENTS))
    places = lay_out(pd.concat(runs.values()))
    table = pd.concat(
        [count_pairs(one[one["month"].isin(moments)]).assign(regime=regime) for regime, one in runs.items()],
        ignore_index=True,
    )

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        n_columns = 2 if is_narrow else len(moments)
        n_rows = -(-len(moments) // n_columns)
        panels = canvas.subplots(n_rows * len(runs), n_columns, squeeze=False)
        for at, (regime, one) in enumerate(runs.items()):
            ranks = rank_coalitions(one)
            for place, month in enumerate(moments):
                axes = panels[at * n_rows + place // n_columns, place % n_columns]
                _draw_moment(axes, one[one["month"] == month], places, ranks, names)
                axes.set_title(f"Month {month}", fontsize=9)
                if place == 0:
                    axes.set_ylabel(fold(name_setting(regime), 22), fontsize=9, weight="bold", color=DARK)
        for axes in panels.flat:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)

    per_month = table.groupby(["regime", "month"], sort=False)["n_pairs"].first().unstack()  # noqa: PD010
    return Figure(
        name="network",
        title=_tell(per_month),
        subtitle="Lines join organizations whose largest coalition is the same; each keeps its place in all panels",
        spread="One run of each regime as an example; other seeds give other networks.",
        note="Colour and shape: the five coalitions with most organization-months; grey: other coalitions; hollow: "
        "unaffiliated; cross: closed." + (NAMED if names else " Numbers: slots of organizations."),
        alt="Small networks at " + "; ".join(_describe(str(regime), row) for regime, row in per_month.iterrows()) + ".",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: len(runs) * (2.0 if width >= NARROW else 2 * 1.9) + 0.2,
    )


def _pick_runs(members: Table) -> Any:
    for regime, table in members.groupby("regime", sort=False, observed=True):
        yield regime, table[table["run_id"] == table["run_id"].iloc[0]]


def lay_out(members: Table) -> dict[int, np.ndarray]:
    """Return the place of each organization: those that share a coalition for long stand near each other."""
    import networkx

    organizations = sorted(int(one) for one in members["organization"].unique())
    weights = np.zeros((len(organizations),) * 2)
    position = {one: at for at, one in enumerate(organizations)}
    inside = members[members["coalition"] > 0]
    for _, group in inside.groupby(["run_id", "month", "coalition"], sort=False, observed=True)["organization"]:
        at = [position[int(one)] for one in group]
        weights[np.ix_(at, at)] += 1
    np.fill_diagonal(weights, 0)
    graph = networkx.from_numpy_array(np.sqrt(weights / max(weights.max(), 1)) + 0.02 * (1 - np.eye(len(weights))))
    found = networkx.spring_layout(graph, seed=1, iterations=200, k=1.6 / np.sqrt(max(len(organizations), 1)))
    return {one: found[at] for one, at in position.items()}


def count_pairs(members: Table) -> Table:
    """Return one row an organization and month: its largest coalition, and how many pairs share one in that month."""
    inside = members[members["coalition"] > 0]
    sizes = inside.groupby(["month", "coalition"], observed=True).size()
    pairs = (sizes * (sizes - 1) / 2).groupby("month").sum()
    table = members[["month", "organization", "coalition"]].copy()
    table["n_pairs"] = table["month"].map(pairs).fillna(0).astype(int)
    return table


MARKERS = ("o", "s", "^", "D", "P")


def _draw_moment(
    axes: Axes,
    members: Table,
    places: dict[int, np.ndarray],
    ranks: dict[int, int],
    names: Mapping[int, str] | None,
) -> None:
    at_home: dict[int, list[int]] = {}
    for row in members.itertuples():
        at_home.setdefault(int(row.coalition), []).append(int(row.organization))
    for coalition, found in at_home.items():
        rank = ranks.get(coalition, len(FULL))
        colour, marker = (FULL[rank], MARKERS[rank]) if rank < len(FULL) else (MIDDLE, "o")
        if coalition > 0:
            for one, other in itertools.combinations(found, 2):
                axes.plot(
                    *zip(places[one], places[other], strict=True), color=colour, linewidth=0.6, alpha=0.45, zorder=1
                )
        spots = np.array([places[one] for one in found])
        style: dict[str, Any] = {"s": 42, "zorder": 2, "linewidths": 1}
        if coalition == CLOSED:
            axes.scatter(*spots.T, marker="x", color=MIDDLE, **(style | {"s": 20}))
        elif coalition == UNAFFILIATED:
            axes.scatter(*spots.T, facecolors="white", edgecolors=DARK, **style)
        else:
            axes.scatter(*spots.T, marker=marker, color=colour, **style)
    if not names and len(places) <= 30:
        for one, spot in places.items():
            axes.annotate(
                str(one), (spot[0], spot[1]), (4.5, 4.5), textcoords="offset points", fontsize=5.5, color=BLACK
            )
    whole = np.array(list(places.values()))
    axes.set(xlim=_widen(whole[:, 0]), ylim=_widen(whole[:, 1]), facecolor="white")
    axes.patch.set_edgecolor(LIGHT)


def _widen(values: np.ndarray) -> tuple[float, float]:
    room = 0.12 * max(float(np.ptp(values)), 1e-6)
    return float(values.min()) - room, float(values.max()) + room


def _tell(per_month: Table) -> str:
    first, last = per_month.columns[0], per_month.columns[-1]
    parts = [
        f"{row[first]:.0f} to {row[last]:.0f} under {name_setting(str(regime))}" for regime, row in per_month.iterrows()
    ]
    if len(parts) == 1:
        row = per_month.iloc[0]
        return f"In one run the pairs that share their largest coalition go from {row[first]:.0f} to {row[last]:.0f}"
    return f"In one run each, pairs that share their largest coalition go from {'; '.join(parts)}"


def _describe(regime: str, row: Any) -> str:
    counts = ", ".join(f"month {month}: {count:.0f} pairs" for month, count in row.items())
    return f"{counts} ({name_setting(regime)})"
