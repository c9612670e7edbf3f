"""An experiment's design: which settings it varies, and the points of the full grid over them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.configuration.declared import GROUPS, ConfigurationError, check_value, show
from sim.configuration.files import check_option
from sim.parameters import Parameters

MAX_POINTS = 100_000


@dataclass(frozen=True)
class Design:
    """What an experiment varies: ``vary`` maps a config group or a dotted parameter to the list of its values."""

    vary: dict[str, list[Any]] = dataclasses.field(default_factory=dict)

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield every combination of the values, the first name varying slowest; one empty point without names."""
        for values in itertools.product(*self.vary.values()):
            yield dict(zip(self.vary, values, strict=True))

    def __len__(self) -> int:
        """Return the number of points."""
        sizes = [len(values) for values in self.vary.values()]
        total = 1
        for size in sizes:
            total *= size
        return total


def read_design(tree: Mapping[str, Any] | None) -> Design:
    """Return the checked `Design` of plain data. Raises `ConfigurationError` naming the entry that cannot be varied."""
    vary = {}
    for name, values in ((tree or {}).get("vary") or {}).items():
        if not isinstance(values, list) or not values:
            raise ConfigurationError(f"design.vary.{name} = {show(values)}: must be a list of values, like [1, 2]")
        vary[name] = [_check(name, value) for value in values]
    design = Design(vary)
    if len(design) > MAX_POINTS:
        raise ConfigurationError(f"design.vary: has {len(design)} points; at most {MAX_POINTS} are run")
    return design


def _check(name: str, value: Any) -> Any:
    if name == "experiment":
        raise ConfigurationError("design.vary.experiment: an experiment cannot vary experiments; vary its settings")
    return value if name in GROUPS else check_value(name, value)


def check_groups(design: Design, own: Any = None) -> None:
    """Raise `ConfigurationError` unless every value of a varied config group is one of its options."""
    for name, values in design.vary.items():
        for value in values if name in GROUPS else []:
            check_option(name, value, own)


def set_values(parameters: Parameters, values: Mapping[str, Any]) -> Parameters:
    """Return `parameters` with dotted names set to `values`, checked, without composing again (fast).

    Raises `ConfigurationError` for an unknown name, a wrong kind or a value out of range.
    """
    for name, value in values.items():
        parameters = _set(parameters, name.split("."), check_value(name, value), name)
    return parameters


def _set(owner: Any, path: list[str], value: Any, name: str) -> Any:
    head, rest = path[0], path[1:]
    if isinstance(owner, dict):
        if head not in owner:
            raise ConfigurationError(f"{name}: this regime has no line '{head}', but {', '.join(owner) or 'none'}")
        return {**owner, head: _set(owner[head], rest, value, name)}
    inner = _set(getattr(owner, head), rest, value, name) if rest else value
    return dataclasses.replace(owner, **{head: inner})
