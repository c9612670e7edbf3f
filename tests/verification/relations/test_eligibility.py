"""Who may apply: as one line of arithmetic says, and more of them where a line asks for less."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.engine.inputs import build_record
from tests.worlds import Draws, World, advance, keep_world, put_back


def run_up_to(world: World, month: int):
    """Return the inputs of a world with all months before `month` behind it."""
    inputs = world.build()
    for before in range(month):
        advance(inputs, world.seed, before)
    return inputs


def pick_month(world: World) -> int:
    return Draws(world.number).whole("month looked at", 1, world.parameters.months)


@pytest.mark.relation(10, "a line that asks for less leaves nobody out who could apply before")
def test_a_line_that_asks_for_less_leaves_nobody_out(tried):
    """Each of four reliefs, at a random month of a running world, without the calendar, which may bring a shock."""
    gained = dict.fromkeys(("populations", "low", "high", "threshold"), 0)
    for world in tried.worlds(120, keep=lambda world: bool(world.parameters.regime.programmes)):
        month, draws = pick_month(world), Draws(world.number)
        inputs = run_up_to(world.change(mechanisms__apply_calendar=False), month)
        organizations, lines = inputs.world.organizations, inputs.world.programmes
        start = keep_world(inputs.world)
        advance(inputs, world.seed, month, 0, 1)
        before = organizations.eligible.copy()
        for relief in gained:
            put_back(inputs.world, start)
            record = inputs.record
            if relief == "populations":
                lines.pays_for[:, draws.whole("population", 0, lines.pays_for.shape[1] - 1)] = True
            elif relief == "low":
                lines.stance_low[:] -= 0.3
            elif relief == "high":
                lines.stance_high[:] += 0.3
            else:
                lower = world.parameters.grants.eligibility_threshold * draws.uniform("lower")
                easier = world.change(mechanisms__apply_calendar=False, grants__eligibility_threshold=lower)
                record = build_record(easier.parameters)
            advance(inputs, world.seed, month, 0, 1, record)
            after = organizations.eligible
            assert not (before & ~after).any(), (world.number, month, relief, np.argwhere(before & ~after))
            gained[relief] += int((after & ~before).sum())
    assert min(gained.values()) > 0, gained


@pytest.mark.relation(11, "eligible is who is open, serves enough of those paid for, and says what is accepted")
def test_eligible_is_who_is_open_fits_and_says_what_is_accepted(tried):
    """Written down anew from the definition, without the model's functions, after a random month's refresh."""
    n_pairs = {True: 0, False: 0}
    for world in tried.worlds(150, keep=lambda world: bool(world.parameters.regime.programmes)):
        month, threshold = pick_month(world), world.parameters.grants.eligibility_threshold
        inputs = run_up_to(world, month)
        advance(inputs, world.seed, month, 0, 1)
        who, lines = inputs.world.organizations, inputs.world.programmes
        for i, g in np.ndindex(who.eligible.shape):
            effort = math.fsum(who.mix[i][lines.pays_for[g]])
            outside = max(lines.stance_low[g] - who.stance[i], who.stance[i] - lines.stance_high[g])
            expected = bool(who.is_open[i]) and effort >= threshold - 1e-9 and outside <= 1e-9
            assert who.eligible[i, g] == expected, (world.number, month, i, g, effort, outside)
            n_pairs[expected] += 1
    assert min(n_pairs.values()) > 500, n_pairs
