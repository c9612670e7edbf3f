"""What commands leave where something goes wrong while they write: whole files or none, and a line that helps."""

import errno
import os
import subprocess
import sys
import tempfile

import pytest

import sim.results.store
from sim.__main__ import main
from sim.errors import FolderInUseError
from sim.files.access import hold_folder, replace_file
from tests.trials.reliability.calling import digest, find_broken
from tests.worlds import keep_last

SHORT = ("months=3", "seeds=2", "--no-figures", "-q")
HOLDING = "import sys, time\nfrom pathlib import Path\nfrom sim.files.access import hold_folder\n" + (
    "with hold_folder(Path(sys.argv[1])):\n print('held', flush=True)\n sys.stdin.read()"
)


def run(folder, *words):
    settings = keep_last(word for word in (*SHORT, *words) if "=" in word)
    options = [word for word in (*SHORT, *words) if "=" not in word]
    return main(["run", "name=a", *settings, *options, "--results", str(folder)])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The digest of what the run leaves where nothing goes wrong."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(folder) == 0
    return digest(folder / "a")


def test_a_folder_that_another_command_writes_into_is_refused_with_4(tmp_path, capfd):
    words = [sys.executable, "-c", HOLDING, str(tmp_path / "a")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert run(tmp_path) == 4
        assert "another command is writing there" in capfd.readouterr().err
        other.communicate("")
    assert not (tmp_path / "a").exists()  # it wrote nothing


def test_a_held_folder_is_free_again_when_its_process_is_killed(tmp_path):
    words = [sys.executable, "-c", HOLDING, str(tmp_path / "a")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(FolderInUseError), hold_folder(tmp_path / "a"):
            pass
        other.kill()
    with hold_folder(tmp_path / "a"):
        (tmp_path / "a" / "x").write_text("x")
    assert (tmp_path / "a" / "x").exists()


@pytest.fixture
def break_table(monkeypatch):
    """Let the disk be full when the table of this name is written."""

    def start(name):
        def fail(path, write, **options):
            if path.name.startswith(name):
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            replace_file(path, write, **options)

        monkeypatch.setattr(sim.results.store, "replace_file", fail)

    return start


@pytest.mark.parametrize("name", ["months", "manifest"])
def test_a_run_that_found_no_room_is_told_and_can_be_called_again(
    tmp_path, capfd, break_table, monkeypatch, name, whole
):
    break_table(name)
    assert run(tmp_path) == 5
    told = capfd.readouterr().err
    assert told.count("\n") == 1 and "no space left on device; make room" in told
    assert name in told
    monkeypatch.undo()
    assert run(tmp_path) == 0
    assert digest(tmp_path / "a") == whole


def test_tables_of_a_forced_run_never_stand_beside_the_manifest_of_another(tmp_path, break_table, monkeypatch):
    assert run(tmp_path) == 0
    break_table("events")
    assert run(tmp_path, "months=4", "--force") == 5
    assert not (tmp_path / "a" / "manifest.json").exists()
    with pytest.raises(sim.results.store.ResultsError, match=r"manifest\.json"):
        sim.results.store.load_results(tmp_path / "a")


def test_a_folder_with_a_file_of_somebody_else_is_left_alone(tmp_path, capfd):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("mine")
    assert run(tmp_path) == 2
    assert "holds other results" in capfd.readouterr().err
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["notes.txt"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / ("n" * 250)
    replace_file(path, lambda target: target.write_text("one"), is_flushed=False)

    def fail(target):
        target.write_text("tw")
        raise OSError(errno.EFBIG, "File too large")

    with pytest.raises(OSError, match="File too large") as caught:
        replace_file(path, fail)
    assert caught.value.filename == str(path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(path.name, "one")]


def test_a_tilde_in_a_path_is_read_as_a_shell_does(tmp_path, monkeypatch, whole):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["run", "name=a", *SHORT, "--results=~/x"]) == 0
    assert main(["run", "name=a", *SHORT, "--results=./~root"]) == 0
    assert digest(tmp_path / "x" / "a") == digest(tmp_path / "~root" / "a") == whole
    assert main(["export", "./~root/a", "--force"]) == 0
    assert find_broken(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="descriptors are POSIX'")
def test_a_folder_without_room_for_temporary_files_is_told(tmp_path, capfd):
    def fail():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "_get_default_tempdir", fail)
        patch.setattr(tempfile, "tempdir", None)
        assert main(["sweep", "grants.luck=0,1", "--dry-run", "months=3", "-q", "--results", str(tmp_path)]) == 2
    assert capfd.readouterr().err == "error: no folder for temporary files can be written; set TMPDIR to one that can\n"
