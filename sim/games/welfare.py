"""The partition with the largest sum of utilities, and what the present one falls short of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from sim.games.hedonic import HedonicGame, ListedGame, Partition, check_partition, check_size, list_members, to_mask

TIE = 1e-12  # partitions whose sums differ by less are alike: the one found first is kept


class Fragmentation(NamedTuple):
    """What a partition costs against the best one."""

    welfare: float  # sum of utilities under the partition
    best_welfare: float
    best_partition: Partition
    price: float  # what is lost, in utility: best less present
    share: float  # of the best, nan where that is not above 0


def find_best_partition(game: HedonicGame | ListedGame) -> Partition:
    """Return the partition of largest welfare among all there are, n <= 20. Raises `GameError`.

    Among equals (to 1e-12): the block of the first player, then that of the first one left, is the largest as a sum of
    2^player, so that rather more stay together.
    """
    from sim.games import kernels

    check_size(game.n, "the best partition")
    size = 1 << game.n
    value, best, choice = np.zeros(size), np.zeros(size), np.zeros(size, "i8")
    if isinstance(game, ListedGame):
        value[1:] = -math.inf
        for members, worths in game.listed.items():
            value[to_mask(members)] = sum(worths)
    else:
        kernels.sum_welfare(*game, best, value)
    kernels.find_best_partition(value, TIE, best, choice)
    groups, left = [], size - 1
    while left:
        groups.append(list_members(int(choice[left])))
        left ^= int(choice[left])
    return tuple(sorted(groups))


def price_fragmentation(
    game: HedonicGame | ListedGame, partition: Sequence[Iterable[int]] | None = None
) -> Fragmentation:
    """Return the price of fragmentation of a partition (None: everyone alone), n <= 20. Raises `GameError`."""
    present, best = check_partition(partition, game.n), find_best_partition(game)
    welfare, most = game.welfare(present), game.welfare(best)
    share = (most - welfare) / most if most > TIE else math.nan
    return Fragmentation(welfare, most, best, most - welfare, share)
