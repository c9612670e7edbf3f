"""However a field is written down, named or configured, it is the same field."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.configuration import compose, read_words, set_values
from sim.configuration.composition import from_tree
from sim.engine.inputs import build_roster
from sim.roster.reading import read_folder
from sim.schema.parameters import Parameters
from sim.schema.regimes import Programme
from sim.schema.roster_tables import RosterTables
from sim.schema.settable import build_parameters, show
from tests.worlds import Outcome, World, assert_same, run_world

Z_LIMIT = 4.9
COLUMNS_OF_NUMBERS = {
    "viewpoint": "viewpoint",
    "stance": "stance",
    "need_usd": "monthly_need_usd",
    "own_income_share": "own_income_share",
    "reserve_months": "reserve_months",
}


# ------------------------------------------------------------------------------------------------ files of a roster


def write_cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(value)
    return "" if isinstance(value, float) and math.isnan(value) else str(value)


def list_cells(world: World) -> dict[str, list[list[str]]]:
    """Return the lines of the three files of a world's roster, the header first."""
    tables, setting = world.tables, world.parameters.field
    mixes = [f"mix_{name}" for name in setting.populations]
    organizations = [["org_id", "sector", *mixes, *COLUMNS_OF_NUMBERS.values(), "coalitions"]]
    for i, name in enumerate(tables.ids):
        sector = setting.sectors[tables.sector[i]] if tables.sector[i] >= 0 else ""
        numbers = [write_cell(getattr(tables, column)[i].item()) for column in COLUMNS_OF_NUMBERS]
        seats = ";".join(f"table-{c}" for c in range(len(tables.member)) if tables.member[c, i])
        organizations.append([name, sector, *map(write_cell, tables.mix[i].tolist()), *numbers, seats])
    ties = [["from_org", "to_org", "trust"]]
    for i, j in np.argwhere(~np.isnan(tables.trust)).tolist():
        ties.append([tables.ids[i], tables.ids[j], write_cell(tables.trust[i, j].item())])
    items = [item.name for item in dataclasses.fields(Programme)]
    grants = [["line", *items]]
    for name, line in world.parameters.regime.programmes.items():
        grants.append([name, *(write_cell(getattr(line, item)) for item in items)])
    return {"organizations": organizations, "ties": ties, "grants": grants}


def write_plain(lines: list[list[str]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(lines)
    return stream.getvalue().encode()


def shuffle_rows(lines: list[list[str]], generator: random.Random) -> list[list[str]]:
    header, *rows = lines
    return [header, *generator.sample(rows, len(rows))]


def write_otherwise(lines: list[list[str]], generator: random.Random) -> bytes:
    """Write the same cells in another order of columns, with other quotes, marks and line ends."""
    order = generator.sample(range(len(lines[0])), len(lines[0]))
    quoting = generator.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
    end = generator.choice(["\n", "\r\n"])
    stream = io.StringIO(newline="")
    rows = ([line[at] for at in order] for line in lines)
    csv.writer(stream, quoting=quoting, lineterminator=end).writerows(rows)
    note = generator.choice(["", "# SYNTHETIC: drawn at random" + end])
    text = note + stream.getvalue() + end * generator.randrange(4)
    return text.encode(generator.choice(["utf-8", "utf-8-sig"]))


def read_files(folder: Path, files: dict[str, bytes], world: World) -> RosterTables:
    for name, data in files.items():
        (folder / f"{name}.csv").write_bytes(data)
    return read_folder(folder, world.parameters.field)


def assert_same_tables(one: RosterTables, other: RosterTables, note: Any) -> None:
    for item in dataclasses.fields(RosterTables):
        left, right = getattr(one, item.name), getattr(other, item.name)
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, err_msg=f"{note}: {item.name}")
            assert left.dtype == right.dtype
        elif item.name != "is_synthetic":
            assert left == right, (note, item.name)
    assert list(one.programmes or {}) == list(other.programmes or {}), note


def run_tables(world: World, tables: RosterTables) -> Outcome:
    regime = dataclasses.replace(world.parameters.regime, programmes=tables.programmes)
    return run_world(world.change(tables=tables, regime=regime))


@pytest.mark.relation(1, "the order of lines in a roster's files cannot matter")
def test_the_order_of_the_lines_of_a_rosters_files_changes_not_a_bit(tried, tmp_path):
    for world in tried.worlds(60, roster=True, max_months=12):
        cells, generator = list_cells(world), random.Random(world.number)
        first = read_files(tmp_path, {name: write_plain(lines) for name, lines in cells.items()}, world)
        shuffled = {name: write_plain(shuffle_rows(lines, generator)) for name, lines in cells.items()}
        second = read_files(tmp_path, shuffled, world)
        assert_same_tables(first, second, world.number)
        assert_same(run_tables(world, first), run_tables(world, second), world.number)
        np.testing.assert_allclose(first.mix, world.tables.mix, rtol=1e-12)
        for name in ("ids", "sector", "viewpoint", "need_usd", "trust", "member"):
            np.testing.assert_array_equal(getattr(first, name), getattr(world.tables, name))


@pytest.mark.relation(2, "the order of columns, quotes, marks and line ends cannot matter")
def test_the_way_of_writing_a_rosters_files_changes_not_a_bit(tried, tmp_path):
    for world in tried.worlds(60, first=100, roster=True, max_months=12):
        cells, generator = list_cells(world), random.Random(world.number)
        first = read_files(tmp_path, {name: write_plain(lines) for name, lines in cells.items()}, world)
        second = read_files(tmp_path, {name: write_otherwise(lines, generator) for name, lines in cells.items()}, world)
        assert_same_tables(first, second, world.number)
        assert_same(run_tables(world, first), run_tables(world, second), world.number)


# ------------------------------------------------------------------------------------------------ names


@pytest.mark.relation(3, "other ids that keep the order give the same distribution, with the old keys the same run")
def test_other_ids_with_the_old_keys_change_not_a_bit_and_with_their_own_no_mean(tried):
    """50 worlds of 40 seeds each: 2,000 pairs of runs."""
    columns = ("collaboration_share", "awarded_usd", "n_open", "exits", "joins", "served", "mean_trust")
    totals: dict[str, list[float]] = {name: [] for name in columns}
    for world in tried.worlds(50, roster=True, max_months=12):
        ids = tuple(f"renamed {one}" for one in world.tables.ids)
        renamed = world.change(tables=dataclasses.replace(world.tables, ids=ids))
        inputs = renamed.build()
        inputs.roster = inputs.roster._replace(key=build_roster(world.parameters, world.tables).key)
        assert_same(run_world(world), run_world(renamed, inputs), world.number)
        seeds = list(range(1_000 * world.number + 1, 1_000 * world.number + 41))
        one, other = run_seeds(world, seeds), run_seeds(renamed, seeds)
        for name in columns:
            difference = np.nanmean(other[name][:, 1:], axis=1) - np.nanmean(one[name][:, 1:], axis=1)
            totals[name] += scale(difference)
    for name, values in totals.items():
        z = np.sum(values) / math.sqrt(len(values))
        assert abs(z) < Z_LIMIT, f"{name}: z = {z:.2f} over {len(values)} pairs"
        assert np.any(values), name


def run_seeds(world: World, seeds: list[int]) -> Any:
    from sim.engine.batch import run_compiled

    return run_compiled(world.build(0), seeds, keep_events=False)[0]


def scale(difference: Any) -> list[float]:
    """Return differences over their root mean square, so that each world weighs the same."""
    difference = difference[~np.isnan(difference)]
    root = math.sqrt(np.mean(difference**2)) if len(difference) else 0.0
    return (difference / root).tolist() if root > 0 else []


# ------------------------------------------------------------------------------------------------ configuration


def list_words(world: World, chance: random.Random) -> list[str]:
    """Return a dozen of the world's numbers and switches, those at their default among them, as words."""
    words = []
    base = Parameters()
    for group in ("field", "meetings", "services", "grants", "accounts", "memberships", "mechanisms"):
        setting, usual = getattr(world.parameters, group), getattr(base, group)
        items = [item.name for item in dataclasses.fields(setting) if {"low", "options"} & item.metadata.keys()]
        items = items or [item.name for item in dataclasses.fields(setting)]
        changed = [name for name in items if getattr(setting, name) != getattr(usual, name)]
        same = [name for name in items if name not in changed]
        for name in chance.sample(changed, min(3, len(changed))) + chance.sample(same, min(1, len(same))):
            words.append(f"{group}.{name}={show(getattr(setting, name))}")
    return words


def apply_words(words: list[str], regime: Any) -> Parameters:
    """Return the setting of `words` by Python alone."""
    changes: dict[str, dict[str, Any]] = {}
    base = Parameters()
    for word in words:
        name, _, text = word.partition("=")
        group, _, item = name.partition(".")
        default = getattr(getattr(base, group), item)
        changes.setdefault(group, {})[item] = text == "true" if isinstance(default, bool) else type(default)(text)
    groups = {group: dataclasses.replace(getattr(base, group), **values) for group, values in changes.items()}
    return dataclasses.replace(base, regime=regime, **groups)


COMPOSED_EVERY = 10  # Hydra takes a tenth of a second a setting


@pytest.mark.relation(25, "a default written out, words, a tree and Python give one and the same setting")
def test_words_trees_and_python_give_one_setting_and_a_default_may_be_written_or_left_out(tried):
    """Every world by Python, by a tree and by words put in one by one; every tenth also composed by Hydra."""
    empty = compose(["regime=none"]).parameters
    for world in tried.worlds(60):
        parameters, tree = world.parameters, dataclasses.asdict(world.parameters)
        assert build_parameters(tree) == parameters, world.number
        assert from_tree({**tree, "seeds": 1}, []).parameters == parameters, world.number
        words = list_words(world, random.Random(world.number))
        expected = apply_words(words, empty.regime)
        values = {word.key: word.values[0] for word in read_words(words)}
        assert set_values(empty, values) == expected, (world.number, words)
        if world.number % COMPOSED_EVERY == 0:
            assert compose(["regime=none", *words]).parameters == expected, (world.number, words)
        short = [word for word in words if is_changed(word)]
        assert len(short) < len(words)
        assert apply_words(short, empty.regime) == expected, (world.number, words)


def is_changed(word: str) -> bool:
    name, _, text = word.partition("=")
    group, _, item = name.partition(".")
    return show(getattr(getattr(Parameters(), group), item)) != text
