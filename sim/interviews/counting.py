"""Tables of interviews: events by interview and theme, interviews by theme and regime, the events behind them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sim.errors import InterviewError
from sim.interviews.sampling import Interview, Plan, hold_interviews
from sim.interviews.themes import THEMES

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.store import Results

KEYS = ("run_id", "regime", "seed")
COLUMNS = (*KEYS, "interview", "organization", "theme", "n_events")
EVENT_COLUMNS = (*KEYS, "interview", "organization", "coalition", "month", "event", "cause", "theme")


def interview_runs(
    results: Results, plan: Plan, month: int | None = None
) -> list[tuple[tuple[str, str, int], list[Interview]]]:
    """Return the interviews of every run beside its keys. Raises `InterviewError` where events are not kept."""
    if results.events.empty or results.months.empty:
        raise InterviewError(
            "these results hold no events of single cities, which interviews are made from: take those of "
            "`coalitions run` or `compare`, or of a sweep with --keep events"
        )
    last = int(results.months["month"].to_numpy().max())
    if month is not None and not 1 <= month <= last:
        raise InterviewError(f"--month {month}: must lie in [1, {last}], the months of these runs")
    grouped: Any = results.events.groupby("run_id", sort=False, observed=True)
    events = dict(list(grouped))
    tables: Any = results.months.groupby("run_id", sort=False, observed=True)
    found = []
    for run_id, months in tables:
        keys = (str(run_id), str(months["regime"].iloc[0]), int(months["seed"].iloc[0]))
        own = events.get(run_id, results.events.iloc[:0])
        found.append((keys, hold_interviews(own, months, keys[2], plan, month)))
    return found


def count_events(held: list[tuple[tuple[str, str, int], list[Interview]]]) -> pd.DataFrame:
    """Return one row an interview and theme: how many remembered events speak of it. Columns: COLUMNS."""
    import pandas as pd

    rows = []
    for keys, interviews in held:
        for one in interviews:
            counts = Counter(theme for _, themes in one.remembered for theme in themes)
            rows += [(*keys, one.number, one.occupant[0], theme.name, counts[theme.name]) for theme in THEMES]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def count_interviews(counts: pd.DataFrame, least: int = 1) -> pd.DataFrame:
    """Return one row a regime and theme: in how many interviews of a run `least` events or more speak of it.

    Columns: regime, theme, label, kind, median, low, high (over runs), mean, n_runs, n_interviews (median of a run),
    n_organizations (median of a run), and share_median, share_low and share_high (over runs, of the run's interviews),
    which can be compared where regimes leave different numbers of organizations to ask.
    """
    import pandas as pd

    spoken = counts.assign(spoken=counts["n_events"] >= least)
    by_run = spoken.groupby(["regime", "run_id", "theme"], sort=False, observed=True)
    found = by_run.agg(spoken=("spoken", "sum"), n=("interview", "nunique"), asked=("organization", "nunique"))
    rows: list[dict[str, Any]] = []
    for regime, runs in found.groupby(level="regime", sort=False):
        for theme in THEMES:
            one: Any = runs.xs(theme.name, level="theme")
            rows.append(
                {
                    "regime": regime,
                    "theme": theme.name,
                    "label": theme.label,
                    "kind": theme.kind,
                    "median": float(one["spoken"].median()),
                    "low": int(one["spoken"].min()),
                    "high": int(one["spoken"].max()),
                    "mean": float(one["spoken"].mean()),
                    "n_runs": len(one),
                    "n_interviews": float(one["n"].median()),
                    "n_organizations": float(one["asked"].median()),
                    "share_median": float((one["spoken"] / one["n"]).median()),
                    "share_low": float((one["spoken"] / one["n"]).min()),
                    "share_high": float((one["spoken"] / one["n"]).max()),
                }
            )
    return pd.DataFrame(rows)


def list_events(held: list[tuple[tuple[str, str, int], list[Interview]]]) -> pd.DataFrame:
    """Return one row an interview, remembered event and theme it speaks of. Columns: EVENT_COLUMNS."""
    import pandas as pd

    rows = [
        (*keys, one.number, one.occupant[0], one.coalition, happening.month, happening.event, happening.cause, theme)
        for keys, interviews in held
        for one in interviews
        for happening, themes in one.remembered
        for theme in themes
    ]
    return pd.DataFrame(rows, columns=list(EVENT_COLUMNS))
