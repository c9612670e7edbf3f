"""From months to verdicts and summaries. Reads tables, never the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim import columns
from sim.columns import COUNTED, END_MONTHS, JUDGED, START_MONTHS
from sim.contrasts import compute_half_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROWS, HOLDS, FRAGMENTS = "grows", "holds", "fragments"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet computes where a cell begins with it
THRESHOLD = 0.05  # change in the share of collaborating pairs that counts
VERDICTS = (GROWS, HOLDS, FRAGMENTS)


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
    exclusion shows. Sums run from the first month to the last, so that a run's bits do not depend on its neighbours.
    """
    return judge_sums(np.stack([_sum_up(panels[name]) for name in JUDGED], axis=1))


def _sum_up(panel: NDArray[Any]) -> NDArray[Any]:
    """Return the sums (R, 5) of a panel (R, months + 1), see `columns.SUMS`; what is missing counts nowhere."""
    n_months = panel.shape[1] - 1
    start = panel[:, 1 : min(START_MONTHS, n_months) + 1]
    end = panel[:, max(n_months - END_MONTHS, 0) + 1 :]
    sums = {
        columns.START_SUM: _add(start),
        columns.START_KNOWN: np.count_nonzero(~np.isnan(start), axis=1),
        columns.END_SUM: _add(end),
        columns.END_KNOWN: np.count_nonzero(~np.isnan(end), axis=1),
        columns.ALL_SUM: _add(panel[:, 1:]),
    }
    return np.stack([sums[part] for part in range(len(columns.SUMS))], axis=1).astype(float)


def _add(panel: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of the rows of a panel, without what is missing, from the first month on."""
    known = np.zeros((len(panel), panel.shape[1] + 1))
    np.copyto(known[:, 1:], panel)
    known[np.isnan(known)] = 0.0
    return np.cumsum(known, axis=1)[:, -1]  # one month after the other, which a sum would not promise


def judge_sums(sums: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return what `judge_panels` does, from sums (R, len(JUDGED), 5), see `columns.SUMS`."""
    by_name = dict(zip(JUDGED, np.moveaxis(sums, 1, 0), strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        start = {name: one[:, columns.START_SUM] / one[:, columns.START_KNOWN] for name, one in by_name.items()}
        end = {name: one[:, columns.END_SUM] / one[:, columns.END_KNOWN] for name, one in by_name.items()}
        total = {name: one[:, columns.ALL_SUM] for name, one in by_name.items()}
        exit_rate = 12 * total["exits"] / total["memberships"]
    change = end["collaboration_share"] - start["collaboration_share"]
    return {
        "verdict": _judge(change),
        "collaboration_start": start["collaboration_share"],
        "collaboration_end": end["collaboration_share"],
        "collaboration_change": change,
        "coverage_end": end["coverage_share"],
        "effective_change": end["effective_coalitions"] - start["effective_coalitions"],
        "total_awarded_usd": total["awarded_usd"],
        "exit_rate": exit_rate,
        **{name: total[name] for name in COUNTED},
    }


def _judge(change: NDArray[Any]) -> NDArray[Any]:
    return np.select([change > THRESHOLD, change < -THRESHOLD], [GROWS, FRAGMENTS], HOLDS).astype(object)


def summarise(results) -> pd.DataFrame:
    """Return one row a regime: shares of the three verdicts, mean change with a 95 % t-interval, coverage."""
    grouped = results.runs.groupby("regime", sort=False)
    summary = pd.DataFrame({"n_runs": grouped.size()})
    for verdict in VERDICTS:
        summary[f"{verdict}_share"] = grouped["verdict"].agg(lambda column, name=verdict: (column == name).mean())
    change = grouped["collaboration_change"]
    pairs = zip(change.std(ddof=1), summary["n_runs"], strict=True)
    half = np.array([compute_half_width(deviation, n) for deviation, n in pairs])
    summary["change_mean"] = change.mean()
    summary["change_low"] = change.mean() - half
    summary["change_high"] = change.mean() + half
    summary["collaboration_end"] = grouped["collaboration_end"].mean()
    summary["effective_change"] = grouped["effective_change"].mean()
    summary["coverage_end"] = grouped["coverage_end"].mean()
    summary["verdict"] = [_name_verdict(row) for row in summary.itertuples()]
    return summary.reset_index()


def _name_verdict(row) -> str:
    """Name the verdict of a regime: the side of the threshold on which the whole interval lies, else undecided."""
    low, high = row.change_low, row.change_high
    if np.isnan(low):  # a single run
        return str(_judge(np.array([row.change_mean]))[0])
    if low > THRESHOLD:
        return GROWS
    if high < -THRESHOLD:
        return FRAGMENTS
    if low > -THRESHOLD and high < THRESHOLD:
        return HOLDS
    return "undecided"


def describe_verdict(results) -> str:
    """Return one sentence a regime: what happens to collaboration, in how many runs, with coverage beside it."""
    return "\n".join(_describe_row(row) for row in summarise(results).itertuples())


def describe_localities(localities: pd.DataFrame) -> str:
    """Return one line a regime: how many localities grow, hold and fragment, over all runs."""
    lines = []
    for regime, found in localities.groupby("regime", sort=False):
        known = found["collaboration_change"].notna()  # without two open organizations nothing can be judged
        counts = found.loc[known, "verdict"].value_counts()
        parts = ", ".join(f"{counts.get(name, 0)} {name.removesuffix('s')}" for name in VERDICTS)
        n_unknown = len(found) - np.count_nonzero(known)
        parts += f", {n_unknown} with no pair left" if n_unknown else ""
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
    numbers = f"share of pairs that collaborate {row.change_mean:+.2f}"
    if row.n_runs > 1:
        numbers += f" [{row.change_low:+.2f}, {row.change_high:+.2f}]"
        counts = ", ".join(f"{getattr(row, f'{name}_share') * row.n_runs:.0f} {name}" for name in VERDICTS)
        numbers += f"; of {row.n_runs} runs {counts}"
    return f"{row.regime}: {row.verdict} ({numbers}; coverage at the end {row.coverage_end:.2f})"
