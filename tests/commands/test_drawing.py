"""Figures drawn by a second process: the same files, the same errors, and no process left behind."""

import json

import pandas as pd
import pytest

from sim.__main__ import main
from sim.commands import drawing
from sim.commands.drawing import Pencil
from sim.results.release import describe_code
from sim.results.store import Results, save_results
from sim.schema.columns import MODEL_VERSION


def make_results(n_months=25):
    keys = {"run_id": "none-1", "regime": "none", "seed": 1}
    months = pd.DataFrame({**keys, "month": range(n_months), "collaboration_share": 0.4})
    numbers = dict.fromkeys(("collaboration_start", "collaboration_end", "coverage_end"), 0.4)
    changes = {"collaboration_change": 0.0, "effective_change": 0.0, "verdict": "holds"}
    members = pd.DataFrame({**keys, "month": [0, 0, 1, 1], "organization": [1, 2, 1, 2], "coalition": [1, 1, 1, 0]})
    events = pd.DataFrame({"event": [], "month": []})
    manifest = {"command": "coalitions run name=some", "name": "some", "model_version": MODEL_VERSION}
    manifest["code"] = describe_code()
    return Results(
        pd.DataFrame([{**keys, **numbers, **changes}]),
        months,
        events,
        members,
        manifest,
    )


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(drawing, "count_cores", lambda: 2)


def draw(folder, results):
    with Pencil() as pencil:
        pencil.begin(results, folder)
        files, helper = pencil.finish(), pencil.helper
    assert helper is None or helper.poll() is not None, "the helper still runs"
    return {path.name: path.read_bytes() for path in files}, helper


@pytest.mark.slow
def test_a_helper_draws_the_same_files(two_cores, tmp_path, monkeypatch):
    beside, helper = draw(tmp_path / "a", make_results())
    assert helper is not None
    monkeypatch.setattr(drawing, "count_cores", lambda: 1)
    alone, helper = draw(tmp_path / "b", make_results())
    assert helper is None
    assert len(alone) == 8  # two figures
    assert beside == alone


@pytest.mark.slow
def test_what_goes_wrong_in_the_helper_is_raised_here(two_cores, tmp_path):
    broken = make_results()
    broken.months = broken.months.drop(columns="collaboration_share")
    with pytest.raises(KeyError, match="collaboration_share"):
        draw(tmp_path, broken)


@pytest.mark.slow
def test_figures_are_drawn_here_when_the_helper_has_died(two_cores, tmp_path):
    with Pencil() as pencil:
        pencil.helper.kill()
        pencil.helper.wait()
        pencil.begin(make_results(), tmp_path)
        assert len(pencil.finish()) == 8


def test_nothing_is_drawn_where_none_is_wanted(two_cores, tmp_path):
    with Pencil(is_wanted=False) as pencil:
        assert pencil.helper is None
        pencil.begin(make_results(), tmp_path)
        assert pencil.finish() == []
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_fails_leaves_no_helper(two_cores):
    with pytest.raises(RuntimeError), Pencil() as pencil:
        raise RuntimeError
    assert pencil.helper.poll() is not None


@pytest.mark.slow
def test_kept_results_are_drawn_by_name(tmp_path, capsys):
    folder = tmp_path / "some"
    save_results(make_results(), folder, "coalitions run")
    assert (
        main(["draw", str(folder), "memberships", "--formats", "svg", "--phone", "--folder", str(tmp_path / "a")]) == 0
    )
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        f"memberships-phone.{kind}" for kind in ("csv", "svg", "txt")
    ]
    assert main(["draw", str(folder), "memberships", "--formats", "svg", "--folder", str(tmp_path / "a")]) == 0
    assert len(list((tmp_path / "a").iterdir())) == 6, "the narrow figure stands beside the wide one"
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("memberships: In one run 1 of 2 organizations ends where it began")
    assert main(["draw", str(folder), "collaboration", "--json", "--start", "2019-07"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["figures"][0]["title"].startswith("none: collaboration holds")
    words = (folder / "figures/collaboration.txt").read_text(encoding="utf-8")
    assert "Command: coalitions run name=some && coalitions draw results/some --start 2019-07" in words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fan"], "figure 'fan': not known"),
        (["phases"], "holds no table for phases"),
        (["memberships", "--formats", "gif"], "format 'gif': not known; choose from svg, png"),
        (["memberships", "--start", "July"], "--start: month 'July': must look like 2019-07"),
        (["memberships", "--observed", "missing.csv"], "missing.csv: cannot be read"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_line(tmp_path, capsys, words, told):
    save_results(make_results(), tmp_path / "some", "coalitions run")
    assert main(["draw", str(tmp_path / "some"), *words]) == 2
    assert told in capsys.readouterr().err
    assert main(["draw", str(tmp_path / "nothing")]) == 2
    assert "no manifest.json there" in capsys.readouterr().err
