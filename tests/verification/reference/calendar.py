"""`apply_calendar` (ODD 7): shocks strike, grant lines open and close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.schema.regimes import SHOCKS
from tests.verification.reference.numbers import round_half_up

if TYPE_CHECKING:
    from tests.verification.reference.agents import Programme
    from tests.verification.reference.model import ReferenceModel


def apply_calendar(model: ReferenceModel) -> None:
    """Strike the shock in its month, then open or close every line (ODD 7.1)."""
    shock = model.parameters.shock
    if shock.name != "none" and model.month == shock.month:
        model.log("shock", cause="money", size=SHOCKS.index(shock.name))
        for g in model.programmes:
            strike(model, g)
        if shock.name == "total_cut":
            for c in model.active_coalitions:
                c.convener_months = round_half_up(c.convener_months * (1 - shock.cut_share))
    for g in model.programmes:
        g.is_open = g.is_within_dates(model.month)


def strike(model: ReferenceModel, g: Programme) -> None:
    """Change one grant line as the shock says (ODD 7.1)."""
    shock = model.parameters.shock
    if shock.name == "total_cut":
        g.pot -= round_half_up(g.pot * shock.cut_share)
        for i in model.organizations:
            if i.award_months[g] > 0:
                taken = round_half_up(i.award_cents[g] * shock.cut_share)
                i.award_cents[g] -= taken
                model.ledger["returned"] += taken
                if i.award_cents[g] == 0:
                    i.award_months[g] = 0
    elif shock.name == "stream_shift":
        if g.pays_for[shock.from_population]:
            g.pays_for[shock.from_population] = False
            g.pays_for[shock.to_population] = True
    elif shock.name == "short_terms":
        g.term = min(g.term, shock.term_months)
    elif shock.name == "new_condition":
        g.low, g.high, g.ambiguity = shock.stance_low, shock.stance_high, shock.ambiguity
        g.is_exclusive = g.is_exclusive or shock.exclusive
