"""Where compiled code is kept: in a folder that only its owner can write to, in files that show damage.

numba unpickles what it finds in its cache and runs the machine code in it. So code of ours comes from no folder that
somebody else could have filled, and every file carries a digest that is checked as the file is read. What fails is set
aside and compiled again.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import shutil
import stat
import sys
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs
from numba.core.caching import FunctionCache, IndexDataCacheFile

SEAL = b"coalitions 1\n"
DIGEST_BYTES = 32
_told: set[str] = set()  # a process says each thing once


class _UnsafeFolderError(Exception):
    """Somebody else can write to a folder of compiled code, or owns it; another folder is chosen then."""


def choose_folder(name: str) -> Path:
    """Return a folder called `name` that only this user can write to, made where missing.

    It lies in NUMBA_CACHE_DIR or the user's cache; where these cannot be written or are not safe, in a folder of this
    user among the temporary files; and else in a fresh one, which is removed as this process ends. Its own processes
    find the folder by NUMBA_CACHE_DIR.
    """
    given = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(given or platformdirs.user_cache_dir("coalitions"))
    try:
        return _claim(root, name, is_own=not given)
    except _UnsafeFolderError as problem:
        why = str(problem)
    except OSError:
        why = ""
    own = None
    with suppress(OSError, _UnsafeFolderError):
        root = Path(tempfile.gettempdir()) / f"coalitions-{_who()}"
        _make_private(root)
        own = _claim(root, name)
    if own is None:
        try:
            root = Path(tempfile.mkdtemp(prefix="coalitions-"))
        except OSError:  # nothing at all can be written; numba then keeps nothing
            return root / name
        atexit.register(_remove, root, os.getpid())
        own = _claim(root, name)
        why = why or f"{tempfile.gettempdir()}/coalitions-{_who()} is not this user's alone"
        _say(f"{why}; this command compiles the model anew. NUMBA_CACHE_DIR names a folder to keep compiled code in")
    elif why:
        _say(f"{why}; compiled code is kept in {own}")
    os.environ["NUMBA_CACHE_DIR"] = str(root)
    return own


def _claim(root: Path, name: str, *, is_own: bool = False) -> Path:
    """Return the folder `name` in `root`, made where missing. Raises OSError or `_UnsafeFolderError`.

    is_own: nobody but us keeps anything in `root`, so rights that others have there can be taken from them.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    above = root.stat()
    if is_own and _is_mine(above) and above.st_mode & 0o022:
        root.chmod(stat.S_IMODE(above.st_mode) & ~0o022)
        above = root.stat()
    if above.st_mode & 0o022 and not above.st_mode & stat.S_ISVTX:
        raise _UnsafeFolderError(f"{root} can be written by other users")
    folder = root / name
    _make_private(folder)
    with os.scandir(folder) as inside:
        for inner in inside:
            if not inner.is_file(follow_symlinks=False):
                _check_private(Path(inner.path))
    with tempfile.TemporaryFile(dir=folder):
        return folder


def _make_private(folder: Path) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _check_private(folder)


def _check_private(folder: Path) -> None:
    """Raise `_UnsafeFolderError` unless it is a real folder of this user that no other one can write to."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise _UnsafeFolderError(f"{folder} is a link or no folder")
    if not _is_mine(found):
        raise _UnsafeFolderError(f"{folder} belongs to another user")
    if found.st_mode & 0o022:
        raise _UnsafeFolderError(f"{folder} can be written by other users")


def _who() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def _is_mine(found: os.stat_result) -> bool:
    return found.st_uid == _who()


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # and not a copy of it
        shutil.rmtree(folder, ignore_errors=True)


def _say(text: str) -> None:
    if sys.stderr is not None and text not in _told:
        _told.add(text)
        with suppress(OSError, ValueError):
            sys.stderr.write(f"warning: {text}\n")


class SealedFile(IndexDataCacheFile):
    """The files of one function in numba's cache, each with its digest before it."""

    def load(self, key: Any) -> Any:
        """Return what is kept under `key`, None where nothing is or it was damaged."""
        name = self._load_index().get(key)
        return self._read(self._data_path(name)) if name else None

    def save(self, key: Any, data: Any) -> None:
        """Keep `data`; where it cannot be written this process does without."""
        try:
            super().save(key, data)
        except OSError as problem:
            _say(f"compiled code cannot be kept in {self._cache_path} ({problem.strerror}), and is compiled each time")

    def _data_name(self, number: int) -> str:
        """Return a name that no other process gives to its file.

        numba counts: two processes that compile for different arguments or processors at once, as on nodes that share
        a home, would both write file 1, and one would then run the other's machine code.
        """
        return f"{self._index_name.removesuffix('.nbi')}.{uuid.uuid4().hex[:16]}.nbc"

    def _load_index(self) -> dict[Any, str]:
        version, stamp, overloads = self._read(self._index_path) or (None, None, {})
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, (self._version, self._source_stamp, overloads))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _write(self, path: str, tree: Any) -> None:
        content = self._dump(tree)
        with self._open_for_write(path) as stream:
            stream.write(SEAL + hashlib.sha256(content).digest())
            stream.write(content)

    def _read(self, path: str) -> Any:
        """Return what a file holds, None without one; a damaged one is set aside."""
        start = len(SEAL) + DIGEST_BYTES
        read = None
        try:
            with Path(path).open("rb") as stream:
                read = os.fstat(stream.fileno())
                content = memoryview(stream.read())
            sealed = SEAL + hashlib.sha256(content[start:]).digest()
            if content[:start] == sealed:
                return pickle.loads(content[start:])  # a file of ours, in a folder that is ours alone
        except FileNotFoundError:
            return None
        except Exception:  # it cannot be read, or was written by a library that has since been changed
            pass
        with suppress(OSError):
            # and not what another process has since compiled
            if read is None or os.path.samestat(read, Path(path).stat()):
                Path(path).replace(f"{path}.bad")
        _say(f"compiled code in {self._cache_path} was damaged; it is set aside as *.bad and compiled again")
        return None


def seal_cache(dispatcher: Any) -> None:
    """Have a dispatcher of numba keep its code in sealed files."""
    cache = dispatcher._cache
    if type(cache) is FunctionCache:  # and not the stand-in of a function that is not cached
        cache._cache_file.__class__ = SealedFile
