"""Compiled runs of one seed or many, and the tidy tables made from them. Never imports Mesa."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.compiler.jit import is_cached
from sim.engine.inputs import Inputs
from sim.engine.region import Region
from sim.engine.runner import Runner
from sim.engine.tabulation import make_events, make_months, tabulate
from sim.engine.warmup import compile_processes, keeping_garbage
from sim.results.store import Results
from sim.schema import codes, columns, state
from sim.schema.choices import name_runs
from sim.schema.columns import JUDGED
from sim.schema.fields import read_seed
from sim.schema.parameters import Parameters
from sim.schema.regimes import Programme, Regime
from sim.schema.roster_tables import RosterTables

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK_SEEDS = 50  # seeds between two reports of progress
ROOM_FOR_EVENTS = 4096  # of a run, to begin with


def compile_kernels() -> None:
    """Fill the cache of compiled code: the processes of a month on two cores, then what joins them."""
    with keeping_garbage():
        compile_processes()
        run_compiled(Inputs(Parameters(months=1)), [1])


def compile_localities() -> None:
    """Fill the cache with what joins the kernels of one locality to a field of many: a run of two small ones."""
    base = Parameters(months=1)
    field = dataclasses.replace(base.field, n_localities=2, n_organizations=4)
    regime = Regime("nation", "", {"line": Programme(funder_level="nation")})
    with keeping_garbage():
        Region(dataclasses.replace(base, field=field, regime=regime), n_threads=1).run(1)


class Recorded(NamedTuple):
    """What R runs of one setting left behind."""

    rows: NDArray[Any]  # (R, months + 1) records of columns.MONTHS
    members: NDArray[Any]  # (R or 0, months + 1, n) int64, see `Runner`
    events: NDArray[Any]  # (all, 1 + fields) int64; the first field is the position of the seed
    people: NDArray[Any]  # (R, months + 1, K, 2): served and unmet of each service population
    sums: NDArray[Any]  # (R, L, N_SUMS) of L localities, see columns.N_SUMS; L = 0 where there is only one


def prepare(
    parameters: Parameters,
    roster: RosterTables | None = None,
    max_events: int = 0,
    before: Inputs | Region | None = None,
    n_threads: int | None = None,
) -> Inputs | Region:
    """Return what runs of one setting take; what was prepared `before` for another costs less than new ones.

    n_threads: for fields of many localities, see `Region`.
    """
    if parameters.field.n_localities > 1 or (roster is not None and roster.localities is not None):
        return Region(parameters, roster, n_threads)
    if not isinstance(before, Inputs):
        return Inputs(parameters, roster, max_events)
    before.change(parameters, roster)
    return before


def _run_region(region: Region, seeds: list[int], on_progress: Callable[[float], None] | None) -> Recorded:
    """Run the seeds one after another. Of many localities neither members nor events are kept."""
    totals, sums = [], []
    for at, seed in enumerate(seeds):
        totals.append(region.run(seed, (lambda share, at=at: on_progress(at + share)) if on_progress else None))
        sums.append(region.field.sums.copy())
    return Recorded(
        np.stack([one.rows for one in totals]).view(np.recarray),
        np.zeros((0, region.parameters.months + 1, region.n_organizations), "i8"),
        np.zeros((0, 1 + len(codes.EVENT_FIELDS)), "i8"),
        np.stack([one.people for one in totals]),
        np.stack(sums),
    )


def run_compiled(
    inputs: Inputs | Region,
    seeds: list[int],
    keep_members: bool = False,
    keep_events: bool = True,
    on_progress: Callable[[float], None] | None = None,
) -> Recorded:
    """Run the seeds. Runs whose events overflow are repeated with more room.

    on_progress(runs done) is called in the midst of runs where they take long: those of many localities.
    """
    if isinstance(inputs, Region):
        return _run_region(inputs, seeds, on_progress)
    keep = ("people", *(["members"] if keep_members else []), *(["events"] if keep_events else []))
    runner = Runner(inputs, seeds, keep)
    runner.run()
    if keep_events and not runner.has_room:
        inputs.make_room(int(runner.n_events.max()))
        return run_compiled(inputs, seeds, keep_members, keep_events)
    return record(runner)


def record(runner: Runner) -> Recorded:
    """Return what the runs of one locality left behind."""
    no_sums = np.zeros((len(runner.seeds), 0, columns.N_SUMS))
    return Recorded(runner.rows, runner.members, runner.list_events(), runner.people, no_sums)


def simulate(
    parameters: Parameters,
    seeds: Iterable[int],
    *,
    keep_events: bool = True,
    on_progress: Callable[[float, int], None] | None = None,
    roster: RosterTables | None = None,
) -> Results:
    """Run one setting on `seeds` and return its tidy tables.

    on_progress(done, total) is called about every fifty runs, of a field of many localities also in the midst of one.
    The results depend on the setting and the seeds alone. Raises `ParameterError` for what is no seed.
    """
    seeds = [read_seed(seed) for seed in seeds]
    if not is_cached():
        compile_kernels()
    inputs = prepare(parameters, roster, max_events=ROOM_FOR_EVENTS if keep_events else 0)

    def tell(runs_done: float) -> None:
        if on_progress is not None:
            on_progress(runs_done, len(seeds))

    parts = []
    for first in range(0, len(seeds), CHUNK_SEEDS):
        chunk = seeds[first : first + CHUNK_SEEDS]
        found = run_compiled(
            inputs,
            chunk,
            keep_events=keep_events,
            on_progress=lambda done, first=first: tell(first + done),
        )
        parts.append((chunk, found))
        tell(first + len(chunk))
    return tabulate(parameters, parts, inputs, lambda seed: run_compiled(inputs, [seed], True, keep_events=False))


_JUDGED = [(state.ROW_DTYPE.names or ()).index(name) for name in JUDGED]


class Chunk(NamedTuple):
    """What some runs of one setting give to the tables of a sweep."""

    keys: dict[str, list[Any]]  # run_id, regime and seed
    panels: NDArray[Any]  # (R, months + 1, len(columns.JUDGED)); judged with those of other settings
    tables: dict[str, pd.DataFrame]  # months and events, where they are kept


def simulate_runs(
    inputs: Inputs | Region, seeds: list[int], *, keep: tuple[str, ...] = ("runs",), suffix: str = ""
) -> Iterator[Chunk]:
    """Run one setting and yield what it gives to the tables, some seeds at a time.

    The numbers are those of `simulate`, without the cost of tables nobody keeps. suffix: end of the names of runs.
    """
    keeps_events, parameters = "events" in keep, inputs.parameters
    name, lines, prefix = parameters.regime.name, sorted(parameters.regime.programmes), name_runs(parameters)
    for first in range(0, len(seeds), CHUNK_SEEDS):
        chunk = seeds[first : first + CHUNK_SEEDS]
        found = run_compiled(inputs, chunk, keep_events=keeps_events)
        keys = {
            "run_id": [f"{prefix}-{seed}{suffix}" for seed in chunk],
            "regime": [name] * len(chunk),
            "seed": chunk,
        }
        tables = {}
        if "months" in keep:
            tables["months"] = make_months(prefix, name, chunk, found.rows, found.people, parameters.field.populations)
        if keeps_events:
            tables["events"] = make_events(prefix, name, chunk, found.events, lines)
        for table in tables.values():
            table["run_id"] = table["run_id"] + suffix
        numbers = found.rows.view(np.ndarray).view("f8").reshape(*found.rows.shape, -1)
        yield Chunk(keys, numbers.take(_JUDGED, axis=2), tables)
