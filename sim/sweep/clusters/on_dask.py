"""Stretches as tasks of dask.distributed."""

from __future__ import annotations

import importlib
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sim.errors import ConfigurationError
from sim.sweep.clusters.tasks import (
    SECONDS_TO_ANSWER,
    check_options,
    check_port,
    check_told,
    do_task,
    keeping_signals,
    refuse_task,
    say,
)
from sim.sweep.engines import Done
from sim.sweep.parts import Stretch

AHEAD = 2  # tasks under way for each worker, so that none waits for the driver
SECONDS_FOR_WORKERS = 30.0
MEND = "start it with `dask scheduler` and `dask worker ADDRESS --nthreads 1`, or give the address that it printed"


class Dask:
    """A Dask cluster at `address` or of a `scheduler_file`, or one of `n_workers` processes on the loopback."""

    def __init__(self, n_workers: int, options: dict[str, str]) -> None:
        """Read the options; nothing is started yet."""
        check_options("dask", options, ("address", "scheduler_file"))
        if len(options) > 1:
            raise ConfigurationError("engine = dask: give address=… or scheduler_file=…, not both")
        self.options = options
        self.n_workers = n_workers
        self.client: Any = None
        self.cluster: Any = None

    def begin(self, folder: Path | None) -> None:
        """See `Engine`."""
        if self.client is not None:
            return
        if "address" in self.options:
            check_port("dask", self.options["address"], MEND)
        elif "scheduler_file" in self.options and not Path(self.options["scheduler_file"]).is_file():
            raise ConfigurationError(
                f"engine = dask: scheduler_file={self.options['scheduler_file']}: not there; {MEND}"
            )
        told = next((f"{key}={value}" for key, value in self.options.items()), "on this machine")
        distributed: Any = importlib.import_module("distributed")
        for name in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # it tells of a lost worker in a hundred lines
        try:
            with keeping_signals(is_deaf=not self.options):  # its processes are to leave Ctrl-C to the driver
                target = self.options or {"address": self._start_here(distributed)}
                self.client = distributed.Client(**target, timeout=SECONDS_TO_ANSWER, set_as_default=False)
                self.client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)
        except Exception as problem:
            has_no_workers = self.client is not None
            self._close({})
            why = "has no workers" if has_no_workers else f"cannot be joined ({say(problem)})"
            raise ConfigurationError(f"engine = dask: {told}: {why}; {MEND}") from None
        self._count_workers()

    def _start_here(self, distributed: Any) -> Any:
        self.cluster = distributed.LocalCluster(
            n_workers=self.n_workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
        return self.cluster

    def _count_workers(self) -> None:
        self.n_workers = max(len(self.client.nthreads()), 1)

    def run(self, folder: Path, stretches: Iterator[Stretch], is_stopped: Callable[[], bool]) -> Iterator[Done]:
        """See `Engine`."""
        self.begin(folder)
        distributed: Any = importlib.import_module("distributed")
        path, name, doing = str(folder.resolve()), uuid.uuid4().hex, {}
        number = 0

        def submit() -> Iterator[Any]:
            nonlocal number
            while len(doing) < AHEAD * self.n_workers and not is_stopped():
                stretch = next(stretches, None)
                if stretch is None:
                    return
                number += 1  # a stretch may come twice, and a key may not
                key = f"coalitions-{name}-{number}"
                one = self.client.submit(do_task, path, *stretch, key=key, pure=False)
                doing[one] = stretch
                yield one

        try:
            ended = distributed.as_completed(list(submit()), loop=self.client.loop)
            for one in ended:
                yield self._tell(one, doing.pop(one), distributed)
                one.release()
                self._count_workers()  # they come and go
                ended.update(list(submit()))
        finally:
            self._close(doing)

    def _tell(self, one: Any, stretch: Stretch, distributed: Any) -> Done:
        try:
            return check_told(one.result(timeout=SECONDS_TO_ANSWER), "dask")
        except distributed.KilledWorker as problem:
            return {"first": stretch.first, "last": stretch.last, "lost": f"its worker ended: {say(problem)}"}
        except ConfigurationError:
            raise
        except (distributed.CancelledError, TimeoutError, OSError) as problem:
            raise ConfigurationError(
                f"engine = dask: the cluster has gone ({say(problem)}); call the same command again, it goes on"
            ) from None
        except Exception as problem:
            raise refuse_task("dask", problem) from None

    def _close(self, doing: dict[Any, Stretch]) -> None:
        client, cluster, self.client, self.cluster = self.client, self.cluster, None, None
        if client is not None and doing:
            with suppress(Exception):
                client.cancel(list(doing), force=True)
        for one in (client, cluster):
            if one is not None:
                with suppress(Exception):
                    one.close(timeout=5)

    def stop(self) -> None:
        """See `Engine`: what is under way is cancelled as `run` is left."""
