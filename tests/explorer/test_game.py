"""You are one organization, as the server plays it: turns, what is told at them, the end, the command, the limits."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from sim.__main__ import main
from sim.commands.run import add_changes
from sim.configuration import compose
from sim.engine.decisions import ACTS, Decision
from sim.explorer.live.asking import MAX_DECISIONS, Seat
from sim.explorer.live.game import PUBLIC, PlayedRecorder, compare, describe_turn, hide
from sim.explorer.live.options import Options
from sim.explorer.recording import CAUSE, GENERATION, KIND, ORGANIZATION
from sim.schema import codes
from sim.sweep.in_memory import run_design
from tests.explorer.test_server import enter, run_to_end, serving, serving_by_command

SETTING = {"regime": "mixed", "seed": 7, "months": 24, "values": {"memberships.review_share": 0.4}}


@pytest.fixture(scope="module")
def client():
    with serving(Options()) as client:
        yield client


def ask(client, visitor, organization, decisions, asks=tuple(ACTS)):
    seat = {"organization": organization, "decisions": decisions, "asks": list(asks)}
    return client.post("/play", json={**SETTING, "seat": seat}, headers=visitor)


def play(client, visitor, organization, choose, others=lambda: None):
    """Play to the end; return the last answer and all turns."""
    decisions, turns = [], []
    for _ in range(300):
        answer = ask(client, visitor, organization, decisions)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        if found["is_over"]:
            return found, turns
        if found["turn"]:
            turns.append(found["turn"])
            decisions.append(f"{found['turn']['month']}:{organization}={choose(found['turn'])}")
            others()
    raise AssertionError("the game does not end")


def leave(turn):
    found = [one["what"] for one in turn["options"] if one["what"].startswith(("leave", "refuse", "stay_behind"))]
    return found[0] if found else "stay" if turn["kind"] == "review" else turn["rule"]


def run_command(command):
    """Run the command that a game shows; return its results."""
    words = [word for word in command[2:] if "=" in word and ":" not in word]
    decisions = [command[place + 1] for place, word in enumerate(command) if word == "--decide"]
    return run_design(add_changes(compose(words), [], decisions))


def test_a_game_ends_beside_the_rule_and_its_command_gives_it_again(client):
    visitor = enter(client)
    found, turns = play(client, visitor, 7, leave)
    assert {turn["kind"] for turn in turns} >= {"review", "application"}
    plain = run_to_end(lambda tree: client.post("/run", json=tree, headers=visitor), **SETTING)
    assert found["ruled"] == plain["run"] != found["run"]
    row = run_command(found["command"]).runs.iloc[0]
    assert found["verdict"]["collaboration_change"] == pytest.approx(row["collaboration_change"], abs=1e-4)
    assert 0 < found["command"].count("--decide") == len(found["decisions"]) < len(found["taken"])
    city = {one["label"]: one["played"] for one in found["compared"] if one["of"] == "city"}
    assert city["exits, a year for each membership"] == pytest.approx(row["exit_rate"], abs=1e-4)
    assert city["closures, a year for each organization"] == pytest.approx(row["closure_rate"], abs=1e-4)
    seats = next(one for one in found["compared"] if one["label"].startswith("coalitions it sits in"))
    assert seats["played"] < seats["ruled"] / 2


def test_who_always_does_as_the_rule_plays_the_ordinary_run(client):
    visitor = enter(client)
    found, _ = play(client, visitor, 4, lambda turn: turn["rule"])
    assert found["run"] == found["ruled"] and found["decisions"] == [] and "--decide" not in found["command"]
    assert all(one["played"] == one["ruled"] for one in found["compared"])


def test_one_visitors_game_does_not_touch_anothers(client):
    alone = play(client, enter(client), 7, leave)[0]
    other, moves = enter(client), []

    def meanwhile():
        answer = ask(client, other, 3, moves).json()
        if answer["turn"]:
            moves.append(f"{answer['turn']['month']}:3={answer['turn']['options'][-1]['what']}")
            if ask(client, other, 3, moves).status_code == 422:  # not admitted
                moves[-1] = f"{answer['turn']['month']}:3={answer['turn']['rule']}"

    assert play(client, enter(client), 7, leave, meanwhile)[0] == alone
    assert len(moves) > 5


def test_only_what_an_organization_would_know_is_told_before_the_end(client):
    parameters = compose(["regime=mixed", "months=24"]).parameters
    recorder = PlayedRecorder(parameters, 7, None, Seat(7, (), frozenset(ACTS)))
    recorder.seat = Seat(7)
    recorder.decide(recorder.seat)
    recorder.run_to(24)
    found = recorder.record()
    shown = hide(found, recorder.stance, 7)
    assert all(np.isnan(shown.rows[name]).all() for name in shown.rows.dtype.names)
    assert (shown.events[:, CAUSE] == 0).all() and (found.events[:, CAUSE] != 0).any()
    others = shown.events[shown.events[:, ORGANIZATION] != 6]
    assert len(others) < (found.events[:, ORGANIZATION] != 6).sum() and set(others[:, KIND]) <= set(
        found.events[:, KIND]
    )
    assert not np.array_equal(shown.start.viewpoint, found.start.viewpoint)
    answer = ask(client, enter(client), 7, []).json()
    world = recorder.inputs.world
    assert "ruled" not in answer and "verdict" not in answer and not answer["is_over"]
    seen = answer["turn"]["seen"]
    assert set(seen) == {"viewpoint", "stance", "mix", "stress", "reserve_months", "served", "capacity", "awards",
                         "coalitions", "lines"}  # fmt: skip
    assert len(seen["mix"]) == world.organizations.mix.shape[1]


@pytest.mark.parametrize(
    ("seat", "told"),
    [
        ({}, "organization = None"),
        ({"organization": 99}, "must be a whole number in [1, 18]"),
        ({"organization": True}, "must be a whole number"),
        ({"organization": 7, "decisions": "x"}, "must be a list"),
        ({"organization": 7, "decisions": ["3:4=stay"]}, "those of organization 7"),
        ({"organization": 7, "decisions": ["3:7=" + "x" * 5000]}, "write MONTH:ORGANIZATION=ACT"),
        ({"organization": 7, "decisions": ["3:7=join:99999999999999999999"]}, "cannot be done then"),
        ({"organization": 7, "decisions": ["99:7=stay"]}, "must lie in [1, 24]"),
        ({"organization": 7, "decisions": ["1:7=skip:nothing"]}, "has no such decision in month 1; it has"),
        ({"organization": 7, "decisions": ["1:7=stay"] * (MAX_DECISIONS + 1)}, "at most"),
        ({"organization": 7, "asks": ["everything"]}, "must be of review"),
        ({"organization": 7, "asks": [["review"]]}, "must be of review"),
        ([], "must be a mapping"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_reason(client, seat, told):
    visitor = enter(client)
    answer = client.post("/play", json={**SETTING, "seat": seat}, headers=visitor)
    assert answer.status_code == 422 and told in answer.json()["error"], answer.text
    assert len(answer.json()["error"].splitlines()) <= 3
    assert ask(client, visitor, 7, []).status_code == 200  # and the game goes on


def test_a_game_of_nobody_is_refused(client):
    answer = client.post("/play", json=SETTING, headers=enter(client))
    assert answer.status_code == 422 and "say which organization you are" in answer.json()["error"]
    assert client.post("/play", json=SETTING, headers={"x-visitor": "guess"}).status_code == 422


def test_the_seats_of_an_own_roster_are_not_for_the_room_and_tell_no_positions(tmp_path):
    assert main(["init", str(tmp_path / "own")]) == 0
    options, tree = Options(str(tmp_path / "own")), {"field": "own_roster", "months": 6, "seat": {"organization": 2}}
    with serving(options, "KM4W-7QXA") as client:
        visitor = enter(client, code="KM4W-7QXA")
        answer = client.post("/play", json=tree, headers=visitor)
        assert answer.status_code == 403 and "on your machine alone" in answer.json()["error"]
        assert client.post("/play", json={**tree, "field": "city"}, headers=visitor).status_code == 200
    with serving(options) as client:
        tree["seat"]["asks"] = list(ACTS)
        answer = client.post("/play", json={**tree, "months": 60}, headers=enter(client)).json()
        seen = answer["turn"]["seen"]
        assert not {"viewpoint", "stance", "mix"} & set(seen) and set(answer["start"]) == {"n"}
        assert all(one["distance"] is None and one["overlap"] is None for one in seen["coalitions"])


@pytest.mark.nightly
@pytest.mark.slow
def test_thirty_players_at_once_are_answered_within_a_second(tmp_path):
    def sit(url, organization):
        seconds = []

        class Timed(httpx.Client):
            def post(self, *words, **given):
                start = time.monotonic()
                answer = super().post(*words, **given)
                seconds.append(time.monotonic() - start)
                return answer

        with Timed(base_url=url, timeout=60) as client:
            found = play(client, enter(client), organization, leave)[0]
        return seconds, found["verdict"]

    with serving_by_command(tmp_path) as url:
        alone = sit(url, 7)[1]  # also loads what all need
        with ThreadPoolExecutor(30) as threads:
            answers = list(threads.map(lambda at: sit(url, at % 18 + 1), range(30)))
    assert answers[6][1] == answers[24][1] == alone
    assert statistics.quantiles([one for seconds, _ in answers for one in seconds], n=20)[-1] < 1.0


def test_no_option_to_found_names_the_organization_that_chooses():
    """For every seat of the field, through the plain data that the page shows."""
    configuration = compose(["regime=competitive", "months=15"])
    found = []
    for organization in range(1, configuration.parameters.field.n_organizations + 1):
        recorder = PlayedRecorder(configuration.parameters, 1, None, Seat(organization, (), frozenset({"review"})))
        for _ in range(60):
            recorder.run_to(15)
            if recorder.turn is None:
                break
            turn = describe_turn(recorder.turn, is_known=True)
            found += [(organization, one["partners"]) for one in turn["options"] if one["what"] == "found"]
            decision = Decision(recorder.turn.month, organization, *recorder.turn.rule.partition(":")[::2])
            recorder.decide(recorder.seat._replace(decisions=(*recorder.seat.decisions, decision)))
    assert len(found) > 20 and len({organization for organization, _ in found}) > 10
    assert all(partners and organization not in partners for organization, partners in found)


def test_a_newcomer_in_the_place_of_the_player_is_another_organization():
    words = ["regime=lottery", "grants.annual_usd_per_organization=60000", "accounts.opening_rate=0.5", "months=96"]
    words += ["field.initial_reserve_months=0", "field.own_income_share=0.2", "accounts.closure_rate=0.5"]
    for organization in range(1, 19):
        played = PlayedRecorder(compose(words).parameters, 5, None, Seat(organization))
        played.run_to(96)
        events = played.record().events
        own = events[events[:, ORGANIZATION] == organization - 1]
        wins = own[own[:, KIND] == codes.EVENTS.index("win")]
        if (wins[:, GENERATION] > 0).any():
            break
    else:
        raise AssertionError("no newcomer wins an award")
    [told] = [one for one in compare(played, played) if one["label"] == "awards won"]
    assert told["played"] == (wins[:, GENERATION] == 0).sum() < len(wins)
    kept = hide(played.record(), played.stance, organization).events
    private = ~np.isin(kept[:, KIND], PUBLIC)
    assert (kept[private, GENERATION] == 0).all() and private.any()
