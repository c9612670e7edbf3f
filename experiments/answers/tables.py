"""Small tables of results, kept beside the experiments: a few outcomes by run, by point, or by policy and set or seed.

What varies at a point stands in the experiment's own file and is not kept a second time. Where every policy meets the
same sets of parameters on the same seeds, the averages over seeds of each set and over sets of each seed are kept:
enough for paired differences and an interval over both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

import sim
from sim.analysis.reading import Sweep, make_sweep
from sim.configuration import Configuration
from sim.configuration.designs import name_columns

FOLDER = Path(__file__).parent / "tables"
CUT_MONTH = 48


class Kept(NamedTuple):
    """What is kept of an experiment: outcomes by the column or condition they average, and rows of what.

    by: "run", "point" (averages over seeds), "set" (policy by set, and policy by seed), or "theme" (of interviews).
    """

    outcomes: dict[str, str]
    by: str = "set"
    keep: str = "runs"
    extra: Callable[[Path], pd.DataFrame] | None = None


def count_survivors(folder: Path) -> pd.DataFrame:
    """Return by run_id how many coalitions of three or more stood before the cut, and how many of them at the end.

    Counted in the event log: a coalition stands from its founding to its dissolution, and the size that an event names
    is its size after it. Columns: standing, surviving.
    """
    wanted = ["run_id", "month", "event", "coalition", "size"]
    events = sim.scan_table(folder, "events").to_table(columns=wanted).to_pandas()
    events = events[events["coalition"] > 0]
    last = events[events["month"] < CUT_MONTH].groupby(["run_id", "coalition"]).agg(size=("size", "last"))
    ended = events[events["event"].astype(str) == "dissolve"].groupby(["run_id", "coalition"])["month"].min()
    end_month = ended.reindex(last.index)
    standing = last[(last["size"] >= 3) & ~(end_month < CUT_MONTH)]
    counts = pd.DataFrame({"standing": 1, "surviving": end_month.reindex(standing.index).isna().astype(int)})
    return counts.groupby(level="run_id").sum()


def count_themes(folder: Path) -> pd.DataFrame:
    """Return one row a policy and theme: in how many interviews of a run it comes up (median, least, most)."""
    from sim.interviews import Plan, count_events, count_interviews, interview_runs

    counted = count_interviews(count_events(interview_runs(sim.load_results(folder), Plan())))
    order = list(read_experiment(folder.name).design.vary["regime"])
    kept = ["theme", "label", "kind", "median", "low", "high", "n_runs", "n_interviews", "n_organizations"]
    return counted.assign(policy=counted["regime"].astype(str).map(order.index))[["policy", *kept]]


COLLABORATION = "collaboration_end"
CHANGES = ("collaboration_end", "collaboration_change", "coverage_end", "exit_rate")
LEVELS = {name: name for name in CHANGES}
VERDICTS = {f"{name}_share": f"verdict == {name}" for name in ("grows", "fragments")}
KEPT = {
    "grow_or_fragment": Kept({name: name for name in ("collaboration_change", "collaboration_end")}, by="run"),
    "lever_screening": Kept({name: name for name in ("collaboration_change", "coverage_end")} | VERDICTS, by="point"),
    "money_and_viewpoint": Kept(VERDICTS | {"coverage_end": "coverage_end"}, by="point"),
    "diversity_under_stress": Kept(LEVELS),
    "restrictions": Kept(LEVELS),
    "shift_terms_convener": Kept(LEVELS),
    "total_cut": Kept({COLLABORATION: COLLABORATION}, keep="events", extra=count_survivors),
    "levers": Kept(LEVELS | {"total_awarded_usd": "total_awarded_usd"}),
    "mechanisms": Kept({COLLABORATION: COLLABORATION}),
    "study_city": Kept({}, by="theme", keep="events"),
}


def reduce_runs(name: str, folder: Path) -> pd.DataFrame:
    """Return the small table of a complete sweep of an experiment."""
    from sim.analysis.conditions import evaluate

    if KEPT[name].by == "theme":
        return count_themes(folder)
    kept, runs = KEPT[name], sim.load_results(folder).runs
    table = runs[["point", "seed"]].assign(
        **{outcome: evaluate(text, runs).astype(float) for outcome, text in kept.outcomes.items()}
    )
    if kept.extra:
        counted = kept.extra(folder).reindex(runs["run_id"].astype(str)).fillna(0.0)
        table = table.assign(**{column: counted[column].to_numpy() for column in counted})
    if kept.by == "run":
        return table
    if kept.by == "point":
        return table.drop(columns="seed").groupby("point", as_index=False).mean()
    n_sets = count_sets(name)
    table = table.assign(policy=table["point"] // n_sets, set=table["point"] % n_sets).drop(columns="point")
    margins = [
        table.drop(columns=other).groupby(["policy", part], as_index=False).mean().rename(columns={part: "number"})
        for part, other in (("set", "seed"), ("seed", "set"))
    ]
    return pd.concat([one.assign(part=part) for one, part in zip(margins, ("set", "seed"), strict=True)])


@cache
def read_experiment(name: str) -> Configuration:
    """Return the setting and the design of an experiment."""
    return sim.compose([f"experiment={name}"])


def count_sets(name: str) -> int:
    """Return the number of sets of parameters that an experiment draws."""
    sample = read_experiment(name).design.sample
    assert sample is not None
    return sample.count()


def write_table(name: str, table: pd.DataFrame) -> Path:
    """Write the small table and return its path."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.csv"
    table.to_csv(path, index=False, float_format="%.4g")
    return path


def read_table(name: str) -> pd.DataFrame:
    """Return the kept table with what varies at each point or policy, by dotted name (and case)."""
    table = pd.read_csv(FOLDER / f"{name}.csv")
    design = read_experiment(name).design
    if KEPT[name].by == "theme":
        return table.assign(regime=table["policy"].map(dict(enumerate(design.vary["regime"]))))
    if KEPT[name].by != "set":
        return table.join(pd.DataFrame(list(design.points())), on="point")
    n_sets = count_sets(name)
    levers = [*design.vary, *(["case"] if design.cases else [])]
    first = [design.point(number) for number in range(0, len(design), n_sets)]
    policies = pd.DataFrame([{lever: point[lever] for lever in levers} for point in first])
    return table.join(policies, on="policy")


def read_sweep_of(name: str) -> Sweep:
    """Return the kept table as the analyses take it: one run a point, its outcomes the averages over seeds."""
    configuration, table = read_experiment(name), read_table(name)
    columns = name_columns(configuration.design.names())
    field = configuration.parameters.field
    settings = {
        "months": configuration.parameters.months,
        "field": {"n_organizations": field.n_organizations, "n_localities": field.n_localities, "folder": field.folder},
    }
    design = configuration.design.to_tree()
    manifest = {
        "blocks": [{"design": design, "first_point": 0}],
        "order": configuration.design.names(),
        "varied": columns,
        "settings": [settings],
    }
    return make_sweep(table.assign(seed=1).rename(columns=columns), manifest)
