"""Results kept in a folder come back as they were, or not at all."""

import json

import numpy as np
import pandas as pd
import pytest

from sim.configuration import compose
from sim.engine.batch import simulate
from sim.engine.interventions import simulate_changed
from sim.errors import ResultsError
from sim.results.store import TABLES, Results, load_results, save_results
from sim.results.summaries import find_typical_seed
from sim.schema import codes, columns


@pytest.fixture(scope="module")
def results():
    return simulate(compose(["regime=mixed", "months=24", "shock=total_cut", "shock.month=9"]).parameters, [1, 2, 3])


def assert_equal(one, other):
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def test_what_is_saved_is_what_is_loaded(results, tmp_path):
    save_results(results, tmp_path / "new" / "folder", "coalitions run")
    loaded = load_results(tmp_path / "new" / "folder")
    assert_equal(results, loaded)
    assert loaded.manifest["command"] == "coalitions run"
    assert loaded.manifest["seeds"] == [1, 2, 3]
    assert loaded.manifest["settings"][0]["shock"]["month"] == 9


def test_saving_leaves_five_files_and_no_temporary_one(results, tmp_path):
    for _ in range(2):
        save_results(results, tmp_path, "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*(f"{name}.parquet" for name in TABLES), "manifest.json"]
    )


def test_the_manifest_says_the_caution_and_no_path(results, tmp_path):
    save_results(results, tmp_path, "coalitions run")
    text = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    assert "nothing here shows that a policy works" in text
    assert str(tmp_path) not in text
    assert set(json.loads(text)["versions"]) >= {"python", "numpy", "numba", "pandas"}


def test_a_folder_without_a_manifest_is_refused_with_a_hint(tmp_path):
    with pytest.raises(ResultsError, match=r"no manifest.json there; give the folder of a run"):
        load_results(tmp_path)


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_is_named(results, tmp_path, name):
    save_results(results, tmp_path, "x")
    (tmp_path / f"{name}.parquet").unlink()
    with pytest.raises(ResultsError, match=f"{name}.parquet: cannot be read"):
        load_results(tmp_path)


@pytest.mark.slow
def test_no_flipped_bit_gives_other_numbers(results, tmp_path):
    save_results(results, tmp_path, "x")
    file = tmp_path / "months.parquet"
    data = file.read_bytes()
    for at in range(4, len(data) - 8, max(len(data) // 150, 1)):
        file.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
        try:
            months = load_results(tmp_path).months
        except ResultsError:
            continue
        assert list(months.columns) != list(results.months.columns) or months.equals(results.months), at


def test_a_truncated_table_and_a_broken_manifest_are_refused(results, tmp_path):
    save_results(results, tmp_path, "x")
    file = tmp_path / "events.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ResultsError, match="run the command again"):
        load_results(tmp_path)
    save_results(results, tmp_path, "x")
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultsError, match="not JSON"):
        load_results(tmp_path)


def test_an_interrupted_write_keeps_the_older_table(results, tmp_path, monkeypatch):
    save_results(results, tmp_path, "x")

    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(KeyboardInterrupt):
        save_results(results, tmp_path, "y")
    monkeypatch.undo()
    assert_equal(results, load_results(tmp_path))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_parts_stand_one_below_the_other():
    parts = [simulate(compose([f"regime={name}", "months=12"]).parameters, [1, 2]) for name in ("lottery", "none")]
    joined = Results.concatenate(parts)
    assert list(joined.runs["regime"]) == ["lottery", "lottery", "none", "none"]
    assert len(joined.manifest["settings"]) == 2
    assert len(joined.months) == sum(len(part.months) for part in parts)


def test_tables_hold_the_columns_of_the_dictionary(results):
    keys = [entry.name for entry in columns.KEYS]
    populations = results.manifest["settings"][0]["field"]["populations"]
    people = [f"{entry.name}{population}" for entry in columns.PEOPLE for population in populations]
    assert list(results.months.columns) == [*keys, *(entry.name for entry in columns.MONTHS), *people]
    assert list(results.events.columns)[:4] == keys
    assert len(results.months) == 3 * 25
    assert set(results.events["event"]) <= set(codes.EVENTS)
    assert set(results.events["cause"]) <= set(codes.CAUSES)
    assert set(results.members["seed"]) == {find_typical_seed(results.runs)}


def test_the_run_whose_members_are_kept_is_the_one_nearest_the_median():
    runs = pd.DataFrame({"seed": [5, 3, 9, 4], "collaboration_end": [0.9, 0.2, np.nan, 0.3]})
    assert find_typical_seed(runs) == 4  # the middle one of three; the one without pairs is left out
    assert find_typical_seed(runs.iloc[:2]) == 3  # of two the lower
    assert find_typical_seed(runs.assign(collaboration_end=np.nan)) == 5
    parameters = compose(["regime=mixed", "months=24"]).parameters
    kept = simulate(parameters, [1, 2, 3, 4, 5])
    seed = find_typical_seed(kept.runs)
    assert kept.runs.set_index("seed")["collaboration_end"].rank()[seed] == 3
    alone = simulate(parameters, [seed])
    pd.testing.assert_frame_equal(kept.members, alone.members)
    changed = simulate_changed(parameters, [1, 2, 3, 4, 5], [])
    pd.testing.assert_frame_equal(kept.members, changed.members)
