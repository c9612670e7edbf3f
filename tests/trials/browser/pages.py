"""What tests of pages share: opening one in any size and listening to it, waiting, and the rules of accessibility."""

import time
from contextlib import contextmanager

import pytest

SIZES = {"phone": (390, 844), "laptop": (1366, 768), "projector": (1920, 1080), "beamer": (1024, 768)}
OPENINGS = (("phone",), ("laptop", "projector", "beamer"))  # a page is opened as narrow or wide, and resized from there
LEAST = {"laptop": 13, "projector": 15, "beamer": 13}  # CSS pixels of the smallest letters, where they are made large
SMALLEST = """[...document.querySelectorAll('body *')].filter(one => one.checkVisibility() &&
    [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())).reduce((least, one) => {
    const scale = one.ownerSVGElement ? one.getScreenCTM().a : 1
    return Math.min(least, scale * parseFloat(getComputedStyle(one).fontSize)) }, 99)"""


def resize(page, size):
    """Give the page one of the sizes; it must then need no scrolling sideways."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width, size


def enlarge(page, sizes):
    """Press the key for large letters; at each size nothing may be smaller than LEAST."""
    page.keyboard.press("l")
    assert page.get_attribute("#large", "aria-pressed") == "true"
    for size in sizes:
        resize(page, size)
        assert page.evaluate(SMALLEST) > LEAST[size], size
    page.keyboard.press("l")


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


def wait_until(page, condition, seconds=60):
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
