"""Forty marked texts in what importers read, in ids, and in the path of a roster: none in folders, answers or logs."""

import itertools
import json
import logging
import os
import re
import subprocess
import sys
import time

import httpx
import pytest

from sim.explorer.live.options import Options
from tests.explorer.test_server import run_to_end, serving
from tests.roster.importing.exports import (
    GRANTS_GOV,
    IRS,
    OPPORTUNITY,
    USASPENDING,
    make_action,
    make_nonprofit,
    make_opportunity,
    write_csv,
    write_xml,
)
from tests.trials.privacy.marks import CANARIES, MARK, call, find_marks

READ = {  # columns whose text must be of a certain form, or that hold no text of anyone's
    *("assistance_transaction_unique_key", "assistance_award_unique_key", "federal_action_obligation", "action_date"),
    *("non_federal_funding_amount", "period_of_performance_start_date", "period_of_performance_current_end_date"),
    *("cfda_number", "business_types_code", "recipient_uei"),
    *("EIN", "SUBSECTION", "ASSET_AMT", "REVENUE_AMT", "NTEE_CD"),
    *("opportunity_id", "is_cost_sharing", "expected_number_of_awards", "estimated_total_program_funding"),
    *("award_floor", "award_ceiling", "opportunity_assistance_listings", "applicant_types", "is_forecast"),
}
CONTACTS = (
    "GrantorContactName",
    "GrantorContactEmail",
    "GrantorContactPhoneNumber",
    "GrantorContactText",
    "AgencyName",
)


def mark_all(rows, header):
    """Put a canary into every column that is not read for its form; return the rows."""
    marks = itertools.cycle(CANARIES)
    for row in rows:
        row |= {name: f"{next(marks)}, Inc." for name in header if name not in READ}
    return rows


@pytest.fixture
def exports(tmp_path):
    """Write an export of each kind, marked all over, in a folder of its own."""
    folder = tmp_path / "exports"
    folder.mkdir()
    marks = [mark.upper() for mark in CANARIES]
    actions = [make_action(number, recipient_uei=f"{mark}00") for number, mark in enumerate(marks)]
    actions = mark_all(actions, USASPENDING)
    for row, mark in zip(actions, marks, strict=True):
        row |= {"assistance_award_unique_key": mark, "assistance_transaction_unique_key": f"T_{mark}"}
    write_csv(folder / "usaspending.csv", USASPENDING, actions)
    write_csv(folder / "irs.csv", IRS, mark_all([make_nonprofit(number) for number in range(40)], IRS))
    write_csv(folder / "a.csv", GRANTS_GOV, mark_all([make_opportunity(number) for number in range(4)], GRANTS_GOV))
    contacts = dict(zip(CONTACTS, CANARIES, strict=False)) | {"OpportunityTitle": CANARIES[9], "Unknown": CANARIES[8]}
    write_xml(folder / "grants-gov.xml", OPPORTUNITY | contacts)
    ties = "".join(f"{a},{b},3\n" for a, b in itertools.pairwise(CANARIES))
    (folder / "ties.csv").write_text(f"from,to,level\n{ties}")
    own = folder / "roster"
    own.mkdir()
    rows = "".join(f"{mark},ngo,{mark},{CANARIES[0]}\n" for mark in CANARIES)
    (own / "organizations.csv").write_text(f"# {CANARIES[0]}\norg_id,sector,name,coalitions\n{rows}")
    (own / "ties.csv").write_text(f"from_org,to_org,level\n{CANARIES[3]},{CANARIES[4]},5\n")
    return folder


def test_no_canary_of_an_export_reaches_the_roster_and_the_key_holds_them_all(exports, tmp_path):
    keys, rosters = tmp_path / "keys", tmp_path / "rosters"
    keys.mkdir()
    kinds = {"usaspending": "usaspending.csv", "irs": "irs.csv", "ties": "ties.csv", "roster": "roster"}
    told = {}
    for kind, name in kinds.items():
        key = keys / f"{kind}.csv"
        told[kind] = call("import", kind, exports / name, "--to", rosters / kind, "--key", key)
        assert {mark.lower() for mark in MARK.findall(key.read_text())} == set(CANARIES), kind
    for name in ("a.csv", "grants-gov.xml"):
        told[name] = call("import", "grants-gov", exports / name, "--to", rosters / name)
    told["validate"] = call("validate", rosters / "roster")
    assert {name: code for name, (code, _) in told.items() if code} == {}
    assert [name for name, (_, text) in told.items() if MARK.search(text)] == []
    assert sum(path.is_file() for path in rosters.rglob("*.csv")) == 9
    assert find_marks(rosters) == []


@pytest.mark.parametrize(
    ("kind", "file", "changed"),
    [
        ("usaspending", "usaspending.csv", {"360000.00": "{}", "2021-10-01": "{}", "16.320": "{}"}),
        ("irs", "irs.csv", {'"240000"': '"{}"', '"P43"': '"{}"'}),
        ("grants-gov", "a.csv", {'"10"': '"{}"', "state_governments": "{}"}),
        ("grants-gov", "grants-gov.xml", {"6000000": "{}", "<AwardFloor>": "<{}>"}),
        ("ties", "ties.csv", {",3\n": ",{}\n"}),
        ("roster", "roster/organizations.csv", {",ngo": ",{}"}),
    ],
)
def test_no_canary_stands_in_what_an_import_refuses(exports, tmp_path, kind, file, changed):
    text = (exports / file).read_text()
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new.format(CANARIES[7]))
    (exports / file).write_text(text)
    code, told = call("import", kind, exports / file.partition("/")[0], "--to", tmp_path / "city")
    assert code == 2
    assert not MARK.search(told), told
    assert not (tmp_path / "city").exists()


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Write a roster whose ids are names, in a folder whose way is told by names."""
    folder = tmp_path_factory.mktemp("rosters") / CANARIES[1] / "mine"
    folder.mkdir(parents=True)
    served = ["minors"] * 3 + ["adults_foreign_nationals"] * 37
    rows = "".join(f"{mark} House,{one},{CANARIES[0]},{mark}\n" for mark, one in zip(CANARIES, served, strict=True))
    text = f"# {CANARIES[2]}\norg_id,populations_served,coalitions,notes\n{rows}"
    (folder / "organizations.csv").write_text(text)
    return folder


def test_ids_that_are_names_stand_in_no_result_but_where_they_are_asked_for(named, tmp_path, monkeypatch):
    monkeypatch.chdir(named.parent)
    field, out = ["field.folder=mine", "months=3", "seeds=1"], tmp_path / "results"
    told = {
        "validate": call("validate", "mine"),
        "run": call("run", *field, "name=run", "--no-figures", "-q", "--results", out),
        "export": call("export", out / "run", "--table", "months"),
    }
    assert {name: code for name, (code, _) in told.items() if code} == {}
    assert "40 ids read like names" in told["validate"][1]
    assert "organizations of a roster, by number alone; populations that fewer than 5" in told["export"][1]
    assert [name for name, (_, text) in told.items() if MARK.search(text)] == []
    assert find_marks(tmp_path) == []
    header = (out / "run/months.csv").read_text().partition("\n")[0]
    assert "served_of_adults_foreign_nationals" in header
    assert "served_of_minors" not in header
    code, text = call("draw", out / "run", "memberships", "--names", "--formats", "svg")
    assert code == 0
    assert "shows which organization is which" in text
    figure = (out / "run/figures-with-codes/memberships.svg").read_text()
    assert len({*MARK.findall(figure)} & {*CANARIES}) == 40
    assert "not to be passed on" in figure


@pytest.mark.slow
@pytest.mark.nightly
def test_ids_that_are_names_stand_on_no_page(named, tmp_path, monkeypatch):
    monkeypatch.chdir(named.parent)
    field = ["field.folder=mine", "months=3", "seeds=1"]
    for words in (
        ["run", *field, "name=run", "-q", "--results", tmp_path],
        ["report", tmp_path / "run"],
        ["explore", *field, "-o", tmp_path / "page.html", "-q"],
        ["games", *field[:1], "--month", "1", "months=3", "-q"],
        ["interviews", tmp_path / "run", "--show", "1"],
        ["sweep", *field[:2], "grants.luck=0.1,0.5", "name=s", "--keep", "months", "-q", "--results", tmp_path],
        ["export", tmp_path / "s", "--table", "months"],
    ):
        code, text = call(*words)
        assert code == 0, text
        assert not MARK.search(text), text
    assert find_marks(tmp_path) == []
    assert "served_of_minors" not in (tmp_path / "s" / "months.csv").read_text().partition("\n")[0]


def record_session(client, code):
    """Ask all that a page asks, and what it should not; return the answers with their bodies."""
    answers = []
    client.event_hooks["response"].append(lambda answer: answers.append((answer, answer.read())))
    for page in ("/", "/page.css", "/page.js", "/nothing", "/../etc/passwd", "/mine/organizations.csv"):
        client.get(page)
    client.post("/enter", json={"code": "wrong"})
    visitor = {"x-visitor": client.post("/enter", json={"code": code}).json()["visitor"]}
    own = {"field": "own_roster", "months": 4}
    found = run_to_end(lambda tree: client.post("/run", json=tree, headers=visitor), **own)
    assert set(found["start"]) == {"n"}  # no sectors, no populations, no viewpoints
    assert found["command"][2].startswith("field.folder=")
    assert found["command"][2].endswith("mine")
    client.post("/set-up", json=own, headers=visitor)
    for wrong in ({"field": "own_rosters"}, own | {"months": 0}, own | {"values": {"field.folder": "x"}}, [], None):
        client.post("/run", json=wrong, headers=visitor)
    client.post("/keep", json=own | {"name": "../kept"}, headers=visitor)
    client.post("/run", content=b"{", headers=visitor | {"content-type": "application/json"})
    client.get("/", headers={"host": "elsewhere"})
    client.post("/run", json=own, headers={"origin": "http://elsewhere"})
    assert len(answers) >= 19
    assert {answer.status_code for answer, _ in answers} >= {200, 400, 403, 404, 421, 422}
    return answers


def check_answers(answers):
    for answer, body in answers:
        assert not MARK.search(body.decode()), answer.url
        assert not MARK.search(str(answer.headers)), answer.url


def test_no_canary_is_in_what_the_app_answers_or_logs(named, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with serving(Options(str(named)), room="room") as client:
        check_answers(record_session(client, "room"))
    mine = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not MARK.search(json.dumps([record.getMessage() for record in mine]))
    printed = capfd.readouterr()
    assert not MARK.search(printed.out + printed.err)


@pytest.mark.slow
@pytest.mark.nightly
def test_no_canary_is_in_what_the_command_serves_prints_or_saves(named, tmp_path):
    words = ["-m", "sim", "app", "--roster", "mine", "--port", "0", "--no-open", "--results", str(tmp_path / "kept")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    with (tmp_path / "told.txt").open("w") as told:
        server = subprocess.Popen([sys.executable, *words], cwd=named.parent, env=environment, stdout=told, stderr=told)
    try:
        for _ in range(600):
            found = re.search(r"Page: (http://\S+?)/? ", (tmp_path / "told.txt").read_text())
            if found:
                break
            time.sleep(0.1)
        with httpx.Client(base_url=found[1], timeout=60) as client:
            check_answers(record_session(client, ""))
            visitor = {"x-visitor": client.post("/enter", json={}).json()["visitor"]}
            own = {"field": "own_roster", "months": 4, "name": "kept"}
            assert client.post("/keep", json=own, headers=visitor).status_code == 200
    finally:
        server.terminate()
        server.wait(timeout=30)
    assert (tmp_path / "kept" / "kept" / "months.parquet").is_file()
    assert find_marks(tmp_path) == []
