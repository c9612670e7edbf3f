"""Mesa's page in the browser on both lines of Mesa: `python -m tests.trials.browser.mesa_lines` (`make nightly`).

Mesa 3.3 is what Python 3.11 gets, a later one from 3.12 on. Each line has an environment of its own, made where there
is none (large, as Solara's own scripts come along so that nothing is fetched later); a Python that is not here is
skipped, and told.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

LINES = (("3.11",), ("3.12", "3.13"))  # Pythons of each line, the first that is here
ROOT = Path(__file__).parents[3]
WANTED = (f"{ROOT}[mesa-app]", "solara-assets", "pytest", "pytest-xdist", "hypothesis", "playwright")
CHECK = "import hypothesis, mesa, playwright, pytest, solara, solara_assets, xdist; print(mesa.__version__)"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trials.browser.mesa_lines", description=__doc__)
    parser.add_argument(
        "--environments", default=str(ROOT / ".venv-mesa-{version}"), metavar="PATH",
        help="where they lie, with {version} for 3.11 or 3.12 (default: .venv-mesa-{version})",
    )  # fmt: skip
    args = parser.parse_args()
    failed = [line for line in LINES if not run_line(line, args.environments)]
    return 1 if failed else 0


def run_line(versions: tuple[str, ...], environments: str) -> bool:
    """Run the test on one line of Mesa; return False where it fails or cannot be run though its Python is here."""
    for version in versions:
        python = Path(environments.format(version=version)) / "bin" / "python"
        if python.exists() or shutil.which(f"python{version}"):
            break
    else:
        print(f"Python {' or '.join(versions)}: not here, skipped", flush=True)
        return True
    if not python.exists():
        subprocess.run([f"python{version}", "-m", "venv", str(python.parents[1])], check=True)
    if find_mesa(python) is None:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *WANTED], check=True)
    mesa = find_mesa(python)
    words = [python, "-m", "pytest", "-q", "-n", "0", "-m", "nightly", "-rs", "tests/trials/browser/test_mesa_page.py"]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode
    print(f"Python {version}, Mesa {mesa}: {'passed' if done == 0 else 'FAILED'}", flush=True)
    return done == 0


def find_mesa(python: Path) -> str | None:
    """Return the version of Mesa in an environment; None where something is missing in it."""
    found = subprocess.run([python, "-c", CHECK], capture_output=True, text=True, cwd=ROOT)
    return found.stdout.strip() if found.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
