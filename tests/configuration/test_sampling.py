"""Samples: how many rows, even over every axis, and the same ones on every machine."""

import hashlib
import json
import random

import numpy as np
import pytest

from sim.configuration.designs.axes import Axis
from sim.configuration.designs.sampling import Sample, check_library
from sim.errors import SamplingError

AXES = (Axis("a"), Axis("b"), Axis("c"))
NUMBERS = {
    "latin_hypercube": {"n": 64},
    "sobol": {"n": 64},
    "saltelli": {"n": 64, "second_order": False},
    "morris": {"trajectories": 10, "levels": 4},
}
# Of the rows drawn with seed 1, to 12 digits. With another digest, all who kept a seed would lose their points.
DIGESTS = {
    "latin_hypercube": "17c72c7c9cbc94a6",
    "sobol": "3e51fe334b30c0dc",
    "saltelli": "8fadd8e141a9ae4f",
    "morris": "381a6efd815621bd",
}


def draw(method, seed=1, axes=AXES, **numbers):
    return Sample(method, axes, seed, {**NUMBERS[method], **numbers}).draw()


@pytest.mark.parametrize("method", NUMBERS)
def test_one_seed_gives_the_same_rows_on_every_machine(method):
    rows = [[f"{share:.12f}" for share in row] for row in draw(method).tolist()]
    assert hashlib.blake2b(json.dumps(rows).encode(), digest_size=8).hexdigest() == DIGESTS[method]


@pytest.mark.parametrize("method", NUMBERS)
def test_another_seed_gives_other_rows_and_the_state_of_other_generators_is_not_touched(method):
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    wanted = random.random(), np.random.random()  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert not np.array_equal(draw(method), draw(method, seed=2))
    assert (random.random(), np.random.random()) == wanted  # noqa: NPY002


@pytest.mark.parametrize(
    ("method", "numbers", "count"),
    [
        ("latin_hypercube", {"n": 7}, 7),
        ("sobol", {"n": 128}, 128),
        ("saltelli", {"n": 16}, 16 * 5),
        ("saltelli", {"n": 16, "second_order": True}, 16 * 8),
        ("morris", {"trajectories": 6, "levels": 6}, 6 * 4),
    ],
)
def test_the_count_is_known_before_drawing_and_holds(method, numbers, count):
    sample = Sample(method, AXES, 1, {**NUMBERS[method], **numbers})
    rows = sample.draw()
    assert (sample.count(), rows.shape) == (count, (count, 3))
    assert rows.min() >= 0
    assert rows.max() <= 1


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol"])
def test_every_axis_has_one_row_in_every_part(method):
    for column in draw(method).T:
        assert sorted((column * 64).astype(int)) == list(range(64))


def test_rows_of_saltelli_come_in_blocks_that_change_one_column_at_a_time():
    first, *crossed, last = draw("saltelli")[:5]
    for place, row in enumerate(crossed):
        expected = first.copy()
        expected[place] = last[place]
        assert row.tolist() == expected.tolist()


def test_morris_trajectories_change_one_column_a_step_by_the_jump_of_the_levels():
    for trajectory in draw("morris").reshape(10, 4, 3):
        steps = np.abs(np.diff(trajectory, axis=0))
        assert np.count_nonzero(steps, axis=1).tolist() == [1, 1, 1]
        assert np.allclose(steps.max(axis=1), 2 / 3)


def test_rows_that_are_not_kept_are_drawn_again():
    for method in ("latin_hypercube", "sobol"):
        rows = Sample(method, AXES, 1, {"n": 64}).draw(lambda rows: rows[:, 0] > rows[:, 1])
        assert rows.shape == (64, 3)
        assert (rows[:, 0] > rows[:, 1]).all()
        assert len(np.unique(rows, axis=0)) == 64


def test_drawing_is_given_up_where_hardly_any_row_is_kept():
    with pytest.raises(
        SamplingError, match=r"only 0 of 10,\d\d\d points drawn keep the constraints; narrow the ranges"
    ):
        Sample("sobol", AXES, 1, {"n": 64}).draw(lambda rows: rows[:, 0] > 2)


def test_a_missing_library_is_told_with_the_command_that_brings_it(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SamplingError) as caught:
        check_library("morris")
    assert str(caught.value) == 'needs scipy and SALib: pip install "coalitions[sweep]"'


# Axes


def test_a_range_is_gone_through_evenly():
    axis = Axis("a", 2.0, 6.0)
    assert [axis.value(share) for share in (0.0, 0.25, 1.0)] == [2.0, 3.0, 6.0]


def test_a_log_range_multiplies_by_the_same_at_every_step():
    axis = Axis("a", 1e-3, 1e3, is_log=True)
    found = [axis.value(share) for share in (0.0, 1 / 6, 0.5, 1.0)]
    assert found == pytest.approx([1e-3, 1e-2, 1.0, 1e3], rel=1e-14)
    assert (found[0], found[-1]) == (1e-3, 1e3)


def test_each_whole_number_and_each_option_has_an_equal_part():
    shares = [(place + 0.5) / 600 for place in range(600)]
    whole = [Axis("a", 1, 6, is_whole=True).value(share) for share in shares]
    assert [whole.count(value) for value in range(1, 7)] == [100] * 6
    assert all(type(value) is int for value in whole)
    options = [Axis("a", options=("x", "y", "z")).value(share) for share in (*shares, 1.0)]
    assert [options.count(value) for value in "xyz"] == [200, 200, 201]


def test_the_ends_of_a_whole_range_are_kept_on_either_scale():
    for is_log in (False, True):
        axis = Axis("a", 1, 100, is_whole=True, is_log=is_log)
        assert (axis.value(0.0), axis.value(1.0)) == (1, 100)


def test_no_value_leaves_its_range_by_rounding():
    for low, high in ((0.1, 0.7), (1e-9, 0.3), (0.05, 1.0 / 3)):
        for is_log in (False, True):
            axis = Axis("a", low, high, is_log=is_log)
            assert all(low <= axis.value(share) <= high for share in (0.0, 1 / 3, 1 - 2**-53, 1.0))
