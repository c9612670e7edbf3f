"""The verbs of the command line, each declared once: for the parser, for tab completion and for tests."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


class Verb(NamedTuple):
    """One verb.

    module: in `sim.commands`; it has ``DESCRIPTION``, ``add_arguments(parser)``, ``execute(args)`` and, where argparse
    cannot write it, ``SYNOPSIS``. It is imported when the verb is called, so it may import what it always needs.
    takes_words: whether it takes words of a configuration, key=value. is_light: whether it neither runs nor draws, and
    so gets by with little memory.
    """

    name: str
    module: str
    help: str
    takes_words: bool = False
    is_light: bool = False

    def load(self) -> Any:
        """Return the module of the verb."""
        return import_module(f"sim.commands.{self.module}")


VERBS = {
    verb.name: verb
    for verb in (  # in the order of the help
        Verb("demo", "demo", "run the first example experiment to its figure", takes_words=True),
        Verb("run", "run", "run one setting", takes_words=True),
        Verb("compare", "compare", "run two or more settings on the same seeds", takes_words=True),
        Verb("explore", "explore", "write runs as one HTML file to watch and to teach with", takes_words=True),
        Verb("interviews", "interviews", "ask members of coalitions, and count the study's themes", takes_words=True),
        Verb("draw", "draw", "draw figures of kept results"),
        Verb("report", "report", "write a result as one HTML file, PDF or slides"),
        Verb("games", "games", "coalition theory on one month of a run, or on a table", takes_words=True),
        Verb("calibrate", "calibrate", "find the sets of parameters that give what was observed"),
        Verb("app", "app", "set up and watch live runs in the browser, on this machine"),
        Verb("sweep", "sweep", "run many settings, resumable, on all cores", takes_words=True),
        Verb("status", "status", "say how far a sweep is", is_light=True),
        Verb("export", "export", "write a table of results as CSV"),
        Verb("init", "init", "write a folder to begin a roster of your own with", is_light=True),
        Verb("import", "importing", "make a roster of a public export or a survey", takes_words=True),
        Verb("validate", "validate", "check a roster of your own", takes_words=True, is_light=True),
        Verb(
            "list",
            "list",
            "list regimes, fields, shocks, mechanisms, calibrations, experiments or parameters",
            is_light=True,
        ),
        Verb("show", "show", "show one of them in full", is_light=True),
        Verb("sensitivity", "sensitivity", "say which parameters move an outcome"),
        Verb("scenarios", "scenarios", "say in which part of a sweep something happens"),
        Verb("robustness", "robustness", "say how levers do over many sets of parameters"),
    )
}
