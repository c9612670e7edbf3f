"""``coalitions explore``: many runs in one HTML file, to look at month by month without installing anything."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from sim.commands.console import compile_model, print_json, progress, say_warning
from sim.commands.options import add_options
from sim.configuration import compose, read_varied
from sim.errors import OK, ConfigurationError
from sim.files.access import replace_file
from sim.sweep.plan import make_plan
from sim.text import CAUTION

EXPERIMENT = "classroom"
DESCRIPTION = f"""\
Run a design and write it as one HTML file: choose settings, watch coalitions month by month, two settings side by side
on the same seed, predict before they play. The file opens by double click, needs no network and can be passed on.

  coalitions explore                                        experiments/{EXPERIMENT}.yaml, 600 runs
  coalitions explore experiment=grow_or_fragment seeds=5 -o page.html
  coalitions explore regime=mixed,lottery shock=none,total_cut meetings.facilitation=0,0.4 seeds=12

key=a,b,c varies; every combination runs on the same seeds. docs/explore.md says what the page shows.
"""
SYNOPSIS = "coalitions explore [experiment=NAME] [key=value | key=a,b …] [-o FILE] [options]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: explore.html in its results)")
    add_options(parser, "results", "config_dir", "force", "quiet", "json", force="overwrite a file with other content")


def execute(args: argparse.Namespace) -> int:
    """Run the design, write the page, and return the exit code."""
    from sim.explorer.building import build_explorer
    from sim.explorer.page import WARN_BYTES
    from sim.results.scenario import describe_scenario
    from sim.sweep.manifest import describe_plan

    words = args.overrides
    configuration = compose_explorer(words, args.config_dir)
    path = _find_path(args, configuration.name)
    compile_model(is_quiet=args.quiet)
    plan = make_plan(configuration, args.config_dir)
    scenario = describe_scenario(describe_plan(plan, []))
    for text in plan.warnings:
        say_warning(text)
    with progress("explore", is_quiet=args.quiet) as report:
        page = build_explorer(configuration, _tell_command(args, words), args.config_dir, report)
    size = len(page.encode())
    if path.is_file() and not args.force and path.read_text(encoding="utf-8", errors="replace") != page:
        raise ConfigurationError(f"{path}: is there with other content; choose another file with -o, or use --force")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, lambda target: target.write_text(page, encoding="utf-8"))
    if size > WARN_BYTES:
        print(
            f"The page has {size / 1e6:.1f} MB; above {WARN_BYTES / 1e6:.0f} MB it opens slowly. Fewer seeds=… or "
            "values make it smaller.",
            file=sys.stderr,
        )
    n_runs = len(configuration.design) * len(configuration.seeds)
    if args.json:
        content = {
            "page": str(path),
            "scenario": scenario,
            "bytes": size,
            "runs": n_runs,
            "design": configuration.design.describe(),
        }
        print_json({**content, "seeds": configuration.seeds, "caution": CAUTION})
        return OK
    print(f"{configuration.design.describe()}, on {len(configuration.seeds)} seeds: {n_runs} runs, {size / 1e6:.2f} MB")
    print(scenario)
    print(f"Page: {path} (open it by double click)\n{CAUTION}")
    return OK


def compose_explorer(words: list[str], config_dir: str | None) -> Any:
    """Return the configuration of the words; those of the classroom where none are given but seeds and the like.

    Raises `ConfigurationError`.
    """
    keys = [word.partition("=")[0].lstrip("+~") for word in words]
    if all(key in ("seeds", "months", "name") for key in keys):
        words = [f"experiment={EXPERIMENT}", *words]
    plain, design = read_varied(words, Path(config_dir).resolve() if config_dir else None)
    return compose(plain, config_dir=config_dir, design=design)


def _find_path(args: argparse.Namespace, name: str) -> Path:
    """Return where the page goes. Raises `ConfigurationError` where nothing can be written."""
    path = Path(args.output) if args.output else Path(args.results) / name / "explore.html"
    if path.is_dir():
        raise ConfigurationError(f"{path}: is a folder; name a file, like {path / 'explore.html'}")
    return path


def _tell_command(args: argparse.Namespace, words: list[str]) -> str:
    """Return the command that gives the page again; the page may be passed on, so it names no folder of one's own."""
    own = ["--config-dir", "DIR"] if args.config_dir else []
    shown = [
        "field.folder=DIR" if word.startswith("field.folder=") and "=rosters/" not in word else word for word in words
    ]
    return shlex.join(["coalitions", "explore", *shown, *own])
