"""``coalitions explore``: many runs in one HTML file, to look at month by month without installing anything."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sim.errors import OK, ConfigurationError

EXPERIMENT = "classroom"
DESCRIPTION = f"""\
Run a design and write it as one HTML file: choose settings, watch coalitions month by month, two settings side by side
on the same seed, predict before they play. The file opens by double click, needs no network and can be passed on.

  coalitions explore                                        experiments/{EXPERIMENT}.yaml, 600 runs
  coalitions explore experiment=grow_or_fragment seeds=5 -o page.html
  coalitions explore regime=mixed,lottery shock=none,total_cut meetings.facilitation=0,0.4 seeds=12

key=a,b,c varies; every combination runs on the same seeds. docs/explore.md says what the page shows.
"""


def add_parser(verbs: Any) -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "explore",
        help="write runs as one HTML file to watch and to teach with",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="coalitions explore [experiment=NAME] [key=value | key=a,b …] [-o FILE] [options]",
        allow_abbrev=False,
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: explore.html in its results)")
    parser.add_argument("--results", metavar="DIR", default="results", help="folder for results (default: results)")
    parser.add_argument("--config-dir", metavar="DIR", help="folder of your own YAML: field/, regime/, shock/, …")
    parser.add_argument("--force", action="store_true", help="overwrite a file with other content")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Run the design, write the page, and return the exit code."""
    import sys

    from sim.commands.console import CAUTION, check_words, compile_model, print_json, progress, say_warning
    from sim.explore.building import build_explorer
    from sim.explore.page import WARN_BYTES
    from sim.files import replace_file
    from sim.scenario import describe_scenario
    from sim.sweep.manifest import describe_plan
    from sim.sweep.plan import make_plan

    words = check_words(args)
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
    from sim.configuration import compose, read_varied

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
    import shlex

    own = ["--config-dir", "DIR"] if args.config_dir else []
    shown = [
        "field.folder=DIR" if word.startswith("field.folder=") and "=rosters/" not in word else word for word in words
    ]
    return shlex.join(["coalitions", "explore", *shown, *own])
