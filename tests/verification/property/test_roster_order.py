"""The names of a roster's coalitions cannot matter; any other cell is told by the digest."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.roster.reading import read_folder
from sim.schema.parameters import Field
from sim.schema.roster_tables import RosterTables

SOURCE = Path(__file__).parents[3] / "configs" / "rosters" / "rural9"
FIELD = Field()
ORIGINAL = read_folder(SOURCE, FIELD)


def read_rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.reader(stream) if not row[0].startswith("#")]


def read_files(**files: bytes) -> RosterTables:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / f"{name}.csv").write_bytes(data)
        return read_folder(folder, FIELD)


@given(names=st.permutations(["alpha", "beta", "gamma", "delta"]))
def test_the_names_of_coalitions_cannot_matter(names):
    cells = ["{0};{1}", "{0};{1};{2}", "{2};{3}", "{3}", ""]
    text = "org_id,coalitions\n" + "".join(f"{i},{cell.format(*names)}\n" for i, cell in enumerate(cells))
    tables = read_files(organizations=text.encode())
    expected = [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 1, 0]]
    np.testing.assert_array_equal(tables.member, np.array(expected, bool))


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, 8),
    column=st.sampled_from(["viewpoint", "stance", "own_income_share", "reserve_months"]),
    value=st.sampled_from(["", "0.123"]),
)
def test_another_cell_is_another_digest(row, column, value):
    header, *rows = read_rows(SOURCE / "organizations.csv")
    rows[row][header.index(column)] = value
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([header, *rows])
    files = {name: (SOURCE / f"{name}.csv").read_bytes() for name in ("ties", "grants")}
    assert read_files(organizations=stream.getvalue().encode(), **files).digest != ORIGINAL.digest
