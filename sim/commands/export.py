"""``coalitions export``: a table of results as CSV, for spreadsheets and other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Write a table of results as CSV.

  coalitions export results/NAME                      NAME/runs.csv
  coalitions export results/NAME --table months --to months.csv

Text that a spreadsheet would take for a formula gets an apostrophe in front; --plain leaves it as it is.
"""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_parser(verbs: Any) -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "export",
        help="write a table of results as CSV",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("folder", metavar="DIR", help="folder of a run, a comparison or a sweep")
    parser.add_argument("--table", default="runs", choices=("runs", "months", "events", "members"), help="default runs")
    parser.add_argument("--to", metavar="FILE", help="where to (default: DIR/TABLE.csv)")
    parser.add_argument("--plain", action="store_true", help="no apostrophes before what looks like a formula")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Write the file batch by batch and return the exit code."""
    from sim.commands.console import OK, refuse_words
    from sim.configuration import ConfigurationError
    from sim.results import ResultsError, scan_table

    refuse_words(args)
    folder = Path(args.folder)
    target = Path(args.to) if args.to else folder / f"{args.table}.csv"
    if target.exists() and not args.force:
        raise ConfigurationError(f"{target}: is there already; choose another with --to, or overwrite with --force")
    try:
        dataset = scan_table(folder, args.table)
    except ResultsError as problem:
        raise ConfigurationError(str(problem)) from None
    n_rows = 0
    try:
        with target.open("w", encoding="utf-8", newline="") as stream:
            for batch in dataset.to_batches():
                frame = batch.to_pandas()
                if not args.plain:
                    frame = _guard(frame)
                frame.to_csv(stream, index=False, header=n_rows == 0)
                n_rows += len(frame)
    except OSError as problem:
        raise ConfigurationError(
            f"{target}: cannot be written ({problem.strerror}); choose another with --to"
        ) from None
    print(f"{n_rows:,} rows: {target}")
    return OK


def _guard(frame: Any) -> Any:
    """Return the table with an apostrophe before text that a spreadsheet would compute."""
    for name in frame.columns:
        if frame[name].dtype == object or str(frame[name].dtype).startswith(("str", "category")):
            text = frame[name].astype(object)
            is_formula = text.map(lambda cell: isinstance(cell, str) and cell.startswith(FORMULA))
            frame[name] = text.where(~is_formula.astype(bool), "'" + text.astype(str))
    return frame
