"""The pictures of a result: which ones a command draws, and where they are kept. Nothing heavy is imported before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.results import Results

__all__ = ["draw_all", "draw_demo"]


def draw_all(results: Results, folder: str | Path) -> list[Path]:
    """Draw what fits the tables and return the files, PNG and SVG of each picture.

    Always collaboration over time and the membership strip of one run; with two or more regimes the differences per
    seed; with a design of two numbers the phase picture.
    """
    figures = {"collaboration": _draw_trajectories(results)}
    if len(results.members):
        figures["memberships"] = _draw_strip(results)
    if results.runs["regime"].nunique() > 1:  # pyright: ignore[reportGeneralTypeIssues]
        from sim.figures.pairs import plot_pairs

        figures["differences"] = plot_pairs(results.runs)
    return _save({**_draw_phases(results), **figures}, folder)


def draw_demo(results: Results, folder: str | Path) -> list[Path]:
    """Draw the phase picture, collaboration over time and one membership strip; return the files, PNG and SVG."""
    figures = {"collaboration": _draw_trajectories(results), "memberships": _draw_strip(results)}
    return _save({**_draw_phases(results), **figures}, folder)


def _draw_phases(results: Results) -> dict[str, Figure]:
    from sim.figures.phases import find_plane, plot_phases

    plane = find_plane(results.runs)
    return {"phases": plot_phases(results.runs, *plane)} if plane else {}


def _draw_trajectories(results: Results) -> Figure:
    from sim.figures.trajectories import plot_trajectories
    from sim.tables import summarise

    shocks = results.events.loc[results.events["event"] == "shock", "month"].unique()
    return plot_trajectories(results.months, summarise(results), shock_month=shocks[0] if len(shocks) == 1 else None)


def _draw_strip(results: Results) -> Figure:
    from sim.figures.strip import pick_strip, plot_strip

    return plot_strip(*pick_strip(results.members, results.runs))


def _save(figures: dict[str, Figure], folder: str | Path) -> list[Path]:
    from sim.figures.style import save_figure

    Path(folder).mkdir(parents=True, exist_ok=True)
    return [path for name, figure in figures.items() for path in save_figure(figure, Path(folder), name)]
