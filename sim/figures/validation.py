"""The validation table: each pattern the model should show, what it shows, and what chance alone would give."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold
from sim.figures.style import BLACK, BLUE, DARK, MIDDLE, NARROW, VERMILLION, place_legend

VERDICTS = {"holds": (BLUE, "o"), "fails": (VERMILLION, "X"), "undecided": (BLACK, "D")}


def plot_validation(patterns: Table, origin: Origin) -> Figure:
    """Return a row a pattern: its statement, the effect with its interval, the null, the verdict as word and shape.

    ``patterns``: pattern, statement, effect, low, high, null, verdict. Effects have units of their own, so each row
    is drawn on a scale of its own, from the null to the farthest end of the interval.
    """
    table = patterns.reset_index(drop=True)
    counts = {verdict: list(table["verdict"]).count(verdict) for verdict in VERDICTS}

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        axes = canvas.subplots()
        letters = 26 if is_narrow else 52
        told = [fold(f"{row['pattern']}  {row['statement']}", letters) for row in table.to_dict("records")]
        for height, row in enumerate(table.to_dict("records")):
            _draw_row(axes, height, row)
        axes.axvline(0, color=DARK, linewidth=0.9)
        axes.set_yticks(range(len(table)), told, fontsize=7.5 if is_narrow else 8, linespacing=1.0)
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(-1.15, 2.9 if is_narrow else 1.9)
        axes.set_xticks([-1, 0, 1], ["", "null", ""])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set(
            xlabel="Effect against the null (each on its own scale)" if not is_narrow else "Effect against\nthe null",
            ylabel="Pattern",
        )
        handles = [Line2D([], [], color=colour, marker=marker, linewidth=2) for colour, marker in VERDICTS.values()]
        place_legend(canvas, handles, list(VERDICTS), 3)

    return Figure(
        name="validation",
        title=f"Of {len(table)} patterns {counts['holds']} hold, {counts['fails']} fail, "
        f"{counts['undecided']} are undecided",
        subtitle="What the model shows against what it would show by chance or without the mechanism",
        spread="Mark and bar: effect and its interval; the number beside it is the effect in its own unit.",
        note="Null: what the pattern is compared with. Verdicts by the rules stated in docs/validation.md.",
        alt="Table as a picture. " + " ".join(_describe(row) for row in table.to_dict("records")),
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: (
            sum(_find_height(str(one), 26 if width < NARROW else 52) for one in table["statement"]) + 0.8
        ),
    )


def _find_height(statement: str, letters: int) -> float:
    return 0.17 * (fold(f"00  {statement}", letters).count("\n") + 1) + 0.16


def _draw_row(axes: Axes, height: int, row: Any) -> None:
    colour, marker = VERDICTS.get(row["verdict"], (MIDDLE, "s"))
    null = row["null"] if np.isfinite(row["null"]) else 0.0
    ends = np.array([row["low"], row["high"], row["effect"]], float) - null
    scale = np.nanmax(np.abs(ends)) or 1.0
    low, high, effect = ends / scale
    axes.plot([low, high], [height, height], color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.plot(effect, height, marker=marker, markersize=6, color=colour, linestyle="none")
    axes.text(1.12, height, f"{row['effect']:.2g}  {row['verdict']}".replace("-", "−"), va="center", fontsize=8)


def _describe(row: Any) -> str:
    return (
        f"Pattern {row['pattern']}, {row['statement']}: {row['verdict']}, effect {row['effect']:.2g} "
        f"({row['low']:.2g} to {row['high']:.2g}), null {row['null']:.2g}."
    )
