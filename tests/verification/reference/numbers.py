"""Keyed random draws and the numerical functions, as written under "Draws" and "Functions" in docs/odd.md."""

from __future__ import annotations

import hashlib
import math

WORD = 2**64
GOLDEN = 0x9E3779B97F4A7C15

INITIALISE, MEET, TURNOVER, SERVE, RESPOND, AWARD, SETTLE, REVIEW, BREAK_AWAY, DISSOLVE = range(1, 11)
OPEN, NAME_COALITION, SIGN_MOU, PASS_AMBIGUOUS, REVIEW_ORDER, CLOSE = range(11, 17)


def philox(key: int, a: int, b: int) -> tuple[int, int]:
    """Return two 64-bit words of Philox2x64-10 (ODD, Draws)."""
    for _ in range(10):
        product = 0xD2B74407B1CE6E93 * a
        high, low = product // WORD, product % WORD
        a, b = high ^ key ^ b, low
        key = (key + GOLDEN) % WORD
    return a, b


def stream(seed: int, process: int, month: int) -> int:
    """Return the stream S of a process in a month: the first word of philox(seed; process, month)."""
    return philox(seed, process, month)[0]


def as_uniform(word: int) -> float:
    """Return a word as a number between 0 and 1: the word shifted right by 12, plus a half, times 2^-52."""
    return ((word >> 12) + 0.5) * 2.0**-52


def uniform(stream_key: int, x: int, y: int) -> float:
    """Return U(S; x, y)."""
    return as_uniform(philox(stream_key, x, y)[0])


def two_uniforms(stream_key: int, x: int, y: int) -> tuple[float, float]:
    """Return both words of philox(S; x, y) as uniforms (ODD 7.10, order of reviews)."""
    first, second = philox(stream_key, x, y)
    return as_uniform(first), as_uniform(second)


def gumbel(stream_key: int, x: int, y: int) -> float:
    """Return a Gumbel number: -ln(-ln U)."""
    return -ln(-ln(uniform(stream_key, x, y)))


def normal(stream_key: int, x: int, y: int) -> float:
    """Return a normal number: the normal quantile of U."""
    return quantile(uniform(stream_key, x, y))


def name_key(name: str) -> int:
    """Return the key of an organization's id or a grant line's name: its 8-byte BLAKE2b hash, little-endian."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def clip(x: float, low: float, high: float) -> float:
    """Return min(max(x, low), high)."""
    return min(max(x, low), high)


def floor(x: float) -> int:
    """Return the largest whole number not above x."""
    return math.floor(x)


def round_half_up(x: float) -> int:
    """Return floor(x + 0.5), the rounding of the whole description."""
    return math.floor(x + 0.5)


def rank(value: float, lot: float) -> tuple[int, float]:
    """Return what to sort by: largest value first, among equals to nine digits the smaller lot (ODD 4, ties)."""
    return -round_half_up(value * 1e9), lot


def power(x: float, y: float) -> float:
    """Return x**y as exp(y ln x)."""
    return exp(y * ln(x))


def exp(x: float) -> float:
    """Return e**x (ODD, Functions, after fdlibm)."""
    x = clip(x, -700.0, 700.0)
    k = math.floor(x * 1.4426950408889634 + 0.5)
    h = x - k * 6.93147180369123816490e-01
    l = k * 1.90821492927058770002e-10  # noqa: E741 (the name in the description)
    r = h - l
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    return math.ldexp(1 - ((l - (r * c) / (2 - c)) - h), k)


def ln(x: float) -> float:
    """Return the natural logarithm (ODD, Functions, after fdlibm)."""
    m, k = math.frexp(x)
    if m < 0.7071067811865476:
        m = 2 * m
        k = k - 1
    f = m - 1
    s = f / (2 + f)
    z = s * s
    w = z * z
    t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    t2 = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    q = 0.5 * f * f
    return k * 6.93147180369123816490e-01 - ((q - (s * (q + (t1 + t2)) + k * 1.90821492927058770002e-10)) - f)


A = (-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239)
B = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0)
C = (
    -0.007784894002430293,
    -0.3223964580411365,
    -2.400758277161838,
    -2.549732539343734,
    4.374664141464968,
    2.938163982698783,
)
D = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0)


def horner(coefficients: tuple[float, ...], x: float) -> float:
    """Return a polynomial at x, coefficients from the highest power to the constant."""
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def quantile(p: float) -> float:
    """Return the normal quantile of p (ODD, Functions, after Acklam, without refinement)."""
    if p < 0.02425:
        return quantile_tail(math.sqrt(-2 * ln(p)))
    if p > 1 - 0.02425:
        return -quantile_tail(math.sqrt(-2 * ln(1 - p)))
    q = p - 0.5
    r = q * q
    return q * horner(A, r) / horner(B, r)


def quantile_tail(q: float) -> float:
    """Return C(q) / D(q), the quantile in the lower tail."""
    return horner(C, q) / horner(D, q)
