"""From months to verdicts and summaries. Reads tables, never the model."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from sim.contrasts import compute_half_width

START_MONTHS, END_MONTHS = 12, 12
GROWS, HOLDS, FRAGMENTS = "grows", "holds", "fragments"
THRESHOLD = 0.05  # change in the share of collaborating pairs that counts
VERDICTS = (GROWS, HOLDS, FRAGMENTS)


def judge_runs(months: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run with its verdict, from tidy `months`.

    The rule: collaboration_share, mean of the last 12 months less mean of months 1 to 12. Above +0.05 a run grows,
    below -0.05 it fragments, between it holds. Coverage at the end stands beside it, so that cohesion won by
    exclusion shows.
    """
    later = cast(Any, months[months["month"] > 0])
    last = later.groupby("run_id", sort=False)["month"].transform("max")
    start = later[later["month"] <= START_MONTHS].groupby("run_id", sort=False)
    end = later[later["month"] > last - END_MONTHS].groupby("run_id", sort=False)
    runs = cast(Any, months.groupby("run_id", sort=False)[["regime", "seed"]].first())
    runs["collaboration_start"] = start["collaboration_share"].mean()
    runs["collaboration_end"] = end["collaboration_share"].mean()
    runs["collaboration_change"] = runs["collaboration_end"] - runs["collaboration_start"]
    runs.insert(2, "verdict", _judge(runs["collaboration_change"]))
    runs["coverage_end"] = end["coverage_share"].mean()
    runs["effective_change"] = end["effective_coalitions"].mean() - start["effective_coalitions"].mean()
    everything = later.groupby("run_id", sort=False)
    runs["total_awarded_usd"] = everything["awarded_usd"].sum()
    runs["exit_rate"] = 12 * everything["exits"].sum() / everything["memberships"].sum()
    for name in ("exits", "breakaways", "foundings", "rival_foundings", "hollowings", "dissolutions", "closures"):
        runs[name] = everything[name].sum()
    return runs.reset_index()


def _judge(change: pd.Series) -> np.ndarray:
    return np.select([change > THRESHOLD, change < -THRESHOLD], [GROWS, FRAGMENTS], HOLDS)


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
        return str(_judge(pd.Series([row.change_mean]))[0])
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


def _describe_row(row) -> str:
    numbers = f"share of pairs that collaborate {row.change_mean:+.2f}"
    if row.n_runs > 1:
        numbers += f" [{row.change_low:+.2f}, {row.change_high:+.2f}]"
        counts = ", ".join(f"{getattr(row, f'{name}_share') * row.n_runs:.0f} {name}" for name in VERDICTS)
        numbers += f"; of {row.n_runs} runs {counts}"
    return f"{row.regime}: {row.verdict} ({numbers}; coverage at the end {row.coverage_end:.2f})"
