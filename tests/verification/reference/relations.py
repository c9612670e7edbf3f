"""What organizations are to each other (ODD 7, "Shared relations"): overlap, tension, competition, utility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference.numbers import clip, ln

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.verification.reference.agents import Coalition, Organization, Programme
    from tests.verification.reference.model import ReferenceModel

# The terms of the utility, in the order of sim.schema.codes.CAUSES.
TERMS = (
    "complementarity",
    "trust",
    "tension",
    "competition",
    "restriction",
    "size",
    "joint_money",
    "cost",
    "threshold",
)


def overlap(i: Organization, j: Organization) -> float:
    """Overlap O[i,j]: the sum over populations of the smaller effort."""
    total = 0.0
    for population in i.mix:
        total += min(i.mix[population], j.mix[population])
    return total


def fit(i: Organization, g: Programme) -> float:
    """fit_ig: the effort for the populations that line g pays for."""
    total = 0.0
    for population, effort in i.mix.items():
        if g.pays_for[population]:
            total += effort
    return total


def gap(x: float, g: Programme) -> float:
    """gap(x; g): how far a position lies outside what line g accepts."""
    return max(g.low - x, 0.0) + max(x - g.high, 0.0)


def is_eligible(model: ReferenceModel, i: Organization, g: Programme) -> bool:
    """eligible_ig: the organization is open, fits, and its stance is accepted."""
    threshold = model.parameters.grants.eligibility_threshold
    return i.is_open and fit(i, g) >= threshold - 1e-9 and gap(i.stance, g) <= 1e-9


def joint(model: ReferenceModel, i: Organization, j: Organization) -> int:
    """joint[i,j]: the number of coalitions both sit in."""
    return sum(1 for c in model.active_coalitions if i in c.members and j in c.members)


def formal(model: ReferenceModel, i: Organization, j: Organization) -> int:
    """formal[i,j]: the number of coalitions under an MOU both sit in."""
    return sum(1 for c in model.active_coalitions if c.is_formal and i in c.members and j in c.members)


def baseline(model: ReferenceModel, i: Organization, j: Organization) -> float:
    """B[i,j]: trust between organizations that never met."""
    meetings = model.parameters.meetings
    return min(meetings.baseline_trust + (meetings.same_sector_trust if i.sector == j.sector else 0.0), 1.0)


def resentment(model: ReferenceModel, i: Organization, j: Organization) -> float:
    """resentment_ij: half the distance between i's viewpoint and j's stance, enlarged by distrust."""
    if not model.parameters.mechanisms.viewpoint_tension:
        return 0.0
    ill_will = model.parameters.meetings.ill_will
    distance = abs(j.stance - i.viewpoint)
    return distance * 0.5 * (1 + ill_will * (1 - i.trust[j]))


def tension(model: ReferenceModel, i: Organization, j: Organization, facilitation: float) -> float:
    """tension_ij(f): the perceived difference in viewpoint, reduced by facilitation."""
    return min(resentment(model, i, j) * (1 - facilitation), 1.0)


def burden(model: ReferenceModel, i: Organization, j: Organization, facilitation: float) -> float:
    """burden_ij(f): what the difference weighs where i decides on memberships, more under fiscal pressure."""
    return min(resentment(model, i, j) * strain(model, i) * (1 - facilitation), 1.0)


def facilitation(model: ReferenceModel, c: Coalition) -> float:
    """f_c: the facilitation in a coalition, more where a grant pays the convener."""
    meetings = model.parameters.meetings
    return min(meetings.facilitation + (meetings.convener_facilitation if c.is_paid else 0.0), 1.0)


def pressure(model: ReferenceModel, i: Organization) -> float:
    """pressure_i: own stress and own recent rejections."""
    return min(i.stress + model.parameters.memberships.loss_pressure * i.recent_loss, 1.0)


def strain(model: ReferenceModel, i: Organization) -> float:
    """strain_i: how much a difference in viewpoint weighs, by the pressure on i."""
    share = model.parameters.memberships.strain
    return 1 - share + 2 * share * pressure(model, i)


def rivalry(model: ReferenceModel, i: Organization, j: Organization) -> float:
    """rivalry_ij: a base, and the share of competitive money for which both are eligible."""
    base = model.parameters.memberships.base_rivalry
    shared = 0.0
    for g in model.programmes:
        if g.is_open and i.eligible[g] and j.eligible[g] and g.allocation != "formula" and not g.is_joint:
            shared += g.money_share
    return base + (1 - base) * min(shared, 1.0)


def competition(model: ReferenceModel, i: Organization, j: Organization) -> float:
    """competition_ij: overlap times rivalry times pressure on i."""
    if not model.parameters.mechanisms.funding_competition:
        return 0.0
    return i.overlap[j] * rivalry(model, i, j) * pressure(model, i)


def is_forbidden(model: ReferenceModel, i: Organization, j: Organization) -> bool:
    """forbidden_ij: i holds an award of an exclusive line for which j is not eligible."""
    if not model.parameters.mechanisms.restriction_conflict:
        return False
    return any(g.is_exclusive and i.award_months[g] > 0 and not j.eligible[g] for g in model.programmes)


def affinity_terms(
    model: ReferenceModel, i: Organization, j: Organization, facilitation: float, r: float = 1.0
) -> list[float]:
    """The five terms of a_ij(f), with their signs; r is less than 1 where the two already meet elsewhere."""
    weights = model.parameters.memberships
    softened = 1 - model.parameters.grants.trust_softening * i.trust[j]
    return [
        weights.complementarity_weight * (1 - i.overlap[j]) * r,
        weights.trust_weight * i.trust[j] * r,
        -(weights.viewpoint_weight * burden(model, i, j, facilitation)),
        -(weights.turf_weight * competition(model, i, j) * softened),
        -(weights.restriction_weight if is_forbidden(model, i, j) else 0.0),
    ]


def affinity(model: ReferenceModel, i: Organization, j: Organization, facilitation: float) -> float:
    """a_ij(f), used alone: r = 1."""
    total = 0.0
    for term in affinity_terms(model, i, j, facilitation):
        total += term
    return total


def mutual_affinity(model: ReferenceModel, i: Organization, j: Organization, facilitation: float) -> float:
    """mutual_ij: the smaller of the two affinities (ODD 7.10, 7.11)."""
    return min(affinity(model, i, j, facilitation), affinity(model, j, i, facilitation))


def hope_for_joint_money(model: ReferenceModel, i: Organization, size: int) -> float:
    """H: open lines for coalitions for which i is eligible, halved where the group is too small."""
    total = 0.0
    for g in model.programmes:
        if g.is_open and g.is_joint and i.eligible[g]:
            total += g.money_share * (1.0 if size >= g.min_partners else 0.5)
    return total


def utility_terms(
    model: ReferenceModel,
    i: Organization,
    group: Iterable[Organization],
    facilitation: float,
    is_paid: bool,
    is_member: bool,
) -> list[float]:
    """The terms of the utility of i in a group, in the order of TERMS; `is_member`: i already sits in it."""
    weights = model.parameters.memberships
    others = [j for j in group if j is not i]
    size = 1 + len(others)
    terms = [0.0] * len(TERMS)
    for j in others:
        meets_elsewhere = joint(model, i, j) > (1 if is_member else 0)
        r = 1 - weights.redundancy if meets_elsewhere else 1.0
        for position, value in enumerate(affinity_terms(model, i, j, facilitation, r)):
            terms[position] += value
    for position in range(5):
        terms[position] /= max(len(others), 1)
    held_elsewhere = i.n_memberships - (1 if is_member else 0)
    terms[5] = weights.size_benefit * ln(float(size))
    terms[6] = weights.joint_money * hope_for_joint_money(model, i, size) * (0.5 + 0.5 * pressure(model, i))
    ratio = size / weights.size_scale
    size_cost = weights.size_cost * (ratio * ratio) * (weights.funded_cost_share if is_paid else 1.0)
    terms[7] = -((size_cost + weights.time_cost * held_elsewhere) * (1 + i.stress))
    terms[8] = -weights.membership_threshold
    return terms


def utility(
    model: ReferenceModel,
    i: Organization,
    group: Iterable[Organization],
    facilitation: float,
    is_paid: bool,
    is_member: bool,
) -> float:
    """The utility U of i in a group."""
    total = 0.0
    for term in utility_terms(model, i, group, facilitation, is_paid, is_member):
        total += term
    return total


def compute_stress(model: ReferenceModel, i: Organization) -> float:
    """Stress: how far reserves fall short of their target (ODD 5, Stress)."""
    target = model.parameters.accounts.reserve_target_months * i.need
    return clip(1 - i.reserve / max(target, 1.0), 0.0, 1.0)


def refresh(model: ReferenceModel) -> None:
    """Overlap and eligibility from present mixes and stances (ODD 3, refresh)."""
    for i in model.organizations:
        for j in model.organizations:
            i.overlap[j] = overlap(i, j)
        for g in model.programmes:
            i.eligible[g] = is_eligible(model, i, g)
