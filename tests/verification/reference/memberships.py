"""`review_memberships` (ODD 7): organizations review their memberships; or the null model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import coalitions, numbers, relations

if TYPE_CHECKING:
    from tests.verification.reference.agents import Coalition, Organization
    from tests.verification.reference.model import ReferenceModel

CAUSES = {
    "complementarity": "complementary services",
    "trust": "trust",
    "tension": "viewpoint tension",
    "competition": "funding competition",
    "restriction": "funding restriction",
    "size": "size benefit",
    "joint_money": "joint money",
    "cost": "meeting cost",
    "threshold": "little benefit",
}


def review_memberships(model: ReferenceModel, month: int | None = None, review_share: float | None = None) -> None:
    """Let a share of the open organizations review, in random order (ODD 7.10).

    Founding rounds (ODD 5) have a month and a share of their own.
    """
    month = model.month if month is None else month
    review_share = model.parameters.memberships.review_share if review_share is None else review_share
    reviewers = draw_reviewers(model, month, review_share)
    for i in sorted(reviewers, key=lambda i: reviewers[i]):  # stable: equals in slot order
        review(model, i, month)


def draw_reviewers(model: ReferenceModel, month: int, review_share: float) -> dict[Organization, float]:
    """Return who reviews, in slot order, with the second uniform w2 of each (ODD 7.10)."""
    s = numbers.stream(model.seed, numbers.REVIEW_ORDER, month)
    words = {i: numbers.two_uniforms(s, i.key, 0) for i in model.organizations if i.is_open}
    return {i: second for i, (first, second) in words.items() if first < review_share}


def has_room(model: ReferenceModel, i: Organization) -> bool:
    """Return whether an organization may hold one more membership (ODD 7.10)."""
    return i.n_memberships < model.parameters.memberships.max_memberships


def review(model: ReferenceModel, i: Organization, month: int) -> None:
    """Stay, leave, join or found, whatever is worth most (ODD 7.10, "One review")."""
    settings = model.parameters.memberships
    s = numbers.stream(model.seed, numbers.REVIEW, month)

    def noise(y: int) -> float:
        return settings.choice_noise * numbers.gumbel(s, i.key, y)

    best, best_worth = None, noise(1)
    for c in model.active_coalitions:
        f = relations.facilitation(model, c)
        if i in c.members:
            worth = -relations.utility(model, i, c.members, f, c.is_paid, True)
            worth += noise((c.key + numbers.GOLDEN) % numbers.WORD)
            if worth > best_worth:
                best, best_worth = c, worth
        elif has_room(model, i) and 0 < c.size < settings.size_cap:
            worth = relations.utility(model, i, c.members, f, c.is_paid, False) + noise(c.key)
            if worth > best_worth and is_admitted(model, i, c):
                best, best_worth = c, worth
    if has_room(model, i) and coalitions.has_free_slot(model):
        partners = choose_partners(model, i)
        if partners:
            bonus = settings.mandate_bonus if hopes_for_mandate(model, i) else 0.0
            terms = relations.utility_terms(model, i, partners, model.parameters.meetings.facilitation, False, False)
            worth = 0.0
            for term in terms:
                worth += term
            worth = worth - settings.founding_effort + bonus + noise(2)
            if worth > best_worth:
                cause = name_benefit(terms, bonus)
                found(model, i, partners, cause, is_mandated=bonus > 0, month=month)
                return
    if best is None:
        return
    terms = relations.utility_terms(
        model, i, best.members, relations.facilitation(model, best), best.is_paid, i in best.members
    )
    if i in best.members:
        leave(model, i, best, name_grievance(terms), month)
    else:
        join(model, i, best, name_benefit(terms, 0.0), month)


def is_admitted(model: ReferenceModel, i: Organization, c: Coalition) -> bool:
    """Return whether the members let i in (ODD 7.10, Admission)."""
    settings = model.parameters.memberships
    if settings.admission == "open":
        return True
    f = relations.facilitation(model, c)
    yes = sum(1 for j in c.members if relations.affinity(model, j, i, f) >= settings.admission_threshold)
    return 2 * yes > c.size if settings.admission == "majority" else yes == c.size


def choose_partners(model: ReferenceModel, i: Organization) -> list[Organization]:
    """Return the partners with whom i could found a coalition (ODD 7.10, Founding)."""
    f = model.parameters.meetings.facilitation
    mutual: dict[Organization, float] = {}
    for j in model.organizations:
        if j is i or not j.is_open or relations.joint(model, i, j) > 0 or not has_room(model, j):
            continue
        value = relations.mutual_affinity(model, i, j, f)
        if value > 0:
            mutual[j] = value
    ranking = sorted(mutual, key=lambda j: numbers.rank(mutual[j], j.lot))
    partners = ranking[: model.parameters.memberships.founding_size - 1]
    group = [i, *partners]
    return [j for j in partners if relations.utility(model, j, group, f, False, False) > 0]


def hopes_for_mandate(model: ReferenceModel, i: Organization) -> bool:
    """Return whether i is eligible for an open line for coalitions (ODD 7.10, mandate bonus)."""
    return any(g.is_open and g.is_joint and i.eligible[g] for g in model.programmes)


def name_grievance(terms: list[float]) -> str:
    """Name why an organization leaves: its worst term if below -0.05 (ODD 7.10, Causes)."""
    named = dict(zip(relations.TERMS, terms, strict=True))
    worst = min(("tension", "competition", "restriction", "cost"), key=lambda name: named[name])
    return CAUSES[worst] if named[worst] < -0.05 else CAUSES["threshold"]


def name_benefit(terms: list[float], bonus: float) -> str:
    """Name why an organization joins or founds: its best term, or the mandate if larger (ODD 7.10, Causes)."""
    named = dict(zip(relations.TERMS, terms, strict=True))
    best = max(("complementarity", "trust", "size", "joint_money"), key=lambda name: named[name])
    return "mandate" if bonus > named[best] else CAUSES[best]


def leave(model: ReferenceModel, i: Organization, c: Coalition, cause: str, month: int) -> None:
    """Leave a coalition; logged with its size afterwards."""
    coalitions.remove_member(c, i)
    model.counts["exits"] += 1
    model.log("exit", organization=i, coalition=c, cause=cause, size=c.size, month=month)


def join(model: ReferenceModel, i: Organization, c: Coalition, cause: str, month: int) -> None:
    """Join a coalition; logged with its size afterwards."""
    coalitions.add_member(c, i)
    model.counts["joins"] += 1
    model.log("join", organization=i, coalition=c, cause=cause, size=c.size, month=month)


def found(
    model: ReferenceModel,
    i: Organization,
    partners: list[Organization],
    cause: str,
    is_mandated: bool,
    month: int,
) -> None:
    """Found a coalition with i as convener (ODD 7.10, Founding)."""
    c = coalitions.open_coalition(model, [i, *partners], i, origin=0, month=month)
    c.is_mandated = is_mandated
    is_rival = coalitions.is_rival(model, c)
    model.counts["foundings"] += 1
    model.counts["rival_foundings"] += 1 if is_rival else 0
    coalitions.log_founding(model, c, "rival_found" if is_rival else "found", cause, month)


def change_at_random(model: ReferenceModel) -> None:
    """Null model: a share of the open organizations moves at random, in slot order (ODD 7.10, Null model)."""
    for i, second in draw_reviewers(model, model.month, model.parameters.memberships.review_share).items():
        move_at_random(model, i, model.month, second)


def move_at_random(model: ReferenceModel, i: Organization, month: int, second: float) -> None:
    """Leave, join and found by chance alone (ODD 7.10, Null model)."""
    settings = model.parameters.memberships
    s = numbers.stream(model.seed, numbers.REVIEW, month)
    for c in model.active_coalitions:
        if c.size == 0:
            continue
        u = numbers.uniform(s, i.key, c.key)
        if i in c.members:
            if u < settings.null_leave_rate:
                leave(model, i, c, "chance", month)
        elif u < settings.null_join_rate and has_room(model, i) and c.size < settings.size_cap:
            join(model, i, c, "chance", month)
    if second < settings.null_found_rate and coalitions.has_free_slot(model) and has_room(model, i):
        others = [j for j in model.organizations if j is not i and j.is_open and has_room(model, j)]
        others.sort(key=lambda j: numbers.uniform(s, i.key, j.key))
        partners = others[: settings.founding_size - 1]
        if partners:
            found(model, i, partners, "chance", is_mandated=False, month=month)
