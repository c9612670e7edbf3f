"""``coalitions validate``: every problem of a roster's folder at once, or what the model will take from it."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path
from typing import Any

from sim.commands.console import print_json, say_error
from sim.commands.options import add_options
from sim.configuration import compose
from sim.errors import OK, USAGE, RosterError
from sim.results.disclosure import count_names

DESCRIPTION = """\
Check a folder with organizations.csv (and ties.csv, grants.csv) and tell every problem at once: file, line, column,
the kind of value, what is allowed, the mend. What a cell says is never repeated. Nothing is run.

  coalitions validate my_city
  coalitions validate my_city field.populations=[adults,minors] field.population_demand=[0.6,0.4]

Exit code 0 where the folder can be used, else 2. docs/roster.md describes the files; `coalitions init` writes a
folder to begin with.
"""
SYNOPSIS = "coalitions validate FOLDER [key=value …] [options]"
RECODE = "give codes: coalitions import roster FOLDER --to NEW"
PLACE = re.compile(r"(?P<file>[^:]*\.csv)(?::(?P<line>\d+))?: (?:column '(?P<column>[^']*)': )?(?P<text>.*)", re.DOTALL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("folder", metavar="FOLDER", help="folder that holds organizations.csv")
    add_options(parser, "config_dir", "json")


def execute(args: argparse.Namespace) -> int:
    """Print the problems, or what was read; return the exit code."""
    from sim.roster.reading import read_folder

    field = compose(args.overrides, config_dir=args.config_dir).parameters.field
    try:
        tables = read_folder(Path(args.folder), field, max_problems=math.inf)
    except RosterError as found:
        problems = str(found).splitlines()
        if args.json:
            print_json({"folder": args.folder, "is_valid": False, "problems": [_take_apart(one) for one in problems]})
        else:
            print("\n".join(problems), flush=True)
        say_error(
            f"{args.folder}: {len(problems)} problem{'s' if len(problems) > 1 else ''}; mend the files and call again"
        )
        return USAGE
    summary = summarise_roster(tables, field.populations)
    if args.json:
        print_json({"folder": args.folder, "is_valid": True, "problems": [], **summary})
        return OK
    print(f"{args.folder}: can be used.\n{tell_summary(summary)}")
    print(f"Run it with: coalitions run field.folder={Path(args.folder)}")
    return OK


def _take_apart(problem: str) -> dict[str, Any]:
    found = PLACE.fullmatch(problem)
    parts = found.groupdict() if found else {"file": None, "line": None, "column": None, "text": problem}
    repeated = re.search(r" \(([0-9,]+) lines: [0-9, …]+\)$", problem)
    n_lines = int(repeated[1].replace(",", "")) if repeated else 1
    return {**parts, "line": int(parts["line"]) if parts["line"] else None, "n_lines": n_lines}


def summarise_roster(tables: Any, populations: list[str]) -> dict[str, Any]:
    """Return counts of what a roster says, and of what the model draws because no cell says it; no ids, no names."""
    import numpy as np

    n = len(tables.ids)
    drawn = {
        "sector": int(np.count_nonzero(tables.sector < 0)),
        "populations": int(np.count_nonzero(np.isnan(tables.mix[:, 0]))),
        "viewpoint": int(np.count_nonzero(np.isnan(tables.viewpoint))),
        "stance": int(np.count_nonzero(np.isnan(tables.stance))),
        "monthly_need_usd": int(np.count_nonzero(np.isnan(tables.need_usd))),
        "own_income_share": int(np.count_nonzero(np.isnan(tables.own_income_share))),
        "reserve_months": int(np.count_nonzero(np.isnan(tables.reserve_months))),
    }
    given = tables.localities
    return {
        "n_organizations": n,
        "n_localities": len(given.seats) if given else 1,
        "n_coalitions": len(given.groups) if given else len(tables.member),
        "n_ties": len(given.ties) if given else int(np.count_nonzero(~np.isnan(tables.trust))),
        "n_grant_lines": None if tables.programmes is None else len(tables.programmes),
        "populations_without_provider": [
            name
            for name, served in zip(populations, np.nansum(tables.mix, axis=0), strict=True)
            if not served and not drawn["populations"]
        ],
        "drawn": drawn,
        "is_synthetic": tables.is_synthetic,
        "n_ids_like_names": 0 if tables.is_synthetic else count_names(tables.ids),
    }


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def tell_summary(summary: dict[str, Any]) -> str:
    """Return the summary in lines for people."""
    n = summary["n_organizations"]
    lines = summary["n_grant_lines"]
    drawn = [f"{name} of {count}" for name, count in summary["drawn"].items() if count]
    told = [
        f"{n} organizations in {_count(summary['n_localities'], 'locality').replace('ys', 'ies')}"
        f"{', marked SYNTHETIC' if summary['is_synthetic'] else ''}",
        f"{summary['n_coalitions']} coalitions at month 0"
        + ("" if summary["n_coalitions"] else ": the model forms them"),
        f"{_count(summary['n_ties'], 'known tie')}; other pairs start from the model's baseline",
        "no grants.csv: the regime's own lines stand"
        if lines is None
        else f"{_count(lines, 'grant line')} (regime own_grants)",
        f"drawn by the model: {', '.join(drawn) if drawn else 'nothing'}",
    ]
    missing = summary["populations_without_provider"]
    told += [f"served by none of them: {', '.join(missing)}"] if missing else []
    named = summary["n_ids_like_names"]
    told += (
        [f"{named} ids read like names: results number organizations in the order of ids, so {RECODE}"] if named else []
    )
    return "\n".join(f"  {one}" for one in told)
