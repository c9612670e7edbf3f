"""Random small worlds for tests: any setting the declarations allow, made to be eventful, one number the same world.

Every draw is keyed by the number of the world and the name of what is drawn, so that a new parameter leaves all other
draws of all worlds as they were. `python -m tests.worlds` prints how eventful the worlds are.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from sim.dynamics import schedule
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs
from sim.engine.runner import Runner
from sim.schema import codes, state
from sim.schema.parameters import Parameters
from sim.schema.regimes import SHOCKS, Programme, Regime, Shock
from sim.schema.roster_tables import RosterTables

REGIME_FOLDER = Path(__file__).parents[1] / "configs" / "regime"
SMALL = {"max_organizations": 6, "max_months": 14}  # what the interpreter runs in some hundredths of a second
SHARE_CHANGED = 0.25  # of the parameters of a world
# Ranges within which something happens and nothing grows large; all other ranges are the declared ones.
TAMED = {
    "field.need_median_usd": (2_000, 100_000),
    "field.own_income_share": (0.0, 0.7),
    "field.initial_reserve_months": (0, 6),
    "field.n_initial_coalitions": (0, 5),
    "field.founding_rounds": (0, 8),
    "meetings.meeting_interval": (1, 4),
    "meetings.meeting_cost_usd": (0, 3_000),
    "meetings.mou_rate": (0.02, 1.0),
    "services.cost_per_person_usd": (100, 10_000),
    "grants.annual_usd_per_organization": (5_000, 600_000),
    "grants.eligibility_threshold": (0.0, 0.8),
    "grants.application_threshold": (0.0, 0.3),
    "accounts.donation_share": (0.0, 0.6),
    "accounts.closure_grace_months": (1, 6),
    "accounts.closure_rate": (0.05, 1.0),
    "accounts.opening_rate": (0.0, 0.6),
    "memberships.review_share": (0.1, 1.0),
    "memberships.max_memberships": (1, 4),
    "memberships.size_cap": (2, 12),
    "memberships.complementarity_weight": (0.2, 2.0),
    "memberships.membership_threshold": (-0.5, 1.0),
    "memberships.admission_threshold": (-0.5, 0.8),
    "memberships.choice_noise": (0.0, 0.8),
    "memberships.founding_effort": (0.0, 1.0),
    "memberships.size_cost": (0.0, 0.5),
    "memberships.size_scale": (2, 12),
    "memberships.time_cost": (0.0, 0.5),
    "memberships.schism_gain": (0.0, 0.4),
    "memberships.dissolve_after": (1, 8),
    "memberships.disband_rate": (0.0, 0.3),
}
# Changed more often than others, since events hang on them in so few months; the first value is the usual one here.
USUAL = {
    "accounts.closure_grace_months": 1,
    "accounts.closure_rate": 0.4,
    "accounts.opening_rate": 0.2,
    "memberships.review_share": 0.5,
    "memberships.turf_weight": 3.0,
    "memberships.viewpoint_weight": 1.8,
    "meetings.mou_rate": 0.3,
}


def keep_last(words):
    """Return the words, of each key the last one alone, since a command refuses a key that stands twice."""
    return list({word.partition("=")[0]: word for word in words}.values())


class Draws:
    """Draws keyed by a world's number and the name of what is drawn."""

    def __init__(self, number: int) -> None:
        self.number = number

    def uniform(self, name: str) -> float:
        """Return a number in [0, 1)."""
        digest = hashlib.blake2b(f"{self.number}|{name}".encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "little") >> 11) * 2.0**-53

    def chance(self, name: str, share: float) -> bool:
        return self.uniform(name) < share

    def between(self, name: str, low: float, high: float) -> float:
        return low + (high - low) * self.uniform(name)

    def whole(self, name: str, low: int, high: int) -> int:
        """Return a whole number of [low, high]."""
        return min(low + int((high - low + 1) * self.uniform(name)), high)

    def pick(self, name: str, options: Sequence[Any]) -> Any:
        return options[self.whole(name, 0, len(options) - 1)]

    def some(self, name: str, options: Sequence[Any], share: float) -> list[Any]:
        return [one for one in options if self.chance(f"{name}/{one}", share)]

    def shares(self, name: str, count: int) -> list[float]:
        """Return `count` shares that sum to 1, some of them 0."""
        weights = [
            0.0 if at > 0 and self.chance(f"{name}/none/{at}", 0.1) else 0.1 + self.uniform(f"{name}/{at}")
            for at in range(count)
        ]
        return [weight / math.fsum(weights) for weight in weights]


@dataclasses.dataclass(frozen=True, eq=False)
class World:
    """One random setting: `tables` is a roster or None; `seed` one seed for it."""

    number: int
    parameters: Parameters
    tables: RosterTables | None
    seed: int

    def build(self, max_events: int = 4096) -> Inputs:
        """Return fresh inputs for this world."""
        return Inputs(self.parameters, self.tables, max_events)

    def change(self, **changes: Any) -> World:
        """Return this world with changes: months=…, seed=…, tables=…, or group__name=… for one parameter."""
        plain = {name: changes.pop(name) for name in ("tables", "seed") if name in changes}
        groups: dict[str, dict[str, Any]] = {}
        direct = {name: changes.pop(name) for name in list(changes) if "__" not in name}
        for name, value in changes.items():
            group, _, item = name.partition("__")
            groups.setdefault(group, {})[item] = value
        for group, values in groups.items():
            direct[group] = dataclasses.replace(getattr(self.parameters, group), **values)
        return dataclasses.replace(self, parameters=dataclasses.replace(self.parameters, **direct), **plain)

    def change_lines(self, **values: Any) -> World:
        """Return this world with the same change to each grant line."""
        regime = self.parameters.regime
        lines = {name: dataclasses.replace(line, **values) for name, line in regime.programmes.items()}
        return self.change(regime=dataclasses.replace(regime, programmes=lines))

    def add_line(self, name: str, line: Programme) -> World:
        """Return this world with one grant line more; "none" is the name of regimes without any."""
        regime = self.parameters.regime
        if not regime.programmes:
            regime = dataclasses.replace(regime, name="own", programmes={})
        return self.change(regime=dataclasses.replace(regime, programmes={**regime.programmes, name: line}))


class Outcome(NamedTuple):
    """What one seed of a world gave."""

    rows: Any  # (months + 1) records of columns.MONTHS
    members: Any  # (months + 1, n)
    events: Any  # (events, len(EVENT_FIELDS))

    def digest(self) -> str:
        """Return a digest of all bits; nan has one pattern and -0 counts as 0."""
        digest = hashlib.blake2b(digest_size=16)
        values = as_numbers(self.rows) + 0.0
        digest.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        digest.update(np.ascontiguousarray(self.members).astype("<i8").tobytes())
        digest.update(np.ascontiguousarray(self.events).astype("<i8").tobytes())
        return digest.hexdigest()


def as_numbers(rows: Any) -> Any:
    """Return records of columns.MONTHS as a plain array (…, columns)."""
    plain = np.ascontiguousarray(rows).view(np.ndarray)
    return plain.view("f8").reshape(*plain.shape, len(state.ROW_DTYPE.names))


# ------------------------------------------------------------------------------------------------ making


def make_world(number: int, *, max_organizations: int = 10, max_months: int = 24, roster: bool | None = None) -> World:
    """Return world `number`, always the same. roster: with a roster (True), without (False), or in a third (None)."""
    return _make_world(number, max_organizations, max_months, roster)


@functools.lru_cache(maxsize=4096)
def _make_world(number: int, max_organizations: int, max_months: int, roster: bool | None) -> World:
    draws = Draws(number)
    months = draws.whole("months", max(2, min(8, max_months)), max_months)
    base = Parameters()
    names = {"populations": list(base.field.populations), "sectors": list(base.field.sectors)}
    shares = {"populations": list(base.field.population_demand), "sectors": list(base.field.sector_shares)}
    for kind, share in (("populations", 0.25), ("sectors", 0.15)):
        if draws.chance(f"other {kind}", share):
            names[kind] = [f"{kind[:3]}_{at}" for at in range(draws.whole(f"number of {kind}", 1, 8))]
            shares[kind] = draws.shares(kind, len(names[kind]))
    groups = {
        item.name: _draw_group(draws, item.name, getattr(base, item.name))
        for item in dataclasses.fields(base)
        if item.name not in ("regime", "shock", "choices", "mechanisms", "months")
    }
    groups["field"] = dataclasses.replace(
        groups["field"],
        n_organizations=draws.whole("n", min(4, max_organizations), max_organizations)
        if draws.chance("more than three", 0.9)
        else draws.whole("n", 2, max_organizations),
        populations=names["populations"],
        population_demand=shares["populations"],
        sectors=names["sectors"],
        sector_shares=shares["sectors"],
    )
    parameters = dataclasses.replace(
        base,
        **groups,
        months=months,
        mechanisms=_draw_mechanisms(draws, base.mechanisms),
        regime=_draw_regime(draws, base.field, names, months),
        shock=_draw_shock(draws, names["populations"], months),
    )
    with_roster = draws.chance("roster", 0.33) if roster is None else roster
    tables = _draw_tables(draws, parameters) if with_roster else None
    return World(number, parameters, tables, draws.whole("seed", 1, 2**53 - 1))


# How many there are is decided elsewhere, and every world is one locality.
ONE_LOCALITY = {
    f"field.{name}"
    for name in (
        "n_organizations",
        "n_localities",
        "n_states",
        "locality_size_log_sd",
        "bridges_per_state",
        "bridge_seats",
    )
}


def _draw_group(draws: Draws, group: str, base: Any) -> Any:
    changes = {}
    for item in dataclasses.fields(base):
        name, meta = f"{group}.{item.name}", item.metadata
        if "options" in meta and draws.chance(f"{name}?", 2 * SHARE_CHANGED):
            changes[item.name] = draws.pick(name, meta["options"])
        elif "low" in meta and name not in ONE_LOCALITY:
            if name in USUAL:
                changes[item.name] = USUAL[name]
            if draws.chance(f"{name}?", SHARE_CHANGED):
                changes[item.name] = _draw_number(draws, name, item)
    return dataclasses.replace(base, **changes)


def _draw_number(draws: Draws, name: str, item: dataclasses.Field) -> float:
    """Return a number of the range: near the default most of the time, an end of the range at times."""
    low, high = TAMED.get(name, (item.metadata["low"], item.metadata["high"]))
    default = min(max(item.default, low), high)
    way = draws.uniform(f"{name} way")
    if way < 0.15:
        value = low if way < 0.08 else high
    elif way < 0.7 and name not in TAMED:
        value = draws.between(name, max(low, default / 3), min(high, default * 3))
    else:
        value = draws.between(name, low, high)
    whole = isinstance(item.default, int)
    return min(max(round(value), math.ceil(low)), math.floor(high)) if whole else float(value)


def _draw_mechanisms(draws: Draws, base: Any) -> Any:
    changes: dict[str, Any] = {}
    for item in dataclasses.fields(base):
        if draws.chance(f"mechanisms.{item.name}", 0.04 if item.default else 0.08):
            changes[item.name] = not item.default
    return dataclasses.replace(base, **changes)


@functools.cache
def read_regimes() -> dict[str, Regime]:
    """Return the regimes of configs/regime by name."""
    found = {}
    for file in sorted(REGIME_FOLDER.glob("*.yaml")):
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
        lines = {name: Programme(**(line or {})) for name, line in (tree.get("programmes") or {}).items()}
        found[file.stem] = Regime(file.stem, tree.get("label", ""), lines)
    return found


def _draw_regime(draws: Draws, field: Any, names: dict[str, list[str]], months: int) -> Regime:
    if draws.chance("regime of a file", 0.5):
        chosen = draws.pick("regime", list(read_regimes().values()))
        lines = {name: _rename(line, field, names) for name, line in chosen.programmes.items()}
        return dataclasses.replace(chosen, programmes=lines)
    lines = {}
    for at in range(draws.whole("number of lines", 1, 4)):
        name = f"line_{draws.whole(f'name of line {at}', 0, 9)}{'abcd'[at]}"
        lines[name] = _draw_line(draws, f"line {at}", names, months)
    return Regime("drawn", "Drawn at random", lines)


def _rename(line: Programme, field: Any, names: dict[str, list[str]]) -> Programme:
    """Return a line of a file in the words of this world: the name at the same place in the list, round and round."""

    def place(kind: str, used: list[str]) -> list[str]:
        at = [getattr(field, kind).index(name) % len(names[kind]) for name in used]
        return [names[kind][one] for one in sorted(set(at))]

    return dataclasses.replace(
        line,
        eligible_populations=place("populations", line.eligible_populations),
        required_sectors=place("sectors", line.required_sectors),
    )


def _draw_line(draws: Draws, name: str, names: dict[str, list[str]], months: int) -> Programme:
    joint = draws.chance(f"{name} joint", 0.4)
    low, high = sorted((draws.between(f"{name} low", -1, 1), draws.between(f"{name} high", -1, 1)))
    window = draws.pick(f"{name} window", [(-1.0, 1.0), (-1.0, 1.0), (-1.0, high), (low, 1.0), (low, high)])
    return Programme(
        money_share=draws.between(f"{name} share", 0.1, 0.8),
        award_usd_per_year=math.exp(draws.between(f"{name} award", math.log(20_000), math.log(700_000))),
        round_interval_months=draws.pick(f"{name} interval", [1, 3, 4, 6, 12]),
        term_months=draws.pick(f"{name} term", [1, 3, 6, 12, 24, 36]),
        first_month=draws.whole(f"{name} first", 1, months) if draws.chance(f"{name} late", 0.3) else 1,
        last_month=draws.whole(f"{name} last", 1, 2 * months) if draws.chance(f"{name} ends", 0.3) else 10_000,
        eligible_populations=draws.some(f"{name} populations", names["populations"], 0.5)
        if draws.chance(f"{name} narrow", 0.5)
        else [],
        stance_low=window[0],
        stance_high=window[1],
        ambiguity=draws.uniform(f"{name} ambiguity") if draws.chance(f"{name} vague", 0.5) else 0.0,
        applicant="coalition" if joint else "organization",
        min_partners=draws.whole(f"{name} partners", 1, 4),
        required_sectors=draws.some(f"{name} sectors", names["sectors"], 0.15)
        if draws.chance(f"{name} sectors", 0.3)
        else [],
        requires_mou=draws.chance(f"{name} MOU", 0.5),
        sub_award_share=draws.uniform(f"{name} sub") if draws.chance(f"{name} passes on", 0.7) else 0.0,
        exclusive=draws.chance(f"{name} exclusive", 0.3),
        convener_share=draws.between(f"{name} convener", 0, 0.5) if draws.chance(f"{name} convenes", 0.3) else 0.0,
        allocation=draws.pick(f"{name} allocation", ["competitive", "competitive", "lottery", "formula"]),
    )


def _draw_shock(draws: Draws, populations: list[str], months: int) -> Shock:
    low, high = sorted((draws.between("shock low", -1, 1), draws.between("shock high", -1, 1)))
    return Shock(
        name=draws.pick("shock", SHOCKS),
        month=draws.whole("shock month", 1, months),
        cut_share=draws.pick("shock cut", [1.0, 1.0, draws.uniform("shock part")]),
        from_population=draws.pick("shock from", populations),
        to_population=draws.pick("shock to", populations),
        term_months=draws.pick("shock term", [1, 3, 6, 12]),
        stance_low=draws.pick("shock window", [low, 0.0, -1.0]),
        stance_high=max(high, 0.0),
        ambiguity=draws.uniform("shock ambiguity"),
        exclusive=draws.chance("shock exclusive", 0.5),
    )


def _draw_tables(draws: Draws, parameters: Parameters) -> RosterTables:
    """Return a roster that knows some cells and not others."""
    setting = parameters.field
    n, n_populations = setting.n_organizations, len(setting.populations)
    known = {name: draws.pick(f"known {name}", [0.0, 0.5, 0.9, 1.0]) for name in _RANGES}

    def column(name: str) -> Any:
        low, high = _RANGES[name]
        values = [draws.between(f"{name} of {i}", low, high) for i in range(n)]
        return np.array(
            [v if draws.chance(f"knows {name} of {i}", known[name]) else np.nan for i, v in enumerate(values)]
        )

    mix = np.array([draws.shares(f"mix of {i}", n_populations) for i in range(n)])
    mix[[not draws.chance(f"knows mix of {i}", known["mix"]) for i in range(n)]] = np.nan
    sector = [draws.whole(f"sector of {i}", 0, len(setting.sectors) - 1) for i in range(n)]
    trust = np.array([[draws.between(f"trust {i} {j}", 0, 1) for j in range(n)] for i in range(n)])
    hidden = [[i == j or not draws.chance(f"knows trust {i} {j}", known["trust"]) for j in range(n)] for i in range(n)]
    trust[np.array(hidden)] = np.nan
    seats = [[draws.chance(f"seat {c} {i}", 0.45) for i in range(n)] for c in range(draws.whole("coalitions", 0, 3))]
    member = sorted((row for row in seats if sum(row) >= 2), reverse=True)
    return RosterTables(
        ids=tuple(sorted(f"{draws.whole(f'id of {i}', 0, 999):03d}-{i}" for i in range(n))),
        sector=np.array([s if draws.chance(f"knows sector of {i}", 0.7) else -1 for i, s in enumerate(sector)], "i8"),
        mix=mix,
        viewpoint=column("viewpoint"),
        stance=column("stance"),
        need_usd=column("need_usd"),
        own_income_share=column("own_income_share"),
        reserve_months=column("reserve_months"),
        trust=trust,
        member=np.array(member, bool).reshape(-1, n),
        programmes=None,
        is_synthetic=True,
        digest=f"world {draws.number}",
    )


_RANGES = {
    "mix": (0, 1),
    "trust": (0, 1),
    "viewpoint": (-1, 1),
    "stance": (-1, 1),
    "need_usd": (2_000, 80_000),
    "own_income_share": (0, 0.7),
    "reserve_months": (0, 6),
}


# ------------------------------------------------------------------------------------------------ running


def run_world(
    world: World, inputs: Inputs | None = None, keep_members: bool = True, keep_events: bool = True
) -> Outcome:
    """Return the outcome of the world's own seed; the arrays at the end stand in `inputs.world`, where given."""
    inputs = world.build() if inputs is None else inputs
    rows, members, events, *_ = run_compiled(inputs, [world.seed], keep_members, keep_events)
    return Outcome(rows[0], members[0] if keep_members else members, events[:, 1:])


def advance(
    inputs: Inputs, seed: int, month: int, first: int = 0, last: int = len(schedule.PROCESSES), record=None
) -> Any:
    """Run processes `first` up to `last` of one month on `inputs.world` (month 0 fills it); return the month's row."""
    runner = Runner(inputs, [seed], months=range(month, month + 1))
    runner.run(processes=range(first, last), record=record)
    return runner.rows[0, 0]


def keep_world(world: state.World) -> list[Any]:
    """Return copies of all arrays of a running world, for `put_back`."""
    return [array.copy() for table in world for array in table]


def put_back(world: state.World, kept: list[Any]) -> None:
    """Put a running world back to where `keep_world` found it."""
    for array, copy in zip((array for table in world for array in table), kept, strict=True):
        array[...] = copy


def assert_same(one: Outcome, other: Outcome, note: Any = "") -> None:
    """Fail with the first month and column that differ; -0 equals 0, nan equals nan."""
    left, right = as_numbers(one.rows), as_numbers(other.rows)
    assert left.shape == right.shape, (note, left.shape, right.shape)
    differs = ~((left == right) | (np.isnan(left) & np.isnan(right)))
    if differs.any():
        month, at = np.argwhere(differs)[0]
        name = state.ROW_DTYPE.names[at]
        raise AssertionError(f"{note}: {name} of month {month} is {left[month, at]!r}, not {right[month, at]!r}")
    assert np.array_equal(one.members, other.members), f"{note}: members differ"
    assert np.array_equal(one.events, other.events), f"{note}: events differ"


# ------------------------------------------------------------------------------------------------ how eventful


def count_events(outcome: Outcome) -> dict[str, int]:
    """Return how often each kind of event occurred after the start."""
    later = outcome.events[outcome.events[:, 0] > 0] if len(outcome.events) else outcome.events
    found = np.bincount(later[:, 1][later[:, 0] < 1_000_000], minlength=len(codes.EVENTS))
    return dict(zip(codes.EVENTS, found.tolist(), strict=True))


def measure_eventfulness(numbers: Sequence[int]) -> dict[str, float]:
    """Return the share of worlds in which each kind of event occurs, and awards to coalitions."""
    counts = dict.fromkeys([*codes.EVENTS, "award to a coalition", "nothing but shocks"], 0)
    for number in numbers:
        world = make_world(number)
        outcome = run_world(world)
        found = count_events(outcome)
        for name, count in found.items():
            counts[name] += count > 0
        lines = world.parameters.regime.programmes
        joint = [at for at, name in enumerate(sorted(lines)) if lines[name].applicant == "coalition"]
        wins = outcome.events[outcome.events[:, 1] == codes.WIN]
        counts["award to a coalition"] += bool(np.isin(wins[:, 5], joint).any())
        counts["nothing but shocks"] += not any(count for name, count in found.items() if name != "shock")
    return {name: count / len(numbers) for name, count in counts.items()}


def find_worlds(first: int, **made: Any) -> Iterator[World]:
    """Yield worlds `first`, `first` + 1, … without end."""
    number = first
    while True:
        yield make_world(number, **made)
        number += 1


if __name__ == "__main__":
    n_worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for kind, share in measure_eventfulness(range(n_worlds)).items():
        print(f"{kind:22} {share:7.1%} of {n_worlds} worlds")
