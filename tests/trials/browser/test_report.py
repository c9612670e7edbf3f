"""A report in a real browser: it asks for nothing, runs nothing, and is read by keyboard, aloud, small and on paper."""

import csv
import io
import itertools
import unicodedata

import pytest

from tests.trials.browser import hostile
from tests.trials.browser.conftest import KINDS

WIDTHS = (360, 1280, 1920)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
OPEN = "document.querySelectorAll('details:not(.long)').forEach(one => one.open = true)"
RIGHT_EDGES = """[...document.querySelectorAll('main p, main h2, main h3')].filter(one => one.offsetParent)
    .map(one => one.getBoundingClientRect().right)"""
LANDMARKS = """['header', 'nav', 'main', 'footer']
    .map(one => document.querySelectorAll(`body > ${one}, main > ${one}`).length)"""
NAMES = """[...document.querySelectorAll('svg[role=img]')].map(one => one.getAttribute('aria-labelledby').split(' ')
    .map(id => document.getElementById(id).textContent.length))"""
LOST = """[...document.querySelectorAll('svg.drawing')].flatMap(svg => [...svg.querySelectorAll('*')].flatMap(one =>
    [...one.attributes].flatMap(entry => [...entry.value.matchAll(entry.name == 'href' ? /^#(.+)/g : /url\\(#([^)]+)/g)]
        .map(match => match[1])).filter(id => !svg.querySelector('#' + CSS.escape(id)))))"""
FOCUSABLE = """[...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
    .filter(one => one.checkVisibility({contentVisibilityAuto: true}))
    .filter(one => !one.closest('details:not([open])') || one.matches('summary')).length"""
MARK = """(() => { const one = document.activeElement; if (one === document.body) return ''
    one.dataset.reached = one.dataset.reached || Math.random(); return one.dataset.reached })()"""
ADD = """async () => {
    const refused = []
    document.addEventListener('securitypolicyviolation', event => refused.push(event.effectiveDirective))
    const add = (tag, words) => document.head.append(Object.assign(document.createElement(tag), {textContent: words}))
    add('script', 'window.ran = 1')
    add('style', 'h1 { color: red }')
    const image = new Image()
    image.src = 'http://127.0.0.1:9/x.png'
    const holder = document.createElement('div')
    document.body.append(image, holder)
    holder.innerHTML = '<b style="color: red" onclick="window.ran = 1">x</b>'
    holder.firstChild.click()
    await fetch('http://127.0.0.1:9/').catch(() => 0)
    await new Promise(done => setTimeout(done, 100))
    return [window.ran === undefined, [...new Set(refused)].sort()]
}"""
RUNNING = (
    "[window.ran, document.scripts.length, document.querySelectorAll('main img, [onload], [onerror], iframe').length]"
)
TOO_WIDE = """[...document.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > 701)
    .map(one => one.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_asks_for_nothing_and_complains_of_nothing(open_page, kind):
    page = open_page(kind)
    page.wait_for_timeout(100)
    outside = [address[:80] for address in page.asked[1:] if not address.startswith("data:")]
    assert (outside, page.complaints) == ([], [])
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(one => !one.name.startsWith('data:')).length")
        == 0
    )


@pytest.mark.parametrize(("kind", "width"), [("compare", 360), ("sweep", 360), ("hostile", 1280)])
def test_axe_finds_no_violation_of_wcag_21_a_and_aa(open_page, kind, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(kind, width)
    page.evaluate(OPEN)
    rules = {"type": "tag", "values": RULES}
    found = axe.run(page, options={"runOnly": rules, "resultTypes": ["violations"], "preload": False}).response
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]] == []
    assert len(found["passes"]) >= 10  # it has looked


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_scrolls_sideways_at_three_widths(open_page, kind):
    page = open_page(kind)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(OPEN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{kind} at {width}"
        assert max(page.evaluate(RIGHT_EDGES)) <= width


def test_the_page_has_a_language_one_title_landmarks_and_headings_in_order(open_page):
    page = open_page("compare")
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => +one.tagName[1])")
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels
    assert page.evaluate(LANDMARKS) == [1] * 4
    names = page.evaluate(NAMES)
    assert len(names) >= 3 and min(min(lengths) for lengths in names) > 10
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_every_reference_inside_a_drawing_finds_its_target_in_the_same_drawing(open_page):
    page = open_page("compare")
    assert page.evaluate(LOST) == []
    assert page.evaluate("document.querySelectorAll('svg.drawing use, svg.drawing [clip-path]').length") > 10


def test_a_keyboard_reaches_everything_and_opens_the_details(open_page):
    page = open_page("compare")
    wanted = page.evaluate(FOCUSABLE)
    reached = []
    for _ in range(wanted + 2):
        page.keyboard.press("Tab")
        mark = page.evaluate(MARK)
        if not mark:
            break
        reached.append(mark)
    assert len(set(reached)) == wanted > 20
    page.reload()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0  # it can be seen
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    page.locator("summary").first.focus()
    for is_open in (True, False):
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open") is is_open


def test_the_files_inside_the_page_can_be_saved(open_page):
    page = open_page("compare")
    with page.expect_download() as caught:
        page.get_by_role("link", name="summary.csv").click()
    rows = list(csv.DictReader(io.StringIO(caught.value.path().read_text(encoding="utf-8"))))
    assert caught.value.suggested_filename == "summary.csv"
    assert [row["regime"] for row in rows] == ["Mixed", "Lottery, short-term (luck 1)"]
    shares = [float(rows[0][f"{name}_share"]) for name in ("grows", "holds", "fragments")]
    assert sum(shares) == pytest.approx(1)


def test_the_policy_of_the_page_holds_against_what_would_be_added(open_page):
    page = open_page("run")
    found = page.evaluate(ADD)
    assert found == [
        True,
        ["connect-src", "img-src", "script-src-attr", "script-src-elem", "style-src-attr", "style-src-elem"],
    ]
    assert set(page.refused) == {"csp"} and len(page.refused) >= 1  # none left the browser


def test_hostile_names_are_shown_and_neither_run_nor_lost(open_page):
    page = open_page("hostile")
    page.wait_for_timeout(100)
    assert page.evaluate(RUNNING) == [None, 0, 0]
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    text = page.inner_text("body")
    settings = page.evaluate("[...document.querySelectorAll('.stacked tbody th')].map(one => one.textContent)")
    for name in hostile.NAMES.values():
        shown = name.replace("\u202e", "\ufffd").replace("\u202c", "\ufffd")
        assert settings.count(shown) >= 1, (shown, settings[:8])
    assert "{{ 7 * 7 }} {% raw %}" in text
    assert not set(text) & set("\u202e\u202c\u2066\u2067\u2068\u2069")
    drawn = page.evaluate("[...document.querySelectorAll('svg.drawing text')].map(one => one.textContent).join(' ')")
    for part in ("undefined$ & $5", "Hidden Shelter", "東京シェルター", "script>", "HYPERLINK"):
        assert part in drawn
    assert '"><svg onload=window.ran=1>' in text  # a population


def test_a_formula_in_a_name_is_no_formula_in_the_saved_file(open_page):
    page = open_page("hostile")
    with page.expect_download() as caught:
        page.get_by_role("link", name="summary.csv").click()
    cells = [row[0] for row in csv.reader(io.StringIO(caught.value.path().read_text(encoding="utf-8")))]
    assert "'" + hostile.NAMES["formula"] in cells


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_chromium_prints_a_tagged_pdf_with_the_details_open(results, chromium, tmp_path, paper):
    pypdf = pytest.importorskip("pypdf")
    from sim.report.printing import print_by_chromium

    print_by_chromium(results / "compare" / "report.html", tmp_path / "report.pdf", paper)
    reader = pypdf.PdfReader(tmp_path / "report.pdf")
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert root["/Lang"].startswith("en")
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == {"a4": [595, 842], "letter": [612, 792]}[
        paper
    ]
    text = unicodedata.normalize("NFKC", "\n".join(page.extract_text() for page in reader.pages))  # without ligatures
    assert "What the figure shows" in text and "Numbers with a published source" in text
    assert "summary.csv" not in text  # a link that paper cannot follow


def test_on_paper_nothing_is_wider_than_the_page(open_page):
    page = open_page("compare", 700)  # A4 less its margins, in CSS pixels
    page.emulate_media(media="print")
    assert page.evaluate(TOO_WIDE) == []
    heights = page.evaluate(
        "[...document.querySelectorAll('details table')].filter(one => !one.closest('.long, .many, .screen-only'))"
        ".map(one => one.getBoundingClientRect().height)"
    )
    assert heights and min(heights) > 20  # closed on the screen, open on paper
