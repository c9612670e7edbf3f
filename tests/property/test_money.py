"""The books balance to the cent in any world."""

import dataclasses
import functools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import columns
from sim.configuration import compose
from sim.engine import run_compiled
from sim.inputs import Inputs

REGIMES = (
    "unrestricted", "competitive", "lottery", "formula_broad", "hub_sub_awards", "paired_lead", "population_silo",
    "viewpoint_conditional", "viewpoint_conditional_mirrored", "collaboration_required", "mixed", "none",
)  # fmt: skip
SHOCKS = ("none", "total_cut", "stream_shift", "short_terms", "new_condition")


@functools.cache
def read_regime(name):
    return compose([f"regime={name}"]).parameters


@st.composite
def worlds(draw):
    """Draw a setting and a seed; return the world at the end of the run and the setting."""
    base = read_regime(draw(st.sampled_from(REGIMES)))
    shock = dataclasses.replace(
        base.shock,
        name=draw(st.sampled_from(SHOCKS)),
        month=draw(st.integers(1, 50)),
        cut_share=draw(st.sampled_from([0.0, 0.333, 0.5, 1.0])),
        term_months=draw(st.integers(1, 40)),
    )
    parameters = dataclasses.replace(
        base,
        shock=shock,
        months=draw(st.integers(1, 60)),
        field=dataclasses.replace(base.field, n_organizations=draw(st.integers(2, 30))),
        grants=dataclasses.replace(
            base.grants,
            annual_usd_per_organization=float(draw(st.sampled_from([0, 1, 777, 30_000, 110_000, 1_234_567]))),
        ),
        accounts=dataclasses.replace(
            base.accounts,
            closure_grace_months=draw(st.integers(1, 9)),
            closure_rate=draw(st.sampled_from([0.06, 0.5, 1.0])),
            opening_rate=draw(st.sampled_from([0.0, 0.03, 0.5])),
            donation_share=draw(st.sampled_from([0.0, 0.3])),
        ),
    )
    inputs = Inputs(parameters)
    rows = run_compiled(inputs, [draw(st.integers(1, 2**53 - 1))], keep_events=False).rows
    return inputs.world, rows[0], parameters


@settings(max_examples=80)
@given(case=worlds())
def test_no_cent_is_lost_or_made(case):
    world, rows, parameters = case
    books, organizations = world.environment.ledger, world.organizations
    held = int(organizations.reserve_cents[organizations.is_open].sum())
    income = int(books[columns.ENDOWED] + books[columns.OWN] + books[columns.DONATED] + books[columns.PAID])
    assert held == income - int(books[columns.SPENT] + books[columns.WRITTEN_OFF])
    promised = int(organizations.award_cents.sum())
    assert books[columns.COMMITTED] == books[columns.PAID] + books[columns.RETURNED] + promised
    assert books[columns.BUDGETED] == books[columns.COMMITTED] + books[columns.UNSPENT]
    assert abs(rows.awarded_usd.sum() * 100 - books[columns.COMMITTED]) < 0.5
    signed = (columns.WRITTEN_OFF,)  # an organization may close in debt
    assert all(books[item] >= 0 for item in range(len(columns.LEDGER)) if item not in signed)
    for name in ("need_cents", "own_income_cents", "award_cents", "award_months", "cost_cents", "deficit_months"):
        assert (getattr(organizations, name) >= 0).all(), name
    assert (organizations.award_months[organizations.award_cents > 0] > 0).all()
    closed = ~organizations.is_open
    assert not organizations.reserve_cents[closed].any()
    assert not organizations.award_cents[closed].any()
    assert (world.programmes.pot_cents >= 0).all()
    if parameters.grants.annual_usd_per_organization == 0:
        assert books[columns.COMMITTED] == 0
        assert not rows.awarded_usd.any()
        assert np.isnan(rows.success_rate).all()
