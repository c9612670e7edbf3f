"""The pictures of a result: which ones there are, which ones a command draws, and where they are kept.

Nothing heavy is imported before a figure is made. To add a figure, see docs/figures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import FigureError

if TYPE_CHECKING:
    from sim.figures.figure import Figure, Origin
    from sim.results.store import Results

__all__ = ["AFTER_A_RUN", "AFTER_THE_DEMO", "FIGURES", "draw", "make_figures", "prepare"]

AFTER_A_RUN = ("phases", "collaboration", "memberships", "differences")  # `coalitions draw` draws the others
AFTER_THE_DEMO = ("phases", "collaboration", "memberships")


def make_figures(results: Results, names: Iterable[str] | None = None, origin: Origin | None = None) -> list[Figure]:
    """Return the figures that fit the tables, in the order of `FIGURES`: all of them, or those of `names`."""
    from sim.figures.labels import relabel
    from sim.figures.origins import find_origin

    wanted = set(FIGURES if names is None else names)
    if unknown := wanted - set(FIGURES):
        raise FigureError(f"figure '{min(unknown)}': not known; choose from {', '.join(FIGURES)}")
    known, shown = origin or find_origin(results), relabel(results)
    made = (FIGURES[name](shown, known) for name in FIGURES if name in wanted)
    return [figure for figure in made if figure is not None]


def draw(results: Results, folder: str | Path, names: Iterable[str] | None = None) -> list[Path]:
    """Draw the figures that fit the tables into `folder` and return the files."""
    return [path for figure in make_figures(results, names) for path in figure.save(folder)]


def prepare() -> None:
    """Read what drawing needs, letters included, so that the next figure comes at once."""
    import sim.figures.fan  # noqa: F401
    import sim.figures.strip  # noqa: F401
    from sim.figures.style import warm_up

    warm_up()


def _make_phases(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.phases import find_plane, plot_phases

    plane = find_plane(results.runs)
    return plot_phases(results.runs, *plane, origin) if plane else None


def _make_fan(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.fan import plot_fan
    from sim.results.summaries import drop_repeated_runs

    kept = drop_repeated_runs(results)
    return plot_fan(kept.months, results.runs, origin) if len(kept.months) else None


def _make_strip(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.origins import keep_marks_of
    from sim.figures.strip import pick_strip, plot_strip

    if not len(results.members):
        return None
    strip, told = pick_strip(results.members, results.runs)
    own = keep_marks_of(origin, results.events, set(strip["run_id"]))
    return plot_strip(strip, told, own, origin.names)


def _make_pairs(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.pairs import pair_runs, plot_pairs

    n_compared = pair_runs(results.runs, "collaboration_end").shape[1]
    return plot_pairs(results.runs, origin) if n_compared else None


def _make_people(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.people import NEEDED, plot_people

    is_known = len(results.months) > 0 and set(NEEDED) <= set(results.months.columns)
    return plot_people(results.months, results.runs, origin) if is_known else None


def _make_forms(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.forms import plot_forms
    from sim.results.summaries import drop_repeated_runs
    from sim.schema.columns import RATES

    needed = {name for pair in RATES.values() for name in pair}
    kept = drop_repeated_runs(results)
    is_known = len(kept.months) > 0 and needed <= set(kept.months.columns)
    return plot_forms(kept.months, results.runs, origin) if is_known else None


def _make_survival(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.survival import follow_coalitions, plot_survival
    from sim.results.summaries import drop_repeated_runs

    kept = drop_repeated_runs(results)
    lives = follow_coalitions(kept.events, kept.months) if len(kept.events) else []
    return plot_survival(lives, origin) if len(lives) else None


def _make_network(results: Results, origin: Origin) -> Figure | None:
    from sim.figures.network import plot_network

    return plot_network(results.members, results.runs, origin, origin.names) if len(results.members) else None


FIGURES: dict[str, Callable[[Results, Origin], Figure | None]] = {
    "phases": _make_phases,
    "collaboration": _make_fan,
    "differences": _make_pairs,
    "people": _make_people,
    "forms": _make_forms,
    "survival": _make_survival,
    "network": _make_network,
    "memberships": _make_strip,
}
