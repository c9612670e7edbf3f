"""Derived quantities by the model's own kernels: who refers how many to whom, and how each pair sees each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.compiler.jit import compiled_entry
from sim.dynamics.processes.services import SPARE, UNMET, draw_arrivals, land, refer
from sim.dynamics.relations import compute_competition, compute_resentment, compute_rivalry, find_contested
from sim.dynamics.schedule import AT
from sim.dynamics.utility import compute_affinity
from sim.engine.runner import ALL, Runner
from sim.engine.snapshots import run_months

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.engine.inputs import Inputs
    from sim.schema.state import World


class Relations(NamedTuple):
    """How each organization sees each other, (n, n), the observer first."""

    competition: NDArray[Any]  # in [0, 1]
    affinity: NDArray[Any]  # utility, under the facilitation every meeting has
    perceived: NDArray[Any]  # distance in viewpoint as perceived, enlarged by distrust; viewpoint units


@compiled_entry
def _relate(parameters, world, competition, affinity, resentment):
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    find_contested(world)
    n = organizations.is_open.size
    for i in range(n):
        for j in range(n):
            if j == i:
                continue
            rivalry = compute_rivalry(scratch.contested, i, j, parameters)
            competition[i, j] = compute_competition(world, rivalry, i, j, parameters)
            affinity[i, j] = compute_affinity(rivalry, world, i, j, parameters.facilitation, parameters)
            resentment[i, j] = compute_resentment(organizations, dyads.trust[i, j], i, j, parameters)


def relate(inputs: Inputs) -> Relations:
    """Return how pairs see each other in the present world of `inputs`; writes nothing but working space."""
    world, n = inputs.world, inputs.n_organizations
    found = Relations(*(np.zeros((n, n)) for _ in Relations._fields))
    _relate(inputs.record, world, found.competition, found.affinity, found.perceived)
    return found._replace(perceived=2.0 * found.perceived)  # a resentment is half a distance


@compiled_entry
def _serve_and_note(seed, month, parameters, world, row, referrals):
    """Do what processes.services.serve_and_refer does, and add who referred how many to whom to referrals (n, n)."""
    organizations, environment, scratch = world.organizations, world.environment, world.scratch
    draw_arrivals(seed, month, parameters, environment, row)
    land(parameters, world)
    for i in range(organizations.is_open.size):
        organizations.served[i] = 0.0
    for k in range(organizations.mix.shape[1]):
        row.referrals += refer(k, parameters, world)
        environment.served[k] = max(environment.arrivals[k] - environment.unmet[k], 0.0)
        row.arrivals += environment.arrivals[k]
        row.served += environment.served[k]
        _note(k, scratch, referrals)


@compiled_entry
def _note(k, scratch, referrals):
    """Add what `refer` left in working space: sent, sender by sender, and the share each taker kept."""
    flow, n_takers, sender = scratch.flow, 0, 0
    for j in range(referrals.shape[0]):
        n_takers += 1 if flow[SPARE, k, j] > 0.0 else 0
    for i in range(referrals.shape[0]):
        if flow[UNMET, k, i] > 0.0:
            for taker in range(n_takers):
                kept = scratch.referrals_sent[sender * n_takers + taker] * scratch.organization_rank[taker]
                referrals[i, scratch.other_slot_list[taker]] += kept
            sender += 1


class Before(NamedTuple):
    """What stood when the referrals of a month were made."""

    trust: NDArray[Any]
    joint: NDArray[Any]
    capacity: NDArray[Any]


def watch_referrals(
    inputs: Inputs, seed: int, months: Iterable[int]
) -> Iterator[tuple[int, World, NDArray[Any], Before]]:
    """Run one seed; yield month, world, referrals and what stood before them, at the end of each of `months`.

    referrals: (n, n) people of one month, sender first. The bits are those of an ordinary run.
    """
    following = 0
    for month in sorted(months):
        run_months(inputs, seed, following, month - 1)
        world, runner = inputs.world, Runner(inputs, [seed], months=range(month, month + 1))
        runner.run(processes=range(AT.serve_and_refer))
        before = Before(*(one.copy() for one in (world.dyads.trust, world.dyads.joint, world.organizations.capacity)))
        referrals = np.zeros(before.trust.shape)
        if inputs.parameters.mechanisms.serve_and_refer:
            with np.errstate(over="ignore", invalid="ignore"):
                _serve_and_note(np.uint64(seed), month, inputs.record, world, runner.rows[0, 0], referrals)
        runner.run(processes=range(AT.serve_and_refer + 1, ALL.stop))
        following = month + 1
        yield month, world, referrals, before
