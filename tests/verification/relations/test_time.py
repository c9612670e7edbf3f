"""Time: what is dated later shows later, a run may stop and go on, and months have no names of their own."""

from __future__ import annotations

import dataclasses
import math
import pickle
import random
from typing import Any

import numpy as np
import pytest

from sim.engine.inputs import Inputs
from sim.schema import state
from sim.schema.regimes import SHOCKS
from tests.verification.relations import worker
from tests.worlds import Draws, World, advance, as_numbers, find_worlds, run_world

Z_LIMIT = 4.9


# ------------------------------------------------------------------------------------------------ before and after


def end_lines(world: World, month: int) -> World:
    """Return the world with all lines ending at `month` or earlier."""
    regime = world.parameters.regime
    lines = {
        name: dataclasses.replace(line, last_month=min(line.last_month, month))
        for name, line in regime.programmes.items()
    }
    return world.change(regime=dataclasses.replace(regime, programmes=lines))


@pytest.mark.relation(17, "a policy of a month changes no month before")
def test_a_policy_of_a_month_changes_no_month_before(tried):
    """Each shock, and lines that end. (A line yet to come is hoped for at once, and so no such policy.)"""
    n_felt = dict.fromkeys((*SHOCKS[1:], "lines end"), 0)
    for world in tried.worlds(100):
        shock, draws = world.parameters.shock, Draws(world.number)
        month = draws.whole("policy", 1, world.parameters.months)
        calm = world.change(shock=dataclasses.replace(shock, name="none"), mechanisms__apply_calendar=True)
        before = run_world(calm)
        kind = draws.pick("kind of policy", list(n_felt))
        if kind == "lines end":
            changed, first = end_lines(calm, month), month + 1
        else:
            changed, first = calm.change(shock=dataclasses.replace(shock, name=kind, month=month)), month
        after = run_world(changed)
        left, right = as_numbers(before.rows), as_numbers(after.rows)
        np.testing.assert_array_equal(left[:first], right[:first], err_msg=f"{world.number}: {kind} in {month}")
        for events in (before.events, after.events):
            assert len(events), world.number
        early = [one.events[(one.events[:, 0] < first) | (one.events[:, 0] >= 1_000_000)] for one in (before, after)]
        assert np.array_equal(*early), f"{world.number}: {kind} in {month}"
        n_felt[kind] += not np.array_equal(left[first:], right[first:], equal_nan=True)
    assert min(n_felt.values()) >= 3, n_felt


# ------------------------------------------------------------------------------------------------ stop and go on


@pytest.mark.relation(18, "a run stopped and continued from its copy is the uninterrupted run")
def test_a_run_stopped_and_continued_from_its_copy_is_the_uninterrupted_run(tried, processes):
    """Copies continue here and in another process; state and months are compared in all bits."""
    copies, expected = [], []
    for world in tried.worlds(60):
        months = world.parameters.months
        stop = Draws(world.number).whole("stop", 0, months)
        model = worker.make_model(world)
        model.run(stop)
        copies.append((pickle.dumps(model), months - stop))
        inputs = world.build(0)
        outcome = run_world(world, inputs, keep_events=False)
        expected.append((months, worker.digest_state(inputs.world), as_numbers(outcome.rows).tobytes()))
    for found in (worker.continue_models(copies), call(processes, worker.continue_models, copies)):
        wrong = [at for at, (one, other) in enumerate(zip(expected, found, strict=True)) if one != other]
        assert not wrong, f"worlds {wrong} went another way"


def call(processes: Any, function: Any, *arguments: Any) -> Any:
    """Return the value of a function called in a new process."""
    with processes.Pool(1) as pool:
        return pool.apply(function, arguments)


@pytest.mark.relation(20, "a run resumed after kill -9 is the uninterrupted run")
def test_a_run_resumed_after_a_kill_is_the_uninterrupted_run(tried, processes, tmp_path):
    """A process walks through the worlds with a checkpoint a month. In a random month of every third world it dies

    before, while or after it writes one; in the others it takes up the checkpoint. Now and then it is killed from
    outside as well, wherever it happens to be.
    """
    generator = random.Random(20)
    worlds = [world for world, _ in zip(find_worlds(0, max_months=12), range(52), strict=False)]
    moments = ("before writing", "half written", "after writing")
    plan = {
        world.number: (
            generator.randint(1, world.parameters.months),
            generator.choice(moments) if world.number % 3 == 0 else "read again",
        )
        for world in worlds
    }
    n_starts = n_kills = 0
    code: int | None = None
    while code != 0:
        process = processes.Process(target=worker.walk, args=(tmp_path, plan))
        process.start()
        process.join(generator.uniform(0.05, 0.1) if n_starts % 6 == 3 else 60)
        if process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode
        n_starts += 1
        n_kills += code == -9
        assert code in (0, -9), code
    assert n_kills >= len(worlds) // 3
    for world in worlds:
        inputs = world.build(0)
        rows = as_numbers(run_world(world, inputs, keep_events=False).rows)
        expected = world.parameters.months, worker.digest_state(inputs.world), rows.tobytes()
        assert pickle.loads((tmp_path / f"{world.number}.done").read_bytes()) == expected, world.number
        tried.add(1)


# ------------------------------------------------------------------------------------------------ names of months


def date_later(world: World, delay: int) -> World:
    """Return the world with every date `delay` months later, lines that run from the start from month 2.

    In month 1 such a line awards several cohorts at once (its steady state): the one month with a meaning of its own.
    """
    regime, shock = world.parameters.regime, world.parameters.shock
    lines = {
        name: dataclasses.replace(
            line,
            first_month=max(line.first_month, 2) + delay,
            last_month=min(max(line.last_month, 2) + delay, 10_000),
        )
        for name, line in regime.programmes.items()
    }
    shock = dataclasses.replace(shock, month=shock.month + delay)
    return world.change(regime=dataclasses.replace(regime, programmes=lines), shock=shock)


def without_luck(world: World) -> World:
    """Return the world without a draw after the start: keys hold the month, so that luck tells months apart."""
    regime = world.parameters.regime
    lines = {
        name: dataclasses.replace(
            line, ambiguity=0.0, allocation="competitive" if line.allocation == "lottery" else line.allocation
        )
        for name, line in regime.programmes.items()
    }
    return world.change(
        regime=dataclasses.replace(regime, programmes=lines),
        shock=dataclasses.replace(world.parameters.shock, ambiguity=0.0),
        mechanisms__review_memberships=False,  # its order is drawn
        meetings__peripheral_invitation=0.0,
        meetings__mou_rate=0.0,
        staff__annual_turnover=0.0,
        services__demand_noise=0.0,
        conditions__response_noise=0.0,
        grants__luck=0.0,
        accounts__income_noise=0.0,
        accounts__closure_rate=1.0,
        accounts__opening_rate=0.0,
        memberships__schism_noise=0.0,
        memberships__disband_rate=0.0,
    )


def run_from(inputs: Inputs, seed: int, delay: int) -> Any:
    """Return the rows of a run whose first month after the start is `delay` + 1."""
    rows = np.zeros((1, inputs.parameters.months), state.ROW_DTYPE).view(np.recarray)
    advance(inputs, seed, 0)
    for at in range(inputs.parameters.months):
        rows[0, at] = advance(inputs, seed, delay + 1 + at)
    return rows[0]


@pytest.mark.relation(27, "with every date moved by as much, months may be called by other numbers")
def test_months_may_be_called_by_other_numbers_with_every_date_moved_by_as_much(tried):
    """Exact without luck, for a delay of whole meeting intervals; with luck no mean moves: 60 worlds of 12 seeds.

    The model knows three things of a month's number: the keys of draws, the phase of meetings, and month 1.
    """
    columns = ("collaboration_share", "awarded_usd", "n_open", "exits", "joins", "served", "mean_trust")
    totals: dict[str, list[float]] = {name: [] for name in columns}
    for world in tried.worlds(60):
        delay = 12 * world.parameters.meetings.meeting_interval
        sure = without_luck(world)
        one, other = date_later(sure, 0).build(), date_later(sure, delay).build()
        left, right = run_from(one, sure.seed, 0), run_from(other, sure.seed, delay)
        np.testing.assert_array_equal(as_numbers(left), as_numbers(right), err_msg=str(world.number))
        for name, values in one.world.organizations._asdict().items():
            np.testing.assert_array_equal(values, getattr(other.world.organizations, name), err_msg=name)
        assert (one.world.environment.ledger == other.world.environment.ledger).all(), world.number
        one, other = date_later(world, 0).build(0), date_later(world, delay).build(0)
        differences: dict[str, list[float]] = {name: [] for name in columns}
        for seed in range(1_000 * world.number + 1, 1_000 * world.number + 13):
            left, right = run_from(one, seed, 0), run_from(other, seed, delay)
            for name in columns:
                differences[name].append(float(np.nanmean(right[name]) - np.nanmean(left[name])))
        for name, values in differences.items():
            root = math.sqrt(float(np.mean(np.square(values))))
            totals[name] += (np.array(values) / root).tolist() if root > 1e-12 else []
    for name, values in totals.items():
        z = sum(values) / math.sqrt(len(values))
        assert abs(z) < Z_LIMIT, f"{name}: z = {z:.2f} over {len(values)} pairs"
