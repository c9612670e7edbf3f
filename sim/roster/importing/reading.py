"""Foreign CSV, line by line: the columns asked for come out as text, no other cell leaves this file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sim.errors import DelimitedError
from sim.files.delimited import Rows, check_file, fold_name, tell_broken
from sim.roster.columns import NUMBER, Line, Problems, match_columns, tell_kind

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
            what = "is a folder, device or pipe, not a file" if path.exists() else "no such file"
            self.problems.add(path.name or str(path), f"{what}; give the path of the export")
            return False
        if (size := path.stat().st_size) > MAX_BYTES:
            self.problems.add(path.name, f"file of {size} bytes; at most {MAX_BYTES} are read, so export less of it")
            return False
        try:
            check_file(path)
        except DelimitedError as problem:
            self.problems.add(path.name, str(problem))
            return False
        return True

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
        rows, n_problems = self.read_cells(path), len(self.problems)
        where, written = next(rows, (path.name, []))
        if not written:
            if len(self.problems) == n_problems:  # else it is no text, and that has been said
                self.problems.add(path.name, "file is empty; give one with a first line of column names")
            return
        header = match_columns(written, columns)
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
        folded = {fold_name(name) for name in header}
        kind = next((kind for name, kind in others.items() if fold_name(name) in folded), None)
        if missing and kind:
            is_verb = " " not in kind
            told = f"this looks like a file for `coalitions import {kind}`" if is_verb else f"this looks like {kind}"
            self.problems.add(where, f"{told}; it has no '{missing[0]}'")
            return False
        if len(missing) == 1:
            self.problems.add(where, "is not in the header; export it with this column", missing[0])
        elif missing:
            self.problems.add(
                where, f"{len(missing)} columns are not in the header: {', '.join(missing)}; export with them"
            )
        for name in twice:
            self.problems.add(where, "stands twice in the header; keep one", name)
        return not missing and not twice

    def read_cells(self, path: Path) -> Iterator[tuple[str, list[str]]]:
        """Yield ("file:line", stripped cells) of each line that is neither comment nor blank."""
        encoding = check_file(path)
        with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as stream:
            try:
                rows = Rows(stream)
                self.is_synthetic |= rows.is_synthetic
                for at, (number, cells) in enumerate(rows):
                    if at >= MAX_ROWS:
                        self.problems.add(path.name, f"more than {MAX_ROWS} lines; export less of it")
                        break
                    if at % _EVERY == 0:
                        self.tell(path, raw.tell())
                    yield f"{path.name}:{number}", cells
            except DelimitedError as problem:
                self.problems.add(path.name if problem.line is None else f"{path.name}:{problem.line}", str(problem))
            except UnicodeDecodeError:
                where = f"{path.name}:{_find_broken(path)}" if encoding == "utf-8-sig" else path.name
                self.problems.add(where, tell_broken())
        self.tell(path, self._sizes[self.paths.index(path)])


def read_amount(line: Line, column: str) -> float | None:
    """Return an amount of money of either sign, None where the cell is empty or refused."""
    text = line.cells.get(column)
    if text is None:
        return None
    if not NUMBER.fullmatch(text) or not abs(float(text)) < 1e15:
        kind = f" ({found})" if (found := tell_kind(text)) else ""
        line.refuse(
            column, f"text is not an amount{kind}; must be written like 1250 or -0.5, without marks for thousands"
        )
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
