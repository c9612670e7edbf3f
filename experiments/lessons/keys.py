"""Answer keys: what a lesson asks, what the model gives, what to accept; written between two marks of its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sim.schema.columns import MODEL_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from experiments.lessons.measuring import Mean

FOLDER = Path(__file__).parent
BEGIN, END = "<!-- key: begin -->\n", "<!-- key: end -->\n"
LESS, UNCLEAR, MORE = "less", "no clear difference", "more"  # the answers of the page's scenes
READING = 0.02  # what reading a number off a page may cost


class LessonError(Exception):
    """A page of a lesson that does not say what the model gives, or has no place for a key."""


class Answer(NamedTuple):
    """One row of a key.

    needed: what the answer has to be for the words of the lesson to be right; holds: whether it is. Where it is not,
    it is the lesson that has to be written anew, not the number.
    """

    place: str
    asks: str
    told: str
    needed: str
    holds: bool


class Key(NamedTuple):
    """The key of a lesson: its answers, and tables to look things up in, each a title and rows with a head."""

    answers: Sequence[Answer]
    tables: Sequence[tuple[str, Sequence[Sequence[str]]]] = ()


def show(value: float, digits: int = 2, sign: bool = False) -> str:
    """Return a number as the pages print it, with a true minus."""
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def give_number(
    place: str, asks: str, value: float, slack: float, expected: tuple[float, float], digits: int = 1
) -> Answer:
    """Return an answer that is one number, the same for everyone; slack is what rounding may cost."""
    span = f" (accept {show(value - slack, digits)} to {show(value + slack, digits)})"
    return _give(place, asks, f"**{show(value, digits)}**{span}", value, expected)


def give_count(place: str, asks: str, value: float, expected: tuple[float, float]) -> Answer:
    """Return an answer that was counted, or the middle of two counts."""
    return _give(place, asks, f"**{value:g}**", value, expected)


def give_mean(place: str, asks: str, mean: Mean, expected: tuple[float, float], digits: int = 2) -> Answer:
    """Return an answer that is a mean over the seeds of the class; a class of other seeds may find its interval."""
    slack = READING if digits > 1 else 0.5
    low, high = min(mean.low, mean.value - slack), max(mean.high, mean.value + slack)
    told = f"**{show(mean.value, digits)}** (accept {show(low, digits)} to {show(high, digits)})"
    return _give(place, asks, told, mean.value, expected)


def _give(place: str, asks: str, told: str, value: float, expected: tuple[float, float]) -> Answer:
    low, high = expected
    return Answer(place, asks, told, f"between {low} and {high}, and is {value:.4f}", low <= value <= high)


def give_difference(place: str, asks: str, mean: Mean, expected: str) -> Answer:
    """Return an answer in words, by the rule of the page: clear is a difference whose interval does not hold zero."""
    word = LESS if mean.high < 0 else MORE if mean.low > 0 else UNCLEAR
    span = f"{show(mean.value, sign=True)}, 95 % interval {show(mean.low, sign=True)} to {show(mean.high, sign=True)}"
    return Answer(place, asks, f"**{word}** ({span})", f"{expected!r}, and is {word!r}", word == expected)


def give_share(place: str, asks: str, part: int, whole: int, ratio: float, expected: tuple[float, float]) -> Answer:
    """Return an answer that is a share of what was counted; expected is of a ratio to another share."""
    return _give(place, asks, f"**{part} of {whole}** ({part / whole:.0%})", ratio, expected)


def give_words(place: str, asks: str, told: str, expected: str) -> Answer:
    """Return an answer in words."""
    return Answer(place, asks, f"**{told}**", f"{expected!r}, and is {told!r}", told == expected)


def give_tally(place: str, asks: str, told: str, value: float, expected: tuple[float, float]) -> Answer:
    """Return an answer in words of which the lesson needs one number, value, to be in a range and no more."""
    return _give(place, asks, f"**{told}**", value, expected)


def make_text(key: Key) -> str:
    """Return the Markdown of a key."""
    lines = [f"Computed from model {MODEL_VERSION}.", ""]
    lines += _make_table([("", "asked", "answer"), *((one.place, one.asks, one.told) for one in key.answers)])
    for title, rows in key.tables:
        lines += ["", f"{title}", "", *_make_table(rows)]
    return "\n".join(lines) + "\n"


def _make_table(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return [head, "|" + "---|" * len(rows[0]), *body]


def find_key(text: str, path: Path) -> tuple[str, str, str]:
    """Return what stands before, between and behind the marks of a page. Raises `LessonError` without them."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise LessonError(f"{path}: has no key; put the lines {BEGIN.strip()} and {END.strip()} where it belongs")
    head, rest = text.split(BEGIN)
    body, tail = rest.split(END)
    return head, body, tail


def write_key(path: Path, key: Key) -> bool:
    """Put a key into its page; return whether that changed it."""
    text = path.read_text(encoding="utf-8")
    head, _, tail = find_key(text, path)
    new = head + BEGIN + make_text(key) + END + tail
    if new != text:
        path.write_text(new, encoding="utf-8")
    return new != text


def list_problems(path: Path, key: Key) -> list[str]:
    """Return what is wrong with a page: lines of its key that the model does not give, words that no longer hold."""
    wanted, found = make_text(key).splitlines(), find_key(path.read_text(encoding="utf-8"), path)[1].splitlines()
    stale = [f"{path.name}: the model gives {line!r}" for line in wanted if line not in found]
    stale += [f"{path.name}: the model does not give {line!r}" for line in found if line not in wanted]
    return stale + list_surprises(path.name, key.answers)


def list_surprises(name: str, answers: Iterable[Answer]) -> list[str]:
    """Return the answers for which the words of the lesson do not hold."""
    return [
        f"{name}: the lesson's words need {one.place}, {one.asks}, to be {one.needed}: write the lesson anew"
        for one in answers
        if not one.holds
    ]
