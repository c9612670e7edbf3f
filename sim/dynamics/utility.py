"""What a membership is worth to an organization: affinity to each partner, benefits and costs of a coalition."""

from sim.compiler.draws import logarithm
from sim.compiler.jit import compiled, inlined
from sim.dynamics.relations import (
    compute_competition,
    compute_pressure,
    compute_resentment,
    compute_rivalry,
    compute_strain,
    ease,
    is_forbidden,
)
from sim.schema import codes


@inlined
def _compute_complementarity(dyads, i, j, parameters):
    return parameters.complementarity_weight * (1.0 - dyads.overlap[i, j])


@inlined
def _compute_turf(world, rivalry, i, j, parameters):
    """Return what competition with j costs i: the more they trust each other, the less."""
    dyads = world.dyads
    softened = 1.0 - parameters.trust_softening * dyads.trust[i, j]
    return parameters.turf_weight * compute_competition(world, rivalry, i, j, parameters) * softened


@inlined
def _compute_restriction(world, i, j, parameters):
    return parameters.restriction_weight if is_forbidden(world, i, j, parameters) else 0.0


@compiled
def look_around(seen, world, i, parameters):
    """Write what i sees in each other organization to seen (5, n): the five parts of a_ij, 0 in itself.

    Also writes its rivalry with each to scratch.rivalry. Tension stands there as it weighs on i before anyone
    facilitates. Both hold until another looks around, and while trust, mixes, stances, stress and awards do.
    scratch.contested must hold. One part after another, as a loop that writes one row runs in vectors.
    """
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    rivalry, trust = scratch.rivalry, dyads.trust[i]
    strain = compute_strain(organizations, i, parameters)
    for j in range(rivalry.size):
        rivalry[j] = compute_rivalry(scratch.contested, i, j, parameters)
    for j in range(rivalry.size):
        seen[codes.COMPLEMENTARITY, j] = _compute_complementarity(dyads, i, j, parameters)
    for j in range(rivalry.size):
        seen[codes.TRUST, j] = parameters.trust_weight * trust[j]
    for j in range(rivalry.size):
        seen[codes.TENSION, j] = strain * compute_resentment(organizations, trust[j], i, j, parameters)
    for j in range(rivalry.size):
        seen[codes.COMPETITION, j] = _compute_turf(world, rivalry[j], i, j, parameters)
    for j in range(rivalry.size):
        seen[codes.RESTRICTION, j] = _compute_restriction(world, i, j, parameters)
    for part in range(seen.shape[0]):
        seen[part, i] = 0.0


@inlined
def get_affinity(seen, j, facilitation, parameters):
    """Return the observer's affinity to j without redundancy; its parts stand in seen[:, j]."""
    tension = parameters.viewpoint_weight * ease(seen[codes.TENSION, j], facilitation)
    liked = seen[codes.COMPLEMENTARITY, j] + seen[codes.TRUST, j]
    return liked - tension - seen[codes.COMPETITION, j] - seen[codes.RESTRICTION, j]


@compiled
def compute_affinity(rivalry, world, i, j, facilitation, parameters):
    """Return a_ij without redundancy. rivalry: of both, see `compute_rivalry`.

    a_ij = complementarity · (1 - overlap) + trust · T - viewpoint · min(s_i · resentment · (1 - facilitation), 1)
           - turf · competition · (1 - g · T) - restriction · conflict, with s_i of `compute_strain`.
    """
    organizations, dyads = world.organizations, world.dyads
    trust = dyads.trust[i, j]
    liked = _compute_complementarity(dyads, i, j, parameters) + parameters.trust_weight * trust
    resentment = compute_resentment(organizations, trust, i, j, parameters)
    tension = ease(compute_strain(organizations, i, parameters) * resentment, facilitation)
    turf = _compute_turf(world, rivalry, i, j, parameters)
    return liked - parameters.viewpoint_weight * tension - turf - _compute_restriction(world, i, j, parameters)


@compiled
def compute_mutual_affinity(world, i, j, facilitation, parameters):
    """Return the smaller of a_ij and a_ji, both without redundancy. scratch.contested must hold."""
    scratch = world.scratch
    rivalry = compute_rivalry(scratch.contested, i, j, parameters)
    toward = compute_affinity(rivalry, world, i, j, facilitation, parameters)
    return min(toward, compute_affinity(rivalry, world, j, i, facilitation, parameters))


@compiled
def compute_joint_money(world, i, size, parameters):
    """Return how much i hopes for money that only coalitions can win, in utility."""
    organizations, programmes = world.organizations, world.programmes
    hope = 0.0
    for g in range(programmes.term.size):
        if programmes.is_joint[g] and programmes.is_open[g] and organizations.eligible[i, g]:
            hope += programmes.money_share[g] * (1.0 if size >= programmes.min_partners[g] else 0.5)
    return parameters.joint_money * hope * (0.5 + 0.5 * compute_pressure(organizations, i, parameters))


@compiled
def prepare_sizes(scratch):
    """Write the logarithms of all sizes that a coalition may have to scratch.log_size (n,), that of 1 first."""
    for at in range(scratch.log_size.size):
        scratch.log_size[at] = logarithm(float(at + 1))


@inlined
def compute_size_benefit(scratch, size, parameters):
    """Return what the size of a coalition is worth. scratch.log_size must hold."""
    return parameters.size_benefit * scratch.log_size[size - 1]


@inlined
def compute_cost(organizations, i, size, n_others, funded, parameters):
    """Return what sitting in a coalition of `size` costs i, who holds n_others memberships elsewhere."""
    scaled = size / parameters.size_scale
    cost = (
        parameters.size_cost * scaled * scaled * (parameters.funded_cost_share if funded else 1.0)
        + parameters.time_cost * n_others
    )
    return cost * (1.0 + organizations.stress[i])


@inlined
def _add_affinities(seen, terms, dyads, i, members, n_members, inside, facilitation, parameters):
    """Write the means of the five parts of a_ij over the other members to terms; return the size with i.

    Complementarity and trust count less where i and j already meet elsewhere. i itself adds 0: see `look_around`.
    """
    here = 1 if inside else 0
    size = 1
    complementarity, trusted, tension, turf, restriction = 0.0, 0.0, 0.0, 0.0, 0.0
    for at in range(n_members):
        j = members[at]
        elsewhere = dyads.joint[i, j] > here
        fresh = 1.0 - parameters.redundancy if elsewhere else 1.0
        complementarity += seen[codes.COMPLEMENTARITY, j] * fresh
        trusted += seen[codes.TRUST, j] * fresh
        tension -= parameters.viewpoint_weight * ease(seen[codes.TENSION, j], facilitation)
        turf -= seen[codes.COMPETITION, j]
        restriction -= seen[codes.RESTRICTION, j]
        size += 1 if j != i else 0
    others = max(size - 1, 1)
    terms[codes.COMPLEMENTARITY] = complementarity / others
    terms[codes.TRUST] = trusted / others
    terms[codes.TENSION] = tension / others
    terms[codes.COMPETITION] = turf / others
    terms[codes.RESTRICTION] = restriction / others
    return size


@compiled
def compute_utility(seen, world, i, members, n_members, inside, n_others, facilitation, funded, parameters):
    """Return U_ic, what sitting with others is worth to i, and write its nine terms to scratch.utility_terms.

    members: a list of n_members slots, ascending, i among them or not; seen (5, n) must hold what i sees in them, and
    scratch.log_size. inside: whether i sits there already (then one shared coalition is this one). n_others:
    memberships i holds elsewhere. funded: whether a grant pays the convener, which lowers the cost.
    U = mean_j a_ij + size_benefit · ln m + joint money - cost(m, convex) · (1 + stress) - threshold.
    """
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    terms = scratch.utility_terms
    size = _add_affinities(seen, terms, dyads, i, members, n_members, inside, facilitation, parameters)
    terms[codes.SIZE] = compute_size_benefit(scratch, size, parameters)
    terms[codes.JOINT_MONEY] = compute_joint_money(world, i, size, parameters)
    terms[codes.COST] = -compute_cost(organizations, i, size, n_others, funded, parameters)
    terms[codes.THRESHOLD] = -parameters.membership_threshold
    total = 0.0
    for term in range(codes.THRESHOLD + 1):
        total += terms[term]
    return total


@compiled
def find_join_cause(terms):
    """Return the largest of the terms that speak for a coalition (codes.CAUSES)."""
    best = codes.COMPLEMENTARITY
    for term in (codes.TRUST, codes.SIZE, codes.JOINT_MONEY):
        if terms[term] > terms[best]:
            best = term
    return best


@compiled
def find_exit_cause(terms):
    """Return the largest of the terms that speak against it; `little benefit` where none reaches 0.05."""
    best, weight = codes.THRESHOLD, -0.05
    for term in (codes.TENSION, codes.COMPETITION, codes.RESTRICTION, codes.COST):
        if terms[term] < weight:
            best, weight = term, terms[term]
    return best
