"""Reading a design's constraints: what they name must be numbers, varied here or fixed by the setting."""

from __future__ import annotations

from typing import Any

from sim.configuration.designs.constraints import EXAMPLE, Constraint, read_constraint
from sim.configuration.designs.design import Design
from sim.configuration.designs.entries import require_list
from sim.configuration.designs.sampling import ENSEMBLE, MATRICES
from sim.errors import ConfigurationError, ConstraintError
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS, find_declaration, get_value, refuse_unknown, show


def read_constraints(tree: Any, design: Design, parameters: Parameters | None, where: str) -> tuple[Constraint, ...]:
    """Return the checked constraints on `design`; those that always hold are left out. Raises `ConfigurationError`."""
    found = []
    for place, text in enumerate(require_list(tree, where, f"a list of comparisons, like ['{EXAMPLE}']")):
        spot = f"{where}[{place}]"
        if not isinstance(text, str):
            raise ConfigurationError(f"{spot} = {show(text)}: must be text, like '{EXAMPLE}'")
        try:
            constraint = read_constraint(text)
        except ConstraintError as problem:
            raise ConfigurationError(f"{spot} = '{text}': {problem}") from None
        constraint = _resolve(constraint, design, parameters, f"{spot} = '{text}'")
        if constraint is not None:
            found.append(constraint)
    return tuple(found)


def _resolve(constraint: Constraint, design: Design, parameters: Parameters | None, spot: str) -> Constraint | None:
    """Return the constraint with what does not vary as a number, or None where it always holds."""
    fixed = {}
    for name in constraint.names():
        declaration = find_declaration(name)
        if declaration is None:
            try:
                refuse_unknown(name)
            except ConfigurationError as problem:
                raise ConfigurationError(f"{spot}: {problem}") from None
        if "low" not in declaration.metadata:
            raise ConfigurationError(f"{spot}: {name} is not a number; constraints compare numbers")
        if not _is_varied(name, design, spot):
            fixed[name] = _find_fixed(name, design, parameters, spot)
    constraint = constraint.fill(fixed)
    if constraint.names():
        return constraint
    if not constraint.holds({}):
        raise ConfigurationError(f"{spot}: never holds, since {constraint} is false; vary a parameter of it")
    return None


def _is_varied(name: str, design: Design, spot: str) -> bool:
    if design.sample and name in {axis.name for axis in design.sample.axes}:
        if design.sample.method == ENSEMBLE:
            raise ConfigurationError(f"{spot}: {name} is a calibrated parameter; no set of the ensemble may be dropped")
        if design.sample.method in MATRICES:
            raise ConfigurationError(
                f"{spot}: {name} is drawn by {design.sample.method}, whose analysis needs every row, so no point "
                "may be dropped; narrow the ranges until every point keeps it, or use method: latin_hypercube"
            )
        return True
    if name in design.vary:
        return True
    holders = [name in case for case in design.cases]
    if any(holders) and not all(holders):
        raise ConfigurationError(f"{spot}: {name} is set in some cases only; set it in every case")
    return any(holders)


def _find_fixed(name: str, design: Design, parameters: Parameters | None, spot: str) -> float:
    head = name.split(".")[0]
    if head in {group for group, _ in design.settings() if group in GROUPS}:
        raise ConfigurationError(f"{spot}: {name} may differ from one {head} to the next; write a number instead")
    if parameters is None:
        raise ConfigurationError(f"{spot}: {name} does not vary in this design; vary it or write its number")
    try:
        return get_value(parameters, name)
    except ConfigurationError as problem:
        raise ConfigurationError(f"{spot}: {problem}") from None
