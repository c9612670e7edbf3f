"""The server of `coalitions app`: its runs are those of the command it shows, and everything else is refused."""

import base64
import json
import re
import shlex
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

import sim
from sim.commands.run import add_changes
from sim.configuration import compose
from sim.errors import RefusedError
from sim.explorer.live.guards import MAX_BODY_BYTES, Room, make_code
from sim.explorer.live.options import Options
from sim.explorer.live.server import App, build_app
from sim.explorer.live.serving import listen
from sim.explorer.live.visitors import Visitors
from sim.sweep.in_memory import run_design


@pytest.fixture(scope="module")
def options():
    return Options()


@contextmanager
def serving(options, room=None, **given):
    """Serve on a free port of the loopback; yield a client."""
    sockets, urls = listen(0, is_open_to_all=False)
    app = build_app(App(options, Room(room), **given))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    with httpx.Client(base_url=urls[0], timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def client(options):
    with serving(options) as client:
        yield client


def enter(client, **tree):
    answer = client.post("/enter", json=tree)
    assert answer.status_code == 200, answer.text
    return {"x-visitor": answer.json()["visitor"]}


def run_to_end(ask, **tree):
    """Ask until the run is done, as the page does; return the last answer."""
    for _ in range(200):
        answer = ask(tree)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        if found["month"] == found["months"]:
            return found
    raise AssertionError("the run does not end")


def repeat(command):
    """Run the command that a page shows; return its row of runs."""
    assert command[:2] == ["coalitions", "run"]
    words = [word for word in command[2:] if "=" in word and ":" not in word]
    changes = [command[place + 1] for place, word in enumerate(command) if word == "--change"]
    return run_design(add_changes(compose(words), changes)).runs.iloc[0]


def test_a_run_is_that_of_the_command_shown(client):
    visitor = enter(client)
    tree = {
        "regime": "competitive",
        "shock": "total_cut",
        "values": {"memberships.turf_weight": 2.5},
        "seed": 7,
        "months": 60,
    }
    found = run_to_end(lambda asked: client.post("/run", json=asked, headers=visitor), **tree)
    row = repeat(found["command"])
    assert found["verdict"]["verdict"] == row["verdict"]
    assert found["verdict"]["collaboration_change"] == pytest.approx(row["collaboration_change"], abs=1e-4)
    assert len(base64.b64decode(found["run"])) > 100


def test_a_lever_set_anew_on_the_way_is_in_the_command(client):
    visitor = enter(client)
    changes = [{"month": 13, "values": {"meetings.facilitation": 0.9}}]
    plain = run_to_end(lambda asked: client.post("/run", json=asked, headers=visitor), months=48)
    found = run_to_end(lambda asked: client.post("/run", json=asked, headers=visitor), months=48, changes=changes)
    assert "13:meetings.facilitation=0.9" in found["command"]
    assert found["verdict"] != plain["verdict"]
    row = repeat(found["command"])
    assert found["verdict"]["collaboration_change"] == pytest.approx(row["collaboration_change"], abs=1e-4)


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"regime": "nothing"}, "nothing"),
        ({"regime": "../x"}, "regime"),
        ({"values": {"field.folder": "/etc"}}, "cannot be set here"),
        ({"values": {"_target_": "os.system"}}, "cannot be set here"),
        ({"values": {"memberships.turf_weight": 99}}, "must lie in"),
        ({"values": {"memberships.turf_weight": "1e999"}}, "turf_weight"),
        ({"values": {"field.n_organizations": 5000}}, "at most"),
        ({"values": {"field.n_organizations": 300}, "months": 600}, "organization-months"),
        ({"months": 10**9}, "must be a whole number"),
        ({"seed": -1}, "must be a whole number"),
        ({"seed": True}, "must be a whole number"),
        ({"changes": [{"month": 5, "values": {"field.n_organizations": 9}}]}, "field.n_organizations"),
        ({"changes": [{"month": "5", "values": {}}]}, "must be a whole number"),
        ({"changes": [{"month": 5, "values": {"grants.luck": 1}}] * 41}, "at most 40"),
        ({"values": []}, "must be a mapping"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(client, tree, told):
    answer = client.post("/run", json=tree, headers=enter(client))
    assert answer.status_code == 422
    assert told in answer.json()["error"]
    assert len(answer.json()["error"].splitlines()) <= 3


def test_nothing_is_answered_to_other_pages_names_and_kinds(client):
    visitor = enter(client)
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    assert client.post("/run", json={}, headers={**visitor, "origin": "http://evil.example"}).status_code == 403
    assert client.post("/run", json={}, headers={**visitor, "sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/run", content="{}", headers={**visitor, "content-type": "text/plain"}).status_code == 415
    large = json.dumps({"values": {"x" * MAX_BODY_BYTES: 1}})
    assert (
        client.post("/run", content=large, headers={**visitor, "content-type": "application/json"}).status_code == 413
    )
    for text in ("{", "[" * 20_000, "[]", "3"):
        answer = client.post("/run", content=text, headers={**visitor, "content-type": "application/json"})
        assert answer.status_code == 400
    assert client.post("/run", json={}, headers={"x-visitor": "guess"}).status_code == 422
    assert client.get("/../pyproject.toml").status_code == 404
    assert client.get("/run").status_code == 405


def test_the_page_may_load_nothing_from_elsewhere(client):
    answer = client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"https?://(?!127)", answer.text)
    assert "nothing here shows that a policy works" in answer.text


def test_a_room_has_a_code_and_saves_nothing(options):
    code = make_code()
    with serving(options, code) as client:
        assert client.post("/enter", json={"code": "AAAA-AAAA"}).status_code == 403
        assert client.post("/enter", json={}).status_code == 403
        visitor = enter(client, code=code.lower().replace("-", " "))
        assert client.post("/keep", json={"name": "x"}, headers=visitor).status_code == 403
        for _ in range(30):
            answer = client.post("/enter", json={"code": "BBBB-BBBB"})
        assert "too many wrong codes" in answer.json()["error"]


def test_a_saved_run_is_kept_under_its_name(options, tmp_path, monkeypatch):
    import argparse

    from sim.commands.app import keep_run

    monkeypatch.chdir(tmp_path)
    args = argparse.Namespace(results="results")
    with serving(options, save=lambda asked, name: keep_run(args, asked, name)) as client:
        answer = client.post("/keep", json={"name": "mine", "months": 12, "seed": 3}, headers=enter(client))
        assert answer.status_code == 200, answer.text
        kept = sim.load_results(tmp_path / "results" / "mine")
        assert kept.runs["seed"].tolist() == [3]
        assert shlex.split(kept.manifest["command"])[:2] == ["coalitions", "run"]
        answer = client.post("/keep", json={"name": "../x", "months": 12}, headers=enter(client))
        assert answer.status_code == 422
        assert not (tmp_path / "x").exists()


def test_there_is_room_for_so_many_and_the_idle_make_room():
    now = [0.0]
    visitors = Visitors(limit=2, idle_seconds=10, clock=lambda: now[0])
    first = visitors.enter()
    visitors.enter()
    with pytest.raises(RefusedError):
        visitors.enter()
    now[0] = 11.0
    visitors.enter()
    assert len(visitors) == 1
    with pytest.raises(sim.configuration.ConfigurationError, match="load the page again"):
        visitors.find(first)


def visit(url, seed):
    """Enter, and run ten years as the page does; return the seconds of each answer and the verdict."""
    with httpx.Client(base_url=url, timeout=60) as client:
        seconds = []

        def ask(path, tree, **headers):
            start = time.monotonic()
            answer = client.post(path, json=tree, headers=headers)
            seconds.append(time.monotonic() - start)
            return answer

        visitor = ask("/enter", {}).json()["visitor"]
        found = run_to_end(lambda tree: ask("/run", tree, **{"x-visitor": visitor}), regime="mixed", seed=seed)
        return seconds, found["verdict"]["collaboration_change"]


@pytest.mark.slow
def test_thirty_visitors_at_once_have_a_model_of_their_own_each(tmp_path):
    serve_thirty(tmp_path)


@pytest.mark.nightly
@pytest.mark.slow
def test_thirty_visitors_at_once_are_answered_within_a_second(tmp_path):
    assert serve_thirty(tmp_path) < 1.0


@contextmanager
def serving_by_command(results):
    """Serve as a user does, in a process of its own; yield the address."""
    words = [sys.executable, "-m", "sim", "app", "--port", "0", "--no-open", "--results", str(results)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        yield re.search(r"http://[0-9.:]+", server.stdout.readline()).group()
    finally:
        server.terminate()
        assert server.wait(timeout=60) in (0, 143, -15)
        server.stdout.close()


def serve_thirty(tmp_path):
    """Let thirty visitors run ten years at once and check what each is told.

    Return the time that 95 % of answers keep to, in seconds.
    """
    with serving_by_command(tmp_path) as url:
        visit(url, 1)  # the first one loads what all need
        with ThreadPoolExecutor(30) as threads:
            answers = list(threads.map(lambda seed: visit(url, seed), range(1, 31)))
    expected = sim.run(["regime=mixed"], seeds=30).runs["collaboration_change"]
    assert [change for _, change in answers] == pytest.approx(expected.tolist(), abs=1e-4)
    return statistics.quantiles([one for seconds, _ in answers for one in seconds], n=20)[-1]


def test_a_run_says_in_words_what_is_special_about_its_setting(client):
    visitor = enter(client)

    def ask(tree):
        return client.post("/run", json=tree, headers=visitor)

    plain = run_to_end(ask, regime="mixed", seed=1, months=24)
    assert "24 months" in plain["scenario"] and "no shock" in plain["scenario"]
    cut = run_to_end(ask, regime="mixed", shock="total_cut", seed=1, months=60)
    assert "month 48" in cut["scenario"]
    lever = run_to_end(ask, regime="mixed", seed=1, months=24, values={"memberships.turf_weight": 2.5})
    assert "2.5" in lever["scenario"]
    roster = run_to_end(ask, field="rural9", regime="mixed", seed=1, months=24)
    assert "9 organizations" in roster["scenario"] and "rural9/" not in roster["scenario"]


def test_options_are_shown_under_the_labels_written_in_their_files(client):
    described = client.post("/enter", json={}).json()
    labels = {one["value"]: one["label"] for one in described["groups"]["regime"]}
    assert labels["population_silo"] == "Population silos" and labels["competitive"] == "Competitive, short-term"
    assert {one["value"]: one["label"] for one in described["groups"]["shock"]}["none"] == "No shock"
