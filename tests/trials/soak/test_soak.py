"""Memory, files and threads stay level over thousands of runs."""

import pytest

from tests.trials.soak.memory import soak


def test_memory_stays_level_for_some_seconds():
    found = soak(6, least_runs=200)
    assert found.n_runs >= 200
    assert found.mb_more < 25  # the slope of so few runs is mostly that of caches and the allocator
    assert (found.files_more, found.threads_more) == (0, 0)


@pytest.mark.nightly
@pytest.mark.slow
def test_memory_stays_level_for_ten_minutes():
    found = soak(600)
    assert abs(found.mb_a_run) < 0.001
    assert (found.files_more, found.threads_more) == (0, 0)
