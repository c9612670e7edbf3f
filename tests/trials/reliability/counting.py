"""Counting what pytest says of files of tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.trials.reliability.calling import ROOT

ALL = "nightly or not nightly"


class Counted(NamedTuple):
    """Tests that passed, names of those that did not, the reasons of those skipped, and what tests noted by name."""

    n_passed: int
    failed: list[str]
    skipped: list[str]
    noted: list[dict[str, str]]

    def row(self, what: str, note: str = "") -> dict[str, Any]:
        """Return a row: each test a trial."""
        told = [note] if note else []
        reasons = "; ".join(sorted(set(self.skipped))[:3])
        told += [f"{len(self.skipped)} tests skipped: {reasons}"] if self.skipped else []
        told += [f"LOST: {'; '.join(self.failed[:3])}"] if self.failed else []
        tried = self.n_passed + len(self.failed)
        return {"what": what, "tried": tried, "lost": len(self.failed), "note": ". ".join(told)}


def count_tests(paths: Sequence[str], *options: str, marks: str = ALL, n_workers: int = 2) -> Counted:
    """Run the tests of these files or folders of the project and count them. Raises RuntimeError where none ran."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        words = ["-q", "-m", marks, "-n", str(n_workers), "-p", "no:cacheprovider", f"--junitxml={report}", *options]
        found = subprocess.run(
            [sys.executable, "-m", "pytest", *words, *paths],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode not in (0, 1) or not report.is_file():
            raise RuntimeError(f"pytest ended with code {found.returncode}: {(found.stdout + found.stderr)[-400:]}")
        if found.returncode:
            print(found.stdout[-4000:], file=sys.stderr)
        return _read(report)


def _read(report: Path) -> Counted:
    n_passed, failed, skipped, noted = 0, [], [], []
    for case in ElementTree.parse(report).iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(f"{case.get('classname')}::{case.get('name')}")
        elif skip is not None:
            skipped.append(str(skip.get("message")))
        else:
            n_passed += 1
        noted.append({str(one.get("name")): str(one.get("value")) for one in case.iter("property")})
    return Counted(n_passed, failed, skipped, noted)
