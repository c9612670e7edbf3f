"""Coalition theory: a snapshot or a typed table in, a verdict out. Knows nothing of how the model moves."""

from sim.errors import GameError
from sim.games.bilateral import form_alliances
from sim.games.core import core_blocking_coalitions
from sim.games.hedonic import KINDS, MOST_PLAYERS, TOLERANCE, HedonicGame, ListedGame, build_game, check_partition
from sim.games.snapshot import PROJECTIONS, Snapshot, take_snapshot
from sim.games.stability import Deviation, Stability, judge_stability
from sim.games.transferable import build_coverage, build_voting, compute_banzhaf, compute_shapley
from sim.games.typed import TypedGame, read_partition, read_table
from sim.games.welfare import Fragmentation, find_best_partition, price_fragmentation

__all__ = [
    "KINDS",
    "MOST_PLAYERS",
    "PROJECTIONS",
    "TOLERANCE",
    "Deviation",
    "Fragmentation",
    "GameError",
    "HedonicGame",
    "ListedGame",
    "Snapshot",
    "Stability",
    "TypedGame",
    "build_coverage",
    "build_game",
    "build_voting",
    "check_partition",
    "compute_banzhaf",
    "compute_shapley",
    "core_blocking_coalitions",
    "find_best_partition",
    "form_alliances",
    "judge_stability",
    "price_fragmentation",
    "read_partition",
    "read_table",
    "take_snapshot",
]
