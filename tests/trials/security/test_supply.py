"""The lock pins all that the tests need, by hash and without a host; what looks after it fails loudly."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
INSTALL = "pip install --require-hashes -r requirements.lock"
BUILD = {"pip", "setuptools", "wheel"}  # come with a virtual environment


def read_pins():
    """Return version, marker and hashes by name."""
    pins = {}
    for entry in re.split(r"\n(?=\S)", "\n".join(line for line in LOCK.splitlines() if not line.startswith("#"))):
        found = re.match(r"([A-Za-z0-9._-]+)==(\S+)( ; [^\\]+)?", entry)
        assert found, entry[:100]
        pins[canonicalize_name(found[1])] = (found[2], found[3], re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry))
    return pins


def find_closure(extra):
    """Return the names of all that an extra of ours needs here, from what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    waiting, seen = [(Requirement(one), "") for one in [*project["dependencies"], *extras[extra]]], set()
    while waiting:
        wanted, of = waiting.pop()
        if wanted.marker and not any(Marker(str(wanted.marker)).evaluate({"extra": one}) for one in (of, "")):
            continue
        name = canonicalize_name(wanted.name)
        if name == "coalitions":
            waiting += [(Requirement(one), "") for inner in wanted.extras for one in extras[inner]]
            continue
        asked = {(name, inner) for inner in (*wanted.extras, "")} - seen
        seen |= asked
        try:
            needed = distribution(name).requires or []
        except PackageNotFoundError:
            pytest.skip(f"{name} is not installed here")
        waiting += [(Requirement(one), inner) for _, inner in asked for one in needed]
    return {name for name, _ in seen}


def test_every_pin_has_hashes_and_names_no_host():
    pins = read_pins()
    assert len(pins) > 60
    assert all(hashes and len(set(hashes)) == len(hashes) for _, _, hashes in pins.values())
    assert not re.search(
        r"https?:|file:|@ |--index|--find-links|--extra|--trusted", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE)
    )
    assert len(re.findall(r"^[A-Za-z0-9]", LOCK, re.MULTILINE)) == len(pins)


def test_the_lock_holds_all_that_the_tests_need():
    assert find_closure("test") - set(read_pins()) - BUILD == set()


def test_the_pins_keep_to_the_floors():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = read_pins()
    wanted = [Requirement(one) for one in project["dependencies"]]
    wanted += [
        Requirement(one)
        for name in ("app", "sweep", "calibrate", "validation")
        for one in project["optional-dependencies"][name]
    ]
    for one in wanted:
        if one.name != "coalitions":
            assert pins[canonicalize_name(one.name)][0] in one.specifier, one


def test_the_documents_say_how_to_install_it_and_the_makefile_checks_it_strictly():
    assert INSTALL in (ROOT / "docs/security.md").read_text(encoding="utf-8") and INSTALL in LOCK
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    audit = next(line for line in makefile.splitlines() if "bin/pip-audit" in line or "/pip-audit" in line)
    assert "--strict" in audit and "--require-hashes" in audit and "requirements.lock" in audit
    assert "--output-reproducible" in makefile
