"""What there is to list and to show: the options of each config group, the experiments, the parameters."""

from __future__ import annotations

import dataclasses
import typing
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from sim.configuration import declared, find_declaration, option_files, read_description, suggest
from sim.configuration.options import check_file, check_option, read_yaml
from sim.errors import ConfigurationError
from sim.schema.regimes import Programme
from sim.schema.settable import Declaration, refuse_unknown

KINDS = {
    "regimes": "regime",
    "fields": "field",
    "shocks": "shock",
    "mechanisms": "mechanisms",
    "calibrations": "calibration",
    "experiments": "experiment",
    "parameters": "parameter",
}


def find_kind(word: str) -> str:
    """Return the kind that `word` means, in the plural; the singular will do. Raises `ConfigurationError`."""
    for plural, singular in KINDS.items():
        if word in (plural, singular, plural.removesuffix("s")):
            return plural
    raise ConfigurationError(f"unknown kind '{word}'.{suggest(word, KINDS)} There are: {', '.join(KINDS)}.")


def list_options(kind: str, own: str | None = None) -> list[dict[str, Any]]:
    """Return name and description of every option of a kind that has files.

    A user's own file that cannot be used is listed with its `problem`, and does not keep the others from being listed.
    """
    folder = Path(own) if own else None
    return [_describe_option(name, path, folder) for name, path in option_files(KINDS[kind], folder).items()]


def _describe_option(name: str, path: Path, own: Path | None) -> dict[str, Any]:

    try:
        if own and path.is_relative_to(own):
            check_file(path)
        return {"name": name, "description": read_description(path)}
    except ConfigurationError as problem:
        return {"name": name, "description": "", "problem": str(problem)}


def read_option(kind: str, name: str, own: str | None = None) -> dict[str, Any]:
    """Return name, description, text and settings of one option. Raises `ConfigurationError` where there is none."""
    import yaml

    check_option(KINDS[kind], name, Path(own) if own else None)
    path = option_files(KINDS[kind], Path(own) if own else None)[name]
    if own and path.is_relative_to(own):
        check_file(path)
    text = read_yaml(path)
    settings = yaml.safe_load(text) or {}
    if kind == "regimes":
        settings["programmes"] = {
            line: _with_defaults(entries or {}) for line, entries in (settings.get("programmes") or {}).items()
        }
    return {"name": name, "description": read_description(path), "settings": settings, "text": text}


def _with_defaults(entries: dict[str, Any]) -> dict[str, Any]:

    return dataclasses.asdict(Programme(**entries))


def list_parameters(pattern: str = "") -> list[dict[str, Any]]:
    """Return every parameter whose name or label holds `pattern`, or matches it as ``memberships.*``."""
    wanted = pattern.lower()
    return [
        describe(entry)
        for name, entry in declared().items()
        if wanted in name or wanted in str(entry.metadata.get("label", "")).lower() or fnmatch(name, wanted)
    ]


def read_parameter(name: str) -> dict[str, Any]:
    """Return one parameter by its dotted name. Raises `ConfigurationError` with a did-you-mean."""
    entry = find_declaration(name)
    if entry is None:
        refuse_unknown(name)
    return describe(entry)


def describe(entry: Declaration) -> dict[str, Any]:
    """Return a parameter as plain data: name, default, kind, unit, range, options, label, source."""
    meta = entry.metadata
    found = {"name": entry.name, "default": entry.default, "kind": _name_kind(entry.kind), "unit": meta.get("unit", "")}
    if "low" in meta:
        found |= {"low": meta["low"], "high": meta["high"]}
        found |= {"plausible": list(meta["plausible"]), "plausible_source": meta["plausible_source"]}
    if "options" in meta:
        found["options"] = list(meta["options"])
    return {**found, "label": meta.get("label", ""), "source": meta.get("source", "design")}


def _name_kind(kind: Any) -> str:
    names = {int: "whole number", float: "number", bool: "true or false", str: "text"}
    if kind in names:
        return names[kind]
    if typing.get_origin(kind) is list:
        return f"list of {'numbers' if typing.get_args(kind) == (float,) else 'names'}"
    return "text or null"


def tell_range(entry: dict[str, Any]) -> str:
    """Return what a described parameter may be, in a few words."""
    if "low" in entry:
        return f"[{entry['low']}, {entry['high']}]"
    return ", ".join(entry["options"]) if "options" in entry else entry["kind"]
