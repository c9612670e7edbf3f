"""`turn_over_staff` (ODD 7): staff leaves and takes trust along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import numbers, relations

if TYPE_CHECKING:
    from tests.verification.reference.model import ReferenceModel


def turn_over_staff(model: ReferenceModel) -> None:
    """Where the contact person leaves, trust above the baseline is lost both ways; an MOU keeps part (ODD 7.3)."""
    settings = model.parameters.staff
    chance = 1 - numbers.exp(numbers.ln(1 - min(settings.annual_turnover, 0.999999)) / 12)
    s = numbers.stream(model.seed, numbers.TURNOVER, model.month)
    for i in model.organizations:
        if not i.is_open or numbers.uniform(s, i.key, 0) >= chance:
            continue
        for j in model.organizations:
            if i is j:
                continue
            protection = settings.mou_protection if relations.formal(model, i, j) > 0 else 0.0
            loss = settings.turnover_trust_loss * (1 - protection)
            floor = relations.baseline(model, i, j)
            if i.trust[j] > floor:
                i.trust[j] -= loss * (i.trust[j] - floor)
            if j.trust[i] > floor:
                j.trust[i] -= loss * (j.trust[i] - floor)
