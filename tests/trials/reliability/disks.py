"""No room and no right to write: full disks, read-only folders, no place for temporary files, a folder that is gone.

`python -m tests.trials.reliability --only disks`. Every verb that writes is called in each condition, and again when it
is over: one to three lines and the right exit code at first, the results of an undisturbed call after that.
"""

from __future__ import annotations

import json
import random
import re
import shlex
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.trials.reliability.calling import (
    MAX_LINES,
    begin,
    call,
    call_mounted,
    can_mount,
    digest,
    end,
    find_broken,
    judge,
    make_command,
)
from tests.trials.reliability.tallies import Tally, Tell, be_quiet, skip
from tests.trials.reliability.verbs import VERBS, Expected, Verb, make_expected, make_good

OWN_FOLDERS = ("NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR")
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from sim.__main__ import main
sys.exit(main(sys.argv[2:]))
"""
Trial = Callable[["Place", Verb], str]


class Place:
    """A working folder of one trial: the finished run to read, what an undisturbed call leaves, and a die."""

    def __init__(self, folder: Path, kept: Path, expected: Expected, dice: random.Random) -> None:
        """Make the folder."""
        self.folder, self.kept, self.expected, self.dice = folder, kept, expected, dice
        self.results = folder / "results"
        self.results.mkdir(parents=True)

    def call_again(self, verb: Verb) -> str:
        """Call when all is well again; return what is amiss."""
        broken = find_broken(self.results)
        if broken:
            return f"not whole: {', '.join(broken)}"
        verb.furnish(self.results, self.kept)
        return judge(call(verb.command(), self.folder), (0,)) or self.compare(self.results)

    def compare(self, results: Path) -> str:
        return "" if digest(results) == self.expected.digest else "other bits than undisturbed"


def limit_files(place: Place, verb: Verb) -> str:
    """No file may become longer than so many bytes, as where a quota ends."""
    verb.furnish(place.results, place.kept)
    words = verb.command()[3:]
    limit = str(int(10 ** place.dice.uniform(1, 5)))
    called = call([sys.executable, "-c", LIMITED, limit, *words], place.folder)
    return judge(called, (0, 5)) or place.call_again(verb)


def fill_disk(place: Place, verb: Verb) -> str:
    """The results lie on a small disk of its own that gets full, and has room later."""
    copy = f"cp -r {place.kept} results/good" if verb.is_reader else "true"
    script = f"""
        mount -t tmpfs -o size=100m none results && {copy} || exit 99
        mount -o remount,size=$(( $(du -sk results | cut -f1) + {place.dice.choice((4, 12, 24, 48, 96))} ))k results
        {shlex.join(verb.command())} >&2; code=$?
        mount -o remount,size=100m results
        cp -r results then
        {shlex.join(verb.command())} > again.txt 2>&1 || {{ cat again.txt; exit 98; }}
        cp -r results after
        exit $code
    """
    called = call_mounted(script, place.folder)
    called = called._replace(err=_drop_told(called.err)) if called.code == 0 else called
    problem = judge(called, (0, 5))
    if problem:
        return f"{problem} {called.out}"
    broken = find_broken(place.folder / "then")
    return f"not whole: {', '.join(broken)}" if broken else place.compare(place.folder / "after")


def _drop_told(text: str) -> str:
    """Leave out what a command that has done its work prints."""
    return text if "error" in text or "Traceback" in text else ""


def mount_read_only(place: Place, verb: Verb) -> str:
    """The folder of results cannot be written."""
    copy = f"cp -r {place.kept} results/good" if verb.is_reader else "true"
    script = f"""
        mount -t tmpfs none results && {copy} && mount -o remount,ro results || exit 99
        {shlex.join(verb.command())} >&2
    """
    return judge(call_mounted(script, place.folder), (2,)) or place.call_again(verb)


def write_nowhere_else(place: Place, verb: Verb) -> str:
    """Nothing can be written but the results: no temporary files, no home, no cache, not the working folder."""
    verb.furnish(place.results, place.kept)
    script = f"""
        mount --bind {place.results} {place.results} && mount -o remount,bind,ro / || exit 99
        for folder in /tmp /var/tmp; do mountpoint -q $folder && mount -o remount,bind,ro $folder; done
        cd {place.folder} && touch results/x && rm results/x || exit 98
        touch x 2>/dev/null && exit 97
        exec {shlex.join(verb.command())}
    """
    called = call_mounted(script, place.folder, {"HOME": "/proc"} | dict.fromkeys(OWN_FOLDERS))
    return judge(called, (0, 2)) or place.call_again(verb)


def have_no_home(place: Place, verb: Verb) -> str:
    """The home cannot be written; temporary files can. The model is compiled there."""
    verb.furnish(place.results, place.kept)
    temporary = place.folder.parent / "temporary"  # the same for all verbs, so that it is compiled once
    temporary.mkdir(exist_ok=True)
    changes = dict.fromkeys(OWN_FOLDERS) | {"HOME": "/proc", "TMPDIR": str(temporary)}
    return judge(call(verb.command(), place.folder, changes), (0,)) or place.compare(place.results)


def lose_folder(place: Place, verb: Verb) -> str:
    """The working folder is deleted before the call; results go to a full path, and then to none."""
    verb.furnish(place.results, place.kept)
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {shlex.join(verb.command(str(place.results)))}"
    called = call(["sh", "-c", script], place.folder)
    problem = judge(called, (0, 2))
    if problem or called.code == 0:
        return problem or place.compare(place.results)
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {shlex.join(verb.command())}"
    return judge(call(["sh", "-c", script], place.folder), (2,))


def stand_in_the_way(place: Place, verb: Verb) -> str:
    """A file lies where the folder of results should be."""
    place.results.rmdir()
    place.results.write_text("x\n")
    problem = judge(call(verb.command(), place.folder), (2,))
    return problem or ("" if place.results.read_text() == "x\n" else "the file was written over")


MOUNTED = (fill_disk, mount_read_only, write_nowhere_else)
TRIALS: dict[str, tuple[Trial, int]] = {  # how often in full
    "no file longer than 10 to 100,000 bytes (a quota)": (limit_files, 4),
    "a full disk, with room again later": (fill_disk, 4),
    "a read-only folder of results": (mount_read_only, 1),
    "nothing writable but the results": (write_nowhere_else, 1),
    "a home that cannot be written": (have_no_home, 1),
    "the working folder deleted": (lose_folder, 1),
    "a file in place of the folder": (stand_in_the_way, 1),
}


def save_in_app(place: Path, prefix: Sequence[str], results: str, told: str) -> str:
    """Serve the app, save a run where that cannot be, and look whether it still answers; return what is amiss."""
    words = ["app", "--port", "0", "--no-open", "-q", "--results", results]
    process = begin([*prefix, *words], place)
    since = time.monotonic()
    try:
        assert process.stdout is not None
        found = re.search(r"http://[0-9.:]+/", process.stdout.readline())
        if found is None:
            return f"no page: {end(process, since, 5).err[-200:]}"
        status, answer = _post(found[0] + "enter", {})
        visitor = {"x-visitor": str(answer.get("visitor"))}
        for number in range(2):  # it must not be broken by the first
            status, answer = _post(found[0] + "keep", {"name": f"kept{number}", "months": 12}, visitor)
            error = str(answer.get("error"))
            if status != 422 or told not in error or len(error.splitlines()) > MAX_LINES:
                return f"status {status}: {answer}"
        status, answer = _post(found[0] + "run", {"months": 12}, visitor)
        return "" if status == 200 else f"after that, status {status}: {answer}"
    finally:
        process.terminate()
        called = end(process, since, 30)
        if called.n_left or "Traceback" in called.err:
            print(f"app: {called.n_left} processes left, {called.err[-300:]}", file=sys.stderr)


def _post(url: str, tree: dict[str, Any], headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    content = json.dumps(tree).encode()
    asked = urllib.request.Request(url, content, {"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as problem:
        return problem.code, json.loads(problem.read())


def measure_app(root: Path, mounts: bool) -> dict[str, Any]:
    """Save runs in the app on a full disk, beyond a quota and in a read-only folder."""
    tally = Tally("runs saved in the app: a full disk, a quota, a read-only folder", "told in a line; it goes on")
    place = _make(root, "app")
    (place / "results").mkdir()
    limited = [sys.executable, "-c", LIMITED, "3000"]
    tally.add(save_in_app(place, limited, "results", "make room"))
    for options, told in (("size=8k", "make room"), ("ro", "read-only")) if mounts else ():
        script = f'mount -t tmpfs -o {options} none results && exec {shlex.join(make_command())} "$@"'
        tally.add(save_in_app(place, ["unshare", "-rm", "sh", "-c", script, "sh"], "results", told))
    return tally.row()


def measure(*, quick: bool = False, tell: Tell = be_quiet) -> list[dict[str, Any]]:
    """Call each verb in each condition; return a row a condition."""
    verbs = VERBS[:1] if quick else VERBS
    dice, rows, n_done = random.Random(1), [], 0
    n_all = sum(1 if quick else times for _, times in TRIALS.values()) * len(verbs)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        kept, mounts = make_good(root), can_mount(root / "good")
        expected = {verb.name: make_expected(verb, _make(root, f"{verb.name}-expected"), kept) for verb in verbs}
        for what, (trial, times) in TRIALS.items():
            times = 1 if quick else times
            tally = Tally(what, f"{_first_line(trial)} With {', '.join(verb.name for verb in verbs)}")
            for verb in verbs:
                for number in range(times):
                    n_done += 1
                    tell(n_done, n_all)
                    if trial in MOUNTED and not mounts:
                        continue
                    place = Place(root / f"{trial.__name__}-{verb.name}-{number}", kept, expected[verb.name], dice)
                    problem = trial(place, verb)
                    tally.add(problem and f"{verb.name}: {problem}")
            rows.append(tally.row() if tally.n_tried else skip(tally.what, "`unshare -rm` cannot mount here"))
        rows.append(measure_app(root, mounts))
    return rows


def _first_line(trial: Trial) -> str:
    return (trial.__doc__ or "").splitlines()[0]


def _make(root: Path, name: str) -> Path:
    (root / name).mkdir()
    return root / name
