"""An experiment's design: which settings it varies, and its points, from a grid of ten to millions.

``vary`` is a full grid, ``cases`` are points written out, ``sample`` is drawn; together they are a product, so that
every policy meets the same scenarios. ``designs`` holds whole designs whose points follow each other.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.configuration.designs.constraints import Constraint
from sim.configuration.designs.sampling import Sample

if TYPE_CHECKING:
    import numpy as np

CASE = "case"  # the name of a case at a point; no parameter
BATCH = 1 << 20
_WORDS = {
    "field": ("field", "fields"),
    "regime": ("regime", "regimes"),
    "shock": ("shock", "shocks"),
    "mechanisms": ("set of mechanisms", "sets of mechanisms"),
    "calibration": ("calibration", "calibrations"),
}


@dataclass(frozen=True)
class Design:
    """What an experiment varies, in a fixed order: ``vary`` slowest, then ``cases``, then ``sample``.

    ``vary`` maps a config group or a dotted parameter to the list of its values; `read_design` checks all of it.
    """

    vary: dict[str, list[Any]] = dataclasses.field(default_factory=dict)
    cases: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    sample: Sample | None = None
    constraints: tuple[Constraint, ...] = ()
    designs: tuple[Design, ...] = ()

    def __reduce__(self) -> Any:
        """Leave drawn rows behind: another process draws the same ones."""
        return Design, tuple(getattr(self, item.name) for item in dataclasses.fields(self))

    def __len__(self) -> int:
        """Return the number of points."""
        return self._n_written if self._kept is None else len(self._kept)

    def point(self, number: int) -> dict[str, Any]:
        """Return the point at place `number`, from 0, without making the others. Raises `IndexError`."""
        if not 0 <= number < len(self):
            raise IndexError(f"point {number}: the design has points 0 to {len(self) - 1}")
        return self._make_point(number if self._kept is None else int(self._kept[number]))

    def points(self, start: int = 0, stop: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the points from `start` to before `stop` in order; one empty point where nothing varies."""
        for number in range(start, len(self) if stop is None else min(stop, len(self))):
            yield self.point(number)

    def names(self) -> list[str]:
        """Return the names that vary, in the order of the points: the columns of a table of points."""
        found = [*self.vary, *(name for case in self._cases for name in case)]
        found += [axis.name for axis in self.sample.axes] if self.sample else []
        found += [name for design in self.designs for name in design.names()]
        return list(dict.fromkeys(found))

    def settings(self) -> Iterator[tuple[str, Any]]:
        """Yield (name, value) of everything that is listed by value: grids, cases and options of samples."""
        for name, values in self.vary.items():
            yield from ((name, value) for value in values)
        for case in self.cases:
            yield from ((name, value) for name, value in case.items() if name != "name")
        for axis in self.sample.axes if self.sample else ():
            yield from ((axis.name, value) for value in axis.options)
        for design in self.designs:
            yield from design.settings()

    def group_values(self, groups: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return each combination of varied config groups that stands at some point, once, in the order of points."""
        if not any(name in groups for name in self.names()):
            return []
        if self.designs:
            found = [values for design in self.designs for values in design.group_values(groups)]
        else:
            plain = dataclasses.replace(self, sample=None, constraints=())
            found = [{name: value for name, value in point.items() if name in groups} for point in plain.points()]
        return list({json.dumps(values): values for values in found}.values())

    def count_written(self) -> int:
        """Return the number of points before constraints drop some and repeats are left out; draws nothing."""
        if self.designs:
            return sum(design.count_written() for design in self.designs)
        grid = math.prod(len(values) for values in self.vary.values())
        return grid * max(len(self.cases), 1) * (self.sample.count() if self.sample else 1)

    def describe(self) -> str:
        """Return the design in a line, like "5 regimes × 256 Sobol points over 6 parameters = 1,280 points"."""
        if self.designs:
            left = sum(map(len, self.designs)) - len(self)
            told = f", without {left:,} that repeat others" if left else ""
            return f"{'; then '.join(design.describe() for design in self.designs)}: {_count(len(self))} together{told}"
        parts = [_tell(name, len(values)) for name, values in self.vary.items()]
        parts += [f"{len(self.cases)} case{'s' if len(self.cases) > 1 else ''}"] if self.cases else []
        parts += [self.sample.describe()] if self.sample else []
        if not parts:
            return "1 point: nothing varies"
        total = f" = {_count(self._n_written)}" if len(parts) > 1 or not self.sample else ""
        kept = f", of which {len(self):,} keep the constraints" if len(self) < self._n_written else ""
        return f"{' × '.join(parts)}{total}{kept}"

    def to_tree(self) -> dict[str, Any]:
        """Return the design as plain data, from which `read_design` makes an equal one."""
        tree = {
            "vary": {name: list(values) for name, values in self.vary.items()},
            "cases": [dict(case) for case in self.cases],
            "sample": self.sample.to_tree() if self.sample else {},
            "constraints": [str(constraint) for constraint in self.constraints],
            "designs": [design.to_tree() for design in self.designs],
        }
        return {key: value for key, value in tree.items() if value}

    def content_hash(self) -> str:
        """Return 16 digits that are equal for designs with equal points in equal order, on any machine."""
        return hashlib.blake2b(json.dumps(self.to_tree()).encode(), digest_size=8).hexdigest()

    @cached_property
    def _cases(self) -> list[dict[str, Any]]:
        return [{CASE if name == "name" else name: value for name, value in case.items()} for case in self.cases]

    @cached_property
    def _n_written(self) -> int:
        return self._starts[-1] if self.designs else self.count_written()

    @cached_property
    def _starts(self) -> list[int]:
        """Where each sub-design's points begin, and at last where they end."""
        starts = [0]
        for design in self.designs:
            starts.append(starts[-1] + len(design))
        return starts

    @cached_property
    def _rows(self) -> np.ndarray:
        assert self.sample is not None
        axes = {axis.name: (place, axis) for place, axis in enumerate(self.sample.axes)}
        own = [constraint for constraint in self.constraints if set(constraint.names()) <= set(axes)]

        def keep(rows: np.ndarray) -> np.ndarray:
            values = {}
            for name in {name for constraint in own for name in constraint.names()}:
                place, axis = axes[name]
                values[name] = _as_numbers([axis.value(share) for share in rows[:, place].tolist()])
            return _hold(own, values, len(rows))

        return self.sample.draw(keep if own else None)

    @cached_property
    def _kept(self) -> np.ndarray | None:
        """The places of the points that are kept, or None where all are."""
        if self.designs:
            return self._find_first()
        drawn = {axis.name for axis in self.sample.axes} if self.sample else set()
        shared = [constraint for constraint in self.constraints if not set(constraint.names()) <= drawn]
        if not shared:
            return None
        import numpy as np

        columns = self._find_columns({name for constraint in shared for name in constraint.names()})
        kept = []
        for start in range(0, self._n_written, BATCH):
            places = np.arange(start, min(start + BATCH, self._n_written))
            values = {name: column(places) for name, column in columns.items()}
            kept.append(places[_hold(shared, values, len(places))])
        return np.concatenate(kept)

    def _find_columns(self, names: set[str]) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        """Return by name how to find its values at many places at once."""
        found: dict[str, Callable[[np.ndarray], np.ndarray]] = {}
        after = self._n_written
        for name, values in self.vary.items():
            after //= len(values)
            if name in names:
                found[name] = _column(_as_numbers(values), after)
        if self.cases:
            after //= len(self.cases)
            for name in names & set(self._cases[0]):
                found[name] = _column(_as_numbers([case[name] for case in self._cases]), after)
        for place, axis in enumerate(self.sample.axes if self.sample else ()):
            if axis.name in names:
                shares = self._rows[:, place].tolist()
                found[axis.name] = _column(_as_numbers([axis.value(share) for share in shares]), 1)
        return found

    def _find_first(self) -> np.ndarray:
        """Return the places of points that no earlier one equals."""
        import numpy as np

        digests = np.empty(self._n_written, dtype="V16")
        for number in range(self._n_written):
            text = json.dumps(self._make_point(number), sort_keys=True)
            digests[number] = np.void(hashlib.blake2b(text.encode(), digest_size=16).digest())
        return np.sort(np.unique(digests, return_index=True)[1])

    def _make_point(self, place: int) -> dict[str, Any]:
        if self.designs:
            part = bisect_right(self._starts, place) - 1
            return self.designs[part].point(place - self._starts[part])
        drawn, chosen = {}, {}
        if self.sample:
            place, row = divmod(place, self.sample.count())
            shares = self._rows[row].tolist()
            drawn = {axis.name: axis.value(share) for axis, share in zip(self.sample.axes, shares, strict=True)}
        if self.cases:
            place, row = divmod(place, len(self.cases))
            chosen = self._cases[row]
        places = []
        for values in reversed(self.vary.values()):
            place, row = divmod(place, len(values))
            places.append(row)
        grid = {name: values[row] for (name, values), row in zip(self.vary.items(), reversed(places), strict=True)}
        return {**grid, **chosen, **drawn}


def _tell(name: str, number: int) -> str:
    singular, plural = _WORDS.get(name, (f"value of {name}", f"values of {name}"))
    return f"{number:,} {singular if number == 1 else plural}"


def _count(number: int) -> str:
    return f"{number:,} point{'' if number == 1 else 's'}"


def _as_numbers(values: list[Any]) -> np.ndarray:
    import numpy as np

    return np.array(values, dtype=np.float64)


def _column(values: np.ndarray, after: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda places: values[places // after % len(values)]


def _hold(constraints: list[Constraint], values: Mapping[str, np.ndarray], n_rows: int) -> np.ndarray:
    import numpy as np

    kept = np.ones(n_rows, dtype=bool)
    for constraint in constraints:
        kept &= constraint.holds(values)
    return kept
