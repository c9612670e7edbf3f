"""Text that is shown: the caution that goes with every result, and text from elsewhere made fit to be read."""

from __future__ import annotations

import re

CAUTION = (
    "An illustrative model; the presets are stylised; the coalition designs it is inspired by have not been "
    "empirically evaluated; nothing here shows that a policy works."
)
MOST_CHARACTERS = 500  # of one line
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def clean(text: str) -> str:
    """Return `text` with characters that would break a file or turn its letters round as a replacement character."""
    return _CONTROLS.sub("\ufffd", text)


def make_plain(text: str) -> str:
    """Return `text` with what cannot be seen written out and the middle of long lines left out; line ends stay.

    What cannot be seen are control characters, those that turn the direction of writing, and halves of pairs.
    """
    return "\n".join(_shorten("".join(map(_show, line))) for line in text.split("\n"))


def _show(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")


def _shorten(line: str) -> str:
    half = MOST_CHARACTERS // 2
    return line if len(line) <= MOST_CHARACTERS else f"{line[: half - 2]} … {line[1 - half :]}"
