"""Accounts and drift: exact lines in cents, geometric approaches to fixed points, and the mean of noisy donations."""

import math

import numpy as np
import pytest
from scipy import stats

from sim.schema import codes

from .limits import EXACT, SEED, Limit, assert_mean, assert_share, assert_uncorrelated, follow, make_parameters

GIVEN = {"sector": 0, "mix": [0.5, 0.5], "viewpoint": 0.0, "stance": 0.0, "trust": 0.5}
NEED, MONTH = 2_500_000, "settle_accounts"  # cents


def make_accounts(n=2, lines=(), **accounts):
    steady = {
        "income_noise": 0.0,
        "donation_share": 0.3,
        "crowd_out": 0.3,
        "surplus_spending": 0.0,
        "closure_rate": 0.0,
    }
    return make_parameters(lines, on=(MONTH, "drift"), field={"n_organizations": n}, accounts=steady | accounts)


def give(**more):
    return GIVEN | {"need_usd": NEED / 100, "own_income_share": 0.4, "reserve_months": 3.0} | more


# --- reserves -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("own", "donated"), [(0.4, 0.3), (0.8, 0.3), (0.42, 0.123457)])
def test_reserves_under_constant_income_follow_a_straight_line_to_the_cent(own, donated):
    """Without austerity: R(t) = R(0) + t · (own + donations - need), each rounded to cents once."""
    limit = Limit(make_accounts(donation_share=donated, austerity=0.0), **give(own_income_share=own)).start()
    step = math.floor(NEED * own + 0.5) + math.floor(NEED * donated + 0.5) - NEED
    for month in range(1, 121):
        limit.step(month, MONTH)
        assert limit.world.organizations.reserve_cents[0] == 3 * NEED + month * step


def test_austerity_draws_reserves_geometrically_to_the_level_at_which_cuts_balance_the_books():
    """R' = R + income - need · (1 - a · (1 - R / target)) inside the target: affine, slope 1 - a / target months.

    Fixed point (income - need · (1 - a)) · months / a. Rounding to cents adds half a cent a month at most.
    """
    cut, months = 0.6, 5.0
    limit = Limit(make_accounts(austerity=cut, reserve_target_months=months), **give(reserve_months=4.5)).start()
    income = 0.7 * NEED
    for month in range(1, 121):
        limit.step(month, MONTH)
        expected = follow(4.5 * NEED, 1 - cut / months, income - NEED * (1 - cut), month)
        assert abs(limit.world.organizations.reserve_cents[0] - expected) <= 0.5 * months / cut + 1
    assert expected == pytest.approx((income - NEED * (1 - cut)) * months / cut, rel=1e-4)


def test_surplus_is_spent_at_a_rate_that_balances_income():
    """R' = R + income - need - r · (R - target) above target: fixed point target + (income - need) / r."""
    limit = Limit(make_accounts(surplus_spending=0.2), **give(own_income_share=0.9, reserve_months=6.0)).start()
    for month in range(1, 121):
        limit.step(month, MONTH)
        expected = follow(6.0 * NEED, 1 - 0.2, 0.2 * NEED + 0.2 * 4 * NEED, month)
        assert abs(limit.world.organizations.reserve_cents[0] - expected) <= 0.5 / 0.2 + 1
    fixed = 4 + 0.2 / 0.2
    assert limit.world.organizations.reserve_cents[0] == pytest.approx(fixed * NEED, rel=1e-6)
    capacity = limit.world.organizations.capacity[0]
    assert capacity == pytest.approx(NEED / 100 / 1500 * (1 + 0.2 * (fixed - 4)), rel=1e-6)


@pytest.mark.parametrize(("months", "stress"), [(0, 1), (1, 0.75), (2, 0.5), (3.9, 0.025), (4, 0), (9, 0)])
def test_stress_is_the_part_of_the_target_that_reserves_do_not_cover(months, stress):
    """stress = clip(1 - reserve / target, 0, 1), at month 0 and after a month in which reserves do not move."""
    limit = Limit(make_accounts(austerity=0.0, donation_share=0.6), **give(reserve_months=months)).start()
    assert limit.world.organizations.stress[0] == pytest.approx(stress, abs=EXACT)
    limit.step(1, MONTH)
    assert limit.world.organizations.stress[0] == pytest.approx(stress, abs=EXACT)


# --- awards in the accounts -----------------------------------------------------------------------------------------


def hold_award(monthly, months, limit):
    """Give organization 0 a running award of line 0."""
    limit.world.organizations.award_cents[0, 0] = monthly * months
    limit.world.organizations.award_months[0, 0] = months


def test_dependence_is_the_yearly_smoothed_share_of_awards_in_income():
    """D(t) = s · (1 - (11/12)^t) while the share s = paid / (own + donations + paid) is constant, then decay."""
    limit = Limit(make_accounts(lines={"only": {}}), **give()).start()
    hold_award(600_000, 36, limit)
    donated = 0.3 * NEED - 0.3 * 600_000
    share = 600_000 / (0.4 * NEED + donated + 600_000)
    for month in range(1, 61):
        limit.step(month, MONTH)
        full = share * (1 - (11 / 12) ** min(month, 36))
        expected = full * (11 / 12) ** max(month - 36, 0)
        assert limit.world.organizations.dependence[0] == pytest.approx(expected, abs=EXACT)
    assert limit.world.environment.ledger[codes.PAID] == 36 * 600_000


@pytest.mark.parametrize(("paid", "awareness"), [(0, 0.0), (400_000, 0.5), (2_000_000, 1.0), (9_000_000, 0.2)])
def test_donations_rise_with_awareness_and_each_grant_dollar_crowds_some_out(paid, awareness):
    """max(need · share · (1 + 0.3 A) - crowd_out · paid, 0), rounded to the cent."""
    limit = Limit(make_accounts(lines={"only": {}}, austerity=0.0), **give()).start()
    limit.world.environment.awareness[0] = awareness
    hold_award(paid, 1, limit)
    limit.step(1, MONTH)
    donated = limit.world.organizations.reserve_cents[0] - 3 * NEED - 0.4 * NEED - paid + NEED
    expected = max(0.3 * NEED * (1 + 0.3 * awareness) - 0.3 * paid, 0.0)
    assert abs(donated - expected) <= 0.5 + 1e-6


@pytest.fixture(scope="module")
def donations():
    """(months, organizations) donations over the usual, with an income noise of 1, which truncation at 0 feels."""
    n, months = 400, 150
    limit = Limit(make_accounts(n, income_noise=1.0, austerity=0.0), **give()).start()
    found, before = np.zeros((months, n)), limit.world.organizations.reserve_cents.copy()
    for month in range(1, months + 1):
        limit.step(month, MONTH)
        now = limit.world.organizations.reserve_cents.copy()
        found[month - 1] = (now - before - 0.4 * NEED + NEED) / (0.3 * NEED)
        before = now
    return found


def test_noisy_donations_have_the_mean_of_a_normal_cut_off_at_zero(donations):
    """E max(1 + σ Z, 0) = Φ(1/σ) + σ φ(1/σ), at σ = 1; P(0) = Φ(-1/σ)."""
    mean = stats.norm.cdf(1) + stats.norm.pdf(1)
    square = 2 * stats.norm.cdf(1) + stats.norm.pdf(1)
    assert_mean(donations, mean, math.sqrt(square - mean**2), sees=0.027)
    assert_share(int((donations < 1e-9).sum()), donations.size, stats.norm.cdf(-1), sees=0.011)


def test_donations_are_independent_over_months_and_organizations(donations):
    """Correlations of 0 with the next month, with the month a year on, and with the next organization."""
    assert_uncorrelated(donations[:-1], donations[1:], sees=0.031, what="months")
    assert_uncorrelated(donations[:-12], donations[12:], sees=0.031, what="years")
    assert_uncorrelated(donations[:, :-1], donations[:, 1:], sees=0.031, what="organizations")


# --- drift ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dependence", [0.2, 0.9])
def test_mission_drift_and_its_anchor_balance_at_a_known_mix(dependence):
    """Paid share of effort: f' = (1 - a) · (f + r · (1 - f)) + a · f(0), r = drift · dependence · (1 + stress) / 2.

    Affine: slope (1 - a)(1 - r), fixed point ((1 - a) r + a f(0)) / (1 - slope). Paid populations keep their ratio.
    """
    lines, start = {"only": {"eligible_populations": ["population_0", "population_1"]}}, np.array([0.1, 0.2, 0.7])
    p = make_parameters(lines, on=("drift",), populations=3, field={"n_organizations": 2}, drift={"mission_drift": 0.1})
    limit = Limit(p, **(give(reserve_months=2.0) | {"mix": start})).start()
    hold_award(1, 120, limit)
    limit.world.organizations.dependence[0] = dependence
    rate = 0.1 * dependence * 0.75
    slope = (1 - 0.02) * (1 - rate)
    for month in range(1, 120):
        limit.step(month, "drift")
        mix = limit.world.organizations.mix[0]
        fit = follow(0.3, slope, (1 - 0.02) * rate + 0.02 * 0.3, month)
        np.testing.assert_allclose(mix, [fit / 3, fit * 2 / 3, 1 - fit], rtol=0, atol=EXACT)


@pytest.mark.parametrize("is_silent", [False, True])
def test_stance_drifts_to_where_silence_the_funders_border_and_its_own_anchor_balance(is_silent):
    """Below the accepted range s' = (1-b) · ((1-d) · (1-h) · s + d · low) + b · home; home: viewpoint, in silence 0.

    h, d: silence and stance drift times leverage; b: the anchor. Affine, hence geometric.
    """
    lines = {"only": {"stance_low": 0.5}}
    p = make_parameters(lines, on=("drift",), field={"n_organizations": 2})
    limit = Limit(p, **give(viewpoint=-0.6, stance=-0.6 if not is_silent else -0.2, reserve_months=2.0)).start()
    assert limit.world.organizations.is_silent[0] == is_silent
    hold_award(1, 120, limit)
    limit.world.organizations.dependence[0] = 0.8
    leverage = 0.8 * 0.75
    h, d, b, home = 0.02 * leverage, 0.04 * leverage, 0.01, 0.0 if is_silent else -0.6
    for month in range(1, 120):
        limit.step(month, "drift")
        start = -0.2 if is_silent else -0.6
        expected = follow(start, (1 - b) * (1 - d) * (1 - h), (1 - b) * d * 0.5 + b * home, month)
        assert limit.world.organizations.stance[0] == pytest.approx(expected, abs=EXACT)


def test_without_awards_mix_and_stance_return_geometrically_to_mission_and_viewpoint():
    """mix - mission shrinks by 1 - mission_anchor a month, stance - viewpoint by 1 - stance_anchor."""
    n = 20
    p = make_parameters(
        on=("drift",), field={"n_organizations": n}, drift={"mission_anchor": 0.05, "stance_anchor": 0.03}
    )
    generator = np.random.default_rng(SEED)
    viewpoint, mission = generator.uniform(-1, 1, n), generator.dirichlet([1, 1], n)
    limit = Limit(p, **give(viewpoint=viewpoint, stance=viewpoint, mix=mission)).start()
    organizations, away = limit.world.organizations, generator.dirichlet([1, 1], n)
    organizations.mix[:], organizations.stance[:] = away, -viewpoint
    for month in range(1, 61):
        limit.step(month, "drift")
    np.testing.assert_allclose(organizations.mix, mission + (away - mission) * 0.95**60, rtol=0, atol=EXACT)
    np.testing.assert_allclose(organizations.stance, viewpoint * (1 - 2 * 0.97**60), rtol=0, atol=EXACT)
