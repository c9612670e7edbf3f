"""What a report is made of: the results of a folder, read frugally, and the settings and scenarios told apart."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.errors import ResultsError
from sim.figures.labels import join_parts, label_settings, name_setting
from sim.results.contrasts import OUTCOMES, compute_crossed_interval, compute_differences
from sim.results.scenario import has_sample
from sim.results.store import read_manifest, scan_table
from sim.results.summaries import drop_repeated_points
from sim.schema.columns import COUNTED, COUNTERS, KEYS, RUNS

if TYPE_CHECKING:
    from sim.figures.figure import Table

RUN, COMPARISON, SWEEP = "run", "comparison", "sweep"
NOTHING = {"regime": "no grants", "shock": "no shock", "mechanisms": "no mechanisms"}  # what "none" means there
OTHER_TABLES = ("months", "events", "members", "localities")
MAX_CELLS = 40_000_000  # of a table that is read whole: 320 MB
MAX_ROWS = 5_000_000  # of which three columns are read
MOST_SETTINGS = 12  # of numbers alone; more are scenarios
NOT_VARIED = {entry.name for entry in (*KEYS, *RUNS)} | {*COUNTED, *COUNTERS}

_GROUP = re.compile(r"\b[a-z_]+\.(?:[a-z_]+\.)*(?=[a-z_]+=)")  # meetings.facilitation=0.4 is facilitation=0.4
_OURS = re.compile(r"[A-Za-z0-9][\w.=, \[\]-]*", re.ASCII)


@dataclass(frozen=True)
class Material:
    """Tables of one folder of results.

    runs: one row a run; ``regime`` is the setting as the report calls it, ``scenario`` the number of the point of the
    design it was tried in (0 where there is one). pairs: one row a setting and unit, ``seed``, that all settings
    share: a seed (means over its scenarios) or, where there is a single seed, a scenario. The tables of months, events
    and members are empty where they were not kept or are too large; `left_out` then says so.
    """

    folder: Path
    kind: str
    manifest: dict[str, Any]
    runs: Table
    pairs: Table
    scenario_columns: list[str]
    months: Table = field(default_factory=pd.DataFrame)
    events: Table = field(default_factory=pd.DataFrame)
    members: Table = field(default_factory=pd.DataFrame)
    localities: Table = field(default_factory=pd.DataFrame)
    left_out: list[str] = field(default_factory=list)

    @property
    def settings(self) -> list[str]:
        """The settings in the order in which they were run; the first is the reference of all differences."""
        return list(dict.fromkeys(self.runs["regime"]))

    @property
    def n_seeds(self) -> int:
        """The number of seeds."""
        return int(self.runs["seed"].nunique())

    @property
    def n_scenarios(self) -> int:
        """The number of points of a design in which each setting was tried; 1 without one."""
        return int(self.runs["scenario"].nunique())

    @property
    def unit(self) -> str:
        """What the intervals of differences count: seeds or, where there is one alone, scenarios."""
        return _find_unit(self.runs)

    @property
    def is_sampled(self) -> bool:
        """Whether the scenarios were drawn, and with several seeds: intervals then hold for more than these draws."""
        return (
            bool(self.scenario_columns) and self.unit == "seed" and self.n_scenarios > 1 and has_sample(self.manifest)
        )

    def compare(self) -> Table:
        """Return `sim.results.contrasts.compute_differences` of the settings.

        Of drawn scenarios, with an interval over them and seeds together, as `coalitions robustness` has it.
        """
        found = compute_differences(self.pairs)
        if not self.is_sampled:
            return found
        kept = drop_repeated_points(self.runs, ["regime"], ["scenario"])
        means = kept.groupby(["regime", "scenario"], sort=False)[list(dict.fromkeys(found["outcome"]))].mean()
        for at, row in found.iterrows():
            sets, seeds = (
                (table.loc[row["regime"]] - table.loc[row["reference"]]).dropna().to_numpy(float)
                for table in (means[row["outcome"]], self.pairs.set_index(["regime", "seed"])[row["outcome"]])
            )
            if len(sets) and len(seeds):
                _, found.loc[at, "low"], found.loc[at, "high"] = compute_crossed_interval(sets, seeds)
        return found

    @property
    def name(self) -> str:
        """The name of the result."""
        return str(self.manifest.get("name") or self.folder.resolve().name)


def read_material(folder: str | Path) -> Material:
    """Return what a report of `folder` needs. Raises `ResultsError` where results are missing or damaged."""
    folder = Path(folder)
    manifest = _read_manifest(folder)
    runs = _read_runs(folder, manifest["tables"])
    if runs.empty:
        raise ResultsError(f"{folder}: holds no run that has ended; nothing to report")
    kind = _find_kind(manifest)
    policies, scenarios = _part_columns(runs, manifest, kind)
    runs = runs.assign(regime=_label(runs, policies, manifest.get("labels") or {}))
    runs["scenario"] = runs.groupby(scenarios, sort=False, dropna=False).ngroup() if scenarios else 0
    left_out: list[str] = []
    tables = {
        name: _read_modestly(folder, name, left_out) if name in manifest["tables"] else pd.DataFrame()
        for name in OTHER_TABLES
    }
    settings: Any = runs.drop_duplicates("run_id").set_index("run_id")["regime"] if "run_id" in runs.columns else {}
    for table in tables.values():
        if {"run_id", "regime"} <= set(table.columns):
            table["regime"] = table["run_id"].map(settings).fillna(table["regime"])
    return Material(folder, kind, manifest, runs, _pair(runs), scenarios, **tables, left_out=left_out)


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not (folder / "manifest.json").is_file():
        has_plan = (folder / "plan.json").is_file()
        told = (
            "the sweep there has not ended; `coalitions status` says how far it is" if has_plan else "no manifest.json"
        )
        raise ResultsError(f"{folder}: {told}; give the folder of a run, a comparison or a complete sweep")
    return read_manifest(folder)


def _find_kind(manifest: dict[str, Any]) -> str:
    if manifest.get("kind") == SWEEP:
        return SWEEP
    return COMPARISON if "compare" in split_command(manifest)[:2] else RUN


def split_command(manifest: dict[str, Any]) -> list[str]:
    """Return the words of the command that made the results."""
    command = str(manifest.get("command", ""))
    try:
        return shlex.split(command)
    except ValueError:  # an odd number of quotes
        return command.split()


def _read(folder: Path, name: str, columns: list[str] | None = None) -> Table:
    dataset = scan_table(folder, name)
    try:
        return dataset.to_table(columns=columns).to_pandas()
    except Exception as error:  # pyarrow and pandas raise errors of many kinds
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise ResultsError(f"{folder / name}.parquet: cannot be read ({reason}); run the command again") from error


def _read_runs(folder: Path, kept: Iterable[str]) -> Table:
    """Return the columns of ``runs`` that a report needs, of a million runs half of the table."""
    names = scan_table(folder, "runs").schema.names
    needed = {"regime", "seed", "verdict", *OUTCOMES}
    needed |= {"run_id"} if {*OTHER_TABLES} & {*kept} else set()
    return _read(folder, "runs", [name for name in names if name in needed or name not in NOT_VARIED])


def _read_modestly(folder: Path, name: str, left_out: list[str]) -> Table:
    """Return a table, of a large one the columns for collaboration over time, of a huge one nothing."""
    dataset = scan_table(folder, name)
    n_rows, n_columns = dataset.count_rows(), len(dataset.schema.names)
    if n_rows * n_columns <= MAX_CELLS:
        return _read(folder, name)
    if name == "months" and n_rows <= MAX_ROWS:
        return _read(folder, name, ["run_id", "regime", "seed", "month", "collaboration_share"])
    left_out.append(
        f"The table of {name} has {n_rows:,} rows and was not read for this report; "
        f"`coalitions export … --table {name}` writes it out."
    )
    return pd.DataFrame()


def _part_columns(runs: Table, manifest: dict[str, Any], kind: str) -> tuple[list[str], list[str]]:
    """Return the columns whose values make a setting, and those that make a scenario, in which settings are tried.

    A setting differs in a name (regime, shock, case) or in what the cases of a design set; numbers that a design varies
    or samples make scenarios, unless nothing else varies and there are few.
    """
    if kind == COMPARISON:  # the column `regime` holds the settings
        return ["regime"], []
    varied = [name for name in runs.columns if name not in NOT_VARIED and _varies(runs[name])]
    by_case = _find_case_columns(manifest)
    names = [name for name in varied if not pd.api.types.is_numeric_dtype(runs[name]) or name in by_case]
    if "case" in names:  # it names the whole case
        names = [name for name in names if name not in by_case]
        varied = [name for name in varied if name not in by_case]
    policies = [*(["regime"] if _varies(runs["regime"]) else []), *names]
    rest = [name for name in varied if name not in policies]
    if not policies and rest and len(runs[rest].drop_duplicates()) <= MOST_SETTINGS:
        return ["regime", *rest], []
    return policies or ["regime"], rest


def _find_case_columns(manifest: dict[str, Any]) -> set[str]:
    designs = [manifest.get("design") or {}, *((block.get("design") or {}) for block in manifest.get("blocks") or [])]
    names = {name for design in designs for case in (design.get("cases") or []) for name in case if name != "name"}
    columns = manifest.get("varied") or {}
    return {columns.get(name, name.rsplit(".", 1)[-1]) for name in names} | {*names}


def _label(runs: Table, policies: list[str], labels: Mapping[str, Mapping[str, str]]) -> Table:
    """Return a name a run, in words: the labels of what was chosen, and name and value of numbers."""
    parts = []
    for name in policies:
        if pd.api.types.is_numeric_dtype(runs[name]):
            parts.append(runs[name].map(lambda value, name=name: call(f"{name}={_show(value)}")))
            continue
        values = runs[name].astype(object).where(runs[name].notna(), "none").map(str)
        shown = _name_values(name, list(values.unique()), labels)
        parts.append(values.map(lambda value, shown=shown: shown[value]))
    joined = pd.concat(parts, axis=1).agg(lambda row: join_parts(list(row)), axis=1) if len(parts) > 1 else parts[0]
    return joined.astype(str)


def _name_values(name: str, values: list[str], labels: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return what each value of a column of names is called."""
    if name in ("regime", "case"):  # of a comparison the whole setting, regime and numbers
        shown = label_settings(values, labels)
    else:
        shown = {value: labels.get(name, {}).get(value, value) for value in values}
    named = {value: NOTHING.get(name, "none") if text == "none" else call(text) for value, text in shown.items()}
    return named if len({*named.values()}) == len(named) else shown


def call(setting: object) -> str:
    """Return a setting's name in words; one that no command of ours writes stays as it is."""
    text = str(setting)
    return name_setting(_GROUP.sub("", text)) if _OURS.fullmatch(text) else text


def _show(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _varies(values: Table) -> bool:
    return len(values.unique()) > 1


def _find_unit(runs: Table) -> str:
    return "seed" if _varies(runs["seed"]) else "scenario"


def _pair(runs: Table) -> Table:
    unit = _find_unit(runs)
    outcomes = [name for name in OUTCOMES if name in runs.columns]
    kept = drop_repeated_points(runs, ["regime"], ["scenario"])
    pairs = kept.groupby(["regime", unit], sort=False)[outcomes].mean().reset_index()
    return pairs.rename(columns={unit: "seed"})
