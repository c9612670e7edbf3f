"""Listening and serving: loopback alone, unless asked for more; ends cleanly on Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
import threading
import webbrowser

import uvicorn

from sim.engine.warmup import compile_turns
from sim.errors import ConfigurationError
from sim.explorer.live.server import App, build_app

LOOPBACK, EVERYONE = "127.0.0.1", "0.0.0.0"


def listen(port: int, *, is_open_to_all: bool) -> tuple[list[socket.socket], list[str]]:
    """Return the listening socket and the addresses of the page, this machine's own first.

    Raises `ConfigurationError` where the port is taken or may not be used.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((EVERYONE if is_open_to_all else LOOPBACK, port))
    except OSError as problem:
        listening.close()
        raise ConfigurationError(f"--port {port}: {problem.strerror}; take another, or 0 for any") from None
    listening.listen(128)
    found = listening.getsockname()[1]
    names = [LOOPBACK, *(find_addresses() if is_open_to_all else [])]
    return [listening], [f"http://{name}:{found}/" for name in names]


def find_addresses() -> list[str]:
    """Return the addresses at which others in the network reach this machine; sends nothing."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))  # a documentation address: only the way there is looked up
        return [probe.getsockname()[0]]
    except OSError:
        return []
    finally:
        probe.close()


def serve(app: App, sockets: list[socket.socket], url: str | None) -> None:
    """Serve until Ctrl-C or SIGTERM; opens `url` in a browser once it can be answered."""
    config = uvicorn.Config(
        build_app(app), log_level="warning", access_log=False, server_header=False, date_header=False,
        limit_concurrency=400, timeout_keep_alive=20, timeout_graceful_shutdown=3, lifespan="off", ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    threading.Thread(target=_warm, args=(app,), daemon=True).start()
    if url is not None:
        threading.Timer(0.5, webbrowser.open, [url]).start()
    asyncio.run(server.serve(sockets=sockets))


def _warm(app: App) -> None:
    """Prepare what visitors would otherwise wait for."""
    app.options.warm()
    compile_turns()
