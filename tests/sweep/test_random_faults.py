"""Faults at random moments, as many as fit; `python -m tests.trials.faults.sweeps --faults 1000` does more."""

import sys

import pytest

from tests.trials.faults.sweeps import FILES, PROCESSES, random_faults


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_25_random_faults_lose_double_and_spoil_no_row_and_leave_nobody():
    table = random_faults(25, seed=1)
    assert table["times"].sum() == 25
    assert set(table["fault"]) == {*PROCESSES, *FILES}
    assert table[["lost", "duplicated", "wrong", "orphans"]].to_numpy().sum() == 0, table.to_string()
