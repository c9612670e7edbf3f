"""A report as slides: the verdicts, a figure each with its finding as the title, and what is assumed."""

from __future__ import annotations

import dataclasses
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import PrintError
from sim.files.access import replace_file
from sim.report.illustrations import WIDTH, draw_png

if TYPE_CHECKING:
    from sim.figures.figure import Figure
    from sim.report.grids import Grid
    from sim.report.page import Page

PICTURE = 1760, 690  # pixels of the part of a slide between its subtitle and its footer
TALLEST = 4.5  # inches of a picture before it is made smaller than it is drawn, and its letters with it
LEFT, ACROSS = 0.55, 12.2  # inches
TITLE_SIZES = ((115, 26), (230, 20))  # most letters that two lines, or three, take of a title at that size
SMALLEST = 16
MOST_LINES = 18  # of a table on one slide, its head included
LETTERS = 13.5  # of a table in an inch
MISSING = "slides need python-pptx: pip install 'coalitions[pptx]'"
EPOCH = "2000-01-01T00:00:00Z"


def check_slides() -> None:
    """Raise `PrintError` where python-pptx is missing."""
    try:
        import pptx  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise PrintError(MISSING) from None


def write_slides(page: Page, target: Path) -> None:
    """Write the report as slides of 13.33 × 7.5 inches: summary, verdicts, each figure, assumptions.

    Raises `PrintError` without python-pptx.
    """
    check_slides()
    from pptx import Presentation  # pyright: ignore[reportMissingImports]
    from pptx.util import Inches  # pyright: ignore[reportMissingImports]

    deck: Any = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    _write_words(deck, page)
    for grid in (page.verdicts, page.differences, page.totals):
        if grid is not None:
            _write_table(deck, page, grid)
    for figure in page.pictures:
        for part in figure.divide(WIDTH, TALLEST):
            _write_figure(deck, page, part)
    _write_table(deck, page, _drop_names(page.changed), page.assumptions)
    _forget_time(deck, page)
    stream = io.BytesIO()
    deck.save(stream)
    content = _repack(stream.getvalue())
    replace_file(target, lambda path: path.write_bytes(content))


def _drop_names(grid: Grid) -> Grid:
    """Return the table of what was changed without the last column, the name that a command line takes."""
    rows, heads = [row[:-1] for row in grid.rows], grid.heads[:-1]
    return dataclasses.replace(grid, heads=heads, rows=rows, numeric=grid.numeric[:-1])


def _write_words(deck: Any, page: Page) -> None:
    slide = _add_slide(deck, page.headline, page.scenario)
    _write(slide, "\n".join(page.summary), 2.1, 4.1, 18)
    _write(slide, page.caution, 6.5, 0.8, 14)
    slide.notes_slide.notes_text_frame.text = "\n".join(f"{name}: {value}" for name, value in page.provenance)


def _write_figure(deck: Any, page: Page, figure: Figure) -> None:
    slide = _add_slide(deck, figure.title, figure.legend)
    _place(slide, draw_png(figure, *PICTURE), figure.alt, deck.slide_width)
    _write(slide, f"{figure.spread}\n{page.caution}", 6.6, 0.8, 11)
    slide.notes_slide.notes_text_frame.text = "\n".join(
        [figure.alt, figure.spread, figure.note, figure.source, figure.command]
    )


def _write_table(deck: Any, page: Page, grid: Grid, words: str = "") -> None:
    """Write a table on as many slides as it needs, with its note; `words` stand in the notes' place."""
    parts = _split_rows(grid)
    for number, rows in enumerate(parts, start=1):
        counted = f" ({number} of {len(parts)})" if len(parts) > 1 else ""
        slide = _add_slide(deck, f"{grid.caption}{counted}", page.scenario)
        if rows:
            _fill_table(slide, grid, rows)
        else:
            _write(slide, "Nothing was changed from the default.", 2.2, 0.6, 16)
        _write(slide, f"{words or grid.note}\n{page.caution}", 6.45, 0.95, 10.5)


def _split_rows(grid: Grid) -> list[list[list[str]]]:
    """Return the rows of each slide, as many as its lines have room for."""
    widths = _find_widths([grid.heads, *grid.rows])
    head, parts, used = _count_lines(grid.heads, widths), [[]], 0
    for row in grid.rows:
        lines = _count_lines(row, widths)
        if parts[-1] and head + used + lines > MOST_LINES:
            parts.append([])
            used = 0
        parts[-1].append(row)
        used += lines
    return parts


def _count_lines(cells: list[str], widths: list[float]) -> float:
    """Return how many lines a row takes, its margins included."""
    most = max(math.ceil(len(text) / (LETTERS * width)) for text, width in zip(cells, widths, strict=True))
    return most + 0.5


def _fill_table(slide: Any, grid: Grid, rows: list[list[str]]) -> None:
    from pptx.enum.text import PP_ALIGN  # pyright: ignore[reportMissingImports]
    from pptx.util import Inches, Pt  # pyright: ignore[reportMissingImports]

    size = Inches(LEFT), Inches(2.1), Inches(ACROSS), Inches(0.36 * (len(rows) + 1))
    table = slide.shapes.add_table(len(rows) + 1, len(grid.heads), *size).table
    for column, width in enumerate(_find_widths([grid.heads, *grid.rows])):
        table.columns[column].width = Inches(width)
    for place, cells in enumerate([grid.heads, *rows]):
        table.rows[place].height = Inches(0.36)
        for column, text in enumerate(cells):
            cell = table.cell(place, column)
            cell.text = text
            cell.margin_top = cell.margin_bottom = Inches(0.03)
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(11)
                if grid.numeric[column]:
                    paragraph.alignment = PP_ALIGN.RIGHT


def _find_widths(rows: list[list[str]]) -> list[float]:
    """Return the inches of each column, as long as its longest cell but for those that take several lines."""
    longest = [min(max(map(len, cells)), 44) + 4 for cells in zip(*rows, strict=True)]
    return [ACROSS * length / sum(longest) for length in longest]


def _add_slide(deck: Any, title: str, subtitle: str) -> Any:
    """Return a slide with a title of three lines at most, and what all settings share below it."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN  # pyright: ignore[reportMissingImports]
    from pptx.util import Inches, Pt  # pyright: ignore[reportMissingImports]

    slide = deck.slides.add_slide(deck.slide_layouts[5])
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = Inches(LEFT), Inches(0.25), Inches(ACROSS), Inches(1.1)
    shape.text = title
    shape.text_frame.word_wrap, shape.text_frame.vertical_anchor = True, MSO_ANCHOR.BOTTOM
    size = next((points for most, points in TITLE_SIZES if len(title) <= most), SMALLEST)
    for paragraph in shape.text_frame.paragraphs:
        paragraph.alignment, paragraph.font.size, paragraph.font.bold = PP_ALIGN.LEFT, Pt(size), True
    _write(slide, subtitle, 1.35, 0.65, 13 if len(subtitle) <= 280 else 11)
    return slide


def _write(slide: Any, text: str, top: float, height: float, size: float) -> None:
    from pptx.util import Inches, Pt  # pyright: ignore[reportMissingImports]

    frame = slide.shapes.add_textbox(Inches(LEFT), Inches(top), Inches(ACROSS), Inches(height)).text_frame
    frame.word_wrap, frame.text = True, text
    for paragraph in frame.paragraphs:
        paragraph.font.size = Pt(size)
        paragraph.space_after = Pt(size / 3)


def _place(slide: Any, content: bytes, alt: str, width: int) -> None:
    from pptx.util import Inches  # pyright: ignore[reportMissingImports]

    picture = slide.shapes.add_picture(io.BytesIO(content), 0, 0)
    scale = min(Inches(ACROSS) / picture.width, Inches(TALLEST) / picture.height)
    picture.width, picture.height = int(picture.width * scale), int(picture.height * scale)
    picture.left, picture.top = int((width - picture.width) / 2), Inches(2.05)
    picture._element.nvPicPr.cNvPr.set("descr", alt)


def _forget_time(deck: Any, page: Page) -> None:
    from datetime import datetime

    properties = deck.core_properties
    properties.title, properties.author, properties.language = page.headline, "coalitions", "en"
    properties.created = properties.modified = datetime.fromisoformat(EPOCH.removesuffix("Z"))
    properties.last_modified_by, properties.revision = "coalitions", 1


def _repack(content: bytes) -> bytes:
    """Return a ZIP file with the time of no clock on its entries, so that the same slides are the same bytes."""
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            new.writestr(zipfile.ZipInfo(entry, (2000, 1, 1, 0, 0, 0)), old.read(entry), zipfile.ZIP_DEFLATED)
    return stream.getvalue()
