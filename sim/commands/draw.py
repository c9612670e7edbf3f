"""``coalitions draw``: figures of results that are kept, all that fit or some by name."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from pathlib import Path
from typing import Any

from sim.commands.console import print_json, say_at_once
from sim.commands.options import add_options
from sim.configuration import build_parameters, suggest
from sim.errors import OK, ConfigurationError, RosterError
from sim.figures import FIGURES, make_figures
from sim.figures.analyses import ANALYSES, make_analyses
from sim.results.disclosure import NUMBERED, check_place

DESCRIPTION = """\
Draw figures of kept results: all that fit the tables, or those you name.

  coalitions draw results/demo
  coalitions draw results/demo phases survival --formats svg
  coalitions draw results/demo network --phone --folder slides
  coalitions draw results/demo collaboration --start 2019-07 --observed ours.csv

Each figure is written as SVG and PNG, its numbers as CSV, and its words as text: the finding, what is shown, how
sure it is, the picture in words for those who do not see it, the source, and the command that gives it again.
Organizations stand there by number; --names puts the codes of your own roster in their place, for your own eyes.
"""
SYNOPSIS = "coalitions draw DIR [FIGURE …] [options]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.epilog = (
        f"figures: {', '.join(FIGURES)}; and where the table of an analysis lies in DIR: {', '.join(ANALYSES)}"
    )
    parser.add_argument("results", metavar="DIR", help="folder of a run, a comparison or a complete sweep")
    parser.add_argument("names", metavar="FIGURE", nargs="*", help="default: all that fit")
    parser.add_argument("--folder", metavar="DIR", help="where to write (default: figures/ in the folder of results)")
    parser.add_argument("--formats", metavar="LIST", default="svg,png", help="svg, png or both (default: svg,png)")
    parser.add_argument("--start", metavar="YYYY-MM", default="", help="the month 0, for dates on the axis of time")
    parser.add_argument("--observed", metavar="CSV", help="your own numbers over the runs: month,column,value")
    parser.add_argument("--names", dest="is_named", action="store_true", help="organizations by the ids of your roster")
    parser.add_argument("--roster", metavar="DIR", help="where that roster lies, if the results do not say")
    parser.add_argument("--phone", action="store_true", help="narrow figures with panels one under the other")
    add_options(parser, "json")


def execute(args: argparse.Namespace) -> int:
    """Draw, and print the finding of each figure and its files."""
    known = [*FIGURES, *ANALYSES]
    for name in args.names:
        if name not in known:
            raise ConfigurationError(f"figure '{name}': not known.{suggest(name, known)} There are: {', '.join(known)}")
    from sim.figures.style import PHONE, WIDE

    results, names, origin = _read(args)
    figures = make_figures(results, names and [name for name in names if name in FIGURES], origin)
    figures += make_analyses(args.results, results.runs, origin, names)
    if missing := [name for name in args.names if name not in {figure.name for figure in figures}]:
        raise ConfigurationError(f"{args.results}: holds no table for {', '.join(missing)}")
    default = "figures-with-codes" if args.is_named else "figures"
    folder, told = Path(args.folder or Path(args.results) / default), []
    for figure in figures:
        files = figure.save(folder, args.formats.split(","), PHONE if args.phone else WIDE)
        told.append({"name": figure.name, "title": figure.title, "files": [str(path) for path in files]})
        if not args.json:
            say_at_once(f"{figure.name}: {figure.title}")
    if args.is_named:
        print(f"warning: {folder}/ shows which organization is which; keep it to yourself", file=sys.stderr)
    if args.json:
        print_json({"folder": str(folder), "scenario": origin.scenario, "figures": told})
    else:
        print(origin.scenario)
        print(f"Figures: {sum(len(one['files']) for one in told)} files in {folder}/")
    return OK


def _read(args: argparse.Namespace) -> tuple[Any, Any, Any]:
    """Return results, names of figures and origin, with the user's own dates and observations."""
    from sim.figures.observations import parse_month, read_observations
    from sim.figures.origins import find_origin
    from sim.results.store import load_results

    if args.start:
        parse_month(args.start, "--start")
    observed = read_observations(args.observed, args.start) if args.observed else None
    results = load_results(args.results)
    origin = find_origin(results, args.start, observed)
    names = _read_names(results.manifest, args.roster) if args.is_named else None
    given = [("--start", args.start), ("--observed", args.observed)]
    words = [word for option, value in given if value for word in (option, str(value))]
    words += ["--names"] if names else []
    origin = dataclasses.replace(origin, command=" ".join([origin.command, *map(shlex.quote, words)]), names=names)
    if names:
        origin = dataclasses.replace(origin, source=origin.source.replace(NUMBERED, ""))
    return results, args.names or None, origin


def _read_names(manifest: dict[str, Any], roster: str | None = None) -> dict[int, str]:
    """Return the ids of the roster by slot. Raises `ConfigurationError` where it is not the one of the runs."""
    from sim.roster.reading import read_folder

    trees = [tree for tree in manifest.get("settings", []) if tree["field"]["folder"] is not None]
    if not trees:
        raise ConfigurationError("--names: these results are not of a roster; organizations have numbers alone")
    field = build_parameters(trees[0]).field
    try:
        tables = read_folder(check_place(str(field.folder), roster), field)
    except RosterError as problem:
        raise ConfigurationError(f"--names: {str(problem).splitlines()[0]}") from None
    if tables.digest != manifest.get("roster", {}).get("digest"):
        raise ConfigurationError("--names: the roster has changed since the run, or was not alone; run it again")
    return dict(enumerate(tables.ids, 1))
