"""The recipes of docs/extending.md work: each section is carried out on a fresh copy of the package."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
RECIPES = {
    section.partition("\n")[0]: FENCE.findall(section) for section in PAGE.split("\n## ")[1:] if FENCE.search(section)
}
SECONDS = 120


def apply_change(path, change):
    """Put a change of one place into a file: lines begin with a blank (there), - (taken out) or + (put in)."""
    lines = change.splitlines(keepends=True)
    before = "".join(line[1:] or "\n" for line in lines if line[0] in " -\n")
    after = "".join(line[1:] or "\n" for line in lines if line[0] in " +\n")
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path.name} has no such place, or several:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def run(command, folder):
    environment = os.environ | {"PYTHONPATH": str(folder), "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stderr}"
    return done.stdout


def test_there_is_a_recipe_for_each_thing_that_is_often_changed():
    assert len(RECIPES) >= 7


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works(name, tmp_path):
    for part in ("sim", "configs", "experiments"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shown = ""
    for language, file, content in RECIPES[name]:
        path = tmp_path / file
        if language == "diff":
            apply_change(path, content)
        elif file:
            assert not path.exists(), f"{file} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        elif language == "python":
            shown += run([sys.executable, "-c", content], tmp_path)
        else:
            for line in content.splitlines():
                verb, *words = shlex.split(line)
                assert verb == "coalitions"
                shown += run([sys.executable, "-m", "sim", *words], tmp_path)
    assert shown.strip()
