"""The inference on a toy whose answer is known, and the check of it."""

import numpy as np
import pytest

from sim.calibration.checking import find_places, judge_places
from sim.calibration.emulating import Emulator, declared_bands
from sim.calibration.inferring import find_accepted, find_central, make_ensemble
from sim.calibration.judging import judge_parameters, judge_targets
from sim.calibration.priors import PRIORS
from sim.calibration.simulating import NAMES, draw_prior, make_seeds, to_shares
from sim.calibration.targets import TARGETS
from tests.calibration.table import NOISE, make_toy


@pytest.fixture(scope="module")
def toy():
    return make_toy(3000, 1)


@pytest.fixture(scope="module")
def emulator():
    return Emulator(make_toy(250, 2))


def test_the_sets_accepted_are_those_that_made_the_observation(toy):
    accepted = toy[find_accepted(toy)]
    shares = to_shares(accepted[NAMES].to_numpy())
    edge = 4 * NOISE / 3
    assert len(accepted) == pytest.approx(3000 / 27, rel=0.3)
    assert shares[:, :3].min() > 1 / 3 - edge
    assert shares[:, :3].max() < 2 / 3 + edge
    assert abs(shares[:, 3:].mean() - 0.5) < 0.02


def test_what_the_data_identify_is_told_from_what_they_do_not(toy):
    verdicts = judge_parameters(toy[find_accepted(toy)])
    assert verdicts["verdict"].tolist() == ["identified"] * 3 + ["not identified"] * (len(PRIORS) - 3)
    assert verdicts["contraction"][:3].min() > 0.8
    assert verdicts["contraction"][3:].abs().max() < 0.35


def test_an_emulator_knows_its_own_error(emulator):
    for target in TARGETS:
        width = target.high - target.low
        assert emulator.error[target.name] < 3 * NOISE * width
    assert min(emulator.explained[target.name] for target in TARGETS[:3]) > 0.95


def test_the_chance_of_acceptance_is_the_share_that_is_accepted(toy, emulator):
    chance = emulator.find_chance_of(to_shares(toy[NAMES].to_numpy()), declared_bands(), 1e-6)
    met = find_accepted(toy)
    assert chance.sum() == pytest.approx(met.sum(), rel=0.15)
    assert chance[met].mean() > 0.6
    assert chance[~met].mean() < 0.05


def test_true_sets_lie_anywhere_in_their_posteriors(emulator):
    check = find_places(make_toy(120, 3), emulator, np.random.default_rng(4), n_pool=4000)
    assert check.n_used > 40
    assert check.passes, check.p_values.min()
    assert abs(check.coverage.mean() - 0.9) < 0.03


def test_a_posterior_in_the_wrong_place_is_noticed(emulator):
    table = make_toy(120, 3)
    table[NAMES[0]] = 0.5 * table[NAMES[0]] + 0.5 * PRIORS[0].low  # the truth told is not what made the data
    check = find_places(table, emulator, np.random.default_rng(4), n_pool=4000)
    assert not check.passes
    assert int(check.p_values.argmin()) == 0


def test_places_that_pile_up_are_uneven():
    places = np.random.default_rng(1).random((200, len(PRIORS)))
    assert judge_places(places, 200).passes
    places[:, 2] = 0.5 + 0.25 * (places[:, 2] - 0.5)  # a posterior that is far too wide
    judged = judge_places(places, 200)
    assert not judged.passes
    assert judged.coverage[2] == 1.0


def test_no_two_sets_share_a_seed():
    seeds = [seed for stage in (1, 2, 101) for own in make_seeds(stage, 0, 50, 10) for seed in own]
    assert len(set(seeds)) == len(seeds) == 1500
    assert make_seeds(1, 20, 1, 10)[0] == make_seeds(1, 0, 21, 10)[20]


def test_the_prior_is_even_and_holds_the_defaults():
    shares = to_shares(draw_prior(400, 1))
    assert np.abs(shares.mean(axis=0) - 0.5).max() < 0.01
    assert shares.min() >= 0
    assert shares.max() <= 1


def test_the_central_set_is_in_the_middle(toy):
    accepted = toy[find_accepted(toy)].reset_index(drop=True)
    middle = to_shares(accepted[NAMES].to_numpy())
    far = np.sqrt(((middle - 0.5) ** 2).sum(axis=1))
    assert far[find_central(accepted)] < np.quantile(far, 0.2)
    assert make_ensemble(accepted)["set"].tolist() == list(range(1, len(accepted) + 1))


def test_the_table_of_targets_tells_the_share_within_the_band(toy):
    accepted = toy[find_accepted(toy)]
    judged = judge_targets(toy, accepted, accepted).set_index("target")
    assert (judged["within"] == 1.0).all()
    assert judged["prior_within"][TARGETS[0].name] == pytest.approx(1 / 3, abs=0.03)
