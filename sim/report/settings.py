"""The numbers behind a result: which were changed from the default, which are assumed, and all of them in full."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from sim.report.grids import Grid, show
from sim.report.reading import Material
from sim.results.sizes import count_settings
from sim.schema.fields import ASSUMED
from sim.schema.parameters import Parameters, declarations

DESIGN = "design"
LINE = "regime.programmes."
FEW = 5  # values listed; more become a range
SIZE = "field.n_organizations"
ROSTER = "the roster"  # gives the number of organizations, which is then neither assumed nor published
GIVEN = (DESIGN, ROSTER)
PRIVATE = "field.folder"  # where somebody's roster lies is nobody's business


class Entry(NamedTuple):
    """One parameter in a result: its values over all settings, and what is declared of it."""

    name: str
    value: str
    default: str
    unit: str
    label: str
    source: str
    is_changed: bool

    @property
    def is_assumed(self) -> bool:
        """Whether no publication gives its value: that of its default counts for the default alone."""
        return self.source.startswith(ASSUMED) or (self.is_changed and self.source not in GIVEN)


def list_entries(material: Material) -> list[Entry]:
    """Return every parameter of the settings in the manifest, in the order of their declaration, grant lines last."""
    trees = [tree for tree in material.manifest.get("settings") or [] if isinstance(tree, dict)]
    flat = [_flatten(tree) for tree in trees]
    _set_sizes(flat, material)
    defaults, declared = _flatten(dataclasses.asdict(Parameters())), dict(declarations())
    varied = _find_varied(material)
    names = list(
        dict.fromkeys([name for name in declared if "<line>" not in name] + [name for one in flat for name in one])
    )
    return [_make_entry(name, flat, defaults, declared, varied) for name in names if any(name in one for one in flat)]


def _set_sizes(flat: list[dict[str, Any]], material: Material) -> None:
    """Put the size of its roster in the place of a number of organizations that a roster leaves without effect."""
    sizes = count_settings(material.manifest)
    for one, size in zip(flat, sizes if len(sizes) == len(flat) else (), strict=False):
        if one.get(PRIVATE) and size:
            one[SIZE] = size


def _flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if name == "choices":  # the words chosen are no parameters
            continue
        if isinstance(value, dict):
            found |= _flatten(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _find_varied(material: Material) -> dict[str, list[Any]]:
    """Return the values of what a sweep varied, whose manifest keeps the base setting alone."""
    columns = material.manifest.get("varied")
    named = columns.items() if isinstance(columns, dict) else ()
    runs = material.runs
    return {name: sorted(runs[one].dropna().unique().tolist(), key=str) for name, one in named if one in runs.columns}


def _make_entry(
    name: str,
    flat: list[dict[str, Any]],
    defaults: dict[str, Any],
    declared: dict[str, Any],
    varied: dict[str, list[Any]],
) -> Entry:
    key = f"{LINE}<line>.{name.rsplit('.', 1)[-1]}" if name.startswith(LINE) else name
    item = declared.get(key)
    meta = item.metadata if item else {}
    default = defaults.get(name, _get_default(item))
    values = varied.get(name) or [one[name] for one in flat if name in one]
    if name == PRIVATE:
        values = [None if value is None else f"…/{str(value).rstrip('/').rsplit('/', 1)[-1]}" for value in values]
    told = list(dict.fromkeys(map(_show, values)))
    source = meta.get("source", DESIGN)
    if name == SIZE and any(one.get(PRIVATE) for one in flat):
        source = ROSTER
    is_changed = any(value != default for value in values) and not name.startswith("regime.label")
    label = meta.get("label", "Name of the regime" if name == "regime.name" else "Regime in words")
    if name.startswith(LINE):
        label = f"Grant line {name.removeprefix(LINE).split('.')[0]}: {label[:1].lower()}{label[1:]}"
    return Entry(name, _tell_values(values, told), _show(default), meta.get("unit", "name"), label, source, is_changed)


def _show(value: Any) -> str:
    """Return a value as text, names of populations, areas and rules as words."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_show, value)) or "none"
    return value.replace("_", " ") if isinstance(value, str) else show(value)


def _get_default(item: Any) -> Any:
    if item is None:
        return ""
    return item.default if item.default is not dataclasses.MISSING else item.default_factory()


def _tell_values(values: list[Any], told: list[str]) -> str:
    if len(told) <= FEW:
        return " | ".join(told)
    if all(isinstance(value, int | float) for value in values):
        return f"{show(min(values))} to {show(max(values))} ({len(told):,} values)"
    return f"{len(told):,} values"


def grid_changed(entries: list[Entry]) -> Grid:
    """Return the parameters that differ from their default, the assumed ones first."""
    changed = sorted((entry for entry in entries if entry.is_changed), key=lambda entry: not entry.is_assumed)
    rows = [[entry.label, entry.value, entry.default, entry.unit, _tell_source(entry), entry.name] for entry in changed]
    heads = ["What", "Here", "Default", "Unit", "Source", "Name"]
    return Grid("Changed from the default", heads, rows, [False] * 6)


def grid_sourced(entries: list[Entry]) -> Grid:
    """Return the parameters whose default a publication gives."""
    rows = [
        [entry.label, entry.value, entry.unit, entry.source]
        for entry in entries
        if not entry.is_assumed and entry.source not in GIVEN
    ]
    return Grid("Numbers with a published source", ["What", "Here", "Unit", "Source"], rows, [False] * 4)


def grid_all(entries: list[Entry]) -> Grid:
    """Return every parameter."""
    rows = [[entry.name, entry.value, entry.unit, entry.label, _tell_source(entry)] for entry in entries]
    return Grid("All parameters", ["Name", "Here", "Unit", "What", "Source"], rows, [False] * 5)


def _tell_source(entry: Entry) -> str:
    if entry.source in GIVEN:
        return "choice of design" if entry.source == DESIGN else entry.source
    return f"assumed; the default after {entry.source}" if entry.is_changed and not _is_plain(entry) else entry.source


def _is_plain(entry: Entry) -> bool:
    return entry.source.startswith(ASSUMED)


def tell_assumptions(entries: list[Entry]) -> str:
    """Return how many parameters are assumed, and how many have a source."""
    numbers = [entry for entry in entries if entry.source not in GIVEN]
    n_assumed = sum(entry.is_assumed for entry in numbers)
    n_changed = sum(entry.is_changed for entry in entries)
    given = " or given by a roster" if any(entry.source == ROSTER for entry in entries) else ""
    told = (
        f"Of {len(numbers)} numbers in this result, {n_assumed} are assumed and {len(numbers) - n_assumed} have a "
        f"value after a publication; {len(entries) - len(numbers)} further entries are choices of design{given}."
    )
    return (
        f"{told} {n_changed} differ from their default." if n_changed != 1 else f"{told} One differs from its default."
    )
