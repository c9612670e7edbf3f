"""From months to verdicts and summaries. Reads tables, never the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.results.contrasts import compute_half_width
from sim.schema import columns
from sim.schema.columns import (
    BOOKED,
    CHANGE_MONTHS,
    COUNTED,
    END_MONTHS,
    JUDGED,
    KEYS,
    RATES,
    RUN_COUNTS,
    RUNS,
    START_MONTHS,
    WINDOWED,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.results.store import Results

GROWS, HOLDS, FRAGMENTS, UNDECIDED = "grows", "holds", "fragments", "undecided"
TOO_SHORT = "too short"  # the run has fewer months than the change needs
NO_PAIR = "no pair left"  # fewer than two organizations are open in all months of a window, so nothing can be shared
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet computes where a cell begins with it
THRESHOLD = 0.05  # change in the share of collaborating pairs that counts
VERDICTS = (GROWS, HOLDS, FRAGMENTS)
UNKNOWN = (TOO_SHORT, NO_PAIR)  # in the place of a verdict, where there is none


def judge_runs(months: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run with its verdict, from tidy `months`; see `judge_panels` for the rule."""
    keys, found = ["run_id", "regime", "seed"], []
    for _, run in months.groupby("run_id", sort=False):
        run = run.sort_values("month")
        panels = {name: run[name].to_numpy(dtype=float)[np.newaxis] for name in JUDGED}
        heads = {name: run[name].iloc[:1].to_numpy() for name in keys}
        found.append(heads | judge_panels(panels))
    return pd.DataFrame({name: np.concatenate([one[name] for one in found]) for name in found[0]})


def judge_panels(panels: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return verdict and summaries of R runs of equal length, by column. panels: (R, months + 1) for each of JUDGED.

    The rule: collaboration_share, mean of the last 12 months less mean of months 1 to 12. Above +0.05 a run grows,
    below -0.05 it fragments, between it holds. Coverage at the end stands beside it, so that cohesion won by
    exclusion shows. A run of fewer months than a number needs (`Column.least_months`) does not have that number, and
    its verdict is `TOO_SHORT` where the windows would overlap; without two open organizations it is `NO_PAIR`.
    Sums run from the first month to the last, so that a run's bits do not depend on its neighbours.
    """
    n_months = panels[JUDGED[0]].shape[1] - 1
    totals = [_add(panels[name][:, 1:]) for name in JUDGED]
    windows = [part for name in WINDOWED for part in _add_windows(panels[name])]
    return judge_sums(np.stack([*totals, *windows], axis=1).astype(float), n_months)


def _add_windows(panel: NDArray[Any]) -> list[NDArray[Any]]:
    """Return `columns.WINDOWS` of a panel (R, months + 1), each (R,); what is missing counts nowhere."""
    n_months = panel.shape[1] - 1
    start = panel[:, 1 : min(START_MONTHS, n_months) + 1]
    end = panel[:, max(n_months - END_MONTHS, 0) + 1 :]
    return [found for one in (start, end) for found in (_add(one), np.count_nonzero(~np.isnan(one), axis=1))]


def _add(panel: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of the rows of a panel, without what is missing, from the first month on."""
    known = np.zeros((len(panel), panel.shape[1] + 1))
    np.copyto(known[:, 1:], panel)
    known[np.isnan(known)] = 0.0
    return np.cumsum(known, axis=1)[:, -1]  # one month after the other, which a sum would not promise


def judge_sums(sums: NDArray[Any], n_months: int) -> dict[str, NDArray[Any]]:
    """Return what `judge_panels` does, from sums (R, N_SUMS) of runs of `n_months`, see `columns.N_SUMS`."""
    total: dict[str, NDArray[Any]] = {name: sums[:, at] for at, name in enumerate(JUDGED)}
    windows = sums[:, len(JUDGED) :].reshape(len(sums), len(WINDOWED), len(columns.WINDOWS))
    by_name = dict(zip(WINDOWED, np.moveaxis(windows, 1, 0), strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        start = {name: one[:, columns.START_SUM] / one[:, columns.START_KNOWN] for name, one in by_name.items()}
        end = {name: one[:, columns.END_SUM] / one[:, columns.END_KNOWN] for name, one in by_name.items()}
    rates = {name: _compute_rate(total[events], total[exposure]) for name, (events, exposure) in RATES.items()}
    change = end["collaboration_share"] - start["collaboration_share"]
    found = {
        "verdict": _judge(change) if n_months >= CHANGE_MONTHS else np.full(len(sums), TOO_SHORT, object),
        "collaboration_start": start["collaboration_share"],
        "collaboration_end": end["collaboration_share"],
        "collaboration_change": change,
        "coverage_end": end["coverage_share"],
        "effective_change": end["effective_coalitions"] - start["effective_coalitions"],
        "total_awarded_usd": total["awarded_usd"],
        "exit_rate": rates.pop("exit_rate"),
        **{name: total[name] for name in COUNTED},
        "served_end": end["served"],
        "not_served_end": end["not_served"],
        **{f"total_{name}": total[name] for name in BOOKED if name != "awarded_usd"},
        **rates,
    }
    for entry in RUNS:
        if n_months < entry.least_months and entry.unit != "name":
            found[entry.name] = np.full(len(sums), np.nan)
    return found


def _compute_rate(events: Any, exposure: Any) -> Any:
    """Return events a year of exposure, given the sum of the exposure over months; nan where nothing was exposed."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(exposure > 0, 12 * events / exposure, np.nan)


def compute_rates(months: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run with run_id, regime and each of `columns.RATES`, from tidy `months`.

    A rate is what happened from month 1 on over what it could happen to (memberships held, or open organizations),
    a year; nan where there was nothing. Units: `columns.column(name, "runs").unit`.
    """
    names = list(dict.fromkeys(name for pair in RATES.values() for name in pair))
    later = months[months["month"] > 0]
    sums: Any = later.groupby(["run_id", "regime"], sort=False, observed=True)[names].sum()
    rates = {name: _compute_rate(sums[events], sums[exposure]) for name, (events, exposure) in RATES.items()}
    return pd.DataFrame(rates, index=sums.index).reset_index()


def _judge(change: NDArray[Any]) -> NDArray[Any]:
    cases = [change > THRESHOLD, change < -THRESHOLD, np.isnan(change)]
    return np.select(cases, [GROWS, FRAGMENTS, NO_PAIR], HOLDS).astype(object)


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
        return str(_judge(np.array([row.change_mean]))[0])
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
        parts = ", ".join(f"{counts.get(name, 0)} {name.removesuffix('s')}" for name in VERDICTS)
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
        counts = ", ".join(f"{getattr(row, f'{name}_share') * row.n_judged:.0f} {name}" for name in VERDICTS)
        numbers += f"; of {row.n_runs} runs {counts}"
        numbers += f", {row.n_runs - row.n_judged} without a verdict" if row.n_runs > row.n_judged else ""
    numbers += f"; {row.n_repeats} that repeat another run not counted" if row.n_repeats else ""
    return f"{row.regime}: {row.verdict} ({numbers}; coverage at the end {row.coverage_end:.2f})"


WITH = {TOO_SHORT: "too short to judge", NO_PAIR: "with no pair left"}


def explain_unknown(verdict: str) -> str:
    """Return in words why there is no verdict: "too short to say whether collaboration changes (needs 24 months)"."""
    if verdict == TOO_SHORT:
        return f"{TOO_SHORT} to say whether collaboration changes (needs {CHANGE_MONTHS} months)"
    return f"{NO_PAIR}: fewer than two organizations are open, so there is no collaboration to judge"


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
