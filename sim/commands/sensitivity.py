"""``coalitions sensitivity``: which parameters of a sweep move an outcome."""

from __future__ import annotations

import argparse
from typing import Any

from sim.commands.analyses import add_folder, add_outcome, name_words, write_analysis
from sim.commands.console import progress

DESCRIPTION = """\
Which parameters of a sweep move an outcome, alone and together.

  coalitions sweep memberships.turf_weight=0..3 grants.luck=0..1 --sample saltelli --n 128 seeds=5 name=few
  coalitions sensitivity results/few --outcome collaboration_change --outcome "verdict == fragments"

By the sweep's --sample: saltelli gives Sobol indices, morris gives mu* and sigma, any other PAWN and delta. Writes
sensitivity.csv into the folder. docs/analysis.md explains the columns. Needs pip install "coalitions[analysis]".
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_folder(parser)
    add_outcome(parser, "collaboration_end, collaboration_change, coverage_end, exit_rate")


def execute(args: argparse.Namespace) -> int:
    """Read the sweep, write and print the table, and return the exit code."""
    return write_analysis(args, _tell)


def _tell(args: argparse.Namespace, sweep: Any) -> tuple[Any, Any, str, str]:
    from sim.analysis.sensitivity import OUTCOMES, TAIL, compute_sensitivity, describe_sensitivity

    with progress("sensitivity", is_quiet=args.json, unit="outcomes") as report:
        table = compute_sensitivity(sweep, args.outcome or OUTCOMES, report)
    shown = table.drop(columns=["method", *TAIL[1:]])
    empty = [name for name in ("policy", "partner") if not shown[name].astype(bool).any()]
    return table, shown.drop(columns=empty), describe_sensitivity(name_words(table, args.folder)), "sensitivity.csv"
