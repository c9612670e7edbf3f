"""Bridging organizations: one organization with a seat in several localities.

All its seats have one key, so they meet the same luck; once a month they share one account and one position. A seat
that closes is a branch given up: the organization that follows there is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.compiler import draws
from sim.compiler.blocks import DIMENSIONS, list_blocks
from sim.schema.keys import entity_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.engine.localities import Localities
    from sim.schema.parameters import Parameters
    from sim.schema.state import Organizations


class Bridges:
    """seats: (B, seats) int64, the slots of each bridging organization among those of all localities."""

    def __init__(self, seats: NDArray[Any]) -> None:
        """Keep the seats."""
        self.seats = seats

    def __len__(self) -> int:
        return len(self.seats)

    @classmethod
    def seat(cls, parameters: Parameters, field: Localities, state: NDArray[Any]) -> Bridges:
        """Seat the bridging organizations of each state in localities drawn by name. Writes the keys of the roster.

        Each takes the last slot that is still free in its localities; a state has no more of them than slots allow.
        """
        setting = parameters.field
        starts = field.places.starts[:, list_blocks()["n",]]
        free = field.places.sizes[:, DIMENSIONS.index("n")].copy()
        found = []
        for one in np.unique(state):
            own = np.flatnonzero(state == one)
            for number in range(setting.bridges_per_state):
                key = np.uint64(entity_key(f"bridge-{one + 1:04d}-{number + 1:04d}"))
                rank = [draws.uniform(key, np.uint64(at), np.uint64(0)) for at in own]
                open_to = [at for _, at in sorted(zip(rank, own.tolist(), strict=True)) if free[at] > 1]
                chosen = open_to[: setting.bridge_seats]
                if len(chosen) < 2:
                    continue
                for at in chosen:
                    free[at] -= 1
                slots = [starts[at] + free[at] for at in chosen]
                field.roster.key[slots] = key
                found.append(slots + slots[:1] * (setting.bridge_seats - len(slots)))
        return cls(np.array(found, "i8").reshape(len(found), setting.bridge_seats))

    @classmethod
    def find(cls, organizations: NDArray[Any]) -> Bridges:
        """Find the bridging organizations of a roster. organizations: its row in each slot, of all localities."""
        order = np.argsort(organizations, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(organizations[order])) + 1)
        found = [group.tolist() for group in groups if len(group) > 1]
        widest = max(map(len, found), default=0)
        return cls(np.array([one + one[:1] * (widest - len(one)) for one in found], "i8").reshape(len(found), widest))

    def share(self, organizations: Organizations, parameters: Parameters) -> None:
        """Let the open seats of each share one account and one position, weighted by need.

        organizations: of all localities, flat. Writes reserve_cents, viewpoint, stance, mix, stress, deficit_months.
        """
        n_populations = len(parameters.field.populations)
        mixes = organizations.mix.reshape(-1, n_populations)
        for slots in self.seats:
            seats = _list_open(slots, organizations)
            if len(seats) < 2:
                continue
            need = organizations.need_cents[seats]
            weight = need / need.sum()
            for position in (organizations.viewpoint, organizations.stance, mixes):
                position[seats] = (weight * position[seats].T).sum(axis=-1)
            reserve = int(organizations.reserve_cents[seats].sum())
            parts = [reserve * int(one) // int(need.sum()) for one in need]
            parts[0] += reserve - sum(parts)
            organizations.reserve_cents[seats] = parts
            target = np.maximum(parameters.accounts.reserve_target_months * need, 1.0)
            organizations.stress[seats] = np.clip(1.0 - np.array(parts) / target, 0.0, 1.0)
            months = organizations.deficit_months[seats]
            organizations.deficit_months[seats] = months.max() if reserve < 0 else 0


def _list_open(slots: NDArray[Any], organizations: Organizations) -> NDArray[Any]:
    """Return the seats that the organization has not given up."""
    seats = np.unique(slots)
    return seats[organizations.is_open[seats] & (organizations.generation[seats] == 0)]
