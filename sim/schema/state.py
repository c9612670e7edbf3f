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
from sim.schema import columns
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
    response: Array = of("i8", "n", "G")  # latest response to the line's conditions, see columns.RESPONSES


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
    """What lies around the organizations, the books, and the working space of the kernels.

    Working space keeps nothing from one process to the next, so localities take turns in it.
    """

    arrivals: Array = of("f8", "K")  # people arriving this month
    served: Array = of("f8", "K")  # people served this month
    unmet: Array = of("f8", "K")  # people not served this month
    demand: Array = of("f8", "K")  # expected arrivals per month before awareness
    awareness: Array = of("f8", 1)  # stock in [0, 1]
    ledger: Array = of("i8", len(columns.LEDGER))  # cents since month 0, see columns.LEDGER
    locality_key: Array = of("u8", 1)  # part of the keys of its draws
    applied: Array = of("i8", 2)  # this month's applications and awards
    best: Array = of("f8", 2)  # score and lot of the best applicant without an award
    n_coalitions: Array = of("i8", 1)  # coalitions founded so far, serial numbers
    group: Array = of("i8", "n")  # marks of one process, such as who applies to the line that decides
    rank: Array = of("f8", "n")  # numbers of one process, such as the scores of those
    terms: Array = of("f8", 9, is_working=True)  # terms of one utility
    term_change: Array = of("f8", 9, is_working=True)
    seen: Array = of("f8", 5, "n", is_working=True)  # what one sees in each other, see relations.look_around
    rivalry: Array = of("f8", "n", is_working=True)  # of one with each other, see relations.compute_rivalry
    glimpsed: Array = of("f8", 5, "n", is_working=True)  # what another one sees in those of a core
    log_size: Array = of("f8", "n", is_working=True)  # ln of 1, 2, … members
    seated: Array = of("u4", "C", "n", is_working=True)  # lists of members, see memberships.hold_round
    contested: Array = of("f8", "n", "G", is_working=True)  # money each competes for, see relations.find_contested
    people: Array = of("u4", "n", is_working=True)  # a list of slots
    others: Array = of("u4", "n", is_working=True)  # another one
    wanted: Array = of("f8", "n", is_working=True)  # people referred to each taker
    sent: Array = of("f8", "Q", is_working=True)  # people referred from each sender to each taker of one population
    is_core: Array = of("?", "n", is_working=True)
    order: Array = of("u4", "n", is_working=True)  # slots in the order of a round
    degree: Array = of("i8", "n", is_working=True)  # seats beside others, see observe
    options: Array = of("u4", "C", is_working=True)  # of one review: slots of coalitions
    luck: Array = of("f8", "O", is_working=True)  # of each option, see memberships._draw_luck
    worth: Array = of("f8", "O", is_working=True)  # of each option, luck included
    move: Array = of("f8", "n", is_working=True)
    flow: Array = of("f8", 3, "K", "n", is_working=True)  # served, unmet and spare where people landed


@passed_by_reference
class Log(NamedTuple):
    """The event log of one run; rows beyond the space are counted and not kept."""

    rows: Array = of("i8", "E", len(columns.EVENT_FIELDS))
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
    """Return the arrays of one run, sized for `roster` and `programmes`; `field.initialise` fills them."""
    n, n_populations = roster.mix.shape
    sizes = size_locality(n, n_populations, len(programmes.term), len(roster.sector_share), len(roster.member))
    world = allocate(World, sizes | {"E": max_events})
    return world._replace(programmes=Programmes(*(array.copy() for array in programmes)))
