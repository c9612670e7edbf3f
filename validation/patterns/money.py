"""Patterns about money: scarcity, a stream that shifts, scarcity times viewpoints, who wins, what outlives a grant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.engine.batch import run_compiled
from sim.engine.snapshots import visit_months
from sim.schema import codes
from validation.claims import Claim, Pattern
from validation.measures import average, average_months, compute_rates
from validation.settings import Setting

if TYPE_CHECKING:
    from sim.engine.inputs import Inputs
    from sim.schema.parameters import Parameters
    from sim.schema.state import World

ANNUAL = "grants.annual_usd_per_organization"
LEAVING = ("exits", "breakaways")


def measure_scarcity(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Half the money against all of it."""
    scarce, plenty = (
        setting.run(setting.build("regime=unrestricted", factors={ANNUAL: factor}), seeds).rows for factor in (0.5, 1.0)
    )

    def compare(column: str) -> float:
        return average(average_months(scarce, column, 61, 120) - average_months(plenty, column, 61, 120))

    kept = [average_months(rows, "effective_coalitions", 61, 120) / average_months(rows, "n_open", 61, 120)
            for rows in (scarce, plenty)]  # fmt: skip
    return {
        "groups": compare("effective_coalitions"),
        "exits": average(compute_rates(scarce, ("exits",)) - compute_rates(plenty, ("exits",))),
        "groups_per_open": average(kept[0] - kept[1]),
        "unaffiliated": compare("unaffiliated_share"),
        "closed": -compare("n_open"),
    }


SHIFT, FROM, TO = 48, "adults_foreign_nationals", "minors"
EARLY, LATE = (SHIFT + 1, SHIFT + 12), (SHIFT + 13, SHIFT + 48)


def measure_shift(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Exits of those who lose their line, by months since the shift, against the same seeds without it."""
    words = f"regime=population_silo months={LATE[1]}"
    calm = setting.build(words)
    shifted = setting.build(f"{words} shock=stream_shift shock.from_population={FROM} shock.to_population={TO}")
    inputs = setting.prepare(calm)
    loses = [_find_defunded(inputs, seed) for seed in seeds]
    found = [setting.run(one, seeds, keep_members=True, keep_events=True) for one in (shifted, calm)]

    def compare(period: tuple[int, int], who: list[np.ndarray]) -> float:
        rates = [_rate_exits(one.events, one.members, period, who) for one in found]
        return rates[0] - rates[1]

    keep = [~lost & (lost >= 0) for lost in loses]
    early, late = compare(EARLY, loses), compare(LATE, loses)
    return {
        "exits": compare((EARLY[0], LATE[1]), loses),
        "delay": late - early,
        "others": compare((EARLY[0], LATE[1]), keep),
        "early": early,
        "late": late,
    }


def _find_defunded(inputs: Inputs, seed: int) -> np.ndarray:
    """Return who may apply for the line that is to end, and for no other, in the month before the shift."""
    (_, world), = visit_months(inputs, seed, [SHIFT - 1])  # fmt: skip
    at = inputs.parameters.field.populations.index(FROM)
    may, ends = world.organizations.eligible, world.programmes.pays_for[:, at]
    return may[:, ends].any(axis=1) & ~may[:, ~ends].any(axis=1) & world.organizations.is_open


def _rate_exits(events: np.ndarray, members: np.ndarray, period: tuple[int, int], who: list[np.ndarray]) -> float:
    """Return exits a year and affiliated organization, of those named, over all seeds; nan without exposure."""
    first, last = period
    chosen = np.array(who)
    exposed = (members[:, first - 1 : last] > 0).sum(axis=1)[chosen].sum()
    left = events[(events[:, 2] == codes.EXIT) & (events[:, 1] >= first) & (events[:, 1] <= last)]
    return 12.0 * float(chosen[left[:, 0], left[:, 3]].sum()) / exposed if exposed else math.nan


def measure_interaction(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Narrow and wide viewpoints, each with plenty of money and with little, from the same coalitions at the start."""
    left, groups, shared = {}, {}, {}
    starts = [_find_start(setting, seed) for seed in seeds]
    for spread in (0.2, 0.8):
        for factor in (0.5, 1.5):
            parameters = setting.build(
                "regime=unrestricted", {"field.viewpoint_spread": spread}, factors={ANNUAL: factor}
            )
            runs = [_run_from(setting, parameters, seed, member) for seed, member in zip(seeds, starts, strict=True)]
            rows = np.concatenate(runs)
            left[spread, factor] = compute_rates(rows, LEAVING)
            groups[spread, factor] = average_months(rows, "effective_coalitions", 61, 120)
            shared[spread, factor] = average_months(rows, "collaboration_share", 61, 120)

    def cross(found: dict) -> tuple[float, float]:
        return average(found[0.8, 0.5] - found[0.2, 0.5]), average(found[0.8, 1.5] - found[0.2, 1.5])

    (stressed, calm), (stressed_left, calm_left), (stressed_shared, calm_shared) = map(cross, (groups, left, shared))
    return {
        "groups": stressed - calm,
        "calm": 0.5 * stressed - abs(calm),
        "exits": stressed_left - calm_left,
        "calm_effect": calm,
        "stressed_effect": stressed,
        "calm_exits": calm_left,
        "stressed_exits": stressed_left,
        "shared": stressed_shared - calm_shared,
    }


def _find_start(setting: Setting, seed: int) -> np.ndarray:
    """Return who sits where at month 0, (M, n) bool, with the set's own viewpoints and money."""
    ((_, world),) = visit_months(setting.prepare(setting.build("regime=unrestricted")), seed, [0])
    return world.coalitions.member[world.coalitions.is_active].copy()


def _run_from(setting: Setting, parameters: Parameters, seed: int, member: np.ndarray) -> np.ndarray:
    """Return the rows of one run that starts with these coalitions, (1, months + 1)."""
    with setting.prepare_seated(parameters, member) as inputs:
        return run_compiled(inputs, [seed], keep_events=False).rows


ROUNDS = tuple(range(13, 120, 12))  # the first has no past to build on


def measure_awards(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Partners and record, a month before a round, of who wins in it against who applies and loses."""
    inputs = setting.prepare(setting.build("regime=unrestricted"))
    gaps: dict[str, list[float]] = {"partners": [], "record": [], "memberships": []}
    for seed in seeds:
        past = {}
        for month, world in visit_months(inputs, seed, [*(one - 1 for one in ROUNDS), ROUNDS[-1]]):
            one = world.organizations
            degree = (world.dyads.joint > 0).sum(axis=1)
            past[month] = {"partners": degree, "record": one.record.copy(), "memberships": one.n_memberships.copy()}
        log = world.log.rows[: world.log.n_rows[0]]
        for month in ROUNDS:
            won, lost = (log[(log[:, 0] == month) & (log[:, 1] == kind), 2] for kind in (codes.WIN, codes.LOSE))
            for name, values in past[month - 1].items():
                gaps[name].append(_compare_groups(values, won, lost))
    return {name: average(values) for name, values in gaps.items()}


def _compare_groups(values: np.ndarray, won: np.ndarray, lost: np.ndarray) -> float:
    """Return the mean of `won` less that of `lost`, in standard deviations over both; nan where all are alike."""
    if len(won) == 0 or len(lost) == 0:
        return math.nan
    spread = values[np.concatenate([won, lost])].std()
    return float((values[won].mean() - values[lost].mean()) / spread) if spread > 1e-9 else math.nan


MONEY_ENDS, MONTHS_LATER = 48, 66  # 5 to 6 years
SEEDED = (
    "regime=collaboration_required regime.programmes.joint.money_share=0.25 regime.programmes.joint.last_month=36 "
    "+regime.programmes.operating.money_share=0.75 +regime.programmes.operating.term_months=36 "
    f"months={MONEY_ENDS + MONTHS_LATER}"
)
SMALLEST = 3


def measure_survival(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Coalitions of three or more that had won joint money when it ended, five and a half years later."""
    inputs = setting.prepare(setting.build(SEEDED))
    line = sorted(inputs.parameters.regime.programmes).index("joint")
    seeded = alive = 0
    for seed in seeds:
        start: set[int] = set()
        for month, world in visit_months(inputs, seed, [MONEY_ENDS, MONEY_ENDS + MONTHS_LATER]):
            if month == MONEY_ENDS:
                start = _find_seeded(world, line)
            else:
                alive += len(start & _find_sustained(world, inputs.parameters))
        seeded += len(start)
    return {"alive": alive / seeded if seeded else math.nan, "seeded": seeded / len(seeds)}


def _find_seeded(world: World, line: int) -> set[int]:
    """Return the numbers of coalitions of three or more that have won money of a line."""
    log, found = world.log.rows[: world.log.n_rows[0]], world.coalitions
    won = set(log[(log[:, 1] == codes.WIN) & (log[:, 5] == line), 4].tolist())
    return won & set(found.number[found.is_active & (found.size >= SMALLEST)].tolist())


def _find_sustained(world: World, parameters: Parameters) -> set[int]:
    """Return the numbers of coalitions of three or more that still meet and serve one population of their purpose."""
    found, mix, enough = world.coalitions, world.organizations.mix, parameters.observation.provider_share
    meets = found.is_active & (found.size >= SMALLEST) & (found.activity >= parameters.memberships.inactive_activity)
    still = set()
    for c in np.flatnonzero(meets):
        present = mix[found.member[c]].mean(axis=0)
        if ((found.purpose[c] >= enough) & (present >= enough)).any():
            still.add(int(found.number[c]))
    return still


PATTERNS = (
    Pattern(
        3,
        "Scarcer money raises fragmentation",
        "Gerassi, Nichols & Michelson 2017; Cooley & Ron 2002; Bunger 2013",
        "A",
        "Unrestricted money, half of it against all of it, same seeds: effective number of groups in months 61-120, "
        "exits per membership over the whole run.",
        (
            Claim("groups", "Half the money raises the effective number of groups", "groups", needs_null=True),
            Claim("exits", "Half the money raises exits per membership", "exits/year", needs_null=True),
            Claim("groups_per_open", "Effective groups per open organization", "groups", is_beside=True),
            Claim("unaffiliated", "Unaffiliated organizations", "share", is_beside=True),
            Claim("closed", "Organizations fewer", "organizations", is_beside=True),
        ),
        measure_scarcity,
    ),
    Pattern(
        5,
        "A stream shift brings delayed exits by those it defunds",
        "Gerassi, Nichols & Michelson 2017; history of the HHS and OVC lines",
        "B",
        "Population silos with and without a shift from adults (foreign nationals) to minors in month 48, same "
        "seeds: exits of organizations that could apply for that line alone, per affiliated organization, months "
        "49-96.",
        (
            Claim(
                "exits",
                "Organizations that a stream shift defunds leave coalitions more often",
                "exits/year",
                needs_null=True,
            ),
            Claim(
                "delay", "They do so more in the second to fourth year after the shift than in the first", "exits/year"
            ),
            Claim("early", "Rise in the first year", "exits/year", is_beside=True),
            Claim("late", "Rise in years two to four", "exits/year", is_beside=True),
            Claim("others", "Rise among all others", "exits/year", is_beside=True),
        ),
        measure_shift,
        seeds_factor=8,
    ),
    Pattern(
        6,
        "Viewpoint spread times fiscal stress: small effect at low stress, large under stress",
        "Gerassi, Nichols & Michelson 2017; Callahan 2016; Calanni et al. 2015",
        "B",
        "Two by two, same seeds and the same coalitions at month 0: spread of viewpoints 0.2 or 0.8, unrestricted "
        "money 1.5 or 0.5 times the set's own. Fragmentation as in pattern 3: effective number of groups in months "
        "61-120, exits (and break-aways) per membership and year.",
        (
            Claim(
                "groups",
                "A wide spread of viewpoints raises the effective number of groups more where money is scarce",
                "groups",
                needs_null=True,
            ),
            Claim(
                "calm",
                "With plenty of money that effect is less than half of what it is under scarcity",
                "groups (half the effect under scarcity less the effect with plenty)",
            ),
            Claim(
                "exits",
                "A wide spread of viewpoints raises exits and break-aways more where money is scarce",
                "events/year",
                needs_null=True,
            ),
            Claim("calm_effect", "Spread's effect on groups with plenty of money", "groups", is_beside=True),
            Claim("stressed_effect", "Spread's effect on groups where money is scarce", "groups", is_beside=True),
            Claim("calm_exits", "Spread's effect on exits with plenty of money", "events/year", is_beside=True),
            Claim("stressed_exits", "Spread's effect on exits where money is scarce", "events/year", is_beside=True),
            Claim("shared", "The interaction on pairs that share a coalition", "share", is_beside=True),
        ),
        measure_interaction,
        seeds_factor=2,
    ),
    Pattern(
        10,
        "New money builds on existing ties and busy organizations",
        "Bunger, Doogan & Cao 2014",
        "B",
        "Unrestricted money, nine yearly rounds: who wins against who applies and loses, by partners and record a "
        "month before, in standard deviations of that round.",
        (
            Claim("partners", "Organizations that win new money had more partners than those that lose", "SD"),
            Claim("record", "Organizations that win new money had the stronger record of past awards", "SD"),
            Claim("memberships", "Memberships held before", "SD", is_beside=True),
        ),
        measure_awards,
    ),
    Pattern(
        11,
        "About 68 % of grant-seeded coalitions still live five to six years after the money ends",
        "NORC for ASPE 2012: 113 of 165",
        "A",
        "A quarter of the money seeds coalitions for four years and then ends, the rest goes on: coalitions of three "
        "or more that had won it by month 48, looked at again in month 114. Alive: three members or more, attendance "
        "not below `inactive_activity`, still serving a population of the founding purpose. Calibration uses the "
        "same band.",
        (
            Claim(
                "alive", "Between 55 and 80 % of grant-seeded coalitions are alive 5.5 years on", "share", 0.55, 0.80
            ),
            Claim("seeded", "Grant-seeded coalitions, a run", "a run", is_beside=True),
        ),
        measure_survival,
        seeds_factor=4,
        is_calibrated=True,
    ),
)
