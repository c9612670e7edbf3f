"""The core, exactly: all coalitions whose members would all rather be together than where they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import GameError
from sim.games.hedonic import (
    MOST_PLAYERS,
    TOLERANCE,
    Group,
    HedonicGame,
    ListedGame,
    build_game,
    check_partition,
    check_size,
    list_members,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def core_blocking_coalitions(
    utilities: ArrayLike | HedonicGame | ListedGame,
    kind: str = "additively_separable",
    partition: Sequence[Iterable[int]] | None = None,
    *,
    weak: bool = False,
    limit: int | None = None,
) -> list[Group]:
    """Return the coalitions that block a partition: it is in the core where there are none.

    utilities: (n, n) weights, what each row's player gets from each column's, n <= 20, the diagonal is not read; `kind`
    says whether they add up (`additively_separable`) or are averaged over all members (`fractional`), see
    `hedonic.build_game`. Or a `HedonicGame` or `ListedGame`, whose kind is its own.
    partition: groups of players 0 to n - 1; None is everyone alone, so that the answer is which coalitions would form.
    weak: also those where nobody loses and somebody gains (the strict core is free of them).
    limit: as many at most, the first in the order of sum of 2^player over the members; None is all.
    A gain counts above 1e-9. Each coalition is a tuple of players, ascending. Raises `GameError`.
    """
    if limit is not None and limit < 0:
        raise GameError(f"limit = {limit}: must be 0 or more, or None for all")
    game = utilities if isinstance(utilities, HedonicGame | ListedGame) else build_game(utilities, kind)
    masks, _ = find_blocking_masks(game, partition, weak=weak, limit=limit)
    return list_coalitions(masks)


def find_blocking_masks(
    game: HedonicGame | ListedGame,
    partition: Sequence[Iterable[int]] | None,
    *,
    weak: bool = False,
    limit: int | None = None,
) -> tuple[list[int], int]:
    """Return the first `limit` blocking coalitions (all for None) as bit masks, and how many there are in all."""
    from sim.games.kernels import find_blocking

    check_size(game.n, "the core")
    now = game.worths(check_partition(partition, game.n))
    if isinstance(game, ListedGame):
        masks = [mask for mask, gains in game.gain_over(now) if _blocks(gains, weak)]
        return masks[:limit], len(masks)
    half = (game.n + 1) // 2
    low, high = np.zeros((game.n, 1 << half)), np.zeros((game.n, 1 << (game.n - half)))
    found = np.zeros(1 << game.n if limit is None else min(limit, 1 << game.n), "i8")
    count = int(find_blocking(*game, now, TOLERANCE, weak, low, high, found))
    return found[:count].tolist(), count


def _blocks(gains: list[float], weak: bool) -> bool:
    return max(gains) > TOLERANCE and min(gains) > (-TOLERANCE if weak else TOLERANCE)


def list_coalitions(masks: Sequence[int]) -> list[Group]:
    """Return the members of each bit mask: two halves looked up and joined, a million in some tenths of a second."""
    numbers, half = np.array(masks, "i8"), MOST_PLAYERS // 2
    low = [list_members(mask) for mask in range(1 << half)]
    high = [tuple(player + half for player in members) for members in low]
    below, above = (numbers & ((1 << half) - 1)).tolist(), (numbers >> half).tolist()
    return list(map(add, map(low.__getitem__, below), map(high.__getitem__, above)))
