"""A recorded run as few bytes: who joins and leaves in each month, lines in 250 steps, events column by column.

Whole numbers are written as base-128 digits, the lowest first, all but the last with the high bit set (LEB128), as
WebAssembly and Protocol Buffers do. `js/reading.js` is the other side; a test reads pages back and compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.explorer.recording import CAUSE, COALITION, KIND, LINE, MONTH, ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sim.explorer.recording import Recording

LINES = ("collaboration_share", "coverage_share", "mean_fiscal_stress", "awareness")  # all of them in [0, 1]
STEPS, UNKNOWN = 250, 255  # of a line; 255 stands for a month in which it has no value


def pack_run(run: Recording) -> bytes:
    """Return a run as bytes: months and size, moves, openings and closings, the four lines, the events.

    Exact but for the lines, which are rounded to 1/250.
    """
    n_months, n = run.is_open.shape
    return b"".join(
        (
            pack_numbers([n_months - 1, n]),
            _pack_moves(run.members, n),
            _pack_openings(run.is_open),
            *(_pack_line(run.rows[name]) for name in LINES),
            _pack_events(run.events),
        )
    )


def pack_numbers(numbers: Iterable[int]) -> bytes:
    """Return whole numbers from 0 on as base-128 digits."""
    values = np.asarray(numbers if isinstance(numbers, np.ndarray) else list(numbers), "i8")
    if values.size and values.min() < 0:
        raise ValueError(f"{values.min()}: only whole numbers from 0 on can be packed")
    if values.max(initial=0) < 128:
        return values.astype("u1").tobytes()
    packed = bytearray()
    for value in values.tolist():
        left = value
        while left > 127:
            packed.append(left & 127 | 128)
            left >>= 7
        packed.append(left)
    return bytes(packed)


def _pack_moves(months: list[dict[int, NDArray[Any]]], n: int) -> bytes:
    """Return for each month how many seats changed; then the coalition, then the organization of each change."""
    counts, serials, organizations = [], [], []
    before: dict[int, NDArray[Any]] = {}
    nobody = np.zeros(n, "?")
    for seats in months:
        count = 0
        for serial in sorted({*before, *seats}):
            changed = np.flatnonzero(before.get(serial, nobody) != seats.get(serial, nobody))
            count += len(changed)
            serials += [serial] * len(changed)
            organizations += changed.tolist()
        counts.append(count)
        before = seats
    return pack_numbers(counts) + pack_numbers(serials) + pack_numbers(organizations)


def _pack_openings(is_open: NDArray[Any]) -> bytes:
    """Return how many changes there are, then the months since the one before, then the organizations; all begin open.

    is_open: (months, n) bool.
    """
    before = np.vstack([np.ones(is_open.shape[1], "?"), is_open[:-1]])
    months, organizations = np.nonzero(is_open != before)
    return pack_numbers([len(months)]) + pack_numbers(np.diff(months, prepend=0)) + pack_numbers(organizations)


def _pack_line(values: NDArray[Any]) -> bytes:
    """Return one byte a month: the step it stands at, less that of the month before, modulo 256."""
    steps = np.full(len(values), UNKNOWN)
    known = ~np.isnan(values)
    steps[known] = np.floor(np.clip(values[known], 0, 1) * STEPS + 0.5)
    return (np.diff(steps, prepend=0) % 256).astype("u1").tobytes()


def _pack_events(events: NDArray[Any]) -> bytes:
    """Return how many there are, then month (since the one before), kind, cause, organization, coalition, line of all.

    The last three are counted from 1; 0 stands for none.
    """
    columns = (
        np.diff(events[:, MONTH], prepend=0),
        events[:, KIND],
        events[:, CAUSE],
        *(events[:, field] + 1 for field in (ORGANIZATION, COALITION, LINE)),
    )
    return pack_numbers([len(events)]) + b"".join(pack_numbers(one) for one in columns)
