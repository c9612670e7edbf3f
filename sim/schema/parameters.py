"""Every number of the model, declared once: default, unit, range, label and source.

Validation, the Hydra schema, the compiled kernels, the sweep ranges and ``docs/parameters.md`` all read the
declarations here. A source is given only where a publication reports the figure; every other number says
"assumed" and carries a wide range.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as declare
from functools import cache

from sim.schema.choices import Choices
from sim.schema.fields import Group, ParameterError, check_fields, choice, number, switch
from sim.schema.regimes import Programme, Regime, Shock, make_default_regime

MAX_ORGANIZATIONS = 2_000_000


@dataclass(frozen=True)
class Field(Group):
    """The field at month 0: organizations, their service populations, viewpoints and money."""

    n_organizations: int = number(
        18,
        "organizations",
        2,
        2000,
        "Organizations in the field",
        "Gerassi, Nichols & Michelson 2017: 18 organizations",
    )
    n_localities: int = number(
        1,
        "localities",
        1,
        100_000,
        "Localities with organizations, ties and coalitions of their own",
        plausible=(1, 10),
    )
    n_states: int = number(
        1, "states", 1, 1000, "States that the localities belong to, in equal parts", plausible=(1, 5)
    )
    locality_size_log_sd: float = number(
        0.0,
        "log units",
        0,
        2,
        "Spread of the number of organizations among several localities (log-normal)",
        plausible=(0, 0.8),
    )
    bridges_per_state: int = number(
        0,
        "organizations",
        0,
        1000,
        "Bridging organizations: with a seat in several localities of a state",
        plausible=(0, 10),
    )
    bridge_seats: int = number(3, "localities", 2, 1000, "Localities in which a bridging organization sits")
    folder: str | None = declare(default=None, metadata={"unit": "path", "label": "Folder with a roster of your own"})
    populations: list[str] = declare(
        default_factory=lambda: [
            "adults_citizens_residents",
            "adults_foreign_nationals",
            "minors",
            "people_in_sex_work",
            "people_in_labour_trafficking",
            "community_at_large",
        ],
        metadata={"unit": "names", "label": "Service populations"},
    )
    population_demand: list[float] = declare(
        default_factory=lambda: [0.25, 0.18, 0.17, 0.15, 0.10, 0.15],
        metadata={"unit": "share", "label": "Share of arrivals from each population (assumed)"},
    )
    sectors: list[str] = declare(
        default_factory=lambda: ["government", "justice", "ngo", "health_care", "school", "business", "media"],
        metadata={"unit": "names", "label": "Sectors (National Academies 2013, chapter 10)"},
    )
    sector_shares: list[float] = declare(
        default_factory=lambda: [0.12, 0.12, 0.46, 0.14, 0.08, 0.04, 0.04],
        metadata={"unit": "share", "label": "Share of organizations in each sector (assumed)"},
    )
    specialisation: float = number(0.55, "share", 0, 1, "Effort an organization gives its main population")
    viewpoint_middle_share: float = number(0.5, "share", 0, 1, "Organizations with mixed or no stated position")
    viewpoint_spread: float = number(
        0.6, "viewpoint units", 0, 1, "Distance of each pole's group from the middle", plausible=(0, 0.9)
    )
    viewpoint_sd: float = number(0.15, "viewpoint units", 0, 0.5, "Spread of viewpoints within a group")
    viewpoint_balance: float = number(0.5, "share", 0, 1, "Share of the committed at the rights-and-labour pole")
    stance_caution: float = number(
        0.35,
        "probability",
        0,
        1,
        "Organizations that start without a public position",
        "Kenway & Quirk 2021: about a third gave no personal position",
    )
    need_median_usd: float = number(25_000, "USD/month", 100, 10_000_000, "Median monthly need of an organization")
    need_log_sd: float = number(0.6, "log units", 0, 2, "Spread of monthly need (log-normal)")
    own_income_share: float = number(
        0.42, "share of need", 0, 1, "Unrestricted own income, mean", plausible=(0.32, 0.52)
    )
    own_income_spread: float = number(
        0.2, "share of need", 0, 0.5, "Unrestricted own income, half-width around the mean"
    )
    initial_reserve_months: float = number(3.0, "months of need", 0, 36, "Reserves at month 0, mean")
    silent_stance: float = number(0.25, "share", 0, 1, "Part of its viewpoint shown by who takes no public position")
    n_initial_coalitions: int = number(
        3, "coalitions", 0, 50, "Coalitions that already meet at month 0", "assumed (2-4 are plausible for one city)"
    )
    gathering_distance_weight: float = number(
        0.5, "utility", 0, 5, "Weight of distance in viewpoint where a first core is gathered"
    )
    founding_rounds: int = number(6, "rounds", 0, 60, "Rounds of joining before month 0")
    founding_review_share: float = number(0.5, "share per round", 0, 1, "Organizations that review in such a round")

    def check_size(self) -> None:
        """Raise `ParameterError` for a field that no machine would hold, or with more states than localities."""
        total = self.n_localities * self.n_organizations
        if total > MAX_ORGANIZATIONS:
            raise ParameterError(
                f"field: {self.n_localities} localities of {self.n_organizations} organizations are {total} "
                f"organizations; at most {MAX_ORGANIZATIONS}"
            )
        if self.n_states > self.n_localities:
            raise ParameterError(
                f"field.n_states = {self.n_states}: must not exceed field.n_localities = {self.n_localities}"
            )
        if self.n_localities > 1 and self.folder is not None:
            raise ParameterError(
                f"field.n_localities = {self.n_localities}: a roster names its localities itself; leave it at 1"
            )


@dataclass(frozen=True)
class Meetings(Group):
    """Meetings, trust and dialogue."""

    meeting_interval: int = number(
        1,
        "months",
        1,
        24,
        "Months between meetings",
        "monthly to quarterly: J. Extension 42(6) 2004; SEEN",
        plausible=(1, 6),
    )
    baseline_trust: float = number(
        0.25, "trust", 0, 1, "Trust between organizations that never met", plausible=(0.10, 0.40)
    )
    initial_partner_trust: float = number(0.5, "trust", 0, 1, "Trust between partners at month 0")
    same_sector_trust: float = number(0.05, "trust", 0, 0.5, "Extra baseline trust within a sector")
    trust_gain: float = number(0.06, "per meeting", 0, 1, "How fast good contact builds trust", plausible=(0.01, 0.12))
    trust_loss: float = number(0.12, "per meeting", 0, 1, "How fast poor contact loses trust", plausible=(0.02, 0.24))
    trust_decay: float = number(0.02, "per month", 0, 1, "Return of trust to its baseline without contact")
    ill_will: float = number(0.5, "factor", 0, 3, "How distrust enlarges a perceived difference in viewpoint")
    facilitation: float = number(
        0.1, "share", 0, 1, "Share of perceived tension that facilitation removes", plausible=(0, 0.6)
    )
    convener_facilitation: float = number(0.25, "share", 0, 1, "Extra facilitation from a funded convener")
    conflict_avoidance: float = number(
        0.3, "share", 0, 1, "Share of tension left unspoken: calmer now, shallower later"
    )
    dialogue_rate: float = number(0.004, "per meeting", 0, 0.5, "How far dialogue moves a viewpoint")
    openness: float = number(0.5, "viewpoint units", 0, 2, "Largest difference that dialogue still bridges")
    peripheral_invitation: float = number(
        0.03, "per meeting", 0, 1, "Chance that an unaffiliated organization is a guest"
    )
    meeting_cost_usd: float = number(120, "USD/meeting", 0, 100_000, "Staff cost of one meeting")
    depth_rate: float = number(0.06, "per meeting", 0, 1, "How fast joint work deepens or thins")
    goal_breadth: float = number(0.8, "share", 0, 1, "Ambition: 0 awareness only, 1 joint services")
    activity_rate: float = number(0.15, "per meeting", 0, 1, "How fast attendance follows its causes")
    attendance_base: float = number(0.4, "share", 0, 1, "Attendance without trust, stress or facilitation")
    attendance_trust: float = number(0.4, "share", 0, 1, "Attendance gained from full trust in the others")
    attendance_stress: float = number(0.4, "share", 0, 1, "Attendance lost under full fiscal stress")
    attendance_facilitation: float = number(0.5, "share", 0, 1, "Attendance gained from full facilitation")
    avoidance_depth: float = number(0.5, "share", 0, 1, "Depth that full conflict avoidance costs")
    mou_rate: float = number(0.02, "per month", 0, 1, "Chance that a coalition at full depth signs an MOU")


@dataclass(frozen=True)
class Staff(Group):
    """Staff turnover and what protects trust against it."""

    annual_turnover: float = number(
        0.25,
        "per year",
        0,
        1,
        "Chance that an organization's contact person leaves",
        "Nonprofit HR and Opportunity Knocks: 0.14-0.28 of staff a year",
        plausible=(0.1, 0.4),
    )
    turnover_trust_loss: float = number(
        0.5, "share", 0, 1, "Trust above baseline that leaves with the person", plausible=(0.25, 0.75)
    )
    mou_protection: float = number(0.6, "share", 0, 1, "Part of that trust an MOU keeps")


@dataclass(frozen=True)
class Services(Group):
    """People served, capacity and referrals."""

    demand_ratio: float = number(
        1.05, "people per place", 0, 5, "Arrivals over the field's capacity at month 0", plausible=(0.8, 1.3)
    )
    demand_noise: float = number(0.12, "log units", 0, 1, "Monthly noise of arrivals")
    cost_per_person_usd: float = number(1_500, "USD/person-month", 1, 100_000, "Cost of serving one person")
    misdirected_share: float = number(0.3, "share", 0, 1, "Arrivals that land without regard to who serves whom")
    referral_rate: float = number(0.5, "share", 0, 1, "Referral of an unserved person to a fully trusted partner")
    referral_outside: float = number(0.25, "factor", 0, 1, "Referral to organizations outside one's coalitions")
    mou_referral_bonus: float = number(0.3, "factor", 0, 2, "Extra referral under an MOU")
    referral_trust_gain: float = number(0.02, "per month", 0, 1, "Trust gained from referrals that were kept")


@dataclass(frozen=True)
class Awareness(Group):
    """Public awareness: what coalitions add and what it brings."""

    awareness_gain: float = number(0.08, "per month", 0, 1, "Awareness from a field in which all are active")
    awareness_decay: float = number(0.05, "per month", 0, 1, "Fading of awareness")
    awareness_concavity: float = number(0.6, "exponent", 0.1, 1, "Concavity of awareness work in coalition size")
    awareness_floor: float = number(0.6, "share", 0, 1, "Awareness work a shallow coalition still does")
    awareness_arrivals: float = number(0.3, "factor", 0, 3, "Extra people coming forward at full awareness")
    awareness_donations: float = number(0.3, "factor", 0, 3, "Extra donations at full awareness")


@dataclass(frozen=True)
class Conditions(Group):
    """How organizations answer conditions attached to money."""

    identity_cost: float = number(1.2, "utility", 0, 10, "Cost of acting wholly against one's viewpoint or mission")
    money_appeal: float = number(1.0, "utility", 0, 10, "Value of an award that covers the whole need")
    ambiguity_penalty: float = number(0.5, "utility", 0, 10, "Feared cost of staying ambiguous under a clear rule")
    response_noise: float = number(0.12, "utility", 0, 5, "Noise of the choice among responses")
    phase_out_step: float = number(0.5, "share", 0, 1, "Part of the way that phasing out goes at once")
    ambiguous_stance: float = number(0.5, "share", 0, 1, "Part of its stance kept by who stays ambiguous")


@dataclass(frozen=True)
class Grants(Group):
    """Applying, scoring and losing."""

    annual_usd_per_organization: float = number(
        110_000,
        "USD/year",
        0,
        10_000_000,
        "Grant money in the field per organization and year",
        plausible=(20_000, 300_000),
    )
    eligibility_threshold: float = number(
        0.4, "share of effort", 0, 1, "Effort for eligible populations needed to apply"
    )
    application_threshold: float = number(0.05, "share of need", 0, 1, "Smallest award worth an application")
    fit_weight: float = number(1.0, "score", 0, 5, "Weight of fit in a proposal's score")
    record_weight: float = number(0.6, "score", 0, 5, "Weight of past awards in the score")
    partnership_weight: float = number(
        0.5, "score", 0, 5, "Weight of partners and trust in the score", plausible=(0, 2)
    )
    luck: float = number(0.35, "score", 0, 5, "Scale of the Gumbel noise: merit against luck")
    record_gain: float = number(0.5, "share", 0, 1, "Part of the way to a full record that one award brings")
    coalition_loss: float = number(0.5, "share", 0, 1, "Rejection felt by the convener of a coalition that lost")
    record_memory: float = number(
        0.98, "per month", 0, 1, "Persistence of a reputation for winning", plausible=(0.9, 0.99)
    )
    loss_memory: float = number(
        0.93, "per month", 0, 1, "Persistence of the memory of a rejection", plausible=(0.85, 0.98)
    )
    rival_trust_loss: float = number(0.3, "share", 0, 1, "Trust lost in a winner that serves the same people")
    trust_softening: float = number(0.6, "share", 0, 1, "How far trust softens losing and competing (g)")


@dataclass(frozen=True)
class Accounts(Group):
    """Income, spending, reserves, closing and opening."""

    donation_share: float = number(
        0.3, "share of need", 0, 1, "Donations before grants and awareness", plausible=(0.15, 0.45)
    )
    income_noise: float = number(0.15, "share", 0, 1, "Month-to-month noise of donations")
    crowd_out: float = number(
        0.3, "USD per USD", 0, 0.8, "Donations displaced by a dollar of grants", "Andreoni & Payne, NBER: up to 0.76"
    )
    reserve_target_months: float = number(4.0, "months of need", 0.5, 36, "Reserve at which fiscal stress is zero")
    austerity: float = number(0.3, "share", 0, 0.9, "Spending cut under full fiscal stress", plausible=(0.15, 0.60))
    capacity_ceiling: float = number(1.5, "factor", 1, 5, "Largest capacity over that of full spending")
    dependence_months: float = number(12.0, "months", 1, 120, "Time over which dependence on awards is averaged")
    surplus_spending: float = number(
        0.15, "per month", 0, 1, "Part of reserves above target spent on services", plausible=(0.03, 0.25)
    )
    closure_grace_months: int = number(9, "months", 1, 120, "Months without reserves before an organization may close")
    closure_rate: float = number(0.06, "per month", 0, 1, "Chance of closing in each month after that")
    opening_rate: float = number(0.03, "per month", 0, 1, "Chance that a newcomer takes a vacant place")


@dataclass(frozen=True)
class Drift(Group):
    """Mission drift and its anchor."""

    mission_drift: float = number(0.02, "per month", 0, 1, "Drift of service mix toward funded populations")
    stance_drift: float = number(0.04, "per month", 0, 1, "Drift of stance toward what funders accept")
    silence_drift: float = number(0.02, "per month", 0, 1, "Drift of stance toward no position under funder leverage")
    mission_anchor: float = number(0.02, "per month", 0, 1, "Return of the service mix to the founding mission")
    stance_anchor: float = number(0.01, "per month", 0, 1, "Return of stance to the private viewpoint")


@dataclass(frozen=True)
class Memberships(Group):
    """Joining, staying, leaving, founding, breaking away, ending."""

    review_share: float = number(
        0.2, "share per month", 0, 1, "Organizations that review their memberships", plausible=(0.05, 0.30)
    )
    max_memberships: int = number(3, "coalitions", 1, 20, "Coalitions an organization may sit in (1: a partition)")
    admission: str = choice("majority", ("open", "majority", "unanimous"), "Who admits a new member")
    size_cap: int = number(
        50, "members", 2, 2000, "Largest coalition; fifty is the largest reported task force", plausible=(8, 100)
    )
    complementarity_weight: float = number(
        0.6, "utility", 0, 5, "Value of partners who serve other people", plausible=(0.30, 1.20)
    )
    trust_weight: float = number(1.0, "utility", 0, 5, "Value of trusted partners", plausible=(0.50, 2.00))
    viewpoint_weight: float = number(
        0.9, "utility", 0, 5, "Cost of perceived viewpoint tension", plausible=(0.45, 1.80)
    )
    strain: float = number(0.75, "share", 0, 1, "How far the cost of viewpoint tension follows fiscal pressure")
    turf_weight: float = number(1.8, "utility", 0, 5, "Cost of competing for the same money", plausible=(0, 3.6))
    restriction_weight: float = number(0.8, "utility", 0, 5, "Cost of partners one's funder excludes")
    base_rivalry: float = number(0.6, "share", 0, 1, "Rivalry for donors and staff where no grant is shared")
    loss_pressure: float = number(0.3, "share", 0, 1, "Fiscal pressure felt after a rejection")
    redundancy: float = number(
        0.8, "share", 0, 1, "Value lost when partners already meet elsewhere", plausible=(0.40, 1.00)
    )
    size_benefit: float = number(
        0.3, "utility per ln(members)", 0, 5, "Benefit of size (concave)", plausible=(0.15, 0.60)
    )
    joint_money: float = number(0.5, "utility", 0, 5, "Appeal of money only coalitions can win")
    size_cost: float = number(
        0.1, "utility", 0, 5, "Cost of a coalition of the size scale (convex)", plausible=(0.05, 0.20)
    )
    size_scale: float = number(6.0, "members", 1, 500, "Size at which the convex cost equals size cost")
    funded_cost_share: float = number(0.5, "share", 0, 1, "Part of that cost left where a grant pays the convener")
    time_cost: float = number(0.12, "utility", 0, 5, "Cost of each membership already held")
    membership_threshold: float = number(0.5, "utility", -5, 5, "What membership must be worth", plausible=(0.20, 0.80))
    admission_threshold: float = number(
        0.15, "utility", -5, 5, "Affinity at which a member says yes to a newcomer", plausible=(0, 0.3)
    )
    choice_noise: float = number(0.1, "utility", 0, 5, "Noise of a membership choice", plausible=(0.03, 0.20))
    founding_effort: float = number(0.25, "utility", 0, 5, "Effort of founding a coalition")
    founding_size: int = number(4, "members", 2, 30, "Largest core of a new coalition")
    mandate_bonus: float = number(0.3, "utility", 0, 5, "Push to found where a grant demands a coalition")
    schism_gain: float = number(
        0.15, "utility", 0, 5, "What each of a group must gain to break away together", plausible=(0.05, 0.30)
    )
    schism_noise: float = number(0.05, "utility", 0, 5, "Noise of that judgement")
    schism_trust_loss: float = number(0.4, "share", 0, 1, "Trust lost across the cut")
    inactive_activity: float = number(0.25, "share", 0, 1, "Attendance below which a coalition counts as inactive")
    hollow_activity: float = number(0.4, "share", 0, 1, "Attendance below which it counts as hollowed out")
    hollow_recovery: float = number(0.05, "share", 0, 1, "Attendance above that level at which it has recovered")
    initial_activity: float = number(0.6, "share", 0, 1, "Attendance of a new coalition")
    rival_overlap: float = number(0.75, "share", 0, 1, "Overlap of purpose at which a new coalition counts as a rival")
    dissolve_after: int = number(6, "months", 1, 120, "Inactive months after which a coalition ends")
    disband_rate: float = number(
        0.002, "per month", 0, 1, "Chance that a coalition ends with its goal met or dropped", plausible=(0.0005, 0.004)
    )
    null_join_rate: float = number(0.1, "per review", 0, 1, "Null model: chance to join any coalition")
    null_leave_rate: float = number(0.2, "per review", 0, 1, "Null model: chance to leave one")
    null_found_rate: float = number(0.02, "per review", 0, 1, "Null model: chance to found one")


@dataclass(frozen=True)
class Observation(Group):
    """What counts as a tie, a distance, a competitor, a provider in the results; changes no run."""

    far_apart: float = number(0.5, "viewpoint units", 0, 2, "Distance beyond which a pair is cross-viewpoint")
    middle_width: float = number(0.2, "viewpoint units", 0, 1, "|Position| below which it counts as the middle")
    tie_trust: float = number(0.5, "trust", 0, 1, "Mean trust of both sides that counts as a tie")
    competing_level: float = number(0.05, "competition", 0, 1, "Competition above which a pair competes")
    provider_share: float = number(0.1, "share of effort", 0, 1, "Effort that makes a provider of a population")


@dataclass(frozen=True)
class Mechanisms(Group):
    """One switch a mechanism, so that a reader can see which one did it."""

    apply_calendar: bool = switch(True, "Programmes open and close, shocks strike")
    meet: bool = switch(True, "Meetings, trust and dialogue")
    turn_over_staff: bool = switch(True, "Staff turnover")
    serve_and_refer: bool = switch(True, "Services and referrals")
    raise_awareness: bool = switch(True, "Public awareness")
    respond_to_conditions: bool = switch(True, "Responses to conditions")
    award_grants: bool = switch(True, "Applications and awards")
    settle_accounts: bool = switch(True, "Income, spending, closing, opening")
    drift: bool = switch(True, "Mission and stance drift")
    review_memberships: bool = switch(True, "Joining, leaving, founding")
    break_away: bool = switch(True, "Groups break away together")
    dissolve: bool = switch(True, "Coalitions end")
    viewpoint_tension: bool = switch(True, "Differences in viewpoint cause tension")
    funding_competition: bool = switch(True, "Organizations that share money compete")
    restriction_conflict: bool = switch(True, "Exclusive money forbids some partners")
    null_model: bool = switch(False, "Null model: memberships change at random")


@dataclass(frozen=True)
class Parameters:
    """One complete, checked setting of the model."""

    field: Field = declare(default_factory=Field)
    meetings: Meetings = declare(default_factory=Meetings)
    staff: Staff = declare(default_factory=Staff)
    services: Services = declare(default_factory=Services)
    awareness: Awareness = declare(default_factory=Awareness)
    conditions: Conditions = declare(default_factory=Conditions)
    grants: Grants = declare(default_factory=Grants)
    accounts: Accounts = declare(default_factory=Accounts)
    drift: Drift = declare(default_factory=Drift)
    memberships: Memberships = declare(default_factory=Memberships)
    observation: Observation = declare(default_factory=Observation)
    mechanisms: Mechanisms = declare(default_factory=Mechanisms)
    regime: Regime = declare(default_factory=make_default_regime)
    shock: Shock = declare(default_factory=Shock)
    choices: Choices = declare(default_factory=lambda: Choices())
    months: int = number(120, "months", 1, 1200, "Months to run")

    def __post_init__(self) -> None:
        check_fields(self)
        _check_shares("field.population_demand", self.field.population_demand, self.field.populations)
        _check_shares("field.sector_shares", self.field.sector_shares, self.field.sectors)
        self.field.check_size()
        for name in ("from_population", "to_population"):
            value = getattr(self.shock, name)
            if self.shock.name == "stream_shift" or value != getattr(Shock, name):  # of another field's populations
                self._check_names(f"shock.{name}", [value], "populations")
        for name, programme in self.regime.programmes.items():
            where = f"regime.programmes.{name}"
            self._check_names(f"{where}.eligible_populations", programme.eligible_populations, "populations")
            self._check_names(f"{where}.required_sectors", programme.required_sectors, "sectors")

    def _check_names(self, where: str, names: list[str], allowed: str) -> None:
        known = getattr(self.field, allowed)
        for name in names:
            if name not in known:
                raise ParameterError(f"{where} = {name!r}: must be one of field.{allowed}: {', '.join(known)}")


def _check_shares(where: str, shares: list[float], names: list[str]) -> None:
    if len(names) < 1 or len(set(names)) != len(names):
        raise ParameterError(f"{where}: needs at least one name and no name twice, has {', '.join(names) or 'none'}")
    if len(shares) != len(names):
        raise ParameterError(f"{where}: has {len(shares)} shares for {len(names)} names; give one for each")
    if any(not 0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        raise ParameterError(f"{where} = {shares}: shares must lie in [0, 1] and sum to 1")


KERNEL_GROUPS = (
    "field",
    "meetings",
    "staff",
    "services",
    "awareness",
    "conditions",
    "grants",
    "accounts",
    "drift",
    "memberships",
    "observation",
    "mechanisms",
)


@cache
def kernel_fields() -> tuple[tuple[str, str, dataclasses.Field], ...]:
    """Return (group, name, declaration) of every single number that the compiled kernels read."""
    return tuple(_find_kernel_fields())


def _find_kernel_fields() -> Iterator[tuple[str, str, dataclasses.Field]]:
    groups = {item.name: item.default_factory for item in dataclasses.fields(Parameters)}
    for group in KERNEL_GROUPS:
        for item in dataclasses.fields(groups[group]):  # type: ignore[arg-type]
            if {"low", "options"} & item.metadata.keys() or item.metadata.get("unit") == "on/off":
                yield group, item.name, item


def declarations() -> Iterator[tuple[str, dataclasses.Field]]:
    """Yield (dotted name, declaration) of every parameter a user may set."""
    for item in dataclasses.fields(Parameters):
        factory = item.default_factory
        if factory is dataclasses.MISSING:
            yield item.name, item
        elif item.name not in ("regime", "choices"):
            for inner in dataclasses.fields(factory):  # type: ignore[arg-type]
                yield f"{item.name}.{inner.name}", inner
    for inner in dataclasses.fields(Programme):
        yield f"regime.programmes.<line>.{inner.name}", inner
