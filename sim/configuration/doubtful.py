"""What is allowed but hardly meant: a shock that changes nothing, a sample from beyond the plausible. It is told."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sim.configuration.designs import Design
from sim.configuration.designs.sampling import ENSEMBLE
from sim.errors import ConfigurationError
from sim.schema.choices import find_copied_labels, name_shock
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS, find_declaration, show

MOST_POINTS = 20_000  # of a design, looked at for shocks
MONEY = "grants.annual_usd_per_organization"


def find_warnings(design: Design, parameters_at: Callable[[dict[str, Any]], Parameters]) -> list[str]:
    """Return what to warn of in a design, a sentence each, none twice.

    parameters_at(values): the setting at some values of what the design varies. A point that cannot be set is left
    out: it fails when it is run.
    """
    told = [*_tell_ranges(design), *_tell_shocks(design, parameters_at), *_tell_labels(design, parameters_at)]
    return list(dict.fromkeys(told))


def _tell_labels(design: Design, parameters_at: Callable[[dict[str, Any]], Parameters]) -> Iterator[str]:
    for values in design.group_values(GROUPS) or [{}]:
        try:
            found = find_copied_labels(parameters_at(values))
        except ConfigurationError:
            continue
        for group, word, label in found:
            yield (
                f"{group} '{word}' has the label of another one, '{label}', so that its word stands behind it in "
                "brackets; give it another line `label: …` in its file"
            )


def _tell_ranges(design: Design) -> Iterator[str]:
    for inner in design.designs:
        yield from _tell_ranges(inner)
    if design.sample is None or design.sample.method == ENSEMBLE:
        return
    for axis in design.sample.axes:
        meta = getattr(find_declaration(axis.name), "metadata", {})
        if axis.options or "plausible" not in meta:
            continue
        low, high = meta["plausible"]
        if axis.low < low or axis.high > high:
            yield (
                f"{axis.name} is sampled from [{show(axis.low)}, {show(axis.high)}] {meta['unit']}, beyond what is "
                f"taken for plausible, [{show(low)}, {show(high)}] ({meta['plausible_source']})"
            )


def _tell_shocks(design: Design, parameters_at: Callable[[dict[str, Any]], Parameters]) -> Iterator[str]:
    seen: set[str] = set()
    if any(_is_of_shocks(name) for name in design.names()):
        points = itertools.chain(design.group_values(GROUPS), design.points(0, MOST_POINTS))
    else:
        points = iter([{}])
    for values in points:
        kept = {name: value for name, value in values.items() if _is_of_shocks(name)}
        key = json.dumps(kept, sort_keys=True)
        if key in seen:
            continue
        seen.add(key)
        try:
            setting = parameters_at(kept)
        except ConfigurationError:
            continue
        told = tell_shock(setting)
        if told:
            yield told


def _is_of_shocks(name: str) -> bool:
    return name in (*GROUPS, "months", MONEY) or name.startswith(("shock.", "regime.programmes."))


def tell_shock(setting: Parameters) -> str:
    """Return why the shock of a setting changes nothing, in a sentence; "" where there is none or it strikes."""
    shock = setting.shock
    if shock.name == "none":
        return ""
    name = f"shock '{name_shock(setting)}'"
    if shock.month > setting.months:
        return f"{name} strikes in month {shock.month}, after the last month ({setting.months}): it changes nothing"
    why = _find_nothing(setting)
    return f"{name} changes nothing under regime '{setting.regime.name}': {why}" if why else ""


def _find_nothing(setting: Parameters) -> str:
    """Return why the shock finds nothing to change in the money of a setting, "" where it does."""
    shock = setting.shock
    if not setting.regime.programmes:
        return "there is no grant money"
    if setting.grants.annual_usd_per_organization == 0:
        return f"{MONEY} is 0"
    lines = [line for line in setting.regime.programmes.values() if line.money_share > 0]
    lines = [line for line in lines if line.last_month + line.term_months >= shock.month]  # awards run on
    if not lines:
        return f"no line with money is open or pays awards in month {shock.month}"
    reasons: Mapping[str, tuple[bool, str]] = {
        "total_cut": (shock.cut_share == 0, "shock.cut_share is 0"),
        "short_terms": (
            all(line.term_months <= shock.term_months for line in lines),
            f"no award is longer than {shock.term_months} months",
        ),
        "stream_shift": (
            shock.from_population == shock.to_population
            or not any(
                shock.from_population in (line.eligible_populations or [shock.from_population]) for line in lines
            ),
            f"no line pays for {shock.from_population}"
            if shock.from_population != shock.to_population
            else "the money moves to the population that has it",
        ),
        "new_condition": (
            all(
                (line.stance_low, line.stance_high, line.ambiguity)
                == (shock.stance_low, shock.stance_high, shock.ambiguity)
                and (line.exclusive or not shock.exclusive)
                for line in lines
            ),
            "every line has that condition already",
        ),
    }
    is_nothing, why = reasons[shock.name]
    return why if is_nothing else ""


def check_labels(labels: list[str]) -> None:
    """Raise `ConfigurationError` where two of the names of distinct points are the same."""
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            raise ConfigurationError(f"two settings would both be called '{label}'; give them different names")
        seen.add(label)
