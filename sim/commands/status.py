"""``coalitions status``: how far a sweep is."""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.commands.console import print_json
from sim.commands.options import add_options
from sim.errors import OK
from sim.sweep.plan import read_plan

DESCRIPTION = "Say how many runs of a sweep are done, without touching it.\n\n  coalitions status results/NAME\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("folder", metavar="DIR", help="the sweep's folder")
    add_options(parser, "json")


def execute(args: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    from sim.sweep.driving import describe
    from sim.sweep.manifest import describe_held

    folder = Path(args.folder)
    plan = read_plan(folder)
    found = describe(folder, plan)
    scenario = describe_held(plan, folder)
    if args.json:
        content = {"name": plan.name, "folder": str(folder), "scenario": scenario}
        print_json({**content, **found, "points": plan.n_points})
        return OK
    share = found["done"] / max(found["runs"], 1)
    print(f"{plan.name}: {found['state']}, {found['done']:,} of {found['runs']:,} runs done ({share:.0%})")
    print("; then ".join(block.design.describe() for block in plan.blocks))
    print(scenario)
    if found["failed"]:
        print(
            f"{found['failed']:,} failed" + (f", see {folder / 'failed.csv'}" if found["state"] == "complete" else "")
        )
    return OK
