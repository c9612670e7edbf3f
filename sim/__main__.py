"""The command ``coalitions``: reads the verb and its options, and hands over to `sim.commands`."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

from sim.commands.console import guard, is_memory_short, refuse_words, say_error, tell_memory
from sim.commands.parsing import build_parser
from sim.commands.registry import VERBS, Verb
from sim.commands.streams import open_streams
from sim.compiler.systems import tell_system
from sim.errors import FAILED, OK, USAGE, ConfigurationError

PATHS = ("results", "folder", "config_dir", "output", "to", "roster")


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    if told := tell_system():
        say_error(told)
        return USAGE
    _spare_memory()
    gc.set_threshold(50_000)  # reading libraries makes many objects and little garbage
    atexit.register(gc.freeze)  # at the end all memory goes at once; looking through it would take half a second
    open_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in ("-sc", "--shell-completion"):
        from sim.commands.completion import complete

        return guard(lambda: complete(words[1:]))
    if any("\0" in word for word in words):  # no shell passes one on, and no file can have it in its name
        say_error("the command holds a NUL character; take it out")
        return USAGE
    parser = build_parser(words)
    try:
        args, overrides = parser.parse_known_args(words)
    except SystemExit as end:  # argparse has printed help or the mistake
        return int(end.code or 0)
    if args.version:
        return _print_version()
    if args.verb is None:
        return _without_verb(parser, overrides)
    verb = VERBS[args.verb]
    if not verb.is_light and is_memory_short():
        say_error(tell_memory())
        return FAILED
    args.overrides = overrides
    _settle_paths(args)
    return guard(lambda: _execute(verb, args, parser))


def _execute(verb: Verb, args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Run the verb. Raises `ConfigurationError` for words and options it does not have."""
    if not verb.takes_words:
        refuse_words(args)
    for word in args.overrides:
        if word.startswith("-"):
            from sim.commands.completion import list_options, list_verbs
            from sim.configuration import suggest

            hint = suggest(word.partition("=")[0], list_options(list_verbs(parser)[verb.name]))
            raise ConfigurationError(f"unknown option '{word}'.{hint} `coalitions {verb.name} --help` shows all.")
    return args.execute(args)


def _print_version() -> int:
    """Print the versions of the program, of the model and its code, and of what computes with it."""
    from sim import __version__
    from sim.results.release import describe_code, describe_maker, name_model, tell_code

    libraries = {name: number for name, number in describe_maker().items() if name != "code"}
    print(f"coalitions {__version__}, {name_model()}, {tell_code(describe_code())}")
    print(", ".join(f"{name} {number}" for name, number in libraries.items()))
    return OK


def _spare_memory() -> None:
    """Have libraries of linear algebra start one thread each where memory is limited; numpy is not imported yet.

    Some of them wait for ever for the memory of their threads, deaf to SIGTERM.
    """
    with suppress(ImportError):  # no limits on this system
        import resource

        if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
            for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
                os.environ.setdefault(name, "1")


def _settle_paths(args: argparse.Namespace) -> None:
    """Read ~ in paths as a shell does, which leaves it in --results=~/x; libraries would, some of them and not others.

    ./~x is a folder of that name, and is then named from the root on, so that no library takes it for a home.
    """
    for name in PATHS:
        path = getattr(args, name, None)
        if isinstance(path, str) and path.startswith("~"):
            setattr(args, name, os.path.expanduser(path))  # noqa: PTH111  (an unknown user is no error)
        elif isinstance(path, str) and path.startswith("./~"):
            setattr(args, name, str(Path(path).absolute()))


def _without_verb(parser: argparse.ArgumentParser, words: list[str]) -> int:
    if words:
        say_error(f"unknown option '{words[0]}'. `coalitions --help` shows all.")
        return USAGE
    parser.print_help()
    return OK


if __name__ == "__main__":
    sys.exit(main())
