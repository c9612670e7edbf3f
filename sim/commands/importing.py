"""``coalitions import``: public exports and survey ties as a roster's folder, under opaque codes."""

from __future__ import annotations

import argparse
import math
import re
import sys
from pathlib import Path
from typing import Any

from sim.commands.console import print_json, progress, say_error
from sim.commands.init import DATASHEET
from sim.commands.options import add_options
from sim.commands.validate import summarise_roster, tell_summary
from sim.configuration import compose, suggest
from sim.errors import OK, USAGE, ConfigurationError, RosterError
from sim.files.access import replace_file
from sim.roster.columns import COLUMNS, GRANTS, ORGANIZATIONS, TIES, Problems, declared_range
from sim.schema.parameters import Field

DESCRIPTION = """\
Make a roster's folder of a public export or a survey. Names, addresses and officers are never written; organizations
get codes drawn by lot (org-001 …). What was taken, dropped and assumed is told, and what the model will draw.

  coalitions import usaspending Assistance_*.csv --to my_city --listing 16.320 --state TX
  coalitions import irs eo_tx.csv --to my_city --ntee P --ntee I7 --city Houston
  coalitions import grants-gov GrantsDBExtract.xml --to my_city --listing 16.320 --only grants.csv
  coalitions import ties survey.csv --to my_city --wave 2 --symmetrise mean --key keys.csv
  coalitions import roster my_names --to my_city          your own folder, under codes

  usaspending   assistance transactions (CSV): recipients with their sector and monthly need; a grant line a listing
  grants-gov    opportunities (XML extract, or CSV of simpler.grants.gov): a grant line each
  irs           business master file of nonprofits (CSV): organizations with sector, monthly need, reserves
  ties          Levels of Collaboration (CSV: from,to,level,wave, or a matrix of codes)
  roster        a folder with organizations.csv of your own, whose ids are names

--key FILE writes who has which code: the only place where names stand. Keep it outside the folder. Where it exists,
its codes are used again. docs/import.md says which columns are read and what is estimated, and how.
"""
SYNOPSIS = "coalitions import KIND FILE… --to FOLDER [options]"
OPTIONS = {  # by the name of a choice
    "listings": "--listing",
    "state": "--state",
    "county": "--county",
    "city": "--city",
    "ntee": "--ntee",
    "wave": "--wave",
    "symmetrise": "--symmetrise",
    "scale": "--scale",
    "level": "--level",
    "term_months": "--term-months",
}
INVENTED = "SYNTHETIC example, replace: "
KINDS = ("usaspending", "grants-gov", "irs", "ties", "roster")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument("files", metavar="FILE", nargs="+", help="the export, in one file or several")
    parser.add_argument("--to", metavar="FOLDER", required=True, help="folder of the roster, made where missing")
    wanted = parser.add_argument_group("what of it")
    wanted.add_argument(
        "--listing", dest="listings", action="append", metavar="N", help="Assistance Listing, like 16.320; repeat it"
    )
    wanted.add_argument("--state", metavar="XX", help="two letters, of the recipient or the nonprofit")
    wanted.add_argument("--county", metavar="NAME", help="of the recipient (usaspending)")
    wanted.add_argument("--city", metavar="NAME", help="of the recipient or the nonprofit")
    wanted.add_argument("--ntee", action="append", metavar="CODE", help="how the code begins, like P or I7; repeat it")
    wanted.add_argument("--wave", metavar="W", help="of the survey, where it has several")
    wanted.add_argument(
        "--symmetrise", choices=("none", "min", "mean", "max"), help="one tie from two answers (default: none)"
    )
    wanted.add_argument(
        "--scale", type=float, metavar="N", help="highest value of the ties' own scale: trust = value/N"
    )
    wanted.add_argument(
        "--level", type=int, metavar="N", help="level of every tie of a list without a column of levels (default 3)"
    )
    wanted.add_argument("--term-months", type=int, metavar="N", help="how long awards last (grants-gov; default 36)")
    wanted.add_argument(
        "--only", action="append", metavar="FILE", help="write only this file, like grants.csv; repeat it"
    )
    wanted.add_argument("--leave", action="append", metavar="COLUMN", help="leave this column to the model; repeat it")
    parser.add_argument("--key", metavar="FILE", help="write, or use, who has which code; outside the folder")
    add_options(parser, "config_dir", "force", "quiet", "json", force="overwrite files that are there")


def execute(args: argparse.Namespace) -> int:
    """Read the files, write the folder, tell what happened; return the exit code."""
    from sim.roster.importing import READERS, KeyFile, Source, write_folder
    from sim.roster.importing.reading import MAX_PROBLEMS
    from sim.roster.reading import read_folder

    args.overrides += [word for word in args.files if "=" in word and not Path(word).exists()]
    args.files = [word for word in args.files if word not in args.overrides]
    words = args.overrides
    # Without words the names of sectors and populations are the declared ones; composing takes longer than the rest.
    field = compose(words, config_dir=args.config_dir).parameters.field if words or args.config_dir else Field()
    choices, folder = _read_choices(args), Path(args.to)
    _check_places(args, folder)
    key = KeyFile(Path(args.key) if args.key else None, folder)
    problems = Problems(MAX_PROBLEMS)
    with progress(f"Reading {args.kind}", is_quiet=args.quiet, unit="MB") as report:
        source = Source([Path(name) for name in args.files], problems, report)
        try:
            taken = READERS[args.kind](source, choices, field)
        except RosterError:  # so many problems that reading on says nothing new
            taken = None
    if taken is not None and not problems:
        _check_size(taken, args, folder, problems)
    if problems or taken is None:
        print("\n".join(problems), flush=True)
        say_error(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}; nothing was written")
        return USAGE
    written = write_folder(taken, folder, key, field, args.kind, args.only or (), args.leave or ())
    _write_datasheet(args, taken, folder)
    summary = None
    if (folder / ORGANIZATIONS).is_file():
        summary = summarise_roster(read_folder(folder, field, max_problems=math.inf), field.populations)
    _tell(args, taken, written, summary)
    return OK


def _read_choices(args: argparse.Namespace) -> Any:
    """Return what is asked for. Raises `ConfigurationError` for an option that the kind does not know."""
    from sim.roster.importing import grants_gov, irs, own, survey, usaspending
    from sim.roster.importing.taken import Choices

    modules = {"usaspending": usaspending, "grants-gov": grants_gov, "irs": irs, "ties": survey, "roster": own}
    known = modules[args.kind].KNOWN
    given: dict[str, Any] = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    for name in given:
        if name not in known:
            allowed = ", ".join(OPTIONS[one] for one in known) or "none of them"
            raise ConfigurationError(f"{OPTIONS[name]}: not for {args.kind}, which knows {allowed}")
    for number in given.get("listings", ()):
        if not re.fullmatch(r"\d\d\.[0-9A-Z]{2,3}", number):
            raise ConfigurationError(f"--listing {number}: must be a number like 16.320, in full")
    if not 1 <= given.get("term_months", 1) <= 120:
        raise ConfigurationError(f"--term-months {given['term_months']}: must lie in [1, 120] months")
    if not 0 < given.get("scale", 1) < math.inf:
        raise ConfigurationError(f"--scale {given['scale']:g}: must be a number above 0")
    if not 1 <= given.get("level", 1) <= 5:
        raise ConfigurationError(f"--level {given['level']}: must lie in [1, 5] levels")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Choices(**given)


def _check_places(args: argparse.Namespace, folder: Path) -> None:
    """Raise `ConfigurationError` for files, columns or a folder that will not do."""
    for name in args.only or ():
        if name not in COLUMNS:
            raise ConfigurationError(f"--only {name}: one of {', '.join(COLUMNS)}.{suggest(name, COLUMNS)}")
    columns = [column.name for file in COLUMNS for column in COLUMNS[file] if column.role == "optional"]
    for name in args.leave or ():
        if name not in columns:
            raise ConfigurationError(f"--leave {name}: not a column that may be empty.{suggest(name, columns)}")
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"--to {folder}: is a file; give a folder")
    if args.kind == "roster" and folder.resolve() == Path(args.files[0]).resolve():
        raise ConfigurationError(f"--to {folder}: is the folder that is read; give another")


def _check_size(taken: Any, args: argparse.Namespace, folder: Path, problems: list[str]) -> None:
    """Add what stands against writing: too few or too many organizations, files that are there."""
    only = args.only or (ORGANIZATIONS, TIES, GRANTS)
    low, high = (int(bound) for bound in declared_range(Field, "n_organizations"))
    n = len(taken.organizations)
    is_new = args.kind != "grants-gov" and not (args.kind == "ties" and (folder / ORGANIZATIONS).is_file())
    if is_new and ORGANIZATIONS in only and not low <= n <= high and args.kind != "roster":
        narrow = "ask for less" if n > high else "ask for more"
        problems.append(f"number {n} of organizations is out of range; {low} to {high} make a roster: {narrow}")
    if args.kind == "grants-gov" and not taken.grants:
        problems.append("no opportunity is left to take; ask for more")
    parts = {ORGANIZATIONS: taken.organizations if is_new else {}, TIES: taken.ties, GRANTS: taken.grants}
    there = [name for name, part in parts.items() if part and name in only and (folder / name).exists()]
    if there and not args.force:
        mend = "choose another folder, some files with --only, or overwrite with --force"
        problems.append(f"{folder}: {' and '.join(there)} would be overwritten; {mend}")


def _write_datasheet(args: argparse.Namespace, taken: Any, folder: Path) -> None:
    """Add to the folder's data sheet what was imported and how; names of files and places stay out of it."""
    path = folder / "DATASHEET.md"
    begun = path.read_text(encoding="utf-8") if path.is_file() else DATASHEET.replace(INVENTED, "")
    asked = [
        f"{OPTIONS[name]} {_tell_value(name, value)}" for name in OPTIONS if (value := getattr(args, name)) is not None
    ]
    lines = [f"* {kind}: {line}" for kind, told in _parts(taken).items() for line in told]
    text = f"{begun.rstrip()}\n\n## Imported: {' '.join([args.kind, *asked])}" + "\n\n" + "\n".join(lines) + "\n"
    replace_file(path, lambda neighbour: neighbour.write_text(text, encoding="utf-8"))


def _tell_value(name: str, value: Any) -> str:
    if name in ("county", "city"):
        return "…"
    return " ".join(value) if isinstance(value, list) else str(value)


def _parts(taken: Any) -> dict[str, list[str]]:
    return {"taken": taken.told, "dropped": taken.dropped, "assumed": taken.assumed}


def _tell(args: argparse.Namespace, taken: Any, written: list[str], summary: dict[str, Any] | None) -> None:

    parts = _parts(taken)
    if args.json:
        print_json({"folder": args.to, "written": written, **parts, "roster": summary, "key": args.key})
    else:
        print(f"{args.to}/: wrote {', '.join(written)}")
        for name, lines in parts.items():
            for line in lines:
                print(f"  {name}: {line}")
        if summary:
            print(f"The roster can be used.\n{tell_summary(summary)}")
            print(f"Run it with: coalitions run field.folder={Path(args.to)}")
        else:
            print(f"No organizations.csv in {args.to} yet: import organizations there, too, or `coalitions init` it")
    if args.key:
        print(
            f"warning: {args.key} says which organization has which code. Give it to nobody who may not know, keep it "
            "out of the folder and out of version control, and delete it when it is no longer needed.",
            file=sys.stderr,
        )
    if not taken.is_synthetic and taken.organizations:
        print(
            "note: a small network can be recognised by its shape and its amounts, codes or not; see docs/import.md",
            file=sys.stderr,
        )
