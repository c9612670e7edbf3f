"""Collaboration over time: the median run of each regime, the spread over runs, and some runs themselves."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import (
    SHORT_TITLE,
    choose_title,
    explain_column,
    find_design,
    fold,
    name_axis,
    name_setting,
    tell_change,
    tell_open,
)
from sim.figures.observations import draw_observations, tell_observations
from sim.figures.pairs import compare_settings, tell_contrast
from sim.figures.style import BLUE, MIDDLE, NARROW, darken
from sim.figures.timeline import compute_spread, draw_band, explain_spread, finish_months, pick_paths, tell_marks
from sim.results.summaries import summarise
from sim.results.verdict import NO_PAIR, THRESHOLD, TOO_SHORT, explain_unknown
from sim.schema.columns import END_MONTHS, START_MONTHS, column

N_PATHS = {1: 8}  # sample paths in a panel, by panels
FEW_PATHS = 4
PHRASES = {"grows": "grows", "holds": "holds", "fragments": "fragments"}


def plot_fan(months: Table, runs: Table, origin: Origin, name: str = "collaboration_share") -> Figure:
    """Return the figure of column `name` over time, a panel a regime, with the medians of the others in grey.

    ``months`` has one row a run and month; ``runs`` one row a run, for the title: what differs between regimes is told
    from paired differences, never from one verdict beside another.
    """
    spread = compute_spread(months, name)
    n_regimes, last = spread["regime"].nunique(), int(months["month"].max())
    n_paths = N_PATHS.get(n_regimes, FEW_PATHS)
    paths = pick_paths(months, name, n_paths)
    pooled = _count_points(runs)

    def draw(canvas: Canvas) -> None:
        n_rows, n_columns = _find_grid(n_regimes, canvas.get_figwidth())
        panels = list(canvas.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).flat)
        tables = dict(list(spread.groupby("regime", sort=False, observed=True)))
        room = (canvas.get_figwidth() - 0.8) / n_columns - 0.2
        for at, (axes, (regime, table)) in enumerate(zip(panels, tables.items(), strict=False)):
            for other in (one for name_, one in tables.items() if name_ != regime):
                axes.plot(other["month"], other["p50"], color=MIDDLE, linewidth=0.7)
            draw_band(axes, table, paths[regime], BLUE, "-")
            if n_regimes > 1:
                letters = max(12, int(room / 0.085))
                axes.set_title(fold(name_setting(str(regime)), letters), weight="bold", color=darken(BLUE), fontsize=9)
            draw_observations(axes, origin, name)
            finish_months(axes, last, origin, room)
            is_lowest = at + n_columns >= n_regimes
            axes.set_xlabel(fold(axes.get_xlabel(), max(14, int(room / 0.075))) if is_lowest else "")
            axes.tick_params(labelbottom=is_lowest)  # also where the panel below is left out
            axes.set_ylabel("" if at % n_columns else fold(name_axis(name), 22))
        panels[0].set_ylim(bottom=max(0.0, panels[0].get_ylim()[0]))
        for axes in panels[n_regimes:]:
            axes.remove()

    entry = column(name)
    titles = _tell(runs, months, name, pooled)
    pools = f" Each panel pools {pooled} settings of the design." if pooled > 1 else ""
    return Figure(
        name="collaboration",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle=f"{entry.label} ({entry.unit}), by month." + pools,
        spread=explain_spread(spread, n_paths) + (" Grey: medians of the others." if n_regimes > 1 else ""),
        note=f"{explain_column(name)}. {_explain(last)}{tell_marks(origin, last)}"
        + tell_observations(origin, spread, name),
        alt=_describe(spread, entry.label, last),
        table=spread,
        origin=origin,
        draw=draw,
        height=lambda width: _find_height(n_regimes, width),
    )


def _count_points(runs: Table) -> int:
    """Return how many points of a design a regime's runs come from, of the regime with most."""
    design = find_design(runs)
    if not design:
        return 1
    return int(runs.drop_duplicates(["regime", *design]).groupby("regime", sort=False).size().max())


def _find_grid(n: int, width: float) -> tuple[int, int]:
    most = max(1, int(width / 1.8)) if n > 3 else max(1, int(width / 2.4))
    n_rows = math.ceil(n / most)
    return n_rows, math.ceil(n / n_rows)


def _find_height(n: int, width: float) -> float:
    if n == 1:
        return 0.5 * width if width >= NARROW else 2.7
    return 1.95 * _find_grid(n, width)[0] + 0.5


def _explain(last: int) -> str:
    if last < START_MONTHS + END_MONTHS:
        return f"Too short for a verdict, which compares the last {END_MONTHS} months with months 1–{START_MONTHS}."
    return f"Verdict on a run: last {END_MONTHS} months less months 1–{START_MONTHS}, against ±{THRESHOLD:g}."


def _tell(runs: Table, months: Table, name: str, pooled: int) -> list[str]:
    """Return titles, the fullest first."""
    if runs["regime"].nunique() > 1:
        if pooled > 1:
            return _tell_pooled(runs, pooled)
        if runs["collaboration_end"].isna().all():
            short = f"Runs of {int(months['month'].max())} months are too short to compare what they end with"
            return [short]
        compared = compare_settings(runs, "collaboration_end")
        return tell_contrast(
            compared,
            str(runs["regime"].iloc[0]),
            "more pairs share a coalition at the end",
            "more pairs together at the end",
        )
    if pooled > 1:
        return _tell_pooled(runs, pooled)
    regime, last = name_setting(str(runs["regime"].iloc[0])), int(months["month"].max())
    row = summarise(SimpleNamespace(runs=runs)).iloc[0]
    if row["verdict"] == NO_PAIR:
        told = explain_unknown(NO_PAIR)
        return [f"{regime}: {told}", f"{told[:1].upper()}{told[1:]}"]
    if row["verdict"] == TOO_SHORT or last < START_MONTHS + END_MONTHS:
        ends = months[months["month"].isin([0, last])].groupby("month")[name].mean()
        told = f"from {ends.iloc[0]:.2f} to {ends.iloc[-1]:.2f} of pairs in {last} months"
        return [f"{regime}: {told}, too short for a verdict", f"{told[:1].upper()}{told[1:]}, too short for a verdict"]
    told = f"from {row['collaboration_end'] - row['change_mean']:.2f} to {row['collaboration_end']:.2f} of pairs"
    if row["verdict"] in PHRASES:
        short = f"Collaboration {PHRASES[row['verdict']]}, {told}"
        return [
            f"{regime}: collaboration {PHRASES[row['verdict']]}, {told}{_count(row)}",
            f"{regime}: {short[:1].lower()}{short[1:]}",
            short,
        ]
    short = f"Collaboration {tell_open(row['change_low'], row['change_high'])}, {told}"
    return [f"{regime}: {short[:1].lower()}{short[1:]}", short, f"Collaboration, {told}: the change is open"]


def _tell_pooled(runs: Table, pooled: int) -> list[str]:
    """Return titles for a design: the range of mean changes over its settings, which a mean over them would hide."""
    if runs["collaboration_change"].isna().all():
        return [f"Collaboration in {pooled} settings of the design; the runs are too short to judge a change"]
    cells = runs.groupby(["regime", *find_design(runs)], sort=False, dropna=False)["collaboration_change"].mean()
    spans = cells.groupby("regime", sort=False).agg(["min", "max"])
    told = f"The mean change over {pooled} settings of the design runs"
    whole = f"from {tell_change(spans['min'].min())} to {tell_change(spans['max'].max())}"
    parts = [
        f"{tell_change(row['min'])} to {tell_change(row['max'])} under {name_setting(str(regime))}"
        for regime, row in spans.iterrows()
    ]
    return [
        f"{told} from {', '.join(parts)}",
        f"{told} {whole}, by setting and regime",
        f"Mean change over settings: {whole}",
    ]


def _count(row: Any) -> str:
    """Return in how many runs a verdict holds; nothing where a single run says it all."""
    if row["n_runs"] == 1 or f"{row['verdict']}_share" not in row:
        return ""
    return (
        f"; it {row['verdict']} in {row[row['verdict'] + '_share'] * row['n_judged']:.0f} of {row['n_judged']:.0f} runs"
    )


def _describe(spread: Table, label: str, last: int) -> str:
    parts = []
    for regime, table in spread.groupby("regime", sort=False, observed=True):
        first, end = table.iloc[0], table.iloc[-1]
        told = f"under {name_setting(str(regime))} the median goes from {first['p50']:.2f} to {end['p50']:.2f}"
        parts.append(
            f"{told}, nine of ten runs end between {end['p05']:.2f} and {end['p95']:.2f}" if end["n_runs"] > 1 else told
        )
    return f"Line charts of {label.lower()} over {last} months: {'; '.join(parts)}."
