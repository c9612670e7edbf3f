"""Respond to conditions: comply, phase out, decline or stay ambiguous, by expected money against identity.

The four answers are those observed under a real clause (Ditmore & Allman 2013); that vagueness widens the mix is
built in through `ambiguity`. Weights are assumed.
"""

import numpy as np

from sim.compiler.draws import gumbel, stream
from sim.compiler.jit import compiled, compiled_apart
from sim.dynamics.eligibility import compute_fit, compute_stance_gap, is_round, refresh_eligibility
from sim.dynamics.membership import NOBODY, log_event
from sim.dynamics.relations import clip, compute_pressure
from sim.schema import codes

RESPOND = 5  # in the keys of its draws


@compiled_apart
def respond_to_conditions(seed, month, parameters, world, row):
    """Let each organization that does not fit a line about to decide choose its answer.

    Writes mix, stance, is_silent, response, eligible, the log and row's counts.
    """
    organizations, programmes = world.organizations, world.programmes
    for g in range(programmes.term.size):
        if not is_round(programmes, g, month):
            continue
        key = stream(seed, RESPOND, month)
        for i in range(organizations.is_open.size):
            unfit = organizations.is_open[i] and not organizations.eligible[i, g]
            if unfit and organizations.award_months[i, g] == 0:
                answer = choose_answer(key, i, g, parameters, world)
                carry_out_answer(month, answer, i, g, parameters, world, row)
                refresh_eligibility(world, i, parameters)


@compiled
def choose_answer(key, i, g, parameters, world):
    """Return the answer of largest utility + noise.

    comply: money - identity cost · gap; phase out: a step of it, at the square of the cost; decline: 0;
    stay ambiguous (only about a stance): money · ambiguity - penalty · (1 - ambiguity).
    """
    organizations, programmes = world.organizations, world.programmes
    pot_per_month = programmes.award_cents[g] / 12.0
    coverage = min(pot_per_month / max(organizations.need_cents[i], 1), 1.0)
    money = parameters.money_appeal * coverage * (0.5 + 0.5 * compute_pressure(organizations, i, parameters))
    low, high = programmes.stance_low[g], programmes.stance_high[g]
    fit = compute_fit(organizations.mix, programmes.pays_for, i, g)
    mission_gap = max(parameters.eligibility_threshold - fit, 0.0)
    cost = parameters.identity_cost * (compute_stance_gap(organizations.viewpoint[i], low, high) + mission_gap)
    step = parameters.phase_out_step
    best, best_value = codes.ANSWER_DECLINE, 0.0
    for answer in range(codes.ANSWER_COMPLY, codes.ANSWER_AMBIGUOUS + 1):
        value = 0.0
        if answer == codes.ANSWER_COMPLY:
            value = money - cost
        elif answer == codes.ANSWER_PHASE_OUT:
            value = step * money - step * step * cost
        elif answer == codes.ANSWER_AMBIGUOUS:
            if compute_stance_gap(organizations.stance[i], low, high) <= 1e-9 or mission_gap > 0.0:
                continue
            vague = programmes.ambiguity[g]
            value = money * vague - parameters.ambiguity_penalty * (1.0 - vague)
        option = programmes.key[g] + np.uint64(answer)
        value += parameters.response_noise * gumbel(key, organizations.key[i], option)
        if answer == codes.ANSWER_COMPLY or value > best_value:
            best, best_value = answer, value
    return best


@compiled
def carry_out_answer(month, answer, i, g, parameters, world, row):
    """Let i give its answer to the conditions of line g. Writes mix, stance, is_silent, response, the log and row."""
    organizations, programmes, log = world.organizations, world.programmes, world.log
    organizations.response[i, g] = answer
    kind = codes.DECLINE
    if answer == codes.ANSWER_COMPLY:
        kind = codes.COMPLY
        row.complied += 1
        if programmes.stance_low[g] > -1.0 or programmes.stance_high[g] < 1.0:
            organizations.is_silent[i] = False
        _adapt(1.0, i, g, parameters, world)
    elif answer == codes.ANSWER_PHASE_OUT:
        kind = codes.PHASE_OUT
        row.phased_out += 1
        _adapt(parameters.phase_out_step, i, g, parameters, world)
    elif answer == codes.ANSWER_AMBIGUOUS:
        kind = codes.STAY_AMBIGUOUS
        row.stayed_ambiguous += 1
        organizations.is_silent[i] = True
        organizations.stance[i] *= parameters.ambiguous_stance
    else:
        row.declined += 1
    log_event(log, month, kind, i, organizations.generation[i], NOBODY, g, codes.CONDITION, answer)


@compiled
def _adapt(part, i, g, parameters, world):
    """Go `part` of the way to a stance and a service mix that fit line g. Writes stance and mix."""
    organizations, programmes = world.organizations, world.programmes
    stance = organizations.stance[i]
    target = clip(stance, programmes.stance_low[g], programmes.stance_high[g])
    organizations.stance[i] = stance + part * (target - stance)
    if part == 1.0:
        organizations.stance[i] = target
    fit = compute_fit(organizations.mix, programmes.pays_for, i, g)
    if fit >= parameters.eligibility_threshold or fit >= 1.0:
        return
    n_paid = 0
    for k in range(organizations.mix.shape[1]):
        n_paid += 1 if programmes.pays_for[g, k] else 0
    if n_paid == 0:
        return
    shift = part * (parameters.eligibility_threshold - fit) / (1.0 - fit)
    for k in range(organizations.mix.shape[1]):
        wanted = 0.0
        if programmes.pays_for[g, k]:
            wanted = organizations.mix[i, k] / fit if fit > 0.0 else 1.0 / n_paid
        organizations.mix[i, k] += shift * (wanted - organizations.mix[i, k])
