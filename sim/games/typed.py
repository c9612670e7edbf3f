"""Small games typed by hand as CSV: weights, or what each coalition is worth to all or to each of its members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import DelimitedError, GameError
from sim.files.delimited import read_rows
from sim.games.hedonic import Group, HedonicGame, ListedGame, Partition, build_game, check_partition, check_size
from sim.roster.columns import NUMBER

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES = 1_000_000
MOST_NAMES = 500
WORTHS = ["coalition", "value"]


class TypedGame(NamedTuple):
    """What a table holds: a hedonic game, or what coalitions do together."""

    names: tuple[str, ...]
    game: HedonicGame | ListedGame | None
    value: NDArray[Any] | None  # (2^n,)


def read_table(path: str | Path, kind: str) -> TypedGame:
    """Return the game in a CSV file. Lines that start with # are comments.

    Weights: a first line with the players' names after a first cell of any text, then a line a player, its name and
    what it gets from each other; empty cells are 0. Utilities: the word `coalition` and the players' names, then a line
    a coalition, its names joined by + and what it is worth to each member; others cannot form, but to be alone is worth
    0 where it is not listed. Worths: the columns `coalition` and `value`; what is not listed is worth 0. Raises
    `GameError` with the line.
    """
    path = Path(path)
    lines = _read_lines(path)
    if not lines:
        raise GameError(f"{path}: is empty; docs/games.md shows what a table looks like")
    header = [cell.lower() for cell in lines[0][1]]
    if header == WORTHS:
        return _read_worths(path, lines[1:])
    return _read_utilities(path, lines) if header[0] == WORTHS[0] else _read_weights(path, lines, kind)


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the number and cells of each line that says something."""
    try:
        return [(at, row) for at, row in read_rows(path, MOST_BYTES) if not row[0].startswith("#")]
    except OSError as problem:
        raise GameError(f"{path}: cannot be read ({problem.strerror})") from problem
    except DelimitedError as problem:
        place = path if problem.line is None else f"{path}, line {problem.line}"
        raise GameError(f"{place}: {problem}") from problem


def _read_weights(path: Path, lines: list[tuple[int, list[str]]], kind: str) -> TypedGame:
    header = lines[0][1]
    names = header[1:]
    _check_names(path, names)
    found = [row[0] for _, row in lines[1:]]
    if found != names:
        raise GameError(f"{path}: must have one line a player, in the order of the first line: {', '.join(names)}")
    table = np.zeros((len(names), len(names)))
    for player, (at, row) in enumerate(lines[1:]):
        _check_width(path, at, row, header)
        table[player] = [_read_number(path, at, cell) for cell in row[1:]]
    return TypedGame(tuple(names), build_game(table, kind), None)


def _read_utilities(path: Path, lines: list[tuple[int, list[str]]]) -> TypedGame:
    header = lines[0][1]
    names = header[1:]
    _check_names(path, names)
    listed: dict[Group, tuple[float, ...]] = {(player,): (0.0,) for player in range(len(names))}
    first: dict[Group, int] = {}
    for at, row in lines[1:]:
        _check_width(path, at, row, header)
        members = tuple(sorted(_find_player(path, at, name, names) for name in _read_members(path, at, row[0])))
        if members in first:
            raise GameError(f"{path}, line {at}: {row[0]!r} stands in line {first[members]} already")
        first[members] = at
        empty = [names[player] for player in members if not row[player + 1]]
        if empty:
            raise GameError(f"{path}, line {at}: says nothing of what {row[0]!r} is worth to {empty[0]}")
        listed[members] = tuple(_read_number(path, at, row[player + 1]) for player in members)
    return TypedGame(tuple(names), ListedGame(len(names), listed), None)


def read_partition(text: str, names: tuple[str, ...]) -> Partition:
    """Return the groups that a text like ``A+B,C`` names; who is not named is alone. Raises `GameError`."""
    where = f"--partition {text!r}"
    groups = [
        tuple(_find_player(where, 0, name.strip(), list(names)) for name in group.split("+"))
        for group in text.split(",")
    ]
    named = {player for group in groups for player in group}
    return check_partition([*groups, *((player,) for player in range(len(names)) if player not in named)], len(names))


def _find_player(where: Path | str, at: int, name: str, names: list[str]) -> int:
    if name not in names:
        line = f", line {at}" if at else ""
        raise GameError(f"{where}{line}: {name!r} is none of the players {', '.join(names)}")
    return names.index(name)


def _check_width(path: Path, at: int, row: list[str], header: list[str]) -> None:
    if len(row) != len(header):
        raise GameError(f"{path}, line {at}: has {len(row)} cells, the first line has {len(header)}")


def _read_members(path: Path, at: int, cell: str) -> list[str]:
    members = [name.strip() for name in cell.split("+") if name.strip()]
    if not members or len(set(members)) < len(members):
        raise GameError(f"{path}, line {at}: {cell!r} must name each member once, like A+B")
    return members


def _read_worths(path: Path, lines: list[tuple[int, list[str]]]) -> TypedGame:
    names: list[str] = []
    listed: dict[frozenset[str], tuple[int, float]] = {}
    for at, row in lines:
        if len(row) != 2:
            raise GameError(f"{path}, line {at}: has {len(row)} cells; it takes a coalition and its value")
        members = _read_members(path, at, row[0])
        if frozenset(members) in listed:
            raise GameError(f"{path}, line {at}: {row[0]!r} stands in line {listed[frozenset(members)][0]} already")
        listed[frozenset(members)] = at, _read_number(path, at, row[1])
        names += [name for name in members if name not in names]
        if len(names) > MOST_NAMES:
            break  # before looking each of them up takes long
    _check_names(path, names)
    check_size(len(names), "what each player adds")
    value = np.zeros(1 << len(names))
    for members, (_, worth) in listed.items():
        value[sum(1 << names.index(name) for name in members)] = worth
    return TypedGame(tuple(names), None, value)


def _check_names(path: Path, names: list[str]) -> None:
    if not names:
        raise GameError(f"{path}: names no player; docs/games.md shows what a table looks like")
    if len(names) > MOST_NAMES:
        raise GameError(f"{path}: names more than {MOST_NAMES} players; a table typed by hand has fewer")
    if not all(names) or len(set(names)) < len(names):
        raise GameError(f"{path}: every player needs a name of its own, not {', '.join(map(repr, names))}")


def _read_number(path: Path, at: int, cell: str) -> float:
    number = float(cell) if NUMBER.fullmatch(cell) else 0.0 if not cell else float("nan")
    if not np.isfinite(number):
        raise GameError(f"{path}, line {at}: {cell[:40]!r} must be a number, written like 1250 or 0.5")
    return number
