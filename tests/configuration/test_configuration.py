"""Configuration: what is accepted means the same in every spelling, and what is refused says why."""

import dataclasses
import json
import warnings

import pytest
import yaml

from sim.configuration import (
    compose,
    configuration_folder,
    declared,
    option_files,
    read_seeds,
    set_values,
)
from sim.errors import ConfigurationError, ParameterError
from sim.roster.reading import locate_folder
from sim.schema.parameters import Parameters
from sim.schema.regimes import Programme, Regime

REGIMES = (
    "unrestricted",
    "competitive",
    "lottery",
    "formula_broad",
    "hub_sub_awards",
    "paired_lead",
    "population_silo",
    "viewpoint_conditional",
    "viewpoint_conditional_mirrored",
    "collaboration_required",
    "mixed",
    "none",
)
SHOCKS = ("none", "total_cut", "stream_shift", "short_terms", "new_condition")


def refusal(*overrides, **options):
    with pytest.raises(ConfigurationError) as caught:
        compose(list(overrides), **options)
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


# What is shipped


def test_there_is_one_source_of_defaults():
    assert compose([]).parameters == Parameters()
    assert list(Parameters().regime.programmes) == ["operating"]


@pytest.mark.slow
def test_a_regime_without_grant_lines_is_called_none():
    assert (Regime().name, Regime().programmes) == ("none", {})
    with pytest.raises(ParameterError, match="here no grant line; name it 'none'"):
        Regime("unrestricted")
    with pytest.raises(ParameterError, match="has no grants, but here a"):
        Regime("none", "", {"a": Programme()})
    assert "no grant line is left; write regime=none" in refusal("~regime.programmes.operating")
    assert "regime=none has no grants" in refusal("regime=none", "+regime.programmes.a.term_months=6")


def test_config_yaml_holds_the_defaults_list_and_nothing_else():
    content = yaml.safe_load((configuration_folder() / "config.yaml").read_text())
    assert list(content) == ["defaults"]


def test_all_regimes_of_the_model_are_shipped():
    assert sorted(REGIMES) == sorted(option_files("regime"))


@pytest.mark.parametrize("regime", REGIMES)
def test_a_regime_is_named_like_its_file_and_spends_all_its_money(regime):
    found = compose([f"regime={regime}"]).parameters.regime
    spent = sum(line.money_share for line in found.programmes.values())
    assert (found.name, spent) == (regime, pytest.approx(0 if regime == "none" else 1))
    assert found.label


@pytest.mark.parametrize("shock", SHOCKS)
def test_a_shock_combines_with_a_regime(shock):
    found = compose(["regime=mixed", f"shock={shock}"])
    assert found.parameters.shock.name == shock
    assert (shock in found.name) == (shock != "none")


@pytest.mark.slow
@pytest.mark.parametrize("mechanisms", sorted(option_files("mechanisms")))
def test_mechanisms_switch_what_they_say(mechanisms):
    found = dataclasses.asdict(compose([f"mechanisms={mechanisms}"]).parameters.mechanisms)
    off = {name for name, is_on in found.items() if not is_on} - {"null_model"}
    expected = {"all": set(), "null_model": set(), "none": set(found) - {"null_model"}}
    assert off == expected.get(mechanisms, {mechanisms.removeprefix("no_")})
    assert found["null_model"] == (mechanisms == "null_model")


@pytest.mark.slow
@pytest.mark.parametrize("group", ["field", "regime", "shock", "mechanisms", "experiment"])
def test_every_shipped_file_says_what_it_is_and_holds_only_differences(group):
    for name, path in option_files(group).items():
        assert path.read_text().lstrip().startswith("#"), f"{name} has no comment"
        found = compose([f"{group}={name}"])
        assert group != "experiment" or found.name.startswith(name)
    for path in option_files("regime").values():
        for entries in (yaml.safe_load(path.read_text()).get("programmes") or {}).values():
            written = {key: value for key, value in entries.items() if value == getattr(Programme(), key)}
            assert not written, f"{path.name} repeats defaults: {written}"


@pytest.mark.slow
def test_a_shipped_roster_lies_in_the_configuration_folder():
    found = compose(["field=city18"])
    assert found.parameters.field.folder == "rosters/city18"
    assert locate_folder(found.parameters.field.folder) == configuration_folder() / "rosters/city18"


# What an override means


@pytest.mark.slow
def test_all_spellings_of_a_setting_give_the_same_parameters():
    spellings = (["memberships.turf_weight=2"], ["memberships.turf_weight=2.0"], ["++memberships.turf_weight=2"])
    assert len({compose(words).name for words in spellings}) == 1
    plain = set_values(compose([]).parameters, {"memberships.turf_weight": 2})
    assert all(compose(words).parameters == plain for words in spellings)


@pytest.mark.slow
def test_writing_a_default_changes_nothing():
    assert compose(["memberships.turf_weight=1.8", "seeds=1", "months=120"]).name == compose([]).name


@pytest.mark.slow
def test_a_line_can_be_changed_added_and_taken_away():
    changed = compose(["regime=competitive", "regime.programmes.service.term_months=24"]).parameters.regime.programmes
    added = compose(["+regime.programmes.extra.money_share=0.2"]).parameters.regime.programmes
    again = compose(["+regime.programmes.extra.money_share=0.2", "+regime.programmes.extra.term_months=6"])
    removed = compose(["regime=mixed", "~regime.programmes.joint"]).parameters.regime.programmes
    assert changed["service"].term_months == 24
    assert (added["extra"].money_share, added["extra"].term_months, len(added)) == (0.2, 12, 2)
    assert again.parameters.regime.programmes["extra"] == Programme(money_share=0.2, term_months=6)
    assert list(removed) == ["operating", "minors", "formula"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [(3, [1, 2, 3]), ([3, 5], [3, 5]), ("3-5", [3, 4, 5]), ("7-7", [7]), (1, [1])],
)
def test_seeds_are_a_number_a_list_or_a_range(written, meant):
    assert read_seeds(written) == meant


@pytest.mark.parametrize("written", [0, -1, True, 1.5, "x", "5-3", [], [1, 1], [-1], [True], ["a"], None, 10**9])
def test_other_seeds_are_refused(written):
    with pytest.raises(ConfigurationError, match=r"^seeds = .*: must be a number of seeds in \[1, 1000000\], a list"):
        read_seeds(written)


@pytest.mark.slow
def test_a_name_is_kept_and_the_default_name_depends_on_the_content():
    assert compose(["name=mine.1"]).name == "mine.1"
    names = {compose(words).name for words in ([], ["seeds=2"], ["grants.luck=0.1"], ["shock.month=50"])}
    assert len(names) == 4


@pytest.mark.slow
def test_a_folder_with_spaces_and_brackets_is_taken_as_written():
    assert compose(["field.folder=/data/My Roster (1)"]).parameters.field.folder == "/data/My Roster (1)"


def test_composing_leaves_hydra_as_it_was_and_warns_of_nothing():
    from hydra.core.global_hydra import GlobalHydra

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compose([])
    assert not GlobalHydra().is_initialized()


# Refusals, word for word


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "text"),
    [
        (
            "memberships.turf_wieght=1",
            "unknown parameter 'memberships.turf_wieght'. Did you mean 'memberships.turf_weight'? "
            "'coalitions list parameters' shows all.",
        ),
        (
            "+memberships.turf_wieght=1",
            "unknown parameter 'memberships.turf_wieght'. Did you mean 'memberships.turf_weight'? "
            "'coalitions list parameters' shows all.",
        ),
        (
            "turf_weight=1",
            "unknown parameter 'turf_weight'. Did you mean 'memberships.turf_weight'? "
            "'coalitions list parameters' shows all.",
        ),
        ("regim=mixed", "unknown parameter 'regim'. Did you mean 'regime'? 'coalitions list parameters' shows all."),
        (
            "regime=comptitive",
            f"unknown regime 'comptitive'. Did you mean 'competitive'? There are: {', '.join(sorted(REGIMES))}.",
        ),
        ("memberships.turf_weight=9", "memberships.turf_weight = 9 utility: must lie in [0, 5]"),
        ("memberships.turf_weight=nan", "memberships.turf_weight = nan utility: must lie in [0, 5]"),
        ("memberships.turf_weight=abc", "memberships.turf_weight = abc: must be a number in [0, 5] utility"),
        ("memberships.turf_weight=true", "memberships.turf_weight = true: must be a number in [0, 5] utility"),
        ("memberships.turf_weight=null", "memberships.turf_weight = null: must be a number in [0, 5] utility"),
        (
            "grants.annual_usd_per_organization=12345678",
            "grants.annual_usd_per_organization = 12345678 USD/year: must lie in [0, 10000000]",
        ),
        ("field.n_organizations=9.5", "field.n_organizations = 9.5: must be a whole number in [2, 2000] organizations"),
        ("field.n_organizations=010", "field.n_organizations = 010: must be a whole number in [2, 2000] organizations"),
        ("months=0", "months = 0 months: must lie in [1, 1200]"),
        ("shock.month=0", "shock.month = 0 month: must lie in [1, 10000]"),
        ("mechanisms.meet=yes", "mechanisms.meet = yes: must be true or false"),
        (
            "memberships.admission=opne",
            "memberships.admission = opne: must be one of open, majority, unanimous. Did you mean 'open'?",
        ),
        (
            "regime.programmes.operating.term_months=500",
            "regime.programmes.operating.term_months = 500 months: must lie in [1, 120]",
        ),
        (
            "regime.programmes.operating.term_mnths=5",
            "unknown parameter 'regime.programmes.operating.term_mnths'. Did you mean "
            "'regime.programmes.operating.term_months'? 'coalitions list parameters' shows all.",
        ),
        (
            "regime.programmes.operatin.term_months=5",
            "unknown grant line 'operatin'. Did you mean 'operating'? This regime has: operating. "
            "To add a line write +regime.programmes.operatin.…=…",
        ),
        (
            "regime.programmes.operating.applicant=dog",
            "regime.programmes.operating.applicant = dog: must be one of organization, coalition",
        ),
        (
            "grants=3",
            "'grants' is a group of parameters; give one of them, like grants.annual_usd_per_organization=110000",
        ),
        ("competitve", "'competitve' is not of the form key=value. Did you mean 'regime=competitive'?"),
        ("name=../x", "name = ../x: may hold letters, digits, '.', '_' and '-', at most 64"),
        ("seeds=3,5", "seeds = 3,5: write a list as seeds=[3,5] or a range as seeds=3-9"),
        (
            "regime=mixed,none",
            "regime = mixed,none: one value is wanted; `coalitions compare` and `coalitions run -m` take several",
        ),
        ("~regime", "'~regime': only a grant line can be taken away, like ~regime.programmes.service"),
        ("regime@shock=mixed", "regime@shock=mixed: packages (@) are not allowed; write regime=…"),
    ],
)
def test_a_mistake_is_told_exactly(override, text):
    assert refusal(override) == text


@pytest.mark.parametrize(
    "override",
    [
        "field._target_=os.system",
        "+field._target_=os.system",
        "+_target_=os.system",
        "regime.programmes.operating={_target_: os.system}",
        "+regime.programmes.operating._target_=os.system",
        "field.folder=${oc.env:HOME}",
        "field.folder='${oc.env:HOME}'",
        "name=a${oc.env:HOME}",
        "regime.label=${hydra:runtime.cwd}",
        "field.sectors=['${oc.env:HOME}']",
        "hydra.run.dir=/tmp/x",
        "hydra/launcher=basic",
        "+hydra.callbacks.x=y",
        "hydra.job.env_set.A=b",
        "regime={name: x}",
    ],
)
def test_what_could_run_code_or_read_the_environment_is_refused(override, monkeypatch):
    monkeypatch.setenv("HOME", "/canary")
    assert "canary" not in refusal(override)


def test_every_number_of_the_model_is_refused_just_outside_its_range():
    for name, entry in declared().items():
        if "high" not in entry.metadata:
            continue
        typed = name.replace("<line>", "operating")
        text = refusal(f"{typed}={entry.metadata['high'] + 1}")
        assert text.startswith(f"{typed} = ")
        assert text.endswith(f"[{entry.metadata['low']}, {entry.metadata['high']}]")


def test_stance_limits_in_the_wrong_order_are_named_as_typed():
    line = "regime.programmes.operating"
    text = refusal(f"{line}.stance_low=0.5", f"{line}.stance_high=0.1")
    assert text == f"{line}.stance_low = 0.5: must not exceed stance_high = 0.1"


# Own files


@pytest.fixture
def own(tmp_path):
    def write(text, group="regime", name="mine"):
        (tmp_path / group).mkdir(exist_ok=True)
        (tmp_path / group / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_a_regime_of_ones_own_is_found(own):
    folder = own("name: mine\nprogrammes:\n  a:\n    term_months: 24\n")
    found = compose(["regime=mine", "regime.programmes.a.min_partners=3"], config_dir=folder).parameters.regime
    assert found.programmes == {"a": Programme(term_months=24, min_partners=3)}


def test_an_experiment_of_ones_own_is_found(own):
    text = "# @package _global_\ndefaults:\n  - override /regime: lottery\nseeds: 3\nmemberships:\n  turf_weight: 1\n"
    found = compose(["experiment=mine"], config_dir=own(text, "experiment"))
    assert (found.parameters.regime.name, found.seeds) == ("lottery", [1, 2, 3])
    assert found.parameters.memberships.turf_weight == 1


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("programmes:\n  a: &x {term_months: 10}\n  b: *x", "mine.yaml:2:6: anchors and aliases"),
        ("a: " + "[" * 25 + "]" * 25, "nested deeper than 20 levels"),
        ("label: " + "a" * 70_000, "is larger than the 65,536 bytes that are read"),
        ("_target_: os.system", "'_target_' is not allowed"),
        ("label: ${oc.env:HOME}", "interpolations"),
        ('label: "\\x24{oc.env:HOME}"', "interpolations"),
        ("label: !!python/name:os.system x", "tags ("),
        ("# @package hydra.run\ndir: /tmp/x", "'@package hydra.run' is not allowed"),
        ("programmes:\n  a: {term_months: 010}", "YAML would read 010 as another number"),
        ("label: NO", "regime.label = false: must be text"),
        ('label: "a\\0b"', "must be one line without control characters"),
        ('label: "a\\e[31mb"', "must be one line without control characters"),
        ("label: |\n  a\n  b", "must be one line without control characters"),
        ("programmes:\n  a: {award_usd_per_year: 1e300}", "1e+300 USD/year: must lie in"),
        ("label: x\n\ty: 1", "cannot be read as YAML"),
        ("- a\n- b", "must hold lines of the form 'name: value'"),
        ("programmes:\n  a:\n    trm_months: 4", "Did you mean 'regime.programmes.a.term_months'?"),
        (
            "programmes:\n  a:\n    term_months: 400",
            "regime.programmes.a.term_months = 400 months: must lie in [1, 120]",
        ),
    ],
)
def test_an_unsafe_or_mistaken_file_is_refused_with_its_name(own, text, mistake):
    told = refusal("regime=mine", config_dir=own(text))
    assert mistake in told
    assert "mine.yaml" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "# @package _global_\ndefaults:\n  - override /hydra/launcher: joblib",
        "# @package _global_\ndefaults:\n  - /regime@hydra.run: mixed",
        "# @package _global_\nhydra:\n  run: {dir: /tmp/x}",
        "# @package _global_\ndesign: {vary: {grants.luck: [9]}}",
        "# @package _global_\ndesign: {vary: {regime: [competitiv]}}",
        "# @package _global_\ndesign: {vary: {grants.luck: 1}}",
    ],
)
def test_an_unsafe_or_mistaken_experiment_is_refused(own, text):
    refusal("experiment=mine", config_dir=own(text, "experiment"))


@pytest.mark.parametrize("value", ["7", "[1, 2]", "null", "text"])
def test_a_design_that_is_no_mapping_is_told_what_it_may_hold(own, value):
    told = refusal("experiment=mine", config_dir=own(f"# @package _global_\ndesign: {value}", "experiment"))
    assert "mine.yaml: design = " in told
    assert told.endswith(": must be a mapping of vary, cases, sample, constraints or designs")


def test_a_file_that_would_shadow_a_shipped_one_is_refused(own):
    text = refusal("regime=competitive", config_dir=own("label: x", name="competitive"))
    assert text.endswith("regime 'competitive' is shipped already; take another name")


def test_a_missing_or_empty_folder_is_told(tmp_path):
    assert refusal(config_dir=tmp_path / "no").endswith("no such folder")
    assert "no YAML in any of its folders" in refusal(config_dir=tmp_path)


# Experiments


def test_the_demo_experiment_has_a_question_and_a_full_grid():
    found = compose(["experiment=grow_or_fragment"])
    points = list(found.design.points())
    assert found.question
    assert len(points) == len(found.design) == 100
    assert len({json.dumps(point) for point in points}) == 100


@pytest.mark.slow
def test_what_the_user_sets_is_no_longer_varied():
    found = compose(["experiment=grow_or_fragment", "regime=mixed", "seeds=2"])
    assert "regime" not in found.design.vary
    assert (found.parameters.regime.name, found.seeds) == ("mixed", [1, 2])


@pytest.mark.slow
def test_a_start_is_a_calendar_month_and_changes_no_run():
    plain, dated = compose(["regime=mixed"]), compose(["regime=mixed", "start=2019-07"])
    assert (plain.start, dated.start) == ("", "2019-07")
    assert dated.parameters == plain.parameters
    assert dated.name == plain.name
    for wrong in ("2019", "2019-13", "07-2019", "2019-07-01", "soon", "20190"):
        with pytest.raises(ConfigurationError, match="must be the calendar month of month 0, like 2019-07"):
            compose([f"start={wrong}"])
