"""Whom to ask, and what each remembers: draws keyed by seed, organization and number, so that regimes share them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sim.interviews.memories import Happening, Occupant, Stay, Trace, find_rises, trace_run
from sim.interviews.themes import COALITION, FIELD, OWN, find_themes
from sim.schema.fields import Group, number

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Plan(Group):
    """How interviews are held."""

    interviews: int = number(24, "interviews", 1, 1000, "Interviews in a run", "Gerassi, Nichols & Michelson 2017")
    organizations: int = number(
        18, "organizations", 1, 2000, "Organizations they come from, at most", "Gerassi, Nichols & Michelson 2017"
    )
    memory_months: int = number(36, "months", 1, 1200, "How far back the longest memory reaches")
    awareness_rise: float = number(0.02, "awareness in a year", 0.0001, 1, "A rise of awareness that is noticed")


class Interview(NamedTuple):
    """One interview: who is asked, about which coalition, how far back, and the remembered happenings with themes."""

    number: int
    occupant: Occupant
    coalition: int
    memory_months: int
    remembered: list[tuple[Happening, tuple[str, ...]]]


def hold_interviews(
    events: pd.DataFrame, months: pd.DataFrame, seed: int, plan: Plan, month: int | None = None
) -> list[Interview]:
    """Return the interviews of one run, held at the end of `month` (the last one, where none is given).

    events, months: the tables of that run. Asked are organizations that are open and sat in a coalition within memory:
    `plan.organizations` of them by lot where there are more, each once and then, in the order of another lot, a second
    time and so on until `plan.interviews` are held; fewer organizations give more interviews each, none none.
    """
    now = int(months["month"].to_numpy().max()) if month is None else month
    trace = trace_run(events, now)
    rises = find_rises(months.loc[months["month"] <= now], plan.awareness_rise)
    happenings = sorted([*trace.happenings, *rises], key=lambda one: one.month)
    asked = _choose_occupants(trace, now, seed, plan)
    interviews = []
    for at in range(plan.interviews if asked else 0):
        occupant, time = asked[at % len(asked)], at // len(asked)
        stays = _find_stays(trace, occupant, now - plan.memory_months)
        coalition = _draw_coalition(stays, occupant, time, seed)
        span = _draw_span(occupant, time, seed, plan)
        memories = _remember(happenings, occupant, [one for one in stays if one.coalition == coalition], now - span)
        interviews.append(Interview(at + 1, occupant, coalition, span, list(memories)))
    return interviews


def _draw(seed: int, what: str, *key: int) -> float:
    """Return a number in [0, 1) that depends on nothing but what is given."""
    text = ":".join(map(str, (seed, what, *key)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def _find_stays(trace: Trace, occupant: Occupant, since: int) -> list[Stay]:
    return [stay for stay in trace.stays.get(occupant, []) if stay.last_month > since]


def _choose_occupants(trace: Trace, now: int, seed: int, plan: Plan) -> list[Occupant]:
    """Return whom to ask, in the order in which a second interview falls to them."""
    since = now - plan.memory_months
    able = [one for one in trace.stays if one not in trace.closed and _find_stays(trace, one, since)]
    chosen = sorted(able, key=lambda one: _draw(seed, "organization", *one))[: plan.organizations]
    return sorted(chosen, key=lambda one: _draw(seed, "again", *one))


def _draw_coalition(stays: list[Stay], occupant: Occupant, time: int, seed: int) -> int:
    """Return the coalition an interview is about: by lot, another one the second time where there is another."""
    coalitions = sorted({stay.coalition for stay in stays}, key=lambda one: _draw(seed, "coalition", *occupant, one))
    return coalitions[time % len(coalitions)]


def _draw_span(occupant: Occupant, time: int, seed: int, plan: Plan) -> int:
    """Return how many months one remembers: by lot, from half of the longest memory to all of it."""
    least = math.ceil(plan.memory_months / 2)
    return least + int(_draw(seed, "memory", *occupant, time) * (plan.memory_months - least + 1))


def _remember(
    happenings: list[Happening], occupant: Occupant, stays: list[Stay], since: int
) -> Iterator[tuple[Happening, tuple[str, ...]]]:
    """Yield what is remembered since a month and speaks of a theme, with its themes."""
    for happening in happenings:
        if happening.month <= since:
            continue
        whose = [FIELD]
        if occupant in happening.occupants:
            whose.append(OWN)
        if any(
            stay.coalition in happening.coalitions and stay.first_month <= happening.month <= stay.last_month
            for stay in stays
        ):
            whose.append(COALITION)
        themes = find_themes(happening.event, happening.cause, tuple(whose))
        if themes:
            yield happening, themes
