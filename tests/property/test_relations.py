"""Relations that hold in any world: symmetry, counts in step, ranges, and the direction of plain causes."""

import csv
import dataclasses
import functools
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import schedule, state
from sim.configuration import compose
from sim.engine import run_compiled, run_processes
from sim.inputs import Inputs
from sim.roster import RosterTables, read_folder

ROSTERS = Path(__file__).parents[2] / "configs" / "rosters"
REGIMES = (
    "unrestricted", "competitive", "lottery", "formula_broad", "hub_sub_awards", "paired_lead", "population_silo",
    "viewpoint_conditional", "viewpoint_conditional_mirrored", "collaboration_required", "mixed", "none",
)  # fmt: skip
SHOCKS = ("none", "total_cut", "stream_shift", "short_terms", "new_condition")
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


# --- symmetry ---------------------------------------------------------------------------------------------------


def make_tables(n, sign, generator):
    viewpoint, stance = generator.uniform(-1, 1, n), generator.uniform(-1, 1, n)
    return RosterTables(
        ids=tuple(f"id-{i:02d}" for i in range(n)),
        sector=np.full(n, -1),
        mix=np.full((n, 6), np.nan),
        viewpoint=sign * viewpoint,
        stance=sign * stance,
        need_usd=np.full(n, np.nan),
        own_income_share=np.full(n, np.nan),
        reserve_months=np.full(n, np.nan),
        trust=np.full((n, n), np.nan),
        member=np.zeros((0, n), bool),
        programmes=None,
        is_synthetic=True,
        digest="",
    )


@pytest.mark.parametrize("shock", ["none", "new_condition"])
@pytest.mark.parametrize("n", [5, 18, 31])
def test_a_mirrored_axis_of_viewpoints_changes_not_a_bit(n, shock):
    words = ("accounts.opening_rate=0", f"shock={shock}", "shock.month=30")  # newcomers draw viewpoints of their own
    upper = read_setting("regime=viewpoint_conditional", *words)
    lower = read_setting("regime=viewpoint_conditional_mirrored", *words, "shock.stance_low=-1", "shock.stance_high=0")
    one = run_rows(upper, [1, 2, 3], make_tables(n, 1.0, np.random.default_rng(n)))
    other = run_rows(lower, [1, 2, 3], make_tables(n, -1.0, np.random.default_rng(n)))
    assert_same_rows(one, other)


def test_viewpoints_matter_where_they_are_not_mirrored():
    words = ("accounts.opening_rate=0", "shock=none", "shock.month=30")
    upper = read_setting("regime=viewpoint_conditional", *words)
    one = run_rows(upper, [1], make_tables(18, 1.0, np.random.default_rng(5)))
    other = run_rows(upper, [1], make_tables(18, -1.0, np.random.default_rng(5)))
    assert one.tobytes() != other.tobytes()


@pytest.mark.parametrize("name", ["rural9", "city18", "statewide60"])
def test_the_order_of_a_rosters_lines_changes_not_a_bit(name, tmp_path):
    parameters = read_setting("regime=mixed", "months=60")
    for file in (ROSTERS / name).glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            header, *rows = [row for row in csv.reader(stream) if not row[0].startswith("#")]
        random.Random(3).shuffle(rows)
        with (tmp_path / file.name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
    one = run_rows(parameters, [1, 2], read_folder(ROSTERS / name, parameters.field))
    assert_same_rows(one, run_rows(parameters, [1, 2], read_folder(tmp_path, parameters.field)))


@pytest.mark.parametrize("line", [{"money_share": 0.0}, {"first_month": 900}])
def test_a_grant_line_without_money_or_future_is_no_line_at_all(line):
    base = read_setting("regime=competitive")
    idle = dataclasses.replace(next(iter(base.regime.programmes.values())), **line)
    added = dataclasses.replace(base.regime, programmes=base.regime.programmes | {"zzz": idle})
    changed = dataclasses.replace(base, regime=added)
    if "first_month" in line:  # it would be hoped for as rival money; without a share of the money it is not
        added.programmes["zzz"] = dataclasses.replace(idle, money_share=0.0)
    assert_same_rows(run_rows(base, [1, 2]), run_rows(changed, [1, 2]))


@pytest.mark.parametrize("regime", REGIMES)
def test_without_money_nobody_is_awarded_anything(regime):
    rows = run_rows(read_setting(f"regime={regime}", "grants.annual_usd_per_organization=0"), [1, 2])
    assert not rows.awarded_usd.any()
    assert not rows.requested_usd.any()
    assert not rows.mean_dependence.any()
    assert np.isnan(rows.award_gini).all()


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


# --- invariants -------------------------------------------------------------------------------------------------


@st.composite
def settings_of_worlds(draw):
    words = [
        f"regime={draw(st.sampled_from(REGIMES))}",
        f"mechanisms={draw(st.sampled_from(['all', 'all', 'all', 'null_model']))}",
        f"memberships.admission={draw(st.sampled_from(['open', 'majority', 'unanimous']))}",
    ]
    base = read_setting(*words)
    shock = dataclasses.replace(base.shock, name=draw(st.sampled_from(SHOCKS)), month=draw(st.integers(1, 30)))
    return dataclasses.replace(
        base,
        shock=shock,
        months=36,
        field=dataclasses.replace(
            base.field,
            n_organizations=draw(st.integers(2, 30)),
            n_initial_coalitions=draw(st.integers(0, 50)),
            viewpoint_spread=draw(st.sampled_from([0.0, 0.6, 1.0])),
            specialisation=draw(st.sampled_from([0.0, 0.55, 1.0])),
            founding_rounds=draw(st.integers(0, 12)),
        ),
        memberships=dataclasses.replace(
            base.memberships,
            review_share=draw(st.sampled_from([0.2, 1.0])),
            max_memberships=draw(st.integers(1, 5)),
            size_cap=draw(st.sampled_from([2, 4, 50])),
            membership_threshold=draw(st.sampled_from([-1.0, 0.5])),
        ),
        meetings=dataclasses.replace(
            base.meetings,
            trust_gain=draw(st.sampled_from([0.06, 1.0])),
            trust_loss=draw(st.sampled_from([0.12, 1.0])),
            dialogue_rate=draw(st.sampled_from([0.004, 0.5])),
            meeting_interval=draw(st.integers(1, 4)),
        ),
        grants=dataclasses.replace(base.grants, rival_trust_loss=draw(st.sampled_from([0.3, 1.0]))),
        accounts=dataclasses.replace(
            base.accounts,
            closure_grace_months=draw(st.integers(1, 9)),
            closure_rate=draw(st.sampled_from([0.06, 1.0])),
            opening_rate=draw(st.sampled_from([0.03, 0.5])),
        ),
    )


def check_memberships(world, parameters, month):
    organizations, dyads, coalitions = world.organizations, world.dyads, world.coalitions
    member = coalitions.member & coalitions.is_active[:, None]
    assert not coalitions.member[~coalitions.is_active].any()
    np.testing.assert_array_equal(organizations.n_memberships, member.sum(0))
    np.testing.assert_array_equal(coalitions.size[coalitions.is_active], member.sum(1)[coalitions.is_active])
    for counts, kept in ((dyads.joint, member), (dyads.formal, member & coalitions.is_formal[:, None])):
        pairs = kept.T.astype("i8") @ kept.astype("i8")
        np.fill_diagonal(pairs, 0)
        np.testing.assert_array_equal(counts, pairs)
    if parameters.mechanisms.dissolve and month > 0:
        assert (coalitions.size[coalitions.is_active] >= 2).all()
    active = np.flatnonzero(coalitions.is_active)
    assert all(member[c, coalitions.convener[c]] for c in active if coalitions.size[c] > 0)
    assert len(set(coalitions.number[active])) == len(active)
    assert len(set(coalitions.key[active])) == len(active)
    held = organizations.n_memberships
    assert (held <= parameters.memberships.max_memberships).all()
    closed = ~organizations.is_open
    assert not held[closed].any()
    assert not organizations.award_months[closed].any()
    assert not organizations.eligible[closed].any()


def check_ranges(world):
    organizations, dyads, coalitions = world.organizations, world.dyads, world.coalitions
    for values in (dyads.trust, dyads.overlap, organizations.mix, organizations.stress, organizations.dependence,
                   organizations.record, organizations.recent_loss, coalitions.depth, coalitions.activity,
                   world.environment.awareness):  # fmt: skip
        assert np.isfinite(values).all()
        assert values.min(initial=0.0) >= -1e-12
        assert values.max(initial=0.0) <= 1 + 1e-9
    assert dyads.trust.min() >= 0.0
    assert dyads.trust.max() <= 1.0
    np.testing.assert_allclose(organizations.mix.sum(1), 1.0, atol=1e-9)
    np.testing.assert_array_equal(dyads.overlap, dyads.overlap.T)
    for positions in (organizations.viewpoint, organizations.stance):
        assert np.abs(positions).max() <= 1.0
    assert (organizations.served >= 0).all()
    assert (organizations.capacity >= 0).all()
    assert (world.environment.unmet >= 0).all()


def check_row(row):
    for name in row.dtype.names:
        if name.endswith(("_share", "_rate")) or name in (
            "mean_trust",
            "mean_depth",
            "mean_activity",
            "coverage_share",
        ):
            assert np.isnan(row[name]) or -1e-9 <= row[name] <= 1 + 1e-9, (name, row[name])
    assert np.isnan(row.effective_coalitions) or 1 - 1e-9 <= row.effective_coalitions <= row.n_open + 1e-9
    assert row.served <= row.arrivals * (1 + 1e-9)
    assert row.rival_foundings <= row.foundings
    assert row.breakaways <= row.foundings


@settings(max_examples=60)
@given(parameters=settings_of_worlds(), seed=st.integers(1, 2**53 - 1))
def test_every_month_the_counts_are_in_step_and_the_numbers_in_range(parameters, seed):
    inputs = Inputs(parameters)
    for month in range(parameters.months + 1):
        rows = np.zeros((1, 1), state.ROW_DTYPE).view(np.recarray)
        run_processes(seed, month, 0, len(schedule.PROCESSES), inputs, rows)
        check_memberships(inputs.world, parameters, month)
        check_ranges(inputs.world)
        check_row(rows[0, 0])


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
