"""The compiler's settings, in one place: every kernel is decorated with `compiled`.

numba's own cache watches only the file a function stands in, so an edit to a kernel that is called from another
file would leave the old machine code in use. The cache folder is therefore named by a hash of all kernel sources.
With ``NUMBA_DISABLE_JIT=1`` the very same source runs interpreted, bit for bit alike.
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

# Level 1 compiles about 15 % faster than numba's 3 and runs these kernels as fast; results are the same bits.
os.environ.setdefault("NUMBA_OPT", "1")

import numba
import numpy
import platformdirs

KERNEL_SOURCES = (
    "compiled.py",
    "draws.py",
    "reference.py",
    "state.py",
    "relations.py",
    "coalitions.py",
    "field.py",
    "gathering.py",
    "observe.py",
    "schedule.py",
    "processes",
    "declarations.py",
    "parameters.py",
    "columns.py",
)


def kernel_hash() -> str:
    """Return a short hash over all sources that compiled code is made from, and the versions that compile them."""
    here, digest = Path(__file__).parent, hashlib.blake2b(digest_size=8)
    digest.update(f"{sys.version_info[:2]} {numba.__version__} {numpy.__version__}".encode())
    for name in KERNEL_SOURCES:
        path = here / name
        for source in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Return the folder for compiled code: below the user's cache, or a temporary one if that cannot be written."""
    root = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_dir("coalitions")
    folder = Path(root) / f"kernels-{kernel_hash()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.gettempdir()) / f"coalitions-{os.getuid()}-{kernel_hash()}"


IS_COMPILED = not numba.config.DISABLE_JIT  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]
CACHE_FOLDER = cache_folder() if IS_COMPILED else None
numba.config.CACHE_DIR = str(CACHE_FOLDER or "")  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]


def is_cached() -> bool:
    """Say whether compiled code of this version already lies in the cache."""
    return CACHE_FOLDER is None or any(CACHE_FOLDER.rglob("schedule.run_seeds*.nbc"))


_OPTIONS = {
    "cache": True,
    "nogil": True,  # several threads may run seeds at once
    "error_model": "numpy",  # x / 0 gives inf, as for numpy's numbers
    "_nrt": False,  # kernels allocate nothing, so they need no reference counts
}


def compiled_entry(function):
    """Compile a kernel that Python calls: cached, without the interpreter's lock, without fastmath."""
    return numba.njit(**_OPTIONS)(function)


def compiled(function):
    """Compile a kernel that only other kernels call: it gets no Python entry, which halves the compilation."""
    return numba.njit(**_OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)  # pyright: ignore[reportCallIssue]
