"""Turn over staff: with a contact person goes the relational trust on an organization's ties."""

import numpy as np

from sim.compiler.draws import exponential, logarithm, stream, uniform
from sim.compiler.jit import compiled
from sim.dynamics.relations import compute_baseline_trust

TURNOVER = 3  # in the keys of its draws


@compiled
def turn_over_staff(seed, month, parameters, world, row):
    """Let contact persons leave. Writes trust.

    T = baseline + (T - baseline) · (1 - loss · (1 - protection where an MOU holds)), in both directions.
    Source of the MOU's part: LCHT partnership toolkit (responsibility-based trust stays); rates: see `Staff`.
    """
    organizations, dyads = world.organizations, world.dyads
    key = stream(seed, TURNOVER, month)
    stays = 1.0 - min(parameters.annual_turnover, 0.999999)
    monthly_chance = 1.0 - exponential(logarithm(stays) / 12.0)
    n = organizations.is_open.size
    for i in range(n):
        if not organizations.is_open[i] or uniform(key, organizations.key[i], np.uint64(0)) >= monthly_chance:
            continue
        for j in range(n):
            if j != i:
                loss = parameters.turnover_trust_loss
                if dyads.formal[i, j] > 0:
                    loss *= 1.0 - parameters.mou_protection
                baseline = compute_baseline_trust(organizations.sector, i, j, parameters)
                _lose(dyads.trust, i, j, baseline, loss)
                _lose(dyads.trust, j, i, baseline, loss)


@compiled
def _lose(trust, i, j, baseline, loss):
    if trust[i, j] > baseline:
        trust[i, j] -= loss * (trust[i, j] - baseline)
