"""The initial state (ODD 5): organizations, trust, demand, grant lines, the coalitions of month 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.verification.reference import coalitions, memberships, numbers, relations
from tests.verification.reference.agents import Organization, Programme
from tests.verification.reference.numbers import clip, normal, round_half_up, uniform

if TYPE_CHECKING:
    from sim.schema.roster_tables import RosterTables
    from tests.verification.reference.model import ReferenceModel

FOUNDING_MONTH, PRESENT_MONTH = 1_000_000, 2_000_000


def initialise(model: ReferenceModel, roster: RosterTables | None) -> None:
    """Make the whole field at month 0 (ODD 5)."""
    settings = model.parameters.field
    if roster is None:
        names = [f"organization-{number:04d}" for number in range(1, settings.n_organizations + 1)]
    else:
        names = list(roster.ids)
    model.organizations = [Organization(model, slot, numbers.name_key(name)) for slot, name in enumerate(names)]
    declarations = model.parameters.regime.programmes
    model.programmes = [
        Programme(model, index, name, declarations[name]) for index, name in enumerate(sorted(declarations))
    ]
    n_coalitions_of_roster = 0 if roster is None else len(roster.member)
    model.coalitions = [None] * max(4, len(names), n_coalitions_of_roster)
    for organization in model.organizations:
        draw_attributes(model, organization, roster)
    for i in model.organizations:
        for j in model.organizations:
            i.trust[j] = relations.baseline(model, i, j)
            if roster is not None and not math.isnan(roster.trust[i.slot, j.slot]):
                i.trust[j] = float(roster.trust[i.slot, j.slot])
    total = 0.0
    for organization in model.organizations:
        total += organization.base_capacity
        model.ledger["endowed"] += organization.reserve
    for population, share in zip(settings.populations, settings.population_demand, strict=True):
        model.demand[population] = model.parameters.services.demand_ratio * total * share
    for programme in model.programmes:
        programme.is_open = programme.is_within_dates(1)
    relations.refresh(model)
    if n_coalitions_of_roster:
        open_coalitions_of_roster(model, roster)
    else:
        gather_first_coalitions(model)
        hold_founding_rounds(model)
    raise_trust_of_partners(model, roster)


def first_above(shares: list[float], u: float) -> int:
    """Return the first position at which the running sum exceeds u, the last one where none does (ODD 5, Sector)."""
    running = 0.0
    for position, share in enumerate(shares):
        running += share
        if running > u:
            return position
    return len(shares) - 1


def draw_attributes(model: ReferenceModel, i: Organization, roster: RosterTables | None) -> None:
    """Draw sector, mix, viewpoint, stance and money of an occupant; what a roster gives replaces the draw (ODD 5).

    A newcomer (ODD 7.8) is drawn in the same way with the month of its opening, without a roster; its sector stays.
    """
    settings = model.parameters.field
    s = numbers.stream(model.seed, numbers.INITIALISE, model.month)

    def given(column: str) -> float | None:
        """Return what the roster says, None where it says nothing."""
        value = math.nan if roster is None else float(getattr(roster, column)[i.slot])
        return None if math.isnan(value) else value

    if i.generation == 0:
        i.sector = first_above(settings.sector_shares, uniform(s, i.key, 1))
        if roster is not None and roster.sector[i.slot] >= 0:
            i.sector = int(roster.sector[i.slot])

    main = first_above(settings.population_demand, uniform(s, i.key, 2))
    weights = [-numbers.ln(uniform(s, i.key, 100 + k)) for k in range(len(settings.populations))]
    total = 0.0
    for weight in weights:
        total += weight
    for k, population in enumerate(settings.populations):
        i.mix[population] = weights[k] / total * (1 - settings.specialisation)
        if k == main:
            i.mix[population] += settings.specialisation
    if roster is not None and not math.isnan(roster.mix[i.slot, 0]):
        for k, population in enumerate(settings.populations):
            i.mix[population] = float(roster.mix[i.slot, k])
    i.mission = dict(i.mix)

    u, q = uniform(s, i.key, 3), settings.viewpoint_middle_share
    if u < q:
        centre = 0.0
    elif (u - q) / (1 - q) < settings.viewpoint_balance:
        centre = settings.viewpoint_spread
    else:
        centre = -settings.viewpoint_spread
    i.viewpoint = clip(centre + settings.viewpoint_sd * normal(s, i.key, 4), -1.0, 1.0)
    if given("viewpoint") is not None:
        i.viewpoint = given("viewpoint")

    i.lot = uniform(s, i.key, 10)
    i.is_silent = uniform(s, i.key, 5) < settings.stance_caution
    i.stance = settings.silent_stance * i.viewpoint if i.is_silent else i.viewpoint
    if given("stance") is not None:
        i.stance = given("stance")
        i.is_silent = abs(i.stance) < 0.5 * abs(i.viewpoint)

    need = settings.need_median_usd * numbers.exp(settings.need_log_sd * normal(s, i.key, 6))
    share = settings.own_income_share + settings.own_income_spread * (2 * uniform(s, i.key, 7) - 1)
    share = clip(share, 0.0, 1.0)
    months = settings.initial_reserve_months * (0.5 + uniform(s, i.key, 8))
    need = need if given("need_usd") is None else given("need_usd")
    share = share if given("own_income_share") is None else given("own_income_share")
    months = months if given("reserve_months") is None else given("reserve_months")
    i.need = round_half_up(100 * need)
    i.own_income = round_half_up(100 * need * share)
    i.reserve = round_half_up(100 * need * months)
    i.base_capacity = need / model.parameters.services.cost_per_person_usd
    i.capacity = i.base_capacity
    i.stress = relations.compute_stress(model, i)

    i.age_months = i.deficit_months = i.cost = i.paid = 0
    i.dependence = i.record = i.recent_loss = 0.0
    for g in model.programmes:
        i.eligible[g] = False
        i.award_cents[g] = i.award_months[g] = i.response[g] = 0


def open_coalitions_of_roster(model: ReferenceModel, roster: RosterTables) -> None:
    """Open the coalitions a roster names, in the order of their member lists; the first member convenes (ODD 5)."""
    for row in roster.member:
        members = [organization for organization in model.organizations if row[organization.slot]]
        coalitions.open_coalition(model, members, members[0], origin=0, month=PRESENT_MONTH + model.n_founded)
        coalitions.log_founding(model, model.newest_coalition, "found", "present at the start")


def gather_first_coalitions(model: ReferenceModel) -> None:
    """Gather cores of three around conveners drawn at random (ODD 5, Otherwise)."""
    settings, weights = model.parameters.field, model.parameters.memberships
    s = numbers.stream(model.seed, numbers.INITIALISE, 0)

    def worth(convener: Organization, j: Organization) -> float:
        distance = abs(convener.viewpoint - j.viewpoint)
        worth = weights.complementarity_weight * (1 - convener.overlap[j])
        return worth - settings.gathering_distance_weight * distance

    for _ in range(min(settings.n_initial_coalitions, len(model.organizations))):
        free = [i for i in model.organizations if i.n_memberships == 0]
        if not free:
            return
        convener = min(free, key=lambda i: uniform(s, i.key, 9))
        core = [convener]
        for _ in range(2):
            candidates = [j for j in free if j not in core]
            if not candidates:
                break
            core.append(min(candidates, key=lambda j: numbers.rank(worth(convener, j), j.lot)))
        coalitions.open_coalition(model, core, convener, origin=0, month=PRESENT_MONTH + model.n_founded)
        coalitions.log_founding(model, model.newest_coalition, "found", "present at the start")


def hold_founding_rounds(model: ReferenceModel) -> None:
    """Hold rounds of reviews before month 0, then end coalitions of fewer than two members (ODD 5, Otherwise)."""
    for turn in range(model.parameters.field.founding_rounds):
        memberships.review_memberships(
            model, month=FOUNDING_MONTH + turn, review_share=model.parameters.field.founding_review_share
        )
    for c in model.active_coalitions:
        if c.size < 2:
            coalitions.end_coalition(model, c)


def raise_trust_of_partners(model: ReferenceModel, roster: RosterTables | None) -> None:
    """Last, partners trust each other at least so much, unless the roster says otherwise (ODD 5)."""
    for i in model.organizations:
        for j in model.organizations:
            if i is j or relations.joint(model, i, j) == 0:
                continue
            if roster is None or math.isnan(roster.trust[i.slot, j.slot]):
                i.trust[j] = max(i.trust[j], model.parameters.meetings.initial_partner_trust)
