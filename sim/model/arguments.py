"""What a `CoalitionModel` may be given: parameters in several forms, a seed under several names, a scenario."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.configuration import compose, set_values
from sim.errors import ParameterError
from sim.schema.fields import read_seed
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS, RUN_KEYS

if TYPE_CHECKING:
    from sim.schema.roster_tables import RosterTables

HIGHEST_DRAWN = 2**32  # a seed that is drawn stays short enough to be written down


def read_parameters(given: Any, scenario: Any, words: Mapping[str, Any]) -> Parameters:
    """Return the checked parameters that are meant, with those of a scenario and those by keyword set in them.

    given: `Parameters`, a list of words like ``["regime=mixed"]``, a dictionary of dotted names and values, or None for
    the defaults. A keyword wins over a scenario's value, and this over what is given.
    Raises `ParameterError` or `ConfigurationError` for a setting that is unknown, of the wrong kind or out of range.
    """
    values = {**(given if isinstance(given, Mapping) else {}), **_read_scenario(scenario), **words}
    values = {name: one.item() if isinstance(one, np.generic) else one for name, one in values.items()}
    listed = [] if given is None or isinstance(given, Mapping | Parameters) else given
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise ParameterError(
            f"parameters = {str(given)[:60]!r}: must be Parameters, a list of words like ['regime=mixed'], or a "
            "dictionary like {'regime': 'mixed', 'months': 60}"
        )
    keys = {*values, *(str(word).partition("=")[0] for word in listed)}
    if taken := sorted(keys & set(RUN_KEYS)):
        raise ParameterError(f"'{taken[0]}' belongs to a run of several seeds; a CoalitionModel takes one, as seed=")
    groups = {name: value for name, value in values.items() if name in GROUPS}
    if groups and isinstance(given, Parameters):
        name, value = next(iter(groups.items()))
        raise ParameterError(
            f"{name} = {value!r}: cannot be put into Parameters that are composed already; give words instead, "
            f"like CoalitionModel(['{name}={value}', 'months=60'])"
        )
    composed = [*listed, *(f"{name}={value}" for name, value in groups.items())]
    parameters = given if isinstance(given, Parameters) else _compose(composed)
    rest = {name: value for name, value in values.items() if name not in groups}
    return set_values(parameters, rest) if rest else parameters


def _compose(words: list[Any]) -> Parameters:
    return compose(words).parameters if words else Parameters()


def _read_scenario(scenario: Any) -> dict[str, Any]:
    """Return the values of a scenario: a dictionary, or an object with an attribute for each, as Mesa's own."""
    held = scenario if isinstance(scenario, Mapping) else getattr(scenario, "__dict__", {})
    return {name: value for name, value in held.items() if name not in ("rng", "seed", "model") and name[0] != "_"}


def choose_seed(seed: Any, rng: Any, scenario: Any) -> int:
    """Return the seed asked for under one of Mesa's names, or draw one where there is none.

    seed: a whole number, or None. rng, and a scenario's rng: a whole number, None, or a numpy generator to draw from.
    Raises `ParameterError` for anything else, and where two of them differ.
    """
    held = scenario if isinstance(scenario, Mapping) else getattr(scenario, "__dict__", {})
    given = {"seed": seed, "rng": rng, "scenario.rng": held.get("rng", held.get("seed"))}
    found = {name: _draw(value) for name, value in given.items() if value is not None}
    if len(set(found.values())) > 1:
        told = " and ".join(f"{name} = {value}" for name, value in found.items())
        raise ParameterError(f"{told}: give one seed, under one name")
    return next(iter(found.values())) if found else secrets.randbelow(HIGHEST_DRAWN)


def _draw(value: Any) -> int:
    if isinstance(value, np.random.BitGenerator | np.random.SeedSequence):
        value = np.random.default_rng(value)
    return int(value.integers(HIGHEST_DRAWN)) if isinstance(value, np.random.Generator) else read_seed(value)


def read_roster(parameters: Parameters, roster: RosterTables | None) -> RosterTables | None:
    """Return the roster given, or the one in the folder that the parameters name, or None."""
    if roster is not None or parameters.field.folder is None:
        return roster
    from sim.roster.reading import read_folder

    return read_folder(parameters.field.folder, parameters.field)
