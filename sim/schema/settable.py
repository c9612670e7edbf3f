"""What a user may set: the dotted names, the check of one value, and a checked `Parameters` from plain data.

Everything is derived from the declarations in `sim.schema.parameters`; no number, range or name stands here a second
time.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sim.errors import ConfigurationError, ParameterError
from sim.schema import parameters
from sim.schema.choices import Choices
from sim.schema.fields import Group
from sim.schema.parameters import Parameters
from sim.schema.regimes import DEFAULT_REGIME

GROUPS = ("field", "regime", "shock", "mechanisms", "calibration", "experiment")
GLOBAL_GROUPS = ("calibration", "experiment")  # whose files set parameters of any other group
CHOSEN_GROUPS = tuple(group for group in GROUPS if group != "experiment")  # what an experiment may choose by a line
LINE = "<line>"
RUN_KEYS = ("seeds", "name", "start")
EXPERIMENT_KEYS = ("question", "design")
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LINE_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NAMES = re.compile(
    rf"(regime\.(name|label)|({'|'.join(CHOSEN_GROUPS)})\.label)"
)  # only a file of the group holds them
_PROGRAMME = re.compile(r"^regime\.programmes\.([^.]+)\.")


class Declaration(NamedTuple):
    """One parameter a user may set: its dotted name, its kind, its default and its declared metadata."""

    name: str
    kind: Any
    default: Any
    metadata: Mapping[str, Any]


@cache
def declared() -> dict[str, Declaration]:
    """Return every parameter by its dotted name; a grant line stands as ``regime.programmes.<line>.…``."""
    found = {}
    for name, item in parameters.declarations():
        default = item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
        found[name] = Declaration(name, _kind(name, item.name), default, item.metadata)
    return found


def _kind(name: str, last: str) -> Any:
    head = name.split(".")[0]
    groups = typing.get_type_hints(Parameters)
    owner = parameters.Programme if LINE in name else groups[head] if "." in name else Parameters
    return typing.get_type_hints(owner)[last]


@lru_cache(maxsize=4096)
def find_declaration(name: str) -> Declaration | None:
    """Return the declaration behind a dotted name as a user types it, the line's own name included, or None."""
    return declared().get(_PROGRAMME.sub(f"regime.programmes.{LINE}.", name))


def suggest(word: str, names: Iterable[str]) -> str:
    """Return " Did you mean '…'?" for the name closest to `word`, or nothing where none is close."""
    names = list(names)
    close = [name for name in names if len(word) > 3 and name.startswith(word)][:1]  # cut short
    close = close or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not close:
        tails = {name.rsplit(".", 1)[-1]: name for name in reversed(names)}
        close = [tails[tail] for tail in difflib.get_close_matches(word.rsplit(".", 1)[-1], tails, n=1, cutoff=0.75)]
    return f" Did you mean '{close[0]}'?" if close else ""


def refuse_unknown(name: str) -> typing.NoReturn:
    """Raise `ConfigurationError` for a parameter that does not exist, with the nearest one that does."""
    group = name.partition(".")[0]
    if _NAMES.fullmatch(name):
        raise ConfigurationError(
            f"'{name}' cannot be set: a {group} has the name of its file and the label written there. "
            f"Choose one with {group}=NAME, or write a file {group}/NAME.yaml of your own (--config-dir)"
        )
    if name in GROUPS:
        inner = next((known for known in declared() if known.startswith(f"{name}.")), "")
        example = f", like {inner.replace(LINE, 'service')}" if inner else ""
        raise ConfigurationError(
            f"'{name}' is no parameter but a choice for the whole run: write {name}=NAME on the command line or "
            f"{name}: NAME in an experiment. Here a parameter is wanted{example}"
        )
    line = _PROGRAMME.match(name)
    names = [known.replace(LINE, line.group(1)) if line else known for known in declared()]
    names += [] if line else ["regime.programmes"]
    hint = suggest(name, [*names, *RUN_KEYS] if "." in name else [*GROUPS, *RUN_KEYS, *names])
    raise ConfigurationError(f"unknown parameter '{name}'.{hint} 'coalitions list parameters' shows all.")


def show(value: Any) -> str:
    """Return a value in full, as it would stand on the command line."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def check_value(name: str, value: Any) -> Any:
    """Return `value` of the declared kind for the parameter `name`, a whole number for a float made a float.

    Raises `ConfigurationError` with name, value, unit and range for a wrong kind or a value out of range.
    """
    declaration = find_declaration(name)
    if declaration is None:
        refuse_unknown(name)
    kind, meta = declaration.kind, declaration.metadata
    if "low" in meta:
        return _check_number(name, value, kind, meta)
    if "options" in meta:
        if value not in meta["options"]:
            hint = suggest(str(value), meta["options"])
            allowed = ", ".join(meta["options"]) + ("." + hint if hint else "")
            raise ConfigurationError(f"{name} = {show(value)}: must be one of {allowed}")
        return value
    if kind is bool:
        return _require(name, value, isinstance(value, bool), "true or false")
    if kind == list[float]:
        fits = isinstance(value, list) and all(_is_number(entry) for entry in value)
        return [float(entry) for entry in _require(name, value, fits, "a list of numbers, like [0.5, 0.5]")]
    if kind == list[str]:
        fits = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        return list(_require(name, value, fits, "a list of names, like [a, b]; quote one that reads as a number"))
    if value is None and type(None) in typing.get_args(kind):
        return None
    return _require(name, value, isinstance(value, str), "text; put it in quotes if it reads as a number")


def fill_range(meta: Mapping[str, Any], low: Any = None, high: Any = None) -> tuple[Any, Any]:
    """Return low and high of a range of a declared number, with what is None filled in.

    The plausible end is taken where it leaves a range, else the limit.
    """
    near_low, near_high = meta["plausible"]
    if low is None:
        low = near_low if high is None or not near_low >= high else meta["low"]
    if high is None:
        high = near_high if not low >= near_high else meta["high"]
    return low, high


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require(name: str, value: Any, fits: bool, wanted: str) -> Any:
    if not fits:
        raise ConfigurationError(f"{name} = {show(value)}: must be {wanted}")
    return value


def _check_number(name: str, value: Any, kind: Any, meta: Mapping[str, Any]) -> float:
    whole = kind is int
    if not _is_number(value) or (whole and not isinstance(value, int)):
        wanted = "a whole number" if whole else "a number"
        raise ConfigurationError(f"{name} = {show(value)}: must be {wanted} in {_show_range(meta)} {meta['unit']}")
    if not meta["low"] <= value <= meta["high"]:  # also refuses nan
        raise ConfigurationError(f"{name} = {show(value)} {meta['unit']}: must lie in {_show_range(meta)}")
    return value if whole else float(value)


def _show_range(meta: Mapping[str, Any]) -> str:
    return f"[{show(meta['low'])}, {show(meta['high'])}]"


def build_parameters(tree: Mapping[str, Any]) -> Parameters:
    """Return the checked `Parameters` of a nested mapping; names that are left out keep their defaults.

    Raises `ConfigurationError` for the first value that is unknown, of the wrong kind or out of range.
    """
    groups = {}
    for name, kind in typing.get_type_hints(Parameters).items():
        if name not in tree:
            continue
        if name == "regime":
            groups[name] = _build_regime(tree[name])
        elif name == "choices":
            groups[name] = _build_choices(tree[name])
        elif dataclasses.is_dataclass(kind):
            groups[name] = _build(kind, tree[name], f"{name}.")
        else:
            groups[name] = check_value(name, tree[name])
    return Parameters(**groups)


def _build(kind: Any, tree: Mapping[str, Any], prefix: str) -> Any:
    try:
        return kind(**{key: check_value(f"{prefix}{key}", value) for key, value in tree.items()})
    except ParameterError as problem:
        raise ConfigurationError(str(problem).replace("programme.", prefix, 1)) from None


def _build_regime(tree: Mapping[str, Any]) -> parameters.Regime:
    name = tree.get("name", "none")
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise ConfigurationError(f"regime '{show(name)}': may hold letters, digits, '.', '_' and '-', at most 64")
    programmes = {}
    for line, entries in (tree.get("programmes") or {}).items():
        if not LINE_PATTERN.fullmatch(str(line)):
            raise ConfigurationError(
                f"regime.programmes.{line}: a line's name may hold a-z, 0-9 and '_', like 'service'"
            )
        programmes[line] = _build(parameters.Programme, entries, f"regime.programmes.{line}.")
    if not programmes and name == DEFAULT_REGIME:
        raise ConfigurationError(f"regime={name}: no grant line is left; write regime=none for no grants at all")
    if programmes and name == "none":
        raise ConfigurationError(
            f"regime=none has no grants, so line '{next(iter(programmes))}' cannot be added; choose another regime or "
            "write one of your own (--config-dir)"
        )
    return parameters.Regime(name=name, label=check_label("regime.label", tree.get("label")), programmes=programmes)


def check_label(name: str, value: Any) -> str:
    """Return the label written in the file of an option, "" without one.

    Raises `ConfigurationError` for what is no text, or holds line breaks or control characters.
    """
    label = _require(
        name, "" if value is None else value, value is None or isinstance(value, str), "text; put it in quotes"
    )
    return str(_require(name, label, label.isprintable(), "one line without control characters"))


def _build_choices(tree: Mapping[str, Any]) -> Choices:
    known = [item.name for item in dataclasses.fields(Choices)]
    if not all(name in known and isinstance(value, str) for name, value in tree.items()):
        raise ConfigurationError(f"choices: may hold {', '.join(known)}, each a word")
    return Choices(**tree)


def set_values(parameters: Parameters, values: Mapping[str, Any]) -> Parameters:
    """Return `parameters` with dotted names set to `values`, all at once, checked, without composing again (fast).

    Raises `ConfigurationError` for an unknown name, a wrong kind, a value out of range, or values that exclude another.
    """
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = check_value(name, value)
    return _set(parameters, tree, "")


def get_value(parameters: Parameters, name: str) -> Any:
    """Return the value that `parameters` hold under a dotted name. Raises `ConfigurationError` without that line."""
    owner: Any = parameters
    for part in name.split("."):
        if isinstance(owner, dict) and part not in owner:
            raise ConfigurationError(f"{name}: this regime has no line '{part}', but {', '.join(owner) or 'none'}")
        owner = owner[part] if isinstance(owner, dict) else getattr(owner, part)
    return owner


def _set(owner: Any, changes: dict[str, Any], prefix: str) -> Any:
    if isinstance(owner, dict):
        for line in changes:
            if line not in owner:
                raise ConfigurationError(
                    f"{prefix}{line}: this regime has no line '{line}', but {', '.join(owner) or 'none'}"
                )
        return {**owner, **{line: _set(owner[line], inner, f"{prefix}{line}.") for line, inner in changes.items()}}
    inner = {
        name: _set(getattr(owner, name), value, f"{prefix}{name}.") if isinstance(value, dict) else value
        for name, value in changes.items()
    }
    try:
        return _replace(owner, inner)
    except ParameterError as problem:
        raise ConfigurationError(str(problem).replace("programme.", prefix, 1)) from None


def _replace(owner: Any, changes: dict[str, Any]) -> Any:
    """Return `owner` with `changes`; where it only checks each value by itself, that has been done: no second time."""
    if getattr(type(owner), "__post_init__", None) is not Group.__post_init__:
        return dataclasses.replace(owner, **changes)
    made = object.__new__(type(owner))
    vars(made).update(vars(owner) | changes)
    return made
