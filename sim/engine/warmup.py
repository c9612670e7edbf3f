"""The first compilation, on two cores: two processes take kernels from the two ends of one list and share the cache."""

import contextlib
import gc
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator

import numba
import numpy as np

from sim.compiler.jit import IS_COMPILED
from sim.dynamics import schedule, turns
from sim.engine.inputs import Inputs
from sim.schema.parameters import Parameters


def _list_kernels():
    """Return the kernels that a month is made of, with arguments; the last ones share most of what they call."""
    inputs = Inputs(Parameters())
    seed, month, row = np.uint64(1), 1, schedule.new_row()
    numbers, roster, lines, world = inputs.record, inputs.roster, inputs.lines, inputs.world
    names = ("close_organizations", *schedule.PROCESSES)
    return (
        (schedule.record_members, world, np.zeros(1, "i8")),
        (schedule.find_openings, seed, month, numbers, world),
        (schedule.settle_newcomers, seed, month, numbers, roster, world, row),
        *((getattr(schedule, name), seed, month, numbers, world, row) for name in names),
        (schedule.start, seed, numbers, roster, lines, world, row),
    )


@contextlib.contextmanager
def keeping_garbage() -> Iterator[None]:
    """Collect no garbage meanwhile: looking for it takes a seventh of a compilation and finds next to none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _compile(kernel, *arguments):
    """Compile one kernel into the cache, for arguments of these types."""
    kernel.compile(tuple(numba.typeof(one) for one in arguments))


def compile_processes() -> None:
    """Compile the processes of a month into the cache, with the help of a second process."""
    if not IS_COMPILED:
        return
    helper = subprocess.Popen(
        [sys.executable, "-c", "from sim.engine.warmup import compile_as_told; compile_as_told()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    kernels = _list_kernels()
    waiting = deque(range(len(kernels)))

    def hand_out() -> None:
        """Give the helper one kernel after another; what it fails at is compiled where it is first called."""
        assert helper.stdin is not None and helper.stdout is not None
        with contextlib.suppress(OSError):
            while waiting:
                with contextlib.suppress(IndexError):
                    helper.stdin.write(b"%d\n" % waiting.pop())
                    helper.stdin.flush()
                    if not helper.stdout.readline():
                        return

    handing = threading.Thread(target=hand_out, daemon=True)
    try:
        handing.start()
        while waiting:
            with contextlib.suppress(IndexError):
                _compile(*kernels[waiting.popleft()])
        handing.join()
    finally:
        helper.terminate()  # it has nothing to do, or this process was interrupted
        helper.communicate()


def compile_as_told() -> None:
    """Compile the kernels whose places in the list are read from a pipe; end with the process that started this one."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    gc.disable()
    kernels = _list_kernels()
    for line in sys.stdin:
        _compile(*kernels[int(line)])
        sys.stdout.write("\n")
        sys.stdout.flush()


def compile_turns() -> None:
    """Compile the kernels of one organization's turns, or read them from the cache; see `seat.py`."""
    if not IS_COMPILED:
        return
    inputs = Inputs(Parameters())
    record, world, row = inputs.record, inputs.world, schedule.new_row()
    seed, month, i, g = np.uint64(1), 1, 0, 0
    terms, numbers, marks = np.zeros((1, 1)), np.zeros(1), np.zeros(1, "?")
    calls = (
        (turns.open_round, seed, month, record, world),
        (turns.review, seed, month, i, record, world, row),
        (turns.weigh_review, seed, month, i, record, world, terms, numbers, marks),
        (turns.move, month, i, 0, record, world, row),
        (turns.found, seed, month, i, record, world, row),
        (turns.is_asked, month, i, g, world),
        (turns.choose_answer, seed, month, i, g, record, world),
        (turns.may_be_vague, i, g, record, world),
        (turns.answer, month, 1, i, g, record, world, row),
        (turns.find_applications, seed, month, i, record, world, marks),
    )
    for kernel, *arguments in calls:
        _compile(kernel, *arguments)
