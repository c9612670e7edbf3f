"""Visitors: each has a model of its own, gets its share of the machine, and is forgotten after a while."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from sim.configuration import ConfigurationError
from sim.explore.packing import pack_run
from sim.explore.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.app.asking import Asked
    from sim.roster import RosterTables

MAX_VISITORS = 200
IDLE_SECONDS = 30 * 60
SLICE_SECONDS = 0.2  # of one answer; a long run takes several


class FullError(Exception):
    """There are as many visitors as there may be."""


class Visitor:
    """One visitor and the run it is at."""

    def __init__(self, now: float) -> None:
        """Begin without a run."""
        self.lock = threading.Lock()
        self.seen = now
        self._asked: Asked | None = None
        self._recorder: Recorder | None = None

    def advance(self, asked: Asked, roster: RosterTables | None) -> dict[str, Any]:
        """Go on with the run asked for, or begin it, for a slice of time; return what there is of it.

        Keys: run (bytes), month (the last there is), months, start. Changes hold from the start of their month on.
        """
        with self.lock:
            if self._asked is None or self._recorder is None or not _is_same(self._asked, asked):
                self._recorder = Recorder(asked.parameters, asked.seed, roster)
                self._asked = asked
            recorder = self._recorder
            end = time.monotonic() + SLICE_SECONDS
            while recorder.month < asked.parameters.months and time.monotonic() < end:
                for month, parameters in asked.planned:
                    if month == recorder.month + 1 and len(recorder.changes) < _count(asked, month):
                        recorder.change(parameters)
                recorder.run_to(recorder.month + 1)
            found = recorder.record()
        return {"run": pack_run(found), "month": recorder.month, "start": found.start, "rows": found.rows}


def _is_same(one: Asked, other: Asked) -> bool:
    return one.parameters == other.parameters and one.seed == other.seed and one.changes == other.changes


def _count(asked: Asked, month: int) -> int:
    return sum(1 for planned, _ in asked.planned if planned <= month)


class Visitors:
    """All visitors, by a secret that each of them keeps."""

    def __init__(self, limit: int = MAX_VISITORS, idle_seconds: float = IDLE_SECONDS,
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        """Begin with nobody."""
        self._limit, self._idle_seconds, self._clock = limit, idle_seconds, clock
        self._lock = threading.Lock()
        self._visitors: dict[str, Visitor] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._visitors)

    def enter(self) -> str:
        """Return the secret of a new visitor. Raises `FullError`; those idle for long are forgotten first."""
        with self._lock:
            now = self._clock()
            old = [secret for secret, one in self._visitors.items() if now - one.seen > self._idle_seconds]
            for secret in old:
                del self._visitors[secret]
            if len(self._visitors) >= self._limit:
                raise FullError(f"{self._limit} visitors are here already; try again in a while")
            secret = secrets.token_urlsafe(24)
            self._visitors[secret] = Visitor(now)
            return secret

    def find(self, secret: str) -> Visitor:
        """Return a visitor by its secret. Raises `ConfigurationError` for one that is not known (any more)."""
        with self._lock:
            visitor = self._visitors.get(secret)
            if visitor is None:
                raise ConfigurationError("you were away for long, and your model was put away; load the page again")
            visitor.seen = self._clock()
            return visitor
