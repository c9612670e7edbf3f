"""All malformed input in one count: 5,000 generated and the kept ones, refused or lost."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sim.configuration import compose
from sim.roster.reading import read_folder
from sim.schema.parameters import Field
from tests.trials.malformed import files, folders, messages, rosters, tables
from tests.trials.malformed.judging import Tally, judge
from tests.trials.malformed.words import KEPT_FILES, KEPT_WORDS, make_word

SHARES = {"rosters": 1500, "words": 700, "files": 1000, "folders": 600, "messages": 700, "tables": 500}  # 5,000
Case = tuple[str, Callable[[], Any]]


def measure(n_generated: int = 5000, first_seed: int = 0) -> list[dict[str, Any]]:
    """Try `n_generated` inputs of all kinds and the kept ones; return rows of what, tried, lost, note."""
    return [tally.to_row() for tally in tally_all(n_generated, first_seed)]


def tally_all(n_generated: int, first_seed: int = 0) -> Iterator[Tally]:
    """Yield a tally of each kind: first its kept inputs, then the generated ones."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for kind, share in SHARES.items():
            n = round(n_generated * share / sum(SHARES.values()))
            seeds = range(first_seed, first_seed + n)
            yield _try_messages(seeds) if kind == "messages" else _try(kind, folder, seeds)


def _try(kind: str, folder: Path, seeds: range) -> Tally:
    tally = Tally(_NAMES[kind])
    for name, action in _CASES[kind](folder, seeds):
        tally.add(name, judge(action))
    return tally


def _try_messages(seeds: range) -> Tally:
    tally, server = Tally(_NAMES["messages"]), messages.Server()
    for name, message in messages.list_kept():
        tally.add(name, server.send(message))
    for seed in seeds:
        tally.add(f"seed {seed}", server.send(messages.make_message(random.Random(seed))))
    server.close()
    return tally


def _list_rosters(folder: Path, seeds: range) -> Iterator[Case]:
    def read(texts: rosters.Texts) -> object:
        shutil.rmtree(folder / "roster", ignore_errors=True)
        rosters.write(folder / "roster", texts)
        return read_folder(folder / "roster", Field())

    for seed in seeds:
        rng = random.Random(seed)
        sheets = rosters.make_roster(rng)
        if seed % 2:
            rng.choice(rosters.SPOILING)(rng, sheets)
            texts = rosters.to_texts(sheets)
        else:
            texts = rosters.to_texts(sheets)
            rosters.spoil_bytes(rng, texts)
        yield f"seed {seed}", lambda texts=texts: read(texts)


def _list_words(folder: Path, seeds: range) -> Iterator[Case]:
    for word in (*KEPT_WORDS, *(make_word(random.Random(seed)) for seed in seeds)):
        yield word[:200], lambda word=word: compose([word])
    for text in tables.KEPT_CHANGES:
        yield f"--change {text[:200]}", lambda text=text: tables.try_change(text)


def _list_files(folder: Path, seeds: range) -> Iterator[Case]:
    for name, text in KEPT_FILES:
        yield name, lambda name=name, text=text: files.try_regime(name, text, folder / "own")
    for name, text in files.KEPT_EXPERIMENTS:
        yield name, lambda text=text: files.try_experiment(text.encode(), folder / "own")
    for seed in seeds:
        data = files.make_experiment(random.Random(seed))
        yield f"seed {seed}", lambda data=data: files.try_experiment(data, folder / "own")


def _list_folders(folder: Path, seeds: range) -> Iterator[Case]:
    root = folders.make_folders(folder / "results")
    for name, damage in folders.list_kept(root):
        yield name, damage.try_reading
    for seed in seeds:
        yield f"seed {seed}", folders.make_damage(random.Random(seed), root).try_reading


def _list_tables(folder: Path, seeds: range) -> Iterator[Case]:
    kept = (
        *tables.KEPT_GAMES,
        *((f"game of seed {seed}", tables.make_game(random.Random(seed))) for seed in seeds[::2]),
    )
    for name, data in kept:
        yield name, lambda data=data: tables.try_game(data, folder)
    made = ((f"ensemble of seed {seed}", tables.make_ensemble(random.Random(seed))) for seed in seeds[1::2])
    for name, data in (*tables.KEPT_ENSEMBLES, *made):
        yield name, lambda data=data: tables.try_ensemble(data, folder)


_NAMES = {
    "rosters": "rosters (CSV)", "words": "command line overrides", "files": "YAML files", "folders": "results folders",
    "messages": "messages to the app", "tables": "typed games and ensembles (CSV)",
}  # fmt: skip
_CASES = {
    "rosters": _list_rosters, "words": _list_words, "files": _list_files, "folders": _list_folders,
    "tables": _list_tables,
}  # fmt: skip
