"""What switches and plain causes do. Relations that hold in any world stand in `tests/verification/relations`."""

import functools

import numpy as np
import pytest

from sim.configuration import compose
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs

Z_LIMIT = 4.9
SEEDS = list(range(1, 201))


@functools.cache
def read_setting(*words):
    return compose(list(words)).parameters


def run_rows(parameters, seeds, tables=None):
    return run_compiled(Inputs(parameters, tables), seeds, keep_events=False)[0]


def assert_same_rows(one, other):
    for name in one.dtype.names:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


# --- switches ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("viewpoint_tension", ["memberships.viewpoint_weight=0"]),
        ("funding_competition", ["memberships.turf_weight=0"]),
    ],
)
def test_a_mechanism_that_is_off_leaves_its_weight_without_effect(switch, words):
    off = f"mechanisms.{switch}=false"
    assert_same_rows(run_rows(read_setting(off), [1, 2]), run_rows(read_setting(off, *words), [1, 2]))


def test_the_restriction_switch_matters_only_where_money_is_exclusive():
    off = "mechanisms.restriction_conflict=false"
    for regime, same in (("competitive", True), ("viewpoint_conditional", False)):
        one, other = (
            run_rows(read_setting(f"regime={regime}"), [1, 2]),
            run_rows(read_setting(f"regime={regime}", off), [1, 2]),
        )
        assert (one.tobytes() == other.tobytes()) == same, regime


def test_an_organization_sits_in_one_coalition_where_only_one_is_allowed():
    rows = run_rows(read_setting("regime=mixed", "memberships.max_memberships=1"), [1, 2, 3])
    np.testing.assert_allclose(rows.memberships, rows.n_open * (1 - rows.unaffiliated_share), atol=1e-9)


# --- direction of plain causes, paired on common seeds ------------------------------------------------------------


@functools.cache
def run_paired(*words):
    return run_rows(read_setting(*words), SEEDS)


def compute_z(before, after):
    """Return the standard score of the mean paired difference."""
    difference = after - before
    return difference.mean() / (difference.std(ddof=1) / np.sqrt(difference.size))


def end_of(rows, name):
    return rows[name][:, -12:].mean(axis=1)


@pytest.mark.parametrize(
    "words", [("regime=competitive",), ("regime=mixed",), ("regime=hub_sub_awards",)], ids=" ".join
)
def test_when_all_money_ends_fewer_pairs_collaborate_at_the_end(words):
    calm, cut = run_paired(*words), run_paired(*words, "shock=total_cut")
    assert compute_z(end_of(calm, "collaboration_share"), end_of(cut, "collaboration_share")) < -Z_LIMIT
    assert compute_z(end_of(calm, "mean_fiscal_stress"), end_of(cut, "mean_fiscal_stress")) > Z_LIMIT


def count_exit_rate(rows):
    return 12 * rows.exits[:, 1:].sum(axis=1) / rows.memberships[:, 1:].sum(axis=1)


def test_scarcer_money_makes_more_groups_fewer_ties_and_more_exits_a_membership():
    """The plain count of exits falls, because fewer memberships are left to end; the rate rises."""
    rich = run_paired("regime=competitive", "grants.annual_usd_per_organization=110000")
    poor = run_paired("regime=competitive", "grants.annual_usd_per_organization=30000")
    assert compute_z(end_of(rich, "effective_coalitions"), end_of(poor, "effective_coalitions")) > Z_LIMIT
    assert compute_z(end_of(rich, "collaboration_share"), end_of(poor, "collaboration_share")) < -Z_LIMIT
    assert compute_z(count_exit_rate(rich), count_exit_rate(poor)) > Z_LIMIT


def test_the_two_mirrored_regimes_fare_alike_where_the_poles_are_equally_strong():
    one, other = run_paired("regime=viewpoint_conditional"), run_paired("regime=viewpoint_conditional_mirrored")
    for name in ("collaboration_share", "effective_coalitions", "mean_trust"):
        assert abs(compute_z(end_of(one, name), end_of(other, name))) < Z_LIMIT, name


def test_no_turnover_leaves_more_trust():
    usual, none = run_paired("regime=competitive"), run_paired("regime=competitive", "staff.annual_turnover=0")
    assert compute_z(end_of(usual, "mean_trust"), end_of(none, "mean_trust")) > Z_LIMIT
