"""The figures: they say what the numbers say, carry all their parts, and give the same files every time."""

import dataclasses
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from sim.errors import FigureError, ObservationError
from sim.figures import AFTER_A_RUN, AFTER_THE_DEMO, FIGURES, draw, make_figures, style
from sim.figures.boxes import plot_boxes
from sim.figures.fan import plot_fan
from sim.figures.figure import Origin
from sim.figures.forms import FORMS, compute_rates, plot_forms, sum_up
from sim.figures.labels import fold, name_setting
from sim.figures.levers import plot_levers
from sim.figures.network import lay_out, plot_network
from sim.figures.observations import read_observations
from sim.figures.origins import find_origin
from sim.figures.pairs import N_DOTS, compute_interval, pick_dots, plot_pairs
from sim.figures.people import compute_ends, plot_people
from sim.figures.phases import find_plane, judge_cells, plot_phases
from sim.figures.strip import COLOURS, encode, pick_strip, plot_strip, rank_coalitions
from sim.figures.style import PHONE, WIDE, compute_contrast, darken
from sim.figures.survival import estimate_survival, find_median, follow_coalitions, plot_survival
from sim.figures.tornado import plot_tornado
from sim.figures.validation import exceeds_null, plot_validation
from sim.results.contrasts import compute_differences
from sim.results.store import Results
from sim.schema.columns import RATES
from sim.text import clean

SCENARIO = "All grant money ends in month 48, running awards included. 18 organizations, 120 months."
ORIGIN = Origin(
    "coalitions run regime=competitive && coalitions draw results/some",
    "8 runs of the coalitions model",
    scenario=SCENARIO,
)
CHANGES = {"competitive": 0.2, "mixed": -0.2}
HOSTILE = {
    "math": r"$\undefined$",
    "underscore": "_hidden",
    "markup": "<script>alert(1)</script>&amp;",
    "right to left": "\u202eevil\u202c منظمة",
    "chinese": "反人口贩卖联盟",
    "controls": "bell\x07 and null\x00",
}


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
    parts = []
    for at, run in enumerate(runs.itertuples()):
        months = {"run_id": run.run_id, "regime": run.regime, "seed": run.seed, "month": range(n_months + 1)}
        part = pd.DataFrame(months).assign(collaboration_share=np.linspace(0.4, run.collaboration_end, n_months + 1))
        part["served_share"], part["coverage_share"] = 0.6 + run.seed / 100, 1.0
        part["arrivals"], part["served"] = 200.0, 120.0 + run.seed
        part["not_served"] = 250.0 - part["served"]
        part = part.assign(**{name: 0.0 for pair in RATES.values() for name in pair})
        part["memberships"], part["n_open"] = 50.0, 20.0
        parts.append(part.assign(**{form: float(place + at) / 12 for place, form in enumerate(FORMS)}))
    return pd.concat(parts, ignore_index=True)


def make_members(grid, run_id="competitive-1", regime="competitive"):
    grid = np.array(grid)
    n, n_months = grid.shape
    keys = {"run_id": run_id, "regime": regime, "seed": 1, "month": np.repeat(np.arange(n_months), n)}
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


def make_events(runs):
    lives = [("found", 1, 0), ("dissolve", 1, 12), ("rival_found", 2, 6), ("found", 3, 0), ("shock", 0, 12)]
    rows = [
        {"run_id": run.run_id, "regime": run.regime, "seed": run.seed, "event": kind, "coalition": at, "month": month}
        for run in runs.itertuples()
        for kind, at, month in lives
    ]
    return pd.DataFrame(rows)


def make_results(runs, n_strips=2):
    firsts = runs[runs["seed"] == 1].iloc[:n_strips]
    strips = [make_members([[1, 1, 2], [1, 0, -1], [1, 1, 2]], run.run_id, run.regime) for run in firsts.itertuples()]
    manifest = {"command": "coalitions compare regime=a,b", "name": "some", "model_version": 2}
    members = pd.concat(strips, ignore_index=True)
    return Results(runs, make_months(runs), make_events(runs), members, manifest)


def make_sensitivities():
    rows = [(outcome, name, total, total - 0.1, total + 0.1, total / 2)
            for outcome in ("collaboration_change", "exit_rate")
            for name, total in (("memberships.turf_weight", 0.6), ("field.viewpoint_spread", 0.2))]  # fmt: skip
    return pd.DataFrame(rows, columns=["outcome", "parameter", "total", "total_low", "total_high", "first_order"])


def make_boxes():
    rows = [(1, "memberships.turf_weight", 1.2, np.nan, 0.5, 0.9), (1, "field.viewpoint_spread", 0.1, 0.4, 0.5, 0.9)]
    return pd.DataFrame(rows, columns=["box", "parameter", "low", "high", "coverage", "density"])


def make_levers():
    rows = [(lever, "competitive", outcome, mean, mean - 0.03, mean + 0.03, 0.8, 1200.0)
            for lever, mean in (("unrestricted", 0.1), ("lottery", 0.0))
            for outcome in ("collaboration_end", "coverage_end")]  # fmt: skip
    names = ["lever", "reference", "outcome", "mean", "low", "high", "better_share", "usd_difference"]
    return pd.DataFrame(rows, columns=names)


def make_patterns():
    rows = [
        (1, "scarcer money raises exits", 0.3, 0.2, 0.4, 0.0, "holds"),
        (2, "trust rises", -0.1, -0.2, 0.1, 0.0, "fails"),
    ]
    return pd.DataFrame(rows, columns=["pattern", "statement", "effect", "low", "high", "null", "verdict"])


def fan_of(changes, n_seeds=8):
    runs = make_runs(changes, n_seeds)
    return plot_fan(make_months(runs), runs, ORIGIN)


def make_all():
    """Return every figure of the set, each from tables of its kind."""
    figures = make_figures(make_results(make_design(), 12), origin=ORIGIN)
    figures += [plot_tornado(make_sensitivities(), ORIGIN), plot_boxes(make_boxes(), ORIGIN, "Verdict is fragments")]
    return [*figures, plot_levers(make_levers(), ORIGIN), plot_validation(make_patterns(), ORIGIN)]


ALL = {figure.name: figure for figure in make_all()}


def find_texts(canvas):
    return [text.get_text() for text in canvas.findobj(Text) if text.get_text()]


def test_the_set_is_whole():
    extra = {"sensitivities", "scenarios", "levers", "validation"}
    assert set(ALL) == set(FIGURES) | extra
    assert set(AFTER_A_RUN) | set(AFTER_THE_DEMO) <= set(FIGURES)


@pytest.mark.parametrize("name", ALL)
def test_a_figure_carries_all_its_parts(name):
    figure = ALL[name]
    assert figure.find_gaps() == []
    words = figure.describe()
    for part in (figure.title, figure.subtitle, figure.alt, figure.spread, figure.note, figure.command):
        assert part in words
    assert "nothing here shows that a policy works" in words


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("name", ALL)
def test_a_picture_names_its_axes_and_keeps_its_words_inside(name, width):
    canvas = ALL[name].paint(width)
    style.styled(style._lay_out)(canvas)
    shown = [axes for axes in canvas.axes if axes.axison]
    assert any(axes.get_xlabel() for axes in shown) or name == "network", "no label on x"
    assert any(axes.get_ylabel() for axes in shown), "no label on y"
    whole = canvas.bbox
    for text in canvas.findobj(Text):
        if text.get_text() and text.get_visible() and text in canvas.texts:
            box = text.get_window_extent()
            assert box.x0 >= whole.x0 - 1, text.get_text()
            assert box.x1 <= whole.x1 + 1, text.get_text()


@pytest.mark.parametrize("part", ["title", "subtitle", "spread", "note", "alt"])
def test_an_empty_part_is_refused(part):
    bare = dataclasses.replace(ALL["forms"], **{part: " "})
    with pytest.raises(FigureError, match=f"{part} empty"):
        bare.paint()


@pytest.mark.parametrize("scenario", ["", "  "])
def test_a_figure_without_its_scenario_cannot_be_saved(scenario, tmp_path):
    bare = dataclasses.replace(ALL["forms"], origin=dataclasses.replace(ORIGIN, scenario=scenario))
    with pytest.raises(FigureError, match="scenario empty"):
        bare.save(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_the_scenario_stands_below_the_title_of_every_figure(name, tmp_path):
    figure = ALL[name]
    words = [" ".join(text.get_text().split()) for text in figure.paint().texts]
    assert sum("ends in month 48" in text for text in words) == 1
    figure.save(tmp_path, ["svg"])
    assert "ends in month 48" in (tmp_path / f"{name}.txt").read_text(encoding="utf-8")


def test_every_colour_of_lines_and_letters_stands_out_from_white():
    for colour in (*style.FULL, style.MIDDLE, style.DARK, *(colour for colour, _ in style.SERIES)):
        assert compute_contrast(colour) >= 3, colour
        assert compute_contrast(darken(colour)) >= 4.5, colour
    assert len({line for _, line in style.SERIES}) == len(style.SERIES)
    assert not {style.VERMILLION, style.GREEN} <= {colour for colour, _ in style.SERIES}
    assert compute_contrast("#000000") == pytest.approx(21)


# names from outside


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_neither_break_a_figure_nor_disappear(name, tmp_path):
    runs = make_runs({"competitive": 0.2, name: -0.2})
    figure = plot_fan(make_months(runs), runs, ORIGIN)
    shown = name_setting(name)
    assert shown.strip("\ufffd ")
    files = {path.suffix: path for path in figure.save(tmp_path)}
    tree = ElementTree.fromstring(files[".svg"].read_text(encoding="utf-8"))  # well formed
    assert not tree.findall(".//{*}script")
    whole = re.sub(r"\s+", "", " ".join(tree.itertext()))
    assert re.sub(r"\s+", "", shown) in whole
    assert re.sub(r"\s+", "", shown) in re.sub(r"\s+", "", files[".txt"].read_text(encoding="utf-8"))
    assert name.splitlines()[0][:4] in files[".csv"].read_text(encoding="utf-8")


def test_hostile_names_of_organizations_stand_beside_the_strip():
    names = dict(enumerate(HOSTILE.values(), 1))
    grid = [[1, 1, 1]] * len(names)
    texts = find_texts(plot_strip(make_members(grid), "x", ORIGIN, names).paint())
    for name in names.values():
        assert any(fold(clean(name), 30).split("\n")[0] in text for text in texts), name
    assert plot_network(make_members(grid), make_runs({"competitive": 0.1}), ORIGIN, names).find_gaps() == []


def test_a_leading_underscore_stays():
    assert name_setting("_my_own") == "_my own"
    assert name_setting("population_silo") == "population silo"


@pytest.mark.slow
def test_letters_no_font_has_are_written_as_their_number_in_the_png_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(style, "find_fonts", lambda letters: [])
    runs = make_runs({"a": 0.2, HOSTILE["chinese"]: -0.2})
    figure = plot_fan(make_months(runs), runs, ORIGIN)
    words = "".join(find_texts(figure.paint()))
    assert "U+53CD" in words
    assert style.find_missing(words) == set()
    assert HOSTILE["chinese"][0] in figure.save(tmp_path)[0].read_text(encoding="utf-8")


def test_letters_of_every_text_come_from_a_font_that_has_them():
    words = "北京 roster"
    if not style.find_fonts(set("北京")):
        pytest.skip("no font with Chinese letters is installed here")
    figure = dataclasses.replace(fan_of(CHANGES), origin=dataclasses.replace(ORIGIN, command=f"run {words}"))
    texts = [text for text in figure.paint().findobj(Text) if "北" in text.get_text()]
    assert len(texts) == 1
    assert set(style.find_fonts(set("北京"))) <= set(texts[0].get_fontfamily())


# files


@pytest.mark.slow
def test_all_files_are_the_same_every_time(tmp_path):
    results = make_results(make_runs(CHANGES, 2))
    first, second = (draw(results, tmp_path / name) for name in ("a", "b"))
    assert len(first) == 4 * (len(FIGURES) - 1)  # without a design no phases
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"<dc:date>" not in b"".join(path.read_bytes() for path in first)


@pytest.mark.slow
def test_ids_of_two_figures_on_one_page_do_not_meet(tmp_path):
    ids = []
    for name in ("forms", "survival"):
        text = ALL[name].save(tmp_path, ["svg"])[0].read_text(encoding="utf-8")
        own = set(re.findall(r'\bid="([^"]+)"', text))
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) <= own, "a reference leads nowhere"
        ids.append(own)
    assert len(ids[0]) > 20
    assert not ids[0] & ids[1]


def test_text_of_an_svg_is_text_and_it_has_a_name(tmp_path):
    text = ALL["forms"].save(tmp_path, ["svg"])[0].read_text(encoding="utf-8")
    assert 'role="img"' in text
    assert "<title>" in text
    assert "events a year" in text


def test_the_numbers_drawn_are_written(tmp_path):
    files = ALL["differences"].save(tmp_path, ["png"])
    assert [path.name for path in files] == ["differences.png", "differences.csv", "differences.txt"]
    pd.testing.assert_frame_equal(pd.read_csv(files[1]), ALL["differences"].table)


def test_an_unknown_format_or_figure_is_told(tmp_path):
    with pytest.raises(FigureError, match="'gif': not known; choose from svg, png"):
        ALL["forms"].save(tmp_path, ["gif"])
    with pytest.raises(ValueError, match="'fase': not known; choose from phases"):
        make_figures(make_results(make_runs(CHANGES)), ["fase"])


def test_the_command_gives_the_figures_again():
    figures = make_figures(make_results(make_runs(CHANGES)))
    assert {figure.command for figure in figures} == {"coalitions compare regime=a,b && coalitions draw results/some"}
    assert "16 runs (8 seeds) of the coalitions model, model 2" in figures[0].source


def test_one_run_is_enough():
    names = [figure.name for figure in make_figures(make_results(make_runs({"none": 0.0}, n_seeds=1), 1))]
    assert names == ["collaboration", "people", "forms", "survival", "network", "memberships"]


def test_importing_the_package_imports_no_matplotlib():
    script = "import sys, sim.figures; print([name for name in ('matplotlib', 'seaborn') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.slow
def test_what_is_drawn_after_a_run_reads_neither_seaborn_nor_scipy():
    script = (
        "import sys, sim.figures; sim.figures.prepare(); print([x for x in ('seaborn', 'scipy') if x in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


# what each figure says


@pytest.mark.slow
@pytest.mark.parametrize("n_seeds", [1, 3, 8])
@pytest.mark.parametrize("n_regimes", [1, 2, 3, 4, 9])
def test_the_fan_has_a_panel_a_regime_and_months_below_the_lowest_of_each_column(n_regimes, n_seeds):
    figure = fan_of({f"regime_{number}": 0.05 * number for number in range(n_regimes)}, n_seeds)
    canvas = figure.paint()
    assert len(canvas.axes) == n_regimes
    n_columns = canvas.axes[0].get_subplotspec().get_gridspec().ncols
    for at, axes in enumerate(canvas.axes):
        is_lowest = at + n_columns >= n_regimes
        assert bool(axes.get_xlabel()) == is_lowest
        assert axes.xaxis.get_tick_params()["labelbottom"] == is_lowest
    assert len(figure.table) == 37 * n_regimes


def test_the_fan_tells_the_verdict_and_in_how_many_runs():
    assert fan_of({"competitive": 0.2}).title == (
        "competitive: collaboration grows, from 0.40 to 0.60 of pairs; it grows in 8 of 8 runs"
    )
    assert "collaboration fragments" in fan_of({"competitive": -0.2}).title
    assert fan_of(CHANGES).title == (
        "Against competitive, fewer pairs share a coalition at the end under mixed (−0.40, in 8 of 8 paired runs)"
    )


def test_the_fan_shows_bands_and_some_runs():
    lines = fan_of({"competitive": 0.2}, 20).paint().axes[0].get_lines()
    assert len(lines) == 8 + 1  # sample paths, median
    assert len(fan_of({"competitive": 0.2}, 20).paint().axes[0].collections) == 2


def test_the_strip_gives_five_coalitions_colours_and_numbers_to_all():
    codes = encode(np.array([[7, 7, 7], [7, 9, 0], [9, 9, -1]]), {7: 0, 9: 1})
    assert codes.tolist() == [[2, 2, 2], [2, 3, 1], [3, 3, 0]]
    many = {serial: rank for rank, serial in enumerate(range(1, 9))}
    assert encode(np.array([[1, 5, 6, 8]]), many).tolist() == [[2, 6, 7, 7]]  # the last two are grey
    assert len(COLOURS) == 8
    texts = find_texts(plot_strip(make_members([[7] * 9, [9] * 9]), "x", ORIGIN).paint())
    assert {"7", "9"} <= set(texts)


def test_the_strip_ranks_by_organization_months():
    assert rank_coalitions(make_members([[7, 7, 7], [7, 9, 0], [3, 9, -1]])) == {7: 0, 9: 1, 3: 2}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"competitive": -0.04, "mixed": -0.06}, "Against competitive, no clear difference in collaboration"),
        (
            {"competitive": -0.30, "mixed": -0.02},
            "Against competitive, more pairs share a coalition at the end under mixed",
        ),
    ],
)
def test_regimes_are_told_apart_only_where_the_paired_difference_is_clear(changes, told):
    runs = make_runs(changes, n_seeds=8)
    runs["collaboration_end"] += np.random.default_rng(1).normal(0, 0.05, len(runs))
    title = plot_fan(make_months(runs), runs, ORIGIN).title
    assert title.startswith(told)
    assert "undecided" not in title


def test_the_strip_tells_what_is_left():
    titles = {plot_strip(make_members(grid), "x", ORIGIN).title for grid in ([[1, 1]], [[1, 0]], [[1, -1]])}
    assert len(titles) == 3


def test_the_strip_of_a_design_comes_from_its_middle():
    runs = make_design()
    first = runs[runs["seed"] == 1]["run_id"]
    strips = pd.concat(
        [make_members([[number, number]], run_id) for number, run_id in enumerate(first, 1)], ignore_index=True
    )
    strip, setting = pick_strip(strips, runs)
    assert len(strip) == 2
    assert setting == "competitive, annual usd per organization 40k, viewpoint spread 0.3, one of 12 settings; seed 1"
    assert strip["coalition"].unique().tolist() == [7]


def test_pairs_tell_the_difference_and_in_how_many_pairs():
    figure = plot_pairs(make_runs(CHANGES), ORIGIN)
    assert figure.title == (
        "Against competitive, fewer pairs share a coalition at the end under mixed (−0.40, in 8 of 8 paired runs)"
    )
    assert figure.table[["n_more", "n_less", "n_pairs"]].iloc[0].tolist() == [0, 8, 8]
    assert "No clear difference" not in plot_pairs(make_runs({"competitive": 0, "mixed": 0.1}), ORIGIN).title


def test_pairs_that_go_both_ways_are_unclear():
    runs = make_runs({"competitive": 0, "mixed": 0})
    runs.loc[runs["regime"] == "mixed", "collaboration_end"] += [0.1, -0.1] * 4
    told = plot_pairs(runs, ORIGIN).title
    assert told == "Against competitive, no clear difference in collaboration at the end under mixed"


def test_pairs_of_one_seed_have_no_interval():
    title = plot_pairs(make_runs(CHANGES, n_seeds=1), ORIGIN).title
    assert title == "On one seed the difference to competitive at the end is −0.40 (mixed)"


def test_many_pairs_become_twenty_dots_of_equal_weight():
    dots = pick_dots(np.arange(1000.0))
    assert len(dots) == N_DOTS
    assert dots[0] == pytest.approx(0.025 * 999)
    assert len(pick_dots(np.arange(7.0))) == 7


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
    figure = plot_phases(runs, *plane, ORIGIN)
    assert figure.title == "Collaboration fragments throughout under mixed; grows throughout under competitive"
    assert figure.title != plot_phases(make_design(-0.2), *plane, ORIGIN).title
    assert set(judge_cells(runs, *plane)["n_runs"]) == {8}


@pytest.mark.slow
def test_phases_draw_where_half_of_the_runs_grow_and_dots_where_undecided():
    runs = make_design()
    runs["collaboration_change"] = np.where(runs["seed"] % 2, 0.3, -0.2)
    runs["verdict"] = np.where(runs["seed"] % 2, "grows", "fragments")
    figure = plot_phases(runs, *find_plane(runs), ORIGIN)
    dots = [axes.collections[-1].get_offsets() for axes in figure.paint().axes[:2]]
    assert [len(places) for places in dots] == [6, 6]
    runs["verdict"] = np.where(runs["annual_usd_per_organization"] > 30_000, "grows", "holds")
    figure = plot_phases(runs, *find_plane(runs), ORIGIN)
    assert "50 % of runs grow" not in find_texts(figure.paint()), "a plane of two rows has lines of one cell alone"


def make_plane(change, xs=(20_000.0, 55_000.0, 110_000.0, 165_000.0, 220_000.0), ys=(0.0, 0.3, 0.6), regime="mixed"):
    """Return runs of a grid; change: of x and y."""
    parts = [
        make_runs({regime: change(x, y)}).assign(annual_usd_per_organization=x, viewpoint_spread=y)
        for x in xs
        for y in ys
    ]
    return pd.concat(parts, ignore_index=True)


def rise(x, y):
    return (x - 100_000) / 1_000_000


def test_the_title_of_phases_says_where_the_boundary_lies_and_counts_no_cells():
    rising = make_plane(rise)
    both = pd.concat([rising, make_plane(lambda x, y: -0.3, regime="silo")])
    plane = find_plane(rising)
    assert plot_phases(rising, *plane, ORIGIN).title == (
        "Collaboration grows above about 150k USD; fragments below about 46k USD"
    )
    assert "settings" not in plot_phases(both, *plane, ORIGIN).title
    assert "fragments throughout under silo" in plot_phases(both, *plane, ORIGIN).title
    falling = make_plane(lambda x, y: -rise(x, y))
    assert "grows below about 54k USD" in plot_phases(falling, *plane, ORIGIN).title
    bent = make_plane(lambda x, y: 0.2 if x == 110_000 else -0.2)  # no single boundary
    assert plot_phases(bent, *plane, ORIGIN).title.startswith("The mean change in collaboration runs from −0.20")


def test_cells_of_phases_are_as_wide_as_their_steps_and_those_without_runs_are_hatched():
    runs = make_plane(rise)
    canvas = plot_phases(runs, *find_plane(runs), ORIGIN).paint()
    mesh = canvas.axes[0].collections[0].get_coordinates()[0, :, 0]
    assert np.diff(mesh).tolist() == [35_000, 45_000, 55_000, 55_000, 55_000]
    assert "no runs" not in find_texts(canvas)
    holed = runs[~((runs["viewpoint_spread"] == 0.3) & (runs["annual_usd_per_organization"] == 55_000.0))]
    canvas = plot_phases(holed, *find_plane(runs), ORIGIN).paint()
    assert [patch.get_hatch() for patch in canvas.axes[0].patches] == ["////"]
    assert "no runs" in find_texts(canvas)


def test_phases_list_the_lines_that_are_drawn_alone():
    runs = make_plane(lambda x, y: 0.0)
    runs["verdict"] = np.where(runs["annual_usd_per_organization"] > 100_000, "grows", "holds")
    texts = find_texts(plot_phases(runs, *find_plane(runs), ORIGIN).paint())
    assert {"10 % of runs grow", "50 % of runs grow", "90 % of runs grow"} <= set(texts)
    corner = (runs["annual_usd_per_organization"] == 20_000) & (runs["viewpoint_spread"] == 0)
    runs["verdict"] = np.where(corner & (runs["seed"] == 1), "grows", "holds")
    assert not any("of runs grow" in text for text in find_texts(plot_phases(runs, *find_plane(runs), ORIGIN).paint()))


def test_phases_say_what_else_varies_and_what_changes_nothing():
    runs = make_plane(lambda x, y: 0.1 + y)
    plane = find_plane(runs)
    more = pd.concat([runs.assign(turf_weight=0.0), runs.assign(turf_weight=1.0)])
    figure = plot_phases(more, *plane, ORIGIN)
    assert "Inside each cell cost of competing for the same money varies" in figure.note
    assert "mean of 16 runs a cell" in figure.spread
    inert = pd.concat([runs, make_plane(rise, regime="paid")])
    assert "Under mixed grant money per organization changes nothing" in plot_phases(inert, *plane, ORIGIN).note


def test_phases_of_a_sample_do_not_take_money_that_never_moves_alone_for_inert():
    runs = make_plane(rise)  # as in a sample: another parameter goes along with the money, point by point
    sampled = runs.assign(turf_weight=runs["annual_usd_per_organization"] / 1e5)
    both = pd.concat([sampled, sampled.assign(regime="silo")])
    assert "changes nothing" not in plot_phases(both, *find_plane(runs), ORIGIN).note


def test_throughout_is_said_where_no_cell_is_undecided():
    falling = make_plane(lambda x, y: -0.08)
    plane = find_plane(falling)
    assert "throughout" in plot_phases(falling, *plane, ORIGIN).title
    wide = 0.3 * (falling["seed"] - falling["seed"].mean())  # the same means, with intervals that cross -0.05
    falling["collaboration_change"] += wide * (falling["viewpoint_spread"] == 0)
    assert "throughout" not in plot_phases(falling, *plane, ORIGIN).title


def test_no_plane_without_a_design_or_with_a_random_sample():
    assert find_plane(make_runs(CHANGES)) is None
    runs = make_design()
    runs["viewpoint_spread"] = np.arange(len(runs)) / 100
    assert find_plane(runs) is None


def test_people_are_those_of_the_last_twelve_months():
    months = make_months(make_runs(CHANGES))
    months.loc[months["month"] <= 24, "served"] = 0.0
    ends = compute_ends(months, make_runs(CHANGES))
    assert ends["served"].tolist() == pytest.approx(2 * [120.0 + seed for seed in range(1, 9)])
    assert ends["not_served"].tolist() == pytest.approx(2 * [130.0 - seed for seed in range(1, 9)])


def test_people_of_runs_shorter_than_a_year_are_not_called_those_of_twelve_months():
    runs = make_runs({"competitive": 0.1, "mixed": 0.0})
    months = make_months(runs)
    assert "over the last 12 months" in plot_people(months, runs, ORIGIN).spread
    short = plot_people(months[months["month"] <= 6], runs, ORIGIN)
    assert "over the 6 months of the runs" in short.spread
    assert "12 months" not in short.spread


def test_a_panel_of_one_setting_pools_nothing():
    runs = make_runs({"a": 0.1, "b": 0.0}).assign(shock=lambda table: table["regime"])  # compared: each has its own
    figure = plot_fan(make_months(runs), runs, ORIGIN)
    assert "pools" not in figure.subtitle
    assert "settings of the design" not in figure.title


@pytest.mark.slow
def test_people_are_told_served_and_not_served_where_their_paired_difference_is_apart():
    runs = make_runs(CHANGES)
    months = make_months(runs)
    assert "no clear difference" in plot_people(months, runs, ORIGIN).title
    is_mixed = months["regime"] == "mixed"
    months.loc[is_mixed, "arrivals"] -= 25.0 + months["seed"] / 100  # as many are served, of the same in need
    assert "no clear difference" in plot_people(months, runs, ORIGIN).title
    months.loc[is_mixed, "served"] -= 10.0 + months["seed"] / 100
    months.loc[is_mixed, "not_served"] += 10.0 + months["seed"] / 100
    figure = plot_people(months, runs, ORIGIN)
    assert figure.title == (
        "Against competitive, a month under mixed: 10 fewer people served, 10 more not served; 25 fewer seek services"
    )
    drawn = figure.table[figure.table["shown"] == "difference at the end, mean"]
    ends = compute_ends(months, runs).rename(columns={"not_served": "not_served_end"})
    told = compute_differences(ends, ("not_served_end",))["mean"].item()  # the numbers of differences.csv
    assert drawn["not_served"].item() == pytest.approx(told)


@pytest.mark.parametrize("start, told", [("", "total cut, month 18."), ("2027-01", "total cut, month 18 (July 2028).")])
def test_what_strikes_is_told_with_its_date_where_the_field_has_one(start, told):
    origin = dataclasses.replace(ORIGIN, start=start, marks=((18, "total cut"),))
    runs = make_runs(CHANGES)
    assert told in plot_people(make_months(runs), runs, origin).note


def test_forms_are_events_a_year_for_what_is_exposed_to_them():
    runs = make_runs({"competitive": 0.2}, n_seeds=1)
    months = make_months(runs)
    months["exits"], months["rival_foundings"] = 0.5, 0.1
    rates = sum_up(compute_rates(months, runs)).set_index("form")["mean"]
    assert rates["exits"] == pytest.approx(12.0)  # 6 a year of 50 memberships
    assert rates["rival_foundings"] == pytest.approx(6.0)  # 1.2 a year of 20 organizations
    twice = months.assign(**{name: 2 * months[name] for pair in RATES.values() for name in pair})
    assert sum_up(compute_rates(twice, runs)).set_index("form")["mean"]["exits"] == rates["exits"], "size of the field"


def test_the_form_in_the_title_differs_by_its_paired_rate_from_the_first_setting():
    runs = make_runs({"broad": 0.2, "silo": 0.1})
    same = make_months(runs).assign(**dict.fromkeys(FORMS, 0.0)).assign(exits=0.5)
    is_silo = same["regime"] == "silo"
    assert "no form of fragmentation differs clearly" in plot_forms(same, runs, ORIGIN).title
    fewer = same.assign(exits=np.where(is_silo, 0.4, 0.5), memberships=np.where(is_silo, 25.0, 50.0))
    fewer["exits"] += 0.001 * fewer["seed"] * is_silo
    title = plot_forms(fewer, runs, ORIGIN).title  # fewer exits, of half as many memberships
    assert title == "Exits differ most from broad: 19.4 a year per 100 memberships under silo, 12.0 under broad"


def test_coalitions_are_followed_to_their_end_or_that_of_the_run():
    runs = make_runs({"competitive": 0.2}, n_seeds=1)
    lives = follow_coalitions(make_events(runs), make_months(runs)).set_index("coalition")
    assert lives["age_months"].to_dict() == {1: 12.0, 2: 30.0, 3: 36.0}
    assert lives["has_ended"].to_dict() == {1: True, 2: False, 3: False}


def test_survival_is_kaplan_and_meiers():
    ages, has_ended = [2, 3, 3, 5, 8], [True, True, False, True, False]
    lives = pd.DataFrame({"regime": "none", "age_months": ages, "has_ended": has_ended})
    curve = estimate_survival(lives)
    shares = dict(zip(curve["age_months"], curve["share"], strict=True))
    # 4/5, then 3/4 of it, then 1/2 of that: one of two still there ends at 5
    assert shares == pytest.approx({0: 1.0, 2: 0.8, 3: 0.6, 5: 0.3, 8: 0.3})
    assert find_median(curve) == 5
    assert plot_survival(lives, ORIGIN).title == "Half of all coalitions end within 5 months"
    assert "still active in month 8" in plot_survival(lives.assign(has_ended=False), ORIGIN).title


def test_no_title_of_survival_leaves_out_those_that_outlive_the_runs():
    lives = pd.DataFrame({"age_months": [2, 3, 3, 5, 8], "has_ended": [True, True, False, True, False]})
    names = {f"a design whose name is rather long, number {n}": n for n in (1, 2)}
    ending = [lives.assign(regime=name, age_months=lives["age_months"] + n) for name, n in names.items()]
    figure = plot_survival(pd.concat([*ending, lives.assign(regime="lasting", has_ended=False)]), ORIGIN)
    for title in (figure.title, figure.short):
        assert "later" in title
    one = plot_survival(pd.concat([ending[0], lives.assign(regime="lasting", has_ended=False)]), ORIGIN)
    assert " to " not in one.short


def test_the_network_keeps_places_and_puts_partners_near_each_other():
    grid = [[1, 1], [1, 1], [2, 2], [2, 2], [0, 0]]
    places = lay_out(make_members(grid))
    again = lay_out(make_members(grid))
    assert all((places[one] == again[one]).all() for one in places)
    near = np.linalg.norm(places[1] - places[2])
    assert near < np.linalg.norm(places[1] - places[3])
    assert plot_network(make_members(grid), make_runs({"competitive": 0.1}), ORIGIN).title.endswith("go from 2 to 2")


def test_the_tornado_draws_what_matters_first_and_tells_it():
    figure = ALL["sensitivities"]
    assert figure.title == (
        "Change in collaboration (60 %) and exit rate (60 %) depend most on cost of competing for the same money"
    )
    morris = make_sensitivities()[["outcome", "parameter"]].assign(mu_star=[0.1, 0.3, 0.2, 0.1], sigma=0.1)
    assert plot_tornado(morris, ORIGIN).table["mu_star"].tolist() == [0.3, 0.1, 0.2, 0.1]
    with pytest.raises(ValueError, match="needs a column total, mu_star, delta"):
        plot_tornado(morris[["outcome", "parameter"]], ORIGIN)


def test_parameters_whose_intervals_meet_are_not_told_apart():
    table = make_sensitivities().assign(total_low=0.0)
    figure = plot_tornado(table.assign(total_high=0.9), ORIGIN)
    assert figure.title.startswith("Nothing clearly moves change in collaboration")
    figure = plot_tornado(table.assign(total_low=0.1, total_high=0.9), ORIGIN)
    assert figure.title.startswith(
        "Not told apart for change in collaboration: cost of competing for the same money and"
    )
    assert figure.short == "No single parameter leads for any of 2 outcomes"


def test_a_table_in_which_nothing_is_told_apart_gives_no_figure_and_stops_no_report(tmp_path):
    from sim.figures.analyses import make_analyses

    blank = make_sensitivities().assign(total=np.nan, total_low=np.nan, total_high=np.nan, first_order=np.nan)
    blank.to_csv(tmp_path / "sensitivity.csv", index=False)
    assert make_analyses(tmp_path, pd.DataFrame(), Origin("coalitions sweep", "2 runs", scenario=SCENARIO)) == []


WORDS = [
    ("verdict == fragments", "Fragments", "share of runs"),
    ("verdict != holds", "Does not end as holds", "share of runs"),
    (
        "coverage_end < 0.9 and exit_rate > 0.5",
        "Coverage at the end is below 0.9 and exit rate is above 0.5",
        "share of runs",
    ),
    ("field.viewpoint_spread * exits", "Distance of each pole's group from the middle × exits", ""),
    ("breakaways", "Break-aways", "events"),
    ("shock == total_cut", "Shock is total cut", "share of runs"),
]


@pytest.mark.parametrize(("text", "told", "unit"), WORDS)
def test_outcomes_are_told_in_labels_and_units_of_the_table_of_runs(text, told, unit):
    from sim.figures.phrases import find_outcome

    assert find_outcome(text) == (told, unit)


def test_levers_are_told_by_labels_and_by_numbers_with_units():
    from sim.figures.phrases import find_factors, name_levers

    lever = "own_grant, field.viewpoint_spread=0.9, regime.programmes.service.term_months=12, grants.luck=0.3"
    labels = {"regime": {"own_grant": "Our own grant"}}
    assert name_levers([lever], labels)[lever] == "Our own grant, 0.9 viewpoint units, 12 months, luck 0.3"
    labels = {
        "regime": {"own_grant": "Our own grant", "none": "No grants"},
        "shock": {"none": "No shock", "cut": "A cut"},
    }
    both = ["own_grant, none", "none, cut", "none, none"]
    assert list(name_levers(both, labels).values()) == [
        "Our own grant, No shock",
        "No grants, A cut",
        "No grants, No shock",
    ]
    assert name_levers(["own_grant", "none"], labels)["none"] == "No grants"
    names = ["field.viewpoint_spread", "regime.programmes.service.term_months", "grants.luck"]
    assert find_factors([lever]) == names
    many = [
        {"lever": f"field.viewpoint_spread={a}, regime.programmes.service.term_months={b}", "reference": "x_y",
         "low": -0.3,
         "outcome": "collaboration_end", "mean": -0.2, "high": -0.1}
        for a in (0.0, 0.3, 0.9) for b in (12, 24, 36, 48, 60)
    ]  # fmt: skip
    figure = plot_levers(pd.DataFrame(many), ORIGIN)
    shown = [figure.title, figure.short, figure.subtitle, *find_texts(figure.paint())]
    assert figure.title == "Against x y: less collaboration at the end under 15 of 15 levers"
    assert not [text for text in shown if "_" in text or ",," in text or "programmes" in text]


def test_a_box_of_choices_is_drawn_by_its_words():
    table = make_boxes().assign(options=["", "own_grant lottery"], base_share=0.25)
    table.loc[1, ["parameter", "low", "high"]] = ["regime", np.nan, np.nan]
    labels = {"regime": {"own_grant": "Our own grant"}}
    figure = plot_boxes(table, ORIGIN, "verdict == fragments", labels=labels)
    assert figure.title == (
        "Fragments at 90 % of points where cost of competing for the same money is at least 1.2 and grant regime is "
        "Our own grant or lottery, against 25 % of all"
    )
    assert "Our own grant or lottery" in find_texts(figure.paint())


def test_a_box_is_told_as_a_rule():
    assert ALL["scenarios"].title == (
        "Verdict is fragments at 90 % of points where cost of competing for the same money is at least 1.2 and "
        "distance of each pole's group from the middle is 0.1 to 0.4 viewpoint units"
    )


def test_levers_are_judged_by_their_whole_interval():
    figure = ALL["levers"]
    assert figure.title == (
        "Against competitive: more collaboration at the end under unrestricted; "
        "no clear difference in collaboration at the end under lottery"
    )
    texts = find_texts(figure.paint())
    assert {"▲ +0.10", "○ 0.00", "80 % of sets", "+1,200"} <= set(texts)


def test_patterns_are_counted_by_verdict_and_have_shapes():
    assert ALL["validation"].title == "Of 2 patterns 1 hold, 1 of them beyond what the null model shows; 1 fail"
    row = {"verdict": "holds", "effect": 0.3, "low": 0.2, "high": 0.4}
    told = {null: exceeds_null({**row, "null": null}) for null in (0.1, 0.25, 0.5, np.nan)}
    assert list(told.values()) == ["yes", "same", "no", "no null"]
    markers = {line.get_marker() for line in ALL["validation"].paint().axes[0].get_lines()} - {"None", "", None}
    assert {"o", "X"} <= markers


def test_colours_of_series_are_those_of_okabe_and_ito():
    assert [to_hex(colour).upper() for colour, _ in style.SERIES] == ["#0072B2", "#D55E00", "#CC79A7"]


# dates and a user's own numbers


def write(folder, *lines):
    path = folder / "ours.csv"
    path.write_text("month,column,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.slow
def test_dates_stand_on_the_axis_where_the_start_is_known():
    figure = dataclasses.replace(fan_of(CHANGES), origin=ORIGIN)
    assert "Months since the start" in find_texts(figure.paint())
    runs = make_runs(CHANGES)
    dated = plot_fan(make_months(runs), runs, dataclasses.replace(ORIGIN, start="2019-07"))
    texts = find_texts(dated.paint())
    assert "Jul\n2020" in texts
    assert "Month and year; month 0 is July 2019" in texts


def test_shocks_are_marked_where_they_strike():
    figures = make_figures(make_results(make_runs(CHANGES)), ["collaboration"])
    assert figures[0].origin.marks == ((12, "shock"),)
    assert "Dotted line: shock, month 12." in figures[0].note


def test_grant_lines_that_open_or_close_in_all_settings_are_marked():
    results = make_results(make_runs(CHANGES))
    lines = {"service": {"first_month": 7, "last_month": 30}, "own": {"first_month": 1, "last_month": 10_000}}
    setting = {"shock": {"name": "total_cut"}, "regime": {"programmes": lines}}
    results.manifest["settings"] = [setting, setting]
    assert find_origin(results).marks == ((7, "service opens"), (12, "total cut"), (30, "service closes"))


def test_observations_lie_over_the_runs_and_are_counted(tmp_path):
    path = write(tmp_path, "2020-07,collaboration_share,0.468", "2019-07,collaboration_share,0.1")
    observed = read_observations(path, "2019-07")
    assert observed["month"].tolist() == [0, 12]
    runs = make_runs({"competitive": 0.2})
    origin = dataclasses.replace(ORIGIN, start="2019-07", observed=observed)
    figure = plot_fan(make_months(runs), runs, origin)
    assert "your observations; within nine of ten runs lie 1 of 2 under competitive" in figure.note
    squares = [line for line in figure.paint().axes[0].get_lines() if line.get_marker() == "s"]
    assert squares[0].get_xydata().tolist() == [[0, 0.1], [12, 0.468]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("12,colaboration_share,1", "ours.csv:2: column 'colaboration_share': is no monthly result. Did you mean"),
        ("12,served,many", "ours.csv:2: value 'many': must be a number"),
        ("12,served,nan", "must be a finite number"),
        ("2019-07,served,1", "must be a whole number since the start, or give --start"),
    ],
)
def test_what_is_wrong_in_observations_is_told_with_its_line(tmp_path, line, told):
    with pytest.raises(ObservationError, match=re.escape(told)):
        read_observations(write(tmp_path, line))


def test_observations_have_three_columns_and_a_row(tmp_path):
    with pytest.raises(ObservationError, match="holds no observation"):
        read_observations(write(tmp_path))
    (tmp_path / "ours.csv").write_text("month,value\n1,2\n", encoding="utf-8")
    with pytest.raises(ObservationError, match="columns month,value; they must be month,column,value"):
        read_observations(tmp_path / "ours.csv")
    with pytest.raises(ObservationError, match="lies before the start"):
        read_observations(write(tmp_path, "2018-01,served,1"), "2019-07")
    with pytest.raises(ObservationError, match="cannot be read"):
        read_observations(tmp_path / "missing.csv")


def test_a_picture_outside_the_set_has_the_same_frame(tmp_path):
    canvas = style.styled(style.make_figure)(6, 2, "What was found", "What is shown")
    canvas.subplots()
    first = style.save_figure(canvas, tmp_path, "own")
    assert [path.name for path in first] == ["own.png", "own.svg"]
    assert style.describe_figure(canvas) == "What was found What is shown"
    assert "nothing here shows that a policy works" in " ".join(find_texts(canvas)).replace("\n", " ")


# What analyses have found


SENSITIVITY = "policy,outcome,parameter,partner,method,mu_star,mu_star_low,mu_star_high,mu,sigma\n" + "".join(
    f",collaboration_change,{name},,morris,{value},{0.9 * value},{1.1 * value},{value},0.1\n"
    for name, value in (("regime.programmes.operating.term_months", 0.2), ("meetings.trust_gain", 0.1))
)
SCENARIOS = (
    "method,box,parameter,low,high,coverage,density,held_out_density,condition\n"
    "prim,1,meetings.trust_gain / meetings.trust_loss,,0.5,0.8,0.9,0.7,verdict == fragments\n"
)
LEVERS = "lever,reference,outcome,toward,mean,low,high,better_share,same_share,usd_difference\n" + "".join(
    f"lever_{number},as_it_is,collaboration_end,1,{0.1 * number},{0.1 * number - 0.04},{0.1 * number + 0.04},1,0,0\n"
    for number in range(1, 6)
)


@pytest.fixture
def analysed(tmp_path):
    for name, text in (("sensitivity", SENSITIVITY), ("scenarios", SCENARIOS), ("levers", LEVERS)):
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


@pytest.mark.slow
def test_tables_of_analyses_become_figures_that_say_what_they_found(analysed):
    from sim.figures.analyses import ANALYSES, make_analyses

    runs = pd.DataFrame({"trust_gain": [0.1, 0.2], "trust_loss": [0.1, 0.1]})
    origin = Origin("coalitions sweep grants.luck=0..1 && coalitions draw results/x", "2 runs", scenario=SCENARIO)
    sensitivities, scenarios, levers = make_analyses(analysed, runs, origin)
    assert [one.name for one in (sensitivities, scenarios, levers)] == list(ANALYSES)
    assert sensitivities.title.endswith("depends most on length of an award")  # of the line, not of the shock
    assert "how fast good contact builds trust over how fast poor contact loses trust is at most 0.5" in scenarios.title
    assert "more collaboration at the end under 5 of 5 levers, most under lever 5 (+0.50)" in levers.title
    assert levers.table["lever"].iloc[0] == "lever_1"  # the table as it was written; rows of the picture by effect
    assert [tick.get_text() for tick in levers.paint().axes[0].get_yticklabels()] == [
        f"lever {n}" for n in (5, 4, 3, 2, 1)
    ]
    for one, verb in zip((sensitivities, scenarios, levers), ("sensitivity", "scenarios", "robustness"), strict=True):
        assert f"coalitions sweep grants.luck=0..1 && coalitions {verb} results/{analysed.name}" in one.command
        assert one.save(analysed / "figures", ["svg"])


@pytest.mark.parametrize("measure", ["total", "mu_star", "delta"])
def test_sensitivities_of_which_none_can_be_told_apart_are_no_figure(measure, tmp_path):
    from sim.figures.analyses import make_analyses

    columns = {"outcome": ["exit_rate"], "parameter": ["grants.luck"], measure: [None], "problem": ["does not vary"]}
    pd.DataFrame(columns).to_csv(tmp_path / "sensitivity.csv", index=False)
    assert make_analyses(tmp_path, pd.DataFrame(), Origin("a", "b", scenario=SCENARIO)) == []


def test_only_what_is_there_and_asked_for_is_drawn(analysed):
    from sim.figures.analyses import make_analyses

    (analysed / "levers.csv").unlink()
    origin = Origin("coalitions sweep", "2 runs", scenario=SCENARIO)
    assert [one.name for one in make_analyses(analysed, pd.DataFrame(), origin, ["sensitivities", "levers"])] == [
        "sensitivities"
    ]


@pytest.mark.slow
def test_results_run_with_a_start_have_dates_on_their_axis():
    import sim

    results = sim.run(["regime=mixed", "months=24", "start=2019-07"], seeds=2)
    assert results.manifest["start"] == "2019-07"
    assert find_origin(results).start == "2019-07"
    assert find_origin(results, "2001-01").start == "2001-01"
    assert find_origin(sim.run(["regime=mixed", "months=2"], seeds=1)).start == ""
