"""The decision table: what each lever does to cohesion, coverage and money, and in how many parameter sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold, join_words, name_axis, name_setting, name_value, tell_change, tell_share
from sim.figures.style import BLACK, BLUE, DARK, NARROW

MOST_NAMED = 3  # levers in one part of the title
MONEY = "usd_difference"
PLAIN = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # behind words that cross the line of zero


def plot_levers(levers: Table, origin: Origin) -> Figure:
    """Return a row a lever, a column an outcome: the difference to the reference with its interval, words beside it.

    ``levers``: lever, reference, outcome, mean, low, high, better_share (of parameter sets in which the outcome moves
    the wanted way), usd_difference (per organization and year); one row a lever and outcome.
    """
    table = levers.reset_index(drop=True)
    outcomes, names = list(dict.fromkeys(table["outcome"])), list(dict.fromkeys(table["lever"]))
    reference = name_setting(str(table["reference"].iloc[0])) if "reference" in table else "the reference"
    has_money = MONEY in table and bool(table[MONEY].notna().any())

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        n_panels = len(outcomes) + has_money
        shape = (n_panels, 1) if is_narrow else (1, n_panels)
        panels = list(canvas.subplots(*shape, sharey=not is_narrow, squeeze=False).flat)
        for at, axes in enumerate(panels):
            if at < len(outcomes):
                _draw_outcome(axes, table[table["outcome"] == outcomes[at]], names)
                axes.set_title(fold(_name(outcomes[at]), 36 if is_narrow else 18), fontsize=9.5)
                axes.set_xlabel(
                    fold(
                        f"Difference ({name_axis(outcomes[at], 'runs').rpartition(' (')[2]}",
                        16 if not is_narrow else 40,
                    )
                )
            else:
                _draw_money(axes, table.drop_duplicates("lever").set_index("lever")[MONEY], names)
            axes.set_yticks(range(len(names)), [fold(name_setting(str(one)), 16 if is_narrow else 20) for one in names])
            axes.set_ylim(len(names) - 0.35, -0.65)
            axes.tick_params(axis="y", length=0, labelleft=is_narrow or at == 0)
            axes.spines["left"].set_visible(False)
        panels[0].set_ylabel("Lever")

    return Figure(
        name="levers",
        title=_tell(table, outcomes, reference),
        subtitle=f"Each lever against {reference}, on the same parameter sets and seeds",
        spread="Dot and bar: mean difference, 95 % interval over parameter sets; words: how many sets go that way.",
        note="▲ more, ▼ less, ○ unclear: the interval contains zero. An outcome has no good end of its own.",
        alt="Table as a picture. "
        + "; ".join(_describe(table[table["lever"] == one], str(one)) for one in names)
        + ".",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: (0.68 * len(names) + 1.1) * (1 if width >= NARROW else len(outcomes) + has_money),
    )


def judge_difference(row: Any) -> str:
    """Return ▲, ▼ or ○: the side of zero on which the whole interval lies."""
    return "▲" if row["low"] > 0 else "▼" if row["high"] < 0 else "○"


def _draw_outcome(axes: Axes, rows: Table, names: list[Any]) -> None:
    axes.axvline(0, color=DARK, linewidth=0.8)
    for row in rows.to_dict("records"):
        height, symbol = names.index(row["lever"]), judge_difference(row)
        colour = BLUE if symbol != "○" else BLACK
        axes.plot([row["low"], row["high"]], [height, height], color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.plot(row["mean"], height, marker="o", markersize=5.5, color=colour, linestyle="none")
        place: dict[str, Any] = {"ha": "center", "fontsize": 8, "bbox": PLAIN}
        axes.text(row["mean"], height - 0.16, f"{symbol} {tell_change(row['mean'])}", va="bottom", **place)
        axes.text(row["mean"], height + 0.14, _tell_sets(row), va="top", color=DARK, **place)
    low, high = min(0.0, rows["low"].min()), max(0.0, rows["high"].max())
    middle, half = (low + high) / 2, max(0.95 * (high - low), 0.02)  # room for the words at both ends
    axes.set_xlim(middle - half, middle + half)
    axes.locator_params(axis="x", nbins=3)


def _tell_sets(row: Any) -> str:
    """Return in how many sets the outcome moves the way its mean does."""
    share = row.get("better_share", np.nan)
    if not np.isfinite(share):
        return ""
    is_better = row["mean"] * row.get("toward", 1) > 0
    return f"{tell_share(share if is_better else 1 - share - row.get('same_share', 0.0))} of sets"


def _draw_money(axes: Axes, dollars: Any, names: list[Any]) -> None:
    axes.set_title("Money", fontsize=9.5)
    axes.axvline(0, color=DARK, linewidth=0.8)
    for height, name in enumerate(names):
        axes.barh(height, dollars[name], height=0.24, color=BLACK)
        axes.text(0, height - 0.16, _tell_money(dollars[name]), ha="center", va="bottom", fontsize=8, bbox=PLAIN)
    room = max(1.0, 1.3 * float(np.nanmax(np.abs(dollars))))
    axes.set_xlim(-room, room)
    axes.locator_params(axis="x", nbins=3)
    axes.xaxis.set_major_formatter(lambda value, _: name_value(value).replace("-", "−"))
    axes.set_xlabel("USD per\norganization\nand year")


def _tell_money(dollars: float) -> str:
    return f"{dollars:+,.0f}".replace("-", "−") if abs(dollars) >= 0.5 else "0"


def _name(outcome: Any) -> str:
    return name_axis(str(outcome), "runs").rpartition(" (")[0] or str(outcome)


def _tell(table: Table, outcomes: list[Any], reference: str) -> str:
    rows = table[table["outcome"] == outcomes[0]].to_dict("records")
    told = []
    for word, symbol in (("more", "▲"), ("less", "▼"), ("no clear difference in", "○")):
        found = [row for row in rows if judge_difference(row) == symbol]
        found.sort(key=lambda row: -abs(row["mean"]))
        listed = [name_setting(str(row["lever"])) for row in found]
        if len(listed) > MOST_NAMED:
            most = f", most under {listed[0]} ({found[0]['mean']:+.2f})" if symbol != "○" else ""
            listed = [f"{len(listed)} of {len(rows)} levers{most}"]
        if listed:
            told.append(f"{word} {_name(outcomes[0]).lower()} under {join_words(listed)}")
    return f"Against {reference}: {'; '.join(told)}"


def _describe(rows: Table, lever: str) -> str:
    parts = []
    for row in rows.to_dict("records"):
        parts.append(
            f"{_name(row['outcome']).lower()} {row['mean']:+.2f} "
            f"({row['low']:+.2f} to {row['high']:+.2f}; {_tell_sets(row) or 'one set'})"
        )
    money: Any = rows[MONEY].iloc[0] if MONEY in rows else np.nan
    parts += [f"money {money:+,.0f} USD per organization and year"] if np.isfinite(money) else []
    return f"{name_setting(lever)}: {', '.join(parts)}"
