"""`serve_and_refer` (ODD 7): people seek services, are served, or referred to a partner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import numbers, relations

if TYPE_CHECKING:
    from tests.verification.reference.agents import Organization
    from tests.verification.reference.model import ReferenceModel


def serve_and_refer(model: ReferenceModel) -> None:
    """Serve one population after the other (ODD 7.4)."""
    model.counts["referrals"] = 0.0
    for k, population in enumerate(model.parameters.field.populations):
        serve_population(model, k, population)


def serve_population(model: ReferenceModel, k: int, population: str) -> None:
    """Let people arrive and land, serve them where there is room, refer the rest (ODD 7.4)."""
    settings = model.parameters.services
    s = numbers.stream(model.seed, numbers.SERVE, model.month)
    noise = settings.demand_noise
    factor = numbers.exp(noise * numbers.normal(s, k, 0) - 0.5 * noise * noise)
    extra = model.parameters.awareness.awareness_arrivals
    arrivals = model.demand[population] * (1 + extra * model.awareness) * factor
    model.in_need[population] = model.demand[population] * (1 + extra) * factor
    providers = [i for i in model.organizations if i.is_open]
    capacity = room = 0.0
    for i in providers:
        capacity += i.capacity
        room += i.capacity * i.mix[population]
    unmet: dict[Organization, float] = {}
    spare: dict[Organization, float] = {}
    total_unmet = 0.0 if capacity > 0 else arrivals
    q = settings.misdirected_share
    for i in providers:
        own_room = i.capacity * i.mix[population]
        part = i.capacity / capacity if capacity > 0 else 0.0
        if room > 0:
            part = q * i.capacity / capacity + (1 - q) * own_room / room
        landed = arrivals * part
        at_home = min(landed, own_room)
        unmet[i] = landed - at_home
        spare[i] = own_room - at_home
        total_unmet += unmet[i]
    kept = refer(model, providers, unmet, spare)
    model.arrivals[population] = arrivals
    model.unmet[population] = max(total_unmet - kept, 0.0)
    model.served[population] = max(arrivals - model.unmet[population], 0.0)
    model.counts["referrals"] += kept


def refer(
    model: ReferenceModel,
    providers: list[Organization],
    unmet: dict[Organization, float],
    spare: dict[Organization, float],
) -> float:
    """Refer the unmet of each organization to others by trust; return how many were served there (ODD 7.4)."""
    unit: dict[Organization, float] = {}
    wanted = dict.fromkeys(providers, 0.0)
    for i in providers:
        if unmet[i] > 0:
            total = 0.0
            for j in providers:
                if i is not j and spare[j] > 0:
                    total += propensity(model, i, j)
            unit[i] = unmet[i] / max(total, 1.0)
            for j in providers:
                if i is not j and spare[j] > 0:
                    wanted[j] += unit[i] * propensity(model, i, j)
    total_kept = 0.0
    for i in providers:
        for j in providers:
            if i is j or i not in unit or spare[j] <= 0 or wanted[j] <= 0:
                continue
            kept = unit[i] * propensity(model, i, j) * min(spare[j] / wanted[j], 1.0)
            total_kept += kept
            i.trust[j] += model.parameters.services.referral_trust_gain * min(kept, 1.0) * (1 - i.trust[j])
    return total_kept


def propensity(model: ReferenceModel, i: Organization, j: Organization) -> float:
    """p_ij: how readily i refers to j (ODD 7.4, referral propensity)."""
    settings = model.parameters.services
    if relations.joint(model, i, j) == 0:
        return settings.referral_rate * i.trust[j] * settings.referral_outside
    if relations.formal(model, i, j) > 0:
        return min(settings.referral_rate * i.trust[j] * (1 + settings.mou_referral_bonus), 1.0)
    return settings.referral_rate * i.trust[j]
