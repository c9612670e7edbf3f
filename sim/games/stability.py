"""Who would leave its group for another, or for none, and who would mind: individual stability of a partition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sim.games.hedonic import TOLERANCE, Group, HedonicGame, ListedGame, Partition, check_partition


class Deviation(NamedTuple):
    """One player's move that it gains from: to a group (without itself; empty is to be alone), and who loses by it."""

    player: int
    source: Group  # the others it leaves
    target: Group
    gain: float
    hosts_against: Group  # of the target
    left_against: Group  # of the source


class Stability(NamedTuple):
    """What each notion of stability says of a partition. Each list holds each player's best move that breaks it."""

    partition: Partition
    worths: tuple[float, ...]  # what each player's group is worth to it
    irrational: tuple[int, ...]  # who would rather be alone
    nash: list[Deviation]  # who would rather move, whoever minds
    individual: list[Deviation]  # … where no one of the target loses
    contractual: list[Deviation]  # … and no one of those left behind


def judge_stability(game: HedonicGame | ListedGame, partition: Sequence[Iterable[int]] | None = None) -> Stability:
    """Return who would deviate from a partition, and where to, under each notion.

    Individually rational: nobody would rather be alone. Nash stable: nobody would rather be in another group, or alone.
    Individually stable: … in a group none of whose members loses by it. Contractually individually stable: … nor any
    of those left behind. A player's best move has the largest gain; among equals (to 1e-9) the first in the order of
    groups, being alone last. Textbook definitions. Raises `GameError`.
    """
    groups = check_partition(partition, game.n)
    worths = game.worths(groups)
    home = {player: group for group in groups for player in group}
    irrational, best = [], ([], [], [])
    for player in range(game.n):
        if game.worth(player, ()) - worths[player] > TOLERANCE:
            irrational.append(player)
        moves = list(_list_moves(game, player, groups, home[player], worths))
        kinds = moves, [move for move in moves if not move.hosts_against]
        kinds = (*kinds, [move for move in kinds[1] if not move.left_against])
        for kept, found in zip(best, kinds, strict=True):
            if found:
                kept.append(_choose(found))
    return Stability(groups, tuple(map(float, worths)), tuple(irrational), *best)


def _list_moves(
    game: HedonicGame | ListedGame, player: int, groups: Partition, own: Group, worths
) -> Iterable[Deviation]:
    """Yield all moves that a player gains from."""
    source = tuple(other for other in own if other != player)
    targets = [group for group in groups if group != own]
    if source:
        targets.append(())
    for target in targets:
        gain = game.worth(player, target) - worths[player]
        if gain > TOLERANCE:
            hosts = tuple(one for one in target if worths[one] - game.worth(one, (*target, player)) > TOLERANCE)
            left = tuple(one for one in source if worths[one] - game.worth(one, source) > TOLERANCE)
            yield Deviation(player, source, target, float(gain), hosts, left)


def _choose(moves: list[Deviation]) -> Deviation:
    best = moves[0]
    for move in moves[1:]:
        if move.gain > best.gain + TOLERANCE:
            best = move
    return best
