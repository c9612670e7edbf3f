"""`award_grants` (ODD 7): organizations and coalitions apply for awards, win, and lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import numbers, relations
from tests.verification.reference.conditions import STAY_AMBIGUOUS

if TYPE_CHECKING:
    from tests.verification.reference.agents import Coalition, Organization, Programme
    from tests.verification.reference.model import ReferenceModel


def award_grants(model: ReferenceModel) -> None:
    """Hold the round of every deciding line, in order (ODD 7.7)."""
    for g in model.programmes:
        if g.decides(model.month):
            hold_round(model, g)


def hold_round(model: ReferenceModel, g: Programme) -> None:
    """Hold one round: applicants, winners, losers, conveners, books (ODD 7.7)."""
    n_cohorts = 1
    if model.month == 1 and g.allocation != "formula":
        n_cohorts = max(g.term // g.interval, 1)
    for_conveners = numbers.floor(g.pot * g.convener_share)
    money = g.pot - for_conveners
    may_apply = [i for i in model.organizations if can_apply(model, g, i)]
    if g.is_joint:
        spent = award_to_coalitions(model, g, money, n_cohorts, may_apply)
    else:
        spent = award_to_organizations(model, g, money, n_cohorts, may_apply)
    spent += pay_conveners(model, g, for_conveners)
    budget = max(g.pot * (n_cohorts + 1) // 2, spent)
    model.ledger["budgeted"] += budget
    model.ledger["committed"] += spent
    model.ledger["unspent"] += budget - spent
    model.counts["awarded"] += spent / 100  # USD
    model.counts["budgeted"] += budget / 100
    model.counts["not_awarded"] += (budget - spent) / 100


def can_apply(model: ReferenceModel, g: Programme, i: Organization) -> bool:
    """Return whether an organization may apply (ODD 7.7, "Who may apply")."""
    if not i.is_open or i.award_months[g] > 0:
        return False
    passes = i.eligible[g]
    if not passes and i.response[g] == STAY_AMBIGUOUS:
        s = numbers.stream(model.seed, numbers.PASS_AMBIGUOUS, model.month)
        passes = numbers.uniform(s, i.key, g.key) < g.ambiguity
    return passes and g.award / 12 >= model.parameters.grants.application_threshold * i.need


def count_awards(g: Programme, money: int) -> int:
    """R: the number of awards a round (ODD 7.7)."""
    return max(numbers.floor(money / (g.award * g.term / 12) + 0.5), 1)


def size_award(g: Programme, amount: int, n_cohorts: int, rank: int) -> tuple[int, int]:
    """Return cents and months of the winner of a rank, from 0 (ODD 7.7, cohorts)."""
    if n_cohorts == 1:
        return amount, g.term
    months = g.interval * (n_cohorts - rank % n_cohorts)
    return amount * months // g.term, months


def give(
    model: ReferenceModel,
    g: Programme,
    i: Organization,
    cents: int,
    months: int,
    size: int,
    coalition: Coalition | None = None,
) -> None:
    """Give an award to an organization; its record grows; nothing of 0 cents is an award (ODD 7.7)."""
    if cents == 0:
        return
    i.award_cents[g] += cents
    i.award_months[g] = max(i.award_months[g], months)
    i.record += model.parameters.grants.record_gain * (1 - i.record)
    model.log("win", organization=i, coalition=coalition, line=g, cause="money", size=size)


def luck(model: ReferenceModel, g: Programme, key: int) -> float:
    """The Gumbel number of an applicant (ODD 7.7, score)."""
    return numbers.gumbel(numbers.stream(model.seed, numbers.AWARD, model.month), key, g.key)


def score_organization(model: ReferenceModel, g: Programme, i: Organization) -> float:
    """Score of an organization: fit, record, partnership, luck; by lottery luck alone (ODD 7.7)."""
    weights = model.parameters.grants
    if g.allocation == "lottery":
        return luck(model, g, i.key)
    partners = [j for j in model.organizations if j is not i and relations.joint(model, i, j) > 0]
    total = 0.0
    for j in partners:
        total += j.trust[i]
    partnership = total / len(partners) if partners else 0.0
    return (
        weights.fit_weight * relations.fit(i, g)
        + weights.record_weight * i.record
        + weights.partnership_weight * partnership
        + weights.luck * luck(model, g, i.key)
    )


def award_to_organizations(
    model: ReferenceModel, g: Programme, money: int, n_cohorts: int, applicants: list[Organization]
) -> int:
    """Award to the organizations of highest score; the losers feel it (ODD 7.7, "Organizations apply", "Losers")."""
    if not applicants:
        return 0
    scores = {i: score_organization(model, g, i) for i in applicants}
    ranking = sorted(applicants, key=lambda i: numbers.rank(scores[i], i.lot))
    if g.allocation == "formula":
        n_awards, amount = len(applicants), money // len(applicants)
    else:
        n_awards = count_awards(g, money)
        amount = money // n_awards
    winners, spent = ranking[: n_awards * n_cohorts], 0
    for rank, i in enumerate(winners):
        cents, months = size_award(g, amount, n_cohorts, rank)
        give(model, g, i, cents, months, 1)
        spent += cents
    scarcity = 1 - len(winners) / len(applicants)
    for i in applicants:
        if i not in winners:
            lose(model, g, i, winners, scarcity)
    model.counts["requested"] += len(applicants) * (amount / 100)  # USD
    model.counts["applications"] += len(applicants)
    model.counts["successes"] += len(winners)
    return spent


def lose(model: ReferenceModel, g: Programme, i: Organization, winners: list[Organization], scarcity: float) -> None:
    """A loser remembers, and trusts winners who serve the same people less (ODD 7.7, "Losers")."""
    settings = model.parameters.grants
    i.recent_loss = max(i.recent_loss, min(g.award / 12 / max(i.need, 1), 1.0))
    for j in winners:
        trust = i.trust[j]
        softened = 1 - settings.trust_softening * trust
        i.trust[j] = trust - settings.rival_trust_loss * i.overlap[j] * scarcity * softened * trust
    model.log("lose", organization=i, line=g, cause="money", size=1)


def score_coalition(model: ReferenceModel, g: Programme, c: Coalition) -> float:
    """Score of a coalition: mean fit and record, trust and depth, luck; by lottery luck alone (ODD 7.7)."""
    weights = model.parameters.grants
    if g.allocation == "lottery":
        return luck(model, g, c.key)
    fit = record = trust = 0.0
    for i in c.members:
        fit += relations.fit(i, g)
        record += i.record
        for j in c.members:
            if i is not j:
                trust += i.trust[j]
    n_pairs = c.size * (c.size - 1)
    return (
        weights.fit_weight * (fit / c.size)
        + weights.record_weight * (record / c.size)
        + weights.partnership_weight * (trust / n_pairs + c.depth)
        + weights.luck * luck(model, g, c.key)
    )


def coalition_can_apply(g: Programme, c: Coalition, may_apply: list[Organization]) -> bool:
    """Return whether a coalition may apply, given who may (ODD 7.7, "Coalitions apply")."""
    able = [i for i in c.members if i in may_apply]
    has_sectors = all(any(i.sector == sector for i in able) for sector in g.required_sectors)
    return c.size >= 2 and len(able) >= g.min_partners and has_sectors


def award_to_coalitions(
    model: ReferenceModel, g: Programme, money: int, n_cohorts: int, may_apply: list[Organization]
) -> int:
    """Award to coalitions, best first, as long as members are left that may apply (ODD 7.7, "Coalitions apply")."""
    may_apply = list(may_apply)
    applicants = [c for c in model.active_coalitions if coalition_can_apply(g, c, may_apply)]
    if not applicants:
        return 0
    n_awards = count_awards(g, money)
    amount, spent = money // n_awards, 0
    model.counts["requested"] += len(applicants) * (amount / 100)  # USD
    model.counts["applications"] += len(applicants)
    for rank in range(n_awards * n_cohorts):
        left = [c for c in model.active_coalitions if coalition_can_apply(g, c, may_apply)]
        if not left:
            break
        best = min(left, key=lambda c: numbers.rank(score_coalition(model, g, c), c.key))
        cents, months = size_award(g, amount, n_cohorts, rank)
        give_to_coalition(model, g, best, cents, months, may_apply)
        spent += cents
        model.counts["successes"] += 1
    for c in model.active_coalitions:
        if coalition_can_apply(g, c, may_apply):
            c.convener.recent_loss = max(c.convener.recent_loss, model.parameters.grants.coalition_loss)
            model.log("lose", organization=c.convener, coalition=c, line=g, cause="money", size=c.size)
    return spent


def give_to_coalition(
    model: ReferenceModel, g: Programme, c: Coalition, cents: int, months: int, may_apply: list[Organization]
) -> None:
    """Split an award between the lead and its partners; they may not apply again this round (ODD 7.7)."""
    able = [i for i in c.members if i in may_apply]
    lead = c.convener if c.convener in able else min(able, key=lambda i: numbers.rank(i.record, i.lot))
    c.convener = lead
    c.convener_months = max(c.convener_months, months)
    partners = [i for i in able if i is not lead]
    share = numbers.floor(cents * g.sub_award_share) // len(partners) if partners else 0
    for i in able:
        may_apply.remove(i)
        part = share if i is not lead else cents - share * len(partners)
        give(model, g, i, part, months, len(able), c)
    if g.requires_mou and not c.is_formal:
        c.is_formal = True
        model.log("sign_mou", coalition=c, line=g, cause="money", size=c.size)


def pay_conveners(model: ReferenceModel, g: Programme, money: int) -> int:
    """Pay the conveners of coalitions of three or more in equal parts (ODD 7.7, "Conveners")."""
    hosts = [c for c in model.active_coalitions if c.size >= 3]
    if not hosts or money < len(hosts):
        return 0
    for c in hosts:
        give(model, g, c.convener, money // len(hosts), g.term, c.size, c)
        c.convener_months = max(c.convener_months, g.term)
    return money // len(hosts) * len(hosts)
