"""``coalitions export``: a table of results as CSV, for spreadsheets and other programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.commands.console import print_json, writing
from sim.commands.options import add_options
from sim.errors import OK, ConfigurationError
from sim.files.access import replace_file
from sim.results.disclosure import tell_roster, withhold
from sim.text import CAUTION

DESCRIPTION = """\
Write a table of results as CSV.

  coalitions export results/NAME                      NAME/runs.csv
  coalitions export results/NAME --table months --to months.csv

Text that a spreadsheet would take for a formula gets an apostrophe in front; --plain leaves it as it is. Of a roster
that is not SYNTHETIC, populations and localities with fewer than five organizations are left out; --small-groups
keeps them in, for your own eyes.
"""
KEPT = ("runs", "months", "events", "members")  # and localities, where a field has several


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run, a comparison or a sweep")
    parser.add_argument("--table", default="runs", choices=(*KEPT, "localities"), help="default runs")
    parser.add_argument("--to", metavar="FILE", help="where to (default: DIR/TABLE.csv)")
    parser.add_argument("--plain", action="store_true", help="no apostrophes before what looks like a formula")
    parser.add_argument("--small-groups", action="store_true", help="keep groups of fewer than five organizations in")
    add_options(parser, "force", "json", force="overwrite FILE")


def execute(args: argparse.Namespace) -> int:
    """Write the file batch by batch and return the exit code."""
    from sim.results.scenario import describe_scenario
    from sim.results.store import scan_table
    from sim.results.summaries import guard_formulas

    folder = Path(args.folder)
    target = Path(args.to) if args.to else folder / f"{args.table}.csv"
    if target.exists() and not args.force:
        raise ConfigurationError(f"{target}: is there already; choose another with --to, or overwrite with --force")
    dataset = scan_table(folder, args.table)
    described = _read_manifest(folder)
    manifest = {} if args.small_groups else described
    n_rows = 0

    def write(path: Path) -> None:
        nonlocal n_rows
        with path.open("w", encoding="utf-8", newline="") as stream:
            withhold(dataset.schema.empty_table().to_pandas(), manifest).to_csv(stream, index=False)
            for whole in _read_batches(dataset, folder / f"{args.table}.parquet"):
                frame = withhold(whole, manifest)
                (frame if args.plain else guard_formulas(frame)).to_csv(stream, index=False, header=False)
                n_rows += len(frame)

    with writing(target, "choose another with --to"):
        replace_file(target, write)
    scenario = describe_scenario(described) if described else ""
    if args.json:
        content = {"folder": str(folder), "scenario": scenario, "table": args.table, "file": str(target)}
        print_json({**content, "rows": n_rows, "caution": CAUTION})
    else:
        print("\n".join(filter(None, [f"{n_rows:,} rows: {target}", scenario])))
    if told := tell_roster(manifest):
        print(f"note: {told}", file=sys.stderr)
    return OK


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest, which says whose organizations these are. Raises `ResultsError` for a damaged one."""
    from sim.results.store import read_manifest

    return read_manifest(folder) if (folder / "manifest.json").is_file() else {}


def _read_batches(dataset: Any, path: Path) -> Iterator[Any]:
    """Yield the table in pieces. Raises `ConfigurationError` where it is damaged."""
    batches = dataset.to_batches()
    while True:
        try:
            batch = next(batches, None)
            frame = None if batch is None else batch.to_pandas()
        except Exception as problem:  # what is damaged makes pyarrow and pandas raise errors of many kinds
            reason = (str(problem) or type(problem).__name__).splitlines()[0]
            raise ConfigurationError(f"{path}: cannot be read ({reason}); run the command again") from None
        if frame is None:
            return
        yield frame
