"""Figures drawn beside the run: a second process reads matplotlib while the model runs, then draws."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sim.compiler.systems import count_cores
from sim.figures import AFTER_A_RUN

if TYPE_CHECKING:
    from sim.results.store import Results

START = """
import sys
sys.path[:] = {path!r}
try:
    from sim.commands.drawing import serve
except Exception:  # the command will draw by itself, and tell what is amiss
    sys.exit(1)
serve()
"""


class Pencil:
    """Draws the figures of one run; to be made before the run and used after it, in a ``with`` block.

    Where the process has two cores a helper is started at once, which draws; else, or where it fails to start, figures
    are drawn here. `is_wanted` False draws nothing.
    """

    def __init__(self, is_wanted: bool = True) -> None:
        """Start the helper."""
        self.is_wanted, self.helper = is_wanted, _start() if is_wanted and count_cores() > 1 else None

    def __enter__(self) -> Pencil:
        return self

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        if self.helper is not None:
            self.helper.kill()
            self.helper.communicate()

    def begin(self, results: Results, folder: Path, names: Sequence[str] = AFTER_A_RUN) -> None:
        """Let the helper draw the figures of these `names` into `folder`; returns at once."""
        self.task = (results, folder, names)
        if self.helper is None or self.helper.stdin is None:
            return
        try:
            pickle.dump(self.task, self.helper.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self.helper.stdin.flush()
        except (BrokenPipeError, pickle.PicklingError, AttributeError):  # it has died, or the tables cannot be sent
            self.__exit__(None, None, None)
            self.helper = None

    def finish(self) -> list[Path]:
        """Wait for what `begin` has begun and return the files. Raises what went wrong there."""
        if not self.is_wanted:
            return []
        if self.helper is None or self.helper.stdout is None:
            return _draw(*self.task)
        try:
            answer: Any = pickle.load(self.helper.stdout)
        except EOFError:  # it has died
            return _draw(*self.task)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _start() -> subprocess.Popen[bytes] | None:
    try:
        return subprocess.Popen(
            [sys.executable, "-c", START.format(path=sys.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError:  # no room for a second process
        return None


def _draw(results: Results, folder: Path, names: Sequence[str]) -> list[Path]:
    from sim.figures import draw

    return draw(results, folder, names)


def serve() -> None:
    """Read what drawing needs, then draw the one task that arrives on stdin, and answer on stdout."""
    import gc
    import signal

    gc.disable()  # it lives for one task
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command ends this process
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed goes to stderr
    try:
        from sim.figures import prepare

        prepare()
        answer: Any = _draw(*pickle.load(sys.stdin.buffer))
    except EOFError:  # the command has ended without figures
        return
    except Exception as problem:
        answer = problem
    pickle.dump(answer, answers)
    answers.flush()
