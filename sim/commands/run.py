"""``coalitions run``: one setting, one or several seeds, a verdict and a folder of results."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from sim.commands.completion import complete
from sim.commands.console import name_rows
from sim.commands.drawing import Pencil
from sim.commands.options import RUNNING, add_options
from sim.commands.runs import run_and_tell
from sim.configuration import compose
from sim.configuration.designs.samples import name_ensemble
from sim.errors import ConfigurationError
from sim.sweep.in_memory import content_hash

if TYPE_CHECKING:
    from collections.abc import Sequence


DESCRIPTION = """\
Run one setting and say whether collaboration grows, holds or fragments.

  coalitions run regime=competitive seeds=20
  coalitions run field=city18 shock=total_cut memberships.turf_weight=2.5 name=turf
  coalitions run regime=competitive seeds=5 --sample ensemble --n 20      on 20 calibrated sets
  coalitions run regime=competitive --change 49:meetings.facilitation=0.4      a lever set anew from month 49 on
  coalitions run regime=competitive seeds=[3] --decide 14:7=join:2      organization 7 decides otherwise than the rule
  coalitions run -m regime=competitive,lottery seeds=20      one run of each

seeds=20 means 1 to 20; seeds=[3,5] and seeds=3-9 name them. Also months=…, name=…, experiment=….
`coalitions list parameters` shows every key. Tab completion: eval "$(coalitions -sc install=bash)"
"""
SYNOPSIS = "coalitions run [key=value …] [options]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_options(parser, *RUNNING)
    parser.add_argument("--sample", choices=("ensemble",), help="run every calibrated set (configs/calibration)")
    parser.add_argument("--n", type=int, metavar="N", help="with --sample ensemble: the first N sets")
    parser.add_argument(
        "--change", action="append", default=[], metavar="MONTH:KEY=VALUE", help="set a lever anew during the run"
    )
    parser.add_argument(
        "--decide",
        action="append",
        default=[],
        metavar="MONTH:ORGANIZATION=ACT",
        help="decide for one organization at its turn: stay, leave:N, join:N, found, and others (docs/app.md)",
    )
    hydra = parser.add_argument_group("Hydra's own")
    hydra.add_argument("-m", "--multirun", action="store_true", help="run every combination of key=a,b lists")
    hydra.add_argument("-c", "--cfg", choices=("job", "hydra", "all"), help="print the composed setting, run nothing")
    hydra.add_argument("-p", "--package", help="with --cfg: print one group of it")
    hydra.add_argument("--info", "-i", nargs="?", const="all", metavar="WHAT", help="print how it was composed")
    hydra.add_argument("-sc", "--shell-completion", action="store_true", help="install=bash, fish or zsh")


def execute(args: argparse.Namespace) -> int:
    """Run what the command line asks for and return the exit code."""
    words = args.overrides
    if args.shell_completion:
        return complete(words)
    if args.sample and (args.multirun or args.cfg or args.info):
        raise ConfigurationError(
            "--sample: cannot go with -m, --cfg or --info; `coalitions sweep` combines it with lists"
        )
    if args.multirun or args.cfg or args.info:
        from sim.commands.multirun import hand_over

        if args.change or args.decide:
            raise ConfigurationError("--change and --decide go with one setting; leave out -m, --cfg and --info")
        return hand_over(args, words)

    if args.n is not None and not args.sample:
        raise ConfigurationError(f"--n {args.n}: counts the sets of --sample ensemble; `coalitions sweep` draws others")
    design = {"sample": name_ensemble(args.n, {})} if args.sample else None
    composed = compose(words, config_dir=args.config_dir, design=design)
    with Pencil(not args.no_figures) as pencil:
        return run_one(args, add_changes(composed, args.change, args.decide), pencil)


def add_changes(configuration: Any, texts: list[str], decisions: Sequence[str] = ()) -> Any:
    """Return the configuration with what ``--change`` and ``--decide`` ask for. Raises `ConfigurationError`."""
    if not texts and not decisions:
        return configuration

    from sim.configuration.changes import read_change
    from sim.engine.decisions import read_decision
    from sim.schema.changes import plan_changes

    if configuration.design.names():
        raise ConfigurationError("--change and --decide go with one setting; this experiment varies several")
    changes = [read_change(text) for text in texts]
    plan_changes(configuration.parameters, changes)
    decided = tuple(str(read_decision(text)) for text in decisions)
    changed = dataclasses.replace(configuration, changes=tuple(map(tuple, changes)), decisions=decided)
    if configuration.is_named:
        return changed
    return dataclasses.replace(changed, name=f"{configuration.name}-{content_hash(changed)[:8]}")


def run_one(args: argparse.Namespace, configuration: Any, pencil: Pencil) -> int:
    """Run one composed setting, print its verdict, keep its results and figures."""
    options = [part for text in args.change for part in ("--change", text)]
    options += [part for text in args.decide for part in ("--decide", text)]
    words = [*configuration.overrides, *options]
    return run_and_tell(args, configuration, pencil, "run", words, lambda results, _: _describe(configuration, results))


def _describe(configuration: Any, results: Any) -> tuple[str, dict[str, Any]]:
    """Return the verdict as text, and with the summary as content of a JSON object."""
    from sim.results.scenario import describe_scenario
    from sim.results.summaries import describe_localities, describe_verdict, summarise

    verdict, scenario = describe_verdict(results), describe_scenario(results.manifest)
    if len(results.localities):
        verdict = f"{verdict}\n{describe_localities(results.localities)}"
    content = {"seeds": configuration.seeds, "verdict": verdict, "scenario": scenario}
    content["summary"] = name_rows(summarise(results)).to_dict("records")
    return f"{configuration.name}: {verdict}\n{scenario}", content
