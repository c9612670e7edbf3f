"""Drift: service mix and stance move toward what is funded, against an anchor.

Source of the direction: resource dependence; drift is partial (Majic 2014). Rates are assumed.
"""

from sim.compiler.jit import compiled, compiled_apart
from sim.dynamics.eligibility import compute_fit
from sim.dynamics.relations import clip


@compiled_apart
def drift(seed, month, parameters, world, row):
    """Move mixes and stances by one month. Writes mix and stance.

    Pull = rate · dependence · (0.5 + 0.5 · stress) toward the populations and stances of the awards held; the anchor
    pulls back to the mission and to the private viewpoint (to silence for those without a public position).
    """
    organizations, programmes = world.organizations, world.programmes
    for i in range(organizations.is_open.size):
        if organizations.is_open[i]:
            leverage = organizations.dependence[i] * (0.5 + 0.5 * organizations.stress[i])
            for g in range(programmes.term.size):
                if organizations.award_months[i, g] > 0:
                    _follow_mission(i, g, parameters.mission_drift * leverage, world)
                    _follow_stance(i, g, parameters, leverage, world)
            _return_to_anchor(i, parameters, organizations)


@compiled
def _follow_mission(i, g, rate, world):
    """Shift effort toward the populations line g pays for, in i's own proportions; rows keep their sum."""
    organizations, programmes = world.organizations, world.programmes
    fit = compute_fit(organizations.mix, programmes.pays_for, i, g)
    if fit <= 0.0 or fit >= 1.0 - 1e-12:
        return
    for k in range(organizations.mix.shape[1]):
        wanted = organizations.mix[i, k] / fit if programmes.pays_for[g, k] else 0.0
        organizations.mix[i, k] += rate * (wanted - organizations.mix[i, k])


@compiled
def _follow_stance(i, g, parameters, leverage, world):
    organizations, programmes = world.organizations, world.programmes
    low, high = programmes.stance_low[g], programmes.stance_high[g]
    if low <= -1.0 and high >= 1.0:
        return
    stance = organizations.stance[i]
    stance += parameters.silence_drift * leverage * (0.0 - stance)
    organizations.stance[i] = stance + parameters.stance_drift * leverage * (clip(stance, low, high) - stance)


@compiled
def _return_to_anchor(i, parameters, organizations):
    for k in range(organizations.mix.shape[1]):
        organizations.mix[i, k] += parameters.mission_anchor * (organizations.mission[i, k] - organizations.mix[i, k])
    home = 0.0 if organizations.is_silent[i] else organizations.viewpoint[i]
    organizations.stance[i] += parameters.stance_anchor * (home - organizations.stance[i])
