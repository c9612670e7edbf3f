"""Parts of a sweep on disk: one Parquet file a table and stretch of runs, checksummed, written whole or not at all.

A part of the table `runs` marks its stretch as done, so it is written last. Reading verifies: the plan's key, the
stretch, the number of rows and every page's checksum; a part that fails is set aside and its runs are done again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import ConfigurationError
from sim.files.access import check_regular, replace_file
from sim.files.checksums import is_sealed, seal
from sim.results.release import describe_maker, find_difference

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "parts"
ROWS_IN_GROUP = 16_384
_NAME = re.compile(r"(runs|months|events)-(\d{12})-(\d{12})\.parquet")
_META = b"coalitions"


class Stretch(NamedTuple):
    """Runs of number `first` up to but not including `last`."""

    first: int
    last: int


class Failure(NamedTuple):
    """One run that gave no result."""

    run: int
    point: int
    seed: int
    error: str


def name_part(folder: Path, table: str, stretch: Stretch) -> Path:
    """Return the path of a part."""
    return folder / FOLDER / f"{table}-{stretch.first:012d}-{stretch.last:012d}.parquet"


def write_part(
    folder: Path, table: str, stretch: Stretch, frame: pd.DataFrame, key: str, failures: Iterable[Failure] = ()
) -> None:
    """Write one part. `key` is that of the plan; `failures` go with the table `runs`. Raises OSError."""
    content = pa.Table.from_pandas(frame, preserve_index=False)
    write_table(name_part(folder, table, stretch), content, key, stretch, failures)


def write_table(path: Path, content: pa.Table, key: str, stretch: Stretch, failures: Iterable[Failure] = ()) -> None:
    """Write a table whole, with the key and stretch it belongs to in its footer."""
    note = _make_note(key, stretch, failures, content.schema, len(content))
    content = content.replace_schema_metadata({_META: note})
    replace_file(path, lambda target: _write(content, target))


def _write(content: pa.Table, target: Path) -> None:
    pq.write_table(
        content, target, compression="zstd", write_page_checksum=True, row_group_size=ROWS_IN_GROUP, store_schema=True
    )


def read_note(path: Path) -> dict[str, Any]:
    """Return key, first, last and failures from a part's footer. Raises ValueError or OSError where it is damaged."""
    check_regular(path)
    metadata = pq.read_metadata(path).metadata or {}
    note = json.loads(metadata[_META])
    if not is_sealed(note):
        raise ValueError("its footer is damaged")
    return note


def read_part(path: Path, key: str) -> tuple[pa.Table, list[Failure]]:
    """Return a verified part's table and failures. Raises ValueError (pyarrow's errors are some) or OSError."""
    note = read_note(path)
    if note["key"] != key:
        raise ValueError("belongs to another plan")
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        content = file.read()
    _check_note(note, content.schema, len(content))
    failures = [Failure(*one) for one in note["failures"]]
    if path.name.startswith("runs-") and len(content) + len(failures) != note["last"] - note["first"]:
        raise ValueError("has too few rows")
    return content, failures


class Found(NamedTuple):
    """What lies in the folder: stretches done, in order, and files set aside because they failed."""

    done: list[Stretch]
    set_aside: list[str]


def find_parts(folder: Path, key: str, tables: tuple[str, ...], n_runs: int) -> Found:
    """Verify every part in `folder`. One that is damaged, foreign, overlapping or beyond `n_runs` becomes .bad-….

    Raises `ConfigurationError` where a part of this very plan was made by other code or libraries.
    """
    done, set_aside = [], []
    for path in sorted((folder / FOLDER).glob("runs-*.parquet")):
        match = _NAME.fullmatch(path.name)
        stretch = Stretch(int(match[2]), int(match[3])) if match else None
        overlaps = bool(done and stretch and stretch.first < done[-1].last)
        whole = stretch is not None and all(
            _verify(name_part(folder, table, stretch), key, stretch) for table in tables
        )
        if whole and not overlaps and stretch and stretch.last <= n_runs:
            done.append(stretch)
        else:
            path.replace(path.with_name(f".bad-{path.name}"))
            set_aside.append(path.name)
    return Found(done, set_aside)


def _verify(path: Path, key: str, stretch: Stretch) -> bool:
    try:
        note = read_note(path)
        read_part(path, key)
    except Exception:  # damaged footers make pyarrow raise errors of many kinds
        return False
    if differs := find_difference(note.get("made_by")):
        raise ConfigurationError(
            f"{path}: was made by other code or libraries ({differs}), and tables would mix two versions; start the "
            "sweep again under another name=…, or with --force"
        )
    return (note["first"], note["last"]) == stretch


def find_gaps(done: list[Stretch], n_runs: int) -> list[Stretch]:
    """Return the stretches of 0 … n_runs that are not in `done`, which is sorted and does not overlap."""
    edges = [0, *(edge for stretch in done for edge in stretch), n_runs]
    return [Stretch(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < last]


def cut(stretches: Iterable[Stretch], length: int) -> Iterator[Stretch]:
    """Cut stretches into pieces of at most `length` runs."""
    for stretch in stretches:
        for first in range(stretch.first, stretch.last, length):
            yield Stretch(first, min(first + length, stretch.last))


def join_parts(folder: Path, table: str, key: str, done: list[Stretch]) -> list[Failure]:
    """Write the parts of one table as `folder`/<table>.parquet, in the order of runs, and return their failures.

    Row groups have a fixed number of rows, so the file's bytes do not depend on how the runs were cut into parts.
    """
    failures: list[Failure] = []
    schema = _unify([name_part(folder, table, stretch) for stretch in done])

    def write(target: Path) -> None:
        writer, waiting = pq.ParquetWriter(target, schema, compression="zstd", write_page_checksum=True), []
        n_rows = 0
        for stretch in done:
            content, failed = read_part(name_part(folder, table, stretch), key)
            failures.extend(failed)
            if not content.column_names:  # every run of it failed
                continue
            waiting.append(_decode(content).cast(schema))
            n_rows += len(content)
            if sum(map(len, waiting)) >= ROWS_IN_GROUP:
                waiting = _write_groups(writer, waiting)
        if sum(map(len, waiting)):
            writer.write_table(pa.concat_tables(waiting).combine_chunks(), row_group_size=ROWS_IN_GROUP)
        note = _make_note(key, Stretch(0, done[-1].last), failures, schema, n_rows)
        writer.add_key_value_metadata({_META: note})
        writer.close()

    replace_file(folder / f"{table}.parquet", write)
    return failures


def _write_groups(writer: pq.ParquetWriter, waiting: list[pa.Table]) -> list[pa.Table]:
    """Write as many whole row groups as there are, and return the rest."""
    rows = pa.concat_tables(waiting).combine_chunks()
    n_whole = len(rows) // ROWS_IN_GROUP * ROWS_IN_GROUP
    writer.write_table(rows.slice(0, n_whole), row_group_size=ROWS_IN_GROUP)
    rest = rows.slice(n_whole).combine_chunks()  # not a view, which would keep the whole
    pa.default_memory_pool().release_unused()
    return [rest]


def _make_note(key: str, stretch: Stretch, failures: Iterable[Failure], schema: pa.Schema, n_rows: int) -> bytes:
    note = {"key": key, "first": stretch.first, "last": stretch.last, "failures": [list(one) for one in failures]}
    note |= {"columns": _describe_columns(schema), "rows": n_rows, "made_by": describe_maker()}
    return json.dumps(seal(note)).encode()


def _describe_columns(schema: pa.Schema) -> list[list[str]]:
    return [[field.name, str(field.type)] for field in schema]


def _check_note(note: dict[str, Any], schema: pa.Schema, n_rows: int) -> None:
    if note["columns"] != _describe_columns(schema) or note["rows"] != n_rows:
        raise ValueError("has other columns or rows than were written")


def part_again(folder: Path, key: str, tables: tuple[str, ...], n_runs: int) -> None:
    """Make the joined tables the first part of a sweep that has been extended to `n_runs`. They keep their bytes.

    The table `runs` moves last: killed on the way, the next call moves what is left.
    """
    stretch = find_joined(folder, key)
    if stretch is None or stretch.last >= n_runs:
        return
    joined = [folder / f"{table}.parquet" for table in tables]
    if all(path.is_file() for path in joined):
        remove_parts(folder)  # these were joined and should have gone
    (folder / FOLDER).mkdir(exist_ok=True)
    for table, path in zip(tables, joined, strict=True):
        if path.is_file():
            path.replace(name_part(folder, table, stretch))


def find_joined(folder: Path, key: str) -> Stretch | None:
    """Return the runs in the joined table of this plan's runs, None without one."""
    try:
        note = read_note(folder / "runs.parquet")
    except Exception:  # there is none, or it is damaged
        return None
    return Stretch(note["first"], note["last"]) if note["key"] == key else None


def check_table(path: Path) -> None:
    """Read a whole table batch by batch against its checksums. Raises ValueError or OSError where it is damaged."""
    note = read_note(path)
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        _check_note(note, file.schema_arrow, sum(len(batch) for batch in file.iter_batches()))


def _unify(paths: list[Path]) -> pa.Schema:
    """Return the columns of all parts. What is whole or missing all through one part may be a fraction in another."""
    schemas = [_decode(pq.read_schema(path).empty_table()).schema for path in paths]
    return pa.unify_schemas([pa.schema([]), *schemas], promote_options="permissive")


def _decode(content: pa.Table) -> pa.Table:
    """Return the table with dictionaries written out: their order depends on the part."""
    for at, field in enumerate(content.schema):
        if pa.types.is_dictionary(field.type):
            content = content.set_column(at, field.name, content.column(at).cast(field.type.value_type))
    return content.replace_schema_metadata(None)


def remove_parts(folder: Path) -> None:
    """Delete the parts once they are joined, and what killed writers left behind."""
    parts = folder / FOLDER
    if parts.is_dir():
        for path in parts.iterdir():
            path.unlink()
        parts.rmdir()
