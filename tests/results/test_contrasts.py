"""Paired differences and their intervals against scipy and by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.__main__ import main
from sim.figures import make_figures
from sim.report.page import make_page
from sim.report.reading import read_material
from sim.results.contrasts import compute_differences, compute_half_width, compute_t_quantile, tell_differences
from sim.results.store import load_results


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


@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["regime=none", "grants.annual_usd_per_organization=20000,90000"], "gives the same runs as"),
        (["regime=competitive,lottery"], "ends"),
        (["regime=competitive", "meetings.facilitation=0,0.8"], "ends"),
    ],
)
def test_settings_that_give_the_same_runs_are_said_to(words, told, n_seeds, tmp_path, capsys):
    command = ["compare", *words, f"seeds={n_seeds}", "months=36", "name=c", "--results", str(tmp_path), "--quiet"]
    assert main([*command, "--no-figures"]) == 0
    printed = capsys.readouterr().out
    assert told in printed
    assert ("gives the same runs" in printed) == ("same" in told)
    assert "nan" not in printed.partition("Where the runs part")[0].split("\n\n")[-2]
    page = make_page(read_material(tmp_path / "c"))
    sentences = " ".join(page.summary)
    assert ("gives the same runs" in sentences) == ("same" in told)
    assert ("The same runs under" in page.headline) == ("same" in told)
    titles = " ".join(figure.title for figure in make_figures(load_results(tmp_path / "c"), ["differences"]))
    assert ("no clear difference" in titles.lower()) <= ("same" not in told), titles


def test_equal_collaboration_alone_makes_no_two_runs_the_same():
    runs = pd.DataFrame({"regime": ["a", "a", "b", "b"], "seed": [1, 2, 1, 2], "collaboration_end": [0.2, 0.3] * 2})
    told = tell_differences(compute_differences(runs.assign(served_end=[1.0, 2.0, 3.0, 5.0])))
    assert told == "On the same 2 seeds, b ends with exactly the collaboration of a, on each of them."
    assert "exactly the collaboration" in tell_differences(compute_differences(runs)), "too few numbers to tell more"
    assert "the same runs" in tell_differences(compute_differences(runs.assign(served_end=[1.0, 2.0] * 2)))
