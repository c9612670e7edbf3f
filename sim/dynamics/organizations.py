"""From parameters or a roster to the organizations of month 0: what is not given is drawn, keyed by each of them.

`initialise` fills every array of a world but the coalitions, which `gathering` seats; `settle_newcomers` draws the
organizations that take vacant slots later.
"""

import math

import numpy as np

from sim.compiler.draws import exponential, logarithm, normal, stream, uniform
from sim.compiler.jit import compiled, compiled_apart
from sim.compiler.struct_refs import copy_arrays
from sim.dynamics.eligibility import is_within_dates, refresh
from sim.dynamics.membership import NOBODY, log_member
from sim.dynamics.relations import clip, compute_baseline_trust, compute_overlap
from sim.schema import codes

INITIALISE = 1  # in the keys of its draws
# Items of one organization's initial draws; append only.
SECTOR, MAIN_POPULATION, CAMP, WITHIN_CAMP, CAUTION, NEED, OWN_INCOME, RESERVE, CONVENES, LOT = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
)
FIRST_POPULATION = 100


@compiled
def initialise(seed, parameters, roster, lines, world):
    """Fill the world of one run. lines: the grant lines as declared. Writes everything; leaves no coalition."""
    organizations, coalitions, programmes = world.organizations, world.coalitions, world.programmes
    environment = world.environment
    world.log.n_rows[0] = 0
    environment.n_coalitions[0] = 0
    environment.locality_key[0] = roster.locality_key[0]
    world.applications.counts[0] = 0
    world.applications.counts[1] = 0
    environment.awareness[0] = 0.0
    for item in range(environment.ledger.size):
        environment.ledger[item] = 0
    copy_arrays(lines, programmes)
    for g in range(lines.term.size):
        programmes.is_open[g] = is_within_dates(lines, g, 1)
    n = organizations.is_open.size
    for i in range(n):
        organizations.home_key[i] = roster.key[i]
        organizations.key[i] = roster.key[i]
        organizations.generation[i] = 0
        draw_organization(seed, 0, i, parameters, roster, world)
    _fill_dyads(n, parameters, roster, world)
    for c in range(coalitions.is_active.size):
        coalitions.is_active[c] = False
        coalitions.size[c] = 0
        for i in range(n):
            coalitions.member[c, i] = False
    _set_demand(parameters, roster, world)
    refresh(parameters, world)


@compiled
def _pick(shares, draw):
    """Return the index at which the running sum of `shares` first exceeds `draw`."""
    total = 0.0
    for index in range(shares.size):
        total += shares[index]
        if draw < total:
            return index
    return shares.size - 1


@compiled
def draw_organization(seed, month, i, parameters, roster, world):
    """Draw or copy every attribute of the occupant of slot i. A newcomer takes nothing from the roster but sector."""
    organizations = world.organizations
    key, own = stream(seed, INITIALISE, month), organizations.key[i]
    is_new = organizations.generation[i] > 0
    organizations.is_open[i] = True
    organizations.age_months[i] = 0
    organizations.lot[i] = uniform(key, own, np.uint64(LOT))
    if not is_new:
        given = roster.sector[i] >= 0
        drawn = _pick(roster.sector_share, uniform(key, own, np.uint64(SECTOR)))
        organizations.sector[i] = roster.sector[i] if given else drawn
    _draw_mix(key, own, i, is_new, parameters, roster, organizations)
    _draw_position(key, own, i, is_new, parameters, roster, organizations)
    _draw_money(key, own, i, is_new, parameters, roster, world)
    organizations.dependence[i] = 0.0
    organizations.deficit_months[i] = 0
    organizations.record[i] = 0.0
    organizations.recent_loss[i] = 0.0
    organizations.cost_cents[i] = 0
    organizations.served[i] = 0.0
    organizations.n_memberships[i] = 0
    for g in range(organizations.eligible.shape[1]):
        organizations.eligible[i, g] = False
        organizations.award_cents[i, g] = 0
        organizations.award_months[i, g] = 0
        organizations.response[i, g] = 0
    target = parameters.reserve_target_months * organizations.need_cents[i]
    organizations.stress[i] = clip(1.0 - organizations.reserve_cents[i] / max(target, 1.0), 0.0, 1.0)


@compiled
def _draw_mix(key, own, i, is_new, parameters, roster, organizations):
    """Service mix: `specialisation` for a main population, the rest spread by exponential weights."""
    n_populations = organizations.mix.shape[1]
    main = _pick(roster.population_demand, uniform(key, own, np.uint64(MAIN_POPULATION)))
    total = 0.0
    for k in range(n_populations):
        weight = -logarithm(uniform(key, own, np.uint64(FIRST_POPULATION + k)))
        organizations.mix[i, k] = weight
        total += weight
    for k in range(n_populations):
        spread = organizations.mix[i, k] / total * (1.0 - parameters.specialisation)
        organizations.mix[i, k] = spread + (parameters.specialisation if k == main else 0.0)
        if not is_new and not math.isnan(roster.mix[i, k]):
            organizations.mix[i, k] = roster.mix[i, k]
        organizations.mission[i, k] = organizations.mix[i, k]


@compiled
def _draw_position(key, own, i, is_new, parameters, roster, organizations):
    """Viewpoint: a mixture of a middle and two poles' groups; stance: the viewpoint, or none for the cautious."""
    draw = uniform(key, own, np.uint64(CAMP))
    middle = parameters.viewpoint_middle_share
    centre = 0.0
    if draw >= middle:
        upper = (draw - middle) / (1.0 - middle) < parameters.viewpoint_balance
        centre = parameters.viewpoint_spread if upper else -parameters.viewpoint_spread
    viewpoint = centre + parameters.viewpoint_sd * normal(key, own, np.uint64(WITHIN_CAMP))
    if not is_new and not math.isnan(roster.viewpoint[i]):
        viewpoint = roster.viewpoint[i]
    organizations.viewpoint[i] = clip(viewpoint, -1.0, 1.0)
    is_silent = uniform(key, own, np.uint64(CAUTION)) < parameters.stance_caution
    stance = parameters.silent_stance * organizations.viewpoint[i] if is_silent else organizations.viewpoint[i]
    if not is_new and not math.isnan(roster.stance[i]):
        stance = roster.stance[i]
        is_silent = abs(stance) < 0.5 * abs(organizations.viewpoint[i])
    organizations.is_silent[i] = is_silent
    organizations.stance[i] = stance


@compiled
def _draw_money(key, own, i, is_new, parameters, roster, world):
    """Need (log-normal), own income, reserves at the start, which the ledger books as endowed."""
    organizations, environment = world.organizations, world.environment
    need = parameters.need_median_usd * exponential(parameters.need_log_sd * normal(key, own, np.uint64(NEED)))
    spread = parameters.own_income_spread * (2.0 * uniform(key, own, np.uint64(OWN_INCOME)) - 1.0)
    share = clip(parameters.own_income_share + spread, 0.0, 1.0)
    reserve = parameters.initial_reserve_months * (0.5 + uniform(key, own, np.uint64(RESERVE)))
    if not is_new:
        need = need if math.isnan(roster.need_usd[i]) else roster.need_usd[i]
        share = share if math.isnan(roster.own_income_share[i]) else roster.own_income_share[i]
        reserve = reserve if math.isnan(roster.reserve_months[i]) else roster.reserve_months[i]
    organizations.need_cents[i] = math.floor(100.0 * need + 0.5)
    organizations.own_income_cents[i] = math.floor(100.0 * need * share + 0.5)
    organizations.reserve_cents[i] = math.floor(100.0 * need * reserve + 0.5)
    environment.ledger[codes.ENDOWED] += organizations.reserve_cents[i]
    organizations.base_capacity[i] = need / parameters.cost_per_person_usd
    organizations.capacity[i] = organizations.base_capacity[i]


@compiled
def _fill_dyads(n, parameters, roster, world):
    organizations, dyads = world.organizations, world.dyads
    for i in range(n):
        for j in range(n):
            dyads.joint[i, j] = 0
            dyads.formal[i, j] = 0
            known = roster.trust[i, j] if roster.trust.shape[0] > 0 else math.nan
            baseline = compute_baseline_trust(organizations.sector, i, j, parameters)
            dyads.trust[i, j] = baseline if math.isnan(known) else known


@compiled
def _set_demand(parameters, roster, world):
    """Arrivals per month and population: a fixed ratio to the capacity of the field at month 0."""
    organizations, environment = world.organizations, world.environment
    capacity = 0.0
    for i in range(organizations.is_open.size):
        capacity += organizations.base_capacity[i]
    for k in range(environment.demand.size):
        environment.arrivals[k] = 0.0
        environment.served[k] = 0.0
        environment.unmet[k] = 0.0
        environment.demand[k] = parameters.demand_ratio * capacity * roster.population_demand[k]


@compiled_apart
def settle_newcomers(seed, month, parameters, roster, world, row):
    """Draw the newcomers that scratch.organization_mark marks. Writes their rows and ties, the ledger, log, row."""
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    n = organizations.is_open.size
    for i in range(n):
        if scratch.organization_mark[i] == 0:
            continue
        draw_organization(seed, month, i, parameters, roster, world)
        row.openings += 1
        log_member(world, month, codes.OPEN, i, NOBODY, codes.CHANCE, 1)
        for j in range(n):
            if j != i:
                baseline = compute_baseline_trust(organizations.sector, i, j, parameters)
                overlap = compute_overlap(organizations.mix, i, j)
                dyads.trust[i, j] = baseline
                dyads.trust[j, i] = baseline
                dyads.overlap[i, j] = overlap
                dyads.overlap[j, i] = overlap
