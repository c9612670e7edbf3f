"""``coalitions app``: the explorer on live runs, served on this machine; to others in the room only with --lan."""

from __future__ import annotations

import argparse
from typing import Any

from sim.commands.console import compile_model, tell_file
from sim.commands.options import add_options
from sim.commands.runs import claim_folder, keep, mark
from sim.configuration import compose
from sim.errors import OK, ConfigurationError
from sim.sweep.in_memory import run_design
from sim.text import CAUTION

DEFAULT_PORT = 8642
DESCRIPTION = """\
Open a page on this machine in which any declared number can be set, a run watched month by month, and a lever set
anew on the way. Every visitor has a model of their own. Each run shows the command that gives it again.

  coalitions app
  coalitions app --roster my_roster           a field more to choose: your own organizations
  coalitions app --lan                        for others in the room, who need the code shown

Nothing is sent anywhere. Needs the extra `app`: pip install "coalitions[app]". End it with Ctrl-C.
"""
SYNOPSIS = "coalitions app [--roster DIR] [--lan] [options]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--roster", metavar="DIR", help="folder with a roster of your own")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, metavar="N", help=f"default {DEFAULT_PORT}; 0: any")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    parser.add_argument("--lan", action="store_true", help="let others in the network in, with a code for the room")
    add_options(parser, "results", "quiet", results="folder for saved runs (default: results)")


def execute(args: argparse.Namespace) -> int:
    """Serve until stopped, and return the exit code."""
    if not 0 <= args.port <= 65535:
        raise ConfigurationError(f"--port {args.port}: must lie in [0, 65535]")
    try:
        from sim.explorer.live.guards import Room, make_code
        from sim.explorer.live.options import Options
        from sim.explorer.live.server import App
        from sim.explorer.live.serving import listen, serve
    except ModuleNotFoundError as problem:
        missing = problem.name or ""
        if missing.partition(".")[0] not in ("starlette", "uvicorn", "anyio"):
            raise
        raise ConfigurationError(f'{missing} is not installed; the app needs: pip install "coalitions[app]"') from None

    compile_model(is_quiet=args.quiet)
    options = Options(args.roster)
    code = make_code() if args.lan else None
    save = None if args.lan else (lambda asked, name: keep_run(args, asked, name))
    sockets, urls = listen(args.port, is_open_to_all=args.lan)
    tell(urls, code)
    serve(App(options, Room(code), save=save), sockets, None if args.no_open else urls[0] + _hash(code))
    return OK


def _hash(code: str | None) -> str:
    return f"#room={code}" if code else ""


def tell(urls: list[str], code: str | None) -> None:
    """Print where the page is, and the code of the room."""
    print(f"Page: {urls[0]}{_hash(code)}   (Ctrl-C ends it)", flush=True)
    if code:
        for url in urls[1:]:
            print(f"In the room: {url}   code {code}", flush=True)
        print("Whoever has the code can run models on this machine until you end it; they can save nothing here.")
    print(CAUTION, flush=True)


def keep_run(args: argparse.Namespace, asked: Any, name: str) -> str:
    """Save a run as ``coalitions run`` does and return its folder. Raises `ConfigurationError`."""
    from sim.commands.run import add_changes

    if not name:
        raise ConfigurationError("a saved run needs a name")
    configuration = add_changes(compose([*asked.words, f"name={name}"]), asked.change_texts, asked.decision_texts)
    try:
        with claim_folder(argparse.Namespace(results=args.results, force=False), configuration) as folder:
            results = run_design(configuration)
            options = [part for text in asked.change_texts for part in ("--change", text)]
            options += [part for text in asked.decision_texts for part in ("--decide", text)]
            mark(results, "run", [*configuration.overrides, *options])
            keep(results, folder)
    except OSError as problem:
        raise ConfigurationError(tell_file(problem)) from None
    return str(folder)
