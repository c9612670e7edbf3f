"""Step 10, review memberships: some organizations, in random order, stay, leave, join or found.

One choice a review, the option of largest utility gain + noise · Gumbel (a logit), with the noise keyed by the
option's identity so that two regimes with one seed meet the same luck. Utility: `relations.compute_utility`.
"""

import numpy as np

from sim import columns
from sim.coalitions import (
    BY_REVIEW,
    NOBODY,
    add_member,
    find_free_slot,
    found_coalition,
    is_rival,
    log_member,
    remove_member,
)
from sim.compiled import compiled
from sim.draws import REVIEW, REVIEW_ORDER, gumbel, philox, stream, to_uniform
from sim.relations import (
    compute_affinity,
    compute_facilitation,
    compute_utility,
    find_contested,
    find_exit_cause,
    find_join_cause,
    get_affinity,
    is_ahead,
    list_members,
    look_around,
)

OPEN_DOOR, MAJORITY = 0, 1  # parameters.Memberships.admission
STAY, FOUND_NEW = np.uint64(1), np.uint64(2)
LEAVING = np.uint64(0x9E3779B97F4A7C15)  # sets the draw of leaving a coalition apart from that of joining it


@compiled
def review_memberships(seed, month, parameters, organizations, dyads, coalitions, programmes, environment, log, row):
    """Let a share of organizations review. Writes memberships, coalitions, the log and row."""
    find_contested(organizations, programmes, environment)
    n_reviewing = find_reviewers(seed, month, parameters.review_share, organizations, environment)
    for at in range(n_reviewing):
        review_once(
            seed,
            month,
            environment.order[at],
            parameters,
            organizations,
            dyads,
            coalitions,
            programmes,
            environment,
            log,
            row,
        )


@compiled
def find_reviewers(seed, month, share, organizations, environment):
    """Put the reviewing organizations into environment.order in the order of a keyed draw; return their number."""
    key = stream(seed, REVIEW_ORDER, month)
    order, rank = environment.order, environment.rank
    count = 0
    for i in range(order.size):
        if not organizations.is_open[i]:
            continue
        first, second = philox(key, organizations.key[i], np.uint64(0))
        if to_uniform(first) < share:
            place, draw = count, to_uniform(second)
            while place > 0 and rank[place - 1] > draw:
                rank[place] = rank[place - 1]
                order[place] = order[place - 1]
                place -= 1
            rank[place] = draw
            order[place] = i
            count += 1
    return count


@compiled
def review_once(seed, month, i, parameters, organizations, dyads, coalitions, programmes, environment, log, row):
    """Weigh staying, leaving each coalition, joining each other one, and founding; carry out the best.

    environment.contested must hold, see `relations.find_contested`.
    """
    key, noise, own = stream(seed, REVIEW, month), parameters.choice_noise, organizations.key[i]
    terms, n_held = environment.terms, organizations.n_memberships[i]
    best_value, best, cause = noise * gumbel(key, own, STAY), NOBODY, columns.CHANCE
    has_room = n_held < parameters.max_memberships
    look_around(environment, organizations, dyads, programmes, i, organizations.is_open, parameters)
    for c in range(coalitions.is_active.size):
        if not coalitions.is_active[c]:
            continue
        inside = coalitions.member[c, i]
        size = coalitions.size[c]
        if not inside and (not has_room or size == 0 or size >= parameters.size_cap):
            continue
        utility = compute_utility(
            environment,
            organizations,
            dyads,
            programmes,
            i,
            coalitions.member[c],
            inside,
            n_held - (1 if inside else 0),
            compute_facilitation(coalitions, c, parameters),
            coalitions.convener_months[c] > 0,
            parameters,
        )
        gain = -utility if inside else utility
        value = gain + noise * gumbel(key, own, coalitions.key[c] + LEAVING if inside else coalitions.key[c])
        if value > best_value:
            reason = find_exit_cause(terms) if inside else find_join_cause(terms)
            if inside or _is_admitted(i, c, parameters, organizations, dyads, coalitions, programmes, environment):
                best_value, best, cause = value, c, reason
    if has_room and find_free_slot(coalitions) != NOBODY:
        gain = _weigh_founding(i, parameters, organizations, dyads, programmes, environment)
        if gain + noise * gumbel(key, own, FOUND_NEW) > best_value and environment.group[i] == 1:
            _found(seed, month, i, parameters, organizations, dyads, coalitions, programmes, environment, log, row)
            return
    if best != NOBODY:
        _move(month, i, best, cause, organizations, dyads, coalitions, log, row)


@compiled
def _move(month, i, c, cause, organizations, dyads, coalitions, log, row):
    """Leave coalition c if i sits there, join it otherwise."""
    number = coalitions.number[c]
    if coalitions.member[c, i]:
        remove_member(organizations, dyads, coalitions, c, i)
        row.exits += 1
        log_member(log, month, columns.EXIT, organizations, i, number, cause, coalitions.size[c])
    else:
        add_member(organizations, dyads, coalitions, c, i)
        row.joins += 1
        log_member(log, month, columns.JOIN, organizations, i, number, cause, coalitions.size[c])


@compiled
def _is_admitted(i, c, parameters, organizations, dyads, coalitions, programmes, environment):
    """Say whether the members admit i: always, by majority, or unanimously, each by its affinity to i."""
    if parameters.admission == OPEN_DOOR:
        return True
    facilitation = compute_facilitation(coalitions, c, parameters)
    yes, members = 0, environment.people
    for at in range(list_members(coalitions.member[c], members)):
        j = members[at]
        affinity = compute_affinity(environment, organizations, dyads, programmes, j, i, facilitation, parameters)
        yes += 1 if affinity >= parameters.admission_threshold else 0
    if parameters.admission == MAJORITY:
        return 2 * yes > coalitions.size[c]
    return yes == coalitions.size[c]


@compiled
def _weigh_founding(i, parameters, organizations, dyads, programmes, environment):
    """Gather a core around i in environment.group (1 = in it) and return what founding is worth to i.

    Partners come in the order of mutual affinity, the smaller of both sides, up to founding_size; each must gain.
    group[i] stays 0 where no such core exists. environment.seen: what i sees in each.
    """
    group, mutual, lots = environment.group, environment.rank, organizations.lot
    for j in range(group.size):
        group[j] = 0
    size, candidates = 1, environment.people
    n_candidates = _find_candidates(i, parameters, organizations, dyads, programmes, environment)
    while size < parameters.founding_size:
        best = NOBODY
        for at in range(n_candidates):
            j = candidates[at]
            if group[j] == 0 and (best == NOBODY or is_ahead(mutual[j], lots[j], mutual[best], lots[best])):
                best = j
        if best == NOBODY:
            break
        group[best] = 1
        size += 1
    if size < 2:
        return -1e9
    return _check_core(i, parameters, organizations, dyads, programmes, environment)


@compiled
def _find_candidates(i, parameters, organizations, dyads, programmes, environment):
    """List in environment.people whom i could found with: both like each other; return how many they are.

    Writes their mutual affinity to environment.rank.
    """
    candidates, mutual, count = environment.people, environment.rank, 0
    facilitation = parameters.facilitation
    for j in range(mutual.size):
        if j == i or not organizations.is_open[j] or dyads.joint[i, j] > 0:
            continue
        if organizations.n_memberships[j] >= parameters.max_memberships:
            continue
        toward = get_affinity(environment.seen, j, facilitation, parameters)
        if toward > 0.0:
            back = compute_affinity(environment, organizations, dyads, programmes, j, i, facilitation, parameters)
            if back > 0.0:
                mutual[j] = min(toward, back)
                candidates[count] = j
                count += 1
    return count


@compiled
def _check_core(i, parameters, organizations, dyads, programmes, environment):
    """Keep the partners in environment.group that gain; return the founder's gain and set group[i] where it holds.

    Leaves the core in environment.is_core.
    """
    group, core = environment.group, environment.is_core
    n = group.size
    for j in range(n):
        core[j] = group[j] == 1 or j == i
    kept = 0
    for j in range(n):
        if group[j] == 1:
            if _weigh_core(j, parameters, organizations, dyads, programmes, environment) <= 0.0:
                group[j] = 0
            else:
                kept += 1
    if kept == 0:
        return -1e9
    for j in range(n):
        core[j] = group[j] == 1 or j == i
    gain = _weigh_core(i, parameters, organizations, dyads, programmes, environment)
    group[i] = 1
    return gain - parameters.founding_effort + _get_mandate(i, parameters, organizations, programmes)


@compiled
def _weigh_core(i, parameters, organizations, dyads, programmes, environment):
    """Return what founding with the others of environment.is_core is worth to i. Writes environment.seen and terms."""
    core, held = environment.is_core, organizations.n_memberships[i]
    look_around(environment, organizations, dyads, programmes, i, core, parameters)
    return compute_utility(
        environment,
        organizations,
        dyads,
        programmes,
        i,
        core,
        False,
        held,
        parameters.facilitation,
        False,
        parameters,
    )


@compiled
def _get_mandate(i, parameters, organizations, programmes):
    """Return the push to found that an open line for coalitions gives to an eligible organization."""
    for g in range(programmes.term.size):
        if programmes.is_joint[g] and programmes.is_open[g] and organizations.eligible[i, g]:
            return parameters.mandate_bonus
    return 0.0


@compiled
def _found(seed, month, i, parameters, organizations, dyads, coalitions, programmes, environment, log, row):
    """Found the coalition gathered in environment.is_core; its cause is the founder's largest term or a mandate."""
    cause, mandate = find_join_cause(environment.terms), _get_mandate(i, parameters, organizations, programmes)
    if mandate > environment.terms[cause]:
        cause = columns.MANDATE
    c = found_coalition(
        seed, month, BY_REVIEW, environment.is_core, i, organizations, dyads, coalitions, environment, parameters
    )
    coalitions.is_mandated[c] = mandate > 0.0
    row.foundings += 1
    kind = columns.FOUND
    if is_rival(coalitions, c, parameters):
        row.rival_foundings += 1
        kind = columns.RIVAL_FOUND
    for j in range(environment.is_core.size):
        if environment.is_core[j]:
            log_member(log, month, kind, organizations, j, coalitions.number[c], cause, coalitions.size[c])
