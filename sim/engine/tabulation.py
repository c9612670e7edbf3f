"""From what compiled runs recorded to the tidy tables, keys first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.dynamics.founding import FIRST_FOUNDING_ROUND
from sim.engine.inputs import Inputs
from sim.engine.region import Region
from sim.results.store import Results, describe_run
from sim.results.summaries import find_typical_seed
from sim.results.verdict import judge_runs, judge_sums
from sim.schema import codes, columns
from sim.schema.choices import name_runs
from sim.schema.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tabulate(
    parameters: Parameters, parts: list[Any], inputs: Inputs | Region, run_again: Callable[[int], Any]
) -> Results:
    """Return the tables of one setting from `parts`, each its seeds and what `run_compiled` recorded of them.

    run_again: what is recorded of one seed, members included. It is asked for the run that figures show as an example
    (`find_typical_seed`), which is known only once all runs are judged.
    """
    name, prefix = parameters.regime.name, name_runs(parameters)
    populations = parameters.field.populations
    months = [make_months(prefix, name, seeds, found.rows, found.people, populations) for seeds, found in parts]
    months = pd.concat(months, ignore_index=True)
    line_names = sorted(parameters.regime.programmes)
    events = [make_events(prefix, name, seeds, found.events, line_names) for seeds, found in parts]
    runs = judge_runs(months)
    seed = find_typical_seed(runs)
    members = parts[0][1].members[:0] if isinstance(inputs, Region) else run_again(seed).members
    return Results(
        runs=runs,
        months=months,
        events=pd.concat(events, ignore_index=True),
        members=_make_members(f"{prefix}-{seed}", name, seed, members),
        localities=_make_localities(prefix, name, parts, inputs),
        manifest=describe_run(parameters, [seed for chunk, _ in parts for seed in chunk], inputs.n_organizations),
    )


def _make_localities(prefix: str, regime: str, parts: list[Any], inputs: Inputs | Region) -> pd.DataFrame:
    """Return one row a run and locality, judged as a run is; none where there is a single locality."""
    if isinstance(inputs, Inputs):
        return pd.DataFrame()
    seeds = [seed for chunk, _ in parts for seed in chunk]
    sums = np.concatenate([found.sums for _, found in parts])
    n = len(inputs.names)
    return pd.DataFrame(
        {
            "run_id": np.repeat([f"{prefix}-{seed}" for seed in seeds], n),
            "regime": regime,
            "seed": np.repeat(np.array(seeds, "i8"), n),
            "locality": np.tile(np.arange(1, n + 1), len(seeds)),
            "state": np.tile(inputs.state + 1, len(seeds)),
            "n_organizations": np.tile(inputs.n_slots, len(seeds)),
            **judge_sums(sums.reshape(-1, columns.N_SUMS), parts[0][1].rows.shape[1] - 1),
        }
    )


def make_months(
    prefix: str, regime: str, seeds: list[int], rows: NDArray[Any], people: NDArray[Any], populations: list[str]
) -> pd.DataFrame:
    """Return the tidy table of months of R runs. rows: (R, months). people: (R, months, K, 2)."""
    n_runs, n_rows = rows.shape
    keys = {
        "run_id": np.repeat([f"{prefix}-{seed}" for seed in seeds], n_rows),
        "regime": regime,
        "seed": np.repeat(np.array(seeds, "i8"), n_rows),
        "month": np.tile(np.arange(n_rows), n_runs),
    }
    numbers = {entry.name: rows[entry.name].reshape(-1) for entry in columns.MONTHS}
    by_population = {
        f"{entry.name}{population}": people[:, :, k, at].reshape(-1)
        for at, entry in enumerate(columns.PEOPLE)
        for k, population in enumerate(populations)
    }
    return pd.DataFrame(keys | numbers | by_population)


def make_events(prefix: str, regime: str, seeds: list[int], found: NDArray[Any], lines: list[str]) -> pd.DataFrame:
    """Return the tidy table of events of R runs, in names for codes.

    found: (N, 1 + fields of `codes.EVENT_FIELDS`), the run first. organization is the slot counted from 1,
    coalition the serial number from 1, 0 where none.
    """
    fields = dict(zip(codes.EVENT_FIELDS, found.T[1:], strict=True))
    seed = np.array(seeds, "i8")[found[:, 0]]
    line = np.array([*lines, ""])[np.where(fields["line"] < 0, len(lines), fields["line"])]
    return pd.DataFrame(
        {
            "run_id": [f"{prefix}-{one}" for one in seed],
            "regime": regime,
            "seed": seed,
            "month": np.where(fields["month"] < FIRST_FOUNDING_ROUND, fields["month"], 0),
            "event": np.array(codes.EVENTS)[fields["kind"]],
            "organization": fields["organization"] + 1,
            "generation": fields["generation"],
            "coalition": fields["coalition"] + 1,
            "line": line,
            "cause": np.array(codes.CAUSES)[fields["cause"]],
            "size": fields["size"],
        }
    )


def _make_members(run_id: str, regime: str, seed: int, members: NDArray[Any]) -> pd.DataFrame:
    """Return the strip of one run; members: (1 or 0, months + 1, n)."""
    n_rows, n = members.shape[1:] if len(members) else (0, 0)
    return pd.DataFrame(
        {
            "run_id": run_id,
            "regime": regime,
            "seed": seed,
            "month": np.repeat(np.arange(n_rows), n),
            "organization": np.tile(np.arange(1, n + 1), n_rows),
            "coalition": members.reshape(-1),
        }
    )
