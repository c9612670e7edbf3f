"""What the shape of the code promises: nothing idle, nothing hidden, imports one way."""

import ast
import dataclasses
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.dynamics import schedule
from sim.model.model import METHODS, CoalitionModel
from sim.schema import codes, columns, state
from sim.schema.parameters import Mechanisms, kernel_fields
from sim.schema.regimes import SHOCKS

ROOT = Path(__file__).parents[1]
SIM = ROOT / "sim"
DYNAMICS = SIM / "dynamics"
KERNELS = [
    *sorted(DYNAMICS.glob("[!_]*.py")),
    *sorted((DYNAMICS / "processes").glob("[!_]*.py")),
    SIM / "compiler" / "draws.py",
    SIM / "engine" / "localities.py",
]
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in KERNELS)
MAX_LINES = 500
LAID_OUT = {  # read where the world is laid out, before any kernel runs
    *("n_organizations", "annual_usd_per_organization", "n_localities", "n_states", "locality_size_log_sd"),
    *("bridges_per_state", "bridge_seats"),
}


def test_every_process_file_is_called_in_the_schedule():
    tree = ast.parse((DYNAMICS / "schedule.py").read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    for path in sorted((DYNAMICS / "processes").glob("[!_]*.py")):
        public = [
            node.name
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]
        assert called & set(public), path.name


def test_every_process_of_the_schedule_is_called_in_it():
    tree = ast.parse((DYNAMICS / "schedule.py").read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert set(schedule.PROCESSES) <= called


@pytest.mark.parametrize("name", [name for _, name, _ in kernel_fields()])
def test_every_parameter_is_read_by_a_kernel(name):
    if name in LAID_OUT:
        files = ("engine/inputs.py", "engine/region.py", "results/sizes.py", "engine/multi_site.py")
        layout = "".join((SIM / file).read_text(encoding="utf-8") for file in files)
        assert re.search(rf"\.{name}\b", layout)
    else:
        assert re.search(rf"\bparameters\.{name}\b", SOURCE)


@pytest.mark.parametrize("name", [name for name, _ in state.SHOCK_FIELDS])
def test_every_number_of_a_shock_is_read_by_a_kernel(name):
    assert re.search(rf"\bparameters\.{name}\b", SOURCE)


def test_no_kernel_reads_a_parameter_that_is_not_declared():
    read = set(re.findall(r"\bparameters\.(\w+)", SOURCE)) - {"Memberships", "SHOCKS", "py"}
    assert read <= set(state.PARAMETER_DTYPE.names)


@pytest.mark.parametrize("name", [entry.name for entry in columns.MONTHS])
def test_every_column_of_a_month_is_written_by_a_kernel(name):
    assert re.search(rf"\brow\.{name} \+?= ", SOURCE)


def test_no_kernel_writes_a_column_that_is_not_in_the_dictionary():
    assert set(re.findall(r"\brow\.(\w+) \+?= ", SOURCE)) == {entry.name for entry in columns.MONTHS}


@pytest.mark.parametrize("kind", codes.EVENTS)
def test_every_kind_of_event_is_logged_somewhere(kind):
    assert re.search(rf"\bcodes\.{kind.upper()}\b", SOURCE)


def find_keys():
    """Return the numbers that stand in the keys of draws, each with the files and names that declare it."""
    found = {}
    for path in KERNELS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        declared = {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "stream":
                name = ast.unparse(node.args[1])
                if name in declared:
                    found.setdefault(getattr(module, name), set()).add((path.stem, name))
    return found


def test_no_two_processes_share_draws():
    found = find_keys()
    assert len(found) >= 16
    shared = [{file for file, _ in owners} for owners in found.values() if len(owners) > 1]
    assert shared == [{"memberships", "null_model"}] * 2  # which never run in the same month


def test_every_process_has_a_switch_a_method_and_a_place_in_the_description():
    switches = {item.name for item in dataclasses.fields(Mechanisms)}
    always = {"observe"}
    assert set(schedule.PROCESSES) - switches == always
    assert [item.name for item in dataclasses.fields(Mechanisms) if item.name in schedule.PROCESSES] == [
        name for name in schedule.PROCESSES if name not in always
    ]
    assert all(callable(getattr(CoalitionModel, name)) for name in METHODS)
    text = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    listed = re.findall(r"^1\. `(\w+)`", text.partition("## 3 ")[2].partition("## 4 ")[0], re.MULTILINE)
    assert tuple(listed) == schedule.PROCESSES
    taken_by = "seed, month, parameters, world, row"
    assert all(str(inspect.signature(get_source(name))) == f"({taken_by})" for name in schedule.PROCESSES)


def get_source(name):
    kernel = getattr(schedule, name)
    return getattr(kernel, "py_func", kernel)


def test_no_kernel_takes_a_private_name_of_another_file():
    for path in [*KERNELS, *(SIM / "engine").glob("*.py"), *(ROOT / "validation").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim"):
                assert not [one.name for one in node.names if one.name.startswith("_")], path


def test_codes_of_shocks_events_and_causes_are_their_places():
    for place, kind in enumerate(SHOCKS[1:], 1):
        assert getattr(sys.modules["sim.dynamics.processes.calendar"], kind.upper()) == place
    for place, kind in enumerate(codes.EVENTS):
        assert getattr(codes, kind.upper()) == place
    for place, name in enumerate(codes.LEDGER):
        assert getattr(codes, name.upper()) == place


def test_no_file_is_longer_than_a_reader_has_patience_for():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SIM.rglob("*.py")
    }
    assert not {name: length for name, length in lengths.items() if length > MAX_LINES}


def test_kernels_use_no_mathematics_whose_bits_depend_on_the_machine():
    inexact = re.compile(
        r"\b(?:math|np)\.(exp|log|log2|log10|log1p|expm1|pow|sin|cos|tan|tanh|erf|gamma|random)\b|\*\*"
    )
    for path in KERNELS:
        code = ast.unparse(_without_docstrings(ast.parse(path.read_text(encoding="utf-8"))))
        assert not inexact.search(code), (path.name, inexact.search(code))


def _without_docstrings(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0] = ast.Pass()
    return tree


def test_kernels_are_compiled_without_fastmath_and_all_of_them():
    assert "fastmath" not in (SIM / "compiler/jit.py").read_text(encoding="utf-8").replace("without fastmath", "")
    for path in KERNELS:
        functions = [
            node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
        ]
        marks = {node.name: [ast.unparse(mark) for mark in node.decorator_list] for node in functions}
        written = [mark for one in marks.values() for mark in one if mark.startswith("compiled_as(")]
        for name, found in marks.items():
            if name != "new_row" and f"compiled_as({name})" not in written:  # numba calls it to write machine code
                kinds = {mark.partition("(")[0] for mark in found}
                allowed = {"compiled", "compiled_apart", "compiled_as", "compiled_entry", "inlined"}
                assert kinds & allowed, (path.name, name)


def test_imports_go_one_way():
    pytest.importorskip("importlinter")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 0, found.stdout + found.stderr
