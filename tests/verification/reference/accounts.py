"""`settle_accounts` (ODD 7): income, spending, stress; organizations close and newcomers open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import coalitions, field, numbers, relations

if TYPE_CHECKING:
    from tests.verification.reference.agents import Organization
    from tests.verification.reference.model import ReferenceModel


def settle_accounts(model: ReferenceModel) -> None:
    """Settle the month of every open organization, then close and open (ODD 7.8)."""
    for c in model.active_coalitions:
        c.convener_months = max(c.convener_months - 1, 0)
    for i in model.organizations:
        i.paid = 0
        if i.is_open:
            settle(model, i)
            i.age_months += 1
    close_organizations(model)
    open_organizations(model)


def receive_awards(model: ReferenceModel, i: Organization) -> int:
    """Return this month's payments of all awards, taken from what is still to come (ODD 7.8, paid)."""
    paid = 0
    for g in model.programmes:
        if i.award_months[g] > 0:
            part = i.award_cents[g] // i.award_months[g]
            i.award_cents[g] -= part
            i.award_months[g] -= 1
            paid += part
    return paid


def settle(model: ReferenceModel, i: Organization) -> None:
    """Book the income and spending of one organization (ODD 7.8)."""
    settings, awareness = model.parameters.accounts, model.parameters.awareness
    s = numbers.stream(model.seed, numbers.SETTLE, model.month)
    paid = receive_awards(model, i)
    noise = max(1 + settings.income_noise * numbers.normal(s, i.key, 0), 0.0)
    donations = i.need * settings.donation_share * (1 + awareness.awareness_donations * model.awareness) * noise
    donated = numbers.round_half_up(max(donations - settings.crowd_out * paid, 0.0))
    surplus = max(i.reserve - settings.reserve_target_months * i.need, 0.0)
    services = i.need * (1 - settings.austerity * i.stress) + settings.surplus_spending * surplus
    i.capacity = i.base_capacity * min(services / max(i.need, 1), settings.capacity_ceiling)
    spent = numbers.round_half_up(services) + i.cost
    i.cost = 0
    i.paid = paid
    income = i.own_income + donated + paid
    i.reserve += income - spent
    i.stress = relations.compute_stress(model, i)
    quotient = paid / income if income > 0 else 0.0
    i.dependence += (quotient - i.dependence) / settings.dependence_months
    i.record *= model.parameters.grants.record_memory
    i.recent_loss *= model.parameters.grants.loss_memory
    i.deficit_months = i.deficit_months + 1 if i.reserve < 0 else 0
    for name, cents in (("own", i.own_income), ("donated", donated), ("paid", paid), ("spent", spent)):
        model.ledger[name] += cents


def close_organizations(model: ReferenceModel) -> None:
    """Close organizations too long without reserves (ODD 7.8, Closing)."""
    settings = model.parameters.accounts
    s = numbers.stream(model.seed, numbers.CLOSE, model.month)
    for i in model.organizations:
        if not i.is_open or i.deficit_months <= settings.closure_grace_months:
            continue
        if numbers.uniform(s, i.key, 0) >= settings.closure_rate:
            continue
        i.is_open = False
        for c in i.coalitions:
            coalitions.remove_member(c, i)
        for c in model.active_coalitions:
            if i in c.founders:
                c.founders.remove(i)  # a newcomer in its slot is no founder
        for g in model.programmes:
            model.ledger["returned"] += i.award_cents[g]
            i.award_cents[g] = i.award_months[g] = 0
            i.eligible[g] = False
        model.ledger["written_off"] += i.reserve
        i.reserve = 0
        model.counts["closures"] += 1
        model.log("close", organization=i, cause="money", size=1)


def open_organizations(model: ReferenceModel) -> None:
    """Let newcomers take closed slots (ODD 7.8, Opening)."""
    s = numbers.stream(model.seed, numbers.OPEN, model.month)
    for i in model.organizations:
        if i.is_open or numbers.uniform(s, i.key, 0) >= model.parameters.accounts.opening_rate:
            continue
        i.is_open = True
        i.generation += 1
        i.key = numbers.philox(i.home_key, i.generation, 0)[0]
        field.draw_attributes(model, i, None)
        for j in model.organizations:
            if i is not j:
                i.trust[j] = j.trust[i] = relations.baseline(model, i, j)
            i.overlap[j] = j.overlap[i] = relations.overlap(i, j)
        model.ledger["endowed"] += i.reserve
        model.counts["openings"] += 1
        model.log("open", organization=i, cause="chance", size=1)
