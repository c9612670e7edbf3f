"""Each lever of the brief: the one number that is the lever, and what it moves first, on the same seeds."""

import numpy as np
import pytest

from sim.engine.inputs import build_record
from sim.schema import codes
from tests.verification.effects.worlds import STRICT, Steps, build, compare, contrast, measure, run


def assert_moves(lever, low, high, words="", n_seeds=24, **signs):
    """Assert that raising `lever` from low to high moves each column in the direction given (+1 or -1)."""
    for what, sign in signs.items():
        found = contrast(f"{words} {lever}={low}", f"{words} {lever}={high}", what.replace("__", " "), n_seeds)
        assert found * sign > STRICT, f"{lever} {low} to {high}: paired t of {what} = {found:.1f}"


@pytest.mark.shows("lever", "broader eligibility")
def test_broader_eligibility_lets_more_apply_without_adapting():
    """grants.eligibility_threshold: more are eligible, fewer decline or phase out, missions drift less"""
    assert_moves(
        "grants.eligibility_threshold",
        0.6,
        0.15,
        "regime=population_silo",
        requested_usd=1,
        declined=-1,
        phased_out=-1,
        mission_drift=-1,
    )
    counts = []
    for threshold in (0.6, 0.15):
        steps = Steps(f"regime=population_silo grants.eligibility_threshold={threshold}")
        counts.append(steps.world.organizations.eligible.sum())
    assert counts[1] > 2 * counts[0]


@pytest.mark.shows("lever", "longer terms or bridge money")
def test_longer_terms_mean_fewer_contests_and_carry_organizations_over_a_gap():
    """term_months: fewer wins and applications for the same money; after the last round awards still pay"""
    term = "regime.programmes.<line>.term_months"
    assert_moves(term, 12, 36, "regime=competitive", win__events=-1)
    applied = []
    for months in (12, 36):
        found = run(f"regime=competitive {term}={months}")
        applied.append(measure(found, "win events") + measure(found, "lose events"))
    assert compare(*applied) < -STRICT
    ends = "regime=competitive regime.programmes.<line>.last_month=13"
    late = [run(f"{ends} {term}={months}").rows["mean_dependence"][:, 30:].mean(axis=1) for months in (12, 36)]
    assert compare(*late) > STRICT


@pytest.mark.shows("lever", "joint awards and sub-awards")
def test_sub_awards_spread_the_same_money_and_joint_awards_draw_partners_together():
    """sub_award_share: the Gini index of awards falls; applicant: more pairs share a coalition"""
    assert_moves("regime.programmes.<line>.sub_award_share", 0, 0.6, "regime=hub_sub_awards", award_gini=-1)
    joint = "regime.programmes.<line>.applicant"
    assert_moves(joint, "organization", "coalition", "one_line", collaboration_share=1, mean_trust=1)


@pytest.mark.shows("lever", "funded convener")
def test_a_funded_convener_raises_attendance_and_takes_the_cost_of_meetings():
    """convener_share: attendance, trust and depth rise"""
    share = "regime.programmes.<line>.convener_share"
    assert_moves(share, 0, 0.15, "regime=formula_broad", mean_activity=1, mean_trust=1, mean_depth=1)
    costs = []
    for value in (0, 0.15):
        steps = Steps(f"regime=formula_broad {share}={value}")
        steps.run_to(2)
        steps.begin_month("turn_over_staff")
        costs.append(steps.world.organizations.cost_cents.sum())
    assert costs[1] < costs[0]


@pytest.mark.shows("lever", "facilitation")
def test_facilitation_keeps_camps_together():
    """meetings.facilitation: cross-viewpoint pairs, trust and attendance rise"""
    assert_moves("meetings.facilitation", 0, 0.6, cross_viewpoint_share=1, mean_trust=1, mean_activity=1)


@pytest.mark.shows("lever", "MOU and referral protocol")
def test_an_mou_keeps_trust_through_turnover_and_brings_referrals():
    """meetings.mou_rate: trust after turnover and referrals rise, most where an MOU holds"""
    assert_moves("meetings.mou_rate", 0, 0.5, "staff.annual_turnover=0.6", mean_trust=1)
    bonus = "services.mou_referral_bonus=1 staff.annual_turnover=0"
    assert_moves("meetings.mou_rate", 0, 0.5, bonus, n_seeds=90, referrals=1)
    kept = {True: [], False: []}
    for seed in range(1, 7):
        steps = Steps("meetings.mou_rate=0.3 staff.annual_turnover=0 services.referral_trust_gain=0", seed=seed)
        steps.run_to(20)
        steps.begin_month("turn_over_staff")
        dyads = steps.world.dyads
        before = dyads.trust.copy()
        steps.inputs.record = build_record(build("staff.annual_turnover=1 mechanisms.meet=true"))
        steps.run_process()
        fell = (dyads.trust < before) & (dyads.joint > 0)
        for i, j in np.argwhere(fell):
            kept[bool(dyads.formal[i, j])].append(dyads.trust[i, j] / before[i, j])
    assert min(map(len, kept.values())) > 50
    assert np.mean(kept[True]) > np.mean(kept[False]) + 0.1, {key: np.mean(values) for key, values in kept.items()}


@pytest.mark.shows("lever", "unrestricted share")
def test_unrestricted_income_lowers_stress_and_the_leverage_of_conditions():
    """field.own_income_share: fiscal stress and dependence fall, more decline a condition"""
    conditional = "regime=viewpoint_conditional"
    assert_moves(
        "field.own_income_share", 0.2, 0.7, conditional, 60, mean_fiscal_stress=-1, mean_dependence=-1, declined=1
    )


@pytest.mark.shows("lever", "lifting or clarifying a condition")
def test_lifting_a_condition_ends_the_answers_and_clarifying_it_ends_ambiguity():
    """stance_low: no answers are left; ambiguity: fewer stay ambiguous"""
    conditional, line = "regime=viewpoint_conditional", "regime.programmes.<line>"
    lifted = run(f"{conditional} {line}.stance_low=-1")
    answers = ("complied", "phased_out", "declined", "stayed_ambiguous")
    assert sum(lifted.rows[name].sum() for name in answers) == 0
    assert min(run(conditional).rows[name].sum() for name in answers) > 0
    assert_moves(f"{line}.stance_low", 0, -1, conditional, n_seeds=90, cross_viewpoint_share=1, collaboration_share=1)
    assert_moves(f"{line}.ambiguity", 0.8, 0, conditional, n_seeds=60, stayed_ambiguous=-1, public_silence=-1)


@pytest.mark.shows("lever", "staff retention")
def test_staff_retention_keeps_trust():
    """staff.annual_turnover: trust and density inside coalitions rise with less of it"""
    assert_moves(
        "staff.annual_turnover", 0.6, 0.05, n_seeds=60, mean_trust=1, coalition_density=1, collaboration_share=1
    )


@pytest.mark.shows("lever", "peripheral invitation")
def test_guests_build_trust_across_the_edge_of_coalitions_and_fewer_stay_outside():
    """meetings.peripheral_invitation: trust of the unaffiliated in members rises, then they join"""
    words = "field.founding_rounds=0 mechanisms=none mechanisms.meet=true"
    gains = []
    for seed in range(1, 9):
        across = []
        for chance in (0, 1):
            steps = Steps(f"{words} meetings.peripheral_invitation={chance}", seed=seed)
            steps.run_to(24)
            outside = steps.world.organizations.n_memberships == 0
            across.append(steps.world.dyads.trust[np.ix_(outside, ~outside)].mean())
        gains.append(across[1] - across[0])
    assert min(gains) > 0.02, gains
    late = "field.founding_rounds=0"
    assert_moves("meetings.peripheral_invitation", 0, 1, late, n_seeds=140, unaffiliated_share=-1)


@pytest.mark.shows("lever", "size cap or committees")
@pytest.mark.parametrize("cap", [3, 5])
def test_no_coalition_outgrows_its_cap(cap):
    """memberships.size_cap: the largest coalition has no more members; more coalitions in its place"""
    rows = run(f"memberships.size_cap={cap} memberships.founding_size={cap}").rows
    largest = rows["largest_share"] * rows["n_open"]
    assert np.nanmax(largest) <= cap + 1e-9
    assert np.nanmax(run().rows["largest_share"] * run().rows["n_open"]) > cap
    assert_moves("memberships.size_cap", 50, cap, n_seeds=60, largest_share=-1, n_coalitions=1)


@pytest.mark.shows("lever", "mandate or voluntary")
def test_a_mandate_founds_coalitions_that_say_so():
    """memberships.mandate_bonus: more foundings where money asks for a coalition, none elsewhere"""
    assert_moves("memberships.mandate_bonus", 0, 1, "regime=collaboration_required", n_seeds=40, foundings=1)
    voluntary = [run(f"regime=competitive memberships.mandate_bonus={bonus}", 4).get_bits() for bonus in (0, 1)]
    assert voluntary[0] == voluntary[1]


@pytest.mark.shows("lever", "goal breadth")
def test_broader_goals_deepen_joint_work():
    """meetings.goal_breadth: depth rises, and MOUs with it"""
    assert_moves("meetings.goal_breadth", 0.1, 1, n_seeds=90, mean_depth=1, sign_mou__events=1)


@pytest.mark.shows("lever", "formula allocation")
def test_a_formula_disappoints_nobody():
    """allocation: no losers, a lower Gini index, more trust between rivals"""
    allocation = "regime.programmes.<line>.allocation"
    assert_moves(allocation, "competitive", "formula", "one_line", lose__events=-1, award_gini=-1, mean_trust=1)
    found = run(f"one_line {allocation}=formula")
    assert not (found.events[:, 2] == codes.LOSE).any()
    assert np.nanmin(measure(found, "success_rate")) == 1.0
