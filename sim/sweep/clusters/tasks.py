"""What a cluster's worker does with a stretch, and what the engines share: options, errors in one line, signals."""

from __future__ import annotations

import fcntl
import signal
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sim.configuration import suggest
from sim.errors import ConfigurationError
from sim.files.locking import WORKERS_LOCK
from sim.sweep.engines import Done
from sim.sweep.parts import Stretch
from sim.sweep.work import do_stretch

SECONDS_TO_ANSWER = 10.0
_one_at_a_time = threading.Lock()  # a worker with several threads must not write two parts at once


def do_task(folder: str, first: int, last: int) -> Done:
    """Do a stretch on a worker and tell of it: first, last and failed and seconds; or error; or lost; or refused.

    Holds the lock that a new driver waits for, so that nothing of a killed one is written after it has looked.
    """
    told: Done = {"first": first, "last": last}
    try:
        with _one_at_a_time, _lock_for_workers(Path(folder)):
            return do_stretch(Path(folder), Stretch(first, last))
    except ConfigurationError as problem:  # no plan, or one of another version
        return told | {"refused": f"on {socket.gethostname()}, {problem}"}
    except OSError as problem:
        return told | {"error": problem.strerror or str(problem), "errno": problem.errno}
    except Exception as problem:
        return told | {"lost": f"its worker failed with {say(problem)}"}


@contextmanager
def _lock_for_workers(folder: Path) -> Iterator[None]:
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: not there; it must lie on a file system that all nodes share")
    with (folder / WORKERS_LOCK).open("a") as lock:
        with suppress(OSError):  # some shared file systems know no locks
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def check_told(told: Done, name: str) -> Done:
    """Return what a worker told. Raises `ConfigurationError` where it cannot work at all."""
    if "refused" in told:
        raise ConfigurationError(f"engine = {name}: {told['refused']}")
    return told


def refuse_task(name: str, problem: BaseException) -> ConfigurationError:
    """Return the error for a task that could not even begin."""
    return ConfigurationError(
        f"engine = {name}: a worker could not begin: {say(problem)}; "
        "install this version of coalitions, with this Python, on every node"
    )


def say(problem: BaseException) -> str:
    """Return an error in one line: its kind, and the last line of what it says, for libraries put tracebacks there."""
    lines = [line.strip(" |=\t") for line in str(problem).splitlines()]
    text = next((line for line in reversed(lines) if line), "")
    return f"{type(problem).__name__}: {text[:200]}" if text else type(problem).__name__


def check_options(name: str, options: dict[str, str], known: Collection[str]) -> None:
    """Raise `ConfigurationError` for an option that the engine does not have."""
    for option in options:
        if option not in known:
            hint = suggest(option, list(known))
            raise ConfigurationError(f"--engine-option {option}: {name} has {', '.join(known)}.{hint}")


def read_number(options: dict[str, str], option: str, default: int, low: int, high: int) -> int:
    """Return a whole number among the options. Raises `ConfigurationError`."""
    text = options.get(option, str(default))
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise ConfigurationError(f"--engine-option {option}={text}: must be a whole number in [{low}, {high}]")
    return int(text)


def check_port(name: str, address: str, mend: str) -> None:
    """Raise `ConfigurationError` unless somebody listens at HOST:PORT, with or without a scheme before it."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdigit():
        raise ConfigurationError(f"engine = {name}: address={address}: must end in HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS_TO_ANSWER).close()
    except (OSError, OverflowError, UnicodeError) as problem:
        raise ConfigurationError(
            f"engine = {name}: nobody answers at address={address} ({say(problem)}); {mend}"
        ) from None


@contextmanager
def keeping_signals(is_deaf: bool = False) -> Iterator[None]:
    """Put back what the driver does at Ctrl-C and SIGTERM, which libraries change when they are started.

    is_deaf: meanwhile ignore Ctrl-C, and so do processes that are started, for good.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    is_main = threading.current_thread() is threading.main_thread()
    if is_deaf and is_main:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if is_main:
            for number, handler in before.items():
                signal.signal(number, handler)
