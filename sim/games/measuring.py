"""Compiled: the model's own utility, asked of all pairs, sizes and coalitions of one month. Changes no state."""

from sim.compiler.jit import compiled, compiled_entry
from sim.dynamics.relations import compute_facilitation, find_contested, list_members
from sim.dynamics.utility import compute_utility, look_around, prepare_sizes
from sim.schema import codes


@compiled_entry
def measure_game(parameters, world, members, affinity, offset):
    """Write how much each likes each other to affinity (n, n), and what a size is worth to it to offset (n, n + 1).

    Both are read from the terms of `utility.compute_utility` for a coalition that is newly founded: affinity is a_ij,
    offset[i, m] all terms that depend on the number of members alone, from m = 2 on. world.dyads.joint must be 0, so
    that nobody sits with anybody elsewhere. Writes the world's scratch space, and members: (n,) uint32.
    """
    scratch, n = world.scratch, affinity.shape[0]
    find_contested(world)
    prepare_sizes(scratch)
    for i in range(n):
        look_around(scratch.seen, world, i, parameters)
        for j in range(n):
            if j != i:
                members[0] = min(i, j)
                members[1] = max(i, j)
                _weigh(parameters, world, i, members, 2)
                for term in range(codes.RESTRICTION + 1):
                    affinity[i, j] += scratch.utility_terms[term]
        for size in range(2, n + 1):
            for at in range(size):
                members[at] = at
            members[size - 1] = max(i, size - 1)
            _weigh(parameters, world, i, members, size)
            for term in range(codes.SIZE, codes.THRESHOLD + 1):
                offset[i, size] += scratch.utility_terms[term]


@compiled
def _weigh(parameters, world, i, members, size):
    """Write the terms of the utility of i in a new coalition with `members` to scratch.utility_terms."""
    compute_utility(world.scratch.seen, world, i, members, size, False, 0, parameters.facilitation, False, parameters)


@compiled_entry
def measure_memberships(parameters, world, members, worth):
    """Write U_ic as a review would find it, of each organization in or for each active coalition, to worth (C, n)."""
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    find_contested(world)
    prepare_sizes(scratch)
    for i in range(worth.shape[1]):
        look_around(scratch.seen, world, i, parameters)
        for c in range(worth.shape[0]):
            if coalitions.is_active[c]:
                inside = coalitions.member[c, i]
                worth[c, i] = compute_utility(
                    scratch.seen,
                    world,
                    i,
                    members,
                    list_members(coalitions.member[c], members),
                    inside,
                    organizations.n_memberships[i] - (1 if inside else 0),
                    compute_facilitation(coalitions, c, parameters),
                    coalitions.convener_months[c] > 0,
                    parameters,
                )
