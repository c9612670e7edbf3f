"""Draws belong to their keys: who else is there, who looks on, and in which row one stands, changes none of them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

from sim.compiler.draws import stream, uniform
from sim.compiler.struct_refs import allocate
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs
from sim.model.model import CoalitionModel
from sim.schema import codes, state
from sim.schema.regimes import Programme
from sim.schema.roster_tables import RosterTables
from tests.worlds import Draws, Outcome, World, assert_same, run_world

Z_LIMIT = 4.9
N_SEEDS = 40


def list_seeds(world: World) -> list[int]:
    """Return seeds no other world has: ids recur, and with a common seed their draws would recur as well."""
    return list(range(1_000 * world.number + 1, 1_000 * world.number + 1 + N_SEEDS))


# ------------------------------------------------------------------------------------------------ exchangeable


def compute_rank_sums(values: Any) -> tuple[float, float]:
    """Return (sum, variance) of (row - mean row) · rank over runs (R, n) of exchangeable values, ties at mean ranks."""
    ranks = rankdata(values, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    n = values.shape[1]
    place = np.arange(n) - (n - 1) / 2
    variances = (place**2).sum() * (ranks**2).sum(axis=1) / (n - 1)
    return float((ranks @ place).sum()), float(variances.sum())


def count_wins(events: Any, n_runs: int, n: int) -> Any:
    wins = events[events[:, 2] == codes.WIN]
    table = np.zeros((n_runs, n))
    np.add.at(table, (wins[:, 0], wins[:, 3]), 1)
    return table


@pytest.mark.relation(12, "organizations that differ in their keys alone fare alike whatever their row")
def test_organizations_known_by_an_id_alone_fare_alike_whatever_their_row(tried):
    """Rank test of row against months affiliated, months open and awards won: 80 worlds of 40 seeds, 3,200 runs.

    All attributes are drawn, so that rows are exchangeable; equals, like those that never won, are told
    apart by lot.
    """
    totals = {name: np.zeros(2) for name in ("affiliated", "open", "won")}
    for world in tried.worlds(80, roster=False):
        inputs = world.build()
        _, members, events, *_ = run_compiled(inputs, list_seeds(world), keep_members=True)
        seen = {
            "affiliated": (members > 0).sum(axis=1),
            "open": (members >= 0).sum(axis=1),
            "won": count_wins(events, N_SEEDS, inputs.n_organizations),
        }
        for name, values in seen.items():
            totals[name] += compute_rank_sums(values)
    for name, (total, variance) in totals.items():
        assert variance > 0, name
        z = total / math.sqrt(variance)
        assert abs(z) < Z_LIMIT, f"{name}: z = {z:.2f}"


# ------------------------------------------------------------------------------------------------ components apart


def part(world: World) -> World:
    """Return the world changed so that organizations at the two ends of the axis have no dealings with each other.

    What couples a whole field is taken out: awareness, arrivals that land anywhere, conditions one may comply with
    (and so come to serve others' people), guests, money shared among all conveners, newcomers, founding by conveners
    at the start, which takes in who is left over. Rates that would let money or size outweigh a viewpoint are capped.
    """
    setting = world.parameters
    is_condition = setting.shock.name == "new_condition"

    def cap(group: str, name: str, most: float) -> dict[str, float]:
        return {f"{group}__{name}": min(getattr(getattr(setting, group), name), most)}

    return world.change_lines(
        stance_low=-1.0, stance_high=1.0, convener_share=0.0, min_partners=2
    ).change(
        shock=dataclasses.replace(setting.shock, name="none" if is_condition else setting.shock.name),
        **cap("memberships", "complementarity_weight", 0.8),
        **cap("memberships", "trust_weight", 1.5),
        **cap("memberships", "size_benefit", 0.2),
        **cap("memberships", "joint_money", 0.2),
        **cap("memberships", "choice_noise", 0.02),
        **cap("memberships", "strain", 0.2),
        **cap("meetings", "facilitation", 0.2),
        **cap("meetings", "convener_facilitation", 0.1),
        **cap("meetings", "baseline_trust", 0.4),
        **cap("meetings", "same_sector_trust", 0.05),
        memberships__viewpoint_weight=5.0,
        memberships__membership_threshold=max(setting.memberships.membership_threshold, 0.0),
        memberships__rival_overlap=max(setting.memberships.rival_overlap, 0.1),
        mechanisms__viewpoint_tension=True,
        mechanisms__null_model=False,
        field__stance_caution=0.0,
        field__n_initial_coalitions=0,
        awareness__awareness_arrivals=0.0,
        awareness__awareness_donations=0.0,
        services__misdirected_share=0.0,
        services__cost_per_person_usd=64.0,
        conditions__money_appeal=0.0,
        conditions__response_noise=0.0,
        conditions__identity_cost=1.0,
        grants__eligibility_threshold=max(setting.grants.eligibility_threshold, 0.2),
        accounts__opening_rate=0.0,
    )  # fmt: skip


def seat_at_one_end(world: World) -> RosterTables:
    """Return the world's roster with all viewpoints at the upper end and all mixes and needs known.

    Needs are multiples of the cost per person: capacities are whole numbers, and sums of them exact.
    """
    draws, tables = Draws(world.number), world.tables
    n, n_populations = tables.mix.shape
    return dataclasses.replace(
        tables,
        viewpoint=np.array([draws.between(f"end {i}", 0.75, 1) for i in range(n)]),
        stance=np.full(n, np.nan),
        mix=np.array([draws.shares(f"apart mix {i}", n_populations) for i in range(n)]),
        need_usd=np.array([64.0 * draws.whole(f"apart need {i}", 50, 800) for i in range(n)]),
    )


def prepare_field(world: World, populations: list[str], shares: list[float]) -> World:
    """Return the parted world with other populations; lines pay for those they paid for, by name."""
    base = part(world)
    setting, regime = base.parameters, base.parameters.regime
    lines = {
        name: dataclasses.replace(line, eligible_populations=line.eligible_populations or setting.field.populations)
        for name, line in regime.programmes.items()
    }
    field = dataclasses.replace(setting.field, populations=populations, population_demand=shares)
    return base.change(field=field, regime=dataclasses.replace(regime, programmes=lines))


def widen(tables: RosterTables, mix: Any) -> RosterTables:
    return dataclasses.replace(tables, mix=mix)


def make_neighbours(world: World) -> tuple[World, World, int]:
    """Return a world, the same world with one organization more, and the row of that one.

    The organization serves a population nobody else serves, has a grant line of its own and stands at the other end of
    the axis. Pots and arrivals grow with the field, so the money per organization and the ratio of demand are set to
    give the same pots and arrivals in both.
    """
    old = seat_at_one_end(world)
    n = len(old.ids)
    setting = world.parameters
    populations = [*setting.field.populations, "apart"]
    base = prepare_field(world, populations, [*(0.75 * share for share in setting.field.population_demand), 0.25])
    need = float(old.need_usd.sum())
    own = Programme(
        money_share=0.5, award_usd_per_year=min(12 * need, 1e8), eligible_populations=["apart"], round_interval_months=3
    )
    base = base.add_line("zzz_apart", own)
    few = widen(old, np.column_stack([old.mix, np.zeros(n)]))
    row = Draws(world.number).whole("row of the other", 0, n)

    def insert(array: Any, value: Any) -> Any:
        return np.insert(array, row, value, axis=-1)

    trust = np.insert(np.insert(few.trust, row, np.nan, axis=0), row, np.nan, axis=1)
    many = dataclasses.replace(
        few,
        ids=(*few.ids[:row], (few.ids[row - 1] if row else "") + "~", *few.ids[row:]),
        sector=insert(few.sector, 0),
        mix=np.insert(few.mix, row, [*np.zeros(len(populations) - 1), 1.0], axis=0),
        viewpoint=insert(few.viewpoint, -1.0),
        stance=insert(few.stance, np.nan),
        need_usd=insert(few.need_usd, need),
        own_income_share=insert(few.own_income_share, np.nan),
        reserve_months=insert(few.reserve_months, np.nan),
        trust=trust,
        member=insert(few.member, False),
    )
    annual = float(round(setting.grants.annual_usd_per_organization / (n + 1)))
    ratio = setting.services.demand_ratio
    alone = base.change(tables=few, field__n_organizations=n, grants__annual_usd_per_organization=annual * (n + 1))
    joined = base.change(
        tables=many,
        field__n_organizations=n + 1,
        grants__annual_usd_per_organization=annual * n,
        services__demand_ratio=ratio / 2,
    )
    return alone, joined, row


def build_roomy(world: World) -> Inputs:
    """Return inputs with more coalition slots than either world can fill, the same number in both."""
    inputs = world.build()
    sizes = state.size_locality(*inputs.roster.mix.shape, len(inputs.lines.term), len(inputs.roster.sector_share))
    roomy = allocate(state.World, sizes | {"C": 40})
    inputs.world = inputs.world._replace(coalitions=roomy.coalitions, environment=roomy.environment)
    return inputs


def leave_out(outcome: Outcome, row: int) -> tuple[Any, Any]:
    """Return members and events without those of organization `row`, the rows after it one lower."""
    events = outcome.events[outcome.events[:, 2] != row].copy()
    events[:, 2] -= events[:, 2] > row
    return np.delete(outcome.members, row, axis=1), events


@pytest.mark.relation(14, "an active organization of a component apart changes nobody else's draws or outcomes")
def test_an_organization_of_a_component_apart_changes_not_a_bit_for_others(tried):
    """The largest sense in which this is exact; `part` and `make_neighbours` name what couples a field otherwise.

    The other one draws, reviews, earns, spends, wins its own line and is a guest, but founds nothing: coalitions take
    slots, and their order decides in which order members meet.
    """
    n_active = dict.fromkeys(("won", "guest"), 0)
    for world in tried.worlds(80, roster=True):
        alone, joined, row = make_neighbours(world)
        one, other = build_roomy(alone), build_roomy(joined)
        few, many = run_world(alone, one), run_world(joined, other)
        assert not (many.members[:, row] > 0).any(), f"{world.number}: the other one found company"
        members, events = leave_out(many, row)
        np.testing.assert_array_equal(members, few.members, err_msg=str(world.number))
        np.testing.assert_array_equal(events, few.events, err_msg=str(world.number))
        for name, values in one.world.organizations._asdict().items():
            found = np.delete(getattr(other.world.organizations, name), row, axis=0)
            np.testing.assert_array_equal(found, values, err_msg=f"{world.number}: {name}")
        for name, values in one.world.dyads._asdict().items():
            found = np.delete(np.delete(getattr(other.world.dyads, name), row, axis=0), row, axis=1)
            np.testing.assert_array_equal(found, values, err_msg=f"{world.number}: {name}")
        own = many.events[many.events[:, 2] == row]
        n_active["won"] += bool((own[:, 1] == codes.WIN).any())
        trust = np.delete(other.world.dyads.trust[row], row)
        n_active["guest"] += len(set(trust.round(6).tolist())) > 2
    assert min(n_active.values()) > 10, n_active


# ------------------------------------------------------------------------------------------------ twice the field

EXTENSIVE = (
    "joins", "exits", "foundings", "dissolutions", "closures", "arrivals", "served", "referrals", "awarded_usd",
    "n_open", "memberships", "n_coalitions",
)  # fmt: skip
INTENSIVE = ("unaffiliated_share", "mean_fiscal_stress", "mean_dependence", "mission_drift")


def double(world: World) -> tuple[World, World]:
    """Return a parted world, and one of two copies of it that differ in ids, the populations served and the end."""
    once = seat_at_one_end(world)
    n, n_populations = once.mix.shape
    setting = world.parameters
    names = setting.field.populations
    copies = [f"{name}_copy" for name in names]
    shares = [share / 2 for share in setting.field.population_demand]
    base = prepare_field(world, [*names, *copies], [*shares, *shares]).change(accounts__closure_rate=0.0)
    regime = base.parameters.regime
    lines = dict(regime.programmes)
    lines |= {
        f"{name}_copy": dataclasses.replace(
            line, eligible_populations=[f"{one}_copy" for one in line.eligible_populations]
        )
        for name, line in regime.programmes.items()
    }
    regime = dataclasses.replace(regime, programmes=lines)
    shock = base.parameters.shock
    if shock.name == "stream_shift":  # it names one population, and so strikes one copy
        shock = dataclasses.replace(shock, name="none")
    nothing = np.zeros((n, n_populations))
    single = dataclasses.replace(
        once, ids=tuple(f"a-{one}" for one in once.ids), mix=np.column_stack([once.mix, nothing])
    )
    unknown = np.full((n, n), np.nan)
    empty = np.zeros(once.member.shape, bool)
    twice = {
        name: np.concatenate([getattr(once, name)] * 2)
        for name in ("sector", "need_usd", "own_income_share", "reserve_months", "stance")
    }
    pair = dataclasses.replace(
        single,
        ids=(*single.ids, *(f"b-{one}" for one in once.ids)),
        mix=np.concatenate([single.mix, np.column_stack([nothing, once.mix])]),
        viewpoint=np.concatenate([once.viewpoint, -once.viewpoint]),
        trust=np.block([[once.trust, unknown], [unknown, once.trust]]),
        member=np.concatenate([np.hstack([once.member, empty]), np.hstack([empty, once.member])]),
        **twice,
    )
    annual, ratio = setting.grants.annual_usd_per_organization, setting.services.demand_ratio
    base = base.change(regime=regime, shock=shock)
    # Half of the arrivals of the single field are for people its organizations do not serve: twice the ratio.
    one = base.change(tables=single, field__n_organizations=n, services__demand_ratio=min(ratio, 2.4) * 2)
    two = base.change(
        tables=pair,
        field__n_organizations=2 * n,
        grants__annual_usd_per_organization=annual / 2,
        services__demand_ratio=min(ratio, 2.4),
    )
    return one, two


@pytest.mark.relation(26, "two copies of a field apart have twice its events and its means")
def test_two_copies_of_a_field_apart_do_twice_as_much_and_fare_alike(tried):
    """60 worlds of 40 seeds: 2,400 pairs. Parted as above; each copy has its own lines with the pots of the single one.

    Arrivals of people whom only the copy serves are left out of the single field's sums. Nobody closes, so that means
    over open organizations are means over the same number.
    """
    totals: dict[str, list[float]] = {name: [] for name in (*EXTENSIVE, *INTENSIVE)}
    for world in tried.worlds(60, roster=True, max_organizations=7, max_months=15):
        one, two = double(world)
        single = run_compiled(one.build(0), list_seeds(world), keep_events=False).rows
        pair, members, _, *_ = run_compiled(two.build(0), list_seeds(world), keep_members=True, keep_events=False)
        n = members.shape[2] // 2
        for run, month in np.ndindex(members.shape[:2]):
            homes = set(members[run, month, :n].tolist()) & set(members[run, month, n:].tolist())
            assert not homes - {0}, f"{world.number}: the copies share coalitions {homes}"
        for name in EXTENSIVE:
            factor = 1 if name == "arrivals" else 2
            totals[name] += scale(pair[name][:, 1:].sum(axis=1) - factor * single[name][:, 1:].sum(axis=1))
        for name in INTENSIVE:
            totals[name] += scale(pair[name][:, 1:].mean(axis=1) - single[name][:, 1:].mean(axis=1))
    for name, values in totals.items():
        z = sum(values) / math.sqrt(max(len(values), 1))
        assert abs(z) < Z_LIMIT, f"{name}: z = {z:.2f} over {len(values)} pairs"
    assert sum(map(len, totals.values())) > 10_000


def scale(difference: Any) -> list[float]:
    """Return differences over their root mean square, so that each world weighs the same; none where all are nil."""
    root = math.sqrt(float(np.mean(difference**2)))
    return (difference / root).tolist() if root > 1e-9 else []


# ------------------------------------------------------------------------------------------------ onlookers


class Watched(CoalitionModel):
    """A model somebody looks at, and that draws numbers of a stream of its own in the middle of each month."""

    seen = 0.0

    def observe_month(self) -> None:
        super().observe_month()
        key = np.uint64(stream(np.uint64(self.seed), np.uint64(999), np.uint64(self.month)))
        for one in self.organizations:
            self.seen += float(uniform(key, self.world.organizations.key[one.row], np.uint64(0)))
            self.seen += one.stress + len(one.coalitions) + sum(one.mix.values())
        self.seen += sum(len(one.members) for one in self.coalitions) + sum(one.pot_cents for one in self.funders)


@pytest.mark.relation(15, "who looks on, and draws of another stream, change nothing")
def test_who_looks_on_changes_not_a_bit(tried):
    """Members and events kept or not, little room for events, and a model that is looked at and draws every month."""
    for world in tried.worlds(60, max_months=15):
        plain = run_world(world)
        for keep_members in (True, False):
            for keep_events in (True, False):
                other = run_world(world, world.build(3), keep_members, keep_events)
                full = other._replace(
                    members=other.members if keep_members else plain.members,
                    events=other.events if keep_events else plain.events,
                )
                assert_same(plain, full, (world.number, keep_members, keep_events))
        model = Watched(world.parameters, world.seed, world.tables)
        model.run(world.parameters.months)
        rows = np.concatenate(model._history)[:, 0] if model._history[0].ndim == 2 else np.concatenate(model._history)
        assert_same(plain, plain._replace(rows=rows), world.number)
        assert model.seen > 0
