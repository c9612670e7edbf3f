"""Random draws keyed by (seed, process, month, entity, partner), never by order.

The generator is Philox2x64-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
`stream` turns (seed, process, month) into a key once; a draw is then one block with counter (entity, partner). The
number of a process stands in its own file and never changes, as it is part of every key; no two processes share one.
Equal keys give equal draws whatever else happened: two regimes with one seed meet the same luck, and adding an
organization changes nobody else's draws.

`exponential` and `logarithm` use only + - * / and exact scaling (the reductions of fdlibm), so that results do not
depend on the machine's mathematical library.
"""

import math

import numpy as np
from numba import types

from sim.compiler.jit import compiled_as, compiled_entry

_MULTIPLIER = np.uint64(0xD2B74407B1CE6E93)
_WEYL = np.uint64(0x9E3779B97F4A7C15)
_SHIFT_12 = np.uint64(12)
_UNIT = 1.0 / 4503599627370496.0  # 2**-52


def _build_high_word(typing_context, a, b):
    def build(context, builder, signature, arguments):
        from llvmlite import ir

        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), build


def _build_split(typing_context, x):
    """Read both from the bits of the number."""

    def build(context, builder, signature, arguments):
        from llvmlite import ir

        word = ir.IntType(64)
        bits = builder.bitcast(arguments[0], word)
        exponent = builder.sub(builder.lshr(bits, ir.Constant(word, 52)), ir.Constant(word, 1022))
        digits = builder.and_(bits, ir.Constant(word, (1 << 52) - 1))
        mantissa = builder.bitcast(builder.or_(digits, ir.Constant(word, 1022 << 52)), arguments[0].type)
        return context.make_tuple(builder, signature.return_type, (mantissa, exponent))

    return types.Tuple((types.float64, types.int64))(types.float64), build


def _build_scale(typing_context, x, k):
    """Make the power from its bits."""

    def build(context, builder, signature, arguments):
        from llvmlite import ir

        word = ir.IntType(64)
        bits = builder.shl(builder.add(arguments[1], ir.Constant(word, 1023)), ir.Constant(word, 52))
        return builder.fmul(arguments[0], builder.bitcast(bits, arguments[0].type))

    return types.float64(types.float64, types.int64), build


@compiled_as(_build_high_word)
def _high_word(a, b):
    """Return the high 64 bits of the 128-bit product of two uint64."""
    return np.uint64((int(a) * int(b)) >> 64)


@compiled_as(_build_split)
def _split(x):
    """Return (mantissa in [0.5, 1), exponent) of a positive normal number."""
    return math.frexp(x)


@compiled_as(_build_scale)
def _scale(x, k):
    """Return x · 2**k, exact for |k| <= 1022."""
    return math.ldexp(x, int(k))


@compiled_entry
def philox(key, counter_0, counter_1):
    """Return the two uint64 words of one Philox2x64-10 block. All arguments uint64."""
    key, counter_0, counter_1 = np.uint64(key), np.uint64(counter_0), np.uint64(counter_1)
    for _ in range(10):
        high = _high_word(_MULTIPLIER, counter_0)
        low = _MULTIPLIER * counter_0
        counter_0 = high ^ key ^ counter_1
        counter_1 = low
        key = key + _WEYL
    return counter_0, counter_1


@compiled_entry
def stream(seed, process, month):
    """Return the key (uint64) of one process in one month of one seed."""
    return philox(np.uint64(seed), np.uint64(process), np.uint64(month))[0]


@compiled_entry
def to_uniform(word):
    """Return the uniform in (0, 1) of a uint64 word: the middle of one of 2**52 equal steps, never 0 or 1."""
    return (float(np.int64(word >> _SHIFT_12)) + 0.5) * _UNIT


@compiled_entry
def uniform(key, entity, partner):
    """Return one uniform in (0, 1) for (entity, partner), uint64 each, in the stream `key`."""
    return to_uniform(philox(key, np.uint64(entity), np.uint64(partner))[0])


@compiled_entry
def gumbel(key, entity, partner):
    """Return one standard Gumbel number, -log(-log(u))."""
    return to_gumbel(uniform(key, entity, partner))


@compiled_entry
def to_gumbel(u):
    """Return the standard Gumbel number that a uniform stands for."""
    return -logarithm(-logarithm(u))


@compiled_entry
def normal(key, entity, partner):
    """Return one standard normal number."""
    return normal_quantile(uniform(key, entity, partner))


@compiled_entry
def exponential(x):
    """Return e**x for |x| <= 700, within 1 unit in the last place; beyond, the value at the border."""
    x = min(max(x, -700.0), 700.0)
    k = math.floor(x * 1.4426950408889634 + 0.5)
    high = x - k * 6.93147180369123816490e-01
    low = k * 1.90821492927058770002e-10
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    return _scale(1.0 - ((low - (r * c) / (2.0 - c)) - high), int(k))


@compiled_entry
def logarithm(x):
    """Return ln x for a positive normal number x."""
    mantissa, k = _split(x)
    if mantissa < 0.7071067811865476:
        mantissa *= 2.0
        k -= 1
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    t2 = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    return k * 6.93147180369123816490e-01 - ((half - (s * (half + (t1 + t2)) + k * 1.90821492927058770002e-10)) - f)


@compiled_entry
def power(x, exponent):
    """Return x**exponent for x > 0."""
    return exponential(exponent * logarithm(x))


@compiled_entry
def normal_quantile(p):
    """Return the standard normal quantile of p in (0, 1), error below 1.2e-9 (Acklam's rational approximation)."""
    if p < 0.02425:
        return _tail_quantile(math.sqrt(-2.0 * logarithm(p)))
    if p > 1.0 - 0.02425:
        return -_tail_quantile(math.sqrt(-2.0 * logarithm(1.0 - p)))
    q = p - 0.5
    r = q * q
    top = (
        ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r)
        - 30.66479806614716
    ) * r + 2.506628277459239
    bottom = (
        ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r)
        - 13.28068155288572
    ) * r + 1.0
    return q * top / bottom


@compiled_entry
def _tail_quantile(q):
    top = (
        ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q)
        + 4.374664141464968
    ) * q + 2.938163982698783
    bottom = (
        ((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416
    ) * q + 1.0
    return top / bottom
