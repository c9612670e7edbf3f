"""Whether the points of a plan can be set and prepared, before time is spent on running them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from sim.configuration.designs import CASE, Design
from sim.results.disclosure import hide_places
from sim.schema.settable import GROUPS
from sim.sweep.plan import Plan
from sim.sweep.work import read_roster

MOST_POINTS = 2_000  # of a design, beside the first point of every policy


class Refusal(NamedTuple):
    """A policy of which points cannot be run: its words, the reason, how many points of it were tried and refused."""

    policy: str
    reason: str
    n_refused: int
    n_tried: int


def find_refusals(plan: Plan) -> list[Refusal]:
    """Return the policies of a plan that cannot be run, at some of their points or at all of them.

    A policy is a combination of config groups and cases. Of each at least one point is tried; of a design with up to
    MOST_POINTS points every one.
    """
    tried: dict[str, list[str]] = {}
    prepared: set[str] = set()
    for block in plan.blocks:
        for values in _choose_points(block.design):
            policy = name_policy(values)
            tried.setdefault(policy, []).append(_try_point(plan, values, policy not in prepared))
            prepared.add(policy)
    refused = {policy: [reason for reason in reasons if reason] for policy, reasons in tried.items()}
    return [
        Refusal(policy, reasons[0], len(reasons), len(tried[policy])) for policy, reasons in refused.items() if reasons
    ]


def name_policy(values: dict[str, Any]) -> str:
    """Return the words of a policy, without what else varies: ``regime=lottery, case=rich``."""
    known = {name: value for name, value in values.items() if name in (*GROUPS, CASE)}
    return ", ".join(f"{name}={value}" for name, value in hide_places(known).items()) or "the setting"


def _choose_points(design: Design) -> Iterator[dict[str, Any]]:
    n_points = len(design)
    yield from _find_policies(design) if n_points > MOST_POINTS else ()
    step = max(n_points // MOST_POINTS, 1)
    for number in range(0, n_points, step):
        yield design.point(number)


def _find_policies(design: Design) -> Iterator[dict[str, Any]]:
    """Yield a point of each policy: the first value of what else varies."""
    if design.designs:
        yield from itertools.chain.from_iterable(map(_find_policies, design.designs))
        return
    vary = {name: values if name in GROUPS else values[:1] for name, values in design.vary.items()}
    drawn = {name: value for name, value in design.point(0).items() if design.sample and name in _axes(design)}
    for values in dataclasses.replace(design, vary=vary, sample=None, constraints=()).points():
        yield values | drawn


def _axes(design: Design) -> set[str]:
    return {axis.name for axis in design.sample.axes} if design.sample else set()


def _try_point(plan: Plan, values: dict[str, Any], is_first: bool) -> str:
    """Return why a point cannot be set or, of the first of a policy, prepared; "" where it can."""
    from sim.engine.batch import prepare

    try:
        parameters = plan.parameters_at(values)
        if is_first:
            roster = read_roster(parameters, plan.roster)
            if parameters.field.n_localities == 1 and (roster is None or roster.localities is None):
                prepare(parameters, roster)
    except Exception as problem:  # as in `work.run_stretch`: whatever a run would fail of
        return " ".join(str(problem).split())[:300] or type(problem).__name__
    return ""
