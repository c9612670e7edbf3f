"""The page of `coalitions app` in a browser: set up a run, watch it, set a lever anew; nothing asked of anyone else."""

import threading

import pytest

from tests.browser.pages import SIZES, list_violations, opened, wait_until


@pytest.fixture(scope="module")
def url(browser):
    uvicorn = pytest.importorskip("uvicorn", reason="pip install 'coalitions[app]' brings uvicorn")
    from sim.app.guards import Room
    from sim.app.options import Options
    from sim.app.server import App, build_app
    from sim.app.serving import listen

    sockets, urls = listen(0, is_open_to_all=False)
    app = build_app(App(Options(), Room(None)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    yield urls[0]
    server.should_exit = True
    thread.join(timeout=10)


@pytest.mark.parametrize("size", SIZES)
def test_a_run_is_set_up_and_watched_on_every_screen(browser, url, size):
    width, height = SIZES[size]
    with opened(browser, url, width, height) as page:
        page.get_by_role("button", name="Run from the start").click()
        wait_until(page, "document.body.innerText.includes('coalitions run')")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert all(asked.startswith(url) for asked in page.asked)
        if size == "phone":
            assert list_violations(page) == []


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
