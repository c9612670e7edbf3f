"""Compiled code comes from no folder that others can write to, and from no file that is not as it was written."""

import os
import pickle
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sim.compiler import caching
from sim.compiler.caching import SealedFile, choose_folder

KERNEL = """\
from sim.compiler.jit import compiled_entry


@compiled_entry
def add(x, y):
    return x + y


print(add(1, 2))
"""


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch, tmp_path):
    """Nothing said before, temporary files in a shared folder of the test, and a user's cache in another."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    monkeypatch.setattr(caching, "_told", set())
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))
    monkeypatch.setattr(caching.platformdirs, "user_cache_dir", lambda name: str(tmp_path / "home" / name))


def is_private(folder):
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def make_place(kind, tmp_path, monkeypatch):
    """Return where the folder would lie of each kind of cache."""
    if kind == "given":
        return tmp_path / "given"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    if kind == "user":
        return tmp_path / "home" / "coalitions"
    (tmp_path / "home").write_text("a home that cannot be written")
    return tmp_path / "shared" / f"coalitions-{os.geteuid()}"


def spoil_folder(how, folder, monkeypatch, tmp_path):
    """Make the folder one that another user could have filled."""
    if how == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
        return
    if how == "file":
        folder.write_text("")
        return
    folder.mkdir(mode=0o700)
    if how == "of another user":
        seen = Path.lstat
        owner = os.geteuid() + 1
        other = lambda path: os.stat_result((*seen(path)[:4], owner, *seen(path)[5:]))  # noqa: E731
        monkeypatch.setattr(Path, "lstat", lambda path: other(path) if path == folder else seen(path))
    elif how.startswith("inner"):
        (folder / "sim_0").mkdir()
        (folder / "sim_0").chmod(0o777)
    else:
        folder.chmod(int(how, 8))


KINDS = ("given", "user", "temporary")


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_ours_is_made_and_found_again(kind, tmp_path, monkeypatch, capsys):
    place = make_place(kind, tmp_path, monkeypatch)
    old = os.umask(0)
    try:
        found = choose_folder("kernels-0")
    finally:
        os.umask(old)
    assert found == place / "kernels-0"
    assert is_private(found)
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    assert choose_folder("kernels-0") == found
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["777", "770", "720", "702", "link", "file", "of another user", "inner 777"])
def test_a_folder_that_others_could_have_filled_is_left_alone(kind, how, tmp_path, monkeypatch, capsys):
    place = make_place(kind, tmp_path, monkeypatch)
    place.mkdir(parents=True, mode=0o700)
    spoil_folder(how, place / "kernels-0", monkeypatch, tmp_path)
    found = choose_folder("kernels-0")
    assert found != place / "kernels-0"
    assert is_private(found)
    assert is_private(found.parent)
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert str(place) in err
    assert choose_folder("kernels-0") == found  # as a process that this one starts does
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("how", ["777", "link", "of another user"])
def test_the_folder_of_a_user_among_temporary_files_is_checked_too(how, tmp_path, monkeypatch, capsys):
    place = make_place("temporary", tmp_path, monkeypatch)
    spoil_folder(how, place, monkeypatch, tmp_path)
    found = choose_folder("kernels-0")
    assert found.parent.parent == tmp_path / "shared"
    assert found.parent.name.startswith("coalitions-")
    assert found.parent != place
    assert is_private(found.parent)
    assert str(place) in capsys.readouterr().err


def test_a_place_whose_names_others_can_move_is_not_used(tmp_path, capsys):
    (tmp_path / "given").mkdir()
    (tmp_path / "given").chmod(0o777)
    assert tmp_path / "given" not in choose_folder("kernels-0").parents
    assert "can be written by other users" in capsys.readouterr().err
    os.environ["NUMBA_CACHE_DIR"] = str(tmp_path / "given")
    (tmp_path / "given").chmod(0o1777)  # nobody can move what is another's
    assert choose_folder("kernels-0").parent == tmp_path / "given"


def test_a_users_own_cache_is_taken_back_from_the_group(tmp_path, monkeypatch):
    place = make_place("user", tmp_path, monkeypatch)
    place.mkdir(parents=True)
    place.chmod(0o775)  # as umask 002 has left it
    assert choose_folder("kernels-0").parent == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o755


def test_a_fresh_folder_goes_with_its_process(tmp_path):
    script = "from sim.compiler.caching import choose_folder; print(choose_folder('kernels-0'))"
    shared = tmp_path / "shared"
    for name in ("given", f"shared/coalitions-{os.geteuid()}"):
        (tmp_path / name).write_text("")
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "given"), "TMPDIR": str(shared)}
    told = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert Path(told.stdout.strip()).parent.parent == shared
    assert [path.name for path in shared.iterdir()] == [f"coalitions-{os.geteuid()}"]
    assert told.stderr.count("\n") == 1


# Files

DAMAGE = {
    "emptied": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "longer": lambda content: content + b"\0",
    "garbage": lambda content: b"\xff" * len(content),
    "not sealed": lambda content: content[len(caching.SEAL) + caching.DIGEST_BYTES :],
    "a pickle": lambda content: pickle.dumps({"not": "ours"}),
}


def make_file(folder):
    return SealedFile(str(folder), "schedule.f-1.py311", "stamp")


@pytest.mark.parametrize("name", ["nbi", "nbc"])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_is_set_aside_told_once_and_written_anew(name, how, tmp_path, capsys):
    make_file(tmp_path).save("key", [1, 2])
    assert make_file(tmp_path).load("key") == [1, 2]
    (path,) = tmp_path.glob(f"*.{name}")
    path.write_bytes(DAMAGE[how](path.read_bytes()))
    assert make_file(tmp_path).load("key") is None
    assert make_file(tmp_path).load("key") is None
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert str(tmp_path) in err
    assert [one.name for one in tmp_path.glob("*.bad")] == [f"{path.name}.bad"]
    make_file(tmp_path).save("key", [1, 2])
    assert make_file(tmp_path).load("key") == [1, 2]


def test_two_processes_that_compile_at_once_never_take_each_others_code(tmp_path):
    first, second = make_file(tmp_path), make_file(tmp_path)
    seen = first._load_index(), second._load_index()  # both find nothing there
    first.__dict__["_load_index"], second.__dict__["_load_index"] = (lambda: seen[0]), (lambda: seen[1])
    second.save("of the second", [2])
    first.save("of the first", [1])
    second._save_index(seen[1])  # the second's index comes last, the first's code did
    assert make_file(tmp_path).load("of the second") == [2]


def test_what_another_process_has_compiled_meanwhile_is_not_set_aside(tmp_path, monkeypatch):
    make_file(tmp_path).save("key", [1, 2])
    (path,) = tmp_path.glob("*.nbc")
    good = path.read_bytes()
    path.write_bytes(b"spoilt")
    check = caching.hashlib.sha256

    def compile_meanwhile(content):
        if len(content) < 10:  # the spoilt file has just been read
            (tmp_path / "new").write_bytes(good)
            (tmp_path / "new").replace(path)
        return check(content)

    monkeypatch.setattr(caching.hashlib, "sha256", compile_meanwhile)
    assert make_file(tmp_path).load("key") is None
    assert make_file(tmp_path).load("key") == [1, 2]


def test_every_single_bit_that_is_flipped_shows(tmp_path):
    make_file(tmp_path).save("key", [1, 2])
    for path in (*tmp_path.glob("*.nbi"), *tmp_path.glob("*.nbc")):
        content = path.read_bytes()
        for bit in range(8 * len(content)):
            spoilt = bytearray(content)
            spoilt[bit // 8] ^= 1 << bit % 8
            path.write_bytes(spoilt)
            assert make_file(tmp_path).load("key") is None
        path.write_bytes(content)
    assert make_file(tmp_path).load("key") == [1, 2]


def test_where_nothing_can_be_kept_the_code_still_runs(tmp_path, capsys):
    make_file(tmp_path / "missing").save("key", [1, 2])
    assert make_file(tmp_path / "missing").load("key") is None
    assert "cannot be kept" in capsys.readouterr().err


NIGHTLY = [pytest.mark.nightly, pytest.mark.slow]


@pytest.mark.parametrize("how", ["emptied", "bits", *(pytest.param(one, marks=NIGHTLY) for one in ("cut", "garbage"))])
def test_a_kernel_whose_code_was_spoilt_is_compiled_again(how, tmp_path):
    (tmp_path / "adding.py").write_text(KERNEL)
    shutil.copytree(Path(caching.__file__).parents[1], tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))

    def call():  # by a copy of the sources: an edit of ours meanwhile would mean another folder
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "given"), "NUMBA_DISABLE_JIT": "0"}
        command = [sys.executable, str(tmp_path / "adding.py")]
        return subprocess.run(
            command, env=environment | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
        )

    assert call().stderr == ""
    files = [path for path in (tmp_path / "given").rglob("adding.add*") if path.suffix in (".nbi", ".nbc")]
    assert len(files) == 2
    for path in files:
        content = bytearray(path.read_bytes())
        for at in range(100, len(content), 997):
            content[at] ^= 1
        path.write_bytes(content if how == "bits" else DAMAGE[how](bytes(content)))
    again = call()
    assert (again.stdout, again.stderr.count("\n")) == ("3\n", 1)
    assert "compiled again" in again.stderr
    assert (call().stdout, call().stderr) == ("3\n", "")
