"""Words for names: settings, columns of results, numbers that a design varies."""

from __future__ import annotations

import dataclasses
import textwrap

import pandas as pd

from sim.columns import KEYS, MONTHS, RUNS, column
from sim.figures.style import clean
from sim.parameters import Parameters


def name_setting(setting: str) -> str:
    """Return a regime or setting as words: ``population_silo`` becomes ``population silo``, ``_own`` stays."""
    setting = clean(str(setting))
    head = setting[: len(setting) - len(setting.lstrip("_"))]
    words = str(setting).replace(" ", ", ") if "=" in str(setting) else str(setting)  # "lottery turf_weight=0"
    return head + words[len(head) :].replace("_", " ").replace("=", " ")


def name_axis(name: str) -> str:
    """Return label and unit of a column of the results or, where it is none, of the parameter with that last name."""
    try:
        entry = column(name)
    except KeyError:
        return _name_parameter(name)
    return entry.meaning.split(";")[0] if name == "month" else f"{entry.label} ({entry.unit})"


def explain_column(name: str) -> str:
    """Return what a column means, with other columns' names as words."""
    meaning = column(name).meaning
    for entry in MONTHS:
        meaning = meaning.replace(entry.name, entry.label.lower()) if "_" in entry.name else meaning
    return meaning.replace("`", "")


def tell_change(value: float) -> str:
    """Return a difference with its sign, two decimals; what rounds to zero is 0.00."""
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"


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


def join_words(words: list[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def find_design(runs: pd.DataFrame) -> list[str]:
    """Return the columns of `runs` that a design has varied: those with two values or more that no run computes."""
    computed = {entry.name for entry in (*KEYS, *MONTHS, *RUNS)}
    return [str(name) for name in runs.columns if name not in computed and len(set(runs[name])) > 1]


def find_settings(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row a setting, in the order in which they were run: regime and what the design varied."""
    return runs[["regime", *find_design(runs)]].drop_duplicates().reset_index(drop=True)  # pyright: ignore[reportReturnType]


def tell_setting(setting: pd.Series) -> str:
    """Return one row of `find_settings` in words."""
    varied = [f"{name_setting(str(name))} {name_value(value)}" for name, value in setting.items() if name != "regime"]
    regime = name_setting(str(setting["regime"]))
    return ", ".join([regime, *([] if "=" in str(setting["regime"]) else varied)])
