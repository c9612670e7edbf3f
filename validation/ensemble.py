"""The parameter sets that patterns are tested on: the calibrated ensemble, or provisional ones where it is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sim.configuration.designs import get_value
from sim.configuration.options import configuration_folder
from sim.schema.parameters import Parameters, declarations

N_PROVISIONAL, SPREAD = 40, 0.3
PROVISIONAL = (
    "field.own_income_share",
    "accounts.donation_share",
    "accounts.austerity",
    "grants.annual_usd_per_organization",
    "meetings.baseline_trust",
    "meetings.trust_gain",
    "staff.turnover_trust_loss",
    "memberships.review_share",
    "memberships.complementarity_weight",
    "memberships.trust_weight",
    "memberships.viewpoint_weight",
    "memberships.turf_weight",
    "memberships.size_benefit",
    "memberships.size_cost",
    "memberships.membership_threshold",
)


def read_sets(path: Path | None = None) -> tuple[pd.DataFrame, bool]:
    """Return the sets (index `set`, a column a parameter by dotted name) and whether they are calibrated."""
    path = path or Path(configuration_folder()) / "calibration" / "ensemble.csv"
    if not path.exists():
        return draw_provisional(), False
    from sim.configuration.designs.ensemble import read_ensemble

    return read_ensemble(path), True


def draw_provisional() -> pd.DataFrame:
    """Return sets drawn evenly within 30 % of the defaults of some parameters; the same ones every time."""
    draws = np.random.default_rng(20_170_829).uniform(1 - SPREAD, 1 + SPREAD, (N_PROVISIONAL, len(PROVISIONAL)))
    plain, declared = Parameters(), dict(declarations())
    table = pd.DataFrame(
        {
            name: np.clip(
                get_value(plain, name) * draws[:, at], declared[name].metadata["low"], declared[name].metadata["high"]
            )
            for at, name in enumerate(PROVISIONAL)
        }
    )
    table.index = pd.RangeIndex(1, len(table) + 1, name="set")
    return table
