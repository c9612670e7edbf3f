"""Mesa's page without a browser: its model, its frames, its controls."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

import sim
from sim.errors import ConfigurationError
from sim.model.page import SHOWN, ClassroomModel, draw_field, draw_series


@pytest.fixture(scope="module")
def model():
    model = ClassroomModel(regime="competitive", shock="total_cut", n_organizations=12, seed=3)
    model.run(20)
    return model


def test_the_command_on_the_page_gives_the_run_on_the_page(model):
    words = model.command().split()[2:]
    months = sim.run(words).months
    assert months["collaboration_share"].tolist()[:21] == list(model.frame.series["collaboration_share"])


def test_a_frame_shows_every_organization_once_with_its_name(model):
    root = ElementTree.fromstring(draw_field(model.frame))
    titles = [one.text for one in root.iter() if one.tag == "title"]
    assert [title.split(",")[0] for title in titles] == [f"Organization {number}" for number in range(1, 13)]
    assert len(list(root.iter("line"))) == len(model.frame.pairs)
    n_alone = sum("unaffiliated" in title for title in titles)
    assert f"{n_alone} organizations unaffiliated" in draw_field(model.frame)


def test_nobody_moves_while_the_run_is_watched(model):
    before = model.frame
    model.step()
    assert model.frame.positions == before.positions
    assert model.frame.month == before.month + 1
    assert len(before.series["mean_trust"]) == before.month + 1  # a frame never changes


def test_each_line_has_a_style_and_a_label_of_its_own(model):
    text = draw_series(model.frame, 120)
    assert len(set(re.findall(r'polyline[^>]*stroke="(#\w+)"[^>]*stroke-dasharray="([^"]*)"', text))) == len(SHOWN)
    for name in SHOWN:
        assert f"{sim.schema.columns.column(name).label}: " in text


def test_the_last_month_is_the_last_step():
    model = ClassroomModel(n_organizations=4)
    model.run(10**6)
    assert (model.month, model.running) == (model.parameters.months, False)


def test_values_out_of_range_are_refused():
    with pytest.raises(ConfigurationError, match="n_organizations = 1 organizations"):
        ClassroomModel(n_organizations=1)
