"""What a visitor can choose: fields, regimes, shocks, mechanisms, and a control for each declared parameter."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.configuration import compose, get_value, option_files, read_description, suggest
from sim.configuration.options import read_yaml
from sim.errors import ConfigurationError
from sim.explorer.building import read_roster
from sim.figures.phrases import find_spoken_unit
from sim.schema.changes import may_change
from sim.schema.choices import make_readable
from sim.schema.parameters import Parameters
from sim.schema.roster_tables import RosterTables
from sim.schema.settable import LINE, declared, find_declaration

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS = ("field", "regime", "shock", "mechanisms")
PAUSE_SECONDS = 1.0
OWN = "own_roster"  # the field of a roster given at the start


class Options:
    """The options of each config group, composed once each; a roster of one's own is one more field."""

    def __init__(self, roster: str | None = None) -> None:
        """Find the options; `roster` is a folder. Raises `ConfigurationError` or `RosterError` for one of no use."""
        self._lock = threading.Lock()
        self._base = compose([]).parameters
        self._composed: dict[tuple[str, str], Any] = {}
        self._rosters: dict[str | None, RosterTables | None] = {}
        self.notes = {group: self._read_notes(group) for group in GROUPS}
        self.words: dict[str, str] = {}
        if roster is not None:
            self._add_roster(roster)

    def _read_notes(self, group: str) -> dict[str, str]:
        files = option_files(group)
        return {name: read_description(path) for name, path in files.items() if _is_one_city(group, path)}

    def _name(self, group: str, option: str) -> str:
        """Return the label that the option's file writes, else its word as it is read."""
        import yaml

        path = option_files(group).get(option)
        label = (yaml.safe_load(read_yaml(path)) or {}).get("label") if path else None
        return str(label) if label else f"No {group}" if (group, option) == ("shock", "none") else make_readable(option)

    def _add_roster(self, folder: str) -> None:
        own = compose([f"field.folder={folder}"])
        self._composed["field", OWN] = own.parameters.field
        self.notes["field"] = {OWN: "The roster given at the start."} | self.notes["field"]
        self.words[OWN] = f"field.folder={folder}"
        self.find_roster(own.parameters)

    def compose(self, chosen: Mapping[str, str]) -> Parameters:
        """Return the parameters of chosen options, by group. Raises `ConfigurationError` for one there is not."""
        return dataclasses.replace(self._base, **{group: self._find(group, chosen.get(group)) for group in GROUPS})

    def _find(self, group: str, option: Any) -> Any:
        if option is None:
            return getattr(self._base, group)
        if not isinstance(option, str) or option not in self.notes[group]:
            raise ConfigurationError(f"unknown {group} '{option}'.{suggest(str(option), self.notes[group])}")
        found = self._composed.get((group, option))  # at once, whatever else is being composed
        if found is None:
            found = getattr(compose([f"{group}={option}"]).parameters, group)
            self._composed[group, option] = found
        return found

    def find_roster(self, parameters: Parameters) -> RosterTables | None:
        """Return the tables of the field's roster, read once, or None where it has none."""
        folder = parameters.field.folder
        with self._lock:
            if folder not in self._rosters:
                self._rosters[folder] = read_roster(parameters)
            return self._rosters[folder]

    def warm(self) -> None:
        """Compose every option, so that no visitor waits for it; with pauses, so that none waits for this either."""
        for group, notes in self.notes.items():
            for option in notes:
                self._find(group, option)
                time.sleep(PAUSE_SECONDS)

    def describe(self) -> dict[str, Any]:
        """Return the options of each group with label and note, and the controls."""
        groups = {
            group: [{"value": name, "label": self._name(group, name), "note": note} for name, note in notes.items()]
            for group, notes in self.notes.items()
        }
        return {"groups": groups, "defaults": DEFAULTS, "controls": list_controls()}


DEFAULTS = {"field": "city", "regime": "unrestricted", "shock": "none", "mechanisms": "all"}


def _is_one_city(group: str, path: Path) -> bool:
    return group != "field" or "n_localities" not in read_yaml(path)


def list_controls() -> list[dict[str, Any]]:
    """Return a control for every declared number, switch and choice; lists, texts and folders have none.

    Those of a grant line stand once, with ``<line>`` in their name.
    """
    return [control for name in declared() if (control := _describe(name)) is not None]


def _describe(name: str) -> dict[str, Any] | None:
    entry = declared()[name]
    meta = entry.metadata
    kind = "switch" if entry.kind is bool else "choice" if "options" in meta else "number" if "low" in meta else None
    group, _, last = name.partition(".")
    if kind is None or last in ("n_localities", "n_states", "locality_size_log_sd") or "bridge" in last:
        return None  # what only fields of many localities have
    if name in ("shock.name", "shock.month") and last == "name":
        return None  # chosen as a shock
    control = {
        "name": name,
        "group": group if last else "run",
        "label": meta["label"],
        "unit": meta["unit"],
        "spoken": find_spoken_unit(name),
        "kind": kind,
    }
    control["during"] = LINE not in name and may_change(name)
    control["whole"] = entry.kind is int
    control |= {key: meta[key] for key in ("low", "high") if key in meta}
    return control | ({"options": list(meta["options"])} if kind == "choice" else {})


def read_values(parameters: Parameters) -> dict[str, Any]:
    """Return the value of every control in a setting, those of a grant line for each of its lines."""
    names = [control["name"] for control in list_controls()]
    written = []
    for name in names:
        lines = parameters.regime.programmes if LINE in name else [""]
        written += [name.replace(LINE, line) for line in lines]
    return {name: get_value(parameters, name) for name in written}


def is_control(name: str) -> bool:
    """Say whether a dotted name, that of a grant line included, has a control."""
    entry = find_declaration(name)
    return entry is not None and any(control["name"] == entry.name for control in list_controls())
