"""What all figures share: colours, fonts, the frame of title, subtitle and caution, and how a file is written."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.results import CAUTION

BLUE, VERMILLION, GREEN, PURPLE, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"  # Okabe & Ito 2008
SERIES = ((BLUE, "-"), (VERMILLION, "--"), (GREEN, "-."))
LIGHT, MIDDLE, DARK = "#DDDDDD", "#999999", "#444444"
SOURCE = "Source: own runs of the coalitions model. "
STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a dollar sign is money
    "svg.hashsalt": "coalitions",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
TITLE_SIZE, SUBTITLE_SIZE, NOTE_SIZE = 12, 9.5, 7.5
LINE_HEIGHT = 1.35 / 72  # inches a point of font size
MARGIN = 0.12  # inches


def styled(plot: Callable[..., Figure]) -> Callable[..., Figure]:
    """Make `plot` draw in the house style, whatever the user's own settings of matplotlib are."""

    @functools.wraps(plot)
    def inner(*args: Any, **kwargs: Any) -> Figure:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            return plot(*args, **kwargs)

    return inner


def make_figure(width: float, height: float, title: str, subtitle: str) -> Figure:
    """Return an empty figure with its texts; `width` and `height` in inches are those of the part between them."""
    texts = [
        _wrap(text, size, width)
        for text, size in ((title, TITLE_SIZE), (subtitle, SUBTITLE_SIZE), (_note(), NOTE_SIZE))
    ]
    sizes = (TITLE_SIZE, SUBTITLE_SIZE, NOTE_SIZE)
    tall = [(text.count("\n") + 1) * size * LINE_HEIGHT for text, size in zip(texts, sizes, strict=True)]
    total = height + sum(tall) + 4 * MARGIN
    figure = Figure(figsize=(width, total), layout="constrained")
    FigureCanvasAgg(figure)
    left = MARGIN / width
    place = {"x": left, "ha": "left", "va": "top", "linespacing": 1.25}
    figure.suptitle(texts[0], y=1 - MARGIN / total, fontsize=TITLE_SIZE, weight="bold", **place)
    figure.text(y=1 - (1.3 * MARGIN + tall[0]) / total, s=texts[1], fontsize=SUBTITLE_SIZE, color=DARK, **place)
    figure.text(left, MARGIN / total, texts[2], fontsize=NOTE_SIZE, color=DARK, va="bottom", linespacing=1.25)
    for text in (*figure.texts, figure._suptitle):  # pyright: ignore[reportAttributeAccessIssue]
        text.set_in_layout(False)
    low, high = (2 * MARGIN + tall[2]) / total, (2 * MARGIN + tall[0] + tall[1]) / total
    engine = cast(Any, figure.get_layout_engine())
    engine.set(rect=(0.005, low, 0.99, 1 - low - high))
    return figure


def _note() -> str:
    return SOURCE + CAUTION


def _wrap(text: str, size: float, width: float) -> str:
    share = 0.56 if size < TITLE_SIZE else 0.66  # mean width of a letter against its size; the title is bold
    return textwrap.fill(text, int((width - 2 * MARGIN) * 72 / (size * share)))


def describe_figure(figure: Figure) -> str:
    """Return the words of a picture for those who do not see it: title and subtitle."""
    return " ".join([figure.get_suptitle(), figure.texts[0].get_text()]).replace("\n", " ")


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write `name`.png (150 dpi) and `name`.svg into `folder`, the same bytes every time, and return the two paths."""
    words = {"Title": figure.get_suptitle().replace("\n", " "), "Description": describe_figure(figure)}
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        figure.savefig(png, dpi=150, metadata=words)
        figure.savefig(svg, metadata={**words, "Date": None})
    return [png, svg]
