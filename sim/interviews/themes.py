"""The study's themes, and which events of the model are taken to speak of which: data, each line with its reason.

The themes are those of Gerassi, Nichols & Michelson 2017 (abstract). Which event belongs to which theme is assumed.
"""

from __future__ import annotations

from typing import NamedTuple

BENEFIT, TENSION, CHALLENGE = "benefit", "tension", "challenge"

# Who remembers an event: the organization it happened to; every member of the coalition it happened in; everyone.
OWN, COALITION, FIELD = "own", "coalition", "field"

# Two kinds that no table names: see `memories`.
NOT_RENEWED = "not_renewed"
AWARENESS_RISES = "awareness_rises"

STUDY = (
    "The study (Gerassi, Nichols & Michelson 2017, Journal of Human Trafficking, doi "
    "10.1080/23322705.2016.1260345): 24 interviews with coalition members from 18 organizations in one Midwestern"
    " city. It names service collaboration and public awareness as benefits, conflicting viewpoints and competing"
    " service populations as tensions, and competition over funding, funding restrictions and altered funding "
    "streams as challenges that resulted in fragmentation. How many of its interviews mention each theme is not "
    "known here, so the table has no column for it."
)


class Theme(NamedTuple):
    """One theme of the study."""

    name: str
    label: str
    kind: str  # benefit, tension or challenge


THEMES = (
    Theme("service_collaboration", "Service collaboration", BENEFIT),
    Theme("awareness", "Public awareness", BENEFIT),
    Theme("viewpoints", "Conflicting viewpoints", TENSION),
    Theme("competing_populations", "Competing service populations", TENSION),
    Theme("competition", "Competition over funding", CHALLENGE),
    Theme("restrictions", "Funding restrictions", CHALLENGE),
    Theme("altered_streams", "Altered funding streams", CHALLENGE),
    Theme("fragmentation", "Coalition fragmentation", CHALLENGE),
)


class Code(NamedTuple):
    """Events of these kinds (codes.EVENTS) and causes (codes.CAUSES; none: any) speak of a theme."""

    theme: str
    events: tuple[str, ...]
    causes: tuple[str, ...]
    whose: str  # OWN, COALITION or FIELD
    reason: str


_ENTERING = ("join", "found", "rival_found")
_LEAVING = ("exit", "break_away", "rival_break_away")
_RIVALS = ("rival_found", "rival_break_away")

CODES = (
    Code(
        "service_collaboration",
        _ENTERING,
        ("complementary services", "trust"),
        OWN,
        "it came for partners who serve others than itself, or whom it trusts: those it refers people to",
    ),
    Code("service_collaboration", ("sign_mou",), (), COALITION, "members put their joint work in writing"),
    Code("service_collaboration", ("win",), (), COALITION, "members won money together, to work together"),
    Code(
        "awareness",
        _ENTERING,
        ("size benefit",),
        OWN,
        "it came because the coalition is many: what numbers give is a louder public voice",
    ),
    Code(
        "awareness", (AWARENESS_RISES,), (), FIELD, "the public knew more of the subject than ever until a year before"
    ),
    Code("viewpoints", _LEAVING, ("viewpoint tension",), COALITION, "members left over differing viewpoints"),
    Code(
        "competing_populations",
        _RIVALS,
        (),
        COALITION,
        "members founded a coalition for nearly the service populations of one that lives",
    ),
    Code("competition", _LEAVING, ("funding competition",), COALITION, "members left over competition for money"),
    Code("competition", ("lose",), (), OWN, "others won the money it had applied for"),
    Code("restrictions", _LEAVING, ("funding restriction",), COALITION, "an award forbade members to be partners"),
    Code(
        "restrictions",
        ("comply", "phase_out", "decline", "stay_ambiguous"),
        (),
        OWN,
        "it did not fit a grant line and had to answer its conditions",
    ),
    Code("altered_streams", ("shock",), (), FIELD, "money was cut, shifted, shortened or put under a new condition"),
    Code("altered_streams", (NOT_RENEWED,), (), OWN, "money it had held before went to others when it applied again"),
    Code("fragmentation", ("break_away", *_RIVALS), (), COALITION, "members walked out together or founded a rival"),
    Code(
        "fragmentation",
        ("dissolve",),
        ("too few members", "inactivity"),
        COALITION,
        "the coalition ended without having met its goal",
    ),
    Code("fragmentation", ("hollow_out",), (), COALITION, "members stayed and attendance fell"),
    Code("fragmentation", ("exit",), (), OWN, "it left; that another one left is remembered under its cause alone"),
)


def find_themes(event: str, cause: str, whose: tuple[str, ...]) -> tuple[str, ...]:
    """Return the themes that an event speaks of to someone who remembers it as one of `whose`, in their order."""
    found = {
        code.theme
        for code in CODES
        if event in code.events and (not code.causes or cause in code.causes) and code.whose in whose
    }
    return tuple(theme.name for theme in THEMES if theme.name in found)
