"""The lower bounds of pyproject.toml are versions that work: one run, one sweep and one report with just these."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOWEST = ROOT / "tests" / "lowest.txt"
LINES = [line for line in LOWEST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
PINS = {one.name: Version(next(iter(one.specifier)).version) for one in map(Requirement, LINES)}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def find_floor(requirement):
    return max((Version(one.version) for one in requirement.specifier if one.operator == ">="), default=None)


def test_each_library_has_a_lower_bound_and_it_is_the_one_that_is_tried():
    floors = {one.name: find_floor(one) for one in map(Requirement, PROJECT["dependencies"])}
    assert floors == PINS


def test_python_3_11_is_the_least():
    assert PROJECT["requires-python"] == ">=3.11"


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("python3.11") is None, reason="the least versions need the least Python, 3.11")
def test_a_run_a_sweep_and_a_report_with_the_least_versions(tmp_path):
    def call(*command):
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": ""}
        done = subprocess.run(
            [str(one) for one in command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=1800
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    (tmp_path / "cache").mkdir(mode=0o700)
    call(shutil.which("python3.11"), "-m", "venv", tmp_path / "venv")
    call(tmp_path / "venv/bin/pip", "install", "--quiet", "-c", LOWEST, "-e", ROOT)
    told = call(tmp_path / "venv/bin/coalitions", "--version")
    assert all(f"{name} {PINS[name]}" in told for name in ("numpy", "numba", "pandas", "pyarrow"))
    coalitions = tmp_path / "venv/bin/coalitions"
    assert "one: " in call(coalitions, "run", "months=36", "seeds=3", "name=one")
    words = ("regime=unrestricted,competitive", "months=36", "seeds=3", "name=many")
    assert "6 runs, 0 failed" in call(coalitions, "sweep", *words, "--workers", "2")
    for name in ("one", "many"):
        assert "Report: " in call(coalitions, "report", tmp_path / "results" / name)
