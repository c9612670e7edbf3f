"""The page of a report: what stands on it, and the one file it becomes. The same results give the same bytes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from sim.files.access import replace_file
from sim.report import sentences
from sim.report.drawings import embed
from sim.report.grids import (
    Grid,
    grid_designs,
    grid_differences,
    grid_frame,
    grid_partings,
    grid_totals,
    grid_verdicts,
    thin,
)
from sim.report.illustrations import draw_svg, find_figures
from sim.report.provenance import list_provenance, tell_command, tell_method
from sim.report.reading import COMPARISON, RUN, SWEEP, Material, read_material
from sim.report.settings import grid_all, grid_changed, grid_sourced, list_entries, tell_assumptions
from sim.report.verdicts import judge_material
from sim.results.divergence import find_partings, tell_partings
from sim.results.scenario import describe_scenario
from sim.results.summaries import describe_localities, guard_formulas
from sim.text import CAUTION, clean

if TYPE_CHECKING:
    from sim.figures.figure import Figure, Table

HERE = Path(__file__).resolve().parent
TEMPLATE, STYLE = "report.html.j2", "report.css"
KICKERS = {RUN: "Report of a run", COMPARISON: "Report of a comparison", SWEEP: "Report of a sweep"}


class Section(NamedTuple):
    """A heading of the contents."""

    id: str
    title: str


class Download(NamedTuple):
    """A small file inside the page."""

    name: str
    told: str
    address: str


class Illustration(NamedTuple):
    """A figure as the page shows it."""

    name: str
    title: str
    subtitle: str
    note: str
    command: str
    wide: Any
    narrow: Any
    grid: Grid


@dataclass(frozen=True)
class Page:
    """Everything a report says, in words, tables and pictures, before it becomes HTML or slides."""

    name: str
    kicker: str
    headline: str
    scenario: str
    question: str
    caution: str
    summary: list[str]
    sections: list[Section]
    verdicts: Grid
    localities: list[str]
    differences: Grid | None
    totals: Grid | None
    designs: Grid | None
    pictures: list[Figure]
    figures: list[Illustration]
    partings: Grid | None
    parting: list[str]
    assumptions: str
    changed: Grid
    sourced: Grid
    parameters: Grid
    method: list[str]
    provenance: list[tuple[str, str]]
    downloads: list[Download]


def write_report(folder: str | Path, target: Path) -> Page:
    """Write the report of the results in `folder` to the file `target`, and return what it says.

    Raises `sim.results.store.ResultsError` where results are missing or damaged, OSError where the file cannot be
    written.
    """
    page = make_page(read_material(folder))
    text = render(page)
    replace_file(target, lambda path: path.write_bytes(text.encode("utf-8")))
    return page


def make_page(material: Material) -> Page:
    """Return what the report of `material` says."""
    summary = judge_material(material)
    several = len(material.settings) > 1
    differences = material.compare() if several else pd.DataFrame(columns=["outcome"])
    partings = pd.DataFrame()
    if material.kind == COMPARISON and len(material.months):
        partings = find_partings(material.months, material.events)
    command = tell_command(material)
    pictures = find_figures(material, command)
    entries = list_entries(material)
    tables = {"summary": summary, **({"differences": differences} if several else {})}
    tables |= {f"figure-{one.name}": thin(one.table) for one in pictures}
    return Page(
        name=material.name,
        kicker=KICKERS[material.kind],
        headline=sentences.tell_headline(material, summary, differences),
        scenario=describe_scenario(material.manifest),
        question=str(material.manifest.get("question") or ""),
        caution=CAUTION,
        summary=sentences.tell_summary(material, summary, differences),
        sections=_list_sections(bool(pictures), len(partings) > 0),
        verdicts=grid_verdicts(material, summary),
        localities=describe_localities(material.localities).splitlines() if len(material.localities) else [],
        differences=grid_differences(material, differences) if several else None,
        totals=grid_totals(material),
        designs=grid_designs(material),
        pictures=pictures,
        figures=[_show(figure) for figure in pictures],
        partings=grid_partings(partings) if len(partings) else None,
        parting=tell_partings(partings).splitlines() if len(partings) else [],
        assumptions=tell_assumptions(entries),
        changed=grid_changed(entries),
        sourced=grid_sourced(entries),
        parameters=grid_all(entries),
        method=tell_method(material),
        provenance=list_provenance(material, command),
        downloads=[_pack(name, table) for name, table in tables.items()],
    )


def _list_sections(has_figures: bool, has_partings: bool) -> list[Section]:
    found = [Section("verdicts", "Verdicts")]
    found += [Section("figures", "Figures")] if has_figures else []
    found += [Section("partings", "Where the runs part")] if has_partings else []
    rest = {"assumptions": "Assumptions", "method": "Method", "provenance": "How it was made", "data": "Data"}
    return [*found, *(Section(*one) for one in rest.items())]


def _show(figure: Figure) -> Illustration:
    from markupsafe import Markup

    from sim.figures.style import PHONE, WIDE

    wide, narrow = (
        Markup(embed(_clean(draw_svg(figure, width)), f"{figure.name}-{name}", figure.title, figure.alt))
        for name, width in (("wide", WIDE), ("narrow", PHONE))  # made of a parsed tree
    )
    note = f"{figure.spread} {figure.note} Source: {figure.origin.source}."
    grid = grid_frame("What the figure shows", figure.table)
    return Illustration(figure.name, figure.title, figure.legend, note, figure.command, wide, narrow, grid)


def _pack(name: str, table: Table) -> Download:
    content = guard_formulas(table).to_csv(index=False, lineterminator="\n").encode("utf-8")
    address = f"data:text/csv;charset=utf-8;base64,{base64.b64encode(content).decode()}"
    told = f"{sentences.plural(len(table), 'row')}, {max(1, round(len(content) / 1000))} kB"
    return Download(f"{name}.csv", told, address)


def _clean(value: Any) -> Any:
    """Return text without signs that turn letters round or that no page can hold, shown as a replacement sign."""
    return clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def render(page: Page) -> str:
    """Return the page as HTML that needs nothing beside itself, under a policy that lets it fetch and run nothing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    style = (HERE / STYLE).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, finalize=_clean, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    template = environment.get_template(TEMPLATE)
    return template.render(page=page, style=Markup(style), style_hash=f"sha256-{digest}")
