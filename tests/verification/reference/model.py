"""The model: its state, its schedule, one line a process, and its records (ODD 2, 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

from sim.schema.codes import CAUSES, EVENTS, LEDGER
from tests.verification.reference import field, observation, relations
from tests.verification.reference.accounts import settle_accounts
from tests.verification.reference.awareness import raise_awareness
from tests.verification.reference.calendar import apply_calendar
from tests.verification.reference.conditions import respond_to_conditions
from tests.verification.reference.dissolution import dissolve
from tests.verification.reference.drift import drift
from tests.verification.reference.grants import award_grants
from tests.verification.reference.meetings import meet
from tests.verification.reference.memberships import change_at_random, review_memberships
from tests.verification.reference.schism import break_away
from tests.verification.reference.services import serve_and_refer
from tests.verification.reference.turnover import turn_over_staff

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.schema.parameters import Parameters
    from sim.schema.roster_tables import RosterTables
    from tests.verification.reference.agents import Coalition, Organization, Programme

COUNTS = ("exits", "breakaways", "foundings", "rival_foundings", "joins", "hollowings", "dissolutions", "closures")
COUNTS += ("openings", "complied", "phased_out", "declined", "stayed_ambiguous", "referrals")
COUNTS += ("awarded", "budgeted", "not_awarded", "requested", "applications", "successes")


class ReferenceModel(mesa.Model):
    """One run. `rows` holds one dictionary a month, `events` tuples of codes, `members` a list a month."""

    def __init__(self, parameters: Parameters, seed: int, roster: RosterTables | None = None) -> None:
        super().__init__()
        self.parameters = parameters
        self.seed = seed
        self.month = 0
        self.organizations: list[Organization] = []
        self.programmes: list[Programme] = []
        self.coalitions: list[Coalition | None] = []  # by slot, None where free
        self.newest_coalition: Coalition | None = None
        self.n_founded = 0  # the serial number of the next coalition
        self.demand: dict[str, float] = {}
        self.arrivals = dict.fromkeys(parameters.field.populations, 0.0)
        self.served = dict.fromkeys(parameters.field.populations, 0.0)
        self.in_need = dict.fromkeys(parameters.field.populations, 0.0)
        self.unmet = dict.fromkeys(parameters.field.populations, 0.0)
        self.awareness = 0.0
        self.ledger = dict.fromkeys(LEDGER, 0)
        self.paid = 0  # cents, when they were last observed
        self.counts = dict.fromkeys(COUNTS, 0)
        self.rows: list[dict[str, float]] = []
        self.events: list[tuple[int, ...]] = []
        self.members: list[list[int]] = []
        self.watch: Callable[[ReferenceModel, str], None] | None = None  # called after each process, for comparisons
        field.initialise(self, roster)
        self.counts = dict.fromkeys(COUNTS, 0)
        observation.observe(self)

    @property
    def active_coalitions(self) -> list[Coalition]:
        """The living coalitions, in slot order."""
        return [coalition for coalition in self.coalitions if coalition is not None]

    def step(self) -> None:
        """Run one month (ODD 3)."""
        self.month += 1
        self.counts = dict.fromkeys(COUNTS, 0)
        is_null = self.parameters.mechanisms.null_model
        self.run("apply_calendar", apply_calendar)
        self.run("refresh", relations.refresh, always=True)
        self.run("meet", meet)
        self.run("turn_over_staff", turn_over_staff)
        self.run("serve_and_refer", serve_and_refer)
        self.run("raise_awareness", raise_awareness)
        self.run("respond_to_conditions", respond_to_conditions)
        self.run("award_grants", award_grants)
        self.run("settle_accounts", settle_accounts)
        self.run("drift", drift)
        self.run("review_memberships", change_at_random if is_null else review_memberships)
        self.run("break_away", break_away, never=is_null)
        self.run("dissolve", dissolve)
        self.run("observe", observation.observe, always=True)

    def run(
        self, name: str, process: Callable[[ReferenceModel], None], always: bool = False, never: bool = False
    ) -> None:
        """Run one process unless it is switched off."""
        if always or (not never and getattr(self.parameters.mechanisms, name)):
            process(self)
        if self.watch is not None:
            self.watch(self, name)

    def log(
        self,
        kind: str,
        organization: Organization | None = None,
        coalition: Coalition | None = None,
        line: Programme | None = None,
        cause: str = "",
        size: int = -1,
        month: int | None = None,
    ) -> None:
        """Add one event, in the order of sim.schema.codes.EVENT_FIELDS; -1 where there is none."""
        self.events.append(
            (
                self.month if month is None else month,
                EVENTS.index(kind),
                -1 if organization is None else organization.slot,
                0 if organization is None else organization.generation,
                -1 if coalition is None else coalition.number,
                -1 if line is None else line.index,
                CAUSES.index(cause),
                size,
            )
        )

    def close(self) -> None:
        """Let the memory go: Mesa 3.3 keeps every model alive through the counter of its agents' ids."""
        for agent in list(self.agents):
            agent.remove()
        identifiers = getattr(mesa.Agent, "_ids", None)
        if identifiers is not None and hasattr(identifiers, "pop"):
            identifiers.pop(self, None)
