"""One digest of the golden runs whatever the machine is told to be: Pythons, processor features, seeds, workers.

`python -m tests.trials.reliability --only bits`. Other Pythons are tried where COALITIONS_PYTHONS names their
interpreters, divided by colons, with the project's libraries installed: 3.12's and 3.13's, say. Which ones is in the
note.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.trials.reliability.calling import ROOT
from tests.trials.reliability.tallies import Tally, Tell, be_quiet
from tests.verification.golden.test_bits import PROGRAM, SETTINGS

PYTHONS = "COALITIONS_PYTHONS"
VERSIONS = "import platform, numpy, numba; print(platform.python_version(), numpy.__version__, numba.__version__)"
COMPILES_ANEW = {"NUMBA_CPU_NAME", "NUMBA_OPT"}


def measure(*, quick: bool = False, tell: Tell = be_quiet) -> list[dict[str, Any]]:
    """Compute the digest under every setting with every Python; return one row."""
    pythons = [sys.executable, *filter(None, os.environ.get(PYTHONS, "").split(":"))]
    settings = [dict(one.values[0]) for one in SETTINGS if not (one.marks and platform.machine() != "x86_64")]
    settings = [{}, *settings, {"NUMBA_DISABLE_JIT": "1"}]
    if quick:
        pythons, settings = pythons[:1], [one for one in settings[:4] if not one.keys() & COMPILES_ANEW]
    tally = Tally("Pythons, libraries and settings of the processor that give the bits of the golden runs")
    usual, versions = "", []
    with tempfile.TemporaryDirectory() as scratch:
        for at, python in enumerate(pythons):
            versions.append(_run(python, VERSIONS, {}))
            for number, setting in enumerate(settings):
                own = Path(scratch) / f"{at}-{number if setting.keys() & COMPILES_ANEW else 'usual'}"
                cache = {} if at == 0 and not setting.keys() & COMPILES_ANEW else {"NUMBA_CACHE_DIR": str(own)}
                found = _run(python, PROGRAM, setting | cache)
                usual = usual or found
                told = " ".join(f"{name}={value}" for name, value in setting.items()) or "as it is"
                tally.add("" if found == usual else f"Python {versions[-1]}, {told}: {found[-200:]}")
                tell(at * len(settings) + number + 1, len(pythons) * len(settings))
    told = "; ".join("Python {} with numpy {} and numba {}".format(*one.split()[:3]) for one in versions)
    tally.note = f"{told}; {len(settings)} settings each: hash seeds, without AVX-512, AVX2, FMA or SVML"
    tally.note += "" if quick else ", any processor, full optimisation, interpreted"
    return [tally.row()]


def _run(python: str, program: str, setting: dict[str, str]) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | setting
    found = subprocess.run([python, "-c", program], env=environment, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else found.stderr[-300:]
