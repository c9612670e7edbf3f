"""Opaque codes for organizations, and the one file that says whose they are, written only where a user asks for it."""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from sim.errors import DelimitedError, RosterError
from sim.files.access import replace_file
from sim.files.delimited import read_rows
from sim.roster.columns import MAX_BYTES

HEADER = ["org_id", "source_id", "name"]


def assign_codes(keys: Iterable[str], known: Mapping[str, str], prefix: str = "org") -> dict[str, str]:
    """Return a code for each key: the known one, else a free number drawn by lot.

    The lot is not seeded: numbers in the order of the names would tell who is who to anyone with a list of members.
    """
    new = [key for key in dict.fromkeys(keys) if key not in known]
    taken = set(known.values())
    width = max(3, len(str(len(new) + len(taken))))
    free = (f"{prefix}-{number:0{width}d}" for number in range(1, len(new) + len(taken) + 1))
    codes = [code for code in free if code not in taken][: len(new)]
    secrets.SystemRandom().shuffle(codes)
    return {**known, **dict(zip(new, codes, strict=True))}


class KeyFile:
    """Who has which code: read where the file exists, written again with what is new."""

    def __init__(self, path: Path | None, folder: Path) -> None:
        """Read the file at `path`, where there is one. Raises `RosterError` for one inside `folder` or of no use."""
        self.path = path
        self.codes: dict[str, str] = {}
        self.names: dict[str, str] = {}
        if path is None:
            return
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
            raise RosterError(
                f"--key {path}: lies inside {folder}; keep it elsewhere, so that the two never travel as one"
            )
        if path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            rows = [cells for _, cells in read_rows(path, MAX_BYTES)]
        except (DelimitedError, OSError) as problem:
            raise RosterError(f"--key {path}: {problem}") from None
        if not rows or rows[0] != HEADER or any(len(row) != len(HEADER) for row in rows):
            raise RosterError(f"--key {path}: not a key file of an import ({', '.join(HEADER)}); choose another name")
        for code, key, name in rows[1:]:
            self.codes[key], self.names[key] = code, name
        if len(set(self.codes.values())) < len(rows) - 1:
            raise RosterError(f"--key {path}: an org_id or a source_id stands there twice; mend the file by hand")

    def write(self, codes: Mapping[str, str], names: Mapping[str, str]) -> None:
        """Write all codes, readable by the user alone. Raises OSError."""
        if self.path is None:
            return
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEADER)
        merged = {**self.names, **{key: name for key, name in names.items() if name}}
        writer.writerows(sorted([code, key, merged.get(key, "")] for key, code in codes.items()))

        def put(neighbour: Path) -> None:
            neighbour.chmod(0o600)
            neighbour.write_text(text.getvalue(), encoding="utf-8")

        replace_file(self.path, put)
