"""Named tuples of arrays: copied whole, and filled whole by a run, whatever stood there before."""

import numpy as np
import pytest

from sim.compiler import blocks
from sim.compiler.direct import interpret
from sim.compiler.jit import compiled_entry
from sim.compiler.struct_refs import CLASSES, allocate, copy_arrays, list_shapes
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs
from sim.schema import state
from tests.worlds import make_world

SIZES = dict(zip(blocks.DIMENSIONS, (7, 8, 3, 2, 4, 5, 7, 6, 12, 16), strict=True)) | {"L": 2, "B": 3}
TUPLES = [
    name
    for name, kind in CLASSES.items()
    if (shapes := list_shapes(kind)) and all(one.dimensions for one in shapes.values())
]


@compiled_entry
def copy_compiled(source, target):
    copy_arrays(source, target)


def copy_interpreted(source, target):
    interpret(getattr(copy_compiled, "py_func", copy_compiled))(source, target)


def fill(arrays, dice):
    """Write numbers at random to all arrays, none of them zero."""
    for array in arrays:
        array[...] = True if array.dtype.kind == "b" else dice.integers(1, 100, array.shape)


@pytest.mark.parametrize("copy", [copy_compiled, copy_interpreted], ids=["compiled", "interpreted"])
@pytest.mark.parametrize("name", TUPLES)
def test_every_array_of_a_tuple_is_copied(name, copy):
    source, target = allocate(CLASSES[name], SIZES), allocate(CLASSES[name], SIZES)
    fill(source, np.random.default_rng(3))
    copy(source, target)
    for field, array, copied in zip(source._fields, source, target, strict=True):
        assert array.any(), field
        assert np.array_equal(array, copied), field


@pytest.mark.parametrize("number", range(3))
def test_a_run_fills_all_that_it_reads_whatever_stood_there_before(number):
    world = make_world(number)
    fresh, used = (Inputs(world.parameters, world.tables, max_events=2000) for _ in range(2))
    dice = np.random.default_rng(number)
    for table in used.world:
        fill(table, dice)
    expected, found = run_compiled(fresh, [world.seed], True), run_compiled(used, [world.seed], True)
    for one, other in zip(expected, found, strict=True):
        assert one.tobytes() == other.tobytes()
    for field, array, line in zip(state.Programmes._fields, fresh.world.programmes, used.world.programmes, strict=True):
        assert np.array_equal(array, line), field
