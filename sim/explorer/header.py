"""What a page says of its runs: dimensions to choose from, words, summaries of runs, scenes; plain data for JSON."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.configuration import find_declaration, option_files, read_description
from sim.explorer.packing import LINES, STEPS, UNKNOWN
from sim.explorer.scenes import make_scenes
from sim.figures.labels import name_setting, name_value
from sim.figures.phrases import find_spoken_unit
from sim.results.contrasts import compute_t_quantile
from sim.results.divergence import EVENT_WORDS
from sim.results.release import name_model
from sim.results.verdict import THRESHOLD, VERDICTS, explain_unknown
from sim.results.verdict import UNKNOWN as NO_VERDICT
from sim.schema import codes
from sim.schema.choices import make_readable
from sim.schema.columns import column
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS
from sim.text import CAUTION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sim.configuration import Design
    from sim.explorer.recording import Start

CASE = "setting"  # the one dimension of a design that is no grid
N_REASONS = 20  # ways in which memberships begin and end that a page compares at once, about (Bonferroni)
POLES = ("exploitation-focused", "mixed or no stated position", "rights-and-labour-focused")
MOVES = ("join", "exit", "break_away", "rival_break_away", "found", "rival_found", "dissolve", "close", "open")


class Dimension(NamedTuple):
    """Something to choose on the page: its dotted name or config group, label, values, and a label and note of each."""

    name: str
    label: str
    values: list[Any]
    labels: list[str]
    notes: list[str]
    default: Any = None

    @property
    def baseline(self) -> int:
        """The place of the value that holds where nothing else is asked for: the default, else the first."""
        return self.values.index(self.default) if self.default in self.values else 0

    def to_tree(self) -> dict[str, Any]:
        """Return plain data; values as they stand on the command line."""
        values = [
            {"value": f"{value:.15g}" if isinstance(value, float) else str(value), "label": label, "note": note}
            for value, label, note in zip(self.values, self.labels, self.notes, strict=True)
        ]
        return {"name": self.name, "label": self.label, "values": values}


def find_dimensions(
    design: Design, own: Path | None = None, labels: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> list[Dimension]:
    """Return what a design varies, one dimension a name where its points are a full grid, else one of all points.

    labels: see ``labels`` in a manifest; a choice without one is shown as its word. The places of the values, the last
    one running fastest, count the points in the order of the design.
    """
    points = list(design.points())
    is_grid = not design.cases and not design.sample and not design.designs and not design.constraints
    if is_grid:
        return [_describe(name, values, own, labels) for name, values in design.vary.items()]
    told = [", ".join(_tell_value(name, value, labels) for name, value in one.items()) for one in points]
    return [Dimension(CASE, "Setting", list(range(1, len(points) + 1)), told, [""] * len(points))]


def _tell_value(name: str, value: Any, labels: Mapping[str, Mapping[str, str]]) -> str:
    return f"{name_setting(name)} {labels.get(name, {}).get(str(value)) or name_value(value)}"


def _label_choice(group: str, word: str, labels: Mapping[str, Mapping[str, str]]) -> str:
    found = labels.get(group, {}).get(word) or make_readable(word)
    return f"No {group}" if word == "none" and found == make_readable(word) else found


def _find_default(group: str) -> str:
    settings = Parameters()
    return settings.regime.name if group == "regime" else getattr(settings.choices, group)


def _describe(name: str, values: list[Any], own: Path | None, labels: Mapping[str, Mapping[str, str]]) -> Dimension:
    if name in GROUPS:
        files = option_files(name, own)
        notes = [read_description(files[value]) for value in values]
        told = [_label_choice(name, str(one), labels) for one in values]
        return Dimension(name, name.capitalize(), values, told, notes, _find_default(name))
    found = find_declaration(name)
    unit = find_spoken_unit(name)
    label = found.metadata.get("label", name) if found else name
    told = [f"{value:,g} {unit}".strip() if type(value) in (int, float) else f"{value}" for value in values]
    return Dimension(name, label, values, told, [""] * len(values), found.default if found else None)


def describe_words(parameters: Parameters) -> dict[str, Any]:
    """Return the words that every page needs: of lines, events, causes, populations, sectors, and the caution."""
    return {
        "caution": CAUTION,
        "model": name_model(),
        "lines": [{"name": name, "label": column(name).label, "meaning": column(name).meaning} for name in LINES],
        "steps": STEPS,
        "unknown": UNKNOWN,
        "events": list(codes.EVENTS),
        "event_words": EVENT_WORDS,
        "moves": list(MOVES),
        "causes": list(codes.CAUSES),
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
        "t_quantiles": [compute_t_quantile(freedom) for freedom in range(1, len(seeds))],
        "t_quantiles_joint": [compute_t_quantile(freedom, 1 - 0.025 / N_REASONS) for freedom in range(1, len(seeds))],
        "scenes": make_scenes(dimensions),
    }
