"""What every part of a design is checked for: its shape, unknown keys, repeats, and single values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sim.errors import ConfigurationError
from sim.schema.settable import EXPERIMENT_KEYS, GROUPS, RUN_KEYS, check_value, show, suggest


def require_mapping(tree: Any, where: str, wanted: str) -> Mapping[str, Any]:
    """Return `tree`, or an empty mapping for nothing. Raises `ConfigurationError` for anything else."""
    if tree is None:
        return {}
    if not isinstance(tree, Mapping):
        raise ConfigurationError(f"{where} = {show(tree)}: must be {wanted}")
    return tree


def require_list(values: Any, where: str, wanted: str) -> list[Any]:
    """Return `values`, or an empty list for None. Raises `ConfigurationError` unless it is a list of something."""
    if values is None:
        return []
    if not isinstance(values, list) or not values:
        raise ConfigurationError(f"{where} = {show(values)}: must be {wanted}")
    return values


def refuse_others(tree: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise `ConfigurationError` with a did-you-mean for a key of `tree` that is not `known`."""
    known = list(known)
    for key in tree:
        if key not in known:
            raise ConfigurationError(
                f"unknown entry '{where}.{key}'.{suggest(str(key), known)} It may hold {', '.join(known)}."
            )


def refuse_repeats(values: list[Any], where: str, mend: str = "take one away") -> None:
    """Raise `ConfigurationError` where a value stands twice."""
    seen = set()
    for value in values:
        text = json.dumps(value, sort_keys=True, default=str)
        if text in seen:
            raise ConfigurationError(f"{where}: holds {show(value)} twice; {mend}")
        seen.add(text)


def check_entry(name: Any, value: Any, where: str) -> Any:
    """Return the checked value of what a design sets; that a group has the option is left to `check_groups`."""
    if name == "experiment":
        raise ConfigurationError(f"{where}.experiment: an experiment cannot vary experiments; vary its settings")
    if name in RUN_KEYS or name in EXPERIMENT_KEYS:
        raise ConfigurationError(
            f"{where}.{name}: is no parameter, so it cannot vary; write '{name}' beside 'design' "
            "in the experiment's file"
        )
    return value if name in GROUPS else check_value(str(name), value)
