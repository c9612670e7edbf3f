"""Trust, dialogue, depth and agreements: geometric approaches, and their means under chance."""

import numpy as np
import pytest

from .limits import EXACT, SEED, Limit, assert_mean, assert_share, assert_shares, follow, make_parameters

PAIR = np.ones((1, 2), bool)
GIVEN = {"sector": 0, "mix": [0.5, 0.5], "viewpoint": 0.0, "stance": 0.0, "need_usd": 1000.0, "reserve_months": 4.0}


def test_trust_without_contact_returns_geometrically_to_its_baseline():
    """T(t) = B + (T(0) - B) · (1 - trust_decay)^t, B by sector; from above and from below, for 60 months."""
    p = make_parameters(on=("meet",), field={"n_organizations": 12}, meetings={"trust_decay": 0.07})
    generator = np.random.default_rng(SEED)
    start, sector = generator.uniform(0, 1, (12, 12)), generator.integers(0, 3, 12)
    limit = Limit(p, trust=start, sector=sector).start()
    baseline = 0.25 + 0.05 * (sector[:, None] == sector[None, :])
    others = ~np.eye(12, dtype=bool)
    for month in range(1, 61):
        limit.step(month, "meet")
        expected = baseline + (start - baseline) * (1 - 0.07) ** month
        np.testing.assert_allclose(limit.world.dyads.trust[others], expected[others], rtol=0, atol=EXACT)


@pytest.mark.parametrize(("start", "rate"), [(0.1, 0.06), (0.95, 0.12)], ids=["gain", "loss"])
@pytest.mark.parametrize(("n_coalitions", "interval"), [(1, 1), (2, 1), (1, 3)])
def test_trust_under_constant_contact_approaches_its_quality_geometrically(start, rate, n_coalitions, interval):
    """q = 1 - tension · (1 - avoidance) - competition; T(t) = q + (T(0) - q) · (1 - rate · activity)^meetings.

    One meeting a coalition and `meeting_interval`; the rate is that of gain below q and that of loss above. Without ill
    will and softening q does not depend on trust; organization 0 has stress 0.5, hence feels competition.
    """
    p = make_parameters(
        on=("meet", "viewpoint_tension", "funding_competition"),
        field={"n_organizations": 2},
        grants={"trust_softening": 0.0},
        meetings={"ill_will": 0.0, "dialogue_rate": 0.0, "activity_rate": 0.0, "meeting_interval": interval},
        memberships={"initial_activity": 0.8},
    )
    known = GIVEN | {"viewpoint": [0.6, 0.1], "stance": [0.5, -0.2], "mix": [[0.5, 0.5], [0.8, 0.2]]}
    known |= {"reserve_months": [2.0, 4.0], "trust": start, "member": np.ones((n_coalitions, 2), bool)}
    limit = Limit(p, **known).start()
    quality = np.array([1 - 0.8 / 2 * 0.9 * 0.7 - 0.7 * 0.6 * 0.5, 1 - 0.4 / 2 * 0.9 * 0.7])
    for month in range(1, 49):
        limit.step(month, "meet")
        meetings = n_coalitions * (month // interval)
        trust = limit.world.dyads.trust[[0, 1], [1, 0]]
        expected = quality + (start - quality) * (1 - rate * 0.8) ** meetings
        np.testing.assert_allclose(trust, expected, rtol=0, atol=EXACT)


def test_ill_will_makes_a_vicious_circle_with_a_known_fixed_point():
    """Perceived tension d · (1 + w · (1 - T)) makes quality linear in trust: q = 1 - d · (1 + w) + d · w · T.

    So T is affine from month to month: fixed point (1 - d · (1 + w)) / (1 - d · w), slope 1 - rate · (1 - d · w).
    """
    p = make_parameters(
        on=("meet", "viewpoint_tension"),
        field={"n_organizations": 2},
        meetings={"ill_will": 0.8, "dialogue_rate": 0.0, "activity_rate": 0.0, "conflict_avoidance": 0.0},
        memberships={"initial_activity": 1.0},
    )
    known = GIVEN | {"viewpoint": [0.4, -0.4], "stance": [0.4, -0.4], "trust": 0.9, "member": PAIR}
    limit = Limit(p, **known).start()
    d, w, rate = 0.8 / 2 * 0.9, 0.8, 0.12  # from above: loss
    for month in range(1, 80):
        limit.step(month, "meet")
        expected = follow(0.9, 1 - rate * (1 - d * w), rate * (1 - d * (1 + w)), month)
        assert limit.world.dyads.trust[0, 1] == pytest.approx(expected, abs=EXACT)
    assert expected == pytest.approx((1 - d * (1 + w)) / (1 - d * w), abs=0.01)


def test_dialogue_moves_a_viewpoint_geometrically_to_the_partners_stance():
    """v(t) = s_j + (v(0) - s_j) · (1 - rate · (1 - avoidance) · activity)^t; stances rest; no move beyond openness."""
    p = make_parameters(
        on=("meet",),
        field={"n_organizations": 2},
        meetings={"dialogue_rate": 0.1, "activity_rate": 0.0, "openness": 0.5},
        memberships={"initial_activity": 0.5},
    )
    known = GIVEN | {"viewpoint": [0.3, -0.4], "stance": [0.3, -0.1], "member": PAIR}
    limit = Limit(p, **known).start()
    for month in range(1, 40):
        limit.step(month, "meet")
        moved, still = limit.world.organizations.viewpoint
        assert moved == pytest.approx(-0.1 + 0.4 * (1 - 0.1 * 0.7 * 0.5) ** month, abs=EXACT)
        assert still == -0.4, "0.7 away, more than openness"


def test_attendance_and_depth_approach_their_targets_geometrically():
    """Constant trust T, stress x and no tension: attendance target a* = base + 0.4 T - 0.4 x + 0.5 f.

    From a(0) = a*, depth(t) = D · (1 - (1 - depth_rate)^t), D = breadth · a* · (1 - avoidance / 2) · T; attendance from
    elsewhere is geometric at its own rate.
    """
    trust, stress, facilitation = 0.6, 0.25, 0.1
    target = 0.4 + 0.4 * trust - 0.4 * stress + 0.5 * facilitation
    for at_start in (target, 0.1):
        p = make_parameters(
            on=("meet",),
            field={"n_organizations": 5},
            meetings={"trust_gain": 0.0, "trust_loss": 0.0},
            memberships={"initial_activity": at_start},
        )
        limit = Limit(p, **(GIVEN | {"trust": trust, "reserve_months": 3.0, "member": np.ones((1, 5), bool)})).start()
        for month in range(1, 40):
            limit.step(month, "meet")
            activity, depth = limit.world.coalitions.activity[0], limit.world.coalitions.depth[0]
            assert activity == pytest.approx(target + (at_start - target) * (1 - 0.15) ** month, abs=EXACT)
            if at_start == target:
                full = 0.8 * target * (1 - 0.3 / 2) * trust
                assert depth == pytest.approx(full * (1 - (1 - 0.06) ** month), abs=EXACT)


def test_a_deserted_coalition_ends_in_the_month_its_decaying_attendance_foretells():
    """Nobody attends: a(t) = a(0) · (1 - rate)^t; its end is `dissolve_after` - 1 months past the first below limit."""
    for rate, limit_activity, patience in ((0.15, 0.25, 6), (0.05, 0.1, 3), (0.3, 0.5, 1)):
        p = make_parameters(
            months=100,
            on=("meet", "dissolve"),
            field={"n_organizations": 3},
            meetings={"attendance_base": 0.0, "attendance_trust": 0.0, "facilitation": 0.0, "activity_rate": rate},
            memberships={"inactive_activity": limit_activity, "dissolve_after": patience, "disband_rate": 0.0},
        )
        rows = Limit(p, **(GIVEN | {"member": np.ones((1, 3), bool)})).simulate(1)[0][0]
        first = int(np.ceil(np.log(limit_activity / 0.6) / np.log(1 - rate)))
        assert np.flatnonzero(rows.dissolutions).tolist() == [first + patience - 1]


# --- turnover -------------------------------------------------------------------------------------------------------


def test_after_a_year_an_organization_has_kept_its_contact_person_with_the_annual_chance():
    """12 monthly chances 1 - (1 - p)^(1/12) make the annual one: both sides of a pair stay with (1 - p)²."""
    p = make_parameters(
        months=24,
        on=("turn_over_staff",),
        field={"n_organizations": 2},
        staff={"annual_turnover": 0.3, "turnover_trust_loss": 1.0},
    )
    rows = Limit(p, **(GIVEN | {"trust": 0.8})).simulate(20_000)[0]
    for month in (1, 12, 24):
        kept = rows.mean_trust[:, month] > 0.5
        assert_share(int(kept.sum()), 20_000, (1 - 0.3) ** (2 * month / 12), sees=0.026, what=f"month {month}")


@pytest.mark.parametrize("is_formal", [False, True])
def test_expected_trust_under_turnover_decays_at_the_chance_times_the_loss_which_an_mou_lowers(is_formal):
    """E[T(t) - B] = (T(0) - B) · (1 - chance · loss)^(2t): both sides turn over; an MOU leaves loss · (1 - protection).

    E of the square likewise with 1 - chance · (1 - (1 - loss)²), which gives the standard deviation.
    """
    chance, loss, months = 1 - 0.75 ** (1 / 12), 0.5 * (1 - 0.6 * is_formal), 24
    p = make_parameters(months=months, on=("turn_over_staff",), field={"n_organizations": 1000})
    limit = Limit(p, **(GIVEN | {"trust": 0.9}))
    ratio = []
    for seed in range(SEED, SEED + 10):
        limit.start(seed)
        limit.world.dyads.formal[:] = is_formal
        limit.run([seed], 1, months, ("turn_over_staff", "turn_over_staff"))
        pairs = np.arange(0, 1000, 2)  # pairs without a common member are independent
        ratio.append((limit.world.dyads.trust[pairs, pairs + 1] - 0.3) / 0.6)
    mean = (1 - chance * loss) ** (2 * months)
    square = (1 - chance * (1 - (1 - loss) ** 2)) ** (2 * months)
    assert_mean(ratio, mean, np.sqrt(square - mean**2), sees=0.035)
    steps = np.log(np.ravel(ratio)) / np.log(1 - loss)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)  # every ratio is a power of what one turnover leaves


def test_an_outsider_is_first_a_guest_after_a_geometric_time():
    """P(not yet a guest after t months) = (1 - peripheral_invitation)^t; a missing month in its draw's key would show.

    One contact of full strength with trust_gain 1 sets trust between guest and members to 1.
    """
    p = make_parameters(
        months=12,
        on=("meet",),
        field={"n_organizations": 3},
        meetings={"peripheral_invitation": 0.1, "trust_gain": 1.0, "trust_decay": 0.0, "activity_rate": 0.0},
        memberships={"initial_activity": 1.0},
    )
    trust = np.array([[0, 0.2, 0.2], [0.2, 0, 1], [0.2, 1, 0]])
    limit = Limit(p, **(GIVEN | {"trust": trust, "member": np.array([[False, True, True]])}))
    rows = limit.simulate(40_000)[0]
    guest = rows.mean_trust > 0.99
    for month in (1, 2, 12):
        assert_share(int(guest[:, month].sum()), 40_000, 1 - 0.9**month, sees=0.0181, what=f"month {month}")


def test_coalitions_sign_an_mou_after_a_geometric_time():
    """P(no MOU after t months) = (1 - mou_rate · depth)^t, at depth held fixed, and one coalition's luck is its own."""
    months, depth, rate = 10, 0.5, 0.2
    p = make_parameters(
        on=("meet",),
        field={"n_organizations": 64},
        meetings={"depth_rate": 0.0, "mou_rate": rate, "activity_rate": 0.0},
    )
    pairs = np.argwhere(np.triu(np.ones((64, 64)), 1))
    member = np.zeros((len(pairs), 64), bool)
    member[np.arange(len(pairs))[:, None], pairs] = True
    limit = Limit(p, **(GIVEN | {"member": member}))
    at = np.zeros(months + 1, int)
    for seed in range(SEED, SEED + 10):
        limit.start(seed)
        limit.world.coalitions.depth[:] = depth
        for month in range(1, months + 1):
            before = limit.world.coalitions.is_formal.sum()
            limit.step(month, "meet", seed=seed)
            at[month - 1] += limit.world.coalitions.is_formal.sum() - before
        at[months] += (~limit.world.coalitions.is_formal).sum()
    chance = rate * depth
    expected = [chance * (1 - chance) ** t for t in range(months)] + [(1 - chance) ** months]
    assert_shares(at, expected, sees=0.025)
