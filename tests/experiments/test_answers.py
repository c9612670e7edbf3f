"""The answers in experiments/README.md are what the kept tables say, and the tables are what the runs give."""

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.answers import __main__ as verb
from experiments.answers import tables
from experiments.answers.sentences import ANSWERS
from tests.sealing import seal_anew

NAMES = list(tables.KEPT)
MARKS = [pytest.mark.nightly, pytest.mark.slow]
SLOW = ("money_and_viewpoint",)  # PRIM and CART, each six times
BY_SET = [name for name in NAMES if tables.KEPT[name].by == "set" and name != "total_cut"]


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.nightly, pytest.mark.slow] if name in SLOW else []) for name in NAMES],
)
def test_the_readme_gives_the_answer_that_the_kept_table_gives(name):
    assert verb.make_row(name, verb.answer(name)) in verb.README.read_text(encoding="utf-8")


def test_every_experiment_has_an_answer_and_a_small_table():
    paths = verb.README.parent.glob("*.yaml")
    files = {path.stem for path in paths if not path.stem.startswith("classroom")}  # those are pages to look at
    assert files == set(NAMES) == set(ANSWERS) == {path.stem for path in tables.FOLDER.glob("*.csv")}
    assert max(path.stat().st_size for path in tables.FOLDER.glob("*.csv")) < 50_000


@pytest.mark.parametrize("name", BY_SET)
def test_a_set_run_anew_gives_the_row_that_was_kept(name):
    configuration = tables.read_experiment(name)
    design, n_sets = configuration.design, tables.count_sets(name)
    kept = tables.read_table(name)
    policy = len(design) // n_sets - 1  # the last one, and the third set
    point = design.point(policy * n_sets + 2)
    row = kept[(kept["part"] == "set") & (kept["policy"] == policy) & (kept["number"] == 2)].iloc[0]
    words = [f"{key}={_write(value)}" for key, value in point.items() if key != "case" and value is not None]
    groups = [word for word in words if "." not in word.partition("=")[0]]
    runs = sim.run([*_base(name), *groups, *[word for word in words if word not in groups]], seeds=16).runs
    for outcome in tables.KEPT[name].outcomes:
        assert runs[outcome].mean() == pytest.approx(row[outcome], rel=1e-3, abs=1e-6), outcome


def _base(name):
    """Return words that set what the experiment sets beside its design."""
    return {
        "levers": [
            "regime=mixed",
            "regime.programmes.joint.stance_low=0.0",
            "regime.programmes.joint.ambiguity=0.3",
            "regime.programmes.joint.exclusive=true",
        ],
        "shift_terms_convener": ["regime=population_silo"],
    }.get(name, [])


def _write(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{','.join(value)}]" if isinstance(value, list) else value


def test_survivors_are_counted_from_the_events(tmp_path):
    rows = [
        ("a", 0, "found", 1, 3),
        ("a", 5, "join", 1, 4),
        ("a", 60, "dissolve", 1, 0),  # stood, did not survive
        ("a", 10, "found", 2, 3),  # stood and survived
        ("a", 10, "found", 3, 3),
        ("a", 20, "exit", 3, 2),  # too small before the cut
        ("a", 12, "found", 4, 5),
        ("a", 30, "dissolve", 4, 0),  # gone before
        ("b", 50, "found", 1, 5),  # came after
        ("b", 1, "win", 0, 2),
    ]
    events = pd.DataFrame(rows, columns=["run_id", "month", "event", "coalition", "size"])
    events.to_parquet(tmp_path / "events.parquet")
    seal_anew(tmp_path)
    counted = tables.count_survivors(tmp_path)
    assert counted.loc["a"].to_dict() == {"standing": 2, "surviving": 1}
    assert "b" not in counted.index


def test_what_is_said_of_levers_follows_the_table():
    """A table in which one lever gains and one loses in every set and seed: the sentence says just that."""
    table = tables.read_table("levers")
    flat = table.assign(collaboration_end=0.4 + 0.001 * (table["number"] % 3))
    flat.loc[flat["case"] == "facilitation", "collaboration_end"] += 0.1
    flat.loc[flat["case"] == "mandate", "collaboration_end"] -= 0.2
    told = ANSWERS["levers"](flat)
    raised, lowered = told.split("These clearly lower it:")
    assert "facilitation +0.100 [+0.100, +0.100] (100% of sets;" in raised
    assert "mandate -0.200 [-0.200, -0.200] (0% of sets;" in lowered
    assert raised.count(" of sets;") == 1
    assert lowered.split("Clearly lower coverage")[0].count(" of sets;") == 1


def test_the_claim_is_told_as_not_clear_where_differences_are_noise():
    table = tables.read_table("diversity_under_stress")
    noise = np.random.default_rng(1).normal(0.3, 0.01, len(table))
    told = ANSWERS["diversity_under_stress"](table.assign(**dict.fromkeys(tables.CHANGES, noise)))
    assert told.count("clearly costlier: nowhere") == 3
    worse = noise - 0.1 * ((table["case"] == "scarce") & (table["field.viewpoint_spread"] > 0))
    flat = table.assign(collaboration_change=worse, exit_rate=noise, collaboration_end=noise)
    told = ANSWERS["diversity_under_stress"](flat)
    assert told.count("clearly costlier: nowhere") == 2
    assert "clearly costlier: scarce -0." in told.split("Exits")[0]
