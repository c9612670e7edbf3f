"""The streams of a command: closed ones lead nowhere, and characters that a terminal lacks are written in ASCII."""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress

IN_ASCII = {
    "…": "...",
    "·": "|",
    "×": "x",
    "→": "->",
    "←": "<-",
    "−": "-",
    "–": "-",
    "—": "-",
    "‑": "-",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "≠": "!=",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
    "•": "*",
    "●": "*",
    "━": "-",  # of bars of progress
    "╸": "-",
    "╺": "-",
    "─": "-",
    "│": "|",
}
BRAILLE = range(0x2800, 0x2900)  # of Rich's spinner
HANDLER = "coalitions-ascii"


def write_in_ascii(problem: UnicodeError) -> tuple[str, int]:
    """Return the ASCII form of what a stream cannot encode, a backslash and its number where there is none."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    lacking = problem.object[problem.start : problem.end]
    found = [
        "." if ord(one) in BRAILLE else IN_ASCII.get(one) or one.encode("ascii", "backslashreplace").decode("ascii")
        for one in lacking
    ]
    return "".join(found), problem.end


def open_streams() -> None:
    """Settle the streams of this process, once, before anything is said."""
    codecs.register_error(HANDLER, write_in_ascii)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # the shell has closed it: what would be said must not go into the next file opened
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - as long as the process
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            with suppress(ValueError):  # closed
                stream.reconfigure(errors=HANDLER)


def holds(text: str) -> bool:
    """Say whether stdout can show each character of a text as it is."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeError:
        return False
    return True
