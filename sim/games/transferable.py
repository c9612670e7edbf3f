"""Games with transferable utility: what every coalition can do together, and what each player adds to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import GameError
from sim.games.hedonic import check_size

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def build_coverage(provides: ArrayLike) -> NDArray[Any]:
    """Return the coverage game (2^n,): the share of populations with a provider in each coalition of players.

    provides: (n, K) bool, whether each player serves each population. The value of a subset stands at the sum of
    2^player over its members. Raises `GameError`.
    """
    from sim.games.kernels import count_covered

    table = np.asarray(provides, dtype=bool)
    if table.ndim != 2 or not table.size:
        raise GameError(f"provides: must be an (n, K) table of yes and no, not of shape {table.shape}")
    check_size(len(table), "the coverage game")
    masks = (table.astype("i8") << np.arange(table.shape[1])).sum(axis=1)
    value = np.zeros(1 << len(table), "i8")
    count_covered(masks, value)
    return value / table.shape[1]


def compute_shapley(value: ArrayLike) -> NDArray[Any]:
    """Return each player's Shapley value (n,): what it adds on average to those before it, over all orders.

    value: (2^n,), the worth of each subset at the sum of 2^player over its members, that of the empty one 0. They add
    up to the worth of all together. Raises `GameError`.
    """
    worth, n = _check_value(value)
    return _sum_marginals(worth, [1 / (n * math.comb(n - 1, size)) for size in range(n)])


def compute_banzhaf(value: ArrayLike) -> NDArray[Any]:
    """Return each player's Banzhaf value (n,): what it adds on average to a subset of the others, all alike.

    value: see `compute_shapley`. It is not scaled: the values need not add up to anything.
    """
    worth, n = _check_value(value)
    return _sum_marginals(worth, [2.0 ** (1 - n)] * n)


def build_voting(quota: float, votes: ArrayLike) -> NDArray[Any]:
    """Return the weighted majority game (2^n,): 1 where the members' votes reach the quota."""
    weights = np.asarray(votes, dtype=float)
    check_size(len(weights), "a voting game")
    total = np.zeros(1 << len(weights))
    for player, weight in enumerate(weights):
        total[1 << player : 2 << player] = total[: 1 << player] + weight
    return (total >= quota - 1e-9).astype(float)


def _check_value(value: ArrayLike) -> tuple[NDArray[Any], int]:
    worth = np.ascontiguousarray(value, dtype=float)
    n = max(worth.size.bit_length() - 1, 0)
    if worth.ndim != 1 or worth.size != 1 << n or n < 1:
        raise GameError(f"value: must have 2^n numbers, one for each subset of n players, not shape {worth.shape}")
    check_size(n, "the value of a player")
    if not np.isfinite(worth).all() or abs(worth[0]) > 1e-12:
        raise GameError("value: must be numbers, and that of the empty coalition, the first, 0")
    return worth, n


def _sum_marginals(worth: NDArray[Any], weight: list[float]) -> NDArray[Any]:
    from sim.games.kernels import sum_marginals

    totals = np.zeros(len(weight))
    sum_marginals(worth, np.array(weight), totals)
    return totals
