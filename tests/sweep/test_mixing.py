"""Two versions of code or libraries never meet in one table: resuming, extending, joining, and every kind of worker."""

import json
import os

import pytest

from sim.__main__ import main
from sim.errors import ConfigurationError
from sim.files.checksums import seal
from sim.results import release
from sim.sweep import pilot
from sim.sweep.clusters.tasks import do_task
from sim.sweep.engines import Here, Workers
from sim.sweep.parts import Stretch, find_parts, name_part, read_note
from sim.sweep.plan import read_plan
from tests.sweep.small import WORDS, drive, plan_sweep, stop_after

NAMES = ("code", "python", *release.LIBRARIES)


@pytest.fixture(autouse=True)
def _short_pilot(monkeypatch):
    monkeypatch.setattr(pilot, "PILOT_SECONDS", 0.01)


@pytest.fixture
def change_maker(monkeypatch):
    """Have this process compute with another version of `name` from now on."""

    def change(name):
        made_by = tuple((release.describe_maker() | {name: "other"}).items())
        monkeypatch.setattr(release, "_find_maker", lambda: made_by)

    return change


def call(folder, *options, seeds=3):
    return main(["sweep", "months=3", f"seeds={seeds}", "name=small", "--results", str(folder), "--quiet", *options])


def plan_by_another(folder):
    """Have the plan in `folder` say that other code made it."""
    path = folder / "plan.json"
    tree = json.loads(path.read_text())
    path.write_text(json.dumps(seal(tree | {"made_by": tree["made_by"] | {"code": "0" * 16}})))


# Resuming and extending


NIGHTLY = [pytest.mark.nightly, pytest.mark.slow]
MIXED = [  # by day other code in each way and each other version in one, at night all pairs
    pytest.param(name, way, marks=[] if name == "code" or way == "gone on" else NIGHTLY)
    for name in NAMES
    for way in ("gone on", "extended", "complete")
]


@pytest.mark.parametrize(("name", "way"), MIXED)
def test_a_sweep_by_others_is_refused_in_a_line_and_forced_away(name, way, tmp_path, capsys, change_maker):
    assert call(tmp_path) == 0
    if way == "gone on":
        (tmp_path / "small" / "runs.parquet").unlink()
    change_maker(name)
    capsys.readouterr()
    words = {"extended": ("--extend",)}.get(way, ())
    assert call(tmp_path, *words, seeds=5 if way == "extended" else 3) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"({name} " in err
    assert ", here other)" in err
    assert "name=" in err
    assert "--force" in err
    assert call(tmp_path, "--force") == 0
    assert capsys.readouterr().out.startswith("small: 3 runs, 0 failed\n")  # none of them before
    assert read_note(tmp_path / "small" / "runs.parquet")["made_by"][name] == "other"


def test_a_sweep_of_before_makers_were_noted_is_refused(tmp_path, capsys):
    assert call(tmp_path) == 0
    path = tmp_path / "small" / "plan.json"
    tree = json.loads(path.read_text())
    del tree["made_by"], tree["code"]
    path.write_text(json.dumps(seal(tree)))
    assert call(tmp_path) == 2
    assert "its code was not noted" in capsys.readouterr().err


def test_another_sweep_of_that_name_is_told_as_such(tmp_path, capsys, change_maker):
    assert call(tmp_path) == 0
    change_maker("code")
    assert call(tmp_path, seeds=4) == 2
    assert "holds another sweep" in capsys.readouterr().err


def test_status_reads_what_others_made(tmp_path, capsys, change_maker):
    assert call(tmp_path) == 0
    change_maker("code")
    assert main(["status", str(tmp_path / "small")]) == 0
    assert "small: complete, 3 of 3" in capsys.readouterr().out


def test_plan_parts_tables_and_manifest_say_who_made_them(tmp_path):
    plan = plan_sweep(*WORDS)
    drive(plan, tmp_path, length=3, engine=Here(), is_stopped=stop_after(2))
    assert read_note(name_part(tmp_path, "runs", Stretch(0, 3)))["made_by"] == release.describe_maker()
    assert read_plan(tmp_path).made_by == release.describe_maker()
    assert read_plan(tmp_path).code == release.describe_code()
    drive(plan, tmp_path, engine=Here())
    assert read_note(tmp_path / "runs.parquet")["made_by"] == release.describe_maker()


# Joining


def test_a_part_by_others_is_not_joined(tmp_path, change_maker):
    plan = plan_sweep(*WORDS)
    drive(plan, tmp_path, length=3, engine=Here(), is_stopped=stop_after(2))
    change_maker("numpy")
    with pytest.raises(ConfigurationError, match=r"runs-0+-0+3\.parquet: was made by other .*\(numpy"):
        find_parts(tmp_path, plan.key, plan.tables, plan.n_runs)
    assert name_part(tmp_path, "runs", Stretch(0, 3)).is_file()


# Workers that have other code than the plan


def test_no_kind_of_worker_does_a_plan_of_other_code(tmp_path):
    drive(plan_sweep(*WORDS), tmp_path, length=3, engine=Here(), is_stopped=stop_after(1))
    plan_by_another(tmp_path)
    stretch = Stretch(3, 6)
    told = do_task(str(tmp_path), *stretch)  # on a node of Ray or Dask
    assert "code 00000000, here" in told["refused"]
    (told,) = Workers(1).run(tmp_path, iter([stretch]), lambda: False)  # on this machine, and in a job of SLURM
    assert "code 00000000, here" in told["refused"]
    assert not name_part(tmp_path, "runs", stretch).exists()
    with pytest.raises(ConfigurationError, match="code 00000000, here"):
        Here().run(tmp_path, iter([stretch]), lambda: False).__next__()


def test_the_first_refusal_of_a_worker_ends_the_sweep_in_a_line(tmp_path):
    class Refusing(Here):
        asked = 0

        def run(self, folder, stretches, is_stopped):
            for stretch in stretches:
                self.asked += 1
                yield {"first": stretch.first, "last": stretch.last, "refused": "the plan has gone"}

    engine = Refusing()
    with pytest.raises(ConfigurationError, match="the plan has gone"):
        drive(plan_sweep(*WORDS), tmp_path, length=1, engine=engine)
    assert engine.asked == 1


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_plan_that_goes_in_mid_run_ends_the_sweep_without_a_traceback(n_workers, tmp_path, capfd):
    def report(done, total):
        for path in tmp_path.glob("plan*.json"):
            path.rename(tmp_path / ".gone")
            os.utime(tmp_path)

    with pytest.raises(ConfigurationError, match=r"no plan\.json there"):
        drive(plan_sweep(*WORDS), tmp_path, length=1, engine=Workers(n_workers), report=report)
    assert capfd.readouterr().err == ""
