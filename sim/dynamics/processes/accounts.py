"""Settle accounts: income, spending, reserves, fiscal stress; long deficits close, newcomers open.

All amounts are integer cents and every one is booked in the ledger, so that nothing is lost or made.
"""

import math

import numpy as np

from sim.compiler.draws import normal, philox, stream, uniform
from sim.compiler.jit import compiled, compiled_apart
from sim.dynamics.membership import NOBODY, leave_all, log_event
from sim.dynamics.relations import clip
from sim.schema import codes

SETTLE, OPEN, CLOSE = 7, 11, 16  # in the keys of its draws


@compiled
def _round_cents(amount):
    return math.floor(amount + 0.5)


@compiled_apart
def settle_accounts(seed, month, parameters, world, row):
    """Book one month of every open organization. Writes reserves, stress, dependence, capacity, awards, ledger, row.

    fiscal stress = clip(1 - reserve / target); spending = need · (1 - austerity · stress) + part of any surplus.
    """
    organizations, coalitions, environment = world.organizations, world.coalitions, world.environment
    key = stream(seed, SETTLE, month)
    n, n_lines = organizations.award_cents.shape
    paid_to_all = 0
    for c in range(coalitions.is_active.size):
        coalitions.convener_months[c] = max(coalitions.convener_months[c] - 1, 0)
    for i in range(n):
        if not organizations.is_open[i]:
            continue
        paid = 0
        for g in range(n_lines):
            paid += _draw_award(i, g, organizations)
        donated = _receive_donations(key, i, paid, parameters, world)
        own = organizations.own_income_cents[i]
        spent = _spend(i, parameters, organizations)
        organizations.reserve_cents[i] += own + donated + paid - spent
        environment.ledger[codes.OWN] += own
        environment.ledger[codes.DONATED] += donated
        environment.ledger[codes.PAID] += paid
        environment.ledger[codes.SPENT] += spent
        paid_to_all += paid
        _feel_stress(i, own, donated, paid, parameters, organizations)
    row.paid_usd = paid_to_all / 100.0


@compiled
def _draw_award(i, g, organizations):
    """Pay this month's part of one award: what is left over the months left, so that the last cent is paid."""
    months = organizations.award_months[i, g]
    if months <= 0:
        return 0
    part = organizations.award_cents[i, g] // months
    organizations.award_cents[i, g] -= part
    organizations.award_months[i, g] = months - 1
    return part


@compiled
def _receive_donations(key, i, paid, parameters, world):
    """Return donations in cents: a share of need, more with awareness, less where grants crowd them out."""
    organizations, environment = world.organizations, world.environment
    usual = organizations.need_cents[i] * parameters.donation_share
    usual *= 1.0 + parameters.awareness_donations * environment.awareness[0]
    usual *= max(1.0 + parameters.income_noise * normal(key, organizations.key[i], np.uint64(0)), 0.0)
    return _round_cents(max(usual - parameters.crowd_out * paid, 0.0))


@compiled
def _spend(i, parameters, organizations):
    """Return this month's spending in cents and set capacity by what goes to services. Writes capacity, cost_cents."""
    need = organizations.need_cents[i]
    target = parameters.reserve_target_months * need
    surplus = max(organizations.reserve_cents[i] - target, 0.0)
    services = need * (1.0 - parameters.austerity * organizations.stress[i]) + parameters.surplus_spending * surplus
    organizations.capacity[i] = organizations.base_capacity[i] * min(
        services / max(need, 1), parameters.capacity_ceiling
    )
    cost = organizations.cost_cents[i]
    organizations.cost_cents[i] = 0
    return _round_cents(services) + cost


@compiled
def _feel_stress(i, own, donated, paid, parameters, organizations):
    target = parameters.reserve_target_months * organizations.need_cents[i]
    organizations.stress[i] = clip(1.0 - organizations.reserve_cents[i] / max(target, 1.0), 0.0, 1.0)
    income = own + donated + paid
    share = paid / income if income > 0 else 0.0
    organizations.dependence[i] += (share - organizations.dependence[i]) / parameters.dependence_months
    organizations.record[i] *= parameters.record_memory
    organizations.recent_loss[i] *= parameters.loss_memory
    organizations.age_months[i] += 1
    if organizations.reserve_cents[i] < 0:
        organizations.deficit_months[i] += 1
    else:
        organizations.deficit_months[i] = 0


@compiled_apart
def close_organizations(seed, month, parameters, world, row):
    """Close organizations after a long deficit. Writes is_open, memberships, awards, reserves, ledger, log, row."""
    organizations, environment, log = world.organizations, world.environment, world.log
    key = stream(seed, CLOSE, month)
    for i in range(organizations.is_open.size):
        if not organizations.is_open[i] or organizations.deficit_months[i] <= parameters.closure_grace_months:
            continue
        if uniform(key, organizations.key[i], np.uint64(0)) >= parameters.closure_rate:
            continue
        leave_all(world, i)
        for g in range(organizations.award_cents.shape[1]):
            environment.ledger[codes.RETURNED] += organizations.award_cents[i, g]
            organizations.award_cents[i, g] = 0
            organizations.award_months[i, g] = 0
            organizations.eligible[i, g] = False
        environment.ledger[codes.WRITTEN_OFF] += organizations.reserve_cents[i]
        organizations.reserve_cents[i] = 0
        organizations.is_open[i] = False
        row.closures += 1
        log_event(log, month, codes.CLOSE, i, organizations.generation[i], NOBODY, NOBODY, codes.MONEY, 1)


@compiled
def find_openings(seed, month, parameters, world):
    """Mark vacant slots that a newcomer takes this month in scratch.organization_mark and give them their new key.

    Writes generation, key. `organizations.settle_newcomers` then draws the newcomers.
    """
    organizations, opening = world.organizations, world.scratch.organization_mark
    key = stream(seed, OPEN, month)
    for i in range(organizations.is_open.size):
        opening[i] = 0
        if organizations.is_open[i]:
            continue
        if uniform(key, organizations.key[i], np.uint64(0)) < parameters.opening_rate:
            opening[i] = 1
            organizations.generation[i] += 1
            generation = np.uint64(organizations.generation[i])
            organizations.key[i] = philox(organizations.home_key[i], generation, np.uint64(0))[0]
