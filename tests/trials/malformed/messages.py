"""Questions to the app that must be refused: wrong kinds, huge numbers, odd JSON, foreign pages, to each endpoint."""

from __future__ import annotations

import asyncio
import json
import random
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx

from sim.explorer.live.guards import MAX_BODY_BYTES, Room
from sim.explorer.live.options import Options
from sim.explorer.live.server import App, build_app
from tests.trials.malformed.judging import LONG, SILENT, TRACEBACK, judge_text

JSON = "application/json"
ENDPOINTS = ("/enter", "/set-up", "/run", "/play", "/keep")
GOOD: dict[str, Any] = {
    "regime": "mixed",
    "shock": "total_cut",
    "values": {"memberships.turf_weight": 1.5, "meetings.facilitation": 0.4},
    "seed": 3,
    "months": 12,
    "changes": [{"month": 5, "values": {"meetings.facilitation": 0.2}}],
}
NO_VALUES = (
    None, "", "x", [], {}, [1], {"a": 1}, "1", "NaN", "1e999", "${oc.env:HOME}", "\ud800", "\u202e", "\x00", "<b>",
    "x" * 60_000, 10**400, -(10**400), [[[[]]]], {"_target_": "os.system"}, "../../etc/passwd",
)  # fmt: skip
NO_NUMBERS = (*NO_VALUES, 1e308, -1e308, True, False)
KEPT_BODIES: tuple[tuple[str, bytes], ...] = (
    ("nothing", b""), ("a word", b"x"), ("open", b"{"), ("a list", b"[]"), ("a number", b"3"), ("null", b"null"),
    ("deep lists", b"[" * 30_000), ("deep mappings", b'{"a":' * 10_000), ("not UTF-8", b'{"a": "\xff"}'),
    ("UTF-16", '{"months": 12}'.encode("utf-16")), ("NaN", b'{"seed": NaN}'), ("Infinity", b'{"seed": Infinity}'),
    ("minus Infinity", b'{"values": {"meetings.facilitation": -Infinity}}'), ("twice", b'{"seed": 1, "seed": 2}'),
    ("twice inside", b'{"values": {"meetings.facilitation": 0.1, "meetings.facilitation": 0.2}}'),
    ("digits", b'{"seed": ' + b"9" * 5000 + b"}"), ("huge exponent", b'{"months": 1e999}'), ("comma", b'{"seed": 1,}'),
    ("comment", b'{"seed": 1} // x'), ("two", b"{} {}"), ("quotes", b"{'seed': 1}"), ("zeros", b"\x00" * 100),
    ("oversized", b'{"values": {"' + b"x" * MAX_BODY_BYTES + b'": 1}}'), ("pickle", b"\x80\x04N."),
    ("surrogate", b'{"regime": "\\ud800"}'), ("unknown key", b'{"regiem": "mixed"}'),
    ("hydra", b'{"hydra": {"run": {"dir": "/tmp"}}}'), ("prototype", b'{"__proto__": {"regime": "mixed"}}'),
    ("leading zero", b'{"seed": 007}'), ("hexadecimal", b'{"seed": 0x10}'), ("plus", b'{"seed": +1}'),
)  # fmt: skip


class Message(NamedTuple):
    """A question: where to, its body, its headers, and whether it comes in pieces of unknown length."""

    path: str
    body: bytes
    headers: dict[str, str]
    is_chunked: bool = False


class Server:
    """The app in this process, as it answers to this machine; what it does not catch is raised here."""

    def __init__(self) -> None:
        """Start and let one visitor in."""
        transport = httpx.ASGITransport(build_app(App(Options(), Room(None), save=_save)))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8642")
        self.loop = asyncio.new_event_loop()
        self.thread = ThreadPoolExecutor(1)  # where the loop runs: the caller's thread may have one of its own
        self.headers = {"content-type": JSON}
        self.headers["x-visitor"] = self._post("/enter", b"{}", {}).json()["visitor"]

    def _post(self, path: str, content: Any, headers: dict[str, str]) -> httpx.Response:
        return self._wait(self.client.post(path, content=content, headers=self.headers | headers))

    def _wait(self, question: Coroutine[Any, Any, Any]) -> Any:
        return self.thread.submit(self.loop.run_until_complete, question).result()

    def close(self) -> None:
        """End."""
        self._wait(self.client.aclose())
        self._wait(self.loop.shutdown_default_executor())
        self.loop.close()
        self.thread.shutdown()

    def send(self, message: Message) -> tuple[str, str]:
        """Return how a message was met, and what was said."""
        try:
            content = _cut(message.body) if message.is_chunked else message.body
            answer = self._post(message.path, content, message.headers)
        except Exception:
            return TRACEBACK, traceback.format_exc(limit=-3)
        if answer.status_code < 400:
            return SILENT, f"{message.path} {message.body[:200]!r}: {answer.text[:80]}"
        told = answer.json()["error"] if answer.headers.get("content-type") == JSON else answer.text
        return (judge_text(told) if answer.status_code < 500 else LONG), f"{answer.status_code} {told}"


async def _cut(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 700):
        yield body[at : at + 700]


def _save(asked: Any, name: str) -> str:
    from sim.configuration import compose

    compose([*asked.words, f"name={name}"])
    return name


def list_kept() -> list[tuple[str, Message]]:
    """Return the kept messages: bodies to each endpoint, whole and in pieces, and headers that do not belong."""
    found = [
        (f"{path} {name}{' in pieces' * is_chunked}", Message(path, body, {}, is_chunked))
        for path in ENDPOINTS
        for name, body in KEPT_BODIES
        for is_chunked in (False, True)
        if not (is_chunked and path != "/run")
    ]
    headers = (
        {"content-type": "text/plain"}, {"content-type": ""}, {"content-type": "application/jsonx"},
        {"content-type": "multipart/form-data; boundary=x"}, {"content-type": "application/x-www-form-urlencoded"},
        {"host": "evil.example"}, {"host": ""}, {"host": "127.0.0.1:1"}, {"host": "127.0.0.1.evil.example:8642"},
        {"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"}, {"origin": "https://127.0.0.1:8642"},
    )  # fmt: skip
    body = json.dumps(GOOD).encode()
    found += [(f"/run {one}", Message("/run", body, one)) for one in headers]
    found += [
        (f"/run visitor {at}", Message("/run", body, {"x-visitor": one})) for at, one in enumerate(("", "x", "../"))
    ]
    names = (
        "",
        "../x",
        "a/b",
        ".hidden",
        "a b",
        "x" * 65,
        "\ud800",
        "a\nb",
        "CON/..",
        "${oc.env:HOME}",
        3,
        None,
        [],
        {},
    )
    return found + [(f"/keep as {at}", _ask("/keep", GOOD | {"name": name})) for at, name in enumerate(names)]


def _ask(path: str, tree: Any) -> Message:
    return Message(path, json.dumps(tree).encode(), {})


def _spoil_entry(rng: random.Random, tree: dict[str, Any]) -> None:
    name = rng.choice(["regime", "shock", "seed", "months", "values", "changes"])
    empty = {"values": {}, "changes": []}.get(name)
    tree[name] = rng.choice([one for one in NO_NUMBERS if (name in ("regime", "shock") and one is not None) or (
        name not in ("regime", "shock") and one != empty)])  # fmt: skip


def _spoil_value(rng: random.Random, tree: dict[str, Any]) -> None:
    values = rng.choice([tree["values"], tree["changes"][0]["values"]])
    values["meetings.facilitation"] = rng.choice(NO_NUMBERS)


def _spoil_name(rng: random.Random, tree: dict[str, Any]) -> None:
    values = rng.choice([tree, tree["values"], tree["changes"][0], tree["changes"][0]["values"]])
    values[rng.choice([str(one)[:50_000] for one in NO_VALUES] + ["field.folder", "name.x", "hydra.run.dir"])] = 1


def _spoil_range(rng: random.Random, tree: dict[str, Any]) -> None:
    tree |= rng.choice([{"seed": -rng.randrange(1, 9)}, {"seed": 2**53}, {"months": 601}, {"months": 0}])


def _spoil_change(rng: random.Random, tree: dict[str, Any]) -> None:
    month = rng.choice([0, -1, 13, 10**9, "5", 5.0, True, None, [], 10**400])
    tree["changes"] = rng.choice(
        [
            [{"month": month, "values": {"meetings.facilitation": 0.1}}],
            [month],
            tree["changes"] * 41,
            [{"month": 3, "values": {"field.n_organizations": 9}}],
        ]
    )


SPOILING: tuple[Callable[[random.Random, dict[str, Any]], None], ...] = (
    _spoil_entry, _spoil_value, _spoil_name, _spoil_range, _spoil_change,
)  # fmt: skip


def make_message(rng: random.Random) -> Message:
    """Return a message that must be refused."""
    tree = json.loads(json.dumps(GOOD))
    path = rng.choice(ENDPOINTS[1:])
    if rng.random() < 0.1:
        body = bytearray(json.dumps(tree).encode())
        at = rng.randrange(len(body))
        body[at:at] = rng.choice([b"\x00", b"\xff", b'"', b"{", b"\x1b"])
        if _says_the_same(bytes(body)):
            body = bytearray(b"{")
        return Message(path, bytes(body), {}, rng.random() < 0.3)
    rng.choice(SPOILING)(rng, tree)
    if path == "/keep":
        tree["name"] = "kept"
    return Message(path, json.dumps(tree).encode(), {}, rng.random() < 0.3)


def _says_the_same(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
