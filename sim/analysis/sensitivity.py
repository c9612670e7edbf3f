"""Which parameters move an outcome, alone and together: Sobol, Morris, or PAWN and delta, by the sweep's design.

Outcomes are averaged over the seeds of a point first. What seeds alone still do to such an average is told beside it:
every point runs with the same seeds, so only what a seed does to one point and not to all counts as noise.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.analysis import indices
from sim.analysis.binding import bind_sample
from sim.analysis.conditions import evaluate
from sim.analysis.reading import Sweep, Table, import_quietly, require
from sim.errors import AnalysisError
from sim.results.leaders import NOTHING, estimate_needed, find_leaders, find_measure, is_clear
from sim.schema.columns import END_MONTHS, START_MONTHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTCOMES = ("collaboration_end", "collaboration_change", "coverage_end", "exit_rate")
DUMMIES = 3  # parameters that do nothing, of which the largest is the yardstick of PAWN and delta
MIN_ROWS = 40
MIN_BLOCKS = 4  # draws of a Saltelli sample or trajectories of a Morris sample
MANY_TIES = 0.5  # share of points with one and the same value, from which on it is told
SMALL = 0.1  # of the first mu*: below it a parameter can be left alone
SEED = 1
COLUMNS = {
    "sobol": ["first_order", "first_low", "first_high", "total", "total_low", "total_high", "interaction"],
    "morris": ["mu_star", "mu_star_low", "mu_star_high", "mu", "sigma"],
    "pawn and delta": ["delta", "delta_low", "delta_high", "pawn", "first_order", "first_low", "first_high"],
}
SECOND = ["second_order", "second_low", "second_high"]
TAIL = ["noise_share", "n_points", "n_seeds", "n_drawn", "n_missing", "tied_share", "problem"]
UNITS = {"sobol": "draws (--n)", "morris": "trajectories", "pawn and delta": "points (--n)"}


class Averages(NamedTuple):
    """An outcome over seeds.

    numbers: (rows,) of the sample. means: (rows,), nan where no run has it. wide: rows by seeds. n_missing: runs
    without it.
    """

    numbers: NDArray[np.int64]
    means: NDArray[np.float64]
    wide: NDArray[np.float64]
    n_missing: int


def compute_sensitivity(
    sweep: Sweep, outcomes: Iterable[str] = OUTCOMES, report: Callable[[int, int], None] | None = None
) -> Table:
    """Return one row a policy, outcome and parameter (and pair, where the design is for it), most important first.

    Columns: policy, outcome, parameter, partner, method, then those of `COLUMNS` for the method with 95 % intervals
    by percentile bootstrap (in shares of the outcome's variance; for Morris, in the outcome's own unit over the whole
    range), then `TAIL`: `noise_share` (of the variance of the averages over seeds, what seeds do), n_points and n_seeds
    that count, n_drawn (independent draws: of a Saltelli sample, trajectories, or points), n_missing (runs that failed
    or have no such outcome), tied_share (points with the most frequent value), and problem, a text where nothing can be
    told apart and the indices are nan. An outcome is a column of the table or an expression; of a condition it is the
    share of seeds for which it holds. A point counts with the runs it has; one without any, or for Sobol and Morris
    its whole draw or trajectory, is left out. One whose runs repeat another's, as where a parameter does nothing,
    stays: indices are shares of the variance over all that was sampled. report(done, total) is called on the way.
    Raises `AnalysisError` for a design without a sample or a too small one, and where runs do not hold what the sample
    drew.
    """
    method = _choose_method(sweep)
    require(*(["scipy"] if method == "sobol" else ["SALib", "scipy"]))
    names, shares = bind_sample(sweep) if method != "pawn and delta" else (list(sweep.scenarios), None)
    labels, found = sweep.label_policies(), []
    asked = [(outcome, policy) for outcome in dict.fromkeys(outcomes) for policy in labels.unique()]
    values = {outcome: _evaluate(outcome, sweep) for outcome, _ in asked}
    for done, (outcome, policy) in enumerate(asked):
        if report is not None:
            report(done, len(asked))
        is_here = (labels == policy).to_numpy()
        table = _analyse(sweep, sweep.runs.loc[is_here], values[outcome][is_here], method, names, shares)
        found.append(table.assign(policy=policy, outcome=outcome, method=method))
    if report is not None:
        report(len(asked), len(asked))
    table = pd.concat(found, ignore_index=True)
    second = [name for name in SECOND if name in table]
    return table[["policy", "outcome", "parameter", "partner", "method", *COLUMNS[method], *second, *TAIL]]


def _analyse(
    sweep: Sweep, runs: Table, values: NDArray[Any], method: str, names: list[str], shares: NDArray[Any] | None
) -> Table:
    """Return the rows of one outcome under one policy, with `TAIL`."""
    averages = _average(sweep, runs, values, n_rows=None if shares is None else len(shares))
    size = {"sobol": _width(sweep, names), "morris": len(names) + 1}.get(method, 1)
    is_kept = np.isfinite(averages.means.reshape(-1, size)).all(axis=1)
    rows = np.flatnonzero(np.repeat(is_kept, size))
    means = averages.means[rows]
    problem = _find_problem(sweep, runs, averages, means, int(is_kept.sum()), method)
    generator = np.random.default_rng(SEED)
    if problem:
        table = pd.DataFrame({"parameter": names, "partner": ""}).assign(**dict.fromkeys(COLUMNS[method], np.nan))
    elif method == "sobol":
        table = _tabulate_sobol(names, indices.estimate_sobol(means.reshape(-1, size), len(names), generator))
    elif method == "morris":
        assert shares is not None
        steps = shares[rows].reshape(-1, size, len(names))
        table = _tabulate_morris(names, indices.estimate_morris(means.reshape(-1, size), steps, generator))
    else:
        table = _analyse_given(sweep, runs, averages.numbers[rows], means, generator)
    return table.assign(
        noise_share=_find_noise(averages.wide[rows]) if not problem else np.nan,
        n_points=len(rows),
        n_seeds=averages.wide.shape[1],
        n_drawn=int(is_kept.sum()),
        n_missing=averages.n_missing,
        tied_share=float(np.unique(means, return_counts=True)[1].max() / len(means)) if len(means) else np.nan,
        problem=problem,
    )


def _width(sweep: Sweep, names: list[str]) -> int:
    """Return the rows of one draw of a Saltelli sample."""
    return (2 * len(names) if sweep.sample.get("second_order") else len(names)) + 2


def _evaluate(outcome: str, sweep: Sweep) -> NDArray[np.float64]:
    return evaluate(outcome, sweep.runs, sweep.columns).astype(float)


def _choose_method(sweep: Sweep) -> str:
    if not sweep.sample:
        raise AnalysisError(
            "the design draws no sample, so parameters cannot be told apart by their variance; `coalitions robustness` "
            "compares listed policies, `coalitions scenarios` takes grids; or sweep ranges: "
            "coalitions sweep memberships.turf_weight=0..3 grants.luck=0..1 --sample saltelli"
        )
    return {"saltelli": "sobol", "morris": "morris"}.get(sweep.method, "pawn and delta")


def _average(sweep: Sweep, runs: Table, values: NDArray[Any], n_rows: int | None) -> Averages:
    """Return an outcome by row of the sample and by seed. n_rows: of a sample whose analysis needs every row."""
    table = pd.DataFrame({"row": sweep.number_scenarios()[runs.index], "seed": runs["seed"], "value": values})
    wide = table.pivot_table(index="row", columns="seed", values="value", dropna=False, aggfunc="mean")
    if n_rows is None and len(wide) < MIN_ROWS:
        raise AnalysisError(f"{len(wide)} points are too few; sweep at least {MIN_ROWS}, with --n")
    numbers = range(n_rows or sweep.n_rows) if n_rows or sweep.n_rows else wide.index
    held = wide.reindex(numbers).to_numpy(dtype=float)
    found = np.where(np.isfinite(held), held, np.nan)
    n_known = np.count_nonzero(~np.isnan(found), axis=1)
    means = np.where(n_known > 0, np.nansum(found, axis=1) / np.maximum(n_known, 1), np.nan)
    return Averages(np.asarray(numbers, "i8"), means, found, int(np.count_nonzero(np.isnan(found))))


def _find_problem(sweep: Sweep, runs: Table, averages: Averages, means: NDArray[Any], n_kept: int, method: str) -> str:
    """Return why nothing can be told apart, "" where it can."""
    n_runs, lost = averages.wide.size, averages.n_missing
    least = MIN_ROWS if method == "pawn and delta" else MIN_BLOCKS
    if lost == n_runs and _are_short(sweep, runs):
        return (
            f"is missing in all {n_runs:,} runs: they are shorter than the {START_MONTHS + END_MONTHS} months it needs"
        )
    if lost == n_runs:
        return f"is missing in all {n_runs:,} runs"
    if n_kept < least:
        return (
            f"is missing in {lost:,} of {n_runs:,} runs, which leaves {n_kept} whole {UNITS[method]}; at least {least} "
            "are needed"
        )
    if float(np.ptp(means)) == 0:
        return f"does not vary: it is {means[0]:g} at every point"
    return ""


def _are_short(sweep: Sweep, runs: Table) -> bool:
    months = runs[sweep.columns["months"]].max() if "months" in sweep.columns else sweep.settings["months"]
    return bool(months < START_MONTHS + END_MONTHS)


def _find_noise(wide: NDArray[np.float64]) -> float:
    """Return the share of the variance of the averages over seeds that is noise. wide: points by seeds."""
    wide = wide[np.isfinite(wide).all(axis=1)]
    n_points, n_seeds = wide.shape
    if n_seeds < 2 or n_points < 2:
        return float("nan")
    residual = wide - wide.mean(axis=1, keepdims=True) - wide.mean(axis=0) + wide.mean()
    noise = (residual**2).sum() / ((n_points - 1) * (n_seeds - 1)) / n_seeds
    variance = wide.mean(axis=1).var(ddof=1)
    return float(min(noise / variance, 1.0)) if variance > 0 else float("nan")


def _spell(name: str, short: str, found: indices.Estimate) -> dict[str, NDArray[np.float64]]:
    return {name: found.value, f"{short}_low": found.low, f"{short}_high": found.high}


def _tabulate_sobol(names: list[str], found: indices.Sobol) -> Table:
    columns = _spell("first_order", "first", found.first) | _spell("total", "total", found.total)
    table = pd.DataFrame({"parameter": names, "partner": ""} | columns)
    table["interaction"] = (table["total"] - table["first_order"]).clip(lower=0.0)
    table = table.sort_values("total", ascending=False, kind="stable")
    if found.second is None:
        return table
    pairs = [(one, other) for at, one in enumerate(names) for other in names[at + 1 :]]
    joint = pd.DataFrame(pairs, columns=["parameter", "partner"]).assign(
        **_spell("second_order", "second", found.second)
    )
    return pd.concat([table, joint.sort_values("second_order", ascending=False, kind="stable")])


def _tabulate_morris(names: list[str], found: indices.Morris) -> Table:
    columns = _spell("mu_star", "mu_star", found.mu_star) | {"mu": found.mu, "sigma": found.sigma}
    table = pd.DataFrame({"parameter": names, "partner": ""} | columns)
    return table.sort_values("mu_star", ascending=False, kind="stable")


def _analyse_given(
    sweep: Sweep, runs: Table, rows: NDArray[Any], means: NDArray[Any], generator: np.random.Generator
) -> Table:
    """PAWN and delta from any sample; the yardstick is the largest of some parameters that do nothing."""
    numbers = sweep.number_scenarios()[runs.index]
    first = runs.assign(_row=numbers).drop_duplicates("_row").set_index("_row").reindex(rows)
    real = [_code(first[column]) for column in sweep.scenarios.values()]
    idle = [generator.permutation(len(first)).astype(float) for _ in range(DUMMIES)]
    codes = np.column_stack([*real, *idle])
    names = [*sweep.scenarios, *[NOTHING] * DUMMIES]
    found = indices.estimate_given(codes, means, generator)
    pawn = import_quietly("SALib.analyze.pawn")
    spread = np.column_stack([_spread(column, generator) for column in codes.T])
    with _silenced():
        medians = pawn.analyze(_problem(names), spread, means, S=10, seed=SEED)["median"]
    columns = _spell("delta", "delta", found.delta) | {"pawn": medians} | _spell("first_order", "first", found.first)
    table = pd.DataFrame({"parameter": names, "partner": ""} | columns)
    is_idle = table["parameter"] == NOTHING
    table["pawn"] = table["pawn"].where(~is_idle, table.loc[is_idle, "pawn"].max())
    table = table.sort_values("delta_high", ascending=False, kind="stable").drop_duplicates("parameter")
    return table.sort_values("delta", ascending=False, kind="stable")


def _problem(names: list[str]) -> dict[str, Any]:
    """Return SALib's problem in the unit cube; it refuses some names, so parameters are numbered."""
    return {
        "num_vars": len(names),
        "names": [f"x{at}" for at in range(len(names))],
        "bounds": [[0.0, 1.0]] * len(names),
    }


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep SALib's remarks on its bins to itself, and undo how it writes everyone's warnings."""
    written = warnings.formatwarning
    try:
        with warnings.catch_warnings(record=True):
            yield
    finally:
        warnings.formatwarning = written


def _code(column: Table) -> NDArray[np.float64]:
    """Return a column as numbers; words in the order of the alphabet."""
    is_number = pd.api.types.is_numeric_dtype(column)
    return (column.to_numpy() if is_number else pd.factorize(column, sort=True)[0]).astype(float)


def _spread(codes: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return a column's ranks in [0, 1); equal values, of options or whole numbers, in random order."""
    order = np.lexsort((generator.random(len(codes)), codes))
    ranks = np.empty(len(codes))
    ranks[order] = np.arange(len(codes)) / len(codes)
    return ranks


def describe_sensitivity(table: Table) -> str:
    """Return a sentence a policy and outcome: what moves it most, where that can be told, and how sure it is."""
    lines = []
    for (policy, outcome), found in table[table["partner"] == ""].groupby(["policy", "outcome"], sort=False):
        where = f" under {policy}" if policy else ""
        lines.append(f"{outcome}{where}: {_tell(found.reset_index(drop=True))}")
    return "\n".join(lines)


def _tell(found: Table) -> str:
    top = found.iloc[0]
    if top["problem"]:
        return f"{top['problem']}; nothing can be told apart"
    told = [_tell_leaders(found), *_tell_rest(found)]
    if top["n_seeds"] > 1 and np.isfinite(top["noise_share"]):
        told.append(f"seeds make {top['noise_share']:.0%} of the variance of the averages")
    if top["tied_share"] >= MANY_TIES:
        told.append(f"{top['tied_share']:.0%} of points have one and the same value, so it tells little about the rest")
    if top["n_missing"]:
        told.append(_tell_missing(top))
    return "; ".join(told)


def _tell_missing(top: Any) -> str:
    counted = f"{top['n_missing']:,} run{'s' if top['n_missing'] > 1 else ''} without it"
    return f"{counted} left out, {top['n_drawn']:,} {UNITS[top['method']].partition(' (')[0]} count"


def _tell_leaders(found: Table) -> str:
    measure = str(find_measure(found))
    leaders = find_leaders(found, measure)
    first = found[found["parameter"] == leaders[0]].iloc[0] if leaders else None
    if first is None:
        return "no parameter does clearly more than nothing"
    low, high = (first[f"{measure}_{side}"] for side in ("low", "high"))
    if measure == "total":
        # both are estimates: what seeds do is part of what single parameters do not explain
        share = max(0.0, 1 - found["first_order"].sum(), np.nan_to_num(first["noise_share"]))
        amount = f"{first['total']:.0%} of the variance [{low:.0%}, {high:.0%}]"
        verb, tail = "takes part in", f"; {share:.0%} of it is interaction between parameters, or noise"
    elif measure == "mu_star":
        amount, verb, tail = f"{first['mu_star']:.3f} over its range on average [{low:.3f}, {high:.3f}]", "", ""
    else:
        amount, verb, tail = f"delta {first['delta']:.2f} [{low:.2f}, {high:.2f}]", "", ""
    if len(leaders) > 1:
        return f"not told apart: {', '.join(leaders)} (the first: {amount}){_tell_needed(found, measure)}{tail}"
    named = {"total": f"{leaders[0]} {verb} {amount}", "mu_star": f"{leaders[0]} moves it most, by {amount}"}
    return named.get(measure, f"{leaders[0]} moves its distribution most ({amount})") + tail


def _tell_needed(found: Table, measure: str) -> str:
    needed = estimate_needed(found, measure, int(found["n_drawn"].iloc[0]))
    unit = UNITS[found["method"].iloc[0]]
    if needed is None:
        return f"; far more than {int(found['n_drawn'].iloc[0]):,} {unit} would be needed to tell them apart"
    return f"; about {needed:,} {unit} would tell them apart"


def _tell_rest(found: Table) -> list[str]:
    """Tell which parameters hardly matter, by the upper limits of their intervals."""
    method, top = found.loc[0, "method"], found.iloc[0]
    if method == "morris":
        left = [row.parameter for row in found.itertuples() if row.mu_star_high < SMALL * top["mu_star"]]
        return [f"{', '.join(left)} can be left alone (surely less than a tenth of that)"] if left else []
    if method == "sobol":
        return []
    rows = found[found["parameter"] != NOTHING].to_dict("records")
    above = [row["parameter"] for row in rows if is_clear(row, found, "delta")]
    return [f"{len(above)} of {len(found) - 1} parameters clearly do more than one that does nothing"]
