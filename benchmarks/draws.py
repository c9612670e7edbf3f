"""Measure what one keyed draw costs and print it as JSON: `python benchmarks/draws.py [draws]`."""

import json
import sys
import time

import numba
import numpy as np

from sim.compiler import draws
from sim.dynamics.processes.meetings import MEET

DRAWS = ("uniform", "gumbel", "normal")


def build_loop(draw):
    """Return a compiled function that sums `count` draws of one stream."""

    @numba.njit
    def loop(key, count):
        total = 0.0
        for entity in range(count):
            total += draw(key, np.uint64(entity), np.uint64(0))
        return total

    return loop


def measure(draw, count: int) -> float:
    """Return nanoseconds a draw, the best of five."""
    loop, key = build_loop(draw), np.uint64(draws.stream(np.uint64(1), MEET, np.uint64(1)))
    loop(key, 1)  # compiles
    times = []
    for _ in range(5):
        start = time.perf_counter_ns()
        loop(key, count)
        times.append((time.perf_counter_ns() - start) / count)
    return min(times)


def main(words: list[str]) -> None:
    """Print one JSON object: nanoseconds by kind of draw."""
    count = int(words[0]) if words else 2_000_000
    sys.stdout.write(
        json.dumps({f"{name}_ns": round(measure(getattr(draws, name), count), 2) for name in DRAWS}) + "\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
