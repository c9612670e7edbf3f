"""Memberships: Markov chains of the null model, lives of coalitions and organizations, sizes that utility allows."""

import math

import numpy as np
import pytest

from .limits import (
    SEED,
    Limit,
    assert_mean,
    assert_share,
    assert_shares,
    assert_uncorrelated,
    assert_variance,
    make_parameters,
)

GIVEN = {"sector": 0, "mix": [0.5, 0.5], "viewpoint": 0.0, "stance": 0.0, "need_usd": 1000.0, "reserve_months": 4.0}
REVIEWS = ("review_memberships", "review_memberships")


def list_pairs(n):
    pairs = np.argwhere(np.triu(np.ones((n, n)), 1))
    member = np.zeros((len(pairs), n), bool)
    member[np.arange(len(pairs))[:, None], pairs] = True
    return member


# --- the null model -------------------------------------------------------------------------------------------------

JOIN, LEAVE, REVIEW_SHARE, LAST = 0.3, 0.2, 0.5, 20


@pytest.fixture(scope="module")
def null_memberships():
    """(runs, months + 1, organizations) bool: who sits in the one coalition, which everybody sits in at month 0."""
    n, n_runs = 40, 13_200
    rates = {"null_join_rate": JOIN, "null_leave_rate": LEAVE, "null_found_rate": 0.0}
    p = make_parameters(
        months=LAST,
        on=("review_memberships", "null_model"),
        field={"n_organizations": n},
        memberships=rates | {"review_share": REVIEW_SHARE, "max_memberships": 1},
    )
    limit = Limit(p, **(GIVEN | {"member": np.ones((1, n), bool)}))
    chunks = limit.simulate_in_chunks(n_runs, REVIEWS, keep_members=True)
    return np.concatenate([members == 1 for _, members, *_ in chunks])


def test_membership_in_the_null_model_is_a_two_state_markov_chain(null_memberships):
    """a = share · join, b = share · leave: P(member at t) = π + (1 - π) · (1 - a - b)^t, π = a / (a + b) = 0.6."""
    a, b = REVIEW_SHARE * JOIN, REVIEW_SHARE * LEAVE
    stationary = a / (a + b)
    for month in (1, 2, 5, LAST):
        found, expected = null_memberships[:, month], stationary + (1 - stationary) * (1 - a - b) ** month
        assert_share(int(found.sum()), found.size, expected, sees=0.005, what=f"month {month}")


def test_membership_in_the_null_model_forgets_at_the_rate_of_its_chain(null_memberships):
    """P(member at t and k months on) = P(member at t) · (π + (1 - π) · (1 - a - b)^k): autocorrelation (1 - a - b)^k.

    A review whose draw lacked the month would give a chain that does not forget.
    """
    slope, stationary = 1 - REVIEW_SHARE * (JOIN + LEAVE), 0.6
    for lag in (1, 2, 4, 12):
        both = null_memberships[:, LAST - lag] & null_memberships[:, LAST]
        first = stationary + (1 - stationary) * slope ** (LAST - lag)
        expected = first * (stationary + (1 - stationary) * slope**lag)
        assert_share(int(both.sum()), both.size, expected, sees=0.005, what=f"lag {lag}")


def test_many_independent_members_make_a_binomial_coalition(null_memberships):
    """Mean field: the size of the coalition among n is Binomial(n, π): variance n π (1 - π), kurtosis known."""
    n, p = null_memberships.shape[2], 0.6
    variance = n * p * (1 - p)
    sizes = null_memberships[:, LAST].sum(1)
    assert_mean(sizes, n * p, math.sqrt(variance), sees=0.2)
    assert_variance(sizes, variance, (1 - 6 * p * (1 - p)) / variance, sees=0.9)
    assert_uncorrelated(null_memberships[:, LAST, ::2], null_memberships[:, LAST, 1::2], sees=0.015)


def test_the_null_models_first_founding_comes_after_a_geometric_time():
    """Each of two founds with share · rate a month, so P(no coalition after t) = (1 - share · rate)^(2t)."""
    months, chance = 8, 0.6 * 0.15
    p = make_parameters(
        months=months,
        on=("review_memberships", "null_model"),
        field={"n_organizations": 2},
        memberships={"null_leave_rate": 0.0, "null_found_rate": 0.15, "review_share": 0.6, "max_memberships": 1},
    )
    foundings = Limit(p, **GIVEN).simulate(40_000, REVIEWS)[0].foundings
    assert (foundings.sum(1) <= 1).all()
    none = (1 - chance) ** 2
    expected = [none ** (t - 1) * (1 - none) for t in range(1, months + 1)] + [none**months]
    counts = [int(foundings[:, t].sum()) for t in range(1, months + 1)]
    assert_shares([*counts, 40_000 - sum(counts)], expected, sees=0.0165)


# --- who reviews, and in which order --------------------------------------------------------------------------------


def test_who_wants_to_join_does_so_at_a_first_review_that_comes_after_a_geometric_time():
    """P(outside after t months) = (1 - review_share)^t, each month by a draw of its own, for each of n outsiders."""
    n, share, months = 8, 0.25, 6
    p = make_parameters(
        months=months,
        on=("review_memberships",),
        field={"n_organizations": n + 2},
        memberships={
            "choice_noise": 0.0,
            "review_share": share,
            "max_memberships": 1,
            "admission": "open",
            "membership_threshold": -1.0,
            "founding_effort": 5.0,
        },
    )
    member = np.array([[at >= n for at in range(n + 2)]])
    limit = Limit(p, **(GIVEN | {"trust": 0.5, "member": member}))
    outside = limit.simulate(6_000, REVIEWS, keep_members=True)[1][:, :, :n] == 0
    for month in (1, 2, months):
        assert_share(int(outside[:, month].sum()), 6_000 * n, (1 - share) ** month, sees=0.0165, what=f"month {month}")


@pytest.mark.parametrize("review_share", [1.0, 0.3])
def test_a_single_free_seat_goes_to_each_outsider_alike_for_the_order_of_reviews_is_random(review_share):
    """Who reviews first takes it: 1/n each of 1 - (1 - share)^n, for k ~ Binomial(n, share) review, each order alike.

    Without noise, at a utility that is always positive, everybody wants the seat and nobody gives one up.
    """
    n = 5
    p = make_parameters(
        on=("review_memberships",),
        field={"n_organizations": n + 2},
        memberships={
            "choice_noise": 0.0,
            "review_share": review_share,
            "max_memberships": 1,
            "admission": "open",
            "size_cap": 3,
            "membership_threshold": -1.0,
            "founding_effort": 5.0,
        },
    )
    member = np.array([[at >= n for at in range(n + 2)]])
    limit = Limit(p, **(GIVEN | {"trust": 0.5, "member": member}))
    members = limit.simulate(40_000, REVIEWS, keep_members=True)[1][:, 1] == 1
    assert members[:, n:].all()
    taken = 1 - (1 - review_share) ** n
    counts = members[:, :n].sum(0).tolist()
    expected, counts = [taken / n] * n, counts
    if review_share < 1:
        expected, counts = [*expected, 1 - taken], [*counts, 40_000 - sum(counts)]
    assert_shares(counts, expected, sees=0.0145)


# --- lives ----------------------------------------------------------------------------------------------------------


def test_coalitions_whose_goal_is_met_or_dropped_have_geometric_lives():
    """P(ends in month t) = d · (1 - d)^(t - 1): a draw without its month would end all in month 1 or never."""
    months, rate = 10, 0.1
    p = make_parameters(
        on=("dissolve",), field={"n_organizations": 64}, memberships={"disband_rate": rate, "inactive_activity": 0.0}
    )
    limit, ended = Limit(p, **(GIVEN | {"member": list_pairs(64)})), np.zeros(months + 1, int)
    for seed in range(SEED, SEED + 10):
        limit.start(seed)
        for month in range(1, months + 1):
            ended[month - 1] += int(limit.step(month, "dissolve", seed=seed).dissolutions)
        ended[months] += int(limit.world.coalitions.is_active.sum())
    assert ended.sum() == 10 * 2016
    assert_shares(ended, [rate * (1 - rate) ** t for t in range(months)] + [(1 - rate) ** months], sees=0.025)


GRACE, CLOSURE, OPENING = 3, 0.15, 0.12


def settle(months, n_seeds, closure, opening):
    """n organizations without reserves and income, each newcomer rich: (seeds, months + 1) closures and openings."""
    p = make_parameters(
        months=months,
        on=("settle_accounts",),
        field={"n_organizations": 100, "own_income_share": 1.0, "own_income_spread": 0.0},
        accounts={
            "donation_share": 0.0,
            "austerity": 0.0,
            "closure_grace_months": GRACE,
            "closure_rate": closure,
            "opening_rate": opening,
        },
    )
    rows = Limit(p, **(GIVEN | {"own_income_share": 0.0, "reserve_months": 0.0})).simulate(
        n_seeds, ("settle_accounts", "settle_accounts")
    )[0]
    return rows.closures, rows.openings


def test_organizations_without_money_close_after_their_grace_and_a_geometric_time():
    """The first deficit is that of month 1, so P(closes in month grace + k) = c · (1 - c)^(k - 1), k = 1, 2, …"""
    months, n_seeds = GRACE + 8, 300
    closures = settle(months, n_seeds, CLOSURE, 0.0)[0].sum(0)
    assert not closures[: GRACE + 1].any()
    counts = closures[GRACE + 1 :].astype(int)
    expected = [CLOSURE * (1 - CLOSURE) ** t for t in range(8)] + [(1 - CLOSURE) ** 8]
    assert_shares([*counts, n_seeds * 100 - counts.sum()], expected, sees=0.0195)


def test_a_vacant_place_is_taken_after_a_geometric_time():
    """All close in month grace + 1 and may be followed in that very month: P(after k months more) = o · (1 - o)^k."""
    months, n_seeds = GRACE + 8, 300
    closures, openings = settle(months, n_seeds, 1.0, OPENING)
    assert (closures[:, GRACE + 1] == 100).all()
    assert closures.sum() == n_seeds * 100
    counts = openings.sum(0)[GRACE + 1 :].astype(int)
    expected = [OPENING * (1 - OPENING) ** t for t in range(8)] + [(1 - OPENING) ** 8]
    assert_shares([*counts, n_seeds * 100 - counts.sum()], expected, sees=0.0205)


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_identical_organizations_with_full_affinity_and_no_costs_form_the_grand_coalition():
    """With every utility positive and growing in size, one review each seats all in one coalition, for good."""
    p = make_parameters(
        months=6,
        on=("review_memberships", "break_away", "dissolve", "viewpoint_tension", "funding_competition"),
        field={"n_organizations": 14},
        memberships={
            "choice_noise": 0.0,
            "schism_noise": 0.0,
            "review_share": 1.0,
            "max_memberships": 1,
            "size_cost": 0.0,
            "time_cost": 0.0,
            "membership_threshold": 0.0,
            "disband_rate": 0.0,
        },
    )
    rows = Limit(p, **(GIVEN | {"trust": 1.0})).simulate(50)[0][:, 1:]
    assert (rows.largest_share == 1).all()
    assert (rows.effective_coalitions == 1).all()
    assert (rows.collaboration_share == 1).all()
    assert rows.foundings.sum() == 50
    assert rows.joins.sum() == 50 * (14 - 4)


@pytest.mark.parametrize("size_cost", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("trust", [0.2, 0.5])
def test_a_coalition_grows_to_the_largest_size_at_which_a_seat_is_worth_having(size_cost, trust):
    """U(m) = w T + b ln m - k (m / s)² - θ is concave: the largest m with U(m) > 0 is where joining stops, unnoised."""
    threshold, n = 0.1, 40
    p = make_parameters(
        months=4,
        on=("review_memberships", "break_away"),
        field={"n_organizations": n},
        memberships={
            "choice_noise": 0.0,
            "schism_noise": 0.0,
            "review_share": 1.0,
            "max_memberships": 1,
            "admission": "open",
            "complementarity_weight": 0.0,
            "membership_threshold": threshold,
            "size_cost": size_cost,
            "founding_effort": 5.0,
        },
    )
    worth = {m: trust + 0.3 * math.log(m) - size_cost * (m / 6.0) ** 2 - threshold for m in range(2, n + 1)}
    largest = max(m for m in worth if worth[m] > 0)
    assert all(worth[m] > 0 for m in range(2, largest + 1))
    member = np.arange(n)[None, :] < 2
    rows = Limit(p, **(GIVEN | {"trust": trust, "member": member})).simulate(10)[0]
    found = set(rows.memberships[:, 1:].ravel().tolist())
    assert found == {largest}, f"sizes {found}, expected {largest}"
    assert 2 < largest < n
