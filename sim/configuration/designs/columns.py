"""What varies, as columns of the table of runs."""

from __future__ import annotations

from typing import Any

from sim.configuration.designs.design import CASE
from sim.results.disclosure import hide_place
from sim.schema.choices import name_shock
from sim.schema.columns import KEYS, MONTHS, RUNS
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS, get_value


def name_columns(names: list[str]) -> dict[str, str]:
    """Return the column of ``runs`` for each varied name but the regime; no two share one, none is a computed one."""
    last = [name.rsplit(".", 1)[-1] for name in names]
    taken = {entry.name for entry in (*KEYS, *MONTHS, *RUNS)} | {name for name in last if last.count(name) > 1}
    found = {name: name if tail in taken else tail for name, tail in zip(names, last, strict=True)}
    return {name: column for name, column in found.items() if name != "regime"}


def find_value(name: str, point: dict[str, Any], setting: Parameters) -> Any:
    """Return the value of a varied name at a point; where the point leaves it alone, the one it was run with.

    A folder is named without those above it: tables of results are handed on.
    """
    if name in point or name == CASE:
        value = point.get(name)
    elif name == "shock":
        value = name_shock(setting)
    else:
        value = getattr(setting.choices, name) if name in GROUPS else get_value(setting, name)
    return hide_place(value) if name == "field.folder" and value is not None else value
