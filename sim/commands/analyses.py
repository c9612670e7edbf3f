"""What ``coalitions sensitivity``, ``scenarios`` and ``robustness`` share: a sweep's folder in, a tidy CSV out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.commands.console import print_json, writing
from sim.commands.options import add_options
from sim.errors import OK
from sim.files.access import replace_file
from sim.text import CAUTION

LEVERS = ("lever", "reference", "policy")  # columns that hold what a design has chosen


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add the folder of the sweep, and --json."""
    parser.add_argument("folder", metavar="DIR", help="folder of a complete sweep")
    add_options(parser, "json")


def add_outcome(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the option that chooses outcomes; `default` names those looked at without it."""
    told = f"column of the table of runs (repeatable; default {default})"
    parser.add_argument("--outcome", action="append", metavar="COLUMN", help=told)


def name_words(table: Any, folder: str | Path) -> Any:
    """Return a table of an analysis with parameters, outcomes and levers as figures call them, their names beside.

    folder: of the sweep, whose manifest has the labels of what was chosen.
    """
    from sim.figures.phrases import find_outcome, name_levers, name_parameter
    from sim.results.leaders import NOTHING
    from sim.results.store import read_manifest

    labels = read_manifest(Path(folder)).get("labels") or {}
    levers = name_levers([one for name in LEVERS if name in table for one in table[name]], labels)
    found = dict.fromkeys(LEVERS, levers.get)
    found |= {"parameter": name_parameter, "partner": name_parameter, "outcome": lambda text: find_outcome(text)[0]}

    def tell(value: Any, word: Any) -> Any:
        if not isinstance(value, str) or value in ("", NOTHING):
            return value
        told = word(value) or value
        return told if told.casefold() == value.casefold() else f"{told} ({value})"

    named = {name: [tell(one, word) for one in table[name]] for name, word in found.items() if name in table}
    return table.assign(**named)


def write_analysis(args: argparse.Namespace, tell: Callable[..., Any]) -> int:
    """Read the sweep, write the table, print it with its sentence, and return the exit code.

    ``tell(args, sweep)`` returns the table, what is shown of it, the sentence and the name of the file.
    """
    from sim.analysis import read_sweep
    from sim.results.scenario import describe_scenario
    from sim.results.store import read_manifest

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
    print(name_words(shown, folder).to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep=""))
    print(f"\n{sentence}\n\nTable: {folder / name}\n{CAUTION}", flush=True)
    return OK
