"""Drawing a sample: rows in the unit cube by Latin hypercube, Sobol, Saltelli or Morris. scipy and SALib live here.

The rows of an ensemble are not drawn but read: its axes list the values of each parameter, row by row.

Every draw is seeded and made only of whole numbers, sums and products, so that the same rows come back on any machine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.configuration.designs.axes import Axis
from sim.errors import SamplingError

if typing.TYPE_CHECKING:
    import numpy as np

    Keep = Callable[[np.ndarray], np.ndarray]

ENSEMBLE = "ensemble"
# What each method takes beside method, seed and over, with its default.
METHODS: dict[str, dict[str, Any]] = {
    "latin_hypercube": {"n": 256},
    "sobol": {"n": 256},
    "saltelli": {"n": 256, "second_order": False},
    "morris": {"trajectories": 20, "levels": 4},
    ENSEMBLE: {"n": 200},
}
WORDS = {
    "latin_hypercube": "Latin hypercube",
    "sobol": "Sobol",
    "saltelli": "Saltelli",
    "morris": "Morris",
    ENSEMBLE: "calibrated",
}
LIBRARIES = {"latin_hypercube": "scipy", "sobol": "scipy", "saltelli": "SALib", "morris": "SALib", ENSEMBLE: None}
MATRICES = ("saltelli", "morris")  # their analysis needs every row in its place
MIN_TRIED, MIN_KEPT = 10_000, 0.002  # below that share of points that keep the constraints, drawing is given up


def count_rows(method: str, n_axes: int, numbers: Mapping[str, Any]) -> int:
    """Return the number of rows of a sample over `n_axes` parameters; numbers: n, trajectories and the like by name."""
    if method == "morris":
        return numbers["trajectories"] * (n_axes + 1)
    if method == "saltelli":
        return numbers["n"] * ((2 * n_axes if numbers.get("second_order") else n_axes) + 2)
    return numbers["n"]


@dataclass(frozen=True)
class Sample:
    """What to draw: a method with its numbers, a seed, and the axes to draw over."""

    method: str
    axes: tuple[Axis, ...]
    seed: int
    numbers: dict[str, Any]
    file: str | None = None  # of an ensemble; None: the shipped one
    without: tuple[str, ...] = ()  # columns of an ensemble that are left alone

    def count(self) -> int:
        """Return the number of rows without drawing them."""
        return count_rows(self.method, len(self.axes), self.numbers)

    def describe(self) -> str:
        """Return the sample in words, like "256 Latin hypercube points over 6 parameters"."""
        if self.method == ENSEMBLE:
            return f"{self.count():,} calibrated sets of {len(self.axes)} parameters"
        trajectories = f" ({self.numbers['trajectories']:,} trajectories)" if self.method == "morris" else ""
        plural = "s" if len(self.axes) > 1 else ""
        return f"{self.count():,} {WORDS[self.method]} points{trajectories} over {len(self.axes)} parameter{plural}"

    def to_tree(self) -> dict[str, Any]:
        """Return the sample as it would stand in YAML, every range written out."""
        if self.method == ENSEMBLE:
            told = {"method": self.method, **self.numbers, "digest": digest_axes(self.axes)}
            told |= {"file": self.file} if self.file else {}
            return told | ({"without": list(self.without)} if self.without else {})
        over = {axis.name: axis.to_tree() for axis in self.axes}
        return {"method": self.method, **self.numbers, "seed": self.seed, "over": over}

    def draw(self, keep: Keep | None = None) -> np.ndarray:
        """Return (rows, axes) of shares in [0, 1]; rows for which ``keep(rows)`` is false are drawn again.

        Raises `SamplingError` without the library, and where hardly any row is kept.
        """
        check_library(self.method)
        if self.method in MATRICES:
            return _draw_matrix(self)
        import numpy as np

        if self.method == ENSEMBLE:
            n_rows = self.count()
            return np.repeat(((np.arange(n_rows) + 0.5) / n_rows)[:, None], len(self.axes), axis=1)

        n_rows, kept, tried = self.numbers["n"], [], 0
        wanted = n_rows
        for rows in _draw_rounds(self):
            tried += n_rows
            kept.append(rows[:wanted] if keep is None else rows[keep(rows)][:wanted])
            wanted -= len(kept[-1])
            if not wanted:
                break
            if tried >= MIN_TRIED and n_rows - wanted < tried * MIN_KEPT:
                raise SamplingError(
                    f"only {n_rows - wanted} of {tried:,} points drawn keep the constraints; narrow the ranges so that "
                    "more do"
                )
        return np.concatenate(kept)


def digest_axes(axes: tuple[Axis, ...]) -> str:
    """Return 16 digits that tell one ensemble's values from another's."""
    told = json.dumps([[axis.name, *axis.options] for axis in axes])
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def check_library(method: str) -> None:
    """Raise `SamplingError` with the mend where the library that draws by `method` is not installed."""
    wanted = dict.fromkeys(("scipy", LIBRARIES[method])) if LIBRARIES[method] else {}
    missing = [name for name in wanted if not importlib.util.find_spec(str(name))]
    if missing:
        raise SamplingError(f'needs {" and ".join(missing)}: pip install "coalitions[sweep]"')


def _generator(seed: int) -> Any:
    import numpy as np

    return np.random.Generator(np.random.PCG64(seed))  # named, since numpy may change what default_rng is


def _draw_rounds(sample: Sample) -> Iterator[np.ndarray]:
    from scipy.stats import qmc

    kind = qmc.Sobol if sample.method == "sobol" else qmc.LatinHypercube
    source = kind(len(sample.axes), rng=_generator(sample.seed))
    while True:  # a Sobol sequence goes on; a Latin hypercube is drawn anew
        yield source.random(sample.numbers["n"])


def _draw_matrix(sample: Sample) -> np.ndarray:
    width, numbers, generator = len(sample.axes), sample.numbers, _generator(sample.seed)
    problem = {"num_vars": width, "names": [axis.name for axis in sample.axes], "bounds": [[0.0, 1.0]] * width}
    if sample.method == "morris":
        from SALib.sample import morris

        return morris.sample(problem, numbers["trajectories"], num_levels=numbers["levels"], seed=generator)
    from SALib.sample import sobol

    return sobol.sample(problem, numbers["n"], calc_second_order=numbers["second_order"], seed=generator)
