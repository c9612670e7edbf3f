"""Patterns about ties: co-opetition, turnover, further memberships, splits, density."""

from __future__ import annotations

import math

import numpy as np

from sim.engine.inputs import build_record
from sim.engine.runner import Runner, find_processes
from sim.engine.snapshots import visit_months
from sim.schema import codes
from validation.claims import Claim, Pattern
from validation.measures import (
    average,
    average_months,
    compute_betweenness,
    compute_network,
    expect_centralisation,
)
from validation.settings import Setting


def measure_coopetition(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Share of pairs in a coalition that also compete."""
    rows = setting.run(setting.build("regime=mixed"), seeds).rows
    return {"competing": average(average_months(rows, "competing_share", 61, 120))}


IMPULSE, MONTHS_AFTER = 60, 12


def measure_turnover(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """A month in which most contact persons leave, with an MOU in every coalition and with none."""
    inputs = setting.prepare(setting.build(f"regime=mixed months={IMPULSE + MONTHS_AFTER}", {"meetings.mou_rate": 0.0}))
    storm = build_record(setting.build("regime=mixed", {"staff.annual_turnover": 1.0}))
    lost = {}
    for formal in (False, True):
        ends = [[_follow_trust(inputs, seed, formal, one) for seed in seeds] for one in (None, storm)]
        lost[formal] = average(np.array(ends[0]) - np.array(ends[1]))
    return {"lost": lost[False], "buffered": lost[False] - lost[True], "formal": lost[True]}


def _follow_trust(inputs, seed: int, formal: bool, storm) -> float:
    """Return the mean trust, in the year after, of pairs that shared a coalition in the month of the impulse."""
    pairs, found = None, []
    for month, world in visit_months(inputs, seed, range(IMPULSE, IMPULSE + MONTHS_AFTER + 1)):
        if month > IMPULSE:
            found.append(float(world.dyads.trust[pairs].mean()) if pairs is not None and pairs.any() else math.nan)
            continue
        pairs = world.dyads.joint > 0
        world.coalitions.is_formal[...] = world.coalitions.is_active & formal
        world.dyads.formal[...] = world.dyads.joint if formal else 0
        if storm is not None:
            runner = Runner(inputs, [seed], months=range(month, month + 1))
            runner.run(processes=find_processes("turn_over_staff"), record=storm)
    return average(found)


def measure_memberships(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Partners that a membership brings, by how many were held before."""
    inputs = setting.prepare(setting.build("regime=mixed months=96"))
    gained: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for seed in seeds:
        last = None
        for month, world in visit_months(inputs, seed, range(97)):
            joint, held = world.dyads.joint > 0, world.organizations.n_memberships.copy()
            log = world.log.rows[: world.log.n_rows[0]]
            if last is not None:
                kinds = (codes.JOIN, codes.FOUND, codes.RIVAL_FOUND)
                for row in log[(log[:, 0] == month) & np.isin(log[:, 1], kinds)]:
                    _count_new_partners(row, world, last, held, gained)
            last = (joint.copy(), held)
    means = {before: average(counts) if len(counts) >= 10 else math.nan for before, counts in gained.items()}
    return {
        "second": means[0] - means[1],
        "third": means[1] - means[2],
        "first_ties": means[0],
        "second_ties": means[1],
        "third_ties": means[2],
    }


def _count_new_partners(row, world, last, held, gained) -> None:
    """Add to gained the partners in this coalition that were none a month before. Where one moved once that month."""
    i, number = int(row[2]), int(row[4])
    joint, before = last
    at = np.flatnonzero(world.coalitions.is_active & (world.coalitions.number == number))
    if len(at) == 0 or not world.coalitions.member[at[0], i] or held[i] != before[i] + 1 or before[i] not in gained:
        return
    others = world.coalitions.member[at[0]].copy()
    others[i] = False
    gained[int(before[i])].append(int((others & ~joint[i]).sum()))


AFTER_SPLIT = 12


def measure_splits(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """The first break-away of a run, against the same run where nobody can break away."""
    months = 96
    with_splits = setting.build(f"regime=mixed months={months}")
    without = setting.build(f"regime=mixed months={months}", {"mechanisms.break_away": False})
    events = setting.run(with_splits, seeds, keep_events=True).events
    cut, uncut, brokerage, involved = [], [], [], []
    for at, seed in enumerate(seeds):
        own = events[(events[:, 0] == at) & np.isin(events[:, 2], (codes.BREAK_AWAY, codes.RIVAL_BREAK_AWAY))]
        own = own[(own[:, 1] > 1) & (own[:, 1] <= months - AFTER_SPLIT)]
        if len(own) == 0:
            continue
        month, number = int(own[0, 1]), int(own[0, 5])
        left = own[(own[:, 1] == month) & (own[:, 5] == number), 3]
        ends = {}
        for name, parameters in (("split", with_splits), ("whole", without)):
            inputs = setting.prepare(parameters)
            for now, world in visit_months(inputs, seed, (month - 1, month + AFTER_SPLIT)):
                if now < month:
                    sides = _find_sides(world, left)
                else:
                    ends[name] = world.dyads.trust.copy(), compute_betweenness(world.dyads.joint)
        change = ends["split"][0] - ends["whole"][0]
        gain = ends["split"][1] - ends["whole"][1]
        stayed, bystanders = sides
        if len(stayed) == 0:
            continue
        across = np.concatenate([change[np.ix_(left, stayed)].ravel(), change[np.ix_(stayed, left)].ravel()])
        within = [change[i, j] for group in (left, stayed) for i in group for j in group if i != j]
        cut.append(-average(across))
        uncut.append(average(within) - average(across))
        if len(bystanders):
            brokerage.append(average(gain[bystanders]))
            involved.append(average(gain[np.concatenate([left, stayed])]))
    return {
        "cut": average(cut),
        "uncut": average(uncut),
        "brokerage": average(brokerage),
        "involved": average(involved),
        "splits": len(cut) / len(seeds),
    }


def _find_sides(world, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return who stayed and who stood by: the coalition that held most of those who left, and who is not in it."""
    found = world.coalitions
    shared = np.where(found.is_active, found.member[:, left].sum(axis=1), 0)
    members = found.member[shared.argmax()]
    stayed = np.setdiff1d(np.flatnonzero(members), left)
    return stayed, np.setdiff1d(np.flatnonzero(world.organizations.is_open), np.concatenate([left, stayed]))


def measure_density(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Density of trust inside coalitions, and how much more centralised it is than ties spread by chance."""
    parameters = setting.build("regime=unrestricted")
    rows = setting.run(parameters, seeds).rows
    inputs, extra, field = setting.prepare(parameters), [], []
    for seed in seeds:
        for _, world in visit_months(inputs, seed, (108, 114, 120)):
            trust = world.dyads.trust + world.dyads.trust.T
            tied = trust >= 2 * parameters.observation.tie_trust
            np.fill_diagonal(tied, False)
            found, is_open = world.coalitions, world.organizations.is_open
            field.append(average(tied[np.ix_(is_open, is_open)][~np.eye(is_open.sum(), dtype=bool)]))
            for c in np.flatnonzero(found.is_active & (found.size >= 3)):
                ties = tied[np.ix_(found.member[c], found.member[c])]
                central = compute_network(ties)[1]
                extra.append(central - expect_centralisation(len(ties), int(ties.sum()) // 2))
    return {
        "density": average(average_months(rows, "coalition_density", 109, 120)),
        "central": average(extra),
        "centralisation": average(average_months(rows, "coalition_centralisation", 109, 120)),
        "field": average(field),
    }


PATTERNS = (
    Pattern(
        7,
        "More than half of collaborating pairs also compete",
        "Bunger et al. 2014",
        "A",
        "Mixed money, months 61-120: pairs that share a coalition and whose competition exceeds `competing_level`.",
        (Claim("competing", "More than half of the pairs that share a coalition also compete", "share", 0.5),),
        measure_coopetition,
    ),
    Pattern(
        12,
        "Staff turnover lowers trust; MOUs buffer it",
        "Urban Institute (ECM evaluation); LCHT partnership toolkit; Nichols & Cox 2023",
        "B",
        "Impulse in month 60, same seeds with and without: a month in which two thirds of the contact persons leave, "
        "all coalitions under an MOU or none; trust of pairs that shared a coalition then, mean of the year after.",
        (
            Claim(
                "lost",
                "A month of high turnover lowers trust between partners over the year after, without MOUs",
                "trust",
            ),
            Claim("buffered", "An MOU keeps part of that trust", "trust"),
            Claim("formal", "Trust lost under an MOU", "trust", is_beside=True),
        ),
        measure_turnover,
    ),
    Pattern(
        15,
        "Each further membership brings fewer new ties",
        "Scott 2016",
        "B",
        "Mixed money, all joinings and foundings of months 1-96: partners in the new coalition that were none the "
        "month before, by memberships held before.",
        (
            Claim("second", "A second membership brings fewer new partners than a first", "partners"),
            Claim("third", "A third membership brings fewer new partners than a second", "partners"),
            Claim("first_ties", "New partners by a first membership", "partners", is_beside=True),
            Claim("second_ties", "By a second", "partners", is_beside=True),
            Claim("third_ties", "By a third", "partners", is_beside=True),
        ),
        measure_memberships,
    ),
    Pattern(
        17,
        "After a split, ex-partners' ties weaken and bystanders gain brokerage",
        "Heaney & Rojas 2008",
        "B",
        "The first break-away of each run, a year later, against the same seed with break-aways switched off "
        "(identical up to that month): trust across the cut and on either side of it; betweenness, over shared "
        "coalitions, of bystanders. The null model has no break-aways.",
        (
            Claim("cut", "A split lowers trust between those it parts", "trust"),
            Claim("uncut", "It lowers trust across the cut more than among those who stay on one side", "trust"),
            Claim("brokerage", "Bystanders gain betweenness by a split", "betweenness"),
            Claim("involved", "Change in betweenness of those involved", "betweenness", is_beside=True),
            Claim("splits", "Runs with a break-away", "share", is_beside=True),
        ),
        measure_splits,
        seeds_factor=2,
    ),
    Pattern(
        20,
        "Density inside a coalition 0.2-0.4 or so, centralised",
        "HIPMC, BMC Public Health 2016 (0.30, one coalition of 41)",
        "B",
        "Unrestricted money, last twelve months: pairs inside coalitions of three or more whose mean trust reaches "
        "`tie_trust`; centralisation (Freeman) less that of random networks of as many members and ties.",
        (
            Claim(
                "density", "Between 20 and 40 % of the pairs inside a coalition are tied by trust", "share", 0.2, 0.4
            ),
            Claim("central", "Ties inside a coalition are more centralised than chance would have them", "index"),
            Claim("centralisation", "Centralisation itself", "index", is_beside=True),
            Claim("field", "Density in the whole field", "share", is_beside=True),
        ),
        measure_density,
        is_calibrated=True,
    ),
)
