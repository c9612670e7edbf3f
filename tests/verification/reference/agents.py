"""The entities of the model (ODD 2): organizations, coalitions and grant lines, with plain attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

from sim.schema.regimes import Programme as Declaration
from tests.verification.reference import numbers

if TYPE_CHECKING:
    from tests.verification.reference.model import ReferenceModel


class Organization(mesa.Agent):
    """One slot of the field and its present occupant; money in cents, populations by name, others by agent."""

    def __init__(self, model: ReferenceModel, slot: int, home_key: int) -> None:
        super().__init__(model)
        self.slot = slot
        self.home_key = home_key
        self.key = home_key
        self.generation = 0
        self.lot = 0.0  # decides between equals
        self.is_open = True
        self.age_months = 0
        self.sector = 0
        self.mix: dict[str, float] = {}
        self.mission: dict[str, float] = {}
        self.viewpoint = 0.0
        self.stance = 0.0
        self.is_silent = False
        self.need = 0
        self.own_income = 0
        self.reserve = 0
        self.base_capacity = 0.0
        self.capacity = 0.0
        self.stress = 0.0
        self.dependence = 0.0
        self.record = 0.0
        self.recent_loss = 0.0
        self.deficit_months = 0
        self.cost = 0  # cents of coalition work not yet booked
        self.paid = 0  # cents of awards received this month; observed only
        self.eligible: dict[Programme, bool] = {}
        self.award_cents: dict[Programme, int] = {}
        self.award_months: dict[Programme, int] = {}
        self.response: dict[Programme, int] = {}
        self.trust: dict[Organization, float] = {}
        self.overlap: dict[Organization, float] = {}

    @property
    def coalitions(self) -> list[Coalition]:
        """The coalitions it sits in, in slot order."""
        return [coalition for coalition in self.model.active_coalitions if self in coalition.members]

    @property
    def n_memberships(self) -> int:
        """The number of coalitions it sits in."""
        return len(self.coalitions)


class Coalition(mesa.Agent):
    """One living coalition; `members` stand in the order of their slots."""

    def __init__(self, model: ReferenceModel, number: int, key: int, founders: list[Organization]) -> None:
        super().__init__(model)
        self.number = number
        self.key = key
        self.members = list(founders)
        self.founders = list(founders)
        self.purpose: dict[str, float] = {}
        self.is_formal = False
        self.convener: Organization | None = None
        self.convener_months = 0
        self.depth = 0.0
        self.activity = model.parameters.memberships.initial_activity
        self.inactive_months = 0
        self.is_hollow = False
        self.is_mandated = False
        self.age_months = 0

    @property
    def size(self) -> int:
        """The number of members."""
        return len(self.members)

    @property
    def is_paid(self) -> bool:
        """Whether a grant pays its convener."""
        return self.convener_months > 0


class Programme(mesa.Agent):
    """One grant line; a shock may change what the declaration said."""

    def __init__(self, model: ReferenceModel, index: int, name: str, declaration: Declaration) -> None:
        super().__init__(model)
        field = model.parameters.field
        self.index = index
        self.name = name
        self.key = numbers.name_key(name)
        self.is_open = False
        self.money_share = declaration.money_share
        self.interval = declaration.round_interval_months
        self.term = declaration.term_months
        annual = 100 * model.parameters.grants.annual_usd_per_organization * len(model.organizations)
        self.pot = numbers.round_half_up(annual * declaration.money_share * self.interval / 12)
        self.award = numbers.round_half_up(100 * declaration.award_usd_per_year)
        self.first_month = declaration.first_month
        self.last_month = declaration.last_month
        names = declaration.eligible_populations or field.populations
        self.pays_for = {population: population in names for population in field.populations}
        self.low = declaration.stance_low
        self.high = declaration.stance_high
        self.ambiguity = declaration.ambiguity
        self.is_joint = declaration.applicant == "coalition"
        self.min_partners = declaration.min_partners
        self.required_sectors = [field.sectors.index(sector) for sector in declaration.required_sectors]
        self.requires_mou = declaration.requires_mou
        self.sub_award_share = declaration.sub_award_share
        self.is_exclusive = declaration.exclusive
        self.convener_share = declaration.convener_share
        self.allocation = declaration.allocation

    def is_within_dates(self, month: int) -> bool:
        """Return whether it has money and the month lies within its dates (ODD 7.1)."""
        return self.pot > 0 and self.first_month <= month <= self.last_month

    def decides(self, month: int) -> bool:
        """Return whether it decides in this month (ODD 7.6)."""
        return self.is_open and (month - self.first_month) % self.interval == 0
