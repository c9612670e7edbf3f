"""Scenario discovery: in which part of a design does something happen? PRIM and CART of the EMA workbench.

A point counts as a case of interest where the condition holds for at least half of its seeds. PRIM peels the design
down to boxes in which such points are dense; CART cuts it in two again and again. Sides of boxes are parallel to the
axes, so products and ratios of parameters are offered beside them: a diagonal boundary is straight in its ratio.

Source: Friedman & Fisher 1999 (PRIM), Bryant & Lempert 2010 (scenario discovery, quasi-p values), in EMA workbench.
"""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.conditions import evaluate, evaluate_condition
from sim.analysis.reading import CASE, Sweep, Table, import_quietly, require
from sim.errors import AnalysisError, ExpressionError
from sim.results.summaries import drop_repeated_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIBRARIES = ("ema_workbench", "sklearn")
MIN_POINTS, MIN_CASES = 40, 10
MAX_FEATURES = 6  # default ratios: each one more is one more way to be right by chance
LEAST_MASS = 0.05
NOT_BY_CHANCE = 0.05
MORE_CLUTTER = 0.02  # what a box must gain in fit for a further restriction to be worth reading
COLUMNS = ["method", "box", "parameter", "low", "high", "options", "quasi_p_low", "quasi_p_high"]
FITS = ["coverage", "density", "held_out_density", "base_share", "mass", "n_points", "n_repeats"]


def find_scenarios(sweep: Sweep, condition: str, features: Iterable[str] | None = None, n_boxes: int = 2) -> Table:
    """Return one row a box and restricted parameter: PRIM's boxes by rank, and CART's best leaf.

    Columns: those of `COLUMNS` and `FITS`. coverage: of all cases of interest, those in the box. density: of the box's
    points, the cases. base_share: of all points, the cases. held_out_density: the density where the box is found anew
    on four fifths of the points and looked at on the fifth, five times (nan where no box was found). n_repeats: points
    whose runs repeat those of another, see `find_repeats`. quasi-p: how
    likely a limit restricts by chance. features: expressions of parameters to offer beside them; None takes the ratios
    and products that most sharpen a single cut. Raises `AnalysisError` where points or cases are too few, or where all
    points are cases.
    """
    require(*LIBRARIES)
    points, is_case = prepare_points(sweep, condition)
    chosen = choose_features(points, is_case) if features is None else list(features)
    table = points.assign(**{text: _evaluate_feature(text, points, sweep) for text in chosen})
    found = []
    for rank, box in enumerate(_find_prim_boxes(table, is_case, n_boxes), 1):
        held_out = _hold_out(table, is_case, lambda x, y: _find_prim_boxes(x, y, 1)) if rank == 1 else np.nan
        found.append(_tabulate("prim", rank, box, table, is_case).assign(held_out_density=held_out))
    leaf = _find_leaf(table, is_case)
    held_out = _hold_out(table, is_case, lambda x, y: [_find_leaf(x, y)])
    found.append(_tabulate("cart", 1, leaf, table, is_case).assign(held_out_density=held_out))
    n_repeats = int(find_repeats(sweep).sum())
    return pd.concat(found, ignore_index=True).assign(n_repeats=n_repeats)[COLUMNS + FITS]


def prepare_points(sweep: Sweep, condition: str) -> tuple[Table, NDArray[np.bool_]]:
    """Return what varies at each point by dotted name (numbers as floats, words as categories), and where it holds."""
    told_by_case = set(sweep.policies) - {CASE, *sweep.grid} if CASE in sweep.policies else set()
    names = {
        name: column
        for name, column in sweep.columns.items()
        if name not in told_by_case and len(sweep.runs[column].unique()) > 1
    }
    if not names:
        raise AnalysisError("nothing varies in this sweep, so there is no part of it to find")
    holds = evaluate_condition(condition, sweep.runs, sweep.columns)
    grouped = sweep.runs.assign(_holds=holds.astype(float)).groupby("point", sort=True)
    first, share = grouped.first(), grouped["_holds"].mean()
    points = pd.DataFrame({name: _prepare_column(first[column]) for name, column in names.items()})
    points = points.reset_index(drop=True)
    is_case = (share >= 0.5).to_numpy()
    n_cases = int(is_case.sum())
    is_repeat = find_repeats(sweep)
    n_repeats, n_own = int(is_repeat.sum()), int((is_case & ~is_repeat).sum())
    beside = f", of which {n_repeats:,} repeat another and are no further evidence," if n_repeats else ""
    if len(points) - n_repeats < MIN_POINTS:
        raise AnalysisError(f"{len(points)} points{beside} are too few; sweep at least {MIN_POINTS}, with --n")
    told = f"'{condition}' holds at {n_cases:,} of {len(points):,} points"
    if n_own < MIN_CASES:
        own = f", {n_cases - n_own:,} of which repeat another and are no further evidence" if n_own < n_cases else ""
        raise AnalysisError(f"{told}{own}; at least {MIN_CASES} are needed: sweep more points, or ask for less")
    if n_cases == len(points):
        raise AnalysisError(f"{told}: there is nothing to set them apart from; ask for more")
    return points, is_case


def find_repeats(sweep: Sweep) -> NDArray[np.bool_]:
    """Return which points, in the order of their numbers, give the same runs as an earlier one.

    They stay among the points that boxes are found in: shares are of the design as it was laid out, and without them a
    parameter that does nothing in a part of it would seem to part the cases. They are no further evidence.
    """
    columns = ["regime"] if "regime" in sweep.runs else []
    kept = drop_repeated_points(sweep.runs, columns, ["point"])
    return ~np.isin(np.unique(sweep.runs["point"]), kept["point"])


def _prepare_column(values: Table) -> Table:
    if pd.api.types.is_numeric_dtype(values) and values.dtype != bool:
        return values.astype(float)
    return values.map(lambda value: str(value).lower() if isinstance(value, bool) else str(value)).astype("category")


def _evaluate_feature(text: str, points: Table, sweep: Sweep) -> NDArray[np.float64]:
    short = {column: name for name, column in sweep.columns.items()}
    try:
        found = evaluate(text, points, short).astype(float)
    except ExpressionError as problem:
        raise AnalysisError(f"--feature {problem}") from None
    if not np.isfinite(found).all():
        raise AnalysisError(f"--feature {text}: is not finite at every point; is a parameter 0 below the line?")
    return found


def choose_features(points: Table, is_case: NDArray[np.bool_]) -> list[str]:
    """Return up to `MAX_FEATURES` ratios and products of numbers that part cases from others better than either alone.

    Judged by the area under the curve of a single cut. Parameters that reach 0 or change sign stand in no ratio.
    """
    numbers = [name for name in points if points[name].dtype.kind == "f" and (points[name] >= 0).all()]
    alone = {name: _measure_cut(points[name].to_numpy(), is_case) for name in numbers}
    found: list[tuple[float, str]] = []
    for first, second in itertools.combinations(numbers, 2):
        one, other = points[first].to_numpy(), points[second].to_numpy()
        tried = {f"{first} * {second}": one * other}
        if (other > 0).all():
            tried[f"{first} / {second}"] = one / other
        elif (one > 0).all():
            tried[f"{second} / {first}"] = other / one
        text, area = max(((text, _measure_cut(values, is_case)) for text, values in tried.items()), key=lambda x: x[1])
        gain = area - max(alone[first], alone[second])
        if gain > 0.01:
            found.append((gain, text))
    return [text for _, text in sorted(found, reverse=True)[:MAX_FEATURES]]


def _measure_cut(values: NDArray[np.float64], is_case: NDArray[np.bool_]) -> float:
    """Return the area under the curve of parting cases by one number, at least 0.5 (Mann and Whitney's U)."""
    ranks = pd.Series(values).rank().to_numpy()
    n_cases = int(is_case.sum())
    area = (ranks[is_case].sum() - n_cases * (n_cases + 1) / 2) / (n_cases * (len(values) - n_cases))
    return float(max(area, 1 - area))


Box = dict[str, dict[str, Any]]  # by parameter: low and high, or options; and quasi-p values


def _find_prim_boxes(table: Table, is_case: NDArray[np.bool_], n_boxes: int) -> list[Box]:
    """Return PRIM's boxes, each the best of its peeling: the balance of coverage and density, for its restrictions."""
    module = import_quietly("ema_workbench.analysis.prim")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what pandas thinks of the library's own code
        found = _peel(module, table, is_case, n_boxes)
    if not found:
        raise AnalysisError("no box holds the cases more densely than the whole design; sweep more points, or ask else")
    return found


def _peel(module: Any, table: Table, is_case: NDArray[np.bool_], n_boxes: int) -> list[Box]:
    least = max(LEAST_MASS, MIN_CASES / len(table))
    # before 3.0 a threshold refuses boxes; we choose among them ourselves
    old = {"threshold": 1e-9} if "threshold" in inspect.signature(module.Prim.__init__).parameters else {}
    prim = module.Prim(table.copy(), is_case.astype(float) if old else is_case, mass_min=least, **old)
    found = []
    for _ in range(n_boxes):
        box = prim.find_box()
        if box is None:
            break
        place = _choose_place(box.peeling_trajectory, is_case.mean())
        if place is None:
            break
        place = _drop_chance(box, place)
        box.select(place)
        limits = _read_limits(box.box_lims[place], prim.box_init, _chances(box)[place])
        if not limits:
            break
        found.append(limits)
    return found


def _choose_place(trajectory: Table, base: float) -> int | None:
    """Return the place on a peeling with the best balance (harmonic mean) of coverage and density, less clutter."""
    is_denser = (trajectory["density"] > base) & (trajectory["res_dim"] > 0)
    if not is_denser.any():
        return None
    cover, dense = trajectory["coverage"], trajectory["density"]
    fit = 2 * cover * dense / (cover + dense) - MORE_CLUTTER * trajectory["res_dim"]
    return int(fit.where(is_denser).astype(float).idxmax())


def _drop_chance(box: Any, place: int) -> int:
    """Return the place of the box without the restrictions that are as likely by chance."""
    while True:
        chances = {name: _least_chance(limits) for name, limits in _chances(box)[place].items()}
        worst = max(chances, key=chances.__getitem__, default=None)
        if worst is None or chances[worst] <= NOT_BY_CHANCE or len(chances) == 1:
            return place
        box.drop_restriction(worst, place)
        place = len(box.box_lims) - 1


def _chances(box: Any) -> list[dict[str, list[float]]]:
    """Return the quasi-p values along a peeling; 3.0 calls them otherwise."""
    own = vars(box)
    return own["p_values"] if "p_values" in own else own["qp"]


def _least_chance(limits: Iterable[float]) -> float:
    return min((value for value in limits if value >= 0), default=1.0)


def _read_limits(limits: Table, whole: Table, chances: dict[str, list[float]]) -> Box:
    box: Box = {}
    for name in limits.columns:
        low, high = limits[name].iloc[0], limits[name].iloc[1]
        chance = [value if value >= 0 else np.nan for value in chances.get(name, (np.nan, np.nan))]
        tail = {"quasi_p_low": chance[0], "quasi_p_high": chance[1]}
        if isinstance(low, set):
            if low != whole[name].iloc[0]:
                box[name] = {"options": sorted(map(str, low))} | tail
        elif low > whole[name].iloc[0] or high < whole[name].iloc[1]:
            box[name] = {
                "low": float(low) if low > whole[name].iloc[0] else np.nan,
                "high": float(high) if high < whole[name].iloc[1] else np.nan,
            } | tail
    return box


def _find_leaf(table: Table, is_case: NDArray[np.bool_]) -> Box:
    """Return CART's leaf with the best balance of coverage and density; words become columns of 0 and 1 first."""
    module = import_quietly("ema_workbench.analysis.cart")
    words = [name for name in table if table[name].dtype == "category"]
    numbers: Table = pd.get_dummies(table, columns=words, prefix_sep=" = ", dtype=float) if words else table
    tree = module.CART(numbers, is_case, mass_min=max(LEAST_MASS, MIN_CASES / len(table)))
    np.random.seed(1)  # noqa: NPY002 (ties between cuts are drawn from it)
    tree.build_tree()
    best: tuple[float, Box] = (-1.0, {})
    for limits in tree.boxes:
        box: Box = {}
        for name in numbers:
            low, high = float(limits[name].iloc[0]), float(limits[name].iloc[1])
            low = low if low > numbers[name].min() else np.nan
            high = high if high < numbers[name].max() else np.nan
            if not (np.isnan(low) and np.isnan(high)):
                _restrict(box, name, low, high, table)
        is_in = is_inside(table, box)
        n_hits = (is_in & is_case).sum()
        fit = 2 * n_hits / (is_in.sum() + is_case.sum())
        if box and fit > best[0]:
            best = (fit, box)
    if not best[1]:
        raise AnalysisError("CART finds no cut that parts the cases; sweep more points, or ask else")
    return best[1]


def _restrict(box: Box, name: str, low: float, high: float, table: Table) -> None:
    tail = {"quasi_p_low": np.nan, "quasi_p_high": np.nan}
    column, separator, option = name.rpartition(" = ")
    if not separator:
        box[name] = {"low": low, "high": high} | tail
        return
    options = set(box[column]["options"]) if column in box else set(map(str, table[column].unique()))
    options = {option} if not np.isnan(low) else options - {option}
    box[column] = {"options": sorted(options)} | tail


def is_inside(table: Table, box: Box) -> NDArray[np.bool_]:
    """Return which points lie in a box."""
    inside = np.ones(len(table), dtype=bool)
    for name, limits in box.items():
        if "options" in limits:
            inside &= table[name].astype(str).isin(limits["options"]).to_numpy()
            continue
        values = table[name].to_numpy()
        inside &= ~(values < limits["low"]) & ~(values > limits["high"])  # a side that is nan is open
    return inside


def _hold_out(table: Table, is_case: NDArray[np.bool_], find: Any) -> float:
    """Return the density of boxes on points they were not found on: five times a fifth, drawn with a fixed seed."""
    part = np.random.default_rng(1).permutation(len(table)) % 5
    n_inside = n_hits = 0
    for held in range(5):
        learn = part != held
        if is_case[learn].sum() < MIN_CASES or is_case[learn].all():
            continue
        try:
            box = find(table[learn].reset_index(drop=True), is_case[learn])[0]
        except AnalysisError:
            continue
        inside = is_inside(table[~learn], box)
        n_inside, n_hits = n_inside + int(inside.sum()), n_hits + int((inside & is_case[~learn]).sum())
    return n_hits / n_inside if n_inside else float("nan")


def _tabulate(method: str, rank: int, box: Box, table: Table, is_case: NDArray[np.bool_]) -> Table:
    inside = is_inside(table, box)
    hits = int((inside & is_case).sum())
    rows = [{"parameter": name, **limits} for name, limits in box.items()]
    found = pd.DataFrame(rows, columns=["parameter", "low", "high", "options", "quasi_p_low", "quasi_p_high"])
    found["options"] = [" ".join(one) if isinstance(one, list) else "" for one in found["options"]]
    fits = {"coverage": hits / is_case.sum(), "density": hits / max(inside.sum(), 1), "mass": inside.mean()}
    fits |= {"base_share": is_case.mean()}
    return found.assign(method=method, box=rank, **fits, n_points=len(table))


def describe_scenarios(boxes: Table, condition: str, base: float) -> str:
    """Return the best box in words: PRIM's first. base: the share of points at which the condition holds."""
    best = boxes[(boxes["method"] == "prim") & (boxes["box"] == 1)]
    sides = " and ".join(_tell_side(row) for row in best.to_dict("records"))
    row = best.iloc[0]
    repeats = f" ({row['n_repeats']:,} of them repeat another)" if row.get("n_repeats") else ""
    chance = np.fmin(row["quasi_p_low"], row["quasi_p_high"])
    if len(best) == 1 and chance > NOT_BY_CHANCE:  # several are kept only where each of them does more than chance
        return (
            f"{condition}: at {base:.0%} of all {row['n_points']:,} points{repeats}; no part of the design holds them "
            f"more densely than by chance (the best: where {sides}, at {row['density']:.0%}, quasi-p {chance:.2f})."
        )
    held = f" ({row['held_out_density']:.0%} on points held out)" if np.isfinite(row["held_out_density"]) else ""
    return (
        f"{condition}: at {base:.0%} of all {row['n_points']:,} points{repeats}; where {sides}, "
        f"at {row['density']:.0%}{held}, and {row['coverage']:.0%} of all such points lie there."
    )


def _tell_side(row: dict[str, Any]) -> str:
    name, low, high = row["parameter"], row["low"], row["high"]
    if row["options"]:
        return f"{name} is {row['options'].replace(' ', ' or ')}"
    if np.isnan(high):
        return f"{name} is at least {low:.3g}"
    return f"{name} is at most {high:.3g}" if np.isnan(low) else f"{name} lies from {low:.3g} to {high:.3g}"
