"""Results of runs: three tidy tables, the strip of one run, and the manifest; written to and read from a folder."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import tempfile
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.columns import MODEL_VERSION

if TYPE_CHECKING:
    from sim.parameters import Parameters
    from sim.state import Roster

CAUTION = (
    "An illustrative model; the presets are stylised; the coalition designs it is inspired by have not been "
    "empirically evaluated; nothing here shows that a policy works."
)
TABLES = ("runs", "months", "events", "members")
LIBRARIES = ("coalitions", "numpy", "numba", "pandas", "pyarrow", "mesa")


class ResultsError(ValueError):
    """A results folder is missing something or cannot be read."""


@dataclasses.dataclass
class Results:
    """Tables of one or more runs. Columns are described in `sim.columns`.

    runs: one row a run. months: one row a run and month. events: one row an event. members: the largest coalition of
    each organization by month in the first run of each setting (0 unaffiliated, -1 closed).
    """

    runs: pd.DataFrame
    months: pd.DataFrame
    events: pd.DataFrame
    members: pd.DataFrame
    manifest: dict[str, Any]

    @classmethod
    def concatenate(cls, parts: list[Results]) -> Results:
        """Return the tables of `parts` one below the other; the manifest keeps the settings of each."""
        joined = {name: pd.concat([getattr(part, name) for part in parts], ignore_index=True) for name in TABLES}
        manifest = dict(parts[0].manifest)
        manifest["settings"] = [setting for part in parts for setting in part.manifest["settings"]]
        return cls(**joined, manifest=manifest)


def describe_run(parameters: Parameters, seeds: list[int], roster: Roster) -> dict[str, Any]:
    """Return the manifest of one setting: parameters, seeds, size, versions, caution; no paths, no names of people."""
    return {
        "caution": CAUTION,
        "model_version": MODEL_VERSION,
        "seeds": list(seeds),
        "n_organizations": len(roster.key),
        "settings": [dataclasses.asdict(parameters)],
        "versions": {"python": platform.python_version()} | {name: _get_version(name) for name in LIBRARIES},
    }


def _get_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _replace(path: Path, write: Any) -> None:
    """Write to a temporary neighbour and move it into place, so that a killed process leaves no half file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(Path(temporary))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def save_results(results: Results, folder: Path, command: str) -> None:
    """Write tables as Parquet and manifest.json into `folder` (made where missing). The manifest comes last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        table = getattr(results, name)
        _replace(
            folder / f"{name}.parquet",
            lambda path, table=table: table.to_parquet(path, index=False, compression="zstd", write_page_checksum=True),
        )
    manifest = {"command": command, **results.manifest}
    text = json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n"
    _replace(folder / "manifest.json", lambda path: path.write_text(text, encoding="utf-8"))


def load_results(folder: str | Path) -> Results:
    """Return the results kept in `folder`. Raises `ResultsError` where a part is missing or damaged."""
    folder = Path(folder)
    if not (folder / "manifest.json").is_file():
        raise ResultsError(f"{folder}: no manifest.json there; give the folder of one run, like results/demo")
    tables = {}
    for name in TABLES:
        try:
            tables[name] = pd.read_parquet(folder / f"{name}.parquet", page_checksum_verification=True)
        except Exception as error:  # a damaged footer makes pyarrow and pandas raise errors of many kinds
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ResultsError(f"{folder}/{name}.parquet: cannot be read ({reason}); run the command again") from error
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ResultsError(f"{folder}/manifest.json: not JSON ({error}); run the command again") from error
    made_by = manifest.get("model_version")
    if made_by != MODEL_VERSION:
        warnings.warn(
            f"{folder}: made by model {made_by or 'without a number'}, this is model {MODEL_VERSION}; their numbers "
            "differ, CHANGELOG.md says how; run the command again to compare them with new runs",
            stacklevel=2,
        )
    return Results(**tables, manifest=manifest)
