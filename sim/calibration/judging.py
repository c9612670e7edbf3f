"""What the accepted sets say: which parameters the data identify, and what the sets predict on other seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.calibration.inferring import find_accepted
from sim.calibration.simulating import NAMES, to_shares
from sim.calibration.targets import TARGETS

BINS = 10  # of the prior's range, for the overlap
SIGNIFICANT = 0.01 / len(
    NAMES
)  # of the test that a posterior is its prior; one in a hundred for all parameters together
CLEAR_CONTRACTION = 0.2


def judge_parameters(accepted: pd.DataFrame) -> pd.DataFrame:
    """Return one row a parameter: its posterior beside its prior, and whether the data identify it.

    contraction: 1 less the posterior's variance over the prior's; overlap: the area both densities share, by tenths of
    the range; p_value: Kolmogorov-Smirnov, of the posterior being the prior. A parameter is `identified` where that
    is refused and contraction reaches CLEAR_CONTRACTION, `shifted` where it is refused, else `not identified`.
    """
    from scipy.stats import kstest

    shares = to_shares(accepted[NAMES].to_numpy())
    rows = []
    for name, column in zip(NAMES, shares.T, strict=True):
        heights = np.histogram(column, BINS, (0.0, 1.0))[0] / len(column)
        contraction = 1.0 - 12.0 * float(np.var(column, ddof=1))
        p_value = float(kstest(column, "uniform").pvalue)
        verdict = "not identified"
        if p_value < SIGNIFICANT:
            verdict = "identified" if contraction >= CLEAR_CONTRACTION else "shifted"
        low, middle, high = np.quantile(accepted[name], [0.05, 0.5, 0.95])
        rows.append(
            {
                "parameter": name,
                "low": low,
                "median": middle,
                "high": high,
                "contraction": contraction,
                "overlap": float(np.minimum(heights, 1.0 / BINS).sum()),
                "p_value": p_value,
                "verdict": verdict,
            }
        )
    return pd.DataFrame(rows)


def find_related(accepted: pd.DataFrame, at_least: float = 0.3) -> pd.DataFrame:
    """Return pairs of parameters whose accepted values go together: names and Spearman's rank correlation."""
    ranks = accepted.loc[:, NAMES].corr(method="spearman").to_numpy()
    pairs = [(NAMES[i], NAMES[j], ranks[i, j]) for i in range(len(NAMES)) for j in range(i)]
    table = pd.DataFrame(pairs, columns=["parameter", "other", "correlation"])
    strength = np.abs(table["correlation"].to_numpy())
    order = np.argsort(-strength, kind="stable")
    return table.iloc[order[strength[order] >= at_least]].reset_index(drop=True)


def judge_targets(prior: pd.DataFrame, accepted: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Return one row a target: band, and mean and 5 to 95 % of sets of the prior, accepted, and on fresh seeds.

    `within` is the share of accepted sets that lie within the band on fresh seeds too, `prior_within` of the prior's.
    """
    rows = []
    for target in TARGETS:
        fresh, first, before = (table[target.name] for table in (predicted, accepted, prior))
        rows.append(
            {
                "target": target.name,
                "observed": target.observed,
                "band_low": target.low,
                "band_high": target.high,
                "prior_median": before.median(),
                "prior_within": np.mean([target.is_met(value) for value in before]),
                "accepted_mean": first.mean(),
                "predicted_mean": fresh.mean(),
                "predicted_low": fresh.quantile(0.05),
                "predicted_high": fresh.quantile(0.95),
                "within": np.mean([target.is_met(value) for value in fresh]),
            }
        )
    return pd.DataFrame(rows)


def count_still_accepted(predicted: pd.DataFrame) -> float:
    """Return the share of sets that meet every target again on fresh seeds."""
    return float(find_accepted(predicted).mean())
