"""The bilateral Shapley rule of Mesa's example of alliance formation, in code of our own, as a comparison.

Source: `mesa/examples/advanced/alliance_formation` of projectmesa/mesa. Alliances merge two by two and never part.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from sim.errors import GameError
from sim.games.hedonic import Partition

SYNERGY = 1.2


def join_two(power: tuple[float, float], position: tuple[float, float]) -> tuple[float, float] | None:
    """Return power and position of the alliance of two, or None where not both gain.

    Joint worth = 1.2 · sum of powers · (1 - distance of positions); each gets the Shapley value of the two, half of its
    own power and half of what it adds to the other's. The alliance's position is 1 less the distance, as there.
    """
    closeness = 1.0 - abs(position[1] - position[0])
    joint = SYNERGY * (power[0] + power[1]) * closeness
    shares = [0.5 * own + 0.5 * (joint - other) for own, other in (power, power[::-1])]
    return (joint, closeness) if shares[0] > power[0] and shares[1] > power[1] else None


def form_alliances(power: Sequence[float], position: Sequence[float]) -> Partition:
    """Return the groups that the rule ends with: again and again the two whose alliance is worth most merge.

    power: above 0; position: in [0, 1]. Among equals the first pair in the order of players. Mesa lets many pairs merge
    in one step and keeps levels; here one pair merges at a time, so that no order of agents matters.
    """
    if len(power) != len(position) or not len(power):
        raise GameError(f"{len(power)} powers and {len(position)} positions: must be as many, one or more")
    if min(power) < 0 or not all(0 <= one <= 1 for one in position):
        raise GameError("power must be 0 or more, position in [0, 1]")
    groups = [((at,), float(power[at]), float(position[at])) for at in range(len(power))]
    while True:
        best = None
        for one, other in combinations(range(len(groups)), 2):
            found = join_two((groups[one][1], groups[other][1]), (groups[one][2], groups[other][2]))
            if found and (best is None or found[0] > best[2][0] + 1e-12):
                best = (one, other, found)
        if best is None:
            return tuple(sorted(group for group, _, _ in groups))
        one, other, (joint, closeness) = best
        merged = (tuple(sorted(groups[one][0] + groups[other][0])), joint, closeness)
        groups = [group for at, group in enumerate(groups) if at not in (one, other)] + [merged]
        groups.sort()
