"""The decision table: what each lever does to cohesion, coverage and money, and in how many parameter sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import fold, join_words, name_value, tell_change, tell_share
from sim.figures.phrases import find_factors, find_outcome, find_parameter, lower, name_levers
from sim.figures.style import BLACK, BLUE, DARK, NARROW

MOST_NAMED = 3  # levers in one part of the title
LONGEST_NAME = 40  # letters of a lever's name in the title
MONEY = "usd_difference"
PLAIN = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # behind words that cross the line of zero


def plot_levers(levers: Table, origin: Origin, labels: dict[str, dict[str, str]] | None = None) -> Figure:
    """Return a row a lever, a column an outcome: the difference to the reference with its interval, words beside it.

    ``levers``: lever, reference, outcome, mean, low, high, better_share (of parameter sets in which the outcome moves
    the wanted way), usd_difference (per organization and year); one row a lever and outcome. Levers stand in the order
    of what they do to the first outcome. labels: see ``labels`` in a manifest.
    """
    table = levers.reset_index(drop=True)
    outcomes = list(dict.fromkeys(table["outcome"]))
    first = table[table["outcome"] == outcomes[0]]
    names = list(dict.fromkeys([*first.sort_values("mean", ascending=False, kind="stable")["lever"], *table["lever"]]))
    called = name_levers([*map(str, names), *map(str, table.get("reference", []))], labels or {})
    reference = called[table["reference"].iloc[0]] if "reference" in table else "the reference"
    has_money = MONEY in table and bool(table[MONEY].notna().any())
    factors = find_factors([*map(str, names), *map(str, table.get("reference", []))])

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        n_panels = len(outcomes) + has_money
        shape = (n_panels, 1) if is_narrow else (1, n_panels)
        panels = list(canvas.subplots(*shape, sharey=not is_narrow, squeeze=False).flat)
        for at, axes in enumerate(panels):
            if at < len(outcomes):
                label, unit = find_outcome(str(outcomes[at]))
                _draw_outcome(axes, table[table["outcome"] == outcomes[at]], names)
                axes.set_title(fold(label, 36 if is_narrow else 18), fontsize=9.5)
                axes.set_xlabel(fold(f"Difference ({unit})" if unit else "Difference", 40 if is_narrow else 16))
            else:
                _draw_money(axes, table.drop_duplicates("lever").set_index("lever")[MONEY], names)
            axes.set_yticks(
                range(len(names)), [fold(called[one], 18 if is_narrow else 22) for one in names], fontsize=8.5
            )
            axes.set_ylim(len(names) - 0.35, -0.65)
            axes.tick_params(axis="y", length=0, labelleft=is_narrow or at == 0)
            axes.spines["left"].set_visible(False)
        panels[0].set_ylabel("Lever")

    meant = "; ".join(lower(find_parameter(one)[0]) for one in factors)
    title, short = _tell(first, called, reference)
    return Figure(
        name="levers",
        title=title,
        short=short,
        subtitle=f"Each lever against {reference}, on the same parameter sets and seeds; "
        f"most {_name(outcomes[0])} first." + (f" Varied: {meant}." if meant else ""),
        spread="Dot and bar: mean difference, 95 % interval over parameter sets and seeds. "
        "Words: how many sets go that way.",
        note="▲ more, ▼ less, ○ unclear: the interval contains zero. An outcome has no good end of its own.",
        alt="Table as a picture. "
        + "; ".join(_describe(table[table["lever"] == one], called[one]) for one in names)
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
    return lower(find_outcome(str(outcome))[0])


def _tell(rows: Table, called: dict[Any, str], reference: str) -> tuple[str, str]:
    """Return the title, and a shorter one: under which levers the first outcome clearly differs. rows: of that one."""
    outcome = _name(rows["outcome"].iloc[0])
    long, short = [], []
    for word, verb, symbol in (
        ("more", "is higher", "▲"),
        ("less", "is lower", "▼"),
        ("no clear difference in", "", "○"),
    ):
        found = [row for row in rows.to_dict("records") if judge_difference(row) == symbol]
        found.sort(key=lambda row: -abs(row["mean"]))
        listed = [_cut(called[row["lever"]]) for row in found]
        if not listed:
            continue
        if verb:
            short.append(f"{verb} under {listed[0] if len(listed) == 1 else f'{len(listed)} of {len(rows)} levers'}")
        elif short:
            short.append(f"not clearly different under {len(listed)} other{'s' if len(listed) > 1 else ''}")
        else:
            short.append(f"is not clearly different under any of {len(rows)} levers")
        if len(listed) > MOST_NAMED:
            most = _tell_most(found, listed) if symbol != "○" else ""
            listed = [f"{len(listed)} of {len(rows)} levers{most}"]
        long.append(f"{word} {outcome} under {join_words(listed)}")
    return f"Against {_cut(reference)}: {'; '.join(long)}", f"{outcome[:1].upper()}{outcome[1:]} {', '.join(short)}"


def _tell_most(found: list[dict[Any, Any]], listed: list[str]) -> str:
    """Return which lever goes furthest, where its interval is apart from the next one's; the furthest comes first."""
    first, second = found[:2]
    is_apart = first["low"] > second["high"] or first["high"] < second["low"]
    return f", most under {listed[0]} ({first['mean']:+.2f})" if is_apart else ""


def _cut(name: str) -> str:
    """Return a name that fits into a title."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME].rpartition(' ')[0].rstrip(' ,;')} …"


def _describe(rows: Table, lever: str) -> str:
    parts = []
    for row in rows.to_dict("records"):
        parts.append(
            f"{_name(row['outcome'])} {row['mean']:+.2f} "
            f"({row['low']:+.2f} to {row['high']:+.2f}; {_tell_sets(row) or 'one set'})"
        )
    money: Any = rows[MONEY].iloc[0] if MONEY in rows else np.nan
    parts += [f"money {money:+,.0f} USD per organization and year"] if np.isfinite(money) else []
    return f"{lever}: {', '.join(parts)}"
