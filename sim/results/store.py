"""Results of runs: three tidy tables, the strip of one run, and the manifest; written to and read from a folder."""

from __future__ import annotations

import dataclasses
import json
import platform
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.errors import ResultsError
from sim.files.access import read_bounded, replace_file
from sim.files.checksums import CHECK, digest_file, is_sealed, seal
from sim.results.disclosure import hide_places
from sim.results.manifest import find_wrong
from sim.results.release import code_hash, describe_code, get_version, name_model, tell_code
from sim.schema.choices import label_choices, merge_labels
from sim.schema.columns import MODEL_VERSION
from sim.text import CAUTION

if TYPE_CHECKING:
    from sim.schema.parameters import Parameters

TABLES = ("runs", "months", "events", "members")
MOST_BYTES = 500_000_000  # of a manifest: that of a sweep lists its points
LOCALITIES = "localities"  # only of fields that have several
LIBRARIES = ("coalitions", "numpy", "numba", "pandas", "pyarrow", "mesa")


@dataclasses.dataclass
class Results:
    """Tables of one or more runs. Columns are described in `sim.schema.columns`.

    runs: one row a run. months: one row a run and month. events: one row an event. members: the largest coalition of
    each organization by month (0 unaffiliated, -1 closed) in one run of each setting, the one whose collaboration at
    the end is nearest the median over seeds. localities: one row a run and locality, where the field has several;
    events and members are then not kept.
    """

    runs: pd.DataFrame
    months: pd.DataFrame
    events: pd.DataFrame
    members: pd.DataFrame
    manifest: dict[str, Any]
    localities: pd.DataFrame = dataclasses.field(default_factory=pd.DataFrame)

    @classmethod
    def concatenate(cls, parts: list[Results]) -> Results:
        """Return the tables of `parts` one below the other; the manifest keeps the settings of each."""
        names = (*TABLES, LOCALITIES)
        joined = {name: pd.concat([getattr(part, name) for part in parts], ignore_index=True) for name in names}
        manifest = dict(parts[0].manifest)
        for name in ("settings", "sizes"):
            manifest[name] = [one for part in parts for one in part.manifest[name]]
        manifest["labels"] = merge_labels(part.manifest["labels"] for part in parts)
        return cls(**joined, manifest=manifest)


def describe_run(parameters: Parameters, seeds: list[int], n_organizations: int) -> dict[str, Any]:
    """Return the manifest of one setting: parameters, seeds, size, versions, caution; no names of people."""
    return {
        "caution": CAUTION,
        "model_version": MODEL_VERSION,
        "seeds": list(seeds),
        "n_organizations": n_organizations,
        "sizes": [{"n_organizations": n_organizations}],  # of each setting; see sim.results.sizes
        "settings": [dataclasses.asdict(parameters)],
        "code": describe_code(),
        "versions": describe_versions(),
        "labels": label_choices([parameters]),
    }


def describe_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that make results."""
    return {"python": platform.python_version()} | {name: get_version(name) for name in LIBRARIES}


def save_results(results: Results, folder: Path, command: str) -> None:
    """Write tables as Parquet and manifest.json into `folder` (made where missing).

    The manifest comes last, and one of other results goes first, so that it never stands beside tables of others.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = hide_places({"command": command, **results.manifest})
    if not _is_of_same(folder / "manifest.json", manifest):
        (folder / "manifest.json").unlink(missing_ok=True)
    names = (*TABLES, LOCALITIES) if len(results.localities) else TABLES
    for name in names:
        table = getattr(results, name)
        replace_file(
            folder / f"{name}.parquet",
            lambda path, table=table: table.to_parquet(path, index=False, compression="zstd", write_page_checksum=True),
        )
    write_manifest(folder, manifest, names)


def _is_of_same(path: Path, manifest: Mapping[str, Any]) -> bool:
    """Say whether the manifest there is of the same results, whatever the command was."""
    try:
        there = json.loads(read_bounded(path, MOST_BYTES))
        other = {"command": "", "tables": "", CHECK: ""}
        return there | other == seal(manifest) | other
    except (OSError, ValueError, TypeError, RecursionError):  # no manifest of ours
        return False


def write_manifest(folder: Path, manifest: Mapping[str, Any], names: Sequence[str]) -> None:
    """Write manifest.json with the digests of the tables `names` in `folder` and of itself, so that damage shows.

    Paths of this machine stay out of it: `sim.results.disclosure.hide_places`.
    """
    manifest = hide_places(manifest)
    digests = {name: digest_file(folder / f"{name}.parquet") for name in names}
    # in natural order: that of what a design varies carries meaning, and sorting would lose it
    text = json.dumps(seal({**manifest, "tables": digests}), indent=2) + "\n"
    replace_file(folder / "manifest.json", lambda path: path.write_text(text, encoding="utf-8"))


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a folder of results. Raises `ResultsError` where it is missing or damaged."""
    path = Path(folder) / "manifest.json"
    if not path.is_file():
        raise ResultsError(f"{folder}: no manifest.json there; give the folder of a run or of a complete sweep")
    try:
        manifest = json.loads(read_bounded(path, MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: not JSON ({str(error) or 'too deep'}); run the command again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("tables"), dict) or not is_sealed(manifest):
        raise ResultsError(
            f"{path}: is not as coalitions has written it (damaged, edited, or of a version before digests); "
            "run the command again"
        )
    wrong = find_wrong(manifest)
    if wrong:
        raise ResultsError(f"{path}: '{wrong}' is not what coalitions writes there; run the command again")
    return manifest


def _find_table(folder: Path, name: str, manifest: Mapping[str, Any]) -> Path:
    """Return where a table lies. Raises `ResultsError` unless it is there as it was written."""
    path = folder / f"{name}.parquet"
    if name not in manifest["tables"]:
        raise ResultsError(f"{path}: is not there; {folder} holds {', '.join(manifest['tables']) or 'no tables'}")
    try:
        found = digest_file(path)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror}); run the command again") from error
    if found != manifest["tables"][name]:
        raise ResultsError(f"{path}: is damaged, it is not what manifest.json says was written; run the command again")
    return path


def _read_table(folder: Path, name: str, manifest: Mapping[str, Any]) -> pd.DataFrame:
    path = _find_table(folder, name, manifest)
    try:
        return pd.read_parquet(path, page_checksum_verification=True)
    except Exception as error:  # pyarrow and pandas raise errors of many kinds
        raise ResultsError(f"{path}: cannot be read ({_first_line(error)}); run the command again") from error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def scan_table(folder: str | Path, name: str = "runs") -> Any:
    """Return one table of results as a `pyarrow.dataset.Dataset`, which reads only what is asked of it.

    For tables larger than memory: ``scan_table(DIR, "months").to_table(columns=[…], filter=…)``, or by its path in
    DuckDB. Raises `ResultsError` where the table is missing or damaged.
    """
    import pyarrow.dataset

    path = _find_table(Path(folder), name, read_manifest(folder))
    try:
        options = pyarrow.dataset.ParquetFragmentScanOptions(page_checksum_verification=True)
        return pyarrow.dataset.dataset(
            path, format=pyarrow.dataset.ParquetFileFormat(default_fragment_scan_options=options)
        )
    except Exception as error:  # as above
        raise ResultsError(f"{path}: cannot be read ({_first_line(error)}); run the command again") from error


def load_results(folder: str | Path) -> Results:
    """Return the results kept in `folder`. Raises `ResultsError` where a part is missing or damaged."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    tables = {
        name: _read_table(folder, name, manifest) if name in manifest["tables"] else pd.DataFrame()
        for name in (*TABLES, LOCALITIES)
    }
    if told := _tell_maker(manifest):
        warnings.warn(f"{folder}: {told}; run the command again to compare them with new runs", stacklevel=2)
    return Results(**tables, manifest=manifest)


def _tell_maker(manifest: Mapping[str, Any]) -> str:
    """Return in words that results were made by another model or other code than is here, "" where they were not."""
    if manifest.get("model_version") != MODEL_VERSION:
        differ = "their numbers differ, CHANGELOG.md says how"
        return f"made by {name_model(manifest)}, this is model {MODEL_VERSION}; {differ}"
    code = manifest.get("code")
    if isinstance(code, Mapping) and code.get("hash") == code_hash():
        return ""
    made_by = tell_code(code) or "code that was not noted"
    return f"made by {name_model(manifest)} with {made_by}, this is {name_model()} with {tell_code(describe_code())}"
