"""The coalitions of month 0: those of the roster, or cores that conveners gather and some rounds of reviews."""

import math

import numpy as np

from sim.compiler.draws import stream, uniform
from sim.compiler.jit import compiled
from sim.dynamics.membership import BY_REVIEW, NOBODY, found_coalition, leave_coalition, log_member
from sim.dynamics.organizations import CONVENES, INITIALISE
from sim.dynamics.processes.memberships import hold_round
from sim.dynamics.relations import is_ahead
from sim.schema import codes

# What happens before month 0 has months of its own in the keys of draws, beyond any run's last.
FIRST_FOUNDING_ROUND, FIRST_GATHERING = 1_000_000, 2_000_000


@compiled
def form_coalitions(seed, parameters, roster, world, row):
    """Seat the coalitions of the roster, or let conveners gather some and everyone review a few times."""
    if roster.member.shape[0] > 0:
        for given in range(roster.member.shape[0]):
            convener = NOBODY
            for i in range(roster.member.shape[1]):
                if roster.member[given, i] and convener == NOBODY:
                    convener = i
            _open(seed, given, roster.member[given], convener, parameters, world)
        return
    _call_together(seed, parameters, world)
    for turn in range(parameters.founding_rounds):
        hold_round(seed, FIRST_FOUNDING_ROUND + turn, parameters.founding_review_share, parameters, world, row)
    _drop_lone(world)


@compiled
def _call_together(seed, parameters, world):
    """Let conveners, those of the smallest keyed draws, each gather a first core."""
    organizations, scratch = world.organizations, world.scratch
    key, core = stream(seed, INITIALISE, 0), scratch.is_core
    for number in range(min(parameters.n_initial_coalitions, organizations.is_open.size)):
        convener = NOBODY
        for i in range(core.size):
            draw = uniform(key, organizations.key[i], np.uint64(CONVENES))
            is_free = organizations.n_memberships[i] == 0
            if is_free and (convener == NOBODY or draw < scratch.organization_rank[convener]):
                convener = i
            scratch.organization_rank[i] = draw
        if convener != NOBODY:
            for i in range(core.size):
                core[i] = i == convener
            _gather(convener, parameters, world, core)
            _open(seed, number, core, convener, parameters, world)


@compiled
def _drop_lone(world):
    """End coalitions that the founding rounds left with fewer than two members."""
    coalitions = world.coalitions
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] < 2:
            leave_coalition(world, c)
            coalitions.is_active[c] = False


@compiled
def _gather(convener, parameters, world, core):
    """Add the two unaffiliated organizations closest to the convener in viewpoint and complementary in service."""
    organizations, dyads = world.organizations, world.dyads
    for _ in range(2):
        best, best_value = NOBODY, 0.0
        for j in range(core.size):
            if core[j] or organizations.n_memberships[j] > 0:
                continue
            distance = abs(organizations.viewpoint[convener] - organizations.viewpoint[j])
            value = parameters.complementarity_weight * (1.0 - dyads.overlap[convener, j])
            value -= parameters.gathering_distance_weight * distance
            lots = organizations.lot
            if best == NOBODY or is_ahead(value, lots[j], best_value, lots[best]):
                best, best_value = j, value
        if best != NOBODY:
            core[best] = True


@compiled
def _open(seed, number, members, convener, parameters, world):
    coalitions = world.coalitions
    c = found_coalition(seed, FIRST_GATHERING + number, BY_REVIEW, members, convener, parameters, world)
    for i in range(members.size):
        if members[i]:
            size, serial = coalitions.size[c], coalitions.number[c]
            log_member(world, 0, codes.FOUND, i, serial, codes.AT_START, size)


@compiled
def warm_up_trust(parameters, roster, dyads):
    """Let partners at month 0 know each other already, where the roster says nothing. Writes trust."""
    n = dyads.trust.shape[0]
    for i in range(n):
        for j in range(n):
            known = roster.trust[i, j] if roster.trust.shape[0] > 0 else math.nan
            if dyads.joint[i, j] > 0 and math.isnan(known):
                dyads.trust[i, j] = max(dyads.trust[i, j], parameters.initial_partner_trust)
