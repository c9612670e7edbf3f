"""The parser of the command line, made from the registry of verbs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from sim.commands.registry import VERBS

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
        super().__init__(*words, **named, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
        for name in (None, "store"):
            self.register("action", name, _StoreOnce)


def build_parser(words: Iterable[str] = VERBS) -> Parser:
    """Return the parser of all verbs. Only those among `words` are loaded; the others have just their line of help."""
    parser = Parser(
        prog="coalitions",
        description="When do coalitions of organizations grow, hold or fragment, and what do grant regimes do to it?",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    called = set(words)
    for verb in VERBS.values():
        own = verbs.add_parser(verb.name, help=verb.help)
        if verb.name in called:
            module = verb.load()
            own.description, own.usage = module.DESCRIPTION, getattr(module, "SYNOPSIS", None)
            module.add_arguments(own)
            own.set_defaults(execute=module.execute)
    return parser
