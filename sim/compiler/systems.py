"""The operating systems that the package runs on; see docs/decisions/0016."""

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
