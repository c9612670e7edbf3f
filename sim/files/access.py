"""Files that are there whole or not at all, and files of a user's own, of which only so much is read.

What is written is written beside its place, flushed to the disk, then moved. What is read must be a regular file: a
device never ends, and a pipe waits for a writer that may never come.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from sim.errors import FolderInUseError, UnfitFileError

PACKAGE = Path(__file__).resolve().parents[1]
LONGEST_PREFIX = 60  # of a neighbour's name, which a file system wants to have at most 255 bytes
_mask_lock = threading.Lock()


def find_shipped(name: str) -> Path | None:
    """Return a folder of shipped files, inside the package of a wheel or beside it in a checkout; None without it."""
    return next((folder for folder in (PACKAGE / name, PACKAGE.parent / name) if folder.is_dir()), None)


def replace_file(path: Path, write: Callable[[Path], Any], *, is_flushed: bool = True) -> None:
    """Let `write` make a neighbour of `path`, then put it in its place. A killed process leaves no half file there.

    The neighbour's name begins with a dot, so that nobody takes it for a part. Without is_flushed a failing power
    supply may lose it: for what is drawn from other files in a second, as figures are. Raises OSError, also where a
    device, pipe or folder stands there, which would be replaced by a file.
    """
    if path.exists() and not path.is_file():
        kind = "is a folder" if path.is_dir() else "is a device or pipe"
        raise OSError(errno.EEXIST, f"{kind}, not a file", str(path))
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:LONGEST_PREFIX]}.", suffix=".tmp")
    except OSError as problem:
        problem.filename = str(path)  # the name that the user knows
        raise
    os.close(handle)
    neighbour = Path(name)
    neighbour.chmod(0o666 & ~_read_mask())
    try:
        write(neighbour)
        if is_flushed:
            with neighbour.open("rb") as stream:
                os.fsync(stream.fileno())
        neighbour.replace(path)
        if is_flushed:
            flush_folder(path.parent)
    except BaseException as problem:
        neighbour.unlink(missing_ok=True)
        if isinstance(problem, OSError):
            problem.filename = str(path)
        raise


def open_regular(path: str | Path) -> BinaryIO:
    """Open a regular file for reading its bytes. Raises OSError, and `UnfitFileError` for a device, pipe or folder."""
    wait_for_nobody = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, os.O_RDONLY | wait_for_nobody)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
            raise UnfitFileError(errno.EINVAL, f"is {kind}, not a file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def check_regular(path: str | Path) -> None:
    """Raise what `open_regular` does: for a library that opens the file itself."""
    open_regular(path).close()


def read_bounded(path: str | Path, most: int) -> bytes:
    """Return the bytes of a regular file. Raises OSError, and `UnfitFileError` for one of more than `most` bytes."""
    with open_regular(path) as stream:
        content = stream.read(most + 1)  # what the system says of the size of /proc/… is 0
    if len(content) > most:
        raise UnfitFileError(errno.EINVAL, f"is larger than the {most:,} bytes that are read", str(path))
    return content


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


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold `folder`, made where missing, against other commands until the block ends, however the process does.

    The lock is the folder's own, so no file is left; a folder that stays empty is removed.
    Raises `FolderInUseError`, OSError.
    """
    handle = _lock_folder(folder)
    try:
        yield
    finally:
        with suppress(OSError):  # results lie there
            folder.rmdir()
        os.close(handle)


def _lock_folder(folder: Path) -> int:
    """Return the open and locked `folder`. Raises `FolderInUseError`, OSError."""
    import fcntl

    while True:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        except FileNotFoundError:  # whoever held it has removed it, as it was empty
            pass
        except BlockingIOError:
            os.close(handle)
            text = f"{folder}: another command is writing there; wait for it or choose another name=…"
            raise FolderInUseError(text) from None
        os.close(handle)
