"""Faults upon real processes, one by one: what the driver says, who is left behind, and the table afterwards."""

import os
import random
import shlex
import signal
import subprocess
import sys

import pandas as pd
import pytest

from tests.trials.faults import sweeps
from tests.trials.faults.sweeps import ROOT, Sweep, compare, list_children, make_expected, read_tables

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")]
NIGHTLY = [pytest.mark.nightly, pytest.mark.slow]
# By night each fault also meets a driver with one process.
PROCESSES = [pytest.param(1, marks=NIGHTLY, id="one process"), pytest.param(2, id="two processes")]
KILLER = """
import os, sys
if "sim.sweep.work" in sys.orig_argv:  # a worker
    import sim.engine.batch

    kept = sim.engine.batch.run_compiled

    def run_compiled(inputs, seeds, *args, **options):
        if 17 in seeds and inputs.parameters.memberships.turf_weight == 1.0:
            os._exit(9)
        return kept(inputs, seeds, *args, **options)

    sim.engine.batch.run_compiled = run_compiled
"""


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return make_expected(tmp_path_factory.mktemp("expected"))


@pytest.fixture(params=PROCESSES)
def sweep(request, tmp_path):
    sweep = Sweep(tmp_path, n_processes=request.param)
    yield sweep
    sweep.close()


def assert_whole(sweep, expected):
    assert compare(expected, read_tables(sweep.folder)) == (0, 0, 0)
    assert not (sweep.folder / "parts").exists()


def test_the_comparison_sees_rows_that_are_lost_twice_there_or_wrong(expected):
    runs = expected["runs"]
    assert compare(expected, expected) == (0, 0, 0)
    assert compare(expected, expected | {"runs": runs.drop(index=[3, 7])}) == (2, 0, 0)
    assert compare(expected, expected | {"runs": pd.concat([runs, runs.head(4)])}) == (0, 4, 0)
    assert compare(expected, expected | {"runs": runs.assign(exits=runs["exits"] + (runs["run"] == 5))}) == (0, 0, 1)
    months = expected["months"]
    assert compare(expected, expected | {"months": months.iloc[25:]}) == (25, 0, 0)


def test_killing_the_driver_leaves_nobody_and_nothing_is_written_later(sweep, expected):
    sweep.start("-q")
    sweep.await_parts(3, processes=sweep.n_processes)
    assert len(list_children(sweep.driver.pid)) == sweep.n_processes
    sweeps.kill_driver(sweep, random.Random(1))
    assert (sweep.orphans, sweep.late) == (0, 0)
    assert sweep.complete() == 0
    assert_whole(sweep, expected)


def test_a_process_killed_is_replaced_by_as_many_as_it_had_threads_and_nothing_is_set_aside(tmp_path, expected):
    sweep = Sweep(tmp_path)
    sweep.start("-q")
    sweep.await_parts(2, processes=1)
    [child] = list_children(sweep.driver.pid)
    os.kill(child, signal.SIGKILL)
    sweep.await_parts(2, processes=2)
    assert child not in list_children(sweep.driver.pid)
    assert sweep.finish() == 0
    assert_whole(sweep, expected)


def test_a_driver_killed_while_its_workers_begin_leaves_nobody(sweep):
    sweep.start("-q")
    sweep.await_parts(0, processes=1)
    sweeps.kill_driver(sweep, random.Random(1))
    assert (sweep.orphans, sweep.late) == (0, 0)


def test_the_first_signal_lets_parts_end_and_prints_the_command_that_goes_on(sweep, expected):
    sweep.start()
    sweep.await_parts(2, processes=sweep.n_processes)
    sweep.driver.send_signal(signal.SIGTERM)
    assert sweep.finish() == 143
    n_parts = len(sweep.parts)
    assert 2 <= n_parts < 24
    assert "stopping after the parts under way" in sweep.text
    line = next(line for line in sweep.text.splitlines() if "To go on: " in line)
    assert f"{10 * n_parts} of 240 runs done" in line
    words = shlex.split(line.partition("To go on: ")[2])
    assert words[:2] == ["coalitions", "sweep"]
    found = subprocess.run(
        [sys.executable, "-m", "sim", *words[1:]], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (found.returncode, f"240 runs, {10 * n_parts} of them before" in found.stdout) == (0, True)
    assert_whole(sweep, expected)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_ends_at_once(number, code, sweep):
    sweep.start("-q")
    sweep.await_parts(2, processes=sweep.n_processes)
    children = list_children(sweep.driver.pid)
    for child in children:  # so that there is something to wait for
        os.kill(child, signal.SIGSTOP)
    for text in ("stopping after", "stopped at once"):
        sweep.driver.send_signal(number)
        while text not in (sweep.root / "log.txt").read_text():
            assert sweep.is_running() or text in (sweep.root / "log.txt").read_text()
    assert sweep.finish() == code
    assert "To go on: coalitions sweep" in sweep.text
    assert sweeps.await_end(children) == 0


def test_a_second_driver_is_refused_in_one_line(sweep, expected):
    sweep.start("-q")
    sweep.await_parts(1, processes=sweep.n_processes)
    children = list_children(sweep.driver.pid)
    for child in children:  # so that the first one is not over before the second has begun
        os.kill(child, signal.SIGSTOP)
    second = subprocess.run(sweep.command("-q"), capture_output=True, text=True, check=False, cwd=ROOT)
    for child in children:
        os.kill(child, signal.SIGCONT)
    assert (second.returncode, second.stdout, second.stderr.count("\n")) == (4, "", 1)
    assert "another sweep is running there" in second.stderr
    assert sweep.finish() == 0
    assert_whole(sweep, expected)


@pytest.mark.parametrize("n_processes", PROCESSES)
def test_a_run_that_kills_its_workers_is_set_aside_and_the_rest_is_complete(n_processes, tmp_path, expected):
    (tmp_path / "inject").mkdir()
    (tmp_path / "inject" / "sitecustomize.py").write_text(KILLER)
    found = {"PYTHONPATH": f"{tmp_path / 'inject'}{os.pathsep}{ROOT}"}
    sweep = Sweep(tmp_path, environment=found, n_processes=n_processes)
    sweep.start("-q", PYTHONPATH=sweep.environment["PYTHONPATH"])
    assert sweep.finish() == 3
    failed = pd.read_csv(sweep.folder / "failed.csv")
    assert failed[["run", "point", "seed"]].to_numpy().tolist() == [[96, 2, 17]]
    assert failed["error"].tolist() == ["set aside: its worker ended with code 9, 3 times"]
    assert failed["memberships.turf_weight"].tolist() == [1.0]
    assert compare(expected, read_tables(sweep.folder)) == (1 + 25, 0, 0)
    sweep.start("-q")
    assert sweep.finish() == 3
    assert "240 runs, 240 of them before, 1 failed" in sweep.text


def test_a_full_disk_ends_the_sweep_and_it_goes_on_when_there_is_room(tmp_path, expected):
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    sweep = Sweep(disk)
    line = shlex.join(sweep.command("-q"))
    script = f"""
        mount -t tmpfs -o size=160k none {disk} || exit 99
        {line}; echo code $?
        UNCHECKED=1 {line}; echo code $?
        mount -o remount,size=20m {disk}
        {line}; echo code $?
        cp {disk}/small/*.parquet {kept}
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    if found.returncode == 99 or "unshare" in found.stderr:
        pytest.skip("no mounts here")
    codes = [line for line in found.stdout.splitlines() if line.startswith("code")]
    assert codes == ["code 5", "code 5", "code 0"], found
    told = found.stderr.splitlines()
    assert len(told) == 2
    assert all("no room on the disk" in line for line in told)
    assert "No space left on device; make room and call the same command again" in told[1]
    assert compare(expected, read_tables(kept)) == (0, 0, 0)
