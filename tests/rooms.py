"""The house in one line: rooms, floors, arrows between rooms, arrows that go up, circles. `python -m tests.rooms`.

A room is a module or a package directly in ``sim``, the public face ``sim/__init__.py``, or ``experiments``. An arrow
is one room that imports another, wherever the import stands. The floors are the layers of the import contract in
`pyproject.toml`; the ground is the last of them.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
FACE, QUESTIONS = "sim", "experiments"


def find_arrows() -> set[tuple[str, str]]:
    """Return the pairs (importer, imported) of rooms."""
    graph = grimp.build_graph("sim", "experiments", exclude_type_checking_imports=True, cache_dir=None)
    arrows = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            arrows.add((name_room(importer), name_room(imported)))
    return {(above, below) for above, below in arrows if above != below}


def name_room(module: str) -> str:
    """Return the room that a module stands in."""
    parts = module.split(".")
    return parts[0] if parts[0] == QUESTIONS else parts[min(1, len(parts) - 1)]


def read_floors() -> list[set[str]]:
    """Return the rooms of each declared floor, the ground first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers")
    return [{room.strip(" ()") for room in layer.split("|")} for layer in reversed(layers)]


def find_circle(arrows: set[tuple[str, str]]) -> list[str]:
    """Return the rooms of one circle of imports, its first room again at the end; empty where there is none."""
    below: dict[str, list[str]] = {}
    for importer, imported in sorted(arrows):
        below.setdefault(importer, []).append(imported)
    done: set[str] = set()

    def visit(room: str, path: list[str]) -> list[str]:
        if room in path:
            return [*path[path.index(room) :], room]
        if room not in done:
            for next_room in below.get(room, []):
                if found := visit(next_room, [*path, room]):
                    return found
            done.add(room)
        return []

    return next((found for room in sorted(below) if (found := visit(room, []))), [])


def main() -> int:
    """Print the line; return 1 where an arrow goes up or in a circle, or a room has no floor."""
    arrows, floors = find_arrows(), read_floors()
    level = {room: number for number, rooms in enumerate(floors, 1) for room in rooms}
    rooms = {room for arrow in arrows for room in arrow}
    up = sorted(arrow for arrow in arrows if set(arrow) <= set(level) and level[arrow[0]] <= level[arrow[1]])
    circle = find_circle(arrows)
    print(
        f"{len(rooms)} rooms on {len(floors)} floors, {len(arrows)} arrows, {len(up)} up or sideways, "
        f"{'no circle' if not circle else 'a circle: ' + ' -> '.join(circle)}"
    )
    for importer, imported in up:
        print(f"  {importer} -> {imported}", file=sys.stderr)
    homeless = rooms - set(level) - {FACE, QUESTIONS}
    return 1 if up or circle or homeless else 0


if __name__ == "__main__":
    sys.exit(main())
