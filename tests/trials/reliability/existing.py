"""Suites that stand elsewhere in tests/, measured: each function returns the rows of one of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.trials.reliability.calling import ROOT
from tests.trials.reliability.counting import count_tests
from tests.trials.reliability.tallies import Tell, be_quiet, make_row

# Long tests that the suites run; `make nightly` leaves them out of `pytest -m nightly`. A test holds the two together.
COVERED = (
    "tests/trials/soak",
    "tests/trials/clusters",
    "tests/trials/malformed",
    "tests/explorer",
    "tests/verification/reference",
    "tests/verification/golden/test_bits.py",
)
SLOPE = 0.001  # MB a run
Rows = list[dict[str, Any]]


def measure_sweep_faults(*, quick: bool = False, tell: Tell = be_quiet) -> Rows:
    """Return what random faults upon running sweeps have cost: 1,000 of them, or 25."""
    from tests.trials.faults.sweeps import FILES, N_RUNS, PROCESSES, random_faults

    n_faults = 25 if quick else 1000
    table = random_faults(n_faults, seed=1, tell=lambda done, names: tell(done, n_faults)).set_index("fault")
    rows = []
    for kinds, what in ((PROCESSES, "faults upon the processes of sweeps"), (FILES, "faults upon the files of sweeps")):
        own = table.loc[[name for name in kinds if name in table.index]]
        told = ", ".join(f"{name} {times}" for name, times in own["times"].items())
        lost = int(own.drop(columns="times").to_numpy().sum())
        note = f"{told}; lost counts rows lost, doubled or wrong, and orphans, in sweeps of {N_RUNS} runs"
        rows.append(make_row(what, int(own["times"].sum()), lost, note))
    return rows


def measure_soak(*, quick: bool = False, tell: Tell = be_quiet) -> Rows:
    """Return how memory, files and threads moved over ten minutes of runs, or six seconds."""
    from tests.trials.soak.memory import soak

    found = soak(6 if quick else 600)
    is_level = abs(found.mb_a_run) < SLOPE or (quick and found.mb_more < 25)  # a few runs are caches and the allocator
    note = f"{found.seconds:.0f} s; memory {found.mb_a_run:+.5f} MB a run, {found.mb_more:+.1f} MB in all"
    note += f" (allowed ±{SLOPE} a run); open files {found.files_more:+d}, threads {found.threads_more:+d}"
    lost = int(not is_level) + int(found.files_more != 0) + int(found.threads_more != 0)
    return [make_row("runs in one process, one after the other", found.n_runs, lost, note)]


def measure_clusters(*, quick: bool = False) -> Rows:
    """Return what the tests of clusters say: Ray, Dask and SLURM's commands on the loopback, workers killed."""
    options = ("-k", "dask") if quick else ()
    found = count_tests(["tests/trials/clusters"], *options, n_workers=0)
    return [found.row("sweeps on Ray, Dask and SLURM, workers lost on the way (tests)")]


def measure_visitors() -> Rows:
    """Return how fast thirty visitors of the app are answered, each of whom must get the run of its own seed."""
    from tests.explorer.test_server import serve_thirty

    with tempfile.TemporaryDirectory() as scratch:
        slowest = serve_thirty(Path(scratch))
    note = f"95 % of answers within {slowest:.2f} s, allowed 1; every run that of its own seed"
    return [make_row("visitors of the app at once, ten years each", 30, 0 if slowest < 1 else 30, note)]


def measure_malformed(*, quick: bool = False) -> Rows:
    """Return how much malformed input of each kind was refused as it should be: 5,000 generated ones, or 400."""
    from tests.trials.malformed.measuring import measure

    return measure(400 if quick else 5000)


def measure_fuzz(*, quick: bool = False) -> Rows:
    """Return what a coverage-guided fuzzer has found in each reader, in five minutes each or five seconds."""
    from tests.trials.fuzz.__main__ import measure

    return measure(5 if quick else 300)


def measure_canaries() -> Rows:
    """Return what the tests of privacy say."""
    found = count_tests(["tests/trials/privacy"])
    note = (
        "40 marked texts in identity columns, comments and file names; searched: files, tables, names, output, errors"
    )
    return [found.row("private texts through every verb (tests)", note)]


def measure_names() -> Rows:
    """Return what hostile names and paths did to every output, and what a browser makes of the pages."""
    from tests.trials.security.outputs import measure

    found = count_tests(["tests/trials/browser/test_report.py"])
    return [*measure(), found.row("hostile names in a report in a browser, where there is one (tests)")]


def measure_relations() -> Rows:
    """Return how many relations held in how many worlds, and how often engine and plain reference disagreed."""
    found = count_tests(["tests/verification/relations", "tests/verification/reference"])
    held = {one["relation"] for one in found.noted if "relation" in one}
    worlds = sum(int(one["worlds"]) for one in found.noted if "relation" in one)
    compared = sum(int(one["worlds"]) for one in found.noted if "disagreements" in one)
    differing = sum(int(one["disagreements"]) for one in found.noted if "disagreements" in one)
    note = f"{len(held)} relations, each in 50 worlds or more"
    broken = f". LOST: {'; '.join(found.failed[:3])}" if found.failed else ""
    return [
        make_row("worlds in which a relation was tried", worlds, len(found.failed), note + broken),
        make_row("worlds in which engine and plain reference were compared", compared, differing, "bit for bit"),
    ]


def measure_seeded() -> Rows:
    """Return how many of the faults put into the source on purpose went unnoticed."""
    found = _run_module("tests.trials.faults")
    noticed, tried = map(int, re.findall(r"noticed (\d+)/(\d+)", found)[-1])
    missed = [line.partition("s  ")[2] for line in found.splitlines() if "NOT NOTICED" in line]
    note = f"allowed 2; {'; '.join(missed)}" if missed else "each by a relation, the reference or a named test"
    return [make_row("faults put into the source", tried, tried - noticed, note, allowed=2)]


def measure_mutation(*, quick: bool = False) -> Rows:
    """Return how many mutants of the kernels went unnoticed; quick: of one kernel alone."""
    with tempfile.TemporaryDirectory() as scratch:
        words = [str(Path(scratch) / "mutation"), "sim.dynamics.processes.drift*"] if quick else []
        found = _run_module("tests.verification.mutation", *words)
    match = re.search(r"([\d.]+)\s*%\s+\((\d+) of (\d+) mutants", found)
    if match is None:
        raise RuntimeError(f"no score: {found[-300:]}")
    score, noticed, tried = match[1], int(match[2]), int(match[3])
    note = (
        f"score {score} %, at least 90 wanted; those that lived are listed by `python -m tests.verification.mutation`"
    )
    return [make_row("mutants of the kernels", tried, tried - noticed, note, allowed=tried // 10)]


def _run_module(name: str, *words: str) -> str:
    """Run a module of tests interpreted and return what it printed."""
    found = subprocess.run(
        [sys.executable, "-m", name, *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return found.stdout
