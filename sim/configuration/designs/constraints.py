"""Constraints on the points of a design: two sums compared, read by a strict parser and never run as code.

comparison = sum (">=" | "<=" | ">" | "<" | "==" | "!=") sum · sum = product (("+" | "-") product)* ·
product = factor ("*" factor)* · factor = ["-"] (number | name)
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import ConstraintError

MAX_LENGTH = 300
COMPARISONS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
EXAMPLE = "meetings.trust_loss >= 2 * meetings.trust_gain"
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])|(?P<name>[A-Za-z_]\w*(?:\.\w+)*)"
    r"|(?P<sign>>=|<=|==|!=|[-+*<>]))",
    re.ASCII,
)

Factor = tuple[int, "float | str"]  # sign, and a number or a parameter's name
Product = tuple[int, tuple[Factor, ...]]  # sign in the sum, factors
Sum = tuple[Product, ...]


@dataclass(frozen=True)
class Constraint:
    """Two sums and the sign between them."""

    left: Sum
    sign: str
    right: Sum

    def names(self) -> list[str]:
        """Return the parameters it names, in the order of the text."""
        factors = [value for side in (self.left, self.right) for _, product in side for _, value in product]
        return list(dict.fromkeys(value for value in factors if isinstance(value, str)))

    def holds(self, values: Mapping[str, Any]) -> Any:
        """Return whether it holds for numbers, or for each row of arrays, by name."""
        return COMPARISONS[self.sign](_add(self.left, values), _add(self.right, values))

    def fill(self, values: Mapping[str, float]) -> Constraint:
        """Return the constraint with the names in `values` replaced by their numbers."""
        return Constraint(_fill(self.left, values), self.sign, _fill(self.right, values))

    def __str__(self) -> str:
        return f"{_write(self.left)} {self.sign} {_write(self.right)}"


def read_constraint(text: str) -> Constraint:
    """Return the `Constraint` that `text` writes. Raises `ConstraintError` with the place that cannot be read."""
    if len(text) > MAX_LENGTH:
        raise ConstraintError(f"is {len(text)} letters long; at most {MAX_LENGTH} are read")
    tokens = _split(text)
    signs = [token for token in tokens if token in COMPARISONS]
    if len(signs) != 1:
        told = "compares nothing" if not signs else "compares more than once; write a constraint for each comparison"
        raise ConstraintError(f"{told}; it is written like '{EXAMPLE}'")
    place = tokens.index(signs[0])
    found = Constraint(_read_sum(tokens[:place]), signs[0], _read_sum(tokens[place + 1 :]))
    if not found.names():
        raise ConstraintError(f"names no parameter; it is written like '{EXAMPLE}'")
    return found


def _split(text: str) -> list[str]:
    tokens, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            rest = text[place:].strip()
            mend = "; write == to ask for equal" if rest.startswith("=") else ""
            raise ConstraintError(
                f"cannot be read from '{rest}' on{mend}; it may hold parameters, numbers, + - * and one of "
                f"{' '.join(COMPARISONS)}, like '{EXAMPLE}'"
            )
        tokens.append(match.group().strip())
        place = match.end()
    return tokens


def _read_sum(tokens: list[str]) -> Sum:
    products, place, sign = [], 0, 1
    while True:
        factors, place = _read_product(tokens, place)
        products.append((sign, factors))
        if place == len(tokens):
            return tuple(products)
        if tokens[place] not in ("+", "-"):
            raise ConstraintError(f"lacks a sign before '{tokens[place]}'; it is written like '{EXAMPLE}'")
        sign, place = (1 if tokens[place] == "+" else -1), place + 1


def _read_product(tokens: list[str], place: int) -> tuple[tuple[Factor, ...], int]:
    factors = []
    while True:
        sign = 1
        if tokens[place : place + 1] == ["-"]:
            sign, place = -1, place + 1
        if place == len(tokens) or tokens[place] in ("+", "-", "*"):
            where = f"'{tokens[place]}'" if place < len(tokens) else "the end of a side"
            raise ConstraintError(f"lacks a parameter or number before {where}; it is written like '{EXAMPLE}'")
        factors.append((sign, _read_factor(tokens[place])))
        place += 1
        if tokens[place : place + 1] != ["*"]:
            return tuple(factors), place
        place += 1


def _read_factor(token: str) -> float | str:
    if not (token[0].isdigit() or token[0] == "."):
        return token
    number = float(token)
    if not math.isfinite(number):
        raise ConstraintError(f"holds {token}, which is too large a number")
    return int(token) if token.isdigit() and number < 2**53 else number


def _add(side: Sum, values: Mapping[str, Any]) -> Any:
    total: Any = 0
    for sign, factors in side:
        product: Any = sign
        for factor_sign, value in factors:
            product = product * (factor_sign * (values[value] if isinstance(value, str) else value))
        total = total + product
    return total


def _fill(side: Sum, values: Mapping[str, float]) -> Sum:
    return tuple((sign, tuple(_fill_factor(factor, values) for factor in factors)) for sign, factors in side)


def _fill_factor(factor: Factor, values: Mapping[str, float]) -> Factor:
    sign, value = factor
    if not isinstance(value, str) or value not in values:
        return factor
    return (-sign, -values[value]) if values[value] < 0 else (sign, values[value])


def _write(side: Sum) -> str:
    write: Callable[[Factor], str] = lambda factor: ("-" if factor[0] < 0 else "") + str(factor[1])  # noqa: E731
    parts = [" * ".join(map(write, factors)) for _, factors in side]
    return parts[0] + "".join(
        f" {'+' if sign > 0 else '-'} {part}" for (sign, _), part in zip(side[1:], parts[1:], strict=True)
    )
