"""Real input: a folder of CSV text in, checked tables of organizations, ties and grant lines out.

Everything is read as text, so that no cell turns into a missing value, loses a zero or moves to another column. Rows
stand in the order of the ids, coalitions in the order of their members, grant lines in the order of their names: the
order of lines and columns in the files cannot matter. Errors never repeat what a cell says; ``docs/roster.md`` shows
the format.
"""

from __future__ import annotations

import csv
import dataclasses
import difflib
import hashlib
import io
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.parameters import Field, Meetings, ParameterError, Programme

MAX_BYTES = 20_000_000
MAX_PROBLEMS = 20
MAX_ID_CHARACTERS = 64
MAX_LEVEL = 5  # Levels of Collaboration Scale, 0 none ... 5 collaboration: Frey et al. 2006, Am. J. Evaluation 27(3)

ORGANIZATIONS, TIES, GRANTS = "organizations.csv", "ties.csv", "grants.csv"
# Anywhere in a column's name; those in brackets as a whole word of it.
PERSONAL = re.compile(
    "mail|phone|mobile|address|street|contact|birth|dob|client|case|survivor|victim|person|passport|nationality|surname|"
    "latitude|longitude|coordinate|location|place|postcode|postal|zip|(?<![a-z])(age|city|county|fax|gps|lat|lng|lon|"
    "ssn|town|first_name|last_name)(?![a-z])"
)
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class RosterError(ValueError):
    """A roster cannot be used; the text has one line per problem: file, line, column, kind of value, mend."""


class RosterColumn(NamedTuple):
    """One column of a roster file; low and high are the closed range of a number, nan where there is none."""

    name: str
    unit: str
    meaning: str
    low: float = math.nan
    high: float = math.nan
    is_whole: bool = False
    role: str = "optional"  # or required, or dropped at load


def _range(group: type, name: str) -> tuple[float, float]:
    meta = {item.name: item.metadata for item in dataclasses.fields(group)}[name]
    return meta["low"], meta["high"]


def _declared(item: dataclasses.Field) -> RosterColumn:
    meta = item.metadata
    low, high = meta.get("low", math.nan), meta.get("high", math.nan)
    return RosterColumn(item.name, meta["unit"], meta["label"], low, high, item.type == "int")


COLUMNS = {
    ORGANIZATIONS: (
        RosterColumn("org_id", "text", "Neutral code, unique, 1 to 64 characters", role="required"),
        RosterColumn("sector", "name", "One of field.sectors"),
        RosterColumn("mix_<population>", "any", "Effort for that population; the row is scaled to sum 1", 0, 1e9),
        RosterColumn("populations_served", "names", "Instead of mix_ columns: a;b, in equal shares"),
        RosterColumn("viewpoint", "viewpoint units", "Private viewpoint", *_range(Programme, "stance_low")),
        RosterColumn("stance", "viewpoint units", "Position taken in public", *_range(Programme, "stance_low")),
        RosterColumn("monthly_need_usd", "USD/month", "What a month costs", *_range(Field, "need_median_usd")),
        RosterColumn("own_income_share", "share of need", "Unrestricted income", *_range(Field, "own_income_share")),
        RosterColumn("reserve_months", "months of need", "Reserves", *_range(Field, "initial_reserve_months")),
        RosterColumn("coalitions", "names", "Coalitions it sits in at month 0: a;b; only who shares them is kept"),
        RosterColumn("name", "text", "Read by you, never by the model", role="dropped"),
        RosterColumn("label", "text", "Read by you, never by the model", role="dropped"),
        RosterColumn("notes", "text", "Read by you, never by the model", role="dropped"),
        RosterColumn("website", "text", "Read by you, never by the model", role="dropped"),
    ),
    TIES: (
        RosterColumn("from_org", "text", "org_id of the one who trusts", role="required"),
        RosterColumn("to_org", "text", "org_id of the one who is trusted", role="required"),
        RosterColumn("trust", "trust", "Either this", *_range(Meetings, "baseline_trust")),
        RosterColumn("level", "levels", "or Levels of Collaboration; trust = level/5", 0, MAX_LEVEL, is_whole=True),
    ),
    GRANTS: (
        RosterColumn("line", "name", "Name of the grant line: letters, digits, _", role="required"),
        *(_declared(item) for item in dataclasses.fields(Programme)),
    ),
}
NUMBERS = ("viewpoint", "stance", "monthly_need_usd", "own_income_share", "reserve_months")


@dataclasses.dataclass(frozen=True, eq=False)
class RosterTables:
    """What a folder says, n organizations in the order of their ids; arrays as in `state.Roster`, without keys."""

    ids: tuple[str, ...]
    sector: np.ndarray  # (n,) int64 row of field.sectors, -1 unknown
    mix: np.ndarray  # (n, K) shares, rows sum to 1; nan rows unknown
    viewpoint: np.ndarray  # (n,) in [-1, 1], nan unknown
    stance: np.ndarray  # (n,) in [-1, 1], nan unknown
    need_usd: np.ndarray  # (n,) USD per month, nan unknown
    own_income_share: np.ndarray  # (n,) in [0, 1], nan unknown
    reserve_months: np.ndarray  # (n,) months of need, nan unknown
    trust: np.ndarray  # (n, n) from row to column in [0, 1], nan unknown
    member: np.ndarray  # (M, n) bool: coalitions at month 0, M = 0 where none is named
    programmes: dict[str, Programme] | None  # None without grants.csv: the regime's own lines stand
    is_synthetic: bool
    digest: str  # of everything above but is_synthetic


def entity_key(organization_id: str) -> int:
    """Return the 64-bit key of an organization's draws, from its id and never from its row."""
    return int.from_bytes(hashlib.blake2b(organization_id.encode(), digest_size=8).digest(), "little")


def read_folder(folder: str | Path, setting: Field) -> RosterTables:
    """Return the checked tables of the CSV files in `folder`, with the sectors and populations of `setting`.

    Raises `RosterError` naming up to `MAX_PROBLEMS` problems at once, each with file, line, column and mend.
    """
    folder, problems = Path(folder), _Problems()
    if not folder.is_dir():
        raise RosterError(f"{folder}: no such folder; give the path of a folder that holds {ORGANIZATIONS}")
    _check_file_names(folder, problems)
    sheets = {file: _Sheet(folder / file, setting, problems) for file in COLUMNS}
    is_whole = not problems  # or a line may be lost, and its organization be unknown to ties.csv
    rows = _read_organizations(sheets[ORGANIZATIONS], setting)
    if is_whole:
        _check_count(len(sheets[ORGANIZATIONS].lines), problems)
        _check_coalitions(rows, problems)
    ties = _read_ties(sheets[TIES], rows, is_whole)
    programmes = _read_programmes(sheets[GRANTS], setting) if (folder / GRANTS).is_file() else None
    if problems:
        raise RosterError("\n".join(problems))
    arrays = _build_arrays(rows, ties)
    return RosterTables(
        ids=tuple(sorted(rows)),
        **arrays,
        programmes=programmes,
        is_synthetic=any(sheet.is_synthetic for sheet in sheets.values()),
        digest=_compute_digest(sorted(rows), setting, arrays, programmes),
    )


class _Problems(list):
    def add(self, where: str, text: str, column: str | None = None) -> None:
        self.append(f"{where}: {text}" if column is None else f"{where}: column {column[:40]!r}: {text}")
        if len(self) == MAX_PROBLEMS:
            raise RosterError("\n".join(self))


class _Line(NamedTuple):
    """The cells of one line by column, without the dropped and the empty ones."""

    where: str  # "ties.csv:4"
    cells: dict[str, str]
    problems: _Problems

    def refuse(self, column: str, text: str) -> None:
        self.problems.add(self.where, text, column)

    def read_number(self, column: RosterColumn) -> float:
        """Return the number, nan where the cell is empty or refused."""
        text = self.cells.get(column.name)
        if text is None:
            return math.nan
        allowed = (
            f"must {'be whole and ' * column.is_whole}lie in [{column.low:.10g}, {column.high:.10g}] {column.unit}"
        )
        if not NUMBER.fullmatch(text):
            self.refuse(column.name, f"text is not a number; {allowed}, written like 1250 or 0.5")
            return math.nan
        value = float(text) + 0.0  # makes -0.0 plain zero
        if not column.low <= value <= column.high:
            self.refuse(column.name, f"number {value:.10g} is out of range; {allowed}")
        elif column.is_whole and value != int(value):
            self.refuse(column.name, f"number {value:.10g} is not whole; {allowed}")
        else:
            return value
        return math.nan

    def check_name(self, column: str, name: str, known: Sequence[str], kind: str) -> bool:
        """Return whether `name` is known; refuse it otherwise."""
        if name not in known:
            self.refuse(column, f"text is not {kind}; use one of {', '.join(known)}{_suggest(name, known)}")
        return name in known

    def read_names(self, column: str, known: Sequence[str], kind: str) -> list[str]:
        """Return the known names of a cell `a;b`, in the order of `known`."""
        names = [name for name in self.read_list(column) if self.check_name(column, name, known, kind)]
        return [name for name in known if name in names]

    def read_list(self, column: str) -> list[str]:
        """Return the names of a cell `a;b`, sorted."""
        names = [name.strip() for name in self.cells[column].split(";")] if column in self.cells else []
        if "" in names:
            self.refuse(column, "empty name in a list; write a;b with one semicolon between two names")
        elif len(set(names)) < len(names):
            self.refuse(column, "text names one thing twice; keep it once")
        return sorted({*names} - {""})


class _Sheet:
    """One file: its checked header, its lines; empty where the file does not exist."""

    def __init__(self, path: Path, setting: Field, problems: _Problems) -> None:
        self.file, self.problems = path.name, problems
        self.lines: list[_Line] = []
        self.header: list[str] = []
        self.is_synthetic = False
        if not path.is_file():
            if self.file == ORGANIZATIONS:
                problems.add(self.file, "file is not in the folder; write it with at least a column org_id")
            return
        n_problems, rows = len(problems), self._read_rows(path)
        where, header = next(rows, (self.file, []))
        self.header = header
        if not header and len(problems) == n_problems:
            problems.add(self.file, "file is empty; write a first line of column names, with commas between them")
        if header and _check_header(where, header, _find_columns(self.file, setting), problems):
            self._read_lines(header, rows, _find_columns(self.file, setting))

    def _read_lines(
        self, header: list[str], rows: Iterator[tuple[str, list[str]]], columns: dict[str, RosterColumn]
    ) -> None:
        kept = [name in columns and columns[name].role != "dropped" for name in header]
        for where, cells in rows:
            if len(cells) != len(header):
                text = f"line has {len(cells)} cells where the header has {len(header)}; "
                self.problems.add(where, text + "mend a missing comma, or put quotes around a cell that holds one")
                continue
            pairs = zip(header, cells, kept, strict=True)
            self.lines.append(_Line(where, {name: cell for name, cell, keep in pairs if keep and cell}, self.problems))

    def _read_rows(self, path: Path) -> Iterator[tuple[str, list[str]]]:
        """Yield ("file:line", stripped cells) of each line that is neither comment nor blank."""
        stream = io.StringIO(_read_text(path, self.problems), newline="")
        n_before, first = 0, ""
        for first in stream:
            if first.strip() and not first.lstrip(' "').startswith("#"):
                break
            self.is_synthetic |= bool(re.search(r"\bSYNTHETIC\b", first))
            n_before, first = n_before + 1, ""
        reader = csv.reader(itertools.chain([first], stream), strict=True)
        number = n_before + 1
        try:
            for cells in reader:
                stripped = [cell.strip() for cell in cells]
                if any(stripped):
                    yield f"{self.file}:{number}", stripped
                number = n_before + reader.line_num + 1
        except csv.Error:
            text = 'quotes do not close, or a cell is too long; write "" for a quote inside quotes'
            self.problems.add(f"{self.file}:{number}", text)


def _check_file_names(folder: Path, problems: _Problems) -> None:
    for path in sorted(folder.iterdir()):
        close = difflib.get_close_matches(path.name.lower(), list(COLUMNS), 1, 0.85)
        if close and not (folder / close[0]).is_file():
            problems.add(path.name, f"file would not be read; name it {close[0]} or move it elsewhere")


def _read_text(path: Path, problems: _Problems) -> str:
    size = path.stat().st_size
    if size > MAX_BYTES:
        problems.add(path.name, f"file of {size} bytes; at most {MAX_BYTES} are read, so keep only the model's columns")
        return ""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problems.add(f"{path.name}:{line}", "text is not UTF-8; save the file as 'CSV UTF-8'")
        return ""


def _find_columns(file: str, setting: Field) -> dict[str, RosterColumn]:
    columns = {column.name: column for column in COLUMNS[file]}
    mix = columns.pop("mix_<population>", None)
    if mix:
        columns |= {f"mix_{name}": mix._replace(name=f"mix_{name}") for name in setting.populations}
    return columns


def _check_header(where: str, header: list[str], columns: dict[str, RosterColumn], problems: _Problems) -> bool:
    """Return whether the lines can be read; names of the header are only repeated where it is one."""
    missing = [name for name, column in columns.items() if column.role == "required" and name not in header]
    for name in missing:
        problems.add(where, "is not in the header; give its name in a first line, with commas between names", name)
    is_clear = "level" not in columns or ("level" in header) != ("trust" in header)
    if not is_clear:
        problems.add(where, "the header needs either column 'trust' or column 'level'; keep one of the two")
    if missing or not is_clear:
        return False
    for position, name in enumerate(header):
        if not name:
            problems.add(where, f"column {position + 1} has no name; name it or delete it")
        elif name in header[:position]:
            problems.add(where, "stands twice in the header; keep one", name)
        elif name in columns:
            continue
        elif PERSONAL.search(name.lower()):
            problems.add(where, "columns about persons or places are refused; delete it from the file", name)
        else:
            problems.add(where, f"is not a column of this file; rename or delete it{_suggest(name, columns)}", name)
    return True


def _suggest(text: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(text[:80].lower().replace(" ", "_"), list(known), 1)
    return f" (did you mean '{close[0]}'?)" if close else ""


class _Organization(NamedTuple):
    where: str
    sector: int
    mix: list[float]
    numbers: list[float]  # in the order of NUMBERS
    coalitions: list[str]


def _read_organizations(sheet: _Sheet, setting: Field) -> dict[str, _Organization]:
    rows: dict[str, _Organization] = {}
    columns = _find_columns(ORGANIZATIONS, setting)
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
        sector = line.cells.get("sector", "")
        known = sector and line.check_name("sector", sector, setting.sectors, "a sector of this field")
        row = _Organization(
            where=line.where,
            sector=setting.sectors.index(sector) if known else -1,
            mix=_read_mix(line, columns, setting.populations),
            numbers=[line.read_number(columns[column]) for column in NUMBERS],
            coalitions=line.read_list("coalitions"),
        )
        rows[name if name and name not in rows else line.where] = row
    return rows


def _read_mix(line: _Line, columns: dict[str, RosterColumn], populations: list[str]) -> list[float]:
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


def _check_count(n: int, problems: _Problems) -> None:
    low, high = _range(Field, "n_organizations")
    if not low <= n <= high:
        problems.add(ORGANIZATIONS, f"number {n} of organizations is out of range; give {low} to {high} lines")


def _check_coalitions(rows: dict[str, _Organization], problems: _Problems) -> None:
    count = Counter(name for row in rows.values() for name in row.coalitions)
    for row in rows.values():
        if any(count[name] == 1 for name in row.coalitions):
            text = "text names a coalition that no other line names; spell it alike on each member's line, or drop it"
            problems.add(row.where, text, "coalitions")


def _read_ties(sheet: _Sheet, rows: dict[str, _Organization], is_whole: bool) -> dict[tuple[str, str], float]:
    ties: dict[tuple[str, str], float] = {}
    columns = {column.name: column for column in COLUMNS[TIES]}
    for line in sheet.lines:
        start, end = ends = line.cells.get("from_org", ""), line.cells.get("to_org", "")
        for column, name in zip(("from_org", "to_org"), ends, strict=True):
            if not name:
                line.refuse(column, "empty; give an org_id of organizations.csv")
            elif is_whole and name not in rows:
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


def _read_programmes(sheet: _Sheet, setting: Field) -> dict[str, Programme]:
    programmes: dict[str, Programme] = {}
    for line in sheet.lines:
        name, n_problems = line.cells.get("line", ""), len(sheet.problems)
        if not re.fullmatch("[A-Za-z0-9_]+", name):
            kind = "text with other characters" if name else "empty"
            line.refuse("line", f"{kind}; name the grant line with letters, digits and _")
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


def _read_value(line: _Line, item: dataclasses.Field, setting: Field) -> Any:
    text = line.cells[item.name]
    if "low" in item.metadata:
        value = line.read_number(_declared(item))
        return int(value) if item.type == "int" and not math.isnan(value) else value
    if isinstance(item.default, bool):
        return line.check_name(item.name, text.lower(), ("true", "false"), "true or false") and text.lower() == "true"
    if "options" in item.metadata:
        line.check_name(item.name, text, item.metadata["options"], "an option")
        return text
    kind = "sectors" if item.name == "required_sectors" else "populations"
    return line.read_names(item.name, getattr(setting, kind), f"a {kind[:-1]} of this field")


def _build_arrays(rows: dict[str, _Organization], ties: dict[tuple[str, str], float]) -> dict[str, np.ndarray]:
    ids = sorted(rows)
    place = {name: row for row, name in enumerate(ids)}
    trust = np.full((len(ids), len(ids)), np.nan)
    for (start, end), value in ties.items():
        trust[place[start], place[end]] = value
    coalitions = {name for row in rows.values() for name in row.coalitions}
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


def _compute_digest(ids: list[str], setting: Field, arrays: dict, programmes: dict[str, Programme] | None) -> str:
    def plain(line: Programme) -> dict[str, Any]:  # 12 and 12.0 are one number
        return {key: float(item) if isinstance(item, int) else item for key, item in vars(line).items()}

    lines = None if programmes is None else {name: plain(line) for name, line in programmes.items()}
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([ids, setting.sectors, setting.populations, lines], sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
