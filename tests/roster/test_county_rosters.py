"""Rosters that name localities: who sits where, who bridges, and what the names of localities cannot change."""

import numpy as np
import pytest

from sim.configuration import compose
from sim.engine.batch import prepare, simulate
from sim.engine.inputs import Inputs
from sim.engine.region import Region
from sim.errors import ParameterError, RosterError
from sim.model.model import CoalitionModel
from sim.roster.reading import read_folder
from sim.schema.parameters import Parameters

HEADER = "org_id,localities,monthly_need_usd,viewpoint,coalitions"
ROWS = (
    "a1,east/north,20000,0.5,x",
    "a2,east/north,30000,-0.5,x",
    "a3,east/north,10000,,",
    "b1,east/south,15000,0.1,y",
    "b2,east/south,25000,0.9,y",
    "c1,west/plain,15000,-0.8,",
    "c2,west/plain,25000,0.2,",
    "z,east/north;east/south;west/plain,60000,0.4,x;y",
)
TIES = ("a1,a2,0.9", "a2,a1,0.8", "b1,z,0.7", "a1,b1,0.6")
MONTHS = Parameters(months=12)


def write(folder, rows=ROWS, header=HEADER, ties=TIES, grants=None):
    folder.mkdir(exist_ok=True)
    (folder / "organizations.csv").write_text("\n".join(["# SYNTHETIC", header, *rows]) + "\n", encoding="utf-8")
    (folder / "ties.csv").write_text("\n".join(["from_org,to_org,trust", *ties]) + "\n", encoding="utf-8")
    if grants is not None:
        (folder / "grants.csv").write_text("\n".join(grants) + "\n", encoding="utf-8")
    return read_folder(folder, MONTHS.field)


def test_organizations_sit_where_the_roster_says(tmp_path):
    tables = write(tmp_path)
    region = prepare(MONTHS, tables)
    assert isinstance(region, Region)
    assert region.n_slots.tolist() == [4, 3, 3]
    assert region.state.tolist() == [0, 0, 1]
    roster = region.field.roster
    assert roster.need_usd.tolist() == [20000, 30000, 10000, 20000, 15000, 25000, 20000, 15000, 25000, 20000]
    assert roster.member.reshape(-1)[:4].tolist() == [True, True, False, True]  # x, without the empty third
    assert len(roster.member) == 4 + 3  # y in the south; in the plain nobody shares a coalition
    assert np.isnan(roster.trust).sum() == 16 - 2 + 9 - 1, "a tie between localities joins nobody"
    assert roster.trust[1] == 0.9


def test_one_with_several_seats_is_a_bridge_and_spends_an_equal_part_at_each(tmp_path):
    region = prepare(MONTHS, write(tmp_path))
    assert region.bridges.seats.tolist() == [[3, 6, 9]]
    assert len(set(region.field.roster.key[[3, 6, 9]])) == 1
    region.run(1)
    organizations = region.field.world.organizations
    if organizations.is_open[[3, 6, 9]].all():
        assert np.ptp(organizations.viewpoint[[3, 6, 9]]) == 0.0


def test_one_locality_for_all_is_as_if_none_were_named(tmp_path):
    named = write(
        tmp_path, [row.replace("east/north;east/south;west/plain", "here") for row in ROWS[:3]], ties=TIES[:2]
    )
    assert named.localities is None
    assert isinstance(prepare(MONTHS, named), Inputs)


def test_names_of_localities_and_the_order_of_lines_change_nothing(tmp_path):
    one = simulate(MONTHS, [4], roster=write(tmp_path))
    renamed = [row.replace("north", "n1").replace("south", "n2").replace("plain", "p") for row in reversed(ROWS)]
    other = simulate(MONTHS, [4], roster=write(tmp_path, renamed))
    assert one.localities.equals(other.localities)
    assert one.months.equals(other.months)
    assert len(one.localities) == 3


def test_a_county_roster_runs_from_its_folder_with_a_funder_of_the_state(tmp_path):
    grants = ("line,award_usd_per_year,funder_level", "county,100000,state")
    write(tmp_path, grants=grants)
    parameters = compose([f"field.folder={tmp_path}", "months=14"]).parameters
    tables = read_folder(tmp_path, parameters.field)
    assert tables.programmes is not None
    assert tables.programmes["county"].funder_level == "state"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((*ROWS, "q,,1000,,"), "organizations.csv:11: column 'localities': empty; name the locality"),
        ((*ROWS, "q,east/lonely,1000,,"), "column 'localities': text names a locality that no other line names"),
        ((*ROWS, "q,a/b/c,1000,,", "r,a/b/c,1000,,"), "column 'localities': text has two slashes"),
        ((*ROWS, "q,east/north;,1000,,"), "column 'localities': empty name in a list"),
    ],
)
def test_what_is_wrong_with_a_locality_is_said_with_its_line(tmp_path, rows, message):
    with pytest.raises(RosterError, match=message.replace("/", "/")):
        write(tmp_path, rows)


def test_the_mesa_face_refuses_a_roster_of_many_localities(tmp_path):
    with pytest.raises(ParameterError, match="one locality"):
        CoalitionModel(MONTHS, 1, write(tmp_path))


def test_codes_of_localities_stay_out_of_results(tmp_path):
    results = simulate(MONTHS, [1], roster=write(tmp_path))
    text = results.localities.to_csv() + results.months.to_csv() + str(results.manifest)
    assert not any(name in text for name in ("north", "south", "plain", "east"))
