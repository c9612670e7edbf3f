"""What the analytic limits share: a setting in which little is left to happen, and checks of a stated power.

Every statistical check has a fixed seed and passes for |z| < Z_LIMIT, a false alarm in a million were the seed free.
`sees` is the shift of the checked number that the check finds with 99 % power: a caller states it, and it is recomputed
here from the size of the sample, so that no check can quietly lose its power.
"""

import math
from dataclasses import replace

import numpy as np
from scipy import stats

from sim.dynamics import schedule
from sim.engine.inputs import Inputs
from sim.engine.runner import ALL, Runner, find_processes
from sim.schema import state
from sim.schema.parameters import Parameters
from sim.schema.regimes import Programme, Regime

Z_LIMIT = 4.9  # two-sided alpha 1e-6
ALPHA = 1e-6
SHIFT = Z_LIMIT + 2.33  # standard errors of a shift that is found with 99 % power
EXACT = 1e-12
SEED = 20_261_123
TENSIONS = ("viewpoint_tension", "funding_competition", "restriction_conflict")
OFF = dict.fromkeys((*schedule.PROCESSES[:-1], *TENSIONS), False)
CHUNK = 20_000  # seeds whose rows are held at a time


def make_parameters(lines=(), months=1, on=(), populations=2, **groups):
    """Return a setting without given coalitions and foundings before month 0; only the mechanisms `on` are on.

    lines: {name: keywords of Programme}. groups: {group: {parameter: value}}, laid over that.
    """
    names = [f"population_{k}" for k in range(populations)]
    field = {
        "populations": names,
        "population_demand": [1.0 / populations] * populations,
        "n_initial_coalitions": 0,
        "founding_rounds": 0,
    }
    merged = groups | {
        "field": field | groups.get("field", {}),
        "mechanisms": OFF | dict.fromkeys(on, True) | groups.get("mechanisms", {}),
    }
    base = Parameters(months=months)
    changed = {group: replace(getattr(base, group), **values) for group, values in merged.items()}
    return replace(base, **changed, regime=Regime("limit", "", {name: Programme(**lines[name]) for name in lines}))


class Limit:
    """One setting with a given roster, whose world can be read and set between single processes."""

    def __init__(self, parameters, max_events=0, **known):
        """known: arrays of `state.Roster` that are given; what is not stays unknown and is drawn."""
        self.parameters = parameters
        self.inputs = Inputs(parameters)
        n = self.inputs.n_organizations
        arrays = {}
        for name, value in known.items():
            like = getattr(self.inputs.roster, name)
            shape = like.shape if name != "member" else np.shape(value)
            arrays[name] = np.array(np.broadcast_to(np.asarray(value, like.dtype), shape), order="C")
        self.inputs.roster = self.inputs.roster._replace(**arrays)
        self.inputs.world = state.allocate_world(self.inputs.roster, self.inputs.lines, max_events)
        self.n_organizations = n

    @property
    def world(self):
        return self.inputs.world

    def run(self, seeds, first_month, last_month, processes=None, keep_members=False, keep_events=False):
        """Run `processes`, (first, last) by name, in each month; return rows, members, events and their counts."""
        keep = [name for name, is_kept in (("members", keep_members), ("events", keep_events)) if is_kept]
        runner = Runner(self.inputs, seeds, keep, range(first_month, last_month + 1))
        runner.run(processes=ALL if processes is None else find_processes(*processes))
        if keep_events:
            assert runner.has_room, f"{runner.n_events.max()} events, room for {runner.events.shape[1]}"
        return runner.rows, runner.members, runner.events, runner.n_events

    def start(self, seed=SEED):
        """Fill the world: the initial state of one run."""
        self.run([seed], 0, 0)
        return self

    def step(self, month, *processes, seed=SEED):
        """Run single processes of one month, in the order given; return the row of the last."""
        for name in processes:
            rows = self.run([seed], month, month, (name, name))[0]
        return rows[0, 0]

    def simulate(self, n_seeds, processes=None, **keep):
        """Run `n_seeds` whole simulations, seeds from SEED on, with `processes` alone after month 0."""
        return self.run(np.arange(SEED, SEED + n_seeds), 0, self.parameters.months, processes, **keep)

    def simulate_in_chunks(self, n_seeds, processes, **keep):
        """Yield what `simulate` returns, CHUNK seeds at a time: half a million rows would not fit."""
        for first in range(SEED, SEED + n_seeds, CHUNK):
            seeds = np.arange(first, min(first + CHUNK, SEED + n_seeds))
            yield self.run(seeds, 0, self.parameters.months, processes, **keep)


def assert_mean(values, expected, deviation, sees, what=""):
    """Check the mean of independent `values` whose law has the mean `expected` and the standard `deviation`."""
    n = np.size(values)
    error = deviation / math.sqrt(n)
    z = (float(np.mean(values)) - expected) / error
    assert SHIFT * error <= sees, f"{what} n = {n}: sees a shift of {SHIFT * error:.2g}, not of {sees:g}"
    assert abs(z) < Z_LIMIT, f"{what} n = {n}: mean {np.mean(values):.6g}, expected {expected:.6g}, z = {z:.1f}"


def assert_share(count, n, expected, sees, what=""):
    """Check `count` successes among `n` independent trials of probability `expected`."""
    assert min(expected, 1 - expected) * n > 100, f"{what} {n * expected:.0f} expected: too few for a normal law"
    error = math.sqrt(expected * (1 - expected) / n)
    z = (count / n - expected) / error
    assert SHIFT * error <= sees, f"{what} n = {n}: sees a shift of {SHIFT * error:.2g}, not of {sees:g}"
    assert abs(z) < Z_LIMIT, f"{what} {count} of {n} = {count / n:.5f}, expected {expected:.5f}, z = {z:.1f}"


def assert_shares(counts, expected, sees, what=""):
    """Check counts of exclusive outcomes against their probabilities, one by one."""
    counts, expected = np.asarray(counts).ravel(), np.asarray(expected, float).ravel()
    assert abs(expected.sum() - 1) < 1e-9, f"{what} the expected probabilities sum to {expected.sum()}"
    for at, (count, share) in enumerate(zip(counts, expected, strict=True)):
        assert_share(int(count), int(counts.sum()), float(share), sees, f"{what} outcome {at}:")


def assert_variance(values, expected, kurtosis, sees, what=""):
    """Check the variance of independent `values` whose law has this variance and this excess `kurtosis`."""
    n = np.size(values)
    error = expected * math.sqrt((kurtosis + 2) / n)
    z = (float(np.var(values)) - expected) / error
    assert SHIFT * error <= sees, f"{what} n = {n}: sees a shift of {SHIFT * error:.2g}, not of {sees:g}"
    assert abs(z) < Z_LIMIT, f"{what} n = {n}: variance {np.var(values):.6g}, expected {expected:.6g}, z = {z:.1f}"


def assert_uncorrelated(one, other, sees, what=""):
    """Check that independent pairs (one, other) have a correlation of 0."""
    n = np.size(one)
    r = float(np.corrcoef(np.ravel(one), np.ravel(other))[0, 1])
    assert SHIFT / math.sqrt(n) <= sees, (
        f"{what} n = {n}: sees a correlation of {SHIFT / math.sqrt(n):.2g}, not {sees:g}"
    )
    assert abs(r) * math.sqrt(n) < Z_LIMIT, f"{what} correlation {r:.4f}, z = {r * math.sqrt(n):.1f}"


def assert_law(values, distribution, sees, what=""):
    """Check values against a continuous scipy law: the largest gap of the cumulated shares (Kolmogorov).

    A gap of `sees` anywhere is found with 99 % power: the law's critical gap and 2.33 standard errors of one share.
    """
    n = np.size(values)
    critical = stats.kstwobign.isf(ALPHA) / math.sqrt(n)
    able = critical + 2.33 * 0.5 / math.sqrt(n)
    gap = stats.kstest(np.ravel(values), distribution.cdf).statistic
    assert able <= sees, f"{what} n = {n}: sees a gap of {able:.2g}, not of {sees:g}"
    assert gap < critical, f"{what} n = {n}: largest gap {gap:.4f}, critical {critical:.4f}"


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


def softmax(values):
    weights = np.exp(np.asarray(values) - np.max(values))
    return weights / weights.sum()


def follow(start, slope, constant, t):
    """Return x(t) of the recursion x(t + 1) = slope · x(t) + constant: geometric approach to its fixed point."""
    if slope == 1.0:
        return start + constant * np.asarray(t)
    fixed = constant / (1.0 - slope)
    return fixed + (start - fixed) * slope ** np.asarray(t, float)
