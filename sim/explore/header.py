"""What a page says of its runs: dimensions to choose from, words, summaries of runs, scenes; plain data for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sim import columns
from sim.columns import column
from sim.configuration import find_declaration, option_files, read_description
from sim.configuration.declared import GROUPS
from sim.contrasts import compute_t_quantile
from sim.explore.packing import LINES, STEPS, UNKNOWN
from sim.explore.scenes import make_scenes
from sim.figures.labels import name_setting, name_value
from sim.partings import EVENT_WORDS
from sim.release import name_model
from sim.results import CAUTION
from sim.tables import THRESHOLD, VERDICTS, explain_unknown
from sim.tables import UNKNOWN as NO_VERDICT

if TYPE_CHECKING:
    from pathlib import Path

    from sim.configuration import Design
    from sim.explore.recording import Start
    from sim.parameters import Parameters

CASE = "setting"  # the one dimension of a design that is no grid
POLES = ("exploitation-focused", "mixed or no stated position", "rights-and-labour-focused")
MOVES = ("join", "exit", "break_away", "rival_break_away", "found", "rival_found", "dissolve", "close", "open")


class Dimension(NamedTuple):
    """Something to choose on the page: its dotted name or config group, label, values, and a label and note of each."""

    name: str
    label: str
    values: list[Any]
    labels: list[str]
    notes: list[str]

    def to_tree(self) -> dict[str, Any]:
        """Return plain data; values as they stand on the command line."""
        values = [
            {"value": f"{value:.15g}" if isinstance(value, float) else str(value), "label": label, "note": note}
            for value, label, note in zip(self.values, self.labels, self.notes, strict=True)
        ]
        return {"name": self.name, "label": self.label, "values": values}


def find_dimensions(design: Design, own: Path | None = None) -> list[Dimension]:
    """Return what a design varies, one dimension a name where its points are a full grid, else one of all points.

    The places of the values, the last one running fastest, count the points in the order of the design.
    """
    points = list(design.points())
    is_grid = not design.cases and not design.sample and not design.designs and not design.constraints
    if is_grid:
        return [_describe(name, values, own) for name, values in design.vary.items()]
    told = [", ".join(f"{name_setting(name)} {name_value(value)}" for name, value in one.items()) for one in points]
    return [Dimension(CASE, "Setting", list(range(1, len(points) + 1)), told, [""] * len(points))]


def _describe(name: str, values: list[Any], own: Path | None) -> Dimension:
    if name in GROUPS:
        files = option_files(name, own)
        notes = [read_description(files[value]) for value in values]
        labels = [f"No {name}" if value == "none" else name_setting(value).capitalize() for value in values]
        return Dimension(name, name.capitalize(), values, labels, notes)
    found = find_declaration(name)
    unit = found.metadata.get("unit", "") if found else ""
    label = found.metadata.get("label", name) if found else name
    labels = [f"{value:,g} {unit}" if type(value) in (int, float) else f"{value}" for value in values]
    return Dimension(name, label, values, labels, [""] * len(values))


def describe_words(parameters: Parameters) -> dict[str, Any]:
    """Return the words that every page needs: of lines, events, causes, populations, sectors, and the caution."""
    return {
        "caution": CAUTION,
        "model": name_model(),
        "lines": [{"name": name, "label": column(name).label, "meaning": column(name).meaning} for name in LINES],
        "steps": STEPS,
        "unknown": UNKNOWN,
        "events": list(columns.EVENTS),
        "event_words": EVENT_WORDS,
        "moves": list(MOVES),
        "causes": list(columns.CAUSES),
        "populations": [name_setting(name) for name in parameters.field.populations],
        "sectors": [name_setting(name) for name in parameters.field.sectors],
        "poles": list(POLES),
        "far_apart": parameters.observation.far_apart,
        "verdicts": list(VERDICTS),
        "no_verdict": {name: explain_unknown(name) for name in NO_VERDICT},
        "threshold": THRESHOLD,
    }


def describe_start(start: Start, *, is_known: bool) -> dict[str, Any]:
    """Return where organizations stand at month 0; of a roster of real ones (not known here) only how many they are."""
    if not is_known:
        return {"n": len(start.viewpoint)}
    viewpoints = [round(float(value), 2) for value in start.viewpoint]
    return {"viewpoint": viewpoints, "population": start.population.tolist(), "sector": start.sector.tolist()}


def describe_page(dimensions: list[Dimension], seeds: list[int], question: str, command: str) -> dict[str, Any]:
    """Return what is chosen on the page, from which runs, and the scenes it can play."""
    return {
        "question": question,
        "command": command,
        "dimensions": [dimension.to_tree() for dimension in dimensions],
        "seeds": seeds,
        "t_quantile": compute_t_quantile(len(seeds) - 1) if len(seeds) > 1 else None,
        "scenes": make_scenes(dimensions),
    }
