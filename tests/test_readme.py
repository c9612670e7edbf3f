"""What the README promises holds: its commands, its links, the files it names."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "results" / "README.md",
    ROOT / "experiments" / "README.md",
]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
DEMO = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/coalitions demo"
TESTS = 'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/pytest'
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(?:\S*/)?coalitions (.+)$", README + TUTORIAL, re.MULTILINE)
# Folders that a named file must lie in to be one of ours, made by nobody's run.
OURS = re.compile(r"^(sim|docs|configs|experiments|tests|results/README\.md)(/|$)")


def test_the_two_commands_stand_before_line_30():
    first = README.splitlines()[:30]
    assert DEMO in first
    assert TESTS in first


def test_ci_runs_the_very_test_command_last():
    lines = [line for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert lines[-1] == TESTS


def test_make_does_what_the_two_commands_do():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for part in ("pip install -e .\n", "coalitions demo\n", 'pip install -e ".[test]"\n', "pytest\n"):
        assert part in makefile


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_named_files_exist(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not (page.parent / link).exists()]
    named = [name for name in re.findall(r"`([\w./-]+)`", text) if OURS.match(name)]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []


def test_the_tree_names_what_is_there():
    tree = README.split("```text\n")[1].split("```")[0]
    inside, missing = ROOT, []
    for line in tree.splitlines():
        names = re.findall(r"(?<!`)\b[a-z_]+(?:\.py|/)(?=  |$)", line.partition("  8  ")[0])
        folder = ROOT if not line.startswith(" ") else inside
        missing += [name for name in names if not (folder / name).exists()]
        if not line.startswith(" ") and names:
            inside = ROOT / names[0]
    assert missing == []


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.split()[0] in ("list", "show") or "--help" in one])
def test_commands_that_only_tell_work(command):
    done = subprocess.run(
        [sys.executable, "-m", "sim", *shlex.split(command)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if one.split()[0] in ("run", "compare", "demo") and "--help" not in one]
)
def test_commands_that_run_are_valid(command, monkeypatch):
    import sim
    from sim.__main__ import build_parser
    from sim.commands.compare import compose_comparison

    monkeypatch.chdir(ROOT)
    args, words = build_parser().parse_known_args(shlex.split(command))
    assert not [word for word in words if word.startswith("-")]
    if args.verb == "compare":
        assert len(list(compose_comparison(words, None).design.points())) > 1
    else:
        assert sim.compose(words).seeds


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_verb_and_options_that_there_are(command):
    from sim.commands.parsing import build_parser
    from sim.commands.registry import VERBS

    words = [word for word in shlex.split(command, comments=True) if word not in ("--help", "--version")]
    args, rest = build_parser().parse_known_args(words)
    assert args.verb in (*VERBS, None)
    assert [word for word in rest if word.startswith("-")] == []


def test_every_page_with_results_carries_the_caution():
    caution = "nothing here shows that a policy works"
    for name in ("README.md", "docs/odd.md", "docs/overview.md", "results/README.md"):
        assert caution in " ".join((ROOT / name).read_text(encoding="utf-8").replace("\n> ", " ").split()), name
