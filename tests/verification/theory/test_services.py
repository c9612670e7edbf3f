"""People and awareness: log-normal arrivals, room, referrals between two, and a stock with a known fixed point."""

import math

import numpy as np
import pytest
from scipy import stats

from .limits import (
    EXACT,
    SEED,
    Limit,
    assert_law,
    assert_mean,
    assert_uncorrelated,
    assert_variance,
    follow,
    make_parameters,
)

GIVEN = {"sector": 0, "viewpoint": 0.0, "stance": 0.0, "need_usd": 30_000.0, "reserve_months": 4.0, "trust": 0.5}
ALONE = GIVEN | {"need_usd": [30_000.0, 0.0]}  # the other one has no capacity


def make_flow(populations, n=2, noise=0.12, **services):
    return make_parameters(
        on=("serve_and_refer",),
        populations=populations,
        field={"n_organizations": n},
        services={"demand_noise": noise} | services,
    )


# --- arrivals -------------------------------------------------------------------------------------------------------

POPULATIONS, MONTHS, NOISE = 100, 600, 0.4


@pytest.fixture(scope="module")
def arrivals():
    """(months, populations) arrivals over what is expected, at an awareness of 0.5."""
    p = make_flow(POPULATIONS, noise=NOISE)
    limit = Limit(p, **GIVEN).start()
    limit.world.environment.awareness[0] = 0.5
    found = np.zeros((MONTHS, POPULATIONS))
    for month in range(1, MONTHS + 1):
        limit.step(month, "serve_and_refer")
        found[month - 1] = limit.world.environment.arrivals
    expected = 1.05 * 2 * (30_000 / 1_500) / POPULATIONS * (1 + 0.3 * 0.5)  # ratio · capacity · share · awareness
    return found / expected


def test_arrivals_have_their_expected_mean_whatever_the_noise(arrivals):
    """exp(σ Z - σ²/2) has mean 1 and variance exp(σ²) - 1: noise alone neither adds nor removes people."""
    assert_mean(arrivals, 1.0, math.sqrt(math.exp(NOISE**2) - 1), sees=0.013)


def test_arrivals_are_log_normal(arrivals):
    """ln(arrivals / expected) ~ Normal(-σ²/2, σ): the whole law, not only its moments."""
    logs = np.log(arrivals)
    assert_mean(logs, -(NOISE**2) / 2, NOISE, sees=0.012)
    assert_variance(logs, NOISE**2, 0.0, sees=0.007)
    assert_law(logs, stats.norm(-(NOISE**2) / 2, NOISE), sees=0.016)


def test_arrivals_of_one_month_say_nothing_of_the_next_nor_of_another_population(arrivals):
    """Independent over months, populations and seeds: correlations are 0."""
    logs = np.log(arrivals)
    for lag in (1, 12):
        assert_uncorrelated(logs[:-lag], logs[lag:], sees=0.031, what=f"{lag} months apart")
    assert_uncorrelated(logs[:, :-1], logs[:, 1:], sees=0.031, what="neighbouring populations")
    other = Limit(make_flow(POPULATIONS, noise=NOISE), **GIVEN).start(SEED + 1)
    other.step(1, "serve_and_refer", seed=SEED + 1)
    assert not np.isclose(np.log(other.world.environment.arrivals), logs[0] + np.log(42 / POPULATIONS)).any()


# --- served ---------------------------------------------------------------------------------------------------------


def test_one_organization_serves_the_smaller_of_arrivals_and_room():
    """served_k = min(arrivals_k, room_k), unmet_k the rest; sums over populations are the row's."""
    p = make_flow(50)
    mix = np.random.default_rng(SEED).dirichlet(np.full(50, 8.0))
    limit = Limit(p, **(ALONE | {"mix": mix})).start()
    for month in range(1, 21):
        row = limit.step(month, "serve_and_refer")
        flows, room = limit.world.environment, 20.0 * mix
        served = np.minimum(flows.arrivals, room)
        assert 5 < (served < flows.arrivals).sum() < 45, "some populations find room and some do not"
        np.testing.assert_allclose(flows.served, served, rtol=EXACT)
        np.testing.assert_allclose(flows.unmet, flows.arrivals - served, rtol=0, atol=EXACT)
        assert row.served == pytest.approx(served.sum(), rel=EXACT)
        assert limit.world.organizations.served[0] == pytest.approx(served.sum(), rel=EXACT)


def test_expected_people_served_follow_the_formula_of_a_capped_log_normal():
    """E min(X, room) = μ Φ(d - σ) + room · (1 - Φ(d)), d = (ln(room / μ) + σ²/2) / σ: that of a capped payoff."""
    noise, n_months = 0.5, 500
    p = make_flow(POPULATIONS, noise=noise)
    limit = Limit(p, **(ALONE | {"mix": 1 / POPULATIONS})).start()
    served = np.zeros((n_months, POPULATIONS))
    for month in range(1, n_months + 1):
        limit.step(month, "serve_and_refer")
        served[month - 1] = limit.world.environment.served
    room = 20.0 / POPULATIONS
    mean = 1.05 * room
    d = (math.log(room / mean) + noise**2 / 2) / noise
    expected = mean * stats.norm.cdf(d - noise) + room * stats.norm.sf(d)
    square = mean**2 * math.exp(noise**2) * stats.norm.cdf(d - 2 * noise) + room**2 * stats.norm.sf(d)
    assert_mean(served / room, expected / room, math.sqrt(square - expected**2) / room, sees=0.007)


@pytest.mark.parametrize("is_together", [False, True])
@pytest.mark.parametrize("trust", [0.2, 0.9])
def test_two_organizations_refer_what_trust_and_room_allow(is_together, trust):
    """0 has no room for population 1: it sends unmet · propensity to 1, who takes at most its spare room.

    propensity = referral_rate · T · (`referral_outside` where they share no coalition); what is kept builds trust:
    T' = T + gain · min(kept, 1) · (1 - T).
    """
    p = make_flow(2, noise=0.0, misdirected_share=0.4, demand_ratio=0.9)
    known = GIVEN | {"mix": [[1.0, 0.0], [0.25, 0.75]], "trust": trust, "need_usd": [30_000.0, 60_000.0]}
    known |= {"member": np.ones((1 if is_together else 0, 2), bool)}
    limit = Limit(p, **known).start()
    capacity, room = np.array([20.0, 40.0]), np.array([[20.0, 0.0], [10.0, 30.0]])
    expected, kept_all, t = np.zeros((2, 2)), 0.0, np.full(2, trust)
    for k in range(2):
        landed = 0.9 * 60 / 2 * (0.4 * capacity / 60 + 0.6 * room[:, k] / room[:, k].sum())
        served = np.minimum(landed, room[:, k])
        unmet, spare = landed - served, room[:, k] - served
        expected[:, k] = served
        for i in (0, 1):
            sent = unmet[i] * 0.5 * t[i] * (1.0 if is_together else 0.25)
            kept = min(sent, spare[1 - i])
            expected[1 - i, k] += kept
            kept_all += kept
            t[i] += 0.02 * min(kept, 1.0) * (1 - t[i])
    row = limit.step(1, "serve_and_refer")
    np.testing.assert_allclose(limit.world.organizations.served, expected.sum(1), rtol=EXACT)
    np.testing.assert_allclose(limit.world.environment.served, expected.sum(0), rtol=EXACT)
    np.testing.assert_allclose(limit.world.dyads.trust[[0, 1], [1, 0]], t, rtol=0, atol=EXACT)
    assert row.referrals == pytest.approx(kept_all, rel=EXACT)
    assert kept_all > 0.1


def test_steady_referrals_make_trust_saturate_geometrically():
    """More than one person kept a month: T(t) = 1 - (1 - T(0)) · (1 - gain)^t, in the direction of the referral alone.

    All belong to population 1; a quarter of those who land anywhere land on 0, which has no room for them.
    """
    p = make_parameters(
        on=("serve_and_refer",),
        field={"n_organizations": 2, "population_demand": [0.0, 1.0]},
        services={"demand_noise": 0.0, "misdirected_share": 0.5, "demand_ratio": 0.5, "referral_rate": 1.0},
    )
    known = {"need_usd": [30_000.0, 90_000.0], "trust": 0.3, "mix": [[1.0, 0.0], [0.0, 1.0]]}
    limit = Limit(p, **(GIVEN | known | {"member": np.ones((1, 2), bool)})).start()
    for month in range(1, 60):
        before = limit.world.dyads.trust[0, 1]
        row = limit.step(month, "serve_and_refer")
        assert row.referrals == pytest.approx(40 * 0.5 / 4 * before, rel=EXACT)
        assert limit.world.dyads.trust[0, 1] == pytest.approx(1 - 0.7 * (1 - 0.02) ** month, abs=EXACT)
    assert limit.world.dyads.trust[1, 0] == 0.3


# --- awareness ------------------------------------------------------------------------------------------------------


def start_awareness(sizes, activity, depth, exponent=0.6, **awareness):
    n = 12
    p = make_parameters(
        on=("raise_awareness",),
        field={"n_organizations": n},
        awareness={"awareness_concavity": exponent} | awareness,
    )
    member = np.array([np.arange(n) < size for size in sizes])
    limit = Limit(p, **(GIVEN | {"member": member})).start()
    limit.world.coalitions.activity[:] = activity
    limit.world.coalitions.depth[:] = depth
    return limit


@pytest.mark.parametrize("sizes", [(5,), (2, 3, 7), (12, 12, 12)])
def test_awareness_approaches_its_fixed_point_geometrically(sizes):
    """A(t) = A* · (1 - (1 - g w - d)^t), A* = g w / (g w + d), w = min(Σ m^0.6 · a · (0.6 + 0.4 depth) / n^0.6, 1)."""
    limit = start_awareness(sizes, 0.7, 0.5)
    work = min(sum(m**0.6 for m in sizes) * 0.7 * (0.6 + 0.4 * 0.5) / 12**0.6, 1.0)
    for month in range(1, 80):
        limit.step(month, "raise_awareness")
        expected = follow(0.0, 1 - 0.08 * work - 0.05, 0.08 * work, month)
        assert limit.world.environment.awareness[0] == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("exponent", [0.1, 0.6, 1.0])
def test_doubling_a_coalition_multiplies_its_first_months_awareness_by_two_to_the_exponent(exponent):
    """From A = 0 the first gain is g · w, so the ratio of two gains is 2^exponent; one member alone adds nothing."""
    gains = []
    for size in (1, 3, 6):
        limit = start_awareness((size,), 0.5, 0.0, exponent)
        limit.step(1, "raise_awareness")
        gains.append(limit.world.environment.awareness[0])
    assert gains[0] == 0.0
    assert gains[2] / gains[1] == pytest.approx(2**exponent, rel=EXACT)
