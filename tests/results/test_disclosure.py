"""What is handed on of a roster: small groups held back, ways hidden, invented ones left as they are."""

import dataclasses

import pandas as pd
import pytest

from sim.commands.draw import _read_names
from sim.configuration import compose
from sim.errors import ConfigurationError, ParameterError
from sim.results.disclosure import (
    SMALLEST_GROUP,
    count_names,
    describe_roster,
    hide_place,
    hide_places,
    is_own,
    list_small,
    merge_rosters,
    tell_roster,
    withhold,
)
from sim.roster.reading import read_folder
from sim.schema.parameters import Field
from sim.sweep.manifest import _describe_rosters
from sim.sweep.plan import make_plan
from tests.test_docs import ROOT


def write_roster(folder, n_minors, head=""):
    """Write a roster of 10 of which `n_minors` serve minors and the rest the community at large."""
    rows = [f"o{at},{'minors' if at < n_minors else 'community_at_large'}\n" for at in range(10)]
    folder.mkdir(exist_ok=True)
    (folder / "organizations.csv").write_text(f"{head}org_id,populations_served\n{''.join(rows)}")
    return folder


@pytest.mark.parametrize(
    ("n", "small"), [(0, []), (1, ["minors"]), (4, ["minors"]), (5, []), (7, ["community_at_large"])]
)
def test_a_population_with_fewer_than_five_providers_is_small(n, small, tmp_path):
    found = describe_roster(read_folder(write_roster(tmp_path / "a", n), Field()), Field())
    assert SMALLEST_GROUP == 5
    assert list_small({"roster": found}) == small


def test_small_populations_and_localities_are_withheld_of_an_own_roster_alone(tmp_path):
    frame = pd.DataFrame({"served_of_minors": [1.0], "unmet_of_minors": [2.0], "served_of_community_at_large": [3.0]})
    places = pd.DataFrame({"locality": [1, 2, 3], "n_organizations": [4, 5, 6]})
    own = {"roster": describe_roster(read_folder(write_roster(tmp_path / "a", 2), Field()), Field())}
    invented = write_roster(tmp_path / "b", 2, "# SYNTHETIC\n")
    shipped = {"roster": describe_roster(read_folder(invented, Field()), Field())}
    assert is_own(own)
    assert list(withhold(frame, own).columns) == ["served_of_community_at_large"]
    assert withhold(places, own)["locality"].tolist() == [2, 3]
    assert "minors" in tell_roster(own)
    for manifest in (shipped, {}, {"roster": None}):
        assert withhold(frame, manifest).equals(frame)
        assert withhold(places, manifest).equals(places)
        assert tell_roster(manifest) == ""


def test_what_is_small_in_one_of_several_rosters_is_small(tmp_path):
    found = [describe_roster(read_folder(write_roster(tmp_path / "a", n), Field()), Field()) for n in (2, 7)]
    merged = merge_rosters([None, *found])
    assert merged["small_populations"] == ["minors", "community_at_large"]
    assert not merged["is_synthetic"]
    assert merge_rosters([None]) is None


@pytest.mark.slow
def test_a_sweep_says_of_its_roster_what_a_run_does(tmp_path):
    folder = write_roster(tmp_path / "a", 3)
    plan = make_plan(compose([f"field.folder={folder}", "months=3"]))
    assert _describe_rosters(plan)["small_populations"] == ["minors"]
    (folder / "organizations.csv").unlink()  # of one that has gone, all groups are small
    assert _describe_rosters(plan)["small_populations"] == Field().populations
    assert _describe_rosters(make_plan(compose(["months=3"]))) is None


def test_codes_are_shown_only_of_the_roster_that_the_runs_were_made_with(tmp_path):
    folder = write_roster(tmp_path / "a", 3)
    field = dataclasses.asdict(Field()) | {"folder": str(folder)}
    parameters = dataclasses.asdict(compose(["months=3"]).parameters) | {"field": field}
    roster = describe_roster(read_folder(folder, Field()), Field())
    manifest = {"settings": [parameters], "roster": roster}
    assert _read_names(manifest) == {at: f"o{at - 1}" for at in range(1, 11)}
    kept = hide_places(manifest)
    assert kept["settings"][0]["field"]["folder"] == "…/a"
    assert _read_names(kept, str(folder)) == _read_names(manifest)
    with pytest.raises(ParameterError, match="--roster DIR"):
        _read_names(kept)
    write_roster(tmp_path / "a", 4)
    with pytest.raises(ConfigurationError, match="has changed since the run"):
        _read_names(manifest)
    with pytest.raises(ConfigurationError, match="not of a roster"):
        _read_names({"settings": [parameters | {"field": field | {"folder": None}}]})


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("field.folder=/home/someone/rosters/my_city", "field.folder=…/my_city"),
        ("field.folder=../clients/my_city/", "field.folder=…/my_city"),
        ("field.folder=~/my_city", "field.folder=…/my_city"),
        ("field.folder=rosters/city18", "field.folder=rosters/city18"),
        ("field.folder=/a/one,/b/two", "field.folder=…/one,…/two"),
        ("field.folder='/a/my city'", "field.folder='…/my city'"),
        ("field.folder=clients/../../my_city", "field.folder=…/my_city"),
        (r"field.folder=C:\Users\someone\my_city", "field.folder=…/my_city"),
        ("--results=/tmp/kept", "--results=…/kept"),
        ("/home/a=b/kept", "…/kept"),
        ("field.folder=clients/my_city", "field.folder=clients/my_city"),
        ("field.folder=…/my_city", "field.folder=…/my_city"),
        ("~regime.programmes.open", "~regime.programmes.open"),
        ("grants.luck=0.5", "grants.luck=0.5"),
        ("seeds=20", "seeds=20"),
    ],
)
def test_a_command_that_is_handed_on_names_no_folders_above_the_last(word, shown):
    assert hide_place(word) == shown


def test_ids_that_read_like_names_are_counted():
    names = ["Harbor House", "police", "Straße der Hilfe", "St. Mary 2"]
    codes = ["org-01", "a", "7", "ngo_3", "agency12", "A-B-C"]
    assert count_names(names) == len(names)
    assert count_names(codes) == 0
    for folder in (ROOT / "configs" / "rosters").iterdir():
        assert count_names(read_folder(folder, Field()).ids) == 0
