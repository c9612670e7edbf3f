"""The figures: they say what the numbers say, name their axes, and give the same files every time."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sim.figures import draw_all, draw_demo
from sim.figures.pairs import compute_interval, plot_pairs
from sim.figures.phases import find_plane, judge_cells, plot_phases
from sim.figures.strip import PALETTE, pick_strip, plot_strip, rank_coalitions
from sim.figures.style import describe_figure
from sim.figures.trajectories import plot_trajectories
from sim.tables import summarise

CHANGES = {"competitive": 0.2, "mixed": -0.2}


def make_runs(changes, n_seeds=8, **design):
    rows = [
        {"run_id": f"{regime}-{seed}", "regime": regime, "seed": seed, "collaboration_end": 0.4 + change + seed / 1000,
         "collaboration_change": change + seed / 1000, "coverage_end": 1.0, "effective_change": 0.0, **design}
        for regime, change in changes.items()
        for seed in range(1, n_seeds + 1)
    ]  # fmt: skip
    runs = pd.DataFrame(rows)
    change = runs["collaboration_change"]
    runs["verdict"] = np.select([change > 0.05, change < -0.05], ["grows", "fragments"], "holds")
    return runs


def make_months(runs, n_months=36):
    parts = [
        pd.DataFrame(
            {"run_id": run.run_id, "regime": run.regime, "seed": run.seed, "month": range(n_months + 1)}
        ).assign(collaboration_share=np.linspace(0.4, run.collaboration_end, n_months + 1))
        for run in runs.itertuples()
    ]
    return pd.concat(parts, ignore_index=True)


def make_members(grid, run_id="competitive-1"):
    grid = np.array(grid)
    n, n_months = grid.shape
    keys = {"run_id": run_id, "regime": "competitive", "seed": 1, "month": np.repeat(np.arange(n_months), n)}
    return pd.DataFrame({**keys, "organization": np.tile(np.arange(1, n + 1), n_months), "coalition": grid.T.ravel()})


def make_design(shift=0.0):
    parts = [
        make_runs({"competitive": 0.1 * money + spread + shift, "mixed": -0.3}).assign(
            annual_usd_per_organization=20_000.0 * money, viewpoint_spread=spread
        )
        for money in (1, 2, 3)
        for spread in (0.0, 0.3)
    ]
    for number, part in enumerate(parts):
        part["run_id"] += f"-{number}"
    return pd.concat(parts, ignore_index=True)


def make_results(runs, n_strips):
    strips = pd.concat(
        [make_members([[1, 1, 2], [1, 0, -1]], run_id) for run_id in runs[runs["seed"] == 1]["run_id"].iloc[:n_strips]],
        ignore_index=True,
    )
    events = pd.DataFrame({"event": ["shock"], "month": [12]})
    return SimpleNamespace(runs=runs, months=make_months(runs), events=events, members=strips)


def draw_trajectories(changes, n_seeds=8):
    runs = make_runs(changes, n_seeds)
    return plot_trajectories(make_months(runs), summarise(SimpleNamespace(runs=runs)))


def check_words(figure):
    assert figure.get_suptitle()
    assert "illustrative model" in " ".join(text.get_text().replace("\n", " ") for text in figure.texts)
    panels = [axes for axes in figure.axes if axes.axison and axes.get_label() != "<colorbar>"]
    assert any(axes.get_xlabel() for axes in panels), "no label on x"
    assert any(axes.get_ylabel() for axes in panels), "no label on y"


@pytest.mark.parametrize("n_seeds", [1, 3, 8])
@pytest.mark.parametrize("n_regimes", [1, 2, 3, 4, 9])
def test_trajectories_have_title_and_labels(n_regimes, n_seeds):
    check_words(draw_trajectories({f"regime_{number}": 0.05 * number for number in range(n_regimes)}, n_seeds))


def test_trajectories_tell_the_verdict():
    assert "collaboration grows" in draw_trajectories({"competitive": 0.2}).get_suptitle()
    assert "collaboration fragments" in draw_trajectories({"competitive": -0.2}).get_suptitle()
    title = draw_trajectories(CHANGES).get_suptitle()
    assert title.replace("\n", " ") == "Collaboration grows under competitive; fragments under mixed"


def test_three_regimes_share_a_panel_and_four_do_not():
    assert len(draw_trajectories(dict.fromkeys("abc", 0.1)).axes) == 1
    assert len(draw_trajectories(dict.fromkeys("abcd", 0.1)).axes) == 4


def test_the_strip_has_a_colour_for_each_coalition_and_state():
    figure = plot_strip(make_members([[7, 7, 7], [7, 9, 0], [9, 9, -1]]), "competitive")
    check_words(figure)
    image = figure.axes[0].images[0]
    assert image.cmap.N == 4  # closed, unaffiliated, two coalitions
    assert len(np.unique(image.get_array())) == 4


def test_the_strip_reuses_colours_only_after_the_palette():
    n_coalitions = len(PALETTE) + 2
    figure = plot_strip(make_members([[serial] for serial in range(1, n_coalitions + 1)]), "competitive")
    assert len(set(figure.axes[0].images[0].cmap.colors[2:])) == len(PALETTE)


def test_the_strip_ranks_by_organization_months():
    assert rank_coalitions(make_members([[7, 7, 7], [7, 9, 0], [3, 9, -1]])) == {7: 0, 9: 1, 3: 2}


def test_the_strip_tells_what_is_left():
    titles = {plot_strip(make_members(grid), "x").get_suptitle() for grid in ([[1, 1]], [[1, 0]], [[1, -1]])}
    assert len(titles) == 3


def test_the_strip_of_a_design_comes_from_its_middle():
    runs = make_design()
    first = runs[runs["seed"] == 1]["run_id"]
    strips = pd.concat(
        [make_members([[number, number]], run_id) for number, run_id in enumerate(first, 1)], ignore_index=True
    )
    strip, setting = pick_strip(strips, runs)
    assert len(strip) == 2
    assert setting == "competitive, annual usd per organization 40k, viewpoint spread 0.3, seed 1"
    assert strip["coalition"].unique().tolist() == [7]


def test_pairs_tell_the_difference_to_the_first_setting():
    figure = plot_pairs(make_runs(CHANGES))
    check_words(figure)
    assert figure.get_suptitle().replace("\n", " ") == "mixed ends with 0.40 less collaboration than competitive"
    assert "No clear difference" not in plot_pairs(make_runs({"competitive": 0, "mixed": 0.1})).get_suptitle()


def test_pairs_of_one_seed_have_no_interval():
    assert "on one seed" in plot_pairs(make_runs(CHANGES, n_seeds=1)).get_suptitle()


def test_the_interval_is_students():
    stats = pytest.importorskip("scipy.stats")
    for n in (5, 8, 20):
        values = np.arange(n, dtype=float)
        mean, low, high = compute_interval(values)
        assert mean == values.mean()
        assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, n - 1) * stats.sem(values), rel=0.01)


def test_phases_have_a_panel_a_regime_and_follow_the_rule():
    runs = make_design()
    plane = find_plane(runs)
    assert plane == ("annual_usd_per_organization", "viewpoint_spread")
    figure = plot_phases(runs, *plane)
    check_words(figure)
    assert "grows in 6 of 12 settings and fragments in 6" in figure.get_suptitle().replace("\n", " ")
    assert figure.get_suptitle() != plot_phases(make_design(-0.2), *plane).get_suptitle()
    assert set(judge_cells(runs, *plane)["n_runs"]) == {8}


def test_undecided_cells_get_a_dot():
    runs = make_design()
    runs["collaboration_change"] = np.where(runs["seed"] % 2, 0.3, -0.2)
    figure = plot_phases(runs, *find_plane(runs))
    dots = [axes.collections[1].get_offsets() for axes in figure.axes[:2]]
    assert [len(places) for places in dots] == [6, 6]


def test_no_plane_without_a_design():
    assert find_plane(make_runs(CHANGES)) is None


def test_all_pictures_are_kept_the_same_every_time(tmp_path):
    results = make_results(make_runs(CHANGES), 2)
    first, second = (draw_all(results, tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in first if path.suffix == ".svg"] == [
        "collaboration.svg",
        "memberships.svg",
        "differences.svg",
    ]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"<dc:date>" not in b"".join(path.read_bytes() for path in first)


def test_the_demo_draws_three_pictures_as_png_and_svg(tmp_path):
    names = sorted(path.name for path in draw_demo(make_results(make_design(), 12), tmp_path))
    stems = ("collaboration", "memberships", "phases")
    assert names == [f"{stem}.{suffix}" for stem in stems for suffix in ("png", "svg")]


def test_one_run_is_enough(tmp_path):
    assert len(draw_all(make_results(make_runs({"none": 0.0}, n_seeds=1), 1), tmp_path)) == 4


def test_a_figure_can_be_told_in_words():
    assert describe_figure(draw_trajectories(CHANGES)).startswith("Collaboration grows under competitive")


def test_importing_the_package_imports_no_matplotlib():
    script = "import sys, sim.figures; print([name for name in ('matplotlib', 'seaborn') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
