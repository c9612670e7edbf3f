"""The command: `python -m validation` measures all patterns and writes docs/validation.*."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

from sim.commands.console import compile_model, guard, progress
from sim.errors import ParameterError
from sim.text import CAUTION
from validation.ensemble import read_sets
from validation.patterns import PATTERNS
from validation.report import judge_patterns, make_summary, write_docs
from validation.running import HERE, measure_patterns, prepare_kernels

ROOT = HERE.parent
N_SEEDS = 5
KEPT = HERE / "results" / "sets.parquet"
DESCRIBED = HERE / "results" / "described.txt"


def read_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m validation",
        description="Test the twenty patterns over the calibrated ensemble: a table on stdout. All patterns on all "
        f"sets with {N_SEEDS} seeds or more also rewrite docs/validation.csv, docs/validation.md and its figures. "
        "Stopped, it goes on where it was.",
    )
    parser.add_argument("--sets", metavar="N", type=int, help="the first N parameter sets (default: all)")
    parser.add_argument("--seeds", metavar="N", type=int, default=N_SEEDS, help=f"seeds a set (default: {N_SEEDS})")
    parser.add_argument("--pattern", metavar="N,N", help="only these patterns, by number")
    parser.add_argument("--workers", metavar="N", type=int, default=os.cpu_count(), help="processes (default: cores)")
    parser.add_argument(
        "--results", metavar="DIR", default="results/validation", help="where tables are kept on the way"
    )
    parser.add_argument("--report", action="store_true", help="run nothing: write the pages anew from the kept table")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    return parser.parse_args(words)


def choose_patterns(text: str | None) -> list[int]:
    """Return the numbers of a list like "3,6"; all where there is none. Raises `ParameterError` for what is none."""
    if text is None:
        return sorted(PATTERNS)
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if not word.isdigit() or int(word) not in PATTERNS:
            raise ParameterError(
                f"--pattern {word}: must be a number from 1 to {max(PATTERNS)}, or several with commas"
            )
    return sorted({int(word) for word in words})


def check_counts(args: argparse.Namespace) -> None:
    """Raise `ParameterError` for a count below one."""
    for name in ("sets", "seeds", "workers"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ParameterError(f"--{name} {value}: must be 1 or more")


def main(words: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    args = read_arguments(words)
    return guard(lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    check_counts(args)
    numbers = choose_patterns(args.pattern)
    if args.report:
        write_docs(pd.read_parquet(KEPT), DESCRIBED.read_text(encoding="utf-8").strip(), ROOT / "docs")
        return 0
    sets, is_calibrated = read_sets()
    chosen = sets if args.sets is None else sets.head(args.sets)
    compile_model(is_quiet=args.quiet)
    prepare_kernels()
    with progress("Validation", is_quiet=args.quiet) as report:
        table = measure_patterns(numbers, chosen, args.seeds, Path(args.results), args.workers, report)
    print(make_summary(judge_patterns(table)).to_string(index=False))
    print(CAUTION)
    if len(chosen) < len(sets) or len(numbers) < len(PATTERNS) or args.seeds < N_SEEDS:
        print("docs/validation.* stay as they are: not all sets, patterns or seeds", file=sys.stderr)
        return 0
    kind = "of the calibrated ensemble" if is_calibrated else "drawn within 30 % of the defaults (provisional)"
    described = f"{len(chosen)} parameter sets {kind}, {args.seeds} seeds each (more where what is looked for is rare)."
    DESCRIBED.write_text(described + "\n", encoding="utf-8")
    table = table.astype({"value": "f4", "null": "f4", "set": "i2", "pattern": "i1", "claim": "category"})
    table.to_parquet(KEPT, index=False, compression="zstd")
    write_docs(pd.read_parquet(KEPT), described, ROOT / "docs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
