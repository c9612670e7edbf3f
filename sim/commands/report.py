"""``coalitions report``: one HTML file that tells a result, for people who did not run it."""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.commands.console import writing
from sim.errors import OK, ConfigurationError

DESCRIPTION = """\
Write a report of a run, a comparison or a sweep: one HTML file with the finding in plain words, figures, method,
assumptions and parameters. It opens by double click, needs no network and runs no code.

  coalitions report results/NAME                      results/NAME/report.html
  coalitions report results/NAME --open               and shows it in the browser
  coalitions report results/NAME --pdf --paper letter report.pdf beside it, tagged for screen readers
  coalitions report results/NAME --pptx               report.pptx beside it, one figure a slide

The same results give the same file, to the byte. Organizations appear by slot number alone.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run, a comparison or a complete sweep")
    parser.add_argument("--output", metavar="FILE", help="where to (default: DIR/report.html)")
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    parser.add_argument("--pdf", action="store_true", help="a tagged PDF beside it; needs WeasyPrint or Chromium")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4", help="size of the PDF's pages (default a4)")
    parser.add_argument("--pptx", action="store_true", help="slides beside it, a figure each; needs python-pptx")


def execute(args: argparse.Namespace) -> int:
    """Write the files and return the exit code."""
    target = Path(args.output) if args.output else Path(args.folder) / "report.html"
    if target.suffix.lower() not in (".html", ".htm"):
        raise ConfigurationError(f"--output {target}: must end in .html; PDF and slides are written beside it")
    with writing(target, "choose another with --output"):
        files = _write(args, target)
    for path in files:
        print(f"Report: {path}")
    if args.open:
        import webbrowser

        webbrowser.open(target.resolve().as_uri())
    return OK


def _write(args: argparse.Namespace, target: Path) -> list[Path]:
    from sim.report import write_report
    from sim.report.printing import find_printer

    printer = find_printer() if args.pdf else None  # before the work, where there is none
    if args.pptx:
        from sim.report.slides import check_slides

        check_slides()
    page = write_report(args.folder, target)
    files = [target]
    if printer:
        files.append(target.with_suffix(".pdf"))
        printer(target, files[-1], args.paper)
    if args.pptx:
        from sim.report.slides import write_slides

        files.append(target.with_suffix(".pptx"))
        write_slides(page, files[-1])
    return files
