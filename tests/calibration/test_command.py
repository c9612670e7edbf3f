"""``coalitions calibrate`` on a tiny budget."""

import json

import pandas as pd
import pytest

from sim.__main__ import main
from sim.calibration import inferring
from sim.calibration.simulating import NAMES
from sim.configuration.designs.ensemble import read_ensemble


@pytest.fixture
def wide(monkeypatch):
    """Few candidates, and bands that nearly any set meets."""
    monkeypatch.setattr(inferring, "CANDIDATES", 10)
    monkeypatch.setattr(inferring, "MAX_ROUNDS", 1)
    monkeypatch.setattr(inferring, "LEAST_CHANCE", 0.0)
    monkeypatch.setattr("sim.calibration.targets.Target.is_met", lambda self, value: True)


def test_a_tiny_calibration_from_nothing_to_its_page(tmp_path, capsys, wide):
    words = [
        "calibrate",
        "--sets",
        "6",
        "--learning",
        "50",
        "--seeds",
        "1",
        "--workers",
        "1",
        "--results",
        str(tmp_path),
    ]
    assert main([*words, "--json", "--quiet", "--check", "--check-sets", "5"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accepted"] == 6
    folder = tmp_path / "calibration"
    ensemble = read_ensemble(folder / "ensemble.csv")
    assert list(ensemble.columns) == NAMES
    assert len(pd.read_csv(folder / "evidence.csv")) == 6
    assert {"posteriors.png", "pairs.png", "predictions.png"} <= {path.name for path in (folder / "figures").iterdir()}
    page = (folder / "calibration.md").read_text()
    assert "6 sets of 20 parameters are accepted" in page
    parts = {path: path.stat().st_mtime_ns for path in (folder / "simulated").iterdir()}
    assert main([*words, "--quiet"]) == 0  # goes on where it was: nothing is simulated twice
    assert parts == {path: path.stat().st_mtime_ns for path in (folder / "simulated").iterdir()}
    assert read_ensemble(folder / "ensemble.csv").equals(ensemble)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--sets", "0"], "--sets 0: must lie in [1, 100000]"),
        (["--learning", "10"], "--learning 10: must lie in"),
        (["--workers", "0"], "--workers 0: must lie in"),
        (["regime=none"], "'regime=none' is too much here"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(tmp_path, capsys, words, told):
    assert main(["calibrate", "--results", str(tmp_path), *words]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_missing_libraries_are_named_with_the_mend(capsys, monkeypatch):
    monkeypatch.setattr("sim.commands.calibrate.LIBRARIES", {"no_such_library": "no-such-library"})
    assert main(["calibrate"]) == 2
    assert 'no-such-library: pip install "coalitions[calibrate]"' in capsys.readouterr().err
