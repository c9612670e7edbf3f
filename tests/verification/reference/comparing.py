"""Holding the engine against the reference: rows, events and members of a run, to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.schema import codes, columns
from tests.verification.reference.model import ReferenceModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = tuple(column.name for column in columns.MONTHS)


class Reference(NamedTuple):
    """What the reference gave: rows (months + 1, columns), events (all, fields), members (months + 1, n)."""

    rows: NDArray[Any]
    events: NDArray[Any]
    members: NDArray[Any]


def run_reference(world: Any) -> Reference:
    """Return the reference's run of a world of `tests.worlds`."""
    model = ReferenceModel(world.parameters, world.seed, world.tables)
    for _ in range(world.parameters.months):
        model.step()
    rows = np.array([[row[name] for name in COLUMNS] for row in model.rows])
    events = np.array(model.events, "i8").reshape(-1, len(codes.EVENT_FIELDS))
    members = np.array(model.members, "i8")
    model.close()
    return Reference(rows, events, members)


def describe_difference(found: Any, expected: Reference) -> str:
    """Return where a run of the engine (`tests.worlds.Outcome`) first differs from the reference, or nothing."""
    for month, row in enumerate(expected.rows):
        for at, name in enumerate(COLUMNS):
            one, other = float(found.rows[name][month]), float(row[at])
            if one != other and not (np.isnan(one) and np.isnan(other)):
                return f"month {month}, {name}: engine {one!r}, reference {other!r}"
    if not np.array_equal(found.members, expected.members):
        return f"members of month {int(np.argwhere(found.members != expected.members)[0, 0])}"
    if len(found.events) != len(expected.events):
        return f"engine logs {len(found.events)} events, reference {len(expected.events)}"
    if not np.array_equal(found.events, expected.events):
        at = int(np.argwhere(found.events != expected.events)[0, 0])
        return f"event {at}: engine {found.events[at].tolist()}, reference {expected.events[at].tolist()}"
    return ""
