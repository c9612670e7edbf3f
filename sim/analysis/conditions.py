"""Expressions over the columns of a table, as a user types them: "verdict == fragments and coverage_end < 0.9"."""

from __future__ import annotations

import ast
import difflib
from typing import Any

import numpy as np

from sim.errors import ExpressionError
from sim.results.verdict import UNKNOWN, VERDICTS, explain_unknown

Table = Any  # a pandas DataFrame or Series

_ARITHMETIC = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide}
_COMPARISONS = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_EXAMPLES = "'verdict == fragments', 'coverage_end < 0.9 and exit_rate > 0.5', 'field.viewpoint_spread * stress'"


def evaluate(text: str, table: Table, names: dict[str, str] | None = None) -> np.ndarray:
    """Return the values (rows,) of an expression over the columns of `table`; numbers, or true and false.

    Columns are called by their own name, or by what `names` calls them (dotted parameters). It may hold +, -, *, /,
    comparisons, and, or, not; a word compared with a column of text stands for itself. Nothing is called and nothing
    else is reached. Raises `ExpressionError`.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise ExpressionError(f"'{text}': cannot be read; write it like {_EXAMPLES}") from None
    found = _Reader(text, table, names or {}).value(tree)
    return np.broadcast_to(found, (len(table),)) if np.ndim(found) == 0 else found


def evaluate_condition(text: str, table: Table, names: dict[str, str] | None = None) -> np.ndarray:
    """Return where a condition holds (rows,), as booleans; it never holds where a number is missing."""
    found = evaluate(text, table, names)
    if found.dtype != bool:
        raise ExpressionError(f"'{text}': is a number, not a condition; compare it, like '{text} > 0'")
    return found


class _Reader:
    def __init__(self, text: str, table: Table, names: dict[str, str]) -> None:
        self.text, self.table, self.names = text, table, names

    def value(self, node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=bool() | int() | float() | str()):
                return node.value
            case ast.Name() | ast.Attribute():
                return self._column(ast.unparse(node))
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                with np.errstate(divide="ignore", invalid="ignore"):
                    return _ARITHMETIC[type(node.op)](self._number(node.left), self._number(node.right))
            case ast.UnaryOp(op=ast.USub()):
                return -self._number(node.operand)
            case ast.UnaryOp(op=ast.Not()):
                return ~self._truth(node.operand)
            case ast.BoolOp(op=operator, values=inner):
                parts = [self._truth(one) for one in inner]
                return np.logical_and.reduce(parts) if isinstance(operator, ast.And) else np.logical_or.reduce(parts)
            case ast.Compare() if all(type(one) in _COMPARISONS for one in node.ops):
                sides = [node.left, *node.comparators]
                pairs = zip(sides, node.ops, sides[1:], strict=False)
                return np.logical_and.reduce([self._compare(left, one, right) for left, one, right in pairs])
        raise ExpressionError(f"'{self.text}': '{ast.unparse(node)}' may not stand there; write it like {_EXAMPLES}")

    def _compare(self, left: ast.AST, operator: ast.cmpop, right: ast.AST) -> np.ndarray:
        if self._is_text(left) or self._is_text(right):
            if not isinstance(operator, ast.Eq | ast.NotEq):
                raise ExpressionError(f"'{self.text}': words are compared with == or != alone")
            words = [self._words(left), self._words(right)]
            self._check_word(*words)
            return np.asarray(_COMPARISONS[type(operator)](*words), dtype=bool)
        return _COMPARISONS[type(operator)](self.value(left), self.value(right))

    def _is_text(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str)
        name = self._find(ast.unparse(node))
        return name is not None and not _is_numeric(self.table[name])

    def _words(self, node: ast.AST) -> Any:
        """Return a column of text; a word that is no column stands for itself, but must be one that occurs."""
        text = node.value if isinstance(node, ast.Constant) else ast.unparse(node)
        name = self._find(str(text))
        return str(text) if name is None else self.table[name].astype(str).to_numpy(dtype=object)

    def _check_word(self, left: Any, right: Any) -> None:
        """Refuse a word that its column never holds: a condition that cannot be met is a mistake of typing."""
        word, column = (left, right) if isinstance(left, str) else (right, left)
        known = [] if isinstance(column, str) else sorted(set(column))
        if known and set(known) <= set(UNKNOWN):
            raise ExpressionError(f"'{self.text}': no run has a verdict; {explain_unknown(known[-1])}")
        if set(known) <= {*VERDICTS, *UNKNOWN}:
            known = known and [
                *VERDICTS,
                *(set(known) & set(UNKNOWN)),
            ]  # a verdict that no run has is none the less one
        if isinstance(word, str) and word not in known:
            told = f"the column holds {', '.join(known)}" if known else "neither side is a column"
            raise ExpressionError(f"'{self.text}': no run has '{word}'; {told}")

    def _find(self, name: str) -> str | None:
        name = self.names.get(name, name)
        return name if name in self.table.columns else None

    def _column(self, name: str) -> np.ndarray:
        column = self._find(name)
        if column is None:
            known = [*self.table.columns, *self.names]
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise ExpressionError(f"'{self.text}': the table has no column '{name}'.{hint}")
        values = self.table[column]
        if values.dtype == bool:
            return values.to_numpy()
        if not _is_numeric(values):
            raise ExpressionError(f"'{self.text}': {name} holds words; compare it, like '{name} == {values.iloc[0]}'")
        return values.to_numpy(dtype=float)

    def _number(self, node: ast.AST) -> Any:
        found = self.value(node)
        return np.asarray(found, dtype=float)

    def _truth(self, node: ast.AST) -> np.ndarray:
        found = np.asarray(self.value(node))
        if found.dtype != bool:
            raise ExpressionError(f"'{self.text}': '{ast.unparse(node)}' is a number, not a condition; compare it")
        return found


def _is_numeric(column: Table) -> bool:
    from pandas.api.types import is_numeric_dtype

    return is_numeric_dtype(column.dtype)
