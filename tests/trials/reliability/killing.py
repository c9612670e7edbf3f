"""Commands killed at any moment: what is there is whole, nobody is left, and the same command again gives the same.

`python -m tests.trials.reliability --only killed`. kill -9, SIGTERM, Ctrl-C once and twice, and stopped and let go on,
each at a random moment between the start and the end of an undisturbed call.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.trials.reliability.calling import Called, begin, call, digest, end, find_broken, find_session, judge
from tests.trials.reliability.tallies import Tally, Tell, be_quiet
from tests.trials.reliability.verbs import CALIBRATE, VERBS, Expected, Verb, make_expected, make_good

TIMES = 5  # each signal, each verb
SIGNALS = {
    "kill -9": (signal.SIGKILL,),
    "SIGTERM": (signal.SIGTERM,),
    "Ctrl-C": (signal.SIGINT,),
    "Ctrl-C twice": (signal.SIGINT, signal.SIGINT),
    "stopped a while": (signal.SIGSTOP, signal.SIGCONT),
}


def measure(*, quick: bool = False, tell: Tell = be_quiet) -> list[dict[str, Any]]:
    """Kill each verb so often by each signal; return a row a verb."""
    n_times = 1 if quick else TIMES
    verbs = (*VERBS[:3],) if quick else (*VERBS, CALIBRATE)
    tallies = {verb.name: Tally(f"`{verb.name}` killed, stopped or interrupted at a random moment") for verb in verbs}
    dice, n_done, n_all = random.Random(1), 0, len(verbs) * len(SIGNALS) * n_times
    with tempfile.TemporaryDirectory() as scratch:
        kept = make_good(Path(scratch))
        for verb in verbs:
            expected = make_expected(verb, _make(scratch, f"{verb.name}-expected"), kept)
            for number in range(n_times):
                for name, numbers in SIGNALS.items():
                    folder = _make(scratch, f"{verb.name}-{number}-{name.replace(' ', '')}")
                    moment = dice.random() * expected.seconds
                    problem = try_once(verb, folder, kept, expected, numbers, moment)
                    tallies[verb.name].add(problem and f"{name} after {moment:.2f} s: {problem}")
                    n_done += 1
                    tell(n_done, n_all)
    for tally in tallies.values():
        tally.note = "by " + ", ".join(SIGNALS) + "; files whole, nobody left, the same bits when called again"
    return [tally.row() for tally in tallies.values()]


def _make(scratch: str, name: str) -> Path:
    folder = Path(scratch) / name
    folder.mkdir()
    return folder


def try_once(verb: Verb, folder: Path, kept: Path, expected: Expected, numbers: tuple[int, ...], moment: float) -> str:
    """Disturb one call after `moment` seconds, then call again; return what is amiss, or nothing."""
    results = folder / "results"
    verb.furnish(results, kept)
    called = disturb(verb.command(), folder, numbers, moment)
    last = numbers[-1]
    if last == signal.SIGCONT:
        problem = judge(called, (0,))
    elif last == signal.SIGKILL:
        problem = "" if called.code in (0, -last) and not called.n_left else f"{called.code}, {called.n_left} left"
    elif is_deaf(called):
        problem = f"{called.n_left} processes left" if called.n_left else ""
    else:
        problem = judge(called, (0, 128 + last))
    broken = find_broken(results)
    if problem or broken:
        return problem or f"not whole: {', '.join(broken)}"
    again = call(verb.command(), folder)
    problem = judge(again, (0,))
    if problem:
        return f"called again: {problem}"
    return "" if digest(results) == expected.digest else "called again: other bits"


def is_deaf(called: Called) -> bool:
    """Say whether a signal came before the command was reached, a tenth of a second after the start.

    The system ends it then, or Python answers Ctrl-C by where it was: among its own files, or reading ours.
    """
    ours = [line for line in called.err.splitlines() if "/sim/" in line]
    is_reading = all("<module>" in line for line in ours)
    return (called.code in (-signal.SIGTERM, -signal.SIGINT) or "Traceback" in called.err) and is_reading


def disturb(command: list[str], folder: Path, numbers: tuple[int, ...], moment: float) -> Called:
    """Start a command and send it the signals after `moment` seconds, the second one 0.05 s after the first.

    A stop reaches all its processes, as Ctrl-Z does; so does Ctrl-C, as a terminal sends it.
    """
    since = time.monotonic()
    process = begin(command, folder)
    with suppress(Exception):
        process.wait(moment)
    for number in numbers:
        targets = [process.pid] if number in (signal.SIGKILL, signal.SIGTERM) else find_session(process.pid)
        for pid in targets:
            if process.poll() is None or pid != process.pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        time.sleep(0.05)
    return end(process, since)
