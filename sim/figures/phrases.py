"""Words for what analyses speak of: outcomes and conditions, parameters with their values and units, and levers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sim.figures.labels import join_words, name_setting, name_value
from sim.schema.columns import column
from sim.schema.parameters import declarations

_LINE = re.compile(r"regime\.programmes\.[^.]+\.")
_COMPARED = {ast.Lt: "below", ast.LtE: "at most", ast.Gt: "above", ast.GtE: "at least", ast.Eq: "", ast.NotEq: "not"}
_COMBINED = {ast.Add: "plus", ast.Sub: "less", ast.Mult: "×", ast.Div: "over"}
_SPOKEN = re.compile(r"USD|months|years?|organizations|localities|coalitions|members|states|rounds|viewpoint units")
Labels = Mapping[str, Mapping[str, str]]  # of each group, by the chosen word
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_GROUPS = {"field": "Field", "regime": "Grant regime", "shock": "Shock", "mechanisms": "Mechanisms", "case": "Case"}


@cache
def _declared() -> dict[str, tuple[str, str]]:
    """Return label and unit of every parameter by its dotted name, and by its last part where that is its own."""
    found = {name: (str(item.metadata["label"]), str(item.metadata["unit"])) for name, item in declarations()}
    last = [name.rsplit(".", 1)[-1] for name in found]
    tails = {name.rsplit(".", 1)[-1]: told for name, told in found.items() if last.count(name.rsplit(".", 1)[-1]) == 1}
    return tails | found


def find_parameter(name: str) -> tuple[str, str]:
    """Return label and unit of a parameter by its dotted name or column; of two joined ones both, without a unit."""
    for sign, word in ((" * ", "times"), (" / ", "over")):
        if sign in name:
            first, second = (find_parameter(part)[0] for part in name.split(sign, 1))
            return f"{first} {word} {lower(second)}", ""
    told = _declared().get(_LINE.sub("regime.programmes.<line>.", name))
    return told or (_GROUPS.get(name) or _capital(name_setting(name.rsplit(".", 1)[-1])), "")


def name_parameter(name: str) -> str:
    """Return the label of a parameter by its dotted name; of two that an analysis has joined, both."""
    return find_parameter(name)[0]


def find_outcome(text: str) -> tuple[str, str]:
    """Return label and unit of an outcome: a column of the table of runs, or a condition or expression over columns."""
    try:
        entry = column(text, "runs")
    except KeyError:
        pass
    else:
        return entry.label, entry.unit
    told, is_condition = tell_condition(text)
    return _capital(told), "share of runs" if is_condition else ""


def tell_condition(text: str) -> tuple[str, bool]:
    """Return an expression in words, and whether it is a condition: ``verdict == fragments`` is "fragments"."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return name_setting(text.replace(".", " ")), False
    return _tell(tree), isinstance(tree, ast.Compare | ast.BoolOp)


def _tell(node: ast.AST) -> str:
    match node:
        case ast.BoolOp(op=operator, values=values):
            return f" {'and' if isinstance(operator, ast.And) else 'or'} ".join(map(_tell, values))
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return f"not {_tell(inner)}"
        case ast.Compare(left=left, ops=operators, comparators=others):
            return _tell_comparison(left, list(zip(operators, others, strict=True)))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _COMBINED:
            return f"{_tell(left)} {_COMBINED[type(operator)]} {_tell(right)}"
        case ast.Name() | ast.Attribute():
            return lower(_label(ast.unparse(node)))
        case ast.Constant(value=value):
            return name_setting(value) if isinstance(value, str) else name_value(value)
    return ast.unparse(node)


def _tell_comparison(left: ast.AST, others: list[tuple[ast.cmpop, ast.AST]]) -> str:
    operator, right = others[0]
    if ast.unparse(left) == "verdict" and len(others) == 1 and isinstance(operator, ast.Eq | ast.NotEq):
        return f"{'does not end as ' if isinstance(operator, ast.NotEq) else ''}{_tell(right)}"
    told = [_tell(left)]
    for operator, right in others:
        told += ["is", *filter(None, [_COMPARED.get(type(operator), "")]), _tell(right)]
    return " ".join(told)


def _label(name: str) -> str:
    try:
        return column(name, "runs").label
    except KeyError:
        return name_parameter(name)


def tell_amount(value: float, unit: str) -> str:
    """Return a number with its unit; a share has none."""
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) < 10 else f"{value:.3g}"
    return number if unit in ("", "share", "share of runs") else f"{number} {unit}"


def tell_number(value: float) -> str:
    """Return a number in three digits: 103k, 0.167, 2.89 × 10⁻⁵."""
    if 0 < abs(value) < 0.001:
        digits, _, power = f"{value:.3g}".partition("e")
        return f"{digits} × 10{str(int(power)).translate(_RAISED)}" if power else digits
    return f"{value / 1000:.3g}k" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def tell_value(name: str, value: Any) -> str:
    """Return a value of a parameter so that it stands for itself: "12 months", "luck 0.3", "population silo"."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return name_setting(str(value))
    if unit := find_spoken_unit(name):
        return f"{name_value(value)} {unit}"
    return f"{lower(name_setting(name.rsplit('.', 1)[-1]))} {name_value(value)}"


def find_spoken_unit(name: str) -> str:
    """Return the unit of a parameter where it says by itself what is counted, like months or USD/year, else ""."""
    unit = find_parameter(name)[1]
    return unit if _SPOKEN.match(unit) else ""


def find_factors(levers: Iterable[str]) -> list[str]:
    """Return the dotted names that levers set by value, like ``field.viewpoint_spread=0.9``, in their order."""
    found = [part.partition("=")[0] for lever in levers for part in str(lever).split(", ") if "=" in part]
    return list(dict.fromkeys(found))


def name_levers(levers: Iterable[str], labels: Labels) -> dict[str, str]:
    """Return the name of each lever in words: what was chosen by its written label, and each number with its unit.

    levers: as `Sweep.label_policies` gives them, parts with ", " between them. labels: see ``labels`` in a manifest.
    """
    listed = [str(lever) for lever in dict.fromkeys(levers)]
    groups = _find_groups([lever.split(", ") for lever in listed], labels)
    return {
        lever: ", ".join(
            _name_part(part, labels.get(groups.get(at, ""), {})) for at, part in enumerate(lever.split(", "))
        )
        for lever in listed
    }


def _find_groups(levers: list[list[str]], labels: Labels) -> dict[int, str]:
    """Return the group that each part of levers chooses from: the one that labels most of its words.

    "none" alone would not tell: a grant regime and a shock are called so.
    """
    found = {}
    for at in range(max(map(len, levers), default=0)):
        words = {parts[at] for parts in levers if at < len(parts)}
        counts = {group: len(words & set(known)) for group, known in labels.items()}
        best = max(counts, key=counts.__getitem__, default="")
        if best and counts[best]:
            found[at] = best
    return found


def _name_part(part: str, known: Mapping[str, str]) -> str:
    name, sign, value = part.partition("=")
    return tell_value(name, _read(value)) if sign else known.get(part) or name_setting(part)


def _read(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return {"True": "on", "False": "off"}.get(text, text)


def lower(text: str) -> str:
    """Return `text` with a small first letter, unless it begins with letters that stay large, like USD or MOU."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def list_some(words: list[str], most: int) -> str:
    """Return ``a, b and c``, or ``a, b and 3 more``."""
    return join_words(words if len(words) <= most else [*words[: most - 1], f"{len(words) - most + 1} more"])
