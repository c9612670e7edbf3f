"""Each stored fault still applies to the source, and the suite notices all but two of them at most."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trials.faults.patches import FAULTS
from tests.trials.faults.trying import read_faulty

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_applies_once_and_still_compiles(fault):
    compile(read_faulty(fault), fault.file, "exec")


def test_there_are_forty_faults_with_names_of_their_own():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40
    assert f"{len(FAULTS)} seeded faults" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_at_most_two_faults_go_unnoticed():
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-m", "tests.trials.faults"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
