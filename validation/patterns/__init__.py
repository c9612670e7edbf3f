"""The twenty patterns, in the order of their numbers."""

from validation.claims import Pattern
from validation.patterns import money, positions, services, sorting, ties

PATTERNS: dict[int, Pattern] = {
    one.number: one
    for one in sorted(
        (*services.PATTERNS, *money.PATTERNS, *sorting.PATTERNS, *ties.PATTERNS, *positions.PATTERNS),
        key=lambda one: one.number,
    )
}
