"""Coalitions: when collaboration among organizations grows, holds or fragments, and what grant regimes do to it.

``sim.run(["regime=competitive"], seeds=20)`` takes the very words of the command line and returns `Results` with the
tables ``runs``, ``months`` and ``events``. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.compiler.systems import check_system
from sim.schema.columns import MODEL_VERSION

if TYPE_CHECKING:
    from sim.configuration import Configuration
    from sim.model.model import CoalitionModel
    from sim.results.store import Results
    from sim.schema.parameters import Parameters

__version__ = "0.1.0"

__all__ = [
    "MODEL_VERSION",
    "CoalitionModel",
    "Parameters",
    "Results",
    "__version__",
    "compose",
    "load_results",
    "run",
    "scan_table",
]

_HOMES = {"CoalitionModel": "sim.model.model", "Parameters": "sim.schema.parameters", "Results": "sim.results.store"}


def __getattr__(name: str) -> Any:
    """Return a public class, whose module is imported when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    check_system()
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def run(
    overrides: Iterable[str] = (),
    seeds: int | str | Iterable[int] | None = None,
    *,
    config_dir: str | Path | None = None,
    on_progress: Callable[[float, int], None] | None = None,
) -> Results:
    """Run one setting and return its results.

    ``overrides`` are words like ``"regime=competitive"``; ``seeds`` is N (1 to N), a list or an array of whole numbers,
    or a range like "3-9", and wins over a ``seeds=…`` among the overrides. ``on_progress(done, total)`` is told of
    finished runs.
    Raises `sim.configuration.ConfigurationError` for a setting that is unknown, of the wrong kind or out of range.
    """
    check_system()
    from sim.sweep.in_memory import run_design

    configuration = compose(overrides, seeds, config_dir=config_dir)
    return run_design(configuration, config_dir=config_dir, report=on_progress)


def compose(
    overrides: Iterable[str] = (),
    seeds: int | str | Iterable[int] | None = None,
    *,
    config_dir: str | Path | None = None,
) -> Configuration:
    """Return the checked setting of the same words that `run` takes, without running it."""
    check_system()
    from sim.configuration import compose as compose_words
    from sim.configuration import list_seeds
    from sim.errors import ConfigurationError

    if isinstance(overrides, str):
        raise ConfigurationError(f"overrides = {overrides!r}: must be a list of words, like ['{overrides}']")
    words = list(overrides)
    if seeds is not None:
        words = [word for word in words if not word.startswith("seeds=")] + [f"seeds={list_seeds(seeds)}"]
    return compose_words(words, config_dir=config_dir)


def scan_table(folder: str | Path, name: str = "runs") -> Any:
    """Return one table of results as a `pyarrow.dataset.Dataset`, for tables larger than memory."""
    check_system()
    from sim.results.store import scan_table as scan

    return scan(folder, name)


def load_results(folder: str | Path) -> Results:
    """Return the results that a run has kept in `folder`, like ``results/competitive-13ef609b``."""
    check_system()
    from sim.results.store import load_results as load

    return load(Path(folder))
