"""The answer of each experiment: a sentence computed from its small table. Numbers in brackets are 95 % t-intervals."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.answers.tables import read_sweep_of, read_table
from sim.analysis.robustness import compute_crossed_interval
from sim.configuration import find_declaration
from sim.results.contrasts import compute_half_width

SPREAD, MONEY = "field.viewpoint_spread", "grants.annual_usd_per_organization"
COLLABORATION, REFERENCE = "collaboration_end", "as_it_is"
ORGANIZATIONS, YEARS = 18, 10  # of the default field and horizon
MUCH_USD = 5_000  # an organization and year; a difference worth naming


def _interval(values: pd.Series) -> tuple[float, float, float]:
    found = values.dropna()
    mean, half = float(found.mean()), compute_half_width(float(found.std(ddof=1)), len(found))
    return mean, mean - half, mean + half


def tell(values: pd.Series) -> str:
    """Return a mean difference with its interval, like "-0.12 [-0.15, -0.09]"."""
    return "{:+.3f} [{:+.3f}, {:+.3f}]".format(*_interval(values))


def _spell(case: str) -> str:
    return case.replace("_", " ")


class Paired(NamedTuple):
    """An outcome by policy: a row a set, and a row a seed. Differences are taken of both."""

    sets: pd.DataFrame
    seeds: pd.DataFrame

    def tell(self, find: Callable[[pd.DataFrame], pd.Series]) -> str:
        """Return a difference between policies, like "-0.12 [-0.15, -0.09]"; the interval is over sets and seeds."""
        return "{:+.3f} [{:+.3f}, {:+.3f}]".format(*self.interval(find))

    def interval(self, find: Callable[[pd.DataFrame], pd.Series]) -> tuple[float, float, float]:
        """Return the mean of a difference, and its interval."""
        return compute_crossed_interval(find(self.sets), find(self.seeds))


def _pair(table: pd.DataFrame, policies: list[str], outcome: str) -> Paired:
    parts = [table[table["part"] == part] for part in ("set", "seed")]
    return Paired(*(one.pivot_table(index="number", columns=policies, values=outcome, dropna=False) for one in parts))


def _differ(one: Any, other: Any) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda found: found[one] - found[other]


def _differ_in_calm(more: tuple[str, str], less: tuple[str, str]) -> Callable[[pd.DataFrame], pd.Series]:
    """Return what two cases have more than two others, on average, where no shock strikes."""

    def find(wide: pd.DataFrame) -> pd.Series:
        calm = wide["none"]
        return (calm[more[0]] + calm[more[1]] - calm[less[0]] - calm[less[1]]) / 2

    return find


def answer_grow_or_fragment(table: pd.DataFrame) -> str:
    """Where collaboration turns from loss to gain under each regime, and what the spread of viewpoints does to its end.

    The change is that of each run; the end stands beside it, because the spread of viewpoints acts from month 0 on and
    has done much of its work before the first year, which the change starts from, is over.
    """
    turns = ", ".join(f"{_spell(regime)} {_find_turn(rows)}" for regime, rows in table.groupby("regime", sort=False))
    given = table[table["regime"] != "none"]
    by_money = given.pivot_table(index="seed", columns=MONEY, values="collaboration_change")
    poor, rich = by_money.columns.min(), by_money.columns.max()
    gain = by_money[rich] - by_money[poor]
    ends = given.pivot_table(index="seed", columns=[SPREAD, MONEY], values="collaboration_end")
    near, far = given[SPREAD].min(), given[SPREAD].max()
    apart = ends[far] - ends[near]
    lead = "More money lets it grow, and what the money is tied to matters" if _interval(gain)[1] > 0 else "By regime"
    return (
        f"{lead}. The mean change in the share of collaborating pairs, by USD an organization and year: {turns}. Where "
        f"there are grants, {rich:,.0f} instead of {poor:,.0f} USD moves the change by {tell(gain)}. Viewpoints {far} "
        f"instead of {near} apart move the share at the end by {tell(apart[poor])} with the least money and by "
        f"{tell(apart[rich])} with the most"
    )


def _find_turn(rows: pd.DataFrame) -> str:
    """Return between which sums of money the mean change turns from loss to gain, or that it does not."""
    means = rows.groupby(MONEY)["collaboration_change"].mean()
    if means.max() == means.min():  # the money reaches nobody
        return f"{means.iloc[0]:+.3f} (money plays no part)"
    gains = means.index[means > 0]
    if len(gains) in (0, len(means)):
        side = "gain" if len(gains) else "loss"
        return f"a {side} throughout ({means.iloc[0]:+.3f} with the least, {means.iloc[-1]:+.3f} with the most)"
    losses = means.index[means <= 0]
    if losses.max() > gains.min():
        return f"no clear turn ({means.min():+.3f} to {means.max():+.3f})"
    return f"a gain from between {losses.max():,.0f} and {gains.min():,.0f} on"


def _name_parameter(name: str) -> str:
    declaration = find_declaration(name)
    label = str(declaration.metadata["label"]) if declaration else _spell(name)
    return label[:1].lower() + label[1:]


def answer_lever_screening(table: pd.DataFrame) -> str:
    """Morris: the three that move each outcome most, and those that can be left alone for all."""
    from sim.analysis.sensitivity import compute_sensitivity

    outcomes = ["collaboration_change", "coverage_end", "fragments_share"]
    found = compute_sensitivity(read_sweep_of("lever_screening"), outcomes)
    parts, idle = [], None
    for outcome in outcomes:
        one = found[found["outcome"] == outcome].sort_values("mu_star", ascending=False)
        top = ", ".join(
            f"{_name_parameter(row['parameter'])} {row['mu_star']:.2f} [{row['mu_star_low']:.2f}, "
            f"{row['mu_star_high']:.2f}]"
            for row in one.head(3).to_dict("records")
        )
        parts.append(f"{_spell(outcome)} by {top}")
        small = set(one.loc[one["mu_star_high"] < 0.25 * one["mu_star"].max(), "parameter"])
        idle = small if idle is None else idle & small
    left = ", ".join(sorted(map(_name_parameter, idle or ()))) or "none"
    return (
        f"Most moved (mu*, over the whole range): {'; '.join(parts)}. Below a quarter of the first in all three: {left}"
    )


def answer_money_and_viewpoint(table: pd.DataFrame) -> str:
    """PRIM: the boxes in which it grows, and in which it fragments, in at least half of the seeds."""
    from sim.analysis.scenarios import describe_scenarios, find_scenarios, prepare_points

    sweep, parts = read_sweep_of("money_and_viewpoint"), []
    for word in ("grows", "fragments"):
        condition = f"{word}_share >= 0.5"
        base = prepare_points(sweep, condition)[1].mean()
        told = describe_scenarios(find_scenarios(sweep, condition, n_boxes=1), condition, base)
        parts.append(told.replace(condition, f"It {word} in at least half of the seeds").rstrip("."))
    named = re.sub(r"[a-z_]+(\.[a-z_]+)+", lambda found: _name_parameter(found[0]), ". ".join(parts))
    return re.sub(r"\d(\.\d+)?e\+\d+", lambda found: f"{float(found[0]):,.0f}", named)


def answer_diversity_under_stress(table: pd.DataFrame) -> str:
    """What distance of viewpoints costs in each condition of money, and how much more than with enough.

    On three scales, since the answer depends on it: change in collaboration over the run, exits, and collaborating
    pairs at the end as a proportion (by its logarithm) of those in a field without distance.
    """
    near, far = table[SPREAD].min(), table[SPREAD].max()
    cases = [case for case in dict.fromkeys(table["case"]) if case != "enough"]
    logs = table.assign(proportion=np.log(table["collaboration_end"]))
    words = {"collaboration_change": "Change of collaboration over the run", "exit_rate": "Exits a membership and year"}
    words["proportion"] = "Collaboration at the end, as a proportion (logarithm)"
    parts, costly = [], []
    for outcome, told in words.items():
        paired = _pair(logs, [SPREAD, "case"], outcome)

        def cost(case: str, less: str = "") -> Callable[[pd.DataFrame], pd.Series]:
            def find(wide: pd.DataFrame) -> pd.Series:
                own = wide[far][case] - wide[near][case]
                return own - (wide[far][less] - wide[near][less]) if less else own

            return find

        toward = 1 if outcome == "exit_rate" else -1
        found = {case: paired.interval(cost(case, "enough")) for case in cases}
        worse = [case for case in cases if min(toward * side for side in found[case][1:]) > 0]
        eased = [case for case in cases if max(toward * side for side in found[case][1:]) < 0]
        costly.append(worse)
        show = {case: f"{_spell(case)} {paired.tell(cost(case, 'enough'))}" for case in cases}
        parts.append(
            f"{told} {paired.tell(cost('enough'))}; clearly costlier: "
            f"{', '.join(show[one] for one in worse) or 'nowhere'}"
            + (f"; clearly less so: {', '.join(show[one] for one in eased)}" if eased else "")
        )
    lead = "The same on each scale" if len(set(map(tuple, costly))) == 1 else "It depends on the scale"
    return (
        f"{lead}. Viewpoints {far} instead of {near} apart, with enough unrestricted money, and how that "
        f"differs where money is scarce, or restricted by population or viewpoint: {'. '.join(parts)}"
    )


def answer_restrictions(table: pd.DataFrame) -> str:
    """Difference of each restriction to free money, in collaboration and coverage."""
    ends, coverage = _pair(table, ["case"], COLLABORATION), _pair(table, ["case"], "coverage_end")
    told = "; ".join(
        f"{_spell(case)} {ends.tell(_differ(case, 'free'))}, coverage {coverage.tell(_differ(case, 'free'))}"
        for case in dict.fromkeys(table["case"])
        if case != "free"
    )
    poles = _differ("rights_and_labour_focused", "exploitation_focused")
    _, low, high = ends.interval(poles)
    same = "differ clearly" if low > 0 or high < 0 else "do not differ clearly"
    return (
        f"Against the same money without a restriction, the share of collaborating pairs at the end differs by: {told}"
        f". The two directions of viewpoint {same} from each other ({ends.tell(poles)})"
    )


def answer_shift_terms_convener(table: pd.DataFrame) -> str:
    """What the shift does under each arrangement, and what terms and convener change in that."""
    ends = _pair(table, ["shock", "case"], COLLABORATION)

    def shift(*cases: str) -> Callable[[pd.DataFrame], pd.Series]:
        return lambda wide: sum(wide["stream_shift"][case] - wide["none"][case] for case in cases) / len(cases)

    def contrast(more: tuple[str, str], less: tuple[str, str]) -> str:
        return ends.tell(lambda wide: shift(*more)(wide) - shift(*less)(wide))

    told = ", ".join(f"{_spell(case)} {ends.tell(shift(case))}" for case in dict.fromkeys(table["case"]))
    term = contrast(("long", "long_convener"), ("short", "short_convener"))
    convener = contrast(("long_convener", "short_convener"), ("long", "short"))

    level = _differ_in_calm(("long_convener", "short_convener"), ("long", "short"))
    return (
        "Where all money is tied to populations, the shift moves the share of collaborating pairs at the end by: "
        f"{told} (terms of 36 or 12 months, with a funded convener or without). Longer terms change that effect by "
        f"{term}, a funded convener by {convener}; "
        f"without any shift a funded convener moves the level itself by {ends.tell(level)}"
    )


def answer_total_cut(table: pd.DataFrame) -> str:
    """Share of coalitions that stand in month 47 and still do in month 120, with the cut and without."""
    share = _pair(table.assign(share=table["surviving"] / table["standing"]), ["shock", "regime"], "share")
    parts = [
        f"{_spell(regime)} {share.sets['total_cut'][regime].mean():.0%} against "
        f"{share.sets['none'][regime].mean():.0%} without a cut (difference "
        f"{share.tell(_differ(('total_cut', regime), ('none', regime)))})"
        for regime in dict.fromkeys(table["regime"])
    ]
    return f"Of the coalitions that stand before all money ends, six years later there are left: {'; '.join(parts)}"


def answer_levers(table: pd.DataFrame) -> str:
    """Levers in the order of what they do to collaboration, coverage beside it, and money awarded."""
    ends, coverage = _pair(table, ["case"], COLLABORATION), _pair(table, ["case"], "coverage_end")
    usd = _pair(table, ["case"], "total_awarded_usd")
    levers = [case for case in dict.fromkeys(table["case"]) if case != REFERENCE]
    found = {lever: ends.interval(_differ(lever, REFERENCE)) for lever in levers}
    order = sorted(levers, key=lambda lever: found[lever][0], reverse=True)

    def show(lever: str) -> str:
        more = (ends.sets[lever] > ends.sets[REFERENCE]).mean()
        beside = coverage.interval(_differ(lever, REFERENCE))[0]
        return f"{_spell(lever)} {ends.tell(_differ(lever, REFERENCE))} ({more:.0%} of sets; coverage {beside:+.3f})"

    more = [lever for lever in order if found[lever][1] > 0]
    less = [lever for lever in order if found[lever][2] < 0]
    money = {lever: (usd.sets[lever] - usd.sets[REFERENCE]).mean() / ORGANIZATIONS / YEARS for lever in levers}
    other = [f"{_spell(lever)} ({money[lever]:+,.0f})" for lever in levers if abs(money[lever]) > MUCH_USD]
    narrower = [lever for lever in levers if coverage.interval(_differ(lever, REFERENCE))[2] < 0]
    return (
        "In a field funded by four lines beside each other, one of them on a vaguely worded condition, of "
        f"{len(levers)} levers on one budget these clearly raise the share of collaborating pairs at the end: "
        f"{', '.join(map(show, more)) or 'none'}. These clearly lower it: {', '.join(map(show, less)) or 'none'}. "
        f"Clearly lower coverage under: {', '.join(map(_spell, narrower)) or 'none'}. USD awarded an organization "
        f"and year differ by more than {MUCH_USD:,} under: {', '.join(other) or 'none'}"
    )


def answer_mechanisms(table: pd.DataFrame) -> str:
    """How much of the loss under silos, and without money, is gone once a mechanism is off."""
    ends = _pair(table, ["regime", "case"], COLLABORATION)
    cases = [case for case in dict.fromkeys(table["case"]) if case not in ("all_on", "null_model")]
    parts = []
    for regime, words in (("population_silo", "tied to populations"), ("none", "missing")):

        def lose(case: str, regime: str = regime) -> Callable[[pd.DataFrame], pd.Series]:
            return lambda wide: wide[regime][case] - wide["unrestricted"][case]

        change = {case: (lambda wide, case=case, lose=lose: lose(case)(wide) - lose("all_on")(wide)) for case in cases}
        found = {case: ends.interval(change[case]) for case in cases}
        order = sorted(cases, key=lambda case: found[case][0], reverse=True)
        less = [f"{_spell(case.removeprefix('no_'))} {ends.tell(change[case])}" for case in order if found[case][1] > 0]
        more = [f"{_spell(case.removeprefix('no_'))} {ends.tell(change[case])}" for case in order if found[case][2] < 0]
        parts.append(
            f"Money {words} moves the share of collaborating pairs by {ends.tell(lose('all_on'))}, in the null model "
            f"by {ends.tell(lose('null_model'))}; less is lost most once off: {', '.join(less[:3]) or 'none'}; clearly "
            f"more: {', '.join(more) or 'none'}"
        )
    return ". ".join(parts)


def answer_study_city(table: pd.DataFrame) -> str:
    """Return what interviews speak of most under each regime, and which themes tell the regimes apart."""
    parts = []
    for regime, rows in table.groupby("regime", sort=False):
        first = rows.iloc[0]
        most = rows.sort_values(["median", "theme"], ascending=[False, True]).head(3)
        told = ", ".join(f"{row.label.lower()} {row.median:g} [{row.low:g}, {row.high:g}]" for row in most.itertuples())
        parts.append(f"{_spell(str(regime))}: {told} (from {first['n_organizations']:g} organizations)")
    wide = table.pivot_table(index="label", columns="regime", values="median", sort=False)
    span = (wide.max(axis=1) - wide.min(axis=1)).sort_values(ascending=False, kind="stable")
    name = str(span.index[0])
    low, high = str(wide.loc[name].idxmin()), str(wide.loc[name].idxmax())
    return (
        f"Of 24 interviews a run (median and range of {table['n_runs'].iloc[0]} runs), most often under "
        f"{'; '.join(parts)}. {name} tells the regimes apart most: {wide.loc[name, low]:g} under {_spell(low)}, "
        f"{wide.loc[name, high]:g} under {_spell(high)}"
    )


class Measured(NamedTuple):
    """One effect on collaboration at the end, measured in an experiment on a base case of its own."""

    base: str
    experiment: str
    policies: list[str]
    find: Callable[[pd.DataFrame], pd.Series]


_SHIFT_BASE, _LEVERS_BASE = "where all money is tied to populations", "in a field funded by four mixed lines"
_SHIFT = ("shift_terms_convener", ["shock", "case"])
_LEVERS = ("levers", ["case"])
MEASURED_TWICE = {
    "A funded convener": (
        Measured(_SHIFT_BASE, *_SHIFT, _differ_in_calm(("long_convener", "short_convener"), ("long", "short"))),
        Measured(_LEVERS_BASE, *_LEVERS, _differ("funded_convener", REFERENCE)),
    ),
    "Awards of 36 instead of 12 months": (
        Measured(_SHIFT_BASE, *_SHIFT, _differ_in_calm(("long", "long_convener"), ("short", "short_convener"))),
        Measured(_LEVERS_BASE, *_LEVERS, _differ("longer_terms", REFERENCE)),
    ),
}


def compare_base_cases() -> list[str]:
    """Return a sentence for each effect that was measured on two base cases: whether its sign depends on them."""
    sentences = []
    for effect, measurements in MEASURED_TWICE.items():
        parts, signs = [], []
        for base, experiment, policies, find in measurements:
            paired = _pair(read_table(experiment), policies, COLLABORATION)
            _, low, high = paired.interval(find)
            signs.append(1 if low > 0 else -1 if high < 0 else 0)
            parts.append(f"{paired.tell(find)} {base} (`{experiment}`)")
        opposite = {1, -1} <= set(signs)
        same = len(set(signs)) == 1 and signs[0] != 0
        verdict = (
            "its sign depends on the base case"
            if opposite
            else ("the same sign on both" if same else "clear on one of them at most")
        )
        sentences.append(f"{effect}: {', '.join(parts)}; {verdict}")
    return sentences


ANSWERS: dict[str, Callable[[pd.DataFrame], str]] = {
    name.removeprefix("answer_"): function for name, function in list(globals().items()) if name.startswith("answer_")
}
