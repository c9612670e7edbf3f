"""Files that are there whole or not at all: written beside their place, flushed to the disk, then moved."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_mask_lock = threading.Lock()


def replace_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` make a neighbour of `path`, then put it in its place. A killed process leaves no half file there.

    The neighbour's name begins with a dot, so that nobody takes it for a part. Raises OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    neighbour = Path(name)
    neighbour.chmod(0o666 & ~_read_mask())
    try:
        write(neighbour)
        with neighbour.open("rb") as stream:
            os.fsync(stream.fileno())
        neighbour.replace(path)
        flush_folder(path.parent)
    except BaseException:
        neighbour.unlink(missing_ok=True)
        raise


def _read_mask() -> int:
    with _mask_lock:  # of two threads at once, one would take the other's 0 for the mask and leave it
        mask = os.umask(0)
        os.umask(mask)
    return mask


def flush_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
