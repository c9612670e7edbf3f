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
    titles = _tell(table)

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        axes = canvas.subplots()
        letters = 22 if is_narrow else 52
        told = [fold(f"{row['pattern']}  {row['statement']}", letters) for row in table.to_dict("records")]
        for height, row in enumerate(table.to_dict("records")):
            _draw_row(axes, height, row, is_narrow)
        axes.axvline(0, color=DARK, linewidth=0.9)
        axes.set_yticks(range(len(table)), told, fontsize=7.5 if is_narrow else 8, linespacing=1.0)
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(-1.15, 6.3 if is_narrow else 3.5)
        axes.set_xticks([0], ["null"])
        for place, text in _place_columns(is_narrow):
            axes.text(place, -0.75, text, fontsize=7 if is_narrow else 8, va="bottom", weight="bold")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set(
            xlabel="Effect against the null (each on its own scale)" if not is_narrow else "Effect against\nthe null",
            ylabel="Pattern",
        )
        shown = [verdict for verdict in VERDICTS if (table["verdict"] == verdict).any()]
        styles = [VERDICTS[verdict] for verdict in shown]
        handles = [Line2D([], [], color=colour, marker=marker, linewidth=2) for colour, marker in styles]
        place_legend(canvas, handles, shown, 3)

    return Figure(
        name="validation",
        title=titles[0],
        short=titles[1],
        subtitle="What the model shows against what it would show by chance or without the mechanism",
        spread="Mark and bar: effect and its interval, each row on the scale of its own effect; marks beyond "
        "the panel stand at its edge.",
        note="Null: the same number without the mechanism, or by chance. More than the null: the whole interval lies "
        "on the far side of it from zero. Verdicts by the rules stated in docs/validation.md.",
        alt="Table as a picture. " + " ".join(_describe(row) for row in table.to_dict("records")),
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: (
            sum(_find_height(str(one), 22 if width < NARROW else 52) for one in table["statement"]) + 0.8
        ),
    )


def _find_height(statement: str, letters: int) -> float:
    return 0.17 * (fold(f"00  {statement}", letters).count("\n") + 1) + 0.16


def exceeds_null(row: Any) -> str:
    """Return whether a pattern shows more than its null does: ``yes``, ``no``, ``same``, ``no null``; – where it fails.

    More is farther from zero in the direction of the effect, with the whole interval; the same where it holds the null.
    """
    if row["verdict"] == "fails":
        return "–"
    if not np.isfinite(row["null"]):
        return "no null"
    if row["low"] <= row["null"] <= row["high"]:
        return "same"
    sign = 1 if row["effect"] >= 0 else -1
    return "yes" if sign * (row["effect"] - row["null"]) > 0 else "no"


def _tell(table: Table) -> list[str]:
    holds = table[table["verdict"] == "holds"]
    counts = {verdict: int((table["verdict"] == verdict).sum()) for verdict in VERDICTS}
    beyond = sum(exceeds_null(row) == "yes" for row in holds.to_dict("records"))
    rest = f"{counts['fails']} fail" + (f", {counts['undecided']} are undecided" if counts["undecided"] else "")
    return [
        f"Of {len(table)} patterns {counts['holds']} hold, {beyond} of them beyond what the null model shows; {rest}",
        f"{counts['holds']} of {len(table)} patterns hold, {beyond} beyond the null model",
    ]


def _place_columns(is_narrow: bool) -> list[tuple[float, str]]:
    return [(1.3, "effect"), (3.1, "verdict"), (4.7, "> null?")] if is_narrow else [
        (1.12, "effect"), (1.68, "verdict"), (2.3, "more than the null?")
    ]  # fmt: skip


def _draw_row(axes: Axes, height: int, row: Any, is_narrow: bool) -> None:
    colour, marker = VERDICTS.get(row["verdict"], (MIDDLE, "s"))
    null = row["null"] if np.isfinite(row["null"]) else 0.0
    ends = np.array([row["low"], row["high"], row["effect"]], float) - null
    scale = max(abs(row["effect"]), abs(null)) or 1.0  # a row's own size, so that a small deviation looks small
    low, high, effect = np.clip(ends / scale, -1, 1)
    axes.plot([low, high], [height, height], color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.plot(effect, height, marker=marker, markersize=6, color=colour, linestyle="none")
    texts = (f"{row['effect']:.2g}".replace("-", "−"), row["verdict"], exceeds_null(row))
    for (place, _), text in zip(_place_columns(is_narrow), texts, strict=True):
        axes.text(place, height, text, va="center", fontsize=7 if is_narrow else 8)


def _describe(row: Any) -> str:
    return (
        f"Pattern {row['pattern']}, {row['statement']}: {row['verdict']}, effect {row['effect']:.2g} "
        f"({row['low']:.2g} to {row['high']:.2g}), null {row['null']:.2g}, more than the null: {exceeds_null(row)}."
    )
