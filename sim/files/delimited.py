"""The one reader of delimited text that a user brings: rosters, exports, surveys, observations, tables of games.

Commas, semicolons, tabs and bars are told apart by the header, or by a first line ``sep=;``. Text is UTF-8, or UTF-16
with its mark. Cells are stripped and brought to Unicode's form NFC, so that a letter typed in two ways is one letter.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

from sim.errors import DelimitedError
from sim.files.access import open_regular, read_bounded

DELIMITERS = ",;\t|"
SAVE_AS = "save it as 'CSV UTF-8'"
_FIRST_BYTES = 64
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_NO_TABLES = {r"<": "XML or HTML", r"[{\[]\s*($|[\"\[{])": "JSON", r"graph\s*\[": "GML", r"\*vertices": "Pajek"}
_SECOND_HEADER = re.compile(r"\{['\"]*ImportId", re.IGNORECASE)


def find_encoding(data: bytes) -> str:
    """Return the encoding that the first bytes of a file tell. Raises `DelimitedError` for what is no text."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise DelimitedError(f"file is UTF-32; {SAVE_AS}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DelimitedError(f"file is an Excel workbook; {SAVE_AS}, one file for each sheet")
    if data.startswith((b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!")):
        raise DelimitedError("file is an archive; unpack it and give what is inside")
    if data.startswith(b"%PDF"):
        raise DelimitedError("file is a PDF, not a table; export the table itself as CSV")
    if b"\0" in data:
        raise DelimitedError(f"file is UTF-16 without a byte-order mark, or no text; {SAVE_AS}")
    return "utf-8-sig"


def check_file(path: Path) -> str:
    """Return the encoding of a file. Raises `DelimitedError` for a workbook, an archive and other files of no text."""
    with open_regular(path) as stream:
        return _check_bytes(stream.read(_FIRST_BYTES), path)


def _check_bytes(first: bytes, path: Path) -> str:
    if first.startswith(b"PK\x03\x04"):
        raise DelimitedError(_tell_archive(path))
    return find_encoding(first)


def _tell_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return "file is a damaged archive or workbook; get it again"
    if any(name.startswith("xl/") for name in names):
        return f"file is an Excel workbook; {SAVE_AS}, one file for each sheet"
    if "mimetype" in names:
        return f"file is a workbook; {SAVE_AS}, one file for each sheet"
    return (
        f"file is a ZIP archive of {len(names)} file{'s' if len(names) != 1 else ''}; unpack it and give what is inside"
    )


class Rows:
    """The lines of delimited text that are neither comment nor blank, as (line number, cells); the header comes first.

    Empty cells past the last named column, as spreadsheets leave them, are cut off. Iterating raises `DelimitedError`,
    and `UnicodeDecodeError` where the stream decodes.
    """

    def __init__(self, stream: Iterator[str]) -> None:
        """Read up to the header of `stream`, whose lines keep their ends. Raises `DelimitedError` for no table."""
        self.is_synthetic = False
        self._n_before = 0
        first = self._skip_comments(stream)
        if other := next((name for begin, name in _NO_TABLES.items() if re.match(begin, first.lstrip(), re.I)), None):
            raise DelimitedError(f"file is {other}, not a table; export the table itself as CSV")
        separator = _SEPARATOR.fullmatch(first.strip(" \r\n"))
        if separator:
            self.delimiter = separator[1]
            self._n_before += 1
            first = self._skip_comments(stream)
        else:
            self.delimiter = find_delimiter(first)
        self._reader = csv.reader(itertools.chain([first], stream), delimiter=self.delimiter, strict=True)

    def _skip_comments(self, stream: Iterator[str]) -> str:
        for first in stream:
            if first.strip() and not first.lstrip(' "').startswith("#"):
                return first
            self.is_synthetic |= bool(re.search(r"\bSYNTHETIC\b", first))
            self._n_before += 1
        return ""

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line number, cells)."""
        rows = self._read()
        first = list(itertools.islice(rows, 3))
        if len(first) == 3 and any(map(_SECOND_HEADER.match, first[2][1])):
            raise DelimitedError(
                f"lines {first[1][0]} and {first[2][0]} are further headers, as Qualtrics writes them; delete both",
                first[0][0],
            )
        yield from itertools.chain(first, rows)

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        width = 0
        while True:
            line = self._n_before + self._reader.line_num + 1
            try:
                cells = next(self._reader, None)
            except csv.Error:
                text = 'quotes do not close, or a cell is too long; write "" for a quote inside quotes'
                raise DelimitedError(text, line) from None
            if cells is None:
                return
            cells = [_clean(cell) for cell in cells]
            if not any(cells):
                continue
            width = width or max(at for at, cell in enumerate(cells, 1) if cell)
            if len(cells) > width and not any(cells[width:]):
                del cells[width:]
            yield line, cells


def _clean(cell: str) -> str:
    cell = cell.strip()
    return cell if cell.isascii() else unicodedata.normalize("NFC", cell)


def find_delimiter(header: str) -> str:
    """Return what parts the names of a header: what stands there most often outside quotes; a comma without any."""
    plain = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=plain.count)


def tell_broken() -> str:
    """Return what is said of text in another encoding."""
    return "text is not UTF-8; save the file as 'CSV UTF-8'"


def read_rows(path: Path, most: int) -> Rows:
    """Return the lines of a file of at most `most` bytes.

    Raises `DelimitedError` where it is not text in UTF-8 or UTF-16, and what `read_bounded` does.
    """
    data = read_bounded(path, most)
    encoding = _check_bytes(data[:_FIRST_BYTES], path)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as problem:
        raise DelimitedError(tell_broken(), data[: problem.start].count(b"\n") + 1) from None
    return Rows(iter(io.StringIO(text, newline="")))


def fold_name(name: str) -> str:
    """Return a column's name as it is compared: without case, with _ for spaces and hyphens."""
    return re.sub(r"[\s_-]+", "_", name.casefold())


def fold_id(text: str) -> str:
    """Return an id as ids are compared: those that differ in case and spaces alone are one."""
    return unicodedata.normalize("NFC", " ".join(text.casefold().split()))
