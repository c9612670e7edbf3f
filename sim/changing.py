"""Runs whose numbers change on the way: a lever is set anew at the start of a month, and holds from there on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim import columns, schedule
from sim.configuration import ConfigurationError, find_declaration, set_values
from sim.engine import ROOM_FOR_EVENTS, Recorded, tabulate
from sim.inputs import Inputs
from sim.parameters import KERNEL_GROUPS, Parameters
from sim.state import ROW_DTYPE, allocate_world
from sim.tables import JUDGED

if TYPE_CHECKING:
    from sim.results import Results
    from sim.roster import RosterTables

LAID_OUT = "grants.annual_usd_per_organization"  # becomes the lines' money at month 0
_CHANGE = re.compile(r"(\d{1,5}):([^=]+)=(.*)")


class Change(NamedTuple):
    """Values of parameters, by dotted name, from the start of a month on."""

    month: int
    values: Mapping[str, Any]


def may_change(name: str) -> bool:
    """Say whether a parameter can be set anew during a run: all that kernels read month by month."""
    group = name.partition(".")[0]
    return find_declaration(name) is not None and group in KERNEL_GROUPS and group != "field" and name != LAID_OUT


def read_change(text: str) -> Change:
    """Return what ``MONTH:KEY=VALUE`` means. Raises `ConfigurationError`."""
    import yaml

    found = _CHANGE.fullmatch(text)
    if not found:
        raise ConfigurationError(f"--change {text}: write MONTH:KEY=VALUE, like 49:meetings.facilitation=0.4")
    try:
        value = yaml.safe_load(found.group(3))
    except yaml.YAMLError:
        value = found.group(3)
    return Change(int(found.group(1)), {found.group(2): value})


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


def write_changes(changes: Sequence[Change]) -> list[str]:
    """Return the options of ``coalitions run`` that make these changes."""
    told = []
    for change in sorted(changes, key=lambda one: one.month):
        for name, value in change.values.items():
            told += ["--change", f"{change.month}:{name}={write_value(value)}"]
    return told


def write_value(value: Any) -> str:
    """Return a value as it stands on the command line."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f"{value}"


def simulate_changed(
    parameters: Parameters,
    seeds: list[int],
    changes: Sequence[Change],
    roster: RosterTables | None = None,
    on_progress: Callable[[float, int], None] | None = None,
) -> Results:
    """Return the tables of runs that change on the way, as `engine.simulate` does of others.

    The manifest lists the changes. Raises `ConfigurationError` as `plan_changes` does.
    """
    if parameters.field.n_localities > 1 or (roster is not None and roster.localities is not None):
        raise ConfigurationError("changes during a run: not for a field of many localities")
    planned = plan_changes(parameters, changes)
    inputs = Inputs(parameters, roster, ROOM_FOR_EVENTS)
    parts = []
    for number, seed in enumerate(seeds, start=1):
        found = _run_seed(inputs, parameters, seed, planned)
        parts.append(([seed], found if number == 1 else found._replace(members=found.members[:0])))
        if on_progress is not None:
            on_progress(number, len(seeds))
    inputs.change(parameters, roster)
    results = tabulate(parameters, parts, inputs)
    results.manifest["changes"] = [{"month": change.month, "values": change.values} for change in changes]
    return results


def _run_seed(inputs: Inputs, parameters: Parameters, seed: int, planned: list[tuple[int, Parameters]]) -> Recorded:
    months, room = parameters.months + 1, inputs.world.log.rows.shape
    rows = np.zeros((1, months), ROW_DTYPE).view(np.recarray)
    members = np.zeros((1, months, inputs.n_organizations), "i8")
    people = np.zeros((1, months, inputs.roster.mix.shape[1], len(columns.PEOPLE)))
    events, counts = np.zeros((1, *room), "i8"), np.zeros(1, "i8")
    firsts = [0, *(month for month, _ in planned)]
    for first, end, held in zip(firsts, [*firsts[1:], months], [parameters, *(one for _, one in planned)], strict=True):
        inputs.change(held, inputs.tables)
        kept = slice(first, end)
        with np.errstate(over="ignore", invalid="ignore"):
            schedule.run_seeds(
                np.array([seed], "u8"), first, end - 1, 0, len(schedule.PROCESSES), inputs.record, inputs.roster,
                inputs.lines, inputs.world, rows[:, kept], members[:, kept], people[:, kept], events, counts,
            )  # fmt: skip
    if counts[0] > room[0]:
        inputs.world = allocate_world(inputs.roster, inputs.lines, int(counts[0]) + 64)
        return _run_seed(inputs, parameters, seed, planned)
    kept = np.column_stack([np.zeros(counts[0], "i8"), events[0, : counts[0]]])
    return Recorded(rows, members, kept, people, np.zeros((1, 0, len(JUDGED), len(columns.SUMS))))
