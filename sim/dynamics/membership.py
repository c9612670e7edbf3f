"""Moves of membership: the only functions that add or remove a member, so that all counts stay in step.

`organizations.n_memberships`, `dyads.joint`, `dyads.formal` and `coalitions.size` follow from `coalitions.member`;
they are kept as counts because nearly every process reads them.
"""

import numpy as np

from sim.compiler.draws import philox, stream
from sim.compiler.jit import compiled
from sim.dynamics.relations import is_ahead
from sim.schema import codes

NAME_COALITION = 12  # in the keys of its draws
NOBODY = -1
BY_REVIEW, BY_BREAK_AWAY = 0, 1  # how a coalition was founded, part of its key


@compiled
def log_event(log, month, kind, organization, generation, coalition, line, cause, size):
    """Append one event (codes.EVENT_FIELDS); beyond the space it is only counted. Writes `log`."""
    at = log.n_rows[0]
    log.n_rows[0] += 1
    if at < log.rows.shape[0]:
        row = log.rows[at]
        row[0] = month
        row[1] = kind
        row[2] = organization
        row[3] = generation
        row[4] = coalition
        row[5] = line
        row[6] = cause
        row[7] = size


@compiled
def log_member(world, month, kind, i, coalition, cause, size):
    """Append an event of organization i and the coalition with serial number `coalition`."""
    organizations, log = world.organizations, world.log
    log_event(log, month, kind, i, organizations.generation[i], coalition, NOBODY, cause, size)


@compiled
def _count_pairs(world, c, i, step):
    organizations, dyads, coalitions = world.organizations, world.dyads, world.coalitions
    formal = step if coalitions.is_formal[c] else 0
    for j in range(coalitions.member.shape[1]):
        if coalitions.member[c, j] and j != i:
            dyads.joint[i, j] += step
            dyads.joint[j, i] += step
            dyads.formal[i, j] += formal
            dyads.formal[j, i] += formal
    organizations.n_memberships[i] += step
    coalitions.size[c] += step


@compiled
def add_member(world, c, i):
    """Seat organization i in coalition c. Writes member, size, n_memberships, joint, formal."""
    coalitions = world.coalitions
    coalitions.member[c, i] = True
    _count_pairs(world, c, i, 1)


@compiled
def remove_member(world, c, i):
    """Take organization i out of coalition c; where it convened, the member with the best record takes over."""
    coalitions = world.coalitions
    coalitions.member[c, i] = False
    _count_pairs(world, c, i, -1)
    if coalitions.convener[c] == i:
        coalitions.convener[c] = _find_convener(world, c)
        coalitions.convener_months[c] = 0


@compiled
def _find_convener(world, c):
    organizations, coalitions = world.organizations, world.coalitions
    return find_best_record(organizations, coalitions.member[c])


@compiled
def find_best_record(organizations, members):
    """Return the one of `members` (n,) bool with the best record, by lot among equals; NOBODY where there is none."""
    best, record, lot = NOBODY, organizations.record, organizations.lot
    for j in range(members.size):
        if members[j] and (best == NOBODY or is_ahead(record[j], lot[j], record[best], lot[best])):
            best = j
    return best


@compiled
def find_free_slot(coalitions):
    """Return a coalition slot that is not in use, or NOBODY."""
    for c in range(coalitions.is_active.size):
        if not coalitions.is_active[c]:
            return c
    return NOBODY


@compiled
def found_coalition(seed, month, origin, founders, convener, parameters, world):
    """Open a coalition of `founders` (n,) bool in a free slot and return the slot, which must exist.

    Its draws are keyed by its convener, month and origin, never by its slot. Purpose: the founders' mean service mix.
    """
    organizations, coalitions, environment = world.organizations, world.coalitions, world.environment
    c = find_free_slot(coalitions)
    coalitions.is_active[c] = True
    coalitions.number[c] = environment.n_coalitions[0]
    environment.n_coalitions[0] += 1
    key = stream(seed, NAME_COALITION, month)
    coalitions.key[c] = philox(key, organizations.key[convener], np.uint64(origin))[0]
    coalitions.size[c] = 0
    coalitions.convener[c] = convener
    coalitions.convener_months[c] = 0
    coalitions.is_formal[c] = False
    coalitions.is_mandated[c] = False
    coalitions.is_hollow[c] = False
    coalitions.depth[c] = 0.0
    coalitions.activity[c] = parameters.initial_activity
    coalitions.age_months[c] = 0
    coalitions.inactive_months[c] = 0
    for i in range(founders.size):
        coalitions.member[c, i] = False
        coalitions.founder[c, i] = founders[i]
        if founders[i]:
            add_member(world, c, i)
    _set_purpose(world, c)
    return c


@compiled
def _set_purpose(world, c):
    organizations, coalitions = world.organizations, world.coalitions
    for k in range(coalitions.purpose.shape[1]):
        total = 0.0
        for i in range(coalitions.member.shape[1]):
            if coalitions.member[c, i]:
                total += organizations.mix[i, k]
        coalitions.purpose[c, k] = total / coalitions.size[c]


@compiled
def is_rival(coalitions, c, parameters):
    """Say whether c's purpose overlaps by `rival_overlap` or more with that of another living coalition of three."""
    for other in range(coalitions.is_active.size):
        if other != c and coalitions.is_active[other] and coalitions.size[other] >= 3:
            overlap = 0.0
            for k in range(coalitions.purpose.shape[1]):
                overlap += min(coalitions.purpose[c, k], coalitions.purpose[other, k])
            if overlap >= parameters.rival_overlap:
                return True
    return False


@compiled
def sign_mou(world, c):
    """Put coalition c under an MOU. Writes is_formal, formal."""
    dyads, coalitions = world.dyads, world.coalitions
    if coalitions.is_formal[c]:
        return
    coalitions.is_formal[c] = True
    n = coalitions.member.shape[1]
    for i in range(n):
        if coalitions.member[c, i]:
            for j in range(n):
                if coalitions.member[c, j] and j != i:
                    dyads.formal[i, j] += 1


@compiled
def leave_coalition(world, c):
    """Take every member out of coalition c."""
    coalitions = world.coalitions
    for i in range(coalitions.member.shape[1]):
        if coalitions.member[c, i]:
            remove_member(world, c, i)


@compiled
def end_coalition(month, c, cause, world, row):
    """Dissolve coalition c: its members stay in the field. Writes the memberships, the log and row.dissolutions."""
    coalitions, log = world.coalitions, world.log
    log_event(log, month, codes.DISSOLVE, NOBODY, 0, coalitions.number[c], NOBODY, cause, coalitions.size[c])
    row.dissolutions += 1
    leave_coalition(world, c)
    coalitions.is_active[c] = False


@compiled
def leave_all(world, i):
    """Take organization i out of every coalition (it closed); a newcomer in its slot is no founder."""
    coalitions = world.coalitions
    for c in range(coalitions.is_active.size):
        coalitions.founder[c, i] = False
        if coalitions.is_active[c] and coalitions.member[c, i]:
            remove_member(world, c, i)
