"""The report: it says what the numbers say, names what is assumed, and is the same file every time."""

import base64
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.__main__ import main
from sim.errors import ResultsError
from sim.figures.figure import Figure, Origin
from sim.figures.tornado import plot_tornado
from sim.report import write_report
from sim.report.drawings import embed
from sim.report.grids import Grid, grid_designs, grid_differences, grid_verdicts, shorten, show
from sim.report.illustrations import WIDTH, _draw, draw_png, draw_svg, find_figures
from sim.report.page import make_page, render
from sim.report.provenance import tell_command
from sim.report.reading import read_material
from sim.report.sentences import MOST_WORDS, count_words, tell_difference, tell_headline, tell_summary
from sim.report.settings import list_entries, tell_assumptions
from sim.report.slides import TALLEST
from sim.results.contrasts import OUTCOMES, compute_differences
from sim.results.scenario import describe_scenario
from sim.results.summaries import summarise
from tests.sealing import seal_anew

FORBIDDEN = re.compile(r"significan|rescue|victim|p-value|prove[sn]?\b", re.IGNORECASE)


def write_results(folder, changes, n_seeds=20, spread=0.01, manifest=None, **columns):
    """Write results of settings whose collaboration changes by `changes` on average, seed by seed."""
    import dataclasses

    from sim.schema.parameters import Parameters

    rows = []
    for setting, change in changes.items():
        for seed in range(1, n_seeds + 1):
            moved = change + spread * (seed - (n_seeds + 1) / 2)
            verdict = "grows" if moved > 0.05 else "fragments" if moved < -0.05 else "holds"
            rows.append(
                {"run_id": f"{setting}-{seed}", "regime": setting, "seed": seed, "verdict": verdict,
                 "collaboration_start": 0.4, "collaboration_end": 0.4 + moved, "collaboration_change": moved,
                 "coverage_end": 0.9, "effective_change": -moved, "exits": float(seed)}
            )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    runs = pd.DataFrame(rows).assign(**columns)
    runs.to_parquet(folder / "runs.parquet", index=False)
    tree = dataclasses.asdict(Parameters())
    told = {"name": folder.name, "command": "coalitions compare regime=a,b", "settings": [tree], "n_organizations": 18}
    told |= {"model_version": 2, "versions": {"numpy": "2"}, "content_hash": "abc"}
    return seal_anew(folder, **told | (manifest or {}))


def write_members(folder):
    """Write the strip of the first run: six organizations in two coalitions, whose cells are an image."""
    keys = {"run_id": "mixed-1", "regime": "mixed", "seed": 1}
    rows = [
        {**keys, "month": month, "organization": one, "coalition": 1 + one % 2}
        for month in range(13)
        for one in range(1, 7)
    ]
    pd.DataFrame(rows).to_parquet(folder / "members.parquet", index=False)
    seal_anew(folder)
    return folder


def summarise_folder(folder):
    material = read_material(folder)
    return material, summarise(material), compute_differences(material.pairs)


def tell(folder):
    material, summary, differences = summarise_folder(folder)
    return tell_headline(material, summary, differences), tell_summary(material, summary, differences)


# Sentences


def test_a_clear_difference_is_told_with_the_pairs_that_show_it(tmp_path):
    headline, summary = tell(write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.08}, spread=0.0))
    assert headline == "Lottery ends with more collaboration than mixed"
    assert (
        "In 20 of 20 paired runs lottery ends with more collaboration than mixed: +8 pairs in 100 on average"
        in summary[1]
    )


def test_an_interval_that_crosses_zero_is_undecided(tmp_path):
    folder = write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.0}, n_seeds=4)
    runs = pd.read_parquet(folder / "runs.parquet")
    runs.loc[runs["regime"] == "lottery", "collaboration_end"] += [0.1, 0.1, 0.1, -0.2]
    runs.to_parquet(folder / "runs.parquet")
    seal_anew(folder)
    headline, summary = tell(folder)
    assert headline == "No clear difference in collaboration between lottery and mixed"
    assert (
        "In 3 of 4 paired runs lottery ends with more collaboration than mixed; undecided, the interval crosses zero"
        in summary[1]
    )


@pytest.mark.parametrize(
    ("low", "high", "mean", "told"),
    [(0.01, 0.05, 0.03, "ends with more"), (-0.05, -0.01, -0.03, "ends with less"), (-0.01, 0.05, 0.02, "undecided")],
)
def test_the_side_of_the_interval_decides_the_words(low, high, mean, told):
    row = {"regime": "b", "reference": "a", "mean": mean, "low": low, "high": high}
    assert told in tell_difference(row, (12, 8, 20))


def test_one_run_says_that_chance_is_not_known(tmp_path):
    headline, summary = tell(
        write_results(tmp_path / "a", {"mixed": -0.2}, n_seeds=1, manifest={"command": "coalitions run"})
    )
    assert headline == "Collaboration fragments under mixed"
    assert any("a single run says nothing about chance" in sentence for sentence in summary)


@pytest.mark.parametrize("n_settings", [1, 2, 3, 4, 5, 12, 40])
@pytest.mark.parametrize(
    "name",
    ["regime_{}", "lottery_of_a_long_name_{} meetings.facilitation=0.4 memberships.turf_weight=1.8 shock=total_cut"],
)
def test_the_summary_has_at_most_120_words_and_none_that_claims_too_much(tmp_path, n_settings, name):
    changes = {name.format(place): 0.1 * (-1) ** place for place in range(n_settings)}
    headline, summary = tell(write_results(tmp_path / "a", changes, n_seeds=6))
    assert 20 <= count_words(summary) <= MOST_WORDS
    assert not FORBIDDEN.search(" ".join([headline, *summary]))
    assert "assumed" in summary[-1]


def test_the_page_claims_nothing_that_a_model_cannot_show(tmp_path):
    text = render(make_page(read_material(write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.08}))))
    words = re.sub(r"<[^>]+>|base64,\S+", " ", text).replace("Rescue & Restore", "").replace("Rescue &amp; Restore", "")
    assert FORBIDDEN.findall(words) == []
    assert words.count("nothing here shows that a policy works") >= 2


# Settings and scenarios


def test_numbers_of_a_design_make_scenarios_and_names_make_settings(tmp_path):
    parts = []
    for luck in (0.0, 0.5):
        folder = write_results(tmp_path / "part", {"mixed": luck / 10, "none": 0.0}, n_seeds=5, spread=0.0, luck=luck)
        parts.append(pd.read_parquet(folder / "runs.parquet").assign(point=luck, run=1))
    manifest = {"kind": "sweep", "command": "coalitions sweep", "varied": {"grants.luck": "luck"}}
    folder = write_results(tmp_path / "a", {"mixed": 0.0}, manifest=manifest)
    pd.concat(parts).to_parquet(folder / "runs.parquet")
    seal_anew(folder)
    material, _, differences = summarise_folder(folder)
    assert (material.kind, material.settings, material.scenario_columns) == (
        "sweep",
        ["mixed", "no grants"],
        ["luck"],
    )
    assert differences["n"].unique().tolist() == [5]  # seeds, each with the mean of its two scenarios
    end = differences[differences["outcome"] == "collaboration_end"]["mean"].item()
    assert end == pytest.approx(-0.025)
    entries = {entry.name: entry for entry in list_entries(material)}
    assert entries["grants.luck"].value == "0 | 0.5"


def test_intervals_of_drawn_scenarios_count_the_spread_over_them(tmp_path):
    folder = write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.01}, n_seeds=4)
    runs = pd.read_parquet(folder / "runs.parquet")
    parts = [
        runs.assign(run_id=runs["run_id"] + f"-{at}", turf_weight=at / 6).assign(
            collaboration_end=lambda one, at=at: (
                one["collaboration_end"] + np.where(one["regime"] == "lottery", 0.1 * (at - 2.5), 0.0)
            )
        )
        for at in range(6)
    ]
    pd.concat(parts).to_parquet(folder / "runs.parquet", index=False)
    over = {"memberships.turf_weight": {"low": 0, "high": 1}}
    for design, is_drawn in (({"sample": {"method": "sobol", "over": over}}, True), ({"vary": over}, False)):
        seal_anew(folder, kind="sweep", blocks=[{"design": design}])
        material = read_material(folder)
        assert material.is_sampled == is_drawn
        row = material.compare().set_index("outcome").loc["collaboration_end"]
        assert row["mean"] == pytest.approx(0.01)
        shown = next(one for one in find_figures(material, "x") if one.name == "differences").table.iloc[0]
        assert (shown["low"], shown["high"]) == pytest.approx((row["low"], row["high"]))
        if is_drawn:  # six scenarios and four seeds: t of the fewer; the seeds do not differ
            half = stats.t.ppf(0.975, 3) * 0.1 * np.arange(6).std(ddof=1) / np.sqrt(6)
            assert row["high"] - row["mean"] == pytest.approx(half, rel=3e-3)
            assert "over scenarios and seeds" in grid_differences(material, material.compare()).note
        else:
            assert row["low"] == pytest.approx(row["high"])


def test_a_design_is_not_described_as_its_file_has_it_where_its_numbers_are_set_anew(tmp_path):
    manifest = {
        "descriptions": {"shock": {"total_cut": "All grant money ends in month 48."}, "regime": {"mixed": "Four."}}
    }
    folder = write_results(tmp_path / "a", {"mixed": 0.0}, manifest=manifest)
    assert [row[1] for row in grid_designs(read_material(folder)).rows] == ["shock", "regime"]
    folder = write_results(tmp_path / "b", {"mixed": 0.0}, manifest=manifest | {"overrides": ["shock.cut_share=0.5"]})
    assert [row[1] for row in grid_designs(read_material(folder)).rows] == ["regime"]


def test_runs_that_repeat_others_are_told(tmp_path):
    folder = write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.0}, served_end=100.0)
    runs = pd.read_parquet(folder / "runs.parquet")
    twice = pd.concat([runs.assign(turf_weight=0.0), runs.assign(turf_weight=1.0, run_id=runs["run_id"] + "-b")])
    twice.to_parquet(folder / "runs.parquet", index=False)
    seal_anew(folder, kind="sweep")
    material = read_material(folder)
    assert "40 runs that repeat other ones are not counted" in grid_verdicts(material, summarise(material)).note


def test_few_numbers_alone_are_settings_themselves(tmp_path):
    parts = [
        pd.read_parquet(write_results(tmp_path / "part", {"mixed": luck / 10}, luck=luck) / "runs.parquet")
        for luck in (0.0, 0.5)
    ]
    folder = write_results(tmp_path / "a", {"mixed": 0.0}, manifest={"command": "coalitions run"})
    pd.concat(parts).to_parquet(folder / "runs.parquet")
    seal_anew(folder)
    material = read_material(folder)
    assert (material.settings, material.scenario_columns) == (["mixed (luck 0)", "mixed (luck 0.5)"], [])


def test_the_table_of_differences_agrees_with_the_runs(tmp_path):
    material, summary, differences = summarise_folder(
        write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.08}, spread=0.0)
    )
    grid = grid_differences(material, differences)
    assert grid.rows[0] == [
        "lottery",
        "more",
        "Collaboration at the end (share)",
        "+0.080 [+0.080, +0.080]",
        "20 / 0 of 20",
    ]
    assert grid.rows[-1][1] == "the same"  # coverage
    assert [row[1] for row in grid_verdicts(material, summary).rows] == ["holds", "grows"]
    assert set(differences["outcome"]) == set(OUTCOMES) & set(material.runs.columns)


# Assumptions


def test_what_was_changed_stands_apart_and_a_changed_default_has_no_source(tmp_path):
    folder = write_results(tmp_path / "a", {"mixed": 0.0})
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["settings"][0]["meetings"]["facilitation"] = 0.33
    manifest["settings"][0]["field"] |= {"n_organizations": 30, "folder": "/home/someone/rosters/north/"}
    manifest["sizes"] = [{"n_organizations": 30}]
    seal_anew(folder, **manifest)
    entries = {entry.name: entry for entry in list_entries(read_material(folder))}
    assert {name for name, entry in entries.items() if entry.is_changed} == {
        "meetings.facilitation",
        "field.n_organizations",
        "field.folder",
    }
    assert not entries["field.n_organizations"].is_assumed  # the roster gives it, no publication and no guess
    assert entries["field.n_organizations"].source == "the roster"
    assert entries["field.folder"].value == "…/north"
    assert "3 differ from their default" in tell_assumptions(list(entries.values()))
    assert not list_entries(SimpleNamespace(manifest={}, runs=pd.DataFrame()))


def test_the_command_says_nothing_of_where_things_lie(tmp_path):
    command = "coalitions run field.folder=/home/jane/north name=a --results /srv/x --config-dir '/home/jane/my own'"
    folder = write_results(tmp_path / "a", {"mixed": 0.0}, manifest={"command": command})
    told = tell_command(read_material(folder))
    assert told == "coalitions run field.folder=…/north name=a --config-dir '…/my own'"
    assert "jane" not in render(make_page(read_material(folder)))


# The file


@pytest.mark.slow
def test_the_same_results_give_the_same_bytes(tmp_path):
    folder = write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.08})
    write_report(folder, tmp_path / "one.html")
    script = "import sys; from pathlib import Path; from sim.report import write_report; "
    script += "write_report(sys.argv[1], Path(sys.argv[2]))"
    words = [sys.executable, "-c", script, str(folder), str(tmp_path / "two.html")]
    subprocess.run(words, check=True, cwd=Path(__file__).parents[2])
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_style_has_the_hash_that_the_policy_names_and_no_element_has_a_style_of_its_own(tmp_path):
    import hashlib

    text = render(make_page(read_material(write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.08}))))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:")
    assert not re.search(r"<[^>]+\s(style|on\w+)=", text.split("</head>")[1])
    assert not re.search(r"<(script|iframe|link|form|object|embed)\b", text)
    assert not re.search(r'(src|href)="(?!#|data:)', text)


def test_a_drawing_keeps_its_ids_to_itself_and_loses_what_could_run():
    svg = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
      width="9pt" height="5pt">
      <style>*{fill:red}</style><script>1</script><title>old</title>
      <defs><path id="p" d="M0 0"/><clipPath id="c"><rect/></clipPath></defs>
      <g style="fill: #fff; clip-path: url(#c)" onclick="1"><use xlink:href="#p"/><use href="http://x.org/#y"/>
      <image xlink:href="data:image/png;base64,AA"/><text style="font: bold 9px 'DejaVu Sans'">&lt;b&gt;</text></g>
      </svg>"""
    made = embed(svg, "one", "A & B", "words")
    assert made.startswith("<svg") and 'viewBox="0 0 9 5"' in made and "xmlns" not in made
    kept = ('id="one-p"', 'href="#one-p"', "url(#one-c)", 'fill="#fff"', 'font-size="9px"', 'font-weight="bold"')
    words = ("&lt;b&gt;", '<title id="one-title">A &amp; B</title>', '<desc id="one-desc">words</desc>')
    for part in (*kept, *words, "data:image/png"):
        assert part in made
    for part in ("script", "<style", "style=", "onclick", "x.org", ">old<"):
        assert part not in made


def test_long_tables_are_cut_and_say_so():
    grid = shorten(Grid("a", ["n"], [[str(place)] for place in range(400)], [True]))
    assert len(grid.rows) == 60 and grid.note == "The first 60 of 400 rows."
    assert [show(value) for value in (None, np.nan, True, 0.25, 12345, 2.0, "x", [])] == [
        "—",
        "—",
        "yes",
        "0.25",
        "12,345",
        "2",
        "x",
        "none",
    ]


# The command


def test_the_command_writes_beside_the_results_and_says_where(tmp_path, capsys):
    folder = write_results(tmp_path / "a", {"mixed": 0.0})
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == f"Report: {folder / 'report.html'}\n"
    assert (folder / "report.html").stat().st_size < 400_000


@pytest.mark.slow
def test_slides_carry_a_figure_each_with_its_words(tmp_path):
    pptx = pytest.importorskip("pptx")
    folder = write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.08})
    for name in ("one", "two"):
        assert main(["report", str(folder), "--pptx", "--output", str(tmp_path / f"{name}.html")]) == 0
    slides = pptx.Presentation(tmp_path / "one.pptx").slides
    assert len(slides) >= 2
    pictures = [shape for slide in slides for shape in slide.shapes if shape.shape_type == 13]
    titles = [slide.shapes.title.text for slide in slides]
    assert len(pictures) == 1  # the differences; the others need tables by month
    assert {"Verdict of each setting", "Differences to mixed on the same seeds"} < {*titles}
    assert sum(shape.has_table for slide in slides for shape in slide.shapes) >= 2
    for slide in slides:
        texts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        assert any("18 organizations, 120 months, no shock" in text for text in texts)
    assert len(pictures[0]._element.nvPicPr.cNvPr.get("descr")) > 20
    assert sum("coalitions compare" in slide.notes_slide.notes_text_frame.text for slide in slides) == 2
    assert (tmp_path / "one.pptx").read_bytes() == (tmp_path / "two.pptx").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.pptx").testzip() is None


SETTINGS = {
    "total cut": ["compare", "regime=competitive,none", "shock=total_cut", "shock.month=12", "start=2027-01"],
    "part cut": ["run", "regime=competitive", "shock=total_cut", "shock.month=12", "shock.cut_share=0.5"],
    "shift": ["compare", "regime=population_silo,competitive", "shock=stream_shift", "shock.month=12"],
    "with and without": ["compare", "regime=competitive", "shock=none,short_terms", "shock.month=12"],
    "other field": ["compare", "regime=competitive,none", "field=rural", "memberships.turf_weight=0"],
    "sweep": ["sweep", "memberships.turf_weight=0..3", "grants.luck=0..1", "shock=new_condition", "shock.month=12",
              "--sample", "saltelli", "--n", "8"],
}  # fmt: skip


@pytest.mark.parametrize("words", SETTINGS.values(), ids=SETTINGS)
def test_each_slide_with_a_figure_says_what_all_settings_share(tmp_path, words):
    pptx = pytest.importorskip("pptx")
    quiet = [] if words[0] == "sweep" else ["--no-figures"]
    assert main([*words, "months=30", "seeds=2", "name=some", "--results", str(tmp_path), *quiet]) == 0
    if words[0] == "sweep":
        assert main(["sensitivity", str(tmp_path / "some")]) == 0
    assert main(["report", str(tmp_path / "some"), "--pptx"]) == 0
    manifest = read_material(tmp_path / "some").manifest
    scenario, n_pictures = describe_scenario(manifest), 0
    assert ("month 12" in scenario) == any("shock=" in word for word in words)
    for slide in pptx.Presentation(tmp_path / "some" / "report.pptx").slides:
        texts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        pictures = [shape for shape in slide.shapes if shape.shape_type == 13]
        n_pictures += len(pictures)
        assert any(scenario in text for text in texts) or not pictures, texts
    assert n_pictures >= 1


def test_sensitivities_of_many_outcomes_take_several_slides_so_that_their_letters_stay_large():
    parameters = [f"memberships.{name}" for name in ("turf_weight", "review_share", "size_cost", "choice_noise")]
    rows = [
        {"outcome": outcome, "parameter": name, "total": 0.5 - 0.1 * at, "total_low": 0.0, "total_high": 0.6}
        for outcome in ("collaboration_end", "collaboration_change", "coverage_end", "exit_rate")
        for at, name in enumerate(parameters)
    ]
    figure = plot_tornado(pd.DataFrame(rows), Origin("coalitions draw", scenario="No shock."))
    parts = figure.divide(WIDTH, TALLEST)
    assert len(parts) > 1
    assert all(part.height(WIDTH) <= TALLEST for part in parts)
    shown = [outcome for part in parts for outcome in dict.fromkeys(part.table["outcome"])]
    assert shown == list(dict.fromkeys(figure.table["outcome"]))
    assert figure.divide(WIDTH, 100.0) == [figure]


def test_letters_that_no_font_has_are_numbers_in_a_png_and_letters_in_an_svg(monkeypatch):
    from sim.figures import style

    monkeypatch.setattr(style, "find_fonts", lambda letters: [])

    def draw(canvas):
        canvas.text(0.5, 0.5, "\u5317")

    words = dict.fromkeys(("title", "subtitle", "spread", "note", "alt"), "words")
    table, origin = pd.DataFrame({"a": [1]}), Origin("coalitions draw", scenario="No shock.")
    figure = Figure("some", **words, table=table, origin=origin, draw=draw, height=lambda width: 1.0)
    assert "\u5317" in draw_svg(figure, 3.0)
    found = [
        _draw(figure, 3.0, lambda canvas: [text.get_text() for text in canvas.texts], is_escaped=is_escaped)
        for is_escaped in (False, True)
    ]
    assert found == [["\u5317"], ["U+5317"]]
    assert draw_png(figure, 300, 100).startswith(b"\x89PNG")


def test_what_is_assumed_stands_in_words(tmp_path):
    entries = list_entries(read_material(write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.1})))
    assert not [entry.value for entry in entries if re.search(r"[a-z]_[a-z]", entry.value)]
    assert not [entry.default for entry in entries if re.search(r"[a-z]_[a-z]", entry.default)]


def test_runs_without_an_end_have_no_table_of_differences(tmp_path, capsys):
    words = ["compare", "regime=competitive,none", "months=6", "seeds=2", "name=six", "--results", str(tmp_path)]
    assert main([*words, "--no-figures"]) == 0
    material, _, differences = summarise_folder(tmp_path / "six")
    assert grid_differences(material, differences) is None
    assert "nan" not in capsys.readouterr().out.casefold().partition("differences on the same seeds")[2]


@pytest.mark.slow
def test_weasyprint_writes_a_tagged_pdf_with_the_alternative_texts(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    from sim.report import printing

    if printing.find_printer() is not printing.print_by_weasyprint:
        pytest.skip("no WeasyPrint here, or no Pango: pip install 'coalitions[pdf]', apt-get install libpangoft2-1.0-0")
    folder = write_members(write_results(tmp_path / "a", {"mixed": 0.0, "lottery": 0.08}))
    for name in ("one", "two"):
        assert (
            main(["report", str(folder), "--pdf", "--paper", "letter", "--output", str(tmp_path / f"{name}.html")]) == 0
        )
    reader = pypdf.PdfReader(tmp_path / "one.pdf")
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root and root["/Lang"] == "en"
    kinds, alts = [], []
    left = [root["/StructTreeRoot"]["/K"]]
    while left:
        node = left.pop().get_object()
        if isinstance(node, list):
            left += node
        elif isinstance(node, dict):
            kinds.append(node.get("/S"))
            alts += [str(node["/Alt"])] if "/Alt" in node else []
            left += [node["/K"]] if isinstance(node.get("/K"), list | dict | pypdf.generic.IndirectObject) else []
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure"} <= set(kinds)
    assert any("mixed" in alt for alt in alts)
    assert sum(len(page.images) for page in reader.pages) >= 1  # the strip, which is an image inside the page
    assert [float(side) for side in reader.pages[0].mediabox[2:]] == [612, 792]
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "no manifest.json; give the folder of a run, a comparison or a complete sweep"),
        (["unfinished"], "has not ended; `coalitions status` says how far it is"),
        (["a", "--output", "a.pdf"], "must end in .html"),
        (["a", "seeds=3"], "'seeds=3' is too much here"),
        (["a", "--output", "missing/folder/report.html"], "cannot be written"),
        (["damaged"], "is damaged"),
        (["empty"], "holds no run that has ended"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "damaged", "empty"):
        write_results(tmp_path / name, {"mixed": 0.0})
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "plan.json").write_text("{}")
    (tmp_path / "damaged" / "runs.parquet").write_bytes(b"PAR1 nothing")
    pd.read_parquet(tmp_path / "empty" / "runs.parquet").iloc[:0].to_parquet(tmp_path / "empty" / "runs.parquet")
    seal_anew(tmp_path / "empty")
    assert main(["report", *words]) == 2
    error = capsys.readouterr().err
    assert told in error and len(error.splitlines()) == 1


def test_without_a_printer_the_error_says_what_to_install(tmp_path, monkeypatch, capsys):
    from sim.report import printing

    monkeypatch.setitem(sys.modules, "weasyprint", None)
    monkeypatch.setattr(printing, "find_chromium", lambda: None)
    folder = write_results(tmp_path / "a", {"mixed": 0.0})
    assert main(["report", str(folder), "--pdf"]) == 2
    told = capsys.readouterr().err
    assert "coalitions[pdf]" in told and "Chromium" in told
    assert not (folder / "report.html").exists()  # before the work


def test_a_huge_table_of_months_is_left_alone_and_the_report_says_so(tmp_path, monkeypatch):
    from sim.report import reading

    folder = write_results(tmp_path / "a", {"mixed": 0.0})
    runs = pd.read_parquet(folder / "runs.parquet")
    months = (
        runs[["run_id", "regime", "seed"]]
        .merge(pd.DataFrame({"month": range(25)}), how="cross")
        .assign(collaboration_share=0.4)
    )
    months.to_parquet(folder / "months.parquet")
    seal_anew(folder)
    assert len(read_material(folder).months) == 500
    monkeypatch.setattr(reading, "MAX_CELLS", 10)
    monkeypatch.setattr(reading, "MAX_ROWS", 10)
    material = read_material(folder)
    assert material.months.empty
    assert "The table of months has 500 rows and was not read" in render(make_page(material))


def test_results_that_are_no_results_are_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(ResultsError, match="is not as coalitions has written it"):
        read_material(tmp_path)


def test_a_field_of_localities_is_told_by_locality(tmp_path):
    folder = write_results(tmp_path / "a", {"mixed": 0.0})
    found = pd.DataFrame({"run_id": "mixed-1", "regime": "mixed", "seed": 1, "verdict": ["grows", "holds", "holds"]})
    found.assign(locality=range(3), collaboration_change=0.0).to_parquet(folder / "localities.parquet")
    seal_anew(folder)
    text = render(make_page(read_material(folder)))
    assert "By locality, over all runs: <bdi>mixed: of 3 localities 1 grows, 2 hold, 0 fragment</bdi>." in text
