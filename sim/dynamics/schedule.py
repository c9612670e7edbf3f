"""The month, one line a process: read this first.

`run_seeds` runs whole simulations with recording, or a range of processes of one month, so that the Mesa face can put
plain Python in place of one.
"""

import math
from collections import namedtuple
from typing import Any

import numpy as np

from sim.compiler.jit import compiled, compiled_apart, compiled_entry
from sim.dynamics.eligibility import refresh
from sim.dynamics.founding import form_coalitions, warm_up_trust
from sim.dynamics.observe import observe
from sim.dynamics.organizations import initialise, settle_newcomers
from sim.dynamics.processes.accounts import close_organizations, find_openings, settle_accounts
from sim.dynamics.processes.awareness import raise_awareness
from sim.dynamics.processes.calendar import apply_calendar
from sim.dynamics.processes.conditions import respond_to_conditions
from sim.dynamics.processes.dissolution import dissolve
from sim.dynamics.processes.drift import drift
from sim.dynamics.processes.grants import award_grants
from sim.dynamics.processes.meetings import meet
from sim.dynamics.processes.memberships import hold_round
from sim.dynamics.processes.null_model import change_at_random
from sim.dynamics.processes.schism import break_away
from sim.dynamics.processes.services import serve_and_refer
from sim.dynamics.processes.turnover import turn_over_staff
from sim.schema import columns

PROCESSES = (
    "apply_calendar",
    "meet",
    "turn_over_staff",
    "serve_and_refer",
    "raise_awareness",
    "respond_to_conditions",
    "award_grants",
    "settle_accounts",
    "drift",
    "review_memberships",
    "break_away",
    "dissolve",
    "observe",
)
AT: Any = namedtuple("AT", PROCESSES)(*range(len(PROCESSES)))  # the place of each process in the month


@compiled_apart
def start(seed, parameters, roster, lines, world, row):
    """Fill the world of one run and observe month 0. Writes world and row."""
    initialise(seed, parameters, roster, lines, world)
    form_coalitions(seed, parameters, roster, world, row)
    warm_up_trust(parameters, roster, world.dyads)
    row.joins = 0.0
    row.exits = 0.0
    row.foundings = 0.0
    row.rival_foundings = 0.0
    observe(seed, 0, parameters, world, row)


@compiled_apart
def review_memberships(seed, month, parameters, world, row):
    """Let organizations review what they belong to, or change it at random where that is asked for."""
    if parameters.null_model:
        change_at_random(seed, month, parameters, world, row)
    else:
        hold_round(seed, month, parameters.review_share, parameters, world, row)


@compiled
def run_month(seed, month, first, last, parameters, roster, lines, world, row):
    """Run processes `first` up to but not including `last` of one month of one locality; month 0 fills the world anew.

    Writes world and row, a record of columns.MONTHS, zeroed.
    """
    if first == 0:
        row.success_rate = math.nan
    if month == 0:
        start(seed, parameters, roster, lines, world, row)
    for process in range(first, last if month > 0 else first):
        if process == AT.apply_calendar:
            if parameters.apply_calendar:
                apply_calendar(seed, month, parameters, world, row)
            refresh(parameters, world)
        elif process == AT.meet and parameters.meet:
            meet(seed, month, parameters, world, row)
        elif process == AT.turn_over_staff and parameters.turn_over_staff:
            turn_over_staff(seed, month, parameters, world, row)
        elif process == AT.serve_and_refer and parameters.serve_and_refer:
            serve_and_refer(seed, month, parameters, world, row)
        elif process == AT.raise_awareness and parameters.raise_awareness:
            raise_awareness(seed, month, parameters, world, row)
        elif process == AT.respond_to_conditions and parameters.respond_to_conditions:
            respond_to_conditions(seed, month, parameters, world, row)
        elif process == AT.award_grants and parameters.award_grants:
            award_grants(seed, month, parameters, world, row)
        elif process == AT.settle_accounts and parameters.settle_accounts:
            settle_accounts(seed, month, parameters, world, row)
            close_organizations(seed, month, parameters, world, row)
            find_openings(seed, month, parameters, world)
            settle_newcomers(seed, month, parameters, roster, world, row)
        elif process == AT.drift and parameters.drift:
            drift(seed, month, parameters, world, row)
        elif process == AT.review_memberships and parameters.review_memberships:
            review_memberships(seed, month, parameters, world, row)
        elif process == AT.break_away and parameters.break_away and not parameters.null_model:
            break_away(seed, month, parameters, world, row)
        elif process == AT.dissolve and parameters.dissolve:
            dissolve(seed, month, parameters, world, row)
        elif process == AT.observe:
            observe(seed, month, parameters, world, row)


@compiled_entry
def run_seeds(
    seeds,
    first_month,
    last_month,
    first,
    last,
    parameters,
    roster,
    lines,
    world,
    rows,
    members,
    people,
    events,
    n_events,
):
    """Run months `first_month` to `last_month` of one simulation a seed; month 0 fills the world anew.

    In each month the processes `first` up to but not including `last` run (positions in PROCESSES; all of them in an
    ordinary run). Writes world and the records.

    seeds: (R,) uint64. rows: (R, months) records of columns.MONTHS, zeroed. members: (R, months, n) int64, the serial
    number + 1 of each organization's largest coalition, 0 unaffiliated, -1 closed; R = 0 keeps none. people:
    (R, months, K, 2), served and unmet of each service population; R = 0 keeps none. events:
    (R, max_events, fields) int64; R = 0 keeps none. n_events: (R,) int64, how many there were.
    """
    for at in range(seeds.size):
        for month in range(first_month, last_month + 1):
            row = rows[at, month - first_month]
            run_month(seeds[at], month, first, last, parameters, roster, lines, world, row)
            if members.shape[0] > 0:
                record_members(world, members[at, month - first_month])
            if people.shape[0] > 0:
                record_people(world, people[at, month - first_month])
        n_events[at] = world.log.n_rows[0]
        if events.shape[0] > 0:
            for event in range(min(n_events[at], events.shape[1])):
                for item in range(events.shape[2]):
                    events[at, event, item] = world.log.rows[event, item]


@compiled
def record_members(world, home):
    """Write each organization's largest coalition to home (n,) int64; see `run_seeds`."""
    organizations, coalitions = world.organizations, world.coalitions
    for i in range(home.size):
        home[i] = 0 if organizations.is_open[i] else -1
        size = 0
        for c in range(coalitions.is_active.size):
            if coalitions.is_active[c] and coalitions.member[c, i] and coalitions.size[c] > size:
                home[i] = coalitions.number[c] + 1
                size = coalitions.size[c]


@compiled
def record_people(world, people):
    """Write who was served and who was not, by service population, to people (K, 2)."""
    for k in range(world.environment.served.size):
        people[k, columns.SERVED] = world.environment.served[k]
        people[k, columns.UNMET] = world.environment.unmet[k]


def new_row() -> np.record:
    """Return one zeroed record of columns.MONTHS that the processes can write."""
    from sim.schema.state import ROW_DTYPE

    return np.zeros(1, ROW_DTYPE).view(np.recarray)[0]
