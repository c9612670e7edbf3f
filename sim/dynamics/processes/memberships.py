"""Review memberships: some organizations, in random order, stay, leave, join or found.

One choice a review, the option of largest utility gain + noise · Gumbel (a logit), with the noise keyed by the
option's identity so that two regimes with one seed meet the same luck. Utility: `utility.compute_utility`. All
options are weighed before one is chosen; a founding that cannot win is not worked out.
"""

import math

import numpy as np

from sim.compiler.draws import philox, stream, to_gumbel, to_uniform, uniform
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
from sim.dynamics.relations import compute_facilitation, find_contested, is_before, list_members, to_nine_digits
from sim.dynamics.utility import (
    compute_affinity,
    compute_cost,
    compute_joint_money,
    compute_size_benefit,
    compute_utility,
    find_exit_cause,
    find_join_cause,
    get_affinity,
    look_around,
    prepare_sizes,
)
from sim.schema import codes

REVIEW, REVIEW_ORDER = 8, 15  # in the keys of its draws
OPEN_DOOR, MAJORITY = 0, 1  # parameters.Memberships.admission
STAY, FOUND_NEW = np.uint64(1), np.uint64(2)
LEAVING = np.uint64(0x9E3779B97F4A7C15)  # sets the draw of leaving a coalition apart from that of joining it
NO_CORE = -math.inf  # what founding is worth where nobody would take part
LANES = 8  # numbers that a processor works on at once; state.size_locality leaves room for whole rows of options
SLACK = 1e-6  # utility, far above what rounding may add to a bound


@compiled
def hold_round(seed, month, share, parameters, world, row):
    """Let `share` of organizations review once. Writes memberships, coalitions, the log and row."""
    coalitions, scratch = world.coalitions, world.scratch
    parameters = hold(parameters)
    find_contested(world)
    prepare_sizes(scratch)
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            list_seated(world, c)
    key = stream(seed, REVIEW, month)
    for at in range(find_reviewers(seed, month, share, world)):
        review_once(seed, month, key, scratch.review_order[at], parameters, world, row)


@compiled
def list_seated(world, c):
    """List the members of c in scratch.member_lists[c], where they stay for the round: each move lists them anew."""
    coalitions, scratch = world.coalitions, world.scratch
    list_members(coalitions.member[c], scratch.member_lists[c])


@compiled
def find_reviewers(seed, month, share, world):
    """Put the reviewing organizations into scratch.review_order in the order of a keyed draw; return their number.

    All draw before they are put in order: draws that wait for no other take half the time.
    """
    organizations, scratch = world.organizations, world.scratch
    key = stream(seed, REVIEW_ORDER, month)
    drawn, draws, order, rank = (
        scratch.slot_list,
        scratch.organization_value,
        scratch.review_order,
        scratch.organization_rank,
    )
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
def review_once(seed, month, key, i, parameters, world, row):
    """Weigh staying, leaving each coalition, joining each other one, and founding; carry out the best.

    What `hold_round` prepares must hold. key: that of all choices of the round.
    """
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    has_room = organizations.n_memberships[i] < parameters.max_memberships
    look_around(scratch.seen, world, i, parameters)
    n_options = list_options(i, has_room, parameters, world)
    draw_luck(key, i, n_options, parameters, world)
    _weigh_options(i, n_options, parameters, world)
    options, luck, worth = scratch.option_list, scratch.option_luck, scratch.option_worth
    best_value, best = luck[n_options], NOBODY
    for at in range(n_options):
        if worth[at] > best_value:
            c = options[at]
            inside = coalitions.member[c, i]
            if inside or is_admitted(i, c, parameters, world):
                best_value, best = worth[at], np.int64(c)
    if has_room and find_free_slot(coalitions) != NOBODY:
        wanted = best_value - luck[n_options + 1]
        gain = weigh_founding(i, wanted, parameters, world)
        if gain > NO_CORE and gain + luck[n_options + 1] > best_value:
            found_with_core(seed, month, i, parameters, world, row)
            return
    if best != NOBODY:
        weigh_coalition(i, best, parameters, world)  # for its terms
        join_or_leave(month, i, best, world, row)


@compiled
def list_options(i, has_room, parameters, world):
    """List in scratch.option_list the coalitions that i may leave or ask to join; return how many they are."""
    coalitions, scratch = world.coalitions, world.scratch
    options, count = scratch.option_list, 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            size = coalitions.size[c]
            is_offered = has_room & (size > 0) & (size < parameters.size_cap)
            options[count] = c  # the next one overwrites it where i may not
            count += 1 if coalitions.member[c, i] | is_offered else 0
    return count


@compiled
def draw_luck(key, i, n_options, parameters, world):
    """Write noise · Gumbel of each option to scratch.option_luck, after them those of staying and of founding.

    The draws come first and whole rows of eight Gumbel numbers after them, as both then wait for nothing.
    """
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    luck, options, own = scratch.option_luck, scratch.option_list, organizations.key[i]
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
def _weigh_options(i, n_options, parameters, world):
    """Write what each option is worth to i, luck included, to scratch.option_worth."""
    coalitions, scratch = world.coalitions, world.scratch
    options, luck, worth = scratch.option_list, scratch.option_luck, scratch.option_worth
    for at in range(n_options):
        c = options[at]
        utility = weigh_coalition(i, c, parameters, world)
        worth[at] = (-utility if coalitions.member[c, i] else utility) + luck[at]


@inlined
def weigh_coalition(i, c, parameters, world):
    """Return what sitting in coalition c is worth to i. Writes terms."""
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    inside = coalitions.member[c, i]
    return compute_utility(
        scratch.seen,
        world,
        i,
        scratch.member_lists[c],
        coalitions.size[c],
        inside,
        organizations.n_memberships[i] - (1 if inside else 0),
        compute_facilitation(coalitions, c, parameters),
        coalitions.convener_months[c] > 0,
        parameters,
    )


@compiled
def join_or_leave(month, i, c, world, row):
    """Leave coalition c if i sits there, join it otherwise. scratch.utility_terms: what it is worth to i."""
    coalitions, scratch = world.coalitions, world.scratch
    number, terms = coalitions.number[c], scratch.utility_terms
    if coalitions.member[c, i]:
        remove_member(world, c, i)
        row.exits += 1
        log_member(world, month, codes.EXIT, i, number, find_exit_cause(terms), coalitions.size[c])
    else:
        add_member(world, c, i)
        row.joins += 1
        log_member(world, month, codes.JOIN, i, number, find_join_cause(terms), coalitions.size[c])
    list_seated(world, c)


@compiled
def is_admitted(i, c, parameters, world):
    """Say whether the members admit i: always, by majority, or unanimously, each by its affinity to i."""
    coalitions, scratch = world.coalitions, world.scratch
    if parameters.admission == OPEN_DOOR:
        return True
    facilitation = compute_facilitation(coalitions, c, parameters)
    yes, members = 0, scratch.member_lists[c]
    for at in range(coalitions.size[c]):
        j = members[at]
        rivalry = scratch.rivalry[j]
        affinity = compute_affinity(rivalry, world, j, i, facilitation, parameters)
        yes += 1 if affinity >= parameters.admission_threshold else 0
    if parameters.admission == MAJORITY:
        return 2 * yes > coalitions.size[c]
    return yes == coalitions.size[c]


@compiled
def weigh_founding(i, wanted, parameters, world):
    """Gather a core around i in scratch.is_core and return what founding is worth to i.

    Partners come in the order of mutual affinity, the smaller of both sides, up to founding_size; each must gain.
    NO_CORE where no such core exists, or where it could not be worth as much as `wanted`. scratch.seen: what i
    sees in each.
    """
    n_liked, warmest = _list_liked(i, parameters, world)
    if n_liked == 0:
        return NO_CORE
    ceiling = _bound_founding(i, warmest, parameters, world)
    if ceiling + SLACK < wanted:
        return NO_CORE
    n_candidates = _keep_mutual(i, n_liked, parameters, world)
    if n_candidates == 0:
        return NO_CORE
    _choose_partners(i, n_candidates, parameters, world)
    return _check_core(i, parameters, world)


@compiled
def _list_liked(i, parameters, world):
    """List in scratch.slot_list whom i would found with; return how many they are and the largest affinity to one."""
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    liked, count, warmest = scratch.slot_list, 0, 0.0
    for j in range(organizations.is_open.size):
        affinity = get_affinity(scratch.seen, j, parameters.facilitation, parameters)
        has_room = organizations.n_memberships[j] < parameters.max_memberships
        is_free = organizations.is_open[j] & has_room & (dyads.joint[i, j] == 0) & (j != i)
        liked[count] = j  # the next one overwrites it where i would not
        count += 1 if is_free & (affinity > 0.0) else 0
        warmest = max(warmest, affinity if is_free else 0.0)
    return count, warmest


@compiled
def _bound_founding(i, warmest, parameters, world):
    """Return what founding is worth to i at most, where no affinity to a partner is above `warmest`.

    A mean of affinities is at most the largest; benefit and hope grow with size and are taken at the largest core, cost
    at the smallest.
    """
    organizations, scratch = world.organizations, world.scratch
    most = min(parameters.founding_size, organizations.is_open.size)
    hope = compute_joint_money(world, i, most, parameters)
    cost = compute_cost(organizations, i, 2, organizations.n_memberships[i], False, parameters)
    benefit = compute_size_benefit(scratch, most, parameters) - parameters.membership_threshold
    mandate = _get_mandate(i, parameters, world)
    return warmest + benefit + hope - cost - parameters.founding_effort + mandate


@compiled
def _keep_mutual(i, n_liked, parameters, world):
    """Keep in scratch.slot_list, of n_liked whom i likes, those who like i too; return how many they are.

    Writes their mutual affinity in billionths to scratch.organization_rank, place by place.
    """
    scratch = world.scratch
    candidates, mutual, count = scratch.slot_list, scratch.organization_rank, 0
    facilitation = parameters.facilitation
    for at in range(n_liked):
        j = candidates[at]
        rivalry = scratch.rivalry[j]
        back = compute_affinity(rivalry, world, j, i, facilitation, parameters)
        if back > 0.0:
            toward = get_affinity(scratch.seen, j, facilitation, parameters)
            mutual[count] = to_nine_digits(min(toward, back))
            candidates[count] = j
            count += 1
    return count


@compiled
def _choose_partners(i, n_candidates, parameters, world):
    """Mark i and its partners in scratch.is_core: founding_size - 1 candidates, those of most mutual affinity."""
    organizations, scratch = world.organizations, world.scratch
    core, candidates, mutual, lots = scratch.is_core, scratch.slot_list, scratch.organization_rank, organizations.lot
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
def _check_core(i, parameters, world):
    """Keep the partners in scratch.is_core that gain; return what founding with them is worth to i, or NO_CORE."""
    scratch = world.scratch
    core, members, seen = scratch.is_core, scratch.other_slot_list, scratch.seen_by_partner
    size = list_members(core, members)
    for at in range(size):
        j = members[at]
        if j != i:
            look_around(seen, world, j, parameters)
            worth = _weigh_core(seen, j, size, parameters, world)
            core[j] = worth > 0.0
    size = list_members(core, members)
    if size < 2:
        return NO_CORE
    worth = _weigh_core(scratch.seen, i, size, parameters, world)
    return worth - parameters.founding_effort + _get_mandate(i, parameters, world)


@compiled
def _weigh_core(seen, i, size, parameters, world):
    """Return what founding is worth to i with the core in scratch.other_slot_list. Writes terms."""
    organizations, scratch = world.organizations, world.scratch
    return compute_utility(
        seen,
        world,
        i,
        scratch.other_slot_list,
        size,
        False,
        organizations.n_memberships[i],
        parameters.facilitation,
        False,
        parameters,
    )


@compiled
def _get_mandate(i, parameters, world):
    """Return the push to found that an open line for coalitions gives to an eligible organization."""
    organizations, programmes = world.organizations, world.programmes
    for g in range(programmes.term.size):
        if programmes.is_joint[g] and programmes.is_open[g] and organizations.eligible[i, g]:
            return parameters.mandate_bonus
    return 0.0


@compiled
def found_with_core(seed, month, i, parameters, world, row):
    """Found the coalition gathered in scratch.is_core; its cause is the founder's largest term or a mandate."""
    coalitions, scratch = world.coalitions, world.scratch
    cause, mandate = find_join_cause(scratch.utility_terms), _get_mandate(i, parameters, world)
    if mandate > scratch.utility_terms[cause]:
        cause = codes.MANDATE
    c = found_coalition(seed, month, BY_REVIEW, scratch.is_core, i, parameters, world)
    coalitions.is_mandated[c] = mandate > 0.0
    list_seated(world, c)
    row.foundings += 1
    kind = codes.FOUND
    if is_rival(coalitions, c, parameters):
        row.rival_foundings += 1
        kind = codes.RIVAL_FOUND
    for j in range(scratch.is_core.size):
        if scratch.is_core[j]:
            log_member(world, month, kind, j, coalitions.number[c], cause, coalitions.size[c])
