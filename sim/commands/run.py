"""``coalitions run``: one setting, one or several seeds, a verdict and a folder of results."""

from __future__ import annotations

import argparse
from typing import Any

DESCRIPTION = """\
Run one setting and say whether collaboration grows, holds or fragments.

  coalitions run regime=competitive seeds=20
  coalitions run field=city18 shock=total_cut memberships.turf_weight=2.5 name=turf
  coalitions run -m regime=competitive,lottery seeds=20      one run of each

seeds=20 means 1 to 20; seeds=[3,5] and seeds=3-9 name them. Also months=…, name=…, experiment=….
`coalitions list parameters` shows every key. Tab completion: eval "$(coalitions -sc install=bash)"
"""


def add_parser(verbs: Any) -> None:
    """Add the verb to the parser."""
    from sim.commands.console import add_options

    parser = verbs.add_parser(
        "run",
        help="run one setting",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="coalitions run [key=value …] [options]",
        allow_abbrev=False,
    )
    add_options(parser)
    hydra = parser.add_argument_group("Hydra's own")
    hydra.add_argument("-m", "--multirun", action="store_true", help="run every combination of key=a,b lists")
    hydra.add_argument("-c", "--cfg", choices=("job", "hydra", "all"), help="print the composed setting, run nothing")
    hydra.add_argument("-p", "--package", help="with --cfg: print one group of it")
    hydra.add_argument("--info", "-i", nargs="?", const="all", metavar="WHAT", help="print how it was composed")
    hydra.add_argument("-sc", "--shell-completion", action="store_true", help="install=bash, fish or zsh")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Run what the command line asks for and return the exit code."""
    from sim.commands.console import check_words

    words = check_words(args, ("--multirun", "--cfg", "--info", "--package", "--shell-completion"))
    if args.shell_completion:
        from sim.commands.completion import complete

        return complete(words)
    if args.multirun or args.cfg or args.info or any(word.startswith("hydra") for word in words):
        from sim.commands.multirun import hand_over

        return hand_over(args, words)
    from sim.configuration import compose

    return run_one(args, compose(words, config_dir=args.config_dir))


def run_one(args: argparse.Namespace, configuration: Any) -> int:
    """Run one composed setting, print its verdict, keep its results."""
    from sim.commands.console import CAUTION, OK, name_rows, print_json
    from sim.commands.runs import find_folder, keep, run_with_progress, tell_folder
    from sim.tables import describe_localities, describe_verdict, summarise

    folder = find_folder(args, configuration)
    results = run_with_progress(args, configuration)
    keep(results, folder, "run", configuration.overrides, args.config_dir)
    verdict = describe_verdict(results)
    if len(results.localities):
        verdict = f"{verdict}\n{describe_localities(results.localities)}"
    if not args.json:  # at once: the figures take longer than the runs
        print(f"{configuration.name}: {verdict}", flush=True)
    figures = [] if args.no_figures else draw(results, folder)
    if args.json:
        content = {"name": configuration.name, "folder": str(folder), "seeds": configuration.seeds, "verdict": verdict}
        summary = name_rows(summarise(results)).to_dict("records")
        print_json({**content, "summary": summary, "figures": [str(path) for path in figures], "caution": CAUTION})
        return OK
    tell_folder(folder, figures)
    print(CAUTION)
    return OK


def draw(results: Any, folder: Any) -> list[Any]:
    """Draw all figures of a run below its folder."""
    from sim.figures import draw_all

    return draw_all(results, folder / "figures")
