"""A field of many localities: the same months as in one, and what joins them: funders of a state or of the nation.

Every locality has organizations, ties and coalitions of its own. `run_localities` runs months of some of them on end,
`award_pools` decides the grant lines for which organizations of several localities compete.
"""

import math
from typing import NamedTuple

import numpy as np

from sim.compiler.blocks import Places, window
from sim.compiler.jit import compiled, compiled_entry
from sim.compiler.struct_refs import passed_by_reference
from sim.dynamics.eligibility import is_round
from sim.dynamics.membership import NOBODY
from sim.dynamics.processes.grants import (
    close_round,
    compute_budget,
    count_convened,
    find_leader,
    fund_conveners,
    keep_books,
    note_success,
    open_round,
    pay_leader,
    size_awards,
    size_convening,
)
from sim.dynamics.relations import is_ahead
from sim.dynamics.schedule import PROCESSES, run_month
from sim.schema import columns
from sim.schema.state import Programmes, Roster, World

LOCALITY, STATE, NATION = 0, 1, 2  # regimes.LEVELS
APPLIED, WON, SPENT = 0, 1, 2
N_WINDOWED, N_WINDOWS = len(columns.WINDOWED), len(columns.WINDOWS)


@passed_by_reference
class Localities(NamedTuple):
    """L localities in the order of their states; the blocks of all stand in the arrays of `roster` and `world`."""

    places: Places
    roster: Roster
    world: World
    lines: Programmes
    pot_cents: np.ndarray  # (L, G) int64 per round: of the locality, or of all that share the line's funder
    level: np.ndarray  # (G,) int64: LOCALITY, STATE or NATION
    state_starts: np.ndarray  # (states + 1,) int64: first locality of each state
    rows: np.ndarray  # (L,) records of columns.MONTHS: the present month
    numbers: np.ndarray  # (L, columns) float64: the same memory
    is_mean: np.ndarray  # (columns,) bool: the field's number is a mean of the localities', otherwise their sum
    judged: np.ndarray  # (J,) int64: the columns whose sums are kept
    sums: np.ndarray  # (L, N_SUMS): see columns.N_SUMS
    leader: np.ndarray  # (L,) int64: best applicant of each locality to the line that decides
    score: np.ndarray  # (L, 2): its score and lot
    booked: np.ndarray  # (L, 3) int64: APPLIED, WON, SPENT of the line that decides
    tree: np.ndarray  # (2 P,) int64: the tournament among localities, P >= L a power of two


@compiled_entry
def run_localities(
    seed, first_month, last_month, first, last, begin, end, worker, n_months, parameters, field, totals, weights, people
):
    """Run processes `first` up to `last` of some months of localities `begin` up to `end`, one locality after another.

    worker: whose working space it takes. n_months: of the whole run. Where the months are observed, adds to what is
    recorded of the whole field: totals (months, columns), weights like it, people (months, K, 2).
    """
    for at in range(begin, end):
        world = window(field.world, field.places, at, worker)
        roster = window(field.roster, field.places, at, worker)
        for month in range(first_month, last_month + 1):
            row = field.rows[at]
            if first == 0:
                for column in range(field.is_mean.size):
                    field.numbers[at, column] = 0.0
            run_month(seed, month, first, last, parameters, roster, field.lines, world, row)
            if month == 0:
                for g in range(field.level.size):
                    world.programmes.pot_cents[g] = field.pot_cents[at, g]
            if last == len(PROCESSES):
                _note_sums(month, n_months, field.numbers[at], field.judged, field.sums[at])
                _add_up(field.numbers[at], row.n_open, field.is_mean, totals, weights, month - first_month)
                for k in range(world.environment.served.size):
                    people[month - first_month, k, columns.SERVED] += world.environment.served[k]
                    people[month - first_month, k, columns.UNMET] += world.environment.unmet[k]


@compiled
def _add_up(numbers, weight, is_mean, totals, weights, at):
    """Add one locality's month to the field's: sums, or means weighted by open organizations. Writes totals, weights.

    A running mean leaves the numbers of a single locality exactly as they are.
    """
    for column in range(is_mean.size):
        number = numbers[column]
        if not is_mean[column]:
            totals[at, column] += number
        elif weight > 0.0 and not math.isnan(number):
            weights[at, column] += weight
            totals[at, column] += (number - totals[at, column]) * (weight / weights[at, column])


@compiled
def _note_sums(month, months, numbers, judged, sums):
    """Add one month of one locality to the sums its verdict is made from. Writes sums, see columns.N_SUMS."""
    if month == 0:
        for item in range(sums.size):
            sums[item] = 0.0
        return
    for j in range(judged.size):
        number = numbers[judged[j]]
        if math.isnan(number):
            continue
        sums[j] += number
        if j >= N_WINDOWED:
            continue
        first = judged.size + j * N_WINDOWS
        if month <= columns.START_MONTHS:
            sums[first + columns.START_SUM] += number
            sums[first + columns.START_KNOWN] += 1.0
        if month > months - columns.END_MONTHS:
            sums[first + columns.END_SUM] += number
            sums[first + columns.END_KNOWN] += 1.0


@compiled_entry
def award_pools(seed, month, parameters, field):
    """Decide every grant line whose round is due, each among all localities that share its funder.

    Writes what `grants.award_grants` writes in each of them.
    """
    n = field.level.size
    for g in range(n):
        if field.level[g] == NATION:
            _award_pool(seed, month, g, 0, field.rows.size, parameters, field)
        elif field.level[g] == STATE:
            for state in range(field.state_starts.size - 1):
                _award_pool(seed, month, g, field.state_starts[state], field.state_starts[state + 1], parameters, field)
        else:
            for at in range(field.rows.size):
                _award_pool(seed, month, g, at, at + 1, parameters, field)
    for at in range(field.rows.size):
        note_success(window(field.world, field.places, at, 0).applications, field.rows[at])


@compiled
def _award_pool(seed, month, g, begin, end, parameters, field):
    """Decide line g among localities `begin` up to `end`: the best applicant of all is paid, then the next.

    Each locality puts forward its best; a tournament among these finds the best of all, so that an award costs the
    logarithm of the number of localities.
    """
    lines = window(field.world, field.places, begin, 0).programmes
    if not is_round(lines, g, month):
        return
    n_applied, n_convened = 0, 0
    for at in range(begin, end):
        n_applied += _open(seed, month, g, at, parameters, field)
        n_convened += count_convened(window(field.world, field.places, at, 0).coalitions)
    n_awards, amount = size_awards(month, g, n_applied, lines)
    n_leaves, n_won, spent = _start_tournament(begin, end, field), 0, 0
    while n_won < n_awards and field.tree[1] != NOBODY:
        winner = field.tree[1]
        spent += _pay(seed, month, g, winner, n_won, amount, parameters, field)
        _play_again(winner - begin, n_leaves, field)
        n_won += 1
    each = size_convening(g, n_convened, lines)
    for at in range(begin, end):
        spent += _close(month, g, at, n_won, n_applied, each, parameters, field)
    left = compute_budget(month, g, spent, lines) - spent
    for at in range(begin, end):
        world = window(field.world, field.places, at, 0)
        paid = field.booked[at, SPENT]
        budget = paid + (left if at == begin else 0)
        applied, won = field.booked[at, APPLIED], field.booked[at, WON]
        keep_books(applied, won, amount, budget, paid, world, field.rows[at])


@compiled
def _open(seed, month, g, at, parameters, field):
    """Take the applications of one locality and find its best; return how many there are. Writes booked."""
    world = window(field.world, field.places, at, 0)
    n_applied = open_round(seed, month, g, parameters, world)
    field.booked[at, APPLIED] = n_applied
    field.booked[at, WON] = 0
    field.booked[at, SPENT] = 0
    _find_leader(seed, month, g, at, parameters, world, field)
    return n_applied


@compiled
def _find_leader(seed, month, g, at, parameters, world, field):
    """Put forward the best applicant of one locality that has no award yet. Writes leader and score."""
    field.leader[at] = find_leader(seed, month, g, parameters, world)
    field.score[at, 0] = world.applications.best[0]
    field.score[at, 1] = world.applications.best[1]


@compiled
def _pay(seed, month, g, at, rank, amount, parameters, field):
    """Pay the leader of one locality and find the next one; return the cents. Writes booked."""
    world = window(field.world, field.places, at, 0)
    cents = pay_leader(month, field.leader[at], g, rank, amount, parameters, world)
    field.booked[at, WON] += 1
    field.booked[at, SPENT] += cents
    _find_leader(seed, month, g, at, parameters, world, field)
    return cents


@compiled
def _close(month, g, at, n_won, n_applied, each, parameters, field):
    """Let those without an award feel it and fund the conveners of one locality; return their cents. Writes booked."""
    world = window(field.world, field.places, at, 0)
    close_round(month, g, n_won, n_applied, parameters, world)
    cents = fund_conveners(month, g, each, parameters, world)
    field.booked[at, SPENT] += cents
    return cents


@compiled
def _start_tournament(begin, end, field):
    """Seat localities `begin` up to `end` as leaves and play all rounds; return the number of leaves. Writes tree."""
    n_leaves = 1
    while n_leaves < end - begin:
        n_leaves *= 2
    for leaf in range(n_leaves):
        at = begin + leaf
        field.tree[n_leaves + leaf] = at if at < end and field.leader[at] != NOBODY else NOBODY
    for node in range(n_leaves - 1, 0, -1):
        field.tree[node] = _beat(field.tree[2 * node], field.tree[2 * node + 1], field.score)
    return n_leaves


@compiled
def _play_again(leaf, n_leaves, field):
    """Play the rounds of one leaf again, whose leader has changed. Writes tree."""
    node = n_leaves + leaf
    if field.leader[field.tree[node]] == NOBODY:
        field.tree[node] = NOBODY
    while node > 1:
        node //= 2
        field.tree[node] = _beat(field.tree[2 * node], field.tree[2 * node + 1], field.score)


@compiled
def _beat(one, other, score):
    """Return which of two localities has the better leader."""
    if one == NOBODY or other == NOBODY:
        return max(one, other)
    return other if is_ahead(score[other, 0], score[other, 1], score[one, 0], score[one, 1]) else one
