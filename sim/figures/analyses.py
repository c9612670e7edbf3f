"""Figures of what has been found in a sweep, where its folder holds the table that a verb of analysis has written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sim.figures.figure import Figure, Origin, Table


class Analysis(NamedTuple):
    """The table a figure is drawn from, and the command that writes it."""

    file: str
    command: str
    plot: Callable[[Table, Origin, Table], Figure]  # of its table; the last one is that of runs


def _plot_tornado(table: Table, origin: Origin, runs: Table) -> Figure:
    from sim.figures.tornado import plot_tornado

    return plot_tornado(table, origin)


def _plot_boxes(table: Table, origin: Origin, runs: Table) -> Figure:
    import pandas as pd

    from sim.figures.boxes import plot_boxes

    found = table[table["method"] == table["method"].iloc[0]]
    values = {name: _compute_feature(name, runs) for name in found["parameter"].unique()}
    known = {name: (one.min(), one.max()) for name, one in values.items() if one is not None}
    ranges = pd.DataFrame.from_dict(known, orient="index", columns=["low", "high"])
    return plot_boxes(found, origin, str(table["condition"].iloc[0]), ranges)


def _compute_feature(name: str, runs: Table) -> Any:
    """Return a parameter's column of `runs`, or what an analysis has made of two; None where it is no number."""
    import pandas as pd

    for sign, combine in ((" * ", "mul"), (" / ", "div")):
        if sign in name:
            first, second = (_compute_feature(part, runs) for part in name.split(sign, 1))
            return None if first is None or second is None else getattr(first, combine)(second)
    column = name if name in runs else name.rpartition(".")[2]
    return runs[column] if column in runs and pd.api.types.is_numeric_dtype(runs[column]) else None


def _plot_levers(table: Table, origin: Origin, runs: Table) -> Figure:
    from sim.figures.levers import plot_levers

    return plot_levers(table, origin)


ANALYSES = {
    "sensitivities": Analysis("sensitivity.csv", "sensitivity", _plot_tornado),
    "scenarios": Analysis("scenarios.csv", "scenarios", _plot_boxes),
    "levers": Analysis("levers.csv", "robustness", _plot_levers),
}


def make_analyses(folder: str | Path, runs: Table, origin: Origin, names: Iterable[str] | None = None) -> list[Figure]:
    """Return the figures whose tables lie in `folder`, in the order of `ANALYSES`: all of them, or those of `names`.

    runs: the table of runs in that folder.
    """
    import pandas as pd

    wanted, made = set(ANALYSES if names is None else names), []
    for name, analysis in ANALYSES.items():
        path = Path(folder) / analysis.file
        if name in wanted and path.is_file():
            table = pd.read_csv(path)
            if len(table):
                run, results = origin.command.partition(" && ")[0], f"results/{path.resolve().parent.name}"
                again = f"{run} && coalitions {analysis.command} {results} && coalitions draw {results} {name}"
                made.append(analysis.plot(table, replace(origin, command=again), runs))
    return made
