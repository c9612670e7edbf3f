"""Which row of a sample each run belongs to, checked: the sample is drawn anew and compared with the runs' columns.

Sobol and Morris need every row of their sample in its place. What a parameter was in a run stands in that run's own
column, under its own name; a sample drawn anew that says otherwise is not the one that was run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.reading import Sweep, Table
from sim.errors import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.configuration.designs.axes import Axis


def bind_sample(sweep: Sweep) -> tuple[list[str], NDArray[np.float64]]:
    """Return the sampled names and the sample's shares in [0, 1] (rows, names), a column a name in this order.

    Raises `AnalysisError` where a run's columns hold other values than its row of the sample.
    """
    from sim.configuration.designs import read_design
    from sim.errors import ConfigurationError

    try:
        sample = read_design({"sample": sweep.sample}).sample
    except ConfigurationError as problem:
        raise AnalysisError(
            f"the sample in the manifest cannot be drawn anew ({problem}); run the sweep again"
        ) from None
    assert sample is not None
    shares, rows = sample.draw(), sweep.number_scenarios().to_numpy()
    for place, axis in enumerate(sample.axes):
        drawn = [axis.value(share) for share in shares[:, place].tolist()]
        _compare(sweep, axis, drawn, rows)
    return [axis.name for axis in sample.axes], shares


def _compare(sweep: Sweep, axis: Axis, drawn: list[Any], rows: NDArray[Any]) -> None:
    """Raise `AnalysisError` where the runs' own column differs from what was drawn for their rows."""
    held = sweep.runs[sweep.scenarios[axis.name]]
    expected = pd.Series(drawn).iloc[rows].to_numpy()
    is_same = _find_same(held, expected)
    if is_same.all():
        return
    first = int(np.argmin(is_same))
    raise AnalysisError(
        f"{axis.name}: is {held.iloc[first]} in run {first + 1} of the table, but {expected[first]} in its row of the "
        f"{sweep.method} sample drawn anew ({np.count_nonzero(~is_same):,} of {len(held):,} runs differ), so that "
        "effects would go to the wrong parameters; run the sweep again under another name=…"
    )


def _find_same(held: Table, expected: NDArray[Any]) -> NDArray[np.bool_]:
    if pd.api.types.is_numeric_dtype(held) and held.dtype != bool and np.issubdtype(expected.dtype, np.number):
        return np.isclose(held.to_numpy(dtype=float), expected.astype(float), rtol=1e-9, atol=0.0)
    return held.astype(str).to_numpy(dtype=object) == np.array([str(one) for one in expected], dtype=object)
