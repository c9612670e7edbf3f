"""What all verbs share on the console: options, exit codes, errors in one line, and progress on stderr."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sim.commands.streams import holds
from sim.errors import (
    FULL,
    INTERRUPTED,
    OK,
    TERMINATED,
    CoalitionsError,
    ConfigurationError,
    InputError,
    NoRoomError,
)
from sim.text import make_plain

NEEDED_MB = 2_000  # of a run, its figures aside; a fifth of it is used
LEAST_MB = 1_000  # with less, libraries do not load
Report = Callable[[float, int], None]


class _Stopped(BaseException):
    """SIGTERM has arrived."""


def say_error(text: str) -> None:
    """Print one error to stderr, so that nothing in it steers the terminal."""
    print(f"error: {make_plain(text)}", file=sys.stderr)


def say_warning(text: str) -> None:
    """Print to stderr what is allowed but hardly meant."""
    print(f"warning: {make_plain(text)}", file=sys.stderr, flush=True)


def say_at_once(text: str) -> None:
    """Print before the work is over; that nobody listens any more (``| head``) does not stop it."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _close_output()


def _close_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def guard(action: Callable[[], int]) -> int:
    """Return the exit code of `action`; what goes wrong becomes a line on stderr, never a traceback.

    COALITIONS_DEBUG=1 lets the traceback of an unexpected error through.
    """
    with suppress(ValueError):  # not the main thread: whoever owns that one decides
        signal.signal(signal.SIGTERM, _stop)
    try:
        with _plain_warnings():
            return action()
    except _Stopped:
        print("stopped by SIGTERM", file=sys.stderr)
        return TERMINATED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _close_output()
        return OK
    except Exception as problem:
        if os.environ.get("COALITIONS_DEBUG") == "1":
            raise
        known = explain(problem)
        say_error(str(known))
        return known.exit_code


def explain(problem: Exception) -> CoalitionsError:
    """Return an error as one of our own, which has one line of text and an exit code."""
    if isinstance(problem, OSError):
        if problem.errno in FULL:
            return NoRoomError(tell_file(problem))
        if problem.filename:
            return InputError(tell_file(problem))
        if told := tell_no_folder(problem):
            return InputError(told)
    if isinstance(problem, CoalitionsError):
        return problem
    if isinstance(problem, UnicodeEncodeError) and problem.reason == "surrogates not allowed":
        return InputError("the name of a file or folder is no text in UTF-8; choose another")
    if isinstance(problem, MemoryError):
        return CoalitionsError(tell_memory())
    detail = " ".join(str(problem).split())
    told = f"unexpected {type(problem).__name__}: {detail} (rerun with COALITIONS_DEBUG=1 for the traceback)"
    return CoalitionsError(told)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show what the library warns of as a line on stderr, without the place in the code."""
    import warnings

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"warning: {make_plain(str(message))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _stop(*_: Any) -> None:
    raise _Stopped


def tell_file(problem: OSError) -> str:
    """Return what the system says of a file that cannot be read or written, with a mend."""
    mend = "make room, then call again" if problem.errno in FULL else "choose another with --results or mend its rights"
    reason = " ".join((problem.strerror or type(problem).__name__).lower().split())
    return f"{problem.filename or 'a file'}: {reason}; {mend}"


def tell_no_folder(problem: OSError) -> str:
    """Return what to say where a library lacks a folder that no file is named for, else nothing."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return "the working folder has been deleted; change to one that is there and call again"
    if "temporary directory" in str(problem):  # Python's and Matplotlib's own words
        return "no folder for temporary files can be written; set TMPDIR to one that can"
    return ""


def is_memory_short() -> bool:
    """Say whether a limit leaves less memory than libraries need to load; some of them would wait for more for ever."""
    with suppress(ImportError):
        import resource

        return 0 <= resource.getrlimit(resource.RLIMIT_AS)[0] < LEAST_MB * 1e6
    return False


def tell_memory() -> str:
    """Return what to say where memory is short: what a command needs, and the limit, where there is one."""
    limit, mend = "", "free memory, or use fewer --workers"
    with suppress(ImportError):
        import resource

        soft = resource.getrlimit(resource.RLIMIT_AS)[0]
        if soft != resource.RLIM_INFINITY:
            limit, mend = f", and the limit is {soft / 1e6:,.0f} MB (ulimit -v)", "raise the limit"
    return f"not enough memory: a process needs about {NEEDED_MB:,} MB of address space{limit}; {mend}"


@contextmanager
def writing(path: Path, mend: str = "") -> Iterator[None]:
    """Name `path` and the `mend` where the system refuses to write. Raises `ConfigurationError`, or OSError if full."""
    try:
        yield
    except OSError as problem:
        if problem.errno in FULL:
            raise
        where = f"{problem.filename or path}: cannot be written ({problem.strerror})"
        raise ConfigurationError(f"{where}; {mend}" if mend else where) from None


def refuse_words(args: argparse.Namespace) -> None:
    """Raise `ConfigurationError` for any word beside the options."""
    if args.overrides:
        word = args.overrides[0]
        raise ConfigurationError(f"'{word}' is too much here; `coalitions {args.verb} --help` shows what is expected")


@contextmanager
def progress(label: str, *, is_quiet: bool = False, unit: str = "runs") -> Iterator[Report]:
    """Yield ``report(done, total)``: a bar on a terminal, else one plain line per 10 %; all on stderr."""
    from rich.console import Console

    console = Console(stderr=True)
    if is_quiet:
        yield lambda done, total: None
    elif console.is_terminal and not console.is_dumb_terminal:
        with _bar(label, console, unit) as report:
            yield report
    else:
        yield _tell_tenths(label, unit)


@contextmanager
def _bar(label: str, console: Any, unit: str) -> Iterator[Report]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text("" if task.speed is None else f"{task.speed:,.0f} a second,")

    done = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TextColumn(f"{unit},"))
    columns = (*done, Speed(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _round(done: float) -> str:
    """Return whole runs as they are, the part of a long one that is done to one digit."""
    return str(done) if done == int(done) else f"{done:.1f}"


def _tell_tenths(label: str, unit: str) -> Report:
    from time import monotonic

    told, first, start = 0, -1, monotonic()

    def report(done: float, total: int) -> None:
        nonlocal told, first
        first = done if first < 0 else first  # what an earlier call has done already says nothing about the speed
        tenth = int(10 * done / max(total, 1))
        if tenth > told and (total > 1 or done < total):
            told, seconds = tenth, monotonic() - start
            left = f", {seconds * (total - done) / (done - first):.0f} s left" if first < done < total else ""
            print(f"{label}: {10 * tenth} % ({_round(done)} of {total} {unit}{left})", file=sys.stderr, flush=True)

    return report


def compile_model(*, is_quiet: bool = False, has_localities: bool = False) -> None:
    """Compile the model where this machine has not done so yet, and say so on stderr with the time that passes.

    has_localities: for fields of many localities, too, which takes longer.
    """
    from time import monotonic

    from sim.compiler import jit

    missing = [one for one in (jit.CITY, jit.LOCALITIES)[: 1 + has_localities] if not jit.is_cached(one)]
    if not missing or not jit.IS_COMPILED:
        return
    from sim.engine.batch import compile_kernels, compile_localities

    start = monotonic()
    with _ticking("Compiling the model for this machine (once, about 15 s) …", is_quiet):
        if jit.CITY in missing:
            compile_kernels()
        if jit.LOCALITIES in missing:
            compile_localities()
    if not is_quiet:
        print(f"Compiled in {monotonic() - start:.0f} s.", file=sys.stderr)


@contextmanager
def _ticking(text: str, is_quiet: bool) -> Iterator[None]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if is_quiet or not console.is_terminal or console.is_dumb_terminal:
        if not is_quiet:
            print(text, file=sys.stderr, flush=True)
        yield
        return
    spinner = "dots" if console.encoding.startswith("utf") else "line"
    with Progress(
        SpinnerColumn(spinner), TextColumn(text), TimeElapsedColumn(), console=console, transient=True
    ) as bar:
        bar.add_task(text, total=None)
        yield


def name_rows(table: Any) -> Any:
    """Return a DataFrame whose index, where it has a name, has become its first column."""
    return table.reset_index() if any(name is not None for name in table.index.names) else table


def format_table(table: Any) -> str:
    """Return a DataFrame as plain text, three decimals."""
    return name_rows(table).to_string(index=False, float_format=lambda value: f"{value:.3f}")


def print_json(content: Any) -> None:
    """Print one JSON object to stdout; nan becomes null, and what stdout cannot show stands as JSON escapes it."""
    import json

    text = json.dumps(_plain(content), indent=2, ensure_ascii=False)
    print(text if holds(text) else json.dumps(_plain(content), indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    return None if isinstance(value, float) and value != value else value
