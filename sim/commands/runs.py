"""Keeping what a setting gives: its folder, held against other commands, and progress while it runs."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.commands.console import compile_model, print_json, progress, say_at_once, say_warning
from sim.commands.drawing import Pencil
from sim.configuration import Configuration
from sim.errors import OK, ConfigurationError
from sim.figures import AFTER_A_RUN
from sim.files.access import hold_folder, read_bounded, replace_file
from sim.schema.parameters import Parameters
from sim.sweep.in_memory import Label, content_hash, run_design
from sim.text import CAUTION

Describe = Callable[[Any, Path], tuple[str, dict[str, Any]]]

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.store import Results


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


def run_and_tell(
    args: argparse.Namespace,
    configuration: Configuration,
    pencil: Pencil,
    verb: str,
    words: list[str],
    describe: Describe,
    *,
    label: Label | None = None,
    names: Sequence[str] = AFTER_A_RUN,
    opening: str = "",
) -> int:
    """Run a setting, keep its tables and figures, print what `describe` says of them, and return the exit code.

    ``describe(results, folder)`` returns a text for people and the content of the JSON object. verb and words: of the
    command that gives the results again. names: of the figures. opening: what people read before the run.
    """
    with claim_folder(args, configuration) as folder:
        if opening and not args.json:
            say_at_once(opening)
        results = run_with_progress(args, configuration, label)
        mark(results, verb, words, args.config_dir)
        pencil.begin(results, folder / "figures", names)
        keep(results, folder)
        text, content = describe(results, folder)
        if not args.json:  # at once: figures may take longer than the runs
            say_at_once(text)
        figures = pencil.finish()
        if args.json:
            shown = [str(path) for path in figures]
            content = {"name": configuration.name, "folder": str(folder), **content}
            print_json({**content, "figures": shown, "caution": CAUTION})
        else:
            tell_folder(folder, figures)
            print(CAUTION)
        return OK
