"""The key of the third lesson: what money, its conditions, its end and a rule do, and what members would tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.lessons.keys import (
    LESS,
    MORE,
    UNCLEAR,
    Answer,
    Key,
    give_count,
    give_difference,
    give_mean,
    give_number,
    give_tally,
    show,
)
from experiments.lessons.measuring import N_SEEDS, Runs, average, run
from sim.results.verdict import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

NEAR, FAR = "field.viewpoint_spread=0.3", "field.viewpoint_spread=0.9"
MONEY = "grants.annual_usd_per_organization"
MUCH, MIDDLE, LITTLE = (f"{MONEY}={usd}" for usd in (220000, 110000, 20000))
NAMES = {MUCH: "220,000 USD", LITTLE: "20,000 USD", NEAR: "near", FAR: "far"}
FREE, SILO = "regime=unrestricted", "regime=population_silo"
RULE, NO_RULE = "memberships.strain=0.75", "memberships.strain=0"
N_CLAIM = 40  # seeds of experiments/classroom_strain.yaml: ten do not tell
CUT_MONTH, END = 48, 120


def make_key() -> Key:
    """Compute the key."""
    free, silo = run(FREE, NEAR, MIDDLE), run(SILO, NEAR, MIDDLE)
    cut = run(FREE, "shock=total_cut", NEAR, MIDDLE)
    interviews = [hold_interviews(regime, NEAR, MIDDLE) for regime in (FREE, SILO)]  # the runs of scene 1
    tables = [
        ("W1 to W3, seed by seed; in none: in month 120:", _list_seeds(free, silo, cut)),
        ("W2, pairs that share a coalition, B less A, by year:", _list_years(free, cut)),
        (f"W5, median and range of {N_SEEDS} runs:", _list_themes(*interviews)),
    ]
    money = [*_answer_restriction(free, silo), *_answer_cut(free, cut), *_answer_claim()]
    return Key([*money, *_answer_interviews(*interviews)], tables)


def _differ(one: Runs, other: Runs, name: str) -> Any:
    return average(other.judged[name] - one.judged[name])


def _give_verdicts(place: str, side: str, runs: Runs, expected: tuple[float, float], others: int = 0) -> Answer:
    """Count verdicts; the words of the lesson need only how many runs fragment, beyond those of others, roughly."""
    counts = {verdict: int(np.sum(runs.judged["verdict"] == verdict)) for verdict in VERDICTS}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return give_tally(place, f"verdicts of {side}", told, count_fragmenting(runs) - others, expected)


def count_fragmenting(runs: Runs) -> int:
    """Return how many runs fragment, by the rule of the page."""
    return int(np.sum(runs.judged["verdict"] == "fragments"))


def _answer_restriction(free: Runs, silo: Runs) -> list[Answer]:
    outside = [average(runs.late("unaffiliated_share")) for runs in (free, silo)]
    across = average(silo.late("cross_population_share") - silo.late("collaboration_share"))
    return [
        give_difference(
            "P1, scene 1", "change in collaboration, B against A", _differ(free, silo, "collaboration_change"), LESS
        ),
        _give_verdicts("W1", "A", free, (0, 5)),
        _give_verdicts("W1", "B", silo, (8, 10)),
        give_mean("W1", "share in no coalition, A", outside[0], (0.03, 0.12)),
        give_mean("W1", "share in no coalition, B", outside[1], (0.3, 0.55)),
        give_difference(
            "W1", "B: pairs of different populations that share a coalition, less all pairs that do", across, MORE
        ),
        give_difference("P3, scene 4", "coverage at the end, B against A", _differ(free, silo, "coverage_end"), LESS),
        give_mean("W3", "coverage at the end, B", average(silo.judged["coverage_end"]), (0.88, 0.98)),
    ]


def find_year(one: Runs, other: Runs, first: int) -> NDArray[Any]:
    """Return the difference in pairs that share a coalition over twelve months from `first` on, by seed."""
    difference = other.rows["collaboration_share"] - one.rows["collaboration_share"]
    return difference[:, first : first + 12].mean(axis=1)


def _answer_cut(free: Runs, cut: Runs) -> list[Answer]:
    first, later = (average(find_year(free, cut, CUT_MONTH + 1 + 12 * year)) for year in (0, 3))
    stress = average(
        (cut.rows["mean_fiscal_stress"] - free.rows["mean_fiscal_stress"])[:, CUT_MONTH + 1 : CUT_MONTH + 13].mean(
            axis=1
        )
    )
    return [
        give_difference(
            "P2, scene 2", "change in collaboration, B against A", _differ(free, cut, "collaboration_change"), LESS
        ),
        _give_verdicts("W2", "B", cut, (-2, 2), count_fragmenting(free)),
        give_difference("W2", "pairs that share, first year after the cut", first, MORE),
        give_difference("W2", "fiscal stress, first year after the cut", stress, MORE),
        give_difference("W2", "pairs that share, fourth year after the cut", later, LESS),
    ]


def run_claim(rule: str, n_seeds: int = N_CLAIM) -> dict[tuple[str, str], Runs]:
    """Return the runs of the claim under a rule, by money and spread of viewpoints."""
    places = [(usd, spread) for usd in (MUCH, LITTLE) for spread in (NEAR, FAR)]
    return {(usd, spread): run(FREE, spread, usd, rule, n_seeds=n_seeds) for usd, spread in places}


def find_extra(cells: dict[tuple[str, str], Runs], measure: Callable[[Runs], NDArray[Any]]) -> NDArray[Any]:
    """Return by how much far less near viewpoints is more of a measure with little money than with much, by seed."""
    much, little = (measure(cells[usd, FAR]) - measure(cells[usd, NEAR]) for usd in (MUCH, LITTLE))
    return little - much


def find_end(runs: Runs) -> NDArray[Any]:
    """Return the pairs that share a coalition at the end, by seed."""
    return runs.judged["collaboration_end"]


def _answer_claim() -> list[Answer]:
    """What distance of viewpoints costs, with much and with little money, with the model's rule and without it."""
    cells = run_claim(RULE)
    few = average(-find_extra(run_claim(RULE, N_SEEDS), find_end))
    asks = "more is lost with little money than with much"
    return [
        *_answer_cells(cells, "with the rule", [(0.7, 0.83), (0.64, 0.76), (0.25, 0.35), (0.13, 0.24)]),
        give_difference("P4, W4", f"with the rule: {asks}", average(-find_extra(cells, find_end)), MORE),
        give_difference("W4", f"with the rule, seeds 1 to {N_SEEDS} alone: {asks}", few, UNCLEAR),
        *_answer_cells(run_claim(NO_RULE), "without it", [(0.68, 0.8), (0.48, 0.6), (0.27, 0.37), (0.12, 0.24)]),
        give_difference("W4", f"without it: {asks}", average(-find_extra(run_claim(NO_RULE), find_end)), LESS),
        *_answer_measures(),
    ]


def _answer_cells(
    cells: dict[tuple[str, str], Runs], rule: str, expected: Sequence[tuple[float, float]]
) -> list[Answer]:
    ends = {place: find_end(runs) for place, runs in cells.items()}
    answers = []
    for (usd, spread), span in zip(cells, expected, strict=True):
        asks = f"{rule}: pairs at the end, {NAMES[spread]}, {NAMES[usd]}"
        answers.append(give_mean("W4", asks, average(ends[usd, spread]), span))
    for usd in (MUCH, LITTLE):
        lost = average(ends[usd, FAR] - ends[usd, NEAR])
        answers.append(give_difference("W4", f"{rule}: far against near, {NAMES[usd]}", lost, LESS))
    for usd, span in ((MUCH, (0.65, 0.96)), (LITTLE, (0.45, 0.69))):
        share = float(ends[usd, FAR].mean() / ends[usd, NEAR].mean())
        answers.append(give_number("W4", f"{rule}: far as a proportion of near, {NAMES[usd]}", share, 0.05, span, 2))
    return answers


def _answer_measures() -> list[Answer]:
    """What other measures say, which the page does not show over all seeds: months 61 to 120, exits over the run."""
    answers = []
    for name, measure, expected in (
        ("the number of groups", lambda runs: runs.late("effective_coalitions"), MORE),
        ("exits a membership and year", lambda runs: runs.judged["exit_rate"], LESS),
    ):
        for rule, words in ((RULE, "with the rule"), (NO_RULE, "without it")):
            asks, extra = (
                f"{words}: distance raises {name} more with little money",
                find_extra(run_claim(rule), measure),
            )
            answers.append(give_difference("W4, teacher", asks, average(extra), expected))
    return answers


def hold_interviews(*words: str) -> pd.DataFrame:
    """Return in how many of 24 interviews of a run each theme comes up, by theme: median over the class's seeds."""
    from sim import run as simulate
    from sim.interviews import Plan, count_events, count_interviews, interview_runs

    results = simulate(list(words), seeds=N_SEEDS)
    return count_interviews(count_events(interview_runs(results, Plan()))).set_index("theme")


def _answer_interviews(free: pd.DataFrame, silo: pd.DataFrame) -> list[Answer]:
    answers = []
    for name, told, restrictions, fragmentation, asked in (
        ("unrestricted", free, (0, 0), (18, 24), (15, 18)),
        ("silos", silo, (20, 24), (12, 21), (9, 14)),
    ):
        for theme, expected in (("restrictions", restrictions), ("fragmentation", fragmentation)):
            label, median = told.loc[theme, "label"], float(told.loc[theme, "median"])
            answers.append(give_count("W5", f"of 24 interviews, {label.lower()}, {name}", median, expected))
        answers.append(give_count("W5", f"organizations asked, {name}", float(told["n_organizations"].iloc[0]), asked))
    return answers


def _list_themes(free: pd.DataFrame, silo: pd.DataFrame) -> list[list[str]]:
    rows = [["theme", "kind", "unrestricted", "silos"]]
    for theme, one in free.iterrows():
        spans = [f"{told['median']:g} ({told['low']} to {told['high']})" for told in (one, silo.loc[theme])]
        rows.append([one["label"], one["kind"], *spans])
    return rows


def _list_seeds(free: Runs, silo: Runs, cut: Runs) -> list[list[str]]:
    cases = (("unrestricted", free), ("silos", silo), ("cut", cut))
    head = [f"{name}: {what}" for name, _ in cases for what in ("verdict", "in none")]
    rows = [["seed", *head, "silos: coverage"]]
    for at in range(N_SEEDS):
        told = []
        for _, runs in cases:
            change = show(float(runs.judged["collaboration_change"][at]), sign=True)
            alone = float(runs.at("unaffiliated_share", END)[at] * runs.at("n_open", END)[at])
            told += [f"{runs.judged['verdict'][at]} {change}", f"{alone:.0f}"]
        rows.append([str(at + 1), *told, show(float(silo.judged["coverage_end"][at]))])
    return rows


def _list_years(free: Runs, cut: Runs) -> list[list[str]]:
    firsts = range(CUT_MONTH + 1, END + 1, 12)
    rows = [["months", *(f"{first} to {first + 11}" for first in firsts)]]
    means = [average(find_year(free, cut, first)) for first in firsts]
    return [
        *rows,
        ["mean of ten seeds", *(show(mean.value, sign=True) for mean in means)],
        ["95 % interval", *(f"{show(mean.low, sign=True)} to {show(mean.high, sign=True)}" for mean in means)],
    ]
