"""The Mesa face of the model: one run that is stepped by month, looked at, changed, and subclassed.

The month itself is `schedule.run_seeds`, compiled; nothing is computed here a second time. Organizations, coalitions
and funders are views of rows of the arrays of `state.World`: reading returns plain Python values, writing goes through.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from sim import columns, engine, schedule, state
from sim.compiled import is_cached
from sim.inputs import Inputs, build_record
from sim.parameters import ParameterError, Parameters
from sim.regimes import ALLOCATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from sim.roster import RosterTables

# The method of each process, in the order of the month. Mesa keeps the name `observe` for itself.
METHODS = tuple("observe_month" if name == "observe" else name for name in schedule.PROCESSES)
COLLECTED = ("collaboration_share", "effective_coalitions", "mean_trust", "coverage_share", "mean_fiscal_stress")
LARGEST = 1e15  # largest amount in cents that may be written


def _view(table: str, name: str, kind: type, meaning: str) -> Any:
    """Return a read-only property: entry `row` of one array of the world, as a Python value."""

    def read(self: Any) -> Any:
        return kind(getattr(getattr(self.model.world, table), name)[self._check()])

    return property(read, doc=meaning)


def _writable(table: str, name: str, kind: type, low: float, high: float, meaning: str) -> Any:
    """Return a property that also writes, after a check of the closed range [low, high]."""

    def write(self: Any, value: Any) -> None:
        if not low <= value <= high:  # also refuses nan
            raise ValueError(f"{name} = {value}: must lie in [{low:g}, {high:g}]")
        getattr(getattr(self.model.world, table), name)[self._check()] = kind(value)

    return _view(table, name, kind, meaning).setter(write)


class _PerModelIds:
    """Counters of unique_id kept on the model itself: Mesa 3.3 keeps every model alive otherwise."""

    def __getitem__(self, model: mesa.Model) -> Iterator[int]:
        while True:
            model.__dict__["_next_agent_id"] = n = model.__dict__.get("_next_agent_id", 0) + 1
            yield n


class Organization(mesa.Agent):
    """View of one organization slot. A newcomer takes over the slot of a closed one; `generation` tells them apart."""

    _ids: Any = _PerModelIds()
    model: CoalitionModel  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, model: CoalitionModel, row: int) -> None:
        """Look at row `row` of `model.world.organizations`."""
        super().__init__(model)
        self.row = row

    def _check(self) -> int:
        return self.row

    is_open = _view("organizations", "is_open", bool, "Whether it is open")
    generation = _view("organizations", "generation", int, "How many occupants of the slot came before")
    age_months = _view("organizations", "age_months", int, "Age in months")
    viewpoint = _writable("organizations", "viewpoint", float, -1, 1, "Private viewpoint")
    stance = _writable("organizations", "stance", float, -1, 1, "Position taken in public")
    is_silent = _writable("organizations", "is_silent", bool, 0, 1, "Whether it keeps no public position")
    need_cents = _writable("organizations", "need_cents", int, 1, LARGEST, "Monthly need in cents")
    own_income_cents = _writable("organizations", "own_income_cents", int, 0, LARGEST, "Own monthly income in cents")
    capacity = _view("organizations", "capacity", float, "People it can serve a month, now")
    base_capacity = _writable("organizations", "base_capacity", float, 0, 1e9, "People a month at full spending")
    stress = _view("organizations", "stress", float, "Fiscal stress in [0, 1]")
    dependence = _view("organizations", "dependence", float, "Share of income from awards, smoothed")
    deficit_months = _view("organizations", "deficit_months", int, "Months in a row without reserves")
    reputation = _writable("organizations", "record", float, 0, 1, "Reputation for winning")
    recent_loss = _writable("organizations", "recent_loss", float, 0, 1, "Memory of rejections")
    n_memberships = _view("organizations", "n_memberships", int, "Coalitions it sits in")
    served = _view("organizations", "served", float, "People served this month")

    @property
    def number(self) -> int:
        """Number in the tables of events and members: the slot counted from 1."""
        return self.row + 1

    @property
    def reserve_cents(self) -> int:
        """Reserves in cents. What is written in or out is booked as endowment, so that the books still balance."""
        return int(self.model.world.organizations.reserve_cents[self.row])

    @reserve_cents.setter
    def reserve_cents(self, value: int) -> None:
        if not 0 <= value <= LARGEST:
            raise ValueError(f"reserve_cents = {value}: must lie in [0, {LARGEST:g}]")
        world = self.model.world
        world.environment.ledger[columns.ENDOWED] += int(value) - self.reserve_cents
        world.organizations.reserve_cents[self.row] = int(value)

    @property
    def sector(self) -> str:
        """Name of its sector."""
        return self.model.parameters.field.sectors[int(self.model.world.organizations.sector[self.row])]

    @property
    def mix(self) -> dict[str, float]:
        """Share of its effort for each service population; a copy."""
        shares = self.model.world.organizations.mix[self.row].tolist()
        return dict(zip(self.model.parameters.field.populations, shares, strict=True))

    @property
    def award_cents(self) -> int:
        """Awards still to be paid, in cents, all grant lines together."""
        return int(self.model.world.organizations.award_cents[self.row].sum())

    @property
    def coalitions(self) -> list[Coalition]:
        """The coalitions it sits in."""
        member = self.model.world.coalitions.member
        return [one for one in self.model.coalitions if member[one.row, self.row]]


class Coalition:
    """View of one coalition. Once it has ended, `is_active` is False and everything else raises LookupError."""

    def __init__(self, model: CoalitionModel, row: int) -> None:
        """Look at the coalition that is now in row `row` of `model.world.coalitions`."""
        self.model = model
        self.row = row
        self.number = int(model.world.coalitions.number[row]) + 1  # as in the tables of events and members

    def __repr__(self) -> str:
        return f"Coalition(number={self.number})"

    def _check(self) -> int:
        if not self.is_active:
            raise LookupError(f"coalition {self.number} has ended; take the living ones from model.coalitions")
        return self.row

    @property
    def is_active(self) -> bool:
        """Whether this very coalition still exists."""
        table = self.model.world.coalitions
        return bool(table.is_active[self.row]) and int(table.number[self.row]) + 1 == self.number

    size = _view("coalitions", "size", int, "Number of members")
    is_formal = _view("coalitions", "is_formal", bool, "Whether it is under an MOU")
    is_mandated = _view("coalitions", "is_mandated", bool, "Whether it was founded where a grant demands a coalition")
    is_hollow = _view("coalitions", "is_hollow", bool, "Whether members stay while attendance fell")
    convener_months = _writable("coalitions", "convener_months", int, 0, 12_000, "Months its convener is still funded")
    depth = _writable("coalitions", "depth", float, 0, 1, "Depth of joint work")
    activity = _writable("coalitions", "activity", float, 0, 1, "Attendance")
    age_months = _view("coalitions", "age_months", int, "Age in months")

    @property
    def members(self) -> list[Organization]:
        """Its members, in the order of their rows."""
        seated = np.flatnonzero(self.model.world.coalitions.member[self._check()])
        return [self.model.organizations[i] for i in seated.tolist()]

    @property
    def convener(self) -> Organization | None:
        """The member that convenes it."""
        row = int(self.model.world.coalitions.convener[self._check()])
        return self.model.organizations[row] if row >= 0 else None


class Funder:
    """View of one grant line; `name` is the line's. Amounts and stances can be written, from the next round on."""

    def __init__(self, model: CoalitionModel, row: int, name: str) -> None:
        """Look at row `row` of `model.world.programmes`."""
        self.model = model
        self.row = row
        self.name = name

    def __repr__(self) -> str:
        return f"Funder({self.name!r})"

    def _check(self) -> int:
        return self.row

    money_share = _view("programmes", "money_share", float, "Share of the regime's money")
    pot_cents = _writable("programmes", "pot_cents", int, 0, LARGEST, "Cents given out in a round")
    award_cents = _writable("programmes", "award_cents", int, 100, LARGEST, "Usual award in cents a year")
    interval_months = _view("programmes", "interval", int, "Months between rounds")
    term_months = _writable("programmes", "term", int, 1, 120, "Months an award runs")
    first_month = _view("programmes", "first_month", int, "First month")
    last_month = _writable("programmes", "last_month", int, 0, 10_000, "Last month")
    stance_low = _writable("programmes", "stance_low", float, -1, 1, "Lowest stance it accepts")
    stance_high = _writable("programmes", "stance_high", float, -1, 1, "Highest stance it accepts")
    ambiguity = _writable("programmes", "ambiguity", float, 0, 1, "Chance that an unfit stance still passes")
    is_joint = _view("programmes", "is_joint", bool, "Whether coalitions apply, not organizations")
    min_partners = _view("programmes", "min_partners", int, "Members a coalition needs to apply")
    requires_mou = _view("programmes", "requires_mou", bool, "Whether winning coalitions sign an MOU")
    is_exclusive = _writable("programmes", "is_exclusive", bool, 0, 1, "Awardees may not partner with the ineligible")

    @property
    def allocation(self) -> str:
        """How awards are decided: competitive, lottery or formula."""
        return ALLOCATIONS[int(self.model.world.programmes.allocation[self.row])]

    @property
    def populations(self) -> tuple[str, ...]:
        """The service populations it pays for."""
        pays = self.model.world.programmes.pays_for[self.row].tolist()
        return tuple(
            name for name, is_paid in zip(self.model.parameters.field.populations, pays, strict=True) if is_paid
        )


def _read_latest(model: CoalitionModel, column: str) -> float:
    return model.latest[column]


class CoalitionModel(mesa.Model):
    """One run of the model, a month a step.

    Each process of `schedule.PROCESSES` is a method without arguments (the last: `observe_month`). Where a subclass
    replaces one, the replacement is called at its place in the month and the others stay compiled. A replacement works
    on the arrays of `self.world` and may add to the counts of `self.row`; `super().meet()` runs the compiled one. A
    replacement is called even where the mechanism's switch is off. Replacing `apply_calendar` leaves in place what
    every month needs, the refreshing of overlap and eligibility.

    month: the last month begun. world: all arrays. datacollector: five columns of each month, as Mesa users expect.
    """

    def __init__(self, parameters: Parameters | None = None, seed: int = 1, roster: RosterTables | None = None) -> None:
        """Fill the world and record month 0. The same parameters, seed and roster give the run of `engine.simulate`."""
        self.parameters = Parameters() if parameters is None else parameters
        if self.parameters.field.n_localities > 1 or (roster is not None and roster.localities is not None):
            raise ParameterError("a CoalitionModel is one locality; run several with sim.run or coalitions run")
        self.seed = int(seed)
        super().__init__(rng=self.seed)
        if not is_cached():
            engine.compile_kernels()
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
        self._rows = _new_rows()
        self._run_compiled(0, 0)
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_read_latest, column=name) for name in COLLECTED}
        )
        self._record_month()

    # ------------------------------------------------------------------------------------------------ the month

    def step(self) -> None:
        """Run one month. After an exception the month is left half done: `running` is False and the model is over."""
        try:
            self.month += 1
            self._rows = _new_rows()
            for name, first, last in self._parts:
                if name:
                    getattr(self, name)()
                else:
                    self._run_compiled(first, last)
                if name == METHODS[0]:
                    self._refresh()
            self._record_month()
        except BaseException:
            self.running = False
            self.step = self._refuse  # type: ignore[method-assign] # Mesa 3.5 would go on and silently run nothing
            raise

    def run(self, months: int) -> None:
        """Run `months` months, or fewer where something sets `running` to False."""
        for _ in range(months):
            if not self.running:
                break
            self.step()

    def apply_calendar(self) -> None:
        """Step 1: grant lines open and close, shocks strike."""
        self._run_compiled(0, 1)

    def meet(self) -> None:
        """Step 2: meetings, trust and dialogue."""
        self._run_compiled(1, 2)

    def turn_over_staff(self) -> None:
        """Step 3: staff leave, and trust with them."""
        self._run_compiled(2, 3)

    def serve_and_refer(self) -> None:
        """Step 4: services and referrals."""
        self._run_compiled(3, 4)

    def raise_awareness(self) -> None:
        """Step 5: public awareness."""
        self._run_compiled(4, 5)

    def respond_to_conditions(self) -> None:
        """Step 6: responses to conditions on money."""
        self._run_compiled(5, 6)

    def award_grants(self) -> None:
        """Step 7: applications and awards."""
        self._run_compiled(6, 7)

    def settle_accounts(self) -> None:
        """Step 8: income and spending, closing and opening."""
        self._run_compiled(7, 8)

    def drift(self) -> None:
        """Step 9: drift of service mix and stance."""
        self._run_compiled(8, 9)

    def review_memberships(self) -> None:
        """Step 10: joining, leaving, founding."""
        self._run_compiled(9, 10)

    def break_away(self) -> None:
        """Step 11: groups break away together."""
        self._run_compiled(10, 11)

    def dissolve(self) -> None:
        """Step 12: coalitions end."""
        self._run_compiled(11, 12)

    def observe_month(self) -> None:
        """Step 13: write this month's row."""
        self._run_compiled(12, 13)

    def _run_compiled(self, first: int, last: int, record: Any = None) -> None:
        """Run processes `first` up to `last` of this month; of month 0, fill the world."""
        engine.run_processes(self.seed, self.month, first, last, self._inputs, self._rows, record)

    def _refresh(self) -> None:
        """Run what process 0 does besides the calendar."""
        off = replace(self.parameters.mechanisms, apply_calendar=False)
        record = build_record(replace(self.parameters, mechanisms=off))
        self._run_compiled(0, 1, record)

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
        """This month's row of the months table (`sim.columns.MONTHS`), writable while the month runs."""
        return self._rows[0, 0]

    @property
    def latest(self) -> dict[str, float]:
        """The last row recorded, as a dictionary by column."""
        return dict(zip(state.ROW_DTYPE.names or (), self._history[-1][0].item(), strict=True))

    def to_frame(self) -> pd.DataFrame:
        """Return the months so far as the tidy table `Results.months`."""
        regime, shock = self.parameters.regime.name, self.parameters.shock.name
        prefix = regime if shock == "none" else f"{regime}-{shock}"
        rows, people = np.concatenate(self._history), np.concatenate(self._people_history)
        populations = self.parameters.field.populations
        return engine.make_months(prefix, regime, [self.seed], rows[np.newaxis], people[np.newaxis], populations)

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


def _new_rows() -> NDArray[Any]:
    """Return the row of one month (1, 1) as the processes expect it at the start of the month."""
    rows = np.zeros((1, 1), state.ROW_DTYPE).view(np.recarray)
    rows["success_rate"] = np.nan
    return rows


def _divide_month(kind: type[CoalitionModel]) -> list[tuple[str, int, int]]:
    """Return the month as parts: ("", first, last) of compiled processes, or (name, at, at + 1) of a replaced one."""
    parts: list[tuple[str, int, int]] = []
    for at, name in enumerate(METHODS):
        is_replaced = getattr(kind, name) is not getattr(CoalitionModel, name)
        if not is_replaced and parts and not parts[-1][0]:
            parts[-1] = ("", parts[-1][1], at + 1)
        else:
            parts.append((name if is_replaced else "", at, at + 1))
    return parts
