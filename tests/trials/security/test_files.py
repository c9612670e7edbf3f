"""Every kind of file of a user's own × what may lie there in its place: refused in a line, read no further."""

import ast
import os
import resource
import signal
from pathlib import Path

import pandas as pd
import pytest

from sim.__main__ import main
from sim.configuration.designs.ensemble import read_ensemble
from sim.configuration.options import check_file, read_description
from sim.errors import ConfigurationError, GameError, ObservationError, ResultsError, RosterError, UnfitFileError
from sim.figures.observations import read_observations
from sim.files.access import check_regular, open_regular, read_bounded
from sim.games.typed import read_table
from sim.results.store import load_results, read_manifest, scan_table, write_manifest
from sim.roster.columns import Problems
from sim.roster.importing.codes import KeyFile
from sim.roster.importing.reading import Source
from sim.roster.reading import read_folder
from sim.schema.parameters import Field
from sim.sweep.parts import read_note
from sim.sweep.plan import read_plan

ROOT = Path(__file__).parents[3]
SPARE = 2_000_000_000  # bytes of memory that a refusal may take at most
LARGE = 3_000_000_000  # bytes that a file too large seems to have; none of them lies on the disk


def make_device(path):
    path.symlink_to("/dev/zero")


def make_random(path):
    path.symlink_to("/dev/urandom")


def make_pipe(path):
    os.mkfifo(path)


def make_folder(path):
    path.mkdir()


def make_dangling(path):
    path.symlink_to(path.parent / "nowhere")


def make_loop(path):
    path.symlink_to(path)


def make_large(path):
    with path.open("wb") as stream:
        stream.truncate(LARGE)


UNFIT = {
    "device": make_device,
    "endless device": make_random,
    "pipe": make_pipe,
    "folder": make_folder,
    "dangling link": make_dangling,
    "link to itself": make_loop,
    "too large": make_large,
}


def _read_key(path):
    KeyFile(path, path.parent / "roster")


def _check_import(path):
    problems = Problems()
    if not Source([path], problems).check(path):
        raise RosterError("\n".join(problems))


def _read_table(path):
    write_manifest(path.parent, {}, [])
    text = (path.parent / "manifest.json").read_text()
    assert '"tables": {}' in text
    pd.DataFrame({"seed": [1]}).to_parquet(path.parent / "other.parquet")
    write_manifest(path.parent, {}, ["other"])
    (path.parent / "other.parquet").unlink()
    path.rename(path.parent / "other.parquet")
    scan_table(path.parent, "other")


READERS = {  # the name of the file, what reads it, and how it refuses
    "YAML": ("regime/mine.yaml", check_file, ConfigurationError),
    "description of a YAML": ("regime/mine.yaml", read_description, ConfigurationError),
    "roster": ("organizations.csv", lambda path: read_folder(path.parent, Field()), RosterError),
    "key of an import": ("key.csv", _read_key, RosterError),
    "export to import": ("export.csv", _check_import, RosterError),
    "ensemble": ("ensemble.csv", read_ensemble, ConfigurationError),
    "observations": ("observed.csv", read_observations, ObservationError),
    "game": ("game.csv", lambda path: read_table(path, "hedonic"), GameError),
    "plan": ("plan.json", lambda path: read_plan(path.parent), ConfigurationError),
    "manifest": ("manifest.json", lambda path: read_manifest(path.parent), ResultsError),
    "results": ("manifest.json", lambda path: load_results(path.parent), ResultsError),
    "table": ("runs.parquet", _read_table, ResultsError),
    "part": ("runs-0.parquet", read_note, (OSError, ValueError)),
}


@pytest.fixture
def within_bounds():
    """Fail, rather than take all memory or wait for ever."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + SPARE, before[1]))
    signal.alarm(60)
    yield
    signal.alarm(0)
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.usefixtures("within_bounds")
@pytest.mark.parametrize("unfit", UNFIT)
@pytest.mark.parametrize("kind", READERS)
def test_what_is_no_file_or_too_large_is_refused_in_a_line(kind, unfit, tmp_path):
    name, read, error = READERS[kind]
    if unfit == "too large" and kind in ("table", "export to import"):
        pytest.skip("these may be that large, and are read block by block")
    if unfit in ("dangling link", "link to itself") and kind == "key of an import":
        pytest.skip("a key that is not there is begun")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    UNFIT[unfit](path)
    with pytest.raises(error) as refused:
        read(path)
    told = str(refused.value)
    assert told.count("\n") <= (kind == "roster"), told  # whose folder lacks a file besides
    if kind != "part":
        assert path.name in told or path.parent.name in told or "other.parquet" in told, told


@pytest.mark.usefixtures("within_bounds")
@pytest.mark.parametrize("unfit", UNFIT)
@pytest.mark.parametrize("words", [("run", "months=1", "regime=mine"), ("show", "regime", "mine")])
def test_a_folder_of_ones_own_with_such_a_file_is_refused(words, unfit, tmp_path, capsys):
    (tmp_path / "regime").mkdir()
    UNFIT[unfit](tmp_path / "regime" / "mine.yaml")
    if words[0] == "run":
        words = (*words, "--results", str(tmp_path / "results"))
    assert main([*words, "--config-dir", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "mine.yaml" in err
    assert "unexpected" not in err


@pytest.mark.usefixtures("within_bounds")
@pytest.mark.parametrize("unfit", UNFIT)
def test_the_opener_opens_regular_files_alone(unfit, tmp_path):
    path = tmp_path / "file"
    UNFIT[unfit](path)
    openers = (open_regular, check_regular) if unfit != "too large" else ()
    for read in (lambda path: read_bounded(path, 1000), *openers):
        with pytest.raises(OSError) as refused:
            read(path)
        assert refused.value.filename == str(path)
        assert refused.value.strerror


def test_as_much_as_allowed_is_read_and_no_byte_more(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_bounded(path, 100) == b"x" * 100
    with pytest.raises(UnfitFileError, match="larger than the 99 bytes"):
        read_bounded(path, 99)


# Nothing else reads a file that a user hands over

OTHERWISE = {  # files that open some themselves, and why they may
    "sim/files/access.py": "the opener",
    "sim/explorer/live/server.py": "ships with the package",
    "sim/calibration/simulating.py": "parts that a calibration has written itself",
    "sim/calibration/writing.py": "what a calibration has written itself",
    "sim/compiler/caching.py": "a folder that is this user's alone",
    "sim/commands/explore.py": "a page, once it is known to be a regular file",
    "sim/commands/importing.py": "a data sheet, once it is known to be a regular file",
    "sim/commands/multirun.py": "a fresh temporary folder",
    "sim/compiler/jit.py": "ships with the package",
    "sim/explorer/page.py": "ships with the package",
    "sim/figures/analyses.py": "a table of an analysis, once it is known to be a regular file",
    "sim/roster/importing/grants_gov.py": "an export that Source.check has let through",
    "sim/roster/importing/reading.py": "an export that Source.check has let through",
    "sim/roster/importing/xml.py": "an export that Source.check has let through",
    "sim/results/release.py": "ships with the package",
    "sim/report/page.py": "ships with the package",
    "sim/report/printing.py": "a page that the report has just written",
    "sim/results/store.py": "a table whose digest has been read through the opener",
    "sim/sweep/clusters/on_slurm.py": "a list of jobs that the driver keeps",
    "sim/files/locking.py": "an empty lock",
}
READING = {"read_text", "read_bytes", "read_csv", "read_parquet"}


def find_readers():
    for path in sorted((ROOT / "sim").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            given = [ast.unparse(one) for one in (*node.args, *(word.value for word in node.keywords))]
            is_opened = node.func.attr == "open" and not any(one in ("'w'", "'x'", "'a'", "'wb'") for one in given)
            is_read = node.func.attr in READING and "content" not in given
            if (is_opened and ast.unparse(node.func.value) not in ("os", "webbrowser", "Image")) or is_read:
                yield str(path.relative_to(ROOT))


def test_no_module_reads_files_past_the_opener_unasked():
    assert sorted(set(find_readers()) - set(OTHERWISE)) == []
    assert sorted(set(OTHERWISE) - {"sim/files/access.py"} - set(find_readers())) == []


@pytest.mark.parametrize("how", ["device", "pipe", "folder", "link", "too large", "no YAML"])
def test_one_file_that_cannot_be_used_is_listed_beside_the_others(how, tmp_path, capsys):
    folder = tmp_path / "regime"
    folder.mkdir()
    (folder / "good.yaml").write_text("# A good one.\nprogrammes: {}\n")
    spoilt = folder / "spoilt.yaml"
    make = {
        "device": lambda: spoilt.symlink_to("/dev/zero"),
        "pipe": lambda: os.mkfifo(spoilt),
        "folder": spoilt.mkdir,
        "link": lambda: spoilt.symlink_to("nowhere"),
        "too large": lambda: spoilt.write_text("#" * 100_000),
        "no YAML": lambda: spoilt.write_text("# One.\na: [\n"),
    }
    make[how]()
    assert main(["list", "regimes", "--config-dir", str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "A good one." in lines["good"]
    assert "cannot be used" in lines["spoilt"]
    assert str(spoilt) in lines["spoilt"]
