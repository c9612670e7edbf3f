"""Whoever computes a run, and in whatever parts, it is the same run: workers, hash seeds, the interpreter, files."""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.configuration import Configuration, Design
from sim.engine import batch
from sim.engine.batch import run_compiled, simulate
from sim.figures.fan import plot_fan
from sim.figures.figure import Origin
from sim.figures.pairs import pair_runs, plot_pairs
from sim.figures.strip import pick_strip
from sim.results.contrasts import compute_differences
from sim.results.store import TABLES, Results, load_results, save_results
from sim.results.summaries import describe_verdict, summarise
from sim.sweep.in_memory import run_design
from tests.verification.relations import worker
from tests.worlds import World, make_world

ROOT = Path(__file__).parents[3]
N_WORLDS = 50
SMALL = {"max_organizations": 5, "max_months": 8}  # what the interpreter runs in a few hundredths of a second


# ------------------------------------------------------------------------------------------------ workers


def split(seeds: list[int], generator: random.Random) -> list[list[int]]:
    """Return the seeds in random order, in parts of random size."""
    seeds = generator.sample(seeds, len(seeds))
    cuts = sorted(generator.sample(range(1, len(seeds)), generator.randrange(len(seeds))))
    return [seeds[low:high] for low, high in zip([0, *cuts], [*cuts, len(seeds)], strict=True)]


def run_in_chunks(world: World, seeds: list[int], size: int, patch: pytest.MonkeyPatch) -> Results:
    patch.setattr(batch, "CHUNK_SEEDS", size)
    return simulate(world.parameters, seeds, roster=world.tables)


@pytest.mark.relation(19, "split over any workers in any parts and order, seeds give one table")
def test_seeds_split_over_any_workers_in_any_parts_and_order_give_one_table(tried, processes, monkeypatch):
    """Four threads and two processes; results are put in order by seed as they come in."""
    generator, seeds = random.Random(19), list(range(1, 8))
    worlds = [make_world(number) for number in range(60)]
    tasks = [(world.number, part) for world in worlds for part in split(seeds, generator)]
    generator.shuffle(tasks)
    found: dict[str, dict[tuple[int, int], bytes]] = {"threads": {}, "processes": {}}
    with ThreadPoolExecutor(4) as pool:
        for done in as_completed([pool.submit(worker.run_parts, [task]) for task in tasks]):
            collect(done.result(), found["threads"])
    with processes.Pool(2) as pool:
        for done in pool.imap_unordered(worker.run_parts, [tasks[at : at + 7] for at in range(0, len(tasks), 7)]):
            collect(done, found["processes"])
    for world in worlds:
        rows = run_compiled(world.build(0), seeds, keep_events=False).rows
        for way, parts in found.items():
            joined = b"".join(parts[world.number, seed] for seed in seeds)
            assert joined == np.ascontiguousarray(rows).tobytes(), f"{world.number}: {way}"
        if world.number % 12 == 0:
            whole = run_in_chunks(world, seeds, 50, monkeypatch)
            for size in (1, 3):
                assert_same_results(whole, run_in_chunks(world, seeds, size, monkeypatch))
        tried.add(1)


def collect(parts: list[tuple[int, list[int], bytes]], into: dict[tuple[int, int], bytes]) -> None:
    for number, seeds, data in parts:
        length = len(data) // len(seeds)
        for at, seed in enumerate(seeds):
            into[number, seed] = data[at * length : (at + 1) * length]


def assert_same_results(one: Results, other: Results, but: tuple[str, ...] = ()) -> None:
    for name in TABLES:
        left, right = (getattr(part, name).drop(columns=list(but), errors="ignore") for part in (one, other))
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=name)


# ------------------------------------------------------------------------------------------------ parts of a design


def run_cells(world: World, values: list[float], seeds: list[int]) -> Results:
    """Return the results of a design over one parameter, as `coalitions compare` runs it."""
    design = Design({"memberships.turf_weight": values})
    return run_design(Configuration(world.parameters, seeds, "cells", [], design=design))


def join(parts: list[Results]) -> Results:
    """Return the tables of parts one below the other, as one would by hand."""
    tables = {name: pd.concat([getattr(part, name) for part in parts], ignore_index=True) for name in TABLES}
    return Results(**tables, manifest={})


@pytest.mark.relation(21, "runs of two sets of seeds or cells are the run of both")
def test_two_sets_of_seeds_or_cells_together_are_the_two_apart(tried):
    """Seeds: all bits of rows, members and events. Cells of a design: all tables of every sixth world."""
    cells = ("run_id", "turf_weight")  # a lone cell needs no column, nor a number in its name
    for world in tried.worlds(60, roster=False):
        parts = [run_compiled(world.build(), seeds, keep_members=True) for seeds in ([5, 3], [8, 1, 2])]
        rows, members, events, *_ = run_compiled(world.build(), [5, 3, 8, 1, 2], keep_members=True)
        assert np.concatenate([part[0] for part in parts]).tobytes() == rows.tobytes(), world.number
        np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), members)
        parts[1][2][:, 0] += 2
        np.testing.assert_array_equal(np.concatenate([part[2] for part in parts]), events)
        if world.number % 6 == 0:
            values = [0.0, 1.0 + world.number / 100]
            both = run_cells(world, values, [1, 2])
            apart = join([run_cells(world, [value], [1, 2]) for value in values])
            assert_same_results(both, apart, but=cells)
            assert both.runs["turf_weight"].tolist() == np.repeat(values, 2).tolist()


# ------------------------------------------------------------------------------------------------ interpreters


def start_digests(first: int, made: dict[str, int], **environment: str) -> subprocess.Popen:
    words = [sys.executable, "-m", worker.__name__, *map(str, (first, N_WORLDS, *made.values()))]
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=variables, cwd=ROOT)


def read_digests(process: subprocess.Popen) -> list[str]:
    text, _ = process.communicate()
    assert process.returncode == 0
    return text.split("\n")[:N_WORLDS]


@pytest.mark.relation(22, "the hash seed of Python changes nothing")
def test_the_hash_seed_of_python_changes_not_a_bit(tried):
    made = {"max_organizations": 10, "max_months": 24}
    started = {seed: start_digests(100, made, PYTHONHASHSEED=seed) for seed in ("0", "1", "2")}
    expected = worker.digest_worlds(100, N_WORLDS, **made)
    assert len({line.split()[1] for line in expected}) == N_WORLDS
    for seed, process in started.items():
        found = read_digests(process)
        wrong = [one for one, other in zip(expected, found, strict=True) if one != other]
        assert not wrong, f"hash seed {seed}: {wrong}"
    tried.add(len(expected))


@pytest.mark.relation(23, "compiled and interpreted runs have the same bits")
def test_compiled_and_interpreted_runs_have_the_same_bits(tried):
    process = start_digests(200, SMALL, NUMBA_DISABLE_JIT="1")
    expected = worker.digest_worlds(200, N_WORLDS, **SMALL)
    found = read_digests(process)
    wrong = [one for one, other in zip(expected, found, strict=True) if one != other]
    assert not wrong, wrong
    tried.add(len(expected))


# ------------------------------------------------------------------------------------------------ files


def list_curves(figure: Any) -> list[Any]:
    """Return the data of all lines and dots of a figure."""
    curves = []
    for axes in figure.axes:
        curves += [np.asarray(line.get_xydata()) for line in axes.get_lines()]
        curves += [np.asarray(dots.get_offsets()) for dots in axes.collections]
    return curves


def check_figures(one: Results, other: Results) -> None:
    origin = Origin("coalitions run", scenario="18 organizations, no shock.")
    for draw in (
        lambda kept: plot_fan(kept.months, kept.runs, origin),
        lambda kept: plot_pairs(kept.runs, origin),
    ):
        left, right = list_curves(draw(one).paint()), list_curves(draw(other).paint())
        assert len(left) == len(right) > 0
        for curve, again in zip(left, right, strict=True):
            np.testing.assert_array_equal(curve, again)


REPORTS = (
    summarise,
    lambda results: compute_differences(results.runs),
    lambda results: pair_runs(results.runs, "collaboration_end"),
    lambda results: pick_strip(results.members, results.runs)[0],
)


@pytest.mark.relation(28, "a report from files read back is the report from memory")
def test_a_report_from_files_read_back_is_the_report_from_memory(tried, tmp_path):
    """All tables and the verdicts; of every fifth world two settings, with the summary, the differences and what the

    figures show; one world is drawn.
    """
    for world in tried.worlds(50, max_months=15):
        kept = simulate(world.parameters, [1, 2], roster=world.tables)
        is_report = world.number % 5 == 0
        if is_report:
            other = world.change(memberships__turf_weight=0.0)
            regime = dataclasses.replace(other.parameters.regime, name="other")
            compared = simulate(other.change(regime=regime).parameters, [1, 2], roster=world.tables)
            kept = Results.concatenate([kept, compared])
        save_results(kept, tmp_path / str(world.number), "a command")
        read = load_results(tmp_path / str(world.number))
        assert_same_results(kept, read)
        assert describe_verdict(kept) == describe_verdict(read)
        assert read.manifest["seeds"] == kept.manifest["seeds"]
        if is_report:
            for tell in REPORTS:
                pd.testing.assert_frame_equal(tell(kept), tell(read), check_exact=True)
        if world.number == 0:
            check_figures(kept, read)
