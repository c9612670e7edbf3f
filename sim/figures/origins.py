"""Where the numbers of kept results come from: the command, the seeds, the months at which something strikes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sim.figures.figure import Origin, Table
from sim.results.disclosure import hide_command, tell_roster
from sim.results.release import name_model, tell_code
from sim.results.scenario import describe_scenario, name_shocks

if TYPE_CHECKING:
    from sim.results.store import Results

MOST_MARKS = 3  # on an axis of time


def find_origin(results: Results, start: str = "", observed: Table | None = None) -> Origin:
    """Return what a figure of `results` says about where they come from.

    Shocks are marked, and grant lines that open or close in the midst of all runs, up to three of them. start: the
    month 0 as YYYY-MM, in place of the one the results were run with. observed: see `sim.figures.observations`.
    """
    manifest = results.manifest
    start = start or manifest.get("start", "")
    command = manifest.get("command") or "coalitions run"
    folder = f" && coalitions draw results/{manifest['name']}" if manifest.get("name") else ""
    n_seeds, n_runs = len(set(results.runs["seed"])), len(results.runs)
    model = f", {name_model(manifest)}" if "model_version" in manifest else ""
    model += f", {code}" if (code := tell_code(manifest.get("code"))) else ""
    command = hide_command(command)
    whose = f", {told}" if (told := tell_roster(manifest)) else ""
    counted = f"{n_runs} run{'s' if n_runs > 1 else ''} ({n_seeds} seed{'s' if n_seeds > 1 else ''})"
    return Origin(
        command=f"{command}{folder}",
        source=f"{counted} of the coalitions model{model}{whose}",
        start=start,
        marks=_find_marks(results),
        observed=observed,
        scenario=describe_scenario(manifest, start),
    )


def _find_marks(results: Results) -> tuple[tuple[int, str], ...]:
    events = results.events
    months = set(events.loc[events["event"] == "shock", "month"]) if len(events) else set()
    settings = results.manifest.get("settings", [])
    shocks = name_shocks(results.manifest)
    names = [name for name in shocks if name]
    name = names[0] if len(names) == 1 else "shock"
    name += " (in some settings)" if names and len(names) < len(shocks) else ""
    last = max(results.months["month"], default=0) if len(results.months) else 0
    marks = [(int(month), name) for month in months] + _find_openings(settings, last)
    return tuple(sorted(marks)) if len(marks) <= MOST_MARKS else ()


def keep_marks_of(origin: Origin, events: Table, run_ids: set[str]) -> Origin:
    """Return the origin of a figure of some runs alone, without the marks of shocks that strike in none of them."""
    shocks = events[events["event"] == "shock"] if len(events) else events
    if not len(shocks):
        return origin
    elsewhere = set(shocks["month"]) - set(shocks.loc[shocks["run_id"].isin(run_ids), "month"])
    own = [(month, name.removesuffix(" (in some settings)")) for month, name in origin.marks if month not in elsewhere]
    return dataclasses.replace(origin, marks=tuple(own))


def _find_openings(settings: list[dict[str, Any]], last: int) -> list[tuple[int, str]]:
    """Return the months at which a grant line opens or closes during the run, where it does in all settings."""
    found = []
    for setting in settings:
        lines = setting["regime"]["programmes"]
        opened = {(line["first_month"], f"{name} opens") for name, line in lines.items()}
        closed = {(line["last_month"], f"{name} closes") for name, line in lines.items()}
        found.append({(month, name.replace("_", " ")) for month, name in opened | closed if 1 < month < last})
    return list(set.intersection(*found)) if found else []
