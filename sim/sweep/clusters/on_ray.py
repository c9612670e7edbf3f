"""Stretches as plain Ray tasks."""

from __future__ import annotations

import importlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sim.errors import ConfigurationError
from sim.sweep.clusters.tasks import check_options, check_port, check_told, do_task, keeping_signals, refuse_task, say
from sim.sweep.engines import Done
from sim.sweep.parts import Stretch

TRIES_AGAIN = 3
AHEAD = 2  # tasks under way for each core, so that none waits for the driver
SECONDS_FOR_CORES = 30.0
MEND = "start it with `ray start --head`, or give the address that it printed; if it wants a token, RAY_AUTH_MODE=token"


class Ray:
    """A Ray cluster at `address`, or one of `n_workers` cores on this machine's loopback."""

    def __init__(self, n_workers: int, options: dict[str, str]) -> None:
        """Read the options; nothing is started yet."""
        check_options("ray", options, ("address",))
        self.address = options.get("address")
        self.n_workers = n_workers
        self.is_ended = False
        self.ray: Any = None

    def begin(self, folder: Path | None) -> None:
        """See `Engine`."""
        if self.ray is not None:
            return
        if self.address not in (None, "auto"):
            check_port("ray", self.address, MEND)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what matters is raised here too
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # its way, and its warning, to come
        ray: Any = importlib.import_module("ray")
        quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": True}
        here = {"num_cpus": self.n_workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            with keeping_signals():
                ray.init(address=self.address or "local", **quiet, **({} if self.address else here))
        except Exception as problem:
            raise ConfigurationError(
                f"engine = ray: address={self.address or 'none'}: cannot be joined ({say(problem)}); {MEND}"
            ) from None
        self.ray = ray
        start = time.monotonic()
        while self._count_cores() < 1:
            if time.monotonic() - start < SECONDS_FOR_CORES:
                time.sleep(0.5)
                continue
            self._close({})
            raise ConfigurationError(f"engine = ray: address={self.address}: has no cores; add nodes to it")

    def _count_cores(self) -> int:
        with suppress(Exception):  # the cluster is busy with a node that went; the number from before will do
            self.n_workers = int(self.ray.cluster_resources().get("CPU", 0))
        return self.n_workers

    def run(self, folder: Path, stretches: Iterator[Stretch], is_stopped: Callable[[], bool]) -> Iterator[Done]:
        """See `Engine`."""
        self.begin(folder)
        task = self.ray.remote(do_task).options(num_cpus=1, max_retries=TRIES_AGAIN)
        path, doing = str(folder.resolve()), {}
        try:
            while True:
                while len(doing) < AHEAD * self.n_workers and not is_stopped():
                    stretch = next(stretches, None)
                    if stretch is None:
                        break
                    doing[task.remote(path, *stretch)] = stretch
                if not doing:
                    return
                ended, _ = self.ray.wait(list(doing), num_returns=1, timeout=1.0)
                for one in ended:
                    yield self._tell(one, doing.pop(one))
                if not ended:
                    self._count_cores()  # nodes come and go
        finally:
            self._close(doing)

    def _tell(self, one: Any, stretch: Stretch) -> Done:
        errors = self.ray.exceptions
        gone = (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError, errors.ObjectLostError)
        try:
            return check_told(self.ray.get(one), "ray")
        except gone as problem:
            return {"first": stretch.first, "last": stretch.last, "lost": f"its worker ended: {say(problem)}"}
        except ConfigurationError:
            raise
        except self.ray.exceptions.RayError as problem:
            raise refuse_task("ray", problem) from None
        except ConnectionError as problem:
            raise ConfigurationError(
                f"engine = ray: the cluster has gone ({say(problem)}); call the same command again, it goes on"
            ) from None

    def _close(self, doing: dict[Any, Stretch]) -> None:
        ray, self.ray = self.ray, None
        if ray is None:
            return
        with suppress(Exception):
            for one in doing:
                ray.cancel(one, force=self.is_ended)
        with suppress(Exception), keeping_signals():
            ray.shutdown()

    def stop(self) -> None:
        """See `Engine`: what is under way is cancelled as `run` is left."""
        self.is_ended = True
