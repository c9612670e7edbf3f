"""The figures of a report, in the order in which they answer its question, drawn without the words of the page."""

from __future__ import annotations

import dataclasses
import io
import warnings
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from sim.report.reading import COMPARISON, COUNTERS, NOT_VARIED, Material
from sim.results.store import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from sim.figures.figure import Figure, Origin, Table

OVER_TIME = ("collaboration", "forms", "people", "survival", "memberships")  # `coalitions draw` draws the others
MOST_SETTINGS = 12  # of one picture
WIDTH = 7.5  # inches at which a picture of so many pixels is drawn
N_PARTS = 6  # of the range of a sampled number


def find_figures(material: Material, command: str) -> list[Figure]:
    """Return the figures that the tables allow, the one that answers the question first.

    command: gives the results again.
    """
    from sim.figures import make_figures
    from sim.figures.analyses import make_analyses
    from sim.figures.origins import find_origin

    results = _make_results(material)
    origin = dataclasses.replace(find_origin(results), command=command)
    analyses = make_analyses(material.folder, material.runs, origin)
    if len(material.settings) > MOST_SETTINGS:
        return analyses
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The confidence interval is undefined")  # where no coalition is left
        shown = dataclasses.replace(results, manifest={**results.manifest, "labels": {}})  # they have their labels
        figures = make_figures(shown, ("phases", *OVER_TIME), origin)
    made = {figure.name: figure for figure in figures}
    phases = made.get("phases") or _make_phases(material, results.runs, origin)
    found = {"phases": phases, "differences": _make_pairs(material, origin)}
    answers = ("differences", "phases") if material.kind == COMPARISON else ("phases", "differences")
    ordered = [found[name] for name in answers] + [made.get(name) for name in OVER_TIME]
    return [figure for figure in ordered if figure is not None] + analyses


def _make_results(material: Material) -> Results:
    """Return tables whose regimes are the settings of the report, and whose design is its scenarios alone."""
    kept = [
        name
        for name in material.runs.columns
        if name in (NOT_VARIED - {*COUNTERS}) or name in material.scenario_columns
    ]
    tables = {name: getattr(material, name) for name in ("months", "events", "members", "localities")}
    return Results(runs=cast(pd.DataFrame, material.runs[kept]), manifest=material.manifest, **tables)


def _make_pairs(material: Material, origin: Origin) -> Figure | None:
    if len(material.settings) < 2 or material.pairs.groupby("seed").size().max() < 2:
        return None
    from sim.figures.pairs import compare_settings, pair_runs, plot_pairs

    if pair_runs(material.pairs, "collaboration_end").empty:  # no run is long enough to have an end
        return None
    if not material.scenario_columns:
        return plot_pairs(material.pairs, origin)
    table = compare_settings(material.pairs, "collaboration_end")
    if material.is_sampled:
        found = material.compare()
        found = found[found["outcome"] == "collaboration_end"].set_index("regime").loc[table["regime"]]
        table = table.assign(low=found["low"].to_numpy(), high=found["high"].to_numpy())
    figure = plot_pairs(material.pairs, origin, intervals=table)
    mean = f", with its mean over {material.n_scenarios:,} scenarios" if material.unit == "seed" else ""
    spread = f"Each dot is a {material.unit}{mean}; diamond and bar: mean and 95 % interval"
    spread += " over scenarios and seeds." if material.is_sampled else "."
    return dataclasses.replace(figure, title=figure.title.replace("paired runs", f"{material.unit}s"), spread=spread)


def _make_phases(material: Material, runs: Table, origin: Origin) -> Figure | None:
    """Return the phase picture of a sample: its first two numbers cut into parts of equally many scenarios."""
    from sim.figures.phases import PREFERRED, plot_phases

    numbers = [name for name in material.scenario_columns if runs[name].nunique() > 2 * N_PARTS]
    if len(numbers) < 2 or runs["collaboration_change"].isna().all():
        return None
    numbers.sort(key=lambda name: PREFERRED.index(name) if name in PREFERRED else len(PREFERRED))
    x, y = numbers[:2]
    cut = runs.assign(**{name: _cut(runs[name]) for name in (x, y)})
    figure = plot_phases(cut, x, y, origin)
    how = f" Each number is cut into {N_PARTS} parts of equally many scenarios; shown is the middle of each."
    return dataclasses.replace(figure, note=f"{figure.note}{how}")


def _cut(values: Table) -> Table:
    parts = pd.qcut(values, N_PARTS, labels=False, duplicates="drop")
    return values.groupby(parts).transform("median").map(lambda value: float(f"{value:.2g}"))


def draw_svg(figure: Figure, width: float) -> str:
    """Return the picture as SVG, `width` inches wide, the same bytes every time."""

    def write(canvas: Canvas) -> Any:
        return _write(canvas, io.StringIO(), format="svg", metadata={"Date": None})

    return cast(str, _draw(figure, width, write, is_escaped=False))  # the reader's browser may have fonts for them


def draw_png(figure: Figure, width: int, height: int) -> bytes:
    """Return the picture as PNG that fits into so many pixels."""

    def write(canvas: Canvas) -> Any:
        across, up = canvas.get_size_inches()
        return _write(canvas, io.BytesIO(), format="png", dpi=min(width / across, height / up))

    return cast(bytes, _draw(figure, WIDTH, write, is_escaped=True))


def _draw(figure: Figure, width: float, write: Any, *, is_escaped: bool) -> Any:
    """Draw the picture alone, in the house style; is_escaped: see `sim.figures.style.replace_letters`."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    from sim.figures.style import replace_letters, styled

    @styled
    def draw() -> Any:
        mpl.rcParams["svg.hashsalt"] = figure.name
        canvas = Canvas(figsize=(width, figure.height(width)), layout="constrained")
        FigureCanvasAgg(canvas)
        figure.draw(canvas)
        replace_letters(canvas, is_escaped=is_escaped)
        return write(canvas)

    return draw()


def _write(canvas: Canvas, stream: Any, **options: Any) -> Any:
    canvas.savefig(stream, **options)
    return stream.getvalue()
