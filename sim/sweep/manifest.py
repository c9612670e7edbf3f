"""What a complete sweep says of itself: what was asked for, by which model and versions; no times, no machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sim.configuration import set_values
from sim.configuration.options import describe_choices
from sim.results import store
from sim.results.scenario import describe_scenario
from sim.results.sizes import FIELD_NAMES, count_field
from sim.results.store import describe_versions
from sim.schema.choices import label_choices
from sim.schema.columns import MODEL_VERSION
from sim.schema.settable import GROUPS
from sim.sweep.parts import Failure
from sim.sweep.plan import Plan
from sim.text import CAUTION


def describe_sweep(plan: Plan, failures: list[Failure], own: Path | None = None) -> dict[str, Any]:
    """Return the manifest of a complete sweep. own: the user's folder of options, which may describe some of them."""
    return {
        "kind": "sweep",
        "caution": CAUTION,
        "model_version": MODEL_VERSION,
        "name": plan.name,
        "question": plan.question,
        "start": next((word.partition("=")[2] for word in plan.overrides if word.startswith("start=")), ""),
        "overrides": list(plan.overrides),
        "settings": [plan.base],
        "labels": (labels := _find_labels(plan)),
        "descriptions": describe_choices(labels, own),
        "warnings": plan.warnings,
        "blocks": [block.to_tree() for block in plan.blocks],
        "order": plan.varied,  # of the parameters in the design; that of keys may be lost
        "varied": plan.columns,
        "shocks": _find_shocks(plan),
        "sizes": list_sizes(plan),
        "keep": plan.keep,
        "n_runs": plan.n_runs,
        "n_failed": len(failures),
        "key": plan.key,
        "code": plan.code,
        "versions": describe_versions(),
    }


def _find_shocks(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the values of each shock that the design varies, by its word."""
    found = {}
    for words, tree in plan.combinations.items():
        chosen = [word.partition("=")[2] for word in json.loads(words) if word.startswith("shock=")]
        found |= dict.fromkeys(chosen, tree["shock"])
    return found


def _find_labels(plan: Plan) -> dict[str, dict[str, str]]:
    """Return the labels of the regimes, shocks and fields that occur at some point of the plan."""
    chosen = [values for block in plan.blocks for values in block.design.group_values(GROUPS) or [{}]]
    settings = [plan.parameters_at(values) for values in chosen]
    kinds = [value for block in plan.blocks for name, value in block.design.settings() if name == "shock.name"]
    settings += [set_values(setting, {"shock.name": kind}) for setting in settings for kind in dict.fromkeys(kinds)]
    return label_choices(settings)


def write_manifest(
    plan: Plan, folder: Path, command: str, failures: list[Failure], config_dir: str | None = None
) -> None:
    """Write manifest.json; that it is there says that the sweep is complete."""
    own = Path(config_dir).resolve() if config_dir else None
    store.write_manifest(folder, {"command": command} | describe_plan(plan, failures, own), plan.tables)


def describe_plan(plan: Plan, failures: list[Failure], own: Path | None = None) -> dict[str, Any]:
    """Return the manifest of a sweep, with what is said of its rosters."""
    roster = _describe_rosters(plan)
    return describe_sweep(plan, failures, own) | ({"roster": roster} if roster else {})


def describe_held(plan: Plan, folder: Path) -> str:
    """Return what is held constant in a sweep, in sentences, whether it has ended or not."""
    is_complete = (folder / "manifest.json").is_file()
    return describe_scenario(store.read_manifest(folder) if is_complete else describe_plan(plan, []))


def _describe_rosters(plan: Plan) -> dict[str, Any] | None:
    """Return what is said of the rosters of a plan's settings; of one that has gone or changed, the most careful."""
    from sim.errors import RosterError
    from sim.results.disclosure import describe_roster, merge_rosters
    from sim.roster.reading import read_folder

    found = []
    for tree in (plan.base, *plan.combinations.values()):
        if tree["field"]["folder"] is None:
            continue
        field = plan.build(tree).field
        try:
            found.append(describe_roster(read_folder(str(field.folder), field), field))
        except (RosterError, OSError):
            found.append({"is_synthetic": False, "digest": plan.roster, "small_populations": field.populations})
    return merge_rosters(found)


def list_sizes(plan: Plan) -> list[dict[str, Any]]:
    """Return the number of organizations of each field among the points, with the values that choose it.

    Values: of those in `sizes.FIELD_NAMES` that the design varies. A roster that has gone or changed is left out.
    """
    varied = [name for name in plan.varied if name in FIELD_NAMES]
    found: dict[str, dict[str, Any]] = {}
    for values in plan.list_points() if varied else [{}]:
        chosen = {name: values[name] for name in varied if name in values}
        words = json.dumps(chosen)
        if words not in found:
            found[words] = _describe_size(plan, values, varied)
    return [one for one in found.values() if one]


def _describe_size(plan: Plan, point: dict[str, Any], varied: list[str]) -> dict[str, Any]:
    from sim.configuration.designs import find_value
    from sim.errors import RosterError
    from sim.roster.reading import read_folder

    parameters = plan.parameters_at({name: value for name, value in point.items() if name in (*GROUPS, *FIELD_NAMES)})
    field, roster = parameters.field, None
    if field.folder is not None:
        try:
            roster = read_folder(str(field.folder), field)
        except (RosterError, OSError):
            return {}
    values = {name: find_value(name, point, parameters) for name in varied}
    return ({"values": values} if values else {}) | {"n_organizations": count_field(field, roster)}
