"""`drift` (ODD 7): mission and stance drift toward what pays, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import relations
from tests.verification.reference.numbers import clip

if TYPE_CHECKING:
    from tests.verification.reference.model import ReferenceModel


def drift(model: ReferenceModel) -> None:
    """Let money in hand pull mix and stance, and founding mission and viewpoint pull them back (ODD 7.9)."""
    settings = model.parameters.drift
    for i in model.organizations:
        if not i.is_open:
            continue
        leverage = i.dependence * (0.5 + 0.5 * i.stress)
        for g in model.programmes:
            if i.award_months[g] == 0:
                continue
            fit = relations.fit(i, g)
            if 0 < fit < 1 - 1e-12:
                for population in i.mix:
                    wanted = i.mix[population] / fit if g.pays_for[population] else 0.0
                    i.mix[population] += settings.mission_drift * leverage * (wanted - i.mix[population])
            if not (g.low <= -1 and g.high >= 1):
                i.stance += settings.silence_drift * leverage * (0 - i.stance)
                i.stance += settings.stance_drift * leverage * (clip(i.stance, g.low, g.high) - i.stance)
        for population in i.mix:
            i.mix[population] += settings.mission_anchor * (i.mission[population] - i.mix[population])
        home = 0.0 if i.is_silent else i.viewpoint
        i.stance += settings.stance_anchor * (home - i.stance)
