"""Changing a design's plain data by the words of a command line: what is set no longer varies, what is listed does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sim.configuration.designs.entries import require_mapping
from sim.configuration.designs.sampling import ENSEMBLE
from sim.schema.settable import find_declaration


def narrow(tree: Any, names: Iterable[str]) -> Any:
    """Return a design's plain data without what the user has set to one value."""
    if not isinstance(tree, Mapping):
        return tree
    tree, names = dict(tree), set(names)
    if isinstance(tree.get("vary"), Mapping):
        tree["vary"] = {name: values for name, values in tree["vary"].items() if name not in names}
    if isinstance(tree.get("cases"), list):
        tree["cases"] = _narrow_cases(tree["cases"], names)
    sample = tree.get("sample")
    if isinstance(sample, Mapping) and sample.get("method") == ENSEMBLE and names:
        tree["sample"] = _narrow_ensemble(sample, names)
    if isinstance(sample, Mapping) and isinstance(sample.get("over"), Mapping | list):
        over = sample["over"]
        left = [name for name in over if name not in names]
        kept = {name: over[name] for name in left} if isinstance(over, Mapping) else left
        tree["sample"] = {**sample, "over": kept} if kept or not over else None
    if isinstance(tree.get("designs"), list):
        tree["designs"] = [narrow(inner, names) for inner in tree["designs"]]
    return tree


def add_varied(tree: Any, varied: Mapping[str, Any]) -> Any:
    """Return a design's plain data with a grid and a sample from the command line added to it."""
    if not varied:
        return tree
    tree = require_mapping(tree, "design", "a mapping")
    vary, sample = varied.get("vary") or {}, varied.get("sample") or {}
    tree = dict(narrow(tree, [*vary, *(sample.get("over") or {})]))
    if vary:
        tree["vary"] = {**(tree.get("vary") or {}), **vary}
    if sample.get("method") == ENSEMBLE:
        tree["sample"] = _narrow_ensemble(sample, set(vary))
    elif sample:
        present = tree.get("sample") or {}
        over = present.get("over") or {}
        over = dict.fromkeys(over) if isinstance(over, list) else over
        tree["sample"] = {**present, **sample, "over": {**over, **sample.get("over", {})}}
    return tree


def _narrow_ensemble(sample: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """Return the ensemble without the parameters that are set or varied by themselves; whose they are is left open."""
    left = sample.get("without") or []
    known = {name for name in names if find_declaration(name) is not None}
    if not known or not isinstance(left, list):
        return dict(sample)
    return {**sample, "without": [*left, *sorted(known - set(left))]}


def _narrow_cases(cases: list[Any], names: set[str]) -> list[Any] | None:
    kept = []
    for case in cases:
        left = {key: value for key, value in case.items() if key not in names} if isinstance(case, Mapping) else case
        if left == case or left not in kept:
            kept.append(left)
    return kept if any(not isinstance(case, Mapping) or set(case) - {"name"} for case in kept) else None
