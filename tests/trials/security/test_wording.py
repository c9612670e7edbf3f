"""What is said of somebody else's text steers no terminal, and stays short."""

from hypothesis import given
from hypothesis import strategies as st

from sim.__main__ import main
from sim.text import MOST_CHARACTERS, make_plain


@given(st.text(st.characters(codec=None), max_size=2000))
def test_text_is_made_plain_and_short_line_by_line(text):
    plain = make_plain(text)
    assert plain.count("\n") == text.count("\n")
    assert all(line.isprintable() and len(line) <= MOST_CHARACTERS for line in plain.split("\n"))
    assert plain.encode("utf-8").decode("utf-8") == plain


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=200))
def test_what_can_be_read_stays_as_it_is(text):
    assert make_plain(text) == text


def test_an_error_steers_no_terminal(capsys):
    assert main(["run", "regime=\x1b[2J\x1b]0;x\x07\u202ex"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.rstrip("\n").isprintable()
