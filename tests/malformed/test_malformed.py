"""Every malformed input is refused in a few lines, none is taken in silence; what is written otherwise is taken."""

import json
import os
import random
import shutil
import sys

import pytest

import sim
from sim.__main__ import main
from sim.configuration import ConfigurationError, compose
from sim.parameters import Field, ParameterError
from sim.results import ResultsError
from sim.roster import RosterError, read_folder
from tests.malformed import rosters
from tests.malformed.words import KEPT_FILES, KEPT_WORDS, make_word

MAX_LINES, MAX_CHARACTERS = 3, 600
FIELD = Field()


def check_told(text: str) -> None:
    """Fail unless the text of a refusal is short and no traceback."""
    assert text.strip()
    assert len(text.splitlines()) <= MAX_LINES, text
    assert all(len(line) <= MAX_CHARACTERS for line in text.splitlines()), text
    assert "Traceback" not in text
    assert "unexpected" not in text


def try_rosters(first, last, folder):
    """Spoil or disguise one roster a seed; return how many were spoiled."""
    n_spoiled = 0
    for seed in range(first, last):
        rng = random.Random(seed)
        sheets = rosters.make_roster(rng)
        rosters.write(folder, rosters.to_texts(sheets))
        digest = read_folder(folder, FIELD).digest
        shutil.rmtree(folder)
        if seed % 3 == 0:
            rosters.write(folder, rosters.disguise(rng, sheets))
            assert read_folder(folder, FIELD).digest == digest, f"seed {seed}: means something else"
        else:
            texts = rosters.to_texts(sheets)
            if seed % 3 == 1:
                rng.choice(rosters.SPOILING)(rng, sheets)
                texts = rosters.to_texts(sheets)
            else:
                rosters.spoil_bytes(rng, texts)
            rosters.write(folder, texts)
            with pytest.raises(RosterError) as caught:
                read_folder(folder, FIELD)
            for line in str(caught.value).splitlines():
                check_told(line)
            n_spoiled += 1
        shutil.rmtree(folder)
    return n_spoiled


def try_words(words):
    for word in words:
        with pytest.raises((ConfigurationError, ParameterError)) as caught:
            compose([word])
            pytest.fail(f"taken: {word[:80]!r}")
        check_told(str(caught.value))


def test_spoiled_rosters_are_refused_and_disguised_ones_are_not(tmp_path):
    assert try_rosters(0, 450, tmp_path / "roster") == 300


@pytest.mark.nightly
@pytest.mark.slow
def test_four_thousand_more_rosters(tmp_path):
    assert try_rosters(450, 6450, tmp_path / "roster") == 4000


def test_kept_words_are_refused():
    assert len(set(KEPT_WORDS)) == len(KEPT_WORDS) > 100
    try_words(KEPT_WORDS)


def test_generated_words_are_refused():
    try_words(make_word(random.Random(seed)) for seed in range(100))


@pytest.mark.nightly
@pytest.mark.slow
def test_nine_hundred_more_words():
    try_words(make_word(random.Random(seed)) for seed in range(100, 1000))


@pytest.mark.parametrize(("name", "text"), KEPT_FILES, ids=[name for name, _ in KEPT_FILES])
def test_kept_files_are_refused(tmp_path, name, text):
    (tmp_path / "regime").mkdir()
    (tmp_path / "regime" / f"own_{name}.yaml").write_text(text)
    with pytest.raises((ConfigurationError, ParameterError)) as caught:
        compose([f"regime=own_{name}"], config_dir=tmp_path)
    check_told(str(caught.value))


LINES = (  # what a user may type, and a word of the answer
    (["frobnicate"], "invalid choice"),
    (["run", "--sedes", "3"], "unknown option"),
    (["run", "--results"], "expected one argument"),
    (["run", "field.folder="], "organizations.csv"),
    (["run", "field.folder=nowhere"], "no such folder"),
    (["run", "--config-dir", "nowhere"], "no such folder"),
    (["run", "regime=mixed", "--results", "file"], "file"),
    (["compare", "regime=mixed"], "nothing to compare"),
    (["compare", "regime=mixed,mixed"], "mixed"),
    (["export", "nowhere"], "is not there"),
    (["export", "empty"], "holds no tables"),
    (["export", "file"], "file"),
    (["status", "nowhere"], "nowhere"),
    (["status", "empty"], "empty"),
    (["show", "regime", "nothing"], "unknown regime"),
    (["show", "nothing"], "unknown kind"),
    (["list", "nothing"], "unknown kind"),
    (["validate"], "required"),
    (["validate", "nowhere"], "no such folder"),
    (["init", "file"], "cannot be written"),
    (["sweep", "regime=mixed,lottery", "--workers", "-1"], "workers"),
    (["sweep", "grants.luck=0..1", "--n", "0"], "n"),
    (["sweep", "grants.luck=1..0"], "luck"),
)


@pytest.mark.parametrize(("words", "told"), LINES, ids=[" ".join(words) for words, _ in LINES])
def test_lines_that_make_no_sense_are_explained(tmp_path, monkeypatch, capfd, words, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    assert main([*words, *(["-q"] if words[0] in ("run", "compare", "sweep") else [])]) == 2
    found = capfd.readouterr()
    text = found.err + (found.out if words[0] == "validate" else "")
    assert told in text
    check_told("\n".join(line for line in text.splitlines() if not line.startswith(("usage:", " "))))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    assert main(["run", "months=3", "seeds=2", "name=good", "--results", str(folder), "--no-figures", "-q"]) == 0
    return folder / "good"


DAMAGES = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "text": lambda data: b"run_id,verdict\na,grows\n",
    "zeros": lambda data: bytes(len(data)),
    "tail": lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1",
}


@pytest.mark.parametrize("table", ["runs", "months"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_tables_are_refused(tmp_path, capfd, kept, table, damage):
    folder = tmp_path / "good"
    shutil.copytree(kept, folder)
    path = folder / f"{table}.parquet"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert main(["export", str(folder), "--table", table]) == 2
    check_told(capfd.readouterr().err)
    assert not (folder / f"{table}.csv").exists()


def test_a_flipped_bit_is_refused_or_changes_no_number(tmp_path, capfd, kept):
    folder = tmp_path / "good"
    shutil.copytree(kept, folder)
    assert main(["export", str(folder)]) == 0
    expected, path = (folder / "runs.csv").read_bytes(), folder / "runs.parquet"
    good, rng, n_refused = path.read_bytes(), random.Random(3), 0
    n_footer = 8 + int.from_bytes(good[-8:-4], "little")  # names and places of columns, which carry no checksum
    for _ in range(40):
        data = bytearray(good)
        data[rng.randrange(len(good) - n_footer)] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        code = main(["export", str(folder), "--force"])
        told = capfd.readouterr().err
        n_refused += code == 2
        if code == 2:
            check_told(told)
        else:
            assert code == 0
            assert (folder / "runs.csv").read_bytes() == expected
    assert n_refused > 20


FOREIGN = ("", "{", "[]", "3", "null", '"x"', "[" * 5000, "\x00", '{"keep": "all"}', '{"kind": "sweep", "keep": []}')


@pytest.mark.parametrize("text", FOREIGN)
def test_a_foreign_manifest_is_no_result(tmp_path, kept, text):
    shutil.copytree(kept, tmp_path / "good")
    (tmp_path / "good" / "manifest.json").write_text(text)
    with pytest.raises(ResultsError) as caught:
        sim.load_results(tmp_path / "good")
    check_told(str(caught.value))


@pytest.mark.parametrize("text", [*FOREIGN, json.dumps({"content_hash": [1]}), '{"a": 1e999}'])
def test_a_folder_with_a_foreign_manifest_is_not_overwritten(tmp_path, capfd, kept, text):
    shutil.copytree(kept, tmp_path / "good")
    (tmp_path / "good" / "manifest.json").write_text(text)
    before = (tmp_path / "good" / "runs.parquet").read_bytes()
    words = ["run", "months=3", "seeds=2", "name=good", "--results", str(tmp_path), "--no-figures", "-q"]
    assert main(words) == 2
    assert "holds other results" in capfd.readouterr().err
    assert (tmp_path / "good" / "runs.parquet").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path, capfd):
    tmp_path.chmod(0o500)
    assert main(["run", "months=1", "--results", str(tmp_path / "x"), "--no-figures", "-q"]) != 0
    check_told(capfd.readouterr().err)
