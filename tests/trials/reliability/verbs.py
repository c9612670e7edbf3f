"""The commands that hard conditions are tried upon: each small, each with what it leaves behind when all is well."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from tests.trials.reliability.calling import call, digest, judge, make_command

GOOD = "good"  # the folder of a finished run that some verbs read


class Verb(NamedTuple):
    """A command that writes: its words, below a working folder; `is_reader` where it wants the finished run there."""

    name: str
    words: tuple[str, ...]
    is_reader: bool = False

    def command(self, results: str = "results", *more: str) -> list[str]:
        """Return the command line, with the folder of results in its place."""
        return make_command(*(word.replace("RESULTS", results) for word in self.words), *more)

    def furnish(self, folder: Path, kept: Path) -> None:
        """Put what it reads into the folder of results `folder`, which is made where missing."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.is_reader and not (folder / GOOD).exists():
            shutil.copytree(kept, folder / GOOD)


SHORT = ("months=12", "seeds=3", "--results", "RESULTS", "-q")
TWO = ("--workers", "2", "--results", "RESULTS", "-q")
VERBS = (
    Verb("run", ("run", "regime=competitive", "name=a", *SHORT)),
    Verb("compare", ("compare", "regime=competitive,lottery", "name=b", *SHORT)),
    Verb(
        "sweep",
        ("sweep", "memberships.turf_weight=0,1,2", "months=24", "seeds=200", "name=c", *TWO),
    ),
    Verb("report", ("report", f"RESULTS/{GOOD}"), is_reader=True),
    Verb("draw", ("draw", f"RESULTS/{GOOD}", "memberships", "network"), is_reader=True),
    Verb("export", ("export", f"RESULTS/{GOOD}", "--table", "months", "--force"), is_reader=True),
    Verb("interviews", ("interviews", f"RESULTS/{GOOD}"), is_reader=True),
    Verb("explore", ("explore", "months=12", "seeds=2", "-o", "RESULTS/page.html", "--force", "-q")),
)
CALIBRATE = Verb(
    "calibrate",
    ("calibrate", "--sets", "2", "--learning", "200", "--seeds", "2", *TWO),
)


def make_good(root: Path) -> Path:
    """Make the finished run that some verbs read, and return its folder."""
    words = (
        "run",
        "regime=competitive",
        "months=24",
        "seeds=3",
        f"name={GOOD}",
        "--results",
        str(root),
        "--no-figures",
    )
    called = call(make_command(*words, "-q"), root)
    assert not judge(called, (0,)), called
    return root / GOOD


class Expected(NamedTuple):
    """What an undisturbed call leaves behind and takes."""

    digest: str
    seconds: float


def make_expected(verb: Verb, root: Path, kept: Path) -> Expected:
    """Call a verb undisturbed. Its results lie in `root`/results, as in all trials, for pages that show the command."""
    verb.furnish(root / "results", kept)
    called = call(verb.command(), root)
    assert not judge(called, (0,)), called
    return Expected(digest(root / "results"), called.seconds)
