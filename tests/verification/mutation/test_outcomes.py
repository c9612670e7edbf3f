"""Run in a copy of the sources by the mutation score: small worlds give what the reference gave."""

import pickle
from pathlib import Path

import pytest

EXPECTED = Path(__file__).parents[1] / "expected.pickle"
AT_ONCE = 10

if not EXPECTED.is_file():
    pytest.skip("runs in the folder that python -m tests.verification.mutation makes", allow_module_level=True)

DIGESTS = pickle.loads(EXPECTED.read_bytes())


@pytest.mark.parametrize("first", range(0, len(DIGESTS), AT_ONCE))
def test_small_worlds_end_as_the_reference_says(first):
    from tests.worlds import SMALL, make_world, run_world

    for number in range(first, first + AT_ONCE):
        assert run_world(make_world(number, **SMALL)).digest() == DIGESTS[number], number
