"""Step 4, serve and refer: people arrive, are served or referred, and kept referrals build trust.

Flows are expected numbers of people, so nothing depends on an order of arrival. Source of the direction: Bunger,
Doogan & Cao 2014 (organizations refer to those they trust); rates are assumed.
"""

import numpy as np

from sim.compiled import compiled, compiled_apart, inlined
from sim.draws import SERVE, exponential, normal, stream

UNMET, SPARE = 0, 1


@compiled_apart
def serve_and_refer(seed, month, parameters, organizations, dyads, environment, row):
    """Serve this month's people. Writes served, environment's flows, trust, and row's people columns."""
    n, n_populations = organizations.mix.shape
    key = stream(seed, SERVE, month)
    for i in range(n):
        organizations.served[i] = 0.0
    all_capacity = _find_capacity(organizations, environment.move)
    boost = 1.0 + parameters.awareness_arrivals * environment.awareness[0]
    sd = parameters.demand_noise
    for k in range(n_populations):
        noise = exponential(sd * normal(key, np.uint64(k), environment.locality_key[0]) - 0.5 * sd * sd)
        environment.arrivals[k] = environment.demand[k] * boost * noise
        environment.unmet[k] = _land(k, all_capacity, parameters, organizations, environment)
        row.referrals += _refer(k, parameters, organizations, dyads, environment)
        environment.served[k] = environment.arrivals[k] - environment.unmet[k]
        row.arrivals += environment.arrivals[k]
        row.served += environment.served[k]


@compiled
def _find_capacity(organizations, capacity):
    """Write the capacity of each open organization to capacity (n,), 0 for closed ones; return the sum."""
    total = 0.0
    for i in range(capacity.size):
        capacity[i] = organizations.capacity[i] if organizations.is_open[i] else 0.0
        total += capacity[i]
    return total


@compiled
def _land(k, all_capacity, parameters, organizations, environment):
    """Spread arrivals of population k; serve what capacity allows; return what is left. Writes flow and served.

    environment.move: capacities, of sum all_capacity.
    """
    capacity, flow, arrivals = environment.move, environment.flow, environment.arrivals[k]
    own_capacity = 0.0
    for i in range(capacity.size):
        flow[UNMET, i] = 0.0
        flow[SPARE, i] = capacity[i] * organizations.mix[i, k]
        own_capacity += flow[SPARE, i]
    if all_capacity <= 0.0:
        return arrivals
    misdirected = parameters.misdirected_share if own_capacity > 0.0 else 1.0
    for i in range(capacity.size):
        room = flow[SPARE, i]
        share = misdirected * capacity[i] / all_capacity
        if own_capacity > 0.0:
            share += (1.0 - misdirected) * room / own_capacity
        landed = arrivals * share
        served = min(landed, room)
        organizations.served[i] += served
        flow[UNMET, i] = landed - served
        flow[SPARE, i] = room - served
    unmet = 0.0
    for i in range(capacity.size):
        unmet += flow[UNMET, i]
    return unmet


@inlined
def _get_propensity(i, j, parameters, dyads):
    joint, formal = dyads.joint[i, j], dyads.formal[i, j]
    strength = parameters.referral_rate * dyads.trust[i, j]
    agreed = min(strength * (1.0 + parameters.mou_referral_bonus), 1.0)
    inside = agreed if formal > 0 else strength
    return strength * parameters.referral_outside if joint == 0 else inside


@compiled
def _refer(k, parameters, organizations, dyads, environment):
    """Refer the unserved of population k to partners with room; return the people served there.

    Each sends at most what it has, each takes at most its room. Nobody has both unserved people and room.
    Writes served, environment.unmet[k] and trust.
    """
    n_senders = _list_positive(environment.flow[UNMET], environment.people)
    n_takers = _list_positive(environment.flow[SPARE], environment.others)
    _send(n_senders, n_takers, parameters, dyads, environment)
    completed = _take(n_senders, n_takers, parameters, organizations, dyads, environment)
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
def _send(n_senders, n_takers, parameters, dyads, environment):
    """Write what each sender sends to each taker to environment.sent, sender by sender, and its sums to wanted."""
    senders, takers, sent, wanted = environment.people, environment.others, environment.sent, environment.wanted
    for taker in range(n_takers):
        wanted[taker] = 0.0
    for sender in range(n_senders):
        i, first, total = senders[sender], sender * n_takers, 0.0
        for taker in range(n_takers):
            propensity = _get_propensity(i, takers[taker], parameters, dyads)
            sent[first + taker] = propensity
            total += propensity
        scale = environment.flow[UNMET, i] / max(total, 1.0)
        for taker in range(n_takers):
            sent[first + taker] *= scale
            wanted[taker] += sent[first + taker]


@compiled
def _take(n_senders, n_takers, parameters, organizations, dyads, environment):
    """Let takers keep what they have room for, of each sender in proportion. Writes served, trust; returns the sum."""
    senders, takers, sent, wanted = environment.people, environment.others, environment.sent, environment.wanted
    share_kept = environment.rank
    for taker in range(n_takers):
        spare = environment.flow[SPARE, takers[taker]]
        share_kept[taker] = min(spare / wanted[taker], 1.0) if wanted[taker] > 0.0 else 0.0
    completed = 0.0
    for sender in range(n_senders):
        i, first = senders[sender], sender * n_takers
        for taker in range(n_takers):
            j = takers[taker]
            kept = sent[first + taker] * share_kept[taker]
            completed += kept
            organizations.served[j] += kept
            weight = parameters.referral_trust_gain * min(kept, 1.0)
            dyads.trust[i, j] += weight * (1.0 - dyads.trust[i, j])
    return completed
