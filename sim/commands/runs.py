"""Running a setting and keeping what it gives: the points of its design, the folder, the figures."""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.commands.console import Report, compile_model, progress, say_warning
from sim.configuration import CASE, Configuration, compose, find_value, name_columns, set_values
from sim.configuration.composition import describe_content
from sim.configuration.options import describe_choices
from sim.errors import ConfigurationError
from sim.files.access import hold_folder, read_bounded, replace_file
from sim.results.disclosure import describe_roster, find_places, hide_places, merge_rosters
from sim.schema.choices import name_runs
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS

Label = Callable[[dict[str, Any], str], str]

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.store import Results


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


def find_folder(args: argparse.Namespace, configuration: Configuration) -> Path:
    """Return the folder of this run's results. Raises `ConfigurationError` where other results lie there already."""
    folder = place_folder(args.results, configuration.name)
    if not folder.exists() or args.force:
        return folder
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: is a file, not a folder; choose another name")
    if not _is_unfinished(folder) and _read_hash(folder) != content_hash(configuration):
        raise ConfigurationError(f"{folder}: holds other results; choose another name=… or overwrite with --force")
    return folder


def _is_unfinished(folder: Path) -> bool:
    """Say whether the folder is empty, or holds what a command left that was killed or had no room for all of it."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if not names or "manifest.json" in names:  # which comes last
        return not names
    from sim.results.store import LOCALITIES, TABLES

    return names <= {"figures", *(f"{name}.parquet" for name in (*TABLES, LOCALITIES))}


def place_folder(results: str, name: str) -> Path:
    """Return the folder of a name. Raises `ConfigurationError` where it, or what we write in, is a link elsewhere."""
    root = Path(results)
    folder = root / name
    if folder.resolve().parent != root.resolve():
        raise ConfigurationError(f"{folder}: leads out of {root}; choose another name")
    for inner in ("figures", "parts"):
        if (folder / inner).is_symlink():
            raise ConfigurationError(f"{folder / inner}: is a link, and nothing is written through links; remove it")
    return folder


def _read_hash(folder: Path) -> str | None:
    from sim.results.store import MOST_BYTES

    try:
        return json.loads(read_bounded(folder / "manifest.json", MOST_BYTES)).get("content_hash")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None


def mark(results: Results, verb: str, overrides: list[str], config_dir: str | None = None) -> None:
    """Write into the manifest the command that gives the results again."""
    own = ["--config-dir", config_dir] if config_dir else []
    results.manifest["command"] = shlex.join(["coalitions", verb, *overrides, *own])


@contextmanager
def claim_folder(args: argparse.Namespace, configuration: Configuration) -> Iterator[Path]:
    """Yield the folder of this run's results, held against other commands until the block ends.

    Raises `ConfigurationError` where other results lie there already, `FolderInUseError` where another command writes.
    """
    folder = find_folder(args, configuration)
    with hold_folder(folder):
        yield find_folder(args, configuration)  # again: another one may have ended there meanwhile


def keep(results: Results, folder: Path) -> None:
    """Save results that have been marked with their command."""
    from sim.results.store import save_results

    save_results(results, folder, results.manifest["command"])


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table that is made from the results beside it as CSV."""
    replace_file(path, lambda target: table.to_csv(target, index=False), is_flushed=False)


def tell_folder(folder: Path, figures: list[Path]) -> None:
    """Print where the results lie."""
    if figures:
        print(f"Figures: {len(figures)} files in {figures[0].parent}/")
    print(f"Results: {folder}/", flush=True)


def _has_localities(parameters: Parameters) -> bool:
    """Say whether the field has many localities, by its numbers or by its roster."""
    if parameters.field.folder is None:
        return parameters.field.n_localities > 1
    from sim.roster.reading import read_folder

    return read_folder(parameters.field.folder, parameters.field).localities is not None


def run_with_progress(args: argparse.Namespace, configuration: Configuration, label: Label | None = None) -> Results:
    """Return the results of a setting, compiling first where needed, with progress on stderr."""
    compile_model(is_quiet=args.quiet, has_localities=_has_localities(configuration.parameters))
    with progress(configuration.name, is_quiet=args.quiet) as report:
        results = run_design(configuration, config_dir=args.config_dir, report=report, label=label, warn=say_warning)
    sys.stderr.flush()
    return results
