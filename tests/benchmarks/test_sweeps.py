"""The benchmark of sweeps measures, and prints its table."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import sweeps
from sim.sweep.parts import FOLDER, Stretch
from sim.sweep.plan import write_plan
from sim.sweep.work import run_stretch

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = ROOT / "benchmarks" / "sweeps.py"


def run_benchmark(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_medians(table: str) -> dict[str, float]:
    rows = re.findall(r"^(\S.*?) {2,}(-?[\d,]+(?:\.\d+)?)(?:  \[.*\])?$", table, re.MULTILINE)
    return {label: float(number.replace(",", "")) for label, number in rows}


def test_a_sweep_is_compared_with_bare_runs_in_a_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sweeps, "RUNS_A_STRETCH", 5)
    (tmp_path / FOLDER).mkdir()
    for label, words, n_points in sweeps.DESIGNS:
        plan = sweeps.plan_sweep((*words, *sweeps.SMALL), 20 if n_points else 0)
        for path in tmp_path.glob("plan*"):
            path.unlink()
        write_plan(plan, tmp_path)
        sweeps.print_table({label: sweeps.measure_efficiency(plan, tmp_path, 0.1)})
        found = read_medians(capsys.readouterr().out)
        assert found[f"{label}: sweep over bare"] > 0, found
        assert found[f"{label}: sweep over bare by processor time"] < 1, found  # such short runs are mostly overhead
        assert found[f"{label}: sweep ms a run"] > found[f"{label}: bare ms a run"] > 0, found


@pytest.mark.slow
@pytest.mark.nightly
def test_a_short_benchmark_of_throughput_prints_ratios_for_both_designs():
    found = read_medians(run_benchmark("--only", "throughput", "--seconds", "0.5"))
    for design in ("many seeds a point", "one seed a point"):
        at = f"throughput: {design}: "
        assert 0.3 < found[f"{at}sweep over bare"] < 2, found
        assert 0.3 < found[f"{at}two workers over one"] < 4, found
        assert found[f"{at}runs a second 1 worker"] > 1, found


@pytest.mark.slow
@pytest.mark.nightly
def test_a_short_benchmark_of_memory_tells_of_driver_and_workers():
    found = read_medians(run_benchmark("--only", "memory", "--runs", "8000"))
    for size in ("8 runs", "800 runs"):
        for whose in ("driver", "largest worker"):
            assert 50 < found[f"memory: {size}: {whose} mib"] < 1000, found
    assert abs(found["memory: more driver mib"]) < 100, found
    assert abs(found["memory: more largest worker mib"]) < 100, found


def test_the_other_means_run_the_points_of_the_same_sweep():
    values = sweeps.place_points(5)[3]
    told = sweeps.judge_under_plain_names(**{name.replace(".", "__"): value for name, value in values.items()})
    swept = run_stretch(sweeps.plan_sweep(sweeps.ONE_SEED, 5), Stretch(3, 4))[0]["runs"].iloc[0]
    assert told == {name: swept[name] for name in told}
