"""Summaries of many runs, in tables and in words. Reads tables, never the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.results.contrasts import compute_half_width
from sim.results.verdict import (
    FRAGMENTS,
    GROWS,
    HOLDS,
    NO_PAIR,
    THRESHOLD,
    TOO_SHORT,
    UNDECIDED,
    UNKNOWN,
    VERDICTS,
    WITH,
    explain_unknown,
    judge_changes,
)
from sim.schema.columns import (
    KEYS,
    RUN_COUNTS,
    RUNS,
)

if TYPE_CHECKING:
    from sim.results.store import Results

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet computes where a cell begins with it


_COMPUTED = {entry.name for entry in (*KEYS, *RUNS, *RUN_COUNTS)} - {"run_id"}


def drop_repeats(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the table of runs without those that repeat an earlier one: same setting, same seed, same numbers.

    A parameter that does nothing under a setting (the amount of money where there are no grants) gives the same run
    again and again, and a copy is no further evidence. A run is taken for a copy only where people served at the end
    are known: they are drawn anew for every seed and month, so that two different runs never agree in all numbers.
    """
    names = [name for name in runs.columns if name in _COMPUTED]
    if not {"regime", "seed", "served_end"} <= set(names):
        return runs
    kept: Any = runs[~(runs.duplicated(names) & runs["served_end"].notna())]
    return kept


def drop_repeated_runs(results: Results) -> Results:
    """Return results without the runs that repeat an earlier one, in all tables; see `drop_repeats`."""
    runs = drop_repeats(results.runs)
    if len(runs) == len(results.runs) or "run_id" not in runs.columns:
        return results
    changed = {"runs": runs}
    for name in ("months", "events", "members", "localities"):
        table = getattr(results, name)
        if "run_id" in table.columns:
            changed[name] = table[table["run_id"].isin(runs["run_id"])]
    return dataclasses.replace(results, **changed)


def drop_repeated_points(runs: Any, settings: Iterable[str], points: Iterable[str]) -> Any:
    """Return the table of runs without the points of a design that repeat an earlier one under every setting.

    For what pairs settings point by point, where a run that repeats another is still the partner of one that does not.
    settings, points: the columns whose values make a setting, and a point at which settings are tried. A point repeats
    another where all its runs do, setting by setting and seed by seed, in the sense of `drop_repeats`.
    """
    settings, points = list(settings), list(points)
    if not points or len(drop_repeats(runs)) == len(runs):
        return runs
    names = list(dict.fromkeys([*settings, *(name for name in runs.columns if name in _COMPUTED)]))
    content: Any = runs.groupby(names, sort=False, dropna=False, observed=True).ngroup()
    point: Any = runs.groupby(points, sort=False, dropna=False, observed=True).ngroup()
    content = content.where(runs["served_end"].notna(), -1 - np.arange(len(runs)))  # too few numbers: like no other
    listed = pd.DataFrame({"point": point, "content": content}).sort_values(["point", "content"])
    found: Any = listed.groupby("point")["content"].agg(tuple)
    return runs[point.isin(found.index[~found.duplicated()])]


def summarise(results) -> pd.DataFrame:
    """Return one row a regime: shares of the three verdicts, mean change with a 95 % t-interval, coverage.

    n_runs: without the n_repeats that repeat another one (see `drop_repeats`). n_judged: those of them that have a
    verdict; shares and means are theirs, nan where there are none.
    """
    runs = drop_repeats(results.runs)
    grouped = runs.groupby("regime", sort=False)
    summary = pd.DataFrame({"n_runs": grouped.size()})
    judged: Any = runs["verdict"].isin(VERDICTS).groupby(runs["regime"], sort=False).sum()
    for verdict in VERDICTS:
        count: Any = (runs["verdict"] == verdict).groupby(runs["regime"], sort=False).sum()
        summary[f"{verdict}_share"] = count / judged.where(judged > 0)
    change: Any = grouped["collaboration_change"]
    half = np.array([compute_half_width(deviation, n) for deviation, n in zip(change.std(ddof=1), judged, strict=True)])
    summary["change_mean"] = change.mean()
    summary["change_low"] = change.mean() - half
    summary["change_high"] = change.mean() + half
    for name in ("collaboration_end", "effective_change", "coverage_end", "served_end", "not_served_end"):
        if name in runs.columns:
            summary[name] = grouped[name].mean()
    too_short: Any = (runs["verdict"] == TOO_SHORT).groupby(runs["regime"], sort=False).sum()
    rows = zip(summary.itertuples(), too_short > 0, strict=True)
    summary["verdict"] = [_name_verdict(row, is_short) for row, is_short in rows]
    summary["n_judged"] = judged
    summary["n_repeats"] = results.runs.groupby("regime", sort=False).size() - summary["n_runs"]
    return summary.reset_index()


def _name_verdict(row, is_short: bool) -> str:
    """Name the verdict of a regime: the side of the threshold on which the whole interval lies, else undecided."""
    low, high = row.change_low, row.change_high
    if np.isnan(row.change_mean):  # no run has a verdict
        return TOO_SHORT if is_short else NO_PAIR
    if np.isnan(low):  # a single run
        return str(judge_changes(np.array([row.change_mean]))[0])
    if low > THRESHOLD:
        return GROWS
    if high < -THRESHOLD:
        return FRAGMENTS
    if low > -THRESHOLD and high < THRESHOLD:
        return HOLDS
    return UNDECIDED


def describe_verdict(results) -> str:
    """Return one sentence a regime: what happens to collaboration, in how many runs, with coverage beside it."""
    return "\n".join(_describe_row(row) for row in summarise(results).itertuples())


def describe_localities(localities: pd.DataFrame) -> str:
    """Return one line a regime: how many localities grow, hold and fragment, over all runs."""
    lines = []
    for regime, found in localities.groupby("regime", sort=False):
        counts = found["verdict"].value_counts()
        if counts.get(TOO_SHORT, 0) == len(found):
            lines.append(f"{regime}: of {len(found)} localities none is judged: {explain_unknown(TOO_SHORT)}")
            continue
        counted = [(counts.get(name, 0), name) for name in VERDICTS]
        parts = ", ".join(f"{n} {name if n == 1 else name.removesuffix('s')}" for n, name in counted)
        parts += "".join(f", {counts[name]} {WITH[name]}" for name in UNKNOWN if name in counts)
        lines.append(f"{regime}: of {len(found)} localities {parts}")
    return "\n".join(lines)


def guard_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe before text that a spreadsheet would compute, and each line end a plain one.

    A lone carriage return is written without quotes, and would end the row in the middle.
    """
    guarded = frame.copy()
    for name in guarded.columns:
        if guarded[name].dtype == object or str(guarded[name].dtype).startswith(("str", "category")):
            text = guarded[name].astype(object)
            is_formula = text.map(lambda cell: isinstance(cell, str) and cell.startswith(FORMULA))
            text = text.where(~is_formula.astype(bool), "'" + text.astype(str))
            guarded[name] = text.map(lambda cell: cell.replace("\r", "\n") if isinstance(cell, str) else cell)
    return guarded


def _describe_row(row) -> str:
    if not row.n_judged:
        return f"{row.regime}: {explain_unknown(row.verdict)}"
    numbers = f"share of pairs that collaborate {row.change_mean:+.2f}"
    if row.n_judged > 1:
        numbers += f" [{row.change_low:+.2f}, {row.change_high:+.2f}]"
    if row.n_runs > 1:
        counted = [(round(getattr(row, f"{name}_share") * row.n_judged), name) for name in VERDICTS]
        counts = ", ".join(f"{n} {name if n == 1 else name.removesuffix('s')}" for n, name in counted)
        numbers += f"; of {row.n_runs} runs {counts}"
        numbers += f", {row.n_runs - row.n_judged} without a verdict" if row.n_runs > row.n_judged else ""
    numbers += f"; {row.n_repeats} that repeat another run not counted" if row.n_repeats else ""
    return f"{row.regime}: {row.verdict} ({numbers}; coverage at the end {row.coverage_end:.2f})"


def find_typical_seed(runs: pd.DataFrame) -> int:
    """Return the seed of the run whose collaboration at the end is nearest the median; of equals, the first.

    Of an even number of runs the lower of the two in the middle counts as the median. Runs without a pair of open
    organizations at the end are left out; where all are so, the first run is taken.
    """
    ends = runs["collaboration_end"].to_numpy(float)
    if np.isnan(ends).all():
        return int(runs["seed"].iloc[0])
    middle = np.nanquantile(ends, 0.5, method="lower")
    return int(runs["seed"].iloc[int(np.nanargmin(np.abs(ends - middle)))])
