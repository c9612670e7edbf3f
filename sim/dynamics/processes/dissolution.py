"""Dissolve: coalitions under two members, long inactive, or done, come to an end.

A coalition whose convener was funded loses that support with the grant (`accounts` counts the months down), one founded
for money that only coalitions can win as soon as no such line is open; what follows shows in attendance (`meetings`)
and so here.
"""

import numpy as np

from sim.compiler.draws import stream, uniform
from sim.compiler.jit import compiled_apart
from sim.dynamics.membership import end_coalition
from sim.schema import codes

DISSOLVE = 10  # in the keys of its draws


@compiled_apart
def dissolve(seed, month, parameters, world, row):
    """End coalitions. Writes coalitions, memberships, the log and row.dissolutions."""
    coalitions, programmes = world.coalitions, world.programmes
    key = stream(seed, DISSOLVE, month)
    has_mandate = False
    for g in range(programmes.term.size):
        has_mandate = has_mandate or (programmes.is_joint[g] and programmes.is_open[g])
    for c in range(coalitions.is_active.size):
        if not coalitions.is_active[c]:
            continue
        coalitions.age_months[c] += 1
        if coalitions.is_mandated[c] and not has_mandate:
            coalitions.convener_months[c] = 0
        is_idle = coalitions.activity[c] < parameters.inactive_activity
        coalitions.inactive_months[c] = coalitions.inactive_months[c] + 1 if is_idle else 0
        if coalitions.size[c] < 2:
            end_coalition(month, c, codes.TOO_FEW, world, row)
        elif coalitions.inactive_months[c] >= parameters.dissolve_after:
            end_coalition(month, c, codes.INACTIVITY, world, row)
        elif uniform(key, coalitions.key[c], np.uint64(0)) < parameters.disband_rate:
            end_coalition(month, c, codes.GOAL_MET, world, row)
