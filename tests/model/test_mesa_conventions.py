"""What Mesa's users expect of a model: its arguments, its seeds, its end, and `batch_run` on both lines of Mesa."""

import multiprocessing
import warnings
from dataclasses import replace
from inspect import signature

import mesa
import numpy as np
import pandas as pd
import pytest
from mesa.batchrunner import batch_run

import sim
from sim.configuration import compose
from sim.engine import batch as engine
from sim.errors import ConfigurationError, ParameterError
from sim.model.model import CoalitionModel
from sim.schema.parameters import Field, Parameters

SMALL = replace(Parameters(), field=Field(n_organizations=6), months=5)
WORDS = ["regime=mixed", "field.n_organizations=6", "months=5"]
TREE = {"regime": "mixed", "field.n_organizations": 6, "months": 5}
HAS_SCENARIOS = "scenario" in signature(mesa.Model.__init__).parameters
WRONG_SEEDS = (-1, 1.7, "3", True, np.True_, np.float64(2), 2**53, [1], object())


def as_numbers(model):
    return model.to_frame().select_dtypes("number").to_numpy().tobytes()


def run(*arguments, **words):
    model = CoalitionModel(*arguments, **words)
    model.run_model()
    return as_numbers(model)


class Plain(CoalitionModel):
    def drift(self):
        pass


class Passing(CoalitionModel):
    """A subclass that passes on whatever it is given, and says nothing of it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


class Own(CoalitionModel):
    """A subclass with a parameter of its own."""

    def __init__(self, patience=1, **kwargs):
        super().__init__(WORDS, **kwargs)
        self.patience = patience


def test_a_model_ends_with_its_last_month():
    model = CoalitionModel(SMALL, seed=3)
    model.run_model()
    assert (model.month, model.running) == (5, False)
    expected = engine.simulate(SMALL, [3]).months
    pd.testing.assert_frame_equal(model.to_frame(), expected, check_exact=True)
    model.run(7)
    assert model.month == 5
    assert CoalitionModel(seed=3).parameters.months == 120


def test_all_forms_of_parameters_mean_the_same_run():
    parameters = compose(WORDS).parameters
    expected = run(parameters, seed=2)
    assert expected != run(SMALL, seed=2)
    assert run(parameters, 2) == run(parameters, 2, None) == expected
    assert run(WORDS, seed=2) == run(tuple(WORDS), seed=2) == run(TREE, seed=2) == run(None, seed=2, **TREE) == expected
    assert run({"regime": "mixed"}, seed=2, months=5, **{"field.n_organizations": np.int64(6)}) == expected
    assert run(replace(parameters, months=9), seed=2, months=5) == expected
    assert run({**TREE, "months": 60}, seed=2, months=5) == expected
    assert run(scenario={**TREE, "rng": 2}) == expected


def test_all_names_of_a_seed_mean_the_same_run():
    expected = run(WORDS, seed=4)
    assert run(WORDS, rng=4) == run(WORDS, np.int64(4)) == run(WORDS, seed=np.uint8(4), rng=4) == expected
    assert run(WORDS, rng=4, scenario={"rng": 4}) == expected != run(WORDS, seed=5)
    drawn = [CoalitionModel(WORDS, seed=None) for _ in range(3)]
    assert len({model.seed for model in drawn}) == 3
    drawn[0].run_model()
    assert as_numbers(drawn[0]) == run(WORDS, seed=drawn[0].seed)
    for make in (np.random.default_rng, np.random.PCG64, np.random.SeedSequence):
        one, other = (CoalitionModel(WORDS, rng=make(8)) for _ in range(2))
        assert one.seed == other.seed > 0


@pytest.mark.parametrize("seed", WRONG_SEEDS, ids=lambda seed: type(seed).__name__)
def test_what_is_no_seed_is_refused_in_a_line(seed):
    for name in ("seed", "rng"):
        with pytest.raises(ParameterError, match=r"seed = .*whole number") as problem:
            CoalitionModel(SMALL, **{name: seed})
        assert "\n" not in str(problem.value)
    if not isinstance(seed, str):  # of `sim.run`, "3" is the word of the command line
        with pytest.raises(ConfigurationError, match=r"seeds? = .*whole number"):
            sim.compose(WORDS, [seed])
    with pytest.raises(ParameterError, match="seed"):
        engine.simulate(SMALL, [seed])


@pytest.mark.parametrize(
    "seeds",
    [np.arange(2, 4), np.array([2, 3], "u1"), [np.int64(2), 3], (2, 3), range(2, 4), {3, 2}, pd.Series([2, 3]),
     pd.DataFrame({"seed": [2, 3]})["seed"], pd.Index([2, 3]), "2-3"],
    ids=str,
)  # fmt: skip
def test_seeds_of_many_kinds(seeds):
    assert sim.compose(WORDS, seeds).seeds == [2, 3]
    found = sim.run(WORDS, seeds)
    assert found.runs["seed"].tolist() == [2, 3] == found.manifest["seeds"]
    if not isinstance(seeds, str | set):
        pd.testing.assert_frame_equal(engine.simulate(compose(WORDS).parameters, seeds).months, found.months)


@pytest.mark.parametrize(
    "seeds",
    [1.7, -1, 0, True, [], [1, 1], np.array([0.5]), {"a": 1}, None, object()],
    ids=lambda seeds: type(seeds).__name__,
)
def test_what_are_no_seeds_is_refused(seeds):
    if seeds is None:
        assert sim.compose(WORDS, None).seeds == [1]
        return
    with pytest.raises(ConfigurationError, match=r"seeds? = "):
        sim.compose(WORDS, seeds)


@pytest.mark.parametrize(
    ("arguments", "words", "told"),
    [
        (("regime=mixed",), {}, "list of words"),
        ((3,), {}, "list of words"),
        ((["regime=mixde"],), {}, "mixed"),
        ((), {"monhts": 3}, "months"),
        ((), {"months": 0}, "months"),
        ((), {"months": "many"}, "months"),
        ((["seeds=3"],), {}, "seed="),
        (({"name": "mine"},), {}, "name"),
        ((SMALL,), {"regime": "mixed"}, "regime=mixed"),
        ((["regime=mixed,none"],), {}, "regime"),
        ((), {"seed": 1, "rng": 2}, "one seed"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(arguments, words, told):
    with pytest.raises((ParameterError, ConfigurationError)) as problem:
        CoalitionModel(*arguments, **words)
    assert told in str(problem.value) and "\n" not in str(problem.value)


def test_months_to_run_are_a_whole_number():
    model = CoalitionModel(SMALL, seed=1)
    with pytest.raises(ValueError, match="months = -3"):
        model.run(-3)
    for wrong in (2.5, 2.0, "2", None, True, float("nan")):
        with pytest.raises(TypeError, match=rf"^months = {wrong!r}: must be a whole number of 0 or more"):
            model.run(wrong)
    model.run(np.int64(2))
    assert model.month == 2


def test_an_organization_cannot_be_removed():
    model = CoalitionModel(SMALL, seed=1)
    with pytest.raises(NotImplementedError, match="organization 1 cannot be removed"):
        model.agents[0].remove()
    assert len(model.agents) == 6


def test_the_roster_of_a_field_is_read():
    model = CoalitionModel(["field=city18", "months=2"], seed=1)
    model.run_model()
    expected = sim.run(["field=city18", "months=2"], seeds=[1]).months
    numbers = expected.select_dtypes("number").columns
    pd.testing.assert_frame_equal(model.to_frame()[numbers], expected[numbers], check_exact=True)


def batch(kind, parameters, **words):
    before = multiprocessing.get_start_method(allow_none=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return batch_run(kind, parameters, display_progress=False, **words)
    finally:
        multiprocessing.set_start_method(before, force=True)  # Mesa 3.5 changes it for the whole process


def assert_same_end(model, row):
    """Hold a model run to its end against a row of `batch_run`, which on Mesa 3.3 tells the last month but one."""
    model.run_model()
    assert row["Step"] == (5 if HAS_SCENARIOS else 4)
    months = model.to_frame().set_index("month")
    assert row["collaboration_share"] == months["collaboration_share"][row["Step"]]


@pytest.mark.parametrize("kind", [CoalitionModel, Plain, Passing])
def test_batches_of_mesa(kind):
    given = {"regime": ["mixed", "none"], "field.n_organizations": 6, "months": 5}
    found = batch(kind, given, iterations=3)
    assert len(found) == 6 == len({one["seed"] for one in found}), "each run has a seed of its own"
    assert {one["Step"] for one in found} <= {4, 5}
    for one in found[:2]:
        again = kind(["regime=" + one["regime"], *WORDS[1:]], seed=one["seed"])
        assert_same_end(again, one)
    assert len(batch(kind, given)) == 2


@pytest.mark.parametrize("kind", [CoalitionModel, Plain, Passing, Own])
def test_batches_with_seeds(kind):
    given = {"months": 5}
    if HAS_SCENARIOS:
        found = batch(kind, given, rng=[7, 8])
    else:
        found = batch(kind, {**given, "seed": [7, 8]}) if kind is not Passing else batch(kind, {**given, "rng": [7, 8]})
    assert [one["seed"] for one in found] == [7, 8]
    expected = [kind(seed=seed, months=5) for seed in (7, 8)]
    for one, model in zip(found, expected, strict=True):
        assert_same_end(model, one)


@pytest.mark.skipif(not HAS_SCENARIOS, reason="Mesa 3.3 has no scenarios")
def test_scenarios_of_mesa():
    from mesa.experimental.scenarios import Scenario

    class City(Scenario):
        regime: str = "mixed"
        months: int = 9

    scenario = City(rng=4, months=5, **{"field.n_organizations": 6})
    model = CoalitionModel(scenario=scenario)
    model.run_model()
    assert as_numbers(model) == run(WORDS, seed=4)
    assert model.scenario is scenario and scenario.model is model
