"""How a result was made: command, model, seeds, versions, and the method in plain words."""

from __future__ import annotations

import re
import shlex
from typing import Any

from sim.report.reading import Material, split_command
from sim.report.sentences import find_size, plural
from sim.results.disclosure import hide_place, tell_roster
from sim.results.release import name_model, tell_code
from sim.results.verdict import THRESHOLD
from sim.schema.columns import END_MONTHS, START_MONTHS

FEW_SEEDS = 12


def tell_command(material: Material) -> str:
    """Return the command that gives the results again, without where it kept them and where things lie on a machine."""
    words, kept = split_command(material.manifest), []
    place = 0
    while place < len(words):
        if words[place] == "--results":
            place += 2
            continue
        if not words[place].startswith("--results="):
            kept.append(hide_place(words[place]))
        place += 1
    return " ".join(word if re.fullmatch(r"[\w.,=+…/:@%-]+", word) else shlex.quote(word) for word in kept)


def list_provenance(material: Material, command: str) -> list[tuple[str, str]]:
    """Return names and values: command, model, code, hash, seeds, sizes, versions."""
    manifest = material.manifest
    size, months = find_size(material)
    made_by, here = name_model(manifest), name_model()
    model = made_by if made_by == here else f"{made_by}; this program has {here}"
    rows = [
        ("Command", command),
        ("Name", material.name),
        ("Model number", model.removeprefix("model ")),
        ("Code", tell_code(manifest.get("code")).removeprefix("code ") or "not noted"),
        ("Content hash", str(manifest.get("content_hash") or manifest.get("key") or "none")),
        ("Seeds", _tell_seeds(material)),
        ("Runs", _tell_runs(material)),
        ("Field", f"{size}, {months}"),
        ("Versions", ", ".join(f"{name} {number}" for name, number in _list_versions(manifest))),
    ]
    rows += [("Roster", told)] if (told := tell_roster(manifest)) else []
    return [*rows, *[("Left out", one) for one in material.left_out]]


def _list_versions(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((str(name), str(number)) for name, number in (manifest.get("versions") or {}).items())


def _tell_seeds(material: Material) -> str:
    seeds = sorted(int(seed) for seed in material.runs["seed"].unique())
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    listed = ", ".join(map(str, seeds[:FEW_SEEDS]))
    return listed if len(seeds) <= FEW_SEEDS else f"{listed} and {len(seeds) - FEW_SEEDS:,} more"


def _tell_runs(material: Material) -> str:
    n_scenarios, n_failed = material.n_scenarios, int(material.manifest.get("n_failed", 0))
    parts = [plural(len(material.runs), "run"), plural(len(material.settings), "setting")]
    parts += [plural(n_scenarios, "scenario")] if n_scenarios > 1 else []
    parts += [f"{plural(n_failed, 'run')} failed"] if n_failed else []
    return ", ".join(parts)


def tell_method(material: Material) -> list[str]:
    """Return how the numbers of the report come about, a paragraph each."""
    size, months = find_size(material)
    found = [
        f"The model is an agent-based simulation: {size} meet, refer people to each other, apply for grants, and join, "
        f"leave, found and split coalitions, month by month, over {months}. Organizations are invented, or given as a "
        "roster, and stand here by slot number alone.",
        "Collaboration is the share of all pairs of open organizations that share a coalition. A run grows where its "
        f"mean over the last {END_MONTHS} months lies more than {THRESHOLD:g} above that of the first {START_MONTHS}, "
        f"fragments where it lies more than {THRESHOLD:g} below, and holds else. Coverage stands beside it, because a "
        "coalition can stay together by leaving someone out.",
        "Runs differ in their seed, which decides every draw of chance. A 95 % interval (Student's t) says how far "
        "chance inside the model moves a mean; it says nothing of how well the model fits the world.",
    ]
    if len(material.settings) > 1:
        found.append(
            "Settings are compared on the same seeds, so that both runs of a pair meet the same luck and differ by "
            "what the settings change alone."
        )
    if material.scenario_columns:
        found.append(
            f"Every setting was tried in the same {plural(material.n_scenarios, 'scenario')}, which differ in "
            f"{', '.join(name.replace('_', ' ') for name in material.scenario_columns)}. What holds over them need not "
            "hold in each."
        )
    return found
