"""Guards: who may speak to the server. Pages of other addresses, names that point here, large bodies, wrong codes."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_BODY_BYTES = 64 * 1024
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another
WRONG_CODES, WRONG_SECONDS = 20, 60.0
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def check_host(host: str, port: int, reached: str | None) -> bool:
    """Say whether a Host header names this machine by a number or as localhost, so that no foreign name leads here.

    reached: the address at which the connection arrived, as a number.
    """
    names = {"localhost", "127.0.0.1", "[::1]"}
    if reached:
        names.add(f"[{reached}]" if ":" in reached else reached)
    return host.lower() in {f"{name}:{port}" for name in names} | (names if port == 80 else set())


def check_origin(headers: Mapping[str, str], host: str) -> bool:
    """Say whether a request comes from our own page, or from no page at all."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    return (origin is None or origin == f"http://{host}") and site in (None, "same-origin", "none")


def make_code() -> str:
    """Return a room code like ``KM4W-7QXA``: eight letters, one of 8 · 10^11."""
    letters = [secrets.choice(LETTERS) for _ in range(8)]
    return "".join([*letters[:4], "-", *letters[4:]])


class Room:
    """The code of a room, and how often an address has got it wrong of late."""

    def __init__(self, code: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep a code; None lets everyone in, for a server that only this machine reaches."""
        self.code, self._clock = code, clock
        self._lock = threading.Lock()
        self._wrong: dict[str, list[float]] = {}

    def check(self, given: str, address: str) -> str:
        """Return "" for the right code, else what to tell; who is wrong too often has to wait."""
        if self.code is None:
            return ""
        with self._lock:
            now = self._clock()
            recent = [at for at in self._wrong.get(address, []) if now - at < WRONG_SECONDS]
            if len(recent) >= WRONG_CODES:
                return "too many wrong codes from this address; wait a minute"
            if secrets.compare_digest(_plain(given).encode(), _plain(self.code).encode()):
                return ""
            self._wrong[address] = [*recent, now]
            self._forget(now, keep=address)
        return "this is not the code of the room; it stands on the screen of who opened it"

    def _forget(self, now: float, keep: str) -> None:
        old: Iterable[str] = [name for name, times in self._wrong.items() if now - times[-1] >= WRONG_SECONDS]
        for name in old:
            if name != keep:
                del self._wrong[name]


def _plain(code: str) -> str:
    return "".join(letter for letter in str(code).upper() if letter.isalnum())
