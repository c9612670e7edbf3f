"""Real input: a folder of CSV text in, checked tables of organizations, ties and grant lines out.

Everything is read as text, so that no cell turns into a missing value, loses a zero or moves to another column. Rows
stand in the order of the ids, coalitions in the order of their members, grant lines in the order of their names: the
order of lines and columns in the files cannot matter. Errors never repeat what a cell says; ``docs/roster.md`` shows
the format.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.errors import ParameterError, RosterError
from sim.files.access import find_shipped
from sim.files.delimited import fold_id
from sim.roster.columns import (
    COLUMNS,
    GRANTS,
    MAX_ID_CHARACTERS,
    MAX_LEVEL,
    MAX_PROBLEMS,
    NUMBERS,
    ORGANIZATIONS,
    TIES,
    Line,
    Problems,
    RosterColumn,
    Sheet,
    check_file_names,
    declared,
    declared_range,
    find_columns,
)
from sim.schema.parameters import Field
from sim.schema.regimes import Programme
from sim.schema.roster_tables import Localities, RosterTables

ALIKE = "spell it alike, or make them two names"


def locate_folder(written: str | Path) -> Path:
    """Return where a roster lies on this machine.

    Text is read as settings are: ``rosters/NAME`` is a shipped roster where there is one of that name. A `Path` is
    taken as it is.
    """
    path = Path(written)
    if isinstance(written, str) and path.parts[:1] == ("rosters",) and ".." not in path.parts:
        shipped = (find_shipped("configs") or path) / path
        return shipped if shipped.is_dir() else path
    return path.expanduser()


def read_folder(folder: str | Path, setting: Field, max_problems: float = MAX_PROBLEMS) -> RosterTables:
    """Return the checked tables of the CSV files in `folder`, with the sectors and populations of `setting`.

    Text is a folder as settings write it, see `locate_folder`; a `Path` is taken as it is.

    Raises `RosterError` naming up to `max_problems` problems at once, each with file, line, column and mend.
    """
    written, folder, problems = folder, locate_folder(folder), Problems(max_problems)
    if not folder.is_dir():
        raise RosterError(f"{written}: no such folder; give the path of a folder that holds {ORGANIZATIONS}")
    check_file_names(folder, problems)
    sheets = {file: Sheet(folder / file, setting, problems) for file in COLUMNS}
    is_whole = not problems  # or a line may be lost, and its organization be unknown to ties.csv
    rows = _read_organizations(sheets[ORGANIZATIONS], setting)
    if is_whole:
        for column in ("coalitions", "localities"):
            _check_spelling(rows, column, problems)
        _check_coalitions(rows, problems)
        _check_localities(rows, "localities" in sheets[ORGANIZATIONS].header, problems)
    ties = _read_ties(sheets[TIES], rows, is_whole)
    programmes = _read_programmes(sheets[GRANTS], setting) if (folder / GRANTS).is_file() else None
    if problems:
        raise RosterError("\n".join(problems))
    localities = _find_localities(rows, ties)
    arrays = _build_arrays(rows, {} if localities else ties, has_groups=localities is None)
    return RosterTables(
        ids=tuple(sorted(rows)),
        **arrays,
        localities=localities,
        programmes=programmes,
        is_synthetic=any(sheet.is_synthetic for sheet in sheets.values()),
        digest=_compute_digest(sorted(rows), setting, arrays, localities, programmes),
    )


class _Organization(NamedTuple):
    where: str
    sector: int
    mix: list[float]
    numbers: list[float]  # in the order of NUMBERS
    coalitions: list[str]
    localities: list[str]


def _read_organizations(sheet: Sheet, setting: Field) -> dict[str, _Organization]:
    rows: dict[str, _Organization] = {}
    folded: dict[str, str] = {}  # where an id stands first, by how ids are compared
    columns = find_columns(ORGANIZATIONS, setting)
    for line in sheet.lines:
        name = line.cells.get("org_id", "")
        if not name:
            line.refuse("org_id", f"empty; give each organization a code of 1 to {MAX_ID_CHARACTERS} characters")
        elif len(name) > MAX_ID_CHARACTERS:
            line.refuse("org_id", f"text of {len(name)} characters; shorten it to at most {MAX_ID_CHARACTERS}")
        elif not name.isprintable():
            line.refuse("org_id", "text holds characters that do not show; use letters, digits, - and _")
        elif name in rows:
            line.refuse("org_id", f"text repeats the org_id of {rows[name].where}; give each organization one line")
        elif (alike := folded.setdefault(fold_id(name), line.where)) != line.where:
            line.refuse("org_id", f"text differs from the org_id of {alike} in case or spaces alone; {ALIKE}")
        else:
            line.check_id("org_id", name)
        sector = line.cells.get("sector", "")
        known = sector and line.find_name("sector", sector, setting.sectors, "a sector of this field")
        row = _Organization(
            where=line.where,
            sector=setting.sectors.index(known) if known else -1,
            mix=_read_mix(line, columns, setting.populations),
            numbers=[line.read_number(columns[column]) for column in NUMBERS],
            coalitions=line.read_list("coalitions"),
            localities=line.read_list("localities"),
        )
        rows[name if name and name not in rows else line.where] = row
    return rows


def _read_mix(line: Line, columns: dict[str, RosterColumn], populations: list[str]) -> list[float]:
    """Return shares that sum to 1, or nan; an empty cell beside filled ones is no effort."""
    served = line.read_names("populations_served", populations, "a population of this field")
    filled = [f"mix_{name}" for name in populations if f"mix_{name}" in line.cells]
    if filled and "populations_served" in line.cells:
        line.refuse("populations_served", "text beside filled mix_ columns; keep one of the two")
    if not filled:
        return [(name in served) / len(served) if served else math.nan for name in populations]
    effort = {column: line.read_number(columns[column]) for column in filled}
    total = math.fsum(effort.values())
    if total == 0:
        line.refuse(filled[0], "number 0 in every mix_ column; give one a positive number, or empty them all")
    return [effort.get(f"mix_{name}", 0.0) / (total or 1.0) for name in populations]


def _check_spelling(rows: dict[str, _Organization], column: str, problems: Problems) -> None:
    """Add a problem for each name in the lists of a column that another line writes with other case or spaces."""
    first: dict[str, tuple[str, str]] = {}
    for row in rows.values():
        for name in getattr(row, column):
            spelled, where = first.setdefault(fold_id(name), (name, row.where))
            if spelled != name:
                problems.add(row.where, f"text differs from a name of {where} in case or spaces alone; {ALIKE}", column)


def _check_localities(rows: dict[str, _Organization], has_column: bool, problems: Problems) -> None:
    low, high = declared_range(Field, "n_organizations")
    if not has_column:
        if not low <= len(rows) <= high:
            text = f"number {len(rows)} of organizations is out of range; give {low} to {high} lines"
            problems.add(ORGANIZATIONS, text)
        return
    count = Counter(name for row in rows.values() for name in row.localities)
    for row in rows.values():
        if not row.localities:
            problems.add(row.where, "empty; name the locality it sits in, or leave the column out", "localities")
        elif any(count[name] < low for name in row.localities):
            text = "text names a locality that no other line names; spell it alike on each line, or drop it"
            problems.add(row.where, text, "localities")
        elif any(name.count("/") > 1 for name in row.localities):
            problems.add(row.where, "text has two slashes; write state/locality", "localities")
    if max(count.values(), default=0) > high:
        problems.add(ORGANIZATIONS, f"number {max(count.values())} of organizations in a locality exceeds {high}")


def _check_coalitions(rows: dict[str, _Organization], problems: Problems) -> None:
    count = Counter(name for row in rows.values() for name in row.coalitions)
    for row in rows.values():
        if any(count[name] == 1 for name in row.coalitions):
            text = "text names a coalition that no other line names; spell it alike on each member's line, or drop it"
            problems.add(row.where, text, "coalitions")


def _read_ties(sheet: Sheet, rows: dict[str, _Organization], is_whole: bool) -> dict[tuple[str, str], float]:
    ties: dict[tuple[str, str], float] = {}
    folded = {fold_id(name): row.where for name, row in rows.items()}
    columns = {column.name: column for column in COLUMNS[TIES]}
    for line in sheet.lines:
        start, end = ends = line.cells.get("from_org", ""), line.cells.get("to_org", "")
        for column, name in zip(("from_org", "to_org"), ends, strict=True):
            if not name:
                line.refuse(column, "empty; give an org_id of organizations.csv")
            elif name not in rows and not line.check_id(column, name):
                continue
            elif is_whole and name not in rows:
                if fold_id(name) in folded:
                    text = f"text differs from the org_id of {folded[fold_id(name)]} in case or spaces alone; {ALIKE}"
                    line.refuse(column, text)
                    continue
                close = difflib.get_close_matches(name[:MAX_ID_CHARACTERS], list(rows), 1)
                hint = f" (did you mean the one of {rows[close[0]].where}?)" if close else ""
                line.refuse(column, f"text is not an org_id of organizations.csv; add it there or correct it{hint}")
        if start and start == end:
            line.refuse("to_org", "text equals from_org; delete the line, no tie leads to oneself")
        elif ends in ties:
            line.refuse("to_org", "text repeats a tie of an earlier line; keep one line for each from_org and to_org")
        scale = "level" if "level" in sheet.header else "trust"
        if scale not in line.cells:
            line.refuse(scale, "empty; give a number, or delete the line where the tie is unknown")
        value = line.read_number(columns[scale])
        ties[start, end] = value / MAX_LEVEL if scale == "level" else value
    return ties


def _read_programmes(sheet: Sheet, setting: Field) -> dict[str, Programme]:
    programmes: dict[str, Programme] = {}
    folded: dict[str, str] = {}
    for line in sheet.lines:
        name, n_problems = line.cells.get("line", ""), len(sheet.problems)
        if not re.fullmatch("[A-Za-z0-9_]+", name):
            kind = "text with other characters" if name else "empty"
            line.refuse("line", f"{kind}; name the grant line with letters, digits and _")
        elif (alike := folded.setdefault(fold_id(name), line.where)) != line.where and name not in programmes:
            line.refuse("line", f"text differs from the name of {alike} in case alone; {ALIKE}")
        elif name in programmes:
            line.refuse("line", "text repeats the name of an earlier line; give each grant line its own")
        items = [item for item in dataclasses.fields(Programme) if item.name in line.cells]
        values = {item.name: _read_value(line, item, setting) for item in items}
        if len(sheet.problems) > n_problems:
            continue
        try:
            programmes[name] = Programme(**values)
        except ParameterError as error:  # every range is checked above: what is left stands between two columns
            column, _, text = str(error).removeprefix("programme.").partition(" = ")
            line.refuse(column, f"number {text}")
    return dict(sorted(programmes.items()))


def _read_value(line: Line, item: dataclasses.Field, setting: Field) -> Any:
    text = line.cells[item.name]
    if "low" in item.metadata:
        value = line.read_number(declared(item))
        return int(value) if item.type == "int" and not math.isnan(value) else value
    if isinstance(item.default, bool):
        return line.find_name(item.name, text, ("true", "false"), "true or false") == "true"
    if "options" in item.metadata:
        return line.find_name(item.name, text, item.metadata["options"], "an option") or text
    kind = "sectors" if item.name == "required_sectors" else "populations"
    return line.read_names(item.name, getattr(setting, kind), f"a {kind[:-1]} of this field")


def _find_localities(rows: dict[str, _Organization], ties: dict[tuple[str, str], float]) -> Localities | None:
    """Return who sits where and how they stand to each other, None where no locality is named."""
    names = {name for row in rows.values() for name in row.localities}
    if len(names) < 2:
        return None
    place = {name: row for row, name in enumerate(sorted(rows))}
    ordered = sorted(names, key=lambda name: ("/" in name, name.partition("/")[::2]))
    states = [name.partition("/")[0] if "/" in name else "" for name in ordered]
    seats: dict[str, list[int]] = {name: [] for name in ordered}
    groups: dict[str, list[int]] = {}
    for org in sorted(rows):
        for name in rows[org].localities:
            seats[name].append(place[org])
        for name in rows[org].coalitions:
            groups.setdefault(name, []).append(place[org])
    return Localities(
        state=np.unique(states, return_inverse=True)[1].astype("i8"),
        seats=tuple(np.array(found, "i8") for found in seats.values()),
        ties=tuple(sorted((place[start], place[end], value) for (start, end), value in ties.items())),
        groups=tuple(np.array(found, "i8") for found in sorted(groups.values())),
    )


def _build_arrays(
    rows: dict[str, _Organization], ties: dict[tuple[str, str], float], has_groups: bool
) -> dict[str, np.ndarray]:
    """Return the arrays of the tables; of many localities, without trust and member, which would be too large."""
    ids = sorted(rows)
    place = {name: row for row, name in enumerate(ids)}
    trust = np.full((len(ids), len(ids)) if has_groups else (0, 0), np.nan)
    for (start, end), value in ties.items():
        trust[place[start], place[end]] = value
    coalitions = {name for row in rows.values() for name in row.coalitions} if has_groups else set()
    # In the order of their members, so that a coalition's name cannot matter.
    member = sorted(([name in rows[org].coalitions for org in ids] for name in coalitions), reverse=True)
    names = [{"monthly_need_usd": "need_usd"}.get(name, name) for name in NUMBERS]
    return {
        "sector": np.array([rows[name].sector for name in ids], np.int64),
        "mix": np.array([rows[name].mix for name in ids], np.float64),
        **dict(zip(names, np.array([rows[name].numbers for name in ids], np.float64).T.copy(), strict=True)),
        "trust": trust,
        "member": np.array(member, np.bool_).reshape(-1, len(ids)),
    }


def _compute_digest(
    ids: list[str],
    setting: Field,
    arrays: dict,
    localities: Localities | None,
    programmes: dict[str, Programme] | None,
) -> str:
    def plain(line: Programme) -> dict[str, Any]:  # 12 and 12.0 are one number
        return {key: float(item) if isinstance(item, int) else item for key, item in vars(line).items()}

    lines = None if programmes is None else {name: plain(line) for name, line in programmes.items()}
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([ids, setting.sectors, setting.populations, lines], sort_keys=True).encode())
    if localities is not None:
        parts = localities.state.tolist(), [one.tolist() for one in localities.seats], localities.ties
        digest.update(json.dumps([*parts, [one.tolist() for one in localities.groups]]).encode())
    for name, array in arrays.items():
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
