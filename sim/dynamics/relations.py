"""How one organization sees another, a coalition, or a grant line: scalar functions, compiled.

Nothing here writes state except `refresh`, which derives overlap and eligibility anew each month. Two things are kept
in working space, because they are asked for many times: what each organization competes for (`find_contested`) and
what one organization sees in others (`look_around`). So are logarithms of sizes (`prepare_sizes`).
"""

import math

from sim.compiler.draws import power
from sim.compiler.jit import compiled, inlined

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


@compiled
def compute_concave_size(size, exponent):
    """Return size**exponent, for size >= 1."""
    return power(float(size), exponent)
