"""The key of the first lesson: how large coalitions grow, by the rule on paper and in the runs of its page."""

from __future__ import annotations

import math

import numpy as np

from experiments.lessons.keys import LESS, MORE, UNCLEAR, Answer, Key, give_difference, give_mean, give_number, show
from experiments.lessons.measuring import N_SEEDS, Runs, average, run
from sim.schema.parameters import Parameters

UNRESTRICTED = "regime=unrestricted"
SMALL, LARGE = 9, 36
DEAR = 0.4
SIZES = (2, 4, 6, 8, 10, 12, 14)
END = 120


def value_size(size: float, cost: float, stress: float = 0.0) -> float:
    """Return what the size of a coalition alone is worth to a member: benefit of size less its cost."""
    rules = Parameters().memberships
    return rules.size_benefit * math.log(size) - cost * (size / rules.size_scale) ** 2 * (1 + stress)


def find_best_size(cost: float, stress: float = 0.0) -> float:
    """Return the size at which that is largest: where a further member costs as much as it brings."""
    rules = Parameters().memberships
    return rules.size_scale * math.sqrt(rules.size_benefit / (2 * cost * (1 + stress)))


def make_key() -> Key:
    """Compute the key."""
    small, large = (
        run(UNRESTRICTED, f"field.n_organizations={n}", "memberships.size_cost=0.1") for n in (SMALL, LARGE)
    )
    cheap, dear = (run(UNRESTRICTED, "field.n_organizations=18", f"memberships.size_cost={c}") for c in (0.1, DEAR))
    tables = [
        ("W1, net value of size:", [["members", *map(str, SIZES)], *map(_list_values, (0.1, DEAR))]),
        ("W3, scene 1, month 120, seed by seed:", _list_seeds(small, large)),
        ("W5, scene 2, month 120, seed by seed:", _list_largest(cheap, dear)),
    ]
    return Key(
        [*_answer_paper(), *_answer_fields(small, large), *_answer_costs(cheap, dear), *_answer_awareness()], tables
    )


def _list_values(cost: float) -> list[str]:
    return [f"cost {cost}", *(show(value_size(size, cost)) for size in SIZES)]


def _answer_paper() -> list[Answer]:
    rules = Parameters().memberships
    best = find_best_size(rules.size_cost)
    paid = rules.size_cost * rules.funded_cost_share
    return [
        give_number("W1", "best size, cost 0.1", best, 1.3, (6.5, 8.5)),
        give_number("W1", "most that size alone is worth", value_size(best, rules.size_cost), 0.02, (0.40, 0.49), 2),
        give_number("W2 a", "best size, cost 0.4", find_best_size(DEAR), 0.7, (3.3, 4.2)),
        give_number("W2 b", "best size, cost 0.1, stress 0.5", find_best_size(rules.size_cost, 0.5), 1, (5.5, 6.5)),
        give_number("W2 c", "best size, a grant pays half of the cost", find_best_size(paid), 1.5, (9.5, 11.5)),
    ]


def count_partners(runs: Runs) -> np.ndarray:
    """Return with how many others an organization shares a coalition at the end, on average, by seed."""
    return runs.at("collaboration_share", END) * (runs.at("n_open", END) - 1)


def count_largest(runs: Runs) -> np.ndarray:
    """Return the members of the largest coalition at the end, by seed."""
    return np.round(runs.at("largest_share", END) * runs.at("n_open", END))


def _answer_fields(small: Runs, large: Runs) -> list[Answer]:
    pairs = average(large.judged["collaboration_end"] - small.judged["collaboration_end"])
    alone = [average(one.at("unaffiliated_share", END)) for one in (small, large)]
    largest, partners = ([average(count(one)) for one in (small, large)] for count in (count_largest, count_partners))
    fewer = average(large.at("unaffiliated_share", END) - small.at("unaffiliated_share", END))
    return [
        give_difference("P2, scene 1", "share of pairs at the end, 36 against 9", pairs, LESS),
        give_mean("W3", "share in no coalition, 9", alone[0], (0.1, 0.35)),
        give_mean("W3", "share in no coalition, 36", alone[1], (0.03, 0.12)),
        give_difference("P3", "share in no coalition, 36 against 9", fewer, UNCLEAR),
        give_mean("W3", "members of the largest, 9", largest[0], (4, 6), 1),
        give_mean("W3", "members of the largest, 36", largest[1], (7, 10), 1),
        give_mean("W3", "partners of an organization, 9", partners[0], (2.5, 4.5), 1),
        give_mean("W3", "partners of an organization, 36", partners[1], (8, 11), 1),
    ]


def _answer_costs(cheap: Runs, dear: Runs) -> list[Answer]:
    pairs = average(dear.judged["collaboration_end"] - cheap.judged["collaboration_end"])
    return [
        give_difference("P4, scene 2", "share of pairs at the end, 0.4 against 0.1", pairs, LESS),
        give_mean("W5", "members of the largest, cost 0.1", average(count_largest(cheap)), (6, 9), 1),
        give_mean("W5", "members of the largest, cost 0.4", average(count_largest(dear)), (4, 6), 1),
    ]


def _answer_awareness() -> list[Answer]:
    few, many = N_SEEDS, 100
    told = []
    for n, expected in ((few, UNCLEAR), (many, LESS)):
        with_it, without = _switch_awareness(n)
        change = average(without.judged["collaboration_end"] - with_it.judged["collaboration_end"])
        told.append(give_difference("W8", f"share of pairs at the end without awareness, {n} seeds", change, expected))
    stress = average(without.late("mean_fiscal_stress") - with_it.late("mean_fiscal_stress"))
    return [*told, give_difference("W8", f"fiscal stress without awareness, {many} seeds", stress, MORE)]


def _switch_awareness(n_seeds: int) -> list[Runs]:
    words = [f"mechanisms.raise_awareness={switch}" for switch in ("true", "false")]
    return [run(UNRESTRICTED, word, n_seeds=n_seeds) for word in words]


def _list_seeds(small: Runs, large: Runs) -> list[list[str]]:
    rows = [["seed", *(f"{what}, {n}" for n in (SMALL, LARGE) for what in ("closed", "in none", "largest", "pairs"))]]
    for at in range(N_SEEDS):
        row = [str(at + 1)]
        for runs, n in ((small, SMALL), (large, LARGE)):
            is_open = float(runs.at("n_open", END)[at])
            alone = round(float(runs.at("unaffiliated_share", END)[at]) * is_open)
            pairs = show(float(runs.at("collaboration_share", END)[at]))
            row += [f"{n - is_open:.0f}", str(alone), f"{count_largest(runs)[at]:.0f}", pairs]
        rows.append(row)
    return rows


def _list_largest(cheap: Runs, dear: Runs) -> list[list[str]]:
    largest = [count_largest(runs) for runs in (cheap, dear)]
    return [["seed", *map(str, range(1, N_SEEDS + 1))]] + [
        [f"largest, cost {cost}", *(f"{one:.0f}" for one in found)]
        for cost, found in zip((0.1, DEAR), largest, strict=True)
    ]
