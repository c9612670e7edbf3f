"""What tests of pages share: opening one in any size and listening to it, waiting, and the rules of accessibility."""

import time
from contextlib import contextmanager

import pytest

SIZES = {"phone": (360, 740), "laptop": (1280, 800), "projector": (1920, 1080)}


@contextmanager
def opened(browser, url, width=1280, height=800, **options):
    """Open an address; at the end the page must not have complained of anything.

    page.asked: addresses it has asked for. page.complaints: errors of its scripts and its console.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda told: page.complaints.append(told.text) if told.type == "error" else None)
    context.on("request", lambda request: page.asked.append(request.url))
    page.goto(url)
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()
    assert page.complaints == []


def wait_until(page, condition, seconds=15):
    """Wait until a JavaScript condition holds; Playwright's own way is kept out by the page's policy."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"{condition} after {seconds} s"
        page.wait_for_timeout(40)


def list_violations(page):
    """Return the rules of axe that a page breaks, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [(rule["id"], node["html"][:120]) for rule in found for node in rule["nodes"]]
