"""Choices: reviews, foundings, break-aways and answers to conditions are logits; without noise the best is chosen."""

import itertools
import math

import numpy as np
import pytest

from sim.compiler import draws
from sim.dynamics.processes.memberships import REVIEW_ORDER
from sim.schema import codes

from .limits import SEED, Limit, assert_share, assert_shares, logistic, make_parameters, softmax


def compute_affinity(p, i, j, trust, overlap, viewpoint, stance, stress, fresh=1.0):
    """a_ij of docs/odd.md without grant lines: nothing is forbidden and rivalry is `base_rivalry`."""
    m, facilitation, t = p.memberships, p.meetings.facilitation, trust[i, j]
    tension = abs(stance[j] - viewpoint[i]) / 2 * (1 + p.meetings.ill_will * (1 - t)) * (1 - facilitation)
    tension *= 1 - m.strain + 2 * m.strain * stress[i]  # nothing was rejected: stress is all the pressure
    competition = overlap[i, j] * m.base_rivalry * stress[i]
    value = m.complementarity_weight * (1 - overlap[i, j]) * fresh + m.trust_weight * t * fresh
    value -= m.viewpoint_weight * min(tension, 1.0) * p.mechanisms.viewpoint_tension
    return value - m.turf_weight * competition * (1 - p.grants.trust_softening * t) * p.mechanisms.funding_competition


def compute_utility(p, i, group, held, field, met=()):
    """U of i in `group`, which holds i; met: partners i meets elsewhere too."""
    m, others, stress = p.memberships, [j for j in group if j != i], field[-1]
    fresh = {j: 1 - m.redundancy if j in met else 1.0 for j in others}
    value = sum(compute_affinity(p, i, j, *field, fresh=fresh[j]) for j in others) / len(others) if others else 0.0
    size = len(others) + 1
    cost = (m.size_cost * (size / m.size_scale) ** 2 + m.time_cost * held) * (1 + stress[i])
    return value + m.size_benefit * math.log(size) - cost - m.membership_threshold


def measure_overlap(mix):
    return np.minimum(mix[:, None, :], mix[None, :, :]).sum(2)


def give_roster(trust, mix, viewpoint, stance, stress, member):
    """A fully given roster; reserves of 4 · (1 - stress) months of need make exactly this stress."""
    return {
        "trust": trust,
        "mix": mix,
        "viewpoint": viewpoint,
        "stance": stance,
        "sector": 0,
        "need_usd": 1000.0,
        "own_income_share": 0.4,
        "reserve_months": 4.0 * (1.0 - np.asarray(stress)),
        "member": np.asarray(member, bool),
    }


def seat(n, *groups):
    return np.array([[i in group for i in range(n)] for group in groups])


# --- reviews --------------------------------------------------------------------------------------------------------

GROUPS = ((1, 2), (3, 4, 5), (6, 7))


@pytest.mark.parametrize("noise", [0.2, 0.35])
def test_one_newcomer_joins_each_of_three_coalitions_or_none_with_the_shares_of_a_softmax(noise):
    """P(join c) = exp(U_c / noise) / (1 + Σ exp(U / noise)): Gumbel noise makes a multinomial logit (McFadden 1974).

    Utilities by hand, with tension, competition, redundancy-free partners and stress. The members trust everyone fully
    and are bound by a utility of 4 and more, so that only the newcomer has a choice.
    """
    weights = {
        "choice_noise": noise,
        "review_share": 1.0,
        "max_memberships": 1,
        "admission": "open",
        "trust_weight": 5.0,
    }
    p = make_parameters(
        on=("review_memberships", "viewpoint_tension", "funding_competition"),
        field={"n_organizations": 8},
        memberships=weights,
    )
    trust = np.ones((8, 8))
    trust[0] = [0, 0.12, 0.2, 0.1, 0.16, 0.14, 0.22, 0.18]
    main = np.array([0.7, 0.2, 0.3, 0.9, 0.8, 0.7, 0.1, 0.6])
    mix = np.column_stack([main, 1 - main])
    viewpoint = np.array([0.3, 0.1, 0.1, 0.6, 0.6, 0.6, -0.2, -0.2])
    stress = np.array([0.5, 0, 0, 0, 0, 0, 0, 0])
    field = trust, measure_overlap(mix), viewpoint, viewpoint, stress
    utilities = [compute_utility(p, 0, (0, *group), 0, field) for group in GROUPS]
    limit = Limit(p, **give_roster(trust, mix, viewpoint, viewpoint, stress, seat(8, *GROUPS)))
    once = ("review_memberships", "review_memberships")
    n = 200_000 if noise == 0.2 else 80_000  # shifts of 0.8 and 1.3 points
    chunks = limit.simulate_in_chunks(n, once, keep_members=True)
    counts = sum(np.bincount(members[:, 1, 0], minlength=4) for _, members, *_ in chunks)
    assert_shares(counts, softmax(np.array([0.0, *utilities]) / noise), sees=0.0081 if noise == 0.2 else 0.0127)


def test_who_stays_outside_this_month_weighs_it_all_anew_the_next():
    """Fresh noise each month: P(outside for t months) = P(stay)^t. Noise without its month would repeat the choice."""
    noise = 0.3
    weights = {"choice_noise": noise, "review_share": 1.0, "max_memberships": 1, "admission": "open"}
    p = make_parameters(
        months=3, on=("review_memberships",), field={"n_organizations": 3}, memberships=weights | {"trust_weight": 5.0}
    )
    trust = np.ones((3, 3))
    trust[0] = 0.08
    mix, zero = np.full((3, 2), 0.5), np.zeros(3)
    utility = compute_utility(p, 0, (0, 1, 2), 0, (trust, measure_overlap(mix), zero, zero, zero))
    limit = Limit(p, **give_roster(trust, mix, zero, zero, zero, seat(3, (1, 2))))
    members = limit.simulate(60_000, ("review_memberships", "review_memberships"), keep_members=True)[1]
    outside = np.logical_and.accumulate(members[:, 1:, 0] == 0, axis=1).sum(0)
    for t in (1, 2, 3):
        assert_share(int(outside[t - 1]), 60_000, logistic(-utility / noise) ** t, sees=0.015, what=f"month {t}")


def test_a_pair_parts_with_the_chances_of_two_logits_in_a_row():
    """Leaving is worth -U, staying 0: P(leave) = logistic(-U / noise). Who is left alone weighs the U of one.

    p = P(leave a pair), q = P(leave when alone): no exit (1 - p)², two p·q, one the rest, whoever reviews first.
    """
    noise = 0.4
    p = make_parameters(
        on=("review_memberships",),
        field={"n_organizations": 2},
        memberships={"choice_noise": noise, "review_share": 1.0, "max_memberships": 1, "membership_threshold": 0.2},
    )
    trust, mix, zero = np.full((2, 2), 0.1), np.full((2, 2), 0.5), np.zeros(2)
    field = trust, measure_overlap(mix), zero, zero, zero
    leave = logistic(-compute_utility(p, 0, (0, 1), 0, field) / noise)
    leave_alone = logistic(-compute_utility(p, 0, (0,), 0, field) / noise)
    limit = Limit(p, **give_roster(trust, mix, zero, zero, zero, seat(2, (0, 1))))
    once = ("review_memberships", "review_memberships")
    chunks = limit.simulate_in_chunks(530_000, once)
    counts = sum(np.bincount(rows.exits[:, 1].astype(int), minlength=3) for rows, *_ in chunks)
    two = leave * leave_alone
    assert_shares(counts, [(1 - leave) ** 2, 1 - (1 - leave) ** 2 - two, two], sees=0.005)


def test_two_strangers_found_a_coalition_with_the_chance_of_a_logit():
    """Founding is worth U - effort: first reviewer p = logistic((U - effort) / noise), else the second: 1 - (1 - p)².

    Once founded by the first, the second may still leave by logistic(-U / noise): found and exit p · that.
    """
    noise, effort = 0.5, 0.25
    p = make_parameters(
        on=("review_memberships",),
        field={"n_organizations": 2},
        memberships={"choice_noise": noise, "review_share": 1.0, "max_memberships": 1, "founding_effort": effort},
    )
    trust, mix, zero = np.full((2, 2), 0.6), np.full((2, 2), 0.5), np.zeros(2)
    utility = compute_utility(p, 0, (0, 1), 0, (trust, measure_overlap(mix), zero, zero, zero))
    found, leave = logistic((utility - effort) / noise), logistic(-utility / noise)
    limit = Limit(p, **give_roster(trust, mix, zero, zero, zero, np.zeros((0, 2))))
    once = ("review_memberships", "review_memberships")
    chunks = limit.simulate_in_chunks(530_000, once)
    counts = sum(np.bincount((rows.foundings + rows.exits)[:, 1].astype(int), minlength=3) for rows, *_ in chunks)
    expected = [(1 - found) ** 2, found * (1 - leave) + (1 - found) * found, found * leave]
    assert_shares(counts, expected, sees=0.005)


def find_seed_in_which_only_the_first_reviews(keys, share, start):
    for seed in itertools.count(start):
        stream = np.uint64(draws.stream(np.uint64(seed), np.uint64(REVIEW_ORDER), np.uint64(1)))
        reviews = [draws.uniform(stream, key, np.uint64(0)) < share for key in keys]
        if reviews[0] and not any(reviews[1:]):
            return seed
    return None


def list_actions(p, groups, field):
    """Every (worth, coalitions afterwards) that organization 0 may choose, by the definitions of docs/odd.md."""
    m, n = p.memberships, len(field[0])
    joint = {j: sum(0 in group and j in group for group in groups) for j in range(1, n)}
    held = [sum(i in group for group in groups) for i in range(n)]
    options = [(0.0, groups)]
    for at, group in enumerate(groups):
        rest = groups[:at] + groups[at + 1 :]
        if 0 in group:
            met = [j for j in joint if joint[j] > 1]
            options.append((-compute_utility(p, 0, group, held[0] - 1, field, met), [*rest, group - {0}]))
        elif held[0] < m.max_memberships and len(group) < m.size_cap:
            yes = sum(compute_affinity(p, j, 0, *field) >= m.admission_threshold for j in group)
            needed = {"open": 0, "majority": len(group) // 2 + 1, "unanimous": len(group)}[m.admission]
            if yes >= needed:
                met = [j for j in joint if joint[j] > 0]
                options.append((compute_utility(p, 0, group, held[0], field, met), [*rest, group | {0}]))
    if held[0] < m.max_memberships:
        mutual = {
            j: min(compute_affinity(p, 0, j, *field), compute_affinity(p, j, 0, *field))
            for j in joint
            if joint[j] == 0 and held[j] < m.max_memberships
        }
        core = {0, *sorted((j for j in mutual if mutual[j] > 0), key=lambda j: -mutual[j])[: m.founding_size - 1]}
        met_by = {j: [k for k in core if k not in (0, j) and any({j, k} <= group for group in groups)] for j in core}
        kept = {0} | {j for j in core - {0} if compute_utility(p, j, core, held[j], field, met_by[j]) > 0}
        if len(kept) > 1:
            worth = compute_utility(p, 0, kept, held[0], field) - m.founding_effort
            options.append((worth, [*groups, frozenset(kept)]))
    return options


@pytest.mark.parametrize("admission", ["open", "majority", "unanimous"])
def test_without_noise_a_review_carries_out_the_best_of_all_options_listed_by_brute_force(admission):
    """Deterministic best response, 250 random worlds of three organizations a rule: noise 0 leaves the argmax."""
    generator, seen, subsets = np.random.default_rng(SEED), set(), [{0, 1}, {0, 2}, {1, 2}, {0, 1, 2}]
    for world in range(250):
        draw = generator.uniform
        p = make_parameters(
            on=("review_memberships", "viewpoint_tension", "funding_competition"),
            field={"n_organizations": 3},
            memberships={
                "choice_noise": 0.0,
                "admission": admission,
                "max_memberships": int(generator.integers(1, 4)),
                "founding_size": int(generator.integers(2, 4)),
                "membership_threshold": draw(-0.6, 0.8),
                "founding_effort": draw(0, 0.9),
                "admission_threshold": draw(-0.8, 0.6),
                "size_cap": int(generator.choice([2, 3, 4])),
            },
        )
        main = draw(0, 1, 3)
        mix = np.column_stack([main, 1 - main])
        trust, viewpoint, stance = draw(0, 1, (3, 3)), draw(-1, 1, 3), draw(-1, 1, 3)
        stress = draw(0, 1, 3)
        limit = Limit(p, **give_roster(trust, mix, viewpoint, stance, stress, np.zeros((0, 3))))
        picked = generator.permutation(4)[: generator.integers(0, 3)]
        groups = [frozenset(subsets[at]) for at in picked]
        groups = [g for g in groups if all(sum(i in h for h in groups) <= p.memberships.max_memberships for i in g)]
        if groups:
            limit = Limit(p, **give_roster(trust, mix, viewpoint, stance, stress, seat(3, *groups)))
        seed = find_seed_in_which_only_the_first_reviews(limit.inputs.roster.key, p.memberships.review_share, world)
        limit.start(seed).step(1, "review_memberships", seed=seed)
        field = trust, measure_overlap(mix), viewpoint, stance, limit.world.organizations.stress
        np.testing.assert_allclose(field[-1], stress, atol=1e-5)
        options = list_actions(p, groups, field)
        wanted = sorted(map(sorted, max(options, key=lambda option: option[0])[1]))
        coalitions = limit.world.coalitions
        found = sorted(np.flatnonzero(coalitions.member[c]).tolist() for c in np.flatnonzero(coalitions.is_active))
        assert found == wanted, f"world {world}: from {groups} to {found}, best is {wanted} of {options}"
        seen.add(len(wanted) - len(groups) + 10 * (sum(map(len, wanted)) - sum(map(len, groups))))
    assert seen >= {0, 10, -10, 21}, f"stay, join, leave and found must all occur: {seen}"


# --- break-aways ----------------------------------------------------------------------------------------------------


def test_a_side_breaks_away_with_the_product_of_its_members_chances():
    """Each of a side of three must gain: Π over members of 1 - exp(-exp(-(schism_gain - Δ_i) / noise)).

    The side without the convener is tried first, the other only after it failed: shares (1-a)(1-b), a, (1-a)·b.
    """
    noise, gain = 0.5, 0.9
    weights = {"schism_noise": noise, "schism_gain": gain, "complementarity_weight": 0.0, "membership_threshold": 0.0}
    p = make_parameters(
        months=3, on=("break_away", "viewpoint_tension"), field={"n_organizations": 6}, memberships=weights
    )
    trust = np.kron(np.eye(2), np.ones((3, 3)))
    viewpoint, stress = np.array([0.8, 0.8, 0.8, -0.8, -0.8, -0.8]), np.array([0, 0.3, 0.6, 0.2, 0.9, 0.4])
    mix = np.full((6, 2), 0.5)
    field = trust, measure_overlap(mix), viewpoint, viewpoint, stress
    chance = []
    for side in ((3, 4, 5), (0, 1, 2)):  # 0 convenes
        change = [compute_utility(p, i, side, 0, field) - compute_utility(p, i, range(6), 0, field) for i in side]
        chance.append(np.prod([1 - math.exp(-math.exp(-(gain - d) / noise)) for d in change]))
    limit = Limit(p, **give_roster(trust, mix, viewpoint, viewpoint, stress, seat(6, range(6))))
    every_month = limit.simulate(60_000, ("break_away", "break_away"), keep_members=True)[1]
    members = every_month[:, 1]
    one, other = (members[:, 3] != members[:, 0]) & (members[:, 0] == 1), members[:, 0] == 2
    counts = [(~one & ~other).sum(), one.sum(), other.sum()]
    first, second = chance
    whole = (1 - first) * (1 - second)
    assert_shares(counts, [whole, first, (1 - first) * second], sees=0.015)
    for month in (2, 3):  # noise without its month would spare for ever whom it spared once
        held = (every_month[:, month] == 1).all(1).sum()
        assert_share(int(held), 60_000, whole**month, sees=0.015, what=f"month {month}")


# --- answers to conditions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.12, 0.4])
@pytest.mark.parametrize("about", ["stance", "mission"])
def test_answers_to_a_condition_have_the_shares_of_a_softmax(about, noise):
    """Multinomial logit over comply, phase out, decline and (for a stance alone) stay ambiguous; worths by hand."""
    line = {"award_usd_per_year": 120_000.0, "ambiguity": 0.4}
    line |= {"stance_low": 0.2} if about == "stance" else {"eligible_populations": ["population_0"]}
    p = make_parameters(
        {"only": line},
        on=("respond_to_conditions",),
        field={"n_organizations": 10},
        conditions={"response_noise": noise, "identity_cost": 0.6, "ambiguity_penalty": 0.2, "phase_out_step": 0.4},
    )
    limit = Limit(
        p, mix=[0.3, 0.7], viewpoint=-0.1, stance=-0.25, need_usd=25_000.0, reserve_months=1.0, own_income_share=0.4
    )
    money = 1.0 * 10_000 / 25_000 * (0.5 + 0.5 * 0.75)  # stress 1 - 1/4
    gap = 0.3 if about == "stance" else 0.4 - 0.3
    worth = [money - 0.6 * gap, 0.4 * money - 0.16 * 0.6 * gap, 0.0]
    names = ["complied", "phased_out", "declined"]
    if about == "stance":
        worth.append(money * 0.4 - 0.2 * 0.6)
        names.append("stayed_ambiguous")
    rows = limit.simulate(12_000, ("respond_to_conditions", "respond_to_conditions"))[0][:, 1]
    counts = [int(rows[name].sum()) for name in names]
    assert sum(counts) == 120_000
    assert_shares(counts, softmax(np.array(worth) / noise), sees=0.0105)


def test_who_declined_a_condition_decides_anew_at_the_next_round():
    """Declining changes nothing, so P(declined twice) = P(decline)², and thrice its cube; noise is fresh."""
    line = {"award_usd_per_year": 120_000.0, "eligible_populations": ["population_0"], "round_interval_months": 1}
    p = make_parameters({"only": line}, 3, on=("respond_to_conditions",), field={"n_organizations": 10})
    known = {"mix": [0.2, 0.8], "viewpoint": 0.0, "stance": 0.0, "need_usd": 25_000.0, "reserve_months": 4.0}
    _, _, events, counts = Limit(p, max_events=40, **known).simulate(6_000, keep_events=True)
    written = np.arange(events.shape[1])[None, :] < counts[:, None]
    run, at = np.nonzero(written & (events[:, :, 1] == codes.DECLINE))
    declined = np.zeros((6_000, 4, 10), bool)
    declined[run, events[run, at, 0], events[run, at, 2]] = True
    money, cost = 0.4 * 0.5, 1.2 * 0.2
    chance = softmax(np.array([money - cost, 0.5 * money - 0.25 * cost, 0.0]) / 0.12)[2]
    for rounds in (1, 2, 3):
        both = declined[:, 1 : rounds + 1].all(1)
        assert_share(int(both.sum()), both.size, chance**rounds, sees=0.015, what=f"{rounds} rounds")


def test_who_stays_ambiguous_passes_a_round_with_the_chance_of_the_lines_vagueness():
    """Bernoulli(ambiguity), independent from round to round: both of two rounds with its square.

    Without noise, penalty and another affordable answer all stay ambiguous; a formula line pays whoever passes.
    """
    vague = 0.35
    line = {
        "stance_low": 0.5,
        "ambiguity": vague,
        "allocation": "formula",
        "round_interval_months": 1,
        "term_months": 1,
    }
    p = make_parameters(
        {"only": line},
        months=2,
        on=("respond_to_conditions", "award_grants", "settle_accounts"),
        field={"n_organizations": 10},
        conditions={"response_noise": 0.0, "identity_cost": 10.0, "ambiguity_penalty": 0.0},
        accounts={"closure_rate": 0.0},
    )
    limit = Limit(p, max_events=80, viewpoint=-1.0, stance=-1.0, need_usd=25_000.0, reserve_months=4.0)
    _, _, events, _ = limit.simulate(8_000, ("respond_to_conditions", "settle_accounts"), keep_events=True)
    won = np.zeros((8_000, 3, 10), bool)
    run, at = np.nonzero(events[:, :, 1] == codes.WIN)
    won[run, events[run, at, 0], events[run, at, 2]] = True
    assert_share(int(won[:, 1].sum()), 80_000, vague, sees=0.013)
    assert_share(int((won[:, 1] & won[:, 2]).sum()), 80_000, vague**2, sees=0.009)
