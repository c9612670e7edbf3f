"""The table of docs/effects.md: nothing declared is without a test, and the table says what the marks say."""

import importlib.util
import sys

import pytest

from tests.verification.effects.worlds import ROOT


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("make_effects", ROOT / "docs" / "make_effects.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_everything_declared_has_a_test(generator):
    assert generator.find_missing() == [], "write a test in tests/verification/effects and mark it"


def test_no_mark_names_what_is_not_declared(generator):
    assert generator.find_unknown() == []


def test_the_table_says_what_the_marks_say(generator):
    assert generator.PAGE.read_text(encoding="utf-8") == generator.make_page(), "run: python docs/make_effects.py"


def test_the_marks_read_from_the_sources_are_those_pytest_collects(generator, request):
    """Read and collected marks agree for every file of this folder that is part of this session."""
    read = {}
    for one in generator.collect():
        read.setdefault(one.test.partition("::")[0], set()).add((one.kind, one.name))
    collected = {}
    for item in request.session.items:
        if item.path.parent == ROOT / "tests" / "verification" / "effects":
            here = collected.setdefault(item.path.name, set())
            here |= {(mark.args[0], name) for mark in item.iter_markers("shows") for name in mark.args[1:]}
            here |= {(mark.args[0], item.callspec.id) for mark in item.iter_markers("shows_each")}
    option = request.config.option
    is_part = option.keyword or option.deselect or any("::" in one for one in request.config.args)
    for name, here in collected.items():
        assert here <= read.get(name, set()), name
        assert is_part or here == read.get(name, set()), name


def test_a_thing_without_a_test_is_named(generator, monkeypatch):
    monkeypatch.setattr(generator, "LEVERS", (*generator.LEVERS, "a lever nobody tests"))
    assert generator.find_missing() == ["lever: a lever nobody tests"]
