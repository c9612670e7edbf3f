"""A roster of one's own whose ids are names, in; the same under opaque codes, out."""

from __future__ import annotations

import secrets

from sim.errors import RosterError
from sim.roster.columns import COLUMNS, GRANTS, ORGANIZATIONS, TIES, Line, Sheet
from sim.roster.importing.reading import MAX_PROBLEMS, Source
from sim.roster.importing.taken import Choices, Taken
from sim.roster.reading import read_folder
from sim.schema.parameters import Field

KNOWN = ()
CODED = ("coalitions", "localities")  # lists whose entries may be names, too


def read_own(source: Source, choices: Choices, field: Field) -> Taken:
    """Return what the files of one folder say, without what is dropped at load; coalitions and localities coded."""
    taken = Taken()
    folder = source.paths[0]
    if len(source.paths) > 1 or not folder.is_dir():
        source.problems.add(folder.name, "give one folder, that of the roster")
        return taken
    try:
        read_folder(folder, field, MAX_PROBLEMS)
    except RosterError as found:
        source.problems += str(found).splitlines()
        return taken
    sheets = {file: Sheet(folder / file, field, source.problems) for file in COLUMNS}
    taken.is_synthetic = any(sheet.is_synthetic for sheet in sheets.values())
    lines = sheets[ORGANIZATIONS].lines
    for line in lines:
        taken.organizations[line.cells["org_id"]] = {
            name: cell for name, cell in line.cells.items() if name != "org_id"
        }
    for column in CODED:
        _code(taken, lines, column)
    taken.tie_column = "trust" if "trust" in sheets[TIES].header else "level"
    for line in sheets[TIES].lines:
        taken.ties[line.cells["from_org"], line.cells["to_org"]] = float(line.cells[taken.tie_column])
    taken.grants = [dict(line.cells) for line in sheets[GRANTS].lines]
    taken.has_no_grants = (folder / GRANTS).is_file() and not taken.grants
    taken.told.append(f"{len(lines)} organizations, {len(taken.ties)} ties, {len(taken.grants)} grant lines taken")
    n_dropped = sum(
        column.role == "dropped" and column.name in sheets[ORGANIZATIONS].header for column in COLUMNS[ORGANIZATIONS]
    )
    taken.drop(n_dropped, "columns for people to read (name, label, notes, website)")
    return taken


def _code(taken: Taken, lines: list[Line], column: str) -> None:
    """Give each entry of the lists a number by lot, a state and a locality each its own."""
    names = sorted({part for line in lines for one in line.read_list(column) for part in one.split("/")})
    places = [*range(1, len(names) + 1)]
    secrets.SystemRandom().shuffle(places)
    code = {name: f"{column[0]}{place:0{len(str(len(names)))}d}" for name, place in zip(names, places, strict=True)}
    for line in lines:
        if found := line.read_list(column):
            row = taken.organizations[line.cells["org_id"]]
            row[column] = ";".join("/".join(code[part] for part in one.split("/")) for one in found)
