"""Where two runs on the same seed part: the first month with other numbers, the first event of only one of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.schema.columns import MONTHS

if TYPE_CHECKING:
    import pandas as pd

# What an event says of its organization, coalition and grant line. Those of memberships part coalitions; those of money
# differ at once wherever two regimes give money in different ways.
_MEMBERSHIP = {
    "join": "organization {organization} joins coalition {coalition}",
    "exit": "organization {organization} leaves coalition {coalition}",
    "break_away": "organization {organization} breaks away with others into coalition {coalition}",
    "rival_break_away": "organization {organization} breaks away with others into coalition {coalition}, a rival",
    "found": "organization {organization} founds coalition {coalition}",
    "rival_found": "organization {organization} founds coalition {coalition}, a rival",
    "dissolve": "coalition {coalition} ends",
    "hollow_out": "attendance of coalition {coalition} falls",
    "close": "organization {organization} closes",
    "open": "organization {organization} opens",
}
_MONEY = {
    "sign_mou": "coalition {coalition} signs an MOU",
    "win": "organization {organization} wins money of {line}",
    "lose": "organization {organization} is turned down by {line}",
    "comply": "organization {organization} complies with {line}",
    "phase_out": "organization {organization} phases out what {line} does not pay",
    "decline": "organization {organization} declines {line}",
    "stay_ambiguous": "organization {organization} stays ambiguous towards {line}",
    "shock": "a shock strikes",
}
EVENT_WORDS = _MEMBERSHIP | _MONEY
_FIELDS = ("month", "event", "organization", "coalition", "line", "cause")
COLUMNS = ("regime", "reference", "seed", "numbers_month", "numbers", "month", "event", "reference_event")


def find_partings(months: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return one row a setting and seed: where its run parts from that of the first setting on the same seed.

    months, events: tables of results, `regime` being the setting. Columns of the result: regime, reference, seed,
    numbers_month and numbers (the first month with a number that differs, and its columns), month, event and
    reference_event (the first event of memberships, openings and closings that only one of the two runs has, in words,
    and what the reference has in its place). Months are missing (nan) and words empty where nothing parts, or where
    events are not kept.
    """
    import pandas as pd

    settings = list(dict.fromkeys(months["regime"].astype(str)))
    runs = {key: run.sort_values("month") for key, run in months.groupby([months["regime"].astype(str), "seed"])}
    logs = _read_logs(events)
    rows = []
    for setting in settings[1:]:
        for seed in dict.fromkeys(months["seed"]):
            pair = (setting, seed), (settings[0], seed)
            if all(key in runs for key in pair):
                numbers = _part_numbers(*(runs[key] for key in pair))
                rows.append((setting, settings[0], seed, *numbers, *_part_events(*(logs.get(key, []) for key in pair))))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _part_numbers(run: pd.DataFrame, other: pd.DataFrame) -> tuple[float, str]:
    names = [entry.name for entry in MONTHS if entry.name in run.columns]
    n = min(len(run), len(other))
    ours, theirs = (table[names].to_numpy(dtype=float)[:n] for table in (run, other))
    differs = (ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs))
    if not differs.any():
        return np.nan, ""
    first = int(differs.any(axis=1).argmax())
    found = [name for name, is_other in zip(names, differs[first], strict=True) if is_other]
    return float(run["month"].iloc[first]), " ".join(found)


def _read_logs(events: pd.DataFrame) -> dict[Any, list[tuple[Any, ...]]]:
    """Return the events of memberships of each (setting, seed), in the order of the log."""
    if events.empty:
        return {}
    kept = events[events["event"].isin(list(_MEMBERSHIP))]
    grouped = kept.groupby([kept["regime"].astype(str), "seed"], sort=False)
    return {key: list(zip(*(log[name] for name in _FIELDS), strict=True)) for key, log in grouped}


def _part_events(log: list[tuple[Any, ...]], other: list[tuple[Any, ...]]) -> tuple[float, str, str]:
    shared = next(
        (at for at, (ours, theirs) in enumerate(zip(log, other, strict=False)) if ours != theirs),
        min(len(log), len(other)),
    )
    ours, theirs = (one[shared] if shared < len(one) else None for one in (log, other))
    month = min((event[0] for event in (ours, theirs) if event is not None), default=np.nan)
    told = [tell_event(*event[1:]) if event is not None and event[0] == month else "" for event in (ours, theirs)]
    return float(month), told[0], told[1]


def tell_event(event: str, organization: int, coalition: int, line: str, cause: str) -> str:
    """Return one event in words, with its largest cause: "organization 7 leaves coalition 2 (funding competition)"."""
    told = EVENT_WORDS[event].format(organization=organization, coalition=coalition, line=line)
    return f"{told} ({cause})"


def tell_partings(partings: pd.DataFrame) -> str:
    """Return a sentence a setting: when memberships part, over the seeds, and how on the first seed that parts."""
    return "\n".join(_tell_setting(str(setting), found) for setting, found in partings.groupby("regime", sort=False))


def _tell_setting(setting: str, found: pd.DataFrame) -> str:
    rows = found.to_dict("records")
    reference, parted = rows[0]["reference"], [row for row in rows if not math.isnan(row["month"])]
    if not parted:
        numbers = [row["numbers_month"] for row in rows if not math.isnan(row["numbers_month"])]
        return f"{setting} parts from {reference} in " + (
            f"numbers alone, from month {min(numbers):.0f}." if numbers else "nothing."
        )
    months = sorted(row["month"] for row in parted)
    low, middle, high = months[0], months[len(months) // 2], months[-1]
    span = f"between months {low:.0f} and {high:.0f} (median {middle:.0f})" if high > low else f"in month {low:.0f}"
    first = parted[0]
    sides = [(setting, first["event"]), (reference, first["reference_event"])]
    told = "; ".join(f"in {name}, {event}" for name, event in sides if event)
    return (
        f"Memberships under {setting} part from {reference} {span}, on {len(parted)} of {len(rows)} seeds. "
        f"Seed {first['seed']}, month {first['month']:.0f}: {told}."
    )
