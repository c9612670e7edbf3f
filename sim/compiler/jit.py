"""The compiler's settings, in one place: every kernel is decorated with `compiled`.

numba's own cache watches only the file a function stands in, so an edit to a kernel that is called from another
file would leave the old machine code in use. The cache folder is therefore named by a hash of all kernel sources.
With ``NUMBA_DISABLE_JIT=1`` the very same source runs interpreted, bit for bit alike.
"""

import hashlib
import os
import sys
from pathlib import Path

# Level 2 compiles faster than numba's 3 and runs these kernels as fast; results are the same bits.
os.environ.setdefault("NUMBA_OPT", "2")

import numba
import numpy
from numba import types
from numba.extending import intrinsic

from sim.compiler.caching import choose_folder, seal_cache
from sim.compiler.direct import Entry, Inner, stand_for
from sim.compiler.systems import check_system

check_system()

KERNEL_SOURCES = ("compiler", "schema", "dynamics", "dynamics/processes", "engine/localities.py", "games")


def kernel_hash() -> str:
    """Return a short hash over all sources that compiled code is made from, and the versions that compile them."""
    here, digest = Path(__file__).parents[1], hashlib.blake2b(digest_size=8)
    digest.update(f"{sys.version_info[:2]} {numba.__version__} {numpy.__version__}".encode())
    for name in KERNEL_SOURCES:
        path = here / name
        for source in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()


# Where numba was imported before this file it has not read the level above.
numba.config.reload_config()  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]
IS_COMPILED = not numba.config.DISABLE_JIT  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]
CACHE_FOLDER = choose_folder(f"kernels-{kernel_hash()}") if IS_COMPILED else None
numba.config.CACHE_DIR = str(CACHE_FOLDER or "")  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]


CITY, LOCALITIES = "schedule.run_seeds", "localities.award_pools"  # compiled last, of one locality and of many


def is_cached(entry: str = CITY) -> bool:
    """Say whether compiled code of this version already lies in the cache."""
    return CACHE_FOLDER is None or any(CACHE_FOLDER.rglob(f"{entry}*.nbc"))


_OPTIONS = {
    "cache": True,
    "nogil": True,  # several threads may run seeds at once
    "error_model": "numpy",  # x / 0 gives inf, as for numpy's numbers
    "_nrt": False,  # kernels allocate nothing, so they need no reference counts
}


try:
    from sim.compiler.linking import choose_compilers

    _COMPILERS = choose_compilers()
except (ImportError, AttributeError):  # a numba that has other insides
    _COMPILERS = {}

_INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # which halves the compilation


def _settle(dispatcher, kind):
    """Return a dispatcher that answers calls from Python as its kind does, and from kernels shares compilations."""
    if IS_COMPILED:
        dispatcher.__class__ = kind
        seal_cache(dispatcher)
        _share_compilations(dispatcher)
    return dispatcher


def _share_compilations(dispatcher):
    """Let calls from kernels that differ in constants or in the width of integers share one compilation.

    numba would compile a function anew for each constant it is called with, and again for the first guess of each
    variable that starts as one: nearly half of all compilations. Inlining sees the constants all the same.
    """
    find = dispatcher.get_call_template

    def get_call_template(arguments, keywords):
        plain = (types.unliteral(kind) for kind in arguments)
        return find(tuple(types.int64 if kind == types.uint32 else kind for kind in plain), keywords)

    dispatcher.get_call_template = get_call_template


def compiled_entry(function):
    """Compile a kernel that Python calls: cached, without the interpreter's lock, without fastmath."""
    return _settle(numba.njit(**_OPTIONS, **_COMPILERS.get("Whole", {}))(function), Entry)


def compiled_apart(function):
    """Compile a kernel that only other kernels call, and seldom: to machine code of its own that they share."""
    return _settle(numba.njit(**_OPTIONS, **_INNER, **_COMPILERS.get("Apart", {}))(function), Inner)


def compiled(function):
    """Compile a kernel that only other kernels call, within each of them; called from Python, it runs interpreted."""
    return _settle(numba.njit(**_OPTIONS, **_INNER, **_COMPILERS.get("Part", {}))(function), Inner)


def inlined(function):
    """Compile a small kernel into all that call it, so that their loops keep in registers what stays equal."""
    return _settle(numba.njit(**_OPTIONS, **_INNER, **_COMPILERS.get("Part", {}), forceinline=True)(function), Inner)


def compiled_as(build):
    """Replace a plain function, where kernels are compiled, by machine code that numba's intrinsic `build` writes.

    Where a kernel's Python source runs, the plain function is called.
    """

    def choose(plain):
        if not IS_COMPILED:
            return plain
        made = intrinsic(build)
        stand_for(made, plain)
        return made

    return choose
