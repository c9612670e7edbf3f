"""From a folder of CSV files to results: the shipped rosters and two networks observed in the field."""

import pytest

import sim
from tests.emon import convert_emon


@pytest.mark.parametrize("name", ["city18", "rural9", "statewide60"])
def test_a_shipped_roster_runs_with_its_own_number_of_organizations(name):
    results = sim.run([f"field={name}", "months=12"], seeds=2)
    n = int("".join(character for character in name if character.isdigit()))
    assert results.manifest["n_organizations"] == n
    assert results.months.loc[results.months["month"] == 0, "n_open"].tolist() == [n, n]


@pytest.mark.slow
@pytest.mark.parametrize("network", ["emon_texas", "emon_wichita"])
def test_an_observed_network_runs_and_shows_no_id_of_its_own(network, tmp_path):
    convert_emon(network, tmp_path)
    results = sim.run([f"field.folder={tmp_path}", "regime=mixed", "months=24"], seeds=3)
    assert len(results.months) == 3 * 25
    assert results.months["collaboration_share"].between(0, 1).all()
    trust = results.months.loc[results.months["month"] == 0, "mean_trust"]
    (tmp_path / "ties.csv").unlink()
    bare = sim.run([f"field.folder={tmp_path}", "regime=mixed", "months=1"], seeds=3).months
    assert abs(trust.mean() - bare.loc[bare["month"] == 0, "mean_trust"].mean()) > 0.02
    assert results.events["organization"].between(0, results.manifest["n_organizations"]).all()


@pytest.mark.slow
def test_own_grants_apply_unless_a_regime_is_chosen():
    assert sim.run(["field=rural9", "months=12"]).runs["regime"].tolist() == ["own_grants"]
    assert sim.run(["field=rural9", "regime=lottery", "months=12"]).runs["regime"].tolist() == ["lottery"]
