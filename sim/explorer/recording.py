"""One run, recorded month by month: who sits in which coalition, what happened, and the numbers of each month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.dynamics.founding import FIRST_FOUNDING_ROUND
from sim.engine.inputs import Inputs
from sim.engine.runner import Runner
from sim.schema import codes
from sim.schema.state import allocate_world

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.schema.parameters import Parameters
    from sim.schema.roster_tables import RosterTables

MONTH, KIND, ORGANIZATION, GENERATION, COALITION, LINE, CAUSE, _ = range(len(codes.EVENT_FIELDS))


class Start(NamedTuple):
    """The n organizations at month 0: where a picture may place them."""

    viewpoint: NDArray[Any]  # (n,) float, private, in [-1, 1]
    population: NDArray[Any]  # (n,) int, the population that gets most of its effort
    sector: NDArray[Any]  # (n,) int, row of the sector list


class Recording(NamedTuple):
    """What a run of months 0 to M left behind."""

    rows: NDArray[Any]  # (M + 1,) records of columns.MONTHS
    members: list[dict[int, NDArray[Any]]]  # of each month: serial number of a coalition -> (n,) bool
    is_open: NDArray[Any]  # (M + 1, n) bool
    events: NDArray[Any]  # (E, fields) int64, see codes.EVENT_FIELDS; none of month 0
    start: Start


class Recorder:
    """A run that goes on as far as it is told to, and may be given other numbers on the way.

    The bits are those of an ordinary run. Raises `ParameterError` as `Inputs` does.
    """

    def __init__(self, parameters: Parameters, seed: int, roster: RosterTables | None = None) -> None:
        """Stand at the start of a run, with month 0 done."""
        self.seed = seed
        self.inputs = Inputs(parameters, roster, self._find_room(parameters, roster))
        self._begin()

    @staticmethod
    def _find_room(parameters: Parameters, roster: RosterTables | None) -> int:
        n = parameters.field.n_organizations if roster is None else len(roster.ids)
        return 1024 + n * parameters.months  # runs of the shipped settings fill less than half

    def restart(self, parameters: Parameters, seed: int) -> None:
        """Stand at the start of another run of the same roster; costs less than a new recorder."""
        self.seed = seed
        self.inputs.change(parameters, self.inputs.tables)
        self._begin()

    def _begin(self) -> None:
        self.first_parameters = self.inputs.parameters
        self.changes: list[tuple[int, Parameters]] = []
        self.month = -1
        self._runner = Runner(self.inputs, [self.seed])
        self._members: list[dict[int, NDArray[Any]]] = []
        self._is_open: list[NDArray[Any]] = []
        self.run_to(0)
        organizations = self.inputs.world.organizations
        self._start = Start(
            organizations.viewpoint.copy(), organizations.mix.argmax(axis=1), organizations.sector.astype("i8")
        )

    def change(self, parameters: Parameters) -> None:
        """Take other numbers from the coming month on; those of the field and its grant lines stay as they were."""
        self.inputs.change(parameters, self.inputs.tables)
        self.changes.append((self.month + 1, parameters))

    def run_to(self, last: int) -> None:
        """Run up to and including month `last`, at most to the end."""
        world = self.inputs.world
        for month in range(self.month + 1, min(last, self.inputs.parameters.months) + 1):
            if not self._run_month(month):
                return
            active = np.flatnonzero(world.coalitions.is_active)
            self._members.append({int(world.coalitions.number[c]): world.coalitions.member[c].copy() for c in active})
            self._is_open.append(world.organizations.is_open.copy())
            self.month = month
            if world.log.n_rows[0] > len(world.log.rows):
                self._make_room(last)
                return

    def _run_month(self, month: int) -> bool:
        """Run a month and return True; False where it cannot go on yet, the world being as before."""
        self._runner.run(range(month, month + 1))
        return True

    def _make_room(self, last: int) -> None:
        """Run all of it again with room for twice as many events."""
        changes, inputs = self.changes, self.inputs
        inputs.change(self.first_parameters, inputs.tables)
        inputs.world = allocate_world(inputs.roster, inputs.lines, 2 * len(inputs.world.log.rows))
        self._begin()
        for month, parameters in changes:
            self.run_to(month - 1)
            self.change(parameters)
        self.run_to(last)

    def record(self) -> Recording:
        """Return what has been recorded so far."""
        log = self.inputs.world.log
        events = log.rows[: log.n_rows[0]]
        kept = (events[:, MONTH] > 0) & (events[:, MONTH] < FIRST_FOUNDING_ROUND)
        return Recording(
            self._runner.rows[0, : self.month + 1],
            list(self._members),
            np.array(self._is_open),
            events[kept].copy(),
            self._start,
        )
