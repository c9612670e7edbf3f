"""Who shares a coalition with whom, at four moments of one run; each organization keeps its place."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from sim.figures.figure import NAMED, Figure, Origin, Table
from sim.figures.labels import SHORT_TITLE, choose_title, find_design, fold, join_words, name_setting
from sim.figures.strip import CLOSED, UNAFFILIATED, rank_coalitions, tell_example
from sim.figures.style import BLACK, DARK, FULL, LIGHT, MIDDLE, NARROW, place_legend

MOMENTS = (0.0, 0.33, 0.67, 1.0)  # of the run
MOST_RUNS = 3  # one below the other


def plot_network(members: Table, runs: Table, origin: Origin, names: Mapping[int, str] | None = None) -> Figure:
    """Return small networks of shared largest coalitions. ``members``: one row an organization and month, by run.

    One row of panels a run, of up to three regimes. An organization has the same place in all of them, found from the
    pairs of all months and runs together. ``runs``: all runs, to say which of them are shown.
    """
    told = {str(one["run_id"].iloc[0]): tell_example(one, _find_peers(runs, one)) for _, one in _pick_runs(members)}
    n_regimes = members["regime"].nunique()
    shown = {str(regime): one for regime, one in itertools.islice(_pick_runs(members), MOST_RUNS)}
    examples = [told[str(one["run_id"].iloc[0])] for one in shown.values()]
    last = int(members["month"].max())
    moments = list(dict.fromkeys(round(share * last) for share in MOMENTS))
    places = lay_out(pd.concat(shown.values()))
    table = pd.concat(
        [count_pairs(one[one["month"].isin(moments)]).assign(regime=regime) for regime, one in shown.items()],
        ignore_index=True,
    )

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        n_columns = 2 if is_narrow else len(moments)
        n_rows = -(-len(moments) // n_columns)
        panels = canvas.subplots(n_rows * len(shown), n_columns, squeeze=False)
        for at, (regime, one) in enumerate(shown.items()):
            ranks = rank_coalitions(one)
            for place, month in enumerate(moments):
                axes = panels[at * n_rows + place // n_columns, place % n_columns]
                _draw_moment(axes, one[one["month"] == month], places, ranks, names)
                n_pairs = int(per_month.loc[regime, month])
                axes.set_title(f"Month {month}: {n_pairs} pairs", fontsize=9)
                if place == 0:
                    axes.set_ylabel(fold(name_setting(regime), 22), fontsize=9, weight="bold", color=DARK)
        for axes in panels.flat:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        for axes in panels.flat[len(shown) * n_rows * n_columns :]:
            axes.remove()
        _draw_keys(canvas, is_narrow)

    per_month: Any = table.groupby(["regime", "month"], sort=False)["n_pairs"].first().unstack()  # noqa: PD010
    titles = _tell(per_month)
    return Figure(
        name="network",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle="Lines join organizations whose largest coalition is the same; each keeps its place in all panels",
        spread=_tell_examples(list(shown), examples, n_regimes),
        note="Colours and shapes are given anew in each row, by organization-months in that run. Pairs are "
        "those in the same largest coalition; the share of pairs of other figures counts every coalition."
        + (NAMED if names else " Numbers: slots of organizations."),
        alt="Small networks at " + "; ".join(_describe(str(regime), row) for regime, row in per_month.iterrows()) + ".",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: len(shown) * (2.0 if width >= NARROW else 2 * 1.9) + (0.5 if width >= NARROW else 0.8),
    )


def _pick_runs(members: Table) -> Any:
    for regime, table in members.groupby("regime", sort=False, observed=True):
        yield regime, table[table["run_id"] == table["run_id"].iloc[0]]


def _find_peers(runs: Table, members: Table) -> Table:
    """Return all runs of the setting of which `members` shows one."""
    own = runs[runs["run_id"] == members["run_id"].iloc[0]]
    names = ["regime", *find_design(runs)]
    return runs.merge(own[names].drop_duplicates(), on=names)


def _tell_examples(regimes: list[str], examples: list[str], n_regimes: int) -> str:
    listed = "; ".join(f"{name_setting(one)}: {example}" for one, example in zip(regimes, examples, strict=True))
    of = f" The first {len(regimes)} of {n_regimes} regimes." if n_regimes > len(regimes) else ""
    return f"One run as an example ({listed}); what differs between examples may be chance.{of}"


def _draw_keys(canvas: Canvas, is_narrow: bool) -> None:
    style: dict[str, Any] = {"linestyle": "none", "markersize": 6}
    ranks = ("largest coalition", "second", "third", "fourth", "fifth")
    handles = [
        Line2D([], [], color=colour, marker=marker, **style) for colour, marker in zip(FULL, MARKERS, strict=True)
    ]
    handles += [
        Line2D([], [], color=MIDDLE, marker="o", **style),
        Line2D([], [], markerfacecolor="white", markeredgecolor=DARK, marker="o", **style),
        Line2D([], [], color=MIDDLE, marker="x", **style),
    ]
    place_legend(canvas, handles, [*ranks, "others", "unaffiliated", "closed"], 3 if is_narrow else 8)


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


def _tell(per_month: Table) -> list[str]:
    """Return titles, the fullest first; a difference between two examples is no finding, and not told."""
    first, last = per_month.columns[0], per_month.columns[-1]
    told = "pairs that share their largest coalition go"
    if len(per_month) == 1:
        span = f"from {per_month.iloc[0][first]:.0f} to {per_month.iloc[0][last]:.0f}"
        return [f"In one run the {told} {span}", f"In one run, pairs in one coalition go {span}"]
    names = [name_setting(str(regime)) for regime in per_month.index]
    return [
        f"Who shares a coalition with whom, in one run each under {join_words(names)}",
        f"Who shares a coalition with whom: one run each of {len(names)} regimes",
    ]


def _describe(regime: str, row: Any) -> str:
    counts = ", ".join(f"month {month}: {count:.0f} pairs" for month, count in row.items())
    return f"{counts} ({name_setting(regime)})"
