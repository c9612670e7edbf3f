"""The tables of a report as rows of text: verdicts, differences, where runs part, what a figure shows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.figures.labels import tell_open
from sim.report.reading import Material
from sim.report.sentences import count_pairs
from sim.report.verdicts import VARIES
from sim.results.contrasts import TOTALS
from sim.results.scenario import ends_awards
from sim.results.verdict import THRESHOLD, UNKNOWN
from sim.schema.columns import Column, column

if TYPE_CHECKING:
    from sim.figures.figure import Table

SIGNS = {"grows": "▲", "holds": "■", "fragments": "▼", "undecided": "◇", VARIES: "◇", "more": "▲", "less": "▼"}
SIGNS |= dict.fromkeys(UNKNOWN, "○")
SHOWN = (
    "collaboration_end",
    "effective_change",
    "coverage_end",
    "served_end",
    "not_served_end",
)  # outcomes; the others are in the download
MOST_IN_FILE = 400  # rows of a download by month
MOST_ROWS = 60  # of a figure's data; the rest is in the tables of the folder


@dataclass(frozen=True)
class Grid:
    """A table as text: `heads` with the names of columns, `rows` of cells, `numeric` the columns that hold numbers.

    `signs` gives a row the symbol before its second cell; `note` stands below.
    """

    caption: str
    heads: list[str]
    rows: list[list[str]]
    numeric: list[bool] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    note: str = ""


def grid_verdicts(material: Material, summary: Table) -> Grid:
    """Return one row a setting: verdict, how many runs, change with its interval, coverage beside it."""
    rows, signs = [], []
    for row in summary.to_dict("records"):
        rows.append([row["regime"], *_tell_verdict(row), show_mean(row["collaboration_end"], 2)])
        rows[-1].append(show_mean(row["coverage_end"], 2))
        signs.append(SIGNS.get(row["verdict"], ""))
    heads = [
        "Setting",
        "Verdict",
        "Runs that grow / hold / fragment",
        "Change in collaboration",
        "Collaboration at the end",
    ]
    over = " over all its scenarios" if material.scenario_columns else ""
    return Grid(
        f"Verdict of each setting{over}", [*heads, "Coverage at the end"], rows, [False] * 2 + [True] * 4, signs,
        "Collaboration is the share of pairs of organizations that share a coalition, coverage the share of service "
        "populations with a provider inside one. Change: mean of the last 12 months less that of months 1 to 12, in "
        "brackets its 95 % interval, whose unit is a run. A setting grows or fragments where the whole interval lies "
        f"beyond ±{THRESHOLD:g}, holds where it lies between, and is undecided else. It varies where it grows in "
        "some scenarios and fragments in others; the change is then the range of the scenarios' means."
        + _tell_repeats(summary),
    )  # fmt: skip


def _tell_repeats(summary: Table) -> str:
    """Say how many runs are left out of verdicts, as copies of others."""
    n = int(summary["n_repeats"].sum()) if "n_repeats" in summary else 0
    told = "1 run that repeats another one is" if n == 1 else f"{n:,} runs that repeat other ones are"
    return f" {told} not counted: what the design varies changes nothing there." if n else ""


def _tell_verdict(row: dict[str, Any]) -> tuple[str, str, str]:
    """Return verdict, numbers of runs and change of one setting as text; what is not known is a dash."""
    verdict, n = row["verdict"], row.get("n_judged", row["n_runs"])
    if math.isnan(row["change_mean"]):
        return verdict, "—", "—"
    counts = " / ".join(f"{row[f'{name}_share'] * n:,.0f}" for name in ("grows", "holds", "fragments"))
    if verdict == VARIES:
        return verdict, counts, f"{_signed(row['range_low'], 2)} to {_signed(row['range_high'], 2)} between scenarios"
    if verdict == "undecided":
        verdict = f"{verdict}: {tell_open(row['change_low'], row['change_high'])}"
    return verdict, counts, _interval(row["change_mean"], row["change_low"], row["change_high"])


def grid_totals(material: Material) -> Grid | None:
    """Return one row a setting: people served and not served a month, and what became of the money, means over runs."""
    names = [name for name in TOTALS if name in material.runs.columns]
    if not names:
        return None
    means = material.runs.groupby("regime", sort=False)[names].mean()
    rows = [[str(setting), *(show_mean(row[name], 0) for name in names)] for setting, row in means.iterrows()]
    heads = [f"{entry.label} ({entry.unit})" for entry in (find_column(name) for name in names)]
    return Grid(
        "People and money of each setting", ["Setting", *heads], rows, [False] + [True] * len(names), [],
        "Means over runs. People: a month, over the last 12 months. Money: of the whole run and field. Budgeted is "
        "what the rounds could give out; it is awarded or stays unspent, and what is awarded late is paid after the "
        f"end of the run. {_tell_ended(material)}Settings with the same budget need not pay out the same.",
    )  # fmt: skip


def _tell_ended(material: Material) -> str:
    """Say that awards that a shock ends are never paid in full; nothing where no shock of that kind can strike."""
    return "Of awards that a cut ends, the rest is never paid. " if ends_awards(material.manifest) else ""


def grid_designs(material: Material) -> Grid | None:
    """Return what each choice among regimes, shocks and fields is: its label and the comment that opens its file."""
    described = material.manifest.get("descriptions") or {}
    labels = material.manifest.get("labels") or {}
    rows = [
        [str(labels.get(group, {}).get(word) or word), group, str(text), str(word)]
        for group, found in described.items()
        for word, text in found.items()
        if not _is_changed(material.manifest, group)
    ]
    heads = ["Design", "Kind", "What it is", "Name"]
    return Grid("What each design is", heads, rows, [False] * 4) if rows else None


def _is_changed(manifest: dict[str, Any], group: str) -> bool:
    """Say whether a choice may be another one than its file describes, since single numbers of its group are set."""
    designs = [manifest.get("design") or {}, *(block.get("design") or {} for block in manifest.get("blocks") or [])]
    names = [*(manifest.get("overrides") or []), *(manifest.get("varied") or {})]
    for design in designs:
        names += [*(design.get("vary") or {}), *(name for case in design.get("cases") or [] for name in case)]
        names += (design.get("sample") or {}).get("over") or {}
    return any(str(name).lstrip("+~").startswith(f"{group}.") for name in names)


def show_mean(value: float, digits: int) -> str:
    """Return a mean as text, a dash where it is not known."""
    return "—" if math.isnan(value) else f"{value:,.{digits}f}"


def find_column(name: str) -> Column:
    """Return the entry of a column of the table of runs."""
    return column(name, "runs")


def grid_differences(material: Material, differences: Table) -> Grid | None:
    """Return one row a setting and outcome: the difference to the reference on the same seeds, in words and numbers.

    None where no pair of runs has an end to compare.
    """
    rows, signs = [], []
    for row in differences[differences["outcome"].isin(SHOWN)].to_dict("records"):
        side = "more" if row["low"] > 0 else "less" if row["high"] < 0 else "undecided"
        is_same = row["mean"] == row["low"] == row["high"] == 0
        more, less, n = count_pairs(material, row)
        told = "the same" if is_same else "one pair" if math.isnan(row["low"]) else side
        if math.isnan(row["mean"]):
            continue
        entry = find_column(row["outcome"])
        change = _interval(row["mean"], row["low"], row["high"], 3 if entry.unit in ("share", "groups") else 1)
        name = f"{entry.label} ({entry.unit})"
        rows.append([row["regime"], told, name, change, f"{more:,} / {less:,} of {n:,}"])
        signs.append("■" if is_same else SIGNS[side])
    if not rows:
        return None
    reference = material.settings[0]
    unit = "a seed, with its mean over all scenarios" if material.scenario_columns else "a seed"
    unit = unit if material.unit == "seed" else "a scenario"
    counted = "it is over scenarios and seeds together" if material.is_sampled else f"its unit is {unit}"
    return Grid(
        f"Differences to {reference} on the same seeds",
        ["Setting", "Against the reference", "Outcome", "Mean difference", "Pairs with more / less"],
        rows, [False, False, False, True, True], signs,
        f"In brackets the 95 % interval; {counted}. Undecided: the interval crosses zero. A pair is two runs "
        "with the same luck, one of each setting.",
    )  # fmt: skip


def grid_partings(partings: Table) -> Grid:
    """Return one row a setting and seed: the month and the event where its run parts from that of the reference."""
    rows = [
        [row["regime"], str(row["seed"]), *(_month(row[name]) for name in ("numbers_month", "month")),
         row["event"] or "—", row["reference_event"] or "—"]
        for row in partings.to_dict("records")
    ]  # fmt: skip
    heads = ["Setting", "Seed", "Month of the first other number", "Month of the first other event"]
    return shorten(
        Grid(
            "Where each pair of runs parts",
            [*heads, "Event", "In the reference instead"],
            rows,
            [False, *[True] * 3, False, False],
        )
    )


def grid_frame(caption: str, frame: Table) -> Grid:
    """Return what a figure shows as a table: numbers with three decimals where they are not whole."""
    frame = thin(frame, MOST_ROWS)
    if "outcome" in frame.columns:
        frame = frame.assign(outcome=frame["outcome"].map(_name_outcome))
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    rows = [[show(value) for value in row] for row in frame.itertuples(index=False)]
    return shorten(Grid(caption, [_name_head(str(name)) for name in frame.columns], rows, numeric))


def thin(frame: Table, most: int = MOST_IN_FILE) -> Table:
    """Return a table by month, long or wide, with one month a year alone; every other one as it is."""
    by_month = [name for name in frame.columns if str(name).startswith("month_")]
    if by_month and most < MOST_IN_FILE:
        dropped = [name for name in by_month if int(str(name).removeprefix("month_")) % 12]
        return frame.drop(columns=dropped)
    axis = next((name for name in ("month", "age_months") if name in frame.columns), None)
    return frame if len(frame) <= most or axis is None else frame[frame[axis] % 12 == 0]


def _name_head(name: str) -> str:
    if name[:1] == "p" and name[1:].isdigit():  # a quantile
        return f"{int(name[1:])} %"
    words = {"regime": "setting"}.get(name, name).replace("_", " ")
    return words[:1].upper() + words[1:]


def _name_outcome(name: str) -> str:
    try:
        return find_column(name).label
    except KeyError:
        return name


def shorten(grid: Grid) -> Grid:
    """Return a table of `MOST_ROWS` rows at most, with a note where there were more."""
    if len(grid.rows) <= MOST_ROWS:
        return grid
    note = f"The first {MOST_ROWS} of {len(grid.rows):,} rows."
    return Grid(grid.caption, grid.heads, grid.rows[:MOST_ROWS], grid.numeric, grid.signs[:MOST_ROWS], note)


def show(value: Any) -> str:
    """Return one value as text; what is missing is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(show, value)) or "none"
    if isinstance(value, float) and abs(value) < 1000:
        return f"{value:.3g}" if abs(value) < 0.001 and value else f"{value:.3f}".rstrip("0").rstrip(".")
    return f"{value:,.0f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _month(value: float) -> str:
    return "never" if math.isnan(value) else f"{value:.0f}"


def _interval(mean: float, low: float, high: float, digits: int = 2) -> str:
    told = _signed(mean, digits)
    return told if math.isnan(low) else f"{told} [{_signed(low, digits)}, {_signed(high, digits)}]"


def _signed(value: float, digits: int) -> str:
    rounded = round(value, digits) + 0.0  # no minus before a nought
    return f"{rounded:+.{digits}f}".replace("-", "−") if rounded else f"{rounded:.{digits}f}"
