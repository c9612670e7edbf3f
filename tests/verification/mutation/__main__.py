"""Mutation score of the kernels: `python -m tests.verification.mutation [FOLDER [NAME …]]`, an hour on two cores.

mutmut leaves decorated functions alone, and every kernel is decorated. So the sources are copied to FOLDER
(build/mutation) without their decorators, which is the interpreted model, and mutated there. The tests that must notice
a mutant are `test_outcomes.py`: small random worlds, whose outcome the plain reference has given beforehand. Stopped
and called again, it goes on where it was. A NAME chooses mutants, as sim.dynamics.processes.drift* does. Returns 1
below 90 %.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
N_WORLDS = 150
LOWEST_SCORE = 0.90
KERNELS = (
    "dynamics/relations.py",
    "dynamics/utility.py",
    "dynamics/eligibility.py",
    "dynamics/membership.py",
    "dynamics/organizations.py",
    "dynamics/founding.py",
    "dynamics/observe.py",
    "dynamics/schedule.py",
    "compiler/draws.py",
    "dynamics/processes/*.py",
)
SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["."]
[tool.mutmut]
source_paths = ["sim"]
only_mutate = [{kernels}]
also_copy = ["configs", "expected.pickle"]
pytest_add_cli_args_test_selection = ["tests/test_outcomes.py"]
pytest_add_cli_args = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
"""


def prepare(folder: Path) -> None:
    """Lay out sources without decorators, the test, and what the reference says of its worlds."""
    for name in ("sim", "configs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "sim").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^@compiled(_apart|_entry)?\n", "", source, flags=re.MULTILINE), encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "tests" / "__init__.py").touch()  # else another package of this name, installed anywhere, comes first
    shutil.copy(ROOT / "tests" / "worlds.py", folder / "tests")
    shutil.copy(Path(__file__).with_name("test_outcomes.py"), folder / "tests")
    kernels = ", ".join(f'"sim/{name}"' for name in KERNELS)
    (folder / "pyproject.toml").write_text(SETTINGS.format(kernels=kernels), encoding="utf-8")
    (folder / "expected.pickle").write_bytes(pickle.dumps(compute_expected()))


def compute_expected() -> list[str]:
    """Return the digest of each small world's outcome, which engine and reference agree on."""
    from tests.verification.reference.comparing import describe_difference, run_reference
    from tests.worlds import SMALL, make_world, run_world

    digests = []
    for number in range(N_WORLDS):
        world = make_world(number, **SMALL)
        found = run_world(world)
        difference = describe_difference(found, run_reference(world))
        if difference:
            raise SystemExit(f"world {number}, {difference}: engine and reference disagree before any mutation")
        digests.append(found.digest())
    return digests


def main() -> int:
    """Mutate, test, and print the score with what survived."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "mutation"
    if not (folder / "expected.pickle").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        prepare(folder)
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(folder)}
    mutmut = [sys.executable, "-m", "mutmut"]
    run = [*mutmut, "run", "--max-children", str(os.cpu_count()), *sys.argv[2:]]
    subprocess.run(run, cwd=folder, env=environment, check=False)
    subprocess.run([*mutmut, "export-cicd-stats"], cwd=folder, env=environment, check=True, capture_output=True)
    results = subprocess.run(
        [*mutmut, "results"], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    print("\n".join(line.strip() for line in results.stdout.splitlines() if "survived" in line))
    stats = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    noticed = stats["killed"] + stats["timeout"] + stats.get("segfault", 0)
    tried = noticed + stats["survived"] + stats.get("no_tests", 0) + stats.get("suspicious", 0)
    print(f"mutation score of the kernels  {noticed / tried:.1%}  ({noticed} of {tried} mutants noticed)")
    return 0 if noticed / tried >= LOWEST_SCORE else 1


if __name__ == "__main__":
    sys.exit(main())
