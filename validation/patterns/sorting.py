"""Patterns about who sits with whom, and why: restrictions, competition and trust, belief, ill-will."""

from __future__ import annotations

import math

import numpy as np

from sim.engine.snapshots import visit_months
from validation.claims import Claim, Pattern
from validation.kernels import relate, watch_referrals
from validation.measures import (
    average,
    average_months,
    compute_assortativity,
    compute_mutual_information,
    find_homes,
    fit_line,
    fit_logit,
    name_camps,
    standardise,
)
from validation.settings import Setting

SILO = "regime=population_silo"


def measure_silos(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Who sits with whom under population silos: alignment with main populations and with camps of viewpoint."""
    silo, free = _align(setting, SILO, seeds), _align(setting, "regime=unrestricted", seeds)
    crossing = [
        average(average_months(setting.run(setting.build(words), seeds).rows, "ei_population", 61, 120))
        for words in (SILO, "regime=unrestricted")
    ]
    return {
        "population_first": silo[0] - silo[1],
        "restricted": silo[0] - free[0],
        "population": silo[0],
        "viewpoint": silo[1],
        "crossing": crossing[0] - crossing[1],
    }


def _align(setting: Setting, words: str, seeds: list[int]) -> tuple[float, float]:
    """Return how far coalitions agree with main service populations and with camps of viewpoint, months 96 and 120."""
    inputs, found = setting.prepare(setting.build(words)), []
    width = inputs.parameters.observation.middle_width
    for seed in seeds:
        for _, world in visit_months(inputs, seed, (96, 120)):
            one, groups = world.organizations, world.coalitions
            homes = find_homes(groups.member & groups.is_active[:, None], groups.size, one.is_open)
            if len(homes) < 3:
                continue
            main, camps = one.mix.argmax(axis=1)[one.is_open], name_camps(one.viewpoint[one.is_open], width)
            found.append((compute_mutual_information(homes, main), compute_mutual_information(homes, camps)))
    population, viewpoint = np.array(found).mean(axis=0) if found else (math.nan, math.nan)
    return float(population), float(viewpoint)


def measure_softening(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Logit of sitting together a year on, with the set's own softening of competition by trust and without any."""
    own = _fit_coordination(setting, seeds, {})
    none = _fit_coordination(setting, seeds, {"grants.trust_softening": 0.0})
    return {**own, "without": none["softening"], "mechanism": own["softening"] - none["softening"]}


def _fit_coordination(setting: Setting, seeds: list[int], values: dict[str, float]) -> dict[str, float]:
    """Return the effects of trust, competition and their product on sitting together a year on, given both."""
    inputs = setting.prepare(setting.build("regime=mixed months=108", values))
    outcome, together, trust, competition = [], [], [], []
    one, other = np.triu_indices(inputs.n_organizations, 1)
    for seed in seeds:
        before = None
        for month, world in visit_months(inputs, seed, range(24, 109, 12)):
            joint, occupant = world.dyads.joint[one, other] > 0, world.organizations.generation.copy()
            if before is not None:
                stays = before["is_open"] & world.organizations.is_open & (before["occupant"] == occupant)
                kept = stays[one] & stays[other]
                outcome.append(joint[kept])
                together.append(before["joint"][kept])
                trust.append(before["trust"][kept])
                competition.append(before["competition"][kept])
            if month < 108:
                felt = relate(inputs).competition
                before = {
                    "joint": joint,
                    "occupant": occupant,
                    "is_open": world.organizations.is_open.copy(),
                    "trust": 0.5 * (world.dyads.trust + world.dyads.trust.T)[one, other],
                    "competition": 0.5 * (felt + felt.T)[one, other],
                }
    y, t, c = np.concatenate(outcome).astype(float), *(standardise(np.concatenate(x)) for x in (trust, competition))
    terms = np.column_stack([np.concatenate(together).astype(float), t, c, t * c])
    return {"softening": fit_logit(y, terms, 3), "competition": fit_logit(y, terms, 2), "trust": fit_logit(y, terms, 1)}


def measure_belief(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Assortativity of viewpoints across coalitions; inside them, what predicts who is referred to."""
    inputs = setting.prepare(setting.build("regime=mixed"))
    sorted_by_view, terms, outcome = [], [], []
    for seed in seeds:
        for _, world, referrals, before in watch_referrals(inputs, seed, range(24, 121, 24)):
            one, is_open = world.organizations, world.organizations.is_open
            joint = world.dyads.joint[np.ix_(is_open, is_open)]
            sorted_by_view.append(compute_assortativity(joint, one.viewpoint[is_open]))
            i, j = np.nonzero(before.joint > 0)
            apart = np.abs(one.stance[j] - one.viewpoint[i])
            terms.append(np.column_stack([before.trust[i, j], before.capacity[j], apart]))
            outcome.append(referrals[i, j])
    stacked = np.concatenate(terms)
    if len(stacked) < 50:
        return {"sorting": average(sorted_by_view)}
    effects = fit_line(standardise(np.concatenate(outcome)), np.column_stack([standardise(x) for x in stacked.T]))
    return {
        "sorting": average(sorted_by_view),
        "partners": float(min(effects[0], effects[1]) - abs(effects[2])),
        "trust": float(effects[0]),
        "capacity": float(effects[1]),
        "belief": float(effects[2]),
    }


def measure_ill_will(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Distance perceived less true distance among pairs of opposite camps, with and without a partner in common."""
    inputs = setting.prepare(setting.build("regime=mixed"))
    far_apart = inputs.parameters.observation.far_apart
    excess, brokered, distance = [], [], []
    for seed in seeds:
        for _, world in visit_months(inputs, seed, (48, 72, 96, 120)):
            one, joint = world.organizations, (world.dyads.joint > 0).astype(int)
            true = np.abs(one.viewpoint[:, None] - one.viewpoint[None, :])
            pairs = (true > far_apart) & one.is_open[:, None] & one.is_open[None, :]
            extra = relate(inputs).perceived - true
            excess.append(extra[pairs])
            apart = pairs & (joint == 0)
            brokered.append((joint @ joint > 0)[apart])
            distance.append(np.column_stack([extra[apart], true[apart]]))
    mediated, apart = np.concatenate(brokered).astype(float), np.concatenate(distance)
    slopes = fit_line(apart[:, 0], np.column_stack([mediated, apart[:, 1]]))
    guests = [
        setting.run(setting.build("regime=mixed", {"meetings.peripheral_invitation": level}), seeds).rows
        for level in (0.0, 0.5)
    ]
    trust = [average_months(rows, "mean_trust", 61, 120) for rows in guests]
    return {
        "overstated": average(np.concatenate(excess)),
        "brokers": -float(slopes[0]),
        "mediated": average(mediated),
        "guests": average(trust[1] - trust[0]),
    }


PATTERNS = (
    Pattern(
        4,
        "Population restrictions fragment along service lines",
        "Gerassi, Nichols & Michelson 2017",
        "B",
        "Population silos: mutual information, adjusted for chance, of who sits where (largest coalition) with main "
        "service population and with camp of viewpoint; the former also against unrestricted money. Months 96 and "
        "120.",
        (
            Claim(
                "population_first",
                "Under population silos coalitions align more with service populations than with viewpoints",
                "adjusted mutual information",
                needs_null=True,
            ),
            Claim(
                "restricted",
                "Population silos align coalitions with service populations more than unrestricted money does",
                "adjusted mutual information",
                needs_null=True,
            ),
            Claim("population", "Alignment with main populations", "adjusted mutual information", is_beside=True),
            Claim("viewpoint", "Alignment with viewpoints", "adjusted mutual information", is_beside=True),
            Claim("crossing", "E-I index by population, silos less unrestricted", "index", is_beside=True),
        ),
        measure_silos,
    ),
    Pattern(
        8,
        "Trust softens what competition does to coordination",
        "Bunger 2013",
        "B",
        "Logit, pairs and years of all seeds of a set: sitting together a year on, by sitting together now, mean "
        "trust, mean competition (the model's own) and their product, all standardised.",
        (
            Claim(
                "softening",
                "The more a pair trusts each other, the less competition keeps it from sitting together a year on",
                "log-odds per SD of each",
                needs_null=True,
            ),
            Claim(
                "mechanism",
                "The same less that with `trust_softening` 0",
                "log-odds per SD of each",
                is_beside=True,
            ),
            Claim("without", "The same with `trust_softening` 0", "log-odds per SD of each", is_beside=True),
            Claim("competition", "Competition alone", "log-odds per SD", is_beside=True),
            Claim("trust", "Trust alone", "log-odds per SD", is_beside=True),
        ),
        measure_softening,
        seeds_factor=3,
    ),
    Pattern(
        9,
        "Belief sorts organizations across coalitions; within one, trust and resources pick the partner",
        "Calanni et al. 2015; advocacy coalition framework",
        "B",
        "Newman's assortativity of viewpoints over pairs that share a coalition; and, inside coalitions, people "
        "referred from i to j on trust, capacity of j, and difference in position, all standardised (least squares).",
        (
            Claim(
                "sorting",
                "Organizations that share a coalition have similar viewpoints",
                "correlation",
                needs_null=True,
            ),
            Claim(
                "partners",
                "Inside a coalition trust and the partner's capacity each predict referrals better than belief does",
                "standardised effect (the smaller of the two less that of belief)",
            ),
            Claim("trust", "Effect of trust", "standardised", is_beside=True),
            Claim("capacity", "Effect of the partner's capacity", "standardised", is_beside=True),
            Claim("belief", "Effect of difference in position", "standardised", is_beside=True),
        ),
        measure_belief,
    ),
    Pattern(
        16,
        "Ill-will overstates the distance to the other camp; brokers soften it",
        "Fischer et al. 2016; Gronow et al. 2023",
        "B",
        "Pairs whose viewpoints lie more than `far_apart` apart: distance as the model perceives it less true "
        "distance; of those that share no coalition, with a partner in common against without, true distance held "
        "equal.",
        (
            Claim("overstated", "Organizations overstate their distance to the other camp", "viewpoint units"),
            Claim("brokers", "A partner in common lowers that overstatement", "viewpoint units"),
            Claim("mediated", "Pairs with a partner in common", "share", is_beside=True),
            Claim("guests", "Mean trust where the unaffiliated are often guests, less never", "trust", is_beside=True),
        ),
        measure_ill_will,
    ),
)
