"""The verbs sensitivity, scenarios and robustness on tiny sweeps of the model, and how mistakes are told."""

import json

import pandas as pd
import pytest

from sim.__main__ import main
from sim.text import CAUTION
from tests.sealing import seal_anew

RANGES = ("memberships.turf_weight=0..3", "grants.annual_usd_per_organization=10000..200000")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = tmp_path_factory.mktemp("analyses")
    short = ("months=24", "field.n_organizations=8", "--results", str(root), "--quiet", "--workers", "1")
    assert main(["sweep", *RANGES, "name=drawn", "seeds=2", "--n", "64", "--set", "shock=none,total_cut", *short]) == 0
    assert main(["sweep", *RANGES, "name=indices", "seeds=1", "--sample", "saltelli", "--n", "8", *short]) == 0
    assert main(["sweep", "regime=none,lottery", "name=grid", "seeds=2", *short]) == 0
    return root


def call(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


@pytest.mark.slow
def test_sensitivity_writes_its_table_and_says_it(results, capsys):
    code, out, err = call(capsys, "sensitivity", results / "indices", "--outcome", "exit_rate")
    assert (code, err) == (0, "")
    assert "(exit_rate): " in out
    table = pd.read_csv(results / "indices" / "sensitivity.csv")
    assert set(table["parameter"]) == {word.partition("=")[0] for word in RANGES}
    assert set(table["method"]) == {"sobol"}


def test_scenarios_writes_its_boxes(results, capsys):
    code, out, _ = call(capsys, "scenarios", results / "drawn", "--when", "collaboration_end < 0.3")
    assert code == 0
    assert "on points held out" in out
    table = pd.read_csv(results / "drawn" / "scenarios.csv")
    assert {"prim", "cart"} == set(table["method"])
    assert table["density"].between(0, 1).all()


def test_robustness_compares_on_the_same_sets_and_seeds(results, capsys):
    code, out, _ = call(capsys, "robustness", results / "drawn", "--json")
    told = json.loads(out)
    assert code == 0
    runs = pd.read_parquet(results / "drawn" / "runs.parquet")
    wide = runs.pivot_table(index=["turf_weight", "seed"], columns="shock", values="collaboration_end")
    expected = (wide["total_cut"] - wide["none"]).mean()
    row = told["rows"][0]
    assert (row["lever"], row["outcome"], row["n_sets"]) == ("total_cut", "collaboration_end", 64)
    assert row["mean"] == pytest.approx(expected)
    assert told["caution"].startswith("An illustrative model")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sensitivity", "grid"), "draws no sample"),
        (("robustness", "grid"), "has a single set of parameters"),
        (("robustness", "indices"), "has a single policy"),
        (("scenarios", "grid", "--when", "exit_rate > 0"), "2 points are too few"),
        (("sensitivity", "nowhere"), "no manifest.json there"),
        (("sensitivity", "indices", "extra"), "'extra' is too much here"),
    ],
)
def test_mistakes_are_told_in_a_line(results, capsys, words, told):
    verb, name, *rest = words
    code, out, err = call(capsys, verb, results / name, *rest)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_the_caution_stands_under_every_table(results, capsys):
    assert call(capsys, "robustness", results / "drawn")[1].strip().endswith(CAUTION)


def test_printed_names_stand_beside_what_figures_call_them(tmp_path):
    import pandas as pd

    from sim.commands.analyses import name_words

    seal_anew(tmp_path, labels={"regime": {"population_silo": "Population silos"}})
    table = pd.DataFrame(
        {"parameter": ["field.viewpoint_spread", "(none)"], "outcome": ["coverage_end", "verdict == fragments"],
         "lever": ["population_silo", "grants.luck=0.5"], "mean": [0.5, 0.25]}
    )  # fmt: skip
    named = name_words(table, tmp_path)
    assert named["parameter"].tolist() == [
        "Distance of each pole's group from the middle (field.viewpoint_spread)",
        "(none)",
    ]
    assert named["outcome"].tolist() == ["Coverage at the end (coverage_end)", "Fragments (verdict == fragments)"]
    assert named["lever"].tolist() == ["Population silos (population_silo)", "luck 0.5 (grants.luck=0.5)"]
    assert named["mean"].tolist() == [0.5, 0.25]
