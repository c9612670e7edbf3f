"""``coalitions show``: one regime, field, shock, mechanism setting, experiment or parameter in full."""

from __future__ import annotations

import argparse
from typing import Any

from sim.errors import OK, ConfigurationError

DESCRIPTION = """\
Show one thing in full.

  coalitions show regime competitive
  coalitions show parameter memberships.turf_weight
  coalitions show parameters trust          every parameter whose name or label holds the word
"""


def add_parser(verbs: Any) -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "show",
        help="show one of them in full",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    kind: Any = parser.add_argument(
        "kind", help="regime, field, shock, mechanisms, experiment, parameter or parameters"
    )
    name: Any = parser.add_argument("name", nargs="?", help="its name; with `parameters`, a word to look for")
    kind.completer = name.completer = _complete
    parser.add_argument("--config-dir", metavar="DIR", help="folder of your own YAML")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    parser.set_defaults(execute=execute)


def _complete(before: list[str]) -> list[str]:
    """Return the kinds, or the names there are of the kind given."""
    from sim.commands.catalogue import KINDS, find_kind, list_options, list_parameters

    if not before:
        return [*KINDS.values(), *(kind for kind in KINDS if kind not in KINDS.values())]
    kind = find_kind(before[0])
    return [one["name"] for one in (list_parameters() if kind == "parameters" else list_options(kind))]


def execute(args: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    from sim.commands.catalogue import find_kind
    from sim.commands.console import refuse_words

    refuse_words(args)
    kind = find_kind(args.kind)
    if kind == "parameters":
        is_one = args.kind == "parameter" and args.name
        return _show_parameter(args) if is_one else _show_parameters(args)
    return _show_option(args, kind)


def _show_parameter(args: argparse.Namespace) -> int:
    from sim.commands.catalogue import read_parameter
    from sim.commands.console import print_json

    entry = read_parameter(args.name)
    if args.json:
        print_json(entry)
    else:
        _print_parameter(entry)
    return OK


def _show_parameters(args: argparse.Namespace) -> int:
    from sim.commands.catalogue import list_parameters
    from sim.commands.console import print_json

    entries = list_parameters(args.name or "")
    if not entries:
        raise ConfigurationError(f"no parameter's name or label holds '{args.name}'; `coalitions list parameters`")
    if args.json:
        print_json({"parameters": entries})
        return OK
    for entry in entries:
        _print_parameter(entry)
    return OK


def _print_parameter(entry: dict[str, Any]) -> None:
    from sim.commands.catalogue import tell_range

    print(f"{entry['name']}\n  {entry['label']}")
    print(f"  default {entry['default']} {entry['unit']} · range {tell_range(entry)} · source: {entry['source']}")
    if "plausible" in entry:
        low, high = entry["plausible"]
        print(f"  plausible [{low}, {high}] ({entry['plausible_source']})")


def _show_option(args: argparse.Namespace, kind: str) -> int:
    from sim.commands.catalogue import KINDS, list_options, read_option
    from sim.commands.console import print_json

    if not args.name:
        names = ", ".join(entry["name"] for entry in list_options(kind, args.config_dir))
        raise ConfigurationError(f"`coalitions show {args.kind}` needs a name: {names}")
    option = read_option(kind, args.name, args.config_dir)
    if args.json:
        del option["text"]
        print_json(option)
        return OK
    print(f"{KINDS[kind]}={option['name']}")
    print(option["text"].rstrip())
    if kind == "regimes":
        print("\n# What is not written here is the default: coalitions show parameters regime.programmes")
    return OK
