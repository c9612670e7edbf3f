"""``coalitions demo``: the first example experiment, from nothing to its figure and table."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from sim.commands.console import format_table, name_rows
from sim.commands.drawing import Pencil
from sim.commands.options import RUNNING, add_options
from sim.commands.runs import run_and_tell, write_table
from sim.configuration import compose
from sim.figures import AFTER_THE_DEMO

EXPERIMENT = "grow_or_fragment"
DESCRIPTION = f"""\
Run experiments/{EXPERIMENT}.yaml: when does collaboration grow, hold or fragment as money, viewpoints and
regime change? Keeps tables and figures in results/demo/. The first run compiles the model, which takes about 15 s.
"""
SYNOPSIS = "coalitions demo [key=value …] [options]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_options(parser, *RUNNING)


def execute(args: argparse.Namespace) -> int:
    """Run the experiment, print its table, keep its results and figures."""
    words = args.overrides
    with Pencil(not args.no_figures) as pencil:
        return _run(args, words, pencil)


def _run(args: argparse.Namespace, words: list[str], pencil: Pencil) -> int:

    configuration = compose([f"experiment={EXPERIMENT}", *words], config_dir=args.config_dir)
    if not configuration.is_named:
        name = "demo" if not words else f"demo-{configuration.name.rsplit('-', 1)[-1]}"
        configuration = dataclasses.replace(configuration, name=name)
    n_runs = len(configuration.design) * len(configuration.seeds)
    opening = f"{configuration.question}\n{n_runs} runs: {_tell_design(configuration)}\n"

    def describe(results: Any, folder: Path) -> tuple[str, dict[str, Any]]:
        return _describe(configuration, results, folder)

    return run_and_tell(args, configuration, pencil, "demo", words, describe, names=AFTER_THE_DEMO, opening=opening)


def _describe(configuration: Any, results: Any, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return summary and verdict as text and as content of a JSON object; writes summary.csv."""
    from sim.results.scenario import describe_scenario
    from sim.results.summaries import describe_verdict, summarise

    summary, verdict = name_rows(summarise(results)), describe_verdict(results)
    scenario = describe_scenario(results.manifest)
    write_table(folder / "summary.csv", summary)
    content = {"question": configuration.question, "scenario": scenario, "verdict": verdict}
    content["summary"] = summary.to_dict("records")
    return f"{scenario}\n\n{format_table(summary)}\n\n{verdict}", content


def _tell_design(configuration: Any) -> str:
    from sim.figures.phrases import lower, name_parameter

    vary = configuration.design.vary
    varied = [f"{len(values)} values of {lower(name_parameter(name))} ({name})" for name, values in vary.items()]
    return " × ".join([*varied, f"{len(configuration.seeds)} seeds"])
