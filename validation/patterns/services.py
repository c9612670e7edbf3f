"""Patterns about what coalitions do: referrals, awareness, output."""

from __future__ import annotations

import math

import numpy as np

from validation.claims import Claim, Pattern
from validation.kernels import watch_referrals
from validation.measures import average, average_months, fit_line, match_nearest
from validation.settings import Setting

WINDOW = 6  # months before and after joining
FEWEST_JOINERS = 5


def measure_joining(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Difference in differences of organizations that join against matched ones that stay outside."""
    joiners, outsiders = [], []
    for seed in seeds:
        joined, stayed = _find_spells(setting, seed)
        joiners += joined
        outsiders += stayed
    if len(joiners) < FEWEST_JOINERS or not outsiders:
        return {}
    joined, stayed = np.array(joiners), np.array(outsiders)
    nearest = match_nearest(joined[:, 2:], stayed[:, 2:])
    gained = (joined[:, :2] - stayed[nearest, :2]).mean(axis=0)
    return {"referrals": float(gained[0]), "served": float(gained[1]), "joiners": len(joiners) / len(seeds)}


def _find_spells(setting: Setting, seed: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return changes and matching values of who joins after half a year outside, and of who stays outside."""
    inputs = setting.prepare(setting.build("regime=mixed months=84"))
    months = inputs.parameters.months
    shape = (months + 1, inputs.n_organizations)
    held, occupant, stress = (np.zeros(shape) for _ in range(3))
    referred, served = np.zeros(shape), np.zeros(shape)
    for month, world, referrals, _ in watch_referrals(inputs, seed, range(1, months + 1)):
        one = world.organizations
        held[month] = np.where(one.is_open, one.n_memberships, np.nan)
        occupant[month], stress[month] = one.generation, one.stress
        referred[month] = referrals.sum(axis=0) + referrals.sum(axis=1)
        served[month] = one.served
    size = inputs.world.organizations.base_capacity
    joined, stayed = [], []
    for month in range(WINDOW + 1, months - WINDOW):
        before, after = slice(month - WINDOW, month), slice(month + 1, month + 1 + WINDOW)
        for i in np.flatnonzero((held[before] == 0).all(axis=0)):
            same = (occupant[month - WINDOW : month + 1 + WINDOW, i] == occupant[month, i]).all()
            if not same or np.isnan(held[month - WINDOW : month + 1 + WINDOW, i]).any():
                continue
            past = referred[before, i].mean(), served[before, i].mean()
            change = [referred[after, i].mean() - past[0], served[after, i].mean() - past[1]]
            spell = [*change, *past, math.log(max(size[i], 1e-9)), stress[month - 1, i]]
            if held[month, i] > 0:
                joined.append(spell)
            elif (held[month : month + 1 + WINDOW, i] == 0).all():
                stayed.append(spell)
    return joined, stayed


def measure_awareness(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Awareness where coalitions stay shallow, with much and with little attendance, wide and narrow viewpoints."""

    def run(attendance: float, spread: float | None = None) -> tuple[float, float]:
        values = {"meetings.goal_breadth": 0.0} | ({} if spread is None else {"field.viewpoint_spread": spread})
        parameters = setting.build("regime=mixed", values, {"meetings.attendance_base": attendance})
        rows = setting.run(parameters, seeds).rows
        return average(average_months(rows, "awareness", 61, 120)), average(average_months(rows, "mean_depth", 61, 120))

    much, little = run(0.2), run(-0.2)
    wide, narrow = run(0.0, 0.8), run(0.0, 0.2)
    effect = much[0] - little[0]
    return {"activity": effect, "spread": effect - abs(wide[0] - narrow[0]), "depth": max(much[1], little[1])}


SIZES = (2, 4, 7, 10, 14, 18)
LOOKED_AT = (24, 36, 48)


def measure_sizes(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Output per member of one coalition whose members are drawn by lot, so that size is not chosen by success."""
    fixed = dict.fromkeys(("mechanisms.review_memberships", "mechanisms.break_away", "mechanisms.dissolve"), False)
    parameters = setting.build("regime=mixed months=48", fixed)
    sizes, outputs, depths = [], [], []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(parameters.field.n_organizations)
        for size in SIZES:
            member = np.zeros((1, len(order)), bool)
            member[0, order[:size]] = True
            with setting.prepare_seated(parameters, member) as inputs:
                for _, world, referrals, before in watch_referrals(inputs, seed, LOOKED_AT):
                    present = int(world.coalitions.size[0])
                    if present >= 2:
                        sizes.append(present)
                        outputs.append(float(referrals[before.joint > 0].sum()) / present)
                        depths.append(float(world.coalitions.depth[0] * world.coalitions.activity[0]))
    m, output = np.array(sizes, "f8"), np.array(outputs)
    slope, curve = fit_line(output, np.column_stack([m, m**2]))
    best = -slope / (2 * curve) if curve < 0 else math.inf
    work = fit_line(np.array(depths), np.column_stack([m, m**2]))
    return {
        "curve": -100 * float(curve),
        "best": float(min(max(best, SIZES[0]), SIZES[-1])),
        "work_slope": float(work[0] + 20 * work[1]),
    }


PATTERNS = (
    Pattern(
        1,
        "Joining a coalition raises an organization's referrals and services",
        "Gerassi, Nichols & Michelson 2017; Kim et al. 2018; Urban Institute (ECM evaluation)",
        "A",
        "Organizations that join after six months outside any coalition, against the most similar ones (referrals, "
        "people served, size, stress) that stay outside, same parameter set: change from the six months before to "
        "the six after.",
        (
            Claim(
                "referrals",
                "Who joins a coalition sends and receives more referrals than matched organizations that stay outside",
                "people/month",
            ),
            Claim(
                "served",
                "Who joins a coalition serves more people than matched organizations that stay outside",
                "people/month",
            ),
            Claim("joiners", "Organizations that joined after six months outside, a run", "a run", is_beside=True),
        ),
        measure_joining,
    ),
    Pattern(
        2,
        "Coalition activity raises awareness even at low depth",
        "Gerassi, Nichols & Michelson 2017; Callahan 2016",
        "B",
        "Coalitions with no ambition beyond awareness (`goal_breadth` 0), attendance 0.2 above against 0.2 below the "
        "set's own; beside it a wide (0.8) against a narrow (0.2) spread of viewpoints. Months 61-120.",
        (
            Claim(
                "activity", "Where joint work stays shallow, better attended coalitions raise public awareness", "stock"
            ),
            Claim("spread", "Attendance moves awareness more than the spread of viewpoints does", "stock"),
            Claim("depth", "Depth of joint work in these coalitions", "share", is_beside=True),
        ),
        measure_awareness,
    ),
    Pattern(
        13,
        "Output per member is an inverted U in coalition size",
        "Urban Institute (ECM evaluation): very large coalitions work worse",
        "B",
        "One coalition of 2 to 18 members drawn by lot, memberships held fixed: referrals completed between members, "
        "per member, in months 24, 36 and 48, as a square function of size.",
        (
            Claim(
                "curve", "Output per member bends downward as coalitions grow", "people/month per 100 squared members"
            ),
            Claim("best", "The size of most output per member lies inside what was tried", "members", 3, 15),
            Claim(
                "work_slope",
                "Depth times attendance at 10 members, per further member",
                "share per member",
                is_beside=True,
            ),
        ),
        measure_sizes,
        null_is_same=True,
    ),
)
