"""The Mesa face of the model: one run that is stepped by month, looked at, changed, and subclassed.

The month itself is `schedule.run_month`, compiled; nothing is computed here a second time. Organizations, coalitions
and funders are views of rows of the arrays of `state.World`: reading returns plain Python values, writing goes through.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, SupportsIndex

import mesa
import numpy as np

from sim.compiler.jit import is_cached
from sim.dynamics import schedule
from sim.engine import batch
from sim.engine.inputs import Inputs, build_record
from sim.engine.runner import Runner, find_processes
from sim.engine.tabulation import make_months
from sim.errors import ParameterError
from sim.model.agents import Coalition, Funder, Organization
from sim.model.arguments import choose_seed, read_parameters, read_roster
from sim.schema import state
from sim.schema.choices import name_runs
from sim.schema.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sim.schema.roster_tables import RosterTables

# The method of each process, in the order of the month. Mesa keeps the name `observe` for itself.
METHODS = tuple("observe_month" if name == "observe" else name for name in schedule.PROCESSES)
COLLECTED = ("collaboration_share", "effective_coalitions", "mean_trust", "coverage_share", "mean_fiscal_stress")


def _read_latest(model: CoalitionModel, column: str) -> float:
    return model.latest[column]


class CoalitionModel(mesa.Model):
    """One run of the model, a month a step.

    Each process of `schedule.PROCESSES` is a method without arguments (the last: `observe_month`). Where a subclass
    replaces one, the replacement is called at its place in the month and the others stay compiled. A replacement works
    on the arrays of `self.world` and may add to the counts of `self.row`; `super().meet()` runs the compiled one. A
    replacement is called even where the mechanism's switch is off. Replacing `apply_calendar` leaves in place what
    every month needs, the refreshing of overlap and eligibility.

    The run ends with month `parameters.months`: `running` is False then, which ends `run_model()` and `mesa.batch_run`.

    month: the last month begun. seed: of all draws. world: all arrays. datacollector: five columns of each month and
    the seed, as Mesa users expect.
    """

    def __init__(
        self,
        parameters: Parameters | Sequence[str] | Mapping[str, Any] | None = None,
        seed: SupportsIndex | None = None,
        roster: RosterTables | None = None,
        *,
        rng: Any = None,
        scenario: Any = None,
        **words: Any,
    ) -> None:
        """Fill the world and record month 0. The same parameters, seed and roster give the run of `batch.simulate`.

        parameters: `Parameters`, words of the command line like ``["regime=mixed", "months=60"]``, or a dictionary of
        names and values; keywords set further ones, like ``months=60``. roster: read from `field.folder` without it.
        seed: a whole number; without one a seed is drawn, which `self.seed` tells. rng and scenario: Mesa's names for a
        seed, and for parameters and a seed together.
        Raises `ParameterError` or `ConfigurationError` for a setting or a seed of the wrong kind or out of range.
        """
        self.parameters = read_parameters(parameters, scenario, words)
        roster = read_roster(self.parameters, roster)
        if self.parameters.field.n_localities > 1 or (roster is not None and roster.localities is not None):
            raise ParameterError("a CoalitionModel is one locality; run several with sim.run or coalitions run")
        self.seed = choose_seed(seed, rng, scenario)
        super().__init__(rng=self.seed)
        if scenario is not None and not isinstance(scenario, dict):
            self.scenario = scenario
        if not is_cached():
            batch.compile_kernels()
        inputs = Inputs(self.parameters, roster)
        self.world: state.World = inputs.world
        self._inputs = inputs
        own_lines = roster.programmes if roster is not None else None
        self._line_names = sorted(self.parameters.regime.programmes if own_lines is None else own_lines)
        self._organizations: list[Organization] | None = None
        self._parts = _divide_month(type(self))
        self._history: list[NDArray[Any]] = []
        self._people_history: list[NDArray[Any]] = []
        self.month = 0
        self._begin_month()
        self._run(range(0))
        self.datacollector = mesa.DataCollector(
            model_reporters={"seed": "seed", **{name: partial(_read_latest, column=name) for name in COLLECTED}}
        )
        self._record_month()

    # ------------------------------------------------------------------------------------------------ the month

    def step(self) -> None:
        """Run one month. After an exception the month is left half done: `running` is False and the model is over."""
        try:
            self.month += 1
            self._begin_month()
            for name, processes in self._parts:
                if name:
                    getattr(self, name)()
                else:
                    self._run(processes)
                if name == METHODS[0]:
                    self._refresh()
            self._record_month()
            if self.month >= self.parameters.months:
                self.running = False
        except BaseException:
            self.running = False
            self.step = self._refuse  # type: ignore[method-assign] # Mesa 3.5 would go on and silently run nothing
            raise

    def run(self, months: SupportsIndex) -> None:
        """Run `months` months, or fewer where the run ends before (`parameters.months`), or is ended by `running`.

        Raises `TypeError` for anything but a whole number, `ValueError` for one below 0.
        """
        is_whole = hasattr(months, "__index__") and not isinstance(months, bool)
        if not is_whole or operator.index(months) < 0:
            problem = ValueError if is_whole else TypeError
            raise problem(f"months = {months!r}: must be a whole number of 0 or more")
        for _ in range(operator.index(months)):
            if not self.running:
                break
            self.step()

    def apply_calendar(self) -> None:
        """Grant lines open and close, shocks strike."""
        self._run_process("apply_calendar")

    def meet(self) -> None:
        """Meetings, trust and dialogue."""
        self._run_process("meet")

    def turn_over_staff(self) -> None:
        """Staff leave, and trust with them."""
        self._run_process("turn_over_staff")

    def serve_and_refer(self) -> None:
        """Services and referrals."""
        self._run_process("serve_and_refer")

    def raise_awareness(self) -> None:
        """Public awareness."""
        self._run_process("raise_awareness")

    def respond_to_conditions(self) -> None:
        """Responses to conditions on money."""
        self._run_process("respond_to_conditions")

    def award_grants(self) -> None:
        """Applications and awards."""
        self._run_process("award_grants")

    def settle_accounts(self) -> None:
        """Income and spending, closing and opening."""
        self._run_process("settle_accounts")

    def drift(self) -> None:
        """Drift of service mix and stance."""
        self._run_process("drift")

    def review_memberships(self) -> None:
        """Joining, leaving, founding."""
        self._run_process("review_memberships")

    def break_away(self) -> None:
        """Groups break away together."""
        self._run_process("break_away")

    def dissolve(self) -> None:
        """Coalitions end."""
        self._run_process("dissolve")

    def observe_month(self) -> None:
        """Write this month's row."""
        self._run_process("observe")

    def _begin_month(self) -> None:
        """Take a new row, as the processes expect it at the start of the month."""
        self._runner = Runner(self._inputs, [self.seed], months=range(self.month, self.month + 1))
        self._rows = self._runner.rows
        self._rows["success_rate"] = np.nan

    def _run(self, processes: range, record: Any = None) -> None:
        """Run some processes of this month; in month 0, fill the world."""
        self._runner.run(processes=processes, record=record)

    def _run_process(self, name: str) -> None:
        self._run(find_processes(name))

    def _refresh(self) -> None:
        """Run what every month needs besides the calendar: refresh overlap and eligibility."""
        off = replace(self.parameters.mechanisms, apply_calendar=False)
        record = build_record(replace(self.parameters, mechanisms=off))
        self._run(find_processes("apply_calendar"), record)

    def _record_month(self) -> None:
        self._history.append(self._rows[0].copy())
        environment = self.world.environment
        self._people_history.append(np.stack([environment.served, environment.unmet], axis=1)[np.newaxis])
        self.datacollector.collect(self)

    def _refuse(self) -> None:
        raise RuntimeError(f"month {self.month} of this model failed and is half done; build a new model")

    # ------------------------------------------------------------------------------------------------ looking at it

    @property
    def row(self) -> Any:
        """This month's row of the months table (`sim.schema.columns.MONTHS`), writable while the month runs."""
        return self._rows[0, 0]

    @property
    def latest(self) -> dict[str, float]:
        """The last row recorded, as a dictionary by column."""
        return dict(zip(state.ROW_DTYPE.names or (), self._history[-1][0].item(), strict=True))

    def to_frame(self) -> pd.DataFrame:
        """Return the months so far as the tidy table `Results.months`."""
        regime, prefix = self.parameters.regime.name, name_runs(self.parameters)
        rows, people = np.concatenate(self._history), np.concatenate(self._people_history)
        populations = self.parameters.field.populations
        return make_months(prefix, regime, [self.seed], rows[np.newaxis], people[np.newaxis], populations)

    @property
    def organizations(self) -> list[Organization]:
        """All organization slots by row, the closed ones too. Made when first asked for."""
        if self._organizations is None:
            self._organizations = []
            self._organizations += [Organization(self, row) for row in range(self._inputs.n_organizations)]
        return self._organizations

    @property
    def coalitions(self) -> list[Coalition]:
        """The coalitions that exist now."""
        return [Coalition(self, row) for row in np.flatnonzero(self.world.coalitions.is_active).tolist()]

    @property
    def funders(self) -> list[Funder]:
        """The grant lines, by name."""
        return [Funder(self, row, name) for row, name in enumerate(self._line_names)]

    @property
    def agents(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Mesa's set of all organizations. Made when first asked for."""
        self.organizations  # noqa: B018
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """Mesa's sets by class. Made when first asked for."""
        self.organizations  # noqa: B018
        return super().agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """Mesa's list of the classes of agents."""
        return list(self.agents_by_type)


def _divide_month(kind: type[CoalitionModel]) -> list[tuple[str, range]]:
    """Return the month as parts: ("", places) of compiled processes, or (name, place) of a replaced one."""
    parts: list[tuple[str, range]] = []
    for at, name in enumerate(METHODS):
        is_replaced = getattr(kind, name) is not getattr(CoalitionModel, name)
        if not is_replaced and parts and not parts[-1][0]:
            parts[-1] = ("", range(parts[-1][1].start, at + 1))
        else:
            parts.append((name if is_replaced else "", range(at, at + 1)))
    return parts
