"""Every malformed input is refused in a few lines, none is taken in silence; what is written otherwise is taken."""

import json
import os
import random
import shutil
import sys

import pytest

import sim
from sim.__main__ import main
from sim.configuration import compose
from sim.errors import ConfigurationError, ParameterError, ResultsError, RosterError
from sim.roster.reading import read_folder
from sim.schema.parameters import Field
from tests.trials.malformed import files, messages, rosters, tables
from tests.trials.malformed.judging import REFUSED, judge
from tests.trials.malformed.measuring import measure
from tests.trials.malformed.words import KEPT_FILES, KEPT_WORDS, make_word

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


@pytest.mark.parametrize(("name", "text"), files.KEPT_EXPERIMENTS, ids=[name for name, _ in files.KEPT_EXPERIMENTS])
def test_kept_experiments_are_refused(tmp_path, name, text):
    assert judge(lambda: files.try_experiment(text.encode(), tmp_path))[0] == REFUSED


def test_generated_files_are_refused_and_the_good_one_is_not(tmp_path):
    assert files.try_experiment(files.GOOD.encode(), tmp_path)
    for seed in range(60):
        data = files.make_experiment(random.Random(seed))
        assert judge(lambda data=data: files.try_experiment(data, tmp_path))[0] == REFUSED, seed


def test_kept_tables_and_changes_are_refused_and_good_ones_are_not(tmp_path):
    for text in tables.GAMES.values():
        tables.try_game(text.encode(), tmp_path)
    tables.try_ensemble(tables.ENSEMBLE.encode(), tmp_path)
    tables.try_change("5:meetings.facilitation=0.1")
    for name, data in tables.KEPT_GAMES:
        assert judge(lambda data=data: tables.try_game(data, tmp_path))[0] == REFUSED, name
    for name, data in tables.KEPT_ENSEMBLES:
        assert judge(lambda data=data: tables.try_ensemble(data, tmp_path))[0] == REFUSED, name
    for text in tables.KEPT_CHANGES[:8]:
        assert judge(lambda text=text: tables.try_change(text))[0] == REFUSED, text


def test_kept_messages_to_the_app_are_refused():
    server = messages.Server()
    try:
        for name, message in messages.list_kept():
            if message.path != "/set-up":
                found, told = server.send(message)
                assert found == REFUSED, (name, told)
    finally:
        server.close()


@pytest.mark.nightly
@pytest.mark.slow
def test_five_thousand_inputs_of_all_kinds_are_refused():
    rows = measure(5000, first_seed=10_000)
    assert [row for row in rows if row["lost"]] == []
    assert sum(row["tried"] for row in rows) > 5150


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
    (["export", "nowhere"], "no manifest.json there"),
    (["export", "empty"], "no manifest.json there"),
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


def test_every_flipped_bit_of_a_table_or_a_manifest_is_refused(tmp_path, capfd, kept):
    folder = tmp_path / "good"
    shutil.copytree(kept, folder)
    rng = random.Random(3)
    for name in ("runs.parquet", "manifest.json"):
        path = folder / name
        good = path.read_bytes()
        for _ in range(20):  # the footer of a table, too, whose pages alone have checksums
            data = bytearray(good)
            data[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
            path.write_bytes(data)
            if name == "manifest.json" and _means_the_same(data, good):
                continue  # a space where no space matters
            assert main(["export", str(folder)]) == 2
            check_told(capfd.readouterr().err)
        path.write_bytes(good)
    assert main(["export", str(folder)]) == 0


def _means_the_same(data, good):
    try:
        return json.loads(data) == json.loads(good)
    except ValueError:
        return False


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
