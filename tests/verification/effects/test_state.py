"""Every state variable: changed by hand in the middle of a run, it changes what follows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from sim.schema import codes
from tests.verification.effects.worlds import Steps

MONTH, LAST = 13, 40


class Touch(NamedTuple):
    """Change the variable by `change(array, world)` before a process of the month after MONTH."""

    change: Callable
    before: str = "apply_calendar"
    words: str = ""
    month: int = MONTH


def scale(factor):
    def change(array, world):
        array[:] = (array * factor).astype(array.dtype)

    return change


def fill(value):
    def change(array, world):
        array[:] = value

    return change


def flip(array, world):
    array[:] = ~array


def toss_keys(array, world):
    array ^= np.uint64(0x9E3779B97F4A7C15)


def close_two(array, world):
    array[:2] = False


def turn_over(array, world):
    array[:] = array[::-1].copy()


def seat_elsewhere(array, world):
    """Move a seat by hand: the first active coalition loses its first member, counts and all."""
    c = np.flatnonzero(world.coalitions.is_active)[0]
    array[c, np.flatnonzero(array[c])[0]] = False


def add_one(array, world):
    array += 1


def stop_one(array, world):
    array[np.flatnonzero(array)[:1]] = False


def appoint_another(array, world):
    for c in np.flatnonzero(world.coalitions.is_active):
        array[c] = np.flatnonzero(world.coalitions.member[c])[-1]


CONDITION, JOINT, SILO = "regime=viewpoint_conditional", "regime=collaboration_required", "regime=population_silo"
POOR = "regime=none field.own_income_share=0.2 accounts.closure_rate=0.5 accounts.closure_grace_months=3"
EQUALS = "regime=competitive grants.luck=0 grants.fit_weight=0 grants.partnership_weight=0"
STATE = {
    "Organizations.home_key": Touch(toss_keys, words=f"{POOR} accounts.opening_rate=0.5"),
    "Organizations.key": Touch(toss_keys),
    "Organizations.generation": Touch(add_one, words=POOR),
    "Organizations.lot": Touch(turn_over, words=EQUALS),
    "Organizations.is_open": Touch(close_two),
    "Organizations.sector": Touch(turn_over),
    "Organizations.mix": Touch(turn_over),
    "Organizations.mission": Touch(turn_over),
    "Organizations.viewpoint": Touch(scale(-1)),
    "Organizations.stance": Touch(scale(-1)),
    "Organizations.is_silent": Touch(flip),
    "Organizations.need_cents": Touch(scale(2)),
    "Organizations.own_income_cents": Touch(scale(0)),
    "Organizations.reserve_cents": Touch(scale(0)),
    "Organizations.base_capacity": Touch(scale(2)),
    "Organizations.capacity": Touch(scale(2)),
    "Organizations.stress": Touch(fill(1)),
    "Organizations.dependence": Touch(fill(1)),
    "Organizations.deficit_months": Touch(fill(50), "settle_accounts", POOR, 9),
    "Organizations.record": Touch(turn_over, words="regime=competitive grants.record_weight=2"),
    "Organizations.recent_loss": Touch(fill(1)),
    "Organizations.n_memberships": Touch(fill(3)),
    "Organizations.cost_cents": Touch(fill(10_000_000), "settle_accounts"),
    "Organizations.eligible": Touch(flip, "award_grants", month=12),
    "Organizations.award_cents": Touch(scale(3)),
    "Organizations.award_months": Touch(scale(0)),
    "Organizations.response": Touch(fill(4), "award_grants", f"{CONDITION} field.stance_caution=0", 36),
    "Dyads.trust": Touch(scale(0.5)),
    "Dyads.overlap": Touch(scale(0.1), "meet"),
    "Dyads.joint": Touch(scale(0)),
    "Dyads.formal": Touch(fill(1)),
    "Coalitions.is_active": Touch(stop_one),
    "Coalitions.number": Touch(scale(5)),
    "Coalitions.key": Touch(toss_keys),
    "Coalitions.member": Touch(seat_elsewhere),
    "Coalitions.size": Touch(scale(2)),
    "Coalitions.purpose": Touch(fill(1), words="memberships.rival_overlap=0.95"),
    "Coalitions.is_formal": Touch(fill(True)),
    "Coalitions.is_hollow": Touch(flip, words="memberships.hollow_activity=0.9"),
    "Coalitions.convener": Touch(appoint_another, words="regime=formula_broad"),
    "Coalitions.convener_months": Touch(fill(24)),
    "Coalitions.depth": Touch(fill(1)),
    "Coalitions.activity": Touch(fill(0.1)),
    "Coalitions.inactive_months": Touch(fill(5), words="memberships.inactive_activity=1"),
    "Programmes.key": Touch(toss_keys),
    "Programmes.is_open": Touch(flip, "award_grants", month=12),
    "Programmes.money_share": Touch(scale(0.1)),
    "Programmes.pot_cents": Touch(scale(0.5)),
    "Programmes.award_cents": Touch(scale(0.5)),
    "Programmes.interval": Touch(fill(5)),
    "Programmes.term": Touch(fill(5)),
    "Programmes.first_month": Touch(fill(20)),
    "Programmes.last_month": Touch(fill(14)),
    "Programmes.pays_for": Touch(flip, words=SILO),
    "Programmes.stance_low": Touch(fill(0.5)),
    "Programmes.stance_high": Touch(fill(-0.5)),
    "Programmes.ambiguity": Touch(fill(1), words=CONDITION),
    "Programmes.is_joint": Touch(flip),
    "Programmes.min_partners": Touch(fill(12), words=JOINT),
    "Programmes.required_sector": Touch(fill(True), words=JOINT),
    "Programmes.requires_mou": Touch(fill(True), words=JOINT),
    "Programmes.sub_award_share": Touch(fill(1), words=JOINT),
    "Programmes.is_exclusive": Touch(fill(True), words=SILO),
    "Programmes.convener_share": Touch(fill(0.5)),
    "Programmes.allocation": Touch(fill(1), words="regime=competitive"),
    "Environment.demand": Touch(scale(2)),
    "Environment.awareness": Touch(fill(1)),
    "Environment.n_coalitions": Touch(add_one),
    "Environment.locality_key": Touch(add_one),
}
# Written each month and read by no process: they can only show in a column of their own.
RECORDED = {
    "Organizations.age_months": Touch(fill(99)),
    "Coalitions.founder": Touch(flip),
    "Coalitions.is_mandated": Touch(flip),
    "Coalitions.age_months": Touch(fill(99)),
}


def follow(case, name=None):
    """Return all that is observed of one seed after MONTH, with the variable changed where one is named."""
    steps = Steps(f"regime=mixed {case.words} {RESTLESS}", seed=4)
    steps.run_to(case.month)
    n_events = len(steps.get_events())
    steps.begin_month(case.before)
    if name is not None:
        table, _, variable = name.partition(".")
        array = getattr(getattr(steps.world, table.lower()), variable)
        was = array.copy()
        case.change(array, steps.world)
        assert (array != was).any(), f"{name} was not changed"
    seen = [steps.end_month().tobytes(), steps.homes.tobytes()]
    for month in range(case.month + 2, LAST + 13):
        seen += [steps.run_to(month).tobytes(), steps.homes.tobytes()]
    return [*seen, steps.get_events()[n_events:].tobytes()]


RESTLESS = "meetings.mou_rate=0.3 memberships.review_share=0.6 memberships.schism_gain=0.05"


@pytest.mark.shows_each("state variable")
@pytest.mark.parametrize("name", STATE)
def test_a_state_variable_changed_by_hand_changes_what_follows(name):
    """rows, homes or events of later months"""
    assert follow(STATE[name]) != follow(STATE[name], name)


@pytest.mark.shows_each("state variable")
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_variable_shows_in_a_column(name):
    """recorded: read by no process, shown by columns alone"""
    assert follow(RECORDED[name]) != follow(RECORDED[name], name)


@pytest.mark.shows("state variable", "Environment.arrivals", "Environment.served", "Environment.unmet")
@pytest.mark.shows("state variable", "Organizations.served")
def test_the_flows_of_people_add_up_to_their_columns():
    """written anew each month; the columns of people are their sums"""
    steps = Steps("regime=mixed", seed=2)
    for month in range(1, 25):
        row = steps.run_to(month)
        environment = steps.world.environment
        people = environment.arrivals.sum(), environment.served.sum(), environment.unmet.sum()
        np.testing.assert_allclose(people, (row["arrivals"], row["served"], row["arrivals"] - row["served"]))
        np.testing.assert_allclose(steps.world.organizations.served.sum(), row["served"])
        assert min(people) > 0


@pytest.mark.shows("state variable", "Environment.ledger")
def test_the_books_grow_by_what_the_columns_award_and_balance_with_the_reserves():
    """written only; awards of a column are its entries, and reserves its balance"""
    steps = Steps("regime=mixed", seed=2)
    for month in range(1, 25):
        before = steps.world.environment.ledger[codes.COMMITTED]
        row = steps.run_to(month)
        book = steps.world.environment.ledger
        np.testing.assert_allclose(book[codes.COMMITTED] - before, 100 * row["awarded_usd"], atol=0.5)
        income = book[codes.ENDOWED] + book[codes.OWN] + book[codes.DONATED] + book[codes.PAID]
        assert steps.world.organizations.reserve_cents.sum() == income - book[codes.SPENT] - book[codes.WRITTEN_OFF]
