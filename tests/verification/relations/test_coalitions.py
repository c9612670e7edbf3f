"""Coalitions and choices: every month a valid field, and one step that follows its causes."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.compiler.draws import philox, stream, to_uniform
from sim.dynamics import schedule
from sim.dynamics.processes.memberships import REVIEW_ORDER
from sim.engine.inputs import Inputs, build_record
from sim.schema import codes, columns
from sim.schema.parameters import Meetings, Parameters, kernel_fields
from tests.worlds import Draws, World, advance, keep_world, put_back

Z_LIMIT = 4.9
AWARD, REVIEW = schedule.PROCESSES.index("award_grants"), schedule.PROCESSES.index("review_memberships")

# ------------------------------------------------------------------------------------------------ every month


def check_memberships(world: World, inputs: Inputs, month: int, seats_at_start: Any) -> None:
    organizations, dyads, coalitions = inputs.world.organizations, inputs.world.dyads, inputs.world.coalitions
    note = f"world {world.number}, month {month}"
    member = coalitions.member & coalitions.is_active[:, None]
    assert not coalitions.member[~coalitions.is_active].any(), note
    assert (organizations.n_memberships == member.sum(0)).all(), note
    assert (coalitions.size == member.sum(1))[coalitions.is_active].all(), note
    for counts, kept in ((dyads.joint, member), (dyads.formal, member & coalitions.is_formal[:, None])):
        pairs = kept.T.astype("i8") @ kept.astype("i8")
        np.fill_diagonal(pairs, 0)
        assert (counts == pairs).all(), note
    active = np.flatnonzero(coalitions.is_active)
    if world.parameters.mechanisms.dissolve and month > 0:
        assert (coalitions.size[active] >= 2).all(), note
    assert all(member[c, coalitions.convener[c]] for c in active if coalitions.size[c] > 0), note
    assert len(set(coalitions.number[active])) == len(active), note
    assert len(set(coalitions.key[active])) == len(active), note
    held, room = organizations.n_memberships, world.parameters.memberships.max_memberships
    assert (held <= np.maximum(seats_at_start, room)).all(), note  # a roster may seat one in more
    closed = ~organizations.is_open
    assert not held[closed].any(), note
    assert not organizations.award_months[closed].any(), note
    assert not organizations.eligible[closed].any(), note


def check_ranges(inputs: Inputs, note: str) -> None:
    organizations, dyads, coalitions = inputs.world.organizations, inputs.world.dyads, inputs.world.coalitions
    for values in (dyads.trust, dyads.overlap, organizations.mix, organizations.stress, organizations.dependence,
                   organizations.record, organizations.recent_loss, coalitions.depth, coalitions.activity,
                   inputs.world.environment.awareness):  # fmt: skip
        assert np.isfinite(values).all(), note
        assert values.min(initial=0.0) >= -1e-12, note
        assert values.max(initial=0.0) <= 1 + 1e-9, note
    assert dyads.trust.min() >= 0.0, note
    assert dyads.trust.max() <= 1.0, note
    assert np.abs(organizations.mix.sum(1) - 1.0).max() <= 1e-9, note
    assert (dyads.overlap == dyads.overlap.T).all(), note
    for positions in (organizations.viewpoint, organizations.stance):
        assert np.abs(positions).max() <= 1.0, note
    for values in (organizations.served, organizations.capacity, inputs.world.environment.unmet):
        assert (values >= 0).all(), note


def check_row(row: Any, note: str) -> None:
    for entry in columns.MONTHS:
        if entry.unit in ("share", "trust", "stock"):
            value = row[entry.name]
            assert np.isnan(value) or -1e-9 <= value <= 1 + 1e-9, (note, entry.name, value)
    assert np.isnan(row.effective_coalitions) or 1 - 1e-9 <= row.effective_coalitions <= row.n_open + 1e-9, note
    assert row.served <= row.arrivals * (1 + 1e-9), note
    assert row.rival_foundings <= row.foundings, note
    assert row.breakaways <= row.foundings, note


def test_trust_is_at_most_one_where_baseline_and_sector_trust_sum_to_more():
    parameters = Parameters(months=1, meetings=Meetings(baseline_trust=1.0, same_sector_trust=0.5))
    inputs = Inputs(parameters)
    advance(inputs, 1, 0)
    assert inputs.world.dyads.trust.max() <= 1.0


@pytest.mark.relation(13, "every month's coalitions are valid, counts in step and numbers in range")
def test_every_month_the_counts_are_in_step_and_the_numbers_in_range(tried):
    """Eighty small worlds, and twenty of up to 30 organizations and three years."""
    small = tried.worlds(80)
    large = tried.worlds(20, first=500, max_organizations=30, max_months=36)
    for world in (*small, *large):
        inputs = world.build()
        seats = np.zeros(inputs.n_organizations, "i8") if world.tables is None else world.tables.member.sum(0)
        for month in range(world.parameters.months + 1):
            row = advance(inputs, world.seed, month)
            check_memberships(world, inputs, month, seats)
            check_ranges(inputs, f"world {world.number}, month {month}")
            check_row(row, f"world {world.number}, month {month}")


# ------------------------------------------------------------------------------------------------ one review


class Review(NamedTuple):
    """What one organization did in one review."""

    who: int
    joined: tuple[int, ...]  # slots of coalitions
    left: tuple[int, ...]
    founded: tuple[int, ...]  # the partners


def run_until_review(world: World) -> Inputs:
    """Return the inputs of a world just before the reviews of a random month."""
    inputs = world.build()
    month = Draws(world.number).whole("month looked at", 1, world.parameters.months)
    for before in range(month):
        advance(inputs, world.seed, before)
    advance(inputs, world.seed, month, 0, REVIEW)
    return inputs


def find_first_reviewer(world: World, inputs: Inputs, month: int) -> tuple[int, float]:
    """Return the organization whose draw comes first in `month`, and a share of reviewers that takes in it alone."""
    organizations = inputs.world.organizations
    key = np.uint64(stream(np.uint64(world.seed), np.uint64(REVIEW_ORDER), np.uint64(month)))
    draws = sorted(
        (float(to_uniform(np.uint64(philox(key, organizations.key[i], np.uint64(0))[0]))), i)
        for i in np.flatnonzero(organizations.is_open).tolist()
    )
    return draws[0][1], (draws[0][0] + draws[1][0]) / 2 if len(draws) > 1 else 1.0


def review_alone(world: World, inputs: Inputs, month: int, who: int) -> Review:
    """Let `who`, the only one whose draw lies below the review share, review in `month`; tell what it did."""
    coalitions = inputs.world.coalitions
    before, was_active = coalitions.member.copy(), coalitions.is_active.copy()
    advance(inputs, world.seed, month, REVIEW, REVIEW + 1, build_record(world.parameters))
    new = coalitions.is_active & ~was_active
    founded = np.flatnonzero(coalitions.member[new][0]).tolist() if new.any() else []
    moved = np.flatnonzero((coalitions.member[:, who] != before[:, who]) & ~new).tolist()
    return Review(
        who,
        joined=tuple(c for c in moved if coalitions.member[c, who]),
        left=tuple(c for c in moved if not coalitions.member[c, who]),
        founded=tuple(one for one in founded if one != who),
    )


def list_futures(world: World, inputs: Inputs, count: int) -> list[tuple[int, int, float]]:
    """Return (month, reviewer, share): the same state reviewed in `count` later months, each with draws of its own."""
    if not inputs.world.organizations.is_open.any():
        return []
    months = range(world.parameters.months + 1, world.parameters.months + 1 + count)
    return [(month, *find_first_reviewer(world, inputs, month)) for month in months]


def pick_winners(inputs: Inputs, world: World, month: int, g: int, factor: int) -> set[int]:
    """Return who wins line g alone, with its pot times `factor` and nothing for conveners."""
    lines, log = inputs.world.programmes, inputs.world.log
    pot = int(lines.pot_cents[g])
    lines.pot_cents[:] = 0
    lines.pot_cents[g] = pot * factor
    lines.convener_share[g] = 0.0
    first = int(log.n_rows[0])
    advance(inputs, world.seed, month, AWARD, AWARD + 1)
    events = log.rows[first : int(log.n_rows[0])]
    return set(events[events[:, 1] == codes.WIN][:, 2].tolist())


def check_richer_pots(world: World) -> int:
    """A richer pot of any one line takes nobody's award away. Returns by how many the awarded grew."""
    inputs, grown = world.build(), 0
    share = inputs.world.programmes.convener_share.copy()
    for month in range(world.parameters.months + 1):
        advance(inputs, world.seed, month, 0, AWARD)
        start = keep_world(inputs.world)
        for g in range(len(share)) if month > 0 else ():
            winners = []
            for factor in (1, 4):
                put_back(inputs.world, start)
                winners.append(pick_winners(inputs, world, month, g, factor))
            assert winners[0] <= winners[1], (world.number, month, g, winners)
            grown += len(winners[1]) - len(winners[0])
        put_back(inputs.world, start)
        inputs.world.programmes.convener_share[:] = share
        advance(inputs, world.seed, month, AWARD)
    return grown


@pytest.mark.relation(16, "in one step, a higher threshold lets nobody more in, a richer pot leaves nobody out")
def test_in_one_step_a_higher_threshold_lets_nobody_more_in_and_a_richer_pot_leaves_nobody_out(tried):
    """One review at a time, since a join changes what comes after it; one line at a time, for the same reason.

    Who gains a seat under the higher threshold gains one under the lower (the same seat, or founds instead), and who
    leaves under the lower leaves the same coalition under the higher (or founds instead).
    """
    n_fewer_joins = n_more_exits = n_more_awards = 0
    for world in tried.worlds(80, keep=lambda world: not world.parameters.mechanisms.null_model):
        inputs = run_until_review(world)
        start = keep_world(inputs.world)
        for month, who, share in list_futures(world, inputs, 8):
            reviews = []
            for rise in (0.0, 1.0):
                put_back(inputs.world, start)
                threshold = world.parameters.memberships.membership_threshold + rise
                alone = world.change(
                    memberships__review_share=share,
                    memberships__membership_threshold=threshold,
                    mechanisms__review_memberships=True,
                )
                reviews.append(review_alone(alone, inputs, month, who))
            low, high = reviews
            note = (world.number, month, low, high)
            assert not high.joined or high.joined == low.joined or low.founded, note
            assert not low.left or high.left == low.left or high.founded, note
            n_fewer_joins += bool(low.joined) and not high.joined
            n_more_exits += bool(high.left) and not low.left
        if world.number % 4 == 0:
            n_more_awards += check_richer_pots(world.change(mechanisms__award_grants=True))
    assert min(n_fewer_joins, n_more_exits, n_more_awards) >= 10, (n_fewer_joins, n_more_exits, n_more_awards)


# ------------------------------------------------------------------------------------------------ the best option


class Judge:
    """The utility of section 7 written down anew, with plain Python over the arrays of a running world."""

    def __init__(self, world: World, inputs: Inputs) -> None:
        values = {name: getattr(getattr(world.parameters, group), name) for group, name, _ in kernel_fields()}
        self.p = SimpleNamespace(**values)
        self.who, self.pairs = inputs.world.organizations, inputs.world.dyads
        self.groups, self.lines = inputs.world.coalitions, inputs.world.programmes

    def tense(self, i: int, j: int, f: float) -> float:
        if not self.p.viewpoint_tension:
            return 0.0
        distance = abs(self.who.stance[j] - self.who.viewpoint[i]) / 2
        strain = 1 + self.p.strain * (2 * self.press(i) - 1)
        return min(distance * (1 + self.p.ill_will * (1 - self.pairs.trust[i, j])) * strain * (1 - f), 1.0)

    def press(self, i: int) -> float:
        return min(self.who.stress[i] + self.p.loss_pressure * self.who.recent_loss[i], 1.0)

    def compete(self, i: int, j: int) -> float:
        if not self.p.funding_competition:
            return 0.0
        both = self.who.eligible[i] & self.who.eligible[j] & (self.lines.allocation != 2) & ~self.lines.is_joint
        rivalry = self.p.base_rivalry + (1 - self.p.base_rivalry) * min(math.fsum(self.lines.money_share[both]), 1.0)
        return self.pairs.overlap[i, j] * rivalry * self.press(i)

    def forbid(self, i: int, j: int) -> bool:
        held = self.lines.is_exclusive & (self.who.award_months[i] > 0) & ~self.who.eligible[j]
        return bool(held.any()) and self.p.restriction_conflict

    def like(self, i: int, j: int, f: float, r: float = 1.0) -> float:
        p, trust = self.p, self.pairs.trust[i, j]
        value = p.complementarity_weight * (1 - self.pairs.overlap[i, j]) * r + p.trust_weight * trust * r
        value -= p.viewpoint_weight * self.tense(i, j, f)
        value -= p.turf_weight * self.compete(i, j) * (1 - p.trust_softening * trust)
        return value - (p.restriction_weight if self.forbid(i, j) else 0.0)

    def open_lines(self, i: int) -> Any:
        return np.flatnonzero(self.lines.is_joint & self.who.eligible[i] & (self.lines.pot_cents > 0))

    def value(self, i: int, others: list[int], f: float, paid: bool, inside: bool, elsewhere: int) -> float:
        p, m = self.p, len(others) + 1
        fresh = [1 - p.redundancy if self.pairs.joint[i, j] > inside else 1.0 for j in others]
        liking = [self.like(i, j, f, r) for j, r in zip(others, fresh, strict=True)]
        mean = math.fsum(liking) / len(liking) if liking else 0.0
        hope = math.fsum(
            self.lines.money_share[g] * (1.0 if m >= self.lines.min_partners[g] else 0.5) for g in self.open_lines(i)
        )
        joint = p.joint_money * hope * (0.5 + 0.5 * self.press(i))
        cost = p.size_cost * (m / p.size_scale) ** 2 * (0.5 if paid else 1.0) + p.time_cost * elsewhere
        return mean + p.size_benefit * math.log(m) + joint - cost * (1 + self.who.stress[i]) - p.membership_threshold

    def facilitate(self, c: int) -> float:
        extra = self.p.convener_facilitation if self.groups.convener_months[c] > 0 else 0.0
        return min(self.p.facilitation + extra, 1.0)

    def admits(self, c: int, i: int, members: list[int]) -> bool:
        if self.p.admission == "open":
            return True
        yes = sum(self.like(j, i, self.facilitate(c)) >= self.p.admission_threshold for j in members)
        return 2 * yes > len(members) if self.p.admission == "majority" else yes == len(members)

    def list_options(self, i: int) -> dict[Any, float]:
        """Return the worth of each option: "stay", ("leave", c), ("join", c), ("found", partners)."""
        held = int(self.who.n_memberships[i])
        has_room = held < self.p.max_memberships
        options: dict[Any, float] = {"stay": 0.0}
        for c in np.flatnonzero(self.groups.is_active).tolist():
            members = np.flatnonzero(self.groups.member[c]).tolist()
            inside = i in members
            others = [j for j in members if j != i]
            paid = self.groups.convener_months[c] > 0
            worth = self.value(i, others, self.facilitate(c), paid, inside, held - inside)
            if inside:
                options["leave", c] = -worth
            elif has_room and 0 < len(members) < self.p.size_cap and self.admits(c, i, members):
                options["join", c] = worth
        if has_room and not self.groups.is_active.all():
            options |= self.weigh_founding(i, held)
        return options

    def weigh_founding(self, i: int, held: int) -> dict[Any, float]:
        p = self.p
        mutual = {}
        for j in np.flatnonzero(self.who.is_open & (self.who.n_memberships < p.max_memberships)).tolist():
            if j != i and self.pairs.joint[i, j] == 0:
                toward, back = self.like(i, j, p.facilitation), self.like(j, i, p.facilitation)
                if min(toward, back) > 0:
                    mutual[j] = min(toward, back)
        chosen = sorted(mutual, key=lambda j: -mutual[j])[: p.founding_size - 1]
        group = [i, *chosen]
        willing = [
            j
            for j in chosen
            if self.value(j, [k for k in group if k != j], p.facilitation, False, False, self.who.n_memberships[j]) > 0
        ]
        if not willing:
            return {}
        mandate = p.mandate_bonus if len(self.open_lines(i)) else 0.0
        worth = self.value(i, sorted(willing), p.facilitation, False, False, held)
        return {("found", tuple(sorted(willing))): worth - p.founding_effort + mandate}


def name_choice(review: Review) -> Any:
    if review.founded:
        return "found", review.founded
    for kind, moved in (("join", review.joined), ("leave", review.left)):
        if moved:
            return kind, moved[0]
    return "stay"


def without_weights(world: World) -> World:
    """Return the world with every term of the utility nil, much noise, and open doors."""
    names = (
        "complementarity_weight trust_weight viewpoint_weight turf_weight restriction_weight size_benefit joint_money "
        "size_cost time_cost membership_threshold"
    )
    nil = {f"memberships__{name}": 0.0 for name in names.split()}
    return world.change(**nil, memberships__choice_noise=5.0, memberships__admission="open")


def list_open_options(world: World, inputs: Inputs, who: int) -> list[Any]:
    """Return the options where doors are open and nobody is worth founding with."""
    groups, setting = inputs.world.coalitions, world.parameters.memberships
    has_room = inputs.world.organizations.n_memberships[who] < setting.max_memberships
    options: list[Any] = ["stay"]
    for c in np.flatnonzero(groups.is_active).tolist():
        if groups.member[c, who]:
            options.append(("leave", c))
        elif has_room and 0 < groups.size[c] < setting.size_cap:
            options.append(("join", c))
    return options


def check_best(world: World, inputs: Inputs, start: Any, kinds: dict[str, int]) -> None:
    sure = world.change(memberships__choice_noise=0.0, mechanisms__review_memberships=True)
    for month, who, share in list_futures(world, inputs, 3):
        put_back(inputs.world, start)
        options = Judge(sure, inputs).list_options(who)
        ranked = sorted(options.values(), reverse=True)
        if len(ranked) > 1 and ranked[0] - ranked[1] < 1e-9:
            continue
        best = max(options, key=lambda name: options[name])
        found = name_choice(review_alone(sure.change(memberships__review_share=share), inputs, month, who))
        assert found == best, (world.number, month, who, found, options)
        kinds[best if best == "stay" else best[0]] += 1


def check_even(world: World, inputs: Inputs, start: Any, scores: Any) -> None:
    even = without_weights(world.change(mechanisms__review_memberships=True))
    for month, who, share in list_futures(world, inputs, 30):
        put_back(inputs.world, start)
        options = list_open_options(even, inputs, who)
        m = len(options)
        if m == 1:
            continue
        found = name_choice(review_alone(even.change(memberships__review_share=share), inputs, month, who))
        place = (options.index(found) + 0.5) / m
        scores += (1, (found == "stay") - 1 / m, (1 - 1 / m) / m, place - 0.5, (m * m - 1) / (12 * m * m))


@pytest.mark.relation(24, "without noise the best option is chosen, with nothing but noise each equally often")
def test_without_noise_the_best_option_is_chosen_and_with_nothing_but_noise_each_equally_often(tried):
    """The best of options weighed anew by `Judge`. With every term nil, noise alone decides: some 2,000 reviews."""
    kinds = dict.fromkeys(("stay", "leave", "join", "found"), 0)
    scores = np.zeros(5)  # reviews, stays less expected, their variance, place of the choice, its variance
    for world in tried.worlds(80, first=1000, keep=lambda world: not world.parameters.mechanisms.null_model):
        inputs = run_until_review(world)
        start = keep_world(inputs.world)
        check_best(world, inputs, start, kinds)
        check_even(world, inputs, start, scores)
    assert min(kinds.values()) >= 5, kinds
    assert scores[0] >= 1_000, scores
    for total, variance in (scores[1:3], scores[3:5]):
        z = total / math.sqrt(variance)
        assert abs(z) < Z_LIMIT, f"z = {z:.2f} over {scores[0]:.0f} reviews"
