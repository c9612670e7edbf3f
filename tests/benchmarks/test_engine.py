"""The yardsticks of the engine: AgentPy equals the reference; a short run ends in JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import engine, on_agentpy
from sim.schema.parameters import Parameters
from tests.verification.reference import ReferenceModel

ROOT = Path(__file__).resolve().parents[2]


def test_agentpy_gives_what_the_reference_gives():
    pytest.importorskip("agentpy")
    parameters = Parameters(months=24)
    expected = engine.run_mesa(parameters, 3)
    model_class = on_agentpy.load_model()
    found = np.array([[row[name] for name in engine.NAMES] for row in on_agentpy.run(model_class, parameters, 3).rows])
    assert np.array_equal(found, expected, equal_nan=True)
    assert not issubclass(model_class, ReferenceModel.__mro__[1])  # that was not Mesa again


@pytest.mark.slow
def test_a_short_benchmark_ends_in_one_line_of_json():
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "engine.py"), "--short"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout.splitlines()[-1])
    assert numbers["vs_mesa"] > 1
    assert numbers["threads_2"] > 0
    assert numbers["ms_per_run"] > 0


def test_the_yardsticks_time_a_world_without_grants():
    world = engine.make_world()
    assert (world.months, world.regime.name, dict(world.regime.programmes)) == (120, "none", {})
    assert world.field == Parameters().field
