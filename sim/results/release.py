"""Which code and libraries make results: a hash of the sources, the commit, whether they are the released ones.

The hash covers every source that a number in a table of results depends on. Sources that only read results, draw them
or bring data in are left out, so that mending a figure does not stop a sweep from going on. `release.json` keeps the
hash of the released sources; ``make released`` renews it, and a test fails while it is stale.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sim.schema.columns import MODEL_VERSION

HERE = Path(__file__).parents[1]
RELEASED = Path(__file__).with_name("release.json")
# Nothing that computes a table of results imports these; tests/results/test_release.py holds that.
ONLY_READING = (
    "__main__.py",
    "analysis",
    "calibration",
    "commands",
    "configuration/changes.py",
    "engine/snapshots.py",
    "explorer",
    "figures",
    "games",
    "interviews",
    "model/page.py",
    "report",
    "results/divergence.py",
    "results/leaders.py",
    "results/scenario.py",
    "roster/importing",
)
LIBRARIES = ("numpy", "numba", "pandas", "pyarrow")  # whose versions may change a number or a byte of a table
SECONDS_FOR_GIT = 5.0
SHOWN = 8  # digits of a hash in a line that people read


def list_sources() -> list[Path]:
    """Return the sources that results depend on, sorted by their paths."""
    skipped = [HERE / name for name in ONLY_READING]
    found = [path for path in HERE.rglob("*.py") if not any(path.is_relative_to(place) for place in skipped)]
    return sorted(found)


@functools.cache
def code_hash() -> str:
    """Return 16 digits over the sources that results depend on, alike on every machine. Raises OSError.

    They are read as this module is imported: what is edited later is not the code that this process runs.
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in list_sources():
        content = path.read_bytes().replace(b"\r\n", b"\n")  # as a checkout on another system may have it
        name = path.relative_to(HERE).as_posix()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def is_released() -> bool:
    """Say whether the sources are those that were released under this model number."""
    return _read_released() == {"model": MODEL_VERSION, "code": code_hash()}


def _read_released() -> Any:
    try:
        return json.loads(RELEASED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_released() -> None:
    """Note the sources as they are now as the released ones."""
    told = {"model": MODEL_VERSION, "code": code_hash()}
    RELEASED.write_text(json.dumps(told) + "\n", encoding="utf-8")


@functools.cache
def find_commit() -> tuple[str, bool]:
    """Return the commit of the checkout the sources lie in, and whether they were changed since; else ("", False)."""
    root = HERE.parent
    if not (root / ".git").exists():
        return "", False
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # as a hook sets them
    command = ["git", "-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "--", HERE.name]
    try:
        answer = subprocess.run(
            command,
            cwd=root,
            env=plain | {"GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_FOR_GIT,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):  # no git, or it trusts the folder as little as we should
        return "", False
    lines = answer.stdout.splitlines()
    named = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    if not named or named[0] == "(initial)":
        return "", False
    return named[0][:12], any(not line.startswith("#") for line in lines)


def get_version(name: str) -> str:
    """Return the installed version of a library."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@functools.cache
def _find_maker() -> tuple[tuple[str, str], ...]:
    versions = {name: get_version(name) for name in LIBRARIES}
    return tuple({"code": code_hash(), "python": platform.python_version(), **versions}.items())


def describe_maker() -> dict[str, str]:
    """Return what makes results here: the hash of the code, and the versions of Python and of the libraries."""
    return dict(_find_maker())


def describe_code() -> dict[str, Any]:
    """Return what a manifest says of the code: hash, is_released and, from a checkout, commit and is_changed."""
    commit, is_changed = find_commit()
    told = {"hash": code_hash(), "is_released": is_released()}
    return told | ({"commit": commit, "is_changed": is_changed} if commit else {})


def find_difference(made_by: Any, here: Mapping[str, str] | None = None) -> str:
    """Return in words what differs between two makers of results, "" where nothing does. here: default, this one."""
    here = describe_maker() if here is None else here
    if not isinstance(made_by, Mapping) or not made_by:
        return "its code was not noted"
    names = [name for name in here if made_by.get(name) != here[name]]
    return ", ".join(f"{name} {_shorten(made_by.get(name))}, here {_shorten(here[name])}" for name in names)


def _shorten(text: Any) -> str:
    return str(text or "unknown")[:SHOWN]


def name_model(manifest: Mapping[str, Any] | None = None) -> str:
    """Return "model 3", with "(modified)" where results of this manifest were made by other code than the released.

    Without a manifest: of the code here.
    """
    if manifest is None:
        return f"model {MODEL_VERSION}" + ("" if is_released() else " (modified)")
    code = manifest.get("code")
    is_modified = isinstance(code, Mapping) and not code.get("is_released", True)
    return f"model {manifest.get('model_version') or 'without a number'}" + (" (modified)" if is_modified else "")


def tell_code(code: Any) -> str:
    """Return "code 1a2b3c4d" with the commit, from what `describe_code` returned; "" from anything else."""
    if not isinstance(code, Mapping) or not isinstance(code.get("hash"), str):
        return ""
    commit = str(code.get("commit") or "")[:SHOWN]
    since = " and changes since" if commit and code.get("is_changed") else ""
    return f"code {_shorten(code['hash'])}" + (f" (commit {commit}{since})" if commit else "")


with suppress(OSError):  # whoever asks is told
    code_hash()
