"""Serve and refer: people arrive, are served or referred, and kept referrals build trust.

Flows are expected numbers of people, so nothing depends on an order of arrival. Source of the direction: Bunger,
Doogan & Cao 2014 (organizations refer to those they trust); rates are assumed.
"""

import numpy as np

from sim.compiler.draws import exponential, normal, stream
from sim.compiler.jit import compiled, compiled_apart, inlined
from sim.compiler.struct_refs import hold

SERVE = 4  # in the keys of its draws
SERVED, UNMET, SPARE = 0, 1, 2  # rows of scratch.flow


@compiled_apart
def serve_and_refer(seed, month, parameters, world, row):
    """Serve this month's people. Writes served, scratch.flow, trust, and row's people columns."""
    organizations, environment = world.organizations, world.environment
    parameters = hold(parameters)
    draw_arrivals(seed, month, parameters, environment, row)
    land(parameters, world)
    for i in range(organizations.served.size):
        organizations.served[i] = 0.0
    for k in range(environment.demand.size):
        row.referrals += refer(k, parameters, world)
        environment.served[k] = max(environment.arrivals[k] - environment.unmet[k], 0.0)
        row.arrivals += environment.arrivals[k]
        row.served += environment.served[k]


@compiled
def draw_arrivals(seed, month, parameters, environment, row):
    """Write who arrives of each population to environment.arrivals (K,). Adds all in need to row.in_need.

    People in need are those who would arrive if awareness were complete, so they do not depend on what happens.
    """
    key = stream(seed, SERVE, month)
    boost = 1.0 + parameters.awareness_arrivals * environment.awareness[0]
    most = 1.0 + parameters.awareness_arrivals
    sd = parameters.demand_noise
    for k in range(environment.demand.size):
        noise = exponential(sd * normal(key, np.uint64(k), environment.locality_key[0]) - 0.5 * sd * sd)
        environment.arrivals[k] = environment.demand[k] * boost * noise
        row.in_need += environment.demand[k] * most * noise


@compiled
def land(parameters, world):
    """Spread the arrivals over all; each serves what its capacity allows. Writes scratch.flow and environment.unmet.

    A share of people lands by capacity alone, as all do whom nobody is there for, the others by who serves them.
    """
    organizations, environment, scratch = world.organizations, world.environment, world.scratch
    capacity, misplaced = scratch.organization_value, scratch.organization_rank
    all_capacity = _find_capacity(organizations, capacity)
    for i in range(capacity.size):
        misplaced[i] = parameters.misdirected_share * capacity[i] / all_capacity if all_capacity > 0.0 else 0.0
    for k in range(environment.demand.size):
        environment.unmet[k] = _land_population(k, all_capacity, parameters, world)


@compiled
def _find_capacity(organizations, capacity):
    """Write the capacity of each open organization to capacity (n,), 0 for closed ones; return the sum."""
    total = 0.0
    for i in range(capacity.size):
        capacity[i] = organizations.capacity[i] if organizations.is_open[i] else 0.0
        total += capacity[i]
    return total


@compiled
def _land_population(k, all_capacity, parameters, world):
    """Land the people of population k, see `land`; return what is left. Writes scratch.flow[:, k]."""
    organizations, environment, scratch = world.organizations, world.environment, world.scratch
    capacity, misplaced, arrivals = scratch.organization_value, scratch.organization_rank, environment.arrivals[k]
    served, unmet, spare = scratch.flow[SERVED, k], scratch.flow[UNMET, k], scratch.flow[SPARE, k]
    own_capacity = 0.0
    for i in range(capacity.size):
        spare[i] = capacity[i] * organizations.mix[i, k]
        own_capacity += spare[i]
    by_fit = 1.0 - parameters.misdirected_share
    for i in range(capacity.size):
        room = spare[i]
        share = misplaced[i] + by_fit * room / own_capacity if own_capacity > 0.0 else capacity[i] / all_capacity
        landed = arrivals * share if all_capacity > 0.0 else 0.0
        served[i] = min(landed, room)
        unmet[i] = landed - served[i]
        spare[i] = room - served[i]
    total = 0.0
    for i in range(capacity.size):
        total += unmet[i]
    return total if all_capacity > 0.0 else arrivals


@inlined
def _compute_propensity(trust, joint, formal, parameters):
    """Return the share of unserved people referred to one with room: a cap of 1 is met under an MOU alone."""
    inside = 1.0 + parameters.mou_referral_bonus if formal > 0 else 1.0
    return min(parameters.referral_rate * trust * (parameters.referral_outside if joint == 0 else inside), 1.0)


@compiled
def refer(k, parameters, world):
    """Count whom each served of population k, refer others to partners with room; return the people served there.

    Each sends at most what it has, each takes at most its room. Nobody has both unserved people and room.
    Writes served, environment.unmet[k] and trust.
    """
    organizations, environment, scratch = world.organizations, world.environment, world.scratch
    landed, served = scratch.flow[SERVED, k], organizations.served
    for i in range(served.size):
        served[i] += landed[i]
    n_senders = _list_positive(scratch.flow[UNMET, k], scratch.slot_list)
    n_takers = _list_positive(scratch.flow[SPARE, k], scratch.other_slot_list)
    _send(k, n_senders, n_takers, parameters, world)
    completed = _take(k, n_senders, n_takers, parameters, world)
    environment.unmet[k] = max(environment.unmet[k] - completed, 0.0)
    return completed


@inlined
def _list_positive(amount, people):
    """Write the slots where `amount` (n,) is above 0 to people (n,), ascending; return how many they are."""
    count = 0
    for i in range(amount.size):
        people[count] = i  # the next one overwrites it where there is no amount
        count += 1 if amount[i] > 0.0 else 0
    return count


@compiled
def _send(k, n_senders, n_takers, parameters, world):
    """Write what each sender sends to each taker to scratch.referrals_sent, and its sums to referrals_wanted."""
    dyads, scratch = world.dyads, world.scratch
    senders, takers, sent, wanted = (
        scratch.slot_list,
        scratch.other_slot_list,
        scratch.referrals_sent,
        scratch.referrals_wanted,
    )
    unmet = scratch.flow[UNMET, k]
    for taker in range(n_takers):
        wanted[taker] = 0.0
    for sender in range(n_senders):
        i, first, total = senders[sender], sender * n_takers, 0.0
        trust, joint, formal = dyads.trust[i], dyads.joint[i], dyads.formal[i]
        for taker in range(n_takers):
            j = takers[taker]
            propensity = _compute_propensity(trust[j], joint[j], formal[j], parameters)
            sent[first + taker] = propensity
            total += propensity
        scale = unmet[i] / max(total, 1.0)
        for taker in range(n_takers):
            sent[first + taker] *= scale
            wanted[taker] += sent[first + taker]


@compiled
def _take(k, n_senders, n_takers, parameters, world):
    """Let takers keep what they have room for, of each sender in proportion. Writes served, trust; returns the sum."""
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    senders, takers, sent, wanted = (
        scratch.slot_list,
        scratch.other_slot_list,
        scratch.referrals_sent,
        scratch.referrals_wanted,
    )
    share_kept, spare, served = scratch.organization_rank, scratch.flow[SPARE, k], organizations.served
    for taker in range(n_takers):
        share_kept[taker] = min(spare[takers[taker]] / wanted[taker], 1.0) if wanted[taker] > 0.0 else 0.0
    completed = 0.0
    for sender in range(n_senders):
        trust, first = dyads.trust[senders[sender]], sender * n_takers
        for taker in range(n_takers):
            j = takers[taker]
            kept = sent[first + taker] * share_kept[taker]
            completed += kept
            served[j] += kept
            trust[j] += parameters.referral_trust_gain * min(kept, 1.0) * (1.0 - trust[j])
    return completed
