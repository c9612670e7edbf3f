"""Two commands at once in one folder: one of them is refused in a line, or both give what one alone gives.

`python -m tests.trials.reliability --only pairs`. The same command twice, and two settings under one name: whatever the
order, the folder holds the results of one of them, never tables of both.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.trials.reliability.calling import Called, begin, call, digest, end, find_broken, judge
from tests.trials.reliability.tallies import Tally, Tell, be_quiet
from tests.trials.reliability.verbs import VERBS, Verb, make_expected, make_good

OTHER = {"months=12": "months=13", "seeds=3": "seeds=4"}  # of another setting under the same name
TIMES = 4  # each verb
NAMED = ("run", "compare", "sweep")


def measure(*, quick: bool = False, tell: Tell = be_quiet) -> list[dict[str, Any]]:
    """Start every verb twice within a few hundredths of a second; return a row for each kind of pair."""
    n_times = 1 if quick else TIMES
    verbs = [verb for verb in VERBS if not quick or verb.name == "run"]
    same = Tally("the same command twice at once in one folder", "both end well, or one is refused with exit code 4")
    other = Tally("two settings at once under one name", "the folder holds one of them whole; the other is refused")
    dice, n_done, n_all = random.Random(1), 0, n_times * (len(verbs) + sum(verb.name in NAMED for verb in verbs))
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        kept = make_good(root)
        for verb in verbs:
            one = make_expected(verb, _make(root, f"{verb.name}-one"), kept).digest
            second = _change(verb)
            two = make_expected(second, _make(root, f"{verb.name}-two"), kept).digest if verb.name in NAMED else one
            for number in range(n_times):
                for tally, partner in ((same, verb), (other, second))[: 1 + (verb.name in NAMED)]:
                    folder = _make(root, f"{verb.name}-{tally is same}-{number}")
                    verb.furnish(folder / "results", kept)
                    problem = try_pair(folder, verb, partner, {one, two} if tally is other else {one}, dice)
                    tally.add(problem and f"{verb.name}: {problem}")
                    n_done += 1
                    tell(n_done, n_all)
    return [same.row(), other.row()]


def _make(root: Path, name: str) -> Path:
    (root / name).mkdir()
    return root / name


def _change(verb: Verb) -> Verb:
    changed = tuple(OTHER.get(word, "seeds=201" if word == "seeds=200" else word) for word in verb.words)
    return verb._replace(words=changed)


def try_pair(folder: Path, first: Verb, second: Verb, digests: set[str], dice: random.Random) -> str:
    """Start both; return what is amiss with how they end and with what lies there then."""
    since = time.monotonic()
    started = [begin(first.command(), folder)]
    time.sleep(0.3 * dice.random())
    started.append(begin(second.command(), folder))
    ended: list[Called] = [end(process, since) for process in started]
    refusals = (0, 2, 4)  # 2 where the other one had ended before this one looked
    problem = next(filter(None, (judge(called, refusals) for called in ended)), "")
    if problem or not any(called.code == 0 for called in ended):
        return problem or "both were refused"
    broken = find_broken(folder / "results")
    if broken:
        return f"not whole: {', '.join(broken)}"
    if digest(folder / "results") not in digests:
        return "results of neither"
    winner = (first, second)[next(at for at, called in enumerate(ended) if called.code == 0)]
    return judge(call(winner.command(), folder), (0,))
