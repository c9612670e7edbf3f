"""Interviews in silico: who sat where, what is remembered, how it is counted, and what never appears."""

import itertools
import json

import pandas as pd
import pytest

import sim
from sim.__main__ import main
from sim.errors import InterviewError, ParameterError
from sim.interviews import (
    CODES,
    THEMES,
    Plan,
    count_events,
    count_interviews,
    hold_interviews,
    interview_runs,
    list_events,
)
from sim.interviews.memories import Stay, trace_run
from sim.interviews.themes import AWARENESS_RISES, NOT_RENEWED
from sim.results.store import Results, load_results
from sim.schema import codes

NAMES = ["month", "event", "organization", "coalition", "line", "cause", "generation"]
# Organizations 1 to 4 found coalition 1; 5 joins it; 2, 3 and 4 walk out; 1 loses what it held; 5 leaves; it ends.
EVENTS = [
    *[(0, "found", one, 1, "", "present at the start") for one in (1, 2, 3, 4)],
    (3, "win", 1, 0, "service", "money"),
    (5, "join", 5, 1, "", "size benefit"),
    (9, "exit", 5, 1, "", "viewpoint tension"),
    (10, "join", 5, 1, "", "complementary services"),
    *[(12, "rival_break_away", one, 2, "", "trust") for one in (2, 3, 4)],
    (15, "lose", 1, 0, "service", "money"),
    (15, "lose", 3, 0, "service", "money"),
    (16, "comply", 2, 0, "silo", "condition"),
    (17, "exit", 5, 1, "", "funding competition"),
    (17, "dissolve", 0, 1, "", "too few members"),
    (18, "shock", 0, 0, "", "money"),
    (20, "close", 4, 0, "", "money"),
]


def make_events(rows, run_id="city-1", seed=1):
    table = pd.DataFrame([(*row, 0) for row in rows], columns=NAMES)
    return table.assign(run_id=run_id, regime="city", seed=seed)


def make_months(awareness, run_id="city-1", seed=1):
    numbers = range(len(awareness))
    return pd.DataFrame({"run_id": run_id, "regime": "city", "seed": seed, "month": numbers, "awareness": awareness})


FLAT = make_months([0.0] * 25)
WHOLE = Plan(memory_months=1000)  # so long that whoever remembers half of it remembers all


def count(events=None, months=FLAT, plan=WHOLE, month=None):
    """Return {(organization, theme): events} of one interview each."""
    held = hold_interviews(make_events(EVENTS) if events is None else events, months, 1, plan, month)
    counts = count_events([(("city-1", "city", 1), held)])
    return counts.drop_duplicates(["organization", "theme"]).set_index(["organization", "theme"])["n_events"].to_dict()


def test_who_sat_where_is_read_from_the_events():
    trace = trace_run(make_events(EVENTS), 24)
    assert trace.stays[(1, 0)] == [Stay(1, 0, 17)]
    assert trace.stays[(2, 0)] == [Stay(1, 0, 12), Stay(2, 12, 24)]
    assert trace.stays[(4, 0)] == [Stay(1, 0, 12), Stay(2, 12, 20)]
    assert trace.stays[(5, 0)] == [Stay(1, 5, 9), Stay(1, 10, 17)]
    assert trace.closed == {(4, 0)}
    assert len(trace.happenings) == len(EVENTS) - 3 - 2 + 1  # foundings and break-aways are one each; one not renewed


def test_a_hand_made_history_gives_the_counts_worked_out_by_hand():
    counts = count()
    assert sorted({organization for organization, _ in counts}) == [1, 2, 3, 5]  # 4 has closed
    names = [theme.name for theme in THEMES]
    # collaboration, awareness, viewpoints, populations, competition, restrictions, altered streams, fragmentation
    assert [counts[1, name] for name in names] == [0, 0, 1, 1, 2, 0, 2, 2]
    assert [counts[5, name] for name in names] == [1, 1, 1, 1, 1, 0, 1, 4]
    # 2 and 3 are asked about coalition 1 or 2 by lot: both saw the break-away, only in 1 anyone left over a viewpoint
    assert [counts[2, name] for name in ("competing_populations", "restrictions", "fragmentation")] == [1, 1, 1]
    assert (counts[3, "competition"], counts[3, "altered_streams"]) == (1, 1)
    assert counts[2, "viewpoints"] in (0, 1)


def test_what_lies_before_the_memory_or_after_the_interview_is_not_told():
    short = count(plan=Plan(memory_months=8))  # remembers the last 4 to 8 of 24 months: from month 17 or later
    assert sum(number for (_, theme), number in short.items() if theme in ("viewpoints", "competing_populations")) == 0
    early = count(month=11)
    assert [early[1, theme] for theme in ("viewpoints", "fragmentation", "altered_streams")] == [1, 0, 0]
    assert (4, "viewpoints") in early  # not closed yet


def test_awareness_counts_where_it_stands_above_all_it_was_a_year_before():
    fallen = [0.3] * 5 + [0.1] * 10 + [0.3] * 10
    assert count(months=make_months(fallen))[1, "awareness"] == 0
    risen = [0.1] * 20 + [0.13] * 5
    assert count(months=make_months(risen))[1, "awareness"] == 5


def test_a_second_interview_of_an_organization_is_about_another_coalition_where_there_is_one():
    held = hold_interviews(make_events(EVENTS), FLAT, 1, Plan(interviews=8, memory_months=1000))
    assert [one.number for one in held] == list(range(1, 9))
    assert {one.occupant for one in held[:4]} == {one.occupant for one in held[4:]}
    asked = {number: {one.coalition for one in held if one.occupant == (number, 0)} for number in (2, 3)}
    assert asked == {2: {1, 2}, 3: {1, 2}}


def test_whom_to_ask_depends_on_the_seed_and_not_on_what_else_happens():
    rows = [(0, "found", one, 1, "", "trust") for one in range(1, 31)]
    plan = Plan(interviews=24, organizations=18)

    def ask(seed, more=()):
        return [one[:4] for one in hold_interviews(make_events([*rows, *more]), FLAT, seed, plan)]

    assert ask(1) == ask(1, [(7, "lose", 4, 0, "a", "money")])
    assert ask(1) != ask(2)
    organizations = [one[1] for one in ask(1)]
    assert len(set(organizations)) == 18
    assert sorted(organizations.count(one) for one in set(organizations)) == [1] * 12 + [2] * 6
    assert all(18 <= one[3] <= 36 for one in ask(1))
    assert len({one[3] for one in ask(1)}) > 5


def test_themes_are_tabulated_by_median_and_range_over_runs():
    counts = pd.DataFrame(
        [
            (f"city-{seed}", "city", seed, number, number, theme.name, events)
            for theme in THEMES
            for seed, spoken in ((1, (2, 0, 0)), (2, (1, 3, 0)), (3, (1, 1, 4)))
            for number, events in enumerate(spoken, 1)
        ],
        columns=["run_id", "regime", "seed", "interview", "organization", "theme", "n_events"],
    )
    row = count_interviews(counts).iloc[0]
    assert (row["median"], row["low"], row["high"], row["mean"], row["n_runs"]) == (2, 1, 3, 2, 3)
    assert (row["n_interviews"], row["n_organizations"]) == (3, 3)
    row = count_interviews(counts, least=2).iloc[0]
    assert (row["median"], row["low"], row["high"]) == (1, 1, 1)


def test_codes_name_events_causes_and_themes_that_exist():
    known = {*codes.EVENTS, NOT_RENEWED, AWARENESS_RISES}
    assert {event for code in CODES for event in code.events} <= known
    assert {cause for code in CODES for cause in code.causes} <= set(codes.CAUSES)
    assert {code.theme for code in CODES} == {theme.name for theme in THEMES}
    assert all(code.reason and code.whose in ("own", "coalition", "field") for code in CODES)


def test_a_plan_out_of_range_is_refused():
    with pytest.raises(ParameterError, match="memory_months = 0 months"):
        Plan(memory_months=0)


# On real runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("interviews")
    words = ["regime=unrestricted,population_silo", "seeds=4", "months=60", "name=asked", "-q", "--results", str(root)]
    assert main(["interviews", *words]) == 0
    return root / "asked"


@pytest.mark.slow
def test_seats_read_from_events_are_those_the_model_kept(folder):
    results = load_results(folder)
    checked = 0
    for run_id, strip in results.members.groupby("run_id"):
        trace = trace_run(results.events[results.events["run_id"] == run_id], 60)
        seated = {
            (occupant[0], month, stay.coalition)
            for occupant, stays in trace.stays.items()
            for stay in stays
            for month in range(stay.first_month, stay.last_month + (stay.last_month == 60))
        }
        somewhere = {(organization, month) for organization, month, _ in seated}
        for row in strip[strip["month"] > 0].itertuples():
            if row.coalition > 0:
                assert (row.organization, row.month, row.coalition) in seated
            else:
                assert (row.organization, row.month) not in somewhere
            checked += 1
    assert checked == 2 * 18 * 60


def test_the_command_keeps_a_tidy_table_that_gives_the_printed_one(folder, capsys):
    assert main(["interviews", str(folder), "--json", "--events"]) == 0
    told = json.loads(capsys.readouterr().out)
    kept = pd.read_csv(folder / "interviews.csv")
    assert list(kept.columns) == ["run_id", "regime", "seed", "interview", "organization", "theme", "n_events"]
    assert len(kept) == 2 * 4 * 24 * 8
    spoken = kept[kept["n_events"] > 0].groupby(["regime", "theme", "seed"])["interview"].nunique()
    for row in told["themes"]:
        by_seed = [spoken.get((row["regime"], row["theme"], seed), 0) for seed in range(1, 5)]
        assert (row["low"], row["high"], row["mean"]) == (min(by_seed), max(by_seed), sum(by_seed) / 4)
    restricted = {row["regime"]: row["median"] for row in told["themes"] if row["theme"] == "restrictions"}
    assert restricted["unrestricted"] == 0
    assert restricted["population_silo"] >= 12
    total = sum(row["times_a_run"] for row in told["events"]) * 4
    assert total == pytest.approx(kept["n_events"].sum())
    asked = kept.groupby("regime")[["run_id", "interview"]].apply(lambda rows: len(rows.drop_duplicates()))
    for row in told["events"]:
        assert row["per_100_interviews"] == pytest.approx(100 * 4 * row["times_a_run"] / asked[row["regime"]])
    for row in told["themes"]:
        assert row["share_median"] == pytest.approx(row["median"] / row["n_interviews"])


def test_the_events_behind_an_organization_are_those_counted(folder, capsys):
    kept = pd.read_csv(folder / "interviews.csv")
    organization = int(kept["organization"].iloc[0])
    assert main(["interviews", str(folder), "--show", str(organization), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["organization"]
    own = kept[(kept["organization"] == organization)]
    first = own[own["run_id"].isin(own.groupby("regime")["run_id"].first())]
    assert len(shown) == first["n_events"].sum()


@pytest.mark.slow
def test_nothing_of_a_roster_that_tells_who_someone_is_appears(tmp_path, capsys):
    roster = tmp_path / "roster"
    roster.mkdir()
    lines = ["org_id,name,notes,viewpoint"]
    lines += [f"secret-code-{one},Hope House {one},call Ann,{one / 10 - 0.4}" for one in range(1, 9)]
    (roster / "organizations.csv").write_text("\n".join(lines), encoding="utf-8")
    words = ["interviews", f"field.folder={roster}", "regime=competitive", "seeds=2", "months=30", "name=own", "-q"]
    assert main([*words, "--results", str(tmp_path), "--events", "--show", "3"]) == 0
    told = capsys.readouterr().out + (tmp_path / "own" / "interviews.csv").read_text(encoding="utf-8")
    assert len(told) > 5000
    for secret in ("secret", "Hope", "Ann", "House"):
        assert secret not in told


@pytest.mark.slow
def test_equal_words_give_equal_bytes_and_fewer_seeds_change_no_interview(folder, tmp_path):
    words = ["regime=unrestricted,population_silo", "seeds=2", "months=60", "name=asked", "-q"]
    assert main(["interviews", *words, "--results", str(tmp_path)]) == 0
    fewer = (tmp_path / "asked" / "interviews.csv").read_text(encoding="utf-8").splitlines()
    all_of_them = (folder / "interviews.csv").read_text(encoding="utf-8").splitlines()
    assert set(fewer) < set(all_of_them)
    runs = itertools.product(("unrestricted", "population_silo"), (1, 2))
    assert len(fewer) == 1 + len(list(runs)) * 24 * 8


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["results/nowhere"], "results/nowhere: no manifest.json there"),
        (["--memory-months", "0"], "--memory-months 0 months: must lie in [1, 1200]"),
        (["--least", "0"], "--least 0: must be 1 or more"),
        (["regime=competitve"], "Did you mean 'competitive'"),
        (["--interview", "3"], "unknown option '--interview'. Did you mean '--interviews'?"),
        (["FOLDER", "seeds=3"], "'seeds=3' is too much here"),
        (["FOLDER", "--show", "99"], "--show 99: nobody of organization 99 was asked"),
        (["FOLDER", "--month", "61"], "--month 61: must lie in [1, 60]"),
    ],
)
def test_a_mistake_gets_one_line_that_names_it(words, expected, folder, capsys):
    words = [str(folder) if word == "FOLDER" else word for word in words]
    assert main(["interviews", *words]) == 2
    told = capsys.readouterr().err
    assert expected in told
    assert len(told.splitlines()) == 1


def test_results_without_events_are_refused():
    runs = sim.run(["regime=competitive", "months=3"], seeds=1)
    bare = Results(runs.runs, runs.months, runs.events.iloc[:0], runs.members, {})
    with pytest.raises(InterviewError, match="hold no events"):
        interview_runs(bare, Plan())
    assert list_events(interview_runs(runs, Plan())).columns[0] == "run_id"
