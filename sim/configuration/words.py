"""Reading the words ``key=value`` of a user: each is judged here before Hydra sees it.

Hydra alone accepts too much: it advises ``+key=value`` for a typo and then runs without effect, and ``key@package``,
``_target_`` and its own settings reach places where a parameter has no business.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from sim.configuration.options import MAX_BYTES, MAX_DEPTH, check_option, check_text, option_files
from sim.errors import ConfigurationError
from sim.schema.settable import (
    EXPERIMENT_KEYS,
    GROUPS,
    RUN_KEYS,
    check_value,
    declared,
    fill_range,
    find_declaration,
    refuse_unknown,
    show,
    suggest,
)

_LINE = re.compile(r"regime\.programmes\.[^.]+")
_NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})?\.\.({_NUMBER})?")
_SPACED = re.compile(r"(?<![\w'\"./-])[-+]?[0-9]+(_[0-9]+)+(?![\w'\"./-])")
_LONG = re.compile(r"[0-9]{400}")  # Python refuses to read 4300 digits, and no parameter has 400


class Word(NamedTuple):
    """One override: its key, the values it asks for (several in a sweep), and the words for Hydra."""

    key: str
    values: list[Any]
    texts: list[str]
    is_sweep: bool


def read_words(overrides: list[str], own: Path | None = None) -> list[Word]:
    """Return the checked words of `overrides`; `own` is a user's folder of configurations.

    Raises `ConfigurationError` for the first word that is unknown, unsafe, of the wrong kind or out of range, and for
    a key that is given twice: Hydra would keep the last one alone.
    """
    words: list[Word] = []
    for text in overrides:
        word = _read(text, own)
        _refuse_second(word.key, [before.key for before in words])
        words.append(word)
    return words


def read_varied(overrides: list[str], own: Path | None = None) -> tuple[list[str], dict[str, Any]]:
    """Return the plain words among `overrides`, and what the others vary as a design's plain data.

    ``key=a,b`` lists values (``vary``); ``key=low..high``, or ``key=..`` for the plausible range, is drawn from
    (``sample``, whose method and number of points are left to their defaults). `compose` takes both.
    """
    plain: list[str] = []
    vary: dict[str, list[Any]] = {}
    over: dict[str, list[Any]] = {}
    for text in overrides:
        key, _, value = text.partition("=") if isinstance(text, str) else ("", "", "")
        span = _RANGE.fullmatch(value)
        if span and (any(span.groups()) or "low" in getattr(find_declaration(key), "metadata", ())):
            _refuse_second(key, [*vary, *over])
            over[key] = _read_range(key, span)
            continue
        word = _read(text, own)
        if not word.is_sweep or word.key in RUN_KEYS:  # `compose` explains how seeds are listed
            plain.append(text)
            continue
        if not word.values or text.startswith("+"):
            raise ConfigurationError(f"{text}: cannot be varied; write the values out, like {_vary_example(word.key)}")
        _refuse_second(word.key, [*vary, *over])
        vary[word.key] = word.values
    for text in plain:
        _refuse_second(text.partition("=")[0].lstrip("+~"), [*vary, *over])
    return plain, {**({"vary": vary} if vary else {}), **({"sample": {"over": over}} if over else {})}


def _read_range(key: str, span: re.Match[str]) -> list[Any]:
    declaration = find_declaration(key)
    if declaration is None and key not in (*GROUPS, *RUN_KEYS):
        refuse_unknown(key)
    if declaration is None or "low" not in declaration.metadata:
        mend = f"list values as {key}=a,b"
        if key in RUN_KEYS:
            mend = "give a number of seeds, or a range of them like seeds=3-9" if key == "seeds" else "give one value"
        raise ConfigurationError(f"{key}={span.group()}: only a number can be drawn from a range; {mend}")
    low, high = (check_value(key, _to_number(text)) if text else None for text in span.groups())
    return [check_value(key, end) for end in fill_range(declaration.metadata, low, high)]


def _to_number(text: str) -> float:
    return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)


def _refuse_second(key: str, varied: list[str]) -> None:
    if key in varied:
        raise ConfigurationError(f"{key}: stands twice among these words; give it once")


def _vary_example(key: str) -> str:
    return f"{key}=a,b" if key in GROUPS else f"{key}=1,2"


def _read(text: str, own: Path | None) -> Word:
    if not isinstance(text, str):
        raise ConfigurationError(f"{text!r}: an override must be text of the form key=value")
    if re.match(r"[+~]*/?hydra", text):
        raise ConfigurationError(f"'{text}': Hydra's own settings cannot be changed; take the word out")
    override = _parse(text, own)
    key = override.key_or_group
    if override.package is not None:
        raise ConfigurationError(f"{text}: packages (@) are not allowed; write {key}=…")
    if override.is_delete():
        return _read_deletion(text, key)
    values = _values(override)
    if override.is_interval_sweep():
        raise ConfigurationError(f"{text}: intervals are not supported; write a list, like {key}=1,2,3")
    for value in values:
        _check(key, value, own)
    return Word(key, values, _write(override), override.is_sweep_override())


def _write(override: Any) -> list[str]:
    """Return the words for Hydra: what is added must be declared, so that "+" only ever adds a grant line."""
    key, plain = override.key_or_group, override.input_line.lstrip("+")
    if key in GROUPS or not (override.is_add() or override.is_force_add()):
        return [plain]
    line = _LINE.match(key)
    new_line = [f"++regime.programmes={{{key.split('.')[2]}:{{}}}}"] if line else []
    return [*new_line, f"++{plain}"]


def _parse(text: str, own: Path | None) -> Any:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if "=" not in text and not text.startswith("~"):
        raise ConfigurationError(f"'{text}' is not of the form key=value.{_suggest_group(text, own)}")
    key, _, value = text.partition("=")
    for part in (*key.lstrip("+~").split("."), value):
        check_text(text, part)
    if len(text) > MAX_BYTES or value.count("[") + value.count("{") > MAX_DEPTH or _LONG.search(value):
        raise ConfigurationError(f"{text[:60]}…: is too long, too deep, or holds a number of hundreds of digits")
    if _SPACED.search(value):  # Hydra would read 1_5 as 15
        raise ConfigurationError(f"{text}: write whole numbers without '_', or put the value in quotes")
    quoted = f"{key}='{value}'" if value and value[0] not in "'\"[{" else text
    attempts = {"name": (quoted,), "field.folder": (text, quoted)}.get(key, (text,))
    for attempt in attempts:
        try:
            override = OverridesParser.create().parse_override(attempt)
        except HydraException:
            continue
        override.input_line = attempt
        return override
    raise ConfigurationError(f"cannot read '{text}'; put the value in quotes, like \"{key}='…'\"")


def _suggest_group(text: str, own: Path | None) -> str:
    options = {name: group for group in GROUPS for name in option_files(group, own)}
    close = re.search(r"'(.+)'", suggest(text, options))
    return f" Did you mean '{options[close.group(1)]}={close.group(1)}'?" if close else ""


def _values(override: Any) -> list[Any]:
    from hydra.core.override_parser.types import Glob, QuotedString

    if not override.is_sweep_override():
        return [override.value()]
    if not override.is_discrete_sweep() or isinstance(override._value, Glob):
        return []
    return [value.text if isinstance(value, QuotedString) else value for value in override.sweep_iterator()]


def _check_plain(where: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            check_text(where, str(key))
            _check_plain(where, inner)
    elif isinstance(value, list):
        for inner in value:
            _check_plain(where, inner)
    elif isinstance(value, str):
        check_text(where, value)


def _read_deletion(text: str, key: str) -> Word:
    if not _LINE.fullmatch(key):
        raise ConfigurationError(f"'{text}': only a grant line can be taken away, like ~regime.programmes.service")
    return Word(key, [], [text], False)


def _check(key: str, value: Any, own: Path | None) -> None:
    _check_plain(key, value)
    if key in GROUPS:
        check_option(key, value, own)
    elif isinstance(value, dict):
        raise ConfigurationError(f"{key} = {show(value)}: give each number by its own name, like {_example(key)}")
    elif key in EXPERIMENT_KEYS or key.startswith("design."):
        raise ConfigurationError(f"'{key}' belongs in an experiment's file; see experiments/README.md")
    elif key not in RUN_KEYS:
        _check_parameter(key, value)


def _check_parameter(key: str, value: Any) -> None:
    if find_declaration(key):
        check_value(key, value)
        return
    inner = [name for name in declared() if name.startswith(f"{key}.")]
    if inner or _LINE.fullmatch(key):
        raise ConfigurationError(f"'{key}' is a group of parameters; give one of them, like {_example(key)}")
    refuse_unknown(key)


def _example(key: str) -> str:
    if _LINE.fullmatch(key):
        return f"{key}.term_months=24"
    inner = [entry for name, entry in declared().items() if name.startswith(f"{key}.")]
    return f"{inner[0].name}={show(inner[0].default)}" if inner else "regime.programmes.service.term_months=24"
