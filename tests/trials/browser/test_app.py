"""The page of `coalitions app` in a browser: set up a run, watch it, set a lever anew, be one organization in it."""

import json
import re
import threading
from urllib.parse import urlencode

import pytest

from tests.trials.browser.pages import OPENINGS, SIZES, enlarge, list_violations, opened, resize, wait_until


@pytest.fixture(scope="module")
def url(browser):
    uvicorn = pytest.importorskip("uvicorn", reason="pip install 'coalitions[app]' brings uvicorn")
    from sim.explorer.live.guards import Room
    from sim.explorer.live.options import Options
    from sim.explorer.live.server import App, build_app
    from sim.explorer.live.serving import listen

    sockets, urls = listen(0, is_open_to_all=False)
    app = build_app(App(Options(), Room(None)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    yield urls[0]
    server.should_exit = True
    thread.join(timeout=10)


def wait_for_turn(page):
    wait_until(page, "!document.querySelector('#game-form').hidden && !document.querySelector('[aria-busy]')")


@pytest.mark.parametrize("sizes", OPENINGS, ids="-".join)
def test_a_run_is_set_up_watched_and_played_on_every_screen(browser, url, sizes):
    with opened(browser, url, *SIZES[sizes[0]]) as page:

        def look(*, is_turn=False):
            for size in sizes:
                resize(page, size)
            if is_turn or "phone" in sizes:
                assert list_violations(page) == []

        page.fill("#months", "24")
        page.get_by_role("button", name="Run from the start").click()
        wait_until(page, "document.body.innerText.includes('months=24') && live.now.run.last === 24")
        look()
        page.click("#sit")
        wait_for_turn(page)
        assert not page.is_visible("#watch") and not page.is_visible("#settings")
        page.click("#game-weighing summary")
        look(is_turn=True)
        page.click("#by-rule")
        wait_until(page, "document.querySelector('#game-last-told').innerText.includes('done the same')")
        if "phone" not in sizes:
            enlarge(page, sizes)
        page.click("#to-end")
        wait_until(page, "!document.querySelector('#game-end').hidden")
        look()
        page.click("#rise")
        assert page.is_visible("#watch") and page.inner_text("#pictures").count("seed 1") == 2
        assert all(asked.startswith(url) for asked in page.asked)


def test_the_keyboard_sets_up_and_runs(browser, url):
    with opened(browser, url) as page:
        page.get_by_role("button", name="Run from the start").focus()
        page.keyboard.press("Enter")
        wait_until(page, "document.body.innerText.includes('This one run:')")
        told = page.locator("#told")
        before = told.inner_text()
        page.locator("#player").focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        wait_until(page, "document.querySelector('#month').value === '3'")
        assert told.inner_text() != before


def test_the_keyboard_alone_plays_and_the_link_goes_on_with_the_game(browser, url):
    with opened(browser, url) as page:
        page.focus("#sit")
        page.keyboard.press("Enter")
        for count in range(1, 4):
            wait_for_turn(page)
            assert page.evaluate("document.activeElement.id") == "game-name"
            page.keyboard.press("Tab")
            page.keyboard.press("Space" if count > 1 else "ArrowDown")  # the first option, or the one below
            page.keyboard.press("Enter")
            wait_until(page, f"live.game.told.taken.length === {count}")
        wait_for_turn(page)
        assert page.is_visible("#game-last-told") and "The rule would have" in page.inner_text("#game-last-told")
        told = page.inner_text("#game-taken-title"), page.inner_text("#game-told"), page.inner_text("#game-options")
        page.wait_for_timeout(400)
        link = page.url
    with opened(browser, link) as page:
        wait_for_turn(page)
        assert (
            page.inner_text("#game-taken-title"),
            page.inner_text("#game-told"),
            page.inner_text("#game-options"),
        ) == told


def test_a_coalition_that_does_not_admit_is_told_and_another_choice_is_made(browser, url):
    with opened(browser, url) as page:
        page.fill("#filter", "says yes to a newcomer")
        page.get_by_label("says yes to a newcomer").fill("5")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Run from the start").click()
        wait_until(page, "live.values['memberships.admission_threshold'] === 5 && live.now.run.last === 120")
        for kind in ("founding", "break_away", "condition", "application"):
            page.uncheck(f"#asks-{kind}")
        page.click("#sit")
        wait_for_turn(page)
        page.get_by_label("Ask to join").first.check()
        page.complaints.clear()
        page.get_by_role("button", name="Decide", exact=True).click()
        wait_until(page, "!document.querySelector('#notice').hidden")
        assert "do not admit" in page.inner_text("#notice") and page.get_by_label("Ask to join").first.is_disabled()
        page.get_by_label("Stay as you are").check()
        page.get_by_role("button", name="Decide", exact=True).click()
        wait_until(page, "live.game.told.taken.length === 1")
        page.complaints.clear()  # the browser notes the refusal as an error


def test_what_was_changed_is_told_under_its_label_with_its_unit_and_what_is_doubtful_as_a_warning(browser, url):
    asked = {
        "regime": "none",
        "shock": "total_cut",
        "months": 60,
        "values": {"memberships.turf_weight": 0.5, "grants.annual_usd_per_organization": 48000},
        "changes": [{"month": 13, "values": {"meetings.facilitation": 0.4}}],
    }
    with opened(browser, f"{url}#{urlencode({'run': json.dumps(asked)})}", *SIZES["laptop"]) as page:
        wait_until(page, "document.body.innerText.includes('This one run:')")
        name, changed = page.evaluate("live.now.name"), page.inner_text("#changed")
        for told in (name, changed):
            assert "0.5" in told and "48,000 USD/year" in told and "facilitation removes 0.4" in told
            assert not re.search("[a-z]_[a-z]|annual usd|turf weight", told), told
        assert "changes nothing under regime 'none'" in page.inner_text("#warnings")


def test_runs_of_two_lengths_are_watched_to_the_end_and_told_apart_by_name(browser, url):
    with opened(browser, url) as page:
        page.fill("#months", "24")
        page.get_by_role("button", name="Run from the start").click()
        wait_until(page, "live.now.run.last === 24 && live.before && live.before.run.last === 120")
        page.evaluate("live.view.go(100)")
        assert "B: the run ended in month 24" in page.inner_text("#told")
        names = page.locator("#pictures h3").all_inner_texts()
        assert "24 months" in names[1] and "months" not in names[0]


def test_what_a_line_pays_is_told_by_how_it_decides(browser, url):
    with opened(browser, url) as page:
        told = page.evaluate(
            """async () => {
              const asked = {...live.asked, regime: 'mixed', months: 12}, found = {};
              const decisions = [];
              for (;;) {
                const seat = {organization: 3, asks: ['application', 'condition'], decisions};
                const {turn, is_over: isOver} = await live.server.ask('/play', {...asked, seat});
                if (isOver) return found;
                if (turn) {
                  live.game.seat = {organization: 3};
                  live.game.showTurn(turn);
                  found[`${turn.kind} ${turn.about}`] = document.querySelector('#game-options .note').textContent;
                  decisions.push(`${turn.month}:3=${turn.rule}`);
                }
              }
            }"""
        )
    assert (
        "equal parts among all that apply" in told["application formula"] and "need" not in told["application formula"]
    )
    assert "divided among the members that apply" in told["application joint"]
    assert "the sum follows from the budget" in told["condition minors"]
    assert "ambiguous" not in told["condition minors"]  # a line without a condition on viewpoints
