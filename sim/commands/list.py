"""``coalitions list``: the regimes, fields, shocks, mechanisms, calibrations, experiments and parameters there are."""

from __future__ import annotations

import argparse
from typing import Any

from sim.commands.catalogue import KINDS, find_kind, list_options, list_parameters, tell_range
from sim.commands.console import print_json
from sim.commands.options import add_options
from sim.errors import OK

DESCRIPTION = "List what there is of a kind; without one, all kinds but parameters."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    kind: Any = parser.add_argument(
        "kind", nargs="?", help="regimes, fields, shocks, mechanisms, calibrations, experiments or parameters"
    )
    kind.completer = lambda before: _list_kinds()
    add_options(parser, "config_dir", "json", config_dir="folder of your own YAML, listed too")


def _list_kinds() -> list[str]:

    return list(KINDS)


def execute(args: argparse.Namespace) -> int:
    """Print the list and return the exit code."""
    kinds = [find_kind(args.kind)] if args.kind else [kind for kind in KINDS if kind != "parameters"]
    found = {kind: list_parameters() if kind == "parameters" else list_options(kind, args.config_dir) for kind in kinds}
    if args.json:
        print_json(found)
        return OK
    for kind, entries in found.items():
        if len(found) > 1:
            print(f"\n{kind}")
        print_entries(kind, entries)
    if len(found) > 1:
        print("\n`coalitions list parameters` lists every number; `coalitions show regime NAME` shows one in full.")
    return OK


def print_entries(kind: str, entries: list[dict[str, Any]]) -> None:
    """Print one line an entry, names aligned."""
    width = max((len(entry["name"]) for entry in entries), default=0)
    for entry in entries:
        if kind == "parameters":
            default = ",".join(map(str, entry["default"])) if isinstance(entry["default"], list) else entry["default"]
            told = f"{default} {entry['unit']}  {tell_range(entry)}  {entry['label']}"
        else:
            told = f"cannot be used: {entry['problem']}" if "problem" in entry else entry["description"]
        print(f"  {entry['name']:<{width}}  {told}")
