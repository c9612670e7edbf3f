"""What is declared of fields of many localities, each with a test that shows what it does."""

import dataclasses
import functools

import numpy as np
import pytest

from sim.engine.batch import simulate
from sim.engine.region import Region
from tests.verification.effects.worlds import build

FIELD = "field.n_localities=8 field.n_organizations=8 months=24 regime=competitive"


@functools.cache
def lay_out(words=""):
    return Region(build(f"{FIELD} {words}"), n_threads=2)


def run(words, seed):
    region = lay_out(words)
    return region, region.run(seed)


@pytest.mark.shows("parameter", "field.n_localities")
def test_twice_the_localities_hold_twice_the_organizations():
    more = Region(build(f"{FIELD} field.n_localities=16"), n_threads=2)
    assert more.n_organizations == 2 * lay_out().n_organizations
    assert more.run(1).rows["n_open"][0] == 2 * lay_out().run(1).rows["n_open"][0]


@pytest.mark.shows("parameter", "field.n_states")
def test_with_more_states_money_of_a_state_reaches_fewer_localities():
    """One award a round and state: as many places with a first award as states."""
    words = (
        "regime.programmes.service.funder_level=state regime.programmes.service.award_usd_per_year=10000000 months=1"
    )
    for n_states in (1, 2, 4):
        region, _ = run(f"{words} field.n_states={n_states}", 1)
        held = region.field.world.organizations.award_cents.reshape(8, -1).sum(axis=1) > 0
        assert held.sum() == n_states


@pytest.mark.shows("parameter", "field.locality_size_log_sd")
def test_a_spread_of_sizes_makes_localities_differ():
    assert np.ptp(lay_out().n_slots) == 0
    narrow, wide = (np.log(lay_out(f"field.locality_size_log_sd={sd}").n_slots).std() for sd in (0.2, 1.0))
    assert 0 < narrow < wide


@pytest.mark.shows("parameter", "field.bridges_per_state")
def test_bridging_organizations_bring_viewpoints_of_localities_together():
    """Seats share one viewpoint: they differ less between localities than the same slots of others do."""
    words = "field.bridges_per_state=3 field.bridge_seats=8 field.viewpoint_spread=0.8"
    region, _ = run(words, 1)
    assert len(region.bridges) == 3
    viewpoint = region.field.world.organizations.viewpoint
    held = region.field.world.organizations.generation == 0
    inside = [np.ptp(viewpoint[slots][held[slots]]) for slots in region.bridges.seats]
    outside = np.ptp(viewpoint[np.setdiff1d(np.arange(viewpoint.size), region.bridges.seats)])
    assert max(inside) < 1e-12 < 0.5 < outside


@pytest.mark.shows("parameter", "field.bridge_seats")
def test_a_bridging_organization_has_as_many_seats_as_are_asked_for():
    for n_seats in (2, 5, 8):
        region = lay_out(f"field.bridges_per_state=1 field.bridge_seats={n_seats}")
        assert len(np.unique(region.bridges.seats)) == n_seats
        keys = region.field.roster.key
        assert keys.size - np.unique(keys).size == n_seats - 1


@pytest.mark.shows("parameter", "regime.programmes.<line>.funder_level")
def test_under_a_wider_funder_awards_spread_less_evenly_over_localities():
    """Each locality is sure of its own money; of one pot for all, luck and record decide who gets how much."""
    spread = {}
    for level in ("locality", "nation"):
        parameters = build(f"{FIELD} regime.programmes.service.funder_level={level}")
        found = simulate(dataclasses.replace(parameters, months=36), [1, 2, 3, 4]).localities
        spread[level] = found.groupby("seed")["total_awarded_usd"].std().mean()
    assert spread["locality"] < 1.0
    assert spread["nation"] > 10_000
