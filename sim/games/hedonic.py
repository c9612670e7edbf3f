"""Hedonic games: who likes to be with whom, and how it is written; utilities of the members of any coalition."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import GameError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# A gain counts where it is larger than this, a loss likewise: sums of some twenty numbers are exact to 1e-14 or so.
TOLERANCE = 1e-9
MOST_PLAYERS = 20  # for what looks at all 2^n subsets
KINDS = ("additively_separable", "fractional")

Group = tuple[int, ...]
Partition = tuple[Group, ...]


class HedonicGame(NamedTuple):
    """n players and what each coalition of m of them is worth to each: scale[m] · sum of weights + offset[i, m]."""

    weights: NDArray[Any]  # (n, n), of the row's player for the column's; 0 on the diagonal
    scale: NDArray[Any]  # (n + 1,)
    offset: NDArray[Any]  # (n, n + 1)

    @property
    def n(self) -> int:
        """How many players there are."""
        return len(self.weights)

    def worth(self, player: int, group: Iterable[int]) -> float:
        """Return what sitting with `group` (the player among them or not) is worth to the player."""
        members = sorted({*group, player})
        total = float(sum(self.weights[player, other] for other in members if other != player))
        return float(self.scale[len(members)] * total + self.offset[player, len(members)])

    def worths(self, partition: Partition) -> NDArray[Any]:
        """Return what each player's own group is worth to it (n,)."""
        found = np.zeros(self.n)
        for group in partition:
            for player in group:
                found[player] = self.worth(player, group)
        return found

    def welfare(self, partition: Partition) -> float:
        """Return the sum of all players' utilities."""
        return float(self.worths(partition).sum())


class ListedGame(NamedTuple):
    """n players and what each coalition that can form is worth to each of its members, one by one."""

    n: int
    listed: dict[Group, tuple[float, ...]]  # members, ascending, and what it is worth to each; to be alone is there

    def worth(self, player: int, group: Iterable[int]) -> float:
        """Return what sitting with `group` is worth to the player; -inf where such a coalition cannot form."""
        members = tuple(sorted({*group, player}))
        return self.listed[members][members.index(player)] if members in self.listed else -math.inf

    def worths(self, partition: Partition) -> NDArray[Any]:
        """Return what each player's own group is worth to it (n,). Raises `GameError` for a group that cannot form."""
        for group in partition:
            if group not in self.listed:
                raise GameError(f"partition: the players {', '.join(map(str, group))} are not listed as a coalition")
        return np.array([self.worth(player, group) for player, group in list_homes(partition)])

    def welfare(self, partition: Partition) -> float:
        """Return the sum of all players' utilities."""
        return float(self.worths(partition).sum())

    def gain_over(self, now: NDArray[Any]) -> Iterator[tuple[int, list[float]]]:
        """Yield each coalition as a bit mask, ascending, and what its members gain over `now` (n,)."""
        for members in sorted(self.listed, key=to_mask):
            yield to_mask(members), [worth - now[one] for one, worth in zip(members, self.listed[members], strict=True)]


def to_mask(members: Group) -> int:
    """Return the sum of 2^player over the members."""
    return sum(1 << player for player in members)


def list_homes(partition: Partition) -> list[tuple[int, Group]]:
    """Return each player and its group, in the order of players."""
    return sorted((player, group) for group in partition for player in group)


def build_game(weights: ArrayLike, kind: str) -> HedonicGame:
    """Return the game of a table of weights (n, n). The diagonal is not read.

    kind: `additively_separable`, a coalition is worth the sum of the weights of the others in it; `fractional`, that
    sum over the number of members, oneself included. Raises `GameError`.
    """
    if kind not in KINDS:
        raise GameError(f"kind = {kind!r}: must be one of {', '.join(KINDS)}")
    try:
        table = np.array(weights, dtype=float)
    except (TypeError, ValueError) as problem:
        raise GameError(f"weights: must be an (n, n) table of numbers ({problem})") from problem
    if table.ndim != 2 or table.shape[0] != table.shape[1] or len(table) < 1:
        raise GameError(f"weights: must be an (n, n) table of one player or more, not of shape {table.shape}")
    np.fill_diagonal(table, 0.0)
    if not np.isfinite(table).all():
        i, j = map(int, np.argwhere(~np.isfinite(table))[0])
        raise GameError(f"weights[{i}, {j}] = {table[i, j]}: must be a number; write a large negative one for never")
    n = len(table)
    sizes = np.maximum(np.arange(n + 1.0), 1.0)
    return HedonicGame(table, 1.0 / sizes if kind == "fractional" else np.ones(n + 1), np.zeros((n, n + 1)))


def check_partition(partition: Sequence[Iterable[int]] | None, n: int) -> Partition:
    """Return the groups with their members ascending, in the order of their first; None: everyone alone.

    Raises `GameError` unless each of the n players stands in one group.
    """
    if partition is None:
        return tuple((player,) for player in range(n))
    groups = [tuple(sorted(int(player) for player in group)) for group in partition]
    groups = sorted(group for group in groups if group)
    listed = [player for group in groups for player in group]
    outside = [player for player in listed if not 0 <= player < n]
    if outside:
        raise GameError(f"partition: player {outside[0]} is none of the players 0 to {n - 1}")
    for player in range(n):
        if listed.count(player) != 1:
            what = "stands in no group" if player not in listed else "stands in several groups"
            raise GameError(f"partition: player {player} {what}; each must stand in one (a player alone is a group)")
    return tuple(groups)


def check_size(n: int, what: str) -> None:
    """Raise `GameError` where there are too many players to look at all subsets."""
    if n > MOST_PLAYERS:
        raise GameError(
            f"{n} players: {what} looks at all 2^n coalitions and is exact up to n = {MOST_PLAYERS}; take fewer "
            "players, or the stability of single players, which has no such limit"
        )


def list_members(mask: int) -> Group:
    """Return the players in a subset, ascending."""
    return tuple(player for player in range(int(mask).bit_length()) if (mask >> player) & 1)
