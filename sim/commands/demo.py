"""``coalitions demo``: the first example experiment, from nothing to its figure and table."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from sim.commands.console import CAUTION, name_rows, print_json, print_table, say_at_once
from sim.commands.drawing import Pencil
from sim.commands.options import RUNNING, add_options
from sim.commands.runs import claim_folder, keep, mark, run_with_progress, tell_folder, write_table
from sim.configuration import compose
from sim.errors import OK
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
    with claim_folder(args, configuration) as folder:
        return _run_into(folder, args, configuration, words, pencil)


def _run_into(folder: Path, args: argparse.Namespace, configuration: Any, words: list[str], pencil: Pencil) -> int:
    from sim.results.scenario import describe_scenario
    from sim.results.summaries import describe_verdict, summarise

    if not args.json:
        n_runs = len(configuration.design) * len(configuration.seeds)
        say_at_once(f"{configuration.question}\n{n_runs} runs: {_tell_design(configuration)}\n")
    results = run_with_progress(args, configuration)
    mark(results, "demo", words, args.config_dir)
    pencil.begin(results, folder / "figures", AFTER_THE_DEMO)
    keep(results, folder)
    summary, verdict = summarise(results), describe_verdict(results)
    scenario = describe_scenario(results.manifest)
    write_table(folder / "summary.csv", name_rows(summary))
    if not args.json:
        print(f"{scenario}\n")
        print_table(summary)
        say_at_once(f"\n{verdict}")
    figures = pencil.finish()
    if args.json:
        content = {"name": configuration.name, "folder": str(folder), "question": configuration.question}
        content |= {"scenario": scenario, "verdict": verdict, "summary": name_rows(summary).to_dict("records")}
        print_json({**content, "figures": [str(path) for path in figures], "caution": CAUTION})
        return OK
    tell_folder(folder, figures)
    print(CAUTION)
    return OK


def _tell_design(configuration: Any) -> str:
    varied = [f"{len(values)} values of {name}" for name, values in configuration.design.vary.items()]
    return " × ".join([*varied, f"{len(configuration.seeds)} seeds"])
