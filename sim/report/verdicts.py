"""The verdicts of a report: those of the tables, and a range where scenarios of a setting say opposite things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.results.summaries import drop_repeats, summarise
from sim.results.verdict import THRESHOLD

if TYPE_CHECKING:
    from sim.figures.figure import Table
    from sim.report.reading import Material

VARIES = "varies"
SOME = 0.05  # share of the scenarios on either side of the thresholds from which a mean over all of them misleads


def judge_material(material: Material) -> Table:
    """Return `sim.results.summaries.summarise` of a report's settings, and how their scenarios differ.

    Adds n_scenarios, n_grow, n_fragment (scenarios whose mean over seeds lies beyond the thresholds), range_low and
    range_high (the lowest and highest of these means). Where `SOME` of the scenarios grow and `SOME` fragment the
    verdict is `VARIES`, for a mean over opposites is none.
    """
    summary = summarise(material)
    runs: Table = drop_repeats(material.runs)
    means = runs.groupby(["regime", "scenario"], sort=False)["collaboration_change"].mean()
    by_setting = means.groupby("regime", sort=False)
    found = {
        "n_scenarios": by_setting.count(),
        "n_grow": by_setting.agg(lambda values: (values > THRESHOLD).sum()),
        "n_fragment": by_setting.agg(lambda values: (values < -THRESHOLD).sum()),
        "range_low": by_setting.min(),
        "range_high": by_setting.max(),
    }
    for name, values in found.items():
        summary[name] = summary["regime"].map(values).to_numpy()
    if material.scenario_columns:
        least = SOME * summary["n_scenarios"]
        is_both = (summary["n_grow"] >= least) & (summary["n_fragment"] >= least) & (summary["n_grow"] > 0)
        summary.loc[is_both & (summary["n_fragment"] > 0), "verdict"] = VARIES
    return summary
