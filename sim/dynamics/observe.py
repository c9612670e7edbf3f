"""Observe: one row a month, from the state alone; counts of events were added by the processes.

Definitions stand in `columns.py`; a share over nothing is nan, never a made-up zero.
"""

import math

from sim.compiler.jit import compiled, compiled_apart
from sim.dynamics.membership import NOBODY
from sim.dynamics.relations import compute_competition, compute_rivalry, find_contested, list_members


@compiled
def _share(part, whole):
    return part / whole if whole > 0 else math.nan


@compiled_apart
def observe(seed, month, parameters, world, row):
    """Write every column of this month's row that is not a count of events. Reads everything else."""
    organizations = world.organizations
    _observe_pairs(parameters, world, row)
    _observe_coalitions(parameters, world, row)
    _observe_groups(world, row)
    _observe_organizations(parameters, world, row)
    _observe_people(parameters, organizations, row)


@compiled
def find_main_population(mix, i):
    """Return the population with i's largest share of effort."""
    best = 0
    for k in range(mix.shape[1]):
        if mix[i, k] > mix[i, best]:
            best = k
    return best


@compiled
def _observe_pairs(parameters, world, row):
    organizations, dyads, scratch = world.organizations, world.dyads, world.scratch
    contested, main, people = scratch.contested, scratch.organization_mark, scratch.slot_list
    find_contested(world)
    pairs, joint, far, far_joint, mixed, mixed_joint, competing = 0, 0, 0, 0, 0, 0, 0
    trust = 0.0
    for at in range(list_members(organizations.is_open, people)):
        i = people[at]
        main[i] = find_main_population(organizations.mix, i)
        for other in range(at):
            j = people[other]
            met = 1 if dyads.joint[i, j] > 0 else 0
            apart = 1 if abs(organizations.viewpoint[i] - organizations.viewpoint[j]) > parameters.far_apart else 0
            differs = 1 if main[j] != main[i] else 0
            pairs += 1
            joint += met
            trust += 0.5 * (dyads.trust[i, j] + dyads.trust[j, i])
            far += apart
            far_joint += apart * met
            mixed += differs
            mixed_joint += differs * met
            if met == 1:
                rivalry = compute_rivalry(contested, i, j, parameters)
                toward = compute_competition(world, rivalry, i, j, parameters)
                back = compute_competition(world, rivalry, j, i, parameters)
                competing += 1 if max(toward, back) > parameters.competing_level else 0
    row.collaboration_share = _share(joint, pairs)
    row.mean_trust = _share(trust, pairs)
    row.cross_viewpoint_share = _share(far_joint, far)
    row.cross_population_share = _share(mixed_joint, mixed)
    row.competing_share = _share(competing, joint)
    row.ei_viewpoint = _share(2 * far_joint - joint, joint)
    row.ei_population = _share(2 * mixed_joint - joint, joint)


@compiled
def _observe_coalitions(parameters, world, row):
    """Depth and attendance weighted by members; density and Freeman degree centralisation of ties inside."""
    organizations, dyads, coalitions, scratch = world.organizations, world.dyads, world.coalitions, world.scratch
    n, members = organizations.is_open.size, scratch.slot_list
    seats, depth, activity, count, density, centralisation = 0, 0.0, 0.0, 0, 0.0, 0.0
    n_active, mandated, age, kept = 0, 0, 0, 0
    for c in range(coalitions.is_active.size):
        if not coalitions.is_active[c]:
            continue
        size = coalitions.size[c]
        seats += size
        n_active += 1
        mandated += 1 if coalitions.is_mandated[c] else 0
        age += coalitions.age_months[c]
        for i in range(n):
            kept += 1 if coalitions.member[c, i] and coalitions.founder[c, i] else 0
        depth += size * coalitions.depth[c]
        activity += size * coalitions.activity[c]
        if size < 3:
            continue
        count += 1
        ties, highest = 0, 0
        n_seated = list_members(coalitions.member[c], members)
        for at in range(n_seated):
            i, degree = members[at], 0
            for other in range(n_seated):
                j = members[other]
                is_tied = dyads.trust[i, j] + dyads.trust[j, i] >= 2.0 * parameters.tie_trust
                degree += 1 if j != i and is_tied else 0
            ties += degree
            highest = max(highest, degree)
        density += ties / (size * (size - 1))
        centralisation += (size * highest - ties) / ((size - 1) * (size - 2))
    row.n_coalitions = count
    row.mean_depth = _share(depth, seats)
    row.mean_activity = _share(activity, seats)
    row.coalition_density = _share(density, count)
    row.coalition_centralisation = _share(centralisation, count)
    row.mandated_share = _share(mandated, n_active)
    row.coalition_age_months = _share(age, n_active)
    row.founders_share = _share(kept, seats)


@compiled
def _observe_groups(world, row):
    """Effective number of groups, the largest, the unaffiliated, and modularity under each one's largest coalition."""
    organizations, coalitions, scratch = world.organizations, world.coalitions, world.scratch
    n = organizations.is_open.size
    n_open, alone, seats, largest, squares = 0, 0, 0, 0, 0.0
    home = scratch.organization_mark
    for i in range(n):
        home[i] = NOBODY
        if organizations.is_open[i]:
            n_open += 1
            alone += 1 if organizations.n_memberships[i] == 0 else 0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            size = coalitions.size[c]
            seats += size
            largest = max(largest, size)
            for i in range(n):
                if coalitions.member[c, i] and (home[i] == NOBODY or size > coalitions.size[home[i]]):
                    home[i] = c
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            at_home = 0
            for i in range(n):
                at_home += 1 if home[i] == c else 0
            squares += at_home * at_home
    row.memberships = seats
    row.effective_coalitions = n_open * n_open / (squares + alone) if n_open > 0 else math.nan
    row.largest_share = _share(largest, n_open)
    row.unaffiliated_share = _share(alone, n_open)
    row.modularity = _compute_modularity(home, scratch.seat_count, world)


@compiled
def _compute_modularity(home, degree, world):
    """Return Newman's Q of the co-membership counts under the grouping `home`; nan without pairs.

    degree: (n,) int64 working space. All sums are of integers, and nobody sits with itself.
    """
    dyads, coalitions = world.dyads, world.coalitions
    n, total, within = home.size, 0, 0
    for i in range(n):
        own, own_group = 0, 0
        for j in range(n):
            own += dyads.joint[i, j]
            own_group += dyads.joint[i, j] if home[j] == home[i] else 0
        degree[i] = own
        total += int(own)  # interpreted, the counts of a row are small integers
        within += int(own_group)
    if total == 0:
        return math.nan
    expected = 0.0
    for c in range(coalitions.is_active.size):
        if coalitions.is_active[c]:
            of_group = 0
            for i in range(n):
                of_group += degree[i] if home[i] == c else 0
            expected += (of_group / total) * (of_group / total)
    return within / total - expected


@compiled
def _observe_organizations(parameters, world, row):
    organizations, environment = world.organizations, world.environment
    n = organizations.is_open.size
    n_open, stress, dependence, silent, neutral, moved, stance, squares = 0, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0
    age = 0
    for i in range(n):
        if not organizations.is_open[i]:
            continue
        n_open += 1
        age += organizations.age_months[i]
        stress += organizations.stress[i]
        dependence += organizations.dependence[i]
        silent += 1 if abs(organizations.stance[i]) < parameters.middle_width else 0
        neutral += 1 if abs(organizations.viewpoint[i]) < parameters.middle_width else 0
        stance += organizations.stance[i]
        squares += organizations.stance[i] * organizations.stance[i]
        for k in range(organizations.mix.shape[1]):
            moved += 0.5 * abs(organizations.mix[i, k] - organizations.mission[i, k])
    row.n_open = n_open
    row.organization_age_months = _share(age, n_open)
    row.mean_fiscal_stress = _share(stress, n_open)
    row.mean_dependence = _share(dependence, n_open)
    row.public_silence = _share(silent, n_open)
    row.private_neutrality = _share(neutral, n_open)
    row.mission_drift = _share(moved, n_open)
    mean = _share(stance, n_open)
    row.stance_spread = math.sqrt(max(_share(squares, n_open) - mean * mean, 0.0)) if n_open > 0 else math.nan
    row.award_gini = _compute_gini(world)
    row.awareness = environment.awareness[0]


@compiled
def _compute_gini(world):
    """Return the Gini index of the money still promised to open organizations; nan where there is none."""
    organizations, scratch = world.organizations, world.scratch
    n, total, differences, count = organizations.is_open.size, 0.0, 0.0, 0
    held = scratch.organization_value
    for i in range(n):
        held[i] = 0.0
        for g in range(organizations.award_cents.shape[1]):
            if organizations.award_months[i, g] > 0:
                held[i] += organizations.award_cents[i, g] / organizations.award_months[i, g]
    for i in range(n):
        if organizations.is_open[i]:
            count += 1
            total += held[i]
            for j in range(i):
                if organizations.is_open[j]:
                    differences += abs(held[i] - held[j])
    return differences / (count * total) if total > 0.0 else math.nan


@compiled
def _observe_people(parameters, organizations, row):
    """People not served, served share, and coverage: populations with a provider inside a coalition."""
    row.not_served = max(row.in_need - row.served, 0.0)
    row.served_share = _share(row.served, row.arrivals)
    n, n_populations = organizations.mix.shape
    covered = 0
    for k in range(n_populations):
        found = False
        for i in range(n):
            if (
                organizations.is_open[i]
                and organizations.n_memberships[i] > 0
                and organizations.mix[i, k] >= parameters.provider_share
            ):
                found = True
        covered += 1 if found else 0
    row.coverage_share = covered / n_populations
