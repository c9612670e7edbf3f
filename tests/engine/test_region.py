"""Fields of many localities: the city is the case of one, and only what joins localities lets one feel another."""

import dataclasses
import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim import load_results
from sim.__main__ import main
from sim.configuration import compose
from sim.engine.batch import run_compiled, simulate
from sim.engine.inputs import Inputs
from sim.engine.region import Region
from sim.errors import ParameterError
from sim.model.model import CoalitionModel
from sim.schema import codes
from sim.schema.regimes import LEVELS
from tests.worlds import keep_last

ROOT = Path(__file__).parents[2]
SMALL = ("months=30", "field.n_organizations=10", "field.n_localities=6", "field.n_states=2")
OUTSTANDING = (codes.COMMITTED, codes.PAID, codes.RETURNED)


@functools.cache
def read(*words):
    return compose(keep_last(words)).parameters


def run_region(parameters, seed=3, n_threads=2):
    region = Region(parameters, n_threads=n_threads)
    return region, region.run(seed)


def as_bits(region, totals):
    return totals.rows.tobytes(), totals.people.tobytes(), region.field.sums.tobytes()


def fund(parameters, level):
    """Return the setting with every grant line of a funder of this level."""
    lines = parameters.regime.programmes.items()
    programmes = {name: dataclasses.replace(line, funder_level=level) for name, line in lines}
    return dataclasses.replace(parameters, regime=dataclasses.replace(parameters.regime, programmes=programmes))


@pytest.mark.parametrize("regime", ["unrestricted", "mixed", "collaboration_required"])
def test_a_city_is_a_field_of_one_locality_bit_for_bit(regime):
    parameters = read(f"regime={regime}", "months=60")
    region, totals = run_region(parameters)
    found = run_compiled(Inputs(parameters), [3], keep_events=False)
    assert totals.rows.tobytes() == found.rows[0].tobytes()
    assert totals.people.tobytes() == found.people[0].tobytes()
    assert region.view(0).dyads.trust.shape == (18, 18)


def test_a_locality_is_judged_as_a_run_is():
    parameters = dataclasses.replace(read("regime=competitive", "months=60"))
    results = simulate(parameters, [3])
    region, _ = run_region(parameters)
    from sim.results.verdict import judge_sums

    judged = judge_sums(region.field.sums, 60)
    for name, values in judged.items():
        assert values[0] == results.runs[name].iloc[0], name


@pytest.mark.parametrize("regime", ["competitive", "mixed", "collaboration_required", "hub_sub_awards", "lottery"])
def test_a_state_of_one_locality_funds_it_as_the_locality_itself_would(regime):
    words = (*SMALL[:3], "field.n_states=6", f"regime={regime}")
    own, shared = (run_region(fund(read(*words), level)) for level in ("locality", "state"))
    assert as_bits(*own) == as_bits(*shared)


@pytest.mark.parametrize("level", LEVELS)
def test_the_number_of_threads_changes_nothing(level):
    parameters = fund(
        read(*SMALL, "regime=mixed", "field.bridges_per_state=2", "field.locality_size_log_sd=0.4"), level
    )
    expected = as_bits(*run_region(parameters, n_threads=1))
    assert as_bits(*run_region(parameters, n_threads=3)) == expected


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("regime", ["competitive", "collaboration_required", "formula_broad", "mixed"])
def test_the_books_of_all_localities_balance_to_the_cent(regime, level):
    parameters = fund(read(*SMALL, f"regime={regime}"), level)
    region, totals = run_region(parameters)
    world = region.field.world
    books = world.environment.ledger.reshape(6, -1).sum(axis=0)
    committed, paid, returned = books[list(OUTSTANDING)]
    assert committed == paid + returned + world.organizations.award_cents.sum()
    assert books[codes.BUDGETED] == committed + books[codes.UNSPENT]
    income = books[codes.ENDOWED] + books[codes.OWN] + books[codes.DONATED] + paid
    assert world.organizations.reserve_cents.sum() == income - books[codes.SPENT] - books[codes.WRITTEN_OFF]
    assert totals.rows["awarded_usd"].sum() == pytest.approx(committed / 100, rel=1e-12)


def test_money_of_the_nation_goes_to_the_best_wherever_they_are():
    """Without luck and with reputation alone to score, one big award a year stays with whoever won the first."""
    words = ("months=14", "field.n_organizations=8", "field.n_localities=4", "regime=competitive")
    words += ("grants.luck=0", "regime.programmes.service.award_usd_per_year=10000000")
    for level, n_expected in (("nation", 1), ("locality", 4)):
        region, _ = run_region(fund(read(*words), level))
        winners = region.field.world.organizations.record > 0
        assert winners.sum() == n_expected, level


@pytest.mark.parametrize("level", ["state", "nation"])
def test_who_is_paid_scored_at_least_as_well_as_who_is_not(level):
    from sim.engine import localities
    from sim.engine.region import AWARDS, _Run

    parameters = fund(read(*SMALL, "regime=competitive", "months=1"), level)
    region = Region(parameters, n_threads=1)
    run = _Run(region, 5, None)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as run.pool:
        run.span(0, 0)
        run.span(1, 1, 0, AWARDS)
    localities.award_pools(np.uint64(5), 1, region.record, region.field)
    applications, organizations = region.field.world.applications, region.field.world.organizations
    state = np.repeat(region.state, region.n_slots) if level == "state" else np.zeros(region.n_organizations)
    for one in np.unique(state):
        here = state == one
        won, lost = here & (applications.status == 2), here & (applications.status == 1)
        assert won.any()
        assert lost.any()
        assert applications.score[won].min() >= applications.score[lost].max()
        assert (organizations.award_cents[won[:, np.newaxis].ravel()] > 0).all()


def test_without_shared_funders_a_further_locality_changes_nothing_elsewhere():
    more = read(*SMALL[:2], "field.n_localities=7", "regime=competitive")
    fewer = read(*SMALL[:2], "field.n_localities=6", "regime=competitive")
    one, other = run_region(more)[0], run_region(fewer)[0]
    assert one.field.sums[:6].tobytes() == other.field.sums.tobytes()
    assert len({sums.tobytes() for sums in one.field.sums}) == 7, "localities differ from each other"


def test_a_funder_of_the_state_lets_localities_of_one_state_feel_each_other_and_no_others():
    """A larger neighbour takes part of the money; the other state's localities do not notice."""
    parameters = fund(read(*SMALL, "regime=competitive"), "state")
    base = Region(parameters, n_threads=1)
    base.run(3)
    changed = Region(parameters, n_threads=1)
    changed.field.roster.key[0] += np.uint64(1)  # another organization in the first locality
    changed.run(3)
    is_same = [one.tobytes() == other.tobytes() for one, other in zip(base.field.sums, changed.field.sums, strict=True)]
    assert is_same[3:] == [True] * 3
    assert not all(is_same[1:3])


def test_seats_of_a_bridging_organization_share_one_position_and_one_account():
    parameters = read(*SMALL, "field.bridges_per_state=2", "regime=competitive")
    region, _ = run_region(parameters)
    organizations = region.field.world.organizations
    assert len(region.bridges) == 4
    mixes, n_shared = organizations.mix.reshape(region.n_organizations, -1), 0
    for slots in region.bridges.seats:
        assert len(set(region.field.roster.key[slots])) == 1
        seats = [
            slot for slot in np.unique(slots) if organizations.is_open[slot] and not organizations.generation[slot]
        ]
        if len(seats) > 1:
            n_shared += 1
            assert np.ptp(organizations.viewpoint[seats]) == 0.0
            assert np.ptp(organizations.stance[seats]) == 0.0
            assert np.ptp(mixes[seats], axis=0).max() == 0.0
            months = organizations.reserve_cents[seats] / organizations.need_cents[seats]
            np.testing.assert_allclose(months, months[0], atol=1e-3)
    assert n_shared >= 2
    books = region.field.world.environment.ledger.reshape(6, -1).sum(axis=0)
    income = books[codes.ENDOWED] + books[codes.OWN] + books[codes.DONATED] + books[codes.PAID]
    assert organizations.reserve_cents.sum() == income - books[codes.SPENT] - books[codes.WRITTEN_OFF]


def test_sizes_spread_around_the_number_of_organizations_and_are_the_same_for_every_seed():
    parameters = read(
        "field.n_localities=400", "field.locality_size_log_sd=0.5", "field.n_organizations=12", "months=1"
    )
    sizes = Region(parameters, n_threads=1).n_slots
    assert sizes.tolist() == Region(parameters, n_threads=1).n_slots.tolist()
    assert abs(np.median(sizes) - 12) <= 1
    assert np.log(sizes).std() == pytest.approx(0.5, abs=0.06)
    assert len(set(Region(parameters, n_threads=1).field.roster.key.tolist())) == sizes.sum()


def test_interpreted_and_compiled_agree_bit_for_bit():
    words = ("months=6", "field.n_organizations=5", "field.n_localities=3", "field.n_states=1", "regime=mixed")
    words += ("field.bridges_per_state=1",)
    code = (
        "import hashlib, sys; from tests.engine.test_region import *; "
        "print(hashlib.sha256(b''.join(as_bits(*run_region(fund(read(*sys.argv[1:]), 'state'))))).hexdigest())"
    )
    found = {
        disabled: subprocess.run(
            [sys.executable, "-c", code, *words],
            env=os.environ | {"NUMBA_DISABLE_JIT": disabled, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for disabled in ("0", "1")
    }
    assert found["0"] == found["1"]
    assert len(found["0"]) == 65


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_of_funders_has_the_same_money_for_an_organization(level):
    parameters = fund(read(*SMALL, "regime=competitive", "field.locality_size_log_sd=0.5"), level)
    region = Region(parameters, n_threads=1)
    n = region.n_slots
    reach = {"locality": n, "state": np.bincount(region.state, n)[region.state], "nation": np.full(6, n.sum())}[level]
    each = 100 * parameters.grants.annual_usd_per_organization
    np.testing.assert_allclose(region.field.pot_cents[:, 0], each * reach, atol=0.5)
    assert len(set(reach.tolist())) > 1 or level == "nation"


def test_a_number_of_the_field_is_the_sum_or_the_mean_weighted_by_open_organizations():
    parameters = read(*SMALL, "regime=competitive", "field.locality_size_log_sd=0.7", "months=9")
    region, totals = run_region(parameters)
    last, n_open = region.field.rows, region.field.rows["n_open"]
    assert np.ptp(n_open) > 2
    for name in ("n_open", "exits", "arrivals", "memberships"):
        assert totals.rows[name][-1] == pytest.approx(last[name].sum(), rel=1e-12), name
    for name in ("mean_trust", "collaboration_share", "mean_fiscal_stress", "competing_share"):
        known = ~np.isnan(last[name])
        expected = np.average(last[name][known], weights=n_open[known])
        assert totals.rows[name][-1] == pytest.approx(expected, rel=1e-12), name


def test_tables_hold_one_row_a_locality():
    results = simulate(read(*SMALL, "regime=competitive"), [1, 2])
    assert len(results.localities) == 12
    assert set(results.localities["state"]) == {1, 2}
    assert len(results.runs) == 2
    assert len(results.months) == 2 * 31
    assert len(results.events) == 0
    by_run = results.localities.groupby("seed")["total_awarded_usd"].sum()
    np.testing.assert_allclose(by_run, results.runs.set_index("seed")["total_awarded_usd"])


def test_state_of_a_city_and_its_ties_takes_less_than_a_kibibyte_an_organization():
    parameters = read("field.n_localities=100", "regime=competitive")
    region = Region(parameters, n_threads=1)

    def measure(item):
        return sum(map(measure, item)) if isinstance(item, tuple) else item.nbytes

    views = measure(region.field.numbers)  # the same memory as rows
    assert (measure(region.field) - views) / region.n_organizations < 1024


def test_the_table_of_localities_is_saved_loaded_and_exported(tmp_path, capsys):
    words = [
        "run",
        *keep_last([*SMALL, "months=6"]),
        "name=some",
        "--results",
        str(tmp_path),
        "--no-figures",
        "--quiet",
    ]
    assert main(words) == 0
    assert "unrestricted: of 6 localities " in capsys.readouterr().out
    kept = load_results(tmp_path / "some")
    assert len(kept.localities) == 6
    assert main(["export", str(tmp_path / "some"), "--table", "localities"]) == 0
    assert pd.read_csv(tmp_path / "some" / "localities.csv")["total_awarded_usd"].tolist() == pytest.approx(
        kept.localities["total_awarded_usd"].tolist()
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("field.n_localities=100000", "field.n_organizations=100"), "at most 2000000"),
        (("field.n_localities=2", "field.n_states=3"), "must not exceed field.n_localities = 2"),
        (("field=city18", "field.n_localities=2"), "leave it at 1"),
    ],
)
def test_impossible_fields_are_refused_by_name(words, message):
    with pytest.raises(ValueError, match=message):
        read(*words)


def test_the_mesa_face_says_that_it_is_one_locality():
    with pytest.raises(ParameterError, match="one locality"):
        CoalitionModel(read(*SMALL))
