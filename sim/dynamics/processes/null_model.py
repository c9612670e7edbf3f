"""Null model: in place of reviews, memberships change at random, at stated rates, whatever anyone thinks."""

import numpy as np

from sim.compiler.draws import philox, stream, to_uniform, uniform
from sim.compiler.jit import compiled
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
from sim.schema import codes

REVIEW, REVIEW_ORDER = 8, 15  # in the keys of its draws: those of the reviews, whose place it takes


@compiled
def change_at_random(seed, month, parameters, world, row):
    """Let each reviewing organization leave, join or found with the null rates. Writes memberships, log, row."""
    organizations, coalitions = world.organizations, world.coalitions
    key = stream(seed, REVIEW, month)
    order_key = stream(seed, REVIEW_ORDER, month)
    for i in range(organizations.is_open.size):
        if not organizations.is_open[i]:
            continue
        first, second = philox(order_key, organizations.key[i], np.uint64(0))
        if to_uniform(first) >= parameters.review_share:
            continue
        _leave_or_join(key, month, i, parameters, world, row)
        if to_uniform(second) < parameters.null_found_rate and find_free_slot(coalitions) != NOBODY:
            _found_at_random(seed, key, month, i, parameters, world, row)


@compiled
def _leave_or_join(key, month, i, parameters, world, row):
    organizations, coalitions = world.organizations, world.coalitions
    for c in range(coalitions.is_active.size):
        if not coalitions.is_active[c] or coalitions.size[c] == 0:
            continue
        draw = uniform(key, organizations.key[i], coalitions.key[c])
        if coalitions.member[c, i] and draw < parameters.null_leave_rate:
            remove_member(world, c, i)
            row.exits += 1
            number, size = coalitions.number[c], coalitions.size[c]
            log_member(world, month, codes.EXIT, i, number, codes.CHANCE, size)
        elif not coalitions.member[c, i] and draw < parameters.null_join_rate:
            if organizations.n_memberships[i] >= parameters.max_memberships:
                continue
            if coalitions.size[c] >= parameters.size_cap:
                continue
            add_member(world, c, i)
            row.joins += 1
            number, size = coalitions.number[c], coalitions.size[c]
            log_member(world, month, codes.JOIN, i, number, codes.CHANCE, size)


@compiled
def _found_at_random(seed, key, month, i, parameters, world, row):
    """Found with the founding_size - 1 others of the smallest pair draws that have room."""
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    if organizations.n_memberships[i] >= parameters.max_memberships:
        return
    core = scratch.is_core
    for j in range(core.size):
        core[j] = j == i
    for _ in range(parameters.founding_size - 1):
        best, smallest = NOBODY, 1.0
        for j in range(core.size):
            has_room = organizations.is_open[j] and organizations.n_memberships[j] < parameters.max_memberships
            draw = uniform(key, organizations.key[i], organizations.key[j])
            if has_room and not core[j] and draw < smallest:
                best, smallest = j, draw
        if best != NOBODY:
            core[best] = True
    n_partners = -1
    for j in range(core.size):
        n_partners += 1 if core[j] else 0
    if n_partners == 0:
        return
    c = found_coalition(seed, month, BY_REVIEW, core, i, parameters, world)
    row.foundings += 1
    kind = codes.FOUND
    if is_rival(coalitions, c, parameters):
        row.rival_foundings += 1
        kind = codes.RIVAL_FOUND
    for j in range(core.size):
        if core[j]:
            number, size = coalitions.number[c], coalitions.size[c]
            log_member(world, month, kind, j, number, codes.CHANCE, size)
