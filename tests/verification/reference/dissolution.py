"""`dissolve` (ODD 7): coalitions end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import coalitions, numbers

if TYPE_CHECKING:
    from tests.verification.reference.agents import Coalition
    from tests.verification.reference.model import ReferenceModel


def dissolve(model: ReferenceModel) -> None:
    """Age every coalition and end those too small, inactive, or done (ODD 7.12)."""
    settings = model.parameters.memberships
    has_joint_line = any(g.is_open and g.is_joint for g in model.programmes)
    for c in model.active_coalitions:
        c.age_months += 1
        if c.is_mandated and not has_joint_line:
            c.convener_months = 0
        c.inactive_months = c.inactive_months + 1 if c.activity < settings.inactive_activity else 0
        cause = find_end(model, c)
        if cause:
            model.counts["dissolutions"] += 1
            model.log("dissolve", coalition=c, cause=cause, size=c.size)
            coalitions.end_coalition(model, c)


def find_end(model: ReferenceModel, c: Coalition) -> str:
    """Return why a coalition ends, nothing if it goes on (ODD 7.12)."""
    settings = model.parameters.memberships
    if c.size < 2:
        return "too few members"
    if c.inactive_months >= settings.dissolve_after:
        return "inactivity"
    s = numbers.stream(model.seed, numbers.DISSOLVE, model.month)
    if numbers.uniform(s, c.key, 0) < settings.disband_rate:
        return "goal met or dropped"
    return ""
