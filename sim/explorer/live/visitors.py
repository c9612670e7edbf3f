"""Visitors: each has a model of its own, gets its share of the machine, and is forgotten after a while."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from sim.errors import ConfigurationError, RefusedError
from sim.explorer.live.game import PlayedRecorder
from sim.explorer.packing import pack_run
from sim.explorer.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.explorer.live.asking import Asked, Seat
    from sim.schema.roster_tables import RosterTables

MAX_VISITORS = 200
IDLE_SECONDS = 30 * 60
SLICE_SECONDS = 0.1  # of one answer; a long run takes several


class Visitor:
    """One visitor and the run it is at."""

    def __init__(self, now: float) -> None:
        """Begin without a run."""
        self.lock = threading.Lock()
        self.seen = now
        self._asked: Asked | None = None
        self._recorder: Recorder | None = None
        self._game: Game | None = None

    def advance(self, asked: Asked, roster: RosterTables | None) -> dict[str, Any]:
        """Go on with the run asked for, or begin it, for a slice of time; return what there is of it.

        Keys: run (bytes), month (the last there is), months, start. Changes hold from the start of their month on.
        """
        with self.lock:
            if self._asked is None or self._recorder is None or not _is_same(self._asked, asked):
                self._recorder = Recorder(asked.parameters, asked.seed, roster)
                self._asked, self._game = asked, None
            recorder = self._recorder
            _go_on(recorder, asked, time.monotonic() + SLICE_SECONDS)
            found = recorder.record()
        return {"run": pack_run(found), "month": recorder.month, "start": found.start, "rows": found.rows}

    def play(
        self, asked: Asked, seat: Seat, roster: RosterTables | None, tell: Callable[[Game], dict[str, Any]]
    ) -> dict[str, Any]:
        """Go on with a game, or begin it, for a slice of time or up to the next turn; return what `tell` says of it.

        The run that was watched is put away, as is the game once a run is watched: a visitor takes the room of one.
        Raises `ConfigurationError` for a decision that cannot be taken; the game then begins anew when asked again.
        """
        with self.lock:
            game = self._game
            if game is None or not _is_same(game.asked, asked) or not _goes_on(game.played.seat, seat):
                game = Game(asked, seat, roster)
            self._game = self._recorder = None  # the game is kept below, if all goes well
            game.go_on(seat, time.monotonic() + SLICE_SECONDS)
            self._game = game
            return tell(game)


class Game:
    """A run in which a visitor decides for one organization, and the same run by the model's rule alone."""

    def __init__(self, asked: Asked, seat: Seat, roster: RosterTables | None) -> None:
        """Stand at the start of both."""
        self.asked = asked
        self.played = PlayedRecorder(asked.parameters, asked.seed, roster, seat)
        self.ruled = PlayedRecorder(asked.parameters, asked.seed, roster, seat._replace(decisions=(), asks=frozenset()))

    @property
    def is_over(self) -> bool:
        """Whether both have been run to their end."""
        return min(self.played.month, self.ruled.month) == self.asked.parameters.months

    def go_on(self, seat: Seat, end: float) -> None:
        """Run on until a turn that waits for a decision, the end of both, or the end of the time."""
        self.played.decide(seat)
        _go_on(self.played, self.asked, end)
        if self.played.month == self.asked.parameters.months:
            _go_on(self.ruled, self.asked, end)


def _go_on(recorder: Recorder, asked: Asked, end: float) -> None:
    """Run month after month until `end`, at least one, or until it waits for a decision."""
    while recorder.month < asked.parameters.months:
        for month, parameters in asked.planned:
            if month == recorder.month + 1 and len(recorder.changes) < _count(asked, month):
                recorder.change(parameters)
        before = recorder.month
        recorder.run_to(before + 1)
        if recorder.month == before or time.monotonic() >= end:
            return


def _goes_on(before: Seat, seat: Seat) -> bool:
    """Say whether a game with these decisions is the one before, further on."""
    n = len(before.decisions)
    return before.organization == seat.organization and before.decisions == seat.decisions[:n]


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
        """Return the secret of a new visitor. Raises `RefusedError`; those idle for long are forgotten first."""
        with self._lock:
            now = self._clock()
            old = [secret for secret, one in self._visitors.items() if now - one.seen > self._idle_seconds]
            for secret in old:
                del self._visitors[secret]
            if len(self._visitors) >= self._limit:
                raise RefusedError(503, f"{self._limit} visitors are here already; try again in a while")
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
