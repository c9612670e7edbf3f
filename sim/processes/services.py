"""Step 4, serve and refer: people arrive, are served or referred, and kept referrals build trust.

Flows are expected numbers of people, so nothing depends on an order of arrival. Source of the direction: Bunger,
Doogan & Cao 2014 (organizations refer to those they trust); rates are assumed.
"""

import numpy as np

from sim.compiled import compiled
from sim.draws import SERVE, exponential, normal, stream

UNMET, SPARE = 0, 1


@compiled
def serve_and_refer(seed, month, parameters, organizations, dyads, environment, row):
    """Serve this month's people. Writes served, environment's flows, trust, and row's people columns."""
    n, n_populations = organizations.mix.shape
    key = stream(seed, SERVE, month)
    for i in range(n):
        organizations.served[i] = 0.0
    boost = 1.0 + parameters.awareness_arrivals * environment.awareness[0]
    sd = parameters.demand_noise
    for k in range(n_populations):
        noise = exponential(sd * normal(key, np.uint64(k), np.uint64(0)) - 0.5 * sd * sd)
        environment.arrivals[k] = environment.demand[k] * boost * noise
        environment.unmet[k] = _land(k, parameters, organizations, environment)
        row.referrals += _refer(k, parameters, organizations, dyads, environment)
        environment.served[k] = environment.arrivals[k] - environment.unmet[k]
        row.arrivals += environment.arrivals[k]
        row.served += environment.served[k]


@compiled
def _land(k, parameters, organizations, environment):
    """Spread arrivals of population k; serve what capacity allows; return what is left. Writes flow and served."""
    n = organizations.is_open.size
    all_capacity, own_capacity = 0.0, 0.0
    for i in range(n):
        if organizations.is_open[i]:
            all_capacity += organizations.capacity[i]
            own_capacity += organizations.capacity[i] * organizations.mix[i, k]
    misdirected = parameters.misdirected_share if own_capacity > 0.0 else 1.0
    unmet = 0.0 if all_capacity > 0.0 else environment.arrivals[k]
    for i in range(n):
        environment.flow[i, UNMET] = 0.0
        environment.flow[i, SPARE] = 0.0
        if not organizations.is_open[i] or all_capacity <= 0.0:
            continue
        room = organizations.capacity[i] * organizations.mix[i, k]
        share = misdirected * organizations.capacity[i] / all_capacity
        if own_capacity > 0.0:
            share += (1.0 - misdirected) * room / own_capacity
        landed = environment.arrivals[k] * share
        served = min(landed, room)
        organizations.served[i] += served
        environment.flow[i, UNMET] = landed - served
        environment.flow[i, SPARE] = room - served
        unmet += landed - served
    return unmet


@compiled
def _get_propensity(i, j, parameters, dyads):
    strength = parameters.referral_rate * dyads.trust[i, j]
    if dyads.joint[i, j] == 0:
        return strength * parameters.referral_outside
    if dyads.formal[i, j] > 0:
        return min(strength * (1.0 + parameters.mou_referral_bonus), 1.0)
    return strength


@compiled
def _refer(k, parameters, organizations, dyads, environment):
    """Refer the unserved of population k to partners with room; return the people served there.

    Each sends at most what it has, each takes at most its room: flows into j are scaled by room_j / wanted_j.
    Writes served, environment.unmet[k] and trust.
    """
    flow, wanted = environment.flow, environment.move
    n = organizations.is_open.size
    for j in range(n):
        wanted[j] = 0.0
    for i in range(n):
        environment.rank[i] = 0.0
        if flow[i, UNMET] > 0.0:
            total = 0.0
            for j in range(n):
                if j != i and flow[j, SPARE] > 0.0:
                    total += _get_propensity(i, j, parameters, dyads)
            environment.rank[i] = flow[i, UNMET] / max(total, 1.0)
            for j in range(n):
                if j != i and flow[j, SPARE] > 0.0:
                    wanted[j] += environment.rank[i] * _get_propensity(i, j, parameters, dyads)
    completed = 0.0
    for i in range(n):
        if environment.rank[i] > 0.0:
            for j in range(n):
                if j != i and flow[j, SPARE] > 0.0 and wanted[j] > 0.0:
                    sent = environment.rank[i] * _get_propensity(i, j, parameters, dyads)
                    kept = sent * min(flow[j, SPARE] / wanted[j], 1.0)
                    completed += kept
                    organizations.served[j] += kept
                    weight = parameters.referral_trust_gain * min(kept, 1.0)
                    dyads.trust[i, j] += weight * (1.0 - dyads.trust[i, j])
    environment.unmet[k] = max(environment.unmet[k] - completed, 0.0)
    return completed
