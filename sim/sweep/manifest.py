"""What a complete sweep says of itself: what was asked for, by which model and versions; no times, no machine."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from sim.columns import MODEL_VERSION
from sim.files import replace_file
from sim.results import CAUTION, LIBRARIES, get_version
from sim.sweep.parts import Failure
from sim.sweep.plan import Plan


def describe_sweep(plan: Plan, failures: list[Failure]) -> dict[str, Any]:
    """Return the manifest of a complete sweep."""
    return {
        "kind": "sweep",
        "caution": CAUTION,
        "model_version": MODEL_VERSION,
        "name": plan.name,
        "question": plan.question,
        "start": next((word.partition("=")[2] for word in plan.overrides if word.startswith("start=")), ""),
        "overrides": list(plan.overrides),
        "settings": [plan.base],
        "blocks": [block.to_tree() for block in plan.blocks],
        "varied": plan.columns,
        "keep": plan.keep,
        "n_runs": plan.n_runs,
        "n_failed": len(failures),
        "key": plan.key,
        "versions": {"python": platform.python_version()} | {name: get_version(name) for name in LIBRARIES},
    }


def write_manifest(plan: Plan, folder: Path, command: str, failures: list[Failure]) -> None:
    """Write manifest.json; that it is there says that the sweep is complete."""
    text = json.dumps({"command": command} | describe_sweep(plan, failures), indent=2) + "\n"
    replace_file(folder / "manifest.json", lambda path: path.write_text(text, encoding="utf-8"))
