"""The one place that calls the compiled run: months of seeds on the world of some inputs, and what is kept of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.dynamics import schedule
from sim.schema import codes, columns
from sim.schema.state import ROW_DTYPE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.engine.inputs import Inputs

ALL = range(len(schedule.PROCESSES))
KEPT = ("members", "people", "events")


def find_processes(first: str, last: str | None = None) -> range:
    """Return the places in the month of the processes from `first` to `last`, both by name; of `first` alone."""
    names = schedule.PROCESSES
    return range(names.index(first), names.index(last or first) + 1)


class Runner:
    """R runs on the world of `inputs`, which may be run some months, or some processes of a month, at a time.

    rows: (R, months) records of columns.MONTHS. members: (R, months, n) int64, the serial number + 1 of each
    organization's largest coalition, 0 unaffiliated, -1 closed. people: (R, months, K, 2), served and unmet of each
    service population. events: (R, room of the log, fields) int64. n_events: (R,) int64, how many there were, room or
    no room. Of what is not kept R is 0.
    """

    def __init__(
        self, inputs: Inputs, seeds: Sequence[int], keep: Collection[str] = (), months: range | None = None
    ) -> None:
        """Make room for what is kept of `months`, by default of the whole run. keep: any of KEPT."""
        self.inputs, self.seeds = inputs, np.array(seeds, "u8")
        self.months = range(inputs.parameters.months + 1) if months is None else months
        n_months = len(self.months)
        n_kept = {what: len(self.seeds) if what in keep else 0 for what in KEPT}
        self.rows: Any = np.zeros((len(self.seeds), n_months), ROW_DTYPE).view(np.recarray)
        self.members = np.zeros((n_kept["members"], n_months, inputs.n_organizations), "i8")
        self.people = np.zeros((n_kept["people"], n_months, inputs.roster.mix.shape[1], len(columns.PEOPLE)))
        self.events = np.zeros((n_kept["events"], *inputs.world.log.rows.shape), "i8")
        self.n_events = np.zeros(len(self.seeds), "i8")

    def run(self, months: range | None = None, processes: range = ALL, record: Any = None) -> None:
        """Run some of its months, all by default, and in each of them some processes, by their places in the month.

        Month 0 fills the world anew; any other goes on from where the world stands, so that all months of one seed are
        run before the next seed's. record: other numbers for the kernels than those of the inputs.
        """
        inputs = self.inputs
        months = self.months if months is None else months
        if not months:
            return
        at = slice(months.start - self.months.start, months.stop - self.months.start)
        with np.errstate(over="ignore", invalid="ignore"):  # as keyed draws overflow, where the code runs interpreted
            schedule.run_seeds(
                self.seeds,
                months.start,
                months.stop - 1,
                processes.start,
                processes.stop,
                inputs.record if record is None else record,
                inputs.roster,
                inputs.lines,
                inputs.world,
                self.rows[:, at],
                self.members[:, at],
                self.people[:, at],
                self.events,
                self.n_events,
            )

    def list_events(self) -> NDArray[Any]:
        """Return the events kept of all runs, one after another; the first field is the position of the seed."""
        found = [
            np.column_stack([np.full(count, run), events[:count]])
            for run, (events, count) in enumerate(zip(self.events, self.n_events, strict=False))
        ]
        return np.concatenate(found) if found else np.zeros((0, 1 + len(codes.EVENT_FIELDS)), "i8")

    @property
    def has_room(self) -> bool:
        """Whether the log had room for all events of every run."""
        return self.n_events.max(initial=0) <= len(self.inputs.world.log.rows)
