"""Verdicts and summaries from hand-made months."""

import types

import numpy as np
import pandas as pd
import pytest

from sim.results import summaries, verdict
from sim.schema import columns

COUNTS = ["exits", "breakaways", "foundings", "rival_foundings", "hollowings", "dissolutions", "closures"]


def make_months(run_id, shares, regime="r", seed=1):
    frame = pd.DataFrame({entry.name: 0.0 for entry in columns.MONTHS}, index=range(len(shares)))
    frame["collaboration_share"] = shares
    frame["memberships"] = 10.0
    frame.insert(0, "month", np.arange(len(shares)))
    frame.insert(0, "seed", seed)
    frame.insert(0, "regime", regime)
    frame.insert(0, "run_id", run_id)
    return frame


def step(start, end, n=60):
    """Month 0 stands apart, months 1 to 12 at `start`, the last 12 at `end`, anything between."""
    return [9.0] + [start] * 12 + [7.0] * (n - 24) + [end] * 12


@pytest.mark.parametrize(
    ("change", "expected"),
    [(0.0501, "grows"), (0.0499, "holds"), (0.0, "holds"), (-0.0499, "holds"), (-0.0501, "fragments")],
)
def test_the_verdict_is_the_change_from_the_first_year_to_the_last(change, expected):
    run = verdict.judge_runs(make_months("a", step(0.4, 0.4 + change))).iloc[0]
    assert run["verdict"] == expected
    assert run["collaboration_start"] == pytest.approx(0.4)
    assert run["collaboration_change"] == pytest.approx(change)


def test_month_0_counts_in_no_sum_and_no_mean():
    months = make_months("a", step(0.4, 0.4))
    for name in (*COUNTS, "awarded_usd"):
        months[name] = 1.0
        months.loc[0, name] = 1000.0
    run = verdict.judge_runs(months).iloc[0]
    assert all(run[name] == 60 for name in COUNTS)
    assert run["total_awarded_usd"] == 60


def test_each_run_has_one_row_in_the_order_of_the_months():
    months = pd.concat(
        [
            make_months("z", step(0.4, 0.6), seed=9),
            make_months("a", step(0.4, 0.2), seed=2),
            make_months("m", step(0.4, 0.4), seed=5),
        ],
        ignore_index=True,
    )
    runs = verdict.judge_runs(months)
    assert list(runs["run_id"]) == ["z", "a", "m"]
    assert list(runs["seed"]) == [9, 2, 5]
    assert list(runs["verdict"]) == ["grows", "fragments", "holds"]


def test_runs_of_unlike_length_are_judged_by_their_own_last_year():
    months = pd.concat([make_months("a", step(0.4, 0.6, 60)), make_months("b", step(0.4, 0.6, 100))], ignore_index=True)
    np.testing.assert_allclose(verdict.judge_runs(months)["collaboration_end"], 0.6)


def summarise(changes, regime="r"):
    months = [make_months(f"{regime}-{at}", step(0.4, 0.4 + change), regime, at) for at, change in enumerate(changes)]
    return types.SimpleNamespace(runs=verdict.judge_runs(pd.concat(months, ignore_index=True)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([0.2, 0.21, 0.22], "grows"),
        ([-0.2, -0.21, -0.22], "fragments"),
        ([0.0, 0.01, -0.01], "holds"),
        ([0.3, -0.3, 0.0], "undecided"),
        ([0.04, 0.06, 0.05], "undecided"),
        ([0.2], "grows"),
    ],
)
def test_a_regime_is_judged_by_where_its_whole_interval_lies(changes, expected):
    summary = summaries.summarise(summarise(changes)).iloc[0]
    assert summary["verdict"] == expected
    assert summary["n_runs"] == len(changes)
    assert summary["change_mean"] == pytest.approx(np.mean(changes))


def test_the_shares_of_the_three_verdicts_sum_to_1():
    summary = summaries.summarise(summarise([0.2, -0.2, 0.0, 0.3])).iloc[0]
    assert [summary[f"{name}_share"] for name in verdict.VERDICTS] == [0.5, 0.25, 0.25]


def test_the_sentence_names_regime_verdict_and_coverage():
    sentence = summaries.describe_verdict(summarise([0.2, 0.21, 0.22], "lottery"))
    assert sentence.startswith("lottery: grows")
    assert "coverage" in sentence
    assert "of 3 runs 3 grow, 0 hold, 0 fragment" in sentence


def test_every_column_of_the_dictionary_has_unit_label_and_meaning_and_one_place():
    entries = (*columns.KEYS, *columns.MONTHS)
    assert len({entry.name for entry in entries}) == len(entries)
    assert all(entry.unit and entry.label and entry.meaning for entry in (*entries, *columns.RUNS))
    made = verdict.judge_runs(make_months("a", step(0.4, 0.4))).columns
    assert {entry.name for entry in columns.RUNS} <= set(made)


def test_sums_run_from_the_first_month_to_the_last_whoever_stands_beside():
    random = np.random.default_rng(1)
    panels = {name: random.normal(size=(9, 41)) * 10.0 ** random.integers(-8, 9, (9, 41)) for name in columns.JUDGED}
    for panel in panels.values():
        panel[random.random(panel.shape) < 0.2] = np.nan
        panel[4] = -0.0
    found = verdict.judge_panels(panels)
    for run in range(9):
        alone = verdict.judge_panels({name: panel[run : run + 1] for name, panel in panels.items()})
        for name in found:
            assert found[name][run : run + 1].tobytes() == alone[name].tobytes() or name == "verdict", name
        for name in ("awarded_usd", *COUNTS):
            total = 0.0
            for value in panels[name][run, 1:]:
                total += 0.0 if np.isnan(value) else value
            assert np.float64(total).tobytes() == found[name if name in COUNTS else "total_awarded_usd"][run].tobytes()
