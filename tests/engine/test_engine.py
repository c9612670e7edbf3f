"""Whole runs: nothing depends on the company a run keeps, on the interpreter, or on what has not happened yet."""

import dataclasses
import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.configuration import compose
from sim.engine.batch import run_compiled, simulate
from sim.engine.inputs import Inputs, build_record
from sim.engine.runner import Runner
from sim.schema import codes

ROOT = Path(__file__).parents[2]
SHOCKED = ("total_cut", "stream_shift", "short_terms", "new_condition")
SETTINGS = (  # small, so that the interpreter needs seconds
    ("regime=competitive",),
    ("regime=hub_sub_awards",),
    ("regime=population_silo",),
    ("regime=viewpoint_conditional",),
    *(("regime=mixed", f"shock={shock}", "shock.month=7") for shock in SHOCKED),
    ("regime=competitive", "mechanisms=null_model"),
)
SMALL = ("months=18", "field.n_organizations=6", "accounts.closure_grace_months=1", "accounts.closure_rate=0.5")


@functools.cache
def read_setting(*words):
    return compose(list(words)).parameters


def run_rows(parameters, seeds):
    found = run_compiled(Inputs(parameters, max_events=4096), seeds)
    return found.rows, found.events


def as_bits(rows):
    return np.ascontiguousarray(rows).tobytes()


@functools.cache
def run_tables(*words):
    return simulate(read_setting(*words), list(range(1, 6)))


@pytest.mark.parametrize("regime", ["competitive", "mixed", "viewpoint_conditional"])
def test_a_seed_alone_equals_the_same_seed_in_a_batch_of_any_order(regime):
    parameters = read_setting(f"regime={regime}", "months=60")
    alone = {seed: run_rows(parameters, [seed]) for seed in (1, 7, 2**53 - 1)}
    for batch in ([1, 7, 2**53 - 1], [2**53 - 1, 3, 1, 9, 7], [7, 7, 1, 2**53 - 1]):
        rows, events = run_rows(parameters, batch)
        for at, seed in enumerate(batch):
            if seed in alone:
                assert as_bits(rows[at]) == as_bits(alone[seed][0][0]), (batch, seed)
                np.testing.assert_array_equal(events[events[:, 0] == at, 1:], alone[seed][1][:, 1:])


def test_tables_do_not_depend_on_how_many_seeds_are_asked_for():
    parameters = read_setting("regime=mixed", "months=24")
    many, few = simulate(parameters, list(range(1, 56))), simulate(parameters, [54])
    for name in ("runs", "months", "events"):
        table = getattr(many, name)
        pd.testing.assert_frame_equal(table[table["seed"] == 54].reset_index(drop=True), getattr(few, name))


def test_events_are_complete_when_there_are_more_than_the_room_for_them():
    parameters = read_setting("regime=mixed")
    inputs = Inputs(parameters, max_events=3)
    events = run_compiled(inputs, [1, 2]).events
    np.testing.assert_array_equal(events, run_rows(parameters, [1, 2])[1])


def test_another_seed_is_another_run():
    rows, _ = run_rows(read_setting("regime=competitive", "months=12"), [1, 2])
    assert as_bits(rows[0]) != as_bits(rows[1])


def digest_settings():
    """Return one line a setting: digests of the bits of its months and events."""
    lines = []
    for words in SETTINGS:
        rows, _, events, *_ = run_compiled(Inputs(read_setting(*SMALL, *words), max_events=4096), [3, 4])
        digests = [hashlib.sha256(np.ascontiguousarray(part).tobytes()).hexdigest() for part in (rows, events)]
        lines.append(f"{' '.join(words)} {len(events)} {' '.join(digests)}")
    return "\n".join(lines)


def test_interpreted_runs_have_the_bits_of_compiled_ones():
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip().splitlines() == digest_settings().splitlines()


def test_nothing_happens_where_every_mechanism_is_off():
    parameters = read_setting("regime=mixed", "mechanisms=none", "months=24", "shock=total_cut", "shock.month=6")
    rows, _ = run_rows(parameters, [1, 2])
    table = simulate(parameters, [1, 2])
    assert (table.events["month"] == 0).all()
    for name in rows.dtype.names:
        np.testing.assert_array_equal(rows[name], np.repeat(rows[name][:, :1], 25, axis=1), err_msg=name)


@pytest.mark.parametrize("shock", SHOCKED)
def test_a_shock_changes_no_month_before_its_own(shock):
    words = ["regime=viewpoint_conditional"] if shock == "new_condition" else ["regime=population_silo"]
    extra = ["shock.stance_low=-1", "shock.stance_high=0"] if shock == "new_condition" else []
    month = 31
    calm, _ = run_rows(read_setting(*words, "months=60"), [1, 2, 3])
    struck, events = run_rows(
        read_setting(*words, f"shock={shock}", f"shock.month={month}", "months=60", *extra), [1, 2, 3]
    )
    assert as_bits(calm[:, :month]) == as_bits(struck[:, :month])
    assert all(as_bits(calm[at, month:]) != as_bits(struck[at, month:]) for at in range(3))
    assert (events[events[:, 2] == codes.SHOCK, 1] == month).all()
    assert (events[:, 2] == codes.SHOCK).sum() == 3


def test_a_run_of_fewer_months_is_the_beginning_of_a_longer_one():
    short, _ = run_rows(read_setting("regime=mixed", "months=40"), [5])
    long, _ = run_rows(read_setting("regime=mixed", "months=80"), [5])
    assert as_bits(short[0]) == as_bits(long[0, :41])


def start_world(*words, seed=11):
    inputs = Inputs(read_setting(*words), max_events=4096)
    Runner(inputs, [seed]).run(range(1))
    return inputs.world


ATTRIBUTES = (
    "home_key key generation sector mix mission viewpoint stance is_silent need_cents own_income_cents reserve_cents"
)


@pytest.mark.parametrize("regime", ["none", "viewpoint_conditional", "mixed", "lottery"])
def test_two_regimes_with_one_seed_start_from_the_same_organizations(regime):
    one, other = start_world("regime=competitive"), start_world(f"regime={regime}")
    for name in ATTRIBUTES.split():
        np.testing.assert_array_equal(
            getattr(one.organizations, name), getattr(other.organizations, name), err_msg=name
        )
    np.testing.assert_array_equal(one.environment.demand, other.environment.demand)


def test_two_regimes_with_the_same_eligibility_start_from_the_same_coalitions():
    one, other = start_world("regime=competitive"), start_world("regime=lottery")
    np.testing.assert_array_equal(one.coalitions.member, other.coalitions.member)
    np.testing.assert_array_equal(one.dyads.trust, other.dyads.trust)


def test_another_organization_changes_nobody_elses_draws():
    one, other = start_world("field.n_organizations=18"), start_world("field.n_organizations=19")
    keys = list(other.organizations.home_key)
    at = [keys.index(key) for key in one.organizations.home_key]
    for name in ATTRIBUTES.split():
        np.testing.assert_array_equal(
            getattr(one.organizations, name), getattr(other.organizations, name)[at], err_msg=name
        )


COUNTED = {
    "exits": "exit", "joins": "join", "hollowings": "hollow_out", "dissolutions": "dissolve", "closures": "close",
    "openings": "open", "complied": "comply", "phased_out": "phase_out", "declined": "decline",
    "stayed_ambiguous": "stay_ambiguous",
}  # fmt: skip
EVENTFUL = ("accounts.closure_grace_months=2", "accounts.closure_rate=0.3", "field.stance_caution=0.2", "months=90")


@pytest.mark.parametrize(
    "words",
    [
        ("regime=viewpoint_conditional", "shock=total_cut"),
        ("regime=population_silo", "shock=stream_shift"),
        ("regime=collaboration_required",),
        ("regime=mixed", "mechanisms=null_model"),
    ],
    ids=" ".join,
)
def test_events_and_counters_tell_the_same_story(words):
    results = run_tables(*words, *EVENTFUL)
    events = results.events[results.events["month"] > 0]
    months = results.months[results.months["month"] > 0].set_index(["seed", "month"])

    def count(kinds, distinct=False):
        found = events[events["event"].isin(kinds)]
        if distinct:
            found = found.drop_duplicates(["seed", "coalition"])
        return found.groupby(["seed", "month"]).size().reindex(months.index, fill_value=0)

    for counter, kind in COUNTED.items():
        assert (count([kind]) == months[counter]).all(), counter
    assert (count(["break_away", "rival_break_away"], True) == months["breakaways"]).all()
    rivals = ["rival_found", "rival_break_away"]
    assert (count(["found", "break_away", *rivals], True) == months["foundings"]).all()
    assert (count(rivals, True) == months["rival_foundings"])[~months["rival_foundings"].isna()].all()
    assert months[["exits", "joins", "closures", "openings", "dissolutions", "foundings"]].sum().min() > 0


def test_the_strip_of_members_agrees_with_the_months():
    results = run_tables("regime=viewpoint_conditional", "shock=total_cut", *EVENTFUL)
    members = results.members
    months = results.months[results.months["seed"] == members["seed"].iloc[0]].set_index("month")
    open_now = members[members["coalition"] >= 0].groupby("month").size()
    alone = members[members["coalition"] == 0].groupby("month").size().reindex(months.index, fill_value=0)
    assert (open_now == months["n_open"]).all()
    np.testing.assert_array_equal(alone / open_now, months["unaffiliated_share"])


def test_every_number_reaches_the_kernels_under_its_own_name():
    parameters = read_setting()
    changed = dataclasses.replace(parameters, meetings=dataclasses.replace(parameters.meetings, trust_gain=0.123))
    before, after = build_record(parameters), build_record(changed)
    assert after.trust_gain == 0.123
    assert [name for name in before.dtype.names if before[name] != after[name]] == ["trust_gain"]


def test_compiled_runs_never_import_mesa():
    code = (
        "import sys, sim.dynamics.schedule, sim.engine.batch, sim.results.summaries; "
        "print([m for m in sys.modules if m.startswith('mesa')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert found.stdout.strip() == "[]"


if __name__ == "__main__":
    print(digest_settings())
