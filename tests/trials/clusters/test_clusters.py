"""A sweep on a cluster gives the bytes that it gives here, also where the cluster loses a worker on the way."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trials.clusters.servers import (
    find_port,
    make_environment,
    read_command,
    start_dask,
    start_ray,
    start_slurm,
    wait_until,
)

WORDS = ("regime=unrestricted,competitive", "grants.luck=0.1,0.4", "months=60", "name=s")
SECONDS_TO_END = 55.0
_drivers: list[subprocess.Popen[str]] = []


def needs(library: str) -> None:
    try:
        found = importlib.util.find_spec(library)
    except ModuleNotFoundError:  # not even the package it lies in
        found = None
    if found is None:
        pytest.skip(f"needs {library}")


def begin(folder: Path, seeds: int, *words: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sim", "sweep", *WORDS, f"seeds={seeds}", "--results", folder.name, *words]
    driver = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder.parent,  # the folder is relative, as users give it
        env=environment or make_environment(),
        start_new_session=True,
    )
    _drivers.append(driver)
    return driver


@pytest.fixture(autouse=True)
def _no_driver_is_left() -> Iterator[None]:
    yield
    while _drivers:
        driver = _drivers.pop()
        driver.kill()
        driver.wait()


def end(driver: subprocess.Popen[str], seconds: float = SECONDS_TO_END) -> tuple[int, str, str]:
    try:
        out, err = driver.communicate(timeout=seconds)
    finally:
        driver.kill()
    return driver.returncode, out, err


def read_joined(folder: Path) -> bytes:
    return (folder / "s" / "runs.parquet").read_bytes()


def run_here(folder: Path, seeds: int) -> bytes:
    code, _, err = end(begin(folder, seeds, "--workers", "1"), 120.0)
    assert code == 0, err
    return read_joined(folder)


def wait_for_part(driver: subprocess.Popen[str], folder: Path) -> None:
    wait_until(lambda: count_parts(folder) > 0 or driver.poll() is not None, "the first part", SECONDS_TO_END)
    assert driver.poll() is None, driver.communicate()


def kill_in_the_middle(number: int, folder: Path) -> None:
    os.kill(number, signal.SIGKILL)
    assert not (folder / "s" / "runs.parquet").exists(), "the sweep was over before its worker was killed"


def check(driver: subprocess.Popen[str], folder: Path, expected: bytes) -> None:
    code, out, err = end(driver)
    assert code == 0, err
    assert "Traceback" not in err
    assert ", 0 failed" in out
    assert read_joined(folder) == expected
    assert not (folder / "s" / "parts").exists()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return run_here(tmp_path_factory.mktemp("here") / "results", 400)


def test_dask_gives_the_same_bytes_and_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    needs("distributed")
    expected = run_here(tmp_path / "here", 120)
    folder = tmp_path / "there"
    with start_dask(tmp_path) as (address, workers):
        driver = begin(folder, 120, "--engine", "dask", "--engine-option", f"address={address}")
        wait_for_part(driver, folder)
        kill_in_the_middle(workers[0].pid, folder)
        check(driver, folder, expected)


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_an_engine_without_an_address_starts_its_own_cluster_here(engine: str, tmp_path: Path, expected: bytes) -> None:
    needs({"dask": "distributed"}.get(engine, engine))
    folder = tmp_path / "results"
    check(begin(folder, 400, "--engine", engine, "--workers", "2"), folder, expected)


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_ctrl_c_ends_what_is_under_way_and_the_sweep_goes_on_elsewhere(engine: str, tmp_path: Path) -> None:
    needs({"dask": "distributed"}.get(engine, engine))
    expected = run_here(tmp_path / "here", 800)
    folder = tmp_path / "results"
    driver = begin(folder, 800, "--engine", engine, "--workers", "2")
    wait_for_part(driver, folder)
    os.killpg(driver.pid, signal.SIGINT)  # a terminal sends it to all that the driver has started
    code, out, err = end(driver)
    assert code == 130, err
    assert "runs done. To go on: coalitions sweep" in out
    assert f"--engine {engine}" in out
    assert "Traceback" not in err
    n_parts = len(list((folder / "s" / "parts").glob("runs-*.parquet")))
    assert n_parts >= 2, "what was under way was dropped"
    check(begin(folder, 800, "--workers", "2"), folder, expected)


@pytest.mark.slow
@pytest.mark.nightly
def test_ray_gives_the_same_bytes_and_a_killed_worker_loses_nothing(tmp_path: Path, expected: bytes) -> None:
    needs("ray")
    folder = tmp_path / "results"
    with start_ray(tmp_path) as (environment, address, find_workers):
        words = ("--engine", "ray", "--engine-option", f"address={address}")
        driver = begin(folder, 400, *words, environment=environment)
        wait_for_part(driver, folder)
        wait_until(lambda: bool(find_workers()), "a busy worker")
        kill_in_the_middle(find_workers()[0], folder)
        check(driver, folder, expected)


@pytest.mark.slow
@pytest.mark.nightly
def test_slurm_gives_the_same_bytes_and_a_killed_job_loses_nothing(tmp_path: Path, expected: bytes) -> None:
    needs("submitit")
    folder = tmp_path / "results"
    with start_slurm(make_short(tmp_path)) as environment:
        driver = begin(folder, 400, *SLURM, environment=environment)
        wait_for_part(driver, folder)
        kill_in_the_middle(find_jobs(folder)[0], folder)
        check(driver, folder, expected)
        assert not (folder / "s" / ".slurm").exists()


@pytest.mark.slow
@pytest.mark.nightly
def test_jobs_go_on_without_their_driver_until_another_takes_over(tmp_path: Path) -> None:
    needs("submitit")
    expected = run_here(tmp_path / "here", 800)
    folder = tmp_path / "results"
    with start_slurm(make_short(tmp_path)) as environment:
        driver = begin(folder, 800, *SLURM, environment=environment)
        wait_for_part(driver, folder)
        driver.kill()
        driver.communicate()
        before = count_parts(folder)
        wait_until(lambda: count_parts(folder) > before, "a part without a driver")
        check(begin(folder, 800, *SLURM, environment=environment), folder, expected)


@pytest.mark.slow
@pytest.mark.nightly
def test_ctrl_c_lets_jobs_of_slurm_end_the_stretches_under_way(tmp_path: Path) -> None:
    needs("submitit")
    folder = tmp_path / "results"
    with start_slurm(make_short(tmp_path)) as environment:
        driver = begin(folder, 3000, *SLURM, environment=environment)
        wait_for_part(driver, folder)
        driver.send_signal(signal.SIGINT)
        code, out, err = end(driver, 40.0)
        assert code == 130, err
        assert "To go on: coalitions sweep" in out
        queue = subprocess.run(["squeue", "-h"], capture_output=True, text=True, env=environment, check=True)
        assert queue.stdout == ""
        n_parts = count_parts(folder)
        time.sleep(4)
        assert count_parts(folder) == n_parts, "a job went on after its driver had ended"


@pytest.mark.parametrize(
    ("library", "engine", "option", "told"),
    [
        ("distributed", "dask", "address=tcp://127.0.0.1:{port}", "nobody answers at address=tcp://127.0.0.1:{port}"),
        ("distributed", "dask", "scheduler_file=none.json", "scheduler_file=none.json: not there"),
        ("distributed", "dask", "adress=tcp://127.0.0.1:1", "Did you mean 'address'?"),
        ("ray", "ray", "address=127.0.0.1:{port}", "nobody answers at address=127.0.0.1:{port}"),
        ("ray", "ray", "address=auto", "address=auto: cannot be joined"),
        ("submitit", "slurm", "jobs=none", "must be a whole number"),
        ("submitit", "slurm", "partition=none", "engine = slurm: "),
    ],
)
def test_what_cannot_be_reached_is_told_in_one_line(
    library: str, engine: str, option: str, told: str, tmp_path: Path
) -> None:
    needs(library)
    port = find_port()
    words = ("--engine", engine, "--engine-option", option.format(port=port))
    lost = make_environment(SLURM_CONF=str(tmp_path / "none.conf"))
    code, out, err = end(begin(tmp_path / "results", 2, "--quiet", *words, environment=lost))
    assert (code, out) == (2, "")
    assert told.format(port=port) in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1, err


def test_a_dry_run_tells_the_workers_of_the_cluster_and_runs_nothing(tmp_path: Path) -> None:
    needs("distributed")
    folder = tmp_path / "results"
    with start_dask(tmp_path) as (address, _):
        words = ("--engine", "dask", "--engine-option", f"address={address}", "--dry-run", "--json", "--workers", "7")
        code, out, err = end(begin(folder, 40, *words))
    assert code == 0, err
    assert json.loads(out)["workers"] in (1, 2)  # the second may join later
    assert not folder.exists()


SLURM = ("--engine", "slurm", *(word for one in ("jobs=2", "poll=1", "time=5") for word in ("--engine-option", one)))


def make_short(folder: Path) -> Path:
    """Return a folder for servers, whose sockets must have short names."""
    place = folder / "m"
    place.mkdir()
    return place


def count_parts(folder: Path) -> int:
    return len(list((folder / "s" / "parts").glob("runs-*.parquet")))


def find_jobs(folder: Path) -> list[int]:
    """Return the numbers of the processes on the node that do the jobs of this very sweep."""
    numbers = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    commands = {number: read_command(number) for number in numbers}
    return [
        number
        for number, words in commands.items()
        if "submitit.core._submit" in words and str(folder) in words and not words.startswith(("srun", "/usr/bin/srun"))
    ]
