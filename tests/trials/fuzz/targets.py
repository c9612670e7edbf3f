"""What is fuzzed: each target takes bytes, and raises nothing but what a user is told of."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.trials.malformed import files, messages, rosters, tables
from tests.trials.malformed.judging import USER_ERRORS
from tests.trials.malformed.words import KEPT_FILES, KEPT_WORDS

_SAID: set[str] = set()
BETWEEN = b"\n---8<---\n"  # stands between the files of one input


class Target(NamedTuple):
    """How bytes are read, and what to begin with."""

    read: Callable[[bytes, Path], Any]
    seeds: Callable[[], list[bytes]]


def _read_roster(data: bytes, folder: Path) -> None:
    from sim.roster.reading import read_folder
    from sim.schema.parameters import Field

    parts = data.split(BETWEEN)
    for name, part in zip(rosters.make_roster(_chance(0)), [*parts, b"", b""], strict=False):
        (folder / name).write_bytes(part)
        if not part and name != rosters.ORGANIZATIONS:
            (folder / name).unlink()
    read_folder(folder, Field())


def _seed_rosters() -> list[bytes]:
    good = [rosters.to_texts(rosters.make_roster(_chance(seed), 4)) for seed in range(4)]
    return [BETWEEN.join(texts.values()) for texts in good]


def _chance(seed: int) -> Any:
    import random

    return random.Random(seed)


def _read_file(data: bytes, folder: Path) -> None:
    from sim.configuration.options import check_file

    for group in ("experiment", "regime"):
        path = folder / group / "own.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        try:
            check_file(path)
        except USER_ERRORS:
            path.unlink()
            continue
        try:
            from sim.configuration import compose

            said = repr(yaml.safe_load(data))  # composing takes long: once for all that says the same
            if said in _SAID:
                continue
            _SAID.add(said)
            compose([f"{group}=own"], config_dir=folder)
        finally:
            path.unlink()


def _seed_files() -> list[bytes]:
    texts = [files.GOOD, *(text for _, text in files.KEPT_EXPERIMENTS), *(text for _, text in KEPT_FILES)]
    return [text.encode()[:3000] for text in texts]


def _read_words(data: bytes, folder: Path) -> None:
    from sim.configuration import read_varied, read_words

    word = os.fsdecode(data)
    if "field.folder" not in word:
        read_varied([word])
        read_words([word])


def _read_change(data: bytes, folder: Path) -> None:
    from sim.configuration.changes import read_change
    from sim.schema.changes import plan_changes

    plan_changes(_find_parameters(), [read_change(os.fsdecode(data))])


@cache
def _find_parameters() -> Any:
    from sim.configuration import compose

    return compose(["months=12"]).parameters


@cache
def _make_app() -> Any:
    from sim.explorer.live.guards import Room
    from sim.explorer.live.options import Options
    from sim.explorer.live.server import App

    return App(Options(), Room("KM4W-7QXA"), save=lambda asked, name: name)


class _Request:
    """As much of a request as its body's reader looks at."""

    headers = {"content-type": "application/json"}  # noqa: RUF012

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def stream(self) -> Any:
        yield self.body


def _read_message(data: bytes, folder: Path) -> None:
    from sim.errors import RefusedError
    from sim.explorer.live.asking import read_asked, write_command
    from sim.explorer.live.server import _read_body

    app = _make_app()
    try:
        tree = asyncio.run(_read_body(_Request(data)))  # type: ignore[arg-type]
        write_command(read_asked(tree, app.options))
    except RefusedError:
        return
    finally:
        app.room._wrong.clear()
    app.set_up(tree, app.visitors.enter())


def _seed_messages() -> list[bytes]:
    return [json.dumps(messages.GOOD).encode(), *(body[:2000] for _, body in messages.KEPT_BODIES)]


@cache
def _make_results(folder: Path) -> dict[str, bytes]:
    """Write a run's folder by hand; return its tables."""
    import pandas as pd

    from sim.results.store import TABLES, write_manifest
    from sim.schema.columns import MODEL_VERSION

    table = pd.DataFrame({"run_id": ["a-1"], "regime": ["a"], "seed": [1], "share": [0.5]})
    for name in TABLES:
        table.to_parquet(folder / f"{name}.parquet", index=False, write_page_checksum=True)
    write_manifest(folder, {"model_version": MODEL_VERSION, "settings": []}, TABLES)
    return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}


def _read_results(data: bytes, folder: Path) -> None:
    """Read bytes as a manifest, as a manifest that fits, as a plan that fits, or as a table that fits."""
    import warnings

    from sim.analysis.reading import read_sweep
    from sim.files.checksums import seal
    from sim.report.reading import read_material
    from sim.results.store import load_results, scan_table, write_manifest
    from sim.sweep.plan import read_plan

    tables_, way = _make_results(folder), data[:1]
    warnings.simplefilter("ignore")
    (folder / "runs.parquet").write_bytes(data[1:] if way == b"T" else tables_["runs"])
    if way == b"M":
        (folder / "manifest.json").write_bytes(data[1:])
    elif way == b"T":
        write_manifest(folder, {"model_version": 0}, tuple(tables_))
    else:
        try:
            tree = json.loads(data[1:])
        except (ValueError, RecursionError):
            return
        if not isinstance(tree, dict):
            return
        if way == b"P":
            (folder / "plan.json").write_text(json.dumps(seal(tree)))
            read_plan(folder)
            return
        (folder / "plan.json").unlink(missing_ok=True)
        write_manifest(folder, tree, tuple(tables_))
    for read in (load_results, scan_table, read_material, read_sweep):
        try:
            read(folder)
        except USER_ERRORS:
            continue


def _seed_results() -> list[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        table = _make_results.__wrapped__(Path(folder))["runs"]
        manifest = (Path(folder) / "manifest.json").read_bytes()
    block = {"design": {"vary": {"grants.luck": [0, 1]}}, "seeds": {"first": 1, "count": 2}, "first_point": 0}
    sweep = {"kind": "sweep", "blocks": [block], "varied": {"grants.luck": "luck"}, "settings": [
        {"field": {}, "regime": {}, "shock": {}}], "keep": "runs", "model_version": 1}  # fmt: skip
    plan = {"format": 1, "model_version": 1, "block": block, "name": "a", "question": "", "overrides": [], "base": {},
            "roster": "", "keep": "runs", "combinations": {}}  # fmt: skip
    return [b"M" + manifest, b"T" + table, b"S" + manifest, b"S" + json.dumps(sweep).encode(),
            b"P" + json.dumps(plan).encode()]  # fmt: skip


def _read_game(data: bytes, folder: Path) -> None:
    tables.try_game(data, folder)


def _read_ensemble(data: bytes, folder: Path) -> None:
    tables.try_ensemble(data, folder)


TARGETS = {
    "roster": Target(_read_roster, _seed_rosters),
    "file": Target(_read_file, _seed_files),
    "word": Target(_read_words, lambda: _encode(KEPT_WORDS)),
    "change": Target(_read_change, lambda: _encode(tables.KEPT_CHANGES)),
    "message": Target(_read_message, _seed_messages),
    "results": Target(_read_results, _seed_results),
    "game": Target(_read_game, lambda: [*_encode(tables.GAMES.values()), *_cut(tables.KEPT_GAMES)]),
    "ensemble": Target(_read_ensemble, lambda: [tables.ENSEMBLE.encode(), *_cut(tables.KEPT_ENSEMBLES)]),
}


def _encode(texts: Iterable[str]) -> list[bytes]:
    return [text.encode() for text in texts]


def _cut(kept: Iterable[tuple[str, bytes]]) -> list[bytes]:
    return [data[:3000] for _, data in kept]


def find_problem(name: str, data: bytes, folder: Path) -> str | None:
    """Return what a target raised that no user should see: the error, its text and the last place of ours; or None."""
    import traceback

    try:
        TARGETS[name].read(data, folder)
    except USER_ERRORS:
        return None
    except Exception as problem:
        ours = [
            frame for frame in traceback.extract_tb(problem.__traceback__) if f"{os.sep}sim{os.sep}" in frame.filename
        ]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "tests"
        return f"{type(problem).__name__} at {place}: {' '.join(str(problem).split())[:120]}"
    return None
