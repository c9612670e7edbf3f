"""``coalitions robustness``: how levers do over many sets of parameters."""

from __future__ import annotations

import argparse
from typing import Any

from sim.commands.analyses import add_folder, add_outcome, name_words, write_analysis

DESCRIPTION = """\
How levers do over many sets of parameters, against a reference on the same sets and seeds.

  coalitions sweep regime=unrestricted,competitive,lottery memberships.turf_weight=0..3 meetings.trust_gain=0.02..0.12
  coalitions robustness results/NAME --reference unrestricted

A lever is a case or a value of a grid, a set is a row of the sample. Writes levers.csv into the folder.
docs/analysis.md explains the columns.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_folder(parser)
    parser.add_argument("--reference", metavar="LEVER", help="what the others are compared with (default: the first)")
    add_outcome(parser, "collaboration_end, coverage_end, exit_rate")


def execute(args: argparse.Namespace) -> int:
    """Read the sweep, write and print the table, and return the exit code."""
    return write_analysis(args, _tell)


def _tell(args: argparse.Namespace, sweep: Any) -> tuple[Any, Any, str, str]:
    from sim.analysis.robustness import TOWARD, compute_robustness, describe_robustness

    table = compute_robustness(sweep, args.reference, args.outcome or tuple(TOWARD))
    names = ["lever", "outcome", "level", "mean", "low", "high", "better_share", "worst_decile", "regret_mean"]
    shown = table[[*names, "regret_worst", "usd_per_organization_year"]]
    return table, shown, describe_robustness(name_words(table, args.folder)), "levers.csv"
