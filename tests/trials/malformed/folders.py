"""Damaged folders of results: a run's and a sweep's, a file of each changed, cut, swapped or missing."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pandas as pd

from sim.__main__ import main
from sim.results.store import load_results
from sim.sweep.parts import find_parts
from sim.sweep.plan import read_plan
from tests.sealing import seal_anew

RUN, SWEEP, PART = "run", "sweep", "part"
SMALL = ("field.n_organizations=8", "months=4")


def make_folders(root: Path) -> Path:
    """Make a run, a complete sweep and one that has parts left; return the folder of all three."""
    kept = ["--results", str(root), "-q"]
    assert main(["run", "seeds=2", "name=run", *SMALL, "--no-figures", *kept]) == 0
    sweep = ["sweep", "grants.luck=0,1", "seeds=2", *SMALL, "--keep", "months", "--workers", "1", *kept]
    assert main([*sweep, "name=sweep"]) == 0
    shutil.copytree(root / SWEEP, root / PART)
    plan = read_plan(root / PART)
    (root / PART / "parts").mkdir()
    for table in plan.tables:
        name = f"{table}-{0:012d}-{plan.n_runs:012d}.parquet"
        (root / PART / f"{table}.parquet").replace(root / PART / "parts" / name)
    (root / PART / "manifest.json").unlink()
    return root


def _read(folder: Path) -> object:
    """Return all that a folder says, as bytes and plain data that can be compared."""
    if folder.name == PART:
        plan = read_plan(folder)
        found = find_parts(folder, plan.key, plan.tables, plan.n_runs)
        return plan, found.done if not found.set_aside else None
    results = load_results(folder)
    tables = [getattr(results, name) for name in ("runs", "months", "events", "members", "localities")]
    plan = read_plan(folder) if folder.name == SWEEP else None
    return [table.to_dict("list") for table in tables], list(map(str, tables)), results.manifest, plan


class Damage:
    """One file of one folder, and the bytes to stand there; None: the file is gone."""

    def __init__(self, root: Path, kind: str, name: str, data: bytes | None) -> None:
        """Keep what to do."""
        self.root, self.kind, self.name, self.data = root, kind, name, data

    def try_reading(self) -> object:
        """Read the damaged folder; True where it says what it said before, or where its part was set aside."""
        folder = self.root / self.kind
        path, good = folder / self.name, (folder / self.name).read_bytes()
        expected = repr(_read(folder))
        try:
            if self.data is None:
                path.unlink()
            else:
                path.write_bytes(self.data)
            found = _read(folder)
            is_set_aside = self.kind == PART and isinstance(found, tuple) and not found[1]  # its runs are done again
            return is_set_aside or repr(found) == expected or found
        finally:
            for aside in folder.glob("**/.bad-*"):
                aside.replace(aside.with_name(aside.name.removeprefix(".bad-")))
            path.write_bytes(good)


def list_files(root: Path) -> list[tuple[str, str]]:
    """Return (kind, name) of all files that are read."""
    found = [(kind, path) for kind in (RUN, SWEEP, PART) for path in sorted((root / kind).glob("**/*.*"))]
    names = [(kind, str(path.relative_to(root / kind))) for kind, path in found if path.is_file()]
    return [(kind, name) for kind, name in names if name.endswith((".parquet", ".json"))]


FOREIGN = (
    None, b"", b"PAR1", b"run_id,verdict\na,grows\n", b"\x00" * 400, b"[]", b"{}", b"3", b"null", b'"x"', b"{",
    b"[" * 100_000, b'{"a": ' * 50_000, b'{"keep": "all"}', b'{"model_version": 1e999}', b"\xff\xfe", b"NaN",
    b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.",
)  # fmt: skip


def list_kept(root: Path) -> list[tuple[str, Damage]]:
    """Return the kept damages: every file of the run replaced by something foreign, and each swapped with another."""
    found = []
    for kind, name in list_files(root):
        foreign = FOREIGN if kind == RUN and name in ("runs.parquet", "manifest.json") else FOREIGN[:3]
        foreign = FOREIGN if name == "plan.json" and kind == SWEEP else foreign
        found += [(f"{kind}/{name} {at}", Damage(root, kind, name, data)) for at, data in enumerate(foreign)]
    other = {RUN: SWEEP, SWEEP: RUN}
    for kind, name in list_files(root):
        twin = root / other.get(kind, RUN) / name
        if twin.is_file() and name != "plan.json":
            found.append((f"{kind}/{name} of another", Damage(root, kind, name, twin.read_bytes())))
    return found


def make_damage(rng: random.Random, root: Path) -> Damage:
    """Return a damage of one file."""
    kind, name = rng.choice(list_files(root))
    data = bytearray((root / kind / name).read_bytes())
    at = rng.randrange(len(data))
    way = rng.randrange(6)
    if way <= 2:
        data[at] ^= 1 << rng.randrange(8)
    elif way == 3:
        del data[at:]
    elif way == 4:
        length = rng.randrange(1, 64)
        data[at : at + length] = bytes(length)
    else:
        data[at:at] = rng.randbytes(rng.randrange(1, 64))
    return Damage(root, kind, name, bytes(data))


# Folders that fit together but say what no command of ours would: made by hand, digests and all.

NO_TREES = (None, 3, "x", [], {}, [3], {"a": 3}, [[]], [{}], 1e999, True)
KEYS = ("settings", "overrides", "design", "seeds", "versions", "blocks", "varied", "kind", "command", "name", "keep")


def list_hand_made(root: Path) -> list[tuple[str, str, dict[str, object]]]:
    """Return (name, kind of folder, changes of its manifest) that must not end in an unexpected error."""
    return [
        (f"{kind} {key} {at}", kind, {key: tree})
        for kind in (RUN, SWEEP)
        for key in KEYS
        for at, tree in enumerate(NO_TREES)
        if key in json.loads((root / kind / "manifest.json").read_text())
    ]


def make_by_hand(root: Path, target: Path, kind: str, changes: dict[str, object]) -> Path:
    """Return a copy of a folder with another manifest that fits its tables."""
    shutil.copytree(root / kind, target)
    return seal_anew(target, **changes)


def spoil_tables(folder: Path, rng: random.Random) -> Path:
    """Give one table of a folder other columns or kinds, and a manifest that fits."""
    path = rng.choice(sorted(folder.glob("*.parquet")))
    table = pd.read_parquet(path)
    column = rng.choice(list(table.columns))
    way = rng.randrange(4)
    if way == 0:
        table = table.drop(columns=column)
    elif way == 1:
        table[column] = "x"
    elif way == 2:
        table = table.rename(columns={column: "_target_"})
    else:
        table = table.iloc[:0]
    table.to_parquet(path, index=False)
    return seal_anew(folder)
