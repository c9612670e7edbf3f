"""``coalitions calibrate``: the sets of parameters under which the model gives what has been observed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from sim.commands.console import compile_model, print_json, progress, say_error
from sim.commands.options import add_options
from sim.compiler.systems import count_cores
from sim.configuration.options import configuration_folder
from sim.errors import FAILED, OK, ConfigurationError
from sim.text import CAUTION

DESCRIPTION = """\
Find sets of parameters under which every target of sim/calibration/targets.py lies within its band: simulate sets from
the prior, learn emulators, simulate what they give a chance, keep what meets every target. Stopped, it goes on
where it was when called again. Needs pip install "coalitions[calibrate]".

  coalitions calibrate                    about five minutes on two cores; writes results/calibration/
  coalitions calibrate --check            the same, and simulation-based calibration of the method itself
  coalitions run calibration=central seeds=20
  coalitions sweep regime=unrestricted,competitive seeds=5 --sample ensemble --n 200

docs/calibration.md tells what was found.
"""
SYNOPSIS = "coalitions calibrate [options]"
LIBRARIES = {"sklearn": "scikit-learn", "scipy": "scipy"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--sets", type=int, default=200, metavar="N", help="sets to accept (default 200)")
    parser.add_argument("--learning", type=int, default=2400, metavar="N", help="sets to learn from (default 2400)")
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="runs of each world a set (default 10)")
    parser.add_argument("--check", action="store_true", help="check the method by simulation-based calibration, too")
    parser.add_argument(
        "--check-sets", type=int, default=600, metavar="N", help="simulations of the check (default 600)"
    )
    parser.add_argument("--ship", action="store_true", help="put what was found into configs/calibration/ and docs/")
    add_options(parser, "workers", "results", "quiet", "json")


def execute(args: argparse.Namespace) -> int:
    """Calibrate and return the exit code."""
    _check(args)
    from sim.calibration.checking import check_inference
    from sim.calibration.inferring import PREDICTING, infer
    from sim.calibration.judging import count_still_accepted
    from sim.calibration.simulating import NAMES, Simulator
    from sim.calibration.writing import ship_results, write_results

    compile_model(is_quiet=args.quiet)
    folder = Path(args.results) / "calibration"

    def simulate(simulator: Simulator, label: str, *given: Any, **named: Any) -> Any:
        with progress(label, is_quiet=args.quiet) as report:
            return simulator.simulate(*given, **named, report=lambda done, all_: report(done * n_runs, all_ * n_runs))

    def tell(text: str) -> None:
        if not args.quiet:
            print(text, file=sys.stderr, flush=True)

    n_runs = 2 * args.seeds
    with Simulator(folder / "simulated", args.seeds, args.workers or count_cores()) as simulator:
        found = infer(simulator, args.learning, args.sets, simulate, tell)
        if found.accepted.empty:
            say_error(
                f"none of {len(found.proposed)} sets simulated meets every target; learn from more with --learning, or "
                "widen bands or priors in sim/calibration"
            )
            return FAILED
        predicted = simulate(simulator, "fresh seeds", found.accepted[NAMES].to_numpy(), PREDICTING)
        check = check_inference(simulator, found.emulator, args.check_sets, simulate) if args.check else None
    write_results(folder, found, predicted, args.seeds, check)
    shipped = _ship(folder, ship_results) if args.ship else []
    again = count_still_accepted(predicted)
    if args.json:
        told = {
            "folder": str(folder),
            "accepted": len(found.accepted),
            "simulated": len(found.proposed),
            "again": again,
        }
        told |= {"check_passes": check.passes if check else None, "shipped": [str(path) for path in shipped]}
        print_json({**told, "caution": CAUTION})
        return OK
    short = f" (fewer than the {args.sets} asked for)" if len(found.accepted) < args.sets else ""
    print(f"{len(found.accepted)} sets accepted{short}, of {len(found.proposed):,} simulated; on fresh seeds", end=" ")
    print(f"{100 * again:.0f} % of them meet every target again")
    if check is not None:
        told = "even" if check.passes else "not even"
        print(f"Check of the method: {check.n_used} places, {told}; least p = {check.p_values.min():.2g}")
    print(f"Results: {folder}/, first calibration.md")
    for path in shipped:
        print(f"Shipped: {path}")
    print(CAUTION)
    return OK


def _check(args: argparse.Namespace) -> None:
    import importlib.util

    missing = [name for module, name in LIBRARIES.items() if not importlib.util.find_spec(module)]
    if missing:
        raise ConfigurationError(f'calibrate needs {" and ".join(missing)}: pip install "coalitions[calibrate]"')
    spans = {"sets": (1, 100_000), "learning": (50, 20_000), "seeds": (1, 1000), "check_sets": (1, 100_000)}
    for name, (low, high) in {**spans, "workers": (1, 1024)}.items():
        value = getattr(args, name)
        if value is not None and not low <= value <= high:
            raise ConfigurationError(f"--{name.replace('_', '-')} {value}: must lie in [{low}, {high}]")


def _ship(folder: Path, ship_results: Any) -> list[Path]:

    configs = configuration_folder()
    docs = configs.parent / "docs"
    if not docs.is_dir():
        raise ConfigurationError("--ship: only in a checkout of the project; copy results/calibration/ yourself")
    return ship_results(folder, configs, docs)
