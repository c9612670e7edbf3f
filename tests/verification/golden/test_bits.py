"""The same bits whatever the machine is told to be: processor features, hash seeds, optimisation, workers."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NIGHTLY = (pytest.mark.slow, pytest.mark.nightly)
X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="features of x86-64")
NUMPY = "NPY_DISABLE_CPU_FEATURES"
GLIBC = "GLIBC_TUNABLES"
SETTINGS = (
    pytest.param({"PYTHONHASHSEED": "0"}, id="hash seed 0", marks=NIGHTLY),
    pytest.param({"PYTHONHASHSEED": "1"}, id="hash seed 1"),
    pytest.param({NUMPY: "X86_V4 AVX512_ICL AVX512_SPR"}, id="numpy without AVX-512", marks=(X86, *NIGHTLY)),
    pytest.param({NUMPY: "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"}, id="numpy without AVX2", marks=X86),
    pytest.param({GLIBC: "glibc.cpu.hwcaps=-FMA,-AVX2"}, id="C library without FMA", marks=X86),
    pytest.param({"NUMBA_DISABLE_INTEL_SVML": "1"}, id="no vector mathematics"),
    # These two compile anew.
    pytest.param({"NUMBA_CPU_NAME": "generic"}, id="machine code for any processor", marks=NIGHTLY),
    pytest.param({"NUMBA_OPT": "3"}, id="full optimisation", marks=NIGHTLY),
)
PROGRAM = """
import hashlib
from tests.verification.golden.make_golden import RUNS, describe, run_golden
lines = [describe(run_golden(*run)) for run in RUNS]
print(hashlib.sha256(repr(lines).encode()).hexdigest())
"""


def compute_digest(setting, folder=None):
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | setting
    if folder is not None:
        environment["NUMBA_CACHE_DIR"] = str(folder)
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout.strip()


@pytest.fixture(scope="module")
def usual():
    return compute_digest({})


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_bits_do_not_depend_on(setting, usual, tmp_path):
    compiles_anew = setting.keys() & {"NUMBA_CPU_NAME", "NUMBA_OPT"}
    assert compute_digest(setting, tmp_path if compiles_anew else None) == usual


def test_the_digest_sees_the_results(usual):
    assert len(usual) == 64
    changed = PROGRAM.replace("for run in RUNS", "for run in RUNS[1:]")
    found = subprocess.run(
        [sys.executable, "-c", changed],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() != usual
