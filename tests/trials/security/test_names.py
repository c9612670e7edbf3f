"""Sixty hostile names in every output: none runs, none is lost, none breaks it; and none leads out of the results."""

import pytest

from sim.commands.runs import place_folder
from sim.errors import ConfigurationError
from sim.schema.settable import NAME_PATTERN
from tests.trials.security import outputs
from tests.trials.security.names import NAMES, PATHS

FEW = (NAMES[0], "\t=1", r"$\undefined$", "_Hidden Shelter", "\u202eretlehs\u202c", "東京シェルター")


def test_there_are_sixty_names_and_forty_paths():
    assert len(set(NAMES)) == 60
    assert len(set(PATHS)) >= 40
    assert set(FEW) <= set(NAMES)


@pytest.mark.parametrize("what", ["table for spreadsheets", "explorer"])
def test_no_name_runs_is_lost_or_breaks_an_output(what):
    assert outputs.SURFACES[what](NAMES if what != "explorer" else NAMES[::5]) == []


def test_no_name_is_taken_by_the_app_or_breaks_its_answer():
    assert outputs.find_lost_in_app(FEW[:1]) == []


@pytest.mark.nightly
@pytest.mark.slow
def test_a_report_shows_hostile_names_as_they_are_and_so_do_its_figures():
    assert outputs.find_lost_in_report(FEW) == []


def test_no_name_and_no_link_leads_out_of_the_results(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "results" / "drawn").mkdir(parents=True)
    (tmp_path / "results" / "linked").symlink_to(tmp_path / "outside")
    (tmp_path / "results" / "drawn" / "figures").symlink_to(tmp_path / "outside")
    for name in ("linked", "drawn", "..", "../x", "/tmp/x"):
        with pytest.raises(ConfigurationError):
            place_folder(str(tmp_path / "results"), name)
    assert not [name for name in PATHS if NAME_PATTERN.fullmatch(name)]
    assert place_folder(str(tmp_path / "results"), "good") == tmp_path / "results" / "good"


@pytest.mark.nightly
@pytest.mark.slow
def test_every_name_in_every_output():
    assert [row for row in outputs.measure() if row["lost"]] == []
