"""What the code promises never to do, held by reading it: no foreign pickles, no code from data, pages escaped."""

import ast
import functools
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[3]
SIM = sorted((ROOT / "sim").rglob("*.py"))
PAGES = sorted(path for path in (ROOT / "sim").rglob("*") if path.suffix in (".html", ".j2"))
NEVER = {  # what runs what data says, by module and name; None: no module
    "pickle": {"load", "loads", "Unpickler"},
    "marshal": {"load", "loads"},
    "shelve": {"open"},
    "dill": {"load", "loads"},
    "cloudpickle": {"load", "loads"},
    "joblib": {"load", "Memory"},
    "yaml": {"load", "full_load", "unsafe_load", "load_all"},
    "os": {"system", "popen"},
    "subprocess": {"getoutput", "getstatusoutput"},
    "builtins": {"eval", "exec"},
    "pd": {"read_pickle", "read_feather", "read_hdf", "eval"},
    "pandas": {"read_pickle", "read_feather", "read_hdf", "eval"},
    "hydra": {"instantiate", "call"},
    "hydra.utils": {"instantiate", "call"},
    "numpy": {"load"},
    "np": {"load"},
    None: {"eval", "exec", "compile", "__import__"},
}
OWN_LOADERS = {
    "sim/configuration/options.py",  # PyYAML's safe loader, which also reads 1e5 as a number
}
OWN_PICKLES = {
    "sim/commands/drawing.py",  # of its own helper process, over a pipe that nobody else can write to
    "sim/compiler/caching.py",  # compiled code, from a folder of this user alone: tests/compiler/test_caching.py
}


@functools.cache
def read_tree(path):
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def find_calls(path):
    """Yield (module or None, name, call) of every call in a file."""
    for node in read_tree(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr, node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield None, node.func.id, node


def test_nothing_that_users_hand_over_is_unpickled_or_run():
    found = {
        (str(path.relative_to(ROOT)), f"{module}.{name}")
        for path in SIM
        for module, name, _ in find_calls(path)
        if name in NEVER.get(module, ())
    }
    assert {file for file, _ in found} == OWN_PICKLES | OWN_LOADERS, found
    assert len(SIM) > 150


def test_no_module_imports_a_name_that_unpickles_or_runs():
    names = {(module, name) for module, listed in NEVER.items() if module for name in listed}
    for path in SIM:
        for node in read_tree(path):
            if isinstance(node, ast.ImportFrom):
                assert not {(node.module, alias.name) for alias in node.names} & names, path


def test_no_program_is_started_through_a_shell_and_no_socket_is_open_to_all_unasked():
    for path in SIM:
        for module, name, call in find_calls(path):
            given = {word.arg: ast.unparse(word.value) for word in call.keywords}
            assert given.get("shell", "False") == "False", (path, module, name)
            assert given.get("allow_pickle", "False") == "False", (path, module, name)
    text = "\n".join(path.read_text(encoding="utf-8") for path in SIM)
    assert text.count('"0.0.0.0"') == 1  # what --lan asks for
    assert re.search(r"is_open_to_all=args\.lan", text)


def test_templates_escape_and_every_page_has_a_policy():
    environments = [
        {word.arg: ast.unparse(word.value) for word in call.keywords}
        for path in SIM
        for module, name, call in find_calls(path)
        if name in ("Environment", "Template") and module in (None, "jinja2")
    ]
    assert environments and all(given.get("autoescape") == "True" for given in environments)
    assert len(PAGES) >= 4
    from sim.explorer.live.guards import HEADERS

    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if "<html" not in text.lower():
            continue
        by_header = path.parent.name == "live"  # served, with HEADERS
        policy = HEADERS["Content-Security-Policy"] if by_header else text
        assert "default-src 'none'" in policy or "{{POLICY}}" in text, path
        assert "|safe" not in text.replace(" ", "") and "unsafe-inline" not in text, path
        assert not re.search(r"<[^>]+\son[a-z]+\s*=", text), path
        assert not re.search(r"(src|href)=[\"']?(https?:)?//", text), path
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim").rglob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", scripts)


FLOORS = {  # (extra or "", library): the least version that may be installed, and why
    ("", "hydra-core"): ("1.3.8", "instantiate and its blocklist: CVE-2026-68508, CVE-2026-106439, CVE-2026-106441"),
    ("", "jinja2"): ("3.1.6", "sandbox breakouts: CVE-2024-56326, CVE-2025-27516"),
    ("", "pyarrow"): ("17", "code from a file's schema, before 14.0.1: CVE-2023-47248"),
    ("app", "starlette"): ("0.49.1", "a Range that takes for ever: CVE-2025-62727"),
    ("ray", "ray"): ("2.52", "a web page reaches the dashboard: CVE-2025-62593"),
    ("dask", "distributed"): ("2026.1", "the dashboard runs what a link says: CVE-2026-23528"),
}


@pytest.mark.parametrize(("extra", "name"), FLOORS)
def test_no_version_with_a_known_hole_may_be_installed(extra, name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    wanted = next(one for one in map(Requirement, listed) if one.name == name)
    floor, why = FLOORS[extra, name]
    floors = [Version(one.version) for one in wanted.specifier if one.operator == ">="]
    assert floors and max(floors) >= Version(floor), why
    told = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert f"`{name}>={max(floors)}" in told or f"`{name}>={floor}" in told


def test_clusters_start_without_their_dashboards():
    ray = (ROOT / "sim/sweep/clusters/on_ray.py").read_text(encoding="utf-8")
    dask = (ROOT / "sim/sweep/clusters/on_dask.py").read_text(encoding="utf-8")
    assert '"include_dashboard": False' in ray and '"127.0.0.1"' in ray
    assert "dashboard_address=None" in dask
