"""Tab completion: Hydra's, with the verb taken out of the line, since Hydra knows nothing of verbs."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys

VERBS = ("compare", "demo", "list", "run", "show")
KINDS = ("calibrations", "experiments", "fields", "mechanisms", "parameters", "regimes", "shocks")
_FOREIGN = re.compile(r"(hydra|rosters|design|question)([./=]|$)")
_OPTIONS = re.compile(r"--(results|config-dir)[ =]+\S+ +|--\S+ +")  # ours, which Hydra's parser would refuse


def complete(words: list[str]) -> int:
    """Print Hydra's completion script (``install=bash``) or the candidates for a line (``query=bash``)."""
    from sim.commands.console import OK
    from sim.commands.multirun import call_hydra

    if words and words[0].startswith("query="):
        program, verb, rest = _split(os.environ.get("COMP_LINE", ""))
        if verb not in ("run", "compare", "demo"):
            candidates = {"": VERBS, "list": KINDS, "show": KINDS}.get(verb, ())
            print(" ".join(name for name in candidates if name.startswith(rest)))
            return OK
        os.environ["COMP_LINE"] = f"{program} {_OPTIONS.sub('', rest)}"
    sys.argv[0] = "coalitions"  # the script is installed for the command, also from `python -m sim`
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = call_hydra(["--shell-completion", *words], lambda config: None)
    is_query = bool(words) and words[0].startswith("query=")
    print(_keep_ours(told.getvalue()) if is_query else told.getvalue().rstrip("\n"))
    return code


def _keep_ours(candidates: str) -> str:
    return " ".join(word for word in candidates.split() if not _FOREIGN.match(word))


def _split(line: str) -> tuple[str, str, str]:
    """Return (program, verb, rest of the line); the verb is empty while it is still being typed."""
    program, _, tail = line.lstrip().partition(" ")
    verb, space, rest = tail.lstrip().partition(" ")
    return (program, verb, rest.lstrip()) if space else (program, "", verb)
