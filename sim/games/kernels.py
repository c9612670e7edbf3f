"""Compiled searches over all subsets of n players; a subset is a number whose bit i says whether player i is in it.

All kernels stand in this one file, so that numba's cache notices every change.
"""

from sim.compiler.jit import compiled_entry, inlined


@inlined
def _count_bits(mask):
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@compiled_entry
def find_blocking(weights, scale, offset, now, tolerance, is_weak, low, high, found):
    """Write the subsets that block to found, ascending, as far as there is room; return how many there are.

    A subset blocks where each member's utility in it, scale[m] · sum of weights + offset[i, m] for m members, is above
    `now` by more than the tolerance; weakly, where none is below by more and one is above by more.

    weights: (n, n), 0 on the diagonal. scale: (n + 1,). offset: (n, n + 1). now: (n,). Working space, low: (n, 2^half),
    high: (n, 2^(n - half)), sums over the subsets of the first half of players and of the rest. found: (room,) int64.
    """
    n, n_low, n_high = now.size, low.shape[1], high.shape[1]
    half = _count_bits(n_low - 1)
    for i in range(n):
        low[i, 0] = 0.0
        high[i, 0] = 0.0
        for j in range(half):
            for mask in range(1 << j):
                low[i, mask | (1 << j)] = low[i, mask] + weights[i, j]
        for j in range(half, n):
            for mask in range(1 << (j - half)):
                high[i, mask | (1 << (j - half))] = high[i, mask] + weights[i, j]
    count = 0
    for mask in range(1, n_low * n_high):
        below, above, size = mask & (n_low - 1), mask >> half, _count_bits(mask)
        n_gaining, blocks, i, rest = 0, True, 0, mask
        while rest and blocks:
            if rest & 1:
                gain = scale[size] * (low[i, below] + high[i, above]) + offset[i, size] - now[i]
                if gain > tolerance:
                    n_gaining += 1
                elif not is_weak or gain < -tolerance:
                    blocks = False
            rest >>= 1
            i += 1
        if blocks and n_gaining > 0:
            if count < found.size:
                found[count] = mask
            count += 1
    return count


@compiled_entry
def sum_welfare(weights, scale, offset, mutual, value):
    """Write the sum of members' utilities of every subset to value (2^n,). Working space: mutual (2^n,)."""
    n = offset.shape[0]
    mutual[0] = 0.0
    value[0] = 0.0
    for j in range(n):
        for rest in range(1 << j):
            mask, total = rest | (1 << j), mutual[rest]
            for i in range(j):
                if (rest >> i) & 1:
                    total += weights[i, j] + weights[j, i]
            mutual[mask] = total
            size, extra = _count_bits(mask), 0.0
            for i in range(j + 1):
                if (mask >> i) & 1:
                    extra += offset[i, size]
            value[mask] = scale[size] * total + extra


@compiled_entry
def find_best_partition(value, tie, best, choice):
    """Write to choice[mask] the block of its first player in the best partition of each subset that may be left over.

    value, best: (2^n,); choice: (2^n,) int64. The first player's block is taken out and the rest is parted at best: the
    dynamic programme over subsets, 3^(n - 1) / 2 steps. Blocks are tried from the largest number down; a later one must
    be better by more than `tie`.
    """
    full = value.size - 1
    best[0] = 0.0
    choice[0] = 0
    for at in range(1, value.size // 2 + 1):
        mask = at * 2 if at < value.size // 2 else full  # what is left over never holds player 0
        first = mask & -mask
        rest = mask ^ first
        part, most, taken = rest, value[mask], mask
        while part:
            part = (part - 1) & rest
            worth = value[part | first] + best[rest ^ part]
            if worth > most + tie:
                most, taken = worth, part | first
        best[mask] = most
        choice[mask] = taken


@compiled_entry
def sum_marginals(value, weight, totals):
    """Add to totals (n,) the marginal contributions of each player, weighted by the size of what it joins.

    value: (2^n,). weight: (n,), of a contribution to a subset of 0 to n - 1 others.
    """
    n = totals.size
    for mask in range(value.size):
        size = _count_bits(mask)
        for i in range(n):
            if not (mask >> i) & 1:
                totals[i] += weight[size] * (value[mask | (1 << i)] - value[mask])


@compiled_entry
def count_covered(provides, value):
    """Write to value (2^n,) how many populations have a provider in each subset. provides: (n,) bit masks, int64."""
    n = provides.size
    value[0] = 0
    for j in range(n):
        for rest in range(1 << j):
            value[rest | (1 << j)] = value[rest] | provides[j]
    for mask in range(value.size):
        value[mask] = _count_bits(value[mask])
