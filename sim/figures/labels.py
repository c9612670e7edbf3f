"""Words for names: settings, columns of results, numbers that a design varies."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from sim.results.verdict import THRESHOLD
from sim.schema.columns import COUNTERS, KEYS, MONTHS, RUNS, column
from sim.schema.parameters import Parameters
from sim.text import clean

if TYPE_CHECKING:
    from sim.results.store import Results

WIDE_TITLE, SHORT_TITLE = 138, 78  # letters that two lines of a wide and of a narrow picture hold


SHORT = {  # of parameters on axes, whose own labels are sentences
    "annual_usd_per_organization": "Grant money per organization (USD/year)",
    "viewpoint_spread": "Spread of viewpoints (distance of each camp from the middle)",
}


def name_setting(setting: str) -> str:
    """Return a regime or setting as words: ``population_silo`` becomes ``population silo``, ``_own`` stays."""
    setting = clean(str(setting))
    head = setting[: len(setting) - len(setting.lstrip("_"))]
    words = str(setting).replace(" ", ", ") if "=" in str(setting) else str(setting)  # "lottery turf_weight=0"
    return head + words[len(head) :].replace("_", " ").replace("=", " ")


def label_settings(settings: Iterable[object], labels: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the name that each setting is shown under: the written labels of what was chosen, and the numbers.

    settings: as in the column ``regime``, like ``lottery`` or ``lottery shock=total_cut turf_weight=0``. labels: see
    ``labels`` in a manifest. No two settings share a name; without a label a setting is shown as `name_setting` does.
    """
    listed = list(dict.fromkeys(map(str, settings)))
    found = {setting: _label_setting(setting, labels) for setting in listed}
    names = list(found.values())
    return {setting: f"{name} ({setting})" if names.count(name) > 1 else name for setting, name in found.items()}


def _label_setting(setting: str, labels: Mapping[str, Mapping[str, str]]) -> str:
    known = {word: label for group in labels.values() for word, label in group.items()}
    if setting in known and setting != "none":
        return known[setting]
    parts = []
    for word in setting.split(" "):
        group, sign, value = word.partition("=")
        if not sign and word in known:
            parts.append(labels.get("regime", {}).get(word) or known[word])
        elif sign and value in labels.get(group, {}):
            parts.append(labels[group][value])
        else:
            parts.append(f"{group.rpartition('.')[2]}{sign}{value}")  # the last part of a parameter's name will do
    if parts == setting.split(" "):
        return setting
    return join_parts([part if part in known.values() else name_setting(part) for part in parts])


def join_parts(parts: list[str]) -> str:
    """Return what a setting is made of as one name: ``Lottery, short-term (total cut, turf weight 0)``."""
    if len(parts) < 2:
        return "".join(parts)
    rest = [part[:1].lower() + part[1:] if part[1:2].islower() else part for part in parts[1:]]
    return f"{parts[0]} ({', '.join(rest)})"


def relabel(results: Results) -> Results:
    """Return the results with settings and shocks under their labels, for what is shown; a copy where they change."""
    labels = results.manifest.get("labels")
    if not isinstance(labels, Mapping) or not len(results.runs):
        return results
    names = label_settings(results.runs["regime"], labels)
    changed = {}
    for name in ("runs", "months", "events", "members", "localities"):
        table = getattr(results, name)
        if "regime" in table.columns:
            changed[name] = table.assign(regime=[names.get(str(one), one) for one in table["regime"]])
    for group in ("shock", "field"):
        if group in results.runs.columns:
            shown = labels.get(group, {})
            changed["runs"] = changed["runs"].assign(
                **{group: [shown.get(str(one), one) for one in results.runs[group]]}
            )
    return dataclasses.replace(results, **changed, manifest={**results.manifest, "labels": {}})


def name_axis(name: str, table: str = "months") -> str:
    """Return label and unit of a column of `table` or, where it is none, of the parameter with that last name.

    table: "months" or "runs"; a count of the table of runs is of the whole run.
    """
    if name in SHORT:
        return SHORT[name]
    try:
        entry = column(name, table)
    except KeyError:
        return _name_parameter(name)
    return entry.meaning.split(";")[0] if name == "month" else f"{entry.label} ({entry.unit})"


def explain_column(name: str, table: str = "months") -> str:
    """Return what a column of `table` ("months" or "runs") means, with other columns' names as words."""
    meaning = column(name, table).meaning
    for entry in MONTHS:
        meaning = meaning.replace(entry.name, entry.label.lower()) if "_" in entry.name else meaning
    return meaning.replace("`", "")


def tell_change(value: float) -> str:
    """Return a difference with its sign, two decimals; what rounds to zero is 0.00."""
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"


def tell_open(low: float, high: float) -> str:
    """Return what an undecided change leaves open, by where its 95 % interval lies: never that nothing is known."""
    if low > -THRESHOLD:
        return "does not fragment on average; whether it grows or holds is open"
    if high < THRESHOLD:
        return "does not grow on average; whether it fragments or holds is open"
    return "whether it grows, holds or fragments is open"


def tell_share(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.0f} %"


def _name_parameter(name: str) -> str:
    for group in dataclasses.fields(Parameters):
        kind = group.default_factory
        for item in dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ():
            if item.name == name:
                return f"{item.metadata['label']} ({item.metadata['unit']})"
    return name_setting(name)


def name_value(value: object) -> str:
    """Return a value for a tick: 20000 becomes 20k; what is no number stays."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value / 1000:.4g}k" if abs(value) >= 1000 else f"{value:.4g}"


def fold(text: str, width: int) -> str:
    """Return `text` in lines of at most `width` letters; a word up to half as long again is not broken."""
    longest = max((len(word) for word in text.split()), default=0)
    return textwrap.fill(text, max(width, longest) if longest <= 1.5 * width else width)


def count_lines(settings: Iterable[object], width: int) -> int:
    """Return the lines that the longest of the names takes, at `width` letters a line."""
    return max((fold(name_setting(str(one)), width).count("\n") + 1 for one in settings), default=1)


def join_words(words: list[str]) -> str:
    """Return ``a, b and c``; with semicolons where one of three or more has a comma of its own: ``a; b, c; and d``."""
    if len(words) > 2 and any("," in word for word in words):
        return f"{'; '.join(words[:-1])}; and {words[-1]}"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def find_design(runs: pd.DataFrame) -> list[str]:
    """Return the columns of `runs` that a design has varied: those with two values or more that no run computes."""
    computed = {entry.name for entry in (*KEYS, *MONTHS, *RUNS)} | {*COUNTERS}
    return [str(name) for name in runs.columns if name not in computed and len(set(runs[name])) > 1]


def find_settings(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row a setting, in the order in which they were run: regime and what the design varied."""
    return runs[["regime", *find_design(runs)]].drop_duplicates().reset_index(drop=True)  # pyright: ignore[reportReturnType]


def tell_setting(setting: pd.Series) -> str:
    """Return one row of `find_settings` in words."""
    varied = [f"{name_setting(str(name))} {name_value(value)}" for name, value in setting.items() if name != "regime"]
    regime = name_setting(str(setting["regime"]))
    return ", ".join([regime, *([] if "=" in str(setting["regime"]) else varied)])


def choose_title(candidates: Sequence[str], most: int = WIDE_TITLE) -> str:
    """Return the first of the titles that has at most so many letters, else the shortest; the fullest come first."""
    return next((title for title in candidates if len(title) <= most), min(candidates, key=len))
