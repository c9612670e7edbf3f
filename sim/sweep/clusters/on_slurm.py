"""Stretches in jobs of SLURM, many to a job, through submitit.

What is done is seen by the parts that appear, not by what jobs say, so a driver may end and another begin. Jobs look
before each stretch whether they are still wanted: `.slurm/wanted-…` is there until their driver stops them or another
driver takes over. The jobs of a driver that was killed go on until then.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import ConfigurationError
from sim.files.locking import LOCK
from sim.sweep.clusters.tasks import SECONDS_TO_ANSWER, check_options, check_told, read_number, say
from sim.sweep.engines import Done, Workers
from sim.sweep.parts import Stretch, name_part, read_note

FOLDER = ".slurm"
STRETCHES_A_CORE = 100  # in a job; each takes a few seconds, so a job lasts minutes
SHARE_OF_TIME = 0.8  # of a job's time limit, after which it begins no other stretch
SECONDS_BETWEEN_LOOKS = 2
SECONDS_FOR_FILES = 6.0  # until what an ended job wrote is seen through a shared file system
SECONDS_TO_CANCEL = 120.0
SECONDS_A_COMMAND = 60.0  # a busy controller takes its time
MEND = "call it where `sinfo` shows the cluster"


class Job(NamedTuple):
    """A job under way, as submitit has it, and its stretches that are not told yet, in order."""

    job: Any
    left: list[Stretch]


def do_job(folder: str, stretches: list[tuple[int, int]], cpus: int, wanted: str, seconds: float) -> list[Done]:
    """Do stretches on a node, in worker processes; return what was told of each. Some may be left when time is up."""
    place, start = Path(folder), time.monotonic()
    if not (place / "plan.json").is_file():
        return [{"refused": f"on {socket.gethostname()}, {folder}: not there; all nodes must share its file system"}]
    waiting = (Stretch(*one) for one in stretches if not name_part(place, "runs", Stretch(*one)).exists())

    def is_stopped() -> bool:
        return time.monotonic() - start > seconds or not Path(wanted).exists()

    return list(Workers(cpus).run(place, waiting, is_stopped))


class Slurm:
    """The cluster that `sbatch` reaches from here."""

    def __init__(self, n_workers: int, options: dict[str, str]) -> None:
        """Read the options; nothing is asked yet. jobs: how many at a time; cpus: of each; time: its limit."""
        known = ("partition", "account", "qos", "time", "jobs", "cpus", "memory_gb", "poll")
        check_options("slurm", options, known)
        self.cpus = read_number(options, "cpus", 1, 1, 1024)
        self.jobs = read_number(options, "jobs", max(n_workers // self.cpus, 1), 1, 10_000)
        self.minutes = read_number(options, "time", 60, 1, 60 * 24 * 30)
        self.poll = read_number(options, "poll", SECONDS_BETWEEN_LOOKS, 1, 600)
        self.n_workers = self.jobs * self.cpus
        named = {name: options[name] for name in ("partition", "account", "qos") if name in options}
        self.parameters: dict[str, Any] = {f"slurm_{name}": text for name, text in named.items()}
        self.parameters |= {"timeout_min": self.minutes, "cpus_per_task": self.cpus, "name": "coalitions"}
        self.parameters |= {"slurm_array_parallelism": self.jobs, "stderr_to_stdout": True}
        if "memory_gb" in options:
            self.parameters["mem_gb"] = read_number(options, "memory_gb", 1, 1, 10_000)

    def begin(self, folder: Path | None) -> None:
        """See `Engine`: cancels the jobs of an earlier driver, unless that one is still there."""
        for command in ("srun", "sbatch", "squeue", "scancel"):
            if shutil.which(command) is None:
                raise ConfigurationError(f"engine = slurm: {command} is not to be found here; {MEND}")
        try:
            self._list_jobs(SECONDS_TO_ANSWER)
        except (subprocess.SubprocessError, OSError) as problem:
            raise ConfigurationError(f"engine = slurm: squeue gives no answer ({_say(problem)}); {MEND}") from None
        if folder is not None and (folder / FOLDER).is_dir():
            self._clear(folder)

    def _clear(self, folder: Path) -> None:
        with (folder / LOCK).open("a") as own:
            try:
                fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # its driver is there; who called will be told so
                return
            for path in (folder / FOLDER).glob("wanted-*"):
                ids = path.read_text().split()
                path.unlink()
                self._cancel(ids)

    @staticmethod
    def _list_jobs(seconds: float = SECONDS_A_COMMAND) -> set[str]:
        """Return the ids of this user's jobs that wait or run. Raises SubprocessError where SLURM does not answer."""
        command = ["squeue", "--noheader", "--array", "--user", str(os.getuid()), "--format", "%i"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)
        return set(answer.stdout.split())

    def _cancel(self, ids: list[str]) -> None:
        """Cancel jobs and wait until they have left their nodes."""
        start = time.monotonic()
        while time.monotonic() - start < SECONDS_TO_CANCEL:
            with suppress(subprocess.SubprocessError):
                still = self._list_jobs() & set(ids)
                if not still:
                    return
                subprocess.run(["scancel", *sorted(still)], capture_output=True, timeout=SECONDS_A_COMMAND, check=False)
            time.sleep(0.5)
        raise ConfigurationError(
            f"engine = slurm: jobs of an earlier driver do not end: {' '.join(ids[:5])}; see `squeue`"
        )

    def run(self, folder: Path, stretches: Iterator[Stretch], is_stopped: Callable[[], bool]) -> Iterator[Done]:
        """See `Engine`."""
        folder = folder.resolve()
        self.begin(None)
        wanted = folder / FOLDER / f"wanted-{uuid.uuid4().hex}"
        wanted.parent.mkdir(exist_ok=True)
        wanted.touch()
        waiting: deque[Stretch] = deque()
        doing: list[Job] = []
        gone: dict[str, float] = {}  # since when the queue lacks it
        is_clean = False
        try:
            while True:
                if is_stopped():
                    wanted.unlink(missing_ok=True)
                    self._drop_waiting(doing)
                else:
                    waiting.extend(stretches)  # also those that were lost and come back
                    doing += self._submit(folder, wanted, waiting, self.jobs - len(doing))
                if not doing:
                    is_clean = not waiting
                    return
                time.sleep(self.poll)
                for told in self._look(folder, doing, waiting, gone):
                    yield check_told(told, "slurm")
        finally:
            wanted.unlink(missing_ok=True)
            if doing:
                self._cancel([one.job.job_id for one in doing])
            if is_clean:
                shutil.rmtree(wanted.parent, ignore_errors=True)

    def _submit(self, folder: Path, wanted: Path, waiting: deque[Stretch], n_jobs: int) -> list[Job]:
        if not waiting or n_jobs < 1:
            return []
        most = STRETCHES_A_CORE * self.cpus
        count = min(-(-len(waiting) // n_jobs), most)
        shares = [[waiting.popleft() for _ in range(min(count, len(waiting)))] for _ in range(n_jobs) if waiting]
        shares = [share for share in shares if share]
        seconds = 60 * self.minutes * SHARE_OF_TIME
        submitit: Any = importlib.import_module("submitit")
        try:
            executor = submitit.AutoExecutor(folder=folder / FOLDER / "jobs", cluster="slurm")
            executor.update_parameters(**self.parameters)
            with executor.batch():
                jobs = [
                    executor.submit(do_job, str(folder), [tuple(one) for one in share], self.cpus, str(wanted), seconds)
                    for share in shares
                ]
        except Exception as problem:
            raise ConfigurationError(f"engine = slurm: sbatch refuses ({_say(problem)})") from None
        with wanted.open("a", encoding="utf-8") as stream:
            print(*(job.job_id for job in jobs), file=stream)
        return [Job(job, share) for job, share in zip(jobs, shares, strict=True)]

    def _look(self, folder: Path, doing: list[Job], waiting: deque[Stretch], gone: dict[str, float]) -> Iterator[Done]:
        """Yield what has ended since the last look; take ended jobs out of `doing`, and put back what they left."""
        try:
            queue = self._list_jobs()
        except (subprocess.SubprocessError, OSError):  # busy or restarted; the next look will tell
            return
        now = time.monotonic()
        for one in list(doing):
            name = one.job.job_id
            has_told = one.job.paths.result_pickle.exists()
            yield from self._find_parts(folder, one.left)
            if not has_told and (name in queue or now - gone.setdefault(name, now) < SECONDS_FOR_FILES):
                gone.pop(name, None) if name in queue else None
                continue
            doing.remove(one)
            if has_told:
                yield from self._read(one)
            elif one.left:
                yield from _tell_lost(one.left, self.cpus, f"its job {name} was lost or cancelled")
            waiting.extend(one.left)

    @staticmethod
    def _find_parts(folder: Path, left: list[Stretch]) -> Iterator[Done]:
        for stretch in list(left):
            part = name_part(folder, "runs", stretch)
            if part.exists():
                left.remove(stretch)
                n_failed = len(read_note(part)["failures"])
                yield {"first": stretch.first, "last": stretch.last, "failed": n_failed, "seconds": 0.0}

    def _read(self, one: Job) -> Iterator[Done]:
        """Yield what a job told of stretches that left no part."""
        try:
            told = one.job.result()
        except Exception as problem:
            told = []
            yield from _tell_lost(one.left, self.cpus, f"its job {one.job.job_id} failed with {say(problem)}")
        for done in told:
            stretch = Stretch(done.get("first", -1), done.get("last", -1))
            if stretch in one.left or "refused" in done:
                one.left[:] = [other for other in one.left if other != stretch]
                yield done

    def _drop_waiting(self, doing: list[Job]) -> None:
        """Cancel the jobs that have not begun."""
        ids = [one.job.job_id for one in doing]
        if ids:
            with suppress(subprocess.SubprocessError, OSError):
                command = ["scancel", "--state=PENDING", *ids]
                subprocess.run(command, capture_output=True, timeout=SECONDS_A_COMMAND, check=False)

    def stop(self) -> None:
        """See `Engine`: jobs are cancelled as `run` is left."""


def _tell_lost(left: list[Stretch], count: int, why: str) -> Iterator[Done]:
    """Take what a lost job was doing, the first of what it had left, out of `left`, and yield it as lost."""
    for stretch in left[:count]:
        left.remove(stretch)
        yield {"first": stretch.first, "last": stretch.last, "lost": why}


def _say(problem: BaseException) -> str:
    """Return what a command of SLURM complained of, in one line."""
    if isinstance(problem, subprocess.TimeoutExpired):
        return f"not within {problem.timeout:.0f} s"
    text = getattr(problem, "stderr", None) or str(problem)
    lines = [line for line in str(text).splitlines() if "error" in line.lower()] or str(text).splitlines() or [""]
    return lines[-1].strip()[:200]
