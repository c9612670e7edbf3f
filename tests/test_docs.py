"""Pages that are made from declarations are up to date."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generator():
    return load("make_parameters")


def test_the_findings_are_those_of_what_is_kept():
    findings = load("make_findings")
    assert findings.main(["--check"]) == 0, "run: python docs/make_findings.py"
    page = findings.make_page()
    assert len(findings.read_answers()) >= 10
    assert [row["pattern"] for row in findings.read_validation()] == [str(number) for number in range(1, 21)]
    for row in findings.read_validation():
        assert f"* [{row['pattern']}](validation.md#pattern-{row['pattern']}) {row['statement']}: " in page
    assert "nothing here shows that a policy works" in page


def test_generated_pages_are_up_to_date(generator):
    assert generator.find_stale() == [], "run: python docs/make_parameters.py"


def test_the_page_of_commands_is_up_to_date():
    assert load("make_commands").main(["--check"]) == 0, "run: python docs/make_commands.py"


@pytest.mark.slow
def test_the_site_has_no_broken_link(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "api" / "index.html").is_file()


def test_check_names_what_is_stale(generator, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generator, "DOCS", tmp_path)
    assert generator.main(["--check"]) == 1
    assert "docs/parameters.md is stale" in capsys.readouterr().out
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0


def test_the_odd_page_names_only_parameters_and_columns_that_exist(generator):
    import re

    from sim.dynamics.schedule import PROCESSES
    from sim.schema import columns, state
    from sim.schema.parameters import Field, declarations
    from sim.schema.regimes import SHOCKS

    text = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    known = {name.rsplit(".", 1)[-1] for name, _ in declarations()} | {one.name for one in columns.MONTHS}
    known |= {
        *PROCESSES,
        *SHOCKS,
        "members",
        "names_like_this",
        "own_grants",
        "need",
        "own_income",
        "reserve",
        "cost",
        "pot",
        "award",
    }
    for group in (state.Organizations, state.Dyads, state.Coalitions, state.Programmes, state.Environment):
        known |= set(group._fields)
    known |= {"open", "majority", "unanimous", "low", "high", "exp", "ln"} | set(Field.__dataclass_fields__)
    words = set(re.findall(r"`([a-z][a-z_]*)`", text))
    assert words - known == set()
