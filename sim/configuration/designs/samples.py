"""Reading what a design draws: method, numbers, seed, and the range or options of each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.configuration.designs.axes import Axis
from sim.configuration.designs.entries import check_entry, refuse_others, refuse_repeats, require_mapping
from sim.configuration.designs.sampling import ENSEMBLE, METHODS, Sample, check_library, digest_axes
from sim.errors import ConfigurationError, SamplingError
from sim.schema.settable import (
    EXPERIMENT_KEYS,
    GROUPS,
    RUN_KEYS,
    check_value,
    fill_range,
    find_declaration,
    refuse_unknown,
    show,
    suggest,
)

MAX_POINTS = 10_000_000
_RANGE_KEYS = ("low", "high", "scale")
_SCALES = ("linear", "log")
_RANGE_EXAMPLE = "like [0, 1] or {low: 1, high: 100, scale: log}"
# Of each number of a sample: lowest, highest, what is allowed in words.
_NUMBERS = {
    "n": (1, MAX_POINTS, f"a whole number in [1, {MAX_POINTS}]"),
    "trajectories": (1, MAX_POINTS, f"a whole number in [1, {MAX_POINTS}]"),
    "levels": (2, 1000, "an even whole number in [2, 1000]"),
    "seed": (0, 2**53 - 1, f"a whole number in [0, {2**53 - 1}]"),
}


def read_sample(tree: Any, where: str) -> Sample | None:
    """Return the checked `Sample` of plain data, or None for nothing. Raises `ConfigurationError`."""
    tree = require_mapping(tree, where, "a mapping like {method: latin_hypercube, n: 256, over: [grants.luck]}")
    if not tree:
        return None
    method = tree.get("method", "latin_hypercube")
    if method not in METHODS:
        hint = suggest(str(method), METHODS)
        raise ConfigurationError(f"{where}.method = {show(method)}: must be one of {', '.join(METHODS)}.{hint}")
    if method == ENSEMBLE:
        return _read_ensemble(tree, where)
    own = METHODS[method]
    for key in tree:
        if key in ("n", "second_order", "trajectories", "levels") and key not in own:
            raise ConfigurationError(f"{where}.{key}: {method} takes {' and '.join(own)}; take '{key}' out")
    refuse_others(tree, ["method", *own, "seed", "over"], where)
    numbers = {key: _read_number(method, key, tree.get(key, default), where) for key, default in own.items()}
    seed = _read_number(method, "seed", tree.get("seed", 1), where)
    axes = _read_axes(tree.get("over"), f"{where}.over")
    try:
        check_library(method)
    except SamplingError as problem:
        raise ConfigurationError(f"{where}.method = {method}: {problem}") from None
    return Sample(method, axes, seed, numbers)


def name_ensemble(n: int | None, varied: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain data of a sample of n calibrated sets, asked for beside what else is `varied`.

    Raises `ConfigurationError` where ranges are to be drawn from as well.
    """
    over = (varied.get("sample") or {}).get("over")
    if over:
        raise ConfigurationError(
            f"--sample {ENSEMBLE}: takes no ranges; list values, like {next(iter(over))}=1,2, or take the range out"
        )
    return {"method": ENSEMBLE} | ({} if n is None else {"n": n})


def _read_ensemble(tree: Mapping[str, Any], where: str) -> Sample:
    """Return the first n sets of a calibrated ensemble, without the parameters that are set or varied otherwise."""
    from sim.configuration.designs.ensemble import read_ensemble

    if "over" in tree:
        raise ConfigurationError(
            f"{where}.over: an ensemble has its own parameters; take 'over' out, or draw ranges with latin_hypercube"
        )
    refuse_others(tree, ["method", "n", "file", "without", "digest"], where)
    file, without = tree.get("file"), tree.get("without") or []
    if file is not None and not isinstance(file, str):
        raise ConfigurationError(f"{where}.file = {show(file)}: must be the path of an ensemble's table")
    table = read_ensemble(file)
    wanted = _read_number(ENSEMBLE, "n", tree.get("n", min(len(table), METHODS[ENSEMBLE]["n"])), where)
    if wanted > len(table):
        raise ConfigurationError(
            f"{where}.n = {wanted}: the ensemble has {len(table)} sets; `coalitions calibrate` finds more"
        )
    if not isinstance(without, list):
        raise ConfigurationError(f"{where}.without = {show(without)}: must be a list of parameters to leave alone")
    for name in without:
        if find_declaration(str(name)) is None:
            refuse_unknown(str(name))
    names = [str(name) for name in table.columns if name not in without]
    if not names:
        raise ConfigurationError(f"{where}.without: leaves no parameter of the ensemble; take the sample out instead")
    axes = tuple(Axis(name, options=tuple(table[name].tolist()[:wanted])) for name in names)
    if tree.get("digest", digest_axes(axes)) != digest_axes(axes):
        raise ConfigurationError(
            f"{where}: the ensemble is no longer the one this design was made with; give the sweep another name=… "
            "or put the earlier table back"
        )
    return Sample(ENSEMBLE, axes, 1, {"n": wanted}, file, tuple(name for name in without if name in table.columns))


def _read_number(method: str, key: str, value: Any, where: str) -> Any:
    if key == "second_order":
        if not isinstance(value, bool):
            raise ConfigurationError(f"{where}.{key} = {show(value)}: must be true or false")
        return value
    low, high, wanted = _NUMBERS[key]
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not low <= value <= high or (key == "levels" and value % 2):
        raise ConfigurationError(f"{where}.{key} = {show(value)}: must be {wanted}")
    if key == "n" and method in ("sobol", "saltelli") and value & (value - 1):
        below = 1 << (value.bit_length() - 1)
        raise ConfigurationError(
            f"{where}.n = {value}: must be a power of 2 for {method}, like {below} or {2 * below}; "
            "other numbers go with latin_hypercube"
        )
    return value


def _read_axes(over: Any, where: str) -> tuple[Axis, ...]:
    if isinstance(over, list) and over:
        for name in over:
            if not isinstance(name, str):
                raise ConfigurationError(f"{where} = {show(name)}: must be a parameter's name, like grants.luck")
        refuse_repeats(over, where)
        over = dict.fromkeys(over)
    if not isinstance(over, Mapping) or not over:
        raise ConfigurationError(
            f"{where} = {show(over)}: must be a list of parameters or a mapping of parameters to ranges, "
            f"{_RANGE_EXAMPLE}"
        )
    return tuple(_read_axis(name, span, where) for name, span in over.items())


def _read_axis(name: str, span: Any, where: str) -> Axis:
    if name in GROUPS:
        return Axis(name, options=_read_options(name, span, None, where))
    declaration = find_declaration(name)
    if declaration is None:
        if name in (*RUN_KEYS, *EXPERIMENT_KEYS):
            check_entry(name, None, where)
        refuse_unknown(name)
    meta = declaration.metadata
    if declaration.kind is bool or "options" in meta:
        return Axis(name, options=_read_options(name, span, meta.get("options", (False, True)), where))
    if "low" not in meta:
        raise ConfigurationError(f"{where}.{name}: has no range to draw from; list its values in design.vary")
    return _read_range(name, span, meta, where, is_whole=declaration.kind is int)


def _read_options(name: str, options: Any, known: tuple[Any, ...] | None, where: str) -> tuple[Any, ...]:
    if options is None and known:
        return tuple(known)
    if not isinstance(options, list) or len(options) < 2:
        example = ", ".join(show(option) for option in (known or ("a", "b"))[:2])
        raise ConfigurationError(
            f"{where}.{name} = {show(options)}: must be a list of two options or more, like [{example}]"
        )
    checked = [check_entry(name, option, where) for option in options]
    refuse_repeats(checked, f"{where}.{name}")
    return tuple(checked)


def _read_range(name: str, span: Any, meta: Mapping[str, Any], where: str, *, is_whole: bool) -> Axis:
    spot = f"{where}.{name}"
    if isinstance(span, list):
        if len(span) != 2:
            raise ConfigurationError(f"{spot} = {show(span)}: must be [low, high]; single values belong in design.vary")
        span = {"low": span[0], "high": span[1]}
    if span is not None and not isinstance(span, Mapping):
        raise ConfigurationError(f"{spot} = {show(span)}: must be a range, {_RANGE_EXAMPLE}")
    span = dict(span or {})
    refuse_others(span, _RANGE_KEYS, spot)
    scale = span.get("scale", "linear")
    if scale not in _SCALES:
        raise ConfigurationError(
            f"{spot}.scale = {show(scale)}: must be {' or '.join(_SCALES)}.{suggest(str(scale), _SCALES)}"
        )
    low, high = (check_value(name, span[key]) if key in span else None for key in ("low", "high"))
    low, high = (check_value(name, end) for end in fill_range(meta, low, high))
    if not low < high:
        raise ConfigurationError(
            f"{spot} = [{show(low)}, {show(high)}]: low must lie below high; a single value "
            f"is set as {name}: {show(high)}"
        )
    if scale == "log" and not low > 0:
        raise ConfigurationError(
            f"{spot}.low = {show(low)}: must lie above 0 for scale: log; give a low above 0 or leave the scale out"
        )
    return Axis(name, low, high, is_log=scale == "log", is_whole=is_whole)
