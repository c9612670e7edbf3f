"""Plain sentences about results, each from a template and its numbers: at most 150 words before any figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.figures.labels import join_words, tell_open
from sim.report.reading import COMPARISON, SWEEP, Material
from sim.report.verdicts import VARIES
from sim.results.contrasts import find_same
from sim.results.scenario import describe_shocks, describe_size
from sim.results.summaries import drop_repeated_points
from sim.results.verdict import THRESHOLD, explain_unknown

if TYPE_CHECKING:
    from sim.figures.figure import Table

MOST_WORDS = 150
TOLD = 3  # settings told one by one; more are counted
VERBS = {"grows": "grow", "holds": "hold", "fragments": "fragment"}
CLOSING = "Most numbers of the model are assumed: take this as a way to think about a question, not as a forecast."


def tell_headline(material: Material, summary: Table, differences: Table) -> str:
    """Return the finding in one sentence: the title of the report."""
    if len(material.settings) == 1:
        return _tell_single(summary.iloc[0])
    found = _pick_outcome(differences)
    reference = material.settings[0]
    if not found or all(np.isnan(row["mean"]) for row in found):
        return f"Nothing to compare with {reference}: the runs are too short, or nobody is left to collaborate"
    same = find_same(differences)
    if same == {row["regime"] for row in found}:
        return f"The same runs under {_list([reference, *sorted(same)], len(found) + 1)}: nothing differs"
    if len(found) == 1:
        row = found[0]
        side = _find_side(row)
        if side == "undecided":
            return f"No clear difference in collaboration between {row['regime']} and {reference}"
        return f"{_capital(row['regime'])} ends with {side} collaboration than {reference}"
    sides = {
        side: [row["regime"] for row in found if _find_side(row) == side] for side in ("more", "less", "undecided")
    }
    told = [
        f"{'undecided' if side == 'undecided' else f'{side} collaboration at the end'} under {_list(names, len(found))}"
        for side, names in sides.items()
        if names
    ]
    return f"Against {reference}: {'; '.join(told)}"


def _tell_single(row: Any) -> str:
    """Return the verdict of the only setting as a title."""
    verdict, setting = row["verdict"], row["regime"]
    if verdict == VARIES:
        return f"Under {setting} collaboration grows in some scenarios and fragments in others"
    if verdict == "undecided":
        return f"Undecided under {setting}: collaboration {tell_open(row['change_low'], row['change_high'])}"
    if verdict in VERBS:
        return f"Collaboration {verdict} under {setting}"
    return f"{_capital(verdict)} under {setting}: nothing can be said of a change in collaboration"


def _list(names: list[str], n_all: int) -> str:
    return join_words(names) if len(names) <= TOLD else f"{len(names)} of {n_all} settings"


def tell_summary(material: Material, summary: Table, differences: Table) -> list[str]:
    """Return the sentences of the summary, of `MOST_WORDS` words at most; the less important ones go first."""
    opening, coverage = _tell_opening(material), _tell_coverage(material, summary)
    if len(material.settings) == 1:
        row = summary.iloc[0]
        findings = [*([] if np.isnan(row["change_mean"]) else [_tell_end(row)]), _tell_verdict(row)]
    elif len(material.settings) <= TOLD + 1:
        same = find_same(differences)
        findings = [
            tell_difference(row, count_pairs(material, row), row["regime"] in same)
            for row in _pick_outcome(differences)
        ]
    else:
        findings = [_tell_many(summary), f"{tell_headline(material, summary, differences)}."]
    shock = describe_shocks(material.manifest)
    told = [f"{opening} {shock}".strip()]
    for kept in ([*told, *findings, coverage, CLOSING], [*told, *findings, CLOSING]):
        if count_words(kept) <= MOST_WORDS:
            return kept
    return [*told, f"{tell_headline(material, summary, differences)}.", CLOSING]


def count_words(sentences: list[str]) -> int:
    """Return the number of words in all sentences."""
    return sum(len(sentence.split()) for sentence in sentences)


def _tell_opening(material: Material) -> str:
    n_runs, settings = len(material.runs), material.settings
    size, months = find_size(material)
    where = f"a simulated field of {size} over {months}"
    if material.kind == COMPARISON:
        n_seeds = material.runs["seed"].nunique()
        often = "once" if n_seeds == 1 else f"{n_seeds:,} times"
        return f"{_capital(_count(len(settings)))} settings of {where}, each run {often}, on the same seeds."
    n_scenarios = material.n_scenarios
    among = f", {plural(len(settings), 'setting')} in {plural(n_scenarios, 'scenario')}" if n_scenarios > 1 else ""
    kind = "A sweep of" if material.kind == SWEEP else "This is"
    if len(settings) == 1 and n_scenarios == 1:
        return f"{kind} {plural(n_runs, 'run')} of {where}, under {settings[0]}."
    return f"{kind} {plural(n_runs, 'run')} of {where}{among}."


def find_size(material: Material) -> tuple[str, str]:
    """Return the number of organizations and of months in words; a range where they vary."""
    trees = [tree for tree in material.manifest.get("settings") or [] if isinstance(tree, dict)]
    return describe_size(material.manifest), _span([tree.get("months", 0) for tree in trees], "month")


def _span(numbers: list[Any], unit: str) -> str:
    low, high = (min(numbers), max(numbers)) if numbers else (0, 0)
    if not high:
        return f"an unknown number of {unit}s"
    return plural(low, unit) if low == high else f"{low:,} to {high:,} {unit}s"


def _tell_end(row: Any) -> str:
    end, start = row["collaboration_end"], row["collaboration_end"] - row["change_mean"]
    told = f"At the end {of_hundred(end)} pairs of organizations share a coalition"
    return f"{told}; in the first year {100 * start:.0f} do."


def _tell_verdict(row: Any) -> str:
    n_runs = int(row["n_runs"])
    if row["verdict"] == VARIES:
        ranged = f"{_between(row['range_low'], row['range_high'])} pairs in 100"
        return (
            f"The mean change lies from {ranged} between scenarios: of {int(row['n_scenarios']):,} scenarios "
            f"collaboration grows in {int(row['n_grow']):,} and fragments in {int(row['n_fragment']):,}, so a mean "
            "over them says little."
        )
    if row["verdict"] not in (*VERBS, "undecided"):
        return f"{_capital(explain_unknown(row['verdict']))}."
    if n_runs == 1:
        return f"By the rule of the model collaboration {row['verdict']}; a single run says nothing about chance."
    counted = [(round(row[f"{name}_share"] * row["n_judged"]), name) for name in VERBS]
    counts = join_words([f"{n} {name if n == 1 else VERBS[name]}" for n, name in counted])
    unknown = n_runs - int(row["n_judged"])
    told = f"Of {n_runs} runs {counts}{f', and {unknown} cannot be judged' if unknown else ''}."
    change = (
        f"{_signed(row['change_mean'])} pairs in 100, 95 % interval {_between(row['change_low'], row['change_high'])}"
    )
    if row["verdict"] == "undecided":
        known = tell_open(row["change_low"], row["change_high"])
        limit = f"the limit that counts is {100 * THRESHOLD:g}"
        return f"{told} Undecided: the mean change is {change}. Collaboration {known} ({limit})."
    return f"{told} On the whole collaboration {row['verdict']}: the mean change is {change}."


def tell_difference(row: dict[str, Any], counts: tuple[int, int, int], is_same: bool = False) -> str:
    """Return one paired difference in collaboration at the end in words; counts: pairs with more, less, all.

    is_same: whether the two settings give the same runs, see `sim.results.contrasts.find_same`.
    """
    more, less, n = counts
    setting, reference = row["regime"], row["reference"]
    if is_same:
        return f"{_capital(setting)} gives the same runs as {reference}: nothing differs in any pair."
    if n == 0:
        return f"{_capital(setting)} and {reference} cannot be compared: no pair of runs has an end to compare."
    if n == 1 or np.isnan(row["low"]):
        return (
            f"On one pair of runs {setting} ends {_signed(row['mean'])} pairs in 100 from {reference}; "
            "a single pair says nothing about chance."
        )
    if not more and not less:
        return f"In all {n} paired runs {setting} ends with exactly the collaboration of {reference}."
    side = _find_side(row)
    count, word = (less, "less") if row["mean"] < 0 else (more, "more")
    told = f"In {count} of {n} paired runs {setting} ends with {word} collaboration than {reference}"
    interval = f"95 % interval {_between(row['low'], row['high'])}"
    if side == "undecided":
        return f"{told}; undecided, the interval crosses zero (mean {_signed(row['mean'])} pairs in 100, {interval})."
    return f"{told}: {_signed(row['mean'])} pairs in 100 on average ({interval})."


def count_pairs(material: Material, row: dict[str, Any]) -> tuple[int, int, int]:
    """Return how many pairs of runs end with more of the outcome than the reference, with less, and all."""
    both = material.runs[material.runs["regime"].isin([row["regime"], row["reference"]])]
    runs = drop_repeated_points(both, ["regime"], ["scenario"])
    wide = runs.pivot_table(index=["seed", "scenario"], columns="regime", values=row["outcome"], dropna=False)
    change = (wide[row["regime"]] - wide[row["reference"]]).dropna()
    return int((change > 0).sum()), int((change < 0).sum()), len(change)


def _tell_many(summary: Table) -> str:
    parts = []
    phrases = {"undecided": "is undecided", VARIES: "grows in some scenarios and fragments in others"}
    for verdict in dict.fromkeys([*VERBS, *phrases, *summary["verdict"]]):
        found = list(summary.loc[summary["verdict"] == verdict, "regime"])
        if found:
            listed = _list(found, len(summary))
            phrase = verdict if verdict in VERBS else phrases.get(verdict, f"is not judged ({verdict})")
            parts.append(f"{phrase} under {listed}")
    return f"Collaboration {'; '.join(parts)}."


def _tell_coverage(material: Material, summary: Table) -> str:
    """Return the mean coverage of the only setting, or of the settings with most and fewest."""
    known = summary[summary["coverage_end"].notna()]
    if known.empty:
        return "Coverage is not known."
    lowest, highest = (known.loc[place] for place in (known["coverage_end"].idxmin(), known["coverage_end"].idxmax()))
    if lowest["coverage_end"] >= 0.995:
        every = "Every" if lowest["coverage_end"] == 1 else "Nearly every"
        return f"{every} service population has a provider inside a coalition at the end."
    told = "service populations have a provider inside a coalition at the end"
    low, high = (_count_populations(material, row["coverage_end"]) for row in (lowest, highest))
    if len(known) == 1 or low == high:
        return f"On average {low} {told}."
    return f"On average {low} {told} under {lowest['regime']}, {high} under {highest['regime']}."


def _count_populations(material: Material, share: float) -> str:
    """Return a share of the service populations as ``5.2 of 6``, in percent where fields have other populations."""
    trees = [tree for tree in material.manifest.get("settings") or [] if isinstance(tree, dict)]
    sizes = {len((tree.get("field") or {}).get("populations") or []) for tree in trees}
    n = sizes.pop() if len(sizes) == 1 else 0
    return f"{share * n:.1f} of {n}" if n else f"{100 * share:.0f} % of"


def _find_side(row: Any) -> str:
    """Say on which side of zero the whole interval lies."""
    if row["low"] > 0:
        return "more"
    return "less" if row["high"] < 0 else "undecided"


def _pick_outcome(differences: Table, outcome: str = "collaboration_end") -> list[dict[str, Any]]:
    return differences[differences["outcome"] == outcome].to_dict("records")


def of_hundred(share: float) -> str:
    """Return a share as ``24 of 100``."""
    return f"{100 * share:.0f} of 100"


def _signed(share: float, digits: int | None = None) -> str:
    if digits is None:
        digits = 0 if abs(share) >= 0.0095 else 1
    return "0" if abs(share) < 0.0005 else f"{100 * share:+.{digits}f}".replace("-", "−")


def _between(low: float, high: float) -> str:
    """Return an interval in pairs of a hundred, both ends with the same digits."""
    digits = 0 if min(abs(low), abs(high)) >= 0.0095 else 1
    return f"{_signed(low, digits)} to {_signed(high, digits)}"


def _count(n: int) -> str:
    return ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")[n] if n < 10 else f"{n:,}"


def plural(n: int, word: str) -> str:
    """Return ``1 run`` or ``20 runs``."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
