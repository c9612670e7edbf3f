"""A user's own observations, to be laid over the runs: a CSV with month, column and value."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import DelimitedError, ObservationError
from sim.figures.figure import Origin, Table
from sim.figures.style import BLACK
from sim.files.delimited import fold_name, read_rows
from sim.schema.columns import MONTHS

HEADER = ["month", "column", "value"]
KNOWN = [entry.name for entry in MONTHS]
MAX_BYTES = 5_000_000


def read_observations(path: str | Path, start: str = "") -> Table:
    """Return the observations of a file, sorted by column and month (a number since the start).

    ``month`` is a number, or YYYY-MM where the `start` of the runs is given in the same form; ``column`` is one of the
    monthly results (docs/columns.md); ``value`` a number. Raises `ObservationError`.
    """
    path = Path(path)
    try:
        lines = list(read_rows(path, MAX_BYTES))
    except OSError as problem:
        raise ObservationError(
            f"{path}: cannot be read ({problem.strerror or problem}); it must be a CSV in UTF-8"
        ) from problem
    except DelimitedError as problem:
        place = path if problem.line is None else f"{path}:{problem.line}"
        raise ObservationError(f"{place}: cannot be read: {problem}") from problem
    number, header = lines[0] if lines else (1, [])
    if [fold_name(name) for name in header] != HEADER:
        raise ObservationError(f"{path}:{number}: columns {','.join(header)}; they must be {','.join(HEADER)}")
    rows = []
    for number, cells in lines[1:]:
        if len(cells) != len(HEADER):
            raise ObservationError(f"{path}:{number}: {len(cells)} cells; give three, {','.join(HEADER)}")
        rows.append(_check(dict(zip(HEADER, cells, strict=True)), f"{path}:{number}", start))
    if not rows:
        raise ObservationError(f"{path}: holds no observation; give a row a month, like 12,collaboration_share,0.35")
    return pd.DataFrame(rows, columns=HEADER).sort_values(["column", "month"], ignore_index=True)


def _check(row: dict[str, str], place: str, start: str) -> tuple[int, str, float]:
    name = row["column"].strip()
    if name not in KNOWN:
        close = difflib.get_close_matches(name, KNOWN, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise ObservationError(f"{place}: column '{name}': is no monthly result.{hint} docs/columns.md lists them")
    try:
        value = float(row["value"])
    except ValueError as problem:
        raise ObservationError(f"{place}: value '{row['value']}': must be a number, like 0.35") from problem
    if not abs(value) < float("inf"):
        raise ObservationError(f"{place}: value '{row['value']}': must be a finite number; leave out what is missing")
    return _find_month(row["month"].strip(), place, start), name, value


def _find_month(text: str, place: str, start: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    if not start:
        raise ObservationError(
            f"{place}: month '{text}': must be a whole number since the start, or give --start YYYY-MM"
        )
    since: Any = parse_month(text, place) - parse_month(start, "start")
    if since.n < 0:
        raise ObservationError(f"{place}: month '{text}': lies before the start, {start}")
    return since.n


def parse_month(text: str, place: str) -> Any:
    """Return a month like 2019-07 as a period of pandas'. Raises `ObservationError`."""
    year, dash, month = text.partition("-")
    if not (dash and len(year) == 4 and year.isdigit() and month.isdigit() and 1 <= int(month) <= 12):
        raise ObservationError(f"{place}: month '{text}': must look like 2019-07")
    return pd.Period(f"{int(year):04d}-{int(month):02d}", freq="M")


def draw_observations(axes: Any, origin: Origin, name: str) -> None:
    """Lay the observations of column `name` over a panel, as black squares."""
    if origin.observed is not None:
        rows = origin.observed[origin.observed["column"] == name]
        axes.plot(
            rows["month"], rows["value"], linestyle="none", marker="s", markersize=5, markeredgecolor="white",
            color=BLACK, zorder=5,
        )  # fmt: skip


def tell_observations(origin: Origin, spread: Table, name: str) -> str:
    """Return how many observations of `name` lie where nine of ten runs do, by regime; nothing without any."""
    if origin.observed is None or name not in set(origin.observed["column"]):
        return ""
    rows = origin.observed[origin.observed["column"] == name]
    parts = []
    for regime, table in spread.groupby("regime", sort=False, observed=True):
        met = rows.merge(table, on="month")
        inside = int(((met["value"] >= met["p05"]) & (met["value"] <= met["p95"])).sum())
        parts.append(f"{inside} of {len(met)} under {regime}")
    return f" Black squares: your observations; within nine of ten runs lie {', '.join(parts)}."
