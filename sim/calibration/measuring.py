"""What a set of parameters gives for each target: runs of both worlds, and what is read from their state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibration.targets import MONEY_ENDS, MONTHS_LATER, SEEDING_LINE, TARGETS, WORLDS
from sim.configuration import compose
from sim.configuration.designs import set_values
from sim.engine.inputs import Inputs
from sim.engine.runner import Runner
from sim.schema import codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.schema.parameters import Parameters
    from sim.schema.state import Coalitions, Organizations, World

Sums = dict[
    str, tuple[float, float]
]  # of each target a numerator and a denominator, nothing over nothing where unknown

ROOM_FOR_EVENTS = 8192
FIRST_YEAR = 12  # left out where the start would be counted
_MEANS = (
    "coalition_density",
    "n_coalitions",
    "unaffiliated_share",
    "collaboration_share",
    "cross_viewpoint_share",
    "served_share",
)
_WIN = codes.EVENTS.index("win")
_KIND, _LINE, _COALITION, _MONTH = (codes.EVENT_FIELDS.index(name) for name in ("kind", "line", "coalition", "month"))


class Measure:
    """Both worlds, made once and changed from set to set."""

    def __init__(self) -> None:
        """Compose the worlds and make room for their runs."""
        self.settings: dict[str, Parameters] = {
            world: compose(list(words)).parameters for world, words in WORLDS.items()
        }
        self.inputs = {world: Inputs(setting, None, ROOM_FOR_EVENTS) for world, setting in self.settings.items()}

    def measure(self, values: Mapping[str, float], seeds: list[int], *, is_hasty: bool = False) -> dict[str, float]:
        """Return each target's value under `values`, by dotted name, over runs of both worlds on `seeds`; nan if none.

        is_hasty: leave out the world that is left once a target lies outside its band; the set is refused anyway.
        """
        totals = np.zeros((len(TARGETS), 2))
        for world, setting in self.settings.items():
            inputs = self.inputs[world]
            inputs.change(set_values(setting, values))
            for seed in seeds:
                found = measure_baseline(inputs, seed) if world == "baseline" else measure_survival(inputs, seed)
                for row, target in enumerate(TARGETS):
                    if target.world == world:
                        totals[row] += found[target.name]
            if is_hasty and not all(
                target.is_met(_divide(*total))
                for target, total in zip(TARGETS, totals, strict=True)
                if target.world == world
            ):
                break
        return {target.name: _divide(*total) for target, total in zip(TARGETS, totals, strict=True)}


def _divide(total: float, count: float) -> float:
    return float(total / count) if count else float("nan")


def visit(inputs: Inputs, seed: int, months: range | list[int]) -> Iterator[tuple[int, NDArray[Any], World]]:
    """Run one seed and yield (month, records so far, world) at the end of each of `months`, which rise."""
    runner, first = Runner(inputs, [seed]), 0
    for month in months:
        runner.run(range(first, month + 1))
        first = month + 1
        yield month, runner.rows[0], inputs.world


def measure_baseline(inputs: Inputs, seed: int) -> Sums:
    """Return numerator and denominator of the targets of the world without a shock, from one run."""
    last = inputs.parameters.months
    before: Organizations | None = None
    deficits, early, rows, world = np.zeros(3), None, None, inputs.world
    for month, rows, world in visit(inputs, seed, range(FIRST_YEAR, last + 1, 12)):  # noqa: B007  # the last ones stay
        organizations = world.organizations
        if before is None:
            early = world.environment.ledger.copy()
        else:
            deficits += count_deficits(before, organizations)
        before = copy_accounts(organizations)
    assert rows is not None and early is not None
    paid, donated = (world.environment.ledger - early)[[codes.PAID, codes.DONATED]]
    months = rows[1 : last + 1]
    found = {name: sum_known(rows[name][last - 11 : last + 1]) for name in _MEANS}
    found["closure_rate"] = (12.0 * months["closures"].sum(), months["n_open"].sum())
    found["exit_rate"] = (12.0 * months["exits"].sum(), months["memberships"].sum())
    found["grant_share"] = (float(paid), float(paid + donated))
    found["deficit_share"] = (deficits[0], deficits[2])
    found["large_deficit_share"] = (deficits[1], deficits[2])
    found["award_usd_per_year"] = measure_awards(inputs, rows)
    return found


def sum_known(values: NDArray[Any]) -> tuple[float, float]:
    """Return the sum of what is not nan, and how many there are."""
    known = values[~np.isnan(values)]
    return float(known.sum()), float(known.size)


def copy_accounts(organizations: Organizations) -> Organizations:
    """Return the organizations as they are now in all that `count_deficits` reads."""
    kept = ("reserve_cents", "generation", "is_open")
    return organizations._replace(**{name: getattr(organizations, name).copy() for name in kept})


def count_deficits(before: Organizations, now: Organizations) -> NDArray[Any]:
    """Return how many organizations' reserves fell in a year, by a tenth of the year's need or more, and of how many.

    Only those count that were open at both ends and are the same: (3,) float64.
    """
    same = before.is_open & now.is_open & (before.generation == now.generation)
    change = (now.reserve_cents - before.reserve_cents)[same] / (12.0 * now.need_cents[same])
    return np.array([(change < 0).sum(), (change <= -0.1).sum(), same.sum()], "f8")


def measure_awards(inputs: Inputs, rows: NDArray[Any]) -> tuple[float, float]:
    """Return what was awarded after the first year, in USD, and for how many years of awards."""
    events = read_events(inputs.world)
    wins = events[(events[:, _KIND] == _WIN) & (events[:, _MONTH] > FIRST_YEAR)]
    years = inputs.lines.term[wins[:, _LINE]].sum() / 12.0
    return float(rows["awarded_usd"][FIRST_YEAR + 1 :].sum()), float(years)


def read_events(world: World) -> NDArray[Any]:
    """Return the log so far, (events, fields) int64. Raises `RuntimeError` where it had no room for all."""
    n_events = int(world.log.n_rows[0])
    if n_events > len(world.log.rows):
        raise RuntimeError(f"{n_events} events in one run; room for {len(world.log.rows)}")
    return world.log.rows[:n_events]


def measure_survival(inputs: Inputs, seed: int) -> Sums:
    """Return how many coalitions seeded by a grant still live years after it ended, and how many there were."""
    runs = visit(inputs, seed, [MONEY_ENDS, MONEY_ENDS + MONTHS_LATER])
    _, _, world = next(runs)
    line = sorted(inputs.parameters.regime.programmes).index(SEEDING_LINE)
    seeded = find_seeded(world, line)
    _, _, world = next(runs)
    return {"survival_share": (float(len(seeded & find_living(world, inputs.parameters))), float(len(seeded)))}


def find_seeded(world: World, line: int) -> set[int]:
    """Return the serial numbers of coalitions of three or more that have won money of `line`."""
    events, coalitions = read_events(world), world.coalitions
    won = set(events[(events[:, _KIND] == _WIN) & (events[:, _LINE] == line)][:, _COALITION].tolist())
    return won & set(coalitions.number[_has_three(coalitions)].tolist())


def find_living(world: World, parameters: Parameters) -> set[int]:
    """Return the serial numbers of coalitions in which three or more still work on an original purpose."""
    coalitions, mix, enough = world.coalitions, world.organizations.mix, parameters.observation.provider_share
    is_working = _has_three(coalitions) & (coalitions.activity >= parameters.memberships.inactive_activity)
    living = set()
    for c in np.flatnonzero(is_working):
        present = mix[coalitions.member[c]].mean(axis=0)
        if ((coalitions.purpose[c] >= enough) & (present >= enough)).any():
            living.add(int(coalitions.number[c]))
    return living


def _has_three(coalitions: Coalitions) -> NDArray[Any]:
    return coalitions.is_active & (coalitions.size >= 3)


def read_defaults() -> dict[str, float]:
    """Return the default of each calibrated parameter."""
    from sim.calibration.priors import PRIORS
    from sim.configuration.designs import get_value
    from sim.schema.parameters import Parameters

    plain = Parameters()
    return {prior.name: float(get_value(plain, prior.name)) for prior in PRIORS}


def measure_defaults(n_seeds: int = 40) -> dict[str, float]:
    """Return each target under the model's defaults, over seeds 1 to `n_seeds`."""
    return Measure().measure(read_defaults(), list(range(1, n_seeds + 1)))
