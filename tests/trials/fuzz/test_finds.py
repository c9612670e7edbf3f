"""What the fuzzer has found stays mended, and every target reads what it begins with."""

import pytest

from tests.trials.fuzz.__main__ import KEPT, measure
from tests.trials.fuzz.one import WATCHED
from tests.trials.fuzz.targets import TARGETS, find_problem

FINDS = sorted(KEPT.glob("*.bin"))


@pytest.mark.parametrize("path", FINDS, ids=[path.stem for path in FINDS])
def test_a_find_stays_mended(path, tmp_path):
    assert find_problem(path.name.partition("-")[0], path.read_bytes(), tmp_path) is None


@pytest.mark.parametrize("name", [name for name in TARGETS if name not in ("file", "word", "change", "message")])
def test_what_a_target_begins_with_breaks_nothing(name, tmp_path):
    seeds = TARGETS[name].seeds()
    assert len(seeds) >= 3
    assert [find_problem(name, data, tmp_path) for data in seeds] == [None] * len(seeds)
    assert set(WATCHED) == set(TARGETS)


@pytest.mark.nightly
@pytest.mark.slow
def test_two_minutes_a_target_find_nothing(tmp_path):
    pytest.importorskip("atheris")
    rows = measure(120, finds=tmp_path)
    assert [row for row in rows if row["lost"]] == []
    assert sum(row["tried"] for row in rows) > 10_000
