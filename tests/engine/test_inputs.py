"""Inputs that are changed from one setting to another give the runs that new ones give."""

import numpy as np
import pytest

from sim.configuration import compose, set_values
from sim.engine.inputs import Inputs
from sim.schema import state
from tests.worlds import World, assert_same, find_worlds, make_world, run_world

POINTS = (  # one after the other: each leaves something as it was and changes something else
    {"memberships.turf_weight": 2.5, "grants.annual_usd_per_organization": 15_000.0},
    {"memberships.turf_weight": 0.0, "field.viewpoint_spread": 0.9},
    {"field.n_organizations": 7, "services.demand_ratio": 1.4},
    {"mechanisms.award_grants": False, "months": 9},
    {"regime.programmes.open.first_month": 5, "mechanisms.null_model": True},
    {"shock.name": "total_cut", "shock.month": 4},
    {"shock.name": "total_cut", "shock.month": 4, "field.population_demand": [0.3, 0.3, 0.1, 0.1, 0.1, 0.1]},
    {},
)


def spoil(inputs):
    """Leave no number of an earlier run in the world, but for what lines do not change on the way."""
    for table in inputs.world:
        if not isinstance(table, state.Programmes):
            for array in table:
                array[...] = np.ones(1, array.dtype) if array.dtype.kind in "?iu" else -7.25


def read_setting(values):
    base = compose(["regime=competitive", "months=20"]).parameters
    line = next(iter(base.regime.programmes))
    return set_values(base, {name.replace(".open.", f".{line}."): value for name, value in values.items()})


@pytest.mark.parametrize("is_spoilt", [False, True])
def test_changed_inputs_run_as_new_ones_do(is_spoilt):
    inputs = Inputs(read_setting({}), max_events=4096)
    for values in (*POINTS, *reversed(POINTS)):
        world = World(0, read_setting(values), None, 5)
        inputs.change(world.parameters)
        if is_spoilt:
            spoil(inputs)
        assert_same(run_world(world, inputs), run_world(world), values)
        assert str(inputs.record) == str(world.build().record)


def test_changed_inputs_run_as_new_ones_do_in_random_worlds_with_and_without_rosters():
    first = make_world(0)
    inputs = Inputs(first.parameters, first.tables, 4096)
    for number in (*range(1, 12), 3, 3):
        world = make_world(number)
        inputs.change(world.parameters, world.tables)
        assert_same(run_world(world, inputs), run_world(world), number)


def test_what_does_not_depend_on_the_change_is_kept():
    base = read_setting({})
    inputs = Inputs(base)
    roster, world = inputs.roster, inputs.world
    inputs.change(set_values(base, {"memberships.turf_weight": 2.5, "grants.annual_usd_per_organization": 15_000.0}))
    assert inputs.roster is roster
    assert inputs.world is world
    inputs.change(set_values(base, {"field.n_organizations": 7}))
    assert (len(inputs.roster.key), inputs.world.dyads.trust.shape) == (7, (7, 7))


def test_inputs_that_cannot_be_changed_stay_as_they_were():
    world = next(find_worlds(1, roster=False))
    inputs, expected = world.build(), run_world(world)
    with pytest.raises(AttributeError):
        inputs.change(None)
    assert inputs.parameters is world.parameters
    assert_same(run_world(world, inputs), expected)
