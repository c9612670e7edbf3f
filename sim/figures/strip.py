"""Membership strip of one run: organizations in rows, months in columns, colour and number for the coalition."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch

from sim.figures.figure import NAMED, Figure, Origin, Table
from sim.figures.labels import SHORT_TITLE, choose_title, find_settings, fold, tell_setting
from sim.figures.style import DARK, FULL, LIGHT, MIDDLE, NARROW, place_legend
from sim.figures.timeline import finish_months
from sim.results.summaries import find_typical_seed
from sim.text import clean

CLOSED, UNAFFILIATED = -1, 0
MOST_NAMED = 40  # rows; more have no names


def pick_strip(members: Table, runs: Table) -> tuple[Table, str]:
    """Return the strip of the setting in the middle of the design (the first one without a design), and its name.

    ``members`` holds one run of each setting, the one nearest the median over seeds.
    """
    all_runs, runs = (
        runs,
        runs.astype(object).where(runs.notna(), "as it is"),
    )  # a case that leaves a group of settings alone
    settings = find_settings(runs)
    chosen = settings.loc[_find_middle(settings)]
    fits = (runs[list(settings.columns)] == chosen).all(axis=1)
    strip = cast(pd.DataFrame, members[members["run_id"].isin(runs.loc[fits, "run_id"])])
    of = f", one of {len(settings)} settings" if len(settings) > 1 else ""
    return strip, f"{tell_setting(chosen)}{of}; {tell_example(strip, all_runs[fits])}"


def tell_example(members: Table, runs: Table) -> str:
    """Return which run of its setting is shown as an example. runs: all runs of that setting."""
    seed = int(members["seed"].iloc[0])
    if len(runs) < 2 or "collaboration_end" not in runs or find_typical_seed(runs) != seed:
        return f"seed {seed}"
    return f"seed {seed}, nearest the median of {len(runs)} runs"


def _find_middle(settings: Table) -> int:
    kept = settings[settings["regime"] == settings["regime"].iloc[0]]
    for name in settings.columns[1:]:
        values = list(dict.fromkeys(kept[name]))
        kept = kept[kept[name] == values[len(values) // 2]]
    return int(kept.index[0])


def plot_strip(members: Table, setting: str, origin: Origin, names: Mapping[int, str] | None = None) -> Figure:
    """Return the membership strip. `members`: one row an organization and month, of a single run.

    The coalition of an organization is its largest; 0 means unaffiliated, -1 closed. The five coalitions with most
    organization-months have colours of their own. names: of organizations, else their slot numbers.
    """
    wide = members.pivot_table(index="organization", columns="month", values="coalition", aggfunc="first")
    ranks = rank_coalitions(members)
    order = _order_rows(wide, ranks)
    grid = wide.loc[order]
    codes = encode(grid.to_numpy(), ranks)
    titles = _tell(wide)
    told = [clean(str(names.get(one, one))) if names else str(one) for one in order]

    def draw(canvas: Canvas) -> None:
        axes, is_narrow = canvas.subplots(), canvas.get_figwidth() < NARROW
        _draw_grid(axes, codes, grid)
        for height, month in _find_newcomers(grid):
            axes.plot([month - 0.5] * 2, [height - 0.42, height + 0.42], color="black", linewidth=2.2)
        finish_months(axes, int(wide.columns.max()), origin, canvas.get_figwidth() - 1.0)
        axes.grid(visible=False)
        axes.set_xlim(wide.columns.min() - 0.5, wide.columns.max() + 0.5)
        is_named = len(order) <= MOST_NAMED
        labels = [fold(one, 18 if is_narrow else 30).split("\n")[0] for one in told]
        axes.set_yticks(range(len(order)) if is_named else [], labels if is_named else [], fontsize=7.5)
        axes.tick_params(axis="y", length=0)
        axes.set_ylabel("Organization" if names else "Organization (slot number)")
        _draw_numbers(axes, grid, codes, is_narrow)
        handles = _make_handles(ranks)
        place_legend(canvas, handles, [str(handle.get_label()) for handle in handles], 2 if is_narrow else 4)

    return Figure(
        name="memberships",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle=f"The largest coalition of each organization, month by month: {setting}",
        spread="One run as an example: other seeds give other coalitions; the figures over all runs show the spread.",
        note="Numbers in the strip: the coalition, in the order of founding. Rows: organizations whose main coalition "
        "is the same stand together, the largest coalition and the longest members first."
        + (" Black bar: a newcomer in the slot of a closed organization." if _find_newcomers(grid) else "")
        + (NAMED if names else ""),
        alt=f"Strip chart, a row for each of {len(order)} organizations, a column a month, colour and number for the "
        f"coalition. {titles[0]}. {_describe(ranks, members)}",
        table=grid.set_axis([f"month_{month}" for month in wide.columns], axis=1).reset_index(),
        origin=origin,
        draw=draw,
        height=lambda width: min(9.0, max(2.4, 0.19 * len(order) + 1.3)) + (0.5 if width < NARROW else 0.0),
    )


def rank_coalitions(members: Table) -> dict[int, int]:
    """Return the rank of each coalition by organization-months, 0 for the one with most; ties by serial number."""
    counts = members.loc[members["coalition"] > 0, "coalition"].value_counts()
    ordered = sorted(counts.index, key=lambda serial: (-counts[serial], serial))
    return {int(serial): rank for rank, serial in enumerate(ordered)}


def _order_rows(wide: Table, ranks: dict[int, int]) -> list[int]:
    """Put organizations with the same main coalition next to each other, the longest members first."""
    keys = {}
    for organization, row in wide.iterrows():
        counts = row[row > 0].value_counts()
        main = min(counts.index, key=lambda serial: (-counts[serial], ranks[int(serial)])) if len(counts) else None
        keys[organization] = (ranks[int(main)], -counts[main]) if main is not None else (len(ranks), 0)
    return sorted(wide.index, key=lambda organization: (*keys[organization], organization))


COLOURS = ("#FFFFFF", LIGHT, *FULL, MIDDLE)  # closed, unaffiliated, the first five coalitions, all others


def encode(grid: np.ndarray, ranks: dict[int, int]) -> np.ndarray:
    """Return the place in `COLOURS` of each cell of a grid of coalitions; what is missing is closed."""
    code = {CLOSED: 0, UNAFFILIATED: 1} | {serial: 2 + min(rank, len(FULL)) for serial, rank in ranks.items()}
    return np.vectorize(lambda serial: code.get(int(serial), 0) if serial == serial else 0, otypes=[int])(grid)


def _draw_grid(axes: Axes, codes: np.ndarray, grid: Table) -> None:
    first, last = grid.columns.min() - 0.5, grid.columns.max() + 0.5
    axes.imshow(
        codes, aspect="auto", interpolation="nearest", cmap=ListedColormap(list(COLOURS)),
        norm=BoundaryNorm(np.arange(len(COLOURS) + 1) - 0.5, len(COLOURS)),
        extent=(first, last, len(codes) - 0.5, -0.5),
    )  # fmt: skip
    for height in range(1, len(codes)):
        axes.axhline(height - 0.5, color="white", linewidth=0.8)


def _draw_numbers(axes: Axes, grid: Table, codes: np.ndarray, is_narrow: bool) -> None:
    """Write the number of the coalition into the longest stay of each organization, and into every long one."""
    shortest = grid.shape[1] / (4 if is_narrow else 7)
    for height, (row, kinds) in enumerate(zip(grid.to_numpy(), codes, strict=True)):
        edges = [0, *(np.flatnonzero(np.diff(row) != 0) + 1), len(row)]
        for start, end in itertools.pairwise(edges):
            if kinds[start] > 1 and end - start >= shortest:
                middle = grid.columns[0] + (start + end - 1) / 2
                place = {"ha": "center", "va": "center", "weight": "bold", "fontsize": 6.5}
                axes.text(middle, height + 0.03, f"{row[start]:.0f}", color="white", **place)


def _find_newcomers(grid: Table) -> list[tuple[int, int]]:
    """Return row and month wherever a slot that was closed is open again: another organization has it now."""
    values = grid.to_numpy()
    opened = (values[:, :-1] == CLOSED) & (values[:, 1:] != CLOSED)
    return [(int(row), int(grid.columns[at + 1])) for row, at in np.argwhere(opened)]


def _make_handles(ranks: dict[int, int]) -> list[Patch]:
    shown = list(ranks)[: len(FULL)]
    handles = [Patch(color=FULL[ranks[serial]], label=f"Coalition {serial}") for serial in shown]
    if len(ranks) > len(shown):
        handles.append(Patch(color=MIDDLE, label=f"{len(ranks) - len(shown)} other coalitions"))
    return [
        *handles,
        Patch(facecolor=LIGHT, edgecolor=LIGHT, label="Unaffiliated"),
        Patch(facecolor="#FFFFFF", edgecolor=DARK, linewidth=0.6, label="Closed"),
    ]


def _tell(wide: Table) -> list[str]:
    """Return titles, the fullest first: who stays where it began, and how many coalitions there are."""
    first, last = wide.iloc[:, 0], wide.iloc[:, -1]
    began, homes = first[first > 0].nunique(), last[last > 0].nunique()
    is_same = (wide != CLOSED).all(axis=1) & (first > 0) & (first == last)
    months = wide.columns[-1] - wide.columns[0]
    n = int(is_same.sum())
    stay = f"{n} of {len(wide)} organizations {'ends' if n == 1 else 'end'} where {'it' if n == 1 else 'they'} began"
    inside, alone, closed = (last > 0).sum(), (last == UNAFFILIATED).sum(), (last == CLOSED).sum()
    ends = f"at the end {inside} are inside one, {alone} unaffiliated, {closed} closed"
    return [
        f"In one run {stay}, by their largest coalition; {ends}",
        f"In one run {stay}; {ends}",
        f"In one run {stay}",
        f"{stay}, after {months} months",
        f"From {began} to {homes} coalitions in {months} months",
    ]


def _describe(ranks: dict[int, int], members: Table) -> str:
    counts: Any = members["coalition"].value_counts()
    listed = [f"coalition {serial} has {counts[serial]} organization-months" for serial in list(ranks)[:3]]
    return f"{'; '.join(listed)}.".capitalize() if listed else "No organization is in a coalition."
