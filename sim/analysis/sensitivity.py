"""Which parameters move an outcome, alone and together: Sobol, Morris, or PAWN and delta, by the sweep's design. SALib.

Outcomes are averaged over the seeds of a point first. What seeds alone still do to such an average is told beside it:
every point runs with the same seeds, so only what a seed does to one point and not to all counts as noise.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.conditions import ExpressionError, evaluate
from sim.analysis.reading import AnalysisError, Sweep, Table, import_quietly, require

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTCOMES = ("collaboration_change", "coverage_end", "exit_rate")
DUMMY = "(none)"  # a parameter that does nothing: what PAWN and delta find where there is nothing to find
DUMMIES = 3
RESAMPLES = 200
DELTA_RESAMPLES = 20  # of a hundred kernel densities each: a second a parameter and outcome
MIN_ROWS = 40
SEED = 1
COLUMNS = {
    "sobol": ["first_order", "first_low", "first_high", "total", "total_low", "total_high", "interaction"],
    "morris": ["mu_star", "mu_star_low", "mu_star_high", "mu", "sigma"],
    "pawn and delta": ["delta", "delta_low", "delta_high", "pawn", "first_order", "first_low", "first_high"],
}
SECOND = ["second_order", "second_low", "second_high"]


def compute_sensitivity(sweep: Sweep, outcomes: Iterable[str] = OUTCOMES) -> Table:
    """Return one row a policy, outcome and parameter (and pair, where the design is for it), most important first.

    Columns: policy, outcome, parameter, partner, method, then those of `COLUMNS` for the method with 95 % intervals
    (in shares of the outcome's variance; for Morris, in the outcome's own unit over the whole range), `noise_share`
    (of the variance of the averages over seeds, what seeds do), n_points, n_seeds. An outcome is a column of the table
    or an expression; of a condition it is the share of seeds for which it holds. An outcome that does not vary or is
    missing in some run has nan. Raises `AnalysisError` for a design without a sample, an incomplete or too small one.
    """
    require("SALib", "scipy")
    method = _choose_method(sweep)
    analyse = {"sobol": _analyse_sobol, "morris": _analyse_morris, "pawn and delta": _analyse_given}[method]
    labels = sweep.label_policies()
    found = []
    for outcome in dict.fromkeys(outcomes):
        values = _evaluate(outcome, sweep)
        for policy in labels.unique():
            is_here = (labels == policy).to_numpy()
            rows = _arrange(sweep, sweep.runs.loc[is_here], values[is_here], needs_all=method != "pawn and delta")
            means = rows.groupby("row")["value"].mean()
            is_known = bool(np.isfinite(means).all()) and float(np.ptp(means)) > 0
            table = analyse(sweep, rows, means.to_numpy()) if is_known else _leave_out(sweep, method)
            keys = {"policy": policy, "outcome": outcome, "method": method}
            tail = {"noise_share": _find_noise(rows) if is_known else np.nan, "n_points": len(means)}
            found.append(table.assign(**keys, **tail, n_seeds=rows["seed"].nunique()))
    table = pd.concat(found, ignore_index=True)
    second = [name for name in SECOND if name in table]
    order = ["policy", "outcome", "parameter", "partner", "method", *COLUMNS[method], *second]
    return table[[*order, "noise_share", "n_points", "n_seeds"]]


def _evaluate(outcome: str, sweep: Sweep) -> NDArray[np.float64]:
    try:
        return evaluate(outcome, sweep.runs, sweep.columns).astype(float)
    except ExpressionError as problem:
        raise AnalysisError(str(problem)) from None


def _choose_method(sweep: Sweep) -> str:
    if not sweep.sample:
        raise AnalysisError(
            "the design draws no sample, so parameters cannot be told apart by their variance; `coalitions robustness` "
            "compares listed policies, `coalitions scenarios` takes grids; or sweep ranges: "
            "coalitions sweep memberships.turf_weight=0..3 grants.luck=0..1 --sample saltelli"
        )
    return {"saltelli": "sobol", "morris": "morris"}.get(sweep.method, "pawn and delta")


def _arrange(sweep: Sweep, runs: Table, values: NDArray[Any], *, needs_all: bool) -> Table:
    """Return one row a run, in the order of the sample: its row there, seed, value, and the sampled columns."""
    rows = runs[["seed", *dict.fromkeys(sweep.scenarios.values())]].assign(value=values)
    rows["row"] = sweep.number_scenarios()[runs.index]
    n_there, n_wanted = rows["row"].nunique(), sweep.n_rows
    if needs_all and n_there < n_wanted:
        raise AnalysisError(
            f"{n_wanted - n_there} of the {n_wanted} points of the {sweep.method} sample are missing, since their runs "
            "failed (see failed.csv), and its analysis needs all; narrow the ranges, or use --sample latin_hypercube"
        )
    if not needs_all and n_there < MIN_ROWS:
        raise AnalysisError(f"{n_there} points are too few; sweep at least {MIN_ROWS}, with --n")
    return rows.sort_values(["row", "seed"], ignore_index=True)


def _find_noise(rows: Table) -> float:
    """Return the share of the variance of the averages over seeds that is noise, from points times seeds."""
    wide = rows.pivot_table(index="row", columns="seed", values="value").dropna().to_numpy()
    n_points, n_seeds = wide.shape
    if n_seeds < 2 or n_points < 2:
        return float("nan")
    residual = wide - wide.mean(axis=1, keepdims=True) - wide.mean(axis=0) + wide.mean()
    noise = (residual**2).sum() / ((n_points - 1) * (n_seeds - 1)) / n_seeds
    return float(min(noise / wide.mean(axis=1).var(ddof=1), 1.0))


def _problem(names: list[str]) -> dict[str, Any]:
    """Return SALib's problem in the unit cube; it refuses some names, so parameters are numbered."""
    return {
        "num_vars": len(names),
        "names": [f"x{at}" for at in range(len(names))],
        "bounds": [[0.0, 1.0]] * len(names),
    }


def _analyse_sobol(sweep: Sweep, rows: Table, means: NDArray[Any]) -> Table:
    names, second = list(sweep.scenarios), bool(sweep.sample.get("second_order"))
    library = import_quietly("SALib.analyze.sobol")
    with np.errstate(invalid="ignore", divide="ignore"):
        found = library.analyze(_problem(names), means, calc_second_order=second, num_resamples=RESAMPLES, seed=SEED)
    table = pd.DataFrame({"parameter": names, "partner": ""})
    for name, key in (("first_order", "S1"), ("total", "ST")):
        short = name.removesuffix("_order")
        table[name], half = found[key], np.asarray(found[f"{key}_conf"])
        table[f"{short}_low"], table[f"{short}_high"] = table[name] - half, table[name] + half
    table["interaction"] = table["total"] - table["first_order"]
    table = table.sort_values("total", ascending=False)
    if not second:
        return table
    pairs = [
        (names[i], names[j], found["S2"][i, j], found["S2_conf"][i, j])
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]
    joint = pd.DataFrame(pairs, columns=["parameter", "partner", "second_order", "half"])
    joint["second_low"] = joint["second_order"] - joint["half"]
    joint["second_high"] = joint["second_order"] + joint["half"]
    return pd.concat([table, joint.drop(columns="half").sort_values("second_order", ascending=False)])


def _analyse_morris(sweep: Sweep, rows: Table, means: NDArray[Any]) -> Table:
    from sim.configuration.designs import read_design

    names = list(sweep.scenarios)
    drawn = read_design({"sample": sweep.sample}).sample
    assert drawn is not None
    library = import_quietly("SALib.analyze.morris")
    problem, levels = _problem(names), sweep.sample["levels"]
    found = library.analyze(problem, drawn.draw(), means, num_levels=levels, num_resamples=RESAMPLES, seed=SEED)
    table = pd.DataFrame(
        {"parameter": names, "partner": ""} | {name: found[name] for name in ("mu_star", "mu", "sigma")}
    )
    half = np.asarray(found["mu_star_conf"], dtype=float)
    table["mu_star_low"], table["mu_star_high"] = table["mu_star"] - half, table["mu_star"] + half
    return table.sort_values("mu_star", ascending=False)


def _analyse_given(sweep: Sweep, rows: Table, means: NDArray[Any]) -> Table:
    """PAWN and delta from any sample; the yardstick is the largest of some parameters that do nothing."""
    generator = np.random.default_rng(SEED)
    first = rows.drop_duplicates("row")
    columns = [_spread(first[column], generator) for column in sweep.scenarios.values()]
    idle = [generator.permutation(len(first)) / len(first) for _ in range(DUMMIES)]
    shares = np.column_stack([*columns, *idle])
    names = [*sweep.scenarios, *[DUMMY] * DUMMIES]
    pawn, delta = import_quietly("SALib.analyze.pawn"), import_quietly("SALib.analyze.delta")
    with _silenced():
        found = delta.analyze(_problem(names), shares, means, num_resamples=DELTA_RESAMPLES, seed=SEED)
    table = pd.DataFrame({"parameter": names, "partner": "", "delta": found["delta_raw"]})
    half = np.asarray(found["delta_raw_conf"])
    table["delta_low"], table["delta_high"] = table["delta"] - half, table["delta"] + half
    table["pawn"] = pawn.analyze(_problem(names), shares, means, S=10, seed=SEED)["median"]
    table["first_order"], half = found["S1"], np.asarray(found["S1_conf"])
    table["first_low"], table["first_high"] = table["first_order"] - half, table["first_order"] + half
    is_idle = table["parameter"] == DUMMY
    table["pawn"] = table["pawn"].where(~is_idle, table.loc[is_idle, "pawn"].max())
    return (
        table.sort_values("delta_high", ascending=False)
        .drop_duplicates("parameter")
        .sort_values("delta", ascending=False)
    )


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep SALib's remarks on its bins to itself, and undo how it writes everyone's warnings."""
    written = warnings.formatwarning
    try:
        with warnings.catch_warnings(record=True):
            yield
    finally:
        warnings.formatwarning = written


def _spread(column: Table, generator: np.random.Generator) -> NDArray[Any]:
    """Return a column's ranks in [0, 1); equal values, of options or whole numbers, in random order."""
    codes = column.to_numpy() if pd.api.types.is_numeric_dtype(column) else pd.factorize(column, sort=True)[0]
    order = np.lexsort((generator.random(len(codes)), codes.astype(float)))
    ranks = np.empty(len(codes))
    ranks[order] = np.arange(len(codes)) / len(codes)
    return ranks


def _leave_out(sweep: Sweep, method: str) -> Table:
    table = pd.DataFrame({"parameter": list(sweep.scenarios), "partner": ""})
    return table.assign(**dict.fromkeys(COLUMNS[method], np.nan))


def describe_sensitivity(table: Table) -> str:
    """Return a sentence a policy and outcome: what moves it most, how much is interaction, and how much noise."""
    lines = []
    for (policy, outcome), found in table[table["partner"] == ""].groupby(["policy", "outcome"], sort=False):
        told = _tell(found.reset_index(drop=True))
        where = f" under {policy}" if policy else ""
        lines.append(f"{outcome}{where}: {told}")
    return "\n".join(lines)


def _tell(found: Table) -> str:
    method, top = found.loc[0, "method"], found.iloc[0]
    noise = f"; seeds make {top['noise_share']:.0%} of the variance of the averages" if top["n_seeds"] > 1 else ""
    if found[COLUMNS[str(method)][0]].isna().all():
        return "does not vary, or is missing in some run; nothing to tell apart"
    if method == "sobol":
        share = max(0.0, 1 - found["first_order"].clip(lower=0).sum())
        return (
            f"{top['parameter']} takes part in {top['total']:.0%} of the variance [{top['total_low']:.0%}, "
            f"{top['total_high']:.0%}]; {share:.0%} of it is interaction between parameters, or noise{noise}"
        )
    if method == "morris":
        left = [row.parameter for row in found.itertuples() if row.mu_star_high < 0.1 * top["mu_star"]]
        alone = f"; {', '.join(left)} can be left alone (less than a tenth of that)" if left else ""
        return f"{top['parameter']} moves it most, by {top['mu_star']:.3f} over its range on average{alone}{noise}"
    nothing = found.loc[found["parameter"] == DUMMY, "delta_high"].iloc[0]
    above = [row.parameter for row in found.itertuples() if row.delta > nothing]
    most = f"{top['parameter']} moves its distribution most (delta {top['delta']:.2f})" if above else "nothing moves it"
    return f"{most}; {len(above)} of {len(found) - 1} parameters do more than one that does nothing{noise}"
