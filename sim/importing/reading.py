"""Foreign CSV, line by line: the columns asked for come out as text, no other cell leaves this file."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sim.sheets import NUMBER, Line, Problems

MAX_BYTES = 4_000_000_000  # of one file; read as a stream, so memory does not grow with it
MAX_ROWS = 20_000_000
MAX_PROBLEMS = 200  # told of one import
MEGABYTE = 1_000_000
_EVERY = 20_000  # lines between two reports
Report = Callable[[float, int], None]


class Source:
    """The files of one import, their problems and how far they have been read."""

    def __init__(self, paths: list[Path], problems: Problems, report: Report | None = None) -> None:
        """Take files; what is wrong with them is added to `problems`. report: megabytes read, and in all."""
        self.paths, self.problems = paths, problems
        self.is_synthetic = False
        self.n_rows = 0
        self.n_unread_columns = 0
        self._report = report or (lambda done, total: None)
        self._sizes = [path.stat().st_size if path.is_file() else 0 for path in paths]

    def check(self, path: Path) -> bool:
        """Return whether a file can be opened as text; tell what is in the way."""
        if not path.is_file():
            self.problems.add(path.name, "no such file; give the path of the export")
        elif (size := path.stat().st_size) > MAX_BYTES:
            self.problems.add(path.name, f"file of {size} bytes; at most {MAX_BYTES} are read, so export less of it")
        elif _begins_with(path, b"PK\x03\x04"):
            self.problems.add(
                path.name, "file is an archive or a workbook; unpack it, or save it as 'CSV UTF-8', and give that"
            )
        else:
            return True
        return False

    def tell(self, path: Path, position: int) -> None:
        """Report how far reading has come. position: bytes of this file."""
        before = sum(self._sizes[: self.paths.index(path)])
        self._report((before + position) / MEGABYTE, -(-sum(self._sizes) // MEGABYTE))

    def read_rows(
        self, columns: Mapping[str, bool], others: Mapping[str, str] | None = None, paths: list[Path] | None = None
    ) -> Iterator[Line]:
        """Yield the lines of `paths` (all files). columns: those wanted, by name, and whether they must be there.

        others: what a file is where its header holds a certain column, for the mend.
        """
        for path in self.paths if paths is None else paths:
            if self.check(path):
                yield from self._read_file(path, columns, others or {})

    def _read_file(self, path: Path, columns: Mapping[str, bool], others: Mapping[str, str]) -> Iterator[Line]:
        rows = self.read_cells(path)
        where, header = next(rows, (path.name, []))
        if not header:
            self.problems.add(path.name, "file is empty; give one with a first line of column names")
            return
        if not self._check_header(where, header, columns, others):
            return
        self.n_unread_columns += sum(name not in columns for name in header)
        places = [(at, name) for at, name in enumerate(header) if name in columns]
        for where, cells in rows:
            if len(cells) != len(header):
                self.problems.add(
                    where, f"line has {len(cells)} cells where the header has {len(header)}; export again"
                )
                continue
            self.n_rows += 1
            yield Line(where, {name: cells[at] for at, name in places if cells[at]}, self.problems)

    def _check_header(
        self, where: str, header: list[str], columns: Mapping[str, bool], others: Mapping[str, str]
    ) -> bool:
        missing = [name for name, is_needed in columns.items() if is_needed and name not in header]
        twice = [name for name in columns if header.count(name) > 1]
        kind = next((kind for name, kind in others.items() if name in header), None)
        if missing and kind:
            self.problems.add(where, f"this looks like a file for `coalitions import {kind}`; it has no '{missing[0]}'")
            return False
        for name in missing:
            self.problems.add(where, "is not in the header; export it with this column", name)
        for name in twice:
            self.problems.add(where, "stands twice in the header; keep one", name)
        return not missing and not twice

    def read_cells(self, path: Path) -> Iterator[tuple[str, list[str]]]:
        """Yield ("file:line", stripped cells) of each line that is neither comment nor blank."""
        number = 1
        with path.open("rb") as raw:
            stream = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
            try:
                first, n_before = self._skip_comments(stream)
                reader = csv.reader(itertools.chain([first], stream), strict=True)
                for at in range(MAX_ROWS):
                    number = n_before + reader.line_num + 1
                    cells = next(reader, None)
                    if cells is None:
                        break
                    if at % _EVERY == 0:
                        self.tell(path, raw.tell())
                    stripped = [cell.strip() for cell in cells]
                    if any(stripped):
                        yield f"{path.name}:{number}", stripped
                else:
                    self.problems.add(path.name, f"more than {MAX_ROWS} lines; export less of it")
            except UnicodeDecodeError:
                self.problems.add(
                    f"{path.name}:{_find_broken(path)}", "text is not UTF-8; save the file as 'CSV UTF-8'"
                )
            except csv.Error:
                text = 'quotes do not close, or a cell is too long; write "" for a quote inside quotes'
                self.problems.add(f"{path.name}:{number}", text)
        self.tell(path, self._sizes[self.paths.index(path)])

    def _skip_comments(self, stream: io.TextIOWrapper) -> tuple[str, int]:
        """Return the first line that is no comment, and how many came before it."""
        n_before = 0
        for first in stream:
            if first.strip() and not first.lstrip(' "').startswith("#"):
                return first, n_before
            self.is_synthetic |= bool(re.search(r"\bSYNTHETIC\b", first))
            n_before += 1
        return "", n_before


def read_amount(line: Line, column: str) -> float | None:
    """Return an amount of money of either sign, None where the cell is empty or refused."""
    text = line.cells.get(column)
    if text is None:
        return None
    if not NUMBER.fullmatch(text) or not abs(float(text)) < 1e15:
        line.refuse(column, "text is not an amount; must be written like 1250 or -0.5, without marks for thousands")
        return None
    return float(text)


def _find_broken(path: Path) -> int:
    """Return the first line that is not UTF-8; decoding in blocks has only found that there is one."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _begins_with(path: Path, mark: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(mark)) == mark
