"""The machines a sweep can run on: each takes stretches and yields what became of them, in any order.

An engine needs nothing but `work.do_stretch(folder, stretch)`. It may do a stretch twice, never half: a part is there
whole or not at all. What it yields holds first, last, failed, seconds; or first, last and `lost` where a worker died;
or `error` and `errno` where the part could not be written; or `refused` where a worker cannot use the plan.
"""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sim.errors import ConfigurationError
from sim.sweep.parts import Stretch
from sim.sweep.work import do_stretch

# One until threads are shown to be faster: docs/decisions/0008. Four at most, for the interpreter's lock.
THREADS_A_PROCESS = 1
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)  # of libraries: stretches take the cores
Done = dict[str, Any]
Take = Callable[[int], Stretch | None]


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
    """Worker processes on this machine with some threads each, and each thread doing one stretch at a time.

    A process that dies is replaced by processes of one thread, which try again what it was doing, each for itself; one
    of these that dies has its stretch told as lost. Nobody waits for the dead for ever, and workers end with the
    process that started them, even where that one is killed.
    """

    def __init__(self, n_workers: int, n_threads: int | None = None) -> None:
        """Do `n_workers` stretches at once, in processes of at most `n_threads` (default: `THREADS_A_PROCESS`)."""
        self.n_workers = n_workers
        n_processes = -(-n_workers // (n_threads or THREADS_A_PROCESS))
        self.sizes = [len(range(at, n_workers, n_processes)) for at in range(n_processes)]
        self.workers: dict[int, Worker] = {}  # by the descriptor of their output

    def begin(self, folder: Path | None) -> None:
        """See `Engine`: nothing to join, and workers end with their driver."""

    def run(self, folder: Path, stretches: Iterator[Stretch], is_stopped: Callable[[], bool]) -> Iterator[Done]:
        """See `Engine`."""
        again: deque[Stretch] = deque()  # what processes of several threads died with

        def take(size: int) -> Stretch | None:
            """Return what is next for a process of `size` threads, None where nothing is."""
            if is_stopped():
                return None
            return again.popleft() if size == 1 and again else next(stretches, None)

        try:
            with selectors.DefaultSelector() as ready:
                for size in self.sizes:
                    self._begin(folder, size, take, ready)
                while any(worker.doing for worker in self.workers.values()):
                    for key, _ in ready.select(timeout=0.5):
                        yield from self._listen(key.fd, folder, take, again, ready)
        finally:
            self._close()

    def _begin(self, folder: Path, size: int, take: Take, ready: selectors.BaseSelector) -> None:
        """Start a process of `size` threads, and give each something to do, if there is anything."""
        stretch = take(size)
        if stretch is None:
            return
        worker = Worker(folder, size)
        self.workers[worker.output] = worker
        ready.register(worker.output, selectors.EVENT_READ)
        worker.give(stretch)
        worker.fill(take)

    def _listen(
        self, at: int, folder: Path, take: Take, again: deque[Stretch], ready: selectors.BaseSelector
    ) -> Iterator[Done]:
        """Yield what a process told, and give it more to do; replace it where it has died."""
        worker = self.workers[at]
        for told in worker.read():
            yield told
            worker.fill(take)
        if not worker.is_over:
            return
        ready.unregister(at)
        del self.workers[at]
        code = worker.end()
        if worker.size == 1:
            for stretch in worker.doing:
                yield {"first": stretch.first, "last": stretch.last, "lost": f"its worker ended with code {code}"}
        else:  # any of them may have killed it
            again.extend(worker.doing)
        for _ in range(worker.size):
            self._begin(folder, 1, take, ready)

    def _close(self) -> None:
        """Let idle workers end by themselves and wait for them."""
        while self.workers:
            self.workers.popitem()[1].end()

    def stop(self) -> None:
        """See `Engine`."""
        for worker in self.workers.values():
            worker.process.kill()


class Worker:
    """One worker process of `size` threads and the stretches it is doing."""

    def __init__(self, folder: Path, size: int) -> None:
        """Start the process."""
        self.size = size
        self.doing: set[Stretch] = set()
        self.is_over = False
        self.text = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sim.sweep.work", str(folder), str(os.getpid()), str(size)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=os.environ | ONE_THREAD,
            start_new_session=True,  # Ctrl-C reaches the driver alone
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout.fileno()

    def give(self, stretch: Stretch) -> None:
        """Have a stretch done."""
        self.doing.add(stretch)
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it died before it was asked; its output ends, and that is told
            self.process.stdin.write(f"{stretch.first} {stretch.last}\n".encode())

    def fill(self, take: Take) -> None:
        """Give every thread something to do while there is anything."""
        while len(self.doing) < self.size:
            stretch = take(self.size)
            if stretch is None:
                return
            self.give(stretch)

    def read(self) -> Iterator[Done]:
        """Yield what it has told, whole lines only; see then whether it `is_over`."""
        content = os.read(self.output, 65_536)
        self.is_over = not content
        *lines, self.text = (self.text + content).split(b"\n")
        for line in lines:
            told = json.loads(line)
            self.doing.discard(Stretch(told["first"], told["last"]))
            yield told

    def end(self) -> int:
        """Let it end, wait for it, and return its code."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        return self.process.wait()


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
