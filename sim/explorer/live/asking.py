"""What a visitor asks for, checked: plain data from a browser in, a setting that may be run out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.configuration import set_values
from sim.configuration.changes import write_changes, write_value
from sim.engine.decisions import ACTS, Decision, check_decisions, read_decision
from sim.errors import ConfigurationError
from sim.explorer.building import MAX_ORGANIZATIONS
from sim.explorer.live.options import DEFAULTS, GROUPS, is_control
from sim.schema.changes import Change, plan_changes
from sim.schema.fields import MAX_SEED
from sim.schema.parameters import Parameters

if TYPE_CHECKING:
    from sim.explorer.live.options import Options

MAX_COST = 60_000  # organizations times months of one run
MAX_MONTHS = 600
MAX_CHANGES = 40
MAX_DECISIONS = 2000
KEYS = (*GROUPS, "values", "seed", "months", "changes", "seat")


class Seat(NamedTuple):
    """One organization whose decisions a visitor takes."""

    organization: int  # its number in the tables
    decisions: tuple[Decision, ...] = ()
    asks: frozenset[str] = frozenset()  # kinds of turns that wait for a decision


class Asked(NamedTuple):
    """A run that a visitor asks for."""

    parameters: Parameters
    seed: int
    changes: tuple[Change, ...]
    planned: tuple[tuple[int, Parameters], ...]  # see `changes.plan_changes`
    words: tuple[str, ...]  # of the command that runs it, but for the changes
    seat: Seat | None = None

    @property
    def change_texts(self) -> list[str]:
        """The changes as ``coalitions run --change`` takes them."""
        return write_changes(self.changes)[1::2]

    @property
    def decision_texts(self) -> list[str]:
        """The decisions as ``coalitions run --decide`` takes them."""
        return [str(one) for one in self.seat.decisions] if self.seat else []


def read_asked(tree: Any, options: Options) -> Asked:
    """Return the run that `tree` asks for: chosen options, values, seed, months, changes.

    Raises `ConfigurationError` for anything that is not known, not allowed, or would cost too much.
    """
    tree = _require(tree, dict, "the request")
    refuse_unknown_keys(tree, KEYS)
    chosen = {group: tree[group] for group in GROUPS if group in tree}
    values = _read_values(tree.get("values", {}))
    seed, months = tree.get("seed", 1), tree.get("months", 120)
    if type(seed) is not int or not 0 <= seed <= MAX_SEED:
        raise ConfigurationError(f"seed = {seed!r}: must be a whole number in [0, {MAX_SEED}]")
    if type(months) is not int or not 1 <= months <= MAX_MONTHS:
        raise ConfigurationError(f"months = {months!r}: must be a whole number in [1, {MAX_MONTHS}]")
    base = options.compose(chosen)
    _check_size(values.get("field.n_organizations", base.field.n_organizations), months)
    parameters = set_values(base, {**values, "months": months})
    roster = options.find_roster(parameters)
    n = parameters.field.n_organizations if roster is None else len(roster.ids)
    _check_size(n, months)
    changes = tuple(_read_change(one) for one in _require(tree.get("changes", []), list, "changes"))
    if len(changes) > MAX_CHANGES:
        raise ConfigurationError(f"changes: {len(changes)}; at most {MAX_CHANGES} in a run")
    planned = tuple(plan_changes(parameters, changes))
    seat = _read_seat(tree["seat"], months, n) if "seat" in tree else None
    return Asked(parameters, seed, changes, planned, _write_words(chosen, values, seed, months, options), seat)


def _read_seat(tree: Any, months: int, n_organizations: int) -> Seat:
    tree = _require(tree, dict, "the seat")
    refuse_unknown_keys(tree, ("organization", "decisions", "asks"))
    organization = tree.get("organization")
    if type(organization) is not int or not 1 <= organization <= n_organizations:
        raise ConfigurationError(f"organization = {organization!r}: must be a whole number in [1, {n_organizations}]")
    texts, asks = _require(tree.get("decisions", []), list, "decisions"), _require(tree.get("asks", []), list, "asks")
    if len(texts) > MAX_DECISIONS:
        raise ConfigurationError(f"decisions: {len(texts)}; at most {MAX_DECISIONS} in a run")
    unknown = [kind for kind in asks if kind not in tuple(ACTS)]
    if unknown:
        raise ConfigurationError(f"asks = {unknown[0]!r}: must be of {', '.join(ACTS)}")
    decisions = tuple(read_decision(require_text(text, "a decision")) for text in texts)
    check_decisions(decisions, months, n_organizations)
    if any(one.organization != organization for one in decisions):
        raise ConfigurationError(f"decisions: all must be those of organization {organization}")
    return Seat(organization, decisions, frozenset(asks))


def refuse_unknown_keys(tree: dict[str, Any], known: Sequence[str]) -> None:
    """Raise `ConfigurationError` for a key that nothing would read, so that no wish is passed over in silence."""
    for name in tree:
        if name not in known:
            raise ConfigurationError(f"'{name}': is not asked for here; there are {', '.join(known)}")


def require_text(value: Any, name: str) -> str:
    """Return `value`. Raises `ConfigurationError` unless it is text."""
    if not isinstance(value, str):
        raise ConfigurationError(f"{name}: must be text")
    return value


def _require(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigurationError(f"{name}: must be a {'list' if kind is list else 'mapping'}")
    return value


def _read_values(tree: Any) -> dict[str, Any]:
    values = _require(tree, dict, "values")
    for name in values:
        if not is_control(name):
            raise ConfigurationError(f"'{name}': cannot be set here")
    return values


def _read_change(tree: Any) -> Change:
    tree = _require(tree, dict, "a change")
    refuse_unknown_keys(tree, ("month", "values"))
    month, values = tree.get("month"), _read_values(tree.get("values", {}))
    if type(month) is not int:
        raise ConfigurationError(f"month = {month!r}: must be a whole number")
    return Change(month, values)


def _check_size(n: Any, months: int) -> None:
    if not isinstance(n, int | float):  # told by its own check
        return
    if n > MAX_ORGANIZATIONS:
        raise ConfigurationError(f"{n} organizations: at most {MAX_ORGANIZATIONS} here")
    if n * months > MAX_COST:
        raise ConfigurationError(
            f"{n} organizations over {months} months: at most {MAX_COST} organization-months here; take fewer of "
            "either, or run it on the command line"
        )


def _write_words(
    chosen: dict[str, Any], values: dict[str, Any], seed: int, months: int, options: Options
) -> tuple[str, ...]:
    words = []
    for group, option in chosen.items():
        if option in options.words:
            words.append(options.words[option])
        elif option != DEFAULTS[group]:
            words.append(f"{group}={option}")
    words += [f"{name}={write_value(value)}" for name, value in values.items()]
    return (*words, f"seeds=[{seed}]", *([] if months == 120 else [f"months={months}"]))


def write_command(asked: Asked, name: str | None = None) -> list[str]:
    """Return the words of the command that gives the run again."""
    named = [f"name={name}"] if name else []
    decided = [part for text in asked.decision_texts for part in ("--decide", text)]
    return ["coalitions", "run", *asked.words, *named, *write_changes(asked.changes), *decided]
