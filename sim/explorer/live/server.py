"""The server: three files of the page, and five questions it may ask. Everything else is refused."""

from __future__ import annotations

import base64
import functools
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sim.configuration.doubtful import tell_shock
from sim.errors import CoalitionsError, ConfigurationError, RefusedError
from sim.explorer.building import is_shipped, round_number
from sim.explorer.header import describe_start, describe_words
from sim.explorer.live.asking import Asked, read_asked, refuse_unknown_keys, require_text, write_command
from sim.explorer.live.game import compare, describe_turn, hide
from sim.explorer.live.guards import HEADERS, MAX_BODY_BYTES, Room, check_host, check_origin
from sim.explorer.live.options import Options, read_values
from sim.explorer.live.visitors import Visitors
from sim.explorer.packing import pack_run
from sim.explorer.page import SHARED, fill_page, read_script, read_style
from sim.results.disclosure import hide_place
from sim.results.scenario import describe_setting
from sim.results.verdict import UNKNOWN, explain_unknown, judge_panels
from sim.schema.columns import JUDGED
from sim.text import CAUTION, make_plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from sim.explorer.live.visitors import Game
    from sim.explorer.recording import Recording

FOLDER = Path(__file__).parent
AT_A_TIME = 2  # runs; the rest wait


class App:
    """What the server answers, apart from how it is reached.

    save: keeps a run under a name and returns its folder; None where visitors may not write on this machine.
    """

    def __init__(
        self,
        options: Options,
        room: Room,
        visitors: Visitors | None = None,
        save: Callable[[Asked, str], str] | None = None,
    ) -> None:
        """Get ready to answer."""
        self.options, self.room, self.save = options, room, save
        self.visitors = visitors or Visitors()
        self._limiter: CapacityLimiter | None = None

    def enter(self, tree: dict[str, Any], address: str) -> dict[str, Any]:
        """Let a visitor in: its secret, and everything the page has to know."""
        refuse_unknown_keys(tree, ("code",))
        problem = self.room.check(require_text(tree.get("code", ""), "code"), address)
        if problem:
            raise RefusedError(403, problem)
        described = self.options.describe() | {"words": describe_words(self.options.compose({}))}
        return {"visitor": self.visitors.enter(), "may_save": self.save is not None, **described}

    def set_up(self, tree: dict[str, Any], secret: str) -> dict[str, Any]:
        """Return the value of every control under the chosen options."""
        self.visitors.find(secret)
        return {"values": read_values(read_asked(tree, self.options).parameters)}

    def run(self, tree: dict[str, Any], secret: str) -> dict[str, Any]:
        """Go on with a run; return what there is of it, and the command that gives it again."""
        visitor = self.visitors.find(secret)
        asked = read_asked(tree, self.options)
        found = visitor.advance(asked, self.options.find_roster(asked.parameters))
        is_done = found["month"] == asked.parameters.months
        return {
            "run": base64.b64encode(found["run"]).decode("ascii"),
            "start": describe_start(found["start"], is_known=is_shipped(asked.parameters)),
            "grants": sorted(asked.parameters.regime.programmes),
            "month": found["month"],
            "months": asked.parameters.months,
            "verdict": _judge(found["rows"]) if is_done else None,
            "command": self._tell(asked),
            "scenario": self._describe(asked),
            "warnings": list(filter(None, [tell_shock(asked.parameters)])),
        }

    def _describe(self, asked: Asked) -> str:
        """Return what is special about the setting of a run, in words."""
        roster = self.options.find_roster(asked.parameters)
        changes = [{"month": change.month, "values": change.values} for change in asked.changes]
        return describe_setting(asked.parameters, roster, asked.words, changes)

    def play(self, tree: dict[str, Any], secret: str) -> dict[str, Any]:
        """Go on with a game up to the next turn; return what its organization knows, at the end everything."""
        visitor = self.visitors.find(secret)
        asked = read_asked(tree, self.options)
        if asked.seat is None:
            raise ConfigurationError("seat: say which organization you are")
        if self.room.code is not None and not is_shipped(asked.parameters):
            text = "the seats of a roster of your own can be taken on your machine alone: others would see its accounts"
            raise RefusedError(403, text)
        tell = functools.partial(describe_game, asked=asked, is_known=is_shipped(asked.parameters))
        return visitor.play(asked, asked.seat, self.options.find_roster(asked.parameters), tell)

    def _tell(self, asked: Asked) -> list[str]:
        """Return the command of a run; a room is not told where on this machine a roster lies."""
        words = write_command(asked)
        return words if self.room.code is None else list(map(hide_place, words))

    def keep(self, tree: dict[str, Any], secret: str) -> dict[str, Any]:
        """Save a run with all its tables on this machine."""
        if self.save is None:
            text = "runs are saved by who opened the room; copy the command instead, it gives the same run"
            raise RefusedError(403, text)
        self.visitors.find(secret)
        name = require_text(tree.get("name", ""), "name")
        asked = read_asked({key: value for key, value in tree.items() if key != "name"}, self.options)
        return {"folder": self.save(asked, name), "command": write_command(asked, name)}

    async def answer(self, question: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
        """Answer in a thread, a few at a time, so that the others are still listened to."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(AT_A_TIME)
        return await to_thread.run_sync(functools.partial(question, *given), limiter=self._limiter)


def describe_game(game: Game, *, asked: Asked, is_known: bool) -> dict[str, Any]:
    """Return a game as plain data: as far as it has gone, its turns, and at the end what the rule made of it."""
    played, seat, is_over = game.played, game.played.seat, game.is_over
    found = played.record()
    shown = found if is_over else hide(found, played.stance, seat.organization)
    taken = [{"month": one.month, "kind": one.kind, "about": one.about, "chosen": one.chosen, "rule": one.rule}
             for one in played.player.taken]  # fmt: skip
    differing = {f"{one['month']}:{seat.organization}={one['chosen']}" for one in taken if one["chosen"] != one["rule"]}
    decided = seat._replace(decisions=tuple(one for one in seat.decisions if str(one) in differing))
    answer = {
        "run": _encode(shown),
        "start": describe_start(shown.start, is_known=is_known),
        "grants": sorted(asked.parameters.regime.programmes),
        "month": played.month,
        "months": asked.parameters.months,
        "is_there": played.player.is_there,
        "turn": describe_turn(played.turn, is_known=is_known) if played.turn else None,
        "taken": taken,
        "decisions": [str(one) for one in decided.decisions],
        "command": write_command(asked._replace(seat=decided)),
        "is_over": is_over,
    }
    if is_over:
        answer |= {"ruled": _encode(game.ruled.record()), "compared": compare(played, game.ruled)}
        answer |= {"verdict": _judge(found.rows), "ruled_verdict": _judge(game.ruled.record().rows)}
    return answer


def _encode(found: Recording) -> str:
    return base64.b64encode(pack_run(found)).decode("ascii")


def _judge(rows: Any) -> dict[str, Any]:
    panels = {name: np.asarray(rows[name], float)[np.newaxis] for name in JUDGED}
    judged = judge_panels(panels)
    names = ("verdict", "collaboration_change", "coverage_end")
    found = {name: judged[name][0] for name in names}
    plain = {name: round_number(value) for name, value in found.items()}
    return plain | ({"why": explain_unknown(plain["verdict"])} if plain["verdict"] in UNKNOWN else {})


def build_app(app: App) -> Starlette:
    """Return the ASGI application."""
    page = fill_page(FOLDER / "page.html", {"CAUTION": html.escape(CAUTION)})
    style = read_style() + (FOLDER / "game.css").read_text(encoding="utf-8")
    script = read_script(SHARED, (FOLDER / "weighing.js", FOLDER / "play.js", FOLDER / "live.js"))
    texts = {"/": (page, "text/html"), "/page.css": (style, "text/css"), "/page.js": (script, "text/javascript")}

    def show(text: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return Response(text, media_type=kind)

        return endpoint

    def ask(question: Callable[[Request, dict[str, Any]], Awaitable[dict[str, Any]]]) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                return JSONResponse(await question(request, await _read_body(request)))
            except RefusedError as problem:
                return _refuse(problem.status, problem)
            except CoalitionsError as problem:
                return _refuse(422, problem)
            except ClientDisconnect:
                return Response(status_code=400)

        return endpoint

    async def enter(request: Request, tree: dict[str, Any]) -> dict[str, Any]:
        return await app.answer(app.enter, tree, request.client.host if request.client else "")

    def of_visitor(question: Callable[..., dict[str, Any]]) -> Any:
        return lambda request, tree: app.answer(question, tree, request.headers.get("x-visitor", ""))

    routes = [Route(path, show(*told), methods=["GET"]) for path, told in texts.items()]
    asked = {"/set-up": app.set_up, "/run": app.run, "/play": app.play, "/keep": app.keep}
    questions = {"/enter": enter} | {path: of_visitor(question) for path, question in asked.items()}
    routes += [Route(path, ask(question), methods=["POST"]) for path, question in questions.items()]
    application = Starlette(routes=routes)
    application.add_middleware(Guard)
    return application


def _refuse(status: int, problem: Exception) -> Response:
    return JSONResponse({"error": make_plain(str(problem))}, status)


class Guard:
    """Refuses what comes from elsewhere, and sends the headers that keep the page to itself."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]
            await send(message)

        request, server = Request(scope), scope.get("server") or ("", 0)
        host = request.headers.get("host", "")
        if not check_host(host, server[1], server[0]):
            await PlainTextResponse("this server is not known by that name", 421)(scope, receive, sending)
        elif scope["method"] == "POST" and not check_origin(request.headers, host):
            await PlainTextResponse("other pages may not ask here", 403)(scope, receive, sending)
        else:
            await self._app(scope, receive, sending)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _pair_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a name stands twice")  # which of the two was meant?
    return tree


async def _read_body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise RefusedError(415, "questions are asked in JSON")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise RefusedError(413, f"a question has at most {MAX_BODY_BYTES} bytes")
    try:
        tree = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_pair_once)
    except (ValueError, RecursionError):
        raise RefusedError(400, "this is not JSON, or names one thing twice") from None
    if not isinstance(tree, dict):
        raise RefusedError(400, "a question is a mapping")
    return tree
