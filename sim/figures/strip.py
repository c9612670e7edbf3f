"""Membership strip of one run: organizations in rows, months in columns, colour for the coalition."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.figures.labels import find_settings, name_axis, tell_setting
from sim.figures.style import BLACK, BLUE, DARK, GREEN, LIGHT, PURPLE, VERMILLION, make_figure, styled

FULL = (BLUE, VERMILLION, GREEN, PURPLE, BLACK)
TINTS: tuple[Any, ...] = tuple(tuple(0.45 * part + 0.55 for part in to_rgb(colour)) for colour in FULL[:4])
PALETTE = (*FULL, *TINTS)  # by rank; begins anew after the ninth coalition
CLOSED, UNAFFILIATED = -1, 0


def pick_strip(members: pd.DataFrame, runs: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the strip of the setting in the middle of the design (the first one without a design), and its name.

    ``members`` holds the first run of each setting.
    """
    runs = runs.astype(object).where(runs.notna(), "as it is")  # a case that leaves a group of settings alone
    settings = find_settings(runs)
    chosen = settings.loc[_find_middle(settings)]
    fits = (runs[list(settings.columns)] == chosen).all(axis=1)
    strip = cast(pd.DataFrame, members[members["run_id"].isin(runs.loc[fits, "run_id"])])
    return strip, f"{tell_setting(chosen)}, seed {strip['seed'].iloc[0]}"


def _find_middle(settings: pd.DataFrame) -> int:
    kept = settings[settings["regime"] == settings["regime"].iloc[0]]
    for name in settings.columns[1:]:
        values = list(dict.fromkeys(kept[name]))
        kept = kept[kept[name] == values[len(values) // 2]]
    return int(kept.index[0])  # pyright: ignore[reportAttributeAccessIssue]


@styled
def plot_strip(members: pd.DataFrame, setting: str) -> Figure:
    """Return the membership strip. `members`: one row an organization and month, of a single run.

    The coalition of an organization is its largest; 0 means unaffiliated, -1 closed. Colours go by how many
    organization-months a coalition has gathered; the palette begins anew after the ninth.
    """
    wide = members.pivot_table(index="organization", columns="month", values="coalition", aggfunc="first")
    ranks = rank_coalitions(members)
    order = _order_rows(wide, ranks)
    colours, codes = _encode(wide.loc[order].to_numpy(), ranks)
    height = min(7.0, max(2.2, 0.19 * len(order) + 0.6))
    figure = make_figure(8.0, height, _tell(wide), _explain(setting))
    axes = figure.subplots()
    first, last = wide.columns.min() - 0.5, wide.columns.max() + 0.5  # pyright: ignore[reportOperatorIssue]
    axes.imshow(
        codes, aspect="auto", interpolation="nearest", cmap=ListedColormap(colours),
        norm=BoundaryNorm(np.arange(len(colours) + 1) - 0.5, len(colours)),
        extent=(first, last, len(order) - 0.5, -0.5),
    )  # fmt: skip
    axes.set(xlabel=name_axis("month"), ylabel="Organization (slot number)")
    ticks = range(len(order)) if len(order) <= 30 else []
    axes.set_yticks(ticks, [str(order[tick]) for tick in ticks], fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 1.2, 2.4, 6, 10], integer=True))
    figure.legend(handles=_make_handles(ranks, colours), loc="outside right center", fontsize=8, handlelength=1.2)
    return figure


def rank_coalitions(members: pd.DataFrame) -> dict[int, int]:
    """Return the rank of each coalition by organization-months, 0 for the one with most; ties by serial number."""
    counts = members.loc[members["coalition"] > 0, "coalition"].value_counts()
    ordered = sorted(counts.index, key=lambda serial: (-counts[serial], serial))
    return {int(serial): rank for rank, serial in enumerate(ordered)}


def _order_rows(wide: pd.DataFrame, ranks: dict[int, int]) -> list[int]:
    """Put organizations with the same main coalition next to each other, the longest members first."""
    keys = {}
    for organization, row in wide.iterrows():
        counts = row[row > 0].value_counts()  # pyright: ignore[reportAttributeAccessIssue]
        main = min(counts.index, key=lambda serial: (-counts[serial], ranks[int(serial)])) if len(counts) else None
        keys[organization] = (ranks[int(main)], -counts[main]) if main is not None else (len(ranks), 0)
    return sorted(wide.index, key=lambda organization: (*keys[organization], organization))


def _encode(grid: np.ndarray, ranks: dict[int, int]) -> tuple[list, np.ndarray]:
    """Return one colour a code (closed, unaffiliated, then coalitions by rank) and the grid of codes."""
    colours = ["#FFFFFF", LIGHT, *(PALETTE[rank % len(PALETTE)] for rank in range(len(ranks)))]
    code = {CLOSED: 0, UNAFFILIATED: 1} | {serial: rank + 2 for serial, rank in ranks.items()}
    return colours, np.vectorize(lambda serial: code.get(int(serial), 0) if serial == serial else 0, otypes=[int])(grid)


def _make_handles(ranks: dict[int, int], colours: list) -> list[Patch]:
    shown = list(ranks)[: len(FULL)]
    handles = [Patch(color=colours[ranks[serial] + 2], label=f"Coalition {serial}") for serial in shown]
    if len(ranks) > len(shown):
        told = "(light; colours\nreused from the 10th)" if len(ranks) > len(PALETTE) else "(light)"
        handles.append(Patch(color=TINTS[0], label=f"{len(ranks) - len(shown)} others {told}"))
    return [
        *handles,
        Patch(facecolor=LIGHT, edgecolor=LIGHT, label="Unaffiliated"),
        Patch(facecolor="#FFFFFF", edgecolor=DARK, linewidth=0.6, label="Closed"),
    ]


def _tell(wide: pd.DataFrame) -> str:
    last = wide.iloc[:, -1]
    homes = last[last > 0].nunique()
    inside, alone, closed = (last > 0).sum(), (last == UNAFFILIATED).sum(), (last == CLOSED).sum()
    began = wide.iloc[:, 0][wide.iloc[:, 0] > 0].nunique()
    told = f"From {began} to {homes} coalitions in {wide.columns[-1] - wide.columns[0]} months"
    return f"{told}; at the end {inside} organizations inside, {alone} unaffiliated, {closed} closed"


def _explain(setting: str) -> str:
    return f"One run as an example: {setting}. Colour: the largest coalition of each organization."
