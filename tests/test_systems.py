"""On Microsoft Windows, imitated: one sentence at every door, before anything fails."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sim.__main__ import build_parser
from sim.commands.completion import list_verbs
from sim.compiler.systems import UNSUPPORTED, tell_system

ROOT = Path(__file__).parents[1]
IMITATE = {
    "no fcntl": "import sys; sys.modules['fcntl'] = None; ",
    "platform": "import sys; sys.platform = 'win32'; ",
    "both": "import os, signal, sys; sys.modules['fcntl'] = sys.modules['resource'] = None; sys.platform = 'win32'; "
    "del os.getuid, signal.SIGKILL, os.O_DIRECTORY; ",
}


def run(code):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


def test_this_system_is_one_of_those():
    assert tell_system() == ""


@pytest.mark.parametrize("way", IMITATE)
def test_every_verb_ends_with_the_sentence(way):
    calls = [[], ["--help"], ["--version"], *([verb] for verb in list_verbs(build_parser())), ["-sc", "query=bash"]]
    found = run(f"{IMITATE[way]}from sim.__main__ import main; print([main(words) for words in {calls!r}])")
    assert found.stderr.splitlines() == [f"error: {UNSUPPORTED}"] * len(calls)
    assert found.stdout.strip() == str([2] * len(calls))


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    ["import sim; sim.run()", "import sim; sim.compose()", "import sim; sim.load_results('x')",
     "import sim.engine.batch", "import sim.model.model", "import sim; sim.scan_table('x')", "import sim.sweep.work",
     "import sim.sweep.clusters.tasks"],
)  # fmt: skip
def test_python_is_told_the_same(code):
    found = run(IMITATE["no fcntl"] + code)
    assert found.stderr.splitlines()[-1] == f"ImportError: {UNSUPPORTED}"


def test_metadata_and_readme_say_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    systems = [one for one in project["classifiers"] if one.startswith("Operating System")]
    assert systems == ["Operating System :: MacOS", "Operating System :: POSIX :: Linux"]
    assert "WSL" in (ROOT / "README.md").read_text(encoding="utf-8")
