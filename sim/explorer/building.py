"""From a configuration to its page: every point of the design run on the same seeds, recorded and packed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import ConfigurationError
from sim.explorer.header import describe_page, describe_start, describe_words, find_dimensions
from sim.explorer.packing import pack_run
from sim.explorer.page import build_page
from sim.explorer.recording import Recorder
from sim.results.scenario import describe_scenario
from sim.results.verdict import judge_panels
from sim.schema.columns import JUDGED
from sim.sweep.manifest import describe_plan
from sim.sweep.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.configuration import Configuration
    from sim.explorer.recording import Recording
    from sim.schema.parameters import Parameters
    from sim.schema.roster_tables import RosterTables

MAX_ORGANIZATIONS = 300  # more cannot be told apart in a picture
MAX_RUNS = 20_000


def build_explorer(
    configuration: Configuration,
    command: str,
    config_dir: str | None = None,
    on_progress: Callable[[float, int], None] | None = None,
) -> str:
    """Return the HTML of the explorer of a configuration's design.

    command: what gives this page again, shown on it. Raises `ConfigurationError` for a field that is no single city,
    and for more runs than a page can hold.
    """
    plan = make_plan(configuration, config_dir)
    points, seeds = list(configuration.design.points()), configuration.seeds
    if len(points) * len(seeds) > MAX_RUNS:
        raise ConfigurationError(
            f"explore: {len(points)} settings on {len(seeds)} seeds are {len(points) * len(seeds)} runs; a page "
            f"holds at most {MAX_RUNS}; give fewer values or seeds=…"
        )
    pages = _Pages()
    for at, values in enumerate(points):
        parameters = plan.parameters_at(values)
        recorder = pages.prepare(parameters, seeds[0])
        for number, seed in enumerate(seeds):
            recorder.restart(parameters, seed)
            recorder.run_to(parameters.months)
            pages.add(recorder.record(), parameters)
            if on_progress is not None:
                on_progress(at * len(seeds) + number + 1, len(points) * len(seeds))
    own = Path(config_dir).resolve() if config_dir else None
    manifest = describe_plan(plan, [])
    dimensions = find_dimensions(configuration.design, own, manifest["labels"])
    header = describe_page(dimensions, seeds, configuration.question, command)
    header["scenario"] = describe_scenario(manifest)
    return build_page(header | describe_words(configuration.parameters) | pages.describe(), pages.runs)


def read_roster(parameters: Parameters) -> RosterTables | None:
    """Return the tables of the roster, where the field has one. Raises `ConfigurationError` for what is no city."""
    field, tables = parameters.field, None
    if field.folder is not None:
        from sim.roster.reading import read_folder

        tables = read_folder(field.folder, field)
    if field.n_localities > 1 or (tables is not None and tables.localities is not None):
        raise ConfigurationError("explore: shows one city; a field of many localities is for `coalitions run`")
    n = field.n_organizations if tables is None else len(tables.ids)
    if n > MAX_ORGANIZATIONS:
        raise ConfigurationError(f"explore: shows at most {MAX_ORGANIZATIONS} organizations; this field has {n}")
    return tables


def is_shipped(parameters: Parameters) -> bool:
    """Say whether the organizations are invented ones: drawn, or of a roster that is shipped."""
    from sim.configuration import configuration_folder

    folder = parameters.field.folder
    return folder is None or Path(folder).resolve().is_relative_to(configuration_folder().resolve())


class _Pages:
    """What gathers while the runs go on."""

    def __init__(self) -> None:
        self.runs: list[bytes] = []
        self._recorders: dict[Any, Recorder] = {}
        self._starts: dict[str, int] = {}
        self._start_trees: list[dict[str, Any]] = []
        self._fields: list[int] = []
        self._grants: list[list[str]] = []
        self._judged: list[dict[str, Any]] = []

    def prepare(self, parameters: Parameters, seed: int) -> Recorder:
        """Return a recorder for this field, one for all settings with the same roster."""
        self._grants.append(sorted(parameters.regime.programmes))
        key = (parameters.field.folder, parameters.field.n_organizations, parameters.months)
        if key not in self._recorders:
            self._recorders[key] = Recorder(parameters, seed, read_roster(parameters))
        return self._recorders[key]

    def add(self, run: Recording, parameters: Parameters) -> None:
        """Pack a run and keep its summary."""
        self.runs.append(pack_run(run))
        tree = describe_start(run.start, is_known=is_shipped(parameters))
        place = self._starts.setdefault(str(tree), len(self._starts))
        if place == len(self._start_trees):
            self._start_trees.append(tree)
        self._fields.append(place)
        panels = {name: np.asarray(run.rows[name], float)[np.newaxis] for name in JUDGED}
        self._judged.append({name: value[0] for name, value in judge_panels(panels).items()})

    def describe(self) -> dict[str, Any]:
        """Return organizations at month 0, grant lines of each setting, and the summary of each run."""
        return {
            "starts": self._start_trees,
            "start_of": self._fields,
            "grants": self._grants,
            "summary": {
                name: [round_number(judged[name]) for judged in self._judged]
                for name in ("verdict", "collaboration_change", "coverage_end", "collaboration_end")
            },
        }


def round_number(value: Any) -> Any:
    """Return a number to four digits as JSON has it: None for nan or None; text stays as it is."""
    if value is None or isinstance(value, str):
        return value
    return None if np.isnan(value) else round(float(value), 4)
