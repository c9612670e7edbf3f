"""Beside cohesion: how many people are served, how many are not, and how many populations are covered."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import SHORT_TITLE, choose_title, count_lines, find_design, fold, join_words, name_setting
from sim.figures.observations import draw_observations, tell_observations
from sim.figures.pairs import compare_settings, is_clear
from sim.figures.style import BLACK, BLUE, DARK, NARROW, SERIES
from sim.figures.timeline import LINE_INCHES, compute_spread, finish_months, label_ends, tell_marks
from sim.schema.columns import END_MONTHS

NEEDED = ("arrivals", "served", "not_served", "coverage_share")
SMALLEST = 1e-9  # a difference below this is the rounding of a computer


class Outcome(NamedTuple):
    """One panel: a column of the tables made here, its label, and how a number of it is written."""

    name: str
    label: str
    unit: str
    form: str


OUTCOMES = (
    Outcome("served", "People served", "people a month", ",.0f"),
    Outcome("not_served", "People not served", "people a month", ",.0f"),
    Outcome("coverage_share", "Coverage", "share of populations", ".2f"),
)


def plot_people(months: Table, runs: Table, origin: Origin) -> Figure:
    """Return people served, people not served and coverage by regime.

    ``months`` has one row a run and month; ``runs`` one row a run, from which the design is read. Up to three regimes
    are shown over time, as means; of two or more the paired differences to the first stand beside, with intervals.
    """
    monthly = months[months["month"] > 0]  # nobody is served before the first month
    ends = compute_ends(monthly, runs)
    regimes, design = list(dict.fromkeys(ends["regime"])), find_design(runs)
    means = monthly.groupby(["regime", "month"], sort=False, observed=True)[[one.name for one in OUTCOMES]].mean()
    spans = _span(monthly) if len(regimes) == 1 else None
    contrasts = {one.name: compare_settings(ends, one.name, design) for one in OUTCOMES} if len(regimes) > 1 else {}
    is_over_time = len(regimes) <= len(SERIES)
    last, n_runs = int(months["month"].max()), int(ends.groupby("regime", observed=True).size().min())

    def draw(canvas: Canvas) -> None:
        width = canvas.get_figwidth()
        n_columns = 1 + int(bool(contrasts) and is_over_time and width >= NARROW)
        kinds = ([_draw_time] if is_over_time else []) + ([_draw_contrast] if contrasts else [])
        grid = (len(OUTCOMES) * len(kinds) // n_columns, n_columns)
        options: dict[str, Any] = {"width_ratios": [1.1, 1]} if n_columns == 2 else {}
        panels = canvas.subplots(*grid, squeeze=False, **options)
        for at, outcome in enumerate(OUTCOMES):
            for place, draw_panel in enumerate(kinds):
                axes = panels[at, place] if n_columns == 2 else panels[at * len(kinds) + place, 0]
                if draw_panel is _draw_time:
                    room = (width - 1.8) / (1.8 if n_columns == 2 else 1)
                    _draw_time(axes, means, spans, outcome, regimes, (width, room))
                    draw_observations(axes, origin, outcome.name)
                    finish_months(axes, last, origin, room)
                    axes.set_xlabel("" if at < len(OUTCOMES) - 1 else fold(axes.get_xlabel(), 30))
                else:
                    _draw_contrast(axes, contrasts[outcome.name], outcome, regimes[0], width)

    table = _make_table(means, ends, contrasts)
    is_short = last < END_MONTHS
    titles = [_tell_short(last), "Runs too short for a result"] if is_short else _tell(ends, contrasts, regimes, design)
    marks = tell_marks(origin, last) if is_over_time else ""
    told = "".join(tell_observations(origin, compute_spread(monthly, one.name), one.name) for one in OUTCOMES)
    return Figure(
        name="people",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle="People served and not served; coverage: populations with a provider inside a coalition",
        spread=_explain(n_runs, regimes, contrasts, is_over_time, last),
        note="Not served: people in need less people served. People in need are all who would seek services if "
        "awareness were complete, the same under every regime on the same seed. "
        f"Coverage shows whom coalitions leave out.{marks}{told}",
        alt=f"Charts of people served, people not served and coverage: {_describe(ends, contrasts, regimes)}.",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: _find_height(width, regimes, is_over_time),
    )


def _find_panel(width: float, regimes: list[Any]) -> float:
    """Return the least height of a panel over time in inches: room for the names of all lines at their ends."""
    lines = sum(count_lines([regime], _find_end_letters(width)) for regime in regimes)
    return max(0.9, LINE_INCHES * lines) if len(regimes) > 1 else 0.9


def _find_end_letters(width: float) -> int:
    return 12 if width < NARROW else 16


def _find_height(width: float, regimes: list[Any], is_over_time: bool) -> float:
    n_regimes = len(regimes)
    tall = max(0.3, 0.14 * count_lines(regimes, _find_letters(width, n_regimes - 1)) + 0.06)
    rows = tall * max(n_regimes - 1, 1) + 0.75
    over_time = _find_panel(width, regimes) + 0.88 if is_over_time else 0.0
    contrasts = rows if n_regimes > 1 else 0.0
    if width >= NARROW:
        return 3 * max(over_time, contrasts) + 0.4
    return 3 * (over_time + contrasts) + 0.6


def compute_ends(months: Table, runs: Table) -> Table:
    """Return one row a run: its means over the last 12 months, and what its design varied."""
    kept = months[months["month"] > months["month"].max() - END_MONTHS]
    names = [*(one.name for one in OUTCOMES), "arrivals"]
    ends = kept.groupby(["regime", "run_id", "seed"], sort=False, observed=True)[names].mean().reset_index()
    design = find_design(runs)
    return ends.merge(runs[["run_id", *design]], on="run_id", how="left") if design else ends


def _span(months: Table) -> Table:
    """Return the 5 and 95 % quantiles over runs, by month and outcome."""
    grouped = months.groupby("month", sort=False)[[one.name for one in OUTCOMES]]
    return pd.concat({"low": grouped.quantile(0.05), "high": grouped.quantile(0.95)}, axis=1)


def _make_table(means: Table, ends: Table, contrasts: dict[str, Table]) -> Table:
    """Return the numbers drawn: means by month, and paired differences."""
    parts = [means.reset_index().assign(shown="mean by month")]
    if contrasts:
        columns = {name: table.set_index("regime")[["mean", "low", "high"]] for name, table in contrasts.items()}
        for part in ("mean", "low", "high"):
            wide = pd.DataFrame({name: table[part] for name, table in columns.items()}).reset_index()
            parts.append(wide.assign(shown=f"difference at the end, {part}"))
    else:
        names = [one.name for one in OUTCOMES]
        for part, share in (("5 % of runs", 0.05), ("95 % of runs", 0.95)):
            found = ends.groupby("regime", sort=False)[names].quantile(share).reset_index()
            parts.append(found.assign(shown=f"at the end, {part}"))
    return pd.concat(parts, ignore_index=True)


def _draw_time(
    axes: Axes, means: Table, spans: Table | None, outcome: Outcome, regimes: list[Any], size: tuple[float, float]
) -> None:
    if spans is not None:
        axes.fill_between(
            spans.index, spans["low"][outcome.name], spans["high"][outcome.name], color=BLUE, alpha=0.15, linewidth=0
        )
    ends = {}
    for (colour, line), regime in zip(SERIES, regimes, strict=False):
        values = means.loc[regime, outcome.name]
        axes.plot(values.index, values, color=colour, linestyle=line, linewidth=1.8)
        ends[regime] = float(values.iloc[-1])
    bottom, top = axes.get_ylim()
    if outcome.unit.startswith("share"):  # a share, or a number of people, on a scale that hides no small difference
        axes.set_ylim(max(0.0, bottom - 0.02), min(1.02, top + 0.02))
    else:
        room = 0.15 * max(top, 1.0)
        axes.set_ylim(max(0.0, bottom - room), top + room)
    axes.set_title(outcome.label, fontsize=9)
    axes.locator_params(axis="y", nbins=4)
    axes.set_ylabel(fold(outcome.unit, 14), fontsize=8.5)
    if len(regimes) > 1:
        width, _ = size
        label_ends(axes, ends, _find_end_letters(width), _find_panel(width, regimes))


def _find_letters(width: float, n_settings: int) -> int:
    return 14 if width < NARROW else 18 if n_settings < 3 else 26


def _draw_contrast(axes: Axes, table: Table, outcome: Outcome, reference: Any, width: float) -> None:
    for height, row in enumerate(table.to_dict("records")):
        if np.isfinite(row["low"]):
            axes.plot([row["low"], row["high"]], [height] * 2, color=BLUE, linewidth=2.5, solid_capstyle="butt")
        axes.plot(row["mean"], height, marker="o", markersize=5.5, color=BLACK, linestyle="none")
    axes.axvline(0, color=DARK, linewidth=0.9)
    if np.nanmax(np.abs(table[["mean", "low", "high"]].to_numpy(float))) < SMALLEST:
        axes.set_xlim(-1, 1)  # no difference at all: an axis of rounding errors would show one
        axes.set_xticks([0])
    letters = _find_letters(width, len(table))
    axes.set_yticks(range(len(table)), [fold(name_setting(one), letters) for one in table["regime"]], fontsize=8)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)
    axes.set_title(
        fold(f"{outcome.label}, less {name_setting(str(reference))}", 34 if width < NARROW else 28), fontsize=9
    )
    axes.set_xlabel(outcome.unit, fontsize=8.5)
    axes.set_ylabel("")


def _explain(n_runs: int, regimes: list[Any], contrasts: dict[str, Table], is_over_time: bool, last: int) -> str:
    time = f"Line: mean of {n_runs} run{'s' if n_runs > 1 else ''}{' of each regime' if len(regimes) > 1 else ''}"
    if not contrasts:
        return f"{time}; band: nine of ten runs." if n_runs > 1 else f"{time}: no spread is shown."
    when = f"the last {END_MONTHS} months" if last > END_MONTHS else f"the {last} months of the runs"
    dots = f"Dot and bar: mean paired difference over {when} to {name_setting(str(regimes[0]))}"
    dots += ", with its 95 % interval." if n_runs > 1 else "; one pair of runs, no interval."
    return f"{time}. {dots}" if is_over_time else dots


def _tell(ends: Table, contrasts: dict[str, Table], regimes: list[Any], design: list[str]) -> list[str]:
    """Return titles, the fullest first; a difference is told only where its paired interval lies apart from zero."""
    if not contrasts:
        means = ends[[one.name for one in OUTCOMES]].mean()
        told = f"{means['served']:,.0f} people a month are served at the end and {means['not_served']:,.0f} are not"
        return [f"{told}; {100 * means['coverage_share']:.0f} % of populations are covered", told]
    reference = name_setting(str(regimes[0]))
    seeking = compare_settings(ends, "arrivals", design).set_index("regime")
    found = []
    for setting in contrasts["served"]["regime"]:
        rows = {name: contrasts[name].set_index("regime").loc[setting].to_dict() for name in ("served", "not_served")}
        if any(map(is_clear, rows.values())):
            found.append((name_setting(setting), rows, seeking.loc[setting].to_dict()))
    if not found:
        told = f"no clear difference to {reference} in people served or not served"
        return [f"At the end {told}", told.capitalize(), "No clear difference in people served or not served"]
    found.sort(key=lambda one: -abs(one[1]["served"]["mean"]))
    phrases = [f"{_tell_both(rows)} under {setting}" for setting, rows, _ in found]
    setting, rows, sought = found[0]
    both = _tell_both(rows)
    reason = f"; {_tell_number(sought, 'seek services').replace(' people', '')}" if is_clear(sought) else ""
    return [
        *([f"Against {reference}, a month: {'; '.join(phrases)}"] if len(found) > 1 else []),
        f"Against {reference}, a month under {setting}: {both}{reason}",
        f"Under {setting}, a month: {both}{reason}",
        f"Under {setting}, a month: {both}",
        f"{both[:1].upper()}{both[1:]}",
    ]


def _tell_short(last: int) -> str:
    months = f"{last} month{'' if last == 1 else 's'}"
    return f"Runs of {months} are too short for a result at the end, which is a mean over {END_MONTHS} months"


def _tell_both(rows: dict[str, dict[str, Any]]) -> str:
    """Return served and not served together: one without the other misleads where fewer people seek services."""
    clear = [
        _tell_number(rows[name], noun)
        for name, noun in (("served", "served"), ("not_served", "not served"))
        if is_clear(rows[name])
    ]
    if len(clear) == 2:
        return f"{clear[0]}, {clear[1].replace(' people', '')}"
    other = "not served" if is_clear(rows["served"]) else "served"
    return f"{clear[0]}, no clear difference in {other}"


def _tell_number(row: dict[str, Any], noun: str) -> str:
    amount = f"{abs(row['mean']):,.0f}" if abs(row["mean"]) >= 0.5 else f"{abs(row['mean']):.1f}"
    return f"{amount} {'more' if row['mean'] > 0 else 'fewer'} people {noun}"


def _describe(ends: Table, contrasts: dict[str, Table], regimes: list[Any]) -> str:
    parts = []
    means = ends.groupby("regime", sort=False)[[one.name for one in OUTCOMES]].mean()
    for regime, row in means.iterrows():
        listed = [f"{one.label.lower()} {format(row[one.name], one.form)}" for one in OUTCOMES]
        parts.append(f"{name_setting(str(regime))} ends with {join_words(listed)}")
    for one in OUTCOMES:
        for row in contrasts[one.name].to_dict("records") if contrasts else ():
            spread = f" (95 % interval {format(row['low'], one.form)} to {format(row['high'], one.form)})"
            spread = spread if np.isfinite(row["low"]) else ""
            told = f"{one.label.lower()} under {name_setting(row['regime'])} differ by {format(row['mean'], one.form)}"
            parts.append(f"{told}{spread} from {name_setting(str(regimes[0]))}")
    return "; ".join(parts)
