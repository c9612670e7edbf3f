"""``coalitions list``: the regimes, fields, shocks, mechanisms, calibrations, experiments and parameters there are."""

from __future__ import annotations

import argparse
from typing import Any

from sim.errors import OK


def add_parser(verbs: Any) -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "list",
        help="list regimes, fields, shocks, mechanisms, calibrations, experiments or parameters",
        description="List what there is of a kind; without one, all kinds but parameters.",
        allow_abbrev=False,
    )
    kind: Any = parser.add_argument(
        "kind", nargs="?", help="regimes, fields, shocks, mechanisms, calibrations, experiments or parameters"
    )
    kind.completer = lambda before: _list_kinds()
    parser.add_argument("--config-dir", metavar="DIR", help="folder of your own YAML, listed too")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    parser.set_defaults(execute=execute)


def _list_kinds() -> list[str]:
    from sim.commands.catalogue import KINDS

    return list(KINDS)


def execute(args: argparse.Namespace) -> int:
    """Print the list and return the exit code."""
    from sim.commands.catalogue import KINDS, find_kind, list_options, list_parameters
    from sim.commands.console import print_json, refuse_words

    refuse_words(args)
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
    from sim.commands.catalogue import tell_range

    width = max((len(entry["name"]) for entry in entries), default=0)
    for entry in entries:
        if kind == "parameters":
            default = ",".join(map(str, entry["default"])) if isinstance(entry["default"], list) else entry["default"]
            told = f"{default} {entry['unit']}  {tell_range(entry)}  {entry['label']}"
        else:
            told = f"cannot be used: {entry['problem']}" if "problem" in entry else entry["description"]
        print(f"  {entry['name']:<{width}}  {told}")
