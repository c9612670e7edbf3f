"""One figure a pattern: a dot a set, the interval of their mean, the threshold, and the null model below."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from sim.figures.style import BLACK, BLUE, DARK, PURPLE, STYLE, VERMILLION, describe_figure, make_figure, styled
from validation.claims import Pattern, Result, find_deciding

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, PANEL = 6.6, 1.35  # inches
DPI, N_COLOURS = 100, 160


@styled
def plot_pattern(pattern: Pattern, results: list[Result], rows: pd.DataFrame) -> Figure:
    """Return the figure of one pattern, a panel a claim that decides. rows: of running.COLUMNS."""
    tested = [one for one in results if not one.claim.is_beside]
    verdict = find_deciding(results).verdict
    subtitle = (
        "A dot a parameter set. Black: mean over sets and 95 % interval. Dashed: threshold, predicted side shaded. "
        "Below, in "
        "purple: the null model."
    )
    title = f"{pattern.number}. {pattern.title}: {verdict}"
    figure = make_figure(WIDTH, PANEL * len(tested) + 0.1, title, subtitle)
    for axes, one in zip(figure.subplots(len(tested), 1, squeeze=False)[:, 0], tested, strict=True):
        _plot_claim(axes, one, rows[rows["claim"] == one.claim.name])
    return figure


def _plot_claim(axes: Axes, result: Result, rows: pd.DataFrame) -> None:
    claim = result.claim
    heights = np.random.default_rng(1).uniform(-0.28, 0.28, len(rows))
    for column, height, colour in (("value", 1.0, BLUE), ("null", 0.0, PURPLE)):
        values = rows[column].to_numpy("f8")
        axes.plot(values, height + heights, "o", ms=2.6, mew=0, color=colour, alpha=0.55)
    axes.errorbar(
        result.mean,
        1.0,
        xerr=[[result.mean - result.low], [result.high - result.mean]],
        fmt="D",
        ms=5,
        color=BLACK,
        capsize=4,
        lw=1.6,
        mec="white",
        mew=0.7,
    )
    if np.isfinite(result.null):
        axes.plot(result.null, 0.0, "D", ms=5, color=BLACK, mfc=PURPLE, mew=0.9)
    else:
        axes.text(0.5, 0.25, "no value", transform=axes.transAxes, ha="center", va="center", color=DARK, fontsize=8)
    _shade(axes, claim)
    axes.set_yticks([1, 0], ["model", "null"])
    axes.set_ylim(-0.5, 1.5)
    axes.set_xlabel(claim.unit[0].upper() + claim.unit[1:])
    axes.set_title(f"{claim.statement}: {result.verdict}", fontsize=8.5, color=DARK, wrap=True)
    axes.tick_params(axis="y", length=0)


def _shade(axes: Axes, claim: Any) -> None:
    low, high = axes.get_xlim()
    low, high = min(low, claim.low), max(high, claim.low)
    if claim.is_band:
        high = max(high, claim.high)
    pad = 0.03 * (high - low)
    axes.set_xlim(low - pad, high + pad)
    for edge in (claim.low, claim.high) if claim.is_band else (claim.low,):
        axes.axvline(edge, color=VERMILLION, ls="--", lw=1.2, zorder=0)
    axes.axvspan(claim.low, claim.high if claim.is_band else high + pad, color=VERMILLION, alpha=0.06, lw=0, zorder=0)


def save_small(figure: Figure, path: Path) -> None:
    """Write a PNG of few kilobytes, with as many colours as it needs."""
    from PIL import Image, PngImagePlugin

    drawn, words = BytesIO(), PngImagePlugin.PngInfo()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        figure.savefig(drawn, dpi=DPI)
    words.add_itxt("Title", figure.get_suptitle().replace("\n", " "))
    words.add_itxt("Description", describe_figure(figure))
    Image.open(drawn).convert("RGB").quantize(N_COLOURS).save(path, optimize=True, pnginfo=words)
