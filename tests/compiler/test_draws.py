"""The keyed draws: the published generator, no visible pattern along any axis, and the same bits interpreted."""

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
import randomgen
import scipy.special

from sim.compiler import draws
from sim.dynamics.processes.grants import AWARD
from sim.dynamics.processes.meetings import MEET
from sim.dynamics.processes.memberships import REVIEW

ROOT = Path(__file__).parents[2]
Z_LIMIT = 4.9  # a false alarm in a million
N = 200_000
AXES = ("entity", "partner", "month", "seed", "process")
PROCESSES = 40  # process numbers are few; beyond them that axis moves on to the next entity


@numba.njit
def fill(axis, out):
    for at in range(out.size):
        seed, process, month, entity, partner = 7, 3, 5, 11, 0
        if axis == 0:
            entity = at
        elif axis == 1:
            partner = at
        elif axis == 2:
            month = at
        elif axis == 3:
            seed = at
        else:
            process, entity = at % PROCESSES, at // PROCESSES
        key = draws.stream(np.uint64(seed), np.uint64(process), np.uint64(month))
        out[at] = draws.philox(key, np.uint64(entity), np.uint64(partner))[0]


def draw_words(axis):
    out = np.zeros(N, "u8")
    fill(AXES.index(axis), out)
    return out


def to_unit(words):
    return ((words >> np.uint64(11)).astype("f8") + 0.5) / 2**53


def test_philox_gives_the_answers_published_with_random123():
    """Salmon et al., Random123 kat_vectors: philox2x64 10."""
    ones = 2**64 - 1
    for counter, key, expected in (
        ((0, 0), 0, (0xCA00A0459843D731, 0x66C24222C9A845B5)),
        ((ones, ones), ones, (0x65B021D60CD8310F, 0x4D02F3222F86DF20)),
        ((0x243F6A8885A308D3, 0x13198A2E03707344), 0xA4093822299F31D0, (0x0A5E742C2997341C, 0xB0F883D38000DE5D)),
    ):
        found = draws.philox(np.uint64(key), np.uint64(counter[0]), np.uint64(counter[1]))
        assert tuple(int(word) for word in found) == expected


def test_philox_equals_another_implementation_on_200_random_keys():
    generator = np.random.default_rng(20261123)
    for key, low, high in generator.integers(0, 2**64, (200, 3), "u8"):
        before = (int(low) + (int(high) << 64) - 1) % 2**128  # randomgen counts up before its first block
        other = randomgen.Philox(key=int(key), counter=before, number=2, width=64)
        assert [int(word) for word in draws.philox(key, low, high)] == [int(word) for word in other.random_raw(2)]


@pytest.mark.parametrize("axis", AXES)
def test_draws_are_uniform_along(axis):
    unit = to_unit(draw_words(axis))
    assert abs(unit.mean() - 0.5) * math.sqrt(12 * N) < Z_LIMIT
    assert abs(((unit - 0.5) ** 2).mean() - 1 / 12) * math.sqrt(180 * N) < Z_LIMIT


@pytest.mark.parametrize("axis", AXES)
def test_neighbouring_draws_do_not_correlate_along(axis):
    unit = to_unit(draw_words(axis)) - 0.5
    for lag in (1, 2, 7, PROCESSES):
        products = unit[lag:] * unit[:-lag]
        assert abs(products.sum()) * 12 / math.sqrt(products.size) < Z_LIMIT, lag


@pytest.mark.parametrize("axis", AXES)
def test_every_bit_is_as_often_set_as_not_along(axis):
    words = draw_words(axis)
    for bit in range(64):
        count = int(((words >> np.uint64(bit)) & np.uint64(1)).sum())
        assert abs(count - N / 2) / math.sqrt(N / 4) < Z_LIMIT, bit


def test_streams_of_different_axes_do_not_correlate_with_each_other():
    units = [to_unit(draw_words(axis)) - 0.5 for axis in AXES]
    for one in range(len(units)):
        for other in range(one):
            assert abs((units[one] * units[other])[100:].sum()) * 12 / math.sqrt(N - 100) < Z_LIMIT, (one, other)


def test_entity_and_partner_may_not_change_places():
    key = np.uint64(draws.stream(np.uint64(1), MEET, np.uint64(1)))
    assert draws.uniform(key, np.uint64(2), np.uint64(3)) != draws.uniform(key, np.uint64(3), np.uint64(2))


def test_a_uniform_is_never_0_or_1():
    assert 0.0 < draws.to_uniform(np.uint64(0)) <= 2.0**-53
    assert 1.0 - 2.0**-52 < draws.to_uniform(np.uint64(2**64 - 1)) < 1.0


def ulps(found, expected):
    return abs(found - expected) / math.ulp(expected)


def test_exponential_lies_within_two_units_in_the_last_place():
    generator = np.random.default_rng(1)
    points = [
        *generator.uniform(-700, 700, 5000),
        *generator.uniform(-2, 2, 5000),
        0.0,
        1.0,
        -1.0,
        1e-300,
        700.0,
        -700.0,
    ]
    assert max(ulps(draws.exponential(float(x)), math.exp(x)) for x in points) <= 2


def test_exponential_stays_at_the_border_beyond_700():
    assert draws.exponential(1e6) == draws.exponential(700.0)
    assert draws.exponential(-1e6) == draws.exponential(-700.0)


def test_logarithm_lies_within_two_units_in_the_last_place():
    generator = np.random.default_rng(2)
    points = [
        *np.exp(generator.uniform(-700, 700, 5000)), *generator.uniform(0.4, 2.5, 5000),
        2.0**-54, 1 - 2.0**-53, 1 + 2.0**-52, 0.7071067811865476, 2.0, 1e308,
    ]  # fmt: skip
    assert max(ulps(draws.logarithm(float(x)), math.log(x)) for x in points if x != 1.0) <= 2
    assert draws.logarithm(1.0) == 0.0


def test_normal_quantile_agrees_with_scipy():
    generator = np.random.default_rng(3)
    points = np.concatenate(
        [generator.uniform(0, 1, 5000), 10.0 ** generator.uniform(-15, -1, 2000), [0.5, 0.02425, 1 - 0.02425, 2.0**-54]]
    )
    points = np.concatenate([points, 1 - points[points > 1e-9]])
    found = np.array([draws.normal_quantile(float(p)) for p in points])
    assert np.abs(found - scipy.special.ndtri(points)).max() < 1e-8


def test_the_numbers_drawn_follow_their_laws():
    key = np.uint64(draws.stream(np.uint64(9), REVIEW, np.uint64(4)))
    n = 20_000
    normal = np.array([draws.normal(key, np.uint64(i), np.uint64(1)) for i in range(n)])
    gumbel = np.array([draws.gumbel(key, np.uint64(i), np.uint64(2)) for i in range(n)])
    assert abs(normal.mean()) * math.sqrt(n) < Z_LIMIT
    assert abs((normal**2).mean() - 1) * math.sqrt(n / 2) < Z_LIMIT
    assert abs(gumbel.mean() - np.euler_gamma) * math.sqrt(6 * n) / math.pi < Z_LIMIT


def digest_draws():
    """Return a digest over the bits of every kind of draw and of the functions below them."""
    digest, generator = hashlib.sha256(), np.random.default_rng(4)
    with np.errstate(over="ignore"):
        for seed, entity, partner in generator.integers(0, 2**63, (300, 3), "u8"):
            key = np.uint64(draws.stream(seed, AWARD, np.uint64(entity % np.uint64(120))))
            values = [draw(key, entity, partner) for draw in (draws.uniform, draws.gumbel, draws.normal)]
            values += [
                draws.exponential(40 * values[2]),
                draws.power(values[0], 0.6),
                draws.normal_quantile(values[0] / 50),
            ]
            digest.update(np.array([int(key)], "u8").tobytes() + np.array(values, "f8").tobytes())
    return digest.hexdigest()


def test_interpreted_draws_have_the_bits_of_compiled_ones():
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip() == digest_draws()


def test_the_benchmark_of_draws_runs():
    command = [sys.executable, str(ROOT / "benchmarks" / "draws.py"), "1000"]
    found = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert all(value > 0 for value in json.loads(found.stdout).values())


if __name__ == "__main__":
    print(digest_draws())
