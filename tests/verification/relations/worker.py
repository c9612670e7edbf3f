"""What the relations run in other processes: `worker first count organizations months`."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.schema import columns
from tests.worlds import World, find_worlds, keep_world, make_world, run_world


def digest_worlds(first: int, count: int, **made: Any) -> list[str]:
    """Return a digest of the outcome of each of `count` worlds from number `first` on."""
    worlds = find_worlds(first, **made)
    return [f"{world.number} {run_world(world).digest()}" for world, _ in zip(worlds, range(count), strict=False)]


def digest_state(world: Any) -> str:
    """Return a digest of all arrays of a running world but the kept rows of its log."""
    digest = hashlib.blake2b(digest_size=16)
    for array in keep_world(world._replace(log=world.log._replace(rows=np.zeros(0)))):
        digest.update(array.tobytes())
    return digest.hexdigest()


def describe(model: Any) -> tuple[int, str, bytes]:
    """Return the month of a model, a digest of its state, and all numbers of its months."""
    numbers = model.to_frame()[[column.name for column in columns.MONTHS]]
    return model.month, digest_state(model.world), numbers.to_numpy("f8").tobytes()


def continue_models(models: list[tuple[bytes, int]]) -> list[tuple[int, str, bytes]]:
    """Return what becomes of pickled models after so many months more."""
    found = []
    for data, months in models:
        model = pickle.loads(data)
        model.run(months)
        found.append(describe(model))
    return found


def run_parts(tasks: list[tuple[int, list[int]]]) -> list[tuple[int, list[int], bytes]]:
    """Return (number, seeds, bits of the rows) of parts of worlds' seeds."""
    from sim.engine.batch import run_compiled

    found = []
    for number, seeds in tasks:
        rows = run_compiled(make_world(number).build(0), seeds, keep_events=False).rows
        found.append((number, seeds, np.ascontiguousarray(rows).tobytes()))
    return found


# ------------------------------------------------------------------------------------------------ killed and resumed


def make_model(world: World) -> Any:
    """Return the Mesa face of a world."""
    from sim.model.model import CoalitionModel

    return CoalitionModel(world.parameters, world.seed, world.tables)


def walk(folder: Path, plan: dict[int, tuple[int, str]]) -> None:
    """Run the worlds of `plan` with a checkpoint a month, resuming where a killed process left off.

    At the month and moment the plan names this process kills itself, once a world, or only takes up the checkpoint.
    """
    for number, (month, moment) in plan.items():
        if (folder / f"{number}.done").exists():
            continue
        world, kept = make_world(number, max_months=12), folder / f"{number}.model"
        model = pickle.loads(kept.read_bytes()) if kept.exists() else make_model(world)
        while model.month < world.parameters.months:
            model.step()
            if model.month == month and moment == "before writing":
                kill_once(folder, number)
            dies = model.month == month and moment == "half written"
            write_checkpoint(kept, model, (lambda at=number: kill_once(folder, at)) if dies else None)
            if model.month == month and moment == "after writing":
                kill_once(folder, number)
            if model.month == month and moment == "read again":
                model = pickle.loads(kept.read_bytes())
        written = folder / f"{number}.written"  # moved into place whole: a kill from outside may come at any time
        written.write_bytes(pickle.dumps(describe(model)))
        written.replace(folder / f"{number}.done")


def write_checkpoint(kept: Path, model: Any, interrupt: Callable[[], None] | None) -> None:
    """Write the model beside its checkpoint and move it into place; `interrupt` is called in the middle."""
    data, temporary = pickle.dumps(model), kept.with_suffix(".new")
    with temporary.open("wb") as stream:
        stream.write(data[: len(data) // 2])
        stream.flush()
        if interrupt is not None:
            interrupt()
        stream.write(data[len(data) // 2 :])
    temporary.replace(kept)


def kill_once(folder: Path, number: int) -> None:
    """End this process as a power cut would, unless this world has seen that already."""
    mark = folder / f"{number}.killed"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    start, n_worlds, organizations, months = map(int, sys.argv[1:5])
    print("\n".join(digest_worlds(start, n_worlds, max_organizations=organizations, max_months=months)))
