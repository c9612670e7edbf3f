"""A report as slides: a figure each, the finding as its title, the words for those who do not see it with it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.files import replace_file
from sim.report.illustrations import draw_png
from sim.report.printing import PrintError

if TYPE_CHECKING:
    from sim.report.page import Page

WIDTH, HEIGHT = 1920, 1080  # pixels of a slide; a picture takes the part between title and caution
MISSING = "slides need python-pptx: pip install 'coalitions[pptx]'"
EPOCH = "2000-01-01T00:00:00Z"


def check_slides() -> None:
    """Raise `PrintError` where python-pptx is missing."""
    try:
        import pptx  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise PrintError(MISSING) from None


def write_slides(page: Page, target: Path) -> None:
    """Write the headline, the summary and each figure as a slide of 13.33 × 7.5 inches. Raises `PrintError`."""
    check_slides()
    from pptx import Presentation  # pyright: ignore[reportMissingImports]
    from pptx.util import Inches  # pyright: ignore[reportMissingImports]

    deck: Any = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    _write_words(deck, page)
    for figure in page.pictures:
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        _set_title(slide, figure.title)
        picture = draw_png(figure, WIDTH - 160, HEIGHT - 330)
        _place(slide, picture, figure.alt, deck.slide_width)
        _write(slide, f"{figure.legend}. {page.caution}", 6.65, 0.7, 12)
        slide.notes_slide.notes_text_frame.text = "\n".join(
            [figure.alt, figure.spread, figure.note, figure.source, figure.command]
        )
    _forget_time(deck, page)
    stream = io.BytesIO()
    deck.save(stream)
    content = _repack(stream.getvalue())
    replace_file(target, lambda path: path.write_bytes(content))


def _write_words(deck: Any, page: Page) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    _set_title(slide, page.headline)
    _write(slide, "\n".join(page.summary), 1.7, 4.2, 20)
    _write(slide, page.caution, 6.4, 0.9, 14)
    slide.notes_slide.notes_text_frame.text = "\n".join(f"{name}: {value}" for name, value in page.provenance)


def _set_title(slide: Any, text: str) -> None:
    from pptx.enum.text import PP_ALIGN  # pyright: ignore[reportMissingImports]
    from pptx.util import Inches, Pt  # pyright: ignore[reportMissingImports]

    title = slide.shapes.title
    title.left, title.top, title.width, title.height = Inches(0.55), Inches(0.3), Inches(12.2), Inches(1.15)
    title.text = text
    for paragraph in title.text_frame.paragraphs:
        paragraph.alignment, paragraph.font.size, paragraph.font.bold = PP_ALIGN.LEFT, Pt(26), True


def _write(slide: Any, text: str, top: float, height: float, size: int) -> None:
    from pptx.util import Inches, Pt  # pyright: ignore[reportMissingImports]

    frame = slide.shapes.add_textbox(Inches(0.55), Inches(top), Inches(12.2), Inches(height)).text_frame
    frame.word_wrap, frame.text = True, text
    for paragraph in frame.paragraphs:
        paragraph.font.size = Pt(size)
        paragraph.space_after = Pt(8)


def _place(slide: Any, content: bytes, alt: str, width: int) -> None:
    from pptx.util import Inches  # pyright: ignore[reportMissingImports]

    picture = slide.shapes.add_picture(io.BytesIO(content), 0, 0)
    scale = min(Inches(12.2) / picture.width, Inches(5.0) / picture.height)
    picture.width, picture.height = int(picture.width * scale), int(picture.height * scale)
    picture.left, picture.top = int((width - picture.width) / 2), Inches(1.5)
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
