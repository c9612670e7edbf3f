"""The explorer in a browser: its runs are the model's, nothing leaves the page, keys and links work for all."""

import re
from urllib.parse import parse_qs

import numpy as np
import pytest

from sim.configuration import compose
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs
from sim.engine.runner import Runner
from sim.explorer.building import build_explorer
from sim.schema import codes
from tests.trials.browser.pages import OPENINGS, SIZES, enlarge, list_violations, opened, resize, wait_until

WORDS = ["seeds=4", "months=60", "shock.month=24"]
DESIGN = {"vary": {"regime": ["unrestricted", "population_silo"], "shock": ["none", "total_cut"]}}


@pytest.fixture(scope="module")
def html():
    return build_explorer(compose(WORDS, design=DESIGN), "coalitions explore")


@pytest.fixture(scope="module")
def url(html, tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


def state_of(page):
    return {name: values[0] for name, values in parse_qs(page.evaluate("location.hash.slice(1)")).items()}


def test_every_run_read_by_the_page_is_that_of_the_model(browser, url):
    with opened(browser, url) as page:
        for point, (regime, shock) in enumerate(
            (r, s) for r in DESIGN["vary"]["regime"] for s in DESIGN["vary"]["shock"]
        ):
            parameters = compose([*WORDS, f"regime={regime}", f"shock={shock}"]).parameters
            inputs = Inputs(parameters, max_events=8192)
            found, runner = run_compiled(inputs, [3]), Runner(inputs, [3])
            read = page.evaluate(
                """places => { const {run} = explorer.findRun(places, 2);
                const seats = run.seats.map(seats => [...seats]);
                return {seats, open: run.open, lines: run.lines, events: run.events}; }""",
                [point // 2, point % 2],
            )
            for month in range(61):
                runner.run(range(month, month + 1))
                held = inputs.world.coalitions
                seats = {
                    int(held.number[c]) + 1: np.flatnonzero(held.member[c]).tolist()
                    for c in np.flatnonzero(held.is_active)
                }
                assert dict(read["seats"][month]) == {serial: seated for serial, seated in seats.items() if seated}
                assert read["open"][month] == inputs.world.organizations.is_open.tolist()
            for name in ("collaboration_share", "coverage_share", "mean_fiscal_stress", "awareness"):
                values = found.rows[0][name]
                assert np.abs(np.array(read["lines"][name]) - values).max() <= 1 / 500 + 1e-12
            events = [event[1:] for event in found.events.tolist() if 0 < event[1] <= 60]
            assert len(read["events"]) == len(events) > 100
            for ours, (month, kind, organization, _, coalition, _, cause, _) in zip(
                read["events"], events, strict=True
            ):
                told = ours["month"], ours["kind"], ours["organization"], ours["coalition"], ours["cause"]
                assert told == (month, codes.EVENTS[kind], organization + 1, coalition + 1, codes.CAUSES[cause])


def test_nothing_is_asked_of_any_other_address(browser, url, html):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html).group(1)
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    with opened(browser, url) as page:
        page.keyboard.press("ArrowRight")
        page.click("text=1. What")
        assert page.asked == [url]
        blocked = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'blocked')")
        assert blocked == "blocked"
        assert all("Content Security Policy" in told for told in page.complaints)
        page.complaints.clear()
    assert not re.search(r"(?:src|href)=\"https?:", html)


STATES = ("scene=1", "scene=1&said=less&month=60&done=1&all=1", "seed=2&month=30")


@pytest.mark.parametrize("sizes", OPENINGS, ids="-".join)
def test_no_screen_needs_to_be_scrolled_sideways_and_axe_finds_nothing(browser, url, sizes):
    with opened(browser, url, *SIZES[sizes[0]]) as page:
        for state in STATES:
            page.evaluate("hash => { location.hash = hash; }", state)
            scene, every = int("scene" in state), str("all" in state).lower()
            wait_until(page, f"explorer.state.scene === {scene} && explorer.state.all === {every}")
            for size in sizes:
                resize(page, size)
                assert page.locator("footer").bounding_box()["y"] < SIZES[size][1]
            if state != STATES[-1] or "phone" in sizes:
                assert list_violations(page) == []
        if "phone" not in sizes:
            enlarge(page, sizes)
        assert "nothing here shows that a policy works" in page.inner_text("footer")


def test_a_link_holds_what_was_chosen(browser, url):
    with opened(browser, url) as page:
        page.select_option("#a-0", label="Population silos")
        page.select_option("#b-1", label="Total cut")
        page.select_option("#seed", label="3")
        page.fill("#month", "24")
        page.check("#all-seeds")
        link, told, picture = page.url, page.inner_text("#told"), page.inner_html("#pictures svg >> nth=0")
        assert state_of(page) | {"speed": "4"} == {
            "a": "population_silo~none",
            "b": "population_silo~total_cut",
            "seed": "3",
            "month": "24",
            "all": "1",
            "speed": "4",
        }
    with opened(browser, link) as page:
        assert page.inner_text("#told") == told
        assert page.inner_html("#pictures svg >> nth=0") == picture
        assert page.input_value("#a-0") == "1" and page.input_value("#b-1") == "1" and page.is_checked("#all-seeds")
        for broken in ("a=nonsense&b=%00&seed=-1&month=1e9&scene=99&said=most", "month=999", "scene=0&a=~~~"):
            page.evaluate("hash => { location.hash = hash; }", broken)
            wait_until(page, "explorer.state.all === false")
            assert (
                0 <= int(page.inner_text("#month-told")) <= 60
                if page.is_visible("#player")
                else page.is_visible("#scene")
            )


def test_the_keyboard_alone_is_enough(browser, url):
    with opened(browser, url, reduced_motion="reduce") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        for key, month in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("Shift+ArrowRight", 13)):
            page.keyboard.press(key)
            assert page.inner_text("#month-told") == str(month)
        page.keyboard.press("n")
        assert page.input_value("#seed") == "1"
        page.keyboard.press("Space")
        wait_until(page, "explorer.view.month > 13")
        page.keyboard.press("Space")
        assert page.inner_text("#play") == "Play"
        page.uncheck("#keys")
        page.evaluate("document.activeElement.blur()")
        before = page.inner_text("#month-told")
        page.keyboard.press("ArrowRight")
        assert page.inner_text("#month-told") == before


def test_a_prediction_is_made_before_anything_is_seen_and_told_against_all_seeds(browser, url):
    with opened(browser, url + "#scene=1", reduced_motion="reduce") as page:
        assert not page.is_visible("#player") and not page.is_visible("#over-seeds") and not page.is_visible("#watch")
        page.click("text=Commit")  # without an answer nothing happens
        assert not page.is_visible("#player")
        page.check("text=Collaboration grows more in B")
        page.click("text=Commit")
        assert page.is_visible("#watch") and not page.is_visible("#over-seeds")
        assert page.locator("svg.strip rect[opacity='1']").count() == 2  # what is still to come is covered
        page.click("text=To the end of the run")
        changes = page.evaluate("explorer.header.summary.collaboration_change")
        mean = np.mean(np.array(changes[8:12]) - np.array(changes[0:4]))
        told = page.inner_text("#scene")
        assert f"the change in collaboration in B less that in A is {mean:+.2f}".replace("-", "−") in told
        assert "you predicted: more" in told or "as you predicted" in told
        assert state_of(page)["said"] == "more"
        assert page.is_visible("#over-seeds") and page.locator("#why table tbody tr").count() > 2


def test_what_happens_is_told_in_words_for_who_does_not_see_it(browser, url):
    with opened(browser, url) as page:
        month = page.evaluate("explorer.sides[0].run.events.find(event => event.kind === 'exit').month")
        page.fill("#month", str(month))
        assert re.search(r"organization \d+ leaves coalition \d+ \([a-z ]+\)", page.inner_text("#told"))
        assert page.get_attribute("#told", "aria-live") == "polite"
        label = page.get_attribute("#pictures svg.picture >> nth=0", "aria-label")
        assert f"Month {month}" in label and "coalition 1:" in label
        assert page.get_attribute("#month", "aria-valuetext") == f"month {month} of 60"


def test_what_begins_and_ends_memberships_adds_up_to_their_change(browser, url):
    with opened(browser, url) as page:
        runs = page.evaluate(
            """() => explorer.header.seeds.flatMap((_, seed) => [[0, 0], [1, 1]].map(places => {
            const {run} = explorer.findRun(places, seed), found = explorer.numbers.countFlows(run);
            const {flows, organizations, memberships} = found;
            const held = month => [...run.seats[month].values()].reduce((sum, seated) => sum + seated.length, 0);
            return {rise: held(run.last) - held(0), flows: [...flows.values()], organizations, memberships,
                    begin: explorer.numbers.BEGINNINGS, months: run.seats.map((_, month) => held(month)),
                    open: run.open.map(one => one.filter(Boolean).length)};
            }))"""
        )
    assert len(runs) == 8
    for run in runs:
        gained = sum(one["count"] for one in run["flows"] if one["how"] in run["begin"])
        lost = sum(one["count"] for one in run["flows"] if one["how"] not in run["begin"])
        assert gained - lost == run["rise"]
        assert gained > 20 and lost > 20
        assert run["memberships"] == pytest.approx(sum(run["months"][1:]) / 12)
        assert run["organizations"] == pytest.approx(sum(run["open"][1:]) / 12)
    ways = {one["how"] for run in runs for one in run["flows"]}
    assert ways >= {"joining", "founding", "leaving", "breaking away", "the coalition ends", "closing"}


DOUBLED = """() => {
  const {countFlows, compareFlows, addUp} = explorer.numbers;
  const twice = run => ({...run,
    seats: run.seats.map(seats => new Map([...seats].flatMap(([serial, seated]) =>
      [[serial, seated], [serial + 10000, seated.map(who => who + run.n)]]))),
    open: run.open.map(one => [...one, ...one]),
    months: run.months.map(events => events.flatMap(one => [one, {...one,
      organization: one.organization && one.organization + run.n,
      coalition: one.coalition && one.coalition + 10000}]))});
  const runs = places => explorer.header.seeds.map((_, seed) => explorer.findRun(places, seed).run);
  const free = runs([0, 0]).map(countFlows), double = runs([0, 0]).map(run => countFlows(twice(run)));
  const rows = compareFlows([free, double], explorer.header.t_quantiles);
  const told = explorer.tellDifference(rows, [free, double]).textContent;
  const silo = runs([1, 0]).map(countFlows);
  const other = compareFlows([free, silo], explorer.header.t_quantiles);
  const total = runs => [...addUp(runs).flows.values()].reduce((sum, {count}) => sum + count, 0);
  return {rows, told, counts: [free, double].map(total), other,
          otherTold: explorer.tellDifference(other, [free, silo]).textContent};
}"""


def test_a_field_twice_as_large_with_nothing_else_changed_names_no_reason(browser, url):
    with opened(browser, url) as page:
        found = page.evaluate(DOUBLED)
    assert found["counts"][1] == 2 * found["counts"][0] > 0
    assert all(abs(row["effect"]) < 1e-12 and not row["isClear"] for row in found["rows"])
    assert "largest clear difference" not in found["told"]
    assert any(row["isClear"] for row in found["other"]) and "largest clear difference" in found["otherTold"]


SPLIT = """([n, splits]) => {
  const {countFlows, compareFlows} = explorer.numbers, quantiles = explorer.header.t_quantiles_joint;
  const found = explorer.header.seeds.map((_, seed) => countFlows(explorer.findRun([0], seed).run));
  return splits.map(seeds => explorer.tellDifference(compareFlows(
    [seeds.slice(0, n), seeds.slice(n, 2 * n)].map(part => part.map(seed => found[seed])), quantiles),
    [seeds.slice(0, n), seeds.slice(n, 2 * n)].map(part => part.map(seed => found[seed]))).textContent);
}"""


@pytest.mark.parametrize("n", [2, 3, 10])
def test_two_halves_of_the_seeds_of_one_setting_hardly_ever_name_a_reason(browser, tmp_path, n):
    path = tmp_path / "split.html"
    design = {"vary": {"regime": ["unrestricted"]}}
    path.write_text(build_explorer(compose(["seeds=40", "months=60"], design=design), "coalitions explore"), "utf-8")
    shuffled = np.random.default_rng(1)
    splits = [shuffled.permutation(40).tolist() for _ in range(60)]
    with opened(browser, path.as_uri()) as page:
        told = page.evaluate(SPLIT, [n, splits])
    assert sum("largest clear difference" in text for text in told) <= 6  # three in sixty are expected


def test_shares_stay_shares_and_zero_has_no_sign(browser, url):
    with opened(browser, url) as page:
        page.click("text=Together, but for whom?")
        page.evaluate("explorer.say('less')")
        page.click("text=To the end of the run")
        told = page.inner_text("#over")
    bounds = [
        float(one) for pair in re.findall(r"coverage at the end .* interval ([\d.]+) to ([\d.]+)", told) for one in pair
    ]
    assert len(bounds) == 4 and all(0 <= bound <= 1 for bound in bounds)
    assert not re.search(r"[−+]0\.00", told)


@pytest.mark.parametrize("months", [1, 2, 11, 12, 13, 23])
def test_runs_too_short_to_judge_say_so_and_claim_no_verdict(browser, tmp_path, months):
    path = tmp_path / "short.html"
    design = {"vary": {"regime": ["unrestricted", "population_silo"]}}
    configuration = compose(["seeds=2", f"months={months}"], design=design)
    path.write_text(build_explorer(configuration, "coalitions explore"), "utf-8")
    with opened(browser, path.as_uri()) as page:
        body, over = page.inner_text("body"), page.inner_text("#over")
    assert over.count("too short") >= 3 and "holds\n" not in over and "unknown" not in over and "none" not in over
    assert not re.search(r"\b(NaN|undefined|null|Infinity)\b", body)


def test_the_effects_of_all_ways_add_up_to_that_of_their_totals(browser, url):
    with opened(browser, url) as page:
        rows = page.evaluate(DOUBLED)["other"]
    begin, end = ([row for row in rows if row["isBeginning"] is side] for side in (True, False))
    for kept, sign in ((begin, 1), (end, -1)):
        totals = [sum(row["rates"][side] for row in kept) for side in (0, 1)]
        assert sum(row["effect"] for row in kept) == pytest.approx(sign * np.log(totals[1] / totals[0]))


def test_a_page_of_runs_too_short_to_judge_says_so(browser, tmp_path):
    path = tmp_path / "short.html"
    design = {"vary": {"regime": ["unrestricted", "population_silo"]}}
    path.write_text(build_explorer(compose(["seeds=2", "months=18"], design=design), "coalitions explore"), "utf-8")
    with opened(browser, path.as_uri()) as page:
        told = page.inner_text("#over-seeds")
        assert told.count("too short") >= 3 and "holds;" not in told and "needs 24 months" in told
        assert "2 too short" in told and "NaN" not in page.inner_text("body")


def test_play_goes_through_seeds(browser, url):
    with opened(browser, url + "#month=58&speed=12&a=unrestricted~none&b=unrestricted~total_cut") as page:
        page.check("#through")
        page.click("#play")
        wait_until(page, "explorer.state.seed === 1")
        wait_until(page, "explorer.view.month > 2 && explorer.view.month < 50")


PARTINGS = """() => {
  const places = explorer.header.dimensions.reduce(
    (found, {values}) => found.flatMap(one => values.map((_, at) => [...one, at])), [[]]);
  const held = (run, month) => JSON.stringify([...run.seats[month]]);
  const {moves: kinds} = explorer.header;
  const moves = (run, month) => JSON.stringify(run.months[month].filter(({kind}) => kinds.includes(kind)));
  return explorer.header.seeds.flatMap((_, seed) => places.slice(1).map(other => {
    const runs = [places[0], other].map(one => explorer.findRun(one, seed).run);
    const last = Math.min(...runs.map(run => run.last));
    const months = [...Array(last + 1).keys()];
    const isOther = month => [held, moves].some(tell => tell(runs[0], month) !== tell(runs[1], month));
    return {first: months.find(isOther) ?? null, told: explorer.tellParting(runs.map(run => ({run}))).textContent};
  }));
}"""


def test_where_two_runs_part_is_the_first_month_in_which_they_differ(browser, url):
    with opened(browser, url) as page:
        found = page.evaluate(PARTINGS)
    assert len(found) == 12 and {one["first"] for one in found} >= {0, 24}  # from the start; with the shock
    for one in found:
        if one["first"] == 0:
            assert "differ from the start" in one["told"]
        else:
            assert f"Month {one['first']}. A: " in one["told"]
            sides = re.search(r"A: (.*)\. B: (.*)\. Show", one["told"]).groups()
            assert sides[0] != sides[1]


def test_who_does_the_same_is_told_as_an_organization_and_a_newcomer_as_another_one(browser, tmp_path):
    path = tmp_path / "newcomers.html"
    words = ["seeds=2", "months=60", "grants.annual_usd_per_organization=5000", "accounts.opening_rate=0.2"]
    page_text = build_explorer(
        compose(words, design={"vary": {"regime": ["unrestricted", "none"]}}), "coalitions explore"
    )
    path.write_text(page_text, "utf-8")
    with opened(browser, path.as_uri()) as page:
        told = page.evaluate(
            """() => { const {run} = explorer.sides[1];
            return run.months.flatMap((_, month) => {
              explorer.view.go(month);
              return [...document.querySelectorAll('#pictures .log li')].map(one => one.textContent); }); }"""
        )
        assert any(re.search(r", likewise organizations? \d", one) for one in told)
        assert not any(", also" in one for one in told)
        who, month = page.evaluate(
            """() => { const found = explorer.sides[1].run.events.filter(event => event.kind === 'open').pop();
            return [found.organization, found.month]; }"""
        )
        titles = {}
        for at in (0, month):
            page.fill("#month", str(at))
            titles[at] = page.evaluate(
                "who => explorer.view.panels[1].picture.circles.children[who - 1].textContent",
                who,
            )
    assert "serves mostly" in titles[0] and "viewpoint" in titles[0]
    assert f"newcomer of month {month}" in titles[month] and "serves mostly" not in titles[month]


def test_a_shorter_run_beside_a_longer_one_stays_at_its_end_and_says_so(browser, tmp_path):
    path = tmp_path / "lengths.html"
    design = {"vary": {"months": [30, 36], "memberships.strain": [0, 0.75]}}
    path.write_text(build_explorer(compose(["seeds=2"], design=design), "coalitions explore"), "utf-8")
    with opened(browser, path.as_uri()) as page:
        page.fill("#month", "35")
        assert "A: the run ended in month 30" in page.inner_text("#told")
        assert "this run ended in month 30" in page.inner_text("#pictures .log >> nth=0")
        assert "this run ended" not in page.inner_text("#pictures .log >> nth=1")
        ends = page.evaluate(
            "[...document.querySelectorAll('#lines svg')][0].querySelectorAll('circle')[0].getAttribute('cx')"
        )
        cursor = page.evaluate("document.querySelector('#lines svg line:last-of-type').getAttribute('x1')")
        assert float(ends) < float(cursor)
        assert "run over" in page.locator("#lines-table").text_content()
        assert "how far the cost of viewpoint tension follows fiscal pressure: 0" in page.inner_text(
            "#pictures h3 >> nth=0"
        )
