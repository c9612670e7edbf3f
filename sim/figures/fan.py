"""Collaboration over time: the median run of each regime, the spread over runs, and some runs themselves."""

from __future__ import annotations

import itertools
import math
from typing import Any

from matplotlib.figure import Figure as Canvas

from sim.columns import END_MONTHS, START_MONTHS, column
from sim.contrasts import compute_differences
from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import explain_column, fold, join_words, name_axis, name_setting
from sim.figures.observations import draw_observations, tell_observations
from sim.figures.style import BLUE, MIDDLE, NARROW, SERIES, darken
from sim.figures.timeline import (
    N_PATHS,
    compute_spread,
    draw_band,
    draw_together,
    explain_spread,
    finish_months,
    pick_paths,
)
from sim.tables import THRESHOLD, UNKNOWN, explain_unknown

PHRASES = {"grows": "grows", "holds": "holds", "fragments": "fragments", "undecided": "is undecided"}
PHRASES |= {one: f"cannot be judged ({one})" for one in UNKNOWN}
MOST_NAMED = 5  # settings in a title; more are counted


def plot_fan(months: Table, summary: Table, origin: Origin, name: str = "collaboration_share") -> Figure:
    """Return the figure of column `name` over time, by regime.

    ``months`` has one row a run and month; ``summary`` one row a regime (`sim.tables.summarise`), for the title.
    Up to three regimes share one panel; more get one each, with the medians of the others in grey.
    """
    spread = compute_spread(months, name)
    n_regimes, last = spread["regime"].nunique(), int(months["month"].max())
    n_paths = N_PATHS.get(n_regimes, 4)
    paths = pick_paths(months, name, n_paths)

    def draw(canvas: Canvas) -> None:
        width = canvas.get_figwidth()
        if n_regimes <= len(SERIES):
            panels = [canvas.subplots()]
            draw_together(panels[0], spread, paths, width, 3.6 if width >= NARROW else 2.4)
        else:
            panels = _draw_apart(canvas, spread, paths)
        for axes in panels:
            draw_observations(axes, origin, name)
            axes.set_ylim(bottom=max(0.0, axes.get_ylim()[0]))
            finish_months(axes, last, origin)
            axes.set_ylabel(fold(name_axis(name), 30))
            if len(panels) > 1:
                axes.label_outer()

    entry = column(name)
    how = "95 % interval of the mean " if summary["n_runs"].max() > 1 else ""
    return Figure(
        name="collaboration",
        title=_tell(summary, months),
        subtitle=f"{entry.label} ({entry.unit}), by month",
        spread=explain_spread(spread, n_paths) + (" Grey: medians of the others." if n_regimes > len(SERIES) else ""),
        note=f"{explain_column(name)}. Verdict: last 12 months less months 1–12, {how}against ±{THRESHOLD:g}."
        + tell_observations(origin, spread, name),
        alt=_describe(spread, entry.label, last),
        table=spread,
        origin=origin,
        draw=draw,
        height=lambda width: (
            (0.55 * width if width >= NARROW else 2.9) if n_regimes <= 3 else _find_height(n_regimes, width)
        ),
    )


def _find_grid(n: int, width: float) -> tuple[int, int]:
    n_columns = min(n, max(2, int(width / 1.8)))
    n_rows = math.ceil(n / n_columns)
    return n_rows, math.ceil(n / n_rows)


def _find_height(n: int, width: float) -> float:
    return 1.95 * _find_grid(n, width)[0] + 0.4


def _draw_apart(canvas: Canvas, spread: Table, paths: dict[Any, Table]) -> list[Any]:
    tables = dict(list(spread.groupby("regime", sort=False, observed=True)))
    grid = _find_grid(len(tables), canvas.get_figwidth())
    panels = list(canvas.subplots(*grid, sharex=True, sharey=True, squeeze=False).flat)
    for axes, (regime, table) in zip(panels, tables.items(), strict=False):
        for other in tables.values():
            axes.plot(other["month"], other["p50"], color=MIDDLE, linewidth=0.7)
        draw_band(axes, table, paths[regime], BLUE, "-")
        axes.set_title(fold(name_setting(str(regime)), 20), weight="bold", color=darken(BLUE))
    for axes in panels[len(tables) :]:
        axes.remove()
    return panels[: len(tables)]


def _tell(summary: Table, months: Table) -> str:
    if len(summary) == 1:
        row = summary.iloc[0]
        if row["verdict"] in UNKNOWN:
            return f"{name_setting(row['regime'])}: {explain_unknown(row['verdict'])}"
        start = row["collaboration_end"] - row["change_mean"]
        told = f"{name_setting(row['regime'])}: collaboration {PHRASES[row['verdict']]}"
        return f"{told}, from {start:.2f} to {row['collaboration_end']:.2f} of pairs{_count(row)}"
    if len(summary) <= MOST_NAMED and (told := _tell_contrast(summary, months)):
        return told
    parts = []
    for verdict, phrase in PHRASES.items():
        regimes = [name_setting(regime) for regime in summary.loc[summary["verdict"] == verdict, "regime"]]
        if regimes:
            listed = join_words(regimes) if len(summary) <= MOST_NAMED else f"{len(regimes)} of {len(summary)} settings"
            parts.append(f"{phrase} under {listed}")
    return f"Collaboration {'; '.join(parts)}"


def _tell_contrast(summary: Table, months: Table) -> str:
    """Return a title from paired differences, "" where the verdicts of the regimes may be set against each other.

    That they may where each two regimes of different verdicts differ by more than chance on the same seeds, in their
    change and to the same side at the end: "fragments under A, undecided under B" alone shows no difference.
    """
    runs = _find_ends(months)
    verdicts = dict(zip(summary["regime"].astype(str), summary["verdict"], strict=True))
    names = [name for name in dict.fromkeys(runs["regime"].astype(str)) if name in verdicts]
    pairs = [(a, b) for a, b in itertools.combinations(names, 2) if verdicts[a] != verdicts[b]]
    if runs["seed"].nunique() < 2 or all(_is_apart(runs, *pair) for pair in pairs):
        return ""
    differences = compute_differences(runs[runs["regime"].astype(str).isin(names)], ("collaboration_end",))
    more, less, unclear = "more collaboration at the end", "less collaboration at the end", "no clear difference"
    sides: dict[str, list[str]] = {more: [], less: [], unclear: []}
    for row in differences.to_dict("records"):
        sides[more if row["low"] > 0 else less if row["high"] < 0 else unclear].append(name_setting(row["regime"]))
    if not sides[more] and not sides[less]:
        return f"No clear difference in collaboration at the end between {join_words([*map(name_setting, names)])}"
    told = [f"{side} under {join_words(found)}" for side, found in sides.items() if found]
    return f"Against {name_setting(names[0])}: {'; '.join(told)}"


def _find_ends(months: Table) -> Table:
    """Return one row a regime and seed: collaboration at the end and its change, means over runs of that seed."""
    last, by = int(months["month"].max()), ["regime", "seed"]
    share = months.set_index(by)["collaboration_share"]
    month = months["month"].to_numpy()
    end = share[month > last - END_MONTHS].groupby(level=by, sort=False, observed=True).mean()
    start = share[(month >= 1) & (month <= START_MONTHS)].groupby(level=by, sort=False, observed=True).mean()
    return end.to_frame("collaboration_end").assign(collaboration_change=end - start).reset_index()


def _is_apart(runs: Table, reference: str, setting: str) -> bool:
    """Whether two regimes differ in their change on the same seeds, and to the same side at the end."""
    pair = runs[runs["regime"].astype(str).isin([reference, setting])]
    change, end = (compute_differences(pair, (name,)).iloc[0] for name in ("collaboration_change", "collaboration_end"))
    return bool((change["low"] > 0 and end["mean"] > 0) or (change["high"] < 0 and end["mean"] < 0))


def _count(row: Any) -> str:
    """Return in how many runs a verdict holds; nothing where a single run says it all."""
    if row["n_runs"] == 1 or f"{row['verdict']}_share" not in row:
        return ""
    return f"; it {row['verdict']} in {row[row['verdict'] + '_share'] * row['n_judged']:.0f} of {row['n_runs']} runs"


def _describe(spread: Table, label: str, last: int) -> str:
    parts = []
    for regime, table in spread.groupby("regime", sort=False, observed=True):
        first, end = table.iloc[0], table.iloc[-1]
        told = f"under {name_setting(str(regime))} the median goes from {first['p50']:.2f} to {end['p50']:.2f}"
        parts.append(
            f"{told}, nine of ten runs end between {end['p05']:.2f} and {end['p95']:.2f}" if end["n_runs"] > 1 else told
        )
    return f"Line chart of {label.lower()} over {last} months: {'; '.join(parts)}."
