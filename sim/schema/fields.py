"""How a parameter is declared: default, unit, closed range, label and source, in the metadata of a dataclass field."""

from __future__ import annotations

import dataclasses
import operator
from dataclasses import field as declare
from typing import Any

from sim.errors import ParameterError

ASSUMED = "assumed"
MAX_SEED = 2**53 - 1


def number(
    default: float,
    unit: str,
    low: float,
    high: float,
    label: str,
    source: str = ASSUMED,
    plausible: tuple[float, float] | None = None,
) -> Any:
    """Declare one number with its unit, closed range [low, high], plain label and source.

    plausible: the part of the range that samples are drawn from unless a design says otherwise, always assumed;
    without one, half to twice the default. It holds the default.
    """
    metadata = {"unit": unit, "low": low, "high": high, "label": label, "source": source}
    metadata["plausible_source"] = ASSUMED if plausible else f"{ASSUMED}: half to twice the default"
    metadata["plausible"] = plausible or _find_plausible(default, low, high)
    return declare(default=default, metadata=metadata)


def _find_plausible(default: float, low: float, high: float) -> tuple[float, float]:
    if isinstance(default, int):
        return max(low, default // 2), min(high, 2 * default)
    return max(low, round(default / 2, 10)), min(high, round(2 * default, 10))


def switch(default: bool, label: str) -> Any:
    """Declare an on/off switch."""
    return declare(default=default, metadata={"unit": "on/off", "label": label, "source": "design"})


def choice(default: str, options: tuple[str, ...], label: str) -> Any:
    """Declare a choice among named options; kernels see the option's position."""
    metadata = {"unit": "choice", "options": options, "label": label, "source": "design"}
    return declare(default=default, metadata=metadata)


def check_fields(group: Any, prefix: str = "") -> None:
    """Raise `ParameterError` for the first declared field of `group` outside its range.

    The message names the parameter, the value, the unit and what is allowed.
    """
    for item in dataclasses.fields(group):
        value, meta = getattr(group, item.name), item.metadata
        name = f"{prefix}{item.name}"
        if "options" in meta and value not in meta["options"]:
            raise ParameterError(f"{name} = {value!r}: must be one of {', '.join(meta['options'])}")
        if "low" not in meta:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ParameterError(
                f"{name} = {value!r}: must be a number in [{meta['low']:g}, {meta['high']:g}] {meta['unit']}"
            )
        if not meta["low"] <= value <= meta["high"]:  # also refuses nan
            raise ParameterError(f"{name} = {value:g} {meta['unit']}: must lie in [{meta['low']:g}, {meta['high']:g}]")


def read_seed(value: Any) -> int:
    """Return a seed as a number of Python's; whole numbers of numpy and pandas will do. Raises `ParameterError`."""
    try:
        seed = -1 if type(value).__name__ in ("bool", "bool_") else operator.index(value)
    except TypeError:  # 1.7, "3", None
        seed = -1
    if not 0 <= seed <= MAX_SEED:
        raise ParameterError(f"seed = {str(value)[:60]!r}: must be a whole number in [0, {MAX_SEED}]")
    return seed


class Group:
    """A named group of parameters that checks its ranges when it is made."""

    def __post_init__(self) -> None:
        check_fields(self, f"{type(self).__name__.lower()}.")
