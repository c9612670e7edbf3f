"""How one organization sees another, a coalition, or a grant line: scalar functions, compiled.

Nothing here writes state except `refresh`, which derives overlap and eligibility anew each month.
"""

import math

from sim import columns
from sim.compiled import compiled
from sim.draws import logarithm, power

COMPETITIVE, LOTTERY, FORMULA = 0, 1, 2


@compiled
def clip(x, low, high):
    """Return x held inside [low, high]."""
    return min(max(x, low), high)


@compiled
def is_ahead(value, lot, best, best_lot):
    """Say whether `value` beats `best`; what is equal to nine digits is decided by the smaller lot, not by place."""
    rounded, best_rounded = math.floor(value * 1e9 + 0.5), math.floor(best * 1e9 + 0.5)
    return rounded > best_rounded or (rounded == best_rounded and lot < best_lot)


@compiled
def compute_overlap(mix, i, j):
    """Return the niche overlap sum_k min(mix_ik, mix_jk) in [0, 1]. mix: (n, K). Source: Baum & Singh 1994."""
    overlap = 0.0
    for k in range(mix.shape[1]):
        overlap += min(mix[i, k], mix[j, k])
    return overlap


@compiled
def compute_baseline_trust(sector, i, j, parameters):
    """Return the trust between two organizations that never met. sector: (n,)."""
    trust = parameters.baseline_trust + (parameters.same_sector_trust if sector[i] == sector[j] else 0.0)
    return min(trust, 1.0)


@compiled
def compute_tension(organizations, trust_ij, i, j, facilitation, parameters):
    """Return the viewpoint tension that i perceives with j, in [0, 1].

    |stance_j - viewpoint_i| / 2 · (1 + ill_will · (1 - T_ij)) · (1 - facilitation): distrust enlarges a difference
    (Fischer et al. 2016), facilitation lowers it.
    """
    if not parameters.viewpoint_tension:
        return 0.0
    distance = abs(organizations.stance[j] - organizations.viewpoint[i]) * 0.5
    return min(distance * (1.0 + parameters.ill_will * (1.0 - trust_ij)) * (1.0 - facilitation), 1.0)


@compiled
def compute_pressure(organizations, i, parameters):
    """Return the fiscal pressure on i in [0, 1]: its own stress and its own recent rejections."""
    return min(organizations.stress[i] + parameters.loss_pressure * organizations.recent_loss[i], 1.0)


@compiled
def compute_rivalry(eligible, programmes, i, j, parameters):
    """Return the share of money that i and j can only win from each other, in [0, 1]. eligible: (n, G).

    Of open lines those by formula or for coalitions are not rival; donors and staff are, at `base_rivalry`.
    """
    shared = 0.0
    for g in range(programmes.term.size):
        is_rival = programmes.is_open[g] and programmes.allocation[g] != FORMULA and not programmes.is_joint[g]
        if is_rival and eligible[i, g] and eligible[j, g]:
            shared += programmes.money_share[g]
    return parameters.base_rivalry + (1.0 - parameters.base_rivalry) * min(shared, 1.0)


@compiled
def compute_competition(organizations, dyads, programmes, i, j, parameters):
    """Return how much i feels j as a competitor: overlap · rivalry · fiscal pressure on i, in [0, 1]."""
    if not parameters.funding_competition:
        return 0.0
    rivalry = compute_rivalry(organizations.eligible, programmes, i, j, parameters)
    return dyads.overlap[i, j] * rivalry * compute_pressure(organizations, i, parameters)


@compiled
def is_forbidden(organizations, programmes, i, j, parameters):
    """Say whether an exclusive award of i forbids it to partner with j."""
    if not parameters.restriction_conflict:
        return False
    for g in range(programmes.term.size):
        if programmes.is_exclusive[g] and organizations.award_months[i, g] > 0 and not organizations.eligible[j, g]:
            return True
    return False


@compiled
def compute_facilitation(coalitions, c, parameters):
    """Return the facilitation of coalition c in [0, 1]; a funded convener adds to it."""
    extra = parameters.convener_facilitation if coalitions.convener_months[c] > 0 else 0.0
    return min(parameters.facilitation + extra, 1.0)


@compiled
def add_affinity(terms, organizations, dyads, programmes, i, j, meets_elsewhere, facilitation, parameters):
    """Add the five terms of a_ij to terms[0:5] (written).

    a_ij = complementarity · (1 - overlap) + trust · T - viewpoint · tension
           - turf · competition · (1 - g · T) - restriction · conflict;
    the first two count less where i and j already meet elsewhere.
    """
    trust = dyads.trust[i, j]
    fresh = 1.0 - parameters.redundancy if meets_elsewhere else 1.0
    terms[0] += parameters.complementarity_weight * (1.0 - dyads.overlap[i, j]) * fresh
    terms[1] += parameters.trust_weight * trust * fresh
    terms[2] -= parameters.viewpoint_weight * compute_tension(organizations, trust, i, j, facilitation, parameters)
    softened = 1.0 - parameters.trust_softening * trust
    terms[3] -= (
        parameters.turf_weight * compute_competition(organizations, dyads, programmes, i, j, parameters) * softened
    )
    if is_forbidden(organizations, programmes, i, j, parameters):
        terms[4] -= parameters.restriction_weight


@compiled
def compute_affinity(terms, organizations, dyads, programmes, i, j, facilitation, parameters):
    """Return a_ij without redundancy. terms: (10,) working space, written."""
    for term in range(5):
        terms[term] = 0.0
    add_affinity(terms, organizations, dyads, programmes, i, j, False, facilitation, parameters)
    return terms[0] + terms[1] + terms[2] + terms[3] + terms[4]


@compiled
def compute_joint_money(organizations, programmes, i, size, parameters):
    """Return how much i hopes for money that only coalitions can win, in utility."""
    hope = 0.0
    for g in range(programmes.term.size):
        if programmes.is_joint[g] and programmes.is_open[g] and organizations.eligible[i, g]:
            hope += programmes.money_share[g] * (1.0 if size >= programmes.min_partners[g] else 0.5)
    return parameters.joint_money * hope * (0.5 + 0.5 * compute_pressure(organizations, i, parameters))


@compiled
def compute_utility(
    terms, organizations, dyads, programmes, i, members, inside, n_others, facilitation, funded, parameters
):
    """Return U_ic, what sitting with `members` is worth to i, and write its nine terms to `terms`.

    members: (n,) bool, i itself is skipped. inside: whether i sits there already (then one shared coalition is this
    one). n_others: memberships i holds elsewhere. funded: whether a grant pays the convener, which lowers the cost.
    U = mean_j a_ij + size_benefit · ln m + joint money - cost(m, convex) · (1 + stress) - threshold.
    """
    for term in range(10):
        terms[term] = 0.0
    here = 1 if inside else 0
    size = 1
    for j in range(members.size):
        if members[j] and j != i:
            elsewhere = dyads.joint[i, j] > here
            add_affinity(terms, organizations, dyads, programmes, i, j, elsewhere, facilitation, parameters)
            size += 1
    if size > 1:
        for term in range(5):
            terms[term] /= size - 1
    terms[5] = parameters.size_benefit * logarithm(float(size))
    terms[6] = compute_joint_money(organizations, programmes, i, size, parameters)
    scaled = size / parameters.size_scale
    cost = (
        parameters.size_cost * scaled * scaled * (parameters.funded_cost_share if funded else 1.0)
        + parameters.time_cost * n_others
    )
    terms[7] = -cost * (1.0 + organizations.stress[i])
    terms[8] = -parameters.membership_threshold
    total = 0.0
    for term in range(9):
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


@compiled
def compute_fit(mix, pays_for, i, g):
    """Return the share of i's effort that line g pays for. mix: (n, K), pays_for: (G, K)."""
    fit = 0.0
    for k in range(mix.shape[1]):
        if pays_for[g, k]:
            fit += mix[i, k]
    return fit


@compiled
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
def is_eligible(organizations, programmes, i, g, parameters):
    """Say whether i may apply to line g by what it does and what it says; staying ambiguous may pass at the round."""
    if not organizations.is_open[i]:
        return False
    if compute_fit(organizations.mix, programmes.pays_for, i, g) < parameters.eligibility_threshold - 1e-9:
        return False
    gap = compute_stance_gap(organizations.stance[i], programmes.stance_low[g], programmes.stance_high[g])
    return gap <= 1e-9


@compiled
def refresh(organizations, dyads, programmes, parameters):
    """Derive overlap (n, n) and eligibility (n, G) from the present mixes and stances. Writes both."""
    n = organizations.is_open.size
    for i in range(n):
        for j in range(i + 1):
            overlap = compute_overlap(organizations.mix, i, j)
            dyads.overlap[i, j] = overlap
            dyads.overlap[j, i] = overlap
        refresh_eligibility(organizations, programmes, i, parameters)


@compiled
def refresh_eligibility(organizations, programmes, i, parameters):
    """Derive organization i's eligibility for every line. Writes eligible[i]."""
    for g in range(programmes.term.size):
        organizations.eligible[i, g] = is_eligible(organizations, programmes, i, g, parameters)


@compiled
def compute_concave_size(size, exponent):
    """Return size**exponent, for size >= 1."""
    return power(float(size), exponent)
