"""Statistics that several patterns use; each takes plain arrays, so that a small case can be worked out by hand."""

from __future__ import annotations

import functools
import math
import warnings
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOBODY = -1


def average(values: Any) -> float:
    """Return the mean of what is finite; nan where nothing is."""
    known = np.asarray(values, "f8")
    known = known[np.isfinite(known)]
    return float(known.mean()) if known.size else math.nan


def average_months(rows: NDArray[Any], column: str, first: int, last: int) -> NDArray[Any]:
    """Return each run's mean of a column over months `first` to `last`. rows: (R, months + 1)."""
    values = rows[column][:, first : last + 1]
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.divide(total, known.sum(axis=1), out=np.full(len(values), math.nan), where=known.any(axis=1))


def compute_rates(rows: NDArray[Any], columns: tuple[str, ...], per: str = "memberships") -> NDArray[Any]:
    """Return each run's events a year in months 1 to the last, by what they are counted `per`; nan without any."""
    counted = sum(rows[column][:, 1:].sum(axis=1) for column in columns)
    exposed = rows[per][:, 1:].sum(axis=1)
    return np.divide(12.0 * counted, exposed, out=np.full(len(exposed), math.nan), where=exposed > 0)


def find_homes(member: NDArray[Any], size: NDArray[Any], is_open: NDArray[Any]) -> NDArray[Any]:
    """Return each open organization's group: its largest coalition, or one of its own where it has none.

    member: (C, n) bool, of active coalitions. size: (C,). Closed organizations are left out of the result.
    """
    ranked = np.where(member, size[:, None], 0)
    home = np.where(ranked.max(axis=0, initial=0) > 0, ranked.argmax(axis=0) if len(ranked) else 0, NOBODY)
    alone = home == NOBODY
    home[alone] = len(member) + np.flatnonzero(alone)
    return home[is_open]


def compute_mutual_information(groups: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the mutual information of two partitions, adjusted for chance (Vinh et al. 2010): 1 alike, 0 by chance.

    Adjusted, because six populations agree more with any partition by chance than three groups of viewpoints do.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(adjusted_mutual_info_score(labels, groups))


def name_camps(viewpoint: NDArray[Any], width: float) -> NDArray[Any]:
    """Return -1, 0 or 1: the group each viewpoint belongs to, the middle being narrower than `width` either way."""
    return np.where(np.abs(viewpoint) < width, 0, np.sign(viewpoint)).astype(int)


def compute_entropy(counts: Any) -> float:
    """Return the entropy of some counts in bits; nan without any."""
    counts = np.asarray(counts, "f8")
    total = counts.sum()
    if total <= 0:
        return math.nan
    shares = counts[counts > 0] / total
    return float(max(-(shares * np.log2(shares)).sum(), 0.0))


def compute_assortativity(joint: NDArray[Any], values: NDArray[Any]) -> float:
    """Return Newman's assortativity of `values` over the pairs with joint > 0; nan where all ends are alike."""
    one, other = np.nonzero(joint > 0)
    if len(one) < 4 or values[one].std() < 1e-12:
        return math.nan
    return float(np.corrcoef(values[one], values[other])[0, 1])


def compute_betweenness(joint: NDArray[Any]) -> NDArray[Any]:
    """Return each one's betweenness centrality in the network of pairs with joint > 0, in [0, 1]."""
    found = nx.betweenness_centrality(nx.from_numpy_array(joint > 0))
    return np.array([found[i] for i in range(len(joint))])


def compute_network(ties: NDArray[Any]) -> tuple[float, float]:
    """Return density and Freeman's degree centralisation of one coalition. ties: (m, m) bool, symmetric, m >= 3."""
    degree = ties.sum(axis=1)
    m = len(ties)
    return float(degree.sum() / (m * (m - 1))), float((m * degree.max() - degree.sum()) / ((m - 1) * (m - 2)))


@functools.cache
def expect_centralisation(size: int, n_ties: int, n_draws: int = 300) -> float:
    """Return the mean centralisation of random networks with `size` members and `n_ties` ties."""
    random = np.random.default_rng(size * 10_007 + n_ties)
    one, other = np.triu_indices(size, 1)
    total = 0.0
    for _ in range(n_draws):
        chosen = random.permutation(len(one))[:n_ties]
        ties = np.zeros((size, size), bool)
        ties[one[chosen], other[chosen]] = True
        total += compute_network(ties | ties.T)[1]
    return total / n_draws


def standardise(values: NDArray[Any]) -> NDArray[Any]:
    """Return values with mean 0 and standard deviation 1; zeros where all are alike."""
    values = np.asarray(values, "f8")
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)


def fit_logit(outcome: NDArray[Any], terms: NDArray[Any], term: int) -> float:
    """Return the coefficient of one term of a logit with a constant; nan where it does not converge or is parted.

    terms: (N, P). A coefficient beyond 10 log-odds says that the outcome is (nearly) parted by a term.
    """
    from statsmodels.api import Logit, add_constant
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    if len(outcome) < 50 or outcome.min() == outcome.max():
        return math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = Logit(outcome, add_constant(terms, has_constant="add")).fit(disp=0, maxiter=50)
        except (np.linalg.LinAlgError, PerfectSeparationError):
            return math.nan
    coefficient = float(found.params[1 + term])
    return coefficient if found.mle_retvals["converged"] and abs(coefficient) < 10 else math.nan


def fit_line(outcome: NDArray[Any], terms: NDArray[Any]) -> NDArray[Any]:
    """Return the least-squares coefficients of the terms (N, P) beside a constant; nan where they do not identify."""
    matrix = np.column_stack([np.ones(len(outcome)), terms])
    if len(outcome) <= matrix.shape[1] or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return np.full(matrix.shape[1] - 1, math.nan)
    return np.linalg.lstsq(matrix, outcome, rcond=None)[0][1:]


def match_nearest(treated: NDArray[Any], pool: NDArray[Any]) -> NDArray[Any]:
    """Return for each of treated (T, P) the row of pool (N, P) nearest to it, every column in standard deviations."""
    spread = np.concatenate([treated, pool]).std(axis=0)
    scale = np.where(spread > 1e-12, spread, 1.0)
    distance = (((treated[:, None] - pool[None]) / scale) ** 2).sum(axis=2)
    return distance.argmin(axis=1)
