"""Running a setting, or each point of a small design, without a folder: tables in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.configuration import CASE, Configuration, compose, find_value, name_columns, set_values
from sim.configuration.composition import describe_content
from sim.configuration.options import describe_choices
from sim.results.disclosure import describe_roster, find_places, hide_places, merge_rosters
from sim.schema.choices import name_runs
from sim.schema.settable import GROUPS

if TYPE_CHECKING:
    from sim.results.store import Results
    from sim.schema.parameters import Parameters

Label = Callable[[dict[str, Any], str], str]
Report = Callable[[float, int], None]


def run_design(
    configuration: Configuration,
    *,
    config_dir: str | Path | None = None,
    report: Report | None = None,
    label: Label | None = None,
    warn: Callable[[str], None] = lambda text: None,
) -> Results:
    """Return the results of every point of the design (a single one where nothing varies) on the same seeds.

    What the design varies beside the regime becomes a column of ``runs``, under the last part of its name where that
    is free and else under all of it; a point that leaves a number alone has the number it was run with there.
    ``label(point, regime)`` names a point in the column ``regime``. ``warn(text)`` is called, before anything is run,
    with each sentence that the manifest lists under ``warnings``. Raises `ConfigurationError` where two points would
    have one name.
    """
    from sim.configuration.doubtful import find_warnings
    from sim.results.store import Results

    points = list(configuration.design.points())
    find_places({point["field.folder"] for point in points if "field.folder" in point})  # two of one name are refused
    settings = _Settings(configuration, config_dir)
    columns = name_columns(configuration.design.names())
    _check_names(points, settings, bool(columns), label)
    warnings = find_warnings(configuration.design, settings.at)
    for text in warnings:
        warn(text)
    parts = []
    for number, point in enumerate(points):
        setting = settings.at(point)
        shifted = _shifted(report, number, len(points))
        part = run_setting(setting, configuration.seeds, shifted, configuration.changes, configuration.decisions)
        varied = {column: find_value(name, point, setting) for name, column in columns.items()}
        parts.append(part if len(points) == 1 else _mark(part, hide_places(point), varied, number, label))
    rosters = [part.manifest.get("roster") for part in parts]
    results = parts[0] if len(parts) == 1 else Results.concatenate(parts)
    if any(rosters):
        results.manifest["roster"] = merge_rosters(rosters)
    _describe(results, configuration)
    own = Path(config_dir).resolve() if config_dir else None
    results.manifest["descriptions"] = describe_choices(results.manifest.get("labels", {}), own)
    results.manifest["warnings"] = warnings
    return results


def _check_names(points: list[dict[str, Any]], settings: _Settings, is_numbered: bool, label: Label | None) -> None:
    """Raise `ConfigurationError` where two points have one label, or their runs one name; see `_mark`."""
    if len(points) < 2:
        return
    from sim.configuration.doubtful import check_labels

    found = [settings.at(point) for point in points]
    if label:
        check_labels([label(hide_places(point), one.regime.name) for point, one in zip(points, found, strict=True)])
    if not is_numbered:
        check_labels([name_runs(one) for one in found])


def run_setting(
    parameters: Parameters,
    seeds: list[int],
    report: Report | None = None,
    changes: Sequence[tuple[int, Mapping[str, Any]]] = (),
    decisions: Sequence[str] = (),
) -> Results:
    """Return the results of one setting, with the roster of its field; see `sim.engine.interventions`."""
    from sim.engine.batch import simulate

    roster = None
    if parameters.field.folder is not None:
        from sim.roster.reading import read_folder

        roster = read_folder(parameters.field.folder, parameters.field)
    if changes or decisions:
        from sim.engine.decisions import read_decision
        from sim.engine.interventions import simulate_changed
        from sim.schema.changes import Change

        given = [Change(*one) for one in changes]
        decided = [read_decision(text) for text in decisions]
        results = simulate_changed(parameters, seeds, given, roster, report, decided)
    else:
        results = simulate(parameters, seeds, on_progress=report, roster=roster)
    if roster is not None:
        results.manifest["roster"] = describe_roster(roster, parameters.field)
    return results


class _Settings:
    """The parameters at each point of a design; what a config group decides is composed once per combination."""

    def __init__(self, configuration: Configuration, config_dir: str | Path | None) -> None:
        self.configuration, self.config_dir = configuration, config_dir
        self.composed: dict[tuple[str, ...], Parameters] = {(): configuration.parameters}

    def at(self, point: dict[str, Any]) -> Parameters:
        words = tuple(f"{name}={value}" for name, value in point.items() if name in GROUPS)
        if words not in self.composed:
            kept = [word for word in self.configuration.overrides if word.lstrip("+").partition("=")[0] not in point]
            self.composed[words] = compose([*kept, *words], config_dir=self.config_dir).parameters
        return set_values(
            self.composed[words], {name: value for name, value in point.items() if name not in (*GROUPS, CASE)}
        )


def _shifted(report: Report | None, number: int, n_points: int) -> Report | None:
    return (lambda done, total: report(number * total + done, n_points * total)) if report else None


def _mark(part: Results, point: dict[str, Any], varied: dict[str, Any], number: int, label: Label | None) -> Results:
    """Give the runs of one point columns for what varies, and run names that no other point has."""
    for table in (part.runs, part.months, part.events, part.members, part.localities):
        if varied and "run_id" in table.columns:
            table["run_id"] = table["run_id"].astype(str) + f"-{number}"
        if label and "regime" in table.columns:
            table["regime"] = [label(point, str(regime)) for regime in table["regime"]]
    for name, value in varied.items():
        part.runs[name] = value
    return part


def _describe(results: Results, configuration: Configuration) -> None:
    """Write into the manifest what was asked for."""
    results.manifest |= {
        "name": configuration.name,
        "overrides": configuration.overrides,
        "question": configuration.question,
        **({"start": configuration.start} if configuration.start else {}),
        "design": configuration.design.to_tree(),
        "content_hash": content_hash(configuration),
    }


def content_hash(configuration: Configuration) -> str:
    """Return 16 digits that are equal for equal settings, seeds and designs, on any machine."""
    tree = describe_content(configuration.parameters)
    content = [tree, configuration.seeds, configuration.design.to_tree()]
    content += [configuration.changes] if configuration.changes else []
    content += [configuration.decisions] if configuration.decisions else []
    content = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()
