"""Meet: contact moves trust, dialogue moves viewpoints, attendance and depth follow.

Sources of the directions: Bunger 2013 (trust and competition), Burt 2002 (decay), Carpenter 2023 (conflict avoidance
keeps peace now and depth low), LCHT partnership toolkit (relational trust). Rates are assumed.
"""

import math

import numpy as np

from sim.compiler.draws import stream, uniform
from sim.compiler.jit import compiled, compiled_apart, inlined
from sim.compiler.struct_refs import hold
from sim.dynamics.membership import NOBODY, log_event, sign_mou
from sim.dynamics.relations import (
    clip,
    compute_baseline_trust,
    compute_competition,
    compute_facilitation,
    compute_rivalry,
    compute_tension,
    find_contested,
    is_ahead,
    list_members,
)
from sim.schema import codes

MEET, SIGN_MOU = 2, 13  # in the keys of its draws


@compiled_apart
def meet(seed, month, parameters, world, row):
    """Hold this month's meetings. Writes trust, viewpoint, depth, activity, is_formal, cost_cents, the log, row.

    A pair that sits in two coalitions meets twice. Pairs without contact return to their baseline every month.
    """
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    _forget(parameters, world)
    if month % parameters.meeting_interval != 0:
        return
    find_contested(world)
    move, n_met = scratch.organization_value, scratch.organization_rank
    for i in range(move.size):
        move[i] = 0.0
        n_met[i] = 0.0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] > 0:
            _hold_meeting(c, parameters, world)
            _follow_up(seed, month, c, parameters, world, row)
    _invite_guests(seed, month, parameters, world)
    for i in range(move.size):
        if n_met[i] > 0.0:
            organizations.viewpoint[i] = clip(organizations.viewpoint[i] + move[i] / n_met[i], -1.0, 1.0)


@compiled
def _forget(parameters, world):
    organizations, dyads = world.organizations, world.dyads
    parameters, sector = hold(parameters), organizations.sector
    for i in range(sector.size):
        trust, joint, own = dyads.trust[i], dyads.joint[i], dyads.trust[i, i]
        for j in range(sector.size):
            baseline = compute_baseline_trust(sector, i, j, parameters)
            moved = trust[j] + parameters.trust_decay * (baseline - trust[j])
            trust[j] = moved if joint[j] == 0 else trust[j]
        trust[i] = own


@inlined
def _contact(i, j, strength, facilitation, parameters, world):
    """Move T_ij toward the quality of one contact. Writes trust[i, j]."""
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    trust = dyads.trust[i, j]
    tension = compute_tension(organizations, trust, i, j, facilitation, parameters)
    tension *= 1.0 - parameters.conflict_avoidance
    rivalry = compute_rivalry(scratch.contested, i, j, parameters)
    competition = compute_competition(world, rivalry, i, j, parameters)
    competition *= 1.0 - parameters.trust_softening * trust
    quality = clip(1.0 - tension - competition, 0.0, 1.0)
    rate = parameters.trust_gain if quality > trust else parameters.trust_loss
    dyads.trust[i, j] = trust + rate * strength * (quality - trust)


@compiled
def _hold_meeting(c, parameters, world):
    """Let all members of c meet. Writes trust; adds to the moves of viewpoints and to the numbers met."""
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    members, move, n_met = scratch.slot_list, scratch.organization_value, scratch.organization_rank
    facilitation = compute_facilitation(coalitions, c, parameters)
    strength = coalitions.activity[c]
    dialogue = parameters.dialogue_rate * (1.0 - parameters.conflict_avoidance) * strength
    size = list_members(coalitions.member[c], members)
    for at in range(size):
        i = members[at]
        for other in range(size):
            j = members[other]
            if j != i:
                _contact(i, j, strength, facilitation, parameters, world)
                difference = organizations.stance[j] - organizations.viewpoint[i]
                if abs(difference) <= parameters.openness:
                    move[i] += dialogue * difference
                n_met[i] += 1.0


@compiled
def _follow_up(seed, month, c, parameters, world, row):
    """Let attendance, depth, cost and an MOU follow from how the members stand to each other."""
    organizations, dyads, coalitions, scratch, log = (
        world.organizations,
        world.dyads,
        world.coalitions,
        world.scratch,
        world.log,
    )
    facilitation, members = compute_facilitation(coalitions, c, parameters), scratch.slot_list
    size, n_seated = coalitions.size[c], list_members(coalitions.member[c], members)
    attendance, trust_sum, tension_sum, stress_sum = 0.0, 0.0, 0.0, 0.0
    cost = math.floor(100.0 * parameters.meeting_cost_usd * (1.0 + size / parameters.size_scale) + 0.5)
    for at in range(n_seated):
        i = members[at]
        trust_i = 0.0
        for other in range(n_seated):
            j = members[other]
            if j != i:
                trust_i += dyads.trust[i, j]
                tension_sum += compute_tension(organizations, dyads.trust[i, j], i, j, facilitation, parameters)
        trust_i /= max(size - 1, 1)
        trust_sum += trust_i
        stress_sum += organizations.stress[i]
        attendance += clip(
            parameters.attendance_base
            + parameters.attendance_trust * trust_i
            - parameters.attendance_stress * organizations.stress[i]
            + parameters.attendance_facilitation * facilitation,
            0.0,
            1.0,
        )
        if coalitions.convener_months[c] == 0:
            organizations.cost_cents[i] += cost
    coalitions.activity[c] += parameters.activity_rate * (attendance / size - coalitions.activity[c])
    openness = 1.0 - parameters.avoidance_depth * parameters.conflict_avoidance
    calm = 1.0 - tension_sum / max(size * (size - 1), 1)
    target = parameters.goal_breadth * coalitions.activity[c] * openness * (trust_sum / size) * calm
    coalitions.depth[c] += parameters.depth_rate * (target - coalitions.depth[c])
    distrust = parameters.attendance_trust * (size - trust_sum)
    cause = codes.FISCAL_STRESS if parameters.attendance_stress * stress_sum > distrust else codes.LITTLE_TRUST
    _note_hollowness(month, c, cause, parameters, world, row)
    chance = parameters.mou_rate * coalitions.depth[c]
    if not coalitions.is_formal[c] and uniform(stream(seed, SIGN_MOU, month), coalitions.key[c], 0) < chance:
        sign_mou(world, c)
        log_event(log, month, codes.SIGN_MOU, NOBODY, 0, coalitions.number[c], NOBODY, codes.TRUST, size)


@compiled
def _note_hollowness(month, c, cause, parameters, world, row):
    """Mark a coalition of three or more hollow when its attendance falls; it recovers somewhat above that."""
    coalitions, log = world.coalitions, world.log
    activity = coalitions.activity[c]
    if not coalitions.is_hollow[c] and activity < parameters.hollow_activity and coalitions.size[c] >= 3:
        coalitions.is_hollow[c] = True
        row.hollowings += 1
        number, size = coalitions.number[c], coalitions.size[c]
        log_event(log, month, codes.HOLLOW_OUT, NOBODY, 0, number, NOBODY, cause, size)
    elif coalitions.is_hollow[c] and activity > parameters.hollow_activity + parameters.hollow_recovery:
        coalitions.is_hollow[c] = False


@compiled
def _invite_guests(seed, month, parameters, world):
    """Let some unaffiliated organizations sit in once with the coalition they trust most. Writes trust."""
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    key = stream(seed, MEET, month)
    n = organizations.is_open.size
    for i in range(n):
        if not organizations.is_open[i] or organizations.n_memberships[i] > 0:
            continue
        if uniform(key, organizations.key[i], np.uint64(0)) >= parameters.peripheral_invitation:
            continue
        c = _find_most_trusted(i, world)
        if c == NOBODY:
            continue
        facilitation = compute_facilitation(coalitions, c, parameters)
        strength, hosts = coalitions.activity[c], scratch.slot_list
        for at in range(list_members(coalitions.member[c], hosts)):
            j = hosts[at]
            _contact(i, j, strength, facilitation, parameters, world)
            _contact(j, i, strength, facilitation, parameters, world)


@compiled
def _find_most_trusted(i, world):
    dyads, coalitions, scratch = world.dyads, world.coalitions, world.scratch
    best, best_trust, members = NOBODY, -1.0, scratch.slot_list
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] > 0:
            total = 0.0
            for at in range(list_members(coalitions.member[c], members)):
                total += dyads.trust[i, members[at]]
            mean = total / coalitions.size[c]
            if best == NOBODY or is_ahead(mean, coalitions.key[c], best_trust, coalitions.key[best]):
                best, best_trust = c, mean
    return best
