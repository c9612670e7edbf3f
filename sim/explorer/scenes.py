"""Scenes: a question, two settings, a prediction to make before the runs play, and what is compared afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.explorer.header import Dimension

MONEY, SPREAD = "grants.annual_usd_per_organization", "field.viewpoint_spread"
LOWEST, MIDDLE, HIGHEST = "lowest", "middle", "highest"  # places among the values of a number
BASELINE = "baseline"  # the default, else the first value
PLACES = (LOWEST, MIDDLE, HIGHEST, BASELINE)
SIZE, COST = "field.n_organizations", "memberships.size_cost"
STRAIN = "memberships.strain"
CHANGE, COVERAGE, END = "collaboration_change", "coverage_end", "collaboration_end"


class Scene(NamedTuple):
    """One scene; `both` holds for A and B, a value is that of a config group, a place among numbers, or a number.

    Only pages that vary what a value or a number is asked of play the scene; a place is left out where nothing varies.
    """

    title: str
    question: str
    both: dict[str, str | float]
    a: dict[str, str]
    b: dict[str, str]
    measure: str = CHANGE


SCENES = (
    Scene(
        "What the money is tied to",
        "The same sum of money. In A it is unrestricted and lasts for years; in B each grant line pays for one "
        "population alone. Compared with A, what happens to collaboration in B?",
        {"shock": "none", MONEY: MIDDLE, SPREAD: LOWEST},
        {"regime": "unrestricted"},
        {"regime": "population_silo"},
    ),
    Scene(
        "The money ends",
        "Both start with the same unrestricted money. In B all of it ends in month 48. Compared with A, what happens "
        "to collaboration in B?",
        {"regime": "unrestricted", MONEY: MIDDLE, SPREAD: LOWEST},
        {"shock": "none"},
        {"shock": "total_cut"},
    ),
    Scene(
        "Near and far viewpoints",
        "Both compete for the same short-term money. In B the two groups of viewpoints lie further apart. Compared "
        "with A, what happens to collaboration in B?",
        {"regime": "competitive", "shock": "none", MONEY: MIDDLE},
        {SPREAD: LOWEST},
        {SPREAD: HIGHEST},
    ),
    Scene(
        "Together, but for whom?",
        "As in the first scene, but look at coverage: for how many of the populations does a coalition still hold a "
        "provider at the end? Compared with A, what happens to coverage in B?",
        {"shock": "none", MONEY: MIDDLE, SPREAD: LOWEST},
        {"regime": "unrestricted"},
        {"regime": "population_silo"},
        COVERAGE,
    ),
    Scene(
        "Small and large fields",
        "The same rules, and the same money for each organization. B has more organizations than A. Compared with A, "
        "how large a share of all pairs shares a coalition at the end in B?",
        {COST: LOWEST},
        {SIZE: LOWEST},
        {SIZE: HIGHEST},
        END,
    ),
    Scene(
        "When size costs more",
        "The same city. In B every further member makes meetings costlier than in A. Compared with A, how large a "
        "share of all pairs shares a coalition at the end in B?",
        {SIZE: MIDDLE},
        {COST: LOWEST},
        {COST: HIGHEST},
        END,
    ),
    Scene(
        "Far viewpoints, much money",
        "Both have much grant money. In B the two groups of viewpoints lie further apart. Compared with A, how large a "
        "share of all pairs shares a coalition at the end in B?",
        {STRAIN: 0.75, MONEY: HIGHEST},
        {SPREAD: LOWEST},
        {SPREAD: HIGHEST},
        END,
    ),
    Scene(
        "Far viewpoints, little money",
        "As before, but both have little grant money. Compared with A, how large a share of all pairs shares a "
        "coalition at the end in B?",
        {STRAIN: 0.75, MONEY: LOWEST},
        {SPREAD: LOWEST},
        {SPREAD: HIGHEST},
        END,
    ),
)


def make_scenes(dimensions: Sequence[Dimension]) -> list[dict[str, Any]]:
    """Return the scenes that a page with these dimensions can play, their two settings as places of values.

    A dimension in which no such scene differs gets one of its own: its first value against its last. What a scene does
    not ask for is at its baseline. Each question ends with what A and B share.
    """
    found, covered = [], set()
    for scene in SCENES:
        sides = [_place(dimensions, {**scene.both, **own}) for own in (scene.a, scene.b)]
        if None in sides or sides[0] == sides[1]:
            continue
        covered |= set(scene.a)
        question = f"{scene.question}{_tell_shared(dimensions, sides)}"
        found.append(_to_tree(scene.title, question, sides, scene.measure))
    for at, dimension in enumerate(dimensions):
        if dimension.name in covered or len(dimension.values) < 2:
            continue
        places = [one.baseline for one in dimensions]
        sides = [[*places[:at], place, *places[at + 1 :]] for place in (0, len(dimension.values) - 1)]
        first, last = dimension.labels[0], dimension.labels[-1]
        question = f"In A: {first}. In B: {last}. Compared with A, what happens to collaboration in B?"
        question += _tell_shared(dimensions, sides)
        found.append(_to_tree(dimension.label, question, sides, CHANGE))
    return found


def _tell_shared(dimensions: Sequence[Dimension], sides: Sequence[Any]) -> str:
    """Return a sentence about what A and B share of that which can be chosen, "" where they share nothing."""
    told = [
        one.labels[place] if any(one.notes) else f"{one.label[:1].lower()}{one.label[1:]}: {one.labels[place]}"
        for one, place, other in zip(dimensions, *sides, strict=True)
        if place == other and len(one.values) > 1
    ]
    return f" In both: {'; '.join(told)}." if told else ""


def _to_tree(title: str, question: str, sides: list[Any], measure: str) -> dict[str, Any]:
    return {"title": title, "question": question, "a": sides[0], "b": sides[1], "measure": measure}


def _place(dimensions: Sequence[Dimension], wanted: dict[str, Any]) -> list[int] | None:
    """Return the place of a value in each dimension, or None where the page does not hold what is wanted."""
    held = {dimension.name for dimension in dimensions}
    if any(name not in held for name, value in wanted.items() if value not in (*PLACES, "none")):
        return None
    places = []
    for dimension in dimensions:
        last = len(dimension.values) - 1
        named = {LOWEST: 0, MIDDLE: last // 2, HIGHEST: last, BASELINE: dimension.baseline}
        value = wanted.get(dimension.name, BASELINE)
        if value in dimension.values:
            places.append(dimension.values.index(value))
        elif value in named:
            places.append(named[value])
        else:
            return None
    return places
