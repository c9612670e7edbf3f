"""What happens where Python calls a compiled function, rather than another compiled function.

An inner kernel has no entry from Python in its machine code: a call would end the interpreter. Its Python source runs
instead, with everything that it calls, and gives the same bits, only slowly. A kernel that Python is meant to call
runs compiled, and refuses arguments of kinds it has no code for in one line.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from numba.core.errors import NumbaError
from numba.core.registry import CPUDispatcher

_PLAIN: dict[Any, Callable[..., Any]] = {}  # by intrinsic: the function that says the same in Python
_NAMES: dict[int, dict[str, Any]] = {}  # by the identity of a module's names: the names that its source is run with


class Entry(CPUDispatcher):
    """A compiled function that Python calls."""

    def __call__(self, *arguments: Any, **words: Any) -> Any:
        """Run the machine code. Raises `TypeError` where none can be made for arguments of these kinds."""
        try:
            return super().__call__(*map(_widen, arguments), **words)
        except NumbaError as problem:
            kinds = ", ".join(type(one).__name__ for one in (*arguments, *words.values()))
            raise TypeError(f"{_name(self)} cannot be compiled for arguments of these types: ({kinds})") from problem


class Inner(CPUDispatcher):
    """A compiled function that only compiled functions call."""

    def __call__(self, *arguments: Any, **words: Any) -> Any:
        """Run the Python source, with arithmetic as in the machine code: numbers of numpy, and no warnings."""
        taken = [_take(one) for one in arguments]
        with np.errstate(all="ignore"):
            return _give(interpret(self.py_func)(*taken, **{name: _take(one) for name, one in words.items()}))


def stand_for(intrinsic: Any, plain: Callable[..., Any]) -> None:
    """Let a plain function take the place of an intrinsic wherever a kernel's Python source runs."""
    _PLAIN[intrinsic] = plain


def interpret(function: Any) -> Any:
    """Return the function with every compiled function it reaches replaced by that one's Python source."""
    own = function.__globals__
    if id(own) not in _NAMES:
        names = _NAMES[id(own)] = {}  # before it is filled: kernels of two modules may call one another
        names.update({name: _replace(value) for name, value in own.items()})
    made = FunctionType(
        function.__code__, _NAMES[id(own)], function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__, made.__qualname__ = function.__kwdefaults__, function.__qualname__
    return made


def _replace(value: Any) -> Any:
    if isinstance(value, CPUDispatcher):
        return interpret(value.py_func)
    try:
        return _PLAIN.get(value, value)
    except TypeError:  # what has no hash is no intrinsic
        return value


def _widen(value: Any) -> Any:
    """Return a whole number that only an unsigned word holds as such: numba takes any of Python's for signed."""
    return np.uint64(value) if type(value) is int and value >= 2**63 else value


def _take(value: Any) -> Any:
    """Return a number of Python's as the kind that compiled code takes it for."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float):
        return np.float64(value)
    return np.int64(value) if value < 2**63 else _widen(value)


def _give(value: Any) -> Any:
    """Return what compiled code would: numbers of Python's."""
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_give(one) for one in value)
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.void) else value


def _name(kernel: Any) -> str:
    return f"{kernel.py_func.__module__}.{kernel.py_func.__qualname__}"
