"""What came back for a malformed input, judged: refused in a few lines, or lost in one of three ways."""

from __future__ import annotations

import json
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from sim.errors import AnalysisError, ConfigurationError, GameError, ParameterError, ResultsError, RosterError
from sim.text import make_plain

USER_ERRORS = (ConfigurationError, ParameterError, RosterError, ResultsError, GameError, AnalysisError)
MAX_LINES, MAX_CHARACTERS = 3, 600
_UNEXPECTED = re.compile(r"(error: )?unexpected \w+:")  # how `console.guard` tells what it does not know
REFUSED, TRACEBACK, SILENT, LONG = "refused", "traceback", "silent", "long"


def judge_text(text: str, most_lines: int = MAX_LINES) -> str:
    """Return REFUSED for a refusal that is short and says something, else LONG."""
    lines = text.splitlines()
    is_short = 0 < len(lines) <= most_lines and all(len(line) <= MAX_CHARACTERS for line in lines)
    return REFUSED if is_short and text.strip() and "Traceback" not in text and not _UNEXPECTED.match(text) else LONG


def judge(action: Callable[[], Any]) -> tuple[str, str]:
    """Return how an input was met that must be refused, and what was said; `action` returns True where it may pass.

    A roster is told with one line a problem, of which each is judged.
    """
    try:
        passes = action()
    except RosterError as problem:
        lines = make_plain(str(problem)).splitlines() or [""]
        worst = {judge_text(line) for line in lines}
        return (REFUSED if worst == {REFUSED} else LONG), lines[0]
    except USER_ERRORS as problem:
        told = make_plain(str(problem))
        return judge_text(told), told
    except Exception:
        return TRACEBACK, traceback.format_exc(limit=-3)
    return (REFUSED, "means the same") if passes is True else (SILENT, repr(passes)[:200])


class Tally:
    """How many inputs of one kind were tried, and what became of them."""

    def __init__(self, what: str) -> None:
        """Begin with none."""
        self.what, self.counts, self.finds = what, Counter(), []

    def add(self, name: str, found: tuple[str, str]) -> None:
        """Count one input; what is lost is kept with its name."""
        self.counts[found[0]] += 1
        if found[0] != REFUSED:
            self.finds.append((name, *found))

    @property
    def tried(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    @property
    def lost(self) -> int:
        """How many of them were not refused as they should be."""
        return self.tried - self.counts[REFUSED]

    def to_row(self) -> dict[str, Any]:
        """Return what, tried, lost and a note."""
        names = {TRACEBACK: "tracebacks", SILENT: "silent", LONG: "told at length"}
        note = ", ".join(f"{text} {self.counts[kind]}" for kind, text in names.items())
        return {"what": self.what, "tried": self.tried, "lost": self.lost, "note": note}


def print_rows(tallies: Iterable[Tally], what: str) -> int:
    """Print a JSON line a row and a last one of counts; return how many inputs were lost."""
    tallies = list(tallies)
    total: Counter[str] = sum((tally.counts for tally in tallies), Counter())
    for tally in tallies:
        print(json.dumps(tally.to_row()), flush=True)
    lost = total.total() - total[REFUSED]
    counts = {"tried": total.total(), "tracebacks": total[TRACEBACK], "silent": total[SILENT], "lost": lost}
    print(json.dumps({"what": what, **counts}), flush=True)
    return lost
