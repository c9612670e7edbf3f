"""A complete sweep as an analysis needs it: its table of runs, and which columns are policy and which scenario."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.configuration.designs.sampling import MATRICES, count_rows
from sim.errors import AnalysisError
from sim.results.sizes import find_sizes
from sim.results.store import load_results

Table = Any  # a pandas DataFrame or Series, whose own types are too wide to check anything by
CASE = "case"
INSTALL = 'pip install "coalitions[analysis]"'


@dataclass(frozen=True)
class Sweep:
    """A table of runs and its design.

    runs: one row a run, with `point` and `seed`. sample: the sample as it stood in the design, {} without one.
    policies: columns of the grid and the cases, of which each combination is a policy. scenarios: sampled columns, by
    the parameter's dotted name. n_rows: rows of the sample; the points of a policy are that many in a row (0: unknown).
    settings: the parameters that nothing varies, as plain data. grid: what a full grid varies. seeds: at each point.
    sizes: organizations in the field of each run, by the index of `runs`; nan where that is not known. All names are
    in the order of the design.
    """

    runs: Table
    sample: dict[str, Any]
    policies: dict[str, str]
    scenarios: dict[str, str]
    n_rows: int
    settings: dict[str, Any]
    grid: tuple[str, ...] = ()
    seeds: int = 0
    sizes: Any = None

    @property
    def method(self) -> str:
        """Return how the sample was drawn, "" without one."""
        return self.sample.get("method", "")

    @property
    def columns(self) -> dict[str, str]:
        """Return all that varies: the column of each dotted name."""
        return self.policies | self.scenarios

    def label_policies(self) -> Table:
        """Return the policy of each run in words: the case, the regime, and what else a grid varies."""
        shown = [CASE, *self.grid] if CASE in self.policies else list(self.policies)  # a named case says all it sets
        parts = []
        for name in shown:
            values = self.runs[self.policies[name]].astype(str)
            parts.append(values if name in (CASE, "regime", "shock", "mechanisms", "field") else f"{name}=" + values)
        if not parts:
            return pd.Series("", index=self.runs.index)
        joined = parts[0]
        for part in parts[1:]:
            joined = joined + ", " + part
        return joined

    def number_scenarios(self) -> Table:
        """Return the number of each run's scenario, from 0: equal where the sampled parameters are the same."""
        if self.n_rows:
            return self.runs["point"] % self.n_rows
        if not self.scenarios:
            return self.runs["point"] * 0
        return self.runs.groupby(list(self.scenarios.values()), sort=False, dropna=False).ngroup()


def read_sweep(folder: str | Path) -> Sweep:
    """Return the sweep kept in `folder`. Raises `AnalysisError` where it is none or not complete, `ResultsError`."""
    folder = Path(folder)
    if (folder / "plan.json").is_file() and not (folder / "manifest.json").is_file():
        raise AnalysisError(f"{folder}: the sweep is not complete; `coalitions status {folder}` says how far it is")
    results = load_results(folder)
    manifest = results.manifest
    if manifest.get("kind") != "sweep":
        raise AnalysisError(
            f"{folder}: holds a run or a comparison; analyses read a sweep: make one with `coalitions sweep`"
        )
    try:
        return make_sweep(results.runs, manifest)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as problem:  # whoever wrote it, we did not
        raise AnalysisError(
            f"{folder}/manifest.json: its design cannot be read ({problem}); run the sweep again"
        ) from None


def make_sweep(runs: Table, manifest: dict[str, Any]) -> Sweep:
    """Return the sweep of a table of runs and its manifest (keys blocks, varied, settings, and order, sizes if known).

    Whatever the order of keys in the manifest, names stand in that of its list `order` or, in results of an older
    version, in that of the columns of the runs.
    """
    order = _find_order(runs, manifest)
    design = manifest["blocks"][0]["design"]
    sample, grid = _sort_names(design.get("sample") or {}, order, "over"), _sort_keys(design.get("vary") or {}, order)
    cases = design.get("cases") or []
    columns: dict[str, str] = dict(manifest["varied"])
    levers = [*grid, *(CASE if key == "name" else key for case in cases for key in _sort_keys(case, ["name", *order]))]
    if "regime" in levers or "regime" in _list_sampled(sample) or _names_in_designs(design, "regime"):
        columns["regime"] = "regime"
    varied = _sort_keys(columns, order)
    policies = {name: varied[name] for name in dict.fromkeys(levers) if name in varied}
    scenarios = {name: column for name, column in varied.items() if name not in policies}
    is_whole = sample.get("method") in MATRICES or not design.get("constraints")  # no constraint drops a matrix's rows
    n_rows = count_rows(sample["method"], len(_list_sampled(sample)), sample) if sample and is_whole else 0
    if len(manifest["blocks"]) > 1 and any(block["first_point"] for block in manifest["blocks"]):
        n_rows = n_rows if sample.get("method") in MATRICES else 0  # points added later stand behind all others
    return Sweep(
        runs,
        sample,
        policies,
        scenarios,
        n_rows,
        manifest["settings"][0],
        tuple(grid),
        runs["seed"].nunique(),
        pd.Series(find_sizes(runs, manifest), index=runs.index),
    )


def _find_order(runs: Table, manifest: dict[str, Any]) -> list[str]:
    """Return the names that vary in the order of the design; its column tells it where the manifest has no list."""
    if "order" in manifest:
        return list(manifest["order"])
    places = {column: at for at, column in enumerate(runs.columns)}
    return ["regime", *sorted(manifest["varied"], key=lambda name: places[manifest["varied"][name]])]


def _sort_keys(tree: dict[str, Any], order: list[str]) -> dict[str, Any]:
    """Return a mapping in the order of a list; what the list lacks follows as it stands."""
    return {name: tree[name] for name in dict.fromkeys([*order, *tree]) if name in tree}


def _sort_names(tree: dict[str, Any], order: list[str], key: str) -> dict[str, Any]:
    return {**tree, key: _sort_keys(tree[key], order)} if isinstance(tree.get(key), dict) else dict(tree)


def _list_sampled(sample: dict[str, Any]) -> list[str]:
    return list(sample.get("over") or ())


def _names_in_designs(design: dict[str, Any], name: str) -> bool:
    return any(
        name in (inner.get("vary") or {})
        or any(name in case for case in inner.get("cases") or ())
        or name in _list_sampled(inner.get("sample") or {})
        or _names_in_designs(inner, name)
        for inner in design.get("designs") or ()
    )


def require(*libraries: str) -> None:
    """Raise `AnalysisError` with the command that installs them where a library is missing."""
    missing = [name for name in libraries if not importlib.util.find_spec(name)]
    if missing:
        raise AnalysisError(f"needs {' and '.join(missing)}: {INSTALL}")


def import_quietly(name: str) -> Any:
    """Return a library's module, without the warnings of its import about what else could be installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)
