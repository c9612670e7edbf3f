"""Small sweeps for the tests: plans from words, an engine that does stretches in any order, tables without keys."""

import random
from pathlib import Path

import pandas as pd

from sim.configuration import compose, read_varied
from sim.sweep import driving
from sim.sweep.plan import make_plan
from sim.sweep.work import do_stretch

WORDS = ("memberships.turf_weight=0,0.5,1", "months=6", "name=small")
KEYS = ["run", "point", "run_id"]


def plan_sweep(*words, keep="runs", seeds=4, design=None):
    """Return the plan of a sweep of these words; design: the tree of one instead of what words vary."""
    plain, tree = read_varied([*words, f"seeds={seeds}"], None)
    return make_plan(compose(plain, design=design or tree), None, keep)


class Shuffled:
    """An engine in this process that does stretches in a random order, some twice, and loses some on the way."""

    def __init__(self, seed=0, share_lost=0.0, share_twice=0.0):
        self.random, self.share_lost, self.share_twice = random.Random(seed), share_lost, share_twice
        self.done = []

    def run(self, folder, stretches, is_stopped):
        waiting = []
        while not is_stopped():
            waiting += [one for one in [next(stretches, None) for _ in range(5)] if one]
            if not waiting:
                return
            stretch = waiting.pop(self.random.randrange(len(waiting)))
            if self.random.random() < self.share_lost:
                if self.random.random() < 0.5:  # it died after its part was there, before it could tell
                    do_stretch(folder, stretch)
                yield {"first": stretch.first, "last": stretch.last, "lost": "its worker ended with code -9"}
                continue
            for _ in range(1 + (self.random.random() < self.share_twice)):
                told = do_stretch(folder, stretch)
            self.done.append(stretch)
            yield told

    def stop(self):
        pass


def drive(plan, folder, *, length=3, engine=None, is_stopped=lambda: False, monkeypatch=None, report=None):
    """Drive a sweep with parts of `length` runs; return the outcome."""
    kept, driving.choose_length = driving.choose_length, lambda *_: length
    try:
        return driving.drive(
            plan,
            Path(folder),
            engine or Shuffled(),
            seconds_a_run=0.001,
            report=report or (lambda done, total: None),
            is_stopped=is_stopped,
        )
    finally:
        driving.choose_length = kept


def stop_after(count):
    """Return is_stopped() that says so after `count` questions."""
    asked = iter(range(count))
    return lambda: next(asked, None) is None


def read_bytes(folder):
    """Return the bytes of every joined table, by name."""
    return {path.name: path.read_bytes() for path in Path(folder).glob("*.parquet")}


def sort_rows(runs):
    """Return the runs without what numbers them, in the order of what they are."""
    names = [name for name in runs.columns if name not in KEYS]
    return runs[names].sort_values(["turf_weight", "seed"], ignore_index=True)


def assert_same_rows(one, other):
    pd.testing.assert_frame_equal(sort_rows(one), sort_rows(other), check_exact=True)
