"""Where runs on the same seed part: by hand, and in a real comparison whose shock is dated."""

import math

import pandas as pd
import pytest

import sim
from sim.commands.compare import label_point
from sim.results.divergence import EVENT_WORDS, find_partings, tell_partings
from sim.results.store import Results
from sim.schema.codes import EVENTS

FIELDS = ("regime", "seed", "month", "event", "organization", "coalition", "line", "cause")


def make_months(**shares):
    rows = [(name, 1, month, share) for name, found in shares.items() for month, share in enumerate(found)]
    return pd.DataFrame(rows, columns=["regime", "seed", "month", "collaboration_share"])


def make_events(*rows):
    return pd.DataFrame(rows, columns=list(FIELDS))


def test_every_event_has_words():
    assert set(EVENT_WORDS) == set(EVENTS)


def test_the_first_event_that_only_one_of_them_has_is_told_with_what_the_other_has_in_its_place():
    months = make_months(a=[0.5, 0.5, 0.4, 0.3], b=[0.5, 0.5, 0.5, 0.2])
    events = make_events(
        ("a", 1, 1, "join", 3, 1, "", "trust"),
        ("b", 1, 1, "join", 3, 1, "", "trust"),
        ("b", 1, 1, "win", 3, 1, "service", "money"),  # money is no membership
        ("a", 1, 3, "close", 2, 0, "", "fiscal stress"),
        ("b", 1, 2, "exit", 7, 1, "", "funding competition"),
    )
    row = find_partings(months, events).iloc[0]
    assert (row["numbers_month"], row["numbers"], row["month"]) == (2, "collaboration_share", 2)
    assert row["event"] == "organization 7 leaves coalition 1 (funding competition)"
    assert row["reference_event"] == ""  # its next event lies a month later
    assert "Seed 1, month 2: in b, organization 7 leaves coalition 1" in tell_partings(find_partings(months, events))


def test_equal_runs_part_in_nothing():
    months = make_months(a=[0.5, math.nan], b=[0.5, math.nan])
    partings = find_partings(months, make_events())
    assert partings["numbers_month"].isna().all()
    assert tell_partings(partings) == "b parts from a in nothing."


@pytest.mark.slow
def test_a_dated_shock_parts_nothing_before_its_month():
    parts = []
    for words in (["regime=mixed"], ["regime=mixed", "shock=total_cut", "shock.month=30"]):
        results = sim.run([*words, "months=60"], seeds=4)
        for table in (results.runs, results.months, results.events):
            table["regime"] = words[-1]
        parts.append(results)
    both = Results.concatenate(parts)
    partings = find_partings(both.months, both.events)
    assert len(partings) == 4
    assert (partings["numbers_month"] == 30).all()
    assert partings["month"].between(30, 40).all()


def test_a_case_is_named_by_what_it_changes():
    assert label_point({"case": "shock=total_cut", "shock": "total_cut"}, "mixed") == "shock=total_cut"
