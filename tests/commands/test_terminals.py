"""Terminals that lack characters: no command ends for them, and files are UTF-8 whatever the locale says."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.__main__ import build_parser
from sim.commands.completion import list_verbs
from sim.commands.streams import IN_ASCII

ROOT = Path(__file__).parents[2]
NIGHTLY = [pytest.mark.nightly, pytest.mark.slow]
# By day one that lacks all, one of Windows that lacks some, and one that lacks none.
ENCODINGS = ("ascii", "cp1252", "utf-8", *(pytest.param(one, marks=NIGHTLY) for one in ("latin-1", "cp437", "cp850")))
VERBS = tuple(list_verbs(build_parser()))
SHORT = ["months=3", "seeds=2", "--no-figures"]
RESULTS = {  # by verb, what it is called with; every other verb is called with a folder that is not there
    "run": [["regime=competitive", *SHORT, "name=one"]],
    "compare": [["regime=competitive,none", *SHORT, "name=two"]],
    "sweep": [
        ["regime=competitive,none", "months=3", "seeds=2", "name=three", "--dry-run"],
        ["regime=competitive,none", "months=3", "seeds=2", "name=three"],
    ],
    "status": [["FOLDER/three"]],
    "export": [["FOLDER/three", "--to", "FOLDER/three.csv"]],
    "games": [["regime=competitive", "--month", "3", *SHORT[:1], "seeds=1"]],
    "interviews": [["regime=competitive", *SHORT[:2]]],
    "list": [[], ["parameters"]],
    "show": [["parameter", "memberships.turf_weight"], ["regime", "competitive"], ["parameters", "trust"]],
    "validate": [["configs/rosters/city18"]],
    "init": [["FOLDER/new"]],
}
NEEDS_RESULTS_FOLDER = ("run", "compare", "sweep", "interviews")

CALL = """
import json, sys, traceback
from sim.__main__ import main

codes = []
for words in json.loads(sys.argv[1]):
    print("$", *(ascii(word) for word in words), flush=True)
    codes.append(main(words))
    sys.stdout.flush()
print(json.dumps(codes), file=open(sys.argv[2], "w", encoding="utf-8"))
"""


def list_calls(folder):
    calls = [["--help"], *([verb, "--help"] for verb in VERBS)]
    for verb in [*RESULTS, *(one for one in VERBS if one not in RESULTS)]:
        for words in RESULTS.get(verb, ()):
            placed = [word.replace("FOLDER", str(folder)) for word in words]
            calls.append([verb, *placed, *(["--results", str(folder)] if verb in NEEDS_RESULTS_FOLDER else [])])
        if verb not in RESULTS and verb not in ("demo", "calibrate"):  # these take minutes
            calls.append([verb, "no·where…"])
    return calls


def call_all(calls, folder, **environment):
    codes = folder / "codes.json"
    found = subprocess.run(
        [sys.executable, "-c", CALL, json.dumps(calls), str(codes)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return json.loads(codes.read_text(encoding="utf-8")), found


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_verb_is_read_on_any_terminal(encoding, tmp_path):
    calls = list_calls(tmp_path)
    codes, found = call_all(calls, tmp_path, PYTHONIOENCODING=encoding)
    told = found.stdout.decode(encoding) + found.stderr.decode(encoding)
    assert "Traceback" not in told and "unexpected" not in told, told
    for words, code in zip(calls, codes, strict=True):
        assert code == (2 if words[-1] == "no·where…" else 0), (words, told[-3000:])
    assert ("…" in told) == (encoding in ("cp1252", "utf-8"))
    assert encoding == "utf-8" or "..." in told


def test_what_is_shown_of_a_character_that_is_lacking(tmp_path):
    _, found = call_all([["show", "parameter", "memberships.turf_weight"]], tmp_path, PYTHONIOENCODING="ascii")
    assert re.search(rb"default 1.8 utility \| range \[0, 5\] \| source", found.stdout)
    for one, other in IN_ASCII.items():
        assert len(one) == 1 and other.isascii()


def test_json_loses_nothing_where_a_terminal_lacks_characters(tmp_path):
    found = {}
    for encoding in ("ascii", "utf-8"):
        _, run = call_all([["list", "--json"]], tmp_path, PYTHONIOENCODING=encoding)
        found[encoding] = run.stdout.decode(encoding).partition("\n")[2]
    assert json.loads(found["ascii"]) == json.loads(found["utf-8"])


def test_files_are_utf_8_whatever_the_locale(tmp_path):
    calls = [call for call in list_calls(tmp_path) if call[0] in ("run", "export", "sweep", "init")]
    calls = [call for call in calls if "--help" not in call and "--dry-run" not in call]
    places = {}
    for name, environment in {
        "ascii": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        "utf-8": {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        placed = [[word.replace(str(tmp_path), str(folder)) for word in call] for call in calls]
        codes, _ = call_all(placed, folder, **environment)
        assert set(codes) == {0}
        places[name] = folder
    files = {
        name: {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for name, folder in places.items()
    }
    assert set(files["ascii"]) == set(files["utf-8"])
    texts = [path for path in files["ascii"] if path.suffix in (".csv", ".json", ".md", ".yaml", ".txt")]
    assert len(texts) > 5
    for path in texts:
        files["ascii"][path].decode("utf-8")
        if path.suffix == ".csv":
            assert files["ascii"][path] == files["utf-8"][path], path


def test_a_bar_of_progress_is_drawn_in_ascii_where_it_must_be(tmp_path):
    """On a terminal of its own, as a user has it."""
    words = ["sweep", "regime=competitive", "months=12", "seeds=300", "name=bar", "--results", str(tmp_path)]
    code = f"import sys; from sim.__main__ import main; sys.exit(main({words!r}))"
    place, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    told = b""
    while True:
        try:
            part = os.read(place, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        told += part
    assert process.wait() == 0, told
    assert told.isascii() and b"runs" in told and b"\\u" not in told and b"Traceback" not in told
