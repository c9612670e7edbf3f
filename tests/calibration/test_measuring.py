"""What is read from a run: survival, deficits, awards, on small worlds made by hand and on real runs."""

import numpy as np
import pytest

from sim.calibration import measuring
from sim.calibration.measuring import Measure, count_deficits, find_living, find_seeded, read_defaults, visit
from sim.calibration.priors import PRIORS
from sim.calibration.targets import MONEY_ENDS, TARGETS, WORLDS
from sim.configuration import compose, find_declaration
from sim.engine.batch import run_compiled
from sim.engine.inputs import Inputs
from sim.schema.parameters import Parameters


@pytest.fixture
def world():
    """Four coalitions of an empty world: numbers 7 to 10, the last of two members only."""
    made = Inputs(Parameters(), None, 16).world
    coalitions, organizations = made.coalitions, made.organizations
    for array in (*coalitions, organizations.mix, made.log.rows, made.log.n_rows):
        array[...] = 0
    organizations.mix[:, 0] = 1.0
    for c, size in enumerate((3, 4, 3, 2)):
        coalitions.is_active[c], coalitions.number[c], coalitions.size[c] = True, 7 + c, size
        coalitions.member[c, 4 * c : 4 * c + size] = True
        coalitions.activity[c] = 0.5
        coalitions.purpose[c, 0] = 1.0
    return made


def win(world, coalition, line):
    row = world.log.rows[world.log.n_rows[0]]
    row[measuring._KIND], row[measuring._COALITION], row[measuring._LINE] = measuring._WIN, coalition, line
    world.log.n_rows[0] += 1


def test_seeded_coalitions_are_those_of_three_that_won_the_line(world):
    win(world, 7, 1)
    win(world, 7, 1)
    win(world, 8, 0)  # another line
    win(world, 10, 1)  # two members
    win(world, 99, 1)  # gone
    assert find_seeded(world, 1) == {7}


def test_living_coalitions_have_three_who_work_on_an_original_purpose(world):
    assert find_living(world, Parameters()) == {7, 8, 9}
    world.coalitions.activity[0] = 0.1  # idle
    world.organizations.mix[4:8] = np.eye(6)[1]  # all serve others than the founders did
    assert find_living(world, Parameters()) == {9}
    world.organizations.mix[4] = np.eye(6)[0]  # one of four still does: a quarter of the effort
    assert find_living(world, Parameters()) == {8, 9}


def test_more_events_than_room_are_refused(world):
    world.log.n_rows[0] = 17
    with pytest.raises(RuntimeError, match="17 events"):
        find_seeded(world, 1)


def test_a_deficit_is_a_fall_of_reserves_over_the_year(world):
    before = world.organizations
    before.is_open[:] = False
    before.is_open[:5] = True
    before.need_cents[:5] = 100
    before.reserve_cents[:5] = 1000
    before = measuring.copy_accounts(before)
    now = world.organizations
    now.reserve_cents[:5] = (1001, 1000, 999, 880, 0)  # a tenth of a year's need is 120
    now.generation[4] = 1  # another organization now
    assert count_deficits(before, now).tolist() == [2.0, 1.0, 4.0]


def test_looking_into_a_run_changes_no_bit_of_it():
    inputs = Inputs(compose(["regime=unrestricted", "months=36"]).parameters, None, 4096)
    whole = run_compiled(inputs, [5]).rows[0]
    for _, rows, _ in visit(inputs, 5, [12, 30, 36]):  # noqa: B007  # the last ones stay
        pass
    assert rows.tobytes() == whole.tobytes()


def test_what_is_measured_is_what_the_columns_say():
    found = Measure().measure(read_defaults(), [3, 4])
    assert set(found) == {target.name for target in TARGETS}
    rows = run_compiled(Inputs(compose(list(WORLDS["baseline"])).parameters, None, 4096), [3, 4]).rows
    last = rows[:, 109:121]
    assert found["n_coalitions"] == pytest.approx(last["n_coalitions"].mean())
    assert found["coalition_density"] == pytest.approx(np.nanmean(last["coalition_density"]))
    assert found["closure_rate"] == pytest.approx(12 * rows["closures"][:, 1:].sum() / rows["n_open"][:, 1:].sum())
    assert found["award_usd_per_year"] == pytest.approx(220_000, rel=0.001)  # three awards of a pot of 1.98 m USD


def test_a_hasty_look_ends_with_the_world_that_misses_a_target():
    given = read_defaults()
    assert np.isnan(Measure().measure(given, [3], is_hasty=True)["survival_share"])
    assert np.isfinite(Measure().measure(given, [3])["survival_share"])


def test_the_seed_money_ends_and_other_money_goes_on():
    parameters = compose(list(WORLDS["seeded"])).parameters
    inputs = Inputs(parameters, None, 8192)
    lines = sorted(parameters.regime.programmes)
    for _, _, world in visit(inputs, 1, [MONEY_ENDS, MONEY_ENDS + 1]):
        held = (world.organizations.award_months[:, lines.index("joint")] > 0).sum()
    assert held == 0
    assert (world.organizations.award_months[:, lines.index("operating")] > 0).sum() > 0


def test_every_prior_lies_within_the_declared_range_and_holds_the_default():
    for prior in PRIORS:
        declared = find_declaration(prior.name)
        assert declared.metadata["low"] <= prior.low < declared.default < prior.high <= declared.metadata["high"]
        assert declared.metadata["source"] == "assumed", prior.name


def test_every_target_has_a_band_around_what_was_observed():
    for target in TARGETS:
        assert target.low < target.high
        assert target.observed is None or target.is_met(target.observed)
        assert target.is_met(target.low)
        assert not target.is_met(float("nan"))
