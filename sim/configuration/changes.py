"""Changes during a run as the command line writes them: ``MONTH:KEY=VALUE``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.configuration import read_words
from sim.errors import ConfigurationError
from sim.schema.changes import Change
from sim.schema.settable import GROUPS, RUN_KEYS

if TYPE_CHECKING:
    pass


_CHANGE = re.compile(r"([0-9]{1,5}):([a-z][^=]*=.*)", re.DOTALL)


def read_change(text: str) -> Change:
    """Return what ``MONTH:KEY=VALUE`` means. Raises `ConfigurationError`."""
    found = _CHANGE.fullmatch(text)
    if not found:
        raise ConfigurationError(f"--change {text}: write MONTH:KEY=VALUE, like 49:meetings.facilitation=0.4")
    word = read_words([found.group(2)])[0]
    if word.key in (*GROUPS, *RUN_KEYS):
        shock = f" and shock.month={int(found.group(1))}" if word.key == "shock" else ""
        raise ConfigurationError(
            f"--change {text}: '{word.key}' holds for the whole run; give {found.group(2)}{shock} among the words, "
            "before the options"
        )
    if word.is_sweep or len(word.values) != 1:
        raise ConfigurationError(f"--change {text}: takes one value")
    return Change(int(found.group(1)), {word.key: word.values[0]})


def write_changes(changes: Sequence[Change]) -> list[str]:
    """Return the options of ``coalitions run`` that make these changes."""
    told = []
    for change in sorted(changes, key=lambda one: one.month):
        for name, value in change.values.items():
            told += ["--change", f"{change.month}:{name}={write_value(value)}"]
    return told


def write_value(value: Any) -> str:
    """Return a value as it stands on the command line."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f"{value}"
