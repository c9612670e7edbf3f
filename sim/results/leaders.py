"""What a table of sensitivities lets one say: which parameters lead, and whether they are told apart. Tables alone."""

from __future__ import annotations

import math
from typing import Any

Table = Any  # a pandas.DataFrame
NOTHING = "(none)"  # the parameter that does nothing: the yardstick of delta
INTERVALS = {  # of each measure of importance, the first that a table has
    "total": ("total_low", "total_high"),
    "mu_star": ("mu_star_low", "mu_star_high"),
    "delta": ("delta_low", "delta_high"),
}
MOST_MORE = 25  # times the sample; what would need more is as good as equal


def find_measure(table: Table) -> str | None:
    """Return the measure of importance that a table of sensitivities holds numbers of, None without one."""
    return next((name for name in INTERVALS if name in table and table[name].notna().any()), None)


def find_leaders(rows: Table, measure: str) -> list[str]:
    """Return the parameters that may be the most important: those whose interval reaches that of the first one.

    rows: of one outcome, without pairs. A single name is told apart from all others. Nothing is returned where
    the first one does no more than chance, see `is_clear`. Where the table has no intervals, the largest number counts.
    """
    low, high = INTERVALS[measure]
    listed = rows[rows[measure].notna()].sort_values(measure, ascending=False).to_dict("records")
    real = [row for row in listed if row["parameter"] != NOTHING]
    if not real or not real[0][measure] > 0:
        return []
    if not {low, high} <= set(rows.columns) or any(math.isnan(row[low]) for row in real):
        return [row["parameter"] for row in real if row[measure] == real[0][measure]]
    found = [row["parameter"] for row in real if row[high] >= real[0][low]]
    return found if is_clear(real[0], rows, measure) else []


def is_clear(row: Any, rows: Table, measure: str) -> bool:
    """Say whether a parameter does more than one that does nothing.

    Its interval lies above that one's number, and its number above that one's interval; or its interval above 0, where
    the table has no such yardstick. row: of the parameter, as a mapping. rows: all of its outcome.
    """
    low, high = INTERVALS[measure]
    idle = rows[rows["parameter"] == NOTHING]
    if len(idle):
        return bool(row[low] > idle[measure].max() and row[measure] > idle[high].max())
    return bool(row[low] > 0)


def estimate_needed(rows: Table, measure: str, n: int) -> int | None:
    """Return roughly how large a sample would tell the first parameter from the second, None where none would do.

    n: size of the sample that gave `rows`. The width of intervals goes with one over the root of its size.
    """
    low, high = INTERVALS[measure]
    real = rows[rows[measure].notna() & (rows["parameter"] != NOTHING)]
    first, *others = real.sort_values(measure, ascending=False).to_dict("records")
    needed = 1.0
    for row in others[:1]:
        gap, reach = first[measure] - row[measure], first[measure] - first[low] + row[high] - row[measure]
        if gap <= 0 or not reach / gap <= math.sqrt(MOST_MORE):
            return None
        needed = max(needed, (reach / gap) ** 2)
    digits = -max(0, len(str(int(n * needed))) - 2)
    step = 10**-digits
    return int(math.ceil(n * needed / step) * step)
