"""Show in one table what the model is held to: `python -m tests.verification.relations`, or `make relations`.

The twenty-eight relations, the plain reference, and the seeded faults, each by the very tests that CI runs; the faults
at the same time as the others. Returns 1 where any of them is not as it should be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).parents[3]
N_RELATIONS = 28


def main() -> int:
    """Run all three and print what they show."""
    from sim.engine.batch import compile_kernels, is_cached

    if not is_cached():
        print("Compiling the model for this machine first (once, about 15 s) …", flush=True)
        compile_kernels()
    start = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        faults = subprocess.Popen(
            [sys.executable, "-m", "tests.trials.faults", "--workers", "1"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        tests = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", f"--junitxml={report}",
             "tests/verification/relations", "tests/verification/reference"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        told, _ = faults.communicate()
        held, worlds, compared, disagreements = read_report(report)
    lines = told.splitlines()
    print(f"relations held           {held}/{N_RELATIONS}")
    print(f"worlds tried             {worlds}")
    print(f"reference disagreements  {disagreements} in {compared} worlds")
    print(
        lines[-1].replace("seeded faults noticed", "seeded faults noticed   ") if lines else "seeded faults not tried"
    )
    print(f"seconds                  {time.monotonic() - start:.0f}")
    if tests.returncode != 0:
        print(tests.stdout[-4000:], file=sys.stderr)
    if faults.returncode != 0:
        print("\n".join(line for line in lines if "NOT NOTICED" in line), file=sys.stderr)
    is_good = held == N_RELATIONS and not disagreements and tests.returncode == faults.returncode == 0
    return 0 if is_good else 1


def read_report(report: Path) -> tuple[int, int, int, int]:
    """Return relations held, worlds they were tried on, worlds compared with the reference, disagreements."""
    held, worlds, compared, disagreements = set(), 0, 0, 0
    for case in ElementTree.parse(report).iter("testcase"):
        found = {one.get("name"): one.get("value") for one in case.iter("property")}
        is_passed = not any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        if "relation" in found and is_passed:
            held.add(found["relation"])
            worlds += int(found["worlds"] or 0)
        elif "disagreements" in found:
            compared += int(found["worlds"] or 0)
            disagreements += int(found["disagreements"] or 0)
    return len(held), worlds, compared, disagreements


if __name__ == "__main__":
    sys.exit(main())
