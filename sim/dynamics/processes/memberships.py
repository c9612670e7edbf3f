"""Step 10, review memberships: some organizations, in random order, stay, leave, join or found.

One choice a review, the option of largest utility gain + noise · Gumbel (a logit), with the noise keyed by the
option's identity so that two regimes with one seed meet the same luck. Utility: `relations.compute_utility`. All
options are weighed before one is chosen; a founding that cannot win is not worked out.
"""

import math

import numpy as np

from sim.compiler.draws import REVIEW, REVIEW_ORDER, philox, stream, to_gumbel, to_uniform, uniform
from sim.compiler.jit import compiled, inlined
from sim.compiler.struct_refs import hold
from sim.dynamics.membership import (
    BY_REVIEW,
    NOBODY,
    add_member,
    find_free_slot,
    found_coalition,
    is_rival,
    log_member,
    remove_member,
)
from sim.dynamics.relations import (
    compute_affinity,
    compute_cost,
    compute_facilitation,
    compute_joint_money,
    compute_size_benefit,
    compute_utility,
    find_contested,
    find_exit_cause,
    find_join_cause,
    get_affinity,
    is_before,
    list_members,
    look_around,
    prepare_sizes,
    to_nine_digits,
)
from sim.schema import columns

OPEN_DOOR, MAJORITY = 0, 1  # parameters.Memberships.admission
STAY, FOUND_NEW = np.uint64(1), np.uint64(2)
LEAVING = np.uint64(0x9E3779B97F4A7C15)  # sets the draw of leaving a coalition apart from that of joining it
NO_CORE = -math.inf  # what founding is worth where nobody would take part
LANES = 8  # numbers that a processor works on at once; state.size_locality leaves room for whole rows of options
SLACK = 1e-6  # utility, far above what rounding may add to a bound


@compiled
def review_memberships(seed, month, parameters, organizations, dyads, coalitions, programmes, environment, log, row):
    """Let a share of organizations review. Writes memberships, coalitions, the log and row."""
    share = parameters.review_share
    hold_round(seed, month, share, parameters, organizations, dyads, coalitions, programmes, environment, log, row)


@compiled
def hold_round(seed, month, share, parameters, organizations, dyads, coalitions, programmes, environment, log, row):
    """Let `share` of organizations review once. Writes memberships, coalitions, the log and row."""
    parameters = hold(parameters)
    find_contested(organizations, programmes, environment)
    prepare_sizes(environment)
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            _seat(coalitions, c, environment)
    key = stream(seed, REVIEW, month)
    for at in range(_find_reviewers(seed, month, share, organizations, environment)):
        _review_once(
            seed,
            month,
            key,
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
def _seat(coalitions, c, environment):
    """List the members of c in environment.seated[c], where they stay for the round: each move lists them anew."""
    list_members(coalitions.member[c], environment.seated[c])


@compiled
def _find_reviewers(seed, month, share, organizations, environment):
    """Put the reviewing organizations into environment.order in the order of a keyed draw; return their number.

    All draw before they are put in order: draws that wait for no other take half the time.
    """
    key = stream(seed, REVIEW_ORDER, month)
    drawn, draws, order, rank = environment.people, environment.move, environment.order, environment.rank
    count = 0
    for i in range(order.size):
        first, second = philox(key, organizations.key[i], np.uint64(0))
        drawn[count] = i  # the next one overwrites it where i does not review
        draws[count] = to_uniform(second)
        count += 1 if organizations.is_open[i] & (to_uniform(first) < share) else 0
    for at in range(count):
        place, draw = at, draws[at]
        while place > 0 and rank[place - 1] > draw:
            rank[place] = rank[place - 1]
            order[place] = order[place - 1]
            place -= 1
        rank[place] = draw
        order[place] = drawn[at]
    return count


@compiled
def _review_once(seed, month, key, i, parameters, organizations, dyads, coalitions, programmes, environment, log, row):
    """Weigh staying, leaving each coalition, joining each other one, and founding; carry out the best.

    What `hold_round` prepares must hold. key: that of all choices of the round.
    """
    has_room = organizations.n_memberships[i] < parameters.max_memberships
    look_around(environment.seen, environment, organizations, dyads, programmes, i, parameters)
    n_options = _list_options(i, has_room, parameters, coalitions, environment)
    _draw_luck(key, i, n_options, parameters, organizations, coalitions, environment)
    _weigh_options(i, n_options, parameters, organizations, dyads, coalitions, programmes, environment)
    options, luck, worth = environment.options, environment.luck, environment.worth
    best_value, best = luck[n_options], NOBODY
    for at in range(n_options):
        if worth[at] > best_value:
            c = options[at]
            inside = coalitions.member[c, i]
            if inside or _is_admitted(i, c, parameters, organizations, dyads, coalitions, programmes, environment):
                best_value, best = worth[at], np.int64(c)
    if has_room and find_free_slot(coalitions) != NOBODY:
        wanted = best_value - luck[n_options + 1]
        gain = _weigh_founding(i, wanted, parameters, organizations, dyads, programmes, environment)
        if gain > NO_CORE and gain + luck[n_options + 1] > best_value:
            _found(seed, month, i, parameters, organizations, dyads, coalitions, programmes, environment, log, row)
            return
    if best != NOBODY:
        _weigh(i, best, parameters, organizations, dyads, coalitions, programmes, environment)  # for its terms
        _move(month, i, best, organizations, dyads, coalitions, environment, log, row)


@compiled
def _list_options(i, has_room, parameters, coalitions, environment):
    """List in environment.options the coalitions that i may leave or ask to join; return how many they are."""
    options, count = environment.options, 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            size = coalitions.size[c]
            is_offered = has_room & (size > 0) & (size < parameters.size_cap)
            options[count] = c  # the next one overwrites it where i may not
            count += 1 if coalitions.member[c, i] | is_offered else 0
    return count


@compiled
def _draw_luck(key, i, n_options, parameters, organizations, coalitions, environment):
    """Write noise · Gumbel of each option to environment.luck, after them those of staying and of founding.

    The draws come first and whole rows of eight Gumbel numbers after them, as both then wait for nothing.
    """
    luck, options, own = environment.luck, environment.options, organizations.key[i]
    for at in range(n_options):
        c = options[at]
        inside = coalitions.member[c, i]
        luck[at] = uniform(key, own, coalitions.key[c] + LEAVING if inside else coalitions.key[c])
    luck[n_options] = uniform(key, own, STAY)
    luck[n_options + 1] = uniform(key, own, FOUND_NEW)
    n_lucks = (n_options + 2 + LANES - 1) & -LANES
    for at in range(n_options + 2, n_lucks):
        luck[at] = 0.5  # nobody's
    for at in range(n_lucks):
        luck[at] = parameters.choice_noise * to_gumbel(luck[at])


@compiled
def _weigh_options(i, n_options, parameters, organizations, dyads, coalitions, programmes, environment):
    """Write what each option is worth to i, luck included, to environment.worth."""
    options, luck, worth = environment.options, environment.luck, environment.worth
    for at in range(n_options):
        c = options[at]
        utility = _weigh(i, c, parameters, organizations, dyads, coalitions, programmes, environment)
        worth[at] = (-utility if coalitions.member[c, i] else utility) + luck[at]


@inlined
def _weigh(i, c, parameters, organizations, dyads, coalitions, programmes, environment):
    """Return what sitting in coalition c is worth to i. Writes terms."""
    inside = coalitions.member[c, i]
    return compute_utility(
        environment.seen,
        environment,
        organizations,
        dyads,
        programmes,
        i,
        environment.seated[c],
        coalitions.size[c],
        inside,
        organizations.n_memberships[i] - (1 if inside else 0),
        compute_facilitation(coalitions, c, parameters),
        coalitions.convener_months[c] > 0,
        parameters,
    )


@compiled
def _move(month, i, c, organizations, dyads, coalitions, environment, log, row):
    """Leave coalition c if i sits there, join it otherwise. environment.terms: what it is worth to i."""
    number, terms = coalitions.number[c], environment.terms
    if coalitions.member[c, i]:
        remove_member(organizations, dyads, coalitions, c, i)
        row.exits += 1
        log_member(log, month, columns.EXIT, organizations, i, number, find_exit_cause(terms), coalitions.size[c])
    else:
        add_member(organizations, dyads, coalitions, c, i)
        row.joins += 1
        log_member(log, month, columns.JOIN, organizations, i, number, find_join_cause(terms), coalitions.size[c])
    _seat(coalitions, c, environment)


@compiled
def _is_admitted(i, c, parameters, organizations, dyads, coalitions, programmes, environment):
    """Say whether the members admit i: always, by majority, or unanimously, each by its affinity to i."""
    if parameters.admission == OPEN_DOOR:
        return True
    facilitation = compute_facilitation(coalitions, c, parameters)
    yes, members = 0, environment.seated[c]
    for at in range(coalitions.size[c]):
        j = members[at]
        rivalry = environment.rivalry[j]
        affinity = compute_affinity(rivalry, organizations, dyads, programmes, j, i, facilitation, parameters)
        yes += 1 if affinity >= parameters.admission_threshold else 0
    if parameters.admission == MAJORITY:
        return 2 * yes > coalitions.size[c]
    return yes == coalitions.size[c]


@compiled
def _weigh_founding(i, wanted, parameters, organizations, dyads, programmes, environment):
    """Gather a core around i in environment.is_core and return what founding is worth to i.

    Partners come in the order of mutual affinity, the smaller of both sides, up to founding_size; each must gain.
    NO_CORE where no such core exists, or where it could not be worth as much as `wanted`. environment.seen: what i
    sees in each.
    """
    n_liked, warmest = _list_liked(i, parameters, organizations, dyads, environment)
    if n_liked == 0:
        return NO_CORE
    ceiling = _bound_founding(i, warmest, parameters, organizations, programmes, environment)
    if ceiling + SLACK < wanted:
        return NO_CORE
    n_candidates = _keep_mutual(i, n_liked, parameters, organizations, dyads, programmes, environment)
    if n_candidates == 0:
        return NO_CORE
    _choose_partners(i, n_candidates, parameters, organizations, environment)
    return _check_core(i, parameters, organizations, dyads, programmes, environment)


@compiled
def _list_liked(i, parameters, organizations, dyads, environment):
    """List in environment.people whom i would found with; return how many they are and the largest affinity to one."""
    liked, count, warmest = environment.people, 0, 0.0
    for j in range(organizations.is_open.size):
        affinity = get_affinity(environment.seen, j, parameters.facilitation, parameters)
        has_room = organizations.n_memberships[j] < parameters.max_memberships
        is_free = organizations.is_open[j] & has_room & (dyads.joint[i, j] == 0) & (j != i)
        liked[count] = j  # the next one overwrites it where i would not
        count += 1 if is_free & (affinity > 0.0) else 0
        warmest = max(warmest, affinity if is_free else 0.0)
    return count, warmest


@compiled
def _bound_founding(i, warmest, parameters, organizations, programmes, environment):
    """Return what founding is worth to i at most, where no affinity to a partner is above `warmest`.

    A mean of affinities is at most the largest; benefit and hope grow with size and are taken at the largest core, cost
    at the smallest.
    """
    most = min(parameters.founding_size, organizations.is_open.size)
    hope = compute_joint_money(organizations, programmes, i, most, parameters)
    cost = compute_cost(organizations, i, 2, organizations.n_memberships[i], False, parameters)
    benefit = compute_size_benefit(environment, most, parameters) - parameters.membership_threshold
    mandate = _get_mandate(i, parameters, organizations, programmes)
    return warmest + benefit + hope - cost - parameters.founding_effort + mandate


@compiled
def _keep_mutual(i, n_liked, parameters, organizations, dyads, programmes, environment):
    """Keep in environment.people, of n_liked whom i likes, those who like i too; return how many they are.

    Writes their mutual affinity in billionths to environment.rank, place by place.
    """
    candidates, mutual, count = environment.people, environment.rank, 0
    facilitation = parameters.facilitation
    for at in range(n_liked):
        j = candidates[at]
        rivalry = environment.rivalry[j]
        back = compute_affinity(rivalry, organizations, dyads, programmes, j, i, facilitation, parameters)
        if back > 0.0:
            toward = get_affinity(environment.seen, j, facilitation, parameters)
            mutual[count] = to_nine_digits(min(toward, back))
            candidates[count] = j
            count += 1
    return count


@compiled
def _choose_partners(i, n_candidates, parameters, organizations, environment):
    """Mark i and its partners in environment.is_core: founding_size - 1 candidates, those of most mutual affinity."""
    core, candidates, mutual, lots = environment.is_core, environment.people, environment.rank, organizations.lot
    for j in range(core.size):
        core[j] = j == i
    for _ in range(min(parameters.founding_size - 1, n_candidates)):
        best, most, lot = 0, -1.0, 0.0
        for at in range(n_candidates):
            if is_before(mutual[at], lots[candidates[at]], most, lot):
                best, most, lot = at, mutual[at], lots[candidates[at]]
        core[candidates[best]] = True
        mutual[best] = -1.0  # taken


@compiled
def _check_core(i, parameters, organizations, dyads, programmes, environment):
    """Keep the partners in environment.is_core that gain; return what founding with them is worth to i, or NO_CORE."""
    core, members, seen = environment.is_core, environment.others, environment.glimpsed
    size = list_members(core, members)
    for at in range(size):
        j = members[at]
        if j != i:
            look_around(seen, environment, organizations, dyads, programmes, j, parameters)
            worth = _weigh_core(seen, j, size, parameters, organizations, dyads, programmes, environment)
            core[j] = worth > 0.0
    size = list_members(core, members)
    if size < 2:
        return NO_CORE
    worth = _weigh_core(environment.seen, i, size, parameters, organizations, dyads, programmes, environment)
    return worth - parameters.founding_effort + _get_mandate(i, parameters, organizations, programmes)


@compiled
def _weigh_core(seen, i, size, parameters, organizations, dyads, programmes, environment):
    """Return what founding is worth to i with the others of the core listed in environment.others. Writes terms."""
    return compute_utility(
        seen,
        environment,
        organizations,
        dyads,
        programmes,
        i,
        environment.others,
        size,
        False,
        organizations.n_memberships[i],
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
    _seat(coalitions, c, environment)
    row.foundings += 1
    kind = columns.FOUND
    if is_rival(coalitions, c, parameters):
        row.rival_foundings += 1
        kind = columns.RIVAL_FOUND
    for j in range(environment.is_core.size):
        if environment.is_core[j]:
            log_member(log, month, kind, organizations, j, coalitions.number[c], cause, coalitions.size[c])
