"""The yardsticks of the engine: C equals the engine to the bit, AgentPy the reference; a short run ends in JSON."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmark import engine, limit, on_agentpy
from sim.compiler.jit import IS_COMPILED
from sim.schema.parameters import Parameters
from tests.verification.reference import ReferenceModel
from tests.worlds import make_world, read_regimes

ROOT = Path(__file__).resolve().parents[2]
MONTHS = [1, 2, 5, 24, 60, 119]
needs_gcc = pytest.mark.skipif(not (limit.has_compiler() and IS_COMPILED), reason="no gcc, or nothing is compiled")


@pytest.fixture(scope="module")
def library():
    return limit.build_library()


@needs_gcc
@pytest.mark.parametrize("regime", ["none", "unrestricted", "competitive", "collaboration_required", "hub_sub_awards"])
def test_c_leaves_the_same_bits_as_the_engine(library, regime):
    parameters = dataclasses.replace(Parameters(), regime=read_regimes()[regime])
    replay = limit.Replay(parameters, max_events=4096)
    replay.record([1, 7], MONTHS)
    bound = limit.Limit(library, replay)
    for name in limit.PROCESSES:
        assert len(replay.snapshots[name].seeds) == 2 * len(MONTHS)
        assert bound.find_differences(name) == []


@needs_gcc
@pytest.mark.parametrize("number", range(12))
def test_c_leaves_the_same_bits_in_any_world(library, number):
    world = make_world(number)
    switches = world.parameters.mechanisms
    replay = limit.Replay(world.parameters, world.tables, max_events=500)
    replay.record([world.seed])
    bound = limit.Limit(library, replay)
    if switches.serve_and_refer:
        assert bound.find_differences("serve_and_refer") == []
    if switches.review_memberships and not switches.null_model:
        assert bound.find_differences("review_memberships") == []


@needs_gcc
@pytest.mark.parametrize(
    ("name", "number"), [("serve_and_refer", "referral_trust_gain"), ("review_memberships", "initial_activity")]
)
def test_a_number_that_differs_in_its_last_bit_is_seen(library, name, number):
    replay = limit.Replay(Parameters())
    replay.record([1, 2, 3])
    bound = limit.Limit(library, replay)
    bound.change_number(number, np.nextafter(replay.inputs.record[number], 0.0))
    assert any("trust" in one or "activity" in one for one in bound.find_differences(name))


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
        [sys.executable, str(ROOT / "experiments" / "benchmark" / "engine.py"), "--short"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout.splitlines()[-1])
    assert numbers["vs_mesa"] > 1
    assert numbers["threads_2"] > 0
    assert numbers["ms_per_run"] > 0
    if limit.has_compiler() and limit.is_tuned(limit.build_library()):
        assert numbers["vs_c"] > 0


def test_the_yardsticks_time_a_world_without_grants():
    world = engine.make_world()
    assert (world.months, world.regime.name, dict(world.regime.programmes)) == (120, "none", {})
    assert world.field == Parameters().field
