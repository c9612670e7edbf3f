"""The state inside a run: stop at chosen months, look at the world, go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sim.engine.inputs import Inputs
from sim.engine.runner import Runner
from sim.errors import ParameterError

if TYPE_CHECKING:
    from sim.schema.state import World


def visit_months(inputs: Inputs, seed: int, months: Iterable[int]) -> Iterator[tuple[int, World]]:
    """Run one seed and yield (month, world) at the end of each of `months`; 0 is the state at the start.

    The bits are those of an ordinary run. The world is `inputs.world` itself, its arrays live: copy what is to be kept
    beyond the next month, and let nothing else run on `inputs` meanwhile. What a visitor changes in it, the months
    that follow start from. The log holds all events so far, where `inputs` were built with room for them.

    months: in any order, twice counts once; nothing runs beyond the last. Raises `ParameterError` for a month outside
    the run, and for a field of many localities, whose world is not one city's.
    """
    if not isinstance(inputs, Inputs):
        raise ParameterError("snapshots: a field of many localities has none; set field.n_localities = 1")
    wanted = sorted({int(month) for month in months})
    for month in wanted:
        if not 0 <= month <= inputs.parameters.months:
            raise ParameterError(f"snapshots: month {month} must lie in [0, {inputs.parameters.months}], the run")
    return _run_to_each(inputs, seed, wanted)


def _run_to_each(inputs: Inputs, seed: int, months: list[int]) -> Iterator[tuple[int, World]]:
    first = 0
    for month in months:
        run_months(inputs, seed, first, month)
        yield month, inputs.world
        first = month + 1


def run_months(inputs: Inputs, seed: int, first: int, last: int) -> None:
    """Run whole months `first` to `last` of one seed on `inputs.world`, which must stand at the end of `first` - 1.

    Month 0 fills it anew; with `last` before `first` nothing happens. Keeps no records; writes `inputs.world`.
    """
    Runner(inputs, [seed], months=range(first, last + 1)).run()
