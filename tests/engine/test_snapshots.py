"""Snapshots: the bits of an ordinary run, at the months asked for."""

import numpy as np
import pytest

from sim.configuration import compose
from sim.engine.batch import prepare, run_compiled
from sim.engine.snapshots import visit_months
from sim.errors import ParameterError

SEED, ROOM = 7, 4096


@pytest.fixture(scope="module")
def parameters():
    return compose(["regime=mixed", "shock=stream_shift", "shock.month=20", "months=48"]).parameters


def keep_arrays(world):
    return [array.copy() for table in world for array in table]


def test_the_last_snapshot_has_the_bits_of_an_ordinary_run(parameters):
    ordinary, visited = prepare(parameters, max_events=ROOM), prepare(parameters, max_events=ROOM)
    run_compiled(ordinary, [SEED])
    seen = [month for month, _ in visit_months(visited, SEED, [48, 3, 19, 3])]
    assert seen == [3, 19, 48]
    assert ordinary.world.log.n_rows[0] > 100
    for at, (one, other) in enumerate(zip(keep_arrays(ordinary.world), keep_arrays(visited.world), strict=True)):
        assert one.tobytes() == other.tobytes(), f"array {at} of the world differs"


def test_each_snapshot_shows_what_the_rows_of_that_month_show(parameters):
    rows = run_compiled(prepare(parameters), [SEED], keep_events=False).rows[0]
    for month, world in visit_months(prepare(parameters), SEED, range(49)):
        is_open = world.organizations.is_open
        assert np.count_nonzero(is_open) == rows["n_open"][month]
        assert world.coalitions.size[world.coalitions.is_active].sum() == rows["memberships"][month]
        assert world.environment.awareness[0] == rows["awareness"][month]


def test_what_a_visitor_changes_is_where_the_run_goes_on(parameters):
    inputs = prepare(parameters)
    ends = []
    for loss in (0.0, 1.0):
        for month, world in visit_months(inputs, SEED, [24, 30]):
            if month == 24:
                world.dyads.trust[...] *= 1.0 - loss
        ends.append(float(inputs.world.dyads.trust.mean()))
    assert ends[1] < 0.7 * ends[0]


def test_a_month_outside_the_run_is_refused_before_anything_runs(parameters):
    with pytest.raises(ParameterError, match=r"month 49 must lie in \[0, 48\]"):
        visit_months(prepare(parameters), SEED, [1, 49])
