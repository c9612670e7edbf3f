"""Which option of each config group a setting was made of: the chosen word identifies it, its label is what is shown.

Also the one place that names runs after their setting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.schema.parameters import Parameters

LABELLED = ("regime", "shock", "field")  # groups whose options are shown under a label

CUT = "total_cut"


@dataclass(frozen=True)
class Choices:
    """The words chosen for a setting, beside that of its regime, which is ``Regime.name``. No run depends on them.

    A shock's file is named by its user, while ``Shock.name`` is the kind of shock in it: two shocks of one kind are
    two choices. shock_kind: the kind that the chosen file holds.
    """

    field: str = "city"
    field_label: str = ""
    shock: str = "none"
    shock_label: str = "No shock"
    shock_kind: str = "none"
    mechanisms: str = "all"
    calibration: str = "default"


def name_shock(parameters: Parameters) -> str:
    """Return the word of the shock: the chosen option's, or the kind where ``shock.name`` has been set by itself."""
    choices, kind = parameters.choices, parameters.shock.name
    return choices.shock if choices.shock_kind == kind else kind


def name_runs(parameters: Parameters) -> str:
    """Return how the names of a setting's runs begin: its regime and, where there is one, its shock."""
    shock = name_shock(parameters)
    return parameters.regime.name if shock == "none" else f"{parameters.regime.name}-{shock}"


def make_readable(word: str) -> str:
    """Return a word as it is shown where no label has been written: ``half_cut`` becomes ``Half cut``."""
    text = word.replace("_", " ").strip() or word
    return text[:1].upper() + text[1:]


def label_choices(settings: Iterable[Parameters]) -> dict[str, dict[str, str]]:
    """Return {group: {word: label}} of the regimes, shocks and fields of `settings`; no two words share a label."""
    found: dict[str, dict[str, str]] = {group: {} for group in LABELLED}
    for setting in settings:
        for group, word, label in _read_labels(setting):
            is_other = group == "shock" and word == CUT and found[group].get(word, label) != label
            found[group][word] = "Cut" if is_other else label
    return {group: _tell_apart(labels) for group, labels in found.items()}


def find_copied_labels(setting: Parameters) -> list[tuple[str, str, str]]:
    """Return (group, word, label) of each choice whose file has the label of another one, as it stands there.

    Composing a setting has put the word behind such a label.
    """
    found = [(group, word, label.removesuffix(f" ({word})"), label) for group, word, label in _read_labels(setting)]
    return [(group, word, written) for group, word, written, label in found if written != label]


def _read_labels(setting: Parameters) -> list[tuple[str, str, str]]:
    """Return (group, word, label) of the regime, the shock and the field of a setting."""
    choices, shock = setting.choices, name_shock(setting)
    shock_label = choices.shock_label if shock == choices.shock else ""
    share = setting.shock.cut_share
    if shock == CUT and share != 1:  # set by hand, which belies the label of the file
        shock_label = f"Cut of {100 * share:.4g} %"
    written = (
        (setting.regime.name, setting.regime.label),
        (shock, shock_label),
        (choices.field, choices.field_label),
    )
    return [(group, word, label or make_readable(word)) for group, (word, label) in zip(LABELLED, written, strict=True)]


def merge_labels(labels: Iterable[dict[str, dict[str, str]]]) -> dict[str, dict[str, str]]:
    """Return what `label_choices` would of all settings at once, from what it returned for some of them each."""
    merged: dict[str, dict[str, str]] = {group: {} for group in LABELLED}
    for one in labels:
        for group, found in one.items():
            merged[group] |= found
    return {group: _tell_apart(found) for group, found in merged.items()}


def _tell_apart(labels: dict[str, str]) -> dict[str, str]:
    written = list(labels.values())
    return {word: f"{label} ({word})" if written.count(label) > 1 else label for word, label in labels.items()}
