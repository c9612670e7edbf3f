"""What a roster says, as arrays: the form in which it reaches the engine."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from sim.schema.regimes import Programme


class Localities(NamedTuple):
    """L localities in the order of their states and codes; trust and member of the tables are then empty."""

    state: np.ndarray  # (L,) int64, counted from 0
    seats: tuple[np.ndarray, ...]  # L arrays: the rows of the organizations that sit there, ascending
    ties: tuple[tuple[int, int, float], ...]  # known trust from one row to another
    groups: tuple[np.ndarray, ...]  # rows of the members of each coalition, wherever they sit


@dataclasses.dataclass(frozen=True, eq=False)
class RosterTables:
    """What a folder says, n organizations in the order of their ids; arrays as in `state.Roster`, without keys."""

    ids: tuple[str, ...]
    sector: np.ndarray  # (n,) int64 row of field.sectors, -1 unknown
    mix: np.ndarray  # (n, K) shares, rows sum to 1; nan rows unknown
    viewpoint: np.ndarray  # (n,) in [-1, 1], nan unknown
    stance: np.ndarray  # (n,) in [-1, 1], nan unknown
    need_usd: np.ndarray  # (n,) USD per month, nan unknown
    own_income_share: np.ndarray  # (n,) in [0, 1], nan unknown
    reserve_months: np.ndarray  # (n,) months of need, nan unknown
    trust: np.ndarray  # (n, n) from row to column in [0, 1], nan unknown
    member: np.ndarray  # (M, n) bool: coalitions at month 0, M = 0 where none is named
    programmes: dict[str, Programme] | None  # None without grants.csv: the regime's own lines stand
    is_synthetic: bool
    digest: str  # of everything else but is_synthetic
    localities: Localities | None = None  # None where there is only one
