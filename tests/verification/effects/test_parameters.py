"""Every number in its turn: a low and a high value, the same seeds, and the column that theory says should move."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from sim.roster.reading import read_folder
from sim.schema import codes
from tests.verification.effects.worlds import STRICT, Steps, compose_once, contrast, run


class Moves(NamedTuple):
    """Raising a number from low to high moves `what` up (+), down (-), or no claim is made (?)."""

    what: str
    sign: str
    low: float
    high: float
    words: str = ""
    n_seeds: int = 16


CONDITION = "regime=viewpoint_conditional"
POOR = "regime=none field.own_income_share=0.3 field.initial_reserve_months=1"
FORMAL = "meetings.mou_rate=1"
FOLLOWING = "grants.eligibility_threshold=0.1 drift.mission_drift=0.1"
UNFOUNDED = "field.n_initial_coalitions=0 field.founding_rounds=0"
LINE = "regime.programmes.<line>"
# One award a round among several coalitions: all but one of those that apply lose.
SCARCE = f"one_line {LINE}.applicant=coalition {LINE}.award_usd_per_year=1_300_000"

NUMBERS = {
    "field.n_organizations": Moves("n_open", "+", 8, 16),
    "field.specialisation": Moves("competing_share", "-", 0.1, 0.9),
    "field.viewpoint_middle_share": Moves("private_neutrality", "+", 0.1, 0.9),
    "field.viewpoint_spread": Moves("stance_spread", "+", 0.2, 0.9),
    "field.viewpoint_sd": Moves("private_neutrality", "-", 0.02, 0.4, n_seeds=40),
    "field.viewpoint_balance": Moves("requested_usd", "+", 0, 1, CONDITION),
    "field.stance_caution": Moves("public_silence", "+", 0, 0.8),
    "field.silent_stance": Moves("public_silence at 0", "-", 0, 1),
    "field.need_median_usd": Moves("mean_fiscal_stress", "+", 10_000, 60_000),
    "field.need_log_sd": Moves("arrivals", "+", 0, 0.8, "", 60),
    "field.own_income_share": Moves("mean_fiscal_stress", "-", 0.2, 0.7),
    "field.own_income_spread": Moves("n_open", "-", 0, 0.5, "months=120", n_seeds=40),
    "field.initial_reserve_months": Moves("mean_fiscal_stress", "-", 0, 8),
    "field.n_initial_coalitions": Moves("collaboration_share at 0", "+", 0, 4, "field.founding_rounds=0"),
    "field.founding_rounds": Moves("collaboration_share at 0", "+", 0, 20),
    "field.gathering_distance_weight": Moves("ei_viewpoint at 0", "-", 0, 5, "field.founding_rounds=0", 40),
    "field.founding_review_share": Moves("collaboration_share at 0", "+", 0.1, 1, n_seeds=40),
    "meetings.meeting_interval": Moves("mean_depth", "-", 1, 6),
    "meetings.baseline_trust": Moves("mean_trust", "+", 0.05, 0.5),
    "meetings.initial_partner_trust": Moves("mean_trust at 0", "+", 0.3, 0.9),
    "meetings.same_sector_trust": Moves("mean_trust", "+", 0, 0.4, n_seeds=40),
    "meetings.trust_gain": Moves("mean_trust", "+", 0.01, 0.2),
    "meetings.trust_loss": Moves("mean_trust", "-", 0.01, 0.6, "meetings.ill_will=3", 90),
    "meetings.trust_decay": Moves("mean_trust", "-", 0, 0.2, "regime=none", n_seeds=40),
    "meetings.ill_will": Moves("mean_trust", "-", 0, 3),
    "meetings.facilitation": Moves("mean_trust", "+", 0, 0.6),
    "meetings.convener_facilitation": Moves("mean_activity", "+", 0, 0.7, "regime=formula_broad"),
    "meetings.conflict_avoidance": Moves("mean_depth", "-", 0, 1),
    "meetings.dialogue_rate": Moves("stance_spread", "-", 0, 0.1, n_seeds=40),
    "meetings.openness": Moves("stance_spread", "-", 0, 2, "meetings.dialogue_rate=0.1"),
    "meetings.peripheral_invitation": Moves(
        "mean_trust", "+", 0, 1, "field.founding_rounds=0 mechanisms.review_memberships=false"
    ),
    "meetings.meeting_cost_usd": Moves("mean_fiscal_stress", "+", 0, 3000, n_seeds=24),
    "meetings.depth_rate": Moves("mean_depth", "+", 0.01, 0.3),
    "meetings.goal_breadth": Moves("mean_depth", "+", 0.2, 1),
    "meetings.activity_rate": Moves("mean_activity", "-", 0.02, 0.6, "meetings.attendance_base=0.1"),
    "meetings.attendance_base": Moves("mean_activity", "+", 0.1, 0.7),
    "meetings.attendance_trust": Moves("mean_activity", "+", 0, 0.8),
    "meetings.attendance_stress": Moves("mean_activity", "-", 0, 0.8),
    "meetings.attendance_facilitation": Moves("mean_activity", "+", 0, 1),
    "meetings.avoidance_depth": Moves("mean_depth", "-", 0, 1),
    "meetings.mou_rate": Moves("sign_mou events", "+", 0, 1),
    "staff.annual_turnover": Moves("mean_trust", "-", 0, 0.9),
    "staff.turnover_trust_loss": Moves("mean_trust", "-", 0, 1),
    "staff.mou_protection": Moves("mean_trust", "+", 0, 1, f"{FORMAL} staff.annual_turnover=0.6"),
    "services.demand_ratio": Moves("served_share", "-", 0.5, 2),
    "services.demand_noise": Moves("served_share", "-", 0, 0.8, n_seeds=40),
    "services.cost_per_person_usd": Moves("arrivals", "-", 500, 5000),
    "services.misdirected_share": Moves("referrals", "+", 0, 1),
    "services.referral_rate": Moves("referrals", "+", 0.1, 1, n_seeds=24),
    "services.referral_outside": Moves("referrals", "+", 0, 1, n_seeds=40),
    "services.mou_referral_bonus": Moves("referrals", "+", 0, 2, FORMAL, 60),
    "services.referral_trust_gain": Moves("mean_trust", "+", 0, 0.3, n_seeds=40),
    "awareness.awareness_gain": Moves("awareness", "+", 0.02, 0.3),
    "awareness.awareness_decay": Moves("awareness", "-", 0.01, 0.2),
    "awareness.awareness_concavity": Moves("awareness", "-", 0.2, 1),
    "awareness.awareness_floor": Moves("awareness", "+", 0, 1),
    "awareness.awareness_arrivals": Moves("arrivals", "+", 0, 2),
    "awareness.awareness_donations": Moves("mean_fiscal_stress", "-", 0, 3),
    "conditions.identity_cost": Moves("complied", "-", 0, 5, CONDITION),
    "conditions.money_appeal": Moves("declined", "-", 0, 5, CONDITION),
    "conditions.ambiguity_penalty": Moves("stayed_ambiguous", "-", 0, 5, CONDITION),
    "conditions.response_noise": Moves("declined", "+", 0, 3, f"{CONDITION} conditions.identity_cost=0"),
    "conditions.phase_out_step": Moves("phased_out", "-", 0.1, 0.9, f"{CONDITION} conditions.identity_cost=3", 40),
    "conditions.ambiguous_stance": Moves(
        "public_silence", "-", 0, 1, f"{CONDITION} {LINE}.ambiguity=0.9 field.stance_caution=0", n_seeds=40
    ),
    "grants.annual_usd_per_organization": Moves("awarded_usd", "+", 20_000, 300_000),
    "grants.eligibility_threshold": Moves("requested_usd", "-", 0.1, 0.8, "regime=population_silo"),
    "grants.application_threshold": Moves("requested_usd", "-", 0, 1, "regime=competitive"),
    "grants.fit_weight": Moves("mission_drift", "-", 0, 5, f"regime=population_silo {FOLLOWING}", 24),
    "grants.record_weight": Moves("different winners", "-", 0, 5, "regime=competitive"),
    "grants.partnership_weight": Moves("members among winners", "+", 0, 5, "regime=competitive", n_seeds=40),
    "grants.luck": Moves("different winners", "+", 0, 5, "regime=competitive grants.record_weight=3"),
    "grants.record_gain": Moves("different winners", "-", 0.05, 1, "regime=competitive grants.record_weight=2"),
    "grants.coalition_loss": Moves("competing_share", "+", 0, 1, f"{SCARCE} memberships.loss_pressure=1", 40),
    "grants.record_memory": Moves("different winners", "-", 0.5, 1, "regime=competitive grants.record_weight=1"),
    "grants.loss_memory": Moves("competing_share", "+", 0, 1, "regime=competitive memberships.loss_pressure=1", 40),
    "grants.rival_trust_loss": Moves("mean_trust", "-", 0, 1, "regime=competitive", n_seeds=40),
    "grants.trust_softening": Moves("mean_trust", "+", 0, 1, "regime=competitive", n_seeds=40),
    "accounts.donation_share": Moves("mean_fiscal_stress", "-", 0, 0.6),
    "accounts.income_noise": Moves("", "?", 0, 0.5),
    "accounts.crowd_out": Moves("mean_fiscal_stress", "+", 0, 0.8),
    "accounts.reserve_target_months": Moves("mean_fiscal_stress", "+", 1, 10),
    "accounts.austerity": Moves("mean_fiscal_stress", "-", 0, 0.9),
    "accounts.surplus_spending": Moves("served_share", "+", 0, 1, "field.own_income_share=0.8"),
    "accounts.capacity_ceiling": Moves("served_share", "+", 1, 2, "field.own_income_share=0.8"),
    "accounts.dependence_months": Moves("mean_dependence", "-", 1, 60),
    "accounts.closure_grace_months": Moves("closures", "-", 1, 60, POOR),
    "accounts.closure_rate": Moves("closures", "+", 0, 1, POOR),
    "accounts.opening_rate": Moves("openings", "+", 0, 1, POOR),
    "drift.mission_drift": Moves("mission_drift", "+", 0, 0.3, "regime=population_silo", n_seeds=90),
    "drift.stance_drift": Moves(
        "stance_spread", "-", 0, 1, f"{CONDITION} conditions.identity_cost=0 drift.stance_anchor=0.1"
    ),
    "drift.silence_drift": Moves("public_silence", "+", 0, 0.5, CONDITION, n_seeds=40),
    "drift.mission_anchor": Moves("mission_drift", "-", 0, 0.3, "regime=population_silo"),
    "drift.stance_anchor": Moves("stance_spread", "+", 0, 0.3, f"{CONDITION} field.stance_caution=0"),
    "memberships.review_share": Moves("joins", "+", 0.02, 0.8),
    "memberships.max_memberships": Moves("memberships", "+", 1, 6),
    "memberships.size_cap": Moves("largest_share", "+", 3, 50),
    "memberships.complementarity_weight": Moves("collaboration_share", "+", 0, 2),
    "memberships.trust_weight": Moves("collaboration_share", "+", 0, 3),
    "memberships.viewpoint_weight": Moves("cross_viewpoint_share", "-", 0, 4),
    "memberships.turf_weight": Moves("collaboration_share", "-", 0, 5),
    "memberships.restriction_weight": Moves("collaboration_share", "-", 0, 5, CONDITION),
    "memberships.base_rivalry": Moves("competing_share", "+", 0, 1, "regime=none"),
    "memberships.loss_pressure": Moves("competing_share", "+", 0, 1, "regime=competitive", n_seeds=40),
    "memberships.redundancy": Moves("memberships", "-", 0, 1),
    "memberships.size_benefit": Moves("largest_share", "+", 0, 1),
    "memberships.joint_money": Moves("collaboration_share", "+", 0, 3, "regime=collaboration_required", n_seeds=40),
    "memberships.size_cost": Moves("largest_share", "-", 0, 1),
    "memberships.size_scale": Moves("largest_share", "+", 2, 20),
    "memberships.funded_cost_share": Moves(
        "largest_share", "-", 0, 1, "regime=formula_broad memberships.size_cost=0.5", n_seeds=40
    ),
    "memberships.time_cost": Moves("memberships", "-", 0, 1),
    "memberships.membership_threshold": Moves("memberships", "-", 0, 2),
    "memberships.admission_threshold": Moves("joins", "-", -1, 2),
    "memberships.choice_noise": Moves("exits", "+", 0, 1),
    "memberships.founding_effort": Moves("foundings", "-", 0, 3),
    "memberships.founding_size": Moves("members at founding", "+", 2, 8, UNFOUNDED),
    "memberships.mandate_bonus": Moves("foundings", "+", 0, 3, "regime=collaboration_required", n_seeds=24),
    "memberships.schism_gain": Moves("breakaways", "-", 0, 2, n_seeds=40),
    "memberships.schism_noise": Moves("breakaways", "+", 0, 2, "memberships.schism_gain=1", n_seeds=40),
    "memberships.schism_trust_loss": Moves("mean_trust", "-", 0, 1, "memberships.schism_gain=0", n_seeds=60),
    "memberships.inactive_activity": Moves("dissolutions", "+", 0, 1),
    "memberships.hollow_activity": Moves("hollowings", "+", 0, 1),
    "memberships.hollow_recovery": Moves(
        "hollowings", "-", 0, 0.1, "memberships.hollow_activity=0.7 meetings.activity_rate=1", n_seeds=40
    ),
    "memberships.initial_activity": Moves("mean_activity", "+", 0, 1),
    "memberships.rival_overlap": Moves("rival_foundings", "-", 0.2, 1),
    "memberships.dissolve_after": Moves(
        "dissolutions", "-", 1, 60, "memberships.inactive_activity=0.5 meetings.attendance_base=0.2"
    ),
    "memberships.disband_rate": Moves("dissolutions", "+", 0, 0.2),
    "memberships.null_join_rate": Moves("joins", "+", 0, 0.5, "mechanisms=null_model"),
    "memberships.null_leave_rate": Moves("exits", "+", 0, 0.5, "mechanisms=null_model"),
    "memberships.null_found_rate": Moves("foundings", "+", 0, 0.5, "mechanisms=null_model"),
    "regime.programmes.<line>.money_share": Moves("awarded_usd", "+", 0.2, 1, "one_line"),
    "regime.programmes.<line>.award_usd_per_year": Moves("success_rate", "-", 50_000, 400_000, "one_line"),
    "regime.programmes.<line>.round_interval_months": Moves("rounds", "-", 6, 30, "one_line"),
    "regime.programmes.<line>.term_months": Moves("win events", "-", 12, 36, "one_line"),
    "regime.programmes.<line>.first_month": Moves("awarded_usd", "-", 1, 40, "one_line"),
    "regime.programmes.<line>.last_month": Moves("awarded_usd", "+", 10, 60, "one_line"),
    "regime.programmes.<line>.stance_low": Moves("complied", "+", -1, 0.3, "one_line"),
    "regime.programmes.<line>.stance_high": Moves("complied", "-", -0.3, 1, "one_line"),
    "regime.programmes.<line>.ambiguity": Moves("stayed_ambiguous", "+", 0, 0.9, CONDITION),
    "regime.programmes.<line>.min_partners": Moves("requested_usd", "-", 2, 6, f"one_line {LINE}.applicant=coalition"),
    "regime.programmes.<line>.sub_award_share": Moves("award_gini", "-", 0, 0.9, "regime=hub_sub_awards"),
    "regime.programmes.<line>.convener_share": Moves("mean_activity", "+", 0, 0.5, "one_line"),
    "shock.month": Moves("awarded_usd", "+", 10, 50, "shock=total_cut"),
    "shock.cut_share": Moves("awarded_usd", "-", 0.1, 1, "shock=total_cut shock.month=12"),
    "shock.term_months": Moves("win events", "-", 6, 36, "shock=short_terms shock.month=12 regime=unrestricted"),
    "shock.stance_low": Moves(
        "complied", "+", -1, 0.3, "regime=competitive shock=new_condition shock.month=12", n_seeds=16
    ),
    "shock.stance_high": Moves(
        "complied",
        "-",
        -0.3,
        1,
        "regime=competitive shock=new_condition shock.month=12 shock.stance_low=-1",
        n_seeds=16,
    ),
    "shock.ambiguity": Moves("stayed_ambiguous", "+", 0, 0.9, "regime=competitive shock=new_condition shock.month=12"),
}


def set_number(name, value, words):
    return f"{words} {name}={value}"


@pytest.mark.shows_each("parameter")
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_moves_what_theory_says(name):
    case = NUMBERS[name]
    low, high = (set_number(name, value, case.words) for value in (case.low, case.high))
    assert run(low, case.n_seeds).get_bits() != run(high, case.n_seeds).get_bits()
    if case.sign != "?":
        found = contrast(low, high, case.what, case.n_seeds)
        assert found * (1 if case.sign == "+" else -1) > STRICT, f"{name}: paired t of {case.what} = {found:.1f}"


OBSERVED = {
    "observation.far_apart": Moves("ei_viewpoint", "-", 0.2, 1),
    "observation.middle_width": Moves("public_silence", "+", 0.05, 0.5),
    "observation.tie_trust": Moves("coalition_density", "-", 0.2, 0.8),
    "observation.competing_level": Moves("competing_share", "-", 0, 0.3),
    "observation.provider_share": Moves("coverage_share", "-", 0, 0.6),
}
OBSERVED_BY = {
    "observation.far_apart": {"ei_viewpoint", "cross_viewpoint_share"},
    "observation.middle_width": {"public_silence", "private_neutrality"},
    "observation.tie_trust": {"coalition_density", "coalition_centralisation"},
    "observation.competing_level": {"competing_share"},
    "observation.provider_share": {"coverage_share"},
}


@pytest.mark.shows_each("parameter")
@pytest.mark.parametrize("name", OBSERVED)
def test_what_counts_moves_its_own_columns_and_nothing_that_happens(name):
    """in every month of every run, and no other column, member, event or person"""
    case = OBSERVED[name]
    low, high = (run(set_number(name, value, case.words), case.n_seeds) for value in (case.low, case.high))
    change = (high.rows[case.what] - low.rows[case.what]) * (1 if case.sign == "+" else -1)
    assert np.nanmin(change) >= 0.0, f"{name}: {case.what} moved by {np.nanmin(change)} against its direction"
    assert np.nanmean(change) > 0.1, f"{name}: {case.what} moved by {np.nanmean(change):.3f}"
    same = [np.array_equal(low.rows[one], high.rows[one], equal_nan=True) for one in low.rows.dtype.names]
    assert {one for one, is_same in zip(low.rows.dtype.names, same, strict=True) if not is_same} == OBSERVED_BY[name]
    assert low._replace(rows=high.rows).get_bits() == high.get_bits()


SWITCHES = {
    "shock.exclusive": Moves(
        "collaboration_share", "-", False, True, "regime=competitive shock=new_condition shock.month=12", n_seeds=90
    ),
    "regime.programmes.<line>.exclusive": Moves("collaboration_share", "-", False, True, CONDITION),
    "regime.programmes.<line>.requires_mou": Moves(
        "sign_mou events", "+", False, True, "regime=hub_sub_awards meetings.mou_rate=0"
    ),
}


@pytest.mark.shows_each("parameter")
@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_of_a_grant_moves_what_theory_says(name):
    case = SWITCHES[name]
    off, on = set_number(name, case.low, case.words), set_number(name, case.high, case.words)
    found = contrast(off, on, case.what)
    assert found * (1 if case.sign == "+" else -1) > STRICT, f"{name}: paired t of {case.what} = {found:.1f}"


@pytest.mark.shows("parameter", "months")
def test_a_run_has_a_row_for_each_month_and_the_start():
    """number of rows"""
    assert {words: run(words, 2).rows.shape for words in ("months=1", "months=37")} == {
        "months=1": (2, 2),
        "months=37": (2, 38),
    }


@pytest.mark.shows("parameter", "field.folder")
def test_a_folder_brings_its_own_organizations():
    """who is in the field: the roster's organizations in place of drawn ones"""
    parameters = compose_once("field=rural9")
    tables = read_folder(parameters.field.folder, parameters.field)
    steps = Steps("field=rural9 field.n_organizations=9", roster=tables)
    given = ~np.isnan(tables.need_usd)
    assert given.sum() >= 5
    np.testing.assert_array_equal(
        steps.world.organizations.need_cents[given], np.floor(100 * tables.need_usd[given] + 0.5)
    )


THREE = "field.populations=['minors','adults','others'] field.population_demand=[0.5,0.3,0.2] regime=none"


@pytest.mark.shows("parameter", "field.populations", "field.population_demand")
def test_each_population_arrives_in_its_share():
    """who arrives, and how many populations there are to cover"""
    world = Steps(f"{THREE} services.demand_noise=0")
    world.run_to(1)
    arrivals = world.world.environment.arrivals
    np.testing.assert_allclose(arrivals / arrivals.sum(), [0.5, 0.3, 0.2], rtol=1e-12)
    covered = run(THREE).rows["coverage_share"][:, 1:]
    assert set(np.unique(np.round(covered * 3, 9))) <= {0.0, 1.0, 2.0, 3.0}


@pytest.mark.shows("parameter", "field.sectors", "field.sector_shares")
def test_sectors_are_drawn_by_their_shares_and_trust_their_own():
    """who is of which sector, and baseline trust within it"""
    alone = "field.n_initial_coalitions=0 field.founding_rounds=0"
    one = f"field.sectors=['ngo','justice'] field.sector_shares=[0.0,1.0] {alone} regime=none"
    assert (Steps(one).world.organizations.sector == 1).all()
    np.testing.assert_allclose(run(one, 8).rows["mean_trust"][:, 0], 0.25 + 0.05)
    assert (run(alone, 8).rows["mean_trust"][:, 0] < 0.29).all()


@pytest.mark.shows("parameter", "memberships.strain")
def test_strain_spares_the_well_funded_their_differences_and_charges_the_poor_for_them():
    """cross_viewpoint_share rises with plenty of money, memberships fall without any"""
    plenty = "regime=unrestricted field.own_income_share=0.8"
    poor = f"{POOR} memberships.viewpoint_weight=3"
    mild, harsh = "memberships.strain=0", "memberships.strain=1"
    found = contrast(f"{plenty} {mild}", f"{plenty} {harsh}", "cross_viewpoint_share")
    assert found > STRICT, f"plenty of money: paired t of cross_viewpoint_share = {found:.1f}"
    found = contrast(f"{poor} {mild}", f"{poor} {harsh}", "memberships", 40)
    assert found < -STRICT, f"no money: paired t of memberships = {found:.1f}"


@pytest.mark.shows("parameter", "memberships.admission")
def test_more_are_admitted_by_an_open_door_than_by_majority_than_by_all():
    """joins fall from open to majority to unanimous"""
    rules = [f"memberships.admission={rule} memberships.admission_threshold=0.6" for rule in RULES]
    found = [contrast(stricter, milder, "joins", 40) for milder, stricter in pairwise(rules)]
    assert min(found) > STRICT, found


RULES = ("open", "majority", "unanimous")


@pytest.mark.shows("parameter", "regime.programmes.<line>.eligible_populations")
def test_a_line_pays_only_for_its_populations():
    """who may apply"""
    restricted = Steps(f"one_line {LINE}.eligible_populations=['minors']").world.organizations
    fits = restricted.mix[:, 2] >= 0.4 - 1e-9
    assert 0 < fits.sum() < 12
    np.testing.assert_array_equal(restricted.eligible[:, 0], fits)
    assert Steps("one_line").world.organizations.eligible.all()


@pytest.mark.shows("parameter", "regime.programmes.<line>.applicant")
def test_who_applies_decides_who_is_named_as_winner():
    """whether one wins alone or several win together"""
    sizes = {}
    for applicant in ("organization", "coalition"):
        words = f"one_line {LINE}.applicant={applicant} {LINE}.sub_award_share=0.5"
        events = run(words).events
        sizes[applicant] = events[events[:, 2] == codes.WIN, 8]
    assert (sizes["organization"] == 1).all()
    assert (sizes["coalition"] >= 2).all()
    assert min(map(len, sizes.values())) > 50


@pytest.mark.shows("parameter", "regime.programmes.<line>.required_sectors")
def test_only_coalitions_with_the_required_sectors_win():
    """which coalitions may apply: applications fall"""
    words = f"one_line {LINE}.applicant=coalition"
    assert contrast(words, f"{words} {LINE}.required_sectors=['justice','ngo']", "requested_usd") < -STRICT


@pytest.mark.shows("parameter", "regime.programmes.<line>.allocation")
def test_each_allocation_has_its_own_success_rate_and_use_for_a_record():
    """formula serves all applicants; by lottery merit counts for nothing"""
    rate, merit = {}, {}
    for rule in ("competitive", "lottery", "formula"):
        words = f"one_line {LINE}.allocation={rule}"
        rate[rule] = np.nanmin(run(words).rows["success_rate"])
        merit[rule] = run(words).get_bits() != run(f"{words} grants.record_weight=5").get_bits()
    assert rate["formula"] == 1.0 > max(rate["competitive"], rate["lottery"])
    assert merit == {"competitive": True, "lottery": False, "formula": False}
