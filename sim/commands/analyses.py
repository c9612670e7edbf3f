"""``coalitions sensitivity``, ``scenarios`` and ``robustness``: what a sweep's runs say, with a tidy CSV."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.commands.console import writing
from sim.errors import OK, AnalysisError

SENSITIVITY = """\
Which parameters of a sweep move an outcome, alone and together.

  coalitions sweep memberships.turf_weight=0..3 grants.luck=0..1 --sample saltelli --n 128 seeds=5 name=few
  coalitions sensitivity results/few --outcome collaboration_change --outcome "verdict == fragments"

By the sweep's --sample: saltelli gives Sobol indices, morris gives mu* and sigma, any other PAWN and delta. Writes
sensitivity.csv into the folder. docs/analysis.md explains the columns. Needs pip install "coalitions[analysis]".
"""
SCENARIOS = """\
In which part of a sweep something happens: boxes by PRIM, and by CART.

  coalitions sweep experiment=money_and_viewpoint
  coalitions scenarios results/money_and_viewpoint --when "verdict == fragments"
  coalitions scenarios results/money_and_viewpoint --when "coverage_end < 0.9" --feature "trust_gain / trust_loss"

Writes scenarios.csv into the folder. docs/analysis.md explains the columns. Needs pip install "coalitions[analysis]".
"""
ROBUSTNESS = """\
How levers do over many sets of parameters, against a reference on the same sets and seeds.

  coalitions sweep regime=unrestricted,competitive,lottery memberships.turf_weight=0..3 meetings.trust_gain=0.02..0.12
  coalitions robustness results/NAME --reference unrestricted

A lever is a case or a value of a grid, a set is a row of the sample. Writes levers.csv into the folder.
docs/analysis.md explains the columns.
"""


def add_parsers(verbs: Any) -> None:
    """Add the three verbs to the parser."""
    parser = _add(verbs, "sensitivity", "say which parameters move an outcome", SENSITIVITY, _tell_sensitivity)
    _add_outcome(parser, "collaboration_end, collaboration_change, coverage_end, exit_rate")
    parser = _add(verbs, "scenarios", "say in which part of a sweep something happens", SCENARIOS, _tell_scenarios)
    parser.add_argument("--when", metavar="CONDITION", required=True, help='e.g. "verdict == fragments"')
    parser.add_argument(
        "--feature", action="append", metavar="EXPRESSION", help='ratio or product to offer, like "a / b" (repeatable)'
    )
    parser.add_argument("--no-features", action="store_true", help="offer no ratio or product of parameters")
    parser.add_argument("--boxes", type=int, default=2, metavar="N", help="boxes that PRIM looks for (default 2)")
    parser = _add(verbs, "robustness", "say how levers do over many sets of parameters", ROBUSTNESS, _tell_robustness)
    parser.add_argument("--reference", metavar="LEVER", help="what the others are compared with (default: the first)")
    _add_outcome(parser, "collaboration_end, coverage_end, exit_rate")


def _add(verbs: Any, name: str, told: str, description: str, tell: Callable[..., Any]) -> argparse.ArgumentParser:
    parser = verbs.add_parser(
        name,
        help=told,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("folder", metavar="DIR", help="folder of a complete sweep")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    parser.set_defaults(execute=lambda args: _execute(args, tell))
    return parser


def _add_outcome(parser: argparse.ArgumentParser, default: str) -> None:
    told = f"column of the table of runs (repeatable; default {default})"
    parser.add_argument("--outcome", action="append", metavar="COLUMN", help=told)


def _execute(args: argparse.Namespace, tell: Callable[..., Any]) -> int:
    """Read the sweep, write the table, print it with its sentence, and return the exit code."""
    from sim.analysis import read_sweep
    from sim.commands.console import CAUTION, print_json, refuse_words
    from sim.files import replace_file
    from sim.results import read_manifest
    from sim.scenario import describe_scenario

    refuse_words(args)
    folder = Path(args.folder)
    table, shown, sentence, name = tell(args, read_sweep(folder))
    with writing(folder / name):
        replace_file(folder / name, lambda path: table.to_csv(path, index=False, float_format="%.6g"))
    scenario = describe_scenario(read_manifest(folder))
    if args.json:
        content = {"folder": str(folder), "scenario": scenario, "rows": table.to_dict("records")}
        print_json({**content, "sentence": sentence, "caution": CAUTION})
        return OK
    print(f"{scenario}\n")
    print(shown.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep=""))
    print(f"\n{sentence}\n\nTable: {folder / name}\n{CAUTION}", flush=True)
    return OK


def _tell_sensitivity(args: argparse.Namespace, sweep: Any) -> tuple[Any, Any, str, str]:
    from sim.analysis.sensitivity import OUTCOMES, TAIL, compute_sensitivity, describe_sensitivity
    from sim.commands.console import progress

    with progress("sensitivity", is_quiet=args.json, unit="outcomes") as report:
        table = compute_sensitivity(sweep, args.outcome or OUTCOMES, report)
    shown = table.drop(columns=["method", *TAIL[1:]])
    empty = [name for name in ("policy", "partner") if not shown[name].astype(bool).any()]
    return table, shown.drop(columns=empty), describe_sensitivity(table), "sensitivity.csv"


def _tell_scenarios(args: argparse.Namespace, sweep: Any) -> tuple[Any, Any, str, str]:
    from sim.analysis.scenarios import describe_scenarios, find_scenarios, prepare_points

    if args.boxes < 1:
        raise AnalysisError(f"--boxes {args.boxes}: must be at least 1")
    features = (args.feature or []) if args.no_features or args.feature else None
    boxes = find_scenarios(sweep, args.when, features, args.boxes).assign(condition=args.when)
    base = prepare_points(sweep, args.when)[1].mean()
    return (
        boxes,
        boxes.drop(columns=["n_points", "n_repeats", "condition"]),
        describe_scenarios(boxes, args.when, base),
        "scenarios.csv",
    )


def _tell_robustness(args: argparse.Namespace, sweep: Any) -> tuple[Any, Any, str, str]:
    from sim.analysis.robustness import TOWARD, compute_robustness, describe_robustness

    table = compute_robustness(sweep, args.reference, args.outcome or tuple(TOWARD))
    names = ["lever", "outcome", "level", "mean", "low", "high", "better_share", "worst_decile", "regret_mean"]
    shown = table[[*names, "regret_worst", "usd_per_organization_year"]]
    return table, shown, describe_robustness(table), "levers.csv"
