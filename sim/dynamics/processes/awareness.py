"""Raise awareness: what coalitions do in public adds to a stock that fades."""

from sim.compiler.jit import compiled
from sim.dynamics.relations import clip, compute_concave_size


@compiled
def raise_awareness(seed, month, parameters, world, row):
    """Move the awareness stock. Writes environment.awareness.

    Each coalition adds size**concavity · activity · (floor + (1 - floor) · depth), relative to one coalition of all
    slots at full activity; even shallow coalitions raise awareness (Callahan 2016). Rates are assumed.
    """
    coalitions, environment = world.coalitions, world.environment
    work = 0.0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c] and coalitions.size[c] >= 2:
            depth = parameters.awareness_floor + (1.0 - parameters.awareness_floor) * coalitions.depth[c]
            size = compute_concave_size(coalitions.size[c], parameters.awareness_concavity)
            work += size * coalitions.activity[c] * depth
    full = compute_concave_size(world.organizations.is_open.size, parameters.awareness_concavity)
    stock = environment.awareness[0]
    gain = parameters.awareness_gain * min(work / full, 1.0) * (1.0 - stock)
    environment.awareness[0] = clip(stock + gain - parameters.awareness_decay * stock, 0.0, 1.0)
