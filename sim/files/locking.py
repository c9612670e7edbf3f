"""One driver at a time in a folder: locks that the system frees when their process ends, however it ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sim.errors import FolderInUseError

if TYPE_CHECKING:
    pass

LOCK = ".lock"
SECONDS_FOR_LOCK = 0.5


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the folder for this driver, after any worker of an earlier one has ended. Raises `FolderInUseError`."""
    with (folder / LOCK).open("a") as own, (folder / WORKERS_LOCK).open("a") as workers:
        if not _take(own):
            raise FolderInUseError(f"{folder}: another sweep is running there; wait for it or choose another name=…")
        fcntl.flock(workers, fcntl.LOCK_EX)  # the workers of a killed driver end within a second or two
        fcntl.flock(workers, fcntl.LOCK_UN)
        yield


def _take(lock: IO[str]) -> bool:
    """Take a lock; `coalitions status` may hold it for a moment."""
    end = time.monotonic() + SECONDS_FOR_LOCK
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)


def is_locked(folder: Path) -> bool:
    """Say whether a driver holds the folder, without touching it."""
    path = folder / LOCK
    if not path.exists():
        return False
    with path.open("rb") as own:
        try:
            fcntl.flock(own, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


WORKERS_LOCK = ".workers.lock"
