"""``coalitions init``: a folder to begin a roster of one's own with, and a data sheet to go with it."""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.commands.console import writing
from sim.errors import OK
from sim.roster.columns import COLUMNS, tell_allowed
from sim.schema.parameters import Field

DESCRIPTION = """\
Write a folder to begin a roster of your own with: organizations.csv, ties.csv and grants.csv with what each column may
hold and a few SYNTHETIC lines to replace, and DATASHEET.md to say where the data come from and who may see them.

  coalitions init my_city
  coalitions validate my_city
  coalitions run field.folder=my_city

The folder can be run as it is. Files that are there already are left alone.
"""
DATASHEET = """\
# Data sheet of this roster

Fill it in before anyone else sees the data; it is for people, the model does not read it.

| | |
|---|---|
| What it describes | SYNTHETIC example, replace: which field, how many organizations, which month |
| Source | survey, interviews, public records … |
| Collected by, and when | |
| Who was asked, who answered | a missing answer stays an empty cell; it is not a 0 |
| How ties were asked | Levels of Collaboration 0-5, or trust 0-1; each direction apart |
| Where two answers disagree | both directions are kept as given / averaged / lowest |
| Consent | what the organizations agreed to |
| Who may see it | |
| Kept until | |

**What stays out.** No names of people, no addresses, phone numbers, coordinates or case data: columns of that kind are
refused. Use neutral codes (org-01) as ids, and keep the list of who is who outside this folder. A small network can be
recognised by its shape alone: do not publish a roster of real organizations without their consent.
"""
EXAMPLES = {
    "organizations.csv": (
        {"org_id": "org-01", "sector": "ngo", "viewpoint": "-0.5", "monthly_need_usd": "25000", "coalitions": "a"},
        {"org_id": "org-02", "sector": "justice", "viewpoint": "0", "own_income_share": "0.6", "coalitions": "a"},
        {"org_id": "org-03", "sector": "health_care", "viewpoint": "0.4", "reserve_months": "3", "coalitions": "a"},
        {"org_id": "org-04"},
    ),
    "ties.csv": (
        {"from_org": "org-01", "to_org": "org-02", "level": "4"},
        {"from_org": "org-02", "to_org": "org-01", "level": "3"},
    ),
    "grants.csv": (
        {"line": "services", "money_share": "0.7", "award_usd_per_year": "60000", "term_months": "24"},
        {"line": "minors_only", "money_share": "0.3", "award_usd_per_year": "45000", "eligible_populations": "minors"},
    ),
}
# Columns that say the same in another way, or that few rosters need: described, but not in the header.
LEFT_OUT = ("mix_<population>", "localities", "name", "label", "notes", "website", "trust")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("folder", metavar="FOLDER", help="made where it is missing")


def execute(args: argparse.Namespace) -> int:
    """Write what is missing in the folder and return the exit code."""
    folder = Path(args.folder)
    with writing(folder, "choose another folder"):
        folder.mkdir(parents=True, exist_ok=True)
        written = [name for name, text in make_files().items() if _write(folder / name, text)]
    print(f"{folder}/: {'wrote ' + ', '.join(written) if written else 'everything is there already, nothing written'}")
    print(f"Next: replace the SYNTHETIC lines, then coalitions validate {folder}")
    return OK


def _write(path: Path, text: str) -> bool:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def make_files() -> dict[str, str]:
    """Return the text of each file by its name, made from the declared columns."""
    return {name: _make_sheet(name) for name in EXAMPLES} | {"DATASHEET.md": DATASHEET}


def _make_sheet(file: str) -> str:

    field = Field()
    lines = ["# SYNTHETIC: invented lines that show the form; replace them, and delete this comment", "#"]
    for column in COLUMNS[file]:
        if column.role != "dropped":
            lines.append(f"# {column.name}: {column.meaning} [{tell_allowed(column, field)}]")
    header = [column.name for column in COLUMNS[file] if column.name not in LEFT_OUT]
    lines += [",".join(header), *(",".join(row.get(name, "") for name in header) for row in EXAMPLES[file])]
    return "\n".join(lines) + "\n"
