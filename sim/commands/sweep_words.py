"""What ``coalitions sweep`` says while it runs and at its end."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.commands.console import print_json, progress
from sim.errors import INCOMPLETE, INTERRUPTED, OK, TERMINATED
from sim.text import CAUTION

SHOWN_FAILURES = 5


def tell_time(seconds: float) -> str:
    """Return a length of time in words, to two figures."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return f"about {seconds / length:.2g} {unit}"
    return f"about {max(seconds, 2):.0f} seconds"


@contextmanager
def telling_progress(label: str, is_quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield report(done, total) that also tells runs a second and the time left."""
    start, first, last = time.monotonic(), -1, 0
    with progress(label, is_quiet=is_quiet) as report:

        def tell(done: int, total: int) -> None:
            nonlocal first, last
            first, last = done if first < 0 else first, done
            report(done, total)

        yield tell
    done = last - max(first, 0)
    if done and not is_quiet:
        seconds = time.monotonic() - start
        print(f"{label}: {done:,} runs in {seconds:.1f} s, {done / seconds:,.0f} a second", file=sys.stderr)


def tell_refusals(refusals: list[Any], failures: list[Any]) -> None:
    """Print what a dry run has found to fail: policies that cannot be run, else single runs."""
    for refusal in refusals[:SHOWN_FAILURES]:
        n = f"{refusal.n_refused:,} of {refusal.n_tried:,} points tried" if refusal.n_tried > 1 else "its point"
        print(f"fails: {refusal.policy} ({n}): {refusal.reason}")
    if len(refusals) > SHOWN_FAILURES:
        print(f"fails: {len(refusals) - SHOWN_FAILURES:,} other policies")
    for failure in failures[:SHOWN_FAILURES] if not refusals else ():
        print(f"fails: run {failure.run}, point {failure.point}, seed {failure.seed}: {failure.error}")


def tell_outcome(
    args: argparse.Namespace, plan: Any, folder: Path, outcome: Any, seconds: float, command: str, is_terminated: bool
) -> int:
    """Say what was done, and by which `command` to go on where it is not all; return the exit code."""
    from sim.sweep.manifest import describe_held

    code = OK if outcome.is_complete and not outcome.failures else INCOMPLETE
    if not outcome.is_complete:
        code = TERMINATED if is_terminated else INTERRUPTED
    scenario = describe_held(plan, folder)
    if args.json:
        told = {
            "name": plan.name,
            "folder": str(folder),
            "scenario": scenario,
            "runs": outcome.n_runs,
            "done": outcome.n_done,
        }
        told |= {"before": outcome.n_before, "failed": len(outcome.failures), "seconds": seconds, "caution": CAUTION}
        print_json(told)
        return code
    for name in outcome.set_aside:
        print(f"set aside as damaged and done again: {name}", file=sys.stderr)
    if not outcome.is_complete:
        print(f"{plan.name}: {outcome.n_done:,} of {outcome.n_runs:,} runs done. To go on: {command}", flush=True)
        return code
    before = f", {outcome.n_before:,} of them before" if outcome.n_before else ""
    print(f"{plan.name}: {outcome.n_runs:,} runs{before}, {len(outcome.failures)} failed", flush=True)
    print(scenario)
    for failure in outcome.failures[:SHOWN_FAILURES]:
        print(f"  run {failure.run}, point {failure.point}, seed {failure.seed}: {failure.error}")
    if outcome.failures:
        print(f"  all of them with their parameters: {folder / 'failed.csv'}")
    print(f"Results: {folder}/\n{CAUTION}", flush=True)
    return code
