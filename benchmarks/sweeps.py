"""Measure what sweeps cost, as ratios within one run: `make bench`, or `python benchmarks/sweeps.py`.

  --seconds N   about how long each of the long measurements takes (default 60)
  --only PART   throughput, memory, doors, million or others; may be given several times
  --full        a sweep of 10^6 runs of the default city and 120 months as well: hours
  --write       keep the numbers in benchmarks/results/sweeps.json

Speeds in seconds hold for one machine on one day; ratios of things measured in turn hold for longer. Every number is a
median, with the lowest and the highest value beside it where it was measured several times.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.compiler.systems import count_cores
from sim.configuration import compose, read_varied
from sim.engine import batch as engine
from sim.engine.inputs import Inputs
from sim.results.store import get_version
from sim.schema.parameters import Parameters
from sim.sweep.engines import Workers
from sim.sweep.parts import FOLDER, Stretch
from sim.sweep.plan import Plan, make_plan, write_plan
from sim.sweep.work import do_stretch

RANGES = {  # six numbers that vary, for a point of its own at each seed
    "memberships.turf_weight": (0.0, 3.0),
    "meetings.trust_gain": (0.01, 0.2),
    "meetings.facilitation": (0.0, 0.5),
    "grants.annual_usd_per_organization": (10_000.0, 200_000.0),
    "field.viewpoint_spread": (0.1, 0.9),
    "services.demand_ratio": (0.8, 1.5),
}
MANY_SEEDS = ("regime=competitive", "memberships.turf_weight=0,1,2,3", "seeds=250000")
ONE_SEED = ("regime=competitive", *(f"{name}={low}..{high}" for name, (low, high) in RANGES.items()), "seeds=1")
DESIGNS = (("many seeds a point", MANY_SEEDS, 0), ("one seed a point", ONE_SEED, 20_000))
SMALL = ("field.n_organizations=4", "months=12")  # where the number of runs counts, not the runs
RUNS_A_STRETCH = 100
SECONDS_BETWEEN_LOOKS = 0.1
RESULTS = Path(__file__).resolve().parent / "results" / "sweeps.json"
Words = tuple[str, ...]


def plan_sweep(words: Words, n_points: int = 0) -> Plan:
    """Return the plan of a sweep as the command line would make it; n_points: where ranges are sampled."""
    plain, tree = read_varied([*words, "name=benchmark"])
    if n_points:
        tree["sample"] |= {"n": n_points}
    return make_plan(compose(plain, design=tree))


def summarise(values: list[float], digits: int = 3) -> dict[str, Any]:
    """Return median, lowest and highest value."""
    numbers = {"median": statistics.median(values), "low": min(values), "high": max(values)}
    return {name: round(value, digits) for name, value in numbers.items()} | {"n": len(values)}


# Throughput


class Taken(NamedTuple):
    """Seconds on the clock, and seconds of the processor, which other programs do not lengthen as much."""

    clock: float
    processor: float


def take_time() -> Taken:
    """Return both times now."""
    return Taken(time.perf_counter(), time.process_time())


def time_bare(plan: Plan, stretch: Stretch) -> Taken:
    """Return the time that the stretch's runs take without any sweep, in a loop over the same seeds."""
    settings = [
        (Inputs(plan.parameters_at(values)), [run.seed for run in runs]) for _, values, runs in plan.runs(*stretch)
    ]
    start = take_time()
    for inputs, seeds in settings:
        for first in range(0, len(seeds), engine.CHUNK_SEEDS):
            engine.run_compiled(inputs, seeds[first : first + engine.CHUNK_SEEDS], keep_events=False)
    return _since(start)


def time_stretch(folder: Path, stretch: Stretch) -> Taken:
    """Return the time that the stretch takes as a part of a sweep, kept on disk."""
    start = take_time()
    do_stretch(folder, stretch)
    return _since(start)


def _since(start: Taken) -> Taken:
    return Taken(*(now - before for now, before in zip(take_time(), start, strict=True)))


def measure_efficiency(plan: Plan, folder: Path, seconds: float) -> dict[str, Any]:
    """Compare a sweep on one worker with bare runs, in turns over the same stretches."""
    stretches = walk(plan)
    time_bare(plan, next(stretches))  # whatever is made at the first run only
    time_stretch(folder, next(stretches))
    pairs: list[tuple[Taken, Taken]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(pairs) < 2:
        stretch = next(stretches)
        if len(pairs) % 2:  # neither is always first with a stretch
            bare, swept = time_bare(plan, stretch), time_stretch(folder, stretch)
        else:
            swept, bare = time_stretch(folder, stretch), time_bare(plan, stretch)
        pairs.append((bare, swept))
    return {
        "bare_ms_a_run": summarise([1000 * bare.clock / RUNS_A_STRETCH for bare, _ in pairs]),
        "sweep_ms_a_run": summarise([1000 * swept.clock / RUNS_A_STRETCH for _, swept in pairs]),
        "sweep_over_bare": summarise([bare.clock / swept.clock for bare, swept in pairs]),
        "sweep_over_bare_by_processor_time": summarise([bare.processor / swept.processor for bare, swept in pairs]),
    }


def walk(plan: Plan, first: int = 0) -> Iterator[Stretch]:
    """Yield stretches of the plan one after the other, from the start again when it is over."""
    at = first
    while True:
        if at + RUNS_A_STRETCH > plan.n_runs:
            at = 0
        yield Stretch(at, at + RUNS_A_STRETCH)
        at += RUNS_A_STRETCH


def measure_rate(plan: Plan, folder: Path, n_workers: int, seconds: float, n_threads: int | None = None) -> float:
    """Return runs a second on so many workers, from when all of them have begun. n_threads: of a process, at most."""
    warming, n_done, now = {Stretch(at, at + 1) for at in range(n_workers)}, 0, 0.0
    clock = Clock(seconds)

    def feed() -> Iterator[Stretch]:
        yield from sorted(warming)
        yield from walk(plan, RUNS_A_STRETCH)

    for told in Workers(n_workers, n_threads).run(folder, feed(), clock.is_over):
        if "seconds" not in told:
            raise RuntimeError(f"a worker failed: {told}")
        if warming:
            warming.discard(Stretch(told["first"], told["last"]))
            if not warming:
                clock.begin()
        elif not (n_done and clock.is_over()):  # what is under way at the end is made up for by that at the start
            n_done, now = n_done + told["last"] - told["first"], clock.passed()
    return n_done / now


class Clock:
    """Some seconds, counted from `begin`."""

    def __init__(self, seconds: float) -> None:
        """Wait for `begin`."""
        self.seconds = seconds
        self.start = float("inf")

    def begin(self) -> None:
        """Begin to count."""
        self.start = time.monotonic()

    def passed(self) -> float:
        """Return the seconds since it began."""
        return time.monotonic() - self.start

    def is_over(self) -> bool:
        """Say whether the time is up."""
        return self.passed() > self.seconds


def measure_throughput(seconds: float) -> dict[str, Any]:
    """Measure both kinds of design on one and two workers."""
    found = {}
    for label, words, n_points in DESIGNS:
        plan = plan_sweep(words, n_points)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / FOLDER).mkdir()
            write_plan(plan, folder)
            found[label] = measure_efficiency(plan, folder, seconds / 2)
            turns = 3 if seconds >= 10 else 1
            rates: dict[tuple[int, int], list[float]] = {(1, 1): [], (2, 2): [], (2, 1): []}
            for _ in range(turns):
                for (n_workers, n_threads), taken in rates.items():
                    taken.append(measure_rate(plan, folder, n_workers, seconds / 4 / turns + 0.5, n_threads))
            one, threads, processes = rates.values()
            found[label] |= {
                "runs_a_second_1_worker": summarise(one, 1),
                "runs_a_second_2_workers": summarise(processes, 1),
                "two_workers_over_one": summarise([many / few for few, many in zip(one, processes, strict=True)]),
                "two_threads_over_one": summarise([many / few for few, many in zip(one, threads, strict=True)]),
            }
    return found


# Memory, disk and doors


def call(*words: str) -> list[str]:
    """Return the command line of the package in this Python."""
    return [sys.executable, "-m", "sim", *words]


def watch_memory(command: list[str]) -> dict[str, Any]:
    """Run a command to its end; return its seconds and the peak memory of it and of its workers, in MiB (Linux)."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peaks: dict[int, float] = {}
    while process.poll() is None:
        for pid in (process.pid, *list_children(process.pid)):
            peaks[pid] = max(peaks.get(pid, 0.0), read_peak(pid))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"ended with {process.returncode}: {process.stderr.read() if process.stderr else ''}")
    driver = peaks.pop(process.pid, 0.0)
    return {
        "seconds": round(seconds, 1),
        "driver_mib": round(driver, 1),
        "largest_worker_mib": round(max(peaks.values(), default=0.0), 1),
    }


def list_children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except OSError:  # it has ended, or this is no Linux
        return []


def read_peak(pid: int) -> float:
    """Return the largest resident memory a process has had so far, in MiB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def sweep_small(n_runs: int, results: Path, *more: str) -> list[str]:
    """Return the command line of a sweep of so many small runs on two workers."""
    words = (*SMALL, "regime=competitive", "memberships.turf_weight=0,1,2,3", f"seeds={n_runs // 4}", *more)
    return call("sweep", *words, f"name=small-{n_runs}", "--results", str(results), "--workers", "2", "--quiet")


def measure_memory(n_low: int = 1000, n_high: int = 100_000) -> dict[str, Any]:
    """Compare the peak memory of a sweep with that of one a hundred times as long."""
    with tempfile.TemporaryDirectory() as scratch:
        found = {f"{n:,} runs": watch_memory(sweep_small(n, Path(scratch))) for n in (n_low, n_high)}
    low, high = found.values()
    for name in ("driver_mib", "largest_worker_mib"):
        found[f"more_{name}"] = round(high[name] - low[name], 1)
    return found


def measure_doors(n_runs: int = 1000) -> dict[str, Any]:
    """Time `status` while a sweep runs and after it, and `sweep` where nothing is left to do."""
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch)
        command = [word for word in sweep_small(10 * n_runs, results) if word not in SMALL]
        status = call("status", str(results / f"small-{10 * n_runs}"))
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not list((results / f"small-{10 * n_runs}" / FOLDER).glob("runs-*")) and process.poll() is None:
                time.sleep(SECONDS_BETWEEN_LOOKS)
            running = [time_command(status, "running") for _ in range(3)]
        finally:
            process.terminate()
            process.wait()
        whole = sweep_small(n_runs, results)
        time_command(whole)
        return {
            "status of a running sweep, s": summarise(running, 2),
            "status of a complete sweep, s": summarise(
                [time_command(call("status", str(results / f"small-{n_runs}")), "complete") for _ in range(5)], 2
            ),
            "sweep of a complete sweep, s": summarise([time_command(whole) for _ in range(5)], 2),
        }


def time_command(command: list[str], wanted: str = "") -> float:
    """Return the seconds a command takes. Raises RuntimeError where it fails or does not say what is wanted."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or wanted not in done.stdout:
        raise RuntimeError(f"{done.returncode}: {done.stdout}{done.stderr}")
    return time.perf_counter() - start


def measure_million(n_runs: int = 1_000_000, is_full: bool = False) -> dict[str, Any]:
    """Do a sweep of a million runs, small ones unless `is_full`; look at its size and load it."""
    from sim import load_results, scan_table

    with tempfile.TemporaryDirectory() as scratch:
        command = sweep_small(n_runs, Path(scratch))
        if is_full:
            command = [word for word in command if word not in SMALL]
        told = json.loads(subprocess.run([*command, "--dry-run", "--json"], capture_output=True, text=True).stdout)
        found = watch_memory(command)
        folder = Path(scratch) / f"small-{n_runs}"
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        start = time.perf_counter()
        rows = len(load_results(folder).runs)
        loaded = time.perf_counter()
        share = scan_table(folder).to_table(columns=["verdict"]).num_rows
        if (rows, share) != (n_runs, n_runs):
            raise RuntimeError(f"{rows} and {share} rows, not {n_runs}")
        return found | {
            "runs": n_runs,
            "runs_a_second": round(n_runs / found["seconds"], 1),
            "megabytes": round(size / 1e6, 1),
            "estimated_seconds": round(told["seconds"], 1),
            "estimated_megabytes": round(told["megabytes"], 1),
            "load_results_s": round(loaded - start, 2),
            "scan_one_column_s": round(time.perf_counter() - loaded, 2),
        }


def estimate_full(n_runs: int = 1_000_000) -> dict[str, Any]:
    """Return what `--dry-run` says of a million runs of the default city."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [word for word in sweep_small(n_runs, Path(scratch)) if word not in SMALL]
        told = json.loads(subprocess.run([*command, "--dry-run", "--json"], capture_output=True, text=True).stdout)
    return {name: told[name] for name in ("runs", "workers", "milliseconds_a_run", "seconds", "megabytes")}


# The same sweep by other means


def place_points(count: int) -> list[dict[str, float]]:
    """Return points of the design with one seed a point."""
    plan = plan_sweep(ONE_SEED, count)
    return [values for _, values, _ in plan.runs(0, count)]


def set_point(values: dict[str, float]) -> Parameters:
    """Return the parameters of a point."""
    return plan_sweep(ONE_SEED, 2).parameters_at(values)


def judge_one(**values: float) -> dict[str, float]:
    """Return two results of one run at a point, as a function of numbers for other people's evaluators."""
    run = engine.simulate(_remember().parameters_at(values), [1], keep_events=False).runs.iloc[0]
    return {name: float(run[name]) for name in ("collaboration_end", "coverage_end")}


@functools.cache
def _remember() -> Plan:
    return plan_sweep(ONE_SEED, 2)


def repeat_for(seconds: float, length: int, batch: Callable[[int], int]) -> dict[str, float]:
    """Call batch(length) until the time is up, longer batches where they are over soon; return runs and seconds."""
    batch(2)  # compiled code loaded, pools tried
    start, n_done = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < seconds:
        if n_done:
            length = max(length, int(n_done / passed * min(seconds - passed, seconds / 2)))
        n_done += batch(length)
    return {"runs": n_done, "seconds": time.perf_counter() - start}


def run_mesa(seconds: float) -> dict[str, float]:
    """Run points with Mesa's batch_run and the face of the model, on two processes."""
    from mesa.batchrunner import batch_run

    from sim.model.model import CoalitionModel

    def batch(length: int) -> int:
        settings = [_remember().parameters_at(values) for values in place_points(max(length, 2))]
        told = batch_run(
            CoalitionModel,
            {"parameters": settings, "seed": [1]},
            number_processes=2,
            max_steps=120,
            data_collection_period=-1,
            display_progress=False,
        )
        return len({row["RunId"] for row in told})

    return repeat_for(seconds, 40, batch)


def run_ema(seconds: float) -> dict[str, float]:
    """Run experiments with the EMA workbench's evaluator on two processes."""
    from ema_workbench import (  # pyright: ignore[reportMissingImports]
        Model,
        MultiprocessingEvaluator,
        RealParameter,
        ScalarOutcome,
    )

    model = Model("coalitions", function=judge_under_plain_names)
    model.uncertainties = [RealParameter(name.replace(".", "__"), *span) for name, span in RANGES.items()]
    model.outcomes = [ScalarOutcome(name) for name in ("collaboration_end", "coverage_end")]
    with MultiprocessingEvaluator(model, n_processes=2) as evaluator:

        def batch(length: int) -> int:
            return len(evaluator.perform_experiments(scenarios=max(length, 2))[0])  # pyright: ignore

        return repeat_for(seconds, 40, batch)


def judge_under_plain_names(**values: float) -> dict[str, float]:
    """See `judge_one`: the workbench takes no dots in names."""
    return judge_one(**{name.replace("__", "."): float(value) for name, value in values.items()})


def run_hydra(seconds: float, launcher: str) -> dict[str, float]:
    """Run jobs of one run each with Hydra's multirun, about as many as fit; the time is that of the whole command."""
    values = ",".join(f"{value:.4f}" for value in np.linspace(0, 3, max(int(2 * seconds), 4)))
    words = ["regime=competitive", f"memberships.turf_weight={values}", "seeds=1", "--no-figures", "--quiet"]
    words += ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"] if launcher == "joblib" else []
    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        done = subprocess.run(call("run", "-m", *words, "--results", scratch), capture_output=True, text=True)
        n_kept = len(list(Path(scratch).glob("*/manifest.json")))
        if done.returncode or not n_kept:
            raise RuntimeError(" ".join(done.stderr.split())[:200])
        return {"runs": n_kept, "seconds": time.perf_counter() - start}


def run_ours(seconds: float) -> float:
    """Return runs a second of the same points as a sweep on two workers."""
    plan = plan_sweep(ONE_SEED, 20_000)
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / FOLDER).mkdir()
        write_plan(plan, Path(scratch))
        return measure_rate(plan, Path(scratch), 2, seconds)


OTHERS: dict[str, tuple[str, Callable[[float], dict[str, float]]]] = {  # by label: the package, and what runs it
    "Mesa batch_run, 2 processes": ("mesa", run_mesa),
    "Hydra -m, basic launcher": ("hydra", functools.partial(run_hydra, launcher="basic")),
    "Hydra -m, joblib launcher, 2 jobs": (
        "hydra_plugins.hydra_joblib_launcher",
        functools.partial(run_hydra, launcher="joblib"),
    ),
    "EMA workbench, 2 processes": ("ema_workbench", run_ema),
}


def measure_others(seconds: float) -> dict[str, Any]:
    """Run the design with one seed a point by other means, each between two turns of the sweep on two workers."""
    found: dict[str, Any] = {}
    for label, (package, _) in OTHERS.items():
        if not is_installed(package):
            found[label] = {"skipped": f"{package} is not installed"}
            continue
        before = run_ours(seconds / 5)
        told = run_apart(label, seconds)
        if "runs" in told:
            ours = (before + run_ours(seconds / 5)) / 2
            rate = told["runs"] / told["seconds"]
            told = {
                "runs": told["runs"],
                "runs_a_second": round(rate, 2),
                "runs_a_second_as_a_sweep_on_2_workers": round(ours, 1),
                "of_ours": round(rate / ours, 4),
            }
        found[label] = told
    return found


def run_apart(label: str, seconds: float) -> dict[str, Any]:
    """Return what one of the other means tells, run in a process of its own with a limit of time."""
    command = [sys.executable, __file__, "--one", label, "--seconds", str(seconds)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            said, problem = process.communicate(timeout=3 * seconds + 60)
        except subprocess.TimeoutExpired:  # some pools wait for ever for a worker that has died
            os.killpg(process.pid, signal.SIGKILL)
            return {"failed": f"not over after {3 * seconds + 60:.0f} s"}
    if process.returncode:
        return {"failed": (problem.splitlines() or [""])[-1][:200]}
    return json.loads(said.splitlines()[-1])


def is_installed(package: str) -> bool:
    """Say whether a package can be imported."""
    import importlib.util

    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


# The table


def describe_machine() -> dict[str, Any]:
    """Return what the numbers depend on, and nothing that says whose machine it is."""
    names = ("numpy", "numba", "pandas", "pyarrow", "mesa", "hydra-core", "ema_workbench")
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.machine()
    versions = {name: get_version(name) for name in names}
    return {"cores": count_cores(), "processor": processor, "python": platform.python_version()} | versions


def list_rows(found: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the rows of the table: what was measured, and how much."""
    for name, value in found.items():
        label = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict) and "median" in value:
            yield label, f"{value['median']:g}  [{value['low']:g}, {value['high']:g}]"
        elif isinstance(value, dict):
            yield from list_rows(value, f"{label}: ")
        else:
            yield label, f"{value:,}" if isinstance(value, int | float) else str(value)


def print_table(found: dict[str, Any]) -> None:
    """Print one table of everything."""
    rows = list(list_rows(found))
    width = max(len(label) for label, _ in rows)
    print(f"{'measured':<{width}}  median [lowest, highest]")
    for label, value in rows:
        print(f"{label:<{width}}  {value}")


def measure(parts: list[str], seconds: float, n_runs: int, is_full: bool) -> dict[str, Any]:
    """Measure the parts named. n_runs: of the sweep that stands for a million."""
    found: dict[str, Any] = {"machine": describe_machine()}
    if "throughput" in parts:
        busy = {"other processes at work before": round(os.getloadavg()[0], 1)}
        found["throughput"] = busy | measure_throughput(seconds)
    if "memory" in parts:
        found["memory"] = measure_memory(max(n_runs // 1000, 8), max(n_runs // 10, 80))
    if "doors" in parts:
        found["doors"] = measure_doors(max(n_runs // 1000, 200))
    if "million" in parts:
        found["million small runs"] = measure_million(n_runs)
        found["million runs of the default city, estimated"] = estimate_full()
    if is_full:
        found["million runs of the default city"] = measure_million(is_full=True)
    if "others" in parts:
        found["others"] = measure_others(seconds)
    return found


PARTS = ("throughput", "memory", "doors", "million", "others")


def main(words: list[str]) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help=argparse.SUPPRESS)
    parser.add_argument("--only", action="append", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=1_000_000, help=argparse.SUPPRESS)
    parser.add_argument("--full", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--one", choices=list(OTHERS), help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    if args.one:
        print(json.dumps(OTHERS[args.one][1](args.seconds)))
        return
    found = measure(args.only or list(PARTS), args.seconds, args.runs, args.full)
    print_table(found)
    if args.write:
        before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(before | found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
