"""No infinite number in any table, over settings drawn from the whole declared ranges, regimes and shocks."""

import numpy as np
import pytest

from sim.configuration import compose, option_files, set_values
from sim.engine.batch import simulate
from sim.errors import ConfigurationError, ParameterError
from sim.schema.parameters import declarations

FAST, ALL = 60, 500
FIXED = ("months", "field.n_organizations", "field.n_localities", "field.n_states", "field.bridges_per_state")
TABLES = ("runs", "months", "events", "members", "localities")


def draw_setting(number):
    """Return the parameters of one random setting: at each number an end of its range or a place inside it."""
    draw = np.random.default_rng([16, number])
    words = [f"{group}={draw.choice(sorted(option_files(group)))}" for group in ("regime", "shock")]
    base = compose(
        [*words, f"months={draw.integers(1, 31)}", f"field.n_organizations={draw.integers(2, 15)}"]
    ).parameters
    for name, item in declarations():
        low, high = item.metadata.get("low"), item.metadata.get("high")
        if "<" in name or name.startswith("mechanisms.") or name in FIXED or low is None or high is None:
            continue
        if not np.isfinite([low, high]).all() or draw.random() < 0.5:
            continue
        value = draw.choice([low, high, low + (high - low) * draw.random()])
        is_whole = "int" in str(item.type)
        try:
            base = set_values(base, {name: int(value) if is_whole else float(value)})
        except (ConfigurationError, ParameterError):  # only with others of its kind
            continue
    return base


def check(numbers):
    n_ran = n_empty = 0
    for number in numbers:
        results = simulate(draw_setting(number), [number + 1])
        for name in TABLES:
            table = getattr(results, name)
            values = table.select_dtypes("number").to_numpy(float)
            assert not np.isinf(values).any(), f"setting {number}: {name}"
            for column in table.columns:
                if column.startswith(("served", "unmet", "not_served", "in_need", "arrivals", "total_")):
                    assert not (table[column] < 0).any(), f"setting {number}: {column}"
        n_ran += 1
        n_empty += int((results.months["memberships"].iloc[1:] == 0).all())
    return n_ran, n_empty


def test_no_table_holds_an_infinite_number_or_less_than_nobody_served():
    n_ran, n_empty = check(range(FAST))
    assert n_ran == FAST
    assert n_empty > 0, "some settings must hold no membership at all"


@pytest.mark.slow
@pytest.mark.nightly
def test_no_table_of_many_settings_holds_an_infinite_number():
    assert check(range(FAST, ALL))[0] == ALL - FAST
