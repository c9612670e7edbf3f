"""Somebody else decides for one organization: like the rule it changes no bit, otherwise only what was decided."""

import dataclasses
import shlex
from functools import cache
from pathlib import Path

import pytest

from sim.compiler.jit import IS_COMPILED
from sim.configuration import compose
from sim.dynamics import turns
from sim.engine.batch import run_compiled, simulate
from sim.engine.decisions import ACTS, Decision, read_decision
from sim.engine.inputs import Inputs
from sim.engine.interventions import simulate_changed
from sim.engine.runner import Runner
from sim.engine.seat import Player
from sim.engine.warmup import compile_turns
from sim.errors import ConfigurationError

MONTHS = 30
SETTINGS = (
    ("regime=competitive",),
    ("regime=mixed", "shock=total_cut", "shock.month=20"),
    ("regime=viewpoint_conditional", "memberships.admission=unanimous"),
    ("regime=collaboration_required", "field.n_organizations=9", "memberships.review_share=1"),
    ("regime=population_silo", "memberships.schism_gain=0", "memberships.max_memberships=1"),
)


@cache
def find_setting(*words):
    return dataclasses.replace(compose(list(words)).parameters, months=MONTHS)


def play(parameters, seed, organization, answer, asks=tuple(ACTS)):
    """Play to the end, asking `answer(turn)` at every turn; return rows, inputs, the player and the events."""
    inputs = Inputs(parameters, max_events=4096)
    player, runner = Player(inputs, seed, organization, asks=asks), Runner(inputs, [seed])
    runner.run(range(1))
    for month in range(1, MONTHS + 1):
        while (turn := player.run_month(month, runner)) is not None:
            act, _, about = answer(turn).partition(":")
            player.decisions.append(Decision(month, organization, act, about))
    log = inputs.world.log
    return runner.rows, inputs, player, log.rows[: log.n_rows[0]]


@pytest.mark.parametrize("words", SETTINGS, ids=lambda words: words[0])
def test_who_decides_like_the_rule_gets_the_ordinary_run_bit_for_bit(words):
    parameters = find_setting(*words)
    seed = 2**53 - 1  # the largest there is
    ordinary = run_compiled(Inputs(parameters, max_events=4096), [seed])
    kinds = set()
    for organization in (1, 7):
        rows, _, player, events = play(parameters, seed, organization, lambda turn: turn.rule)
        assert rows.tobytes() == ordinary.rows.tobytes()
        assert events.tolist() == ordinary.events[:, 1:].tolist()
        assert all(one.chosen == one.rule for one in player.taken)
        kinds |= {one.kind for one in player.taken}
    assert {"review", "application"} <= kinds


def test_nothing_is_compiled_at_a_turn_that_was_not_compiled_before():
    """So that no visitor of the page waits for a compiler."""
    compile_turns()
    kernels = [one for one in vars(turns).values() if getattr(one, "__module__", "") == "sim.dynamics.turns"]
    before = [len(one.signatures) for one in kernels if hasattr(one, "signatures")]
    play(find_setting(*SETTINGS[1]), 7, 4, leave_all)
    assert [len(one.signatures) for one in kernels if hasattr(one, "signatures")] == before
    assert not IS_COMPILED or len(before) == 10


def test_every_kind_of_turn_comes_up_and_can_be_decided_otherwise():
    found, runs = set(), ((1, 4), (4, 4), (0, 9), (3, 7), (2, 1))

    def answer(turn):
        return turn.rule if turn.kind == "review" else turn.options[-1].what

    for setting, organization in runs:
        _, _, player, _ = play(find_setting(*SETTINGS[setting]), 7, organization, answer)
        found |= {one.kind for one in player.taken if one.chosen != one.rule}
        if found == set(ACTS) - {"review"}:
            return
    assert found == set(ACTS) - {"review"}


def test_the_rule_takes_the_option_of_largest_worth_and_luck_that_admits():
    """What is shown of a turn is what the rule compares, read from its own terms."""
    checked = 0
    for words in SETTINGS[1:4]:
        _, _, player, _ = play(find_setting(*words), 3, 4, lambda turn: turn.rule)
        for turn in player.taken:
            if turn.kind == "review":
                worths = {
                    one.what: (-1 if one.what.startswith("leave") else 1) * sum(one.terms) + one.extra + one.luck
                    for one in turn.options
                    if one.is_possible
                }
                assert max(worths, key=worths.get) == turn.rule, turn
                checked += 1
    assert checked > 30


def leave_all(turn):
    wanted = ("leave", "refuse", "stay_behind")
    found = [one.what for one in turn.options if one.what.startswith(wanted)]
    return found[0] if found else "stay" if turn.kind == "review" else turn.rule


def test_who_leaves_every_coalition_and_refuses_ends_alone():
    parameters = find_setting("regime=competitive", "memberships.review_share=0.5")
    _, inputs, player, _ = play(parameters, 7, 1, leave_all)
    assert player.is_there and inputs.world.organizations.n_memberships[0] == 0
    assert not inputs.world.coalitions.member[inputs.world.coalitions.is_active, 0].any()
    assert inputs.world.dyads.joint[0].sum() == 0
    assert sum(one.chosen.startswith("leave") for one in player.taken) >= 2


def test_a_game_is_given_again_by_its_decisions_and_by_those_alone_that_differ():
    parameters = find_setting("regime=mixed")
    rows, _, player, events = play(parameters, 5, 4, leave_all)
    differing = [one for one in player.decisions if any(
        turn.chosen == one.what != turn.rule and turn.month == one.month for turn in player.taken)]  # fmt: skip
    assert 0 < len(differing) < len(player.decisions)
    for decisions in (player.decisions, differing):
        texts = [str(one) for one in decisions]
        found = simulate_changed(parameters, [5], [], decisions=[read_decision(text) for text in texts])
        assert found.months["mean_trust"].tolist() == rows["mean_trust"][0].tolist()
        assert len(found.events) == len(events)
        assert found.manifest["decisions"] == texts
    ordinary = simulate(parameters, [5])
    assert ordinary.months["mean_trust"].tolist() != rows["mean_trust"][0].tolist()


def test_what_is_left_out_changes_nothing_before_it():
    parameters = find_setting("regime=mixed")
    _, _, player, _ = play(parameters, 5, 4, leave_all)
    last = player.decisions[-1]
    found = simulate_changed(parameters, [5], [], decisions=player.decisions)
    shorter = simulate_changed(parameters, [5], [], decisions=player.decisions[:-1])
    for name in ("collaboration_share", "mean_trust", "served"):
        assert found.months[name][: last.month].tolist() == shorter.months[name][: last.month].tolist()


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["3:4=fly"], "acts: stay, leave:…"),
        (["3:4=join"], "like 14:7=join:3"),
        (["3:4=stay:1"], "write MONTH:ORGANIZATION=ACT"),
        (["0:4=stay"], r"must lie in \[1, 30\]"),
        (["3:40=stay"], r"must lie in \[1, 18\]"),
        (["3:4=stay", "5:6=stay"], "one organization in a run"),
        (["3:4=stay", "3:4=stay"], "has no such decision in month 3"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_what_can(texts, told):
    parameters = find_setting("regime=competitive", "memberships.review_share=1")
    with pytest.raises(ConfigurationError, match=told):
        simulate_changed(parameters, [7], [], decisions=[read_decision(text) for text in texts])


def test_an_option_that_is_not_there_is_refused_with_those_that_are():
    parameters = find_setting("regime=competitive", "memberships.review_share=1")
    with pytest.raises(ConfigurationError, match=r"cannot be done then; what can: stay, .*(join|leave):\d"):
        simulate_changed(parameters, [7], [], decisions=[read_decision("3:4=join:99")])
    with pytest.raises(ConfigurationError, match="write seeds="):
        simulate_changed(parameters, [7, 8], [], decisions=[read_decision("3:4=stay")])
    closed = find_setting("regime=competitive", "memberships.review_share=0.000001")
    with pytest.raises(ConfigurationError, match="no such decision in month 3; it has none"):
        simulate_changed(closed, [7], [], decisions=[read_decision("3:4=stay")])


def test_who_is_not_admitted_is_told_so():
    parameters = find_setting("regime=competitive", "memberships.review_share=1", "memberships.admission_threshold=5")
    _, _, player, _ = play(parameters, 7, 4, leave_all)
    turn = next(one for one in player.taken if any(option.what.startswith("join") for option in one.options))
    refused = next(option for option in turn.options if option.what.startswith("join"))
    assert not refused.is_possible
    before = [one for one in player.decisions if one.month < turn.month]
    texts = [*map(str, before), f"{turn.month}:4={refused.what}"]
    with pytest.raises(ConfigurationError, match="do not admit"):
        simulate_changed(parameters, [7], [], decisions=[read_decision(text) for text in texts])


def test_the_command_of_the_documentation_can_be_run():
    text = (Path(__file__).parents[2] / "docs" / "app.md").read_text(encoding="utf-8")
    words = shlex.split(next(line for line in text.splitlines() if line.startswith("coalitions run")))
    decisions = [read_decision(words[at + 1]) for at, word in enumerate(words) if word == "--decide"]
    parameters = find_setting(words[2])
    found = simulate_changed(parameters, [1], [], decisions=decisions)
    events = found.events[(found.events["organization"] == 7) & (found.events["month"] > 0)]
    assert ("exit", 3, 1) in set(zip(events["event"], events["month"], events["coalition"], strict=True))
    assert not ((events["month"] == 9) & (events["event"] == "found")).any()
    assert not ((events["month"] == 1) & events["event"].isin(["win", "lose"])).any()
