"""One sampled parameter: how a share of its way, in [0, 1], becomes a value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

# The last bits of math.exp differ between machines; a Decimal's are rounded correctly everywhere.
_EXACT = Context(prec=28)


@dataclass(frozen=True)
class Axis:
    """A named range [low, high], even or even in its logarithm, or a list of options with equal parts."""

    name: str
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    is_whole: bool = False
    options: tuple[Any, ...] = ()

    def value(self, share: float) -> Any:
        """Return the value at `share` of the way; each option and each whole number has an equal part of it."""
        if self.options:
            return self.options[min(int(share * len(self.options)), len(self.options) - 1)]
        margin = 0.5 if self.is_whole else 0.0
        low, high = self.low - margin, self.high + margin
        place = _place_log(low, high, share) if self.is_log else low + share * (high - low)
        if self.is_whole:
            place = math.floor(place + 0.5)
        return min(max(place, self.low), self.high)

    def to_tree(self) -> Any:
        """Return the axis as it would stand in YAML."""
        if self.options:
            return list(self.options)
        return {"low": self.low, "high": self.high, "scale": "log"} if self.is_log else [self.low, self.high]


def _place_log(low: float, high: float, share: float) -> float:
    start = _EXACT.ln(Decimal(low))
    way = _EXACT.multiply(Decimal(share), _EXACT.subtract(_EXACT.ln(Decimal(high)), start))
    return float(_EXACT.exp(_EXACT.add(start, way)))
