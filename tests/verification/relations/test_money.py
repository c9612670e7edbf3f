"""Money: none where none is given, no cent lost or made, and no matter in what unit it is counted."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pytest

from sim.engine.inputs import Inputs
from sim.schema import codes, columns
from sim.schema.regimes import Programme
from tests.worlds import Outcome, World, advance, as_numbers, assert_same, make_world, run_world

MONEY_COLUMNS = [at for at, one in enumerate(columns.MONTHS) if one.unit == "USD"]


@pytest.mark.relation(4, "without grants nobody is awarded anything")
def test_without_grants_no_cent_of_grant_money_moves(tried):
    for world in tried.worlds(120):
        poor = world.change(grants__annual_usd_per_organization=0.0)
        inputs = poor.build()
        outcome = run_world(poor, inputs)
        books = inputs.world.environment.ledger
        for item in (codes.PAID, codes.COMMITTED, codes.RETURNED, codes.BUDGETED, codes.UNSPENT):
            assert books[item] == 0, (world.number, codes.LEDGER[item], books[item])
        assert not outcome.rows.awarded_usd.any(), world.number
        assert not outcome.rows.requested_usd.any(), world.number
        assert not outcome.rows.mean_dependence[outcome.rows.n_open > 0].any(), world.number
        assert np.isnan(outcome.rows.success_rate[1:]).all(), world.number
        assert np.isnan(outcome.rows.award_gini).all(), world.number
        kinds = set(outcome.events[:, 1].tolist())
        money = {codes.WIN, codes.LOSE, codes.COMPLY, codes.PHASE_OUT, codes.DECLINE, codes.STAY_AMBIGUOUS}
        assert not kinds & money, (world.number, kinds)


# ------------------------------------------------------------------------------------------------ idle lines

IDLE = {"money_share": 0.0, "requires_mou": True, "exclusive": True, "convener_share": 0.3}


def with_idle_line(world: World, name: str) -> World:
    """Return the world with a line that has no money; who may win it, how and when, is as of another world's line."""
    lines = list(make_world(world.number + 1).parameters.regime.programmes.values()) or [Programme()]
    idle = dataclasses.replace(lines[0], **IDLE, eligible_populations=[], required_sectors=[])
    return world.add_line(name, idle)


def with_hopeless_line(world: World, name: str) -> World:
    """Return the world with a rich line that accepts one extreme stance alone and never comes to a round.

    Money a line gives out is shared by those eligible (`rivalry`) and hoped for (joint money); nobody is eligible.
    A new condition would open it, so there is no shock here, and nobody stands at an end of the axis.
    """
    hopeless = Programme(stance_low=1.0, stance_high=1.0, first_month=9_000, exclusive=True, applicant="coalition")
    return calm_down(world).add_line(name, hopeless)


def calm_down(world: World) -> World:
    """Return the world without a shock and with nobody at an end of the axis of viewpoints."""
    setting = world.parameters
    return world.change(
        shock=dataclasses.replace(setting.shock, name="none"),
        field__viewpoint_spread=min(setting.field.viewpoint_spread, 0.5),
        field__viewpoint_sd=min(setting.field.viewpoint_sd, 0.05),
    )


def without_lines(outcome: Outcome, shift: int) -> Outcome:
    """Return the outcome with the numbers of lines in its events lower by `shift`."""
    events = outcome.events.copy()
    events[:, 5] -= np.where(events[:, 5] >= 0, shift, 0)
    return outcome._replace(events=events)


def check_idle_lines(worlds: Any, name: str, shift: int) -> None:
    for world in worlds:
        added = with_idle_line(world, name)
        assert_same(run_world(world), without_lines(run_world(added), shift), world.number)
        calm = calm_down(world)
        added = with_hopeless_line(world, name)
        inputs = added.build()
        outcome = run_world(added, inputs)
        line = sorted(added.parameters.regime.programmes).index(name)
        stances = np.abs(inputs.world.organizations.stance)
        assert not inputs.world.organizations.eligible[:, line].any(), (world.number, stances.max())
        assert_same(run_world(calm), without_lines(outcome, shift), world.number)


@pytest.mark.relation(5, "a grant line without money, or one that nobody may win, changes nothing")
def test_a_grant_line_without_money_or_that_nobody_may_win_changes_not_a_bit(tried):
    check_idle_lines(tried.worlds(80), "zzz", 0)


def test_it_changes_not_a_bit_where_its_name_comes_first_either():
    check_idle_lines((make_world(number) for number in range(60)), "aaa", 1)


# ------------------------------------------------------------------------------------------------ the books


def check_books(world: World, inputs: Inputs, month: int) -> None:
    books, organizations = inputs.world.environment.ledger, inputs.world.organizations
    note = (world.number, month)
    held = int(organizations.reserve_cents[organizations.is_open].sum())
    income = int(books[codes.ENDOWED] + books[codes.OWN] + books[codes.DONATED] + books[codes.PAID])
    assert held == income - int(books[codes.SPENT] + books[codes.WRITTEN_OFF]), note
    promised = int(organizations.award_cents.sum())
    assert books[codes.COMMITTED] == books[codes.PAID] + books[codes.RETURNED] + promised, note
    assert books[codes.BUDGETED] == books[codes.COMMITTED] + books[codes.UNSPENT], note
    # An organization may close in debt; every other book only grows.
    assert all(books[item] >= 0 for item in range(len(codes.LEDGER)) if item != codes.WRITTEN_OFF), note
    for name in ("need_cents", "own_income_cents", "award_cents", "award_months", "cost_cents", "deficit_months"):
        assert (getattr(organizations, name) >= 0).all(), (*note, name)
    assert (organizations.award_months[organizations.award_cents > 0] > 0).all(), note
    closed = ~organizations.is_open
    assert not organizations.reserve_cents[closed].any(), note
    assert not organizations.award_cents[closed].any(), note
    assert (inputs.world.programmes.pot_cents >= 0).all(), note


def check_rounds(world: World, events: Any) -> None:
    """An organization wins a line at most once a round; a line's money for conveners comes on top and is left out."""
    lines = world.parameters.regime.programmes
    for at, name in enumerate(sorted(lines)):
        if lines[name].convener_share > 0:
            continue
        wins = events[(events[:, 1] == codes.WIN) & (events[:, 5] == at)]
        often = Counter(map(tuple, wins[:, [0, 2]].tolist())).most_common(1)
        assert not often or often[0][1] == 1, (world.number, name, often)


@pytest.mark.relation(6, "no cent is lost or made, in any month")
def test_no_cent_is_lost_or_made_in_any_month(tried):
    """A hundred small worlds of every kind, and thirty of up to 30 organizations and five years."""
    rounds = 0
    small = tried.worlds(100)
    large = tried.worlds(30, first=500, max_organizations=30, max_months=60)
    for world in (*small, *large):
        inputs, awarded = world.build(), 0.0
        for month in range(world.parameters.months + 1):
            row = advance(inputs, world.seed, month)
            check_books(world, inputs, month)
            awarded += float(row.awarded_usd)
        assert abs(100 * awarded - inputs.world.environment.ledger[codes.COMMITTED]) < 0.5, world.number
        log = inputs.world.log
        check_rounds(world, log.rows[: int(log.n_rows[0])])
        rounds += awarded > 0
    assert rounds > 50


# ------------------------------------------------------------------------------------------------ another unit

UNIT = 4  # a power of two, so that floating-point numbers scale without rounding


def in_other_unit(world: World) -> World:
    """Return the world with every sum of money times `UNIT`."""
    setting = world.parameters
    changed = world.change_lines()
    regime = changed.parameters.regime
    lines = {
        name: dataclasses.replace(line, award_usd_per_year=line.award_usd_per_year * UNIT)
        for name, line in regime.programmes.items()
    }
    tables = world.tables and dataclasses.replace(world.tables, need_usd=world.tables.need_usd * UNIT)
    return world.change(
        regime=dataclasses.replace(regime, programmes=lines),
        tables=tables,
        field__need_median_usd=setting.field.need_median_usd * UNIT,
        grants__annual_usd_per_organization=setting.grants.annual_usd_per_organization * UNIT,
        services__cost_per_person_usd=setting.services.cost_per_person_usd * UNIT,
        meetings__meeting_cost_usd=setting.meetings.meeting_cost_usd * UNIT,
    )


@pytest.mark.relation(7, "another unit of money changes no decision, and money by the unit to the cent of rounding")
def test_another_unit_of_money_changes_no_decision(tried):
    """All events are the same, winners and losers among them. Each award is rounded down at most three times, so that

    a month's awards differ from the scaled ones by at most 3 · (unit + 1) cents an award; all other columns follow.
    """
    n_wins = 0
    for world in tried.worlds(100):
        one, other = run_world(world), run_world(in_other_unit(world))
        assert np.array_equal(one.events, other.events), world.number
        assert np.array_equal(one.members, other.members), world.number
        wins = np.bincount(one.events[one.events[:, 1] == codes.WIN][:, 0], minlength=len(one.rows))[: len(one.rows)]
        cents = 100 * np.abs(other.rows.awarded_usd - UNIT * one.rows.awarded_usd)
        assert (cents <= 3 * (UNIT + 1) * wins + 1e-3).all(), (world.number, cents.max())
        n_wins += int(wins.sum())
        left, right = as_numbers(one.rows), as_numbers(other.rows)
        rest = [at for at in range(left.shape[1]) if at not in MONEY_COLUMNS]
        np.testing.assert_allclose(right[:, rest], left[:, rest], rtol=1e-4, atol=1e-4, err_msg=str(world.number))
    assert n_wins > 500
