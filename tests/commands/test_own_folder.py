"""`coalitions init` and `coalitions validate`: what they write can be used, what is wrong is told all at once."""

import json

import numpy as np
import pytest

import sim
from sim.__main__ import main
from sim.commands.init import make_files
from sim.commands.validate import summarise_roster
from sim.roster.columns import COLUMNS, MAX_PROBLEMS, find_columns
from sim.roster.reading import read_folder
from sim.schema.parameters import Field
from tests.test_docs import ROOT


@pytest.mark.slow
def test_what_init_writes_can_be_used_as_it_is(tmp_path, capsys):
    folder = tmp_path / "my city"
    assert main(["init", str(folder)]) == 0
    assert main(["validate", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "4 organizations in 1 locality, marked SYNTHETIC" in told
    assert "2 grant lines (regime own_grants)" in told
    runs = sim.run([f"field.folder={folder}", "months=6"], seeds=2).runs
    assert runs["regime"].tolist() == ["own_grants", "own_grants"]


def test_init_leaves_alone_what_is_there(tmp_path, capsys):
    (tmp_path / "organizations.csv").write_text("org_id\na\nb\n")
    assert main(["init", str(tmp_path)]) == 0
    assert (tmp_path / "organizations.csv").read_text() == "org_id\na\nb\n"
    assert "wrote ties.csv, grants.csv, DATASHEET.md" in capsys.readouterr().out


def test_init_refuses_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["init", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("file", COLUMNS)
def test_the_template_says_what_each_column_may_hold(file):
    text = make_files()[file]
    described = [line for line in text.splitlines() if line.startswith("# ")]
    for column in COLUMNS[file]:
        assert (column.role == "dropped") != any(line.startswith(f"# {column.name}: ") for line in described)


def test_validate_tells_every_problem_not_only_the_first_twenty(tmp_path, capsys):
    n_wrong = 2 * MAX_PROBLEMS
    rows = "".join(f"secret-{number},2\n" for number in range(n_wrong))
    unknown = [f"c{number}" for number in range(n_wrong)]
    header = f"org_id,viewpoint,{','.join(unknown)}"
    (tmp_path / "organizations.csv").write_text(f"{header}\n{rows.replace(chr(10), ',' * n_wrong + chr(10))}")
    assert main(["validate", str(tmp_path), "--json"]) == 2
    told = capsys.readouterr()
    problems = json.loads(told.out)["problems"]
    assert [row["column"] for row in problems] == [*unknown, "viewpoint"]
    assert (problems[-1]["line"], problems[-1]["n_lines"]) == (2, n_wrong)
    assert problems[0] == {
        "file": "organizations.csv",
        "line": 1,
        "column": "c0",
        "text": "is not a column of this file; rename or delete it",
        "n_lines": 1,
    }
    assert f"{n_wrong + 1} problems" in told.err
    assert "secret" not in told.out + told.err


@pytest.mark.slow
def test_validate_takes_the_populations_of_the_setting(tmp_path, capsys):
    (tmp_path / "organizations.csv").write_text("org_id,populations_served\na,adults\nb,adults\n")
    assert main(["validate", str(tmp_path)]) == 2
    words = ["field.populations=[adults,minors]", "field.population_demand=[0.5,0.5]"]
    regime = ["regime=none"]
    assert main(["validate", str(tmp_path), *words, *regime]) == 0
    assert "served by none of them: minors" in capsys.readouterr().out


def test_the_summary_counts_what_no_cell_says(tmp_path):
    (tmp_path / "organizations.csv").write_text("org_id,stance,coalitions\na,0.5,x\nb,,x\nc,,\n")
    (tmp_path / "ties.csv").write_text("from_org,to_org,level\na,b,0\n")
    found = summarise_roster(read_folder(tmp_path, Field()), Field().populations)
    assert (found["n_organizations"], found["n_coalitions"], found["n_ties"]) == (3, 1, 1)
    assert (found["drawn"]["stance"], found["drawn"]["viewpoint"], found["n_grant_lines"]) == (2, 3, None)


@pytest.mark.parametrize("file", COLUMNS)
def test_the_shipped_schemas_hold_each_column_with_its_range(file):
    schema = json.loads((ROOT / "docs/schemas" / file.replace(".csv", ".schema.json")).read_text())
    columns = find_columns(file, Field())
    assert [one["name"] for one in schema["fields"]] == list(columns)
    for one in schema["fields"]:
        column, limits = columns[one["name"]], one.get("constraints", {})
        assert ("minimum" in limits) == (not np.isnan(column.low))
        if "minimum" in limits:
            assert (limits["minimum"], limits["maximum"]) == (column.low, column.high)
