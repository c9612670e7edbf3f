"""The same setting and seed give the same bits as when golden.csv was written, on any supported Python."""

import pandas as pd

from sim import MODEL_VERSION
from tests.verification.golden.make_golden import (
    COLUMNS,
    PAST,
    digest_table,
    is_explained,
    make_lines,
    read_lines,
    refuse,
)

ACCEPT = "results changed; if that is meant: raise sim.MODEL_VERSION, say why in CHANGELOG.md, then `make golden`"


def test_results_are_those_of_golden_csv_to_the_last_bit():
    expected, found = read_lines(), make_lines()
    assert len(found) == len(expected), ACCEPT
    numbers = [pair for pair in zip(found, expected, strict=True) if pair[0][0] not in ("digest", "added", "model")]
    for mine, golden in numbers:  # the plain numbers first: they say more than a digest
        for name, one, other in zip(("run_id", "month", *COLUMNS), mine, golden, strict=True):
            assert one == other, f"{golden[0]}, month {golden[1]}, {name}: {one}, was {other}; {ACCEPT}"
    assert found == expected, ACCEPT


def test_the_digest_sees_a_single_bit_a_name_and_a_word():
    table = pd.DataFrame({"a": [1.0, float("nan")], "b": [1, 2], "c": ["x", "y"]})
    others = [table.assign(a=[1.0 + 2**-52, float("nan")]), table.assign(b=[1, 3]), table.assign(c=["x", "z"])]
    others += [table.rename(columns={"a": "z"}), table[["b", "a", "c"]]]
    assert len({digest_table(one) for one in [table, *others]}) == 6
    assert digest_table(table) == digest_table(table.copy())


def test_every_model_so_far_is_explained_and_the_table_of_each_earlier_one_is_kept():
    assert all(is_explained(version) for version in range(1, MODEL_VERSION + 1))
    assert {file.name for file in PAST.glob("*.csv")} == {f"model_{version}.csv" for version in range(1, MODEL_VERSION)}


def test_other_results_under_the_same_number_are_refused():
    golden = read_lines()
    changed = [*golden[:-1], [*golden[-1][:-1], "0.5"]]
    assert "MODEL_VERSION" in refuse(golden, changed)
    assert refuse(golden, golden) == ""
    assert refuse([["model", str(MODEL_VERSION - 1)], *golden[1:]], changed) == ""
