"""The state variables: named tuples of arrays, shape and unit beside each.

n organizations (slots), K service populations, C coalition slots, G grant lines, S sectors. Slots are stable: a
closed organization keeps its slot until a newcomer takes it, and arrays are never reordered. Rows stand in the order
of the organizations' ids, so the order of a roster's lines cannot matter.
"""

from typing import NamedTuple

import numpy as np

from sim import columns
from sim.parameters import kernel_fields
from sim.reference import passed_by_reference

Array = np.ndarray


@passed_by_reference
class Organizations(NamedTuple):
    """One row per organization slot. Money is in integer cents."""

    home_key: Array  # (n,) uint64: hash of the organization's id, the key of its slot
    key: Array  # (n,) uint64: key of the present occupant (another one after each opening)
    generation: Array  # (n,) int64: how many occupants came before
    lot: Array  # (n,) in (0, 1), drawn once for each occupant: decides between equals, the smaller first
    is_open: Array  # (n,) bool
    age_months: Array  # (n,) int64
    sector: Array  # (n,) int64: row of the sector list
    mix: Array  # (n, K) share of effort per service population, rows sum to 1
    mission: Array  # (n, K) mix at founding, the anchor of drift
    viewpoint: Array  # (n,) private, in [-1, 1]
    stance: Array  # (n,) expressed, in [-1, 1]
    is_silent: Array  # (n,) bool: keeps no public position
    need_cents: Array  # (n,) int64 per month
    own_income_cents: Array  # (n,) int64 per month
    reserve_cents: Array  # (n,) int64
    base_capacity: Array  # (n,) people per month at full spending
    capacity: Array  # (n,) people per month now
    stress: Array  # (n,) fiscal stress in [0, 1]
    dependence: Array  # (n,) share of income from awards, smoothed
    deficit_months: Array  # (n,) int64 months in a row without reserves
    record: Array  # (n,) reputation for winning, in [0, 1]
    recent_loss: Array  # (n,) memory of rejections, in [0, 1]
    n_memberships: Array  # (n,) int64
    cost_cents: Array  # (n,) int64 coalition costs of this month
    served: Array  # (n,) people served this month
    eligible: Array  # (n, G) bool: may apply to the line as it stands
    award_cents: Array  # (n, G) int64 still to be paid
    award_months: Array  # (n, G) int64 months left
    response: Array  # (n, G) int64: latest response to the line's conditions, see columns.RESPONSES


@passed_by_reference
class Dyads(NamedTuple):
    """One entry per ordered pair (i, j): how i stands to j."""

    trust: Array  # (n, n) in [0, 1]
    overlap: Array  # (n, n) niche overlap in [0, 1], refreshed each month
    joint: Array  # (n, n) int64: coalitions both sit in
    formal: Array  # (n, n) int64: those of them under an MOU


@passed_by_reference
class Coalitions(NamedTuple):
    """One row per coalition slot."""

    is_active: Array  # (C,) bool
    number: Array  # (C,) int64: serial number, never used twice in a run
    key: Array  # (C,) uint64: key of its draws
    member: Array  # (C, n) bool
    founder: Array  # (C, n) bool
    size: Array  # (C,) int64
    purpose: Array  # (C, K) mean service mix at founding
    is_formal: Array  # (C,) bool: under an MOU
    is_mandated: Array  # (C,) bool: founded where a grant demands a coalition
    is_hollow: Array  # (C,) bool: members stay, activity fell
    convener: Array  # (C,) int64 slot
    convener_months: Array  # (C,) int64 months its convener is still funded
    depth: Array  # (C,) depth of joint work in [0, 1]
    activity: Array  # (C,) attendance in [0, 1]
    age_months: Array  # (C,) int64
    inactive_months: Array  # (C,) int64


@passed_by_reference
class Programmes(NamedTuple):
    """One row per grant line; shocks change it during a run."""

    key: Array  # (G,) uint64: hash of the line's name, part of the keys of its draws
    is_open: Array  # (G,) bool: runs this month and has money
    money_share: Array  # (G,) share of the regime's money at month 0
    pot_cents: Array  # (G,) int64 per round
    award_cents: Array  # (G,) int64: usual award per year
    interval: Array  # (G,) int64 months between rounds
    term: Array  # (G,) int64 months
    first_month: Array  # (G,) int64
    last_month: Array  # (G,) int64
    pays_for: Array  # (G, K) bool: eligible populations
    stance_low: Array  # (G,)
    stance_high: Array  # (G,)
    ambiguity: Array  # (G,) probability
    is_joint: Array  # (G,) bool: coalitions apply
    min_partners: Array  # (G,) int64
    required_sector: Array  # (G, S) bool
    requires_mou: Array  # (G,) bool
    sub_award_share: Array  # (G,)
    is_exclusive: Array  # (G,) bool
    convener_share: Array  # (G,)
    allocation: Array  # (G,) int64: 0 competitive, 1 lottery, 2 formula


@passed_by_reference
class Environment(NamedTuple):
    """What lies around the organizations, the books, and the working space of the kernels."""

    arrivals: Array  # (K,) people arriving this month
    served: Array  # (K,) people served this month
    unmet: Array  # (K,) people not served this month
    demand: Array  # (K,) expected arrivals per month before awareness
    awareness: Array  # (1,) stock in [0, 1]
    ledger: Array  # (len(LEDGER),) int64 cents since month 0, see columns.LEDGER
    n_coalitions: Array  # (1,) int64 coalitions founded so far, serial numbers
    terms: Array  # (10,) terms of one utility, working space
    term_change: Array  # (10,) working space
    is_core: Array  # (n,) bool working space
    order: Array  # (n,) int64 working space
    group: Array  # (n,) int64 working space
    rank: Array  # (n,) float64 working space
    move: Array  # (n,) float64 working space
    flow: Array  # (n, 2) float64 working space: unmet and spare of one population


@passed_by_reference
class Log(NamedTuple):
    """The event log of one run; rows beyond the space are counted and not kept."""

    rows: Array  # (max_events, len(EVENT_FIELDS)) int64
    n_rows: Array  # (1,) int64


@passed_by_reference
class Roster(NamedTuple):
    """What is known of the field before the draws; nan or -1 where nothing is."""

    key: Array  # (n,) uint64
    sector: Array  # (n,) int64, -1 unknown
    mix: Array  # (n, K), nan unknown
    viewpoint: Array  # (n,), nan unknown
    stance: Array  # (n,), nan unknown
    need_usd: Array  # (n,) per month, nan unknown
    own_income_share: Array  # (n,), nan unknown
    reserve_months: Array  # (n,), nan unknown
    trust: Array  # (n, n), nan unknown
    member: Array  # (M, n) bool: coalitions that exist at month 0; M = 0 where they are to be formed
    population_demand: Array  # (K,) share of arrivals
    sector_share: Array  # (S,) share of organizations, for sectors to be drawn


@passed_by_reference
class World(NamedTuple):
    """Everything one run reads and writes."""

    organizations: Organizations
    dyads: Dyads
    coalitions: Coalitions
    programmes: Programmes
    environment: Environment
    log: Log


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


def allocate_organizations(n: int, n_populations: int, n_lines: int) -> Organizations:
    """Return zeroed arrays for n slots."""
    shapes = {"mix": (n, n_populations), "mission": (n, n_populations)}
    shapes |= dict.fromkeys(("eligible", "award_cents", "award_months", "response"), (n, n_lines))
    kinds = {"home_key": "u8", "key": "u8", "is_open": "?", "is_silent": "?", "eligible": "?"}
    floats = {
        *(
            "mix",
            "mission",
            "viewpoint",
            "stance",
            "base_capacity",
            "capacity",
            "stress",
            "dependence",
            "record",
            "lot",
        ),
        *("recent_loss", "served"),
    }
    return Organizations(
        *(
            np.zeros(shapes.get(name, (n,)), kinds.get(name, "f8" if name in floats else "i8"))
            for name in Organizations._fields
        )
    )


def allocate_coalitions(n_slots: int, n: int, n_populations: int) -> Coalitions:
    """Return zeroed arrays for `n_slots` coalitions among n organizations."""
    shapes = {"member": (n_slots, n), "founder": (n_slots, n), "purpose": (n_slots, n_populations)}
    kinds = {"key": "u8", "purpose": "f8", "depth": "f8", "activity": "f8", "member": "?", "founder": "?"}
    return Coalitions(
        *(
            np.zeros(shapes.get(name, (n_slots,)), kinds.get(name, "?" if name.startswith("is_") else "i8"))
            for name in Coalitions._fields
        )
    )


def allocate_environment(n: int, n_populations: int) -> Environment:
    """Return zeroed arrays."""
    k = n_populations
    return Environment(
        arrivals=np.zeros(k),
        served=np.zeros(k),
        unmet=np.zeros(k),
        demand=np.zeros(k),
        awareness=np.zeros(1),
        ledger=np.zeros(len(columns.LEDGER), "i8"),
        n_coalitions=np.zeros(1, "i8"),
        terms=np.zeros(10),
        term_change=np.zeros(10),
        is_core=np.zeros(n, "?"),
        order=np.zeros(n, "i8"),
        group=np.zeros(n, "i8"),
        rank=np.zeros(n),
        move=np.zeros(n),
        flow=np.zeros((n, 2)),
    )


def allocate_world(roster: Roster, programmes: Programmes, max_events: int) -> World:
    """Return the arrays of one run, sized for `roster` and `programmes`; `field.initialise` fills them."""
    n, n_populations = roster.mix.shape
    n_slots = max(4, n, len(roster.member))
    return World(
        organizations=allocate_organizations(n, n_populations, len(programmes.term)),
        dyads=Dyads(np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n), "i8"), np.zeros((n, n), "i8")),
        coalitions=allocate_coalitions(n_slots, n, n_populations),
        programmes=Programmes(*(array.copy() for array in programmes)),
        environment=allocate_environment(n, n_populations),
        log=Log(np.zeros((max_events, len(columns.EVENT_FIELDS)), "i8"), np.zeros(1, "i8")),
    )
