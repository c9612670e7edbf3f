"""The command ``coalitions``: reads the verb and its options, and hands over to `sim.commands`."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from sim.commands import (
    analyses,
    app,
    calibrate,
    compare,
    demo,
    draw,
    explore,
    export,
    games,
    importing,
    init,
    interviews,
    report,
    run,
    show,
    status,
    sweep,
    validate,
)
from sim.commands import list as list_verb
from sim.commands.console import guard, is_memory_short, say_error, tell_memory
from sim.commands.streams import open_streams
from sim.errors import FAILED, OK, USAGE
from sim.systems import tell_system

VERBS = (
    demo,
    run,
    compare,
    explore,
    interviews,
    draw,
    report,
    games,
    calibrate,
    app,
    sweep,
    status,
    export,
    init,
    importing,
    validate,
    list_verb,
    show,
)
LIGHT = ("init", "list", "show", "status", "validate")  # verbs that neither run nor draw
PATHS = ("results", "folder", "config_dir", "output", "to", "roster")
EPILOG = """\
exit codes: 0 ok · 1 a run failed · 2 usage or invalid input · 3 a sweep is complete but for failed runs ·
4 another command writes into the folder · 5 no room on the disk · 130 interrupted (143 by SIGTERM)
results go to stdout, progress to stderr; NO_COLOR and --quiet are respected
start with:  coalitions demo    coalitions list regimes    coalitions run regime=competitive seeds=20
"""


class _StoreOnce(argparse._StoreAction):
    """Keep the value of an option, and refuse a second one: the first would be lost without a word."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        """Keep `values`. Raises `argparse.ArgumentError` where the option has been given before."""
        if self.option_strings:
            given = getattr(namespace, "given", {})
            if self.dest in given:
                raise argparse.ArgumentError(self, f"given twice, {given[self.dest]} and {values}; leave one out")
            namespace.given = {**given, self.dest: values}
        super().__call__(parser, namespace, values, option_string)


class Parser(argparse.ArgumentParser):
    """A parser, with those of its verbs, that takes an option which holds one value only once."""

    def __init__(self, *words: Any, **named: Any) -> None:
        """Take what `argparse.ArgumentParser` does."""
        super().__init__(*words, **named)
        for name in (None, "store"):
            self.register("action", name, _StoreOnce)


def build_parser() -> Parser:
    """Return the parser of all verbs."""
    parser = Parser(
        prog="coalitions",
        description="When do coalitions of organizations grow, hold or fragment, and what do grant regimes do to it?",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for command in VERBS:
        command.add_parser(verbs)
    analyses.add_parsers(verbs)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    if told := tell_system():
        say_error(told)
        return USAGE
    _spare_memory()
    gc.set_threshold(50_000)  # reading libraries makes many objects and little garbage
    atexit.register(gc.freeze)  # at the end all memory goes at once; looking through it would take half a second
    open_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in ("-sc", "--shell-completion"):
        from sim.commands.completion import complete

        return guard(lambda: complete(words[1:], build_parser()))
    if any("\0" in word for word in words):  # no shell passes one on, and no file can have it in its name
        say_error("the command holds a NUL character; take it out")
        return USAGE
    parser = build_parser()
    try:
        args, overrides = parser.parse_known_args(words)
    except SystemExit as end:  # argparse has printed help or the mistake
        return int(end.code or 0)
    if args.version:
        return _print_version()
    if args.verb is None:
        return _without_verb(parser, overrides)
    if args.verb not in LIGHT and is_memory_short():
        say_error(tell_memory())
        return FAILED
    args.overrides, args.parser = overrides, parser
    _settle_paths(args)
    return guard(lambda: args.execute(args))


def _print_version() -> int:
    """Print the versions of the program, of the model and its code, and of what computes with it."""
    from sim import __version__
    from sim.release import describe_code, describe_maker, name_model, tell_code

    libraries = {name: number for name, number in describe_maker().items() if name != "code"}
    print(f"coalitions {__version__}, {name_model()}, {tell_code(describe_code())}")
    print(", ".join(f"{name} {number}" for name, number in libraries.items()))
    return OK


def _spare_memory() -> None:
    """Have libraries of linear algebra start one thread each where memory is limited; numpy is not imported yet.

    Some of them wait for ever for the memory of their threads, deaf to SIGTERM.
    """
    with suppress(ImportError):  # no limits on this system
        import resource

        if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
            for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
                os.environ.setdefault(name, "1")


def _settle_paths(args: argparse.Namespace) -> None:
    """Read ~ in paths as a shell does, which leaves it in --results=~/x; libraries would, some of them and not others.

    ./~x is a folder of that name, and is then named from the root on, so that no library takes it for a home.
    """
    for name in PATHS:
        path = getattr(args, name, None)
        if isinstance(path, str) and path.startswith("~"):
            setattr(args, name, os.path.expanduser(path))  # noqa: PTH111  (an unknown user is no error)
        elif isinstance(path, str) and path.startswith("./~"):
            setattr(args, name, str(Path(path).absolute()))


def _without_verb(parser: argparse.ArgumentParser, words: list[str]) -> int:
    if words:
        say_error(f"unknown option '{words[0]}'. `coalitions --help` shows all.")
        return USAGE
    parser.print_help()
    return OK


if __name__ == "__main__":
    sys.exit(main())
