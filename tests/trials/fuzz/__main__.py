"""Fuzz every reader of what users hand over: `python -m tests.trials.fuzz --seconds 30 [--target NAME]`.

Prints a JSON line a target (what, tried, lost, note) and a last one of counts; inputs that must not fail as they did
are left in the folder given. Needs the extra `nightly` (atheris; Linux, Python 3.11 to 3.13). Returns 1 after a find.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
KEPT = Path(__file__).parent / "finds"


def measure(seconds: int = 30, names: tuple[str, ...] = (), finds: Path | None = None) -> list[dict[str, Any]]:
    """Fuzz each target for `seconds`; return rows of what, tried (executions), lost (distinct finds), note."""
    from tests.trials.fuzz.targets import TARGETS

    return [fuzz(name, seconds, finds or Path(tempfile.mkdtemp(prefix="finds-"))) for name in names or TARGETS]


def fuzz(name: str, seconds: int, finds: Path) -> dict[str, Any]:
    """Fuzz one target in a process of its own, beginning with the kept inputs and the finds of before."""
    from tests.trials.fuzz.targets import TARGETS

    finds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        seeds = [*TARGETS[name].seeds(), *(path.read_bytes() for path in sorted(KEPT.glob(f"{name}-*.bin")))]
        for number, data in enumerate(seeds):
            (Path(corpus) / f"{number:04d}").write_bytes(data)
        words = [sys.executable, "-m", "tests.trials.fuzz.one", name, corpus, str(finds), str(seconds)]
        done = subprocess.run(
            words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
        )
    told = done.stderr.decode(errors="replace")
    tried = re.search(r"stat::number_of_executed_units:\s+(\d+)", told)
    found = re.findall(r"^find: (.*)$", told, re.MULTILINE)
    found += [path.name for kind in ("timeout", "crash", "oom") for path in finds.glob(f"{name}-{kind}-*")]
    if tried is None or done.returncode:
        found.append(f"the engine ended with {done.returncode}: {told[-300:]}")
    for one in found:
        print(f"{name}: {one}", file=sys.stderr)
    note = f"{seconds} s; finds in {finds}" if found else f"{seconds} s"
    return {"what": f"fuzzing: {name}", "tried": int(tried[1]) if tried else 0, "lost": len(found), "note": note}


def main() -> int:
    """Fuzz and print the counts."""
    from tests.trials.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.trials.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=30, metavar="N", help="for each target (default 30)")
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="only this one (may be repeated)")
    parser.add_argument(
        "--finds", type=Path, metavar="DIR", help="where finds are left (default: a folder made for it)"
    )
    args = parser.parse_args()
    rows = []
    for name in args.target or TARGETS:
        rows += measure(args.seconds, (name,), args.finds)
        print(json.dumps(rows[-1]), flush=True)
    total = {key: sum(row[key] for row in rows) for key in ("tried", "lost")}
    print(json.dumps({"what": "fuzzing", **total, "tracebacks": total["lost"], "silent": 0}), flush=True)
    return 1 if total["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
