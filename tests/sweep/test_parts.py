"""Parts on disk: gaps and cuts, what verification finds, joining to one file of the same bytes."""

import itertools
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.sweep import parts
from sim.sweep.parts import (
    FOLDER,
    Failure,
    Stretch,
    cut,
    find_gaps,
    find_parts,
    join_parts,
    name_part,
    part_again,
    read_part,
    write_part,
)

KEY = "0" * 32


def make_frame(first, last):
    numbers = np.arange(first, last)
    return pd.DataFrame({"run": numbers, "share": numbers / 7, "regime": [f"r{one % 3}" for one in numbers]})


def write(folder, first, last, key=KEY, table="runs"):
    (folder / FOLDER).mkdir(exist_ok=True)
    write_part(folder, table, Stretch(first, last), make_frame(first, last), key)
    return name_part(folder, table, Stretch(first, last))


def find(folder, n_runs=100, tables=("runs",)):
    return find_parts(folder, KEY, tables, n_runs)


# Gaps and cuts


@st.composite
def done_stretches(draw):
    n_runs = draw(st.integers(0, 200))
    edges = sorted(draw(st.sets(st.integers(0, n_runs), max_size=12)))
    stretches = [Stretch(*pair) for pair in itertools.pairwise(edges)]
    return [stretch for stretch in stretches if draw(st.booleans())], n_runs


@given(done_stretches(), st.integers(1, 50))
def test_what_is_done_and_the_cut_gaps_cover_every_run_once(given_, length):
    done, n_runs = given_
    pieces = list(cut(find_gaps(done, n_runs), length))
    assert sorted(run for one in [*done, *pieces] for run in range(*one)) == list(range(n_runs))
    assert all(0 < piece.last - piece.first <= length for piece in pieces)


# Verification


def test_a_part_reads_back_as_written(tmp_path):
    failures = [Failure(3, 1, 9, "no")]
    (tmp_path / FOLDER).mkdir()
    write_part(tmp_path, "runs", Stretch(0, 4), make_frame(0, 3), KEY, failures)
    content, found = read_part(name_part(tmp_path, "runs", Stretch(0, 4)), KEY)
    assert content.to_pandas().to_dict("list") == make_frame(0, 3).to_dict("list")
    assert found == failures


def test_every_flipped_bit_is_found_or_harmless(tmp_path):
    (tmp_path / FOLDER).mkdir()
    write_part(tmp_path, "runs", Stretch(0, 41), make_frame(0, 40), KEY, [Failure(40, 1, 9, "no")])
    path = name_part(tmp_path, "runs", Stretch(0, 41))
    whole, before = path.read_bytes(), read_part(path, KEY)
    silent, flips = 0, 0
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << (at % 8)
        path.write_bytes(bytes(damaged))
        flips += 1
        try:
            content, failures = read_part(path, KEY)
            silent += not (content.equals(before[0]) and failures == before[1])
        except Exception:  # found, in any of pyarrow's ways
            continue
    assert flips > 1900
    assert silent == 0


def test_a_part_cut_short_anywhere_is_set_aside(tmp_path):
    path = write(tmp_path, 0, 10)
    whole = path.read_bytes()
    for end in range(0, len(whole), 131):
        path.write_bytes(whole[:end])
        found = find(tmp_path)
        assert (found.done, found.set_aside) == ([], [path.name])
    assert [one.name for one in (tmp_path / FOLDER).iterdir()] == [f".bad-{path.name}"]


def test_a_part_of_another_plan_is_set_aside(tmp_path):
    path = write(tmp_path, 0, 10, key="f" * 32)
    assert find(tmp_path) == ([], [path.name])


def test_a_part_under_another_name_is_set_aside(tmp_path):
    path = write(tmp_path, 0, 10)
    wrong = name_part(tmp_path, "runs", Stretch(5, 15))
    shutil.copy(path, wrong)
    shutil.copy(path, wrong.with_name("runs-1-2.parquet"))
    assert find(tmp_path) == ([(0, 10)], [wrong.name, "runs-1-2.parquet"])


def test_of_two_parts_that_overlap_one_is_left(tmp_path):
    write(tmp_path, 0, 10)
    wide = write(tmp_path, 0, 20)
    write(tmp_path, 20, 30)
    late = write(tmp_path, 25, 35)
    assert find(tmp_path) == ([(0, 10), (20, 30)], [wide.name, late.name])


def test_a_part_beyond_the_last_run_is_set_aside(tmp_path):
    write(tmp_path, 0, 10)
    beyond = write(tmp_path, 10, 20)
    assert find(tmp_path, n_runs=15) == ([(0, 10)], [beyond.name])


def test_a_part_with_too_few_rows_is_set_aside(tmp_path):
    (tmp_path / FOLDER).mkdir()
    write_part(tmp_path, "runs", Stretch(0, 10), make_frame(0, 9), KEY)
    assert find(tmp_path).done == []


@pytest.mark.parametrize("damage", ["missing", "truncated", "foreign"])
def test_runs_whose_months_are_lost_are_done_again(damage, tmp_path):
    write(tmp_path, 0, 10)
    months = write(tmp_path, 0, 10, table="months")
    assert find(tmp_path, tables=("runs", "months")).done == [(0, 10)]
    if damage == "missing":
        months.unlink()
    elif damage == "truncated":
        months.write_bytes(months.read_bytes()[:-1])
    else:
        write(tmp_path, 0, 10, table="months", key="f" * 32)
    assert find(tmp_path, tables=("runs", "months")).done == []


def test_half_written_files_are_not_taken_for_parts(tmp_path):
    path = write(tmp_path, 0, 10)
    shutil.copy(path, path.with_name(f".{path.name}.abc.tmp"))
    assert find(tmp_path) == ([(0, 10)], [])


# Joining


@pytest.mark.parametrize("length", [1, 7, 16, 40, 100])
def test_joined_bytes_do_not_depend_on_the_cut(length, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "ROWS_IN_GROUP", 16)
    whole = tmp_path / "whole"
    whole.mkdir()
    write(whole, 0, 100)
    join_parts(whole, "runs", KEY, [Stretch(0, 100)])
    stretches = list(cut([Stretch(0, 100)], length))
    for stretch in stretches:
        write(tmp_path, *stretch)
    join_parts(tmp_path, "runs", KEY, stretches)
    assert (tmp_path / "runs.parquet").read_bytes() == (whole / "runs.parquet").read_bytes()
    metadata = pq.read_metadata(tmp_path / "runs.parquet")
    assert [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)] == [16] * 6 + [4]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0.5], [1.0, 0.5]),
        ([0.5, 1], [0.5, 1.0]),
        ([None, "cuts"], [None, "cuts"]),
        (["cuts", None], ["cuts", None]),
        ([None, 0.5], [None, 0.5]),
        ([None, None], [None, None]),
        ([True, False], [True, False]),
    ],
)
def test_a_column_of_one_kind_in_one_part_and_another_in_the_next_is_joined(values, expected, tmp_path):
    (tmp_path / FOLDER).mkdir()
    for at, value in enumerate(values):
        write_part(tmp_path, "runs", Stretch(at, at + 1), pd.DataFrame({"run": [at], "value": [value]}), KEY)
    join_parts(tmp_path, "runs", KEY, [Stretch(0, 1), Stretch(1, 2)])
    assert pq.read_table(tmp_path / "runs.parquet")["value"].to_pylist() == expected


def test_failures_of_all_parts_stand_in_the_joined_footer(tmp_path):
    (tmp_path / FOLDER).mkdir()
    failures = [Failure(0, 0, 1, "no"), Failure(2, 1, 1, "never")]
    write_part(tmp_path, "runs", Stretch(0, 1), pd.DataFrame(), KEY, failures[:1])
    write_part(tmp_path, "runs", Stretch(1, 3), make_frame(1, 2), KEY, failures[1:])
    assert join_parts(tmp_path, "runs", KEY, [Stretch(0, 1), Stretch(1, 3)]) == failures
    assert parts.read_note(tmp_path / "runs.parquet")["failures"] == [list(one) for one in failures]


def test_a_sweep_of_which_every_run_failed_joins_to_a_table_of_no_rows(tmp_path):
    (tmp_path / FOLDER).mkdir()
    write_part(tmp_path, "runs", Stretch(0, 1), pd.DataFrame(), KEY, [Failure(0, 0, 1, "no")])
    join_parts(tmp_path, "runs", KEY, [Stretch(0, 1)])
    assert pq.read_table(tmp_path / "runs.parquet").num_rows == 0


# Extending what is joined


def make_joined(folder, n_runs=10):
    for table in ("months", "runs"):
        write(folder, 0, n_runs, table=table)
        join_parts(folder, table, KEY, [Stretch(0, n_runs)])
    parts.remove_parts(folder)


@pytest.mark.parametrize("n_moved", [0, 1, 2])
def test_a_joined_table_becomes_the_first_part_even_after_a_kill_on_the_way(n_moved, tmp_path):
    make_joined(tmp_path)
    (tmp_path / FOLDER).mkdir()
    for table in ("months", "runs")[:n_moved]:
        (tmp_path / f"{table}.parquet").replace(name_part(tmp_path, table, Stretch(0, 10)))
    part_again(tmp_path, KEY, ("months", "runs"), 20)
    assert find(tmp_path, 20, ("runs", "months")) == ([(0, 10)], [])


def test_parts_that_were_joined_already_do_not_push_the_joined_table_aside(tmp_path):
    make_joined(tmp_path)
    write(tmp_path, 0, 5)  # the removal of parts was cut short
    part_again(tmp_path, KEY, ("months", "runs"), 20)
    assert find(tmp_path, 20, ("runs", "months")) == ([(0, 10)], [])


def test_a_joined_table_of_all_runs_or_of_another_plan_stays(tmp_path):
    make_joined(tmp_path)
    part_again(tmp_path, KEY, ("months", "runs"), 10)
    part_again(tmp_path, "f" * 32, ("months", "runs"), 20)
    assert (tmp_path / "runs.parquet").is_file()
