"""Where the numbers of kept results come from: the command, the seeds, the months at which something strikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.figures.figure import Origin

if TYPE_CHECKING:
    from sim.results import Results

MOST_MARKS = 3  # on an axis of time


def find_origin(results: Results) -> Origin:
    """Return what a figure of `results` says about where they come from.

    Shocks are marked where they strike all runs at the same months.
    """
    manifest = results.manifest
    command = manifest.get("command") or "coalitions run"
    folder = f" && coalitions draw results/{manifest['name']}" if manifest.get("name") else ""
    n_seeds, n_runs = len(set(results.runs["seed"])), len(results.runs)
    model = f", model {manifest['model_version']}" if "model_version" in manifest else ""
    counted = f"{n_runs} run{'s' if n_runs > 1 else ''} ({n_seeds} seed{'s' if n_seeds > 1 else ''})"
    return Origin(f"{command}{folder}", f"{counted} of the coalitions model{model}", marks=_find_marks(results))


def _find_marks(results: Results) -> tuple[tuple[int, str], ...]:
    events = results.events
    if not len(events):
        return ()
    months = sorted(int(month) for month in events.loc[events["event"] == "shock", "month"].unique())
    return tuple((month, "shock") for month in months) if len(months) <= MOST_MARKS else ()
