"""How one organization sees another, a coalition, or a grant line: scalar functions, compiled.

Nothing here writes state except `refresh`, which derives overlap and eligibility anew each month. Two things are kept
in working space, because they are asked for many times: what each organization competes for (`find_contested`) and
what one organization sees in others (`look_around`). So are logarithms of sizes (`prepare_sizes`).
"""

import math

from sim.compiler.draws import logarithm, power
from sim.compiler.jit import compiled, inlined
from sim.schema import columns

COMPETITIVE, LOTTERY, FORMULA = 0, 1, 2


@inlined
def clip(x, low, high):
    """Return x held inside [low, high]."""
    return min(max(x, low), high)


@inlined
def to_nine_digits(value):
    """Return `value` in whole billionths: how values that are to be told apart by lot are compared."""
    return math.floor(value * 1e9 + 0.5)


@inlined
def is_before(rounded, lot, best_rounded, best_lot):
    """Say whether a number of billionths beats the best; equals are decided by the smaller lot, not by place."""
    return rounded > best_rounded or (rounded == best_rounded and lot < best_lot)


@inlined
def is_ahead(value, lot, best, best_lot):
    """Say whether `value` beats `best`, to nine digits: see `is_before`."""
    return is_before(to_nine_digits(value), lot, to_nine_digits(best), best_lot)


@inlined
def compute_overlap(mix, i, j):
    """Return the niche overlap sum_k min(mix_ik, mix_jk) in [0, 1]. mix: (n, K). Source: Baum & Singh 1994."""
    overlap = 0.0
    for k in range(mix.shape[1]):
        overlap += min(mix[i, k], mix[j, k])
    return overlap


@inlined
def compute_baseline_trust(sector, i, j, parameters):
    """Return the trust between two organizations that never met. sector: (n,)."""
    trust = parameters.baseline_trust + (parameters.same_sector_trust if sector[i] == sector[j] else 0.0)
    return min(trust, 1.0)


@inlined
def list_members(members, people):
    """Write the slots of `members` (n,) bool to people (n,), ascending; return how many they are."""
    count = 0
    for j in range(members.size):
        people[count] = j  # the next one overwrites it where j is no member
        count += 1 if members[j] else 0
    return count


@inlined
def compute_pressure(organizations, i, parameters):
    """Return the fiscal pressure on i in [0, 1]: its own stress and its own recent rejections."""
    return min(organizations.stress[i] + parameters.loss_pressure * organizations.recent_loss[i], 1.0)


@inlined
def compute_strain(organizations, i, parameters):
    """Return how much a difference in viewpoint weighs in what i decides: 1 at a fiscal pressure P_i of one half.

    1 - strain + 2 · strain · P_i: the less money, the harder to live with a difference. Assumed (docs/decisions/0015).
    """
    return 1.0 - parameters.strain + 2.0 * parameters.strain * compute_pressure(organizations, i, parameters)


@inlined
def compute_resentment(organizations, trust_ij, i, j, parameters):
    """Return the viewpoint tension that i would feel with j where nobody facilitates.

    |stance_j - viewpoint_i| / 2 · (1 + ill_will · (1 - T_ij)): distrust enlarges a difference (Fischer et al. 2016).
    """
    half = 0.5 if parameters.viewpoint_tension else 0.0
    distance = abs(organizations.stance[j] - organizations.viewpoint[i]) * half
    return distance * (1.0 + parameters.ill_will * (1.0 - trust_ij))


@inlined
def ease(resentment, facilitation):
    """Return the tension in [0, 1] that facilitation leaves of a resentment."""
    return min(resentment * (1.0 - facilitation), 1.0)


@inlined
def compute_tension(organizations, trust_ij, i, j, facilitation, parameters):
    """Return the viewpoint tension that i perceives with j, in [0, 1]: the resentment that facilitation leaves."""
    return ease(compute_resentment(organizations, trust_ij, i, j, parameters), facilitation)


@compiled
def find_contested(world):
    """Write the share of money that i competes for on line g to scratch.contested (n, G), 0 where it does not.

    Of open lines those by formula or for coalitions are not rival. It holds until a line opens or eligibility changes:
    each process that compares organizations finds it anew.
    """
    organizations, programmes, scratch = world.organizations, world.programmes, world.scratch
    contested = scratch.contested
    for g in range(programmes.term.size):
        is_rival = programmes.is_open[g] and programmes.allocation[g] != FORMULA and not programmes.is_joint[g]
        for i in range(contested.shape[0]):
            contested[i, g] = programmes.money_share[g] if is_rival and organizations.eligible[i, g] else 0.0


@inlined
def compute_rivalry(contested, i, j, parameters):
    """Return the share of money that i and j can only win from each other, in [0, 1].

    Lines both compete for are rival in full; donors and staff are too, at `base_rivalry`.
    """
    shared = 0.0
    for g in range(contested.shape[1]):
        shared += min(contested[i, g], contested[j, g])
    return parameters.base_rivalry + (1.0 - parameters.base_rivalry) * min(shared, 1.0)


@inlined
def compute_competition(world, rivalry, i, j, parameters):
    """Return how much i feels j as a competitor: overlap · rivalry of both · fiscal pressure on i, in [0, 1]."""
    organizations, dyads = world.organizations, world.dyads
    felt = dyads.overlap[i, j] * rivalry * compute_pressure(organizations, i, parameters)
    return felt if parameters.funding_competition else 0.0


@inlined
def is_forbidden(world, i, j, parameters):
    """Say whether an exclusive award of i forbids it to partner with j."""
    organizations, programmes = world.organizations, world.programmes
    if not parameters.restriction_conflict:
        return False
    for g in range(programmes.term.size):
        if programmes.is_exclusive[g] and organizations.award_months[i, g] > 0 and not organizations.eligible[j, g]:
            return True
    return False


@inlined
def compute_facilitation(coalitions, c, parameters):
    """Return the facilitation of coalition c in [0, 1]; a funded convener adds to it."""
    extra = parameters.convener_facilitation if coalitions.convener_months[c] > 0 else 0.0
    return min(parameters.facilitation + extra, 1.0)


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
        seen[columns.COMPLEMENTARITY, j] = _compute_complementarity(dyads, i, j, parameters)
    for j in range(rivalry.size):
        seen[columns.TRUST, j] = parameters.trust_weight * trust[j]
    for j in range(rivalry.size):
        seen[columns.TENSION, j] = strain * compute_resentment(organizations, trust[j], i, j, parameters)
    for j in range(rivalry.size):
        seen[columns.COMPETITION, j] = _compute_turf(world, rivalry[j], i, j, parameters)
    for j in range(rivalry.size):
        seen[columns.RESTRICTION, j] = _compute_restriction(world, i, j, parameters)
    for part in range(seen.shape[0]):
        seen[part, i] = 0.0


@inlined
def get_affinity(seen, j, facilitation, parameters):
    """Return the observer's affinity to j without redundancy; its parts stand in seen[:, j]."""
    tension = parameters.viewpoint_weight * ease(seen[columns.TENSION, j], facilitation)
    liked = seen[columns.COMPLEMENTARITY, j] + seen[columns.TRUST, j]
    return liked - tension - seen[columns.COMPETITION, j] - seen[columns.RESTRICTION, j]


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
        complementarity += seen[columns.COMPLEMENTARITY, j] * fresh
        trusted += seen[columns.TRUST, j] * fresh
        tension -= parameters.viewpoint_weight * ease(seen[columns.TENSION, j], facilitation)
        turf -= seen[columns.COMPETITION, j]
        restriction -= seen[columns.RESTRICTION, j]
        size += 1 if j != i else 0
    others = max(size - 1, 1)
    terms[columns.COMPLEMENTARITY] = complementarity / others
    terms[columns.TRUST] = trusted / others
    terms[columns.TENSION] = tension / others
    terms[columns.COMPETITION] = turf / others
    terms[columns.RESTRICTION] = restriction / others
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
    terms[columns.SIZE] = compute_size_benefit(scratch, size, parameters)
    terms[columns.JOINT_MONEY] = compute_joint_money(world, i, size, parameters)
    terms[columns.COST] = -compute_cost(organizations, i, size, n_others, funded, parameters)
    terms[columns.THRESHOLD] = -parameters.membership_threshold
    total = 0.0
    for term in range(columns.THRESHOLD + 1):
        total += terms[term]
    return total


@compiled
def find_join_cause(terms):
    """Return the largest of the terms that speak for a coalition (columns.CAUSES)."""
    best = columns.COMPLEMENTARITY
    for term in (columns.TRUST, columns.SIZE, columns.JOINT_MONEY):
        if terms[term] > terms[best]:
            best = term
    return best


@compiled
def find_exit_cause(terms):
    """Return the largest of the terms that speak against it; `little benefit` where none reaches 0.05."""
    best, weight = columns.THRESHOLD, -0.05
    for term in (columns.TENSION, columns.COMPETITION, columns.RESTRICTION, columns.COST):
        if terms[term] < weight:
            best, weight = term, terms[term]
    return best


@inlined
def compute_fit(mix, pays_for, i, g):
    """Return the share of i's effort that line g pays for. mix: (n, K), pays_for: (G, K)."""
    fit = 0.0
    for k in range(mix.shape[1]):
        fit += mix[i, k] if pays_for[g, k] else 0.0
    return fit


@inlined
def compute_stance_gap(position, low, high):
    """Return how far a position lies outside [low, high]."""
    return max(low - position, 0.0) + max(position - high, 0.0)


@compiled
def is_within_dates(programmes, g, month):
    """Say whether line g has money and runs in this month."""
    return programmes.pot_cents[g] > 0 and programmes.first_month[g] <= month <= programmes.last_month[g]


@compiled
def is_round(programmes, g, month):
    """Say whether line g decides in this month."""
    return programmes.is_open[g] and (month - programmes.first_month[g]) % programmes.interval[g] == 0


@compiled
def is_eligible(world, i, g, parameters):
    """Say whether i may apply to line g by what it does and what it says; staying ambiguous may pass at the round."""
    organizations, programmes = world.organizations, world.programmes
    if not organizations.is_open[i]:
        return False
    if compute_fit(organizations.mix, programmes.pays_for, i, g) < parameters.eligibility_threshold - 1e-9:
        return False
    gap = compute_stance_gap(organizations.stance[i], programmes.stance_low[g], programmes.stance_high[g])
    return gap <= 1e-9


@compiled
def refresh(parameters, world):
    """Derive overlap (n, n) and eligibility (n, G) from the present mixes and stances. Writes both."""
    organizations, dyads = world.organizations, world.dyads
    n = organizations.is_open.size
    for i in range(n):
        for j in range(i + 1):
            overlap = compute_overlap(organizations.mix, i, j)
            dyads.overlap[i, j] = overlap
            dyads.overlap[j, i] = overlap
        refresh_eligibility(world, i, parameters)


@compiled
def refresh_eligibility(world, i, parameters):
    """Derive organization i's eligibility for every line. Writes eligible[i]."""
    organizations, programmes = world.organizations, world.programmes
    for g in range(programmes.term.size):
        organizations.eligible[i, g] = is_eligible(world, i, g, parameters)


@compiled
def compute_concave_size(size, exponent):
    """Return size**exponent, for size >= 1."""
    return power(float(size), exponent)
