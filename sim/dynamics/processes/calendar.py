"""Apply calendar: shocks strike on their date, grant lines open and close on theirs."""

import math

from sim.compiler.jit import compiled, compiled_apart
from sim.dynamics.eligibility import is_within_dates
from sim.dynamics.membership import NOBODY, log_event
from sim.schema import codes

TOTAL_CUT, STREAM_SHIFT, SHORT_TERMS, NEW_CONDITION = 1, 2, 3, 4  # regimes.SHOCKS


@compiled_apart
def apply_calendar(seed, month, parameters, world, row):
    """Let the shock of this month strike, then open and close lines.

    Writes `programmes`, the log; under a cut awards, conveners, ledger. Without this process lines stay as at month 0.
    """
    programmes = world.programmes
    if parameters.shock_kind > 0 and month == parameters.shock_month:
        _strike(month, parameters, world)
    for g in range(programmes.term.size):
        programmes.is_open[g] = is_within_dates(programmes, g, month)


@compiled
def _strike(month, parameters, world):
    coalitions, programmes, log = world.coalitions, world.programmes, world.log
    kind = parameters.shock_kind
    log_event(log, month, codes.SHOCK, NOBODY, 0, NOBODY, NOBODY, codes.MONEY, kind)
    if kind == TOTAL_CUT:
        for c in range(coalitions.is_active.size):
            kept = coalitions.convener_months[c] * (1.0 - parameters.shock_cut_share)
            coalitions.convener_months[c] = math.floor(kept + 0.5)
    for g in range(programmes.term.size):
        if kind == TOTAL_CUT:
            _cut(g, parameters.shock_cut_share, world)
        elif kind == STREAM_SHIFT and programmes.pays_for[g, parameters.shock_from]:
            programmes.pays_for[g, parameters.shock_from] = False
            programmes.pays_for[g, parameters.shock_to] = True
        elif kind == SHORT_TERMS:
            programmes.term[g] = min(programmes.term[g], parameters.shock_term)
        elif kind == NEW_CONDITION:
            programmes.stance_low[g] = parameters.shock_stance_low
            programmes.stance_high[g] = parameters.shock_stance_high
            programmes.ambiguity[g] = parameters.shock_ambiguity
            if parameters.shock_exclusive:
                programmes.is_exclusive[g] = True


@compiled
def _cut(g, cut_share, world):
    """Take `cut_share` from the coming rounds of line g and from what its running awards still hold."""
    organizations, programmes, environment = world.organizations, world.programmes, world.environment
    programmes.pot_cents[g] -= math.floor(programmes.pot_cents[g] * cut_share + 0.5)
    for i in range(organizations.is_open.size):
        taken = math.floor(organizations.award_cents[i, g] * cut_share + 0.5)
        organizations.award_cents[i, g] -= taken
        environment.ledger[codes.RETURNED] += taken
        if organizations.award_cents[i, g] == 0:
            organizations.award_months[i, g] = 0
