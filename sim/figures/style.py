"""What all figures share: colours, fonts, the frame of title, subtitle and footer, and how a picture becomes a file."""

from __future__ import annotations

import functools
import io
import math
import re
import string
import textwrap
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as Canvas

from sim.files import replace_file
from sim.results import CAUTION

# Okabe & Ito 2008, those of their colours that reach 3:1 on white; red and green never stand for opposites
BLUE, VERMILLION, GREEN, PURPLE, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"
SERIES = ((BLUE, "-"), (VERMILLION, "--"), (PURPLE, "-."))
FULL = (BLUE, VERMILLION, PURPLE, BLACK, GREEN)  # where more than three things have colours of their own
LIGHT, MIDDLE, DARK = "#DDDDDD", "#8A8A8A", "#444444"
STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a dollar sign is money
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud, and is written in half the time
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],  # the first, which matplotlib brings along
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "legend.frameon": False,
}
SOURCE = f"Source: own runs of the coalitions model. {CAUTION}"
WIDE, PHONE = 7.5, 3.75  # inches: a page or a slide; a telephone held upright, letters as large as on the page
NARROW = 5.0  # below, panels stand one under the other
TITLE_SIZE, SUBTITLE_SIZE, NOTE_SIZE = 12.5, 10, 8
LINE_HEIGHT = 1.35 / 72  # inches a point of font size
MARGIN = 0.12  # inches
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def styled(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Make `draw` draw in the house style, whatever the user's own settings of matplotlib are."""

    @functools.wraps(draw)
    def inner(*args: Any, **kwargs: Any) -> Any:
        with mpl.rc_context(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # the footer tells of them
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            return draw(*args, **kwargs)

    return inner


def clean(text: str) -> str:
    """Return `text` with signs that would break a file or turn its letters round shown as a replacement sign."""
    return CONTROLS.sub("\ufffd", text)


def find_missing(text: str) -> set[str]:
    """Return the letters of `text` that matplotlib's own font does not have."""
    from matplotlib.font_manager import findfont, get_font

    if text.isascii():
        return set()
    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return {letter for letter in text if ord(letter) not in known and not letter.isspace()}


def find_fonts(letters: set[str]) -> list[str]:
    """Return families installed here that have some of `letters`, which the usual font lacks."""
    from matplotlib.font_manager import fontManager, get_font

    likely = re.compile(
        "CJK|Noto|WenQuanYi|Hiragino|Gothic|Mincho|Song|SimSun|YaHei|PingFang|Malgun|Nanum|Unicode|Emoji"
    )
    found, left = [], {ord(letter) for letter in letters}
    for entry in fontManager.ttflist:
        if left and entry.name not in found and likely.search(entry.name):
            covered = left & set(get_font(entry.fname).get_charmap())
            found += [entry.name] if covered else []
            left -= covered
    return found


def darken(colour: str) -> str:
    """Return `colour` dark enough for letters on white (4.5:1)."""
    parts = to_rgb(colour)
    while compute_contrast(to_hex(parts)) < 4.5:
        parts = (0.95 * parts[0], 0.95 * parts[1], 0.95 * parts[2])
    return to_hex(parts)


def compute_contrast(colour: str) -> float:
    """Return the contrast of a colour to white, from 1 to 21. Source: WCAG 2.1, relative luminance."""
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 1.05 / (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05)


def make_figure(width: float, height: float, title: str, subtitle: str, footer: Sequence[str] = (SOURCE,)) -> Canvas:
    """Return an empty picture with its texts; `width` and `height` in inches are those of the part between them.

    For pictures outside the set of `sim.figures`, too, which are then written by `save_figure`.
    """
    texts = [
        wrap(title, TITLE_SIZE, width),
        wrap(subtitle, SUBTITLE_SIZE, width),
        "\n".join(wrap(line, NOTE_SIZE, width) for line in footer),
    ]
    sizes = (TITLE_SIZE, SUBTITLE_SIZE, NOTE_SIZE)
    tall = [(text.count("\n") + 1) * size * LINE_HEIGHT for text, size in zip(texts, sizes, strict=True)]
    total = height + sum(tall) + 4 * MARGIN
    canvas = Canvas(figsize=(width, total), layout="constrained")
    FigureCanvasAgg(canvas)
    left = MARGIN / width
    place = {"x": left, "ha": "left", "va": "top", "linespacing": 1.25}
    canvas.suptitle(texts[0], y=1 - MARGIN / total, fontsize=TITLE_SIZE, weight="bold", **place)
    canvas.text(y=1 - (1.3 * MARGIN + tall[0]) / total, s=texts[1], fontsize=SUBTITLE_SIZE, color=DARK, **place)
    canvas.text(left, MARGIN / total, texts[2], fontsize=NOTE_SIZE, color=DARK, va="bottom", linespacing=1.25)
    for text in canvas.texts:
        text.set_in_layout(False)
    low, high = (2 * MARGIN + tall[2]) / total, (2 * MARGIN + tall[0] + tall[1]) / total
    engine = cast(Any, canvas.get_layout_engine())
    engine.set(rect=(0.005, low, 0.99, 1 - low - high))
    return canvas


def place_legend(canvas: Canvas, handles: list[Any], labels: list[str], n_columns: int) -> None:
    """Draw a legend between the panels and the footer, and make room for it."""
    width, total = canvas.get_size_inches()
    engine = cast(Any, canvas.get_layout_engine())
    left, low, across, up = engine.get()["rect"]
    room = math.ceil(len(handles) / n_columns) * 9 * LINE_HEIGHT * 1.15 / total
    engine.set(rect=(left, low + room, across, up - room))
    legend = canvas.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(MARGIN / width, low), ncols=n_columns, fontsize=9,
        handlelength=1.8, borderpad=0, borderaxespad=0, labelspacing=0.3, columnspacing=1.4,
    )  # fmt: skip
    legend.set_in_layout(False)


def wrap(text: str, size: float, width: float) -> str:
    """Return `text` in lines that fit into `width` inches at a font size; wide letters count twice."""
    share = 0.54 if size < TITLE_SIZE else 0.63  # mean width of a letter against its size; the title is bold
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text) / max(len(text), 1)
    return textwrap.fill(text, max(8, int((width - 2 * MARGIN) * 72 / (size * share * (1 + wide)))))


@styled
def write_png(canvas: Canvas, path: Path, words: dict[str, str]) -> None:
    """Write a picture as PNG, 150 dots an inch."""
    _lay_out(canvas)
    replace_file(path, lambda target: _print_png(canvas, target, words), is_flushed=False)


def _print_png(canvas: Canvas, target: Path, words: dict[str, str]) -> None:
    with target.open("wb") as stream:  # the name of `target` does not end in .png
        FigureCanvasAgg(canvas).print_png(stream, metadata=words)


@styled
def write_svg(canvas: Canvas, path: Path, words: dict[str, str], prefix: str) -> None:
    """Write a picture as SVG, the same bytes every time; `prefix` makes its ids its own where many share a page."""
    mpl.rcParams["svg.hashsalt"] = prefix
    _lay_out(canvas)
    buffer = io.StringIO()
    FigureCanvasSVG(canvas).print_svg(buffer, metadata={**words, "Date": None})
    clips: dict[str, str] = {}  # by place: their own names follow the last digits of a layout, which may differ

    def rename(found: re.Match[str]) -> str:
        own = found[2] and clips.setdefault(found[2], f"clip{len(clips)}")
        return f"{found[1]}{prefix}-{own or ''}"

    text = re.sub(r'\b(id="|href="#|url\(#)(p[0-9a-f]{10}\b)?', rename, buffer.getvalue())
    text = text.replace("<svg ", '<svg role="img" ', 1)
    replace_file(path, lambda target: target.write_text(text, encoding="utf-8"), is_flushed=False)


def describe_figure(canvas: Canvas) -> str:
    """Return the words of a picture outside the set for those who do not see it: title and subtitle."""
    title = canvas.get_suptitle()
    subtitle = next(text.get_text() for text in canvas.texts if text.get_text() != title)
    return f"{title} {subtitle}".replace("\n", " ")


def save_figure(canvas: Canvas, folder: Path, name: str) -> list[Path]:
    """Write a picture of `make_figure` outside the set as `name`.png and `name`.svg, and return the two paths."""
    words = {"Title": canvas.get_suptitle().replace("\n", " "), "Description": describe_figure(canvas)}
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    write_png(canvas, png, words)
    write_svg(canvas, svg, words, name)
    return [png, svg]


def _lay_out(canvas: Canvas) -> None:
    """Find the places of all parts once for all files; `savefig` would do it for each."""
    engine = canvas.get_layout_engine()
    if engine is not None:
        canvas.set_dpi(150)
        engine.execute(canvas)
        canvas.set_layout_engine("none")


@styled
def warm_up() -> Canvas:
    """Draw one line and return it with all letters and digits; fonts and drawing code are then in memory."""
    canvas = make_figure(4.0, 1.0, string.ascii_letters, string.digits, [string.punctuation])
    canvas.subplots().plot([0, 1])
    canvas.draw_without_rendering()
    return canvas
