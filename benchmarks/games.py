"""How long the exact searches of `sim.games` take, warm: python benchmarks/games.py."""

import time

import numpy as np

from sim import games


def measure(act, times=3):
    """Return the shortest of some durations, in seconds."""
    durations = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        durations.append(time.perf_counter() - start)
    return min(durations)


def main():
    """Print a table of seconds by number of players, on normal weights and on weights that let every group block."""
    print("| players | core, sums | core, shares | core where all groups block | best partition | Shapley |")
    print("|---|---|---|---|---|---|")
    for n in (3, 16, 18, 20):
        random = np.random.default_rng(n)
        weights = random.normal(size=(n, n))
        value = games.build_coverage(random.random((n, 6)) < 0.3)
        acts = [
            lambda weights=weights: games.core_blocking_coalitions(weights, "additively_separable"),
            lambda weights=weights: games.core_blocking_coalitions(weights, "fractional"),
            lambda weights=weights: games.core_blocking_coalitions(np.abs(weights)),
            lambda weights=weights: games.find_best_partition(games.build_game(weights, "additively_separable")),
            lambda value=value: games.compute_shapley(value),
        ]
        seconds = [measure(act) for act in acts]
        if n > 3:  # the first compiles
            print(f"| {n} | " + " | ".join(f"{one:.2f} s" for one in seconds) + " |")


if __name__ == "__main__":
    main()
