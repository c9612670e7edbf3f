"""Results of runs: three tidy tables, the strip of one run, and the manifest; written to and read from a folder."""

from __future__ import annotations

import dataclasses
import json
import platform
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.columns import MODEL_VERSION
from sim.files import replace_file

if TYPE_CHECKING:
    from sim.parameters import Parameters

CAUTION = (
    "An illustrative model; the presets are stylised; the coalition designs it is inspired by have not been "
    "empirically evaluated; nothing here shows that a policy works."
)
TABLES = ("runs", "months", "events", "members")
LOCALITIES = "localities"  # only of fields that have several
LIBRARIES = ("coalitions", "numpy", "numba", "pandas", "pyarrow", "mesa")


class ResultsError(ValueError):
    """A results folder is missing something or cannot be read."""


@dataclasses.dataclass
class Results:
    """Tables of one or more runs. Columns are described in `sim.columns`.

    runs: one row a run. months: one row a run and month. events: one row an event. members: the largest coalition of
    each organization by month in the first run of each setting (0 unaffiliated, -1 closed). localities: one row a run
    and locality, where the field has several; events and members are then not kept.
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
        manifest["settings"] = [setting for part in parts for setting in part.manifest["settings"]]
        return cls(**joined, manifest=manifest)


def describe_run(parameters: Parameters, seeds: list[int], n_organizations: int) -> dict[str, Any]:
    """Return the manifest of one setting: parameters, seeds, size, versions, caution; no paths, no names of people."""
    return {
        "caution": CAUTION,
        "model_version": MODEL_VERSION,
        "seeds": list(seeds),
        "n_organizations": n_organizations,
        "settings": [dataclasses.asdict(parameters)],
        "versions": {"python": platform.python_version()} | {name: get_version(name) for name in LIBRARIES},
    }


def get_version(name: str) -> str:
    """Return the installed version of a library."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def save_results(results: Results, folder: Path, command: str) -> None:
    """Write tables as Parquet and manifest.json into `folder` (made where missing). The manifest comes last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*TABLES, LOCALITIES) if len(results.localities) else TABLES:
        table = getattr(results, name)
        replace_file(
            folder / f"{name}.parquet",
            lambda path, table=table: table.to_parquet(path, index=False, compression="zstd", write_page_checksum=True),
        )
    manifest = {"command": command, **results.manifest}
    text = json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n"
    replace_file(folder / "manifest.json", lambda path: path.write_text(text, encoding="utf-8"))


def _read_table(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    try:
        return pd.read_parquet(path, page_checksum_verification=True)
    except Exception as error:  # a damaged footer makes pyarrow and pandas raise errors of many kinds
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ResultsError(f"{path}: cannot be read ({reason}); run the command again") from error


def scan_table(folder: str | Path, name: str = "runs") -> Any:
    """Return one table of results as a `pyarrow.dataset.Dataset`, which reads only what is asked of it.

    For tables larger than memory: ``scan_table(DIR, "months").to_table(columns=[…], filter=…)``, or by its path in
    DuckDB. Raises `ResultsError` where the table is missing or damaged.
    """
    import pyarrow.dataset

    path = Path(folder) / f"{name}.parquet"
    if not path.is_file():
        kept = sorted(one.stem for one in Path(folder).glob("*.parquet"))
        raise ResultsError(f"{path}: is not there; {folder} holds {', '.join(kept) or 'no tables'}")
    try:
        options = pyarrow.dataset.ParquetFragmentScanOptions(page_checksum_verification=True)
        return pyarrow.dataset.dataset(
            path, format=pyarrow.dataset.ParquetFileFormat(default_fragment_scan_options=options)
        )
    except Exception as error:  # as above
        raise ResultsError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error


def load_results(folder: str | Path) -> Results:
    """Return the results kept in `folder`. Raises `ResultsError` where a part is missing or damaged."""
    folder = Path(folder)
    if not (folder / "manifest.json").is_file():
        raise ResultsError(f"{folder}: no manifest.json there; give the folder of a run or of a complete sweep")
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{folder}/manifest.json: not JSON ({error}); run the command again") from error
    if not isinstance(manifest, dict) or manifest.get("keep", TABLES[0]) not in TABLES:
        raise ResultsError(f"{folder}/manifest.json: not one that coalitions writes; run the command again")
    # a sweep keeps the table it was told to keep, and those before it
    kept = TABLES[: TABLES.index(manifest.get("keep", TABLES[0])) + 1] if manifest.get("kind") == "sweep" else TABLES
    tables = {name: _read_table(folder, name) if name in kept else pd.DataFrame() for name in TABLES}
    if (folder / f"{LOCALITIES}.parquet").is_file():
        tables[LOCALITIES] = _read_table(folder, LOCALITIES)
    made_by = manifest.get("model_version")
    if made_by != MODEL_VERSION:
        warnings.warn(
            f"{folder}: made by model {made_by or 'without a number'}, this is model {MODEL_VERSION}; their numbers "
            "differ, CHANGELOG.md says how; run the command again to compare them with new runs",
            stacklevel=2,
        )
    return Results(**tables, manifest=manifest)
