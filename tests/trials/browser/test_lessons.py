"""The lessons as a class meets them: sheets that print, and steps on the page that lead to what the key says."""

import io
import re

import pytest

from experiments.lessons import handouts
from experiments.lessons.__main__ import LESSONS, main, make_key
from tests.trials.browser.pages import list_violations, opened, wait_until

pypdf = pytest.importorskip("pypdf")


@pytest.mark.parametrize("paper", ["Letter", "A4"])
def test_the_prediction_sheet_is_one_printed_page_of_its_own(browser, paper):
    page = browser.new_page()
    for name in LESSONS:
        page.set_content(handouts.make_page(f"{name}_sheets"))
        assert page.locator("script").count() == 0
        told = [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(page.pdf(format=paper))).pages]
        assert [at for at, text in enumerate(told) if "P1." in text or "My reason" in text] == [0]
        assert "Worksheet" in told[1] and "W1." in told[1]
        assert "Quiz" in told[-1] and 3 <= len(told) <= 4
    if paper == "A4":
        for name in (f"{LESSONS[0]}_sheets", LESSONS[0]):
            page.set_content(handouts.make_page(name))
            assert list_violations(page) == []
    page.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    assert main(["--print", str(folder)]) == 0
    return folder


def find_table(key, title):
    """Return the rows of a table of a key, by their first cell."""
    [rows] = [rows for name, rows in key.tables if title in name]
    return rows[0], {row[0]: row[1:] for row in rows[1:]}


def find_told(key, place, asks):
    [one] = [one for one in key.answers if one.place.startswith(place) and asks in one.asks]
    return one.told


def play_scene(page, number, answer):
    page.locator("#scene-buttons button").nth(number).click()
    page.locator(f"input[value={answer}]").check()
    page.click("text=Commit")
    page.click("text=To the end of the run")


def read_numbers(page):
    """Return the numbers under each picture, by name."""
    return [
        dict(zip(card.locator("dt").all_inner_texts(), card.locator("dd").all_inner_texts(), strict=True))
        for card in page.locator("#pictures .card").all()
    ]


@pytest.mark.slow
@pytest.mark.nightly
def test_the_steps_of_the_first_lesson_lead_to_its_key(browser, folder):
    key = make_key("size")
    with opened(browser, (folder / "explore-size.html").as_uri() + "#scene=1", reduced_motion="reduce") as page:
        assert not page.is_visible("#watch")
        play_scene(page, 1, "less")
        for seed, row in find_table(key, "W3")[1].items():
            page.select_option("#seed", label=seed)
            assert page.inner_text("#month-told") == "120"
            names = ("closed", "in none", "in the largest", "pairs that share a coalition")
            found = [float(side[name]) for side in read_numbers(page) for name in names]
            assert found == pytest.approx([float(told) for told in row], abs=0.0101)  # lines come in steps of 1/250
        told = re.search(r"\(([−+]\d\.\d\d), 95 % interval (\S+) to (\S+)\)", find_told(key, "P2", "pairs"))
        assert f"is {told[1]} (95 % interval {told[2]} to {told[3]})" in page.inner_text("#scene")
        play_scene(page, 2, "more")
        largest = find_table(key, "W5")[1]
        for seed in range(1, 11):
            page.select_option("#seed", label=str(seed))
            assert [side["in the largest"] for side in read_numbers(page)] == [
                row[seed - 1] for row in largest.values()
            ]


@pytest.mark.slow
@pytest.mark.nightly
def test_the_steps_of_the_second_lesson_lead_to_its_key(browser, folder):
    key, printed = make_key("stability"), (folder / handouts.PRINTOUTS).read_text(encoding="utf-8")
    lesson = (handouts.FOLDER / "stability.md").read_text(encoding="utf-8")
    link = re.search(r"`(explore-classroom\.html#a=[^`]+)`", lesson)[1]
    with opened(browser, f"{folder.as_uri()}/{link}", reduced_motion="reduce") as page:
        for seed in range(1, 11):
            page.select_option("#seed", label=str(seed))
            for side, title in enumerate(("A, much", "B, little")):
                leaving, gone, *_ = find_table(key, f"{title} money, seed")[1][str(seed)]
                if leaving != "nobody":
                    assert all(f"{seat} (" in printed for seat in leaving.split(", "))
                held = page.evaluate(
                    """([side, month]) => [...explorer.sides[side].run.seats[month]].flatMap(
                    ([serial, seated]) => seated.map(who => `${who + 1}→${serial}`))""",
                    [side, 72],
                )
                found = [seat for seat in leaving.split(", ") if seat not in held and leaving != "nobody"]
                assert (", ".join(found) or "nobody") == gone
        [who, which, seed] = re.search(r"`(\d+)→(\d+)` \(seed (\d+), B\)", lesson).groups()
        assert f"{who}→{which}" in find_table(key, "B, little money, seed")[1][seed][1]  # what the lesson points at
        page.select_option("#seed", label=seed)
        told = []
        for month in range(60, 73):
            page.fill("#month", str(month))
            told += page.locator("#pictures .card >> nth=1").locator(".log li").all_inner_texts()
        left = f"organization {who} leaves coalition {which}"
        assert left in lesson and any(one.startswith(f"{left} ") for one in told), told


@pytest.mark.slow
@pytest.mark.nightly
def test_the_steps_of_the_third_lesson_lead_to_its_key(browser, folder):
    key = make_key("funding")
    with opened(browser, (folder / "explore-classroom.html").as_uri() + "#scene=1", reduced_motion="reduce") as page:
        head, rows = find_table(key, "W1 to W3")
        places = {name: head.index(name) - 1 for name in ("unrestricted: in none", "silos: in none", "cut: in none")}
        for scene, side in ((1, "silos: in none"), (2, "cut: in none")):
            play_scene(page, scene, "less")
            verdicts = find_told(key, "W1" if scene == 1 else "W2", "verdicts of B").strip("*")
            assert f"of 10 runs {verdicts}" in page.inner_text("#over")
            for seed, row in rows.items():
                page.select_option("#seed", label=seed)
                found = [one["in none"] for one in read_numbers(page)]
                assert found == [row[places["unrestricted: in none"]], row[places[side]]]
        play_scene(page, 4, "less")
        assert f"coverage at the end {find_told(key, 'W3', 'coverage')[2:6]}" in page.inner_text("#over")
    lesson = (handouts.FOLDER / "funding.md").read_text(encoding="utf-8")
    links = re.findall(r"`(explore-strain\.html#a=[^`]+)`", lesson)
    for link, rule in zip(links, ("with the rule", "without it"), strict=True):
        with opened(browser, f"{folder.as_uri()}/{link}", reduced_motion="reduce") as page:
            for usd, money in (("220000", "220,000"), ("20000", "20,000")):
                page.evaluate("hash => { location.hash = hash; }", link.split("#")[1].replace("220000", usd))
                wait_until(page, f"explorer.nameSetting(explorer.state.a).includes(' {money} USD')")
                told = page.inner_text("#over")
                for spread in ("near", "far"):
                    mean = find_told(key, "W4", f"{rule}: pairs at the end, {spread}, {money}")[2:6]
                    assert f"at the end pairs that share a coalition {mean}" in told
