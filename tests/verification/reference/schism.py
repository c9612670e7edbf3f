"""`break_away` (ODD 7): groups break away together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import coalitions, memberships, numbers, relations

if TYPE_CHECKING:
    from tests.verification.reference.agents import Coalition, Organization
    from tests.verification.reference.model import ReferenceModel


def break_away(model: ReferenceModel) -> None:
    """Let at most one side of each coalition of four or more break away (ODD 7.11)."""
    for c in model.active_coalitions:  # a list made before the first break-away: none that arose this month
        if c.size >= 4:
            for side in find_sides(model, c):
                if len(side) >= 3 and coalitions.has_free_slot(model) and all_gain(model, c, side):
                    part_ways(model, c, side)
                    break


def find_sides(model: ReferenceModel, c: Coalition) -> list[list[Organization]]:
    """Return the two sides around the poles, the side without the convener first; none without conflict (ODD 7.11)."""
    f = relations.facilitation(model, c)
    poles, lowest = None, 0.0
    for i in c.members:
        for j in c.members:
            if j.slot >= i.slot:
                break
            mutual = relations.mutual_affinity(model, i, j, f)
            if mutual < lowest:
                poles, lowest = (j, i), mutual
    if poles is None:
        return []
    first, second = poles
    sides = ([], [])
    for i in c.members:
        if i is first:
            sides[0].append(i)
        elif i is second:
            sides[1].append(i)
        else:
            with_first = relations.mutual_affinity(model, i, first, f)
            with_second = relations.mutual_affinity(model, i, second, f)
            sides[0 if with_first >= with_second else 1].append(i)
    return sorted(sides, key=lambda side: c.convener in side)


def all_gain(model: ReferenceModel, c: Coalition, side: list[Organization]) -> bool:
    """Return whether every member of a side gains enough by leaving together (ODD 7.11)."""
    settings = model.parameters.memberships
    s = numbers.stream(model.seed, numbers.BREAK_AWAY, model.month)
    for i in side:
        alone = relations.utility(model, i, side, model.parameters.meetings.facilitation, False, True)
        here = relations.utility(model, i, c.members, relations.facilitation(model, c), c.is_paid, True)
        gain = alone - here + settings.schism_noise * numbers.gumbel(s, i.key, c.key)
        if not (gain > settings.schism_gain and alone > 0):
            return False
    return True


def name_cause(model: ReferenceModel, c: Coalition, side: list[Organization]) -> str:
    """Name the term in which the side gains most, the first of equals (ODD 7.11)."""
    gains = [0.0] * len(relations.TERMS)
    for i in side:
        alone = relations.utility_terms(model, i, side, model.parameters.meetings.facilitation, False, True)
        here = relations.utility_terms(model, i, c.members, relations.facilitation(model, c), c.is_paid, True)
        for position in range(len(gains)):
            gains[position] += alone[position] - here[position]
    return memberships.CAUSES[relations.TERMS[gains.index(max(gains))]]


def part_ways(model: ReferenceModel, c: Coalition, side: list[Organization]) -> None:
    """The side leaves, trust across the cut is lost, and it opens a coalition of its own (ODD 7.11)."""
    cause = name_cause(model, c, side)
    for i in side:
        coalitions.remove_member(c, i)
    kept = 1 - model.parameters.memberships.schism_trust_loss
    for i in side:
        for j in c.members:
            i.trust[j] *= kept
            j.trust[i] *= kept
    convener = min(side, key=lambda i: numbers.rank(i.record, i.lot))
    new = coalitions.open_coalition(model, side, convener, origin=1, month=model.month)
    model.counts["breakaways"] += 1
    model.counts["foundings"] += 1
    is_rival = coalitions.is_rival(model, new)
    model.counts["rival_foundings"] += 1 if is_rival else 0
    coalitions.log_founding(model, new, "rival_break_away" if is_rival else "break_away", cause)
