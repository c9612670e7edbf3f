"""`raise_awareness` (ODD 7): coalitions make the subject known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference.numbers import clip, power

if TYPE_CHECKING:
    from tests.verification.reference.model import ReferenceModel


def raise_awareness(model: ReferenceModel) -> None:
    """Move public awareness by the work of coalitions of two or more (ODD 7.5)."""
    settings = model.parameters.awareness
    work = 0.0
    for c in model.active_coalitions:
        if c.size >= 2:
            floor = settings.awareness_floor
            work += power(c.size, settings.awareness_concavity) * c.activity * (floor + (1 - floor) * c.depth)
    full = power(len(model.organizations), settings.awareness_concavity)
    a = model.awareness
    gain = settings.awareness_gain * min(work / full, 1.0) * (1 - a)
    model.awareness = clip(a + gain - settings.awareness_decay * a, 0.0, 1.0)
