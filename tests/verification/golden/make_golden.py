"""Write golden.csv anew, for a change that is meant to change results: `make golden`.

golden.csv: the number of the model, a line a run with a digest of every bit of each of its tables, another with digests
of the columns that were added since the number of the model last rose, then a few columns in plain sight. Other digests
need another MODEL_VERSION (in sim/schema/columns.py) and a reason in CHANGELOG.md; the table of each earlier model
stays in past/.
"""

import csv
import hashlib
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import sim
from sim import MODEL_VERSION
from sim.results.store import TABLES, Results

FILE = Path(__file__).parent / "golden.csv"
PAST = FILE.parent / "past"
CHANGELOG = FILE.parents[3] / "CHANGELOG.md"
RUNS = (  # words, seed
    ("regime=competitive", 1),
    ("regime=viewpoint_conditional shock=total_cut", 2),
    ("regime=mixed field=statewide", 3),
    ("regime=hub_sub_awards shock=short_terms months=72", 4),
    ("regime=population_silo shock=stream_shift field=rural9", 5),
    ("regime=formula_broad shock=new_condition field=city18", 6),
    ("regime=collaboration_required mechanisms=null_model months=48", 7),
    ("regime=lottery field=polarised memberships.max_memberships=1 months=72", 8),
    ("regime=paired_lead accounts.closure_rate=0.5 accounts.opening_rate=0.3 months=72", 9),
)
COLUMNS = (
    "collaboration_share", "effective_coalitions", "mean_trust", "served", "awarded_usd", "mean_fiscal_stress",
    "n_open", "awareness",
)  # fmt: skip
INTERVAL = 24
ADDED = {  # columns that came without another number of the model; empty it when MODEL_VERSION rises
    "runs": (
        "joins", "served_end", "not_served_end", "total_budgeted_usd", "total_paid_usd", "total_unspent_usd",
        "breakaway_rate", "hollowing_rate", "dissolution_rate", "join_rate", "founding_rate", "rival_founding_rate",
        "closure_rate",
    ),
    "months": ("in_need", "not_served", "budgeted_usd", "paid_usd", "unspent_usd"),
}  # fmt: skip


def digest_table(table: pd.DataFrame) -> str:
    """Return a digest of all names and cells; nan has one pattern of bits, -0 counts as 0."""
    digest = hashlib.sha256()
    for name in table.columns:
        column = table[name]
        digest.update(f"{name}|".encode())
        if pd.api.types.is_float_dtype(column.dtype):
            values = column.to_numpy("f8") + 0.0
            digest.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        elif pd.api.types.is_integer_dtype(column.dtype):
            digest.update(column.to_numpy().astype("<i8").tobytes())
        else:
            digest.update("|".join(column.astype(str)).encode())
    return digest.hexdigest()[:32]


def round_means(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the summaries to nine digits: versions of pandas may add up in another order."""
    return runs.round(9)


def run_golden(words: str, seed: int) -> Results:
    """Return the results of one golden run."""
    return sim.run(words.split(), seeds=[seed])


def describe(results: Results) -> tuple[list[list[str]], list[list[str]]]:
    """Return the lines of digests and the lines of numbers, every cell as text."""
    run_id = str(results.runs["run_id"].iloc[0])
    tables = {name: getattr(results, name) for name in TABLES}
    tables["runs"] = round_means(tables["runs"])
    first = [digest_table(tables[name].drop(columns=[*ADDED.get(name, ())])) for name in TABLES]
    added = [digest_table(tables[name][[*ADDED[name]]]) for name in TABLES if name in ADDED]
    digests = [["digest", run_id, *first], *([["added", run_id, *added]] if added else [])]
    months = results.months[results.months["month"] % INTERVAL == 0]
    numbers = [
        [run_id, str(row.month), *(repr(float(getattr(row, name))) for name in COLUMNS)] for row in months.itertuples()
    ]
    return digests, numbers


def make_lines() -> list[list[str]]:
    """Return all lines of golden.csv."""
    parts = [describe(run_golden(*run)) for run in RUNS]
    digests = [line for part in parts for line in part[0]]
    numbers = [line for part in parts for line in part[1]]
    return [["model", str(MODEL_VERSION)], *digests, ["run_id", "month", *COLUMNS], *numbers]


def read_lines(file: Path = FILE) -> list[list[str]]:
    """Return the lines of a golden table."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def is_explained(version: int) -> bool:
    """Say whether CHANGELOG.md gives a reason for this number of the model."""
    mark = f"Results change, model {version}: "
    found = [line.partition(mark)[2] for line in CHANGELOG.read_text(encoding="utf-8").splitlines() if mark in line]
    return any(len(reason) >= 30 for reason in found)


def refuse(old: list[list[str]], new: list[list[str]]) -> str:
    """Return why `new` may not take the place of `old`, or nothing."""
    found = {tuple(line[:2]): line for line in new}
    moved = [line for line in old if line[0] != "added" and found.get(tuple(line[:2]), line) != line]
    if new[0] == old[0] and moved:
        return f"results changed, the model number did not: sim/schema/columns.py, MODEL_VERSION = {MODEL_VERSION + 1}"
    if not is_explained(MODEL_VERSION):
        return f"CHANGELOG.md has no line 'Results change, model {MODEL_VERSION}: what, how much, why'"
    return ""


def main() -> int:
    """Write golden.csv; keep that of an earlier model."""
    old, new = read_lines(), make_lines()
    reason = refuse(old, new)
    if reason:
        print(reason, file=sys.stderr)
        return 1
    if old[0] != new[0]:
        PAST.mkdir(exist_ok=True)
        FILE.replace(PAST / f"model_{old[0][1]}.csv")
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(new)
    FILE.write_text(stream.getvalue(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
