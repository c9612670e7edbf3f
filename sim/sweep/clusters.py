"""Engines on clusters: Ray, Dask and SLURM do the very stretches that a worker on this machine does."""

from __future__ import annotations

from sim.sweep.engines import Engine


def make_engine(name: str, n_workers: int, options: dict[str, str]) -> Engine:
    """Return the engine called `name`."""
    raise NotImplementedError(name)
