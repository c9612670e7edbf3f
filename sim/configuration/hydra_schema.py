"""The schema Hydra composes into: the tree of `sim.schema.parameters` with its names and defaults.

Leaves take any value, since OmegaConf would turn 5 into "5" or "yes" into true in silence; `declared.check_value`
judges them afterwards. The classes are copies that are not frozen: Hydra makes a frozen dataclass read-only,
and every override would fail.
"""

from __future__ import annotations

import dataclasses
import typing
from functools import cache
from pathlib import Path
from typing import Any

from sim.configuration.options import check_file, experiments_folder, find_files, read_yaml
from sim.errors import ConfigurationError
from sim.schema import parameters
from sim.schema.settable import CHOSEN_GROUPS, GLOBAL_GROUPS, GROUPS

SCHEMA = "coalitions_schema"
LABELLED = (parameters.Field, parameters.Shock, parameters.Mechanisms)  # and the regime: their files may hold a label
_classes: dict[str, Any] = {}


def __getattr__(name: str) -> Any:
    """Return a class of the schema, made where it is not there yet: a launcher's processes unpickle it by its name."""
    if name.startswith("Open"):
        make_schema()
    if name in _classes:
        return _classes[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _make_class(name: str, entries: list[Any]) -> Any:
    made = dataclasses.make_dataclass(f"Open{name}", entries)
    made.__module__ = __name__
    _classes[made.__name__] = made
    return made


def _open_copy(kind: Any) -> Any:
    """Return a dataclass with the fields and defaults of `kind` that is not frozen and checks nothing."""
    entries = []
    for item in dataclasses.fields(kind):
        if item.default_factory is dataclasses.MISSING:
            entries.append((item.name, Any, dataclasses.field(default=item.default)))
        else:
            entries.append((item.name, Any, dataclasses.field(default_factory=item.default_factory)))
    if kind in LABELLED:
        entries.append(("label", Any, ""))
    return _make_class(kind.__name__, entries)


@cache
def make_schema() -> Any:
    """Return the schema's dataclass: every group of `Parameters`, the keys of a run and those of an experiment."""
    programme = _open_copy(parameters.Programme)
    regime = _make_class(
        "Regime",
        [
            ("label", Any, ""),
            ("programmes", dict[str, programme], dataclasses.field(default_factory=dict)),
        ],
    )
    entries: list[Any] = []
    for name, kind in typing.get_type_hints(parameters.Parameters).items():
        if dataclasses.is_dataclass(kind) and name != "choices":
            group = regime if kind is parameters.Regime else _open_copy(kind)
            entries.append((name, group, dataclasses.field(default_factory=group)))
    entries += [("months", Any, parameters.Parameters.months), ("seeds", Any, 1), ("name", Any, None)]
    entries += [("start", Any, None)]
    entries += [("question", Any, ""), ("design", dict[str, Any], dataclasses.field(default_factory=dict))]
    return _make_class("Settings", entries)


def register(own: Path | None = None) -> None:
    """Tell Hydra about the schema, the experiments, which lie outside its folder of groups, and a user's own files.

    Of the files in `own` those that cannot be used are left out: `check_option` refuses them where one is chosen.
    """
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    store.store(name=SCHEMA, node=make_schema())
    for path in sorted(experiments_folder().glob("*.yaml")):
        _store(store, "experiment", path, read_yaml(path))
    for group in GROUPS:
        for path in find_files(own, group) if own else ():
            try:
                text = check_file(path)
            except ConfigurationError:
                continue
            _store(store, group, path, text)


def _store(store: Any, group: str, path: Path, text: str) -> None:
    """Store one option; an experiment's lines ``regime: NAME`` become entries of its defaults list."""
    from omegaconf import OmegaConf

    node: Any = OmegaConf.create(text)
    if group == "regime":
        node.pop("name", None)  # a regime has the name of its file
    if group == "experiment":
        chosen = {name: node.pop(name) for name in CHOSEN_GROUPS if isinstance(node.get(name), str)}
        if chosen:
            entries = [{f"override /{name}": option} for name, option in chosen.items()]
            node["defaults"] = [*(node.get("defaults") or []), *entries]
    store.store(group=group, name=path.stem, node=node, package="_global_" if group in GLOBAL_GROUPS else None)
