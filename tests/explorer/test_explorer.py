"""The explorer without a browser: recordings are ordinary runs, pages hold what they may and no more, words refuse."""

import json
import re
import zlib
from base64 import b64decode

import numpy as np
import pytest

from sim.__main__ import main
from sim.commands.explore import compose_explorer
from sim.configuration import Design, compose, configuration_folder
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs
from sim.explorer.building import build_explorer
from sim.explorer.header import find_dimensions
from sim.explorer.packing import pack_numbers, pack_run
from sim.explorer.recording import Recorder
from sim.explorer.scenes import SCENES, make_scenes

SMALL = ["field.n_organizations=8", "months=24", "seeds=2"]


def read_header(page):
    return json.loads(re.search(r'id="header">(.*?)</script>', page, re.DOTALL).group(1))


@pytest.mark.parametrize("words", [["regime=mixed"], ["regime=population_silo", "shock=total_cut", "shock.month=9"]])
def test_a_recording_is_an_ordinary_run_bit_for_bit(words):
    parameters = compose([*words, "months=30"]).parameters
    recorder = Recorder(parameters, 1)
    recorder.restart(parameters, 7)
    recorder.run_to(11)
    recorder.run_to(30)
    ordinary = run_compiled(Inputs(parameters, max_events=8192), [7])
    found = recorder.record()
    assert found.rows.tobytes() == ordinary.rows[0].tobytes()
    events = ordinary.events[(ordinary.events[:, 1] > 0) & (ordinary.events[:, 1] <= 30), 1:]
    assert np.array_equal(found.events, events)
    assert len(found.members) == len(found.is_open) == 31


def test_a_recording_with_too_little_room_for_events_is_made_again_with_its_changes(monkeypatch):
    parameters = compose(["regime=mixed", "months=40"]).parameters
    other = compose(["regime=mixed", "months=40", "memberships.review_share=0.9"]).parameters
    recorders = [Recorder(parameters, 3)]
    monkeypatch.setattr(Recorder, "_find_room", staticmethod(lambda parameters, roster: 70))
    recorders.append(Recorder(parameters, 3))
    for recorder in recorders:
        recorder.run_to(20)
        recorder.change(other)
        recorder.run_to(40)
    wide, narrow = (recorder.record() for recorder in recorders)
    assert len(wide.events) > 70
    assert wide.rows.tobytes() == narrow.rows.tobytes() and np.array_equal(wide.events, narrow.events)


def test_a_change_on_the_way_changes_the_months_after_it_alone():
    parameters = compose(["months=40"]).parameters
    changed, plain = Recorder(parameters, 3), Recorder(parameters, 3)
    changed.run_to(20)
    changed.change(compose(["months=40", "memberships.turf_weight=5", "memberships.review_share=1"]).parameters)
    for recorder in (changed, plain):
        recorder.run_to(40)
    ours, theirs = changed.record().rows, plain.record().rows
    assert ours[:21].tobytes() == theirs[:21].tobytes() and ours[21].tobytes() != theirs[21].tobytes()


def test_numbers_are_packed_as_base_128_digits():
    assert pack_numbers([0, 127, 128, 300, 70_000]) == bytes([0, 127, 128, 1, 172, 2, 240, 162, 4])
    with pytest.raises(ValueError, match="-1"):
        pack_numbers([3, -1])


def test_500_runs_of_the_regime_with_most_events_stay_below_2_mb():
    parameters = compose(["regime=mixed", "field=polarised"]).parameters
    recorder, packed = Recorder(parameters, 1), []
    for seed in range(1, 9):
        recorder.restart(parameters, seed)
        recorder.run_to(120)
        packed.append(pack_run(recorder.record()))
    assert len(zlib.compress(b"".join(packed), 9)) / 8 * 500 * 4 / 3 < 1_950_000


def test_a_page_says_what_each_of_its_runs_came_to():
    configuration = compose(SMALL, design={"vary": {"regime": ["lottery", "none"], "grants.luck": [0, 0.5, 1]}})
    told = []
    page = build_explorer(configuration, "the command", None, lambda done, total: told.append((done, total)))
    header = read_header(page)
    assert told[-1] == (12, 12) and len(told) == 12
    assert [one["name"] for one in header["dimensions"]] == ["regime", "grants.luck"]
    runs = zlib.decompress(b64decode(re.search(r'id="runs">(.*?)</script>', page).group(1)))
    assert len(runs) == sum(header["lengths"]) and len(header["lengths"]) == 12
    results = [run_compiled(Inputs(compose([*SMALL, f"regime={regime}", f"grants.luck={luck}"]).parameters), [1, 2])
               for regime in ("lottery", "none") for luck in (0, 0.5, 1)]  # fmt: skip
    changes = [one["collaboration_share"][13:].mean() - one["collaboration_share"][1:13].mean()
               for result in results for one in result.rows]  # fmt: skip
    assert header["summary"]["collaboration_change"] == [round(float(change), 4) for change in changes]
    assert "nothing here shows that a policy works" in page


def test_of_a_roster_of_ones_own_a_page_holds_neither_names_nor_viewpoints(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    rows = [f"canary{number},ngo,minors,{number / 10:.1f},20000" for number in range(6)]
    head = "org_id,sector,populations_served,viewpoint,monthly_need_usd"
    (folder / "organizations.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    configuration = compose([f"field.folder={folder}", "months=12"])
    page = build_explorer(configuration, "the command")
    assert read_header(page)["starts"] == [{"n": 6}]
    assert "canary" not in page


PAGES = ("classroom", "classroom_size", "classroom_strain", "grow_or_fragment")


@pytest.mark.parametrize("name", PAGES)
def test_what_a_scene_does_not_ask_about_is_at_its_default_and_said(name):
    dimensions = find_dimensions(compose_explorer([f"experiment={name}"], None).design)
    titles = {scene.title: {**scene.both, **scene.a} for scene in SCENES}
    for scene in make_scenes(dimensions):
        asked = titles.get(scene["title"], {})
        for one, a, b in zip(dimensions, scene["a"], scene["b"], strict=True):
            if a != b:
                continue
            if one.name not in asked:
                assert one.values[a] == (one.default if one.default in one.values else one.values[0])
            if len(one.values) > 1:
                shared = scene["question"].rpartition("In both: ")[2]
                assert one.labels[a] in shared


def test_choices_are_shown_under_the_labels_written_in_their_files(tmp_path):
    (tmp_path / "regime").mkdir()
    text = (configuration_folder() / "regime" / "population_silo.yaml").read_text(encoding="utf-8")
    text = re.sub("^label:.*$", 'label: "Silos, Müller"', text, flags=re.MULTILINE)
    (tmp_path / "regime" / "my_silo.yaml").write_text(text, encoding="utf-8")
    design = {"vary": {"regime": ["unrestricted", "my_silo"]}}
    own = compose(SMALL, design=design, config_dir=tmp_path)
    header = read_header(build_explorer(own, "the command", str(tmp_path)))
    (regimes,) = header["dimensions"]
    assert [one["label"] for one in regimes["values"]] == ["Unrestricted, multi-year", "Silos, Müller"]
    assert "Silos, Müller" in header["scenes"][0]["question"]


def test_scenes_are_those_the_runs_can_show():
    names = ("classroom", "classroom_size", "classroom_strain")
    pages = [compose_explorer([f"experiment={name}"], None).design for name in names]
    made = [[scene["title"] for scene in make_scenes(find_dimensions(page))] for page in pages]
    titles = [scene.title for scene in SCENES]
    assert made[0][:4] == titles[:4] and len(made[0]) == 5
    assert made[1] == titles[4:6]
    assert made[2][:2] == titles[6:] and len(made[2]) == 4
    near, far = (make_scenes(find_dimensions(pages[2]))[1][side] for side in "ab")
    assert (near, far) == ([0, 0, 1], [1, 0, 1])  # near and far viewpoints, little money, with the rule
    other = find_dimensions(compose(SMALL, design={"vary": {"grants.luck": [0, 1]}}).design)
    assert [(scene["a"], scene["b"]) for scene in make_scenes(other)] == [([0], [1])]
    cut = find_dimensions(compose(SMALL, design={"vary": {"regime": ["lottery", "none"]}}).design)
    assert all("unrestricted" not in scene["question"] for scene in make_scenes(cut))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["field=counties"], "many localities"),
        (["field.n_organizations=301"], "at most 300 organizations"),
        (["regime=lottery,none", "seeds=10001"], "at most 20000"),
        (["regimes=lottery"], "Did you mean"),
        (["--open"], "unknown option"),
    ],
)
def test_what_a_page_cannot_show_is_refused_in_a_line(words, told, capsys, tmp_path):
    assert main(["explore", *words, "-o", str(tmp_path / "page.html"), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_the_same_command_writes_the_same_page_and_no_other_file_is_overwritten(tmp_path, capsys):
    path = tmp_path / "page.html"
    words = ["explore", "regime=lottery,none", *SMALL, "-o", str(path), "--quiet", "--json"]
    assert main(words) == main(words) == 0
    told = capsys.readouterr().out
    assert json.loads(told[: told.index("}") + 1])["runs"] == 4
    before = path.read_bytes()
    assert main([*words, "grants.luck=0"]) == 2
    assert "--force" in capsys.readouterr().err and path.read_bytes() == before
    assert main([*words, "grants.luck=0", "--force"]) == 0 and path.read_bytes() != before


def test_values_have_a_unit_only_where_it_says_what_is_counted():
    words = {"meetings.facilitation": [0.0, 0.75], "grants.annual_usd_per_organization": [20000], "shock.month": [9]}
    dimensions = {one.name: one.labels for one in find_dimensions(Design(words))}
    assert list(dimensions.values()) == [["0", "0.75"], ["20,000 USD/year"], ["9"]]
