"""Odd places: locales, names of folders, streams that are closed or full, no terminal, a clock that goes backwards.

`python -m tests.trials.reliability --only places`. What is printed and written is held against that of a plain place.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.trials.reliability.calling import call, digest, judge, make_command
from tests.trials.reliability.tallies import Tally, Tell, be_quiet, skip
from tests.trials.reliability.verbs import GOOD, VERBS, Expected, Verb, make_expected, make_good

LOCALES = ("C", "POSIX", "C.utf8", "tr_TR.UTF-8", "de_DE.UTF-8", "tr_TR.ISO-8859-9", "ar_EG.UTF-8")
NO_TEXT = os.fsdecode(b"\xff\xfe")  # to write there may be refused, in a line
NAMES = {
    "spaces": "two  words ",
    "letters of other scripts": "Häuser 東京 بيت",
    "combining letters": "a\u0308e\u0301",
    "emoji": "🏠",
    "a leading dash": "-x",
    "an option's name": "--results",
    "a newline": "a\nb",
    "250 characters": "n" * 250,
    "a percent sign and braces": "%s {0} ${HOME}",
    "quotes": 'it\'s "so"',
    "equals and comma": "a=b,c",
    "a glob": "*[a-z]?",
    "markup": "<b>&amp;",
    "a backslash": "a\\b",
    "bytes that are no text": NO_TEXT,
    "a hash": "#x",
    "a colon": "C:x",
    "a tilde": "~root",
}
NAMED = ("run", "sweep", "report", "export")
STREAMS = {  # lines of the shell around COMMAND, and exit codes that are right
    "output to a program that ends at once": ("COMMAND | true; exit ${PIPESTATUS[0]}", (0,)),
    "output to `head -n 1`": ("COMMAND | head -n 1 > head.txt; exit ${PIPESTATUS[0]}", (0,)),
    "output closed": ("COMMAND >&-", (0,)),
    "errors closed": ("COMMAND 2>&-", (0,)),
    "input closed": ("COMMAND <&-", (0,)),
    "all three closed": ("COMMAND <&- >&- 2>&-", (0,)),
    "output full": ("COMMAND > /dev/full", (0, 5)),
    "no TERM": ("unset TERM; COMMAND", (0,)),
    "a dumb TERM": ("TERM=dumb COMMAND", (0,)),
    "an unknown TERM": ("TERM=nothing COMMAND", (0,)),
    "no environment but the path": ("exec env -i PATH=\"$PATH\" PYTHONPATH=\"$PYTHONPATH\" COMMAND", (0,)),
    "ten columns": ("COLUMNS=10 COMMAND", (0,)),
}  # fmt: skip
CLOCKS = {"a day back": "-1d", "a century ahead": "+36500d", "backwards": "-0 x-1", "a hundredfold": "-0 x100"}
READING = (
    Verb("list", ("list", "regimes")),
    Verb("show", ("show", "regime", "mixed")),
    Verb("help", ("--help",)),
    Verb("export", ("export", f"RESULTS/{GOOD}", "--force"), is_reader=True),
    Verb("init", ("init", "my_city")),
)


def measure(*, quick: bool = False, tell: Tell = be_quiet) -> list[dict[str, Any]]:
    """Try every locale, name, stream and clock with some verbs; return a row a kind."""
    chosen = [verb for verb in VERBS if verb.name in NAMED[: 1 if quick else None]]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        kept = make_good(root)
        expected = {verb.name: make_expected(verb, _make(root, f"{verb.name}-expected"), kept) for verb in chosen}
        steps = (try_locales, try_names, try_streams, try_clocks)
        rows = []
        for at, step in enumerate(steps):
            tell(at, len(steps))
            rows.append(step(Setting(chosen, _make(root, step.__name__), kept, expected, quick)))
    return rows


def _make(root: Path, name: str) -> Path:
    (root / name).mkdir()
    return root / name


class Setting(NamedTuple):
    """What every step needs: verbs, a folder of its own, the run to read, what undisturbed calls leave, how much."""

    verbs: list[Verb]
    root: Path
    kept: Path
    expected: dict[str, Expected]
    is_quick: bool

    def try_verb(
        self, verb: Verb, place: Path, changes: dict[str, str | None], command: Sequence[str] = (), results: str = ""
    ) -> str:
        """Call a verb in the folder `place` and compare; return what is amiss."""
        folder = place / (results or "results")
        verb.furnish(folder, self.kept)
        called = call(command or verb.command(), place, changes)
        is_refused = called.code == 2 and NO_TEXT in (results, place.name)
        problem = judge(called, (2,) if is_refused else (0,))
        return problem or ("" if is_refused or digest(folder) == self.expected[verb.name].digest else "other bits")

    def some(self, names: Iterable[str], count: int) -> list[str]:
        """Return all names, or the first `count` where it is to be quick."""
        return list(names)[: count if self.is_quick else None]


def try_locales(setting: Setting) -> dict[str, Any]:
    """Call in every locale that is installed, and in those that are not, as a wrong setting names them."""
    found = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.lower()
    installed = found.replace("-", "").split()
    tally = Tally("locales: numbers, letters and files as in any other")
    names = setting.some(LOCALES, 2)
    for at, name in enumerate(names):
        for utf8 in ("0", None):  # without Python's own way out of plain ASCII, and with it
            for verb in setting.verbs:
                changes = {"LANG": name, "LC_ALL": name, "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": utf8}
                problem = setting.try_verb(verb, _make(setting.root, f"{verb.name}-{at}-{utf8}"), changes)
                tally.add(problem and f"{name}, PYTHONUTF8={utf8}, {verb.name}: {problem}")
    there = [name for name in names if name.lower().replace("-", "") in installed]
    missing = [name for name in names if name not in there]
    tally.note = f"installed: {', '.join(there)}"
    tally.note += f"; set though not installed, which is C then: {', '.join(missing)}" if missing else ""
    return tally.row()


def try_names(setting: Setting) -> dict[str, Any]:
    """Let the working folder, and then the folder of results, have an odd name."""
    tally = Tally("odd names of the working folder and of the folder of results")
    for at, what in enumerate(setting.some(NAMES, 4)):
        name = NAMES[what]
        for verb in setting.verbs:
            place = _make(_make(setting.root, f"{at}-{verb.name}"), name)
            problem = setting.try_verb(verb, place, {})
            tally.add(problem and f"{what}, working there, {verb.name}: {problem}")
            place = _make(setting.root, f"{at}-{verb.name}-results")
            problem = setting.try_verb(verb, place, {}, _name_results(verb, name), name)
            tally.add(problem and f"{what}, results there, {verb.name}: {problem}")
    tally.note = ", ".join(setting.some(NAMES, 4))
    return tally.row()


def _name_results(verb: Verb, name: str) -> list[str]:
    """Return the command with results in `name`, written so that a dash in front begins no option."""
    words = []
    for before, word in zip(("", *verb.words), verb.words, strict=False):
        if before == "--results":
            words.append(f"--results={f'./{name}' if name.startswith('~') else name}")
        elif word != "--results":
            words.append(word.replace("RESULTS", f"./{name}"))
    return make_command(*words)


def try_streams(setting: Setting) -> dict[str, Any]:
    """Close, fill and cut off what a command reads and writes."""
    tally = Tally("streams closed, full or cut off; no terminal, no environment")
    for at, what in enumerate(setting.some(STREAMS, 3)):
        line, codes = STREAMS[what]
        for number, verb in enumerate([*setting.verbs, *READING]):
            place = _make(setting.root, f"{at}-{number}")
            verb.furnish(place / "results", setting.kept)
            called = call(["bash", "-c", line.replace("COMMAND", shlex.join(verb.command()))], place)
            is_long = verb.name == "help" or "2>&-" in line  # what a parser tells where output is closed; nothing
            problem = "" if is_long and called.code in codes else judge(called, codes)
            is_writer = verb in setting.verbs and called.code == 0
            if not problem and is_writer and digest(place / "results") != setting.expected[verb.name].digest:
                problem = "other bits"
            tally.add(problem and f"{what}, {' '.join(verb.words[:2])}: {problem}")
    tally.note = ", ".join(setting.some(STREAMS, 3))
    return tally.row()


def try_clocks(setting: Setting) -> dict[str, Any]:
    """Let the clock stand wrong, or run fast or backwards."""
    tally = Tally("a clock that is wrong, fast, or runs backwards", ", ".join(CLOCKS))
    faketime = shutil.which("faketime")
    if faketime is None:
        return skip(tally.what, "faketime is not installed")
    for at, what in enumerate(setting.some(CLOCKS, 1)):
        for verb in setting.verbs:
            command = [faketime, "-f", CLOCKS[what], *verb.command()]
            place = _make(setting.root, f"{at}-{verb.name}")
            problem = setting.try_verb(verb, place, {"DONT_FAKE_MONOTONIC": "1"}, command)
            tally.add(problem and f"{what}, {verb.name}: {problem}")
    return tally.row()
