"""Measuring the patterns on worker processes, a pattern at a time; what is done is kept and not done again."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pandas as pd

from sim.compiler.jit import kernel_hash
from sim.schema.columns import MODEL_VERSION
from validation.claims import Pattern
from validation.kernels import relate, watch_referrals
from validation.patterns import PATTERNS
from validation.settings import Setting

COLUMNS = ("pattern", "claim", "set", "value", "null")
SETS_A_TASK = 4
HERE = Path(__file__).parent
MEASURING = ("kernels.py", "measures.py", "settings.py")  # with a pattern's own file, what makes its numbers stale


def list_seeds(pattern: Pattern, n_seeds: int) -> list[int]:
    """Return the seeds of a pattern: 1 to n_seeds, more where what it looks for is rare."""
    return list(range(1, pattern.seeds_factor * n_seeds + 1))


def measure_set(pattern: Pattern, values: dict[str, float], seeds: list[int]) -> dict[str, tuple[float, float]]:
    """Return (value, the null model's) of each claim for one set."""
    found = pattern.measure(Setting(values), seeds)
    null = found if pattern.null_is_same else pattern.measure(Setting(values, is_null=True), seeds)
    return {claim.name: (found.get(claim.name, math.nan), null.get(claim.name, math.nan)) for claim in pattern.claims}


def _measure_sets(number: int, sets: dict[int, dict[str, float]], seeds: list[int]) -> list[tuple[Any, ...]]:
    pattern = PATTERNS[number]
    return [
        (number, name, at, *pair)
        for at, values in sets.items()
        for name, pair in measure_set(pattern, values, seeds).items()
    ]


def _identify(pattern: Pattern, sets: pd.DataFrame, seeds: list[int]) -> str:
    """Return what the numbers of a pattern depend on, as a short hash."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{MODEL_VERSION} {kernel_hash()} {pattern.number} {seeds}".encode())
    digest.update(sets.to_csv().encode())
    own = f"patterns/{pattern.measure.__module__.rpartition('.')[2]}.py"
    for name in (*MEASURING, own):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _read_kept(path: Path, identity: str) -> pd.DataFrame | None:
    mark = path.with_suffix(".json")
    if not (path.exists() and mark.exists()) or json.loads(mark.read_text(encoding="utf-8"))["identity"] != identity:
        return None
    return pd.read_parquet(path)


def _keep(path: Path, identity: str, table: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path, index=False)
    path.with_suffix(".json").write_text(json.dumps({"identity": identity}), encoding="utf-8")


def prepare_kernels() -> None:
    """Compile what workers will need, once, before there are several of them."""
    setting = Setting({})
    inputs = setting.prepare(setting.build("regime=mixed months=2"))
    for _ in watch_referrals(inputs, 1, [1]):
        relate(inputs)


def measure_patterns(
    numbers: list[int],
    sets: pd.DataFrame,
    n_seeds: int,
    folder: Path,
    n_workers: int,
    report: Callable[[float, int], None],
) -> pd.DataFrame:
    """Return one row a pattern, claim and set: its value and the null model's; see COLUMNS.

    Each pattern's table is kept in `folder` once it is complete, and taken from there where nothing it depends on has
    changed. report(done, total) is told of runs, as many as seeds and null model make of each set.
    """
    rows = {int(at): {str(name): value for name, value in row.items()} for at, row in sets.to_dict("index").items()}
    seeds = {number: list_seeds(PATTERNS[number], n_seeds) for number in numbers}
    runs = {number: 2 * len(seeds[number]) for number in numbers}
    identities = {
        number: _identify(PATTERNS[number], sets, seeds[number]) for number in numbers
    }  # of the code at start
    total, done, tables = len(rows) * sum(runs.values()), 0, {}
    with ProcessPoolExecutor(n_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number in numbers:
            path = folder / f"pattern-{number:02d}.parquet"
            table = _read_kept(path, identities[number])
            if table is None:
                found, at = [], list(rows)
                chunks = [{one: rows[one] for one in at[i : i + SETS_A_TASK]} for i in range(0, len(at), SETS_A_TASK)]
                tasks = {pool.submit(_measure_sets, number, chunk, seeds[number]): len(chunk) for chunk in chunks}
                for task in as_completed(tasks):
                    found += task.result()
                    done += tasks[task] * runs[number]
                    report(done, total)
                table = pd.DataFrame(sorted(found), columns=list(COLUMNS))
                _keep(path, identities[number], table)
            else:
                done += len(rows) * runs[number]
                report(done, total)
            tables[number] = table
    return pd.concat([tables[number] for number in numbers], ignore_index=True)
