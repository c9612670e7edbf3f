"""The engine and the plain reference agree to the last bit on two hundred random worlds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.reference.comparing import describe_difference, run_reference
from tests.worlds import make_world, run_world

N_WORLDS = 200
AT_ONCE = 20


@pytest.mark.parametrize("first", range(0, N_WORLDS, AT_ONCE))
def test_engine_and_reference_agree_to_the_last_bit(first, request):
    differences = []
    for number in range(first, first + AT_ONCE):
        world = make_world(number)
        difference = describe_difference(run_world(world), run_reference(world))
        if difference:
            differences.append(f"world {number}, {difference}")
    request.node.user_properties += [("worlds", AT_ONCE), ("disagreements", len(differences))]
    assert not differences, "\n".join(differences)


@settings(max_examples=60)
@given(number=st.integers(10_000, 2**31))
def test_any_small_world_agrees_too(number):
    world = make_world(number, max_organizations=6, max_months=14)
    assert describe_difference(run_world(world), run_reference(world)) == ""


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("number", range(20_000, 20_040))
def test_larger_fields_and_longer_runs_agree(number):
    world = make_world(number, max_organizations=30, max_months=72)
    assert describe_difference(run_world(world), run_reference(world)) == ""


def test_a_single_bit_a_member_and_an_event_are_seen():
    world = make_world(3)
    found, expected = run_world(world), run_reference(world)
    assert describe_difference(found, expected) == ""
    rows = expected.rows.copy()
    rows[-1, 0] = np.nextafter(rows[-1, 0], 2.0)
    assert "month" in describe_difference(found, expected._replace(rows=rows))
    assert "members" in describe_difference(found, expected._replace(members=expected.members + 1))
    assert "events" in describe_difference(found, expected._replace(events=expected.events[:-1]))
    assert "event 0" in describe_difference(found, expected._replace(events=expected.events + 1))
