"""One month of a run as games: its open organizations as players, with the utilities of the model itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import GameError
from sim.games.hedonic import Group, HedonicGame, Partition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.schema.state import World

PROJECTIONS = ("largest", "valued")


class Snapshot(NamedTuple):
    """n open organizations and C coalitions of one month. Players are 0 to n - 1; `names` tells their numbers."""

    month: int
    names: tuple[str, ...]  # numbers of the organizations, as in the tables
    game: HedonicGame  # of partitions: each in one coalition, newly founded
    serials: tuple[int, ...]  # numbers of the coalitions, as in the tables
    coalitions: tuple[Group, ...]  # their members
    worth: NDArray[Any]  # (C, n) U_ic in the model itself, where one may sit in several
    provides: NDArray[Any]  # (n, K) bool, gives `observation.provider_share` of its effort or more
    power: NDArray[Any]  # (n,) monthly need in USD
    position: NDArray[Any]  # (n,) stance, brought to [0, 1]

    def project(self, by: str = "largest") -> Partition:
        """Return a partition: each organization in one of the coalitions it sits in, in none alone.

        by: `largest`, that with most members, as the results' table of members has it; `valued`, that with the largest
        U_ic. Ties go to the other of the two, then to the older coalition. Raises `GameError`.
        """
        if by not in PROJECTIONS:
            raise GameError(f"projection {by!r}: must be one of {', '.join(PROJECTIONS)}")
        groups: dict[tuple[str, int], list[int]] = {}
        for player in range(len(self.names)):
            seats = [c for c, members in enumerate(self.coalitions) if player in members]
            size = {c: len(self.coalitions[c]) for c in seats}
            order = {c: (size[c], self.worth[c, player]) for c in seats}
            if by == "valued":
                order = {c: (self.worth[c, player], size[c]) for c in seats}
            home = max(seats, key=lambda c: (*order[c], -self.serials[c]), default=None)
            groups.setdefault(("alone", player) if home is None else ("in", home), []).append(player)
        return tuple(sorted(map(tuple, groups.values())))

    def pick(self, players: Group) -> NDArray[Any]:
        """Return which populations each of some players serves, (n of them, K)."""
        return self.provides[list(players)]


def take_snapshot(world: World, record: Any, month: int) -> Snapshot:
    """Return the games of a world as it stands at the end of a month, with nothing of it left shared.

    record: the numbers that kernels read (`Inputs.record`). The hedonic game takes U_ic of `utility.compute_utility`
    for a newly founded coalition whose members sit in no other: a_ij averaged over the others, the benefit of size,
    hope for joint money, cost and threshold. To be alone is to belong to none, worth 0. What history gives a coalition
    (a funded convener) is in `worth` and not in the game. Caps on size and on memberships bind neither.
    """
    from sim.games import measuring

    organizations, coalitions = world.organizations, world.coalitions
    n = len(organizations.is_open)
    affinity, offset, members = np.zeros((n, n)), np.zeros((n, n + 1)), np.zeros(n, "u4")
    worth = np.zeros((len(coalitions.is_active), n))
    apart = world._replace(dyads=world.dyads._replace(joint=np.zeros_like(world.dyads.joint)))
    with np.errstate(over="ignore", invalid="ignore"):
        measuring.measure_game(record, apart, members, affinity, offset)
        measuring.measure_memberships(record, world, members, worth)
    is_open = np.flatnonzero(organizations.is_open)
    place = {slot: player for player, slot in enumerate(is_open.tolist())}
    active = [c for c in np.flatnonzero(coalitions.is_active).tolist() if coalitions.member[c].any()]
    active.sort(key=lambda c: coalitions.number[c])
    sizes = np.arange(len(is_open) + 1.0)
    game = HedonicGame(
        affinity[is_open][:, is_open],
        1.0 / np.maximum(sizes - 1.0, 1.0),
        offset[is_open, : len(sizes)],
    )
    return Snapshot(
        month,
        tuple(str(slot + 1) for slot in place),
        game,
        tuple(int(coalitions.number[c]) + 1 for c in active),
        tuple(tuple(place[slot] for slot in np.flatnonzero(coalitions.member[c]).tolist()) for c in active),
        worth[active][:, is_open],
        organizations.mix[is_open] >= record.provider_share,
        organizations.need_cents[is_open] / 100.0,
        (organizations.stance[is_open] + 1.0) / 2.0,
    )
