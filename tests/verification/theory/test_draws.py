"""The draws as the model uses them: laws of the noise and of the initial field, and independence."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from sim.compiler import draws
from sim.dynamics.processes.grants import AWARD

from .limits import (
    SEED,
    Limit,
    assert_law,
    assert_mean,
    assert_shares,
    assert_uncorrelated,
    assert_variance,
    make_parameters,
)

N = 60_000


class Mixture:
    """A mixture of normal laws: (weight, centre) each, one standard deviation."""

    def __init__(self, parts, deviation):
        self.parts, self.deviation = parts, deviation

    def cdf(self, x):
        return sum(weight * stats.norm.cdf(x, centre, self.deviation) for weight, centre in self.parts)


def draw(kind, month=1):
    key = np.uint64(draws.stream(np.uint64(SEED), np.uint64(AWARD), np.uint64(month)))
    zero, entities = np.uint64(0), np.arange(N, dtype="u8")
    return np.array([kind(key, entity, zero) for entity in entities])


def test_gumbel_noise_has_the_law_of_the_largest_of_many():
    """F(x) = exp(-exp(-x)): mean 0.5772…, variance π²/6, excess kurtosis 12/5; its law makes choices logits."""
    found = draw(draws.gumbel)
    assert_mean(found, np.euler_gamma, math.pi / math.sqrt(6), sees=0.038)
    assert_variance(found, math.pi**2 / 6, 12 / 5, sees=0.11)
    assert_law(found, stats.gumbel_r(), sees=0.017)
    assert_uncorrelated(found, draw(draws.gumbel, 2), sees=0.031, what="two months")
    assert_uncorrelated(found[:-1], found[1:], sees=0.031, what="two organizations")


def test_normal_noise_has_the_normal_law_far_into_its_tails():
    """Mean 0, variance 1, the whole law, and the counts beyond ±1, ±2, ±3."""
    found = draw(draws.normal)
    assert_mean(found, 0.0, 1.0, sees=0.031)
    assert_variance(found, 1.0, 0.0, sees=0.042)
    assert_law(found, stats.norm(), sees=0.017)
    edges = np.array([-np.inf, -3, -2, -1, 0, 1, 2, 3, np.inf])
    inner = np.diff(stats.norm.cdf(edges[1:-1]))
    assert_shares(np.histogram(found, edges)[0][1:-1], inner / inner.sum(), sees=0.015)
    assert_uncorrelated(found, draw(draws.normal, 2), sees=0.031, what="two months")


# --- the field at month 0 -------------------------------------------------------------------------------------------

SECTOR_SHARES = [0.5, 0.2, 0.15, 0.1, 0.05]
DEMAND = [0.4, 0.3, 0.2, 0.1]
SILENT, MIDDLE, BALANCE, SPREAD, DEVIATION = 0.35, 0.45, 0.3, 0.4, 0.1
SPECIALISATION = 0.6
NAMES = ("sector", "viewpoint", "stance", "is_silent", "need_cents", "own_income_cents", "reserve_cents")


def draw_field(n_seeds, n):
    p = make_parameters(
        populations=4,
        field={
            "n_organizations": n,
            "population_demand": DEMAND,
            "sectors": ["one", "two", "three", "four", "five"],
            "sector_shares": SECTOR_SHARES,
            "specialisation": SPECIALISATION,
            "viewpoint_middle_share": MIDDLE,
            "viewpoint_balance": BALANCE,
            "viewpoint_spread": SPREAD,
            "viewpoint_sd": DEVIATION,
            "stance_caution": SILENT,
        },
    )
    limit = Limit(p)
    parts = {name: [] for name in (*NAMES, "mix")}
    for seed in range(SEED, SEED + n_seeds):
        organizations = limit.start(seed).world.organizations
        for name, values in parts.items():
            values.append(getattr(organizations, name).copy())
    return {name: np.array(values) for name, values in parts.items()}


@pytest.fixture(scope="module")
def field():
    """Arrays (seeds, organizations) of what is drawn at month 0, 60 000 organizations in all."""
    drawn = draw_field(600, 100)
    drawn["main"] = drawn["mix"].argmax(2)
    drawn["log_need"] = np.log(drawn["need_cents"] / 2_500_000)
    drawn["own_share"] = drawn["own_income_cents"] / drawn["need_cents"]
    drawn["months"] = drawn["reserve_cents"] / drawn["need_cents"]
    return drawn


def test_sectors_and_main_populations_have_the_shares_of_the_field(field):
    """Multinomial: `sector_shares` for sectors, `population_demand` for main populations, independent of each other."""
    assert_shares(np.bincount(field["sector"].ravel(), minlength=5), SECTOR_SHARES, sees=0.015)
    assert_shares(np.bincount(field["main"].ravel(), minlength=4), DEMAND, sees=0.0145)
    joint = np.bincount((field["sector"] * 4 + field["main"]).ravel(), minlength=20)
    assert_shares(joint, np.outer(SECTOR_SHARES, DEMAND).ravel(), sees=0.012)


def test_the_effort_beside_the_main_population_is_uniform_on_the_simplex(field):
    """Exponential weights over their sum are Dirichlet(1, …, 1): each share of the rest is Beta(1, K - 1)."""
    rest = field["mix"] - SPECIALISATION * (np.arange(4) == field["main"][:, :, None])
    for k in range(4):
        assert_law(rest[:, :, k] / (1 - SPECIALISATION), stats.beta(1, 3), sees=0.017, what=f"population {k}")
    cross = rest[:, :, 0] * rest[:, :, 1] / (1 - SPECIALISATION) ** 2  # E = 1/20, E of the square = 2 · 2 · 3! / 7!
    assert_mean(cross, 1 / 20, math.sqrt(24 / 5040 - 1 / 400), sees=0.0015)


def test_viewpoints_are_a_mixture_of_a_middle_and_two_poles(field):
    """q in the middle, the others split by balance: mean (1 - q) · spread · (2 balance - 1); each group is normal."""
    upper, lower = (1 - MIDDLE) * BALANCE, (1 - MIDDLE) * (1 - BALANCE)
    mean = SPREAD * (upper - lower)
    deviation = math.sqrt(DEVIATION**2 + SPREAD**2 * (1 - MIDDLE) - mean**2)
    assert_mean(field["viewpoint"], mean, deviation, sees=0.01)
    assert_law(field["viewpoint"], Mixture([(MIDDLE, 0), (upper, SPREAD), (lower, -SPREAD)], DEVIATION), sees=0.017)


def test_the_cautious_are_silent_whatever_their_viewpoint(field):
    """Bernoulli(stance_caution); stance is a quarter of the viewpoint in silence, else the viewpoint itself."""
    silent = field["is_silent"]
    assert_shares([silent.sum(), (~silent).sum()], [SILENT, 1 - SILENT], sees=0.0145)
    np.testing.assert_array_equal(field["stance"], np.where(silent, 0.25, 1.0) * field["viewpoint"])


def test_needs_are_log_normal_and_incomes_and_reserves_uniform(field):
    """ln(need / median) ~ Normal(0, 0.6); own share ~ U(0.22, 0.62); months of reserves ~ U(1.5, 4.5)."""
    assert_mean(field["log_need"], 0.0, 0.6, sees=0.018)
    assert_variance(field["log_need"], 0.36, 0.0, sees=0.0151)
    assert_law(field["log_need"], stats.norm(0, 0.6), sees=0.017)
    assert_law(field["own_share"], stats.uniform(0.22, 0.4), sees=0.017)
    assert_law(field["months"], stats.uniform(1.5, 3.0), sees=0.017)


def test_what_an_organization_is_in_one_respect_says_nothing_of_another(field):
    """All 28 pairs of attributes are uncorrelated, as are neighbours in the field and neighbouring seeds."""
    kinds = ("sector", "main", "viewpoint", "is_silent", "log_need", "own_share", "months")
    values = {kind: field[kind].astype(float) for kind in kinds} | {"distance": np.abs(field["viewpoint"])}
    for one, other in itertools.combinations(values, 2):
        if {one, other} != {"viewpoint", "distance"}:  # unequal poles tie these two
            assert_uncorrelated(values[one], values[other], sees=0.031, what=f"{one} and {other}:")
    for kind, found in values.items():
        assert_uncorrelated(found[:, :-1], found[:, 1:], sees=0.031, what=f"{kind} of neighbours:")
        assert_uncorrelated(found[:-1], found[1:], sees=0.031, what=f"{kind} in two seeds:")


def test_a_newcomer_is_drawn_anew_by_the_law_of_the_first():
    """Everyone closes in month 2 and is followed at once: same laws, nothing in common with the one before."""
    p = make_parameters(
        months=2,
        on=("settle_accounts",),
        field={
            "n_organizations": 100,
            "own_income_share": 0.0,
            "own_income_spread": 0.0,
            "initial_reserve_months": 0.1,
        },
        accounts={"donation_share": 0.0, "closure_grace_months": 1, "closure_rate": 1.0, "opening_rate": 1.0},
    )
    limit, before, after = Limit(p), [], []
    for seed in range(SEED, SEED + 300):
        before.append(limit.start(seed).world.organizations.need_cents.copy())
        limit.run([seed], 1, 2, ("settle_accounts", "settle_accounts"))
        assert (limit.world.organizations.generation == 1).all()
        after.append(limit.world.organizations.need_cents.copy())
    first, second = np.log(np.array(before) / 2_500_000), np.log(np.array(after) / 2_500_000)
    assert_uncorrelated(first, second, sees=0.042)
    assert_law(second, stats.norm(0, 0.6), sees=0.023)
