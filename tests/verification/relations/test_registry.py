"""The relations are numbered from 1 without a gap, one test each."""

import importlib
from pathlib import Path

N_RELATIONS = 28


def test_every_relation_has_one_test():
    numbers = []
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"{__package__}.{file.stem}")
        for test in vars(module).values():
            numbers += [mark.args[0] for mark in getattr(test, "pytestmark", []) if mark.name == "relation"]
    assert sorted(numbers) == list(range(1, N_RELATIONS + 1))
