"""`observe` (ODD 7 and docs/columns.md): one row of results a month."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.verification.reference import relations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.verification.reference.agents import Coalition, Organization
    from tests.verification.reference.model import ReferenceModel

NOT_COUNTED = ("referrals", "awarded", "budgeted", "not_awarded", "requested", "applications", "successes")
Pair = tuple["Organization", "Organization"]


def observe(model: ReferenceModel) -> None:
    """Append the row of this month and each organization's largest coalition (ODD 7.13)."""
    open_ones = [i for i in model.organizations if i.is_open]
    pairs = [(i, j) for position, i in enumerate(open_ones) for j in open_ones[:position]]
    partners = [(i, j) for i, j in pairs if relations.joint(model, i, j) > 0]
    home = {i: find_home(i) for i in open_ones}
    row: dict[str, float] = {}
    row |= observe_collaboration(model, open_ones, pairs, partners)
    row |= observe_coalitions(model)
    row |= observe_fragmentation(model, open_ones, partners, home)
    row |= observe_people(model, open_ones)
    row |= observe_money(model, open_ones)
    row |= observe_organizations(model, open_ones)
    for name, count in model.counts.items():
        if name not in NOT_COUNTED:
            row[name] = float(count)
    row["awareness"] = model.awareness
    model.rows.append(row)
    numbers = []
    for i in model.organizations:
        c = home.get(i)
        numbers.append(-1 if not i.is_open else 0 if c is None else c.number + 1)
    model.members.append(numbers)


def share(part: float, whole: float) -> float:
    """Return part / whole; a share over nothing is missing, never 0 (ODD 7.13)."""
    return part / whole if whole != 0 else math.nan


def mean(values: Iterable[float]) -> float:
    """Return the mean, summed in loop order; nan of nothing."""
    total, count = 0.0, 0
    for value in values:
        total += value
        count += 1
    return share(total, count)


def count(pairs: Iterable[Pair], holds) -> int:
    """Return for how many pairs a condition holds."""
    return sum(1 for i, j in pairs if holds(i, j))


def main_population(i: Organization) -> str:
    """Return the population with the largest effort."""
    return max(i.mix, key=lambda population: i.mix[population])


def is_far(model: ReferenceModel, i: Organization, j: Organization) -> bool:
    """Return whether two private viewpoints make a cross-viewpoint pair (ODD 7.13)."""
    return abs(i.viewpoint - j.viewpoint) > model.parameters.observation.far_apart


def is_tie(model: ReferenceModel, i: Organization, j: Organization) -> bool:
    """Return whether trust of both sides makes a tie (ODD 7.13)."""
    return i.trust[j] + j.trust[i] >= 2 * model.parameters.observation.tie_trust


def competes(model: ReferenceModel, i: Organization, j: Organization) -> bool:
    """Return whether a pair competes on either side (ODD 7.13)."""
    larger = max(relations.competition(model, i, j), relations.competition(model, j, i))
    return larger > model.parameters.observation.competing_level


def find_home(i: Organization) -> Coalition | None:
    """Return the largest coalition of an organization, the first of equals (ODD 7.13)."""
    return max(i.coalitions, key=lambda c: c.size, default=None)


def observe_collaboration(
    model: ReferenceModel, open_ones: list[Organization], pairs: list[Pair], partners: list[Pair]
) -> dict[str, float]:
    """Who shares a coalition with whom, trust, and competition among partners."""

    def across_viewpoints(i: Organization, j: Organization) -> bool:
        return is_far(model, i, j)

    def differs(i: Organization, j: Organization) -> bool:
        return main_population(i) != main_population(j)

    return {
        "collaboration_share": share(len(partners), len(pairs)),
        "cross_viewpoint_share": share(count(partners, across_viewpoints), count(pairs, across_viewpoints)),
        "cross_population_share": share(count(partners, differs), count(pairs, differs)),
        "mean_trust": mean(i.trust[j] + j.trust[i] for i, j in pairs) / 2,
        "competing_share": share(count(partners, lambda i, j: competes(model, i, j)), len(partners)),
    }


def observe_coalitions(model: ReferenceModel) -> dict[str, float]:
    """The inside of coalitions: depth, attendance, ties, age, founders."""
    active = model.active_coalitions
    seats = sum(c.size for c in active)
    depth = activity = 0.0
    for c in active:
        depth += c.depth * c.size
        activity += c.activity * c.size
    large = [c for c in active if c.size >= 3]
    founders = sum(1 for c in active for i in c.members if i in c.founders)
    return {
        "mean_depth": share(depth, seats),
        "mean_activity": share(activity, seats),
        "coalition_density": mean(density(model, c) for c in large),
        "coalition_centralisation": mean(centralisation(model, c) for c in large),
        "mandated_share": share(sum(1 for c in active if c.is_mandated), len(active)),
        "coalition_age_months": mean(c.age_months for c in active),
        "founders_share": share(founders, seats),
        "n_coalitions": float(len(large)),
        "memberships": float(seats),
    }


def density(model: ReferenceModel, c: Coalition) -> float:
    """Share of a coalition's pairs that are ties."""
    ties = sum(1 for i in c.members for j in c.members if i.slot < j.slot and is_tie(model, i, j))
    return ties / (c.size * (c.size - 1) / 2)


def centralisation(model: ReferenceModel, c: Coalition) -> float:
    """Freeman's degree centralisation of a coalition's ties."""
    degrees = [sum(1 for j in c.members if i is not j and is_tie(model, i, j)) for i in c.members]
    return sum(max(degrees) - degree for degree in degrees) / ((c.size - 1) * (c.size - 2))


def observe_fragmentation(
    model: ReferenceModel,
    open_ones: list[Organization],
    partners: list[Pair],
    home: dict[Organization, Coalition | None],
) -> dict[str, float]:
    """Into how many groups the field falls."""
    alone = sum(1 for i in open_ones if home[i] is None)
    squares = alone
    for c in model.active_coalitions:
        h = sum(1 for i in open_ones if home[i] is c)
        squares += h * h
    largest = max((c.size for c in model.active_coalitions), default=0)
    return {
        "effective_coalitions": share(len(open_ones) ** 2, squares),
        "largest_share": share(largest, len(open_ones)),
        "unaffiliated_share": share(alone, len(open_ones)),
        "modularity": modularity(model, partners, home),
        "ei_viewpoint": e_i_index(partners, lambda i, j: is_far(model, i, j)),
        "ei_population": e_i_index(partners, lambda i, j: main_population(i) != main_population(j)),
    }


def modularity(model: ReferenceModel, partners: list[Pair], home: dict[Organization, Coalition | None]) -> float:
    """Newman's modularity under each one's largest coalition; a pair weighs as many coalitions as it shares."""
    if not partners:
        return math.nan
    degree = dict.fromkeys(home, 0)
    inside = total = 0
    for i, j in partners:
        weight = relations.joint(model, i, j)
        degree[i] += weight
        degree[j] += weight
        total += weight
        if home[i] is home[j]:
            inside += weight
    expected = 0.0
    for c in model.active_coalitions:
        part = sum(degree[i] for i in home if home[i] is c) / (2 * total)
        expected += part * part
    return inside / total - expected


def e_i_index(partners: list[Pair], is_across) -> float:
    """Collaborating pairs across less those within, over all."""
    across = count(partners, is_across)
    return share(across - (len(partners) - across), len(partners))


def observe_people(model: ReferenceModel, open_ones: list[Organization]) -> dict[str, float]:
    """People seeking services, served and referred; coverage."""
    least = model.parameters.observation.provider_share
    members = [i for i in open_ones if i.n_memberships > 0]
    populations = model.parameters.field.populations
    covered = sum(1 for population in populations if any(i.mix[population] >= least for i in members))
    arrivals = served = in_need = 0.0
    for population in populations:
        in_need += model.in_need[population]
        arrivals += model.arrivals[population]
        served += model.served[population]
    return {
        "arrivals": arrivals,
        "in_need": in_need,
        "served": served,
        "not_served": max(in_need - served, 0.0),
        "served_share": share(served, arrivals),
        "referrals": float(model.counts["referrals"]),
        "coverage_share": covered / len(populations),
    }


def observe_money(model: ReferenceModel, open_ones: list[Organization]) -> dict[str, float]:
    """Awards and payments of this month and how they spread."""
    paid, model.paid = model.ledger["paid"] - model.paid, model.ledger["paid"]
    return {
        "budgeted_usd": float(model.counts["budgeted"]),
        "unspent_usd": float(model.counts["not_awarded"]),
        "paid_usd": paid / 100,
        "awarded_usd": float(model.counts["awarded"]),
        "requested_usd": float(model.counts["requested"]),
        "success_rate": share(model.counts["successes"], model.counts["applications"]),
        "award_gini": gini([payment(i) for i in open_ones]),
        "mean_dependence": mean(i.dependence for i in open_ones),
        "mean_fiscal_stress": mean(i.stress for i in open_ones),
    }


def payment(i: Organization) -> float:
    """Return what its running awards pay a month, from what they still hold."""
    total = 0.0
    for g, months in i.award_months.items():
        if months > 0:
            total += i.award_cents[g] / months
    return total


def gini(values: list[float]) -> float:
    """Return the Gini index, nan where there is nothing to share."""
    total = differences = 0.0
    for position, a in enumerate(values):
        total += a
        for b in values[:position]:
            differences += abs(a - b)
    return share(differences, len(values) * total)


def observe_organizations(model: ReferenceModel, open_ones: list[Organization]) -> dict[str, float]:
    """Number, age, mission, stances and viewpoints of open organizations."""
    width = model.parameters.observation.middle_width
    distance = 0.0
    for i in open_ones:
        for population, effort in i.mix.items():
            distance += abs(effort - i.mission[population])
    centre = mean(i.stance for i in open_ones)
    variance = mean(i.stance * i.stance for i in open_ones) - centre * centre
    return {
        "n_open": float(len(open_ones)),
        "organization_age_months": mean(i.age_months for i in open_ones),
        "mission_drift": share(distance, 2 * len(open_ones)),
        "public_silence": share(sum(1 for i in open_ones if abs(i.stance) < width), len(open_ones)),
        "private_neutrality": share(sum(1 for i in open_ones if abs(i.viewpoint) < width), len(open_ones)),
        "stance_spread": math.sqrt(max(variance, 0.0)),
    }
