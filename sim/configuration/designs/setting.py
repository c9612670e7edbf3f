"""Reading and setting single parameters of a checked setting, without composing again (fast)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sim.schema.settable import check_value
from sim.schema.fields import Group
from sim.errors import ConfigurationError, ParameterError
from sim.schema.parameters import Parameters


def set_values(parameters: Parameters, values: Mapping[str, Any]) -> Parameters:
    """Return `parameters` with dotted names set to `values`, all at once, checked, without composing again (fast).

    Raises `ConfigurationError` for an unknown name, a wrong kind, a value out of range, or values that exclude another.
    """
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = check_value(name, value)
    return _set(parameters, tree, "")


def get_value(parameters: Parameters, name: str) -> Any:
    """Return the value that `parameters` hold under a dotted name. Raises `ConfigurationError` without that line."""
    owner: Any = parameters
    for part in name.split("."):
        if isinstance(owner, dict) and part not in owner:
            raise ConfigurationError(f"{name}: this regime has no line '{part}', but {', '.join(owner) or 'none'}")
        owner = owner[part] if isinstance(owner, dict) else getattr(owner, part)
    return owner


def _set(owner: Any, changes: dict[str, Any], prefix: str) -> Any:
    if isinstance(owner, dict):
        for line in changes:
            if line not in owner:
                raise ConfigurationError(
                    f"{prefix}{line}: this regime has no line '{line}', but {', '.join(owner) or 'none'}"
                )
        return {**owner, **{line: _set(owner[line], inner, f"{prefix}{line}.") for line, inner in changes.items()}}
    inner = {
        name: _set(getattr(owner, name), value, f"{prefix}{name}.") if isinstance(value, dict) else value
        for name, value in changes.items()
    }
    try:
        return _replace(owner, inner)
    except ParameterError as problem:
        raise ConfigurationError(str(problem).replace("programme.", prefix, 1)) from None


def _replace(owner: Any, changes: dict[str, Any]) -> Any:
    """Return `owner` with `changes`; where it only checks each value by itself, that has been done: no second time."""
    if getattr(type(owner), "__post_init__", None) is not Group.__post_init__:
        return dataclasses.replace(owner, **changes)
    made = object.__new__(type(owner))
    vars(made).update(vars(owner) | changes)
    return made
