"""Calling `coalitions` as a user does, in a process of its own, and judging what it says and what it leaves behind."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[3]
MAX_LINES, MAX_CHARACTERS = 3, 600
SECONDS_TO_END = 2.0  # for processes whose command has ended
PATIENCE = 300.0
ENDS = {".png": b"IEND\xaeB`\x82", ".html": b"</html>", ".csv": b"\n", ".txt": b"\n", ".md": b"\n", ".yaml": b"\n"}


class Called(NamedTuple):
    """How a command ended: its exit code, what it printed, seconds, and processes alive two seconds later."""

    code: int
    out: str
    err: str
    seconds: float
    n_left: int


def make_command(*words: str, interpreter: Sequence[str] = ()) -> list[str]:
    """Return the command line of `coalitions` with these words."""
    return [sys.executable, *interpreter, "-m", "sim", *words]


def make_environment(changes: Mapping[str, str | None] = {}) -> dict[str, str]:
    """Return the environment with the changes; None takes a name out of it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | dict(changes)
    environment.pop("COALITIONS_DEBUG", None)
    return {name: value for name, value in environment.items() if value is not None}


def begin(command: Sequence[str], folder: Path, changes: Mapping[str, str | None] = {}) -> subprocess.Popen[str]:
    """Start a command in a session of its own, so that all that it starts can be counted."""
    return subprocess.Popen(
        list(command),
        cwd=folder,
        env=make_environment(changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        start_new_session=True,
    )


def end(process: subprocess.Popen[str], since: float, seconds: float = PATIENCE) -> Called:
    """Wait for a command that `begin` has started and count the processes that it leaves, which are then ended."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        end_session(process.pid)
        out, err = process.communicate()
        err += f"\nno end within {seconds:.0f} s"
    took = time.monotonic() - since
    limit = time.monotonic() + SECONDS_TO_END
    while (left := find_session(process.pid)) and time.monotonic() < limit:
        time.sleep(0.02)
    end_session(process.pid)
    return Called(process.returncode, out, err, took, len(left))


def call(command: Sequence[str], folder: Path, changes: Mapping[str, str | None] = {}) -> Called:
    """Run a command to its end."""
    since = time.monotonic()
    return end(begin(command, folder, changes), since)


def call_mounted(script: str, folder: Path, changes: Mapping[str, str | None] = {}) -> Called:
    """Run a script of the shell that may mount: in name spaces of its own, which end with it."""
    return call(["unshare", "-rm", "sh", "-c", script], folder, changes)


def can_mount(folder: Path) -> bool:
    """Say whether `call_mounted` works on this machine."""
    try:
        return call_mounted(f"mount -t tmpfs none {shlex.quote(str(folder))}", folder).code == 0
    except FileNotFoundError:
        return False


def find_session(leader: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in ("Z", "X"):
                found.append(int(path.parent.name))
    return found


def end_session(leader: int) -> None:
    """Kill what is left of a session that `begin` has started."""
    for pid in find_session(leader):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def judge(called: Called, codes: Iterable[int]) -> str:
    """Return what is amiss with how a command ended, or nothing: exit code, traceback, length, processes left."""
    codes = tuple(codes)
    lines = [line for line in called.err.splitlines() if line.strip()]
    if "Traceback" in called.err + called.out:
        return f"traceback: {lines[-1] if lines else called.out[-200:]}"
    if called.code not in codes:
        return f"exit code {called.code}, not {' or '.join(map(str, codes))}: {called.err[-300:].strip()}"
    if "unexpected" in called.err:
        return f"an error that nobody expected: {lines[-1]}"
    if len(lines) > MAX_LINES or any(len(line) > MAX_CHARACTERS for line in lines):
        return f"{len(lines)} lines on stderr: {called.err[:300]}"
    if called.code and not lines:
        return f"exit code {called.code} without a word"
    if called.n_left:
        return f"{called.n_left} processes left"
    return ""


def find_broken(folder: Path) -> list[str]:
    """Return the files below `folder` that are there but not whole; names that begin with a dot are nobody's result."""
    broken = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            try:
                _check_file(path)
            except Exception as problem:  # pyarrow and XML have errors of many kinds
                broken.append(f"{path.relative_to(folder)}: {type(problem).__name__} {problem}"[:200])
    return broken


def _check_file(path: Path) -> None:
    """Raise an error of any kind where a file is not whole."""
    data = path.read_bytes()
    if path.suffix == ".parquet":
        with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
            file.read()
    elif path.suffix == ".json":
        json.loads(data)
    elif path.suffix == ".svg":
        ElementTree.fromstring(data)
    elif path.suffix in ENDS and not data.endswith((ENDS[path.suffix], ENDS[path.suffix] + b"\n")):
        raise ValueError("has no end")


def digest(folder: Path, but: Iterable[str] = ("manifest.json",)) -> str:
    """Return one digest of all files below `folder`, of tables by their content; hidden names and `but` left out."""
    left_out, found = set(but), hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path.name not in left_out:
            found.update(str(path.relative_to(folder)).encode() + b"\0")
            found.update(_digest_table(path) if path.suffix == ".parquet" else path.read_bytes())
    return found.hexdigest()


def _digest_table(path: Path) -> bytes:
    table = pq.read_table(pa.BufferReader(path.read_bytes())).replace_schema_metadata(None).combine_chunks()
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return hashlib.sha256(stream.getvalue()).digest()
