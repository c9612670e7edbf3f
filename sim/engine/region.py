"""Runs of a field of many localities: laid out from the parameters, run by threads over blocks of localities.

A block is always the same localities, whatever the number of threads, and blocks are added up in their order: results
do not depend on the threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.compiler.blocks import Places, allocate_blocks, find_places, view_locality
from sim.dynamics import schedule
from sim.engine import localities
from sim.engine.inputs import build_lines, build_record
from sim.engine.multi_site import Bridges
from sim.results.sizes import draw_locality_sizes, name_localities
from sim.roster.localities import Seated, seat_roster
from sim.schema import columns, state
from sim.schema.keys import entity_key
from sim.schema.parameters import Parameters
from sim.schema.regimes import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.schema.roster_tables import RosterTables

BLOCK = 64  # localities that are added up together
AWARDS, OBSERVING = schedule.AT.award_grants, schedule.AT.observe
ALL = len(schedule.PROCESSES)


class Totals(NamedTuple):
    """What is recorded of the whole field in one run."""

    rows: NDArray[Any]  # (months + 1,) records of columns.MONTHS
    people: NDArray[Any]  # (months + 1, K, 2): served and unmet of each service population


class Region:
    """The localities of one setting, their places in memory, and the runs of one seed after another.

    names: (L,) of the localities. state: (L,) the state of each. n_slots: (L,) organizations at month 0.
    field: what the kernels take.
    """

    def __init__(
        self, parameters: Parameters, tables: RosterTables | None = None, n_threads: int | None = None
    ) -> None:
        """Lay out the localities of the roster, or those that the parameters ask for.

        n_threads: threads that run localities; by default one for each core.
        """
        self.parameters, setting = parameters, parameters.field
        self.record = build_record(parameters)
        self.n_threads = n_threads or os.cpu_count() or 1
        given = tables.localities if tables is not None else None
        n = setting.n_localities if given is None else len(given.seats)
        self.names = name_localities(n)
        if tables is None or given is None:
            self.state, self.n_slots, seated = np.arange(n) * setting.n_states // n, draw_locality_sizes(setting), None
        else:
            self.state, self.n_slots = given.state, np.array([len(one) for one in given.seats])
            seated = seat_roster(tables, given)
        self.field = self._lay_out(seated)
        if given is None:
            self.bridges = Bridges.seat(parameters, self.field, self.state)
        else:
            self.bridges = Bridges.find(np.concatenate(given.seats))

    @property
    def n_organizations(self) -> int:
        """Slots in all localities."""
        return int(self.n_slots.sum())

    def _lay_out(self, seated: list[Seated] | None) -> localities.Localities:
        n, n_states = len(self.names), int(self.state[-1]) + 1
        regime, lines = self.parameters.regime.programmes, build_lines(self.parameters, 1)
        level = [LEVELS.index(regime[one].funder_level) for one in sorted(regime)]
        places = self._find_places(len(lines.term), seated)
        rows = np.zeros(n, state.ROW_DTYPE).view(np.recarray)
        return localities.Localities(
            places=places,
            roster=self._make_roster(places, seated),
            world=allocate_blocks(state.World, places, self.n_threads),
            lines=lines,
            pot_cents=self._share_pots(level),
            level=np.array(level, "i8"),
            state_starts=np.searchsorted(self.state, np.arange(n_states + 1)).astype("i8"),
            rows=rows,
            numbers=rows.view("f8").reshape(n, -1).view(np.ndarray),
            is_mean=np.array([entry.unit not in columns.SUMMED_UNITS for entry in columns.MONTHS]),
            judged=np.array([list(state.ROW_DTYPE.names or ()).index(name) for name in columns.JUDGED], "i8"),
            sums=np.zeros((n, columns.N_SUMS)),
            leader=np.zeros(n, "i8"),
            score=np.zeros((n, 2)),
            booked=np.zeros((n, 3), "i8"),
            tree=np.zeros(4 * n, "i8"),
        )

    def _find_places(self, n_lines: int, seated: list[Seated] | None) -> Places:
        setting = self.parameters.field
        counts = len(setting.populations), n_lines, len(setting.sectors)
        if seated is None:
            return find_places([state.size_locality(size, *counts) for size in self.n_slots.tolist()])
        return find_places(
            [state.size_locality(len(one.key), *counts, len(one.member)) | {"T": len(one.trust)} for one in seated]
        )

    def _make_roster(self, places: Places, seated: list[Seated] | None) -> state.Roster:
        """Return what is known of every locality's organizations; without a roster, a key."""
        roster, setting = allocate_blocks(state.Roster, places, 1), self.parameters.field
        for at, one in enumerate(seated or ()):
            view = view_locality(roster, places, at)
            for name, array in one._asdict().items():
                getattr(view, name)[:] = array
        if seated is None:
            for array in roster:
                if array.dtype.kind == "f":
                    array[:] = np.nan
            roster.sector[:] = -1
            prefixes = [f"{name}-" for name in self.names] if len(self.names) > 1 else [""]
            counts = zip(prefixes, self.n_slots.tolist(), strict=True)
            ids = (f"{prefix}organization-{number:04d}" for prefix, count in counts for number in range(1, count + 1))
            roster.key[:] = [entity_key(one) for one in ids]
        if len(self.names) > 1:  # a single locality is a field as any other, with the same draws
            roster.locality_key[:] = [entity_key(name) for name in self.names]
        roster.population_demand[:] = np.tile(setting.population_demand, len(self.names))
        roster.sector_share[:] = np.tile(setting.sector_shares, len(self.names))
        return roster

    def _share_pots(self, level: list[int]) -> NDArray[Any]:
        """Return the cents per round of each line (L, G): in proportion to the organizations that compete for it."""
        by_state = np.bincount(self.state, weights=self.n_slots)[self.state].astype("i8")
        counts = (self.n_slots, by_state, np.full_like(self.n_slots, self.n_slots.sum()))
        pots = np.zeros((len(self.names), len(level)), "i8")
        for count in np.unique(np.concatenate(counts)):
            of_this_size = build_lines(self.parameters, int(count)).pot_cents
            for g, one in enumerate(level):
                pots[counts[one] == count, g] = of_this_size[g]
        return pots

    def view(self, at: int) -> state.World:
        """Return the world of locality `at`, as views."""
        return view_locality(self.field.world, self.field.places, at)

    def run(self, seed: int, on_progress: Callable[[float], None] | None = None) -> Totals:
        """Run one seed from month 0 on; `field.sums` then holds what each locality is judged by.

        on_progress(share of the work that is done) is called now and then.
        """
        return _Run(self, seed, on_progress).finish()


class _Run:
    """One run: spans of months in which localities have nothing to do with each other, and what joins them."""

    def __init__(self, region: Region, seed: int, on_progress: Callable[[float], None] | None) -> None:
        self.region, self.seed, self.on_progress = region, np.uint64(seed), on_progress
        n, n_months = len(region.names), region.parameters.months
        self.blocks = [(begin, min(begin + BLOCK, n)) for begin in range(0, n, BLOCK)]
        shape, setting = (len(self.blocks), n_months + 1), region.parameters.field
        self.totals = np.zeros((*shape, len(columns.MONTHS)))
        self.weights = np.zeros_like(self.totals)
        self.people = np.zeros((*shape, len(setting.populations), len(columns.PEOPLE)))
        self.n_done = 0

    def finish(self) -> Totals:
        months = self.region.parameters.months
        with ThreadPoolExecutor(self.region.n_threads) as self.pool, np.errstate(over="ignore", invalid="ignore"):
            self.span(0, 0)
            month = 1
            while month <= months:
                last = month
                while last < months and not self.is_joined(month) and not self.is_joined(last + 1):
                    last += 1
                if self.is_joined(month):
                    self.join(month)
                else:
                    self.span(month, last)
                month = last + 1
        return self.add_up()

    def is_joined(self, month: int) -> bool:
        """Say whether localities have to do with each other in this month."""
        return len(self.region.bridges) > 0 or self.has_shared_round(month)

    def has_shared_round(self, month: int) -> bool:
        """Say whether a line for which several localities compete may decide in this month."""
        lines, level = self.region.field.lines, self.region.field.level
        is_due = (lines.first_month <= month) & (month <= lines.last_month)
        is_due &= (month - lines.first_month) % lines.interval == 0
        return bool(is_due[level != localities.LOCALITY].any()) and self.region.parameters.mechanisms.award_grants

    def join(self, month: int) -> None:
        """Run one month in parts, each for all localities before the next."""
        first = 0
        if self.has_shared_round(month):
            self.span(month, month, 0, AWARDS)
            localities.award_pools(self.seed, month, self.region.record, self.region.field)
            first = AWARDS + 1
        if len(self.region.bridges) > 0:
            self.span(month, month, first, OBSERVING)
            self.region.bridges.share(self.region.field.world.organizations, self.region.parameters)
            first = OBSERVING
        self.span(month, month, first, ALL)

    def span(self, first_month: int, last_month: int, first: int = 0, last: int = ALL) -> None:
        """Run processes `first` up to `last` of some months in every locality, a block at a time."""
        waiting, months = iter(enumerate(self.blocks)), slice(first_month, last_month + 1)

        def work(worker: int) -> None:
            for block, (begin, end) in waiting:
                localities.run_localities(
                    self.seed,
                    first_month,
                    last_month,
                    first,
                    last,
                    begin,
                    end,
                    worker,
                    self.region.parameters.months,
                    self.region.record,
                    self.region.field,
                    self.totals[block, months],
                    self.weights[block, months],
                    self.people[block, months],
                )
                self.note_progress((last_month - first_month + 1) * (last - first) / ALL)

        list(self.pool.map(work, range(self.region.n_threads)))

    def note_progress(self, n_months: float) -> None:
        self.n_done += n_months
        if self.on_progress is not None:
            self.on_progress(min(self.n_done / (len(self.blocks) * (self.region.parameters.months + 1)), 1.0))

    def add_up(self) -> Totals:
        """Add the blocks up in their order: sums, or running means as in `localities`."""
        is_mean = self.region.field.is_mean
        total, weight = np.zeros_like(self.totals[0]), np.zeros_like(self.weights[0])
        people = np.zeros_like(self.people[0])
        for block_total, block_weight, block_people in zip(self.totals, self.weights, self.people, strict=True):
            weight += block_weight
            share = np.divide(block_weight, weight, out=np.zeros_like(weight), where=weight > 0)
            total += np.where(is_mean, (block_total - total) * share, block_total)
            people += block_people
        total[(weight == 0) & is_mean] = np.nan
        rows = total.view(state.ROW_DTYPE).reshape(-1).view(np.recarray)
        return Totals(rows, people)
