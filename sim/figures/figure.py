"""A figure as an object: a picture with the words, the numbers and the command that belong to it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sim.errors import FigureError
from sim.figures import style
from sim.figures.style import WIDE, styled
from sim.files.access import replace_file
from sim.text import CAUTION, clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

MINUS = re.compile(r"(?<=[\s(])-(?=\d)")  # a minus before a number, which a hyphen makes too short
Table: TypeAlias = Any  # a pandas.DataFrame, whose stubs take most of what it can do for mistakes
FORMATS = ("svg", "png")
LONGEST = 200  # letters of a command that stand below the picture; a longer one stands in the text file only


NAMED = " Codes of the roster: not to be passed on."


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where the numbers of a figure come from.

    command: gives the figure again. source: whose numbers these are. start: the month 0 of the time axis as YYYY-MM,
    empty where the field has no date. marks: months at which something strikes, with its name. observed: a user's own
    numbers to lay over the runs, see `sim.figures.observations`. names: codes of organizations by slot, where a user
    asked for them. scenario: what all settings share, in sentences, see `sim.results.scenario`; a figure without it is
    refused.
    """

    command: str
    source: str = "own runs of the coalitions model"
    start: str = ""
    marks: tuple[tuple[int, str], ...] = ()
    observed: Table | None = None
    names: Mapping[int, str] | None = None
    scenario: str = ""


@dataclasses.dataclass(frozen=True)
class Figure:
    """One finding as a picture.

    title: the finding, a sentence made from the numbers. subtitle: what is shown. spread: how the picture shows how
    sure it is. note: the rule behind it. alt: the picture in words. table: the numbers drawn. draw: draws them into an
    empty picture of matplotlib's. height: inches of the drawn part at a width in inches. short: the finding in fewer
    words, for pictures in which the title would take more than two lines. split: returns the same figure as several,
    each of them lower than so many inches where that can be; see `divide`.
    """

    name: str
    title: str
    subtitle: str
    spread: str
    note: str
    alt: str
    table: Table
    origin: Origin
    draw: Callable[[Canvas], None]
    height: Callable[[float], float]
    short: str = ""
    split: Callable[[float], list[Figure]] | None = None

    @property
    def source(self) -> str:
        """Return whose numbers these are, with the caution that goes with them."""
        return f"Source: {self.origin.source}. {CAUTION}"

    @property
    def scenario(self) -> str:
        """Return what all settings of the figure share, in sentences."""
        return self.origin.scenario

    @property
    def legend(self) -> str:
        """Return what stands below the title: the scenario, then what is shown."""
        return f"{self.scenario} {self.subtitle}".strip()

    @property
    def command(self) -> str:
        """Return the command that gives the figure again."""
        return self.origin.command

    def divide(self, width: float, tallest: float) -> list[Figure]:
        """Return the figure as several where it is taller than `tallest` inches at a width, else itself alone."""
        return self.split(tallest) if self.split and self.height(width) > tallest else [self]

    def find_gaps(self) -> list[str]:
        """Return the names of the parts that are empty."""
        words = ("name", "title", "subtitle", "scenario", "spread", "note", "source", "alt", "command")
        return [name for name in words if not getattr(self, name).strip()] + (["table"] if self.table.empty else [])

    @styled
    def paint(self, width: float = WIDE, *, is_escaped: bool = True) -> Canvas:
        """Return the picture, `width` inches wide, as matplotlib's own. Raises `FigureError` for an empty part.

        is_escaped: letters that no font here has are written as their number, like U+5317, in place of a box.
        """
        if gaps := self.find_gaps():
            raise FigureError(f"figure '{self.name}': {', '.join(gaps)} empty; every figure carries all its words")
        footer = [self.spread, self.note, self.source]
        if len(self.command) <= LONGEST and width >= style.NARROW:
            footer.append(f"Command: {self.command}")
        titles = [_polish(line) for line in (self.title, self.short) if line]
        words = [_polish(line) for line in footer]
        canvas = style.make_figure(width, self.height(width), titles, _polish(self.legend), words)
        self.draw(canvas)
        style.replace_letters(canvas, is_escaped=is_escaped)
        return canvas

    def describe(self) -> str:
        """Return the figure as plain text, for those who do not see it."""
        parts = [self.title, self.legend, f"In words: {self.alt}", self.spread, self.note, self.source]
        return "\n\n".join([*map(clean, parts), f"Command: {clean(self.command)}"]) + "\n"

    def save(self, folder: str | Path, formats: Iterable[str] = FORMATS, width: float = WIDE) -> list[Path]:
        """Write the picture in each format, its numbers as CSV and its words as text; return the files.

        The files are `name`.svg, .png, .csv and .txt in `folder`, which is made where missing; those of a narrow
        picture are called `name`-phone, so that the wide one stays. The same figure gives the same bytes. Raises
        `FigureError` for an unknown format or an empty part.
        """
        folder, formats = Path(folder), list(formats)
        if unknown := set(formats) - set(FORMATS):
            raise FigureError(f"format '{min(unknown)}': not known; choose from {', '.join(FORMATS)}")
        canvas = self.paint(width, is_escaped=False)
        folder.mkdir(parents=True, exist_ok=True)
        stem = self.name if width >= style.NARROW else f"{self.name}-phone"
        words = {"Title": clean(self.title), "Description": clean(self.alt)}
        for kind in formats:
            if kind == "png":
                has_homeless = style.styled(style.replace_letters)(canvas, is_escaped=False)
                drawn = self.paint(width) if has_homeless else canvas  # a browser may have fonts for an SVG, a PNG none
                style.write_png(drawn, folder / f"{stem}.png", words)
            else:
                style.write_svg(canvas, folder / f"{stem}.svg", words, stem)
        replace_file(folder / f"{stem}.csv", lambda path: self.table.to_csv(path, index=False), is_flushed=False)
        words_path, text = folder / f"{stem}.txt", self.describe()
        replace_file(words_path, lambda path: path.write_text(text, encoding="utf-8"), is_flushed=False)
        return [folder / f"{stem}.{kind}" for kind in (*formats, "csv", "txt")]


def _polish(line: str) -> str:
    return MINUS.sub("−", clean(line))
