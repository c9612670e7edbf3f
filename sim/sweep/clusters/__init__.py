"""Engines on clusters: Ray, Dask and SLURM do the very stretches that a worker on this machine does.

What they need is the sweep's folder at the same path on every node, and this package installed there.
"""

from __future__ import annotations

from sim.sweep.engines import Engine


def make_engine(name: str, n_workers: int, options: dict[str, str]) -> Engine:
    """Return the engine called `name`; its library must be installed. Raises `ConfigurationError` for its options."""
    if name == "ray":
        from sim.sweep.clusters.on_ray import Ray

        return Ray(n_workers, options)
    if name == "dask":
        from sim.sweep.clusters.on_dask import Dask

        return Dask(n_workers, options)
    from sim.sweep.clusters.on_slurm import Slurm

    return Slurm(n_workers, options)
