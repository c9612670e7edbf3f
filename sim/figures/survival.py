"""How long coalitions last: the share still active by age, with those that outlive the run counted as such."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import SHORT_TITLE, choose_title, fold, join_words, name_setting, tell_share
from sim.figures.style import BLUE, MIDDLE, NARROW, SERIES, darken
from sim.figures.timeline import label_ends, pick_step

FOUNDED = ("found", "rival_found", "break_away", "rival_break_away")


def follow_coalitions(events: Table, months: Table) -> Table:
    """Return one row a coalition and run: regime, age in months at its end or at the end of the run, and which."""
    last = months.groupby("run_id", sort=False, observed=True)["month"].max().rename("last")
    keys = ["regime", "run_id", "coalition"]
    begun = events[events["event"].isin(FOUNDED) & (events["coalition"] > 0)]
    begun = begun.groupby(keys, sort=False, observed=True)["month"].min().rename("founded")
    ended = (
        events[events["event"] == "dissolve"].groupby(keys, sort=False, observed=True)["month"].max().rename("ended")
    )
    lives = pd.concat([begun, ended], axis=1).dropna(subset="founded").reset_index().merge(last, on="run_id")
    lives["has_ended"] = lives["ended"].notna()
    lives["age_months"] = lives["ended"].fillna(lives["last"]) - lives["founded"]
    return lives[[*keys, "age_months", "has_ended", "last"]]


def estimate_survival(lives: Table) -> Table:
    """Return one row a regime and age: Kaplan and Meier's share still active, with its 95 % interval, and how many."""
    from scipy.stats import CensoredData, ecdf

    parts = []
    for regime, found in lives.groupby("regime", sort=False, observed=True):
        ages, has_ended = found["age_months"].to_numpy(float), found["has_ended"].to_numpy(bool)
        curve = ecdf(CensoredData(uncensored=ages[has_ended], right=ages[~has_ended])).sf
        with warnings.catch_warnings():  # nan where none has ended, and where all have
            warnings.simplefilter("ignore", RuntimeWarning)
            interval = curve.confidence_interval(method="log-log")
        share: Any = curve.probabilities
        columns = {"share": share, "low": interval.low.probabilities, "high": interval.high.probabilities}
        table = pd.DataFrame({"age_months": curve.quantiles, **columns})
        start = pd.DataFrame({"age_months": [0.0], "share": [1.0], "low": [1.0], "high": [1.0]})
        whole = pd.concat([start, table[table["age_months"] > 0]], ignore_index=True)
        whole.loc[0, "share"] = float(share[0]) if curve.quantiles[0] == 0 else 1.0
        parts.append(whole.assign(regime=regime, n_coalitions=len(found)))
    return pd.concat(parts, ignore_index=True)


def plot_survival(lives: Table, origin: Origin) -> Figure:
    """Return the survival of coalitions by regime. ``lives``: see `follow_coalitions`."""
    table = estimate_survival(lives)
    regimes = list(dict.fromkeys(table["regime"]))
    curves = {regime: table[table["regime"] == regime] for regime in regimes}
    is_shared = len(regimes) <= len(SERIES)
    oldest = max(1, int(lives["age_months"].max()))
    titles = _tell(curves, int(lives["last"].max()) if "last" in lives else oldest)

    def draw(canvas: Canvas) -> None:
        width = canvas.get_figwidth()
        n_columns = 1 if is_shared else max(2, min(len(regimes), int(width / 1.8)))
        n_rows = 1 if is_shared else -(-len(regimes) // n_columns)
        panels = list(canvas.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).flat)
        for at, regime in enumerate(regimes):
            colour, line = SERIES[at] if is_shared else (BLUE, "-")
            axes = panels[0 if is_shared else at]
            if not is_shared:
                for other in curves.values():
                    axes.step(other["age_months"], other["share"], where="post", color=MIDDLE, linewidth=0.7)
                letters = max(12, int((width / n_columns - 0.35) / 0.085))
                axes.set_title(fold(name_setting(str(regime)), letters), weight="bold", color=darken(BLUE), fontsize=9)
            _draw_curve(axes, curves[regime], colour, line)
        for axes in panels[len(regimes) if not is_shared else 1 :]:
            axes.remove()
        for axes in panels[: 1 if is_shared else len(regimes)]:
            axes.set(xlabel="Age (months)", ylabel=fold("Coalitions still active (share)", 18))
            axes.set(ylim=(0, 1.02), xlim=(0, oldest))
            axes.set_xticks(range(0, oldest + 1, pick_step(oldest, width / n_columns - 0.8 - 1.2 * is_shared)))
            axes.grid(axis="y", color="#EEEEEE")
            if not is_shared:
                axes.label_outer()
        if is_shared and len(regimes) > 1:
            ends = {regime: float(curve["share"].iloc[-1]) for regime, curve in curves.items()}
            label_ends(panels[0], ends, 12 if width < NARROW else 18, 2.6)

    n_ended = lives.groupby("regime", sort=False, observed=True)["has_ended"].agg(["sum", "size"])
    return Figure(
        name="survival",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle="Share of coalitions still active at each age, over all runs",
        spread="Line: Kaplan–Meier estimate; band: 95 % interval, as if coalitions of one run were independent.",
        note="Coalitions active at the end count as lasting at least that long; those of the start count from month 0."
        + (" What strikes in a month of the run has no place here: coalitions of all ages meet it." if origin.marks
        else ""),
        alt="Survival curves: " + "; ".join(_describe(name, curves[name], n_ended.loc[name]) for name in regimes) + ".",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: (0.5 * width if width >= NARROW else 2.8) if is_shared else 1.9 * -(-len(regimes) // max(2, int(width / 1.8))) + 0.4,  # noqa: E501
    )  # fmt: skip


def _draw_curve(axes: Axes, curve: Table, colour: str, line: str) -> None:
    known = curve.dropna()
    axes.fill_between(
        known["age_months"], known["low"], known["high"], step="post", color=colour, alpha=0.15, linewidth=0
    )
    axes.step(curve["age_months"], curve["share"], where="post", color=colour, linestyle=line, linewidth=1.8)


def find_median(curve: Table) -> float | None:
    """Return the age at which half of the coalitions have ended; None where more than half are still active."""
    below = curve.loc[curve["share"] <= 0.5, "age_months"]
    return float(below.iloc[0]) if len(below) else None


def _tell(curves: dict[Any, Table], last: int) -> list[str]:
    """Return titles, the fullest first. last: the month in which the runs end."""
    medians = {name_setting(str(regime)): find_median(curve) for regime, curve in curves.items()}
    ended = sorted((age, name) for name, age in medians.items() if age is not None)
    lasting = [name for name, age in medians.items() if age is None]
    if len(medians) == 1:
        if ended:
            return [f"Half of all coalitions end within {ended[0][0]:.0f} months"]
        return [f"More than half of the coalitions are still active in month {last}, when the runs end"]
    if not ended:
        return [
            f"More than half of the coalitions are still active in month {last}, when the runs end, under every regime",
            f"More than half of the coalitions are still active in month {last} under all",
        ]
    parts = [f"{age:.0f} months under {name}" for age, name in ended]
    parts += [f"later than the runs end under {join_words(lasting)}"] if lasting else []
    told = "Age by which half of the coalitions have ended"
    ends = list(dict.fromkeys(f"{age:.0f} months under {name}" for age, name in (ended[0], ended[-1])))
    span = " to ".join(dict.fromkeys(f"{age:.0f}" for age, _ in (ended[0], ended[-1])))
    rest = f", and later than the runs end under {len(lasting)}" if lasting else ""
    return [
        f"{told}: {join_words(parts)}",
        f"{told}: {' to '.join(ends)}{rest}",
        f"Half of the coalitions end by an age of {span} months{rest}",
        f"Half of the coalitions end by an age of {span} months{', or later' if lasting else ''}",
    ]


def _describe(regime: Any, curve: Table, counts: Any) -> str:
    years = [
        f"{tell_share(_find_share(curve, age))} at {age} months"
        for age in (12, 36, 60)
        if age <= curve["age_months"].max()
    ]
    told = ", ".join(years) or "run too short to tell"
    return f"{name_setting(str(regime))}: {counts['sum']} of {counts['size']} coalitions ended; still active {told}"


def _find_share(curve: Table, age: float) -> float:
    return float(curve.loc[curve["age_months"] <= age, "share"].iloc[-1])
