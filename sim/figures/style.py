"""What all figures share: colours, fonts, the frame of title, subtitle and footer, and how a picture becomes a file."""

from __future__ import annotations

import functools
import io
import math
import re
import string
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text

from sim.files.access import replace_file
from sim.text import CAUTION

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
TITLE_SIZES, SUBTITLE_SIZE, NOTE_SIZE = (12.5, 11.5, 10.5, 9.5), 10, 8
TITLE_LINES = 2
LINE_HEIGHT = 1.35 / 72  # inches a point of font size
MARGIN = 0.12  # inches


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


def find_missing(text: str) -> set[str]:
    """Return the letters of `text` that matplotlib's own font does not have."""
    from matplotlib.font_manager import findfont, get_font

    if text.isascii():
        return set()
    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return {letter for letter in text if ord(letter) not in known and not letter.isspace()}


def find_fonts(letters: set[str]) -> list[str]:
    """Return families installed here that have some of `letters`, which the usual font lacks; likely ones first."""
    from matplotlib.font_manager import fontManager, get_font

    likely = re.compile("Sans CJK|Noto Sans|WenQuanYi|Hiragino|Gothic|YaHei|PingFang|Malgun|Nanum|Unicode")
    unusable = re.compile("Color|LastResort")  # pictures in place of outlines; a box for every letter
    found, left = [], {ord(letter) for letter in letters}
    for entry in sorted(fontManager.ttflist, key=lambda entry: likely.search(entry.name) is None):
        if not left:
            break
        if entry.name in found or unusable.search(entry.name):
            continue
        try:
            covered = left & set(get_font(entry.fname).get_charmap())
        except (OSError, RuntimeError):  # a font that matplotlib cannot read
            continue
        found += [entry.name] if covered else []
        left -= covered
    return found


def replace_letters(canvas: Canvas, *, is_escaped: bool) -> bool:
    """Take letters that the usual font lacks from other fonts installed here; return whether some have none at all.

    is_escaped: write those without any as their number, like U+5317, where a box would stand otherwise.
    """
    from matplotlib.font_manager import findfont, get_font

    texts = [text for text in canvas.findobj(Text) if not text.get_text().isascii()]
    missing = find_missing("".join(text.get_text() for text in texts))
    families = find_fonts(missing) if missing else []
    known = {ord(letter) for letter in missing} & set().union(
        *(get_font(findfont(family)).get_charmap() for family in families)
    )
    homeless = {letter for letter in missing if ord(letter) not in known}
    for text in texts if missing else []:
        text.set_fontfamily(["sans-serif", *families])
        if is_escaped:
            text.set_text("".join(escape(letter) if letter in homeless else letter for letter in text.get_text()))
    return bool(homeless)


def escape(letter: str) -> str:
    """Return a letter as its number in ASCII, like ``U+5317``."""
    return f"U+{ord(letter):04X}"


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


def make_figure(
    width: float, height: float, title: str | Sequence[str], subtitle: str, footer: Sequence[str] = (SOURCE,)
) -> Canvas:
    """Return an empty picture with its texts; `width` and `height` in inches are those of the part between them.

    title: one title, or several that say the same at decreasing length, see `fit_title`.
    For pictures outside the set of `sim.figures`, too, which are then written by `save_figure`.
    """
    headline, title_size = fit_title([title] if isinstance(title, str) else title, width)
    texts = [
        headline,
        wrap(subtitle, SUBTITLE_SIZE, width),
        "\n".join(wrap(line, NOTE_SIZE, width) for line in footer),
    ]
    sizes = (title_size, SUBTITLE_SIZE, NOTE_SIZE)
    tall = [(text.count("\n") + 1) * size * LINE_HEIGHT for text, size in zip(texts, sizes, strict=True)]
    total = height + sum(tall) + 4 * MARGIN
    canvas = Canvas(figsize=(width, total), layout="constrained")
    FigureCanvasAgg(canvas)
    left = MARGIN / width
    place = {"x": left, "ha": "left", "va": "top", "linespacing": 1.25}
    canvas.suptitle(texts[0], y=1 - MARGIN / total, fontsize=title_size, weight="bold", **place)
    canvas.text(y=1 - (1.3 * MARGIN + tall[0]) / total, s=texts[1], fontsize=SUBTITLE_SIZE, color=DARK, **place)
    canvas.text(left, MARGIN / total, texts[2], fontsize=NOTE_SIZE, color=DARK, va="bottom", linespacing=1.25)
    for text in canvas.texts:
        text.set_in_layout(False)
    low, high = (2 * MARGIN + tall[2]) / total, (2 * MARGIN + tall[0] + tall[1]) / total
    engine = cast(Any, canvas.get_layout_engine())
    engine.set(rect=(0.005, low, 0.99, 1 - low - high))
    return canvas


def place_legend(canvas: Canvas, handles: list[Any], labels: list[str], n_columns: int) -> None:
    """Draw a legend between the panels and the footer, in `n_columns` or as many as fit, and make room for it."""
    width, total = canvas.get_size_inches()
    widths = sorted((measure(label, 9) + 4.2 * 9 / 72 for label in labels), reverse=True)  # with handle and gaps
    while n_columns > 1 and sum(widths[:n_columns]) > width - 2 * MARGIN:
        n_columns -= 1
    engine = cast(Any, canvas.get_layout_engine())
    left, low, across, up = engine.get()["rect"]
    room = math.ceil(len(handles) / n_columns) * 9 * LINE_HEIGHT * 1.15 / total
    engine.set(rect=(left, low + room, across, up - room))
    legend = canvas.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(MARGIN / width, low), ncols=n_columns, fontsize=9,
        handlelength=1.8, borderpad=0, borderaxespad=0, labelspacing=0.3, columnspacing=1.4,
    )  # fmt: skip
    legend.set_in_layout(False)


def fit_title(titles: Sequence[str], width: float) -> tuple[str, float]:
    """Return the first title that takes two lines at most, in lines, and its font size.

    Where none does, letters become smaller; what is too long even then is cut and ends with an ellipsis.
    """
    for size in TITLE_SIZES:
        for title in titles:
            lines = wrap(title, size, width, is_bold=True)
            if lines.count("\n") < TITLE_LINES:
                return lines, size
    size, room = TITLE_SIZES[-1], width - 2 * MARGIN
    kept = wrap(titles[-1], size, width, is_bold=True).split("\n")[:TITLE_LINES]
    while measure(f"{kept[-1]}…", size, is_bold=True) > room:
        kept[-1] = kept[-1][:-1].rstrip()
    return "\n".join(kept) + "…", size


def wrap(text: str, size: float, width: float, *, is_bold: bool = False) -> str:
    """Return `text` in lines that fit into `width` inches at a font size; a word longer than a line is broken."""
    room = width - 2 * MARGIN
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if measure(longer, size, is_bold=is_bold) <= room:
            line = longer
            continue
        lines += [line] if line else []
        line = ""
        for letter in word:
            if line and measure(line + letter, size, is_bold=is_bold) > room:
                lines.append(line)
                line = ""
            line += letter
    return "\n".join([*lines, line])


def measure(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return the width of a line of text in inches at a font size."""
    return sum(_measure_letter(letter, is_bold) for letter in text) * size / 72


@functools.lru_cache(4096)
def _measure_letter(letter: str, is_bold: bool) -> float:
    """Return the width of a letter, in units of the font size; what the usual font lacks is as wide as high."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if is_bold else "normal")))
    if ord(letter) not in font.get_charmap():
        return 1.0
    font.set_size(100, 72)
    return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 100


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
