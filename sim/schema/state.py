"""The state variables: named tuples of arrays, kind, shape and unit beside each.

n organizations (slots), K service populations, C coalition slots, G grant lines, S sectors, M coalitions of a roster,
T organizations with known ties, E events, Q pairs of a sender and a taker at most, O options of a review: all of one
locality. Slots are stable: a closed organization keeps its slot until a newcomer takes it, and arrays are never
reordered. Rows stand in the order of the organizations' ids, so the order of a roster's lines cannot matter.
`localities.py` holds many localities in the same named tuples, each array the blocks of all of them in a row.
"""

from typing import NamedTuple

import numpy as np

from sim.compiler.struct_refs import allocate, of, passed_by_reference
from sim.schema import codes, columns
from sim.schema.parameters import kernel_fields

Array = np.ndarray


@passed_by_reference
class Organizations(NamedTuple):
    """One row per organization slot. Money is in integer cents."""

    home_key: Array = of("u8", "n")  # hash of the organization's id, the key of its slot
    key: Array = of("u8", "n")  # key of the present occupant (another one after each opening)
    generation: Array = of("i2", "n")  # how many occupants came before
    lot: Array = of("f8", "n")  # in (0, 1), drawn once for each occupant: decides between equals, the smaller first
    is_open: Array = of("?", "n")
    age_months: Array = of("i8", "n")
    sector: Array = of("i2", "n")  # row of the sector list
    mix: Array = of("f8", "n", "K")  # share of effort per service population, rows sum to 1
    mission: Array = of("f8", "n", "K")  # mix at founding, the anchor of drift
    viewpoint: Array = of("f8", "n")  # private, in [-1, 1]
    stance: Array = of("f8", "n")  # expressed, in [-1, 1]
    is_silent: Array = of("?", "n")  # keeps no public position
    need_cents: Array = of("i8", "n")  # per month
    own_income_cents: Array = of("i8", "n")  # per month
    reserve_cents: Array = of("i8", "n")
    base_capacity: Array = of("f8", "n")  # people per month at full spending
    capacity: Array = of("f8", "n")  # people per month now
    stress: Array = of("f8", "n")  # fiscal stress in [0, 1]
    dependence: Array = of("f8", "n")  # share of income from awards, smoothed
    deficit_months: Array = of("i2", "n")  # months in a row without reserves
    record: Array = of("f8", "n")  # reputation for winning, in [0, 1]
    recent_loss: Array = of("f8", "n")  # memory of rejections, in [0, 1]
    n_memberships: Array = of("i8", "n")
    cost_cents: Array = of("i8", "n")  # coalition costs of this month
    served: Array = of("f8", "n")  # people served this month
    eligible: Array = of("?", "n", "G")  # may apply to the line as it stands
    award_cents: Array = of("i8", "n", "G")  # still to be paid
    award_months: Array = of("i8", "n", "G")  # months left
    response: Array = of("i8", "n", "G")  # latest response to the line's conditions, see codes.RESPONSES


@passed_by_reference
class Dyads(NamedTuple):
    """One entry per ordered pair (i, j): how i stands to j."""

    trust: Array = of("f8", "n", "n")  # in [0, 1]
    overlap: Array = of("f8", "n", "n")  # niche overlap in [0, 1], refreshed each month
    joint: Array = of("i2", "n", "n")  # coalitions both sit in
    formal: Array = of("i2", "n", "n")  # those of them under an MOU


@passed_by_reference
class Coalitions(NamedTuple):
    """One row per coalition slot."""

    is_active: Array = of("?", "C")
    number: Array = of("i8", "C")  # serial number, never used twice in a run
    key: Array = of("u8", "C")  # key of its draws
    member: Array = of("?", "C", "n")
    founder: Array = of("?", "C", "n")
    size: Array = of("i8", "C")
    purpose: Array = of("f8", "C", "K")  # mean service mix at founding
    is_formal: Array = of("?", "C")  # under an MOU
    is_mandated: Array = of("?", "C")  # founded where a grant demands a coalition
    is_hollow: Array = of("?", "C")  # members stay, activity fell
    convener: Array = of("i8", "C")  # slot
    convener_months: Array = of("i8", "C")  # months its convener is still funded
    depth: Array = of("f8", "C")  # depth of joint work in [0, 1]
    activity: Array = of("f8", "C")  # attendance in [0, 1]
    age_months: Array = of("i8", "C")
    inactive_months: Array = of("i8", "C")


@passed_by_reference
class Programmes(NamedTuple):
    """One row per grant line; shocks change it during a run."""

    key: Array = of("u8", "G")  # hash of the line's name, part of the keys of its draws
    is_open: Array = of("?", "G")  # runs this month and has money
    money_share: Array = of("f8", "G")  # share of the regime's money at month 0
    pot_cents: Array = of("i8", "G")  # per round
    award_cents: Array = of("i8", "G")  # usual award per year
    interval: Array = of("i8", "G")  # months between rounds
    term: Array = of("i8", "G")  # months
    first_month: Array = of("i8", "G")
    last_month: Array = of("i8", "G")
    pays_for: Array = of("?", "G", "K")  # eligible populations
    stance_low: Array = of("f8", "G")
    stance_high: Array = of("f8", "G")
    ambiguity: Array = of("f8", "G")  # probability
    is_joint: Array = of("?", "G")  # coalitions apply
    min_partners: Array = of("i8", "G")
    required_sector: Array = of("?", "G", "S")
    requires_mou: Array = of("?", "G")
    sub_award_share: Array = of("f8", "G")
    is_exclusive: Array = of("?", "G")
    convener_share: Array = of("f8", "G")
    allocation: Array = of("i8", "G")  # 0 competitive, 1 lottery, 2 formula


@passed_by_reference
class Environment(NamedTuple):
    """What lies around the organizations, and the books."""

    arrivals: Array = of("f8", "K")  # people arriving this month
    served: Array = of("f8", "K")  # people served this month
    unmet: Array = of("f8", "K")  # people not served this month
    demand: Array = of("f8", "K")  # expected arrivals per month before awareness
    awareness: Array = of("f8", 1)  # stock in [0, 1]
    ledger: Array = of("i8", len(codes.LEDGER))  # cents since month 0, see codes.LEDGER
    locality_key: Array = of("u8", 1)  # part of the keys of its draws
    n_coalitions: Array = of("i8", 1)  # coalitions founded so far, serial numbers


@passed_by_reference
class Applications(NamedTuple):
    """The round of the grant line that is being decided, of each locality: a line may decide among many of them."""

    status: Array = of("i8", "n")  # 0 has not applied, otherwise grants.PASSED or TAKEN
    score: Array = of("f8", "n")  # of those that applied
    best: Array = of("f8", 2)  # score and lot of the best applicant without an award
    counts: Array = of("i8", 2)  # applications and awards of all lines this month


@passed_by_reference
class Scratch(NamedTuple):
    """Working space of the kernels, by kind. It keeps nothing from one process to the next: localities share it."""

    slot_list: Array = of("u4", "n")  # a list of organizations
    other_slot_list: Array = of("u4", "n")
    organization_mark: Array = of("i8", "n")
    organization_rank: Array = of("f8", "n")
    organization_value: Array = of("f8", "n")
    is_core: Array = of("?", "n")  # a group of organizations: a core, those that leave together
    member_lists: Array = of("u4", "C", "n")  # members of each coalition, see memberships.hold_round
    review_order: Array = of("u4", "n")  # organizations in the order of a round of reviews
    option_list: Array = of("u4", "C")  # coalitions that are options of one review
    option_luck: Array = of("f8", "O")  # of each option, see memberships.draw_luck
    option_worth: Array = of("f8", "O")  # of each option, luck included
    utility_terms: Array = of("f8", 9)  # terms of one utility
    term_changes: Array = of("f8", 9)  # by which each of them changes, summed over a group
    log_size: Array = of("f8", "n")  # ln of 1, 2, … members
    contested: Array = of("f8", "n", "G")  # money each competes for, see relations.find_contested
    rivalry: Array = of("f8", "n")  # of one organization with each other, see relations.compute_rivalry
    seen: Array = of("f8", 5, "n")  # what one organization sees in each other, see relations.look_around
    seen_by_partner: Array = of("f8", 5, "n")  # what a partner sees in the others of a core
    seat_count: Array = of("i8", "n")  # seats beside others, see observe
    flow: Array = of("f8", 3, "K", "n")  # people served and unmet, and spare room, where people landed
    referrals_wanted: Array = of("f8", "n")  # people referred to each taker
    referrals_sent: Array = of("f8", "Q")  # people referred from each sender to each taker of one population


@passed_by_reference
class Log(NamedTuple):
    """The event log of one run; rows beyond the space are counted and not kept."""

    rows: Array = of("i8", "E", len(codes.EVENT_FIELDS))
    n_rows: Array = of("i8", 1)


@passed_by_reference
class Roster(NamedTuple):
    """What is known of the field before the draws; nan or -1 where nothing is."""

    key: Array = of("u8", "n")
    sector: Array = of("i8", "n")  # -1 unknown
    mix: Array = of("f8", "n", "K")  # nan unknown
    viewpoint: Array = of("f8", "n")  # nan unknown
    stance: Array = of("f8", "n")  # nan unknown
    need_usd: Array = of("f8", "n")  # per month, nan unknown
    own_income_share: Array = of("f8", "n")  # nan unknown
    reserve_months: Array = of("f8", "n")  # nan unknown
    trust: Array = of("f8", "T", "T")  # nan unknown; T = n, or 0 where nothing is known
    member: Array = of("?", "M", "n")  # coalitions that exist at month 0; M = 0 where they are to be formed
    population_demand: Array = of("f8", "K")  # share of arrivals
    locality_key: Array = of("u8", 1)  # hash of the locality's name; 0 where there is one locality
    sector_share: Array = of("f8", "S")  # share of organizations, for sectors to be drawn


@passed_by_reference
class World(NamedTuple):
    """Everything one run reads and writes."""

    organizations: Organizations = of(Organizations)
    dyads: Dyads = of(Dyads)
    coalitions: Coalitions = of(Coalitions)
    programmes: Programmes = of(Programmes)
    environment: Environment = of(Environment)
    applications: Applications = of(Applications)
    scratch: Scratch = of(Scratch, is_working=True)
    log: Log = of(Log)


SHOCK_FIELDS = (
    ("shock_kind", "i8"),
    ("shock_month", "i8"),
    ("shock_cut_share", "f8"),
    ("shock_from", "i8"),
    ("shock_to", "i8"),
    ("shock_term", "i8"),
    ("shock_stance_low", "f8"),
    ("shock_stance_high", "f8"),
    ("shock_ambiguity", "f8"),
    ("shock_exclusive", "i8"),
)


def _kind(item) -> str:
    return "f8" if isinstance(item.default, float) else "i8"


PARAMETER_DTYPE = np.dtype([(name, _kind(item)) for _, name, item in kernel_fields()] + list(SHOCK_FIELDS), align=True)
ROW_DTYPE = np.dtype([(column.name, "f8") for column in columns.MONTHS], align=True)


def size_locality(n: int, n_populations: int, n_lines: int, n_sectors: int, n_coalitions: int = 0) -> dict[str, int]:
    """Return the size of every dimension of a locality of n organizations, without ties known and without a log.

    n_coalitions: those that a roster seats at month 0.
    """
    n_slots = max(4, n, n_coalitions)
    return {
        "n": n,
        "K": n_populations,
        "G": n_lines,
        "S": n_sectors,
        "M": n_coalitions,
        "C": n_slots,
        "O": n_slots + 2 + -(n_slots + 2) % 8,  # staying and founding too, in whole rows of eight
        "Q": n * n // 4,
        "T": 0,
        "E": 0,
    }


def allocate_world(roster: Roster, programmes: Programmes, max_events: int) -> World:
    """Return the arrays of one run, sized for `roster` and `programmes`; `organizations.initialise` fills them."""
    n, n_populations = roster.mix.shape
    sizes = size_locality(n, n_populations, len(programmes.term), len(roster.sector_share), len(roster.member))
    return allocate(World, sizes | {"E": max_events})
