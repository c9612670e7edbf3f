"""Every figure of every kind of result: words without keys, texts that keep apart, letters that a font has."""

import itertools
import re
import warnings

import pytest
from matplotlib.font_manager import findfont, get_font
from matplotlib.text import Text

from sim.__main__ import main
from sim.figures import make_figures, style
from sim.figures.style import PHONE, WIDE
from sim.results.store import load_results
from sim.schema.columns import END_MONTHS

MONEY = "grants.annual_usd_per_organization=20000,55000,220000"
SPREAD = "field.viewpoint_spread=0,0.3,0.9"
TWELVE = (
    "unrestricted,competitive,population_silo,lottery,mixed,none,collaboration_required,formula_broad,hub_sub_awards,"
    "paired_lead,viewpoint_conditional,viewpoint_conditional_mirrored"
)
LONG = "A regime of our own with a label that is far longer than any panel of a small figure is wide"
KINDS = {
    "a grid of one number": ["sweep", MONEY, "months=24", "seeds=2"],
    "a grid of two numbers": ["sweep", MONEY, SPREAD, "months=24", "seeds=2"],
    "a grid of three factors": ["sweep", "regime=none,lottery", MONEY, SPREAD, "months=24", "seeds=2"],
    "a sample": ["sweep", "memberships.turf_weight=0..3", "field.viewpoint_spread=0..0.9", "months=24", "--sample",
                 "latin_hypercube", "--n", "16"],
    "trajectories": ["sweep", "memberships.turf_weight=0..3", "field.viewpoint_spread=0..0.9",
                     "grants.annual_usd_per_organization=20000..220000", "months=24", "--sample", "morris"],
    "a design with cases": ["sweep", "experiment=own_cases", "months=30", "seeds=3"],
    "own regimes": ["compare", "regime=competitive,own_long,own_chinese", "months=30", "seeds=3"],
    "a roster": ["compare", "regime=unrestricted,competitive", "field=city18", "months=30", "seeds=3", "start=2027-01"],
    "localities": ["compare", "regime=unrestricted,competitive", "field.n_localities=3", "field.n_organizations=6",
                   "months=30", "seeds=2"],
    "six months": ["compare", "regime=unrestricted,competitive", "months=6", "seeds=3"],
    "ten months": ["run", "regime=competitive", "months=10", "seeds=3"],
    "thirty months with a shock": ["run", "regime=competitive", "shock=total_cut", "shock.month=12", "months=30",
                                   "seeds=9"],
    "twelve months, populations exchanged": ["compare", "regime=competitive,population_silo", "shock=stream_shift",
                                             "shock.month=6", "months=12", "seeds=3"],
    "a part of the money cut": ["compare", "regime=competitive", "shock=none,total_cut", "shock.cut_share=0.5",
                                "shock.month=12", "months=30", "seeds=3"],
    "one seed": ["run", "regime=competitive", "months=30", "seeds=1"],
    "twelve regimes": ["compare", f"regime={TWELVE}", "months=24", "seeds=2"],
}  # fmt: skip
CASES = """\
# @package _global_
design:
  vary:
    field.viewpoint_spread: [0.0, 0.9]
  cases:
    - {name: enough_money, regime: unrestricted, grants.annual_usd_per_organization: 220000}
    - {name: by_population, regime: population_silo, grants.annual_usd_per_organization: 20000}
    - {name: cut_in_month_12, regime: competitive, shock: total_cut, shock.month: 12}
"""
RAW = re.compile(r"[a-z]_[a-z]|\b(?:regime|field|grants|shock)\.[a-z]|,,|\bnan\b")


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def figures(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    own = folder / "config" / "regime"
    own.mkdir(parents=True)
    for name, label in (("own_long", LONG), ("own_chinese", "北京 联盟")):
        text = f"label: {label}\nprogrammes:\n  operating:\n    term_months: 12\n"
        (own / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "config" / "experiment").mkdir()
    (folder / "config" / "experiment" / "own_cases.yaml").write_text(CASES, encoding="utf-8")
    words = [*request.param, "name=some", "--results", str(folder)]
    words += ["--config-dir", str(own.parent)] if "own_" in " ".join(request.param) else []
    words += [] if request.param[0] == "sweep" else ["--no-figures"]
    assert main(words) == 0
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The confidence interval is undefined")
        return make_figures(load_results(folder / "some"))


def test_words_have_no_keys_and_titles_set_no_verdicts_against_each_other(figures):
    for figure in figures:
        assert figure.find_gaps() == []
        for text in (figure.title, figure.short, figure.subtitle, figure.scenario, figure.spread, figure.note):
            assert not RAW.search(text), (figure.name, text)
        assert not re.search(r"undecided|\d+ of \d+ (settings|cells)", figure.title), figure.title
        assert "  " not in figure.title


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_texts_keep_apart_and_inside_and_letters_have_a_font(figures, width):
    for figure in figures:
        canvas = figure.paint(width)
        style.styled(style._lay_out)(canvas)
        check_frame(canvas, figure.name)
        check_ticks(canvas, figure.name)
        for text in canvas.findobj(Text):
            check_letters(text, figure.name)


def check_frame(canvas, name):
    """Title, subtitle, footer and legend lie inside and none on another; panels lie between them."""
    title = canvas._suptitle
    assert title.get_text().count("\n") < 2, title.get_text()
    boxes = {text.get_text(): text.get_window_extent() for text in [*canvas.texts] if text.get_text()}
    boxes |= {f"legend {at}": legend.get_window_extent() for at, legend in enumerate(canvas.legends)}
    boxes |= {f"panel {at}": axes.get_tightbbox() for at, axes in enumerate(canvas.axes) if axes.get_visible()}
    for told, box in boxes.items():
        assert box.x0 >= -2, (name, told)
        assert box.x1 <= canvas.bbox.x1 + 2, (name, told)
    for (one, box), (other, next_box) in itertools.combinations(boxes.items(), 2):
        across = min(box.x1, next_box.x1) - max(box.x0, next_box.x0)
        up = min(box.y1, next_box.y1) - max(box.y0, next_box.y0)
        assert across < 3 or up < 3, (name, one, other)


def check_ticks(canvas, name):
    for axes in canvas.axes:
        ends = [title.get_window_extent() for title in (axes._left_title, axes._right_title) if title.get_text()]
        assert len(ends) < 2 or ends[0].x1 < ends[1].x0, (name, axes.get_title(loc="right"))
        for axis, low, high in ((axes.xaxis, "x0", "x1"), (axes.yaxis, "y0", "y1")):
            labels = [label for label in axis.get_ticklabels() if label.get_text() and label.get_visible()]
            view = sorted(axis.get_view_interval())
            ticks = [label for label, place in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=False)
                     if label in labels and view[0] <= place <= view[1]]  # fmt: skip
            boxes = sorted((label.get_window_extent() for label in ticks), key=lambda box: getattr(box, low))
            for one, other in itertools.pairwise(boxes):
                assert getattr(one, high) <= getattr(other, low) + 2, (name, [tick.get_text() for tick in ticks])


def check_letters(text, name):
    families = [family for family in text.get_fontfamily() if family != "sans-serif"] + ["DejaVu Sans"]
    known = set().union(*(get_font(findfont(family)).get_charmap() for family in families))
    missing = [letter for letter in text.get_text() if not letter.isspace() and ord(letter) not in known]
    assert not missing, (name, text.get_text())


def test_runs_too_short_for_an_end_give_no_result_in_a_title(figures):
    people = [figure for figure in figures if figure.name == "people"]
    told = [int(found) for figure in figures for found in re.findall(r"\b(\d+) months", figure.scenario)]
    is_short = bool(told) and min(told) < END_MONTHS
    for figure in people:
        assert ("too short" in figure.title) == ("too short" in figure.short) == is_short
    assert people or not is_short
