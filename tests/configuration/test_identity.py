"""A choice is known by the word that chose it: through every verb, for regimes, shocks and fields of a user's own."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.__main__ import main
from sim.configuration import compose, option_files, read_varied
from sim.configuration.designs import read_design
from sim.configuration.doubtful import find_warnings, tell_shock
from sim.errors import ConfigurationError
from sim.results.store import load_results
from sim.schema.choices import label_choices, name_runs
from sim.schema.parameters import declarations
from sim.sweep.plan import make_plan
from sim.sweep.probing import find_refusals

NIGHTLY = [pytest.mark.nightly, pytest.mark.slow]
NAMES = {"copied": "name: competitive\n", "absent": "", "different": "name: something_else\n"}
SHORT = ("months=4", "seeds=2")


@pytest.fixture
def own(tmp_path):
    """Return write(group, name, text), which puts a file of one's own into the folder ``write.folder``."""

    def write(group: str, name: str, text: str) -> Path:
        (tmp_path / "own" / group).mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / group / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "own"

    return write


@pytest.fixture(params=["different", *(pytest.param(name, marks=NIGHTLY) for name in ("copied", "absent"))])
def folder(own, request):
    """A folder with a regime `ours`, as one who copies competitive.yaml would write it."""
    return own(
        "regime",
        "ours",
        f"{NAMES[request.param]}label: Competitive, short-term\nprogrammes:\n  service:\n    term_months: 48\n",
    )


def call(verb, words, folder, results, *options):
    return main([verb, *words, "--config-dir", str(folder), "--results", str(results), "--quiet", *options])


def read_only(results):
    (found,) = [path.parent for path in results.glob("*/manifest.json")]
    return load_results(found)


def check_own(results: sim.results.store.Results, n_runs: int) -> None:
    assert results.runs["run_id"].is_unique
    assert len(results.runs) == n_runs
    assert not results.months.duplicated(["run_id", "month"]).any()
    labels = results.manifest["labels"]["regime"]
    assert labels["ours"] == "Competitive, short-term (ours)"
    assert len({*labels.values()}) == len(labels)


# Through the verbs


@pytest.mark.parametrize("folder", NAMES, indirect=True)
def test_run(folder, tmp_path, capsys):
    assert call("run", ["regime=ours", *SHORT], folder, tmp_path / "r", "--no-figures") == 0
    assert capsys.readouterr().out.startswith("ours-")
    found = read_only(tmp_path / "r")
    check_own(found, 2)
    assert found.runs["regime"].tolist() == ["ours", "ours"]


def test_compare(folder, tmp_path, capsys):
    assert call("compare", ["regime=competitive,ours", *SHORT], folder, tmp_path / "r", "--no-figures", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["regime"] for row in told["summary"]] == ["competitive", "ours"]
    assert {(row["regime"], row["reference"]) for row in told["differences"]} == {("ours", "competitive")}
    check_own(read_only(tmp_path / "r"), 4)


def test_sweep(folder, tmp_path):
    words = ["regime=competitive,ours", "name=s", *SHORT]
    assert call("sweep", words, folder, tmp_path / "r", "--workers", "1", "--keep", "months") == 0
    found = read_only(tmp_path / "r")
    check_own(found, 4)
    assert found.runs["run_id"].tolist() == ["competitive-1", "competitive-2", "ours-1", "ours-2"]


def test_interviews(folder, tmp_path, capsys):
    assert (
        call("interviews", ["regime=competitive,ours", "months=30", "seeds=2"], folder, tmp_path / "r", "--no-figures")
        == 0
    )
    check_own(read_only(tmp_path / "r"), 4)
    assert "ours" in capsys.readouterr().out


def test_explore(folder, tmp_path):
    page = tmp_path / "page.html"
    words = ["explore", "regime=competitive,ours", *SHORT, "--config-dir", str(folder), "-o", str(page), "--quiet"]
    assert main(words) == 0
    text = page.read_text(encoding="utf-8")
    assert '"ours"' in text
    assert "something_else" not in text


def test_multirun(folder, tmp_path):
    assert call("run", ["-m", "regime=competitive,ours", *SHORT], folder, tmp_path / "r", "--no-figures") == 0
    found = sorted(path.name.rpartition("-")[0] for path in (tmp_path / "r").iterdir())
    assert found == ["competitive", "ours"]


# Shocks and fields


@pytest.mark.parametrize("verb", ["compare", "sweep"])
def test_two_shocks_of_one_kind_are_told_apart(own, tmp_path, verb):
    own("shock", "half_cut", "label: Half of it\nname: total_cut\ncut_share: 0.5\nmonth: 2\n")
    folder = own("shock", "tenth_cut", "name: total_cut\ncut_share: 0.1\nmonth: 2\n")
    options = ("--no-figures",) if verb == "compare" else ("--workers", "1")
    words = ["shock=none,half_cut,tenth_cut", "name=s", *SHORT]
    assert call(verb, words, folder, tmp_path / "r", *options) == 0
    found = read_only(tmp_path / "r")
    assert found.runs["run_id"].is_unique
    assert found.runs["shock"].unique().tolist() == ["none", "half_cut", "tenth_cut"]
    assert found.runs["run_id"].iloc[2] == "unrestricted-half_cut-1-1"
    assert found.manifest["labels"]["shock"] == {"none": "No shock", "half_cut": "Half of it", "tenth_cut": "Tenth cut"}


def test_two_fields_of_ones_own_are_told_apart(own, tmp_path):
    own("field", "small", "label: Small\nn_organizations: 6\n")
    folder = own("field", "tiny", "n_organizations: 4\n")
    found = sim.run(["field=small", *SHORT], config_dir=folder)
    assert found.manifest["labels"]["field"] == {"small": "Small"}
    assert call("sweep", ["field=small,tiny", "name=s", *SHORT], folder, tmp_path / "r", "--workers", "1") == 0
    found = read_only(tmp_path / "r")
    assert found.runs["field"].tolist() == ["small", "small", "tiny", "tiny"]
    assert found.manifest["labels"]["field"] == {"small": "Small", "tiny": "Tiny"}


def test_what_cases_leave_alone_has_the_word_of_the_setting(own):
    text = "# @package _global_\nshock: half_cut\nfield: rural\ndesign:\n  cases:\n"
    text += "    - {name: a}\n    - {name: b, field: city, shock: none, mechanisms: null_model}\n"
    own("shock", "half_cut", "name: total_cut\ncut_share: 0.5\nmonth: 2\n")
    found = sim.run(["experiment=mine", "months=3"], config_dir=own("experiment", "mine", text))
    columns = ["field", "shock", "mechanisms"]
    assert found.runs[columns].to_numpy().tolist() == [["rural", "half_cut", "all"], ["city", "none", "null_model"]]


# Lines of an experiment


def test_an_experiment_chooses_by_plain_lines(own):
    own("regime", "ours", "programmes:\n  service: {term_months: 48}\n")
    text = "# @package _global_\nregime: ours\nshock: total_cut\nfield: rural\nmechanisms: null_model\nmonths: 60\n"
    found = compose(["experiment=mine"], config_dir=own("experiment", "mine", text)).parameters
    assert (found.regime.name, found.regime.programmes["service"].term_months) == ("ours", 48)
    assert (found.shock.name, found.field.n_organizations, found.mechanisms.null_model) == ("total_cut", 9, True)
    assert name_runs(found) == "ours-total_cut"
    words = ["experiment=mine", "regime=lottery"]
    assert compose(words, config_dir=own("experiment", "mine", text)).parameters.regime.name == "lottery"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("regime: competitve", "unknown regime 'competitve'. Did you mean 'competitive'?"),
        ("defaults:\n  - override /regime: mixed\nregime: lottery", "regime: is chosen twice"),
        ("regime: {name: competitive}", "'regime.name' cannot be set"),
        ("shock: {label: x}", "'shock.label' cannot be set"),
    ],
)
def test_a_wrong_choice_in_an_experiment_says_what_to_write(own, text, told):
    folder = own("experiment", "mine", f"# @package _global_\n{text}\n")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml: ") as caught:
        compose(["experiment=mine"], config_dir=folder)
    assert told in str(caught.value)


@pytest.mark.parametrize("word", ["regime.name=competitive", "regime.label=x", "shock.label=x", "field.label=x"])
@pytest.mark.parametrize("verb", ["run", "compare", "sweep", "explore"])
def test_names_are_set_by_no_word(verb, word, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([verb, word, "regime=mixed,lottery"] if verb != "run" else [verb, word]) == 2
    group = word.partition(".")[0]
    assert f"Choose one with {group}=NAME" in capsys.readouterr().err


def test_a_shock_set_by_its_kind_is_called_by_its_kind():
    assert name_runs(compose(["shock.name=total_cut"]).parameters) == "unrestricted-total_cut"
    assert label_choices([compose(["shock.name=total_cut"]).parameters])["shock"] == {"total_cut": "Total cut"}


# One broken file


@pytest.mark.parametrize("group", ["regime", "shock", "field", "mechanisms", "experiment"])
def test_a_broken_file_stops_only_who_chooses_it(own, group):
    text = "# @package _global_\nmonths: 5\n" if group == "experiment" else "label: x\n"
    own(group, "whole", text)
    folder = own(group, "broken", "# @package _global_\na: [\n" if group == "experiment" else "a:\n  [\n")
    assert compose([f"{group}=whole"], config_dir=folder)
    with pytest.raises(ConfigurationError, match=r"broken\.yaml:3:1: cannot be read as YAML"):
        compose([f"{group}=broken"], config_dir=folder)
    if group == "experiment":
        return
    experiment = own("experiment", "mine", f"# @package _global_\n{group}: broken\n")
    with pytest.raises(ConfigurationError, match=r"broken\.yaml:3:1: cannot be read as YAML"):
        compose(["experiment=mine"], config_dir=experiment)
    with pytest.raises(ConfigurationError, match=r"broken\.yaml:3:1: cannot be read as YAML"):
        compose([], config_dir=folder, design={"vary": {group: ["whole", "broken"]}})


# Labels and names of runs, over designs


def draw_design(number):
    """Return a design over own and shipped choices, numbers and cases, always the same of a number."""
    rng = np.random.default_rng(number)
    regimes = [*rng.choice(["competitive", "lottery", "ours", "bare"], rng.integers(1, 4), replace=False).tolist()]
    shocks = rng.choice(["none", "total_cut", "half_cut", "tenth_cut"], rng.integers(1, 4), replace=False).tolist()
    tree = {"vary": {"regime": regimes}}
    if number % 2:
        tree["vary"]["shock"] = shocks
    if number % 3 == 1:
        tree["cases"] = [  # of which the last has no name of its own
            {"name": "a"},
            {"name": "b", "meetings.facilitation": 0.4},
            {"field": "rural"},
        ]
    if number % 4 > 1:
        tree["sample"] = {"n": 3, "over": {"grants.luck": None, "memberships.turf_weight": [0, 3.6]}}
    return tree


BY_DAY = (0, 1, 2)  # each part of a design with and without


@pytest.mark.parametrize("number", [pytest.param(one, marks=[] if one in BY_DAY else NIGHTLY) for one in range(12)])
def test_distinct_points_have_distinct_labels_and_names_of_runs(own, number):
    from sim.commands.compare import label_point
    from sim.sweep.in_memory import run_design

    for name, text in (("ours", "name: competitive\n"), ("bare", "")):
        own("regime", name, f"{text}programmes:\n  service: {{term_months: 48}}\n")
    own("shock", "half_cut", "name: total_cut\ncut_share: 0.5\nmonth: 2\n")
    folder = own("shock", "tenth_cut", "name: total_cut\ncut_share: 0.1\nmonth: 2\n")
    words = ["months=2", "seeds=2", "field.n_organizations=4"]
    configuration = compose(words, config_dir=folder)
    design = read_design(draw_design(number), configuration.parameters)
    configuration = dataclasses.replace(configuration, design=design)
    found = run_design(configuration, config_dir=folder)
    n_points = len(configuration.design)
    assert found.runs["run_id"].nunique() == len(found.runs) == 2 * n_points
    assert found.months.groupby("run_id").size().eq(3).all()
    assert found.members["run_id"].nunique() == n_points
    plan = make_plan(configuration, folder)
    labels = [label_point(point, plan.parameters_at(point).regime.name) for point in configuration.design.points()]
    assert "cases" in draw_design(number) or len({*labels}) == n_points
    for group, written in found.manifest["labels"].items():
        assert len({*written.values()}) == len(written), group


def test_points_with_one_label_are_refused_before_they_run():
    from sim.sweep.in_memory import run_design

    configuration = compose(["months=2"], design={"vary": {"grants.luck": [0.1, 0.2]}})
    with pytest.raises(ConfigurationError, match="two settings would both be called 'same'"):
        run_design(configuration, label=lambda point, regime: "same")


# What does nothing is told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("shock=total_cut", ""),
        ("shock=none regime=none", ""),
        ("regime=none shock=total_cut", "there is no grant money"),
        ("regime=none shock=stream_shift", "there is no grant money"),
        ("shock=total_cut shock.month=200", "strikes in month 200, after the last month (120)"),
        ("shock=total_cut shock.cut_share=0", "shock.cut_share is 0"),
        ("shock=total_cut grants.annual_usd_per_organization=0", "grants.annual_usd_per_organization is 0"),
        ("shock=total_cut regime.programmes.operating.money_share=0", "no line with money is open or pays awards"),
        ("shock=total_cut regime.programmes.operating.last_month=40", ""),
        ("shock=total_cut regime.programmes.operating.last_month=5", "no line with money is open or pays awards"),
        ("shock=short_terms regime=competitive", "no award is longer than 12 months"),
        ("shock=short_terms", ""),
        ("shock=stream_shift shock.to_population=adults_foreign_nationals", "to the population that has it"),
        ("shock=new_condition", ""),
    ],
)
def test_a_shock_that_changes_nothing_is_told_and_is_right(words, told):
    setting = compose(words.split()).parameters
    assert told in tell_shock(setting)
    assert bool(told) == bool(tell_shock(setting))
    if setting.shock.name == "none" or setting.shock.month > 120:
        return
    without = [word for word in words.split() if not word.startswith("shock")]
    numbers = [sim.run(one, seeds=2).months.drop(columns="run_id") for one in (words.split(), without)]
    assert numbers[0].equals(numbers[1]) == bool(told)


def test_warnings_stand_on_stderr_and_in_the_manifest(tmp_path, capsys):
    words = ["regime=none,competitive", "shock=none,total_cut", "shock.month=2", "name=s", *SHORT]
    for verb, options in (("compare", ["--no-figures"]), ("sweep", ["--workers", "1"])):
        assert main([verb, *words, "--results", str(tmp_path / verb), "--quiet", *options]) == 0
        (line,) = capsys.readouterr().err.splitlines()
        assert line == "warning: shock 'total_cut' changes nothing under regime 'none': there is no grant money"
        assert read_only(tmp_path / verb).manifest["warnings"] == [line.removeprefix("warning: ")]


# Given twice


@pytest.mark.parametrize(
    "words",
    [
        ["seeds=3", "seeds=4"],
        ["regime=mixed", "regime=lottery"],
        ["name=a", "name=b"],
        ["grants.luck=0.1", "++grants.luck=0.2"],
        ["seeds=3", "--replications", "7"],
        ["grants.luck=0.1", "--set", "grants.luck=0.2,0.3"],
    ],
)
def test_a_key_given_twice_is_refused(words, tmp_path, capsys):
    verbs = ["sweep"] if any(word.startswith("--") for word in words) else ["run", "sweep", "compare", "explore"]
    for verb in verbs:
        extra = ["memberships.turf_weight=0,1"] if verb == "compare" else []
        assert main([verb, *words, *extra]) == 2
        told = capsys.readouterr().err
        assert "stands twice" in told or "both set the seeds" in told, verb


@pytest.mark.parametrize("name", ["inf", "nan", "true", "123", "1e5", "null", "2026-11-30", "on"])
def test_a_name_is_text(name):
    assert compose([f"name={name}"]).name == name


@pytest.mark.parametrize(
    "word", ["hydra/launcher=basic", "hydra.run.dir=x", "+hydra.x=1", "hydra=x", "/hydra/launcher=x"]
)
def test_hydras_own_words_are_refused_by_every_verb(word, capsys):
    for verb in ("run", "sweep", "compare"):
        assert main([verb, word]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "Hydra's own settings cannot be changed" in line


def test_a_choice_made_during_a_run_says_where_it_belongs(capsys):
    assert main(["run", "--change", "80:shock=stream_shift"]) == 2
    assert "give shock=stream_shift and shock.month=80 among the words" in capsys.readouterr().err


def test_a_nul_is_refused(capsys):
    assert main(["run", "--results", "a\0b"]) == 2
    assert "NUL character" in capsys.readouterr().err


# Plausible ranges


def test_every_number_has_a_plausible_range_within_its_limits_that_holds_its_default():
    for name, item in declarations():
        meta = item.metadata
        if "low" in meta:
            low, high = meta["plausible"]
            assert meta["low"] <= low <= item.default <= high <= meta["high"], name
            assert low < high, name


def test_priors_lie_within_the_plausible_and_most_are_it():
    from sim.calibration.priors import PRIORS

    ranges = {name: item.metadata.get("plausible") for name, item in declarations()}
    assert all(ranges[one.name][0] <= one.low < one.high <= ranges[one.name][1] for one in PRIORS)
    assert [one.name for one in PRIORS if one.narrowed] == [
        "grants.annual_usd_per_organization",
        "memberships.turf_weight",
    ]


def test_what_is_left_out_of_a_range_is_plausible():
    spans = ("grants.luck=..", "meetings.trust_gain=0.05..", "staff.annual_turnover=..0.2", "grants.fit_weight=3..")
    over = read_varied(list(spans))[1]["sample"]["over"]
    assert over == {
        "grants.luck": [0.175, 0.7],
        "meetings.trust_gain": [0.05, 0.12],
        "staff.annual_turnover": [0.1, 0.2],
        "grants.fit_weight": [3.0, 5.0],  # above the plausible: up to the limit
    }
    named = read_design({"sample": {"over": ["grants.luck"]}}).sample
    assert named is not None
    assert (named.axes[0].low, named.axes[0].high) == (0.175, 0.7)


def test_a_sample_from_beyond_the_plausible_is_told():
    found = compose([], design={"sample": {"over": {"grants.luck": [0, 5], "meetings.trust_gain": [0.02, 0.12]}}})
    (text,) = find_warnings(found.design, lambda values: found.parameters)
    assert text.startswith(
        "grants.luck is sampled from [0.0, 5.0] score, beyond what is taken for plausible, [0.175, 0.7]"
    )


@pytest.mark.parametrize("name", sorted(option_files("experiment")))
def test_no_shipped_experiment_is_doubtful(name):
    plan = make_plan(compose([f"experiment={name}"]))
    assert plan.warnings == []
    assert find_refusals(plan) == []


# What fails is found before it is run

LINE = "regime.programmes.service.term_months=12,24"


def test_a_dry_run_tells_what_fails(tmp_path, capsys):
    words = [
        "sweep",
        f"regime=competitive,none,lottery,mixed {LINE}".split()[0],
        LINE,
        *SHORT,
        "name=d",
        "--dry-run",
        "--quiet",
    ]
    assert main([*words, "--results", str(tmp_path), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert [(one["policy"], one["n_refused"], one["n_tried"]) for one in told["failing"]] == [
        ("regime=none", 2, 2),
        ("regime=mixed", 2, 2),
    ]
    assert told["milliseconds_a_run"] > 0
    assert main([*words, "--results", str(tmp_path)]) == 3
    assert "fails: regime=none (2 of 2 points tried): regime.programmes.service: this regime has no line" in (
        capsys.readouterr().out
    )


def test_a_dry_run_in_which_all_fails_says_nothing_of_time(tmp_path, capsys):
    words = ["sweep", "regime=none,mixed", LINE, *SHORT, "name=d", "--dry-run", "--quiet", "--results", str(tmp_path)]
    assert main(words) == 3
    told = capsys.readouterr().out
    assert "none of those tried could be run" in told
    assert " ms" not in told


def test_every_policy_of_a_large_design_is_tried():
    tree = {
        "vary": {"regime": ["competitive", "lottery"], "grants.luck": [float(at) / 2000 for at in range(1, 1501)]},
        "cases": [
            {"name": "fine"},
            {"name": "low", "regime.programmes.service.stance_low": 0.5},
            {"name": "never", "regime.programmes.service.stance_low": 0.9, "regime.programmes.service.stance_high": 0},
        ],
    }
    configuration = compose(["months=2"])
    design = read_design(tree, configuration.parameters)
    plan = make_plan(dataclasses.replace(configuration, design=design))
    found = find_refusals(plan)
    assert [one.policy for one in found] == ["regime=competitive, case=never", "regime=lottery, case=never"]
    assert all(one.n_refused == one.n_tried for one in found)


def test_a_sweep_whose_first_part_fails_stops_and_goes_on_when_called_again(tmp_path, capsys):
    words = ["sweep", "regime=none,competitive", LINE, "months=2", "seeds=20", "name=d", "--quiet"]
    words += ["--workers", "1", "--results", str(tmp_path)]
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "runs of the first part failed: regime.programmes.service: this regime has no line" in line
    assert main(words) == 3
    runs = pd.read_parquet(tmp_path / "d" / "runs.parquet")
    assert (len(runs), set(runs["regime"])) == (40, {"competitive"})
