"""Forty marked texts in the identity columns, comments and file names of a roster, and none of them in what is written.

Every verb that runs a roster is called as a user would, also so that it fails; then every file below the folder of
results, every name of a file, and all that was printed is searched, Parquet by its cells as well as by its bytes.
"""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from tests.privacy.marks import CANARIES, MARK, call, find_marks

N = 10  # organizations


@pytest.fixture(scope="module")
def roster(tmp_path_factory):
    """Write a roster whose four identity columns, comments and neighbours hold the canaries; ids and codes do not."""
    folder = tmp_path_factory.mktemp("roster")
    marks = iter(CANARIES)
    rows = ["name,org_id,label,sector,viewpoint,notes,coalitions,website"]
    for number in range(N - 1):
        name, label, notes, website = (next(marks) for _ in range(4))
        rows.append(f'{name},o{number},"{label}, Inc.",ngo,0.{number},"says ""{notes}""",a,https://{website}.example')
    rows.append(f"{next(marks)},o{N - 1},,,,,a,")
    (folder / "organizations.csv").write_text(f"# {next(marks)}\n" + "\n".join(rows) + "\n")
    (folder / "ties.csv").write_text(f"# {next(marks)}\nfrom_org,to_org,level\no1,o2,3\no2,o1,4\n")
    (folder / f"{next(marks)}.txt").write_text("who is who")
    assert not list(marks)
    return folder


def test_the_search_finds_what_it_looks_for(tmp_path):
    (tmp_path / "a.txt").write_text(f"x{CANARIES[3]}y")
    pd.DataFrame({"a": [CANARIES[5]] * 1000}).to_parquet(tmp_path / "b.parquet", compression="zstd")
    (tmp_path / f"{CANARIES[7]}.csv").write_text("")
    assert find_marks(tmp_path) == ["a.txt", "cells of b.parquet", f"name of {CANARIES[7]}.csv"] or find_marks(
        tmp_path
    ) == ["a.txt", "b.parquet", "cells of b.parquet", f"name of {CANARIES[7]}.csv"]


def test_no_canary_leaves_the_roster(roster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COALITIONS_DEBUG", raising=False)
    field = f"field.folder={os.path.relpath(roster, tmp_path)}"
    short = ["months=6", "seeds=2", "-q"]
    told = {}
    for name, words in {
        "validate": ["validate", roster],
        "validate json": ["validate", roster, "--json"],
        "run": ["run", field, "name=run", *short],
        "run json": ["run", field, "name=json", "--json", "--no-figures", *short],
        "compare": ["compare", field, "regime=mixed,lottery", "name=both", *short],
        "sweep": ["sweep", field, "grants.luck=0.1,0.5", "name=sweep", "--keep", "events", "--workers", "1", *short],
        "status": ["status", "results/sweep"],
        "export": ["export", "results/run", "--table", "events"],
        "interviews": ["interviews", field, "name=asked", "months=24", "seeds=2", "-q"],
        "games": ["games", field, "--month", "3", "months=6", "-q"],
        "draw": ["draw", "results/run", "memberships", "network"],
        "report": ["report", "results/run"],
        "explore": ["explore", field, "months=6", "seeds=2", "-o", "page.html", "-q"],
    }.items():
        code, text = call(*words)
        assert code == 0, text
        told[name] = text
    assert {name for name, text in told.items() if MARK.search(text)} == set()
    assert find_marks(tmp_path) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("viewpoint", "{}"), ("sector", "{}"), ("org_id", "{}\u202e"), ("populations_served", "{};{}"), ("email", "{}")],
)
def test_no_canary_stands_in_a_refusal(tmp_path, column, value):
    marked = value.format(*CANARIES)
    header, cells = (
        (f"org_id,{column}", f"a,{marked}") if column != "org_id" else ("org_id,label", f"{marked},{marked}")
    )
    (tmp_path / "organizations.csv").write_text(f"{header}\n{cells}\nb,\n")
    for words in (["validate", tmp_path], ["validate", tmp_path, "--json"], ["run", f"field.folder={tmp_path}", "-q"]):
        code, text = call(*words)
        assert code == 2
        assert not MARK.search(text), text


def test_a_manifest_names_neither_the_machine_nor_its_user(roster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("run", "field.folder=rosters/city18", "months=3", "name=a", "--no-figures", "-q")[0] == 0
    text = json.dumps(json.loads(Path("results/a/manifest.json").read_text()))
    for private in (str(tmp_path), str(Path.home()), os.uname().nodename):
        assert private not in text
