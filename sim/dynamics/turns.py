"""Compiled: one organization's turns inside a month, so that somebody else may decide in its place.

Nothing is decided here that the processes do not decide: each kernel prepares what a process prepares and calls the
process's own parts, one organization at a time. An ordinary run never comes here.
"""

from sim.compiler.draws import RESPOND, REVIEW, stream
from sim.compiler.jit import compiled_entry
from sim.dynamics.membership import NOBODY, find_free_slot
from sim.dynamics.processes.conditions import _carry_out, _choose
from sim.dynamics.processes.grants import PASSED, _mark_applicants, _may_apply
from sim.dynamics.processes.memberships import (
    NO_CORE,
    _draw_luck,
    _find_reviewers,
    _found,
    _is_admitted,
    _list_options,
    _move,
    _review_once,
    _seat,
    _weigh,
    _weigh_founding,
)
from sim.dynamics.relations import (
    compute_fit,
    compute_stance_gap,
    find_contested,
    is_round,
    look_around,
    prepare_sizes,
    refresh_eligibility,
)


@compiled_entry
def open_round(seed, month, parameters, world):
    """Prepare a round of reviews; return how many review, in the order of environment.order."""
    environment, coalitions = world.environment, world.coalitions
    find_contested(world.organizations, world.programmes, environment)
    prepare_sizes(environment)
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            _seat(coalitions, c, environment)
    return _find_reviewers(seed, month, parameters.review_share, world.organizations, environment)


@compiled_entry
def review(seed, month, i, parameters, world, row):
    """Let organization i review by the model's rule. What `open_round` prepares must hold. Writes as the process."""
    _review_once(
        seed, month, stream(seed, REVIEW, month), i, parameters, world.organizations, world.dyads, world.coalitions,
        world.programmes, world.environment, world.log, row,
    )  # fmt: skip


@compiled_entry
def weigh_review(seed, month, i, parameters, world, terms, luck, is_admitted):
    """Weigh i's options in a review; return how many coalitions it may leave or ask to join, and the worth of founding.

    Their slots stand in environment.options. Writes for each of them, then for staying, then for founding: terms
    (C + 2, 9), the terms of U_ic; luck (C + 2,), noise · Gumbel; is_admitted (C + 2,), whether it can be done at all.
    Of founding: its core in environment.is_core; the worth holds effort and mandate too, -inf where nobody comes along.
    """
    organizations, dyads, coalitions = world.organizations, world.dyads, world.coalitions
    programmes, environment = world.programmes, world.environment
    has_room = organizations.n_memberships[i] < parameters.max_memberships
    look_around(environment.seen, environment, organizations, dyads, programmes, i, parameters)
    n_options = _list_options(i, has_room, parameters, coalitions, environment)
    _draw_luck(stream(seed, REVIEW, month), i, n_options, parameters, organizations, coalitions, environment)
    for at in range(n_options + 2):
        luck[at] = environment.luck[at]
        is_admitted[at] = True
    for at in range(n_options):
        c = environment.options[at]
        _weigh(i, c, parameters, organizations, dyads, coalitions, programmes, environment)
        for term in range(terms.shape[1]):
            terms[at, term] = environment.terms[term]
        if not coalitions.member[c, i]:
            is_admitted[at] = _is_admitted(i, c, parameters, organizations, dyads, coalitions, programmes, environment)
    worth = NO_CORE
    if has_room and find_free_slot(coalitions) != NOBODY:
        worth = _weigh_founding(i, NO_CORE, parameters, organizations, dyads, programmes, environment)
    is_admitted[n_options + 1] = worth > NO_CORE
    if worth > NO_CORE:
        for term in range(terms.shape[1]):
            terms[n_options + 1, term] = environment.terms[term]
    return n_options, worth


@compiled_entry
def move(month, i, c, parameters, world, row):
    """Let i leave coalition c if it sits there, join it otherwise, as a review would."""
    organizations, dyads, coalitions = world.organizations, world.dyads, world.coalitions
    programmes, environment = world.programmes, world.environment
    look_around(environment.seen, environment, organizations, dyads, programmes, i, parameters)
    _weigh(i, c, parameters, organizations, dyads, coalitions, programmes, environment)
    _move(month, i, c, organizations, dyads, coalitions, environment, world.log, row)


@compiled_entry
def found(seed, month, i, parameters, world, row):
    """Let i found with those who come along, as a review would; there must be such."""
    organizations, dyads, coalitions = world.organizations, world.dyads, world.coalitions
    programmes, environment = world.programmes, world.environment
    look_around(environment.seen, environment, organizations, dyads, programmes, i, parameters)
    _weigh_founding(i, NO_CORE, parameters, organizations, dyads, programmes, environment)
    _found(seed, month, i, parameters, organizations, dyads, coalitions, programmes, environment, world.log, row)


@compiled_entry
def is_asked(month, i, g, world):
    """Say whether line g asks i for an answer to its conditions this month."""
    organizations = world.organizations
    unfit = organizations.is_open[i] and not organizations.eligible[i, g]
    return is_round(world.programmes, g, month) and unfit and organizations.award_months[i, g] == 0


@compiled_entry
def choose_answer(seed, month, i, g, parameters, world):
    """Return the answer that the model's rule gives for i to the conditions of line g."""
    return _choose(stream(seed, RESPOND, month), i, g, parameters, world.organizations, world.programmes)


@compiled_entry
def may_be_vague(i, g, parameters, world):
    """Say whether i may stay ambiguous about line g: its stance lies outside, and what it does fits."""
    organizations, programmes = world.organizations, world.programmes
    if compute_fit(organizations.mix, programmes.pays_for, i, g) < parameters.eligibility_threshold:
        return False
    return compute_stance_gap(organizations.stance[i], programmes.stance_low[g], programmes.stance_high[g]) > 1e-9


@compiled_entry
def answer(month, given, i, g, parameters, world, row):
    """Carry out an answer of i (columns.RESPONSES) to the conditions of line g."""
    organizations, programmes = world.organizations, world.programmes
    _carry_out(month, given, i, g, parameters, organizations, programmes, world.log, row)
    refresh_eligibility(organizations, programmes, i, parameters)


@compiled_entry
def find_applications(seed, month, i, parameters, world, applies):
    """Write to applies (G,) the lines that i applies to this month, alone or with a coalition that can."""
    organizations, coalitions, programmes = world.organizations, world.coalitions, world.programmes
    mark = world.environment.group
    for g in range(applies.size):
        applies[g] = False
        if is_round(programmes, g, month):
            _mark_applicants(seed, month, g, parameters, organizations, programmes, world.environment)
            applies[g] = mark[i] == PASSED and not programmes.is_joint[g]
            if mark[i] == PASSED and programmes.is_joint[g]:
                for c in range(coalitions.is_active.size):
                    if coalitions.is_active[c] and coalitions.member[c, i]:
                        applies[g] = applies[g] or _may_apply(c, g, organizations, coalitions, programmes, mark)
