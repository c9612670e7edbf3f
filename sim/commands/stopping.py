"""Ctrl-C and SIGTERM for work that can be gone on with: the first lets parts end, the second ends at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Stop:
    """Whether and by which signals a stop was asked for; called, it says whether."""

    def __init__(self) -> None:
        """Nothing has been asked for yet."""
        self.caught: list[int] = []

    def __call__(self) -> bool:
        """Say whether a stop was asked for."""
        return bool(self.caught)


@contextmanager
def stopping(engine: Any, command: str) -> Iterator[Stop]:
    """Let the first Ctrl-C or SIGTERM finish what is being done, and the second one end at once."""
    stop = Stop()

    def catch(number: int, frame: Any) -> None:
        stop.caught.append(number)
        if len(stop.caught) == 1:
            _say("\nstopping after the parts under way; again to stop at once\n")
            return
        engine.stop()
        _say(f"\nstopped at once. To go on: {command}\n")
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    """Write to stderr from a signal's handler, where print may meet itself."""
    with suppress(OSError):
        os.write(2, text.encode(getattr(sys.stderr, "encoding", None) or "utf-8", "backslashreplace"))
