"""Paired differences and their intervals against scipy and by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.contrasts import compute_differences, compute_half_width, compute_t_quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 19, 99, 999])
def test_the_t_quantile_is_that_of_scipy(freedom):
    assert compute_t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


@pytest.mark.parametrize("n", [2, 3, 10, 200])
def test_the_half_width_is_that_of_a_t_interval(n):
    values = np.random.default_rng(n).normal(1.0, 2.0, n)
    low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert compute_half_width(float(values.std(ddof=1)), n) == pytest.approx((high - low) / 2, rel=2e-3)


def test_a_single_value_has_no_interval():
    assert math.isnan(compute_half_width(0.0, 1))


def test_differences_are_taken_on_equal_seeds():
    runs = pd.DataFrame(
        {
            "regime": ["a", "a", "a", "b", "b", "b"],
            "seed": [1, 2, 3, 3, 1, 2],
            "collaboration_end": [0.1, 0.5, 0.9, 1.0, 0.4, 0.7],
        }
    )
    row = compute_differences(runs, ("collaboration_end",)).iloc[0]
    paired = np.array([0.3, 0.2, 0.1])
    assert (row["regime"], row["reference"], row["n"]) == ("b", "a", 3)
    assert row["mean"] == pytest.approx(0.2)
    assert row["high"] - row["mean"] == pytest.approx(stats.t.ppf(0.975, 2) * paired.std(ddof=1) / math.sqrt(3))
