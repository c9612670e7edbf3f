"""Differences on the same seeds: each setting against the first one, as dots that stand for equal chances."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import (
    SHORT_TITLE,
    choose_title,
    count_lines,
    explain_column,
    find_design,
    fold,
    join_words,
    name_setting,
    tell_change,
)
from sim.figures.style import BLACK, BLUE, DARK, NARROW
from sim.results.contrasts import compute_half_width
from sim.results.summaries import drop_repeated_points
from sim.schema.columns import column

N_DOTS = 20  # of a quantile dot plot; readers decide nearly as well with them as with the whole distribution


def plot_pairs(runs: Table, origin: Origin, name: str = "collaboration_end", intervals: Table | None = None) -> Figure:
    """Return the differences in column `name` of `runs` to the first setting, seed by seed, with mean and interval.

    Where a design varies more beside the regime, runs are paired on the same seed and the same point of the design.
    More than 20 pairs are drawn as 20 dots, each at a quantile of the differences (Fernandes et al. 2018).
    intervals: in the place of those over pairs, a table as of `compare_settings`.
    """
    pairs = pair_runs(runs, name)
    reference, entry = name_setting(runs["regime"].iloc[0]), column(name, "runs")
    table = compare_settings(runs, name) if intervals is None else intervals
    titles = tell_contrast(
        table, str(runs["regime"].iloc[0]), "more pairs share a coalition at the end", "more pairs together at the end"
    )
    n_pairs = min(len(pairs[setting].dropna()) for setting in pairs.columns)
    dots = {setting: pick_dots(pairs[setting].dropna().to_numpy(float)) for setting in pairs.columns}

    def draw(canvas: Canvas) -> None:
        axes, is_narrow = canvas.subplots(), canvas.get_figwidth() < NARROW
        for height, (row, values) in enumerate(zip(table.to_dict("records"), dots.values(), strict=True)):
            _draw_row(axes, height, row, values)
        axes.axvline(0, color=DARK, linewidth=0.9)
        axes.set_yticks(
            range(len(table)), [fold(name_setting(one), 14 if is_narrow else 24) for one in table["regime"]]
        )
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(fold(f"{entry.label} ({entry.unit}), difference to {reference}", 34 if is_narrow else 70))
        which = "" if is_narrow else " pairs together"
        axes.set_title(f"← fewer{which}", loc="left", fontsize=8.5, color=DARK)
        axes.set_title(f"more{which} →", loc="right", fontsize=8.5, color=DARK)
        axes.set_ylabel(column("regime").label)
        axes.margins(x=0.08)
        axes.locator_params(axis="x", nbins=4 if is_narrow else 8)

    many = f"each dot stands for one in {N_DOTS} of the {n_pairs} pairs" if n_pairs > N_DOTS else "each dot is one pair"
    return Figure(
        name="differences",
        title=choose_title(titles),
        short=choose_title(titles, SHORT_TITLE),
        subtitle=f"{entry.label}, each run less the run of {reference} with the same seed",
        spread=f"{many[0].upper()}{many[1:]} of runs; diamond and bar: mean and 95 % interval." if n_pairs > 1
        else "One pair of runs: no interval; more seeds would give one.",
        note=f"{explain_column(name, 'runs')}. Both runs of a pair meet the same chance events.",
        alt=f"Dot plot of differences to {reference}: {'; '.join(map(_describe, table.to_dict('records')))}.",
        table=table,
        origin=origin,
        draw=draw,
        height=lambda width: (
            max(0.72, 0.17 * count_lines(table["regime"], 14 if width < NARROW else 24) + 0.1) * len(table) + 0.9
        ),
    )  # fmt: skip


def compare_settings(runs: Table, name: str, design: list[str] | None = None) -> Table:
    """Return one row a setting but the first: mean difference of a column to it, 95 % interval, counts of pairs."""
    pairs = pair_runs(runs, name, design)
    return pd.DataFrame([_sum_up(str(setting), pairs[setting].dropna().to_numpy(float)) for setting in pairs.columns])


def pair_runs(runs: Table, name: str, design: list[str] | None = None) -> Table:
    """Return one column a setting, one row a pair: its value less that of the first setting.

    design: columns that are varied beside the regime; without them, those that no run computes. A setting
    of which no run has a value beside one of the first setting is left out.
    """
    is_plain = not runs.duplicated(["regime", "seed"]).any()
    points = find_design(runs) if design is None else design
    keys = ["seed"] if is_plain else ["seed", *points]
    runs = runs if is_plain else drop_repeated_points(runs, ["regime"], points)
    wide = runs.pivot_table(index=keys, columns="regime", values=name, sort=False, dropna=False)
    wide = wide[list(dict.fromkeys(runs["regime"]))]
    return wide.sub(wide.iloc[:, 0], axis=0).iloc[:, 1:].dropna(axis=1, how="all")


def compute_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return mean and 95 % t-interval; nan for the interval of fewer than two values."""
    mean = float(values.mean())
    deviation = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    half = compute_half_width(deviation, len(values))
    return mean, mean - half, mean + half


def pick_dots(values: np.ndarray) -> np.ndarray:
    """Return all values where they are few, else the middle of each of 20 equal parts of them."""
    return np.sort(values) if len(values) <= N_DOTS else np.quantile(values, (np.arange(N_DOTS) + 0.5) / N_DOTS)


def _sum_up(setting: str, values: np.ndarray) -> dict:
    mean, low, high = compute_interval(values)
    counts = {"n_more": int((values > 0).sum()), "n_less": int((values < 0).sum()), "n_pairs": len(values)}
    return {"regime": setting, "mean": mean, "low": low, "high": high, **counts}


def _draw_row(axes: Axes, height: int, row: dict, values: np.ndarray) -> None:
    step = max(float(np.ptp(values)) / 16, 1e-9)  # dots nearer than that stand one above the other
    piles: dict[int, int] = {}
    for value in values:
        pile = round(float(value) / step)
        piles[pile] = piles.get(pile, -1) + 1
        axes.plot(value, height + 0.1 - 0.105 * piles[pile], marker="o", markersize=4.2, color=BLUE, linestyle="none")
    if not math.isnan(row["low"]):
        axes.plot([row["low"], row["high"]], [height + 0.27] * 2, color=BLACK, linewidth=2.2, solid_capstyle="butt")
    axes.plot(row["mean"], height + 0.27, marker="D", markersize=5.5, color=BLACK, linestyle="none")


def tell_contrast(table: Table, reference: str, finding: str, brief: str) -> list[str]:
    """Return titles on paired differences to a reference, the fullest first.

    table: see `compare_settings`. finding: what is so where the difference is above zero, with the word ``more``, like
    ``more pairs share a coalition at the end``; brief: the same in fewer words. Settings whose interval holds
    zero are called not clearly different.
    """
    reference, rows = name_setting(reference), table.to_dict("records")
    if table["low"].isna().any():
        told = f"On one seed the difference to {reference} at the end is {_tell_ends(rows)}"
        return [told, "One seed: the differences at the end may be chance"]
    more, less = finding, finding.replace("more", "fewer" if "pairs" in finding or "people" in finding else "less")
    groups = [
        (more, [row for row in rows if row["low"] > 0], "n_more"),
        (less, [row for row in rows if row["high"] < 0], "n_less"),
        ("no clear difference", [row for row in rows if not is_clear(row)], ""),
    ]
    clear = [group for group in groups[:2] if group[1]]
    if not clear:
        is_same = not any(row.get("n_more", 1) or row.get("n_less", 1) for row in rows)
        word = "no difference at all" if is_same else "no clear difference"
        groups[2] = (f"{word} in collaboration at the end", *groups[2][1:])
    told = clear or groups[2:]
    titles = []
    for kept, is_counted in ((groups, True), (groups, False), (told, True), (told, False)):
        parts = [f"{word} under {_list(found, key if is_counted else '')}" for word, found, key in kept if found]
        titles.append(f"Against {reference}, {'; '.join(parts)}")
    parts = [f"{word} under {_list(found)}" for word, found, _ in told]
    if len(clear) == 1:  # of two sides, none is told without the other
        texts = (parts[0], parts[0].replace(finding, brief).replace(less, brief.replace("more", "fewer")))
        titles += [f"{text[:1].upper()}{text[1:]} than {reference}" for text in texts]
    elif not clear:
        titles.append(f"{parts[0][:1].upper()}{parts[0][1:]} to {reference}")
    words = ("more", "fewer" if "pairs" in finding else "less", "unclear")
    bare = ", ".join(f"{word} under {len(rows)}" for word, (_, rows, _) in zip(words, groups, strict=True) if rows)
    return [*titles, f"Together at the end, against {reference}: {bare}", f"Together at the end: {bare}"]


def _list(rows: list[dict], key: str = "") -> str:
    counted = [
        f" ({tell_change(row['mean'])}, in {row[key]} of {row['n_pairs']} paired runs)" if key else "" for row in rows
    ]
    return join_words([name_setting(row["regime"]) + count for row, count in zip(rows, counted, strict=True)])


def is_clear(row: dict) -> bool:
    """Say whether the whole interval lies on one side of zero."""
    return row["low"] > 0 or row["high"] < 0


def _tell_ends(rows: list[dict]) -> str:
    ordered = sorted(rows, key=lambda row: row["mean"])
    ends = ordered if len(ordered) < 3 else [ordered[0], ordered[-1]]
    return " to ".join(f"{tell_change(row['mean'])} ({name_setting(row['regime'])})" for row in ends)


def _describe(row: dict) -> str:
    setting, mean = name_setting(row["regime"]), row["mean"]
    if math.isnan(row["low"]):
        return f"{setting} {mean:+.3f}"
    spread = f"95 % interval {row['low']:+.3f} to {row['high']:+.3f}"
    counted = f"more in {row['n_more']} and less in {row['n_less']} of {row['n_pairs']} pairs"
    return f"{setting} {mean:+.3f} ({spread}), {counted}"
