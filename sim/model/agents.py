"""Organizations, coalitions and funders of the Mesa face: views of rows of the arrays of `state.World`.

Reading returns plain Python values, writing goes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from sim.schema import codes
from sim.schema.regimes import ALLOCATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.model.model import CoalitionModel

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

    def remove(self) -> None:
        """Raise `NotImplementedError`: the field keeps its slots, and an organization leaves it by closing."""
        raise NotImplementedError(
            f"organization {self.number} cannot be removed from the model; it closes by itself when its reserves are "
            "spent, and a newcomer may take over its slot"
        )

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
        world.environment.ledger[codes.ENDOWED] += int(value) - self.reserve_cents
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
