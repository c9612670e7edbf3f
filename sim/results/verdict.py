"""When a run grows, holds or fragments: the statistics of its windows, and the verdict on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.schema import columns
from sim.schema.columns import (
    BOOKED,
    CHANGE_MONTHS,
    COUNTED,
    END_MONTHS,
    JUDGED,
    RATES,
    RUNS,
    START_MONTHS,
    WINDOWED,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


GROWS, HOLDS, FRAGMENTS, UNDECIDED = "grows", "holds", "fragments", "undecided"
TOO_SHORT = "too short"  # the run has fewer months than the change needs
NO_PAIR = "no pair left"  # fewer than two organizations are open in all months of a window, so nothing can be shared
THRESHOLD = 0.05  # change in the share of collaborating pairs that counts
VERDICTS = (GROWS, HOLDS, FRAGMENTS)
UNKNOWN = (TOO_SHORT, NO_PAIR)  # in the place of a verdict, where there is none


def judge_runs(months: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run with its verdict, from tidy `months`; see `judge_panels` for the rule."""
    keys, found = ["run_id", "regime", "seed"], []
    for _, run in months.groupby("run_id", sort=False):
        run = run.sort_values("month")
        panels = {name: run[name].to_numpy(dtype=float)[np.newaxis] for name in JUDGED}
        heads = {name: run[name].iloc[:1].to_numpy() for name in keys}
        found.append(heads | judge_panels(panels))
    return pd.DataFrame({name: np.concatenate([one[name] for one in found]) for name in found[0]})


def judge_panels(panels: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return verdict and summaries of R runs of equal length, by column. panels: (R, months + 1) for each of JUDGED.

    The rule: collaboration_share, mean of the last 12 months less mean of months 1 to 12. Above +0.05 a run grows,
    below -0.05 it fragments, between it holds. Coverage at the end stands beside it, so that cohesion won by
    exclusion shows. A run of fewer months than a number needs (`Column.least_months`) does not have that number, and
    its verdict is `TOO_SHORT` where the windows would overlap; without two open organizations it is `NO_PAIR`.
    Sums run from the first month to the last, so that a run's bits do not depend on its neighbours.
    """
    n_months = panels[JUDGED[0]].shape[1] - 1
    totals = [_add(panels[name][:, 1:]) for name in JUDGED]
    windows = [part for name in WINDOWED for part in _add_windows(panels[name])]
    return judge_sums(np.stack([*totals, *windows], axis=1).astype(float), n_months)


def _add_windows(panel: NDArray[Any]) -> list[NDArray[Any]]:
    """Return `columns.WINDOWS` of a panel (R, months + 1), each (R,); what is missing counts nowhere."""
    n_months = panel.shape[1] - 1
    start = panel[:, 1 : min(START_MONTHS, n_months) + 1]
    end = panel[:, max(n_months - END_MONTHS, 0) + 1 :]
    return [found for one in (start, end) for found in (_add(one), np.count_nonzero(~np.isnan(one), axis=1))]


def _add(panel: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of the rows of a panel, without what is missing, from the first month on."""
    known = np.zeros((len(panel), panel.shape[1] + 1))
    np.copyto(known[:, 1:], panel)
    known[np.isnan(known)] = 0.0
    return np.cumsum(known, axis=1)[:, -1]  # one month after the other, which a sum would not promise


def judge_sums(sums: NDArray[Any], n_months: int) -> dict[str, NDArray[Any]]:
    """Return what `judge_panels` does, from sums (R, N_SUMS) of runs of `n_months`, see `columns.N_SUMS`."""
    total: dict[str, NDArray[Any]] = {name: sums[:, at] for at, name in enumerate(JUDGED)}
    windows = sums[:, len(JUDGED) :].reshape(len(sums), len(WINDOWED), len(columns.WINDOWS))
    by_name = dict(zip(WINDOWED, np.moveaxis(windows, 1, 0), strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        start = {name: one[:, columns.START_SUM] / one[:, columns.START_KNOWN] for name, one in by_name.items()}
        end = {name: one[:, columns.END_SUM] / one[:, columns.END_KNOWN] for name, one in by_name.items()}
    rates = {name: _compute_rate(total[events], total[exposure]) for name, (events, exposure) in RATES.items()}
    change = end["collaboration_share"] - start["collaboration_share"]
    found = {
        "verdict": judge_changes(change) if n_months >= CHANGE_MONTHS else np.full(len(sums), TOO_SHORT, object),
        "collaboration_start": start["collaboration_share"],
        "collaboration_end": end["collaboration_share"],
        "collaboration_change": change,
        "coverage_end": end["coverage_share"],
        "effective_change": end["effective_coalitions"] - start["effective_coalitions"],
        "total_awarded_usd": total["awarded_usd"],
        "exit_rate": rates.pop("exit_rate"),
        **{name: total[name] for name in COUNTED},
        "served_end": end["served"],
        "not_served_end": end["not_served"],
        **{f"total_{name}": total[name] for name in BOOKED if name != "awarded_usd"},
        **rates,
    }
    for entry in RUNS:
        if n_months < entry.least_months and entry.unit != "name":
            found[entry.name] = np.full(len(sums), np.nan)
    return found


def _compute_rate(events: Any, exposure: Any) -> Any:
    """Return events a year of exposure, given the sum of the exposure over months; nan where nothing was exposed."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(exposure > 0, 12 * events / exposure, np.nan)


def compute_rates(months: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run with run_id, regime and each of `columns.RATES`, from tidy `months`.

    A rate is what happened from month 1 on over what it could happen to (memberships held, or open organizations),
    a year; nan where there was nothing. Units: `columns.column(name, "runs").unit`.
    """
    names = list(dict.fromkeys(name for pair in RATES.values() for name in pair))
    later = months[months["month"] > 0]
    sums: Any = later.groupby(["run_id", "regime"], sort=False, observed=True)[names].sum()
    rates = {name: _compute_rate(sums[events], sums[exposure]) for name, (events, exposure) in RATES.items()}
    return pd.DataFrame(rates, index=sums.index).reset_index()


def judge_changes(change: NDArray[Any]) -> NDArray[Any]:
    """Return the verdict (runs,) of each change in the share of collaborating pairs; nan where no pair is left."""
    cases = [change > THRESHOLD, change < -THRESHOLD, np.isnan(change)]
    return np.select(cases, [GROWS, FRAGMENTS, NO_PAIR], HOLDS).astype(object)


WITH = {TOO_SHORT: "too short to judge", NO_PAIR: "with no pair left"}


def explain_unknown(verdict: str) -> str:
    """Return in words why there is no verdict: "too short to say whether collaboration changes (needs 24 months)"."""
    if verdict == TOO_SHORT:
        return f"{TOO_SHORT} to say whether collaboration changes (needs {CHANGE_MONTHS} months)"
    return f"{NO_PAIR}: fewer than two organizations are open, so there is no collaboration to judge"
