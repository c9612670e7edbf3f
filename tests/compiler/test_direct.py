"""Compiled functions called from Python: each works, with the bits of the machine code, or refuses in a line."""

import copy
import importlib
import os
import pkgutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import pytest

import sim
from sim.compiler.draws import exponential, gumbel, normal, philox, stream, uniform
from sim.compiler.jit import IS_COMPILED
from sim.configuration import compose
from sim.dynamics import schedule
from sim.dynamics.membership import add_member
from sim.dynamics.relations import clip
from sim.engine import batch, localities
from sim.engine.inputs import Inputs
from sim.engine.region import Region
from sim.games import measuring
from sim.games.snapshot import take_snapshot
from sim.roster.reading import read_folder

if not IS_COMPILED:
    pytest.skip("interpreted, every function is Python's", allow_module_level=True)

from sim.compiler.direct import Entry, Inner, interpret

ROOT = Path(__file__).parents[2]
SETTINGS = (
    ("regime=mixed", "months=30"),
    ("regime=viewpoint_conditional", "months=14", "shock=new_condition", "shock.month=6"),
    ("field=city18", "regime=collaboration_required", "months=6", "shock=total_cut", "shock.month=3"),
    ("regime=none", "months=10", "field.initial_reserve_months=0", "field.own_income_share=0.1"),
    ("regime=mixed", "months=8", "mechanisms=null_model", "memberships.null_found_rate=0.2"),
    ("regime=mixed", "months=5", "field.n_organizations=6", "field.n_localities=3", "field.n_states=2"),
)


def find_kernels():
    """Return every compiled function of the package, by its name with the module's."""
    found = {}
    for module in pkgutil.walk_packages(sim.__path__, "sim."):
        if module.name.endswith(("__main__", "app_mesa")) or module.name.startswith(("sim.configs", "sim.experiments")):
            continue
        try:
            names = vars(importlib.import_module(module.name))
        except ImportError:  # an extra that is not installed
            continue
        for one in names.values():
            if isinstance(one, Entry | Inner):
                found[f"{one.py_func.__module__}.{one.py_func.__name__}"] = one
    return found


KERNELS = find_kernels()


def run_setting(words):
    """Run a setting; return the bits of all its numbers."""
    parameters = compose(words).parameters
    if parameters.field.n_localities > 1:
        lines = parameters.regime.programmes
        lines = {name: replace(line, funder_level="state") for name, line in lines.items()}
        parameters = replace(parameters, regime=replace(parameters.regime, programmes=lines))
        inputs = Region(parameters, n_threads=1)
    else:
        folder = parameters.field.folder
        inputs = Inputs(parameters, read_folder(folder, parameters.field) if folder else None, 4096)
    return [np.ascontiguousarray(part).tobytes() for part in batch.run_compiled(inputs, [3], keep_members=True)]


@pytest.fixture(scope="module")
def in_python():
    """Run all settings from the Python source; return their bits, and arguments that each function was called with."""
    codes = {kernel.py_func.__code__: name for name, kernel in KERNELS.items()}
    calls = {}

    def note(frame, event, _):
        name = codes.get(frame.f_code) if event == "call" else None
        if name is not None and name not in calls:
            sys.setprofile(None)
            calls[name] = [
                copy.deepcopy(frame.f_locals[one]) for one in frame.f_code.co_varnames[: frame.f_code.co_argcount]
            ]
            sys.setprofile(note)

    def watch(kernel):
        source = interpret(kernel.py_func)

        def run(*arguments):
            sys.setprofile(note)
            try:
                with np.errstate(all="ignore"):
                    return source(*arguments)
            finally:
                sys.setprofile(None)

        return run

    with pytest.MonkeyPatch.context() as patch:
        doors = ((schedule, "run_seeds"), (localities, "run_localities"), (localities, "award_pools"))
        for module, name in (*doors, (measuring, "measure_game")):
            patch.setattr(module, name, watch(getattr(module, name)))
        found = [run_setting(words) for words in SETTINGS]
        inputs = Inputs(compose(["field.n_organizations=4"]).parameters)
        batch.run_compiled(inputs, [3])
        take_snapshot(inputs.world, inputs.record, 0)
    return found, calls


def test_the_python_source_gives_the_bits_of_the_machine_code(in_python):
    assert in_python[0] == [run_setting(words) for words in SETTINGS]
    assert all(len(set(parts)) > 3 for parts in in_python[0])


def test_every_inner_function_called_from_python_runs(in_python):
    calls = in_python[1]
    inner = {name: kernel for name, kernel in KERNELS.items() if isinstance(kernel, Inner)}
    assert len(inner) > 180
    missed = sorted(set(inner) - set(calls))
    assert missed == ["sim.games.kernels._count_bits"], missed
    for name, arguments in calls.items():
        if name in inner:
            again = copy.deepcopy(arguments)
            assert type(inner[name](*arguments)) is type(inner[name](*again)), name
            assert as_bits(arguments) == as_bits(again), name
    assert inner["sim.games.kernels._count_bits"](0b10110) == 3


def as_bits(value):
    """Return the bits of all arrays in nested tuples, and the numbers beside them."""
    if isinstance(value, list | tuple):
        return [as_bits(one) for one in value]
    return value.tobytes() if isinstance(value, np.ndarray | np.generic) else value


def test_results_of_direct_calls_are_those_of_machine_code(in_python):
    """Of every inner function of numbers alone, and of some of arrays."""
    chosen = {
        name: arguments
        for name, arguments in in_python[1].items()
        if isinstance(KERNELS[name], Inner) and all(np.isscalar(one) for one in arguments)
    }
    for name in ("sim.dynamics.relations.compute_overlap", "sim.dynamics.observe.find_main_population"):
        chosen[name] = in_python[1][name]
    assert len(chosen) > 5
    for name, arguments in chosen.items():
        found, expected = KERNELS[name](*arguments), make_entry(KERNELS[name])(*arguments)
        assert type(found) is type(expected), name
        assert np.float64(found).tobytes() == np.float64(expected).tobytes(), name


def make_entry(kernel):
    """Return a compiled function that Python can call and that calls the kernel, as other kernels do."""
    names = ", ".join(kernel.py_func.__code__.co_varnames[: kernel.py_func.__code__.co_argcount])
    scope = {"kernel": kernel}
    exec(f"def call({names}):\n    return kernel({names})", scope)
    return numba.njit(error_model="numpy", _nrt=False)(scope["call"])


@pytest.mark.parametrize(
    ("arguments", "expected"), [((3.0, 0.0, 1.0), 1.0), ((-3, 0, 1), 0), ((np.float32(0.5), 0, 1.0), 0.5)]
)
def test_an_inner_function_takes_and_returns_numbers_of_pythons(arguments, expected):
    found = clip(*arguments)
    assert found == expected and type(found) is type(expected)


def test_keys_of_draws_may_be_numbers_of_pythons():
    """`stream` returns a number of Python's, half of them below 2**63, where numba would take it for signed."""
    keys = [stream(seed, 8, 12) for seed in range(1, 9)]
    assert min(keys) < 2**63 < max(keys)
    for key in keys:
        for draw in (uniform, gumbel, normal, philox):
            assert draw(key, 4, 5) == draw(np.uint64(key), np.uint64(4), np.uint64(5))


def test_an_argument_of_a_wrong_kind_is_refused_in_a_line():
    with pytest.raises(TypeError) as problem:
        exponential("three")
    assert "sim.compiler.draws.exponential" in str(problem.value) and "str" in str(problem.value)
    assert "\n" not in str(problem.value)
    with pytest.raises(AttributeError, match="organizations"):
        schedule.record_members(1.0, np.zeros(3, "i8"))
    with pytest.raises(TypeError, match="clip"):
        clip(1.0)
    world = Inputs(compose(["months=1"]).parameters).world
    with pytest.raises(IndexError):
        add_member(world, 10_000, 0)


CALL_ALL = r"""
import sys
from tests.compiler.test_direct import KERNELS

for name, kernel in KERNELS.items():
    count = kernel.py_func.__code__.co_argcount
    for arguments in ([], [0.5] * count, [None] * count, ["text"] * count, [3] * count):
        try:
            kernel(*arguments)
        except Exception as problem:
            assert "\n" not in str(problem), (name, str(problem))
print(len(KERNELS))
"""


def test_no_call_with_wrong_arguments_ends_the_interpreter():
    found = subprocess.run(
        [sys.executable, "-c", CALL_ALL],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert int(found.stdout) == len(KERNELS) > 220
