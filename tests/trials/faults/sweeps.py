"""Faults upon running sweeps: `python -m tests.trials.faults.sweeps --faults 1000` prints what each of them cost.

A sweep of 240 runs in 24 parts goes on two workers, in one process or in two; at random moments processes are killed,
stopped and told to end, and files are damaged. It is called again until it is complete, and its tables are compared
with those of a sweep that nothing has happened to. Only processes started here are touched.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[3]
WORDS = ("memberships.turf_weight=0,0.5,1,1.5,2,2.5", "months=24", "seeds=40", "name=small", "--keep", "months")
N_RUNS, LENGTH = 240, 10
SECONDS_TO_END = 2.0  # for workers whose driver is gone
PATIENCE = 60.0


def list_children(pid):
    """Return the processes that `pid` has started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except (OSError, ValueError):
        return []


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


class Sweep:
    """A sweep in a folder of its own, and the driver that runs it, if any."""

    def __init__(self, root, length=LENGTH, words=WORDS, environment=(), n_processes=1):
        self.root, self.folder = Path(root), Path(root) / "small"
        self.length, self.words, self.n_processes = length, words, n_processes
        self.environment = {"THREADS": str(2 // n_processes)} | dict(environment)
        self.driver = None
        self.orphans = self.late = 0
        self.text = ""

    @property
    def parts(self):
        try:
            return sorted((self.folder / "parts").glob("runs-*.parquet"))
        except FileNotFoundError:  # the driver has just joined them and removed the folder
            return []

    def command(self, *words):
        own = ("--results", str(self.root), "--workers", "2", *words)
        return [sys.executable, "-m", "tests.trials.faults.launching", str(self.length), "sweep", *self.words, *own]

    def start(self, *words, **environment):
        """Start the driver, after one that has ended."""
        if self.driver is not None:
            self.finish()
        settings = os.environ | {"PYTHONPATH": str(ROOT)} | self.environment | environment
        self.log = (self.root / "log.txt").open("w+", encoding="utf-8")
        self.driver = subprocess.Popen(
            self.command(*words), stdout=self.log, stderr=self.log, env=settings, cwd=ROOT, start_new_session=True
        )
        return self.driver

    def is_running(self):
        return self.driver is not None and self.driver.poll() is None

    def await_parts(self, count, processes=0):
        """Wait until there are `count` parts and so many processes of workers, or the driver has ended."""
        end = time.monotonic() + PATIENCE
        while self.is_running() and (len(self.parts) < count or len(list_children(self.driver.pid)) < processes):
            if time.monotonic() > end:
                raise TimeoutError(f"{len(self.parts)} parts after {PATIENCE} s")
            time.sleep(0.003)

    def finish(self):
        """Wait for the driver; return its exit code. What it printed is in `text`."""
        code = self.driver.wait(PATIENCE)
        self.log.seek(0)
        self.text = self.log.read()
        self.log.close()
        self.driver = None
        assert "Traceback" not in self.text, self.text
        return code

    def complete(self):
        """Call the sweep until it is complete; return the exit code."""
        for _ in range(4):
            if not self.is_running():
                self.start("-q")
            if (code := self.finish()) in (0, 3):
                return code
        raise AssertionError(f"not complete after four calls: {self.text}")

    def close(self):
        if self.driver is not None:
            children = list_children(self.driver.pid)
            self.driver.kill()
            self.finish()
            await_end(children)


def await_end(pids, seconds=SECONDS_TO_END):
    """Wait until the processes have ended; return how many have not."""
    end = time.monotonic() + seconds
    while any(map(is_alive, pids)) and time.monotonic() < end:
        time.sleep(0.01)
    return sum(map(is_alive, pids))


# Faults on processes: they want a driver that runs


def kill_worker(sweep, dice):
    children = list_children(sweep.driver.pid)
    if children:
        with suppress(ProcessLookupError):
            os.kill(dice.choice(children), signal.SIGKILL)


def stop_worker(sweep, dice):
    """A worker that hangs for a while."""
    children = list_children(sweep.driver.pid)
    if children:
        child = dice.choice(children)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGSTOP)
            time.sleep(0.3 * dice.random())
            os.kill(child, signal.SIGCONT)


def kill_driver(sweep, dice):
    """Nobody may be left two seconds later, and nothing be written after that."""
    children = list_children(sweep.driver.pid)
    sweep.driver.kill()
    sweep.finish()
    sweep.orphans += await_end(children)
    before = stamp(sweep.folder)
    time.sleep(0.1)
    sweep.late += before != stamp(sweep.folder)


def stamp(folder):
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.exists())


def end_by(number, times=1):
    """Return the fault of a driver that gets a signal, once or twice."""

    def end(sweep, dice):
        children = list_children(sweep.driver.pid)
        for at in range(times):
            time.sleep(0.02 * dice.random() * at)
            if sweep.is_running():
                sweep.driver.send_signal(number)
        code = sweep.finish()
        is_deaf = code == -number and not sweep.text  # it had not begun to listen
        assert is_deaf or code in (0, 3, 128 + number), (code, sweep.text)
        sweep.orphans += await_end(children, 0.5)
        if times == 1 and code == 128 + number and "stopping after" in sweep.text:
            assert "To go on: coalitions sweep memberships" in sweep.text, sweep.text

    return end


def start_second(sweep, dice):
    """Another driver in the same folder is refused, or finds everything done."""
    words = [*sweep.command("-q")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    other = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert other.returncode in (0, 3, 4, 1), other
    if other.returncode == 4:
        assert other.stderr.count("\n") == 1, other.stderr


def fill_disk(sweep, dice):
    """The sweep is called again on a disk that takes no file larger than a few kilobytes."""
    sweep.close()
    sweep.start("-q", FILE_SIZE=str(dice.randrange(3000, 9000)))
    code = sweep.finish()
    assert code in (0, 5), (code, sweep.text)
    if code == 5:
        assert sweep.text.count("\n") == 1, sweep.text


PROCESSES = {
    "worker killed": kill_worker,
    "worker stopped": stop_worker,
    "driver killed": kill_driver,
    "SIGTERM": end_by(signal.SIGTERM),
    "SIGINT": end_by(signal.SIGINT),
    "SIGTERM twice": end_by(signal.SIGTERM, 2),
    "SIGINT twice": end_by(signal.SIGINT, 2),
    "second driver": start_second,
    "disk full": fill_disk,
}


# Faults on files: any time


def _choose(sweep, dice):
    """Return a part of runs or of months, or a joined table; None where there is none."""
    paths = [*sweep.parts, *(sweep.folder / "parts").glob("months-*.parquet"), *sweep.folder.glob("*.parquet")]
    return dice.choice(paths) if paths else None


def _damage(change):
    def damage(sweep, dice):
        path = _choose(sweep, dice)
        with suppress(FileNotFoundError):  # a driver may have joined it meanwhile
            if path is not None:
                change(path, path.read_bytes(), dice)

    return damage


def _write(path, content):
    if path.parent.is_dir():
        path.write_bytes(content)


def _flip(path, content, dice):
    damaged = bytearray(content)
    if damaged:
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    _write(path, bytes(damaged))


def _overlap(path, content, dice):
    """The same part once more, under a name that reaches into others."""
    table, first, last = path.stem.split("-") if path.stem.count("-") == 2 else ("runs", "0", str(N_RUNS))
    other = path.with_name(f"{table}-{int(first) + dice.randrange(-5, 6) % N_RUNS:012d}-{int(last) + 3:012d}.parquet")
    if other.parent.name == "parts":
        _write(other, content)


def _replace_by_foreign(path, content, dice):
    import pyarrow as pa

    from sim.sweep.parts import Stretch, write_table

    stretch = Stretch(*map(int, path.stem.split("-")[1:])) if path.stem.count("-") == 2 else Stretch(0, N_RUNS)
    rows = pa.table({"run": list(range(*stretch)), "verdict": ["wrong"] * (stretch.last - stretch.first)})
    write_table(path, rows, "f" * 32, stretch)


def leave_half(sweep, dice):
    for name in (".runs.parquet.abc.tmp", "parts/.runs-000000000000-000000000010.parquet.abc.tmp"):
        with suppress(FileNotFoundError):
            (sweep.folder / name).write_bytes(b"PAR1 half")


def remove_parts(sweep, dice):
    shutil.rmtree(sweep.folder / "parts", ignore_errors=True)


FILES = {
    "cut short": _damage(lambda path, content, dice: _write(path, content[: dice.randrange(len(content) or 1)])),
    "bit flipped": _damage(_flip),
    "emptied": _damage(lambda path, content, dice: _write(path, b"")),
    "foreign": _damage(_replace_by_foreign),
    "overlapping": _damage(_overlap),
    "removed": _damage(lambda path, content, dice: path.unlink()),
    "half-written left": leave_half,
    "parts removed": remove_parts,
}


# Comparing


def read_tables(folder):
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("runs", "months")}


def compare(expected, found):
    """Return how many rows are lost, duplicated and wrong."""
    lost = duplicated = wrong = 0
    for name, keys in (("runs", ["run"]), ("months", ["run_id", "month"])):
        one, other = expected[name].set_index(keys), found[name].set_index(keys)
        lost += len(one.index.difference(other.index))
        duplicated += int(other.index.duplicated().sum())
        both = other[~other.index.duplicated()].reindex(one.index.intersection(other.index))
        same = both.eq(one.loc[both.index]) | (both.isna() & one.loc[both.index].isna())
        wrong += int((~same.all(axis=1)).sum()) + len(other.index.difference(one.index))
    return lost, duplicated, wrong


def make_expected(root):
    """Return the tables of the sweep that nothing happens to."""
    sweep = Sweep(root)
    sweep.start("-q")
    assert sweep.finish() == 0, sweep.text
    return read_tables(sweep.folder)


def random_faults(n, seed=1, tell=None):
    """Do `n` random faults upon one sweep after the other; return a table: fault, times and what was wrong after."""
    dice = random.Random(seed)
    table = collections.defaultdict(collections.Counter)
    deck: list[str] = []  # every fault comes about; those on files, which take no time, twice as often
    with tempfile.TemporaryDirectory() as scratch:
        expected = make_expected(_make(scratch, "expected"))
        n_done = 0
        while n_done < n:
            sweep = Sweep(_make(scratch, f"sweep-{n_done}"), n_processes=dice.choice((1, 2)))
            names = []
            sweep.start("-q")
            for _ in range(min(dice.randrange(8, 15), n - n_done)):
                if not deck:
                    deck = [*PROCESSES, *FILES, *FILES]
                    dice.shuffle(deck)
                name = deck.pop()
                names.append(name)
                _do(sweep, name, dice)
                n_done += 1
            sweep.complete()
            lost, duplicated, wrong = compare(expected, read_tables(sweep.folder))
            for name in dict.fromkeys(names):
                found = {"lost": lost, "duplicated": duplicated, "wrong": wrong}
                table[name] += collections.Counter(found | {"orphans": sweep.orphans + sweep.late})
            for name in names:
                table[name]["times"] += 1
            shutil.rmtree(sweep.root)
            if tell:
                tell(n_done, sorted(set(names)))
    columns = ["times", "lost", "duplicated", "wrong", "orphans"]
    return pd.DataFrame([{"fault": name} | {one: table[name][one] for one in columns} for name in sorted(table)])


def _make(scratch, name):
    folder = Path(scratch) / name
    folder.mkdir()
    return folder


def _do(sweep, name, dice):
    """Do one fault at a random moment; one on processes starts the sweep again where it has ended."""
    if name in PROCESSES:
        if not sweep.is_running():
            sweep.start("-q")
        sweep.await_parts(len(sweep.parts) + dice.randrange(0, 5), processes=dice.randrange(0, sweep.n_processes + 1))
        time.sleep(0.02 * dice.random())
        if sweep.is_running():
            PROCESSES[name](sweep, dice)
        return
    if sweep.is_running():
        sweep.await_parts(len(sweep.parts) + dice.randrange(0, 3))
    FILES[name](sweep, dice)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.trials.faults.sweeps")
    parser.add_argument("--faults", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    start = time.monotonic()

    def tell(done, names):
        print(f"{done} faults, {time.monotonic() - start:.0f} s: {', '.join(names)}", file=sys.stderr, flush=True)

    table = random_faults(args.faults, args.seed, tell)
    print(table.to_string(index=False))
    print(f"{table['times'].sum()} faults, {table.iloc[:, 2:].to_numpy().sum()} rows or processes amiss")
    return int(table.iloc[:, 2:].to_numpy().any())


if __name__ == "__main__":
    sys.exit(main())
