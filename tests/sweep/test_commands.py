"""The verbs sweep, status and export: what they print, how they end, and mistakes told in a line or two."""

import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim
from sim.__main__ import main
from sim.commands import sweep as sweep_verb
from sim.errors import ResultsError
from sim.files import locking
from sim.files.locking import lock_folder
from sim.sweep import pilot
from tests.sealing import seal_anew

WORDS = ("memberships.turf_weight=0,0.5", "months=6", "seeds=3", "name=small")


@pytest.fixture(autouse=True)
def _short_pilot(monkeypatch):
    monkeypatch.setattr(pilot, "PILOT_SECONDS", 0.01)


@pytest.fixture
def call(tmp_path, capsys):
    """Call `coalitions sweep` and return its exit code, stdout and stderr."""

    def do(*words, results=tmp_path):
        code = main(["sweep", *words, "--results", str(results), "--quiet"])
        return code, *capsys.readouterr()

    return do


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("done")
    assert main(["sweep", *WORDS, "--keep", "events", "--results", str(root), "--quiet", "--workers", "1"]) == 0
    return root / "small"


# What it prints and leaves


def test_a_sweep_says_how_many_runs_and_where(call, tmp_path):
    code, out, err = call(*WORDS)
    assert (code, err) == (0, "")
    assert out.startswith("small: 6 runs, 0 failed\n")
    assert f"Results: {tmp_path}/small/\n" in out
    assert call(*WORDS)[1].startswith("small: 6 runs, 6 of them before, 0 failed\n")


def test_json_is_one_object_on_stdout(call):
    code, out, _ = call(*WORDS, "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["runs"], told["done"], told["before"], told["failed"]) == (6, 6, 0, 0)


@pytest.mark.parametrize(
    "words", [(WORDS[0],), ("--set", WORDS[0]), ("--set=" + WORDS[0],)], ids=["word", "set", "set with ="]
)
def test_set_and_replications_are_the_same_as_words(words, call, tmp_path):
    call(*WORDS)
    code, out, err = call(*words, "months=6", "name=small", "--replications", "3")
    assert (code, err) == (0, "")
    assert "6 of them before" in out


def test_sampling_options_are_those_of_the_design(call, tmp_path):
    code, _, err = call("memberships.turf_weight=0..3", "--sample", "sobol", "--n", "4", *WORDS[1:])
    assert (code, err) == (0, "")
    values = sim.load_results(tmp_path / "small").runs["turf_weight"]
    assert values.nunique() == 4
    assert values.between(0, 3).all()


def test_a_dry_run_counts_and_writes_nothing(call, tmp_path):
    code, out, _ = call(*WORDS, "--dry-run", "--json", "--workers", "2", "--keep", "months")
    told = json.loads(out)
    assert code == 0
    assert (told["points"], told["runs"], told["workers"]) == (2, 6, 2)
    assert 0.01 < told["milliseconds_a_run"] < 60_000  # in milliseconds, and not of another unit
    assert told["seconds"] == pytest.approx(6 * told["milliseconds_a_run"] / 2000)
    assert 0 < told["megabytes"] < 1
    assert list(tmp_path.iterdir()) == []
    assert "6 runs at" in call(*WORDS, "--dry-run")[1]
    assert "\n1 run at" in call("months=6", "seeds=1", "name=small", "--dry-run")[1]


def test_failed_runs_are_told_and_give_exit_code_3(call, tmp_path):
    words = ("regime=viewpoint_conditional", "regime.programmes.conditional.stance_low=0.2,0.9")
    words += ("regime.programmes.conditional.stance_high=0.6", *WORDS[1:])
    for before in ("", ", 6 of them before"):
        code, out, err = call(*words)
        assert (code, err) == (3, "")
        assert out.startswith(f"small: 6 runs{before}, 3 failed\n")
        assert "\n  run 3, point 1, seed 1: " in out
        assert f"{tmp_path}/small/failed.csv" in out
    assert len(pd.read_csv(tmp_path / "small" / "failed.csv")) == 3
    assert sim.load_results(tmp_path / "small").manifest["n_failed"] == 3


def test_a_path_with_spaces_and_other_letters_is_a_path(call, tmp_path):
    root = tmp_path / "my results – café ☃"
    assert call(*WORDS, "--workers", "2", results=root)[0] == 0
    assert len(sim.load_results(root / "small").runs) == 6


def test_load_results_gives_the_tables_kept_and_the_design(done):
    results = sim.load_results(done)
    assert (len(results.runs), len(results.months)) == (6, 42)
    assert results.members.empty
    assert results.manifest["varied"] == {"memberships.turf_weight": "turf_weight"}
    assert results.manifest["command"].startswith("coalitions sweep memberships.turf_weight=0,0.5 months=6")


@pytest.mark.parametrize("table", ["runs", "months", "events"])
def test_a_kept_table_that_is_missing_is_an_error_not_an_empty_table(table, done, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(done, folder)
    (folder / f"{table}.parquet").unlink()
    with pytest.raises(ResultsError, match=f"{table}.parquet: cannot be read"):
        sim.load_results(folder)


def test_scan_table_reads_a_column_without_the_rest(done):
    found = sim.scan_table(done, "months").to_table(columns=["month"], filter=None)
    assert (found.num_rows, found.column_names) == (42, ["month"])
    with pytest.raises(ResultsError, match=r"members\.parquet: is not there; .* holds runs, months, events"):
        sim.scan_table(done, "members")


# Going on, extending, overwriting


def test_another_sweep_in_the_folder_is_refused_and_forced(call, tmp_path):
    call(*WORDS)
    code, out, err = call("memberships.turf_weight=0,1", *WORDS[1:])
    assert (code, out) == (2, "")
    assert err == (
        f"error: {tmp_path}/small: holds another sweep; choose another name=…, add to it with --extend, "
        "or delete it with --force\n"
    )
    (tmp_path / "small" / "notes.txt").write_text("mine")
    assert call("memberships.turf_weight=0,1", *WORDS[1:], "--force")[0] == 0
    assert sorted(sim.load_results(tmp_path / "small").runs["turf_weight"].unique()) == [0, 1]
    assert (tmp_path / "small" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_an_extended_sweep_goes_on_by_either_command(force, call, tmp_path):
    call(*WORDS)
    wide = (WORDS[0], WORDS[1], "seeds=5", WORDS[3])
    code, out, _ = call(*wide, "--extend")
    assert (code, out.splitlines()[0]) == (0, "small: 10 runs, 6 of them before, 0 failed")
    for words in (WORDS, (*wide, "--extend")):
        code, out, err = call(*words, *force)
        assert (code, out.splitlines()[0], err) == (0, "small: 10 runs, 10 of them before, 0 failed", "")
    assert len(sim.load_results(tmp_path / "small").runs) == 10


def test_what_is_no_result_is_never_deleted(call, tmp_path):
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "thesis.txt").write_text("years of work")
    code, _, err = call(*WORDS, "--force")
    assert (code, err.count("\n")) == (2, 1)
    assert "thesis.txt" in err
    assert (tmp_path / "small" / "thesis.txt").read_text() == "years of work"


def test_a_sweep_killed_before_its_plan_was_written_can_be_called_again(call, tmp_path):
    (tmp_path / "small").mkdir()
    for name in (".lock", ".workers.lock", ".pilot-7.parquet", ".plan.json.x.tmp"):
        (tmp_path / "small" / name).write_text("")
    assert call(*WORDS)[0] == 0


def test_a_held_folder_gives_exit_code_4(call, tmp_path, monkeypatch):
    monkeypatch.setattr(locking, "SECONDS_FOR_LOCK", 0.05)
    (tmp_path / "small").mkdir()
    with lock_folder(tmp_path / "small"):
        code, out, err = call(*WORDS)
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert f"{tmp_path}/small: another sweep is running there; wait for it" in err


def test_a_disk_without_room_gives_exit_code_5_before_anything_is_run(call, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(pilot.shutil, "disk_usage", lambda folder: usage)
    code, _, err = call(*WORDS)
    assert (code, err.count("\n")) == (5, 1)
    assert "no room on the disk" in err
    monkeypatch.undo()
    call(*WORDS)
    monkeypatch.setattr(pilot.shutil, "disk_usage", lambda folder: usage)
    assert call(*WORDS)[0] == 0  # it is all there: nothing more is wanted


# Mistakes


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--engine", "abacus"), ("engine = abacus", "local, ray, dask, slurm")),
        (("--workers", "0"), ("--workers 0", "[1, 1024]")),
        (("--workers", "2000"), ("--workers 2000", "[1, 1024]")),
        (("--workers", "two"), ("--workers", "two")),
        (("--n", "8"), ("--n need a range", "0..3")),
        (("--sample", "sobol"), ("need a range", "0..3")),
        (("--keep", "all"), ("--keep", "all", "months")),
        (("--replications", "0"), ("seeds",)),
        (("--engine-option", "address"), ("--engine-option address", "KEY=VALUE")),
        (("--extendd",), ("--extendd", "--extend")),
        (("--set", "memberships.turf=1,2"), ("memberships.turf", "turf_weight")),
        (("grants.luck=0.1", "grants.luck=0.2"), ("grants.luck", "stands twice")),
    ],
)
def test_mistakes_are_told_in_a_few_lines(words, parts, call, tmp_path):
    code, out, err = call(*WORDS, *words)
    assert (code, out) == (2, "")
    assert 1 <= len(err.strip().splitlines()) <= 3
    assert "Traceback" not in err
    for part in parts:
        assert part in err
    assert list(tmp_path.iterdir()) == []


def test_an_extension_of_another_base_is_refused_with_what_differs(call):
    call(*WORDS)
    code, _, err = call(*WORDS, "meetings.facilitation=0.3", "--extend")
    assert (code, err) == (
        2,
        "error: small: cannot be extended, the new sweep differs in base; give it another name=…\n",
    )


@pytest.mark.parametrize("what", ["folder", "results"])
def test_a_folder_that_is_a_file_is_refused(what, call, tmp_path):
    path = tmp_path / ("small" if what == "folder" else "results")
    path.write_text("")
    code, out, err = call(*WORDS, results=tmp_path if what == "folder" else path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert str(path) in err
    assert "choose another" in err


def test_a_damaged_plan_is_refused_and_forced_away(call, tmp_path):
    call(*WORDS)
    (tmp_path / "small" / "plan.json").write_text('{"model_version": ')
    code, _, err = call(*WORDS)
    assert (code, err.count("\n")) == (2, 1)
    assert f"{tmp_path}/small/plan.json: cannot be read" in err
    assert "--force" in err
    assert call(*WORDS, "--force")[1].startswith("small: 6 runs, 0 failed")


def test_a_plan_of_another_model_is_refused(call, tmp_path):
    call(*WORDS)
    path = tmp_path / "small" / "plan.json"
    tree = json.loads(path.read_text())
    path.write_text(json.dumps(tree | {"model_version": 12345}))
    code, _, err = call(*WORDS)
    assert (code, err.count("\n")) == (2, 1)
    assert "planned for model 12345" in err


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_where_no_folder_can_be_made_another_is_asked_for(call):
    code, out, err = call(*WORDS, results="/proc/nothing")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "/proc/nothing/small: cannot be written (No such file or directory); choose another" in err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="mounts are of Linux")
def test_a_results_folder_that_cannot_be_written_is_refused(tmp_path):
    script = f"mount --bind {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path}"
    words = [sys.executable, "-m", "sim", "sweep", *WORDS, "--quiet", "--results", str(tmp_path)]
    shell = ["unshare", "-rm", "sh", "-c", f'{script} || exit 99; exec "$@"', "sh", *words]
    found = subprocess.run(shell, capture_output=True, text=True, check=False)
    if found.returncode == 99 or "unshare" in found.stderr:
        pytest.skip("no mounts here")
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert f"{tmp_path}/small: cannot be written (Read-only file system); choose another" in found.stderr


# Status


def test_status_tells_of_a_complete_sweep_and_of_none(done, tmp_path, capsys):
    assert main(["status", str(done)]) == 0
    assert capsys.readouterr().out.startswith("small: complete, 6 of 6 runs done (100%)\n")
    assert main(["status", str(done), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "complete"
    assert main(["status", str(tmp_path)]) == 2
    assert "no plan.json there" in capsys.readouterr().err


# Export


def make_table(folder, rows, **options):
    folder.mkdir(exist_ok=True)
    pq.write_table(rows, folder / "runs.parquet", write_page_checksum=True, **options)
    seal_anew(folder)


def test_an_exported_table_reads_back_the_same(done, tmp_path, capsys):
    for table in ("runs", "months", "events"):
        target = tmp_path / f"{table}.csv"
        assert main(["export", str(done), "--table", table, "--to", str(target), "--plain"]) == 0
        expected = pd.read_parquet(done / f"{table}.parquet")
        assert f"{len(expected):,} rows: {target}" in capsys.readouterr().out
        assert target.read_text(encoding="utf-8") == expected.to_csv(index=False)


def test_text_that_a_spreadsheet_would_compute_gets_an_apostrophe(tmp_path):
    cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "plain", "", None]
    rows = pa.table({"text": cells, "coded": pa.array(cells).dictionary_encode(), "number": [-1.5] * len(cells)})
    make_table(tmp_path / "one", rows)
    assert main(["export", str(tmp_path / "one")]) == 0
    found = pd.read_csv(tmp_path / "one" / "runs.csv", keep_default_na=False, dtype=str)
    expected = ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "plain", "", ""]
    assert found["text"].tolist() == found["coded"].tolist() == expected
    assert set(found["number"]) == {"-1.5"}


@pytest.mark.parametrize("n_rows", [0, 1, 1000])
def test_a_table_of_many_batches_has_one_header(n_rows, tmp_path):
    make_table(
        tmp_path / "one",
        pa.table({"run": list(range(n_rows))}, schema=pa.schema({"run": pa.int64()})),
        row_group_size=7,
    )
    assert main(["export", str(tmp_path / "one")]) == 0
    lines = (tmp_path / "one" / "runs.csv").read_text().splitlines()
    assert lines == ["run", *map(str, range(n_rows))]


def test_an_export_does_not_overwrite_unless_it_is_told_to(done, tmp_path, capsys):
    target = tmp_path / "mine.csv"
    target.write_text("mine")
    assert main(["export", str(done), "--to", str(target)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert target.read_text() == "mine"
    assert main(["export", str(done), "--to", str(target), "--force"]) == 0
    assert target.read_text() != "mine"


def test_an_export_of_a_damaged_or_missing_table_says_which_and_leaves_nothing(tmp_path, capsys):
    make_table(tmp_path / "one", pa.table({"run": list(range(5000))}))
    path = tmp_path / "one" / "runs.parquet"
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(bytes(content))
    for words in ([], ["--table", "months"]):
        assert main(["export", str(tmp_path / "one"), *words]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert ".parquet: " in err
    assert [one.name for one in (tmp_path / "one").glob("[!m]*")] == ["runs.parquet"]


def test_an_export_to_where_nothing_can_be_written_says_so(done, tmp_path, capsys):
    assert main(["export", str(done), "--to", str(tmp_path / "none" / "x.csv")]) == 2
    err = capsys.readouterr().err
    assert (err.count("\n"), "cannot be written" in err, "--to" in err) == (1, True, True)
    assert err.startswith(f"error: {tmp_path / 'none' / 'x.csv'}: ")


def test_an_export_does_not_put_a_file_in_the_place_of_a_pipe_or_folder(done, tmp_path, capsys):
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for target, kind in ((pipe, "device or pipe"), (folder, "folder")):
        assert main(["export", str(done), "--to", str(target), "--force"]) == 2
        assert capsys.readouterr().err == (
            f"error: {target}: cannot be written (is a {kind}, not a file); choose another with --to\n"
        )
    assert (pipe.is_fifo(), folder.is_dir()) == (True, True)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1, "about 2 seconds"), (80, "about 80 seconds"), (600, "about 10 minutes"), (9000, "about 2.5 hours")],
)
def test_a_length_of_time_is_told_in_words(seconds, told):
    assert sweep_verb.tell_time(seconds) == told


def test_a_sweep_may_vary_rosters(tmp_path):
    words = ["sweep", "field=city18,rural9", "seeds=3", "months=12", "name=two", "--results", str(tmp_path), "--quiet"]
    assert main(words) == 0
    runs = sim.load_results(tmp_path / "two").runs
    assert runs.groupby("field").size().to_dict() == {"city18": 3, "rural9": 3}


def test_a_sweep_over_numbers_of_localities_gives_the_runs_of_run(call, tmp_path):
    """One locality and several in one sweep, whatever the workers; the numbers are those of `sim.run`."""
    words = ("field.n_localities=1,3", "field.n_organizations=5", "months=24", "seeds=3", "regime=competitive")
    assert call(*words, "name=one", "--workers", "1")[0] == 0
    assert call(*words, "name=two", "--workers", "2")[0] == 0
    one, two = (sim.load_results(tmp_path / name).runs for name in ("one", "two"))
    assert one.equals(two)
    alone = sim.run(["field.n_localities=3", *words[1:3], words[4]], seeds=3)
    several = one[one["n_localities"] == 3].reset_index(drop=True)
    for name in ("collaboration_change", "total_awarded_usd", "exits", "verdict"):
        assert several[name].tolist() == alone.runs[name].tolist(), name


def test_a_file_in_place_of_a_sweeps_folder_is_no_damaged_plan(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["status", str(tmp_path / "file")]) == 2
    assert "no plan.json there" in capsys.readouterr().err
