"""From the table of events to what happened, to whom, in which coalition, and who sat where when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.interviews.themes import AWARENESS_RISES, NOT_RENEWED

if TYPE_CHECKING:
    import pandas as pd

Occupant = tuple[int, int]  # an organization's slot and the generation of who is in it

_FOUNDED = ("found", "rival_found")
_BROKEN_AWAY = ("break_away", "rival_break_away")
_TOGETHER = (*_FOUNDED, *_BROKEN_AWAY)  # one event, a row for each organization that took part
_YEAR = 12


class Happening(NamedTuple):
    """One thing that happened, however many rows of the table tell it."""

    month: int
    event: str
    cause: str
    occupants: frozenset[Occupant]  # to whom
    coalitions: frozenset[int]  # in which coalitions


class Stay(NamedTuple):
    """An organization's time in one coalition, both months included."""

    coalition: int
    first_month: int
    last_month: int


class Trace(NamedTuple):
    """What one run's events tell up to a month."""

    happenings: list[Happening]
    stays: dict[Occupant, list[Stay]]
    closed: frozenset[Occupant]


class _Seats:
    """Who sits in which coalition, as the events go by."""

    def __init__(self) -> None:
        self.since: dict[int, dict[Occupant, int]] = {}
        self.stays: dict[Occupant, list[Stay]] = {}

    def of(self, occupant: Occupant) -> list[int]:
        return [coalition for coalition, members in self.since.items() if occupant in members]

    def take(self, coalition: int, occupants: frozenset[Occupant], month: int) -> None:
        for occupant in occupants:
            self.since.setdefault(coalition, {})[occupant] = month

    def leave(self, coalition: int, occupants: frozenset[Occupant], month: int) -> None:
        for occupant in occupants:
            first = self.since.get(coalition, {}).pop(occupant, None)
            if first is not None:
                self.stays.setdefault(occupant, []).append(Stay(coalition, first, month))

    def end(self, coalition: int, month: int) -> None:
        self.leave(coalition, frozenset(self.since.get(coalition, ())), month)
        self.since.pop(coalition, None)

    def drop_lone(self) -> None:
        """Forget coalitions of one: those of month 0 are ended without an event."""
        for coalition in [one for one, members in self.since.items() if len(members) < 2]:
            del self.since[coalition]


def trace_run(events: pd.DataFrame, last_month: int) -> Trace:
    """Return what happened and who sat where, from the events of one run in the order they were logged.

    A break-away names the coalition that arises and not the one it leaves: that is the one all who leave have sat in,
    and where there are several the one with most members. An application lost by who had won on the same line before
    is also a happening `not_renewed`.
    """
    seats, happenings, closed = _Seats(), [], set()
    holds: set[tuple[Occupant, str]] = set()
    is_start = True
    for rows in _group(events.loc[events["month"] <= last_month]):
        row = rows[0]
        if is_start and row.month > 0:
            seats.drop_lone()
            is_start = False
        occupants = frozenset((one.organization, one.generation) for one in rows if one.organization > 0)
        coalitions = _move(seats, row, occupants)
        happenings.append(Happening(row.month, row.event, row.cause, occupants, coalitions))
        if row.event == "win":
            holds |= {(occupant, row.line) for occupant in occupants}
        elif row.event == "lose":
            ended = {(occupant, row.line) for occupant in occupants} & holds
            holds -= ended
            if ended:
                happenings.append(Happening(row.month, NOT_RENEWED, row.cause, occupants, frozenset()))
        elif row.event == "close":
            closed |= occupants
    for coalition in list(seats.since):
        seats.end(coalition, last_month)
    return Trace(happenings, seats.stays, frozenset(closed))


def find_rises(months: pd.DataFrame, rise: float) -> Iterator[Happening]:
    """Yield a happening for each month of one run whose awareness stands `rise` above all it had been a year before.

    To come back to where it was before a fall is no rise.
    """
    ordered = months.sort_values("month")
    stock = ordered["awareness"].tolist()
    for at, month in enumerate(ordered["month"].tolist()):
        if at >= _YEAR and stock[at] - max(stock[: at - _YEAR + 1]) >= rise:
            yield Happening(month, AWARENESS_RISES, "coalition activity", frozenset(), frozenset())


def _group(events: pd.DataFrame) -> Iterator[list[Any]]:
    """Yield the rows of each happening: those of one founding, break-away or joint award stand together."""
    rows = enumerate(events.itertuples(index=False))

    def key(numbered: tuple[int, Any]) -> tuple[Any, ...]:
        number, row = numbered
        is_joint = row.event in _TOGETHER or (row.event == "win" and row.coalition > 0)
        return (row.month, row.event, row.coalition, row.line) if is_joint else (number,)

    for _, numbered in groupby(rows, key):
        yield [row for _, row in numbered]


def _move(seats: _Seats, row: Any, occupants: frozenset[Occupant]) -> frozenset[int]:
    """Seat and unseat whom an event moves; return the coalitions it happened in."""
    if row.event in _FOUNDED:  # in the coalitions its founders sit in, too
        around = {coalition for occupant in occupants for coalition in seats.of(occupant)}
        seats.take(row.coalition, occupants, row.month)
        return frozenset(around | {row.coalition})
    if row.event in _BROKEN_AWAY:
        left = _find_left(seats, occupants)
        for coalition in left:
            seats.leave(coalition, occupants, row.month)
        seats.take(row.coalition, occupants, row.month)
        return frozenset({row.coalition, *left})
    if row.event == "join":
        seats.take(row.coalition, occupants, row.month)
    elif row.event == "exit":
        seats.leave(row.coalition, occupants, row.month)
    elif row.event == "dissolve":
        seats.end(row.coalition, row.month)
    elif row.event == "close":
        around = {coalition for occupant in occupants for coalition in seats.of(occupant)}
        for coalition in around:
            seats.leave(coalition, occupants, row.month)
        return frozenset(around)
    return frozenset({row.coalition} - {0})


def _find_left(seats: _Seats, occupants: frozenset[Occupant]) -> list[int]:
    """Return the coalition that those who break away leave, in a list; empty where none holds them all."""
    shared = [one for one, members in seats.since.items() if occupants < members.keys()]
    return sorted(shared, key=lambda one: (-len(seats.since[one]), one))[:1]
