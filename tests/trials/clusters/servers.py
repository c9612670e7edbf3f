"""Clusters on this machine's loopback, each of separate processes; every process is ended by its number."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SECONDS_TO_START = 30.0


def find_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def make_environment(**more: str) -> dict[str, str]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | more


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = SECONDS_TO_START) -> None:
    start = time.monotonic()
    while not is_so():
        assert time.monotonic() - start < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Servers:
    """Processes started one by one; `close` ends them and all that they started."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str | Path, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{len(self.processes)}-{Path(command[0]).name}.log").open("wb")
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self.environment,
            cwd=cwd or self.folder,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self.processes):
            numbers = [process.pid, *find_children(process.pid)]
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            for number in numbers:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            process.wait(timeout=10)


def find_children(number: int) -> list[int]:
    """Return the numbers of all processes that descend from one."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(path.parent.name))
    found, heads = [], [number]
    while heads:
        heads = [child for head in heads for child in parents.get(head, [])]
        found += heads
    return found


def read_command(number: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


@contextmanager
def start_dask(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Yield the address of a scheduler and its two workers, processes without a nanny."""
    servers, port = Servers(folder, make_environment()), find_port()
    address = f"tcp://127.0.0.1:{port}"
    dask = (
        (sys.executable, "-m", "distributed.cli.dask_scheduler"),
        (sys.executable, "-m", "distributed.cli.dask_worker"),
    )
    try:
        servers.start(*dask[0], "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        wait_until(lambda: answers(port), "the scheduler")
        options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--no-dashboard")
        yield address, [servers.start(*dask[1], address, *options) for _ in range(2)]
    finally:
        servers.close()


@contextmanager
def start_ray(folder: Path) -> Iterator[tuple[dict[str, str], str, Callable[[], list[int]]]]:
    """Yield the environment and address of a head without cores and a node of two, and what finds its workers."""
    (folder / "token").write_text(secrets.token_hex(32))
    wanted = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(folder / "token"), "RAY_USAGE_STATS_ENABLED": "0"}
    environment, port = make_environment(**wanted), find_port()
    servers = Servers(folder, environment)
    ray = Path(sys.executable).parent / "ray"
    place = tempfile.mkdtemp(prefix="r")  # its sockets must have short names
    common = ("--node-ip-address", "127.0.0.1", "--block", "--disable-usage-stats")
    try:
        head = ("start", "--head", "--port", str(port), "--num-cpus", "0", "--include-dashboard", "false")
        servers.start(ray, *head, "--temp-dir", place, *common)
        wait_until(lambda: answers(port), "the head")
        node = servers.start(ray, "start", "--address", f"127.0.0.1:{port}", "--num-cpus", "2", *common)

        def find_workers() -> list[int]:
            numbers = find_children(node.pid)
            return [one for one in numbers if "ray::do_task" in read_command(one)]

        yield environment, f"127.0.0.1:{port}", find_workers
    finally:
        servers.close()
        shutil.rmtree(place, ignore_errors=True)


SLURM = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={control}
SlurmdPort={node}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=512 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=60 State=UP OverSubscribe=NO
"""


@contextmanager
def start_slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of a cluster of one node; skip the test where SLURM or the rights for it are missing."""
    missing = [name for name in ("munged", "slurmctld", "slurmd", "sbatch", "srun") if not find_program(name)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install slurmctld slurmd slurm-client munge")
    if os.geteuid() != 0:
        pytest.skip("a node of SLURM can only be started by root")
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    host = socket.gethostname().partition(".")[0]
    text = SLURM.format(host=host, user="root", folder=folder, control=find_port(), node=find_port())
    (folder / "slurm.conf").write_text(text)
    environment = make_environment(SLURM_CONF=str(folder / "slurm.conf"))
    servers = Servers(folder, environment)
    files = [f"--{name}-file={folder / f'munge.{name}'}" for name in ("key", "pid", "log", "seed")]
    try:
        servers.start(find_program("munged"), "--foreground", "--force", f"--socket={folder / 'munge.socket'}", *files)
        wait_until((folder / "munge.socket").exists, "munged")
        servers.start(find_program("slurmctld"), "-D", "-f", folder / "slurm.conf")
        servers.start(find_program("slurmd"), "-D", "-f", folder / "slurm.conf")

        def is_idle() -> bool:
            answer = subprocess.run(["sinfo", "-h", "-o", "%t"], capture_output=True, text=True, env=environment)
            return answer.stdout.strip() == "idle"

        try:
            wait_until(is_idle, "the node of SLURM")
        except AssertionError:
            logs = " / ".join(path.read_text()[-300:] for path in sorted(folder.glob("*.log")))
            pytest.skip(f"SLURM does not start here: {logs}")
        yield environment
    finally:
        servers.close()


def find_program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
