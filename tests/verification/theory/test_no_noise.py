"""Zero noise: with every draw made idle all seeds give one and the same run, and each draw alone sets them apart.

The draws that a given roster and noise 0 leave: chances (turnover, guests, agreements, disbanding, closing, opening,
vague conditions) are set to 0 or 1, and the order of reviews is made idle where everybody stays seated. Names of
coalitions are drawn too, but are only keys of other draws.
"""

import numpy as np
import pytest

from .limits import Limit, make_parameters

N, SEEDS = 9, 24
QUIET = {
    "meetings": {"peripheral_invitation": 0.0, "mou_rate": 0.0, "depth_rate": 0.5},
    "staff": {"annual_turnover": 0.0},
    "services": {"demand_noise": 0.0, "demand_ratio": 0.8, "misdirected_share": 0.8},
    "conditions": {"response_noise": 0.0, "identity_cost": 10.0, "ambiguity_penalty": 0.0},
    "grants": {"luck": 0.0, "annual_usd_per_organization": 40_000.0},
    "accounts": {"income_noise": 0.0, "closure_rate": 1.0, "opening_rate": 0.0, "closure_grace_months": 3},
    "memberships": {
        "choice_noise": 0.0,
        "schism_noise": 0.0,
        "disband_rate": 0.0,
        "dissolve_after": 120,
        "max_memberships": 1,
        "size_cap": 7,
        "membership_threshold": -5.0,
        "founding_effort": 5.0,
        "schism_gain": 1.0,
        "complementarity_weight": 0.0,
    },
}
ALL = (
    "apply_calendar", "meet", "turn_over_staff", "serve_and_refer", "raise_awareness", "respond_to_conditions",
    "award_grants", "settle_accounts", "drift", "review_memberships", "break_away", "dissolve", "viewpoint_tension",
    "funding_competition", "restriction_conflict",
)  # fmt: skip


def run(changed=None, ambiguity=1.0, allocation="competitive", **known):
    """Return the rows of SEEDS runs of a polarised coalition of seven and two outsiders, one of whom goes broke."""
    groups = {group: dict(values) for group, values in QUIET.items()}
    for (group, name), value in (changed or {}).items():
        groups[group][name] = value
    lines = {
        "clear": {"money_share": 0.6, "award_usd_per_year": 100_000.0, "allocation": allocation},
        "vague": {"money_share": 0.4, "award_usd_per_year": 40_000.0, "stance_low": 0.3, "ambiguity": ambiguity},
    }
    p = make_parameters(lines, 30, ALL, field={"n_organizations": N}, **groups)
    viewpoint = np.array([0.9, 0.8, 0.7, -0.7, -0.8, -0.9, -0.6, 0.1, -0.2])
    main = np.linspace(0.2, 0.8, N)
    roster = {
        "sector": np.arange(N) % 3,
        "mix": np.column_stack([main, 1 - main]),
        "viewpoint": viewpoint,
        "stance": viewpoint,
        "need_usd": np.linspace(10_000.0, 30_000.0, N),
        "own_income_share": np.append(np.full(N - 1, 0.7), 0.0),
        "reserve_months": np.append(np.full(N - 1, 3.0), 0.0),
        "trust": 0.1 + 0.2 * (viewpoint[:, None] * viewpoint[None, :] > 0),
        "member": np.arange(N)[None, :] < 7,
    }
    return Limit(p, **(roster | known)).simulate(SEEDS)[0]


def find_varying(rows):
    """Return the columns in which the runs are not all the same, bit for bit."""
    return [name for name in rows.dtype.names if len({column.tobytes() for column in rows[name]}) > 1]


def test_without_any_noise_all_seeds_give_the_same_run_to_the_last_bit():
    """Variance over seeds 0 in every column; and the run is not idle: awards, answers, a closure all happen."""
    rows = run()
    assert find_varying(rows) == []
    once = rows[0]
    for name in ("awarded_usd", "stayed_ambiguous", "closures", "referrals", "memberships", "mean_dependence"):
        assert once[name].sum() > 0, name
    assert np.ptp(once.mean_trust) > 0.05


SOURCES = {
    ("meetings", "peripheral_invitation"): 0.5,
    ("meetings", "mou_rate"): 1.0,
    ("staff", "annual_turnover"): 0.3,
    ("services", "demand_noise"): 0.1,
    ("conditions", "response_noise"): 5.0,
    ("grants", "luck"): 1.0,
    ("accounts", "income_noise"): 0.1,
    ("accounts", "closure_rate"): 0.2,
    ("accounts", "opening_rate"): 0.2,
    ("memberships", "choice_noise"): 5.0,
    ("memberships", "schism_noise"): 5.0,
    ("memberships", "disband_rate"): 0.05,
    ("memberships", "membership_threshold"): 0.6,  # some leave: now the order and the share of reviews matter
}


@pytest.mark.parametrize("source", SOURCES, ids=".".join)
def test_each_source_of_chance_alone_makes_seeds_differ(source):
    """Otherwise the run without noise would say nothing of that source."""
    assert find_varying(run({source: SOURCES[source]}))


@pytest.mark.parametrize("change", [{"ambiguity": 0.5}, {"allocation": "lottery"}], ids=["ambiguity", "lottery"])
def test_vague_conditions_and_lotteries_alone_make_seeds_differ(change):
    assert find_varying(run(**change))


@pytest.mark.parametrize(
    "name", ["mix", "viewpoint", "stance", "need_usd", "own_income_share", "reserve_months", "sector"]
)
def test_what_a_roster_leaves_open_is_drawn_by_seed(name):
    assert find_varying(run(**{name: -1 if name == "sector" else np.nan}))
