"""Who of a roster sits in which locality, and what is known of them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.schema.keys import entity_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.schema.roster_tables import Localities, RosterTables


class Seated(NamedTuple):
    """What a roster says of the n organizations of one locality; as in `state.Roster`."""

    key: NDArray[Any]
    sector: NDArray[Any]
    mix: NDArray[Any]
    viewpoint: NDArray[Any]
    stance: NDArray[Any]
    need_usd: NDArray[Any]
    own_income_share: NDArray[Any]
    reserve_months: NDArray[Any]
    trust: NDArray[Any]  # (n, n), or (0, 0) where nothing is known
    member: NDArray[Any]


def seat_roster(tables: RosterTables, given: Localities) -> list[Seated]:
    """Return the organizations of each locality. One with several seats spends an equal part of its need at each."""
    keys = np.array([entity_key(one) for one in tables.ids], "u8")
    n_seats = np.bincount(np.concatenate(given.seats), minlength=len(keys))
    ties: dict[int, list[tuple[int, float]]] = {}
    for start, end, value in given.ties:
        ties.setdefault(start, []).append((end, value))
    groups: dict[int, list[int]] = {}
    for number, members in enumerate(given.groups):
        for row in members.tolist():
            groups.setdefault(row, []).append(number)
    found = []
    for rows in given.seats:
        place = {row: at for at, row in enumerate(rows.tolist())}
        known = {name: getattr(tables, name)[rows] for name in Seated._fields[1:-2]}
        known["need_usd"] = known["need_usd"] / n_seats[rows]
        trust, member = _find_trust(place, ties), _find_members(place, groups)
        found.append(Seated(key=keys[rows], **known, trust=trust, member=member))
    return found


def _find_trust(place: dict[int, int], ties: dict[int, list[tuple[int, float]]]) -> NDArray[Any]:
    """Return the known trust among the organizations of one locality. place: where each row of the roster sits."""
    known = [(place[row], place[end], value) for row in place for end, value in ties.get(row, ()) if end in place]
    trust = np.full((len(place), len(place)) if known else (0, 0), np.nan)
    for start, end, value in known:
        trust[start, end] = value
    return trust


def _find_members(place: dict[int, int], groups: dict[int, list[int]]) -> NDArray[Any]:
    """Return the coalitions (M, n) of one locality, in the order of their members: two of a coalition make one here."""
    here: dict[int, list[int]] = {}
    for row, at in place.items():
        for number in groups.get(row, ()):
            here.setdefault(number, []).append(at)
    member = sorted(
        ([at in seats for at in range(len(place))] for seats in here.values() if len(seats) > 1), reverse=True
    )
    return np.array(member, "?").reshape(-1, len(place))
