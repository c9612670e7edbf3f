"""Tab completion: verbs, options and choices as the parser has them, and Hydra's for the words of a setting."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from sim.commands.parsing import build_parser
from sim.commands.registry import VERBS
from sim.errors import OK

_FOREIGN = re.compile(r"(hydra|rosters|design|question)([./=]|$)")


def complete(words: list[str]) -> int:
    """Print Hydra's completion script (``install=bash``) or the candidates for a line (``query=bash``)."""
    if words and words[0].startswith("query="):
        line = os.environ.get("COMP_LINE", "")
        print(" ".join(find_candidates(line, build_parser(line.split()), words)))
        return OK
    told, code = _ask_hydra(words)
    print(told.rstrip("\n"))
    return code


def find_candidates(line: str, parser: argparse.ArgumentParser, words: list[str]) -> list[str]:
    """Return what the last word of a line may become."""
    program, *given = line.split() or [""]
    last = given.pop() if given and not line[-1].isspace() else ""
    if not given:
        return _fit([*list_verbs(parser), *list_options(parser)] if last[:1] == "-" else list_verbs(parser), last)
    verb = list_verbs(parser).get(given[0])
    if verb is None:
        return []
    plain, waiting = _take_options(verb, given[1:])
    if waiting is not None:
        return _fit(waiting.choices or (), last)
    if last.startswith("-"):
        return _fit(list_options(verb), last)
    place = _find_place(verb, plain)
    if place is not None or not VERBS[given[0]].takes_words:
        return _fit(_list_choices(place, plain), last)
    return _complete_setting(program, plain, last, words)


def list_verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each verb, in the order of the help."""
    (verbs,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return dict(verbs.choices)


def list_options(parser: argparse.ArgumentParser) -> list[str]:
    """Return the options of a parser, as they are written in full."""
    return [name for action in parser._actions for name in action.option_strings if name.startswith("--")]


def _take_options(parser: argparse.ArgumentParser, given: list[str]) -> tuple[list[str], argparse.Action | None]:
    """Return the words that are no options nor values of such, and the option that waits for its value."""
    plain: list[str] = []
    waiting: argparse.Action | None = None
    for word in given:
        if waiting is not None:
            waiting = None
        elif word.startswith("-"):
            action = parser._option_string_actions.get(word)  # with "--name=value", nothing waits
            waiting = action if action is not None and action.nargs != 0 else None
        else:
            plain.append(word)
    return plain, waiting


def _find_place(parser: argparse.ArgumentParser, plain: list[str]) -> Any:
    """Return the positional argument that the next word is for, or None where it is for none."""
    places = [action for action in parser._actions if not action.option_strings]
    n_before = sum("=" not in word for word in plain)
    if n_before < len(places):
        return places[n_before]
    return places[-1] if places and places[-1].nargs in ("+", "*") else None


def _list_choices(place: Any, plain: list[str]) -> Iterable[str]:
    """Return what a positional argument may be, where it says so."""
    if hasattr(place, "completer"):
        return place.completer([word for word in plain if "=" not in word])
    return getattr(place, "choices", None) or ()


def _fit(candidates: Iterable[str], beginning: str) -> list[str]:
    return [name for name in candidates if name.startswith(beginning)]


def _complete_setting(program: str, plain: list[str], last: str, words: list[str]) -> list[str]:
    os.environ["COMP_LINE"] = " ".join([program, *plain, last])
    told, _ = _ask_hydra(words)
    return [word for word in told.split() if not _FOREIGN.match(word)]


def _ask_hydra(words: list[str]) -> tuple[str, int]:
    from sim.commands.multirun import call_hydra

    sys.argv[0] = "coalitions"  # the script is installed for the command, also from `python -m sim`
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = call_hydra(["--shell-completion", *words], lambda config: None)
    return told.getvalue(), code
