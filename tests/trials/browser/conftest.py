"""A real browser without a network, and the results whose reports it opens; skipped where there is no browser."""

import shutil

import pytest

from sim.__main__ import main
from tests.trials.browser import hostile

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SMALL = ("field.n_organizations=8", "months=24")
KINDS = ("run", "compare", "sweep", "hostile")


@pytest.fixture(scope="session")
def chromium():
    program = next(
        (path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None
    )
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium, or any Chrome on the path")
    return program


@pytest.fixture(scope="session")
def browser(chromium):
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install 'coalitions[test]' brings playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))  # a profile of its own each time
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Run one small result of each kind, write its report, and return the folder of all."""
    root = tmp_path_factory.mktemp("results")
    own = hostile.write_configuration(tmp_path_factory.mktemp("own"))
    kept = ["--results", str(root), "--quiet"]
    commands = (
        [
            "run",
            "regime=competitive",
            "seeds=6",
            "shock=total_cut",
            "shock.month=12",
            *SMALL,
            "name=run",
            "--no-figures",
        ],
        [
            "compare",
            "regime=mixed",
            *SMALL,
            "seeds=4",
            "name=compare",
            "vs",
            "regime=lottery",
            "grants.luck=1",
            "--no-figures",
        ],
        [
            "sweep",
            "regime=mixed,lottery",
            "grants.luck=0,0.5,1",
            "field.viewpoint_spread=0,0.9",
            "seeds=2",
            *SMALL,
            "name=sweep",
        ],
        ["run", "experiment=mine", "--config-dir", str(own), SMALL[0], "months=12", "name=hostile", "--no-figures"],
    )
    for command in commands:
        assert main([*command, *kept]) == 0, command
    hostile.spoil(root / "hostile")
    for kind in KINDS:
        assert main(["report", str(root / kind)]) == 0
    return root


@pytest.fixture
def open_page(browser, results):
    """Return a function that opens the report of a kind; what the page asks for and complains of is kept on it."""
    contexts = []

    def open_one(kind, width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints, page.refused = [], [], []
        context.on("request", lambda request: page.asked.append(request.url))
        context.on("requestfailed", lambda request: page.refused.append(request.failure))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: page.complaints.append(dialog.message))
        page.goto((results / kind / "report.html").as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()
