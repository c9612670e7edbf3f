"""Break away: a group of three or more whose members all gain by leaving together does so.

The group is found by cutting a coalition along its weakest tie: the two members of lowest mutual affinity are the
poles and each other member goes with the pole it stands closer to. Cut ties lose trust, bystanders keep both
(Heaney & Rojas 2008).
"""

from sim.compiler.draws import gumbel, stream
from sim.compiler.jit import compiled, compiled_apart
from sim.dynamics.membership import (
    BY_BREAK_AWAY,
    NOBODY,
    find_best_record,
    find_free_slot,
    found_coalition,
    is_rival,
    log_member,
    remove_member,
)
from sim.dynamics.relations import compute_facilitation, find_contested, list_members
from sim.dynamics.utility import compute_mutual_affinity, compute_utility, look_around, prepare_sizes
from sim.schema import codes

BREAK_AWAY = 9  # in the keys of its draws
SMALLEST_GROUP = 3


@compiled_apart
def break_away(seed, month, parameters, world, row):
    """Let groups break away. Writes memberships, coalitions, trust, the log and row.breakaways."""
    coalitions, environment, scratch = world.coalitions, world.environment, world.scratch
    find_contested(world)
    first_new = environment.n_coalitions[0]  # those that arise here are not looked at again this month
    for c in range(coalitions.is_active.size):
        if not coalitions.is_active[c] or coalitions.size[c] < SMALLEST_GROUP + 1:
            continue
        if coalitions.number[c] >= first_new:
            continue
        if not _cut_at_weakest_tie(c, parameters, world):
            continue
        first = (
            3 - scratch.organization_mark[coalitions.convener[c]]
        )  # the side without the convener: likelier to walk out
        for side in (first, 3 - first):
            if _all_gain(seed, month, c, side, parameters, world):
                _leave_together(seed, month, c, parameters, world, row)
                break


@compiled
def _cut_at_weakest_tie(c, parameters, world):
    """Part coalition c into sides 1 and 2 of scratch.organization_mark; False where no pair is at odds."""
    coalitions, scratch = world.coalitions, world.scratch
    group, members = scratch.organization_mark, scratch.slot_list
    facilitation = compute_facilitation(coalitions, c, parameters)
    size = list_members(coalitions.member[c], members)
    pole_1, pole_2, weakest = NOBODY, NOBODY, 0.0
    for at in range(size):
        i = members[at]
        for other in range(at):
            j = members[other]
            mutual = compute_mutual_affinity(world, i, j, facilitation, parameters)
            if mutual < weakest:
                pole_1, pole_2, weakest = j, i, mutual
    if pole_1 == NOBODY:
        return False
    for i in range(group.size):
        group[i] = 0
    for at in range(size):
        i = members[at]
        if i in (pole_1, pole_2):
            group[i] = 1 if i == pole_1 else 2
        else:
            to_1 = compute_mutual_affinity(world, i, pole_1, facilitation, parameters)
            to_2 = compute_mutual_affinity(world, i, pole_2, facilitation, parameters)
            group[i] = 1 if to_1 >= to_2 else 2
    return True


@compiled
def _all_gain(seed, month, c, side, parameters, world):
    """Say whether each member of `side` gains by leaving together; leaves the side in scratch.is_core.

    Gain = U(alone together) - U(now) + noise, above `schism_gain`, and U(alone together) > 0. Also writes the change by
    term, summed over the side, to scratch.term_changes.
    """
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    if find_free_slot(coalitions) == NOBODY:
        return False
    key = stream(seed, BREAK_AWAY, month)
    group, core, terms, change = scratch.organization_mark, scratch.is_core, scratch.utility_terms, scratch.term_changes
    members, leaving = scratch.slot_list, scratch.other_slot_list
    for i in range(group.size):
        core[i] = group[i] == side
    size = list_members(core, leaving)
    if size < SMALLEST_GROUP or size == coalitions.size[c]:
        return False
    facilitation, funded = compute_facilitation(coalitions, c, parameters), coalitions.convener_months[c] > 0
    seen, n_members = scratch.seen, list_members(coalitions.member[c], members)
    prepare_sizes(scratch)
    for term in range(terms.size):
        change[term] = 0.0
    for at in range(size):
        i = leaving[at]
        held = organizations.n_memberships[i] - 1
        look_around(seen, world, i, parameters)
        now = compute_utility(seen, world, i, members, n_members, True, held, facilitation, funded, parameters)
        for term in range(terms.size):
            change[term] -= terms[term]
        then = compute_utility(seen, world, i, leaving, size, True, held, parameters.facilitation, False, parameters)
        for term in range(terms.size):
            change[term] += terms[term]
        noise = parameters.schism_noise * gumbel(key, organizations.key[i], coalitions.key[c])
        if then - now + noise <= parameters.schism_gain or then <= 0.0:
            return False
    return True


@compiled
def _find_cause(change):
    """Return the term that gained most (codes.CAUSES)."""
    cause = codes.COMPLEMENTARITY
    for term in range(codes.THRESHOLD):
        if change[term] > change[cause]:
            cause = term
    return cause


@compiled
def _leave_together(seed, month, c, parameters, world, row):
    organizations, dyads, coalitions, scratch = world.organizations, world.dyads, world.coalitions, world.scratch
    core = scratch.is_core
    n = core.size
    cause = _find_cause(scratch.term_changes)
    convener = find_best_record(organizations, core)
    for i in range(n):
        if core[i]:
            remove_member(world, c, i)
    for i in range(n):
        if core[i]:
            for j in range(n):
                if coalitions.member[c, j]:
                    dyads.trust[i, j] *= 1.0 - parameters.schism_trust_loss
                    dyads.trust[j, i] *= 1.0 - parameters.schism_trust_loss
    new = found_coalition(seed, month, BY_BREAK_AWAY, core, convener, parameters, world)
    row.breakaways += 1
    row.foundings += 1
    kind = codes.BREAK_AWAY
    if is_rival(coalitions, new, parameters):
        row.rival_foundings += 1
        kind = codes.RIVAL_BREAK_AWAY
    for i in range(n):
        if core[i]:
            number, size = coalitions.number[new], coalitions.size[new]
            log_member(world, month, kind, i, number, cause, size)
