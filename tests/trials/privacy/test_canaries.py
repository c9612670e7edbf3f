"""Forty marked texts in the identity columns, comments and file names of a roster, and none of them in what is written.

Every verb that runs a roster is called as a user would, also so that it fails; then every file below the folder of
results, every name of a file, and all that was printed is searched, Parquet by its cells as well as by its bytes.
"""

import base64
import gzip
import importlib.util
import random
import shutil
import zipfile
import zlib

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.trials.privacy.marks import CANARIES, MARK, call, find_marks, find_places

N = 10  # organizations
PAPERS = [
    *(["--pptx"] if importlib.util.find_spec("pptx") else []),
    *(["--pdf"] if importlib.util.find_spec("weasyprint") or shutil.which("chromium") else []),
]


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


def write_parquet(path):
    table = pa.table({"a": ["x"] * 1000}).replace_schema_metadata({"note": f"of {CANARIES[5]}"})
    pa.parquet.write_table(table, path, compression="zstd")


def write_cells(path):
    pd.DataFrame({"a": [CANARIES[5]] * 1000}).to_parquet(path, compression="zstd")


def write_picture(path):
    note = PngInfo()
    note.add_text("Source", f"made of {CANARIES[5]}" + " " * 100, zip=True)
    Image.new("L", (2, 2)).save(path, pnginfo=note)


def write_archive(path):
    write_picture(path.with_suffix(".png"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path.with_suffix(".png"), "media/a.png")
    path.with_suffix(".png").unlink()


def write_pages(path):
    packed = zlib.compress(f"({CANARIES[5]}) Tj".encode())
    path.write_bytes(b"%PDF-1.4\n1 0 obj\n<< /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream\n")


def write_page(path):
    packed = gzip.compress(bytes(range(256)) * 9 + CANARIES[5].encode() + random.Random(1).randbytes(600))
    path.write_text(f"<script>{base64.b64encode(packed).decode()}</script>")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.txt", lambda path: path.write_text(f"x{CANARIES[3]}y")),
        ("a.parquet", write_cells),
        ("a.parquet", write_parquet),
        ("a.png", write_picture),
        ("a.pptx", write_archive),
        ("a.pdf", write_pages),
        ("a.html", write_page),
        (f"{CANARIES[7]}.csv", lambda path: path.write_text("")),
    ],
)
def test_the_search_finds_what_it_looks_for(tmp_path, name, write):
    assert find_marks(tmp_path) == []
    write(tmp_path / name)
    assert find_marks(tmp_path)


def test_no_canary_leaves_the_roster(roster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COALITIONS_DEBUG", raising=False)
    field = f"field.folder={roster}"
    short = ["months=24", "seeds=2", "-q"]
    told = {}
    for name, words in {
        "validate": ["validate", roster],
        "validate json": ["validate", roster, "--json"],
        "run": ["run", field, "name=run", *short],
        "run json": ["run", field, "name=json", "--json", "--no-figures", *short],
        "compare": ["compare", field, "regime=mixed,lottery", "name=both", *short],
        "shipped": ["run", "field=city18", "name=shipped", "--no-figures", *short],
        "folders": ["compare", f"field.folder={roster},rosters/city18", "name=two", "--no-figures", *short],
        "jobs": ["run", "-m", field, "regime=mixed,lottery", "name=jobs", "--no-figures", *short],
        "some": ["sweep", f"field.folder={roster},rosters/rural9", "name=some", "--workers", "1", *short],
        "sweep": ["sweep", field, "grants.luck=0.1,0.5", "name=sweep", "--keep", "events", "--workers", "1", *short],
        "status": ["status", "results/sweep"],
        "export": ["export", "results/run", "--table", "events"],
        "interviews": ["interviews", field, "name=asked", "months=24", "seeds=2", "-q"],
        "games": ["games", field, "--month", "3", "months=6", "-q"],
        "draw": ["draw", "results/run", "memberships", "network"],
        "draw by name": ["draw", "results/run", "memberships", "--names", "--roster", roster],
        "report": ["report", "results/run", *PAPERS],
        "explore": ["explore", field, "months=6", "seeds=2", "-o", "page.html", "-q"],
    }.items():
        code, text = call(*words)
        assert code == 0, text
        told[name] = text
    assert {name for name, text in told.items() if MARK.search(text)} == set()
    assert find_marks(tmp_path) == []
    assert find_places(tmp_path, tmp_path, roster) == []


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
