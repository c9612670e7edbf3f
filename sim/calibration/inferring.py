"""From simulations to accepted sets: which sets are worth simulating, and which of them meet every target.

Rejection ABC with a uniform kernel: a set drawn from the prior is accepted if each target lies within its band, over
runs on seeds of its own. That is the posterior under an error even over the band. An emulator rules out beforehand
what has hardly a chance; what that leaves out is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.calibration.emulating import Emulator, declared_bands
from sim.calibration.priors import PRIORS
from sim.calibration.simulating import AIMS, FIRST_SEED, NAMES, Simulator, draw_prior, to_values
from sim.calibration.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Tell = Callable[[str], None]
    Simulate = Callable[..., pd.DataFrame]

LEARNING, PROPOSING, PREDICTING, CHECKING = 1, 100, 2, 3  # stages; of proposals one a round
CANDIDATES = 20_000  # of a round
LEAST_CHANCE = 0.02
MAX_ROUNDS = 60
SEED = 1  # of all draws of sets


@dataclass(frozen=True)
class Found:
    """What a calibration found."""

    learnt: pd.DataFrame  # sets drawn from the prior that the emulator was made with
    proposed: pd.DataFrame  # sets simulated because it gave them a chance
    accepted: pd.DataFrame  # those of them that meet every target, in the order in which they were drawn
    n_candidates: int
    left_out: float  # share of acceptable sets that were ruled out unseen, by the emulator's account
    emulator: Emulator


def find_accepted(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows meet every target: the rule of acceptance."""
    met = [[target.is_met(value) for value in table[target.name]] for target in TARGETS]
    return np.logical_and.reduce(np.array(met, "?").reshape(len(TARGETS), len(table)), axis=0)


def infer(simulator: Simulator, n_learning: int, n_wanted: int, simulate: Simulate, tell: Tell) -> Found:
    """Learn an emulator from the prior, then propose and simulate sets until `n_wanted` are accepted.

    Stops short of that after MAX_ROUNDS rounds. simulate(simulator, label, …) calls `Simulator.simulate` and shows
    its progress under the label.
    """
    learnt = simulate(simulator, "sets from the prior", draw_prior(n_learning, SEED), LEARNING)
    tell("learning emulators")
    emulator = Emulator(learnt)
    proposed: list[pd.DataFrame] = []
    kept, lost, n_found, n_rounds = 0.0, 0.0, 0, 0
    for n_rounds, (shares, sums) in enumerate(_propose(emulator), 1):
        kept, lost = kept + sums[0], lost + sums[1]
        label = f"proposals, round {n_rounds}"
        proposed.append(simulate(simulator, label, to_values(shares), PROPOSING + n_rounds, is_hasty=True))
        n_found += int(find_accepted(proposed[-1]).sum())
        tell(f"{n_found} of {n_wanted} sets accepted, {sum(map(len, proposed)):,} simulated")
        if n_found >= n_wanted or n_rounds == MAX_ROUNDS:
            break
    table = pd.concat(proposed, ignore_index=True)
    accepted = table.loc[find_accepted(table)].head(n_wanted).reset_index(drop=True)
    return Found(learnt, table, accepted, n_rounds * CANDIDATES, lost / max(kept + lost, 1e-12), emulator)


def _propose(emulator: Emulator) -> Iterator[tuple[NDArray[np.float64], tuple[float, float]]]:
    """Yield, round by round, the candidates with a chance, and the sums of chances of those kept and of those not."""
    generator = np.random.Generator(np.random.PCG64(SEED + 1))
    while True:
        shares = generator.random((CANDIDATES, len(PRIORS)))
        chance = emulator.find_chance_of(shares, declared_bands(), LEAST_CHANCE / 20)
        worth = chance >= LEAST_CHANCE
        yield shares[worth], (float(chance[worth].sum()), float(chance[~worth].sum()))


def make_ensemble(accepted: pd.DataFrame) -> pd.DataFrame:
    """Return the table that `sim.configuration.designs.ensemble` reads: set and parameters."""
    table = accepted.loc[:, NAMES].copy()
    table.insert(0, "set", np.arange(1, len(table) + 1))
    return table


def make_evidence(accepted: pd.DataFrame) -> pd.DataFrame:
    """Return what each set was accepted for: set, first seed, and every target as simulated."""
    table = accepted.loc[:, [FIRST_SEED, *AIMS]].copy()
    table.insert(0, "set", np.arange(1, len(table) + 1))
    return table


def find_central(accepted: pd.DataFrame) -> int:
    """Return the row of the most central set: nearest to all others together, each parameter in units of its spread."""
    values = accepted[NAMES].to_numpy()
    scaled = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-12)
    return int(np.sqrt(((scaled[:, None] - scaled[None]) ** 2).sum(axis=2)).sum(axis=1).argmin())
