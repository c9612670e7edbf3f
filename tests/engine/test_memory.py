"""Under a limit on memory a command ends at once, and says what it needs and what the limit is."""

import os
import resource
import subprocess
import sys

import pytest

from sim import __main__ as entry
from sim.commands import console

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit memory in other ways")
@pytest.mark.parametrize("megabytes", [300, 900])
@pytest.mark.parametrize("verb", ["run", "sweep"])
def test_too_little_memory_is_told_and_nothing_hangs(verb, megabytes, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000, megabytes * 1_000_000))

    words = ["memberships.turf_weight=0,0.5"] if verb == "sweep" else ["--no-figures"]
    command = [sys.executable, "-m", "sim", verb, *words, "months=6", "seeds=2", "name=a", "--results", str(tmp_path)]
    plain = {name: value for name, value in os.environ.items() if name not in THREADS}
    done = subprocess.run(
        [*command, "--quiet"], env=plain, capture_output=True, text=True, timeout=120, preexec_fn=limit
    )
    assert done.returncode == 1
    assert f"the limit is {megabytes} MB (ulimit -v)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("limit", [resource.RLIM_INFINITY, 10**9])
def test_threads_of_libraries_are_spared_where_memory_is_limited(limit, monkeypatch):
    for name in THREADS:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
    entry._spare_memory()
    found = [os.environ.get(name) for name in THREADS]
    assert found == [None if limit == resource.RLIM_INFINITY else "1"] * len(THREADS)
    assert (f"{limit / 1e6:,.0f} MB" in console.tell_memory()) == (limit != resource.RLIM_INFINITY)


def test_what_a_user_has_set_is_kept(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (10**9, 10**9))
    for name in THREADS:
        monkeypatch.setenv(name, "3")
    entry._spare_memory()
    assert [os.environ[name] for name in THREADS] == ["3"] * len(THREADS)
