"""Try the faults, each in a process of its own: the source is changed as it is imported, never on disk.

Kernels run interpreted here. Their outcome on small random worlds is held against that of the plain reference, which a
fault cannot reach; faults outside the kernels are held against the tests they name.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.machinery
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.trials.faults.patches import FAULTS, Fault

ROOT = Path(__file__).parents[3]
N_WORLDS = 150
MOST_SURVIVING = 2
LONGEST_SECONDS = 120


class Verdict(NamedTuple):
    """Whether a fault was noticed, by what, and after how long."""

    fault: Fault
    noticed_by: str
    seconds: float


def read_faulty(fault: Fault) -> str:
    """Return the source of the file with the fault in it. Raises ValueError where it does not apply exactly once."""
    source = (ROOT / "sim" / fault.file).read_text(encoding="utf-8")
    if source.count(fault.old) != 1:
        raise ValueError(f"fault {fault.name!r}: its old text stands {source.count(fault.old)} times in {fault.file}")
    return source.replace(fault.old, fault.new)


def compute_expected(n_worlds: int = N_WORLDS) -> list[tuple[int, Any]]:
    """Return the reference's outcome of each small world."""
    from tests.verification.reference.comparing import run_reference
    from tests.worlds import SMALL, make_world

    return [(number, run_reference(make_world(number, **SMALL))) for number in range(n_worlds)]


def _forget_modules() -> None:
    for name in list(sys.modules):
        if name == "sim" or name.startswith(("sim.", "tests.worlds", "tests.verification.reference")):
            del sys.modules[name]


def _import_with(fault: Fault) -> None:
    path, source = str(ROOT / "sim" / fault.file), read_faulty(fault)
    usual = importlib.machinery.SourceFileLoader.get_code

    def get_code(self, name):
        return compile(source, path, "exec") if self.path == path else usual(self, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]


def _find_difference(expected: list[tuple[int, Any]]) -> str:
    """Return where the engine, as imported now, first differs from the reference, or nothing."""
    from tests.verification.reference.comparing import describe_difference
    from tests.worlds import SMALL, make_world, run_world

    for number, outcome in expected:
        try:
            found = run_world(make_world(number, **SMALL))
        except Exception as error:  # a fault may make anything fail; failing is being noticed
            return f"world {number}: {type(error).__name__}"
        difference = describe_difference(found, outcome)
        if difference:
            return f"world {number}, {difference}"
    return ""


def _run_tests(tests: Iterable[str]) -> str:
    import pytest

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = pytest.main(["-q", "-x", "-n", "0", "-p", "no:cacheprovider", *(str(ROOT / one) for one in tests)])
    return " ".join(tests) if code == pytest.ExitCode.TESTS_FAILED else ""


def _start(fault: Fault, expected: list[tuple[int, Any]]) -> tuple[int, int]:
    """Try one fault in a fork; return its process id and the end of the pipe on which it tells what noticed it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    try:
        _forget_modules()
        _import_with(fault)
        told = _run_tests(fault.tests) if fault.tests else _find_difference(expected)
        os.write(writing, told.encode()[:4000])
    finally:
        os._exit(0)


def try_faults(faults: Iterable[Fault], n_workers: int = 2) -> Iterator[Verdict]:
    """Yield a verdict for each fault as it is known; `n_workers` processes at a time."""
    import select

    expected = compute_expected()
    waiting, running = list(faults), {}
    while waiting or running:
        while waiting and len(running) < n_workers:
            fault = waiting.pop(0)
            child, reading = _start(fault, expected)
            running[reading] = (fault, child, time.perf_counter())
        ready = select.select(list(running), [], [], 1.0)[0]
        now = time.perf_counter()
        for reading in list(running):
            fault, child, since = running[reading]
            late = now - since > LONGEST_SECONDS
            if reading not in ready and not late:
                continue
            if late:
                os.kill(child, 9)  # a fault may make a loop endless
            told = os.read(reading, 4096).decode() if reading in ready else f"no end within {LONGEST_SECONDS} s"
            os.close(reading)
            os.waitpid(child, 0)
            del running[reading]
            yield Verdict(fault, told, now - since)


def main(words: list[str] | None = None) -> int:
    """Print what noticed each fault; return 1 where more than two survive."""
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.trials.faults", *sys.argv[1:]], os.environ | INTERPRETED
        )
    parser = argparse.ArgumentParser(prog="python -m tests.trials.faults", description=__doc__)
    parser.add_argument("names", nargs="*", help="only faults whose name holds one of these words")
    parser.add_argument("--workers", type=int, default=2, help="processes at a time (default 2)")
    args = parser.parse_args(words)
    chosen = [one for one in FAULTS if not args.names or any(name in one.name for name in args.names)]
    survived = []
    for verdict in try_faults(chosen, args.workers):
        if not verdict.noticed_by:
            survived.append(verdict.fault.name)
        print(f"{verdict.seconds:5.1f} s  {verdict.fault.name}: {verdict.noticed_by or 'NOT NOTICED'}", flush=True)
    print(f"seeded faults noticed {len(chosen) - len(survived)}/{len(chosen)}")
    return int(len(survived) > MOST_SURVIVING)


INTERPRETED = {"NUMBA_DISABLE_JIT": "1"}
