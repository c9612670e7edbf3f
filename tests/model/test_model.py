"""The Mesa face: the same run as the engine's, by month, by process, copied, viewed."""

import copy
import gc
import pickle
import subprocess
import sys
import weakref
from dataclasses import replace

import pandas as pd
import pytest

from sim.engine import batch
from sim.model.model import CoalitionModel, Organization
from sim.schema.parameters import Field, Mechanisms, Parameters
from sim.schema.regimes import Programme, Regime, Shock

LINES = {
    "services": Programme(award_usd_per_year=100_000, stance_low=0.0, money_share=0.6, ambiguity=0.3),
    "joint": Programme(award_usd_per_year=150_000, applicant="coalition", money_share=0.4, round_interval_months=6),
}
GIVEN = Parameters(field=Field(n_organizations=10), regime=Regime("given", "", LINES), months=30)
SHOCKED = replace(GIVEN, regime=Regime(), shock=Shock("total_cut", month=5))


class Doubled(CoalitionModel):
    """One process in Python, which calls the compiled one."""

    months_met = ()

    def meet(self):
        self.months_met += (self.month,)
        super().meet()


class Still(CoalitionModel):
    def drift(self):
        pass


class NoCalendar(CoalitionModel):
    def apply_calendar(self):
        pass


class Broken(CoalitionModel):
    def dissolve(self):
        if self.month == 2:
            raise ValueError("month two")


def each_process_replaced():
    def call(name):
        return lambda self: getattr(super(kind, self), name)()

    from sim.model.model import METHODS

    kind = type("EachProcess", (CoalitionModel,), {name: call(name) for name in METHODS})
    return kind


def assert_same(one, other):
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    numbers = one.select_dtypes("number").columns
    assert one[numbers].to_numpy().tobytes() == other[numbers].to_numpy().tobytes()


@pytest.mark.parametrize("parameters", [GIVEN, SHOCKED], ids=["given", "shocked"])
@pytest.mark.parametrize("kind", [CoalitionModel, Doubled, each_process_replaced()])
def test_steps_equal_compiled_run(parameters, kind):
    model = kind(parameters, seed=3)
    for _ in range(30):
        model.step()
    expected = batch.simulate(parameters, [3]).months
    assert_same(model.to_frame(), expected)
    assert expected["exits"].sum() + expected["joins"].sum() > 0
    assert len(model._parts) == {CoalitionModel: 1, Doubled: 3}.get(kind, 13)


def test_success_rate_survives_partial_calls():
    model = Doubled(GIVEN, seed=3)
    model.run(13)
    assert model.to_frame()["success_rate"].notna().any()
    assert model.months_met == tuple(range(1, 14))


@pytest.mark.parametrize(("kind", "name"), [(Still, "drift"), (NoCalendar, "apply_calendar")])
def test_replacing_a_process_by_nothing_equals_its_switch(kind, name):
    model = kind(GIVEN, seed=2)
    model.run(30)
    without = replace(GIVEN, mechanisms=Mechanisms(**{name: False}))
    assert_same(model.to_frame(), batch.simulate(without, [2]).months)
    if name == "drift":
        assert not model.to_frame().equals(batch.simulate(GIVEN, [2]).months)


@pytest.mark.parametrize("has_agents", [False, True])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_continue_alike_and_apart(duplicate, has_agents):
    model = CoalitionModel(GIVEN, seed=5)
    model.run(6)
    if has_agents:
        assert len(model.agents) == 10
    other = duplicate(model)
    before = model.to_frame()
    other.run(24)
    assert_same(model.to_frame(), before)
    model.run(24)
    assert_same(model.to_frame(), other.to_frame())
    other.organizations[0].viewpoint = 0.125
    assert model.organizations[0].viewpoint != 0.125
    assert other.organizations[0].model is other
    pd.testing.assert_frame_equal(
        model.datacollector.get_model_vars_dataframe(), other.datacollector.get_model_vars_dataframe()
    )


def test_models_are_freed():
    model = CoalitionModel(GIVEN, seed=1)
    model.step()
    assert len(model.agents) == 10
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None


def test_agents_are_made_when_asked_for():
    model = CoalitionModel(GIVEN, seed=1)
    model.run(3)
    assert model._organizations is None
    assert len(model.agents_by_type[Organization]) == 10
    assert [one.row for one in model.agents] == list(range(10))
    assert model.agent_types == [Organization]


def test_views_read_and_write():
    model = CoalitionModel(GIVEN, seed=4)
    one = model.organizations[2]
    assert type(one.viewpoint) is float and type(one.n_memberships) is int and type(one.is_open) is bool
    one.stance = 0.25
    assert model.world.organizations.stance[2] == 0.25
    with pytest.raises(ValueError, match="stance = 3"):
        one.stance = 3
    endowed, before = model.world.environment.ledger[0], one.reserve_cents
    one.reserve_cents = before + 700
    assert one.reserve_cents == before + 700
    assert model.world.environment.ledger[0] == endowed + 700
    assert sum(one.mix.values()) == pytest.approx(1)
    assert one.sector in GIVEN.field.sectors
    coalition = model.coalitions[0]
    assert len(coalition.members) == coalition.size
    assert coalition.number in [its.number for its in coalition.members[0].coalitions]
    coalition.depth = 0.5
    assert model.world.coalitions.depth[coalition.row] == 0.5
    model.world.coalitions.is_active[coalition.row] = False
    with pytest.raises(LookupError, match="has ended"):
        _ = coalition.depth
    assert [funder.name for funder in model.funders] == ["joint", "services"]
    model.funders[1].pot_cents = 5
    assert model.world.programmes.pot_cents[1] == 5
    assert model.funders[0].is_joint


def test_collected_columns_are_those_of_the_months():
    model = CoalitionModel(GIVEN, seed=1)
    model.run(4)
    collected = model.datacollector.get_model_vars_dataframe()
    assert len(collected) == 5
    for name in collected:
        assert collected[name].tolist() == model.to_frame()[name].tolist()
    assert model.latest["n_open"] == model.to_frame()["n_open"].iloc[-1]


def test_failed_month_ends_the_model():
    model = Broken(GIVEN, seed=1)
    model.step()
    with pytest.raises(ValueError, match="month two"):
        model.step()
    assert model.running is False
    with pytest.raises(RuntimeError, match="month 2 of this model failed"):
        model.step()
    assert model.to_frame()["month"].tolist() == [0, 1]


def test_engine_does_not_import_mesa():
    code = "import sys, sim.engine.batch; sys.exit('mesa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
