"""Mesa's own page in a browser: it opens offline, steps, and draws anew. On each line of Mesa: see mesa_lines.py."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

pytestmark = [pytest.mark.nightly, pytest.mark.slow]
SECONDS = 120  # for what takes seconds on a machine that does nothing else
SHOWN = "[...document.querySelectorAll('svg[role=img]')].map(one => one.outerHTML)"


class Listener:
    """A proxy that answers nobody and notes where they want to go; who looks for the network is told to go by it."""

    def __init__(self):
        self.wanted, self._socket = [], socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                with self._socket.accept()[0] as caller:
                    self.wanted.append(caller.recv(200).split(b"\r\n")[0].decode("latin-1"))
            except OSError:
                return

    def close(self):
        self._socket.close()


def find_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve the page as a user does; yield its address and the proxy that it must not use."""
    pytest.importorskip("solara", reason="pip install 'coalitions[mesa-app]' brings solara; make nightly does it")
    pytest.importorskip("solara_assets", reason="without solara-assets the page fetches its scripts from the network")
    port, listener = find_port(), Listener()
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), listener.url)
    told = tmp_path_factory.mktemp("mesa") / "told"
    with told.open("w") as file:
        words = [sys.executable, "-m", "sim.model.page", "--port", str(port), "--no-open"]
        environment = {**os.environ, **proxies, "no_proxy": "127.0.0.1,localhost"}
        server = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, env=environment)
    try:
        wait_for(f"http://127.0.0.1:{port}/", server, told)
        yield f"http://127.0.0.1:{port}", listener
    finally:
        server.terminate()
        server.wait(timeout=20)
        listener.close()


def wait_for(url, server, told):
    end = time.monotonic() + SECONDS
    while True:
        assert server.poll() is None, told.read_text()
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < end, told.read_text()
            time.sleep(0.5)


def wait_for_month(page, month):
    """Wait until both drawings show a month: they are drawn one after the other."""
    told = f"['Month {month}:', 'month {month} of'].every(text => document.body.innerText.includes(text))"
    page.wait_for_function(told, timeout=1000 * SECONDS)


def test_the_page_opens_offline_steps_and_draws_anew(served, browser, record_property):
    import mesa

    record_property("mesa", mesa.__version__)
    url, listener = served
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page, asked, errors = context.new_page(), [], []
    context.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    wait_for_month(page, 0)
    first = page.evaluate(SHOWN)
    assert len(first) == 2 and first[0].count("<circle") + first[0].count("<polygon") == 18
    for month in (1, 2, 3):
        page.get_by_role("button", name="Step").click()
        wait_for_month(page, month)
    after = page.evaluate(SHOWN)
    assert after[0] != first[0] and after[1] != first[1]
    assert "month 3 of 120" in after[1]
    points = [drawing.split("<polyline points=")[1].split('"')[1].split() for drawing in (first[1], after[1])]
    assert [len(one) for one in points] == [1, 4] and points[1][0] == points[0][0]
    page.get_by_role("button", name="Reset").click()
    wait_for_month(page, 0)
    assert page.evaluate(SHOWN) == first  # the same seed
    assert "coalitions run regime=competitive" in page.inner_text("body")
    assert "nothing here shows that a policy works" in page.inner_text("body")
    outside = [one for one in asked if not one.startswith((url, "data:", "blob:"))]
    assert (outside, errors, listener.wanted) == ([], [], [])
    assert len(asked) > 10  # it has loaded something
    context.close()
