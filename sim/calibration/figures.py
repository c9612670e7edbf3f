"""Figures of a calibration: posteriors beside their priors, pairs, predictions beside bands, and the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.calibration.priors import PRIORS
from sim.calibration.simulating import NAMES
from sim.calibration.targets import TARGETS
from sim.figures.style import BLUE, DARK, LIGHT, MIDDLE, VERMILLION, make_figure, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.calibration.checking import Check

BINS = 12
COLUMNS = 5
N_PAIRS = 6
SHADES = {"identified": BLUE, "shifted": "#56B4E9", "not identified": MIDDLE}


def shorten(name: str) -> str:
    """Return a parameter's own name, as a label."""
    return name.rsplit(".", 1)[-1].replace("annual_usd_per_organization", "annual_usd_per_org").replace("_", " ")


@styled
def plot_posteriors(accepted: pd.DataFrame, verdicts: pd.DataFrame) -> Figure:
    """Return the accepted values of each parameter, over the whole range of its prior."""
    n_rows = -(-len(PRIORS) // COLUMNS)
    told = verdicts["verdict"].value_counts()
    figure = make_figure(
        9,
        1.35 * n_rows,
        f"The data identify {told.get('identified', 0)} of {len(PRIORS)} parameters",
        f"{len(accepted)} accepted sets; the prior is even over each range (line); blue: narrower than that, "
        "light blue: shifted, grey: as the prior",
    )
    axes = figure.subplots(n_rows, COLUMNS, squeeze=False)
    for axis, prior, verdict in zip(axes.flat, PRIORS, verdicts["verdict"], strict=False):
        axis.hist(accepted[prior.name], BINS, range=(prior.low, prior.high), color=SHADES[verdict], density=True)
        axis.axhline(1.0 / (prior.high - prior.low), color=DARK, linewidth=1)
        axis.set_title(shorten(prior.name), fontsize=8)
        axis.set_yticks([])
        axis.set_xlim(prior.low, prior.high)
        axis.set_xticks([prior.low, prior.high], [f"{prior.low:g}", f"{prior.high:g}"], fontsize=7)
    for axis in axes.flat[len(PRIORS) :]:
        axis.set_axis_off()
    return figure


@styled
def plot_pairs(accepted: pd.DataFrame, verdicts: pd.DataFrame) -> Figure:
    """Return the accepted sets in pairs of the parameters that contract most."""
    names = verdicts.sort_values("contraction", ascending=False)["parameter"].head(N_PAIRS).tolist()
    spans = {prior.name: (prior.low, prior.high) for prior in PRIORS}
    figure = make_figure(
        8,
        7.5,
        "What the targets tie together",
        f"Accepted sets over the prior's ranges, for the {len(names)} parameters that the data narrow most",
    )
    axes = figure.subplots(len(names), len(names), squeeze=False)
    for i, upper in enumerate(names):
        for j, other in enumerate(names):
            axis = axes[i, j]
            if j > i:
                axis.set_axis_off()
                continue
            if i == j:
                axis.hist(accepted[upper], BINS, range=spans[upper], color=BLUE)
            else:
                axis.scatter(accepted[other], accepted[upper], s=4, color=BLUE, alpha=0.5, linewidths=0)
                axis.set_ylim(*spans[upper])
            axis.set_xlim(*spans[other])
            axis.set_xticks([])
            axis.set_yticks([])
            if i == len(names) - 1:
                axis.set_xlabel(shorten(other), fontsize=7.5)
            if j == 0:
                axis.set_ylabel(shorten(upper), fontsize=7.5)
    return figure


@styled
def plot_predictions(prior: pd.DataFrame, predicted: pd.DataFrame) -> Figure:
    """Return each target of sets of the prior and of accepted ones on fresh seeds, in widths of its band."""
    figure = make_figure(
        8.5,
        0.34 * len(TARGETS) + 0.6,
        "What the accepted sets predict on fresh seeds",
        "5 to 95 % of the sets, dot: median; grey: all sets of the prior, blue: accepted sets; shaded: the band, "
        "diamond: observed",
    )
    axis = figure.subplots()
    axis.axvspan(0, 1, color=LIGHT, zorder=0)
    for row, target in enumerate(reversed(TARGETS)):
        for shift, table, colour in ((0.18, prior, MIDDLE), (-0.12, predicted, BLUE)):
            known = table[target.name].dropna()
            placed = (np.quantile(known, [0.05, 0.5, 0.95]) - target.low) / (target.high - target.low)
            axis.plot(np.clip(placed[[0, 2]], -2, 3), [row + shift] * 2, color=colour, linewidth=2.5)
            axis.plot(np.clip(placed[1], -2, 3), row + shift, "o", color=colour, markersize=5)
        if target.observed is not None:
            place = (target.observed - target.low) / (target.high - target.low)
            axis.plot(place, row, "D", color=VERMILLION, markersize=5)
    axis.set_yticks(range(len(TARGETS)), [target.label for target in reversed(TARGETS)])
    axis.set_xlim(-2.05, 3.05)
    axis.set_xticks([0, 1], ["lowest\naccepted", "highest\naccepted"])
    axis.tick_params(axis="y", length=0)
    return figure


@styled
def plot_check(check: Check) -> Figure:
    """Return where true sets lie in their posteriors, one panel a parameter, with the band of even places."""
    from scipy.stats import binom

    n_rows = -(-len(PRIORS) // COLUMNS)
    figure = make_figure(
        9,
        1.35 * n_rows,
        "Does the inference find what simulations were made with?",
        f"Places of {check.n_used} true sets in their posteriors, in tenths; grey: 99 % of even ones",
    )
    low, high = binom.ppf([0.005, 0.995], check.n_used, 0.1)
    axes = figure.subplots(n_rows, COLUMNS, squeeze=False, sharey=True)
    for axis, name, places in zip(axes.flat, NAMES, check.places.T, strict=False):
        axis.axhspan(low, high, color=LIGHT, zorder=0)
        axis.hist(places, 10, range=(0, 1), histtype="step", color=BLUE, linewidth=1.3)
        axis.set_title(shorten(name), fontsize=8)
        axis.set_xticks([0, 1])
        axis.set_ylim(0, None)
    for axis in axes.flat[len(PRIORS) :]:
        axis.set_axis_off()
    return figure
