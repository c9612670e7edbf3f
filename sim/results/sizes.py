"""How many organizations a field has, whatever it comes from: its parameters, a roster, or a roster of counties.

An organization with seats in several localities counts in each of them, as in the column `n_open`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.schema.parameters import Field
    from sim.schema.roster_tables import RosterTables


# What decides the size of a field: the chosen field, its numbers, or the folder of its roster.
FIELD_NAMES = ("field", "field.folder", "field.n_organizations", "field.n_localities", "field.locality_size_log_sd")


def name_localities(n: int) -> list[str]:
    """Return the names of the localities of a generated field."""
    return [f"locality-{number:05d}" for number in range(1, n + 1)]


def draw_locality_sizes(setting: Field) -> NDArray[Any]:
    """Return the organizations (L,) of each locality of a generated field at month 0.

    Keyed by the name of the locality alone, so that the field is the same for every seed.
    """
    names = name_localities(setting.n_localities)
    if setting.locality_size_log_sd == 0.0:
        return np.full(setting.n_localities, setting.n_organizations)
    from sim.compiler import draws  # the compiler, which readers of results never need
    from sim.schema.keys import entity_key

    spread = [draws.normal(np.uint64(entity_key(name)), np.uint64(0), np.uint64(0)) for name in names]
    sizes = setting.n_organizations * np.exp(setting.locality_size_log_sd * np.array(spread))
    return np.maximum(np.floor(sizes + 0.5), 2).astype("i8")


def count_field(setting: Field, roster: RosterTables | None = None) -> int:
    """Return the number of organizations of a field at month 0; `roster` is the one that it names, if any."""
    if roster is None:
        # a field of one locality has n_organizations, whatever the spread among localities
        return int(draw_locality_sizes(setting).sum()) if setting.n_localities > 1 else setting.n_organizations
    return len(roster.ids) if roster.localities is None else sum(len(seats) for seats in roster.localities.seats)


def count_settings(manifest: Mapping[str, Any]) -> list[int]:
    """Return the number of organizations in each setting of results, as their manifest keeps it.

    One number for a run, one for each setting of a comparison in their order, and for a sweep one for each field that
    its design varies. 0 stands for a size that is not known: that of a roster in results of an older version.
    """
    listed = manifest.get("sizes")
    if listed:
        return [int(one["n_organizations"]) for one in listed]
    settings = [one for one in manifest.get("settings") or [] if isinstance(one, dict)]
    if len(settings) == 1 and manifest.get("n_organizations"):
        return [int(manifest["n_organizations"])]
    return [_count_tree(one.get("field") or {}) for one in settings]


def _count_tree(field: Mapping[str, Any]) -> int:
    """Return the size of a field kept as plain data, 0 for a roster."""
    from sim.schema.parameters import Field

    if field.get("folder"):
        return 0
    names = ("n_organizations", "n_localities", "locality_size_log_sd")
    return count_field(Field(**{name: field[name] for name in names if name in field}))


def find_sizes(runs: Any, manifest: Mapping[str, Any]) -> NDArray[Any]:
    """Return the number of organizations of each run's field (rows,), nan where it is not known.

    runs: the table of runs that belongs to the manifest; what a design varies of the field stands in its columns.
    """
    listed = manifest.get("sizes") or _list_varied(runs, manifest)
    if len(listed) > 1 and not any("values" in one for one in listed):  # a comparison: its settings follow each other
        return np.repeat([float(one["n_organizations"]) for one in listed], len(runs) // len(listed))
    columns, found = manifest.get("varied") or {}, np.full(len(runs), np.nan)
    for one in listed:
        is_here = np.ones(len(runs), dtype=bool)
        for name, value in (one.get("values") or {}).items():
            held = runs[columns[name]]
            is_here &= (held.isna() if value is None else held == value).to_numpy(dtype=bool)
        found[is_here] = float(one["n_organizations"])
    return np.where(found > 0, found, np.nan)


def _list_varied(runs: Any, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a manifest of an older version does not list: the sizes of the generated fields of its runs."""
    columns = manifest.get("varied") or {}
    varied = [name for name in FIELD_NAMES if name in columns]
    fixed = count_settings(manifest)
    if not varied:
        return [{"n_organizations": size} for size in fixed]
    base, listed = manifest["settings"][0]["field"], []
    for values in runs[[columns[name] for name in varied]].drop_duplicates().itertuples(index=False):
        named = dict(zip(varied, values, strict=True))
        is_roster = not {"field", "field.folder"}.isdisjoint(varied)
        changed = {name.partition(".")[2]: value for name, value in named.items()}
        listed.append({"values": named, "n_organizations": 0 if is_roster else _count_tree({**base, **changed})})
    return listed
