"""Try everything, one suite after the other, and write docs/reliability.*: `python -m tests.trials.reliability`."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
import traceback

from tests.trials.reliability.page import FULL, REDUCED, Row, merge, read_rows, sort_rows, write_rows
from tests.trials.reliability.suites import SUITES, Suite
from tests.trials.reliability.tallies import Tell, skip

TOLD_SECONDS = 10.0
DESCRIPTION = """\
Run the suites of long use and hard conditions and write what was tried, how often and what was lost into
docs/reliability.csv and docs/reliability.md. Rows of suites that are not run stay. Exit code 1 where anything was lost.
"""


def main(words: list[str] | None = None) -> int:
    """Run the suites chosen and return 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials.reliability", description=DESCRIPTION)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    names = [suite.name for suite in SUITES]
    parser.add_argument("--only", action="append", metavar="NAME", choices=names, help="this suite; repeatable")
    parser.add_argument("--without", action="append", metavar="NAME", choices=names, default=[], help="not this one")
    parser.add_argument("--quick", action="store_true", help="a few trials of each, two minutes on two idle cores")
    parser.add_argument("--list", action="store_true", help="list the suites with the minutes they take, run none")
    args = parser.parse_args(words)
    if args.list:
        for suite in SUITES:
            print(f"{suite.name:14} {suite.minutes:4g} min  {suite.about}  {suite.find_missing()}".rstrip())
        return 0
    chosen = [suite for suite in SUITES if suite.name in (args.only or names) and suite.name not in args.without]
    if args.quick and not args.only:
        chosen = [suite for suite in chosen if suite.quick_minutes is not None]
    n_lost = 0
    for number, suite in enumerate(chosen):
        left = sum((one.quick_minutes or 1) if args.quick else one.minutes for one in chosen[number:])
        print(f"[{number + 1}/{len(chosen)}] {suite.about}; about {left:.0f} min left in all", file=sys.stderr)
        found = _measure(suite, args.quick)
        n_lost += sum(max(row["lost"] - row.get("allowed", 0), 0) for row in found)
        for row in found:
            told = f"{row['tried']:,} tried, {row['lost']:,} lost"
            print(f"{suite.name}: {row['what']}: {told}  {row['note']}", flush=True)
        rows = merge(_fill(read_rows()), suite.name, found, REDUCED if args.quick else FULL, _write_command(suite))
        write_rows(sort_rows(rows, names))
    print(f"{n_lost} lost" if n_lost else "nothing lost")
    return int(n_lost > 0)


def _fill(rows: list[Row]) -> list[Row]:
    """Return the rows, with one for every suite that has none yet."""
    for suite in SUITES:
        if not any(row["suite"] == suite.name for row in rows):
            rows = merge(rows, suite.name, [skip(suite.about, "not yet")], REDUCED, _write_command(suite))
    return rows


def _write_command(suite: Suite) -> str:
    return shlex.join(["python", "-m", "tests.trials.reliability", "--only", suite.name])


def _measure(suite: Suite, quick: bool) -> list[dict]:
    """Run one suite; one that breaks off has lost something, and the others go on."""
    try:
        return suite.measure(quick=quick, tell=_tell(suite.name))
    except Exception as problem:
        traceback.print_exc()
        note = f"broke off: {type(problem).__name__} {' '.join(str(problem).split())[:200]}"
        return [{"what": suite.about, "tried": 1, "lost": 1, "note": note}]


def _tell(name: str) -> Tell:
    """Return tell(done, total), which prints the share and the time left every ten seconds."""
    start = told = time.monotonic()

    def tell(done: float, total: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told > TOLD_SECONDS and done:
            told, left = now, (now - start) * (total - done) / done
            print(f"  {name}: {done:,.0f} of {total:,.0f}, {left / 60:.1f} min left", file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main())
