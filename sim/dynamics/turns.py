"""Compiled: one organization's turns inside a month, so that somebody else may decide in its place.

Nothing is decided here that the processes do not decide: each kernel prepares what a process prepares and calls the
process's own parts, one organization at a time. An ordinary run never comes here.
"""

from sim.compiler.draws import stream
from sim.compiler.jit import compiled_entry
from sim.dynamics.eligibility import compute_fit, compute_stance_gap, is_round, refresh_eligibility
from sim.dynamics.membership import NOBODY, find_free_slot
from sim.dynamics.processes.conditions import RESPOND, carry_out_answer
from sim.dynamics.processes.conditions import choose_answer as choose_by_rule
from sim.dynamics.processes.grants import PASSED, mark_applicants, may_apply
from sim.dynamics.processes.memberships import (
    NO_CORE,
    REVIEW,
    draw_luck,
    find_reviewers,
    found_with_core,
    is_admitted,
    join_or_leave,
    list_options,
    list_seated,
    review_once,
    weigh_coalition,
    weigh_founding,
)
from sim.dynamics.relations import find_contested
from sim.dynamics.utility import look_around, prepare_sizes


@compiled_entry
def open_round(seed, month, parameters, world):
    """Prepare a round of reviews; return how many review, in the order of scratch.review_order."""
    coalitions, scratch = world.coalitions, world.scratch
    find_contested(world)
    prepare_sizes(scratch)
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            list_seated(world, c)
    return find_reviewers(seed, month, parameters.review_share, world)


@compiled_entry
def review(seed, month, i, parameters, world, row):
    """Let organization i review by the model's rule. What `open_round` prepares must hold. Writes as the process."""
    review_once(seed, month, stream(seed, REVIEW, month), i, parameters, world, row)


@compiled_entry
def weigh_review(seed, month, i, parameters, world, terms, luck, is_possible):
    """Weigh i's options in a review; return how many coalitions it may leave or ask to join, and the worth of founding.

    Their slots stand in scratch.option_list. Writes for each of them, then for staying, then for founding: terms
    (C + 2, 9), the terms of U_ic; luck (C + 2,), noise · Gumbel; is_possible (C + 2,), whether it can be done at all.
    Of founding: its core in scratch.is_core; the worth holds effort and mandate too, -inf where nobody comes along.
    """
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    has_room = organizations.n_memberships[i] < parameters.max_memberships
    look_around(scratch.seen, world, i, parameters)
    n_options = list_options(i, has_room, parameters, world)
    draw_luck(stream(seed, REVIEW, month), i, n_options, parameters, world)
    for at in range(n_options + 2):
        luck[at] = scratch.option_luck[at]
        is_possible[at] = True
    for at in range(n_options):
        c = scratch.option_list[at]
        weigh_coalition(i, c, parameters, world)
        for term in range(terms.shape[1]):
            terms[at, term] = scratch.utility_terms[term]
        if not coalitions.member[c, i]:
            is_possible[at] = is_admitted(i, c, parameters, world)
    worth = NO_CORE
    if has_room and find_free_slot(coalitions) != NOBODY:
        worth = weigh_founding(i, NO_CORE, parameters, world)
    is_possible[n_options + 1] = worth > NO_CORE
    if worth > NO_CORE:
        for term in range(terms.shape[1]):
            terms[n_options + 1, term] = scratch.utility_terms[term]
    return n_options, worth


@compiled_entry
def move(month, i, c, parameters, world, row):
    """Let i leave coalition c if it sits there, join it otherwise, as a review would."""
    look_around(world.scratch.seen, world, i, parameters)
    weigh_coalition(i, c, parameters, world)
    join_or_leave(month, i, c, world, row)


@compiled_entry
def found(seed, month, i, parameters, world, row):
    """Let i found with those who come along, as a review would; there must be such."""
    look_around(world.scratch.seen, world, i, parameters)
    weigh_founding(i, NO_CORE, parameters, world)
    found_with_core(seed, month, i, parameters, world, row)


@compiled_entry
def is_asked(month, i, g, world):
    """Say whether line g asks i for an answer to its conditions this month."""
    organizations = world.organizations
    unfit = organizations.is_open[i] and not organizations.eligible[i, g]
    return is_round(world.programmes, g, month) and unfit and organizations.award_months[i, g] == 0


@compiled_entry
def choose_answer(seed, month, i, g, parameters, world):
    """Return the answer that the model's rule gives for i to the conditions of line g."""
    return choose_by_rule(stream(seed, RESPOND, month), i, g, parameters, world)


@compiled_entry
def may_be_vague(i, g, parameters, world):
    """Say whether i may stay ambiguous about line g: its stance lies outside, and what it does fits."""
    organizations, programmes = world.organizations, world.programmes
    if compute_fit(organizations.mix, programmes.pays_for, i, g) < parameters.eligibility_threshold:
        return False
    return compute_stance_gap(organizations.stance[i], programmes.stance_low[g], programmes.stance_high[g]) > 1e-9


@compiled_entry
def answer(month, given, i, g, parameters, world, row):
    """Carry out an answer of i (codes.RESPONSES) to the conditions of line g."""
    carry_out_answer(month, given, i, g, parameters, world, row)
    refresh_eligibility(world, i, parameters)


@compiled_entry
def find_applications(seed, month, i, parameters, world, applies):
    """Write to applies (G,) the lines that i applies to this month, alone or with a coalition that can."""
    coalitions, programmes, mark = world.coalitions, world.programmes, world.applications.status
    for g in range(applies.size):
        applies[g] = False
        if is_round(programmes, g, month):
            mark_applicants(seed, month, g, parameters, world)
            applies[g] = mark[i] == PASSED and not programmes.is_joint[g]
            if mark[i] == PASSED and programmes.is_joint[g]:
                for c in range(coalitions.is_active.size):
                    if coalitions.is_active[c] and coalitions.member[c, i]:
                        applies[g] = applies[g] or may_apply(c, g, world)
