"""The operating systems that the package runs on, and what this one gives; see docs/decisions/0016."""

import os
import sys

UNSUPPORTED = "coalitions runs on Linux and macOS; on Microsoft Windows, install and use it within WSL (wsl --install)"


def tell_system() -> str:
    """Return what to say where this system lacks what the package needs, else nothing."""
    try:
        import fcntl  # noqa: F401  (locks of files, which Windows has not)
    except ImportError:
        return UNSUPPORTED
    return UNSUPPORTED if sys.platform == "win32" else ""


def check_system() -> None:
    """Raise `ImportError` with one sentence on a system that lacks what the package needs."""
    if told := tell_system():
        raise ImportError(told)


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
