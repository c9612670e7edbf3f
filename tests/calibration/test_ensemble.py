"""The committed ensemble, its reading, its use in designs and on the command line."""

import csv
from pathlib import Path

import pytest

from sim.__main__ import main
from sim.calibration.measuring import Measure
from sim.calibration.targets import TARGETS
from sim.configuration import compose, option_files
from sim.configuration.designs import read_design
from sim.configuration.designs.ensemble import ensemble_file, read_ensemble
from sim.errors import ConfigurationError

EVIDENCE = Path(__file__).parents[2] / "docs" / "calibration" / "evidence.csv"
N_SEEDS = 10


def read_evidence():
    with EVIDENCE.open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_the_ensemble_holds_two_hundred_sets_and_what_each_was_accepted_for():
    evidence = read_evidence()
    assert len(read_ensemble()) == len(evidence) >= 200
    for row in evidence:
        for target in TARGETS:
            assert target.is_met(row[target.name]), (row["set"], target.name, row[target.name])


@pytest.mark.parametrize("number", [1, 77, 200])
def test_a_set_simulated_again_meets_every_target(number):
    evidence = read_evidence()[number - 1]
    first = int(evidence["first_seed"])
    found = Measure().measure(read_ensemble().loc[number].to_dict(), list(range(first, first + N_SEEDS)))
    for target in TARGETS:
        assert found[target.name] == pytest.approx(evidence[target.name], rel=1e-9), target.name


def test_the_central_set_is_one_of_the_ensemble():
    tree = compose(["calibration=central"]).parameters
    rows = read_ensemble()
    same = [
        all(getattr(getattr(tree, name.split(".")[0]), name.split(".")[1]) == row[name] for name in rows.columns)
        for _, row in rows.iterrows()
    ]
    assert sum(same) == 1
    assert compose([]).parameters == compose(["calibration=default"]).parameters
    assert set(option_files("calibration")) == {"central", "default"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "columns must be 'set'"),
        ("set\n1\n", "columns must be 'set'"),
        ("memberships.turf_weight\n1\n", "columns must be 'set'"),
        ("set,memberships.turf_weigth\n1,1\n", "memberships.turf_weigth.*Did you mean 'memberships.turf_weight'"),
        ("set,memberships.admission\n1,open\n", "is no number of the model"),
        ("set,grants.luck,grants.luck\n1,1,1\n", "stands twice"),
        ("set,grants.luck\n", "holds no set"),
        ("set,grants.luck\n2,1\n", "row 1: set = 2"),
        ("set,grants.luck\n1,0.1\n1,0.2\n", "row 2: set = 1"),
        ("set,grants.luck\n1,0.1,3\n", "row 1 has 3 entries"),
        ("set,grants.luck\n1,\n", "set 1: grants.luck = ''"),
        ("set,grants.luck\n1,nan\n", "grants.luck = nan"),
        ("set,grants.luck\n1,99\n", r"set 1: grants.luck = 99.0 score: must lie in \[0, 5\]"),
        ("set,memberships.founding_size\n1,2.5\n", "set 1: memberships.founding_size = '2.5'"),
    ],
)
def test_a_broken_table_is_refused_with_the_place(tmp_path, text, told):
    path = tmp_path / "ensemble.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=told) as raised:
        read_ensemble(path)
    assert str(path) in str(raised.value)


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="coalitions calibrate"):
        read_ensemble(tmp_path / "none.csv")


def test_a_design_takes_the_first_sets_in_their_order():
    design = read_design({"vary": {"regime": ["none", "lottery"]}, "sample": {"method": "ensemble", "n": 3}})
    rows = read_ensemble()
    assert len(design) == 6
    assert [point["regime"] for point in design.points()] == ["none"] * 3 + ["lottery"] * 3
    for place in range(6):
        assert {name: value for name, value in design.point(place).items() if name != "regime"} == rows.loc[
            place % 3 + 1
        ].to_dict()
    assert design.describe() == f"2 regimes × 3 calibrated sets of {rows.shape[1]} parameters = 6 points"
    assert list(read_design(design.to_tree()).points()) == list(design.points())


def test_what_is_set_or_listed_is_left_out_of_the_ensemble():
    sample = {"sample": {"method": "ensemble", "n": 2}}
    for words, varied in (
        (["memberships.turf_weight=1"], sample),
        ([], sample | {"vary": {"memberships.turf_weight": [1.0, 2.0]}}),
    ):
        design = compose(words, design=varied).design
        assert design.sample.without == ("memberships.turf_weight",)
        assert [point.get("memberships.turf_weight") for point in design.points()] == (
            [None] * 2 if words else [1.0, 1.0, 2.0, 2.0]
        )


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ({"n": 100_000}, "the ensemble has"),
        ({"n": 0}, "must be a whole number"),
        ({"over": ["grants.luck"]}, "an ensemble has its own parameters"),
        ({"seed": 3}, "unknown entry"),
        ({"without": ["grants.lucky"]}, "unknown parameter"),
        ({"without": "grants.luck"}, "must be a list"),
        ({"digest": "0123456789abcdef"}, "no longer the one"),
        ({"file": "nowhere.csv"}, "no such ensemble"),
    ],
)
def test_a_wrong_sample_is_refused(sample, told):
    with pytest.raises(ConfigurationError, match=told):
        read_design({"sample": {"method": "ensemble"} | sample})


def test_no_set_of_the_ensemble_may_be_dropped():
    name = read_ensemble().columns[0]
    with pytest.raises(ConfigurationError, match="no set of the ensemble may be dropped"):
        read_design({"sample": {"method": "ensemble"}, "constraints": [f"{name} > 0"]})


def test_a_table_of_ones_own(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("set,grants.luck,memberships.founding_size\n1,0.1,3\n2,0.25,5\n")
    design = read_design({"sample": {"method": "ensemble", "file": str(path)}})
    assert list(design.points()) == [
        {"grants.luck": 0.1, "memberships.founding_size": 3},
        {"grants.luck": 0.25, "memberships.founding_size": 5},
    ]


def test_sweep_and_run_take_the_ensemble(tmp_path, capsys):
    words = ["seeds=1", "months=2", "--sample", "ensemble", "--n", "2", "--results", str(tmp_path), "--quiet"]
    assert main(["sweep", "name=swept", "regime=none,lottery", *words, "--workers", "1"]) == 0
    assert main(["run", "name=ran", *words, "--no-figures"]) == 0
    assert "4 runs, 0 failed" in capsys.readouterr().out
    import sim

    swept = sim.load_results(tmp_path / "swept").runs
    assert swept["turf_weight"].tolist() == read_ensemble()["memberships.turf_weight"].tolist()[:2] * 2
    assert len(sim.load_results(tmp_path / "ran").runs) == 2
    assert main(["sweep", "grants.luck=0..1", *words]) == 2
    assert "takes no ranges" in capsys.readouterr().err


def test_the_shipped_table_is_read_where_it_lies():
    assert ensemble_file().parts[-3:] == ("configs", "calibration", "ensemble.csv")
