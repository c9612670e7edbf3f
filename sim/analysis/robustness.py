"""How a lever does over many sets of parameters: differences to the reference on the same set and seed, tail, regret.

A lever is a policy of the design (a case or a point of its grid), a set is a row of its sample: an ensemble of
calibrated sets, or any other. An outcome has no good end of its own; `TOWARD` says which way a share counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.reading import Sweep, Table
from sim.errors import AnalysisError
from sim.results.contrasts import compute_crossed_interval, compute_t_quantile
from sim.results.summaries import drop_repeated_points
from sim.results.verdict import TOO_SHORT
from sim.schema.columns import CHANGE_MONTHS

TOWARD = {"collaboration_end": 1, "coverage_end": 1, "exit_rate": -1}  # more collaboration and coverage, fewer exits
MONEY = "usd_per_organization_year"
MIN_SETS = 2


def compute_robustness(sweep: Sweep, reference: str | None = None, outcomes: Iterable[str] = tuple(TOWARD)) -> Table:
    """Return one row a lever and outcome, in the order of the design, the reference left out.

    Columns: lever, reference, outcome, toward (1: more counts, -1: less), level (mean), mean, low, high (difference to
    the reference, with a 95 % interval over sets and seeds), better_share, better_low, better_high (sets whose mean
    difference over seeds goes that way; Wilson's interval), same_share (sets without any difference), worst_decile (the
    difference that nine of ten sets surpass, counted that way), regret_mean, regret_worst (per set, how far from the
    best lever; over sets), usd_per_organization_year and its difference to the reference (usd_difference), n_sets,
    n_seeds, n_repeats (sets left out because their runs repeat those of another under every lever). Levels keep the
    outcome's own sign. An outcome that is missing in some runs counts over the others. Raises `AnalysisError` for a
    single policy or a single set.
    """
    labels = sweep.label_policies()
    levers = list(dict.fromkeys(labels))
    reference = _choose_reference(levers, reference)
    table = sweep.runs.assign(_lever=labels, _set=sweep.number_scenarios(), **{MONEY: _compute_money(sweep)})
    n_all = int(table["_set"].nunique())
    table = drop_repeated_points(table, ["_lever"], ["_set"])
    n_repeats = n_all - int(table["_set"].nunique())
    if n_repeats and n_all - n_repeats < MIN_SETS:
        raise AnalysisError(
            f"all {n_all:,} sets give the same runs under every lever, so there is one to judge by: what the design "
            "samples or lists beside the levers does nothing here; vary a parameter that does"
        )
    if table["_set"].nunique() < MIN_SETS:
        raise AnalysisError(
            "the design has a single set of parameters, and robustness is over many: add --sample ensemble --n 200, or "
            "a range like memberships.turf_weight=0..3; `coalitions compare` tells one set's differences over seeds"
        )
    tables = {name: _pair(table, name, levers) for name in outcomes}
    tables[MONEY] = _spread(table, MONEY, levers)
    sets = {name: wide.groupby(level="_set").mean() for name, wide in tables.items()}
    seeds = {name: wide.groupby(level="seed").mean() for name, wide in tables.items()}
    rows = []
    for lever in levers:
        for outcome in tables:
            if lever != reference and outcome != MONEY:
                rows.append(_compare(sets, seeds, outcome, lever, reference))
    return pd.DataFrame(rows).assign(n_repeats=n_repeats)


def _choose_reference(levers: list[str], reference: str | None) -> str:
    if len(levers) < 2:
        raise AnalysisError(
            "the design has a single policy, so there is no lever to compare: list cases or values, like "
            "regime=unrestricted,competitive; `coalitions sensitivity` tells which sampled parameters matter"
        )
    if reference is None:
        return levers[0]
    if reference not in levers:
        raise AnalysisError(f"--reference {reference}: must be one of {', '.join(levers)}")
    return reference


def _compute_money(sweep: Sweep) -> Table:
    """Return USD awarded per organization and year of each run; promises beyond the end of a run included.

    nan where the size of the field is not known.
    """
    months = sweep.runs[sweep.columns["months"]] if "months" in sweep.columns else sweep.settings["months"]
    return sweep.runs["total_awarded_usd"] / sweep.sizes.reindex(sweep.runs.index) / (months / 12)


def _pair(table: Table, name: str, levers: list[str]) -> Table:
    """Return an outcome, a row a set and seed and a column a lever; only rows that every lever has."""
    if name not in table:
        raise AnalysisError(f"--outcome {name}: the table has no such column; docs/columns.md lists them")
    if not pd.api.types.is_numeric_dtype(table[name]):
        raise AnalysisError(f"--outcome {name}: holds words, not numbers; collaboration_change stands behind verdicts")
    lacking = [lever for lever in levers if table.loc[table["_lever"] == lever, name].isna().all()]
    if lacking:
        found = table[table["_lever"] == lacking[0]]
        is_short = "verdict" in found and (found["verdict"] == TOO_SHORT).all()
        why = f", which are too short for it (a change needs {CHANGE_MONTHS} months)" if is_short else ""
        raise AnalysisError(f"{name}: is missing in all runs of {lacking[0]}{why}; choose others with --outcome")
    found = _spread(table, name, levers)
    if found.empty:
        raise AnalysisError(
            f"{name}: is known under every lever in no set and seed, so there is nothing to pair; choose others with "
            "--outcome"
        )
    return found


def _spread(table: Table, name: str, levers: list[str]) -> Table:
    """Return a column, a row a set and seed and a column a lever; only rows in which every lever has it."""
    wide = table.pivot_table(index=["_set", "seed"], columns="_lever", values=name, observed=True, dropna=False)
    return wide.reindex(columns=levers).dropna()


def _compare(
    sets: dict[str, Table], seeds: dict[str, Table], outcome: str, lever: str, reference: str
) -> dict[str, Any]:
    means, toward = sets[outcome], TOWARD.get(outcome, 1)
    paired: Any = (means[lever] - means[reference]).to_numpy()
    by_seed: Any = (seeds[outcome][lever] - seeds[outcome][reference]).to_numpy()
    n = len(paired)
    mean, lowest, highest = compute_crossed_interval(paired, by_seed)
    share = float((toward * paired > 0).mean())
    low, high = compute_share_interval(share, n)
    regret: Any = ((toward * means).max(axis=1) - toward * means[lever]).to_numpy()
    money: Any = sets[MONEY].mean() if len(sets[MONEY]) else pd.Series(np.nan, index=means.columns)
    return {
        "lever": lever,
        "reference": reference,
        "outcome": outcome,
        "toward": toward,
        "level": float(means[lever].mean()),
        "mean": mean,
        "low": lowest,
        "high": highest,
        "better_share": share,
        "better_low": low,
        "better_high": high,
        "same_share": float((paired == 0).mean()),
        "worst_decile": float(toward * np.quantile(toward * paired, 0.1)),
        "regret_mean": float(regret.mean()),
        "regret_worst": float(regret.max()),
        MONEY: float(money[lever]),
        "usd_difference": float(money[lever]) - float(money[reference]),
        "n_sets": n,
        "n_seeds": len(by_seed),
    }


def compute_share_interval(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of `n`."""
    z = compute_t_quantile(10**9)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def describe_robustness(table: Table) -> str:
    """Return a sentence: which lever goes furthest by the first outcome, where that can be told, and what goes with it.

    A lever goes furthest where its interval is apart from that of every other lever and, where it is on the far side of
    the reference, from zero.
    """
    outcome = table["outcome"].iloc[0]
    rows = table[table["outcome"] == outcome].to_dict("records")
    best = max(rows, key=lambda row: row["mean"] * row["toward"])
    rivals = [row["lever"] for row in rows if row is not best and _reaches(row, best)]
    is_zero_inside = best["low"] <= 0 <= best["high"] or not np.isfinite(best["low"])
    end = "highest" if best["toward"] > 0 else "lowest"
    if len(rows) == 1:
        word = "not clearly different" if is_zero_inside else "higher" if best["mean"] > 0 else "lower"
        word = "the same" if best["same_share"] == 1 else word
        start = f"{outcome} is {word} under {best['lever']}"
    elif rivals or is_zero_inside:
        names = [best["lever"], *rivals, *([best["reference"]] if is_zero_inside else [])]
        start = f"{outcome}: not told apart as {end}: {'; '.join(names)}. Under {best['lever']}"
    else:
        start = f"{outcome} is {end} of {len(rows)} levers under {best['lever']}"
    others = table[(table["lever"] == best["lever"]) & (table["outcome"] != outcome)]
    beside = "".join(
        f"; {row['outcome']} {row['mean']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
        for row in others.to_dict("records")
    )
    repeats = f"; {best['n_repeats']:,} more that repeat one of them not counted" if best["n_repeats"] else ""
    money = (
        f"; {best['usd_difference']:+,.0f} USD awarded per organization and year" if np.isfinite(best[MONEY]) else ""
    )
    return (
        f"{start}: {best['mean']:+.3f} [{best['low']:+.3f}, {best['high']:+.3f}] against {best['reference']}, "
        f"{_tell_sets(best)} of {best['n_sets']} sets ({best['n_seeds']} seeds each{repeats}){beside}{money}."
    )


def _reaches(row: dict[str, Any], best: dict[str, Any]) -> bool:
    """Say whether a lever's interval reaches that of the one with the best mean."""
    if best["toward"] > 0:
        return not row["high"] < best["low"]
    return not row["low"] > best["high"]


def _tell_sets(row: dict[str, Any]) -> str:
    """Return in which share of sets the outcome moves the way its mean does."""
    is_toward = row["mean"] * row["toward"] >= 0
    share = row["better_share"] if is_toward else 1 - row["better_share"] - row["same_share"]
    return f"{'higher' if row['mean'] >= 0 else 'lower'} in {share:.0%}"
