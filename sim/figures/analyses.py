"""Figures of what has been found in a sweep, where its folder holds the table that a verb of analysis has written."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sim.figures.figure import Figure, Origin, Table

Labels = dict[str, dict[str, str]]  # of each group, by the chosen word


class Analysis(NamedTuple):
    """The table a figure is drawn from, and the command that writes it."""

    file: str
    command: str
    plot: Callable[[Table, Origin, Table, Labels], Figure | None]  # of its table; runs; what was chosen. None: nothing


def _plot_tornado(table: Table, origin: Origin, runs: Table, labels: Labels) -> Figure | None:
    from sim.figures.tornado import plot_tornado
    from sim.results.leaders import find_measure

    return plot_tornado(table, origin, labels) if find_measure(table) else None


def _plot_boxes(table: Table, origin: Origin, runs: Table, labels: Labels) -> Figure | None:
    import pandas as pd

    from sim.figures.boxes import plot_boxes

    found = table[table["method"] == table["method"].iloc[0]]
    values = {name: _compute_feature(name, runs) for name in found["parameter"].unique()}
    known = {name: (one.min(), one.max()) for name, one in values.items() if one is not None}
    ranges = pd.DataFrame.from_dict(known, orient="index", columns=["low", "high"])
    return plot_boxes(found, origin, str(table["condition"].iloc[0]), ranges, labels)


def _compute_feature(name: str, runs: Table) -> Any:
    """Return a parameter's column of `runs`, or what an analysis has made of two; None where it is no number."""
    import pandas as pd

    for sign, combine in ((" * ", "mul"), (" / ", "div")):
        if sign in name:
            first, second = (_compute_feature(part, runs) for part in name.split(sign, 1))
            return None if first is None or second is None else getattr(first, combine)(second)
    column = name if name in runs else name.rpartition(".")[2]
    return runs[column] if column in runs and pd.api.types.is_numeric_dtype(runs[column]) else None


def _plot_levers(table: Table, origin: Origin, runs: Table, labels: Labels) -> Figure | None:
    from sim.figures.levers import plot_levers

    return plot_levers(table, origin, labels)


ANALYSES = {
    "sensitivities": Analysis("sensitivity.csv", "sensitivity", _plot_tornado),
    "scenarios": Analysis("scenarios.csv", "scenarios", _plot_boxes),
    "levers": Analysis("levers.csv", "robustness", _plot_levers),
}


def make_analyses(folder: str | Path, runs: Table, origin: Origin, names: Iterable[str] | None = None) -> list[Figure]:
    """Return the figures whose tables lie in `folder`, in the order of `ANALYSES`: all of them, or those of `names`.

    runs: the table of runs in that folder. A table in which nothing can be told apart gives no figure.
    """
    import pandas as pd

    wanted, made, labels = set(ANALYSES if names is None else names), [], _read_labels(Path(folder))
    for name, analysis in ANALYSES.items():
        path = Path(folder) / analysis.file
        if name in wanted and path.is_file():
            table = pd.read_csv(path)
            again = replace(origin, command=_tell_command(origin, analysis, table, path, name))
            figure = analysis.plot(table, again, runs, labels) if len(table) else None
            made += [figure] if figure is not None else []
    return made


def _tell_command(origin: Origin, analysis: Analysis, table: Table, path: Path, name: str) -> str:
    """Return the command that gives a figure again: the sweep, the analysis with its condition, and the drawing."""
    run, results = origin.command.partition(" && ")[0], f"results/{path.resolve().parent.name}"
    options = [f"--when {shlex.quote(str(table['condition'].iloc[0]))}"] if "condition" in table and len(table) else []
    if "reference" in table and len(table):
        options.append(f"--reference {shlex.quote(str(table['reference'].iloc[0]))}")
    analysed = " ".join(["coalitions", analysis.command, results, *options])
    return f"{run} && {analysed} && coalitions draw {results} {name}"


def _read_labels(folder: Path) -> Labels:
    """Return the written labels of what was chosen, as the manifest in `folder` keeps them."""
    from sim.errors import ResultsError
    from sim.results.store import read_manifest

    try:
        labels = read_manifest(folder).get("labels")
    except ResultsError:  # tables without their results
        return {}
    return labels if isinstance(labels, dict) else {}
