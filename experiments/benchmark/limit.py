"""The limit in C of the two costliest processes: built from limit.c, bound to the engine's arrays, replayed beside it.

A `Replay` holds one world in one block of memory, so that a whole world is put back by one copy, and the worlds that a
process met in real runs. Both sides step from the same worlds; `find_differences` compares what they leave behind.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from sim.dynamics import schedule
from sim.engine import batch
from sim.engine.inputs import Inputs
from sim.schema import columns, state
from sim.schema.parameters import Parameters
from sim.schema.roster_tables import RosterTables

SOURCE = Path(__file__).with_name("limit.c")
FLAGS = ("-std=gnu11", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")
PROCESSES = ("serve_and_refer", "review_memberships")  # in the order of limit_replay
WORKING_SPACE = ("terms", "term_change", "is_core", "order", "group", "rank", "move", "flow")
KINDS = {"double": "f8", "int64_t": "i8", "uint64_t": "u8", "int16_t": "i2", "uint8_t": "?"}
MAX_ORGANIZATIONS = 256  # the matrices of serve_and_refer stand on the stack
ALIGNMENT = 64  # bytes


def has_compiler() -> bool:
    """Say whether gcc is there."""
    return shutil.which("gcc") is not None


def describe_compiler() -> str:
    """Return the version of gcc and the flags."""
    said = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
    return f"gcc {said.stdout.strip()} {' '.join(FLAGS)}"


def build_library(*more: str) -> ctypes.CDLL:
    """Compile limit.c in a temporary folder and load it. more: further flags."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "limit.so"
        command = ["gcc", *FLAGS, *more, "-shared", "-fPIC", "-o", str(target), str(SOURCE), "-lm"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        library = ctypes.CDLL(str(target))  # stays loaded when the file is gone
    library.limit_prepare()
    return library


def is_tuned(library: ctypes.CDLL) -> bool:
    """Say whether limit.c is fast on this processor, which takes AVX-512."""
    return bool(ctypes.c_int.in_dll(library, "limit_is_tuned").value)


def _read_lines(library: ctypes.CDLL, name: str) -> list[str]:
    size = 1 << 16
    return ctypes.string_at(ctypes.addressof((ctypes.c_char * size).in_dll(library, name))).decode().splitlines()


class Snapshots(NamedTuple):
    """Worlds that one process met, each as the words of a block."""

    seeds: NDArray[np.uint64]  # (N,)
    months: NDArray[np.int64]  # (N,)
    words: NDArray[np.uint64]  # (N, words of a block)


class Replay:
    """One world in one block of memory, and the worlds that each of the processes met."""

    def __init__(self, parameters: Parameters, tables: RosterTables | None = None, max_events: int = 0) -> None:
        """Lay the world out; `record` fills in what is to be stepped."""
        self.inputs = Inputs(parameters, tables, max_events=max_events)
        rows = np.zeros((1, 1), state.ROW_DTYPE)
        spare = [("rows", rows)]
        arrays = [(f"{table}.{name}", array) for table, name, array in walk(self.inputs.world)] + spare
        ends = np.cumsum([-(-array.nbytes // ALIGNMENT) * ALIGNMENT for _, array in arrays])
        room = np.zeros((int(ends[-1]) + ALIGNMENT) // 8, "u8")
        first = -room.ctypes.data % ALIGNMENT // 8
        self.block = room[first : first + int(ends[-1]) // 8]
        self.arrays: dict[str, NDArray[Any]] = {}
        for (name, array), end in zip(arrays, ends, strict=True):
            start = int(end) - -(-array.nbytes // ALIGNMENT) * ALIGNMENT
            view = self.block.view("u1")[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
            view[...] = array
            self.arrays[name] = view
        self.rows = self.arrays.pop("rows").view(np.recarray)
        self.inputs.world = state.World(
            *(
                type(table)(*(self.arrays[f"{name}.{item}"] for item in table._fields))
                for name, table in zip(state.World._fields, self.inputs.world, strict=True)
            )
        )
        self.snapshots: dict[str, Snapshots] = {}
        self._replay: Callable[..., None] | None = None

    def record(self, seeds: list[int], months: list[int] | None = None) -> None:
        """Run the seeds month by month and keep the worlds that each process meets in `months` (default: all)."""
        kept: dict[str, list[tuple[int, int, NDArray[np.uint64]]]] = {name: [] for name in PROCESSES}
        stops = [(schedule.PROCESSES.index(name), name) for name in PROCESSES]
        for seed in seeds:
            for month in range(self.inputs.parameters.months + 1):
                self.rows[...] = np.zeros((), state.ROW_DTYPE)
                done = 0
                for stop, name in stops if month > 0 else []:
                    batch.run_processes(seed, month, done, stop, self.inputs, self.rows)
                    done = stop
                    if months is None or month in months:
                        kept[name].append((seed, month, self.block.copy()))
                batch.run_processes(seed, month, done, len(schedule.PROCESSES), self.inputs, self.rows)
        for name, found in kept.items():
            self.snapshots[name] = Snapshots(
                np.array([seed for seed, _, _ in found], "u8"),
                np.array([month for _, month, _ in found], "i8"),
                np.array([words for _, _, words in found], "u8"),
            )

    def step_engine(self, name: str, snapshots: Snapshots, is_idle: bool = False) -> int:
        """Put back each snapshot and, unless `is_idle`, step it with the engine; return nanoseconds of this thread."""
        first = schedule.PROCESSES.index(name)
        last = first if is_idle else first + 1
        seed, given = np.zeros(1, "u8"), self._list_arguments()
        if self._replay is None:
            self._replay = build_replay((seed, 1, 1, first, last, *given))
        start = time.thread_time_ns()
        self._replay(snapshots.seeds, snapshots.months, first, last, self.block, snapshots.words, seed, given)
        return time.thread_time_ns() - start

    def _list_arguments(self) -> tuple[Any, ...]:
        inputs = self.inputs
        return (
            inputs.record,
            inputs.roster,
            inputs.lines,
            inputs.world,
            self.rows,
            np.zeros((0, 1, inputs.n_organizations), "i8"),
            np.zeros((0, 1, 1, len(columns.PEOPLE))),
            np.zeros((0, 0, len(columns.EVENT_FIELDS)), "i8"),
            np.zeros(1, "i8"),
        )


class Limit:
    """The C side, bound to the arrays of a replay by their names."""

    def __init__(self, library: ctypes.CDLL, replay: Replay) -> None:
        """Find every array and number that limit.c names. Raises TypeError where one has another type than there."""
        self.library, self.replay = library, replay
        world, n = replay.inputs.world, replay.inputs.n_organizations
        if n > MAX_ORGANIZATIONS:
            raise ValueError(f"{n} organizations: limit.c has room for {MAX_ORGANIZATIONS}")
        record = replay.inputs.record
        numbers = [float(record[name]) for name in _read_lines(library, "limit_parameters")]
        codes = [int(getattr(columns, name)) for name in _read_lines(library, "limit_codes")]
        self._numbers, self._codes = np.array(numbers), np.array(codes, "i8")  # kept alive for C
        pointers = [self._numbers.ctypes.data, self._codes.ctypes.data]
        self.names = {"row"}
        self.unknown: set[str] = set()
        for line in _read_lines(library, "limit_arrays"):
            kind, name = line.split()
            if name.startswith("row."):
                array = self.replay.rows[name.removeprefix("row.")]
            else:
                array = replay.arrays[name]
                self.names.add(name)
            if array.dtype != np.dtype(KINDS[kind]) or not array.flags.c_contiguous:
                raise TypeError(f"{name} is {array.dtype}, not {kind} in rows")
            pointers.append(array.ctypes.data)
        sizes = [n, world.environment.demand.size, world.coalitions.is_active.size, world.programmes.term.size]
        sizes += [len(world.log.rows)]
        self._world = np.array([*sizes, *pointers], "u8")

    def change_number(self, name: str, value: float) -> None:
        """Give C another value of a parameter than the engine has, to see that a difference is found."""
        self._numbers[_read_lines(self.library, "limit_parameters").index(name)] = value

    def step(self, name: str, snapshots: Snapshots, is_idle: bool = False) -> int:
        """Do as `Replay.step_engine`, in C."""
        start = time.thread_time_ns()
        self.library.limit_replay(
            ctypes.c_void_p(self._world.ctypes.data),
            0 if is_idle else 1 + PROCESSES.index(name),
            ctypes.c_int64(len(snapshots.seeds)),
            ctypes.c_void_p(snapshots.seeds.ctypes.data),
            ctypes.c_void_p(snapshots.months.ctypes.data),
            ctypes.c_void_p(self.replay.block.ctypes.data),
            ctypes.c_void_p(snapshots.words.ctypes.data),
            ctypes.c_int64(snapshots.words.shape[1]),
        )
        return time.thread_time_ns() - start

    def find_differences(self, name: str, snapshots: Snapshots | None = None) -> list[str]:
        """Step every snapshot (default: all of the process) on both sides; return where an array differs in any bit.

        Working space is left out. An array that the engine writes and limit.c does not know, such as memberships kept
        in a second layout, is added to `unknown`; what C writes there all the same is a difference.
        """
        found, replay = [], self.replay
        snapshots = replay.snapshots[name] if snapshots is None else snapshots
        for at in range(len(snapshots.seeds)):
            one = Snapshots(*(column[at : at + 1] for column in snapshots))
            replay.step_engine(name, one, is_idle=True)
            before = self._copy_state()
            replay.step_engine(name, one)
            by_engine = self._copy_state()
            self.step(name, one)
            by_limit = self._copy_state()
            for label in by_engine:
                is_known = label in self.names
                if not is_known and by_engine[label] != before[label]:
                    self.unknown.add(label)
                if by_limit[label] != (by_engine if is_known else before)[label]:
                    found.append(f"{name}, seed {one.seeds[0]}, month {one.months[0]}: {label}")
        return found

    def _copy_state(self) -> dict[str, bytes]:
        space = {f"environment.{name}" for name in WORKING_SPACE}
        arrays = {name: array.tobytes() for name, array in self.replay.arrays.items() if name not in space}
        return arrays | {"row": self.replay.rows.tobytes()}


def walk(world: state.World) -> list[tuple[str, str, NDArray[Any]]]:
    """Return table, name and array of everything in a world."""
    return [
        (table, name, array)
        for table, arrays in zip(state.World._fields, world, strict=True)
        for name, array in zip(arrays._fields, arrays, strict=True)
    ]


def build_replay(arguments: tuple[Any, ...]) -> Callable[..., None]:
    """Return a compiled loop over snapshots that calls the engine's own `run_seeds`, the very code that Python calls.

    Called by name from another compiled function it would be linked into that one and optimised a second time, and no
    longer be what is to be timed; so it is called by its address. arguments: those of `run_seeds`.
    """
    kinds = tuple(numba.typeof(one) for one in arguments)
    schedule.run_seeds.compile(kinds)  # pyright: ignore[reportFunctionMemberAccess]
    code = schedule.run_seeds.overloads[kinds]  # pyright: ignore[reportFunctionMemberAccess]
    address = code.library.get_pointer_to_function(code.fndesc.llvm_func_name)

    @intrinsic
    def call(typing_context, packed):  # pyright: ignore[reportRedeclaration]
        """Call the engine with a tuple of its arguments."""

        def build(context, builder, signature, given):
            convention, argument_kinds = context.call_conv, code.fndesc.argtypes
            shape = convention.get_function_type(code.fndesc.restype, argument_kinds)
            target = builder.inttoptr(context.get_constant(types.intp, address), shape.as_pointer())
            values = cgutils.unpack_tuple(builder, given[0], len(argument_kinds))
            convention.call_function(builder, target, code.fndesc.restype, argument_kinds, values)
            return context.get_dummy_value()

        return types.void(types.Tuple(kinds)), build

    @numba.njit(nogil=True)
    def replay(seeds, months, first, last, block, snapshots, seed, given):
        """Put each snapshot back and run processes `first` up to `last` of its month on it."""
        for at in range(seeds.size):
            for word in range(block.size):
                block[word] = snapshots[at, word]
            seed[0] = seeds[at]
            month = np.int64(months[at])
            call((seed, month, month, first, last, *given))

    return replay
