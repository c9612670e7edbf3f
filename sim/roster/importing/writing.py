"""What was taken, as a roster's folder: rows in the order of their codes, files whole or not there at all."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from sim.errors import RosterError
from sim.files.access import replace_file
from sim.roster.columns import GRANTS, ORGANIZATIONS, TIES, Problems, Sheet, find_columns
from sim.roster.importing.codes import KeyFile, assign_codes
from sim.roster.importing.taken import Row, Taken
from sim.schema.parameters import Field


def write_folder(
    taken: Taken,
    folder: Path,
    key: KeyFile,
    field: Field,
    kind: str,
    only: Sequence[str] = (),
    leave: Sequence[str] = (),
) -> list[str]:
    """Write the files and the key; return the files' names.

    only: the files to write (empty: all that there is something for). leave: columns to leave empty. Ties go to the
    organizations already in the folder, where there are any: by the key, or by their own ids.
    """
    codes = _find_codes(taken, folder, key, kind, field)
    texts = {}
    if taken.organizations and not (kind == "ties" and (folder / ORGANIZATIONS).is_file()):
        rows = [{"org_id": codes[one], **_without(row, leave)} for one, row in taken.organizations.items()]
        texts[ORGANIZATIONS] = _write(ORGANIZATIONS, sorted(rows, key=lambda row: row["org_id"]), taken, field, kind)
    if taken.ties:
        ties = [
            {"from_org": codes[start], "to_org": codes[end], taken.tie_column: f"{value:.10g}"}
            for (start, end), value in taken.ties.items()
        ]
        ties.sort(key=lambda row: (row["from_org"], row["to_org"]))
        texts[TIES] = _write(TIES, ties, taken, field, kind)
    if taken.grants or taken.has_no_grants:
        rows = [_without(row, leave) for row in taken.grants]
        texts[GRANTS] = _write(GRANTS, rows, taken, field, kind, taken.grant_notes)
    texts = {name: text for name, text in texts.items() if not only or name in only}
    if ORGANIZATIONS in texts or TIES in texts:
        key.write(codes, taken.names)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        replace_file(folder / name, lambda path, text=text: path.write_text(text, encoding="utf-8", newline=""))
    return list(texts)


def _without(row: Row, leave: Sequence[str]) -> Row:
    return {name: cell for name, cell in row.items() if name not in leave}


def _find_codes(taken: Taken, folder: Path, key: KeyFile, kind: str, field: Field) -> dict[str, str]:
    """Return the code of each organization. Raises `RosterError` where ties name one that the folder does not have."""
    there = folder / ORGANIZATIONS
    if kind != "ties" or not there.is_file():
        return assign_codes(taken.organizations, key.codes)
    ids = {line.cells.get("org_id") for line in Sheet(there, field, Problems(math.inf)).lines}
    codes = {one: key.codes.get(one, one) for one in taken.organizations}
    missing = sum(code not in ids for code in codes.values())
    if missing:
        raise RosterError(
            f"{there}: does not have {missing} of the {len(codes)} organizations that the ties name; give the --key of "
            "its import, use its org_ids in the survey, or choose a new folder"
        )
    return {**key.codes, **codes}


def _write(file: str, rows: Sequence[Row], taken: Taken, field: Field, kind: str, notes: Sequence[str] = ()) -> str:
    used = {name for row in rows for name in row}
    columns = find_columns(file, field)
    header = [name for name, column in columns.items() if name in used or column.role == "required"]
    mark = "SYNTHETIC: " if taken.is_synthetic else ""
    lines = [f"{mark}imported by `coalitions import {kind}`; what is estimated and how: docs/import.md", *notes]
    stream = io.StringIO(newline="")
    stream.write("".join(f"# {line}\n" for line in lines))
    writer = csv.DictWriter(stream, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
