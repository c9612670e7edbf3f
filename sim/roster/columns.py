"""From text to checked cells: the columns of a roster's files, and the problems a reader is told of, all at once."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sim.errors import DelimitedError, RosterError, UnfitFileError
from sim.files.delimited import SAVE_AS, fold_id, fold_name, read_rows
from sim.schema.parameters import Field, Meetings
from sim.schema.regimes import Programme

MAX_BYTES = 20_000_000
MAX_PROBLEMS = 20
MAX_ID_CHARACTERS = 64
FIRST_LINES = 5  # told of a fault that many lines have
MAX_LEVEL = 5  # Levels of Collaboration Scale, 0 none ... 5 collaboration: Frey et al. 2006, Am. J. Evaluation 27(3)

ORGANIZATIONS, TIES, GRANTS = "organizations.csv", "ties.csv", "grants.csv"
# Anywhere in a column's name; those in brackets as a whole word of it.
PERSONAL = re.compile(
    "mail|phone|mobile|address|street|contact|birth|dob|client|case|survivor|victim|person|passport|nationality|surname|"
    "latitude|longitude|coordinate|location|place|postcode|postal|zip|(?<![a-z])(age|city|county|fax|gps|lat|lng|lon|"
    "ssn|town|first_name|last_name)(?![a-z])"
)
_DIGITS = re.compile(r"[-+]?\d[\d.e+-]*")
_HINT = " (did you mean the one of"
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class RosterColumn(NamedTuple):
    """One column of a roster file; low and high are the closed range of a number, nan where there is none."""

    name: str
    unit: str
    meaning: str
    low: float = math.nan
    high: float = math.nan
    is_whole: bool = False
    role: str = "optional"  # or required, or dropped at load


def declared_range(group: type, name: str) -> tuple[float, float]:
    """Return the closed range that the parameter `name` of a group declares."""
    meta = {item.name: item.metadata for item in dataclasses.fields(group)}[name]
    return meta["low"], meta["high"]


def declared(item: dataclasses.Field) -> RosterColumn:
    """Return a declared parameter as a column."""
    meta = item.metadata
    low, high = meta.get("low", math.nan), meta.get("high", math.nan)
    return RosterColumn(item.name, meta["unit"], meta["label"], low, high, item.type == "int")


COLUMNS = {
    ORGANIZATIONS: (
        RosterColumn("org_id", "text", "Neutral code, unique, 1 to 64 characters", role="required"),
        RosterColumn("sector", "name", "One of field.sectors"),
        RosterColumn("mix_<population>", "any", "Effort for that population; the row is scaled to sum 1", 0, 1e9),
        RosterColumn("populations_served", "names", "Instead of mix_ columns: a;b, in equal shares"),
        RosterColumn("viewpoint", "viewpoint units", "Private viewpoint", *declared_range(Programme, "stance_low")),
        RosterColumn("stance", "viewpoint units", "Position taken in public", *declared_range(Programme, "stance_low")),
        RosterColumn("monthly_need_usd", "USD/month", "What a month costs", *declared_range(Field, "need_median_usd")),
        RosterColumn(
            "own_income_share", "share of need", "Unrestricted income", *declared_range(Field, "own_income_share")
        ),
        RosterColumn("reserve_months", "months of need", "Reserves", *declared_range(Field, "initial_reserve_months")),
        RosterColumn("coalitions", "names", "Coalitions it sits in at month 0: a;b; only who shares them is kept"),
        RosterColumn("localities", "names", "Codes of where it has a seat: a;b, each with its state before it: s/a"),
        RosterColumn("name", "text", "Read by you, never by the model", role="dropped"),
        RosterColumn("label", "text", "Read by you, never by the model", role="dropped"),
        RosterColumn("notes", "text", "Read by you, never by the model", role="dropped"),
        RosterColumn("website", "text", "Read by you, never by the model", role="dropped"),
    ),
    TIES: (
        RosterColumn("from_org", "text", "org_id of the one who trusts", role="required"),
        RosterColumn("to_org", "text", "org_id of the one who is trusted", role="required"),
        RosterColumn("trust", "trust", "Either this", *declared_range(Meetings, "baseline_trust")),
        RosterColumn("level", "levels", "or Levels of Collaboration; trust = level/5", 0, MAX_LEVEL, is_whole=True),
    ),
    GRANTS: (
        RosterColumn("line", "name", "Name of the grant line: letters, digits, _", role="required"),
        *(declared(item) for item in dataclasses.fields(Programme)),
    ),
}
SYNONYMS = {"id": "org_id", "orgid": "org_id"}  # of columns
SUMS = {"total", "totals", "grand total", "subtotal", "sub total", "sum", "sums", "average", "mean", "count"}
UNKNOWN = {"na", "n/a", "n.a.", "none", "nan", "null", "unknown", "-", "--", "\u2013", "\u2014", "?", "x", "."}
# Usual words for the declared sectors; assumed, and used only where the field has that sector.
SECTOR_WORDS = {
    **dict.fromkeys(("gov", "govt", "public", "public_sector", "public_agency", "government_agency"), "government"),
    **dict.fromkeys(("law_enforcement", "police", "court", "courts", "prosecutor", "criminal_justice"), "justice"),
    **dict.fromkeys(("nonprofit", "non_profit", "not_for_profit", "npo", "charity", "civil_society"), "ngo"),
    **dict.fromkeys(("health", "healthcare", "hospital", "clinic", "medical"), "health_care"),
    **dict.fromkeys(("education", "schools", "university", "college", "school_district"), "school"),
    **dict.fromkeys(("private", "private_sector", "company", "for_profit", "businesses"), "business"),
    **dict.fromkeys(("press", "news", "journalism"), "media"),
}
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
_ERROR = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|#+)")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(rf"({_MONTH})-[0-9]{{2}}|[0-9]{{1,2}}-({_MONTH})(-[0-9]{{2,4}})?", re.IGNORECASE)
_MARKS = {
    "%": "a percent sign: write 0.3 for 30 %",
    "$\u20ac\u00a3\u00a5": "a sign of a currency: write the number alone",
    "\u2212\u2013\u2014": "a typographic minus: write -",
    ",": "a comma: write 1250 for a thousand and 0.5 for a half",
    " \u00a0\u202f": "a space inside",
}
WORKBOOKS = {".xlsx", ".xls", ".ods", ".numbers"}
NUMBERS = ("viewpoint", "stance", "monthly_need_usd", "own_income_share", "reserve_months")


class Problems(list):
    """The problems found so far, one line each; raises `RosterError` when there are as many as `limit`.

    One fault on many lines is one problem, which says how many lines it concerns and which come first.
    """

    def __init__(self, limit: float = MAX_PROBLEMS) -> None:
        """Begin with no problem. limit: math.inf for all of them."""
        super().__init__()
        self.limit = limit
        self._seen: dict[tuple[str, str | None, str], _Repeated] = {}

    def add(self, where: str, text: str, column: str | None = None) -> None:
        """Add one problem, or count it where the same has been found on another line."""
        file, _, line = where.partition(":")
        key = file, column, _DIGITS.sub("0", text.partition(_HINT)[0])
        told = text if column is None else f"column {column[:40]!r}: {text}"
        if key in self._seen and line.isdigit():
            self[self._seen[key].place] = self._seen[key].count(int(line), told)
            return
        self._seen[key] = _Repeated(len(self), f"{where}: {told}", [int(line)] if line.isdigit() else [])
        self.append(f"{where}: {told}")
        if len(self) >= self.limit:
            raise RosterError("\n".join(self))


@dataclasses.dataclass
class _Repeated:
    """A problem that may stand on many lines."""

    place: int  # in the list of problems
    text: str
    first: list[int]  # lines
    n_lines: int = 1

    def count(self, line: int, told: str) -> str:
        """Return the text of the problem with another line."""
        self.n_lines += line not in self.first
        if len(self.first) < FIRST_LINES and line not in self.first:
            self.first.append(line)
        if not self.text.endswith(told):  # a hint that is that of one line
            self.text = self.text.partition(_HINT)[0]
        if self.n_lines == 1:
            return self.text
        listed = ", ".join(map(str, self.first)) + (" …" if self.n_lines > len(self.first) else "")
        return f"{self.text} ({self.n_lines:,} lines: {listed})"


class Line(NamedTuple):
    """The cells of one line by column, without the dropped and the empty ones."""

    where: str  # "ties.csv:4"
    cells: dict[str, str]
    problems: Problems

    def refuse(self, column: str, text: str) -> None:
        """Add a problem of this line."""
        self.problems.add(self.where, text, column)

    def read_number(self, column: RosterColumn) -> float:
        """Return the number, nan where the cell is empty or refused."""
        text = self.cells.get(column.name)
        if text is None:
            return math.nan
        allowed = (
            f"must {'be whole and ' * column.is_whole}lie in [{column.low:.10g}, {column.high:.10g}] {column.unit}"
        )
        if not NUMBER.fullmatch(text) or _LEADING_ZERO.match(text):
            kind = f" ({found})" if (found := tell_kind(text)) else ""
            self.refuse(column.name, f"text is not a number{kind}; {allowed}, written like 1250 or 0.5")
            return math.nan
        value = float(text) + 0.0  # makes -0.0 plain zero
        if not column.low <= value <= column.high:
            self.refuse(column.name, f"number {value:.10g} is out of range; {allowed}")
        elif column.is_whole and value != int(value):
            self.refuse(column.name, f"number {value:.10g} is not whole; {allowed}")
        else:
            return value
        return math.nan

    def find_name(self, column: str, text: str, known: Sequence[str], kind: str) -> str:
        """Return the known name that is meant, whatever its case; refuse the text and return "" where none is."""
        found = match_name(text, known)
        if not found:
            self.refuse(column, f"text is not {kind}; use one of {', '.join(known)}{suggest(text, known)}")
        return found

    def read_names(self, column: str, known: Sequence[str], kind: str) -> list[str]:
        """Return the known names of a cell `a;b`, in the order of `known`."""
        names = [self.find_name(column, name, known, kind) for name in self.read_list(column)]
        return [name for name in known if name in names]

    def check_id(self, column: str, text: str) -> bool:
        """Return whether a text may be an id; refuse what a spreadsheet has made of one, and sums below a table."""
        if fold_id(text) in SUMS:
            self.refuse(column, "text reads like the sums below a table, not like an id; delete the line")
        elif kind := tell_damage(text):
            self.refuse(column, f"text is {kind}, no id; put back what stood there, formatted as text")
        else:
            return True
        return False

    def read_list(self, column: str) -> list[str]:
        """Return the names of a cell `a;b`, sorted."""
        names = [name.strip() for name in self.cells[column].split(";")] if column in self.cells else []
        if "" in names:
            self.refuse(column, "empty name in a list; write a;b with one semicolon between two names")
        elif len(set(names)) < len(names):
            self.refuse(column, "text names one thing twice; keep it once")
        return sorted({*names} - {""})


class Sheet:
    """One file: its checked header, its lines; empty where the file does not exist."""

    def __init__(self, path: Path, setting: Field, problems: Problems) -> None:
        """Read the file at `path`; what is wrong is added to `problems`."""
        self.file, self.problems = path.name, problems
        self.lines: list[Line] = []
        self.header: list[str] = []
        self.is_synthetic = False
        if not path.is_file():
            if self.file == ORGANIZATIONS:
                problems.add(self.file, "file is not in the folder; write it with at least a column org_id")
            return
        try:
            self._read(path, setting)
        except DelimitedError as problem:
            problems.add(self.file if problem.line is None else f"{self.file}:{problem.line}", str(problem))
        except OSError as problem:
            mend = "keep only the model's columns" if path.is_file() else "give a CSV file"
            is_unfit = isinstance(problem, UnfitFileError)
            problems.add(path.name, f"file {'' if is_unfit else 'cannot be read: '}{problem.strerror}; {mend}")

    def _read(self, path: Path, setting: Field) -> None:
        rows = read_rows(path, MAX_BYTES)
        self.is_synthetic = rows.is_synthetic
        lines = iter(rows)
        number, written = next(lines, (1, []))
        columns = find_columns(self.file, setting)
        self.header = match_columns(written, columns)
        if not written:
            text = "file is empty; write a first line of column names, with commas between them"
            self.problems.add(self.file, text)
        elif check_header(f"{self.file}:{number}", self.header, columns, self.problems):
            self._read_lines(self.header, lines, columns)

    def _read_lines(
        self, header: list[str], rows: Iterable[tuple[int, list[str]]], columns: dict[str, RosterColumn]
    ) -> None:
        kept = [name in columns and columns[name].role != "dropped" for name in header]
        for number, cells in rows:
            where = f"{self.file}:{number}"
            if len(cells) != len(header):
                text = f"line has {len(cells)} cells where the header has {len(header)}; "
                self.problems.add(where, text + "mend a missing comma, or put quotes around a cell that holds one")
                continue
            pairs = zip(header, cells, kept, strict=True)
            self.lines.append(Line(where, {name: cell for name, cell, keep in pairs if keep and cell}, self.problems))


def check_file_names(folder: Path, problems: Problems) -> None:
    """Add a problem for each file whose name is nearly that of a missing one."""
    for path in sorted(folder.iterdir()):
        close = difflib.get_close_matches(path.name.lower(), list(COLUMNS), 1, 0.85)
        if path.name in COLUMNS and not path.is_file():
            problems.add(path.name, "what is there is a folder, device or pipe, or a link to nothing; put a file there")
        elif close and not (folder / close[0]).is_file():
            workbook = f"{SAVE_AS} under the name" if path.suffix.lower() in WORKBOOKS else "name it"
            problems.add(path.name, f"file would not be read; {workbook} {close[0]} or move it elsewhere")


def match_columns(header: Sequence[str], columns: Iterable[str]) -> list[str]:
    """Return a header with the columns of this file as they are declared, whatever their case and spaces."""
    known = {fold_name(name): name for name in columns}
    return [known.get(SYNONYMS.get(fold_name(name), fold_name(name)), name) for name in header]


def match_name(text: str, known: Sequence[str]) -> str:
    """Return the known name that `text` means: by itself, whatever its case, or as a usual word for it; else ""."""
    if text in known:
        return text
    by_fold = {fold_name(name): name for name in known}
    word = fold_name(text)
    return by_fold.get(word) or by_fold.get(SECTOR_WORDS.get(word, ""), "")


def tell_damage(text: str) -> str:
    """Return what a spreadsheet has made of a text, like "a date", "" where it looks untouched."""
    if _ERROR.fullmatch(text):
        return "an error of a spreadsheet"
    if text.startswith("="):
        return "a formula of a spreadsheet"
    if _SCIENTIFIC.fullmatch(text):
        return "a number that a spreadsheet has shortened"
    return "a date that a spreadsheet has made" if _DATE.fullmatch(text) else ""


def tell_kind(text: str) -> str:
    """Return in a few words why a text is no number, without repeating it; "" where there is nothing to say."""
    if fold_id(text) in UNKNOWN:
        return "what is not known stays empty"
    if found := tell_damage(text):
        return found
    for marks, kind in _MARKS.items():
        if NUMBER.fullmatch(text.translate(dict.fromkeys(map(ord, f"{marks}, \u00a0")))) and any(
            map(text.count, marks)
        ):
            return kind
    return "a zero before it" if _LEADING_ZERO.match(text) else ""


def find_columns(file: str, setting: Field) -> dict[str, RosterColumn]:
    """Return the columns a file may have, with one mix_ column for each population."""
    columns = {column.name: column for column in COLUMNS[file]}
    mix = columns.pop("mix_<population>", None)
    if mix:
        columns |= {f"mix_{name}": mix._replace(name=f"mix_{name}") for name in setting.populations}
    return columns


def find_names(column: str, setting: Field) -> tuple[str, ...]:
    """Return the names that a column's cells choose from; empty where they are of another kind."""
    options = {item.name: item for item in dataclasses.fields(Programme)}.get(column)
    if options is not None and isinstance(options.default, bool):
        return "true", "false"
    if options is not None and "options" in options.metadata:
        return tuple(options.metadata["options"])
    if column in ("sector", "required_sectors"):
        return tuple(setting.sectors)
    return tuple(setting.populations) if column in ("populations_served", "eligible_populations") else ()


def tell_allowed(column: RosterColumn, setting: Field) -> str:
    """Return what a cell of the column may hold, in a few words, like "0 to 1 trust" or "a;b of minors, adults"."""
    names = find_names(column.name, setting)
    if names:
        return f"{'a;b of' if column.unit == 'names' else 'one of'} {', '.join(names)}"
    if math.isnan(column.low):
        return {"names": "a;b"}.get(column.unit, column.unit) + ("; required" if column.role == "required" else "")
    return f"{'whole, ' * column.is_whole}{column.low:.10g} to {column.high:.10g} {column.unit}"


def check_header(where: str, header: list[str], columns: dict[str, RosterColumn], problems: Problems) -> bool:
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
            problems.add(where, f"is not a column of this file; rename or delete it{suggest(name, columns)}", name)
    return True


def suggest(text: str, known: Iterable[str]) -> str:
    """Return a did-you-mean in brackets, empty where nothing is close."""
    close = difflib.get_close_matches(text[:80].lower().replace(" ", "_"), list(known), 1)
    return f" (did you mean '{close[0]}'?)" if close else ""
