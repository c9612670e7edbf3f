"""Text from elsewhere made fit to be shown: a line stays a line, is no longer than can be read, and steers nothing."""

from __future__ import annotations

MOST_CHARACTERS = 500  # of one line


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
