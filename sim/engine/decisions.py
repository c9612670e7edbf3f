"""Decisions of one organization, taken by somebody else in place of the model's rule: what they are and how written.

`seat.py` takes them, inside the month, where the rule would. See docs/decisions/0013-one-organization.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sim.errors import ConfigurationError
from sim.schema import codes

ACTS = {  # by kind of decision
    "review": ("stay", "leave", "join", "found"),
    "founding": ("accept", "refuse"),
    "break_away": ("go_along", "stay_behind"),
    "condition": codes.RESPONSES[1:],
    "application": ("apply", "skip"),
}
ALONE = ("stay", "found")  # acts that name nothing
_KINDS = {act: kind for kind, acts in ACTS.items() for act in acts}
_DECISION = re.compile(r"(\d{1,5}):(\d{1,5})=([a-z_]+)(?::([A-Za-z0-9_]+))?")


class Decision(NamedTuple):
    """What one organization does when its turn comes: numbers of organizations and coalitions as in the tables."""

    month: int
    organization: int
    act: str
    about: str = ""  # a coalition's number, a grant line's name, the number of who asks to found

    @property
    def kind(self) -> str:
        """The kind of turn at which it is taken."""
        return _KINDS[self.act]

    @property
    def what(self) -> str:
        """The act and what it is about, like ``join:3``."""
        return f"{self.act}:{self.about}" if self.about else self.act

    def __str__(self) -> str:
        """Return it as ``--decide`` takes it."""
        return f"{self.month}:{self.organization}={self.what}"


class Option(NamedTuple):
    """Something that can be done at a turn, with what the model's rule weighs of it."""

    what: str
    terms: tuple[float, ...] = ()  # of U_ic, codes.CAUSES tells their names; those of what is left, for leaving
    extra: float = 0.0  # effort and mandate of founding
    luck: float = 0.0  # the noise of the rule's choice
    is_possible: bool = True
    partners: tuple[int, ...] = ()  # slots of who comes along


class Turn(NamedTuple):
    """A turn of one organization: what it can do, and what the model's rule does."""

    month: int
    kind: str
    about: str
    options: tuple[Option, ...]
    rule: str  # the `what` of an option
    chosen: str = ""
    seen: Any = None  # what `Player.look` tells of the world at this turn


def read_decision(text: str) -> Decision:
    """Return what ``MONTH:ORGANIZATION=ACT`` or ``…=ACT:WHAT`` means. Raises `ConfigurationError`."""
    found = _DECISION.fullmatch(text)
    if not found or found.group(3) not in _KINDS or (found.group(3) in ALONE) != (found.group(4) is None):
        acts = ", ".join(act if act in ALONE else f"{act}:…" for act in _KINDS)
        raise ConfigurationError(f"--decide {text[:80]}: write MONTH:ORGANIZATION=ACT, like 14:7=join:3; acts: {acts}")
    return Decision(int(found.group(1)), int(found.group(2)), found.group(3), found.group(4) or "")


def check_decisions(decisions: Sequence[Decision], months: int, n_organizations: int) -> None:
    """Raise `ConfigurationError` for a month outside the run, an organization there is not, or several of them."""
    for one in decisions:
        if not 1 <= one.month <= months:
            raise ConfigurationError(f"--decide {one}: the month must lie in [1, {months}], the run")
        if not 1 <= one.organization <= n_organizations:
            raise ConfigurationError(f"--decide {one}: the organization must lie in [1, {n_organizations}]")
    if len({one.organization for one in decisions}) > 1:
        raise ConfigurationError("--decide: one organization in a run; these name several")
