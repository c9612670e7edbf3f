"""``coalitions scenarios``: in which part of a sweep something happens."""

from __future__ import annotations

import argparse
from typing import Any

from sim.commands.analyses import add_folder, name_words, write_analysis
from sim.errors import AnalysisError

DESCRIPTION = """\
In which part of a sweep something happens: boxes by PRIM, and by CART.

  coalitions sweep experiment=money_and_viewpoint
  coalitions scenarios results/money_and_viewpoint --when "verdict == fragments"
  coalitions scenarios results/money_and_viewpoint --when "coverage_end < 0.9" --feature "trust_gain / trust_loss"

Writes scenarios.csv into the folder. docs/analysis.md explains the columns. Needs pip install "coalitions[analysis]".
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_folder(parser)
    parser.add_argument("--when", metavar="CONDITION", required=True, help='e.g. "verdict == fragments"')
    parser.add_argument(
        "--feature", action="append", metavar="EXPRESSION", help='ratio or product to offer, like "a / b" (repeatable)'
    )
    parser.add_argument("--no-features", action="store_true", help="offer no ratio or product of parameters")
    parser.add_argument("--boxes", type=int, default=2, metavar="N", help="boxes that PRIM looks for (default 2)")


def execute(args: argparse.Namespace) -> int:
    """Read the sweep, write and print the table, and return the exit code."""
    return write_analysis(args, _tell)


def _tell(args: argparse.Namespace, sweep: Any) -> tuple[Any, Any, str, str]:
    from sim.analysis.scenarios import describe_scenarios, find_scenarios, prepare_points

    if args.boxes < 1:
        raise AnalysisError(f"--boxes {args.boxes}: must be at least 1")
    features = (args.feature or []) if args.no_features or args.feature else None
    boxes = find_scenarios(sweep, args.when, features, args.boxes).assign(condition=args.when)
    base = prepare_points(sweep, args.when)[1].mean()
    return (
        boxes,
        boxes.drop(columns=["n_points", "n_repeats", "condition"]),
        describe_scenarios(name_words(boxes, args.folder), args.when, base),
        "scenarios.csv",
    )
