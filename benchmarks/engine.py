"""Measure the engine against yardsticks, as ratios within one process: `python benchmarks/engine.py`.

  --quick       fewer rounds, under a minute; what `make bench-quick` runs
  --write       keep the numbers in benchmarks/results/engine.json and draw the figure beside it
  --sweeps      measure what sweeps cost as well (sweeps.py), in the same table; what `make bench` runs

Both sides of a ratio take turns in one process. Times are those of the processor, but for the two threads, where the
clock counts. Every number is a median with the lowest and the highest value beside it. The last line is a JSON object:

  vs_mesa       how many times faster than the same rules written with Mesa agents, both recording everything
  vs_agentpy    the same for AgentPy, where it is installed
  threads_2     how many times faster two threads are than one
  ms_per_run    milliseconds of the processor for 18 organizations and 120 months
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the reference model of the tests

from benchmarks import on_agentpy, sweeps
from sim.engine.batch import Recorded, run_compiled
from sim.engine.inputs import Inputs
from sim.engine.region import Region
from sim.results.store import get_version
from sim.schema import columns
from sim.schema.parameters import Parameters
from sim.schema.regimes import Regime
from tests.verification.reference import ReferenceModel

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results" / "engine.json"
FIGURE = RESULTS.with_name("engine-size.png")
NAMES = tuple(column.name for column in columns.MONTHS)
TOLERANCE = 1e-9


def make_world(months: int = 120) -> Parameters:
    """Return the world that all yardsticks time: the defaults without grants, so that numbers of all dates compare."""
    return Parameters(months=months, regime=Regime("none", "No grants"))


class Effort(NamedTuple):
    """How much is measured."""

    peer_rounds: int  # a run of each peer, and `engine_runs` of the engine
    engine_runs: int
    size_rounds: int
    largest: int  # organizations
    thread_runs: int  # for each of two threads
    thread_rounds: int


FULL = Effort(9, 40, size_rounds=5, largest=2_000_000, thread_runs=200, thread_rounds=9)
QUICK = Effort(3, 40, size_rounds=1, largest=20_000, thread_runs=50, thread_rounds=5)
SHORT = Effort(1, 2, size_rounds=0, largest=0, thread_runs=2, thread_rounds=1)


# The same model as ordinary users of a framework would write it


def run_mesa(parameters: Parameters, seed: int) -> NDArray[np.float64]:
    """Run the plain reference on Mesa agents; return its rows (months + 1, columns)."""
    model = ReferenceModel(parameters, seed)
    for _ in range(parameters.months):
        model.step()
    rows = np.array([[row[name] for name in NAMES] for row in model.rows])
    model.close()
    return rows


def build_agentpy() -> Callable[[Parameters, int], NDArray[np.float64]] | None:
    """Return what runs the same rules on AgentPy, or nothing where it is not installed."""
    try:
        model_class = on_agentpy.load_model()
    except ImportError:
        return None

    def run_agentpy(parameters: Parameters, seed: int) -> NDArray[np.float64]:
        model = on_agentpy.run(model_class, parameters, seed)
        return np.array([[row[name] for name in NAMES] for row in model.rows])

    return run_agentpy


def run_engine(inputs: Inputs, seeds: list[int]) -> Recorded:
    """Run the engine with all that the reference records: months, members and events."""
    return run_compiled(inputs, seeds, keep_members=True, keep_events=True)


def find_largest_difference(rows: NDArray[np.float64], recorded: Any) -> float:
    """Return the largest difference of any month and column, over the size of the numbers where that is above 1."""
    found = np.array([recorded[name] for name in NAMES]).T
    differs = np.abs(rows - found) / np.maximum(np.abs(found), 1.0)
    return float(np.max(np.where(np.isnan(rows) & np.isnan(found), 0.0, differs)))


def measure_peers(parameters: Parameters, effort: Effort) -> dict[str, Any]:
    """Time Mesa, AgentPy and the engine in turns. Raises RuntimeError where their results differ."""
    peers = {"mesa": run_mesa, "agentpy": build_agentpy()}
    full, bare = Inputs(parameters, max_events=4096), Inputs(parameters, max_events=0)
    run_engine(full, [1])
    run_compiled(bare, [1], keep_events=False)
    seconds: dict[str, list[float]] = {name: [] for name in ("engine", "bare", *peers)}
    worst = 0.0
    for seed in range(1, effort.peer_rounds + 1):
        seeds = list(range(seed, seed + effort.engine_runs))
        start = time.process_time()
        recorded = run_engine(full, seeds)
        middle = time.process_time()
        run_compiled(bare, seeds, keep_events=False)
        seconds["engine"].append((middle - start) / effort.engine_runs)
        seconds["bare"].append((time.process_time() - middle) / effort.engine_runs)
        for name, run in peers.items():
            if run is not None:
                start = time.process_time()
                rows = run(parameters, seed)
                seconds[name].append(time.process_time() - start)
                worst = max(worst, find_largest_difference(rows, recorded.rows[0]))
    if not worst <= TOLERANCE:
        raise RuntimeError(f"the peers' results differ from the engine's by {worst}")
    found: dict[str, Any] = {
        "organizations": parameters.field.n_organizations,
        "months": parameters.months,
        "engine, ms a run": sweeps.summarise([1000 * one for one in seconds["bare"]]),
        "engine with members and events, ms a run": sweeps.summarise([1000 * one for one in seconds["engine"]]),
        "largest difference of results": worst,
    }
    for name, label in (("mesa", "Mesa"), ("agentpy", "AgentPy")):
        if peers[name] is None:
            found[f"{label}, ms a run"] = "skipped: pip install agentpy"
            continue
        ratios = [one / other for one, other in zip(seconds[name], seconds["engine"], strict=True)]
        found[f"{label}, ms a run"] = sweeps.summarise([1000 * one for one in seconds[name]])
        found[f"engine over {label}"] = sweeps.summarise(ratios, 1)
    return found


# The cost against the size


class Field(NamedTuple):
    """One size: how many organizations in how many places, and what builds it and returns a run of some months."""

    label: str
    n_organizations: int
    months: int
    build: Callable[[int, int], Callable[[int], None]]


def build_one_field(n_organizations: int, months: int) -> Callable[[int], None]:
    """Return what runs one seed of one field in which everybody may meet everybody."""
    setting = dataclasses.replace(make_world().field, n_organizations=n_organizations)
    inputs = Inputs(dataclasses.replace(make_world(months), field=setting), max_events=0)
    return lambda seed: run_compiled(inputs, [seed], keep_events=False) and None


def build_localities(n_organizations: int, months: int) -> Callable[[int], None]:
    """Return what runs one seed of localities of eighteen organizations, on one thread."""
    setting = dataclasses.replace(make_world().field, n_localities=n_organizations // 18)
    region = Region(dataclasses.replace(make_world(months), field=setting), n_threads=1)
    return lambda seed: region.run(seed) and None


FIELDS = (
    Field("one field", 18, 120, build_one_field),
    Field("one field", 60, 120, build_one_field),
    Field("one field", 180, 120, build_one_field),
    Field("localities of 18", 180, 120, build_localities),
    Field("localities of 18", 1_800, 120, build_localities),
    Field("localities of 18", 18_000, 120, build_localities),
    Field("localities of 18", 180_000, 120, build_localities),
    Field("localities of 18", 1_000_008, 120, build_localities),
)
ONCE = 100_000  # organizations from which a field is run a single time


def measure_size(effort: Effort) -> dict[str, Any]:
    """Time a run of each field, in turns; the exponents are the slopes between one size and the next."""
    fields = [field for field in FIELDS if field.n_organizations <= effort.largest]
    small = [field for field in fields if field.n_organizations < ONCE]
    runs = {field: field.build(field.n_organizations, field.months) for field in small}
    for run in runs.values():
        run(0)  # reads compiled code from the cache
    times: dict[Field, list[float]] = {field: [] for field in fields}
    for turn in range(effort.size_rounds):
        for field in fields:
            if field not in small and turn > 0:
                continue
            run = runs.get(field) or field.build(field.n_organizations, field.months)
            repeats = max(1, 360 // field.n_organizations)
            start = time.process_time()
            for repeat in range(repeats):
                run(1 + turn * repeats + repeat)
            times[field].append((time.process_time() - start) / repeats)
            del run  # a large one takes a kibibyte an organization
    seconds = list(times.values())
    found: dict[str, Any] = {}
    for field, taken in times.items():
        label = f"{field.label}, {field.n_organizations:,} organizations"
        per_month = [1e6 * one / field.n_organizations / field.months for one in taken]
        found[label] = {
            "organizations": field.n_organizations,
            "ms a run": sweeps.summarise([1000 * one for one in taken]),
            "µs an organization and month": sweeps.summarise(per_month),
        }
    for (one, low), (other, high) in zip(
        zip(fields, seconds, strict=True), list(zip(fields, seconds, strict=True))[1:], strict=False
    ):
        if one.label == other.label:
            rise = statistics.median(high) * one.months / (statistics.median(low) * other.months)
            label = f"{one.label}, exponent from {one.n_organizations:,} to {other.n_organizations:,} organizations"
            found[label] = round(math.log(rise) / math.log(other.n_organizations / one.n_organizations), 2)
    return found


def draw_size(found: dict[str, Any], path: Path) -> None:
    """Draw the cost of an organization's month against the number of organizations."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from sim.figures.style import BLUE, VERMILLION

    figure, axes = plt.subplots(figsize=(6.0, 3.6), layout="constrained")
    looks = zip(dict.fromkeys(field.label for field in FIELDS), (("-", BLUE), ("--", VERMILLION)), strict=True)
    for label, (line, colour) in looks:
        rows = [row for name, row in found.items() if isinstance(row, dict) and name.startswith(f"{label}, ")]
        costs = [row["µs an organization and month"] for row in rows]
        errors = [[c["median"] - c["low"] for c in costs], [c["high"] - c["median"] for c in costs]]
        counts, medians = [row["organizations"] for row in rows], [cost["median"] for cost in costs]
        axes.errorbar(counts, medians, errors, marker="o", capsize=3, label=label, linestyle=line, color=colour)
    axes.set(xscale="log", yscale="log", xlabel="organizations", ylabel="µs an organization and month")
    counts = sorted({field.n_organizations for field in FIELDS if field.n_organizations != 60})
    axes.set_xticks(counts, [f"{count:,}" for count in counts], rotation=30)
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    for axis in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        axis("{x:g}")
    axes.set_title("Over localities an organization costs the same at any size", loc="left")
    axes.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)


# Two threads


def measure_threads(parameters: Parameters, effort: Effort) -> dict[str, Any]:
    """Time two threads with seeds and inputs of their own against one with all of the seeds, by the clock."""
    busy = round(os.getloadavg()[0], 1)
    both = [Inputs(parameters, max_events=0) for _ in range(2)]
    n_runs = effort.thread_runs

    def run(at: int, seeds: list[int]) -> None:
        run_compiled(both[at], seeds, keep_events=False)

    for at in range(2):
        run(at, [1])
    times: dict[int, list[float]] = {1: [], 2: []}
    worked: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(effort.thread_rounds):
        seeds = list(range(1 + 2 * n_runs * turn, 1 + 2 * n_runs * (turn + 1)))
        for count in (1, 2) if turn % 2 else (2, 1):
            parts = [seeds] if count == 1 else [seeds[:n_runs], seeds[n_runs:]]
            threads = [threading.Thread(target=run, args=(at, part)) for at, part in enumerate(parts)]
            start, before = time.perf_counter(), time.process_time()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            times[count].append(time.perf_counter() - start)
            worked[count].append(time.process_time() - before)
    return {
        "cores": sweeps.count_cores(),
        "other processes at work before": busy,
        "runs a second on one thread": sweeps.summarise([2 * n_runs / one for one in times[1]], 1),
        "runs a second on two threads": sweeps.summarise([2 * n_runs / one for one in times[2]], 1),
        "two threads over one": sweeps.summarise([one / two for one, two in zip(times[1], times[2], strict=True)]),
        "work of the processor, one thread over two": sweeps.summarise(
            [one / two for one, two in zip(worked[1], worked[2], strict=True)]
        ),
    }


# Start


def measure_start(n_rounds: int) -> dict[str, Any]:
    """Time commands by the clock: with nothing compiled, then with everything compiled."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(ROOT)}

        def call(*words: str) -> float:
            start = time.perf_counter()
            subprocess.run([sys.executable, *words], env=environment, check=True, capture_output=True)
            return round(time.perf_counter() - start, 2)

        run = ("-m", "sim", "run", "name=start", "--force", "--quiet", "--results", folder)
        return {
            "other processes at work before": round(os.getloadavg()[0], 1),
            "first compilation, s": call("-c", "from sim.engine.batch import compile_kernels; compile_kernels()"),
            "and of many localities, s": call(
                "-c", "from sim.engine.batch import compile_localities; compile_localities()"
            ),
            "coalitions run, compiled, s": sweeps.summarise([call(*run) for _ in range(n_rounds)], 2),
            "the same without figures, s": sweeps.summarise([call(*run, "--no-figures") for _ in range(n_rounds)], 2),
            "coalitions --help, s": sweeps.summarise([call("-m", "sim", "--help") for _ in range(n_rounds)], 2),
        }


# All of it


def sum_up(found: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of the last line."""
    peers = found["peers"]
    wanted = {
        "vs_mesa": peers["engine over Mesa"],
        "vs_agentpy": peers.get("engine over AgentPy"),
        "threads_2": found["threads"]["two threads over one"],
        "ms_per_run": peers["engine, ms a run"],
    }
    return {name: value["median"] for name, value in wanted.items() if value is not None}


def measure(effort: Effort, parameters: Parameters | None = None) -> dict[str, Any]:
    """Measure everything."""
    parameters = make_world() if parameters is None else parameters
    machine = sweeps.describe_machine() | {"agentpy": get_version("agentpy")}
    return {
        "machine": machine,
        "peers": measure_peers(parameters, effort),
        "threads": measure_threads(parameters, effort),
        "size": measure_size(effort) if effort.size_rounds else {},
        "start": measure_start(effort.size_rounds) if effort.size_rounds > 1 else {},
    }


def main(words: list[str]) -> None:
    """Measure, print the table and the line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--short", action="store_true", help=argparse.SUPPRESS)  # for the tests: 12 months, one round
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sweeps", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    effort = QUICK if args.quick else FULL
    found = measure(SHORT, make_world(12)) if args.short else measure(effort)
    if args.write:
        RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draw_size(found["size"], FIGURE)
    more = sweeps.measure(list(sweeps.PARTS), 60.0, 1_000_000, False) if args.sweeps else {}
    sweeps.print_table(found | {f"sweeps, {name}": value for name, value in more.items() if name != "machine"})
    print(json.dumps(sum_up(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
