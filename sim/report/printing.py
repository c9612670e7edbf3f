"""A report on paper: the page as a tagged PDF, by WeasyPrint, or by Chromium where that is not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from sim.errors import PrintError
from sim.files.access import replace_file

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--no-pdf-header-footer",
)  # fmt: skip
PAPERS = {"a4": "A4", "letter": "letter"}
PATIENCE = 120  # seconds
MISSING = (
    "a PDF needs WeasyPrint (pip install 'coalitions[pdf]', and the library Pango: apt install libpango-1.0-0 "
    "libpangoft2-1.0-0, brew install pango) or the browser Chromium or Chrome; or print the page from your browser"
)

Printer = Callable[[Path, Path, str], None]


def find_printer() -> Printer:
    """Return what prints a page (HTML file, PDF file, paper). Raises `PrintError` where nothing can."""
    try:
        import weasyprint  # noqa: F401  # pyright: ignore[reportMissingImports]
    except (ImportError, OSError):  # the package is missing, or the library that lays out its text
        if find_chromium() is None:
            raise PrintError(MISSING) from None
        return print_by_chromium
    return print_by_weasyprint


def find_chromium() -> str | None:
    """Return the program of a Chromium, or None."""
    return next((path for path in map(shutil.which, CHROMIUM) if path), None)


def print_by_weasyprint(page: Path, target: Path, paper: str) -> None:
    """Write `page` as a tagged PDF (PDF/UA-1), the same bytes every time. Raises `PrintError`."""
    import logging

    from weasyprint import CSS, HTML  # pyright: ignore[reportMissingImports]
    from weasyprint.urls import URLFetcher  # pyright: ignore[reportMissingImports]

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # of rules of style that are for screens
    size = CSS(string=f"@page {{ size: {PAPERS[paper]} }}")
    inside = URLFetcher(allowed_protocols={"data"})  # pictures inside the page; nothing is fetched
    text = page.read_text(encoding="utf-8")
    try:
        document = HTML(string=text, base_url=None, url_fetcher=inside)
        content = document.write_pdf(stylesheets=[size], pdf_variant="pdf/ua-1")
    except Exception as problem:  # of many kinds, from its many parts
        raise PrintError(f"{target}: WeasyPrint cannot print it ({problem}); print {page} from a browser") from problem
    replace_file(target, lambda path: path.write_bytes(content or b""))


def print_by_chromium(page: Path, target: Path, paper: str) -> None:
    """Write `page` as a tagged PDF by a browser without a window. Raises `PrintError`."""
    program = find_chromium()
    if program is None:
        raise PrintError(MISSING)
    style = f"<style>@page {{ size: {PAPERS[paper]} }}</style></head>"
    with tempfile.TemporaryDirectory() as folder:
        copy, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        text = page.read_text(encoding="utf-8")
        start, end = text.index("<meta http-equiv"), text.index('<meta name="viewport"')
        copy.write_text((text[:start] + text[end:]).replace("</head>", style, 1), encoding="utf-8")
        words = [program, *QUIET, f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}", copy.as_uri()]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.insert(1, "--no-sandbox")  # which no browser of the superuser can have
        try:
            done = subprocess.run(words, capture_output=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise PrintError(f"{target}: {Path(program).name} cannot print it ({type(problem).__name__})") from problem
        if not printed.is_file():
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise PrintError(
                f"{target}: {Path(program).name} cannot print it ({told[-1] if told else 'no reason given'})"
            )
        content = printed.read_bytes()
    replace_file(target, lambda path: path.write_bytes(content))
