"""Each shock strikes in its month, does what it says, and has changed nothing before."""

import numpy as np
import pytest

from sim.schema import codes
from tests.verification.effects.worlds import Steps, run

MONTH = 20
STRUCK = f"shock.month={MONTH}"
REGIMES = {
    "total_cut": "mixed",
    "stream_shift": "population_silo",
    "short_terms": "unrestricted",
    "new_condition": "competitive",
}


def strike(shock, words="", seed=1):
    """Return the world at the end of the shock's month, and after the month before it."""
    steps = Steps(f"regime={REGIMES[shock]} shock={shock} {STRUCK} {words}", seed=seed)
    steps.run_to(MONTH - 1)
    before = [array.copy() for array in steps.world.programmes]
    steps.begin_month("meet")
    return steps, type(steps.world.programmes)(*before)


@pytest.mark.shows("shock", "none")
@pytest.mark.shows("parameter", "shock.name")
@pytest.mark.parametrize("shock", REGIMES)
def test_a_shock_strikes_in_its_month_and_not_before(shock):
    """the log names its month; every earlier row is that of a run without it"""
    calm = run(f"regime={REGIMES[shock]} shock=none {STRUCK}")
    struck = run(f"regime={REGIMES[shock]} shock={shock} {STRUCK}")
    assert calm.rows[:, :MONTH].tobytes() == struck.rows[:, :MONTH].tobytes()
    assert calm.rows[:, MONTH:].tobytes() != struck.rows[:, MONTH:].tobytes()
    of_shock = struck.events[struck.events[:, 2] == codes.SHOCK]
    assert of_shock[:, 1].tolist() == [MONTH] * len(struck.rows)
    assert not (calm.events[:, 2] == codes.SHOCK).any()
    assert calm.get_bits() == run(f"regime={REGIMES[shock]}").get_bits()


@pytest.mark.shows("shock", "total_cut")
def test_a_total_cut_ends_all_awards_at_once():
    """pots, running awards and paid conveners end; nothing is awarded any more"""
    steps, before = strike("total_cut")
    assert before.pot_cents.sum() > 0
    assert steps.world.programmes.pot_cents.sum() == 0
    assert steps.world.organizations.award_cents.sum() == 0
    assert steps.world.organizations.award_months.sum() == 0
    assert steps.world.coalitions.convener_months.sum() == 0
    rows = run(f"regime=mixed shock=total_cut {STRUCK}").rows
    assert rows["awarded_usd"][:, MONTH:].sum() == 0
    assert np.isnan(rows["award_gini"][:, MONTH:]).all()
    half, before = strike("total_cut", "shock.cut_share=0.5")
    np.testing.assert_allclose(half.world.programmes.pot_cents, before.pot_cents / 2, atol=1)


@pytest.mark.shows("shock", "stream_shift")
@pytest.mark.shows("parameter", "shock.from_population", "shock.to_population")
def test_a_stream_shift_pays_for_another_population():
    """the line of one population pays for the other; who served the first loses eligibility"""
    steps, before = strike("stream_shift")
    names = steps.parameters.field.populations
    old, new = names.index("adults_foreign_nationals"), names.index("minors")
    after = steps.world.programmes.pays_for
    assert (before.pays_for.sum(axis=0)[[old, new]].tolist(), after.sum(axis=0)[[old, new]].tolist()) == (
        [1, 1],
        [0, 2],
    )
    other, _ = strike("stream_shift", "shock.from_population=minors shock.to_population=people_in_sex_work")
    counts = other.world.programmes.pays_for.sum(axis=0)
    assert (counts[new], counts[names.index("people_in_sex_work")]) == (0, 1)
    won = []
    for shock in ("none", "stream_shift"):
        found = run(f"regime=population_silo shock={shock} {STRUCK} drift.mission_drift=0")
        won.append(found.rows["mission_drift"][:, MONTH + 20 :].mean(axis=1))
    assert (won[0] != won[1]).mean() > 0.8


@pytest.mark.shows("shock", "short_terms")
def test_short_terms_shorten_new_awards_alone():
    """awards won after it run a year; running ones and the money stay"""
    steps, before = strike("short_terms")
    assert before.term.tolist() == [36]
    assert steps.world.programmes.term.tolist() == [12]
    assert steps.world.organizations.award_months.max() > 12
    np.testing.assert_array_equal(steps.world.programmes.pot_cents, before.pot_cents)
    steps.end_month()
    steps.run_to(60)
    assert steps.world.organizations.award_months.max() <= 12


@pytest.mark.shows("shock", "new_condition")
def test_a_new_condition_closes_the_line_to_stances_outside_it():
    """who does not fit is not eligible and answers; awardees may not partner with them"""
    steps, before = strike("new_condition")
    assert (before.stance_low[0], before.is_exclusive[0], before.ambiguity[0]) == (-1.0, False, 0.0)
    lines, organizations = steps.world.programmes, steps.world.organizations
    assert (lines.stance_low[0], lines.stance_high[0], lines.ambiguity[0]) == (0.0, 1.0, 0.3)
    assert lines.is_exclusive[0]
    fits = (organizations.stance >= -1e-9) & organizations.is_open
    assert 0 < fits.sum() < 12
    np.testing.assert_array_equal(organizations.eligible[:, 0], fits)
    rows = run(f"regime=competitive shock=new_condition {STRUCK}").rows
    answers = sum(rows[name] for name in ("complied", "phased_out", "declined", "stayed_ambiguous"))
    assert answers[:, :MONTH].sum() == 0 < answers[:, MONTH:].sum()
