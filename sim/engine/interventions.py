"""Runs that somebody steps into: a lever is set anew at the start of a month, or one organization decides otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sim.engine.batch import ROOM_FOR_EVENTS, Recorded, record
from sim.engine.decisions import Decision, check_decisions
from sim.engine.inputs import Inputs
from sim.engine.runner import KEPT, Runner
from sim.engine.seat import Player
from sim.engine.tabulation import tabulate
from sim.errors import ConfigurationError
from sim.schema.changes import Change, plan_changes
from sim.schema.parameters import Parameters

if TYPE_CHECKING:
    from sim.results.store import Results
    from sim.schema.roster_tables import RosterTables


def simulate_changed(
    parameters: Parameters,
    seeds: list[int],
    changes: Sequence[Change],
    roster: RosterTables | None = None,
    on_progress: Callable[[float, int], None] | None = None,
    decisions: Sequence[Decision] = (),
) -> Results:
    """Return the tables of runs that somebody steps into on the way, as `batch.simulate` does of others.

    The manifest lists changes and decisions. Raises `ConfigurationError` as `plan_changes` does, and for decisions
    that cannot be taken, or on several seeds: coalitions have other numbers on each.
    """
    if parameters.field.n_localities > 1 or (roster is not None and roster.localities is not None):
        raise ConfigurationError("changes and decisions during a run: not for a field of many localities")
    planned = plan_changes(parameters, changes)
    inputs = Inputs(parameters, roster, ROOM_FOR_EVENTS)
    check_decisions(decisions, parameters.months, inputs.n_organizations)
    if decisions and len(seeds) > 1:
        raise ConfigurationError(f"--decide goes with one seed, not {len(seeds)}: write seeds=[{seeds[0]}]")
    parts = []
    for number, seed in enumerate(seeds, start=1):
        found = _run_seed(inputs, parameters, seed, planned, decisions)
        parts.append(([seed], found._replace(members=found.members[:0])))
        if on_progress is not None:
            on_progress(number, len(seeds))
    results = tabulate(parameters, parts, inputs, lambda seed: _run_seed(inputs, parameters, seed, planned, decisions))
    inputs.change(parameters, roster)
    results.manifest["changes"] = [{"month": change.month, "values": change.values} for change in changes]
    if decisions:
        results.manifest["decisions"] = [str(one) for one in decisions]
    return results


def _run_seed(
    inputs: Inputs,
    parameters: Parameters,
    seed: int,
    planned: list[tuple[int, Parameters]],
    decisions: Sequence[Decision],
) -> Recorded:
    months, runner = parameters.months + 1, Runner(inputs, [seed], KEPT)
    player = Player(inputs, seed, decisions[0].organization, decisions) if decisions else None
    decided = {one.month for one in decisions}
    held, at = dict(planned), 0
    inputs.change(parameters, inputs.tables)
    for month in sorted({*held, *decided, *(one + 1 for one in decided), months}):
        runner.run(range(at, month))
        at = max(at, month)
        if month in held:
            inputs.change(held[month], inputs.tables)
        if player is not None and month in decided:
            player.run_month(month, runner)
            at = month + 1
    if not runner.has_room:
        inputs.make_room(int(runner.n_events[0]))
        return _run_seed(inputs, parameters, seed, planned, decisions)
    return record(runner)
