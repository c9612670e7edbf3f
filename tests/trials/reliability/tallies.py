"""Counting trials: how many of each kind, and what was lost in which."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

SHOWN = 3
Tell = Callable[[float, float], None]  # how much is done, of how much


def be_quiet(done: float, total: float) -> None:
    """Tell nothing of the progress."""


class Tally:
    """Trials of one kind, for a row of docs/reliability.md."""

    def __init__(self, what: str, note: str = "") -> None:
        """Begin with no trial."""
        self.what, self.note, self.n_tried, self.lost = what, note, 0, []

    def add(self, problem: str, count: int = 1) -> None:
        """Count a trial, or `count` of them, with what was amiss; nothing where all was as it should be."""
        self.n_tried += count
        if problem:
            self.lost.append(problem)
            print(f"{self.what}: {problem}", file=sys.stderr, flush=True)

    def row(self) -> dict[str, Any]:
        """Return the row: what, tried, lost, note. What was lost stands in the note."""
        told = "; ".join(dict.fromkeys(self.lost[:SHOWN]))
        note = f"{self.note}. LOST: {told}".lstrip(". ") if self.lost else self.note
        return {"what": self.what, "tried": self.n_tried, "lost": len(self.lost), "note": " ".join(note.split())}


def make_row(what: str, tried: int, lost: int, note: str = "", *, allowed: int = 0) -> dict[str, Any]:
    """Return a row; so many as `allowed` may be lost before it is a failure, which the note then says."""
    return {"what": what, "tried": tried, "lost": lost, "note": note, "allowed": allowed}


def skip(what: str, reason: str) -> dict[str, Any]:
    """Return the row of what could not be tried on this machine."""
    return {"what": what, "tried": 0, "lost": 0, "note": f"not tried: {reason}"}
