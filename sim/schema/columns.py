"""The data dictionary: every column of the results with unit, label and meaning; the names of events and causes."""

from __future__ import annotations

from typing import NamedTuple

# One number for what the model computes, apart from the version of the package: the same model, settings and seed give
# the same bits. It rises whenever tests/verification/golden/golden.csv changes, with a reason in CHANGELOG.md.
MODEL_VERSION = 3


# The windows of a run's statistics: its first and its last months. A change needs both, apart from each other.
START_MONTHS, END_MONTHS = 12, 12
CHANGE_MONTHS = START_MONTHS + END_MONTHS


class Column(NamedTuple):
    """One column of a results table; in a run of fewer than `least_months` months its number is missing."""

    name: str
    unit: str
    label: str
    meaning: str
    least_months: int = 0


KEYS = (
    Column("run_id", "name", "Run", "Regime, shock and seed of the run"),
    Column("regime", "name", "Regime", "Grant regime"),
    Column("seed", "number", "Seed", "Seed of all draws"),
    Column("month", "months", "Month", "Months since the start; 0 is the initial state"),
)

MONTHS = (
    # collaboration
    Column("collaboration_share", "share", "Pairs that share a coalition", "Of all pairs of open organizations"),
    Column(
        "cross_viewpoint_share",
        "share",
        "Cross-viewpoint pairs that share a coalition",
        "Of all pairs of open organizations whose private viewpoints lie more than `far_apart` apart",
    ),
    Column(
        "cross_population_share",
        "share",
        "Cross-population pairs that share a coalition",
        "Of all pairs of open organizations whose main service populations differ",
    ),
    Column("mean_trust", "trust", "Mean trust", "Over ordered pairs of open organizations"),
    Column("referrals", "people/month", "Referrals completed", "People referred to a partner and served there"),
    Column("mean_depth", "share", "Depth of joint work", "Mean over active coalitions, weighted by members"),
    Column("mean_activity", "share", "Attendance", "Mean over active coalitions, weighted by members"),
    Column(
        "coalition_density", "share", "Density inside coalitions", "Pairs whose mean trust reaches `tie_trust`, n >= 3"
    ),
    Column("coalition_centralisation", "share", "Centralisation inside coalitions", "Freeman degree, on those ties"),
    Column(
        "competing_share",
        "share",
        "Collaborating pairs that also compete",
        "Competition above `competing_level` on either side",
    ),
    Column("mandated_share", "share", "Grant-mandated coalitions", "Founded for money that only coalitions can win"),
    Column("coalition_age_months", "months", "Age of coalitions", "Mean over active coalitions"),
    Column("founders_share", "share", "Founders still there", "Seats of active coalitions held by their founders"),
    # fragmentation
    Column(
        "n_coalitions", "coalitions", "Coalitions of three or more", "Active coalitions with at least three members"
    ),
    Column("memberships", "memberships", "Memberships", "Seats in all active coalitions"),
    Column(
        "effective_coalitions",
        "groups",
        "Effective number of groups",
        "Inverse Simpson index; each organization counts in its largest coalition, the unaffiliated as groups of one",
    ),
    Column("largest_share", "share", "Share in the largest coalition", "Of open organizations"),
    Column("unaffiliated_share", "share", "Unaffiliated organizations", "Of open organizations"),
    Column("modularity", "index", "Modularity", "Of the co-membership network under each one's largest coalition"),
    Column(
        "ei_viewpoint", "index", "E-I index by viewpoint", "Collaborating pairs across less within viewpoint groups"
    ),
    Column("ei_population", "index", "E-I index by population", "Collaborating pairs across less within populations"),
    Column("exits", "events/month", "Exits", "Organizations that left a coalition by themselves"),
    Column("breakaways", "events/month", "Break-aways", "Groups of three or more that left together"),
    Column("foundings", "events/month", "Foundings", "New coalitions, break-aways included"),
    Column(
        "rival_foundings", "events/month", "Rival foundings", "Whose purpose is close to that of a living coalition"
    ),
    Column("joins", "events/month", "Joins", "Organizations that joined a coalition"),
    Column("hollowings", "events/month", "Hollowings-out", "Coalitions whose attendance fell while members stayed"),
    Column("dissolutions", "events/month", "Dissolutions", "Coalitions that ended"),
    # people
    Column("arrivals", "people/month", "People seeking services", "All populations"),
    Column(
        "in_need",
        "people/month",
        "People in need",
        "All who would seek services if awareness were complete; the same under every grant regime on the same seed",
    ),
    Column("served", "people/month", "People served", "All populations"),
    Column("not_served", "people/month", "People not served", "People in need less people served, all populations"),
    Column("served_share", "share", "People served", "Of those seeking services"),
    Column(
        "coverage_share",
        "share",
        "Coverage",
        "Populations to which a member of a coalition gives `provider_share` of its effort or more, of all populations",
    ),
    # money
    Column("budgeted_usd", "USD", "Money budgeted", "For this month's rounds: money awarded and money left unspent"),
    Column("awarded_usd", "USD", "Money awarded", "Committed in this month's rounds"),
    Column("paid_usd", "USD", "Money paid", "Paid out of awards this month, whenever they were made"),
    Column("unspent_usd", "USD", "Money unspent", "Budgeted for this month's rounds and awarded to nobody"),
    Column("requested_usd", "USD", "Money requested", "In this month's rounds"),
    Column("success_rate", "share", "Success rate", "Awards over applications; nan in a month without a round"),
    Column("award_gini", "index", "Gini index of awards", "Of payments over open organizations; nan without payments"),
    Column("mean_dependence", "share", "Dependence on awards", "Share of income, smoothed, mean"),
    Column("mean_fiscal_stress", "share", "Fiscal stress", "Mean over open organizations"),
    Column("n_open", "organizations", "Open organizations", "At the end of the month"),
    Column(
        "organization_age_months", "months", "Age of organizations", "Since month 0 or opening; mean over open ones"
    ),
    Column("closures", "events/month", "Closures", "Organizations that closed"),
    Column("openings", "events/month", "Openings", "Newcomers"),
    Column("mission_drift", "share", "Mission drift", "Mean half-distance of service mix from the founding mission"),
    Column("public_silence", "share", "No public position", "Open organizations with |stance| below `middle_width`"),
    Column("private_neutrality", "share", "Private middle", "Open organizations with |viewpoint| below `middle_width`"),
    Column("stance_spread", "viewpoint units", "Spread of stances", "Standard deviation over open organizations"),
    Column("complied", "events/month", "Complied", "Responses to conditions this month"),
    Column("phased_out", "events/month", "Phased out", "Responses to conditions this month"),
    Column("declined", "events/month", "Declined", "Responses to conditions this month"),
    Column("stayed_ambiguous", "events/month", "Stayed ambiguous", "Responses to conditions this month"),
    # environment
    Column("awareness", "stock", "Public awareness", "In [0, 1]"),
)

# In the table of months only, one column a service population: `name` with the population's name behind it.
PEOPLE = (
    Column("served_of_", "people/month", "People served", "Of one service population"),
    Column("unmet_of_", "people/month", "People not served", "Of one service population"),
)
SERVED, UNMET = range(len(PEOPLE))

# What a field of many localities adds up; of everything else it shows the mean over localities, weighted by open
# organizations.
SUMMED_UNITS = ("coalitions", "memberships", "organizations", "USD", "people/month", "events/month")

# Events as rates per exposure: what happens, and what it can happen to. Counts of fields of different sizes, or with
# different numbers of memberships, cannot be compared; rates can.
RATES = {
    "exit_rate": ("exits", "memberships"),
    "breakaway_rate": ("breakaways", "memberships"),
    "hollowing_rate": ("hollowings", "memberships"),
    "dissolution_rate": ("dissolutions", "memberships"),
    "join_rate": ("joins", "n_open"),
    "founding_rate": ("foundings", "n_open"),
    "rival_founding_rate": ("rival_foundings", "n_open"),
    "closure_rate": ("closures", "n_open"),
}

# What a run is judged by, from the means over its windows and the sums over all its months.
COUNTED = ("exits", "breakaways", "foundings", "rival_foundings", "hollowings", "dissolutions", "closures", "joins")
BOOKED = ("awarded_usd", "budgeted_usd", "paid_usd", "unspent_usd")
WINDOWED = ("collaboration_share", "coverage_share", "effective_coalitions", "served", "not_served")
JUDGED = (*WINDOWED, "memberships", "n_open", *BOOKED, *COUNTED)
# The sums a verdict is made from, over the months in which a number is known: first of each of JUDGED over all months,
# then of each of WINDOWED the four of its windows, one behind the other.
WINDOWS = ("start_sum", "start_known", "end_sum", "end_known")
START_SUM, START_KNOWN, END_SUM, END_KNOWN = range(len(WINDOWS))
N_SUMS = len(JUDGED) + len(WINDOWED) * len(WINDOWS)

LOCALITIES = (
    Column("locality", "number", "Locality", "In the order of the states"),
    Column("state", "number", "State", "The state it belongs to"),
    Column("n_organizations", "organizations", "Organizations", "Slots at month 0"),
)

_PER_MEMBERSHIP, _PER_ORGANIZATION = "per membership and year", "per organization and year"

COUNTERS = ("run", "point")  # by which a sweep numbers its runs and the points of its design

RUNS = (
    Column(
        "verdict", "name", "Verdict", "grows, holds, fragments or why it is unknown: see docs/odd.md", CHANGE_MONTHS
    ),
    Column(
        "collaboration_start",
        "share",
        "Collaboration at the start",
        "Mean of collaboration_share, months 1-12",
        START_MONTHS,
    ),
    Column(
        "collaboration_end",
        "share",
        "Collaboration at the end",
        "Mean of collaboration_share, last 12 months",
        END_MONTHS,
    ),
    Column("collaboration_change", "share", "Change in collaboration", "End less start", CHANGE_MONTHS),
    Column("coverage_end", "share", "Coverage at the end", "Mean of coverage_share, last 12 months", END_MONTHS),
    Column(
        "effective_change",
        "groups",
        "Change in effective groups",
        "Last 12 months less months 1-12",
        CHANGE_MONTHS,
    ),
    Column("exit_rate", f"exits {_PER_MEMBERSHIP}", "Exit rate", "Exits over memberships held, whole run"),
    Column("total_awarded_usd", "USD", "Money awarded", "Whole run"),
    Column("served_end", "people/month", "People served at the end", "Mean of served, last 12 months", END_MONTHS),
    Column(
        "not_served_end",
        "people/month",
        "People not served at the end",
        "Mean of not_served, last 12 months",
        END_MONTHS,
    ),
    Column("total_budgeted_usd", "USD", "Money budgeted", "Whole run"),
    Column("total_paid_usd", "USD", "Money paid", "Whole run"),
    Column("total_unspent_usd", "USD", "Money unspent", "Whole run"),
    Column(
        "breakaway_rate",
        f"break-aways {_PER_MEMBERSHIP}",
        "Break-away rate",
        "Break-aways over memberships held, whole run",
    ),
    Column(
        "hollowing_rate",
        f"hollowings-out {_PER_MEMBERSHIP}",
        "Hollowing rate",
        "Hollowings-out over memberships held, whole run",
    ),
    Column(
        "dissolution_rate",
        f"dissolutions {_PER_MEMBERSHIP}",
        "Dissolution rate",
        "Dissolutions over memberships held, whole run",
    ),
    Column("join_rate", f"joins {_PER_ORGANIZATION}", "Join rate", "Joins over open organizations, whole run"),
    Column(
        "founding_rate",
        f"foundings {_PER_ORGANIZATION}",
        "Founding rate",
        "Foundings over open organizations, whole run",
    ),
    Column(
        "rival_founding_rate",
        f"rival foundings {_PER_ORGANIZATION}",
        "Rival founding rate",
        "Rival foundings over open organizations, whole run",
    ),
    Column(
        "closure_rate", f"closures {_PER_ORGANIZATION}", "Closure rate", "Closures over open organizations, whole run"
    ),
)

# The sums of events that stand in the table of runs under the same names as in the table of months.
RUN_COUNTS = tuple(
    entry._replace(unit="events", meaning=f"{entry.meaning}; whole run") for entry in MONTHS if entry.name in COUNTED
)


_TABLES = {"months": (*KEYS, *RUNS, *MONTHS), "runs": (*KEYS, *MONTHS, *RUNS, *RUN_COUNTS)}
_ENTRIES = {table: {entry.name: entry for entry in entries} for table, entries in _TABLES.items()}


def column(name: str, table: str = "months") -> Column:
    """Return the entry of one column as it stands in `table`, "months" or "runs".

    A count is "events/month" in the table of months and "events" of the whole run in the table of runs. Raises
    KeyError for a name that is not in the dictionary.
    """
    return _ENTRIES[table][name]
