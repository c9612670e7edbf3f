"""Fuzz one target in this process: `python -m tests.trials.fuzz.one TARGET CORPUS FINDS SECONDS`, until it ends."""

from __future__ import annotations

import hashlib
import importlib
import sys
import tempfile
from pathlib import Path

WATCHED = {  # whose branches the engine sees; nothing that is compiled may be among them
    "roster": ("sim.roster.columns", "sim.roster.reading"),
    "file": ("sim.configuration", "yaml"),
    "word": ("sim.configuration",),
    "change": ("sim.configuration", "sim.engine.interventions"),
    "message": ("sim.explorer.live", "sim.configuration", "json"),
    "results": (
        "sim.results.store",
        "sim.files.checksums",
        "sim.sweep.plan",
        "sim.report.reading",
        "sim.analysis.reading",
    ),
    "game": ("sim.games.typed",),
    "ensemble": ("sim.configuration.designs.ensemble",),
}


def main(name: str, corpus: str, finds: str, seconds: str) -> None:
    """Run the engine; what a target must not raise is written to FINDS, an input a place, and the search goes on."""
    import atheris

    with atheris.instrument_imports(include=list(WATCHED[name])):  # nothing of ours may be loaded before
        from tests.trials.fuzz.targets import find_problem

        for module in WATCHED[name]:
            importlib.import_module(module)
    folder, known = Path(tempfile.mkdtemp()), set()

    def read(data: bytes) -> None:
        problem = find_problem(name, data, folder)
        place = problem and problem.partition(": ")[0]
        if place and place not in known:
            known.add(place)
            digits = hashlib.sha256(data).hexdigest()[:12]
            (Path(finds) / f"{name}-{digits}.bin").write_bytes(data)
            print(f"find: {name}-{digits}.bin: {problem}", file=sys.stderr, flush=True)

    options = [
        f"-max_total_time={seconds}",
        "-timeout=20",
        "-rss_limit_mb=3000",
        "-max_len=8192",
        "-print_final_stats=1",
        f"-artifact_prefix={finds}/{name}-",
    ]
    atheris.Setup([sys.argv[0], corpus, *options], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
