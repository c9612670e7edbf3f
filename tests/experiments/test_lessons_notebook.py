"""The notebook runs as a script, and what it shows is what the model and theory say."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.lessons.measuring import run

pytest.importorskip("marimo", reason="pip install 'coalitions[notebook]' brings marimo")

NOTEBOOK = Path(__file__).parents[2] / "experiments" / "lessons" / "notebook.py"
NAMES = ("Alder", "Birch", "Cedar")
PAIRS = [f"{one} from {other}" for one in NAMES for other in NAMES if one != other]


@pytest.fixture(scope="module")
def notebook():
    return runpy.run_path(str(NOTEBOOK))


@pytest.fixture(scope="module")
def shown(notebook):
    """Everything the notebook defines when it runs once, as nobody has touched it."""
    return notebook["app"].run()[1]


def test_it_compares_two_regimes_on_the_same_seeds(shown):
    assert shown["runs"]["regime"].value_counts().to_dict() == {"A: unrestricted": 10, "B: population_silo": 10}
    row = shown["differences"].set_index("outcome").loc["collaboration_end"]
    ends = [run(f"regime={name}").judged["collaboration_end"] for name in ("unrestricted", "population_silo")]
    assert row["mean"] == pytest.approx(np.mean(ends[1] - ends[0]))
    assert shown["answer"] == "less" and "less collaboration" in shown["sentence"]


def test_the_same_regime_twice_gives_no_difference_at_all(notebook):
    both = {f"regime_{side}": SimpleNamespace(value="lottery") for side in "ab"}
    numbers = {"money": SimpleNamespace(value=50_000), "n_seeds": SimpleNamespace(value=2)}
    runs = notebook["run_both"].run(**both, **numbers)[1]["runs"]
    ends = runs.pivot_table(index="seed", columns="regime", values="collaboration_end")
    assert ends.shape == (2, 2) and (ends["A: lottery"] == ends["B: lottery"]).all()  # exercise 1


def test_it_plots_each_city_and_their_mean(shown):
    axes = shown["collaboration_figure"].axes[0]
    lines = [np.asarray(line.get_ydata(), float) for line in axes.lines]
    assert len(lines) == 22 and {len(line) for line in lines} == {121}
    assert lines[10] == pytest.approx(np.mean(lines[:10], axis=0))
    assert [text.get_text() for text in axes.texts] == ["A: unrestricted", "B: population_silo"]
    assert shown["other_figure"].axes[0].get_ylabel() == "Coverage"


def test_it_plays_the_game_of_three(shown):
    verdicts = shown["verdicts"].set_index("partition")
    assert verdicts["in the core"].to_dict() == {
        "Alder · Birch · Cedar": "no: Alder+Birch · Birch+Cedar · Alder+Birch+Cedar",
        "Alder+Birch · Cedar": "yes",
        "Alder+Cedar · Birch": "no: Alder · Alder+Birch · Alder+Birch+Cedar",
        "Birch+Cedar · Alder": "no: Alder+Birch · Alder+Birch+Cedar",
        "Alder+Birch+Cedar": "yes",
    }
    assert verdicts["price"].tolist() == [6, 2, 6, 4, 0]
    assert shown["snapshots"]["seats"].gt(0).all()


def test_the_exercises_on_the_game_have_the_answers_they_hint_at(notebook):
    def judge(*numbers):
        likes = SimpleNamespace(value=dict(zip(PAIRS, numbers, strict=True)))
        return notebook["judge_game"].run(likes=likes, names=NAMES)[1]["verdicts"].set_index("partition")

    core = judge(2, -3, 2, 1, -1, 1)["in the core"]
    assert core.index[core == "yes"].tolist() == ["Alder+Birch · Cedar"]  # exercise 4
    together = judge(2, -3, 2, 3, 1, 1).loc["Alder+Birch+Cedar"]  # exercise 5
    assert together["price"] == 0 and together["in the core"] == "no: Alder"
    assert set(judge(1, 0, -1, 0, 0, 0)["Nash stable"]) == {"no"}  # exercise 6
