"""Runs shorter than their statistics need, everywhere that reads them: no number, and the reason in words."""

import json

import numpy as np
import pandas as pd
import pytest

import sim
from sim.__main__ import main
from sim.results import summaries, verdict
from sim.results.contrasts import compute_differences
from sim.results.store import load_results
from sim.schema import columns

SMALL = ["field.n_organizations=6", "seeds=2"]
CHANGES = ("collaboration_change", "effective_change")
ENDS = ("collaboration_end", "coverage_end", "served_end", "not_served_end")
SAYS = ("grows", "holds", "fragments", "undecided")


def call(capsys, *words):
    code = main([*map(str, words)])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize("months", range(1, 31))
def test_each_statistic_of_a_run_is_known_from_its_least_length_on(months):
    results = sim.run([f"months={months}", *SMALL])
    runs, summary = results.runs, summaries.summarise(results)
    for names, least in ((CHANGES, 24), (ENDS, 12), (("collaboration_start",), 12)):
        for name in names:
            assert runs[name].notna().all() == (months >= least), name
            assert columns.column(name, "runs").least_months == least
    is_short = months < columns.CHANGE_MONTHS
    assert set(runs["verdict"]) <= ({verdict.TOO_SHORT} if is_short else {*verdict.VERDICTS, verdict.NO_PAIR})
    assert (summary["verdict"].iloc[0] == verdict.TOO_SHORT) == is_short
    assert summary["n_judged"].iloc[0] == (0 if is_short else 2)
    told = summaries.describe_verdict(results)
    assert ("too short" in told and "24 months" in told) == is_short
    assert not (is_short and any(word in told for word in SAYS)), told
    assert not np.isinf(runs.select_dtypes("number")).to_numpy().any()


def test_windows_never_overlap_where_there_is_a_change():
    assert columns.CHANGE_MONTHS == columns.START_MONTHS + columns.END_MONTHS
    for entry in columns.RUNS:
        assert entry.least_months in (0, columns.START_MONTHS, columns.END_MONTHS, columns.CHANGE_MONTHS), entry.name
    assert {entry.name for entry in columns.RUNS if entry.least_months == 24} == {*CHANGES, "verdict"}


NIGHTLY = [pytest.mark.nightly, pytest.mark.slow]


@pytest.mark.parametrize("months", [*(pytest.param(months, marks=NIGHTLY) for months in (1, 6, 12, 18)), 23, 24])
def test_every_verb_says_that_runs_are_too_short(months, tmp_path, capsys):
    kept = ["--results", tmp_path, "--quiet"]
    code, out, err = call(capsys, "compare", "regime=none,competitive", f"months={months}", *SMALL, "name=two", *kept)
    assert code == 0, err
    assert ("too short" in out) == (months < 24)
    words = ["regime=none,competitive", "memberships.turf_weight=0,1", f"months={months}", *SMALL]
    assert call(capsys, "sweep", *words, "name=swept", *kept)[0] == 0
    for name in ("two", "swept"):
        for verb in ("report", "draw"):
            code, out, err = call(capsys, verb, tmp_path / name)
            assert code == 0, (verb, name, err)
            assert "nan" not in out.lower()
        runs = load_results(tmp_path / name).runs
        assert (set(runs["verdict"]) == {verdict.TOO_SHORT}) == (months < 24)
        page = (tmp_path / name / "report.html").read_text(encoding="utf-8")
        if months < 24:
            assert "too short" in page
            assert not any(f"Collaboration {word}" in page for word in SAYS)


def test_a_condition_on_a_verdict_that_no_run_has_is_refused_with_the_reason(tmp_path, capsys):
    words = ["memberships.turf_weight=0..3", "--sample", "latin_hypercube", "--n", "40", "months=12", *SMALL]
    assert call(capsys, "sweep", *words, "name=few", "--results", tmp_path, "--quiet")[0] == 0
    code, _, err = call(capsys, "scenarios", tmp_path / "few", "--when", "verdict == fragments")
    assert code != 0
    assert "needs 24 months" in err
    code, out, err = call(capsys, "sensitivity", tmp_path / "few", "--outcome", "collaboration_change")
    assert code == 0, err
    assert "24 months" in out


def test_localities_of_a_short_run_are_not_judged(tmp_path, capsys):
    words = ["run", "field.n_localities=3", "months=18", *SMALL, "name=some", "--no-figures"]
    code, out, _ = call(capsys, *words, "--results", tmp_path, "--quiet")
    assert code == 0
    assert "of 6 localities none is judged: too short" in out
    localities = load_results(tmp_path / "some").localities
    assert set(localities["verdict"]) == {verdict.TOO_SHORT}
    assert localities["collaboration_change"].isna().all() and localities["collaboration_end"].notna().all()


def test_without_two_open_organizations_nothing_is_said_to_hold():
    words = ["regime=none", "field.own_income_share=0.01", "accounts.closure_rate=1", "accounts.opening_rate=0"]
    results = sim.run([*words, "accounts.closure_grace_months=1", "months=90", *SMALL])
    assert results.months["n_open"].iloc[-1] < 2
    assert set(results.runs["verdict"]) == {verdict.NO_PAIR}
    assert "no pair left" in summaries.describe_verdict(results)
    assert not any(word in summaries.describe_verdict(results) for word in SAYS)


def test_a_group_of_short_and_long_runs_is_judged_by_those_that_can_be():
    long = sim.run(["months=36", *SMALL]).runs
    short = sim.run(["months=12", *SMALL]).runs.assign(seed=[8, 9])
    mixed = type("Mixed", (), {"runs": pd.concat([long, short], ignore_index=True)})
    row = summaries.summarise(mixed).iloc[0]
    assert (row["n_runs"], row["n_judged"]) == (4, 2)
    assert row["change_mean"] == pytest.approx(long["collaboration_change"].mean())
    assert sum(row[f"{name}_share"] for name in verdict.VERDICTS) == pytest.approx(1)
    assert "2 without a verdict" in summaries.describe_verdict(mixed)


def test_differences_of_outcomes_nobody_has_are_missing_with_no_pairs():
    parts = [sim.run([f"regime={one}", "months=12", *SMALL]).runs for one in ("none", "competitive")]
    found = compute_differences(pd.concat(parts, ignore_index=True)).set_index("outcome")
    assert found.loc["collaboration_change", "n"] == 0 and np.isnan(found.loc["collaboration_change", "mean"])
    assert found.loc["served_end", "n"] == 2
    assert found.loc["total_paid_usd", "mean"] > 0


# Runs that repeat another


def test_runs_that_repeat_another_because_money_does_nothing_without_grants_count_once(tmp_path, capsys):
    words = ["regime=none,competitive", "grants.annual_usd_per_organization=20000,90000,220000", "months=36", *SMALL]
    assert call(capsys, "sweep", *words, "name=money", "--results", tmp_path, "--quiet")[0] == 0
    results = load_results(tmp_path / "money")
    kept = summaries.drop_repeats(results.runs)
    assert results.runs["regime"].value_counts().to_dict() == {"none": 6, "competitive": 6}
    assert kept["regime"].value_counts().to_dict() == {"none": 2, "competitive": 6}
    summary = summaries.summarise(results).set_index("regime")
    assert summary.loc["none", ["n_runs", "n_repeats"]].tolist() == [2, 4]
    assert summary.loc["competitive", ["n_runs", "n_repeats"]].tolist() == [6, 0]
    assert "4 that repeat another run not counted" in summaries.describe_verdict(results)
    assert len(summaries.drop_repeats(kept)) == len(kept)


@pytest.fixture(scope="module")
def inert(tmp_path_factory):
    """A sweep in which a second shock month changes nothing under any regime, and the same without it."""
    folder = tmp_path_factory.mktemp("inert")
    words = ["regime=none,competitive,lottery", "months=36", "--keep", "events", "--workers", "1", "--quiet", *SMALL]
    for name, months in (("twice", "40,50,60"), ("once", "40")):
        assert main(["sweep", *words, f"shock.month={months}", f"name={name}", "--results", str(folder)]) == 0
    return folder


def test_points_that_repeat_another_under_every_setting_count_once_in_pairs(inert):
    twice, once = (load_results(inert / name).runs for name in ("twice", "once"))
    assert len(twice) == 3 * len(once)
    assert len(summaries.drop_repeated_points(twice, ["regime"], ["shock.month"])) == len(once)
    changed = twice.assign(served_end=twice["served_end"] + (twice["regime"] == "lottery") * twice["shock.month"])
    assert len(summaries.drop_repeated_points(changed, ["regime"], ["shock.month"])) == len(twice), (
        "one of a point is enough"
    )
    unknown = twice.assign(served_end=np.nan)
    assert len(summaries.drop_repeated_points(unknown, ["regime"], ["shock.month"])) == len(twice), (
        "too few numbers to tell"
    )


def test_figures_and_reports_count_runs_that_repeat_another_once(inert):
    from sim.figures import make_figures
    from sim.report.page import make_page
    from sim.report.reading import read_material

    found = {}
    for name in ("twice", "once"):
        figures = make_figures(load_results(inert / name))
        found[name] = {one.name: one.table.reset_index(drop=True) for one in figures}
        page = make_page(read_material(inert / name))
        found[name]["differences of the report"] = page.differences.rows
    assert set(found["twice"]) == set(found["once"]) >= {"collaboration", "differences", "forms", "survival"}
    for name in ("collaboration", "differences", "forms", "survival"):
        pd.testing.assert_frame_equal(found["twice"][name], found["once"][name])
    assert found["twice"]["differences of the report"] == found["once"]["differences of the report"]


def test_interviews_of_runs_that_repeat_another_are_held_once(inert, capsys):
    told = {name: call(capsys, "interviews", inert / name, "--json")[1] for name in ("twice", "once")}
    themes = {name: json.loads(text)["themes"] for name, text in told.items()}
    assert themes["twice"] == themes["once"]


def test_runs_of_other_seeds_regimes_or_numbers_are_no_repeats():
    runs = sim.run(["months=36", *SMALL]).runs
    others = [
        runs,
        runs.assign(seed=runs["seed"] + 5),
        runs.assign(regime="other"),
        runs.assign(exits=runs["exits"] + 1),
    ]
    joined = pd.concat(others, ignore_index=True)
    assert len(summaries.drop_repeats(joined)) == len(joined)
    assert len(summaries.drop_repeats(pd.concat([joined, runs], ignore_index=True))) == len(joined)
    short = sim.run(["months=6", *SMALL]).runs
    assert len(summaries.drop_repeats(pd.concat([short, short]))) == 4, "too few numbers to tell a copy by"


# Rates, and no infinite number


def test_a_field_twice_as_large_with_nothing_else_changed_has_the_same_rates():
    months = sim.run(["months=36", "regime=mixed", *SMALL]).months
    summed = [entry.name for entry in columns.MONTHS if entry.unit in columns.SUMMED_UNITS]
    double = months.assign(**{name: 2 * months[name] for name in summed})
    one, two = verdict.judge_runs(months), verdict.judge_runs(double)
    assert list(two["exits"]) == list(2 * one["exits"]) and one["exits"].min() > 0
    for name in columns.RATES:
        np.testing.assert_allclose(one[name], two[name], err_msg=name)
        np.testing.assert_allclose(verdict.compute_rates(months)[name], one[name], err_msg=name)


def test_a_rate_without_exposure_is_missing_and_never_infinite():
    months = sim.run(["months=24", *SMALL]).months.assign(memberships=0.0, exits=3.0)
    assert verdict.judge_runs(months)["exit_rate"].isna().all()
    assert verdict.compute_rates(months)["exit_rate"].isna().all()


def test_a_count_is_of_a_month_in_one_table_and_of_the_whole_run_in_the_other():
    for name in columns.COUNTED:
        assert columns.column(name).unit == "events/month"
        assert columns.column(name, "runs").unit == "events"
        assert columns.column(name, "runs").label == columns.column(name).label
    assert columns.column("exit_rate", "runs") == columns.column("exit_rate")
    with pytest.raises(KeyError):
        columns.column("nothing", "runs")


@pytest.mark.parametrize("verb", ["run", "compare"])
def test_json_of_a_short_run_is_json(verb, tmp_path, capsys):
    words = [verb, "regime=none,competitive" if verb == "compare" else "regime=none", "months=6", *SMALL]
    code, out, _ = call(capsys, *words, "--json", "--no-figures", "--results", tmp_path, "--quiet")
    assert code == 0

    def refuse(text):
        raise AssertionError(text)

    json.loads(out, parse_constant=refuse)
