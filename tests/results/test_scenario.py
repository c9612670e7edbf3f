"""What all settings of a result share stands in words: shock, field, money, dates, levers, interventions."""

import html
import json
import re

import pytest

import sim
from sim.__main__ import main
from sim.commands.compare import compose_comparison
from sim.commands.run import add_changes
from sim.configuration import configuration_folder
from sim.figures import make_figures
from sim.report.page import make_page, render
from sim.report.reading import read_material
from sim.results.scenario import (
    describe_scenario,
    describe_shock,
    describe_shocks,
    ends_awards,
    name_month,
    name_shocks,
)
from sim.results.store import load_results, read_manifest
from sim.sweep.in_memory import run_design

SHOCKS = {
    "none": "no shock",
    "total_cut": "All grant money ends in month 3",
    "stream_shift": "In month 3 grant money for adults foreign nationals moves to minors",
    "short_terms": "From month 3 new awards last 12 months at most",
    "new_condition": "From month 3 all grant money is for expressed stances from 0 to 1 alone",
}
SETTINGS = {
    "default": ([], ["18 organizations"]),
    "roster": (["field=rural9"], ["9 organizations of a synthetic roster"]),
    "generated": (["field=rural"], ["field 'rural' of 9 organizations"]),
    "lever": (["memberships.turf_weight=2.5"], ["cost of competing for the same money 2.5 (default 1.8)"]),
    "budget": (["grants.annual_usd_per_organization=48000"], ["48,000 USD/year and organization (default 110,000)"]),
    "start": (["start=2027-01"], ["from January 2027"]),
    "mechanism": (["mechanisms=no_viewpoint_tension"], ["Switched off: Differences in viewpoint cause tension"]),
    "null model": (["mechanisms=null_model"], ["Null model: memberships change at random"]),
    "calibration": (["calibration=central"], ["calibrated set 'central'"]),
    "line": (
        ["regime=competitive", "regime.programmes.service.term_months=36"],
        ["grant line 'service': length of an award 36 months"],
    ),
}


NIGHTLY = [pytest.mark.nightly, pytest.mark.slow]
TOLD = [  # by day each setting with a cut and each shock in the default setting, at night all pairs
    pytest.param(setting, shock, marks=[] if setting == "default" or shock == "total_cut" else NIGHTLY)
    for setting in SETTINGS
    for shock in SHOCKS
]


@pytest.mark.parametrize(("setting", "shock"), TOLD)
def test_every_scenario_is_told_in_words(setting, shock):
    words, told = SETTINGS[setting]
    results = sim.run([*words, f"shock={shock}", "shock.month=3", "months=12"], seeds=1)
    scenario = describe_scenario(results.manifest)
    assert all(part.lower() in scenario.lower() for part in [*told, "12 months"]), scenario
    expected = SHOCKS[shock] if "start" not in setting else SHOCKS[shock].partition("month 3")[0]
    assert expected in scenario
    assert ("month 3 (April 2027)" in scenario) == (setting == "start" and shock != "none")
    assert ("no shock" in scenario) == (shock == "none")
    figures = make_figures(results)
    assert figures
    assert all(scenario in figure.legend for figure in figures)


def test_where_nothing_differs_the_scenario_says_so():
    assert describe_scenario(sim.run(["regime=competitive"], seeds=1).manifest) == (
        "Default field and amount of money: 18 organizations, 120 months, no shock. "
        "Grant design: Competitive, short-term."
    )


@pytest.mark.parametrize(
    ("varied", "told"),
    [
        ("field.viewpoint_spread=0,0.5", "Default amount of money; the field differs between settings: 18"),
        ("grants.annual_usd_per_organization=20000,50000", "Default field; the amount of money differs between"),
        ("memberships.turf_weight=0,1", "Default field and amount of money: 18"),
    ],
)
def test_what_varies_is_not_called_the_default(varied, told):
    results = run_design(compose_comparison([varied, "regime=lottery", "seeds=1"], None))
    assert told in describe_scenario(results.manifest)


@pytest.mark.parametrize("words", [["regime=none"], ["grants.annual_usd_per_organization=0"]])
def test_a_cut_of_no_money_is_said_to_change_nothing(words):
    manifest = sim.run([*words, "shock=total_cut", "shock.month=3", "months=6"], seeds=1).manifest
    assert "there is no grant money, so that it changes nothing" in describe_shocks(manifest)
    assert not ends_awards(manifest)


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["shock=total_cut", "shock.month=3"], True),
        (["shock=total_cut", "shock.month=9"], False),  # after the end
        (["shock=short_terms", "shock.month=3"], False),
        ([], False),
    ],
)
def test_only_a_cut_within_the_runs_ends_awards(words, ends):
    assert ends_awards(sim.run([*words, "months=6"], seeds=1).manifest) == ends


def test_shocks_are_called_what_they_are():
    words = ["shock=none,total_cut", "seeds=1", "months=6", "shock.month=3"]
    assert name_shocks(run_design(compose_comparison(words, None)).manifest) == ["", "total cut"]
    half = sim.run(["shock=total_cut", "shock.cut_share=0.5", "shock.month=3", "months=6"], seeds=1).manifest
    assert name_shocks(half) == ["cut of 50 %"]


def test_an_example_without_a_shock_has_no_mark_of_one():
    words = ["shock=total_cut,none", "seeds=2", "months=30", "shock.month=3"]
    made = {figure.name: figure for figure in make_figures(run_design(compose_comparison(words, None)))}
    assert made["collaboration"].origin.marks == ((3, "total cut (in some settings)"),)
    assert "No shock" in made["memberships"].subtitle
    assert made["memberships"].origin.marks == ()


def test_what_a_design_varies_is_not_held():
    words = ["memberships.turf_weight=0,2.5", "regime=lottery", "meetings.facilitation=0.4", "seeds=2", "months=12"]
    scenario = describe_scenario(run_design(compose_comparison(words, None)).manifest)
    assert "facilitation removes 0.4" in scenario
    assert "competing for the same money" not in scenario
    assert "Lottery" in scenario


def test_shocks_that_differ_between_settings_are_explained():
    words = ["shock=none,total_cut,short_terms", "seeds=2", "months=60", "start=2027-01"]
    scenario = describe_scenario(run_design(compose_comparison(words, None)).manifest)
    assert "Settings with the shock 'Total cut': all grant money ends in month 48 (January 2031)" in scenario
    assert "Settings with the shock 'Short terms': from month 48 (January 2031) new awards last 12 months" in scenario
    assert "no shock" not in scenario


def test_a_number_of_a_shock_that_differs_is_not_given():
    words = ["shock.month=6,9", "shock=total_cut", "shock.cut_share=0.4", "seeds=2", "months=12"]
    scenario = describe_scenario(run_design(compose_comparison(words, None)).manifest)
    assert "40 % of all grant money ends in a month that differs between settings" in scenario


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shock=total_cut", "months=47"], "after the last month of the runs"),
        (["shock=total_cut", "months=48"], "running awards included. "),
        (["shock=total_cut", "mechanisms.apply_calendar=false", "months=60"], "the calendar is switched off"),
    ],
)
def test_a_shock_that_changes_nothing_is_told_as_such(words, told):
    assert told in describe_scenario(sim.run(words, seeds=1).manifest)


def test_changes_and_decisions_during_a_run_are_told():
    configuration = sim.compose(["months=30", "start=2027-01"], seeds=[3])
    manifest = run_design(add_changes(configuration, ["13:meetings.facilitation=0.4"])).manifest
    scenario = describe_scenario({**manifest, "decisions": ["14:7=join:2"]})
    assert "From month 13 (February 2028) on: share of perceived tension that facilitation removes 0.4" in scenario
    assert "One organization decides otherwise than the rule in month 14 (March 2028)" in scenario


def test_levers_beyond_three_are_counted():
    levers = ["meetings.facilitation", "meetings.trust_gain", "meetings.trust_loss", "drift.mission_drift"]
    words = [f"{name}=0.5" for name in [*levers, "grants.luck"]]
    scenario = describe_scenario(sim.run([*words, "months=2"], seeds=1).manifest)
    assert "and 2 more, listed in the report" in scenario


def test_an_own_roster_is_counted_and_its_place_is_not_told(tmp_path):
    (tmp_path / "my_county").mkdir()
    lines = ["org_id", *(f"org-{number:02}" for number in range(25))]
    (tmp_path / "my_county" / "organizations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    scenario = describe_scenario(sim.run([f"field.folder={tmp_path}/my_county", "months=2"], seeds=1).manifest)
    assert "25 organizations of an own roster" in scenario
    assert "my_county" not in scenario


def test_months_have_their_calendar_names():
    assert name_month("2027-01", 48) == "January 2031"
    assert name_month("2019-12", 0) == "December 2019"
    assert name_month("2019-07", 6) == "January 2020"


def test_a_shock_without_its_numbers_has_the_defaults():
    assert describe_shock({"name": "total_cut"}) == "all grant money ends in month 48, running awards included"


FIELDS = {"generated": "18 organizations", "city18": "18 organizations of a synthetic roster"}
FIELDS |= {"own": "25 organizations of an own roster", "counties": "in 3 localities"}


def choose_field(name, folder):
    """Return the words that choose a field; an own roster is written into `folder`."""
    if name == "own":
        folder.mkdir()
        lines = ["org_id", *(f"org-{number:02}" for number in range(25))]
        (folder / "organizations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [f"field.folder={folder}"]
    many = ["field=counties", "field.n_localities=3", "field.n_states=1", "field.bridges_per_state=0"]
    return {"generated": [], "city18": ["field=city18"], "counties": many}[name]


READ = [  # by day each verb and each field, at night all pairs
    pytest.param(field, verb, marks=[] if at % 3 == number else NIGHTLY)
    for at, field in enumerate(FIELDS)
    for number, verb in enumerate(("run", "compare", "sweep"))
]


@pytest.mark.parametrize(("field", "verb"), READ)
def test_figures_reports_and_terminal_tell_size_and_shock(field, verb, tmp_path, capsys):
    words = [*choose_field(field, tmp_path / "mine"), "shock=total_cut", "shock.month=20", "months=30"]
    words += ["seeds=2", "name=a", "--results", str(tmp_path), "--quiet"]
    words += [] if verb == "run" else ["regime=unrestricted,competitive"]
    words += ["--workers", "1", "--keep", "months"] if verb == "sweep" else ["--no-figures"]
    assert main([verb, *words]) == 0
    scenario = describe_scenario(read_manifest(tmp_path / "a"))
    assert FIELDS[field] in scenario
    assert "All grant money ends in month 20" in scenario
    assert scenario in capsys.readouterr().out
    page = make_page(read_material(tmp_path / "a"))
    text = html.unescape(re.sub(r"<[^>]+>", " ", render(page)))
    assert page.scenario == scenario
    assert text.count(scenario) >= 1 + len(page.figures)
    assert "All grant money ends in month 20" in " ".join(page.summary)
    told = "; ".join([*page.summary, *page.method, *(value for _, value in page.provenance), page.scenario])
    sizes = {int(size.replace(",", "")) for size in re.findall(r"(\d[\d,]*) organizations", told)}
    expected = {"generated": {18}, "city18": {18}, "own": {25}}.get(field)
    assert expected is None or sizes == expected
    for figure in make_figures(load_results(tmp_path / "a")):
        assert scenario in figure.legend


def test_reports_of_different_shocks_have_different_subtitles(tmp_path):
    pages = {}
    for shock in ("none", "total_cut", "stream_shift"):
        words = [
            "regime=unrestricted,competitive",
            f"shock={shock}",
            "seeds=1",
            "months=50",
            f"name={shock}",
            "--no-figures",
        ]
        assert main(["compare", *words, "--results", str(tmp_path), "--quiet"]) == 0
        pages[shock] = make_page(read_material(tmp_path / shock))
    assert len({page.scenario for page in pages.values()}) == 3
    assert "no shock" in pages["none"].scenario


def test_the_explorer_says_what_its_settings_share():
    from sim.explorer.building import build_explorer

    words = ["regime=unrestricted,competitive", "shock=total_cut", "shock.month=6", "seeds=1", "months=12"]
    page = build_explorer(compose_comparison(words, None), "coalitions explore")
    assert "All grant money ends in month 6" in page.partition("<main>")[0]


@pytest.mark.parametrize("verb", ["compare", "sweep"])
def test_a_report_says_what_each_design_is(verb, tmp_path):
    words = ["regime=unrestricted,competitive", "shock=total_cut", "months=30", "seeds=2", "name=a", "--quiet"]
    assert main([verb, *words, "--results", str(tmp_path), *(["--no-figures"] if verb == "compare" else [])]) == 0
    page = make_page(read_material(tmp_path / "a"))
    assert page.designs is not None
    rows = {row[3]: row for row in page.designs.rows}
    assert {"unrestricted", "competitive", "total_cut"} <= {*rows}
    assert rows["competitive"][:2] == ["Competitive, short-term", "regime"]
    assert rows["competitive"][2].startswith("One-year awards")
    assert "What each design is" in render(page)


HELD = ["shock=total_cut", "shock.month=20", "months=30", "grants.annual_usd_per_organization=48000", "start=2027-01"]
GRID = ["regime=unrestricted,competitive", "memberships.turf_weight=0..3", "--n", "48", "--workers", "1"]
VERBS = {
    "run": ["run", *HELD, "name=r", "--no-figures", "--force"],
    "demo": ["demo", *HELD[:3], *HELD[4:], "meetings.facilitation=0.4", "name=d", "seeds=1", "--no-figures"],
    "compare": ["compare", *HELD, "name=c", GRID[0], "seeds=2", "--no-figures"],
    "interviews": ["interviews", *HELD, "name=i", "seeds=2"],
    "games": ["games", *HELD, "--month", "24"],
    "explore": ["explore", *HELD, GRID[0], "seeds=2"],
    "sweep": ["sweep", *HELD, *GRID, "seeds=2", "name=again"],
    "dry run": ["sweep", *HELD, *GRID, "seeds=2", "name=other", "--dry-run"],
    "status": ["status", "FOLDER"],
    "export": ["export", "FOLDER"],
    "draw": ["draw", "FOLDER", "differences", "--formats", "svg"],
    "sensitivity": ["sensitivity", "FOLDER", "--outcome", "collaboration_end"],
    "scenarios": ["scenarios", "FOLDER", "--when", "collaboration_end > 0.3", "--no-features"],
    "robustness": ["robustness", "FOLDER"],
}
WITHOUT = {"--results": ("games", "status", "export", "draw", "sensitivity", "scenarios", "robustness")}
WITHOUT["--quiet"] = WITHOUT["--results"][1:]
LIBRARIES = {"sensitivity": "SALib", "scenarios": "ema_workbench"}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")
    assert main(["sweep", *HELD, *GRID, "seeds=2", "name=s", "--results", str(folder), "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("verb", VERBS)
def test_what_a_verb_prints_for_programs_and_for_people_carries_the_scenario(verb, swept, tmp_path, capsys):
    if verb in LIBRARIES:
        pytest.importorskip(LIBRARIES[verb])
    words = [str(swept / "s") if word == "FOLDER" else word for word in VERBS[verb]]
    words += ["--results", str(tmp_path)] if verb not in WITHOUT["--results"] else []
    words += ["--quiet"] if verb not in WITHOUT["--quiet"] else []
    words += ["--to", str(tmp_path / "runs.csv"), "--force"] if verb == "export" else []
    assert main([*words, "--json"]) == 0
    scenario = json.loads(capsys.readouterr().out)["scenario"]
    assert "All grant money ends in month 20 (September 2028)" in scenario
    assert "30 months from January 2027" in scenario
    assert ("facilitation removes 0.4" if verb == "demo" else "grant money 48,000 USD") in scenario
    assert main(words) == 0
    assert scenario in capsys.readouterr().out


def test_every_verb_with_results_and_json_is_looked_at():
    from sim.__main__ import build_parser
    from sim.commands.completion import list_options, list_verbs

    found = {name for name, parser in list_verbs(build_parser()).items() if "--json" in list_options(parser)}
    assert found - {*VERBS} == {"list", "show", "validate", "import", "calibrate"}, "verbs without a result to describe"


def test_designs_of_an_own_folder_are_described_and_a_shared_label_is_told(tmp_path, capsys):
    own = tmp_path / "own" / "regime"
    own.mkdir(parents=True)
    shipped = (configuration_folder() / "regime" / "lottery.yaml").read_text(encoding="utf-8")
    (own / "mine.yaml").write_text(f"# Our own lottery, drawn by hand.\n{shipped}", encoding="utf-8")
    words = ["regime=lottery,mine", "months=24", "seeds=2", "--config-dir", str(tmp_path / "own"), "--quiet"]
    for verb, options in (("sweep", ["--workers", "1"]), ("compare", ["--no-figures"])):
        assert main([verb, *words, f"name={verb}", *options, "--results", str(tmp_path)]) == 0
        assert "regime 'mine' has the label of another one, 'Lottery, short-term'" in capsys.readouterr().err
        manifest = read_manifest(tmp_path / verb)
        assert manifest["labels"]["regime"]["mine"].endswith("(mine)")
        assert manifest["descriptions"]["regime"]["mine"].startswith("Our own lottery")
    assert main(["compare", "regime=lottery,none", *words[1:3], "--results", str(tmp_path), "--no-figures"]) == 0
    assert "has the label" not in capsys.readouterr().err


def test_the_label_of_a_cut_says_how_much_is_cut():
    from sim.configuration import compose
    from sim.schema.choices import label_choices

    cuts = [compose(["shock=total_cut", f"shock.cut_share={share}"]).parameters for share in (1, 0.5, 0.25)]
    assert label_choices(cuts[:1])["shock"] == {"total_cut": "Total cut"}
    assert label_choices(cuts[1:2])["shock"] == {"total_cut": "Cut of 50 %"}
    assert label_choices(cuts[1:])["shock"] == {"total_cut": "Cut"}
