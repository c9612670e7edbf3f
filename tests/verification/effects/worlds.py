"""Small worlds for the tests of this folder: built by dotted names, run compiled, compared on the same seeds."""

from __future__ import annotations

import ast
import functools
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.configuration import compose
from sim.dynamics import schedule
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs
from sim.engine.runner import Runner
from sim.schema import codes
from sim.schema.regimes import Programme
from tests.worlds import keep_last

ROOT = Path(__file__).resolve().parents[3]

SMALL = "field.n_organizations=12 months=60"
STRICT = 4.9  # standard errors: what chance would show once in a million comparisons


class Run(NamedTuple):
    """Some seeds of one world: rows (R, months + 1), homes (.., n), events (all, 1 + fields), people (.., K, 2)."""

    rows: np.ndarray
    homes: np.ndarray
    events: np.ndarray
    people: np.ndarray

    def get_bits(self) -> bytes:
        """Return everything observed as bytes."""
        return b"".join(np.ascontiguousarray(part).tobytes() for part in self)


def _read(text: str):
    try:
        return ast.literal_eval({"true": "True", "false": "False"}.get(text, text))
    except (ValueError, SyntaxError):
        return text


def _change(group, tree: dict):
    """Return `group` with the values of `tree` (name: value or tree) in place; <line> stands for every line."""
    if isinstance(group, dict):
        return {name: _change(item, tree.get("<line>", {}) | tree.get(name, {})) for name, item in group.items()}
    values = {}
    for name, value in tree.items():
        present = getattr(group, name)
        values[name] = _change(present, value) if isinstance(value, dict) else value
        if isinstance(present, float):
            values[name] = float(value)
    return replace(group, **values)


@functools.cache
def compose_once(*words: str):
    return compose(keep_last(words)).parameters


@functools.cache
def build(words: str = ""):
    """Return parameters: SMALL, then the words in order; `regime.programmes.<line>.name=value` changes every line.

    `one_line` stands for a regime of a single line with its defaults, so that the words alone say what it is.
    """
    words = f"{SMALL} {words}".split()
    chosen = [word for word in words if "." not in word.partition("=")[0] and not word.startswith("months=")]
    plain = [word for word in chosen if word != "one_line"]
    regime = [] if any(word.startswith("regime=") for word in plain) else ["regime=mixed"]
    parameters = compose_once(*regime, *plain)
    if "one_line" in chosen:
        lines = {"line": Programme()}
        parameters = replace(parameters, regime=replace(parameters.regime, name="one_line", programmes=lines))
    tree: dict = {}
    for word in words:
        if word not in chosen:
            name, _, value = word.partition("=")
            *path, last = name.split(".")
            at = tree
            for part in path:
                at = at.setdefault(part, {})
            at[last] = _read(value)
    return _change(parameters, tree)


@functools.cache
def _identify(words: str) -> str:
    """Return what tells the world of `words` from others, however it was written."""
    return repr(build(words))


_kept: dict[str, Run] = {}  # the latest worlds, each with the most seeds asked of it
KEPT = 96


def run(words: str = "", n_seeds: int = 12) -> Run:
    """Run the world of `words` on seeds 1 to n_seeds."""
    key = _identify(words)
    found = _kept.pop(key, None)
    if found is None or len(found.rows) < n_seeds:
        inputs = Inputs(build(words), max_events=1024)
        ran = run_compiled(inputs, list(range(1, n_seeds + 1)), keep_members=True)
        found = Run(ran.rows, ran.members, ran.events, ran.people)
    _kept[key] = found
    if len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    if len(found.rows) == n_seeds:
        return found
    events = found.events[found.events[:, 0] < n_seeds]
    return Run(found.rows[:n_seeds], found.homes[:n_seeds], events, found.people[:n_seeds])


# ---------------------------------------------------------------------------------------------------- measures


def _count(kind: str, found: Run) -> np.ndarray:
    """Return events of a kind after month 0, by run."""
    events = found.events
    hit = (events[:, 2] == codes.EVENTS.index(kind)) & (events[:, 1] > 0) & (events[:, 1] < 1_000_000)
    return np.bincount(events[hit, 0], minlength=len(found.rows)).astype(float)


def _share_members_among_winners(found: Run) -> np.ndarray:
    """Return the share of awards won by organizations that sat in a coalition at the end of the month."""
    events = found.events[found.events[:, 2] == codes.WIN]
    home = found.homes[events[:, 0], events[:, 1], events[:, 3]] > 0
    runs = len(found.rows)
    return np.bincount(events[:, 0], home, runs) / np.bincount(events[:, 0], minlength=runs)


def _count_winners(found: Run) -> np.ndarray:
    """Return how many different organizations won something."""
    events = found.events[found.events[:, 2] == codes.WIN]
    return np.bincount(np.unique(events[:, [0, 3, 4]], axis=0)[:, 0], minlength=len(found.rows)).astype(float)


def _average_founders(found: Run) -> np.ndarray:
    """Return the mean size of coalitions when founded by a review, after month 0."""
    founders = _count("found", found) + _count("rival_found", found)
    foundings = (found.rows["foundings"] - found.rows["breakaways"])[:, 1:].sum(axis=1)
    return founders / np.where(foundings > 0, foundings, np.nan)


def measure(found: Run, what: str) -> np.ndarray:
    """Return one number a run: a column's mean over the months after 0.

    `x at 0`: the column in month 0. `sum x`: its sum. `x events`: events of that kind. `rounds`: months with an
    application. `members among winners`: see above.
    """
    if what.endswith(" events"):
        return _count(what.removesuffix(" events"), found)
    if what == "members among winners":
        return _share_members_among_winners(found)
    if what == "different winners":
        return _count_winners(found)
    if what == "members at founding":
        return _average_founders(found)
    if what == "rounds":
        return (found.rows["requested_usd"] > 0).sum(axis=1)
    if what.endswith(" at 0"):
        return found.rows[what.removesuffix(" at 0")][:, 0]
    return np.nanmean(found.rows[what][:, 1:], axis=1)


def compare(low: np.ndarray, high: np.ndarray) -> float:
    """Return the paired t of high less low; infinite where every seed moves alike."""
    change = (high - low)[np.isfinite(high - low)]
    if len(change) < 8:
        return 0.0
    mean, error = change.mean(), change.std(ddof=1) / np.sqrt(len(change))
    if error > 1e-12 * abs(mean):
        return float(mean / error)
    return float(np.sign(mean)) * np.inf if mean else 0.0


def contrast(low: str, high: str, what: str, n_seeds: int = 24) -> float:
    """Return the paired t of `what` in the world of `high` less that of `low`."""
    return compare(measure(run(low, n_seeds), what), measure(run(high, n_seeds), what))


# ---------------------------------------------------------------------------------------------------- single months


class Steps:
    """One run taken apart: months and processes run compiled on `world`, which tests may change in between."""

    def __init__(self, words: str = "", seed: int = 1, roster=None) -> None:
        """Fill the world and observe month 0."""
        self.parameters = build(words)
        self.inputs = Inputs(self.parameters, roster, max_events=4096)
        self.world, self.seed, self.month = self.inputs.world, seed, 0
        self._runner = Runner(self.inputs, [seed], ["members"])
        self.rows = [self._take(0, len(schedule.PROCESSES))]
        self._at = 0

    def _take(self, first, last):
        month = self.month
        self._runner.run(range(month, month + 1), range(first, last))
        self.homes = self._runner.members[:, month : month + 1]
        return self._runner.rows[:, month : month + 1]

    def run_to(self, month: int):
        """Run whole months up to and including `month`; return the last row."""
        while self.month < month:
            self.month += 1
            self.rows.append(self._take(0, len(schedule.PROCESSES)))
        return self.rows[-1][0, 0]

    def begin_month(self, before: str) -> None:
        """Begin the next month and run the processes before the one named."""
        self.month += 1
        self._at = schedule.PROCESSES.index(before)
        self.rows.append(self._take(0, self._at))

    def run_process(self) -> None:
        """Run the one process that is next."""
        self._take(self._at, self._at + 1)
        self._at += 1

    def end_month(self):
        """Run what is left of the month begun; return its row."""
        self._take(self._at, len(schedule.PROCESSES))
        return self.rows[-1][0, 0]

    def get_events(self) -> np.ndarray:
        """Return the event log so far (events, fields)."""
        return self.world.log.rows[: self.world.log.n_rows[0]].copy()
