"""Reading a design from plain data: every entry is checked, and what is refused says which, why, and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.configuration.designs.design import CASE, Design
from sim.configuration.designs.entries import check_entry, refuse_others, refuse_repeats, require_list, require_mapping
from sim.configuration.designs.limits import read_constraints
from sim.configuration.designs.samples import MAX_POINTS, read_sample
from sim.configuration.designs.sampling import MATRICES, WORDS
from sim.configuration.options import check_option
from sim.errors import ConfigurationError, SamplingError
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS, NAME_PATTERN, show

KEYS = ("vary", "cases", "sample", "constraints", "designs")


def read_design(tree: Any, parameters: Parameters | None = None, where: str = "design") -> Design:
    """Return the checked `Design` of plain data.

    Constraints take what the design does not vary from `parameters`. Raises `ConfigurationError` naming the entry.
    """
    tree = require_mapping(tree, where, f"a mapping with any of {', '.join(KEYS)}")
    refuse_others(tree, KEYS, where)
    if tree.get("designs") is not None:
        design = _read_designs(tree, parameters, where)
    else:
        vary = _read_vary(tree.get("vary"), f"{where}.vary")
        cases = _read_cases(tree.get("cases"), f"{where}.cases")
        sample = read_sample(tree.get("sample"), f"{where}.sample")
        design = Design(vary, cases, sample)
        _refuse_twice(design, where)
        constraints = read_constraints(tree.get("constraints"), design, parameters, f"{where}.constraints")
        design = Design(vary, cases, sample, constraints)
    if design.count_written() > MAX_POINTS:
        raise ConfigurationError(
            f"{where}: has {design.count_written():,} points; at most {MAX_POINTS:,} are run; list fewer values "
            "or draw a sample"
        )
    _refuse_empty(design, where)
    return design


def _read_vary(tree: Any, where: str) -> dict[str, list[Any]]:
    vary = {}
    for name, values in require_mapping(tree, where, "a mapping of names to lists of values").items():
        if not isinstance(values, list) or not values:
            raise ConfigurationError(f"{where}.{name} = {show(values)}: must be a list of values, like [1, 2]")
        vary[name] = [check_entry(name, value, where) for value in values]
        refuse_repeats(vary[name], f"{where}.{name}")
    return vary


def _read_cases(tree: Any, where: str) -> list[dict[str, Any]]:
    cases = []
    for place, case in enumerate(require_list(tree, where, "a list of cases, like [{name: rich, grants.luck: 0.1}]")):
        spot = f"{where}[{place}]"
        if not isinstance(case, Mapping):
            raise ConfigurationError(f"{spot} = {show(case)}: must be a mapping like {{name: rich, grants.luck: 0.1}}")
        cases.append({key: check_entry(key, value, spot) for key, value in case.items() if key != "name"})
        if "name" in case:
            name = case["name"]
            if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
                raise ConfigurationError(
                    f"{spot}.name = {show(name)}: may hold letters, digits, '.', '_' and '-', at most 64"
                )
            cases[-1] = {"name": name, **cases[-1]}
    if any("name" in case for case in cases):
        cases = [{"name": f"{CASE}_{place}", **case} for place, case in enumerate(cases, 1)]
        refuse_repeats([case["name"] for case in cases], where, "give each case a name of its own")
    refuse_repeats(cases, where)
    return cases


def _refuse_twice(design: Design, where: str) -> None:
    parts = {
        "vary": set(design.vary),
        "cases": {name for case in design.cases for name in case} - {"name"},
        "sample": {axis.name for axis in design.sample.axes} if design.sample else set(),
    }
    for first, second in (("vary", "cases"), ("vary", "sample"), ("cases", "sample")):
        for name in sorted(parts[first] & parts[second]):
            raise ConfigurationError(
                f"{name}: stands in {where}.{first} and in {where}.{second}; take it out of one of them"
            )


def _read_designs(tree: Mapping[str, Any], parameters: Parameters | None, where: str) -> Design:
    for key in KEYS:
        if key != "designs" and tree.get(key):
            raise ConfigurationError(f"{where}.{key}: cannot stand beside {where}.designs; move it into each of them")
    inner = require_list(tree["designs"], f"{where}.designs", "a list of designs, like [{vary: …}, {sample: …}]")
    designs = []
    for place, part in enumerate(inner):
        spot = f"{where}.designs[{place}]"
        designs.append(read_design(part, parameters, spot))
        _refuse_matrix(designs[-1], spot)
    return Design(designs=tuple(designs))


def _refuse_matrix(design: Design, where: str) -> None:
    if design.sample and design.sample.method in MATRICES:
        raise ConfigurationError(
            f"{where}.sample.method = {design.sample.method}: the rows of {WORDS[design.sample.method]} belong "
            "together, and repeats are left out of a list of designs; make it an experiment of its own"
        )


def _refuse_empty(design: Design, where: str) -> None:
    if not design.constraints:
        return
    try:
        n_points = len(list(design.points(0, 1)))  # draws the sample
    except SamplingError as problem:
        raise ConfigurationError(f"{where}.constraints: {problem}") from None
    if not n_points:
        told = " and ".join(f"'{constraint}'" for constraint in design.constraints)
        raise ConfigurationError(f"{where}.constraints: no point keeps {told}; widen the ranges or take one away")


def check_groups(design: Design, own: Any = None) -> None:
    """Raise `ConfigurationError` unless every value of a varied config group is one of its options."""
    for name, value in design.settings():
        if name in GROUPS:
            check_option(name, value, own)
