"""The same setting and seed give the same bits as when golden.csv was written, on any supported Python."""

import csv

import pandas as pd
from make_golden import COLUMNS, FILE, digest_table, make_lines

ACCEPT = "results changed; if that is meant: python -m tests.regression.make_golden"


def test_results_are_those_of_golden_csv_to_the_last_bit():
    with FILE.open(encoding="utf-8", newline="") as stream:
        expected = list(csv.reader(stream))
    found = make_lines()
    assert len(found) == len(expected), ACCEPT
    numbers = [pair for pair in zip(found, expected, strict=True) if pair[0][0] != "digest"]
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
