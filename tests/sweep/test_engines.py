"""Workers on this machine: how many threads and processes, and what is read from them."""

import json
import os

import pytest

from sim.sweep.engines import THREADS_A_PROCESS, Worker, Workers
from sim.sweep.parts import Stretch


@pytest.mark.parametrize(
    ("n_workers", "n_threads", "sizes"),
    [(1, 4, [1]), (2, 4, [2]), (4, 4, [4]), (5, 4, [3, 2]), (9, 4, [3, 3, 3]), (3, 1, [1, 1, 1]), (64, 4, [4] * 16)],
)
def test_workers_share_processes_evenly(n_workers, n_threads, sizes):
    assert Workers(n_workers, n_threads).sizes == sizes
    assert max(Workers(n_workers).sizes) <= THREADS_A_PROCESS


@pytest.mark.parametrize("length", [1, 7, 1000])
def test_lines_are_read_whole_however_they_come(length):
    """Two threads may tell at once, and a pipe may hold half a line."""
    ends = os.pipe()
    worker = Worker.__new__(Worker)
    worker.output, worker.text, worker.is_over = ends[0], b"", False
    worker.doing = {Stretch(0, 3), Stretch(3, 6), Stretch(6, 9)}
    told = [{"first": 0, "last": 3, "failed": 0}, {"first": 3, "last": 6, "failed": 1}]
    content = "".join(json.dumps(one) + "\n" for one in told).encode() + b'{"first": 6, '
    found = []
    for at in range(0, len(content), length):
        os.write(ends[1], content[at : at + length])
        found += worker.read()
    assert found == told
    assert worker.doing == {Stretch(6, 9)}
    assert not worker.is_over
    os.close(ends[1])
    assert list(worker.read()) == []
    assert worker.is_over
    os.close(ends[0])


def test_what_a_process_of_several_threads_died_with_is_tried_again_in_processes_of_one(tmp_path, monkeypatch):
    """Processes that read a stretch and die: those of two threads tell nothing, those of one that it is lost."""
    started = []

    class Dying(Worker):
        def __init__(self, folder, size):
            started.append(size)
            super().__init__(folder, size)

    monkeypatch.setattr("sim.sweep.engines.Worker", Dying)
    waiting = iter([Stretch(0, 1), Stretch(1, 2)])
    told = list(Workers(2, 2).run(tmp_path / "missing", waiting, lambda: False))  # no folder: they die at once
    assert started == [2, 1, 1]
    assert sorted((one["first"], one["last"]) for one in told) == [(0, 1), (1, 2)]
    assert {one["lost"] for one in told} == {"its worker ended with code 1"}
