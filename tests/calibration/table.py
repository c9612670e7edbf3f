"""A table of simulations made by a formula in place of the model, for tests of the inference."""

import numpy as np
import pandas as pd

from sim.calibration.priors import PRIORS
from sim.calibration.simulating import AIMS, FIRST_SEED, NAMES, to_values
from sim.calibration.targets import TARGETS

NOISE = 0.05  # of a band's width


def make_toy(n_sets: int, seed: int) -> pd.DataFrame:
    """Return sets of the prior; target k lies from 1 below to 2 above its band with the share of parameter k."""
    generator = np.random.default_rng(seed)
    shares = generator.random((n_sets, len(PRIORS)))
    table = pd.DataFrame(to_values(shares), columns=NAMES)
    for k, target in enumerate(TARGETS):
        width = target.high - target.low
        noise = NOISE * generator.normal(size=n_sets)
        table[target.name] = target.low + width * (3.0 * shares[:, k] - 1.0 + noise if k < 3 else 0.5 + noise)
    table[FIRST_SEED] = np.arange(n_sets) + 1
    assert list(table.columns) == [*NAMES, *AIMS, FIRST_SEED]
    return table
