"""The tests of the twenty patterns: their rule, their statistics on cases worked out by hand, and the numbers kept."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.errors import ParameterError
from sim.schema.columns import MONTHS
from validation import __main__ as command
from validation.claims import FAILS, HOLDS, UNDECIDED, Claim, find_deciding, judge_claim
from validation.ensemble import draw_provisional, read_sets
from validation.kernels import relate, watch_referrals
from validation.measures import (
    compute_assortativity,
    compute_betweenness,
    compute_entropy,
    compute_mutual_information,
    compute_network,
    compute_rates,
    expect_centralisation,
    find_homes,
    fit_line,
    fit_logit,
    match_nearest,
    name_camps,
)
from validation.patterns import PATTERNS
from validation.report import CSV_COLUMNS, judge_patterns, make_summary, write_page
from validation.running import list_seeds, measure_set
from validation.settings import Setting

ROOT = Path(__file__).parents[2]
KEPT = command.KEPT


def spread_around(mean, n_sets=30, width=1.0):
    """Return n_sets values, their mean exactly `mean`."""
    return mean + width * np.linspace(-1, 1, n_sets)


# ------------------------------------------------------------------------------------------------ the rule


@pytest.mark.parametrize(("mean", "expected"), [(0.6, HOLDS), (-0.6, FAILS), (0.1, UNDECIDED)])
def test_a_claim_is_judged_by_the_side_of_its_whole_interval(mean, expected):
    result = judge_claim(Claim("x", "x", "x"), spread_around(mean), np.zeros(30))
    assert result.verdict == expected
    assert result.mean == pytest.approx(mean)
    assert result.high - result.mean == pytest.approx(0.2267, abs=5e-4)  # 2.0452 · 0.6071 / √30


def test_a_band_is_failed_on_either_side_and_undecided_at_its_edge():
    band = Claim("x", "x", "x", 0.2, 0.4)
    found = [judge_claim(band, spread_around(mean, width=0.1), np.zeros(30)).verdict for mean in (0.1, 0.3, 0.4, 0.6)]
    assert found == [FAILS, HOLDS, UNDECIDED, FAILS]


def test_what_the_null_model_shows_as_well_does_not_hold_where_it_counts():
    values = spread_around(1.0)
    plain, strict = Claim("x", "x", "x"), Claim("x", "x", "x", needs_null=True)
    assert judge_claim(plain, values, values + 0.5).verdict == HOLDS
    assert judge_claim(strict, values, values - 0.5).verdict == HOLDS
    assert judge_claim(strict, values, values + np.tile([0.1, -0.1], 15)).verdict == UNDECIDED
    assert judge_claim(strict, values, values + 0.5 + np.tile([0.1, -0.1], 15)).verdict == FAILS


def test_too_few_sets_decide_nothing_and_unknown_values_are_left_out():
    values = np.full(30, np.nan)
    values[:4] = [1.0, 1.1, 1.2, 1.3]
    assert judge_claim(Claim("x", "x", "x"), values, np.zeros(30)).verdict == UNDECIDED
    values[4] = 1.4
    result = judge_claim(Claim("x", "x", "x"), values, np.zeros(30))
    assert (result.verdict, result.n_sets, result.share) == (HOLDS, 5, 1.0)


def test_one_failing_claim_decides_a_pattern_and_what_stands_beside_does_not():
    def judge(mean, **more):
        return judge_claim(Claim("x", str(mean), "x", **more), spread_around(mean), np.zeros(30))

    assert find_deciding([judge(1.0), judge(0.1), judge(-1.0)]).verdict == FAILS
    assert find_deciding([judge(1.0), judge(0.1)]).verdict == UNDECIDED
    assert find_deciding([judge(1.0), judge(2.0), judge(-1.0, is_beside=True)]).claim.statement == "1.0"


# ------------------------------------------------------------------------------------------------ statistics by hand


def test_a_partition_by_population_has_mutual_information_1_and_one_that_crosses_it_none():
    population = np.repeat([0, 1, 2], 4)
    assert compute_mutual_information(np.array([7, 7, 7, 7, 3, 3, 3, 3, 9, 9, 9, 9]), population) == pytest.approx(1)
    assert compute_mutual_information(np.tile([0, 1, 2, 3], 3), population) < 0


def test_homes_are_the_largest_coalitions_and_outsiders_stand_alone():
    member = np.array([[1, 1, 0, 0, 1], [0, 1, 1, 0, 0]], bool)
    homes = find_homes(member, np.array([3, 2]), np.array([True, True, True, True, False]))
    assert homes.tolist() == [0, 0, 1, 2 + 3]


def test_entropy_is_two_bits_for_four_equal_answers_and_none_for_one():
    assert compute_entropy([5, 5, 5, 5]) == pytest.approx(2)
    assert compute_entropy([9, 0, 0, 0]) == 0
    assert math.isnan(compute_entropy([0, 0]))


def test_the_middle_of_a_star_has_all_betweenness_and_full_centralisation():
    star = np.zeros((5, 5), bool)
    star[0, 1:] = star[1:, 0] = True
    assert compute_betweenness(star).tolist() == [1, 0, 0, 0, 0]
    assert compute_network(star) == (pytest.approx(0.4), pytest.approx(1.0))
    full = ~np.eye(5, dtype=bool)
    assert compute_network(full) == (pytest.approx(1.0), pytest.approx(0.0))
    assert expect_centralisation(5, 10) == pytest.approx(0.0)
    assert 0.2 < expect_centralisation(5, 4) < 0.7


def test_pairs_alike_are_assortative_and_pairs_of_opposites_are_not():
    views = np.array([1.0, 1.0, -1.0, -1.0])
    alike, opposite = np.zeros((4, 4)), np.zeros((4, 4))
    alike[[0, 1, 2, 3], [1, 0, 3, 2]] = 1
    opposite[[0, 2, 1, 3], [2, 0, 3, 1]] = 1
    assert compute_assortativity(alike, views) == pytest.approx(1)
    assert compute_assortativity(opposite, views) == pytest.approx(-1)
    assert name_camps(np.array([-0.5, 0.1, 0.9]), 0.2).tolist() == [-1, 0, 1]


def test_a_logit_finds_the_coefficient_that_was_put_in_and_refuses_what_is_parted():
    draws = np.random.default_rng(5)
    terms = draws.normal(size=(20_000, 2))
    outcome = draws.random(20_000) < 1 / (1 + np.exp(-(0.2 - 0.7 * terms[:, 0] + 0.3 * terms[:, 1])))
    assert fit_logit(outcome.astype(float), terms, 0) == pytest.approx(-0.7, abs=0.06)
    assert fit_logit(outcome.astype(float), terms, 1) == pytest.approx(0.3, abs=0.06)
    assert math.isnan(fit_logit((terms[:, 0] > 0).astype(float), terms, 0))


def test_lines_and_nearest_matches_by_hand():
    x = np.arange(8.0)
    assert fit_line(3 + 2 * x - 0.5 * x**2, np.column_stack([x, x**2])) == pytest.approx([2, -0.5])
    assert np.isnan(fit_line(x, np.column_stack([x, 2 * x]))).all()
    assert match_nearest(np.array([[0.0, 100.0]]), np.array([[5.0, 100.0], [0.1, 130.0], [0.0, 101.0]])).tolist() == [2]


def test_rates_are_events_a_year_and_membership():
    rows = np.zeros((2, 3), [("exits", "f8"), ("memberships", "f8")])
    rows["exits"][0] = [5, 1, 2]  # month 0 does not count
    rows["memberships"][0] = [9, 6, 6]
    rates = compute_rates(rows, ("exits",))
    assert rates[0] == pytest.approx(12 * 3 / 12)
    assert math.isnan(rates[1])


# ------------------------------------------------------------------------------------------------ the model's own words


@pytest.fixture(scope="module")
def setting():
    return Setting({"memberships.trust_weight": 1.3})


def test_referrals_by_pair_add_up_to_the_column_and_change_no_bit(setting):
    parameters = setting.build("regime=mixed months=24")
    rows = setting.run(parameters, [4]).rows[0]
    inputs = setting.prepare(parameters)
    for month, world, referrals, before in watch_referrals(inputs, 4, [5, 6, 24]):
        assert referrals.sum() == pytest.approx(rows["referrals"][month], rel=1e-12)
        assert np.trace(referrals) == 0
        assert (referrals[before.trust == 0] == 0).all()
        assert world.environment.awareness[0] == rows["awareness"][month]


def test_competition_of_pairs_is_that_of_the_column(setting):
    parameters = setting.build("regime=mixed months=24")
    rows = setting.run(parameters, [4]).rows[0]
    inputs = setting.prepare(parameters)
    for month, world, *_ in watch_referrals(inputs, 4, [24]):
        felt = relate(inputs).competition
        met = np.triu(world.dyads.joint > 0, 1)
        competing = np.maximum(felt, felt.T)[met] > parameters.observation.competing_level
        assert competing.mean() == pytest.approx(rows["competing_share"][month])
        relations = relate(inputs)
        i, j = np.argwhere(met)[0]
        distance = abs(world.organizations.stance[j] - world.organizations.viewpoint[i])
        trust, ill_will = world.dyads.trust[i, j], parameters.meetings.ill_will
        assert relations.perceived[i, j] == pytest.approx(distance * (1 + ill_will * (1 - trust)))


def test_an_arm_changes_the_sets_own_value_and_stays_inside_the_range(setting):
    own = setting.build("regime=mixed")
    assert own.memberships.trust_weight == 1.3
    changed = setting.build("regime=mixed", {"field.n_organizations": 9.0}, {"memberships.trust_weight": 0.2},
                            {"accounts.austerity": 9.0})  # fmt: skip
    assert changed.memberships.trust_weight == pytest.approx(1.5)
    assert changed.accounts.austerity == 0.9
    assert changed.field.n_organizations == 9
    assert not changed.mechanisms.null_model
    assert Setting({}, is_null=True).build("regime=mixed").mechanisms.null_model


# ------------------------------------------------------------------------------------------------ the numbers kept


@pytest.fixture(scope="module")
def kept():
    return pd.read_parquet(KEPT)


@pytest.fixture(scope="module")
def summary():
    return pd.read_csv(ROOT / "docs" / "validation.csv")


def test_the_table_has_each_of_the_twenty_patterns_once(summary):
    assert tuple(summary.columns) == CSV_COLUMNS
    assert summary["pattern"].tolist() == list(range(1, 21)) == sorted(PATTERNS)
    assert set(summary["verdict"]) <= {HOLDS, FAILS, UNDECIDED}
    assert (summary["low"] <= summary["effect"]).all()
    assert (summary["effect"] <= summary["high"]).all()


def test_the_pages_say_what_the_kept_numbers_say(kept, summary):
    judged = judge_patterns(kept)
    again = make_summary(judged)
    assert again["verdict"].tolist() == summary["verdict"].tolist()
    assert again["statement"].tolist() == summary["statement"].tolist()
    for column in ("effect", "low", "high", "null"):
        np.testing.assert_allclose(again[column], summary[column], rtol=2e-3, err_msg=column)
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert page == write_page(judged, command.DESCRIBED.read_text(encoding="utf-8").strip())
    for number in PATTERNS:
        assert (ROOT / "docs" / "validation" / f"pattern-{number:02d}.png").stat().st_size < 60_000


def test_the_kept_numbers_are_of_the_sets_that_are_shipped(kept):
    sets, is_calibrated = read_sets()
    assert is_calibrated
    assert sorted(kept["set"].unique()) == list(sets.index)
    claims = {(number, claim.name) for number, pattern in PATTERNS.items() for claim in pattern.claims}
    assert set(zip(kept["pattern"], kept["claim"], strict=True)) == claims


@pytest.mark.parametrize("number", [3, 12, 19])
def test_a_pattern_measured_again_gives_the_kept_value_of_a_set(kept, number):
    sets, _ = read_sets()
    n_seeds = int(command.DESCRIBED.read_text(encoding="utf-8").split(" seeds each")[0].rsplit(" ", 1)[1])
    pattern = PATTERNS[number]
    for at in (2, 77):
        found = measure_set(pattern, sets.loc[at].to_dict(), list_seeds(pattern, n_seeds))
        rows = kept[(kept["pattern"] == number) & (kept["set"] == at)].set_index("claim")
        for name, (value, null) in found.items():
            assert rows["value"][name] == pytest.approx(value, rel=1e-4, abs=1e-6, nan_ok=True), (at, name)
            assert rows["null"][name] == pytest.approx(null, rel=1e-4, abs=1e-6, nan_ok=True), (at, name)


def test_columns_that_patterns_read_are_declared():
    names = {column.name for column in MONTHS}
    assert {
        "coalition_density",
        "competing_share",
        "public_silence",
        "rival_foundings",
        "effective_coalitions",
    } <= names


# ------------------------------------------------------------------------------------------------ the command


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pattern", "21"], "--pattern 21: must be a number from 1 to 20"),
        (["--pattern", "3,x"], "--pattern x: must be a number"),
        (["--sets", "0"], "--sets 0: must be 1 or more"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_in_one_line(words, told, capsys):
    assert command.main(words) == 2
    assert told in capsys.readouterr().err


def test_provisional_sets_are_the_same_every_time_and_near_the_defaults():
    sets = draw_provisional()
    assert sets.equals(draw_provisional())
    assert len(sets) >= 40
    assert command.choose_patterns("6, 3,6") == [3, 6]
    with pytest.raises(ParameterError):
        command.choose_patterns("")


@pytest.mark.nightly
@pytest.mark.slow
def test_everything_runs_small_and_is_not_run_twice(tmp_path, capsys):
    words = ["--sets", "6", "--seeds", "2", "--workers", "2", "--results", str(tmp_path), "--quiet"]
    before = (ROOT / "docs" / "validation.csv").read_bytes()
    assert command.main(words) == 0
    first = capsys.readouterr().out
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert len(stamps) == 20
    assert command.main(words) == 0
    assert capsys.readouterr().out == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")} == stamps
    assert (ROOT / "docs" / "validation.csv").read_bytes() == before
