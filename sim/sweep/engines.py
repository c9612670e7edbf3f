"""The machines a sweep can run on: each takes stretches and yields what became of them, in any order.

An engine needs nothing but `work.do_stretch(folder, stretch)`. It may do a stretch twice, never half: a part is there
whole or not at all. What it yields holds first, last, failed, seconds; or first, last and `lost` where a worker died;
or `error` and `errno` where the part could not be written.
"""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sim.configuration import ConfigurationError
from sim.sweep.parts import Stretch
from sim.sweep.work import do_stretch

Done = dict[str, Any]


class Engine(Protocol):
    """Runs stretches of the sweep in `folder` until there are no more or `is_stopped()`."""

    n_workers: int  # how many stretches it does at once

    def begin(self, folder: Path | None) -> None:
        """Join the machine, and end what a killed driver left running for `folder`. Raises `ConfigurationError`."""
        ...

    def run(self, folder: Path, stretches: Iterator[Stretch], is_stopped: Callable[[], bool]) -> Iterator[Done]:
        """Yield one dictionary for each stretch that ended."""
        ...

    def stop(self) -> None:
        """End all workers at once; what they were doing is lost."""
        ...


class Here:
    """One stretch after the other in this process: for a single worker and for short sweeps."""

    n_workers = 1

    def begin(self, folder: Path | None) -> None:
        """See `Engine`: nothing to join."""

    def run(self, folder: Path, stretches: Iterator[Stretch], is_stopped: Callable[[], bool]) -> Iterator[Done]:
        """See `Engine`."""
        for stretch in stretches:
            if is_stopped():
                return
            yield do_stretch(folder, stretch)

    def stop(self) -> None:
        """See `Engine`: nothing to end."""


class Workers:
    """Worker processes on this machine, each doing one stretch at a time.

    A worker that dies is replaced, and its stretch is told as lost; nobody waits for it for ever. Workers end with the
    process that started them, even where that one is killed.
    """

    def __init__(self, n_workers: int) -> None:
        """Use `n_workers` processes."""
        self.n_workers = n_workers
        self.processes: dict[int, subprocess.Popen[str]] = {}  # by the descriptor of its output
        self.doing: dict[int, Stretch] = {}

    def begin(self, folder: Path | None) -> None:
        """See `Engine`: nothing to join, and workers end with their driver."""

    def run(self, folder: Path, stretches: Iterator[Stretch], is_stopped: Callable[[], bool]) -> Iterator[Done]:
        """See `Engine`."""
        waiting = iter(stretches)
        try:
            with selectors.DefaultSelector() as ready:
                for _ in range(self.n_workers):
                    if not self._begin(folder, waiting, ready, is_stopped):
                        break
                while self.doing:
                    for key, _ in ready.select(timeout=0.5):
                        yield from self._listen(key.fd, folder, waiting, ready, is_stopped)
        finally:
            self._close()

    def _begin(self, folder: Path, waiting: Iterator[Stretch], ready: Any, is_stopped: Callable[[], bool]) -> bool:
        stretch = None if is_stopped() else next(waiting, None)
        if stretch is None:
            return False
        process = subprocess.Popen(
            [sys.executable, "-m", "sim.sweep.work", str(folder), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C reaches the driver alone
        )
        assert process.stdout is not None
        self.processes[process.stdout.fileno()] = process
        ready.register(process.stdout.fileno(), selectors.EVENT_READ)
        self._give(process.stdout.fileno(), stretch)
        return True

    def _give(self, at: int, stretch: Stretch) -> None:
        self.doing[at] = stretch
        stdin = self.processes[at].stdin
        assert stdin is not None
        with suppress(BrokenPipeError):  # it died before it was asked; its output ends, and that is told
            print(stretch.first, stretch.last, file=stdin, flush=True)

    def _listen(
        self, at: int, folder: Path, waiting: Iterator[Stretch], ready: Any, is_stopped: Callable[[], bool]
    ) -> Iterator[Done]:
        stdout = self.processes[at].stdout
        assert stdout is not None
        line = stdout.readline()
        stretch = self.doing.pop(at)
        if line.endswith("\n"):
            yield json.loads(line)
            following = None if is_stopped() else next(waiting, None)
            if following is not None:
                self._give(at, following)
            return
        ready.unregister(at)
        code = self._end(self.processes.pop(at))
        yield {"first": stretch.first, "last": stretch.last, "lost": f"its worker ended with code {code}"}
        self._begin(folder, waiting, ready, is_stopped)

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> int:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        return process.wait()

    def _close(self) -> None:
        """Let idle workers end by themselves and wait for them."""
        while self.processes:
            _, process = self.processes.popitem()
            self._end(process)
        self.doing.clear()

    def stop(self) -> None:
        """See `Engine`."""
        for process in self.processes.values():
            process.kill()


NAMES = ("local", "ray", "dask", "slurm")


def make_engine(name: str, n_workers: int, options: dict[str, str]) -> Engine:
    """Return the engine called `name`. Raises `ConfigurationError` for an unknown one or one that is not installed."""
    if name == "local":
        return Here() if n_workers == 1 else Workers(n_workers)
    if name not in NAMES:
        raise ConfigurationError(f"engine = {name}: must be one of {', '.join(NAMES)}")
    library = {"ray": "ray", "dask": "distributed", "slurm": "submitit"}[name]
    if importlib.util.find_spec(library) is None:
        raise ConfigurationError(f"engine = {name}: needs {library}; pip install 'coalitions[{name}]'")
    from sim.sweep import clusters

    return clusters.make_engine(name, n_workers, options)
