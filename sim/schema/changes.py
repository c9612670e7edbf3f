"""Values that are set anew during a run, by month: which parameters may be, and what holds from which month on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.errors import ConfigurationError
from sim.schema.parameters import KERNEL_GROUPS, Parameters
from sim.schema.settable import find_declaration, set_values

if TYPE_CHECKING:
    pass


LAID_OUT = "grants.annual_usd_per_organization"  # becomes the lines' money at month 0


class Change(NamedTuple):
    """Values of parameters, by dotted name, from the start of a month on."""

    month: int
    values: Mapping[str, Any]


def may_change(name: str) -> bool:
    """Say whether a parameter can be set anew during a run: all that kernels read month by month."""
    group = name.partition(".")[0]
    return find_declaration(name) is not None and group in KERNEL_GROUPS and group != "field" and name != LAID_OUT


def plan_changes(parameters: Parameters, changes: Sequence[Change]) -> list[tuple[int, Parameters]]:
    """Return the parameters from each month on that has changes, in the order of months, checked.

    Raises `ConfigurationError` for a month outside the run, and for a parameter that is unknown, out of its range, or
    holds for a whole run.
    """
    by_month: dict[int, dict[str, Any]] = {}
    for change in sorted(changes, key=lambda one: one.month):
        if not 1 <= change.month <= parameters.months:
            raise ConfigurationError(f"change in month {change.month}: must lie in [1, {parameters.months}], the run")
        by_month.setdefault(change.month, {}).update(change.values)
    planned = []
    for month, values in by_month.items():
        parameters = _set(parameters, values)
        planned.append((month, parameters))
    return planned


def _set(parameters: Parameters, values: Mapping[str, Any]) -> Parameters:
    changed = set_values(parameters, values)  # first, so that an unknown name is told as such
    fixed = [name for name in values if not may_change(name)]
    if fixed:
        raise ConfigurationError(f"{fixed[0]}: holds for a whole run; set it at the start instead of during it")
    return changed
