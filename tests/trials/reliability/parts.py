"""A sweep of 10,000 parts of a run each: written, stopped, told, damaged, verified, joined, loaded; time and memory.

`python -m tests.trials.reliability --only parts`.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.trials.reliability.calling import begin, digest, make_command
from tests.trials.reliability.tallies import Tally, Tell, be_quiet

N_DAMAGED = 5
MOST_MB = 600  # of any process at any time
LOADING = "import sys, sim; print(len(sim.load_results(sys.argv[1]).runs))"


class Step(NamedTuple):
    """How a step ended: its code and words, seconds, and the most memory of any of its processes."""

    code: int
    text: str
    seconds: float
    mb: float

    def tell(self) -> str:
        return f"{self.seconds:.1f} s, {self.mb:.0f} MB"


def _sweep(n_runs: int, length: int, root: Path) -> list[str]:
    words = ("sweep", "grants.luck=0,0.5", "months=6", f"seeds={n_runs // 2}", "name=small", "--workers", "2", "-q")
    return [sys.executable, "-m", "tests.trials.faults.launching", str(length), *words, "--results", str(root)]


def take(command: list[str], folder: Path, until: Any = None) -> Step:
    """Run one command to its end; where `until` is given, ask it to stop as soon as that is true."""
    since = time.monotonic()
    process = begin(command, folder)
    while until is not None and process.poll() is None:
        if until():
            process.send_signal(signal.SIGTERM)
            break
        time.sleep(0.05)
    assert process.stdout is not None and process.stderr is not None
    text = process.stdout.read() + process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    return Step(process.returncode, text, time.monotonic() - since, used.ru_maxrss / 1024)


def measure(*, quick: bool = False, tell: Tell = be_quiet) -> list[dict[str, Any]]:
    """Make a sweep of so many parts and go through every step; return one row, of the parts."""
    n_parts = 200 if quick else 10_000
    tally = Tally("parts of one sweep")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "many").mkdir()
        (root / "few").mkdir()
        folder = root / "many" / "small"

        def count() -> int:
            found = len(list((folder / "parts").glob("runs-*.parquet")))
            tell(found, n_parts)
            return found

        n_runs = n_parts + max(n_parts // 20, 20) // 2 * 2  # so that it is still running when it is stopped
        written = take(_sweep(n_runs, 1, root / "many"), root, until=lambda: count() >= n_parts)
        n_found = count()
        status = take(make_command("status", str(folder)), root)
        listed = f"{n_found:,} of {n_runs:,} runs done"
        damaged = sorted((folder / "parts").glob("runs-*.parquet"))[:: max(n_found // N_DAMAGED, 1)][:N_DAMAGED]
        for path in damaged:
            data = bytearray(path.read_bytes())
            data[len(data) // 3] ^= 16
            path.write_bytes(data)
        joined = take(_sweep(n_runs, 1, root / "many"), root)
        n_set_aside = joined.text.count("set aside as damaged")  # a bit in a statistic of a page changes no number
        again = take(_sweep(n_runs, 1, root / "many"), root)
        loaded = take([sys.executable, "-c", LOADING, str(folder)], root)
        few = take(_sweep(n_runs, 1000, root / "few"), root)
        same = digest(folder, but=("manifest.json", "plan.json")) == digest(
            root / "few" / "small", but=("manifest.json", "plan.json")
        )
        steps = (written, status, joined, again, loaded, few)
        problems = (
            written.code != 143 and f"stopped with code {written.code}: {written.text[-200:]}",
            (status.code != 0 or listed not in status.text) and f"status does not say {listed}: {status.text[-200:]}",
            joined.code != 0 and f"joined with code {joined.code}: {joined.text[-300:]}",
            not n_set_aside and "no damaged part was set aside",
            again.code != 0 and f"a third call ended with code {again.code}",
            loaded.text.strip() != str(n_runs) and f"{loaded.text[-200:]} rows loaded, not {n_runs}",
            not same and "other bytes than from parts of 1,000 runs",
            max(step.mb for step in steps) > MOST_MB and f"{max(step.mb for step in steps):.0f} MB",
        )
        tally.add("; ".join(filter(None, problems)), n_found)
        tally.note = (
            f"a run each; written {written.tell()}; `status` {status.tell()}; verified and joined {joined.tell()}, "
            f"{n_set_aside} of {len(damaged)} with a bit flipped set aside and done again; called again when "
            f"complete {again.tell()}; loaded {loaded.tell()}"
        )
    return [tally.row()]
