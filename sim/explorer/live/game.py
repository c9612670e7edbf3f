"""You are one organization: a run that stops at its turns, what it knows there, and how it compares at the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.dynamics.relations import FORMULA
from sim.engine.seat import Player
from sim.explorer.building import round_number
from sim.explorer.recording import CAUSE, GENERATION, KIND, ORGANIZATION, Recorder, Recording
from sim.schema import codes, columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.engine.decisions import Turn
    from sim.explorer.live.asking import Seat
    from sim.schema.parameters import Parameters
    from sim.schema.roster_tables import RosterTables

PUBLIC = [  # what everybody in the field hears of
    codes.EVENTS.index(name)
    for name in ("join", "exit", "break_away", "rival_break_away", "found", "rival_found", "dissolve", "win", "close",
                 "open", "shock")
]  # fmt: skip
TALLIED = ("stress", "served", "reserve_months", "memberships")  # of the organization, month by month


class PlayedRecorder(Recorder):
    """A recorder that stops, with its `turn` set, where one organization has to decide; see `Player`."""

    def __init__(self, parameters: Parameters, seed: int, roster: RosterTables | None, seat: Seat) -> None:
        """Stand at the start of a run, with month 0 done."""
        self.seat = seat
        super().__init__(parameters, seed, roster)

    def _begin(self) -> None:
        seat = self.seat
        look = lambda: look_from(self.inputs, seat.organization - 1)  # noqa: E731
        self.player = Player(self.inputs, self.seed, seat.organization, seat.decisions, seat.asks, look)
        self.turn: Turn | None = None
        self.tallies: list[tuple[float, ...]] = []
        super()._begin()
        self.stance = self.inputs.world.organizations.stance.copy()  # of month 0: what all say, not what they think

    def decide(self, seat: Seat) -> None:
        """Take more decisions, or other kinds of turns to stop at; those before must stay as they were."""
        self.seat, self.player.decisions, self.player.asks = seat, list(seat.decisions), set(seat.asks)

    def _run_month(self, month: int) -> bool:
        if month == 0:
            return super()._run_month(month)
        self.turn = self.player.run_month(month, self._runner)
        if self.turn is None and self.player.is_there:
            self.tallies.append(self._tally())
        return self.turn is None

    def _tally(self) -> tuple[float, ...]:
        organizations, i = self.inputs.world.organizations, self.player.slot
        reserves = organizations.reserve_cents[i] / organizations.need_cents[i]
        return (
            float(organizations.stress[i]), float(organizations.served[i]), float(reserves),
            float(organizations.n_memberships[i]),
        )  # fmt: skip

    def trust_in_it(self) -> float | None:
        """Return the mean trust of the other open organizations in this one; None where it has closed."""
        world, i = self.inputs.world, self.player.slot
        others = world.organizations.is_open.copy()
        others[i] = False
        return float(world.dyads.trust[others, i].mean()) if self.player.is_there and others.any() else None


def look_from(inputs: Any, i: int) -> dict[str, Any]:
    """Return what organization i knows: itself, the coalitions as it sees them, and grant lines that are open.

    Of others it knows what they say and whom they serve, never their private viewpoint, accounts or trust.
    """
    world, parameters = inputs.world, inputs.parameters
    organizations, coalitions, programmes = world.organizations, world.coalitions, world.programmes
    need = int(organizations.need_cents[i])
    lines = sorted(parameters.regime.programmes)
    return {
        "viewpoint": round(float(organizations.viewpoint[i]), 2),
        "stance": round(float(organizations.stance[i]), 2),
        "mix": np.round(organizations.mix[i], 3).tolist(),
        "stress": round(float(organizations.stress[i]), 3),
        "reserve_months": round(int(organizations.reserve_cents[i]) / need, 1),
        "served": round(float(organizations.served[i]), 1),
        "capacity": round(float(organizations.capacity[i]), 1),
        "awards": [
            {"line": line, "months": int(organizations.award_months[i, g]),
             "share": round(float(organizations.award_cents[i, g] / organizations.award_months[i, g] / need), 3)}
            for g, line in enumerate(lines) if organizations.award_months[i, g] > 0
        ],
        "coalitions": [_look_at(world, i, c) for c in np.flatnonzero(coalitions.is_active).tolist()],
        "lines": [
            {"line": line, "fits": bool(organizations.eligible[i, g]), "for_coalitions": bool(programmes.is_joint[g]),
             "share": round(float(programmes.award_cents[g] / 12 / need), 3),
             "low": float(programmes.stance_low[g]), "high": float(programmes.stance_high[g]),
             "ambiguity": float(programmes.ambiguity[g]), "is_formula": int(programmes.allocation[g]) == FORMULA,
             "pays_for": np.flatnonzero(programmes.pays_for[g]).tolist(), "term": int(programmes.term[g])}
            for g, line in enumerate(lines) if programmes.is_open[g]
        ],
    }  # fmt: skip


def _look_at(world: Any, i: int, c: int) -> dict[str, Any]:
    """Return a coalition as organization i sees it: means over its other members."""
    organizations, coalitions = world.organizations, world.coalitions
    others = [j for j in np.flatnonzero(coalitions.member[c]).tolist() if j != i]
    distance = [abs(float(organizations.stance[j] - organizations.viewpoint[i])) for j in others]
    overlap = [float(world.dyads.overlap[i, j]) for j in others]
    trust = [float(world.dyads.trust[i, j]) for j in others]
    return {
        "coalition": int(coalitions.number[c]) + 1,
        "members": [j + 1 for j in np.flatnonzero(coalitions.member[c]).tolist()],
        "is_member": bool(coalitions.member[c, i]),
        "trust": _mean(trust),
        "distance": _mean(distance),
        "overlap": _mean(overlap),
        "is_formal": bool(coalitions.is_formal[c]),
        "is_funded": bool(coalitions.convener_months[c] > 0),
    }


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None


def hide(found: Recording, stance: NDArray[Any], organization: int) -> Recording:
    """Return of a recording what one organization hears of: who sits where, what is public, and its own affairs.

    No reasons, no numbers of the city, and positions as they were taken in public.
    """
    rows = found.rows.copy()
    for name in rows.dtype.names or ():
        rows[name] = np.nan
    events = found.events
    kept = events[np.isin(events[:, KIND], PUBLIC) | _is_of(events, organization - 1)].copy()
    kept[:, CAUSE] = 0
    return found._replace(rows=rows, events=kept, start=found.start._replace(viewpoint=stance))


def describe_turn(turn: Turn, *, is_known: bool) -> dict[str, Any]:
    """Return a turn as plain data: what it is about, what is known, and each option with its weighing by the rule."""
    seen = dict(turn.seen or {})
    if not is_known:  # of real organizations no positions
        for name in ("viewpoint", "stance", "mix"):
            seen.pop(name, None)
        seen["coalitions"] = [one | {"distance": None, "overlap": None} for one in seen.get("coalitions", [])]
    options = [
        {"what": one.what, "terms": [round(term, 4) for term in one.terms], "extra": round(one.extra, 4),
         "luck": round(one.luck, 4), "partners": [j + 1 for j in one.partners]}
        for one in turn.options  # whether members would admit it, it learns by asking
    ]  # fmt: skip
    return {"month": turn.month, "kind": turn.kind, "about": turn.about, "options": options, "rule": turn.rule,
            "seen": seen}  # fmt: skip


def compare(played: PlayedRecorder, ruled: PlayedRecorder) -> list[dict[str, Any]]:
    """Return what came of the organization and of the city, as played and as the rule alone would have had it."""
    tallies = [np.array(one.tallies).reshape(-1, len(TALLIED)) for one in (played, ruled)]
    rows = [("months open", [len(one) for one in tallies], 0)]
    if all(len(one) for one in tallies):
        stress, served, reserves, seats = range(len(TALLIED))
        rows += [
            ("fiscal stress, mean over its months", [one[:, stress].mean() for one in tallies], 2),
            ("reserves at its end, months of need", [one[-1, reserves] for one in tallies], 1),
            ("people served, all months", [one[:, served].sum() for one in tallies], 0),
            ("coalitions it sits in, mean over its months", [one[:, seats].mean() for one in tallies], 2),
        ]
    rows += [
        ("awards won", [_count(one, "win") for one in (played, ruled)], 0),
        ("others' mean trust in it, at the end", [one.trust_in_it() for one in (played, ruled)], 2),
    ]
    own = [{"of": "organization", "label": label, "played": round_number(a), "ruled": round_number(b), "digits": digits}
           for label, (a, b), digits in rows]  # fmt: skip
    cities = [one.record().rows for one in (played, ruled)]
    return own + [_compare_city(name, label, digits, *cities) for name, label, digits in CITY]


CITY = (
    ("collaboration_share", "pairs that share a coalition, at the end (share)", 2),
    ("coverage_share", "coverage at the end (share of populations)", 2),
    ("served", "people served, a month", 0),
    ("not_served", "people in need and not served, a month", 0),
    ("exit_rate", "exits, a year for each membership", 2),
    ("closure_rate", "closures, a year for each organization", 3),
)


def _compare_city(name: str, label: str, digits: int, played: Any, ruled: Any) -> dict[str, Any]:
    """Return one line on the city of both runs; events against what they can happen to, since that differs, too."""
    values = [round_number(_measure_city(rows, name)) for rows in (played, ruled)]
    return {"of": "city", "label": label, "played": values[0], "ruled": values[1], "digits": digits}


def _measure_city(rows: Any, name: str) -> float:
    if name in columns.RATES:
        events, exposure = (float(np.asarray(rows[one], float)[1:].sum()) for one in columns.RATES[name])
        return 12 * events / exposure if exposure > 0 else math.nan
    column = np.asarray(rows[name], float)
    return float(column[-1] if name.endswith("_share") else column[1:].mean())


def _count(recorder: PlayedRecorder, event: str) -> int:
    events = recorder.record().events
    return int((_is_of(events, recorder.player.slot) & (events[:, KIND] == codes.EVENTS.index(event))).sum())


def _is_of(events: NDArray[Any], slot: int) -> NDArray[Any]:
    """Return which events are those of the first organization in a slot, not of a newcomer in its place."""
    return (events[:, ORGANIZATION] == slot) & (events[:, GENERATION] == 0)
