"""docs/reliability.md says what its table says; nothing in it is lost without a word; its parts work."""

import signal
import sys
from pathlib import Path

import pytest

from tests.trials.reliability import calling, page
from tests.trials.reliability.existing import COVERED
from tests.trials.reliability.suites import SUITES
from tests.trials.reliability.tallies import Tally, make_row, skip

ROOT = calling.ROOT
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


def test_the_page_is_made_from_the_table():
    assert page.PAGE.read_text(encoding="utf-8") == page.make_page(page.read_rows())


def test_what_is_lost_stands_in_the_note_and_what_was_not_tried_says_why():
    rows = page.read_rows()
    assert rows
    for row in rows:
        assert int(row["lost"]) == 0 or row["note"], row
        assert int(row["lost"]) <= int(row["tried"]), row
        assert int(row["tried"]) > 0 or "not tried" in row["note"], row
        assert "LOST" not in row["note"] and "broke off" not in row["note"], row
        assert row["size"] in (page.FULL, page.REDUCED)


def test_every_suite_has_rows_and_every_row_a_suite():
    assert {row["suite"] for row in page.read_rows()} == {suite.name for suite in SUITES}


def test_the_makefile_leaves_out_what_is_counted_here():
    [line] = [one for one in (ROOT / "Makefile").read_text().splitlines() if one.startswith("COUNTED := ")]
    assert tuple(line.removeprefix("COUNTED := ").split()) == COVERED
    assert all((ROOT / path).exists() for path in COVERED)


def test_rows_of_a_suite_are_replaced_and_others_kept():
    rows = page.merge([], "a", [make_row("x", 5, 0)], page.FULL, "c")
    rows = page.merge(rows, "b", [make_row("y", 3, 1, "why")], page.FULL, "c")
    rows = page.merge(rows, "a", [make_row("x", 9, 0), make_row("z", 1, 0)], page.FULL, "c")
    assert [(row["suite"], row["what"], row["tried"]) for row in rows] == [
        ("a", "x", "9"),
        ("a", "z", "1"),
        ("b", "y", "3"),
    ]
    assert page.merge(rows, "a", [make_row("x", 2, 0)], page.REDUCED, "c") == rows  # it says less
    assert page.merge(rows, "a", [skip("x", "no disk")], page.FULL, "c") == rows
    worse = page.merge(rows, "a", [make_row("x", 2, 1, "why")], page.REDUCED, "c")
    assert [row["lost"] for row in worse] == ["1", "1"]


def test_a_written_table_is_read_as_it_was(tmp_path):
    rows = page.merge([], "a", [make_row('x | "y", z', 5000, 0, "ü\nb")], page.FULL, "c")
    page.write_rows(rows, tmp_path / "t.csv", tmp_path / "p.md")
    assert page.read_rows(tmp_path / "t.csv") == rows
    text = (tmp_path / "p.md").read_text(encoding="utf-8")
    assert r'| x \| "y", z | 5,000 | 0 | ü b `c` |' in text
    assert text == page.make_page(page.read_rows(tmp_path / "t.csv"))


def test_a_tally_counts_and_says_what_was_lost(capsys):
    tally = Tally("x", "note")
    for problem in ("", "", "broken", "broken"):
        tally.add(problem)
    assert tally.row() == {"what": "x", "tried": 4, "lost": 2, "note": "note. LOST: broken"}
    assert "broken" in capsys.readouterr().err


@linux
def test_a_call_sees_codes_tracebacks_many_lines_and_processes_left(tmp_path):
    def judge(program, *codes):
        return calling.judge(calling.call([sys.executable, "-S", "-c", program], tmp_path), codes)

    assert judge("pass", 0) == ""
    assert "exit code 3" in judge("import sys; sys.exit(3)", 0, 2)
    assert "traceback" in judge("1 / 0", 1)
    assert "5 lines" in judge("import sys; sys.stderr.write('x\\n' * 5)", 0)
    assert "without a word" in judge("import sys; sys.exit(2)", 2)
    orphan = "import os, time\nif os.fork() == 0:\n for n in (0, 1, 2): os.close(n)\n time.sleep(60)"
    assert judge(orphan, 0) == "1 processes left"


@linux
def test_a_session_is_ended_whole(tmp_path):
    process = calling.begin(["sh", "-c", "sleep 60 & sleep 60"], tmp_path)
    while len(calling.find_session(process.pid)) < 3:
        assert process.poll() is None
    calling.end_session(process.pid)
    assert calling.end(process, 0.0).code == -signal.SIGKILL
    assert calling.find_session(process.pid) == []


def test_files_that_are_not_whole_are_found(tmp_path):
    import pandas as pd

    pd.DataFrame({"a": range(1000)}).to_parquet(tmp_path / "whole.parquet", write_page_checksum=True)
    data = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(data[:-3])
    (tmp_path / "flipped.parquet").write_bytes(data[:300] + bytes([data[300] ^ 1]) + data[301:])
    for name, text in {"a.json": "{", "a.svg": "<svg>", "a.html": "<html>", "a.csv": "a,b", "a.png": "\x89PNG"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "b.html").write_text("<html></html>\n")
    (tmp_path / ".hidden.tmp").write_text("half")
    found = {line.partition(":")[0] for line in calling.find_broken(tmp_path)}
    assert found == {"cut.parquet", "flipped.parquet", "a.json", "a.svg", "a.html", "a.csv", "a.png"}


def test_a_digest_sees_content_and_names_but_no_way_of_writing(tmp_path):
    import pandas as pd

    one, two = Path(tmp_path / "one"), Path(tmp_path / "two")
    for folder, kind in ((one, "zstd"), (two, "snappy")):
        folder.mkdir()
        pd.DataFrame({"a": range(9)}).to_parquet(folder / "t.parquet", compression=kind)
    assert calling.digest(one) == calling.digest(two)
    (two / "t.parquet").rename(two / "u.parquet")
    assert calling.digest(one) != calling.digest(two)
