"""One tree of errors: where its classes stand, and which exit code each of them gives a command."""

import ast
import builtins
import inspect
import sys
from pathlib import Path

import pytest

import sim
from sim import errors
from sim.__main__ import main
from sim.commands.console import guard
from sim.errors import CoalitionsError
from sim.files.access import hold_folder

SIM = Path(sim.__file__).parent
TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
BUILT_IN = {name for name, kind in vars(builtins).items() if inspect.isclass(kind) and issubclass(kind, BaseException)}
SHORT = ["months=2", "seeds=2", "--quiet"]


@pytest.mark.slow
def test_every_public_error_hangs_on_the_one_tree():
    names = BUILT_IN | {kind.__name__ for kind in TREE}
    for path in SIM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and {ast.unparse(base).split(".")[-1] for base in node.bases} & names:
                assert node.name.startswith("_") or path.name == "errors.py", f"{path}: {node.name}"
    assert all(issubclass(kind, CoalitionsError) for kind in TREE)


@pytest.mark.parametrize("kind", TREE)
def test_the_door_tells_an_error_in_one_line_and_returns_its_exit_code(kind, capsys):
    def fail():
        raise kind(422, "no such thing") if kind is errors.RefusedError else kind("no such thing")

    assert guard(fail) == kind.exit_code != 0
    assert capsys.readouterr().err == "error: no such thing\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return a folder with a small sweep and a run, and files and folders that cannot be used."""
    root = tmp_path_factory.mktemp("errors")
    words = ["sweep", "regime=mixed,lottery", "name=few", "--results", str(root), "--workers", "1", *SHORT]
    assert main(words) == 0
    assert main(["run", "name=one", "--no-figures", "--results", str(root), *SHORT]) == 0
    (root / "empty.csv").write_text("", encoding="utf-8")
    (root / "roster").mkdir()
    (root / "begun").mkdir()
    (root / "begun" / "plan.json").write_text("{}", encoding="utf-8")
    return root


COMMANDS = {
    errors.ConfigurationError: ["run", "regime=nope"],
    errors.ParameterError: ["run", "field.n_states=3", "field.n_localities=2"],
    errors.RosterError: ["run", "field.folder=ROOT/roster", "--no-figures"],
    errors.ObservationError: ["draw", "ROOT/few", "--observed", "ROOT/empty.csv"],
    errors.ResultsError: ["export", "ROOT/roster"],
    errors.AnalysisError: ["robustness", "ROOT/begun"],
    errors.ExpressionError: ["scenarios", "ROOT/few", "--when", "nope > 1"],
    errors.InterviewError: ["interviews", "ROOT/few"],
    errors.GameError: ["games", "--table", "ROOT/empty.csv"],
    errors.FigureError: ["draw", "ROOT/one", "collaboration", "--formats", "gif"],
    errors.PrintError: ["report", "ROOT/few", "--pdf"],
    errors.FolderInUseError: ["run", "name=held", "--no-figures"],
    errors.NoRoomError: ["sweep", "regime=mixed,lottery", "name=full", "--workers", "1"],
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_command_that_raises_an_error_returns_its_code_and_shows_no_traceback(kind, kept, capsys, monkeypatch):
    words = [word.replace("ROOT", str(kept)) for word in COMMANDS[kind]]
    words += [*SHORT, "--results", str(kept)] if words[0] in ("run", "sweep") else []
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    monkeypatch.setattr("sim.report.printing.find_chromium", lambda: None)
    monkeypatch.setattr("sim.sweep.pilot.shutil.disk_usage", lambda folder: type("Usage", (), {"free": 0}))
    with hold_folder(kept / "held"):
        assert main(words) == kind.exit_code
        told = capsys.readouterr().err
        assert "error: " in told
        assert "Traceback" not in told
        monkeypatch.setenv("COALITIONS_DEBUG", "1")
        with pytest.raises(CoalitionsError) as caught:
            main(words)
    assert caught.type is kind
