"""``coalitions show``: one regime, field, shock, mechanism setting, experiment or parameter in full."""

from __future__ import annotations

import argparse
from typing import Any

from sim.commands.catalogue import (
    KINDS,
    find_kind,
    list_options,
    list_parameters,
    read_option,
    read_parameter,
    tell_range,
)
from sim.commands.console import print_json
from sim.commands.options import add_options
from sim.errors import OK, ConfigurationError

DESCRIPTION = """\
Show one thing in full.

  coalitions show regime competitive
  coalitions show parameter memberships.turf_weight
  coalitions show parameters trust          every parameter whose name or label holds the word
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    kind: Any = parser.add_argument(
        "kind", help="regime, field, shock, mechanisms, experiment, parameter or parameters"
    )
    name: Any = parser.add_argument("name", nargs="?", help="its name; with `parameters`, a word to look for")
    kind.completer = name.completer = _complete
    add_options(parser, "config_dir", "json", config_dir="folder of your own YAML")


def _complete(before: list[str]) -> list[str]:
    """Return the kinds, or the names there are of the kind given."""
    if not before:
        return [*KINDS.values(), *(kind for kind in KINDS if kind not in KINDS.values())]
    kind = find_kind(before[0])
    return [one["name"] for one in (list_parameters() if kind == "parameters" else list_options(kind))]


def execute(args: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    kind = find_kind(args.kind)
    if kind == "parameters":
        is_one = args.kind == "parameter" and args.name
        return _show_parameter(args) if is_one else _show_parameters(args)
    return _show_option(args, kind)


def _show_parameter(args: argparse.Namespace) -> int:

    entry = read_parameter(args.name)
    if args.json:
        print_json(entry)
    else:
        _print_parameter(entry)
    return OK


def _show_parameters(args: argparse.Namespace) -> int:

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

    print(f"{entry['name']}\n  {entry['label']}")
    print(f"  default {entry['default']} {entry['unit']} · range {tell_range(entry)} · source: {entry['source']}")
    if "plausible" in entry:
        low, high = entry["plausible"]
        print(f"  plausible [{low}, {high}] ({entry['plausible_source']})")


def _show_option(args: argparse.Namespace, kind: str) -> int:

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
