"""exp and log in compiled code, without calls and branches, so that loops over pairs vectorize: a text for ``store``.

Within 2 units in the last place of the library's; results below the range of normal numbers are 0.  Compiled without leave
to reorder, on which the reductions in two parts depend.  Sources: Cody and Waite, Software Manual for the Elementary
Functions (1980), for the reductions; polynomials are Taylor's for exp on |x| <= log(2)/2, and those of 2 artanh for log.
"""

# mypy: ignore-errors

from __future__ import annotations

exact = numba.njit(fastmath={"contract"}, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@intrinsic
def as_float(typing, bits):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(numba.float64))

    return numba.float64(numba.int64), generate


@intrinsic
def as_bits(typing, number):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(numba.int64))

    return numba.int64(numba.float64), generate


@exact
def exp(x):
    # Beyond these the result is 0 or infinite anyway.
    y = min(max(x, -1000.0), 1000.0)
    k = np.rint(y * 1.4426950408889634)
    y = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 1.0 / 6227020800.0
    p = p * y + 1.0 / 479001600.0
    p = p * y + 1.0 / 39916800.0
    p = p * y + 1.0 / 3628800.0
    p = p * y + 1.0 / 362880.0
    p = p * y + 1.0 / 40320.0
    p = p * y + 1.0 / 5040.0
    p = p * y + 1.0 / 720.0
    p = p * y + 1.0 / 120.0
    p = p * y + 1.0 / 24.0
    p = p * y + 1.0 / 6.0
    p = p * y + 0.5
    p = 1.0 + (y + y * y * p)
    # 2^k in the exponent's bits; in two factors, so that neither leaves the range where the product does not.
    half = np.int32(k) >> np.int32(1)
    rest = np.int32(k) - half
    p = p * as_float((np.int64(half) + 1023) << 52) * as_float((np.int64(rest) + 1023) << 52)
    return p if x > -708.0 else (0.0 if x <= -708.0 else x)


@exact
def log(x):
    bits = as_bits(x)
    # The mantissa in [sqrt(1/2), sqrt(2)) and its exponent.
    k = ((bits - 0x3FE6A09E667F3BCD) >> 52) + 0
    m = as_float(bits - (k << 52))
    n = np.float64(np.int32(k))
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 2.0 / 21.0
    p = p * z + 2.0 / 19.0
    p = p * z + 2.0 / 17.0
    p = p * z + 2.0 / 15.0
    p = p * z + 2.0 / 13.0
    p = p * z + 2.0 / 11.0
    p = p * z + 2.0 / 9.0
    p = p * z + 2.0 / 7.0
    p = p * z + 2.0 / 5.0
    p = p * z + 2.0 / 3.0
    # log m = f - s (f - z p), which keeps the digits of a small f.
    y = n * 0.6931471803691238 + (f - (s * (f - z * p) - n * 1.9082149292705877e-10))
    y = y if x < math.inf else x
    return y if x > 0.0 else (-math.inf if x == 0.0 else math.nan)


@exact
def rsqrt(x):
    """1 / sqrt(x), from that in float32 by a step of third order: division and roots in float64 take four times as long.

    Infinite where float32 is 0: points this near are coincident.
    """
    s = np.float64(np.float32(1.0) / np.sqrt(np.float32(x)))
    h = 1.0 - x * s * s
    s += s * h * (0.5 + 0.375 * h)
    return math.inf if x < 1.2e-38 else s
