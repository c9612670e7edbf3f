"""What the relations share: worlds that are counted while they are tried."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.worlds import World, find_worlds

FEWEST_WORLDS = 50


class Tried:
    """Hands out random worlds and notes in the test's report how many were tried."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self.count = 0
        self._properties = properties
        self._at = len(properties)
        properties.append(("worlds", 0))

    def worlds(
        self, count: int = FEWEST_WORLDS, first: int = 0, keep: Callable[[World], bool] | None = None, **made: Any
    ) -> Iterator[World]:
        """Yield `count` worlds from number `first` on, of those that `keep` accepts; each counts once it held."""
        found = 0
        for world in find_worlds(first, **made):
            if keep is None or keep(world):
                yield world
                found += 1
                self.add(1)
            if found == count:
                return

    def add(self, count: int) -> None:
        """Count `count` worlds more."""
        self.count += count
        self._properties[self._at] = ("worlds", self.count)


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Iterator[Tried]:
    """Give the worlds to one relation; a relation tried over too few of them has not been shown to hold."""
    marker = request.node.get_closest_marker("relation")
    if marker is not None:
        request.node.user_properties.append(("relation", marker.args[0]))
    tried = Tried(request.node.user_properties)
    yield tried
    failed = getattr(request.node, "relation_failed", False)
    assert failed or tried.count >= FEWEST_WORLDS, f"{tried.count} worlds tried, fewer than {FEWEST_WORLDS}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    """Remember a failure, so that `tried` does not complain a second time."""
    report = (yield).get_result()  # type: ignore[misc]
    if call.when == "call" and not report.passed:
        item.relation_failed = True  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def processes() -> Any:
    """Give a context that starts fresh processes fast: they are forked from one that has imported the model."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.verification.relations.warm"])
    return context
