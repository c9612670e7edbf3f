"""Which code makes results: what its hash covers, the commit, what is said of it, and what two versions may not do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from sim.__main__ import main
from sim.results import release
from sim.results.store import load_results, save_results
from sim.schema.columns import MODEL_VERSION
from tests.commands.test_drawing import make_results

ROOT = Path(release.HERE).parent
COMPUTES = (
    "sim.sweep.work",
    "sim.sweep.plan",
    "sim.sweep.in_memory",
    "sim.engine.batch",
    "sim.model.model",
    "sim.engine.interventions",
)
ONLY_SAYS = {"sim.commands.console"}  # prints, and computes nothing


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A small package in place of ours, and a function that returns its hash anew."""
    folder = tmp_path / "checkout" / "sim"
    for name in ("results/summaries.py", "dynamics/processes/drift.py", "figures/fan.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\nx = 1\n")
    monkeypatch.setattr(release, "HERE", folder)
    monkeypatch.setattr(release, "RELEASED", folder / "release.json")
    for remembered in (release.code_hash, release.find_commit, release._find_maker):
        remembered.cache_clear()
    yield folder
    for remembered in (release.code_hash, release.find_commit, release._find_maker):
        remembered.cache_clear()


def hash_anew():
    release.code_hash.cache_clear()
    return release.code_hash()


# What the hash covers


def list_needed():
    """Return the modules that a table of results depends on."""
    graph = grimp.build_graph("sim", cache_dir=None)
    for name in ONLY_SAYS:
        graph.remove_module(name)  # with all that it alone imports
    return set(COMPUTES).union(*(graph.find_upstream_modules(name) for name in COMPUTES))


def is_package(name):
    return (ROOT / name.replace(".", "/") / "__init__.py").exists()


def list_covered():
    """Return the modules whose sources are hashed."""
    names = (
        ".".join(("sim", *path.relative_to(release.HERE).with_suffix("").parts)) for path in release.list_sources()
    )
    return {name.removesuffix(".__init__") for name in names}


def test_the_hash_covers_every_module_that_a_table_of_results_depends_on():
    needed = list_needed()
    assert len(needed) > 70
    assert sorted(needed - list_covered()) == []


def test_the_hash_covers_nothing_that_only_reads_or_words_results():
    spare = {
        name for name in list_covered() - list_needed() if not name.startswith("sim.sweep.")
    }  # which runs there are
    assert sorted(name for name in spare if not is_package(name)) == []


def test_what_is_left_out_is_there_and_only_reads():
    assert [name for name in release.ONLY_READING if not (release.HERE / name).exists()] == []
    names = {path.name for path in release.list_sources()}
    assert {"summaries.py", "columns.py", "drift.py", "work.py", "in_memory.py", "composition.py"} <= names
    assert not {"fan.py", "report.py", "__main__.py"} & names


@pytest.mark.parametrize("name", ["results/summaries.py", "dynamics/processes/drift.py"])
def test_an_edit_of_a_source_gives_another_hash(name, sources):
    before = hash_anew()
    (sources / name).write_text(f"# {name}\nx = 2\n")
    assert hash_anew() != before
    (sources / name).write_bytes(f"# {name}\r\nx = 1\r\n".encode())  # the same text of another system
    assert hash_anew() == before


def test_the_hash_is_of_the_sources_as_they_were_imported(tmp_path):
    """Whoever asks first after an edit still runs what was there before."""
    package = shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    script = (
        f"import sim.sweep.work; open({str(package / 'results' / 'verdict.py')!r}, 'a').write('# edited'); "
        "from sim.results.release import code_hash; print(code_hash())"
    )
    plain = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}
    before, after = (
        subprocess.run(
            [sys.executable, "-c", script], env=plain, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    )
    assert before == release.code_hash() != after


def test_a_source_that_is_moved_added_or_split_gives_another_hash(sources):
    before = hash_anew()
    (sources / "results/summaries.py").rename(sources / "other.py")
    moved = hash_anew()
    (sources / "new.py").write_text("")
    assert len({before, moved, hash_anew()}) == 3


def test_an_edit_of_a_figure_leaves_the_hash(sources):
    before = hash_anew()
    (sources / "figures" / "fan.py").write_text("x = 3\n")
    assert hash_anew() == before


# Released or modified


def test_an_edit_shows_as_modified_until_it_is_released(sources):
    assert release.name_model() == f"model {MODEL_VERSION} (modified)"
    release.write_released()
    assert release.name_model() == f"model {MODEL_VERSION}"
    (sources / "results/summaries.py").write_text("x = 2\n")
    release.code_hash.cache_clear()
    assert release.name_model() == f"model {MODEL_VERSION} (modified)"
    assert release.describe_code()["is_released"] is False


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": 0, "code": "a"}'])
def test_a_damaged_note_of_the_release_is_no_release(content, sources):
    release.RELEASED.write_text(content)
    assert not release.is_released()


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        ({"model_version": 2}, "model 2"),
        ({"model_version": 3, "code": {"hash": "a", "is_released": True}}, "model 3"),
        ({"model_version": 3, "code": {"hash": "a", "is_released": False}}, "model 3 (modified)"),
        ({}, "model without a number"),
    ],
)
def test_results_are_named_by_the_code_that_made_them(manifest, named):
    assert release.name_model(manifest) == named


# The commit


def git(folder, *words):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(
        ["git", *who, *words], cwd=folder, env=plain, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_is_told_with_whether_sources_have_changed_since(sources, monkeypatch):
    def find():
        release.find_commit.cache_clear()
        return release.find_commit()

    assert find() == ("", False)  # no checkout
    git(sources.parent, "init", "-q")
    assert find() == ("", False)  # no commit yet
    git(sources.parent, "add", "-A")
    git(sources.parent, "commit", "-qm", "one")
    commit = git(sources.parent, "rev-parse", "HEAD").strip()[:12]
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as in a hook of another repository
    assert find() == (commit, False)
    (sources.parent / "notes.txt").write_text("no source\n")
    assert find() == (commit, False)
    (sources / "new.py").write_text("")
    assert find() == (commit, True)
    assert release.tell_code(release.describe_code()).endswith(f"(commit {commit[:8]} and changes since)")
    monkeypatch.setenv("PATH", "")  # and without git
    assert find() == ("", False)


# What two versions may not do


@pytest.mark.parametrize("name", ["code", "python", *release.LIBRARIES])
def test_each_part_of_a_maker_is_told_where_it_differs(name):
    here = release.describe_maker()
    assert release.find_difference(here) == ""
    told = release.find_difference(here | {name: "1.2.3"})
    assert told == f"{name} 1.2.3, here {here[name][:8]}"


@pytest.mark.parametrize("made_by", [None, "x", 3, [], {}])
def test_a_maker_that_was_not_noted_differs(made_by):
    assert release.find_difference(made_by)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ({"hash": "0123456789abcdef", "is_released": True}, "made by model 3 with code 01234567, "),
        ({"hash": "0123456789abcdef", "is_released": False}, r"made by model 3 \(modified\) with code 01234567, "),
        ({"hash": "0123456789abcdef", "commit": "fedcba987654", "is_changed": True}, "commit fedcba98 and changes"),
        (None, "code that was not noted"),
    ],
)
def test_results_of_other_code_are_read_with_a_warning(code, told, tmp_path):
    results = make_results()
    save_results(results, tmp_path / "same", "coalitions run")
    load_results(tmp_path / "same")  # no warning, which would be an error
    del results.manifest["code"]
    results.manifest |= {"code": code} if code else {}
    save_results(results, tmp_path / "other", "coalitions run")
    with pytest.warns(UserWarning, match=told):
        load_results(tmp_path / "other")


def test_version_names_model_code_and_libraries(capsys):
    assert main(["--version"]) == 0
    out = capsys.readouterr().out
    assert f"{release.name_model()}, code {release.code_hash()[:8]}" in out
    assert all(f"{name} {release.get_version(name)}" in out for name in release.LIBRARIES)


@pytest.mark.slow
def test_a_sweep_does_not_go_on_with_edited_sources(tmp_path):
    """A checkout of its own, stopped after one part, edited, and called again."""
    for name in ("sim", "configs", "experiments"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    words = ("memberships.turf_weight=0,0.5", "months=3", "seeds=2", "name=mixed")

    def call(*options):
        command = [sys.executable, "-m", "sim", "sweep", *words, "--workers", "1", "--quiet", *options]
        environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(tmp_path)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert call().returncode == 0
    path = tmp_path / "sim" / "results/summaries.py"
    path.write_text(path.read_text() + "\n# edited\n")
    for options in ((), ("--extend",)):
        refused = call(*options)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert "--force" in refused.stderr
    path = tmp_path / "sim" / "figures" / "fan.py"
    assert call("--force").returncode == 0
    path.write_text(path.read_text() + "\n# edited\n")
    assert call().returncode == 0  # a figure is no result


def test_the_released_sources_are_those_that_are_here():
    assert release.is_released(), (
        "sim/results/release.json is stale: run `make released` and commit it with the sources"
    )
