"""One organization's turns in a run taken by somebody else: a student, in place of the model's rule.

A decision is taken where the model's own rule takes it, inside the month, and nothing else is touched: who decides
like the rule gets the ordinary run, bit for bit. See docs/decisions/0013-one-organization.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.dynamics import schedule, turns
from sim.dynamics.processes.schism import SMALLEST_GROUP
from sim.engine.decisions import ACTS, Decision, Option, Turn
from sim.engine.runner import Runner, find_processes
from sim.errors import ConfigurationError
from sim.schema import codes

if TYPE_CHECKING:
    from sim.engine.inputs import Inputs

DECIDED_BY_CHANCE = ("review_memberships", "break_away")  # under the null model


class _Paused(Exception):  # noqa: N818  # no error
    def __init__(self, turn: Turn) -> None:
        self.turn = turn


class _Month(NamedTuple):
    """The month that is run, and the row it is recorded in."""

    month: int
    runner: Runner

    @property
    def rows(self) -> Any:
        at = self.month - self.runner.months.start
        return self.runner.rows[:, at : at + 1]

    def run(self, processes: range) -> None:
        self.runner.run(range(self.month, self.month + 1), processes)


class Player:
    """One organization of a run, whose turns are taken by given decisions, and by the model's rule where there is none.

    asks: kinds of turns at which it stops where no decision is given. look: asked what to note of each such turn.
    """

    def __init__(
        self,
        inputs: Inputs,
        seed: int,
        organization: int,
        decisions: Sequence[Decision] = (),
        asks: Collection[str] = (),
        look: Callable[[], Any] | None = None,
    ) -> None:
        """Sit down at `organization`, its number in the tables, before month 1."""
        self.inputs, self.seed, self.slot = inputs, np.uint64(seed), organization - 1
        self.decisions, self.asks, self.look = list(decisions), set(asks), look
        self.taken: list[Turn] = []  # of months that are over
        self._left: list[Decision] = []
        self._now: list[Turn] = []

    def run_month(self, month: int, runner: Runner) -> Turn | None:
        """Run one month and return None; or return the turn at which it stops, the month being as before it began.

        runner: of this seed on the same inputs; the month is recorded there.
        Raises `ConfigurationError` for a decision that cannot be taken, told with those that can.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # as keyed draws overflow, where the code runs interpreted
            return self._run_month(_Month(month, runner))

    def _run_month(self, now: _Month) -> Turn | None:
        month, rows = now.month, now.rows
        before = self._save(rows)
        self._left, self._now = [one for one in self.decisions if one.month == month], []
        kinds = {one.kind for one in self._left} | self.asks
        try:
            self._go(now, kinds)
        except _Paused as pause:
            self._restore(rows, before)
            return pause.turn
        if self._left:
            idle, self._left, self._now = self._left[0], [], []
            self._restore(rows, before)
            self._go(now, set(ACTS))  # to tell what it could have decided
            raise ConfigurationError(self._tell_idle(idle))
        self.taken += self._now
        return None

    @property
    def is_there(self) -> bool:
        """Whether the organization is open; who takes its slot later is another one."""
        organizations = self.inputs.world.organizations
        return bool(organizations.is_open[self.slot]) and int(organizations.generation[self.slot]) == 0

    def _go(self, now: _Month, kinds: set[str]) -> None:
        """Run the month: by its processes, but for those at which this one has turns of these kinds."""
        steps = (
            ("respond_to_conditions", {"condition"}, self._respond),
            ("award_grants", {"application"}, self._apply),
            ("review_memberships", {"review", "founding"}, self._hold_round),
            ("break_away", {"break_away"}, self._break_away),
        )
        at, record = 0, self.inputs.record
        for process, wanted, step in steps:
            is_on = bool(getattr(record, process)) and not (process in DECIDED_BY_CHANCE and record.null_model)
            if is_on and kinds & wanted:
                place = schedule.PROCESSES.index(process)
                now.run(range(at, place))
                at = place + 1
                if self.is_there:
                    step(now)
                else:
                    now.run(range(place, at))
        now.run(range(at, len(schedule.PROCESSES)))

    def _respond(self, now: _Month) -> None:
        """Let all others answer to conditions, then this one; by the process itself where it does as the rule."""
        month, rows = now.month, now.rows
        world, record, i = self.inputs.world, self.inputs.record, self.slot
        before, deviates = self._save(rows), False
        months = world.organizations.award_months[i].copy()
        world.organizations.award_months[i] = 1  # whoever holds an award is not asked
        now.run(find_processes("respond_to_conditions"))
        world.organizations.award_months[i] = months
        for g, line in enumerate(sorted(self.inputs.parameters.regime.programmes)):
            if turns.is_asked(month, i, g, world):
                rule = int(turns.choose_answer(self.seed, month, i, g, record, world))
                given = [a for a in range(1, len(codes.RESPONSES)) if a != codes.ANSWER_AMBIGUOUS]
                given += [codes.ANSWER_AMBIGUOUS] if turns.may_be_vague(i, g, record, world) else []
                options = tuple(Option(f"{codes.RESPONSES[answer]}:{line}") for answer in given)
                turn = Turn(month, "condition", line, options, f"{codes.RESPONSES[rule]}:{line}")
                chosen = self._decide(turn)
                deviates |= chosen != turn.rule
                answer = codes.RESPONSES.index(chosen.partition(":")[0])
                turns.answer(month, answer, i, g, record, world, rows[0, 0])
        if not deviates:
            self._restore(rows, before)
            now.run(find_processes("respond_to_conditions"))

    def _apply(self, now: _Month) -> None:
        """Let lines decide without the applications that are not sent."""
        month = now.month
        world, i = self.inputs.world, self.slot
        organizations = world.organizations
        lines = sorted(self.inputs.parameters.regime.programmes)
        applies = np.zeros(len(lines), "?")
        turns.find_applications(self.seed, month, i, self.inputs.record, world, applies)
        eligible, response = organizations.eligible[i].copy(), organizations.response[i].copy()
        skipped = []
        for g in np.flatnonzero(applies).tolist():
            options = (Option(f"apply:{lines[g]}"), Option(f"skip:{lines[g]}"))
            if self._decide(Turn(month, "application", lines[g], options, options[0].what)) == options[1].what:
                skipped.append(g)
        organizations.eligible[i, skipped] = False
        organizations.response[i, skipped] = codes.NO_ANSWER
        now.run(find_processes("award_grants"))
        organizations.eligible[i], organizations.response[i] = eligible, response

    def _hold_round(self, now: _Month) -> None:
        """Let all who review do so in their order, this one by its decision; who is asked to found may refuse."""
        month, rows = now.month, now.rows
        world, record, i = self.inputs.world, self.inputs.record, self.slot
        count = turns.open_round(self.seed, month, record, world)
        for j in world.scratch.review_order[:count].tolist():
            if j == i:
                self._review(month, rows)
                continue
            before, n_seats = self._save(rows), int(world.organizations.n_memberships[i])
            turns.review(self.seed, month, j, record, world, rows[0, 0])
            if world.organizations.n_memberships[i] > n_seats:
                options = (Option(f"accept:{j + 1}"), Option(f"refuse:{j + 1}"))
                turn = Turn(month, "founding", str(j + 1), options, options[0].what)
                if self._decide(turn) == options[1].what:
                    self._restore(rows, before)
                    world.organizations.n_memberships[i] = record.max_memberships  # no room for more: not to be asked
                    turns.review(self.seed, month, j, record, world, rows[0, 0])
                    world.organizations.n_memberships[i] = n_seats

    def _review(self, month: int, rows: Any) -> None:
        world, record, i = self.inputs.world, self.inputs.record, self.slot
        before, seats, n_founded = self._save(rows), self._list_seats(), int(world.environment.n_coalitions[0])
        options = self._weigh(month)
        self._restore(rows, before)
        turns.review(self.seed, month, i, record, world, rows[0, 0])
        rule = _tell_move(seats, self._list_seats(), n_founded)
        chosen = self._decide(Turn(month, "review", "", options, rule))
        if chosen == rule:
            return
        self._restore(rows, before)
        act, _, about = chosen.partition(":")
        if act == "found":
            turns.found(self.seed, month, i, record, world, rows[0, 0])
        elif act != "stay":
            active = np.flatnonzero(world.coalitions.is_active)
            slot = next(c for c in active.tolist() if world.coalitions.number[c] == int(about) - 1)
            turns.move(month, i, slot, record, world, rows[0, 0])

    def _weigh(self, month: int) -> tuple[Option, ...]:
        world, i = self.inputs.world, self.slot
        coalitions, scratch = world.coalitions, world.scratch
        size = len(coalitions.is_active) + 2
        terms, luck, can = np.zeros((size, codes.THRESHOLD + 1)), np.zeros(size), np.zeros(size, "?")
        n, worth = turns.weigh_review(self.seed, month, i, self.inputs.record, world, terms, luck, can)
        options = [Option("stay", luck=float(luck[n]))]
        for at, c in enumerate(scratch.option_list[:n].tolist()):
            act = "leave" if coalitions.member[c, i] else "join"
            members = tuple(np.flatnonzero(coalitions.member[c]).tolist())
            what = f"{act}:{int(coalitions.number[c]) + 1}"
            options.append(Option(what, tuple(terms[at].tolist()), 0.0, float(luck[at]), bool(can[at]), members))
        if can[n + 1]:
            core = tuple(j for j in np.flatnonzero(scratch.is_core).tolist() if j != i)  # it is of the core, too
            extra = float(worth - terms[n + 1].sum())
            options.append(Option("found", tuple(terms[n + 1].tolist()), extra, float(luck[n + 1]), True, core))
        return tuple(options)

    def _break_away(self, now: _Month) -> None:
        """Let groups break away; a coalition whose break-away this one does not join stays together."""
        month, rows = now.month, now.rows
        coalitions, before, kept = self.inputs.world.coalitions, self._save(rows), []
        while True:
            sizes = coalitions.size[kept].copy()
            coalitions.size[kept] = SMALLEST_GROUP  # too small to part
            seats = self._list_seats()
            now.run(find_processes("break_away"))
            coalitions.size[kept] = sizes
            lost = sorted(set(seats) - set(self._list_seats()))
            refused = [number for number in lost if not self._goes_along(month, number)]
            if not refused:
                return
            self._restore(rows, before)
            kept += [c for c in np.flatnonzero(coalitions.is_active).tolist() if coalitions.number[c] in refused]

    def _goes_along(self, month: int, number: int) -> bool:
        options = (Option(f"go_along:{number + 1}"), Option(f"stay_behind:{number + 1}"))
        return self._decide(Turn(month, "break_away", str(number + 1), options, options[0].what)) == options[0].what

    def _list_seats(self) -> list[int]:
        """Return the serial numbers, from 0, of the coalitions it sits in."""
        coalitions = self.inputs.world.coalitions
        return coalitions.number[coalitions.is_active & coalitions.member[:, self.slot]].tolist()

    def _decide(self, turn: Turn) -> str:
        """Return what is done at a turn: as decided, else by the rule, unless it stops here."""
        known = next((one for one in self._now if one[1:3] == turn[1:3]), None)
        if known is not None:
            return known.chosen
        given = next((one for one in self._left if one.kind == turn.kind and turn.about in ("", one.about)), None)
        if given is None and turn.kind in self.asks:
            raise _Paused(turn._replace(seen=self.look() if self.look else None))
        if given is not None:
            self._check(given, turn)
            self._left.remove(given)
        chosen = given.what if given else turn.rule
        self._now.append(turn._replace(chosen=chosen))
        return chosen

    def _check(self, given: Decision, turn: Turn) -> None:
        found = next((one for one in turn.options if one.what == given.what), None)
        possible = ", ".join(one.what for one in turn.options if one.is_possible)
        if found is None:
            raise ConfigurationError(f"--decide {given}: cannot be done then; what can: {possible}")
        if not found.is_possible:
            raise ConfigurationError(
                f"--decide {given}: its members do not admit this one; what can be done: {possible}"
            )

    def _tell_idle(self, given: Decision) -> str:
        if not self.is_there:
            return f"--decide {given}: organization {given.organization} has closed"
        due = "; ".join(" or ".join(option.what for option in one.options if option.is_possible) for one in self._now)
        told = f"--decide {given}: organization {given.organization} has no such decision in month {given.month}"
        return f"{told}; it has {due or 'none'}"

    def _save(self, rows: Any) -> list[Any]:
        """Return a copy of the world, but for the rows of its log, and of `rows`."""
        world = self.inputs.world
        return [*(array.copy() for array in _list_arrays(world)), rows.copy()]

    def _restore(self, rows: Any, saved: list[Any]) -> None:
        for array, kept in zip([*_list_arrays(self.inputs.world), rows], saved, strict=True):
            array[...] = kept


def _list_arrays(world: Any) -> list[Any]:
    arrays = [array for part in world._replace(log=()) for array in part]
    return [*arrays, world.log.n_rows]


def _tell_move(before: list[int], after: list[int], n_founded: int) -> str:
    """Return in the words of an option what changed in the seats of an organization."""
    left, new = set(before) - set(after), set(after) - set(before)
    if left:
        return f"leave:{min(left) + 1}"
    if new:
        return "found" if min(new) >= n_founded else f"join:{min(new) + 1}"
    return "stay"
