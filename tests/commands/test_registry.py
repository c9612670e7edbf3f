"""The registry of verbs: each verb of it can be called, takes words or refuses them, and loads no other."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sim.commands
from sim.__main__ import main
from sim.commands.options import RUNNING, add_options
from sim.commands.parsing import build_parser
from sim.commands.registry import VERBS

FOLDER = Path(sim.commands.__file__).parent


def test_every_module_with_a_verb_is_registered():
    modules = {path.stem for path in FOLDER.glob("*.py") if "\ndef execute(" in path.read_text(encoding="utf-8")}
    assert modules == {verb.module for verb in VERBS.values()}


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
def test_a_word_is_refused_where_the_registry_says_that_none_is_taken(verb, capsys):
    needed = {action.dest for action in build_parser([verb.name])._actions if action.required} - {"verb"}
    assert not needed
    words = [verb.name, *_fill(verb), "--no-such-option"]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert ("unknown option" in told, "is too much here" in told) == (verb.takes_words, not verb.takes_words)


def _fill(verb):
    """Return words for what a verb requires, so that only the last one can be wrong."""
    (verbs,) = (
        action for action in build_parser([verb.name])._actions if isinstance(action, argparse._SubParsersAction)
    )
    words = []
    for action in verbs.choices[verb.name]._actions:
        if action.required:
            words += [*action.option_strings[:1], next(iter(action.choices or ()), "x")]
    return words


def test_calling_a_verb_loads_no_other():
    script = "import sys; from sim.__main__ import main; main(['status', '--help']); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    loaded = {name.rpartition(".")[2] for name in found if name.startswith("sim.commands.")}
    assert loaded & {verb.module for verb in VERBS.values()} == {"status"}


def test_options_that_verbs_share_are_declared_once():
    parser = argparse.ArgumentParser()
    add_options(parser, *RUNNING, "workers")
    shared = {flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")} - {
        "--help"
    }
    for path in FOLDER.glob("*.py"):
        declared = set(re.findall(r'add_argument\(\s*"(--[a-z-]+)"', path.read_text(encoding="utf-8")))
        assert not declared & shared, path.name


@pytest.mark.slow
def test_the_library_runs_without_the_command_line():
    script = "import sim, sys; r = sim.run(['months=2'], seeds=1); print(isinstance(r, sim.Results), "
    script += "sim.CoalitionModel(sim.Parameters(months=2)).steps, "
    script += "any(name.startswith('sim.commands') for name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["True", "0", "False"]
