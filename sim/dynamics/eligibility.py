"""Who may have which money: dates and rounds of grant lines, fit to their populations and stances."""

from sim.compiler.jit import compiled, inlined
from sim.dynamics.relations import compute_overlap


@inlined
def compute_fit(mix, pays_for, i, g):
    """Return the share of i's effort that line g pays for. mix: (n, K), pays_for: (G, K)."""
    fit = 0.0
    for k in range(mix.shape[1]):
        fit += mix[i, k] if pays_for[g, k] else 0.0
    return fit


@inlined
def compute_stance_gap(position, low, high):
    """Return how far a position lies outside [low, high]."""
    return max(low - position, 0.0) + max(position - high, 0.0)


@compiled
def is_within_dates(programmes, g, month):
    """Say whether line g has money and runs in this month."""
    return programmes.pot_cents[g] > 0 and programmes.first_month[g] <= month <= programmes.last_month[g]


@compiled
def is_round(programmes, g, month):
    """Say whether line g decides in this month."""
    return programmes.is_open[g] and (month - programmes.first_month[g]) % programmes.interval[g] == 0


@compiled
def is_eligible(world, i, g, parameters):
    """Say whether i may apply to line g by what it does and what it says; staying ambiguous may pass at the round."""
    organizations, programmes = world.organizations, world.programmes
    if not organizations.is_open[i]:
        return False
    if compute_fit(organizations.mix, programmes.pays_for, i, g) < parameters.eligibility_threshold - 1e-9:
        return False
    gap = compute_stance_gap(organizations.stance[i], programmes.stance_low[g], programmes.stance_high[g])
    return gap <= 1e-9


@compiled
def refresh(parameters, world):
    """Derive overlap (n, n) and eligibility (n, G) from the present mixes and stances. Writes both."""
    organizations, dyads = world.organizations, world.dyads
    n = organizations.is_open.size
    for i in range(n):
        for j in range(i + 1):
            overlap = compute_overlap(organizations.mix, i, j)
            dyads.overlap[i, j] = overlap
            dyads.overlap[j, i] = overlap
        refresh_eligibility(world, i, parameters)


@compiled
def refresh_eligibility(world, i, parameters):
    """Derive organization i's eligibility for every line. Writes eligible[i]."""
    organizations, programmes = world.organizations, world.programmes
    for g in range(programmes.term.size):
        organizations.eligible[i, g] = is_eligible(world, i, g, parameters)
