"""Every switch in its turn: off alone it changes the run, and what the mechanism is for stops."""

from typing import NamedTuple

import numpy as np
import pytest

from tests.verification.effects.worlds import Steps, build, measure, run


class Stops(NamedTuple):
    """With the switch off `still` columns are 0 and `without` effect are changes of parameters; with it on neither."""

    still: tuple[str, ...]
    without: str
    words: str = ""


EVENTFUL = (
    "accounts.closure_rate=0.5 accounts.closure_grace_months=1 field.own_income_share=0.3 memberships.schism_gain=0 "
    "memberships.hollow_activity=0.6"
)
MECHANISMS = {
    "apply_calendar": Stops(("shock events",), "shock.cut_share=0.3", "shock=total_cut shock.month=20"),
    "meet": Stops(
        (
            "mean_depth",
            "hollowings",
        ),
        "meetings.trust_gain=0.2",
    ),
    "turn_over_staff": Stops((), "staff.annual_turnover=0.9"),
    "serve_and_refer": Stops(
        (
            "referrals",
            "arrivals",
            "served",
        ),
        "services.referral_rate=1",
    ),
    "raise_awareness": Stops(("awareness",), "awareness.awareness_gain=0.5"),
    "respond_to_conditions": Stops(
        (
            "complied",
            "phased_out",
            "declined",
            "stayed_ambiguous",
        ),
        "conditions.identity_cost=0",
        "regime=viewpoint_conditional",
    ),
    "award_grants": Stops(
        (
            "awarded_usd",
            "requested_usd",
            "win events",
            "mean_dependence",
        ),
        "grants.luck=3",
    ),
    "settle_accounts": Stops(
        (
            "closures",
            "openings",
            "mean_dependence",
        ),
        "accounts.crowd_out=0.8",
    ),
    "drift": Stops(
        ("mission_drift",), "drift.mission_drift=0.2", "regime=population_silo mechanisms.respond_to_conditions=false"
    ),
    "review_memberships": Stops(("joins", "exits"), "memberships.choice_noise=1", "field.founding_rounds=0"),
    "break_away": Stops(("breakaways",), "memberships.schism_gain=0.5"),
    "dissolve": Stops(("dissolutions",), "memberships.disband_rate=0.2"),
    "viewpoint_tension": Stops((), "meetings.ill_will=2"),
    "funding_competition": Stops(("competing_share",), "memberships.turf_weight=4"),
    "restriction_conflict": Stops((), "memberships.restriction_weight=4", "regime=viewpoint_conditional"),
}


@pytest.mark.shows_each("mechanism")
@pytest.mark.parametrize("name", MECHANISMS)
def test_without_its_switch_what_a_mechanism_is_for_stops(name):
    """off alone, its columns stay 0 and its parameters have no effect"""
    case = MECHANISMS[name]
    on = f"{EVENTFUL} {case.words}"
    off = f"{on} mechanisms.{name}=false"
    assert run(on).get_bits() != run(off).get_bits()
    for what in case.still:
        assert measure(run(on), what).max() > 0, what
        assert (measure(run(off), what) == 0).all(), what
    assert run(on).get_bits() != run(f"{on} {case.without}").get_bits()
    assert run(off).get_bits() == run(f"{off} {case.without}").get_bits()


@pytest.mark.shows("mechanism", "meet")
def test_trust_moves_by_meetings_alone_where_nothing_else_happens():
    """trust stands still without meetings"""
    still = run("mechanisms=none").rows["mean_trust"]
    np.testing.assert_array_equal(still, np.repeat(still[:, :1], 61, axis=1))
    moved = run("mechanisms=none mechanisms.meet=true").rows["mean_trust"]
    assert (moved[:, 1:] != moved[:, :-1]).all()


@pytest.mark.shows("mechanism", "null_model", "mechanisms=null_model")
def test_the_null_model_moves_members_whatever_they_think():
    """members move by chance, no group breaks away, no weight of the utility counts"""
    found, other = run("mechanisms=null_model"), run("mechanisms=null_model memberships.trust_weight=4")
    np.testing.assert_array_equal(found.homes, run("mechanisms.null_model=true").homes)
    assert found.rows["joins"].sum() > 100
    assert found.rows["breakaways"].sum() == 0
    # The founding rounds before month 0 are ordinary ones: only without them are both runs alike.
    assert other.get_bits() != found.get_bits()
    none = "mechanisms=null_model field.founding_rounds=0"
    plain, weighed = run(none), run(f"{none} memberships.trust_weight=4")
    np.testing.assert_array_equal(plain.homes, weighed.homes)


@pytest.mark.shows("mechanism", "mechanisms=none")
def test_nothing_moves_where_all_is_off():
    """no row differs from the first"""
    rows = run("mechanisms=none").rows
    for name in rows.dtype.names:
        np.testing.assert_array_equal(rows[name], np.repeat(rows[name][:, :1], 61, axis=1), err_msg=name)


PRESETS = {
    "mechanisms=all": "",
    "mechanisms=no_funding_competition": "mechanisms.funding_competition=false",
    "mechanisms=no_restriction_conflict": "mechanisms.restriction_conflict=false",
    "mechanisms=no_viewpoint_tension": "mechanisms.viewpoint_tension=false",
}


@pytest.mark.shows_each("mechanism")
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_the_switch_it_is_named_after(preset):
    assert build(preset).mechanisms == build(PRESETS[preset]).mechanisms
    assert (
        run(f"{preset} regime=viewpoint_conditional").get_bits() == run("regime=viewpoint_conditional").get_bits()
    ) == (preset == "mechanisms=all")


def test_trust_of_one_world_is_that_of_its_steps():
    steps = Steps("regime=mixed", seed=3)
    last = steps.run_to(60)
    assert last["mean_trust"] == run("regime=mixed").rows["mean_trust"][2, 60]
