"""Viewpoints: no end of the axis is special, and where only distances matter no place on it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sim.schema import state
from tests.worlds import Draws, World, as_numbers, assert_same, run_world

# Columns that tell where on the axis the field stands; all others tell distances.
PLACES = ("public_silence", "private_neutrality", "ei_viewpoint")


def with_positions(world: World, sign: float) -> World:
    """Return a world whose viewpoints are all given, with its axis as it is (1) or mirrored (-1).

    Newcomers draw viewpoints of their own, keyed and so not mirrored; none come.
    """
    draws, tables = Draws(world.number), world.tables
    viewpoint = [draws.between(f"axis {i}", -1, 1) for i in range(len(tables.ids))]
    tables = dataclasses.replace(tables, viewpoint=sign * np.array(viewpoint), stance=sign * tables.stance)
    changed = world.change(tables=tables, accounts__opening_rate=0.0)
    return changed if sign > 0 else mirror_conditions(changed)


def mirror_conditions(world: World) -> World:
    regime, shock = world.parameters.regime, world.parameters.shock
    lines = {
        name: dataclasses.replace(line, stance_low=-line.stance_high, stance_high=-line.stance_low)
        for name, line in regime.programmes.items()
    }
    shock = dataclasses.replace(shock, stance_low=-shock.stance_high, stance_high=-shock.stance_low)
    return world.change(regime=dataclasses.replace(regime, programmes=lines), shock=shock)


@pytest.mark.relation(8, "a mirrored axis of viewpoints changes not a bit")
def test_a_mirrored_axis_of_viewpoints_changes_not_a_bit(tried):
    told = 0
    worlds = tried.worlds(90, roster=True)
    large = tried.worlds(10, first=300, roster=True, max_organizations=30, max_months=60)
    for world in (*worlds, *large):
        one = run_world(with_positions(world, 1.0))
        assert_same(one, run_world(with_positions(world, -1.0)), world.number)
        half = with_positions(world, 1.0)
        half = half.change(tables=dataclasses.replace(half.tables, viewpoint=-half.tables.viewpoint))
        told += run_world(half).digest() != one.digest()
    assert told > 80, "viewpoints without their conditions mirrored must matter"


def with_distances(world: World, shift: float, dialogue: float) -> World:
    """Return a world in which only distances between positions matter, all positions moved by `shift`.

    What is tied to a place on the axis is taken out: lines that accept some stances only, the new condition, the pull
    back to a silent stance (`stance_anchor`), newcomers. Positions are whole 64ths, so that moving them is exact.
    """
    draws, setting = Draws(world.number), world.parameters
    n = len(world.tables.ids)
    viewpoint = np.array([draws.whole(f"place {i}", -32, 32) / 64 for i in range(n)]) + shift
    stance = np.array([draws.whole(f"stance {i}", -32, 32) / 64 for i in range(n)]) + shift
    is_condition = setting.shock.name == "new_condition"
    return world.change_lines(stance_low=-1.0, stance_high=1.0).change(
        tables=dataclasses.replace(world.tables, viewpoint=viewpoint, stance=stance),
        shock=dataclasses.replace(setting.shock, name="none" if is_condition else setting.shock.name),
        accounts__opening_rate=0.0,
        drift__stance_anchor=0.0,
        meetings__dialogue_rate=dialogue,
        meetings__openness=0.4567,  # not on the grid
    )


@pytest.mark.relation(9, "where only distances matter, a shift of all viewpoints changes not a bit")
def test_a_shift_of_all_viewpoints_changes_not_a_bit_where_only_distances_matter(tried):
    """Exact without dialogue; with it viewpoints leave the grid, and columns agree to 1e-9 with the same events.

    Distances alone count in tension and all that follows from it: trust, admission, founding, leaving, breaking away,
    dialogue. Places count in the conditions of grant lines, the stance of those who keep silent, and `PLACES`.
    """
    rest = [at for at, name in enumerate(state.ROW_DTYPE.names) if name not in PLACES]
    spread = state.ROW_DTYPE.names.index("stance_spread")  # taken about a mean, which rounds
    for world in tried.worlds(80, roster=True):
        for dialogue in (0.0, 0.1):
            here = run_world(with_distances(world, 0.0, dialogue))
            for shift in (-0.25, 0.5):
                there = run_world(with_distances(world, shift, dialogue))
                assert np.array_equal(here.events, there.events), (world.number, shift, dialogue)
                assert np.array_equal(here.members, there.members), (world.number, shift, dialogue)
                left, right = as_numbers(here.rows)[:, rest], as_numbers(there.rows)[:, rest]
                if dialogue:
                    np.testing.assert_allclose(right, left, rtol=1e-9, atol=1e-9, err_msg=str(world.number))
                else:
                    exact = [at for at, column in enumerate(rest) if column != spread]
                    np.testing.assert_array_equal(right[:, exact], left[:, exact], err_msg=f"{world.number}, {shift}")
                    np.testing.assert_allclose(right, left, rtol=0, atol=1e-15, err_msg=f"{world.number}, {shift}")
