"""Source code of sums over pairs, for a kernel's profile: with loops over coordinates unrolled where these are few."""

from __future__ import annotations

from hyperenergy.compiled import store
from hyperenergy.compiled.profile_code import profile_source, transcendental
from hyperenergy.kernels.base import Kernel

# Dimensions up to this have code of their own: all of a pair's coordinates then stay in registers.
_UNROLLED = 4
# As in the texts.
_LANES, _TILE = 8, 1024


def suffix(dim: int) -> str:
    """Of the name of a module: which dimensions its code is for."""
    return f"_in_{dim}" if dim <= _UNROLLED else ""


def work(points: int, dim: int) -> int:
    """Numbers of scratch that an evaluation takes."""
    wide = -(-points // _LANES) * _LANES
    if wide > _TILE:
        wide = -(-wide // _TILE) * _TILE
    return 2 * dim * wide + points + _LANES + min(wide, _TILE)


def rows(kernel: Kernel, dim: int) -> str:
    """The kernel's profile and ``some_rows``."""
    return store.text("elementary") + profile_source(kernel) + _slopes(dim) + store.text("pair_rows")


def sums(kernel: Kernel, dim: int) -> str:
    """``energy``, and ``rough_energy`` where float32 makes it faster."""
    double = rows(kernel, dim) + store.text("pair_loops")
    if transcendental(profile_source(kernel)):
        return double
    rough = profile_source(kernel, "rough_profile", "np.float32")
    if dim <= _UNROLLED:
        return double + rough + _two_rows(dim) + _ROUGH.format(sum="rough_rows")
    text = _slopes(dim) + store.text("pair_rows")
    for name in ("profile(", "add_row(", "slopes(", "some_rows("):
        text = text.replace(name, f"rough_{name}")
    return double + rough + text + _ROUGH.format(sum="rough_some_rows")


def _each(dim: int, line: str, between: str) -> str:
    return between.join(line.format(k=k) for k in range(dim))


def _slopes(dim: int) -> str:
    if dim > _UNROLLED:
        return store.text("pair_slopes")
    blank = f"{chr(10)}    "
    squares = " + ".join(f"d{k} * d{k}" for k in range(dim))
    return f"""
@inlined
def slopes(p, own, at, Z, width, inside, r):
    {_each(dim, "x{k}, others{k} = own[{k}, at], Z[{k}]", blank)}
    one = Z.dtype.type(1)
    zero = energy = one - one
    for j in range(width):
        {_each(dim, "d{k} = others{k}[j] - x{k}", "; ")}
        squared = {squares}
        counts = inside[j]
        value, slope = profile(squared if counts > zero else one, p)
        energy += counts * value
        r[j] = counts * slope
    return energy
"""


def _two_rows(dim: int) -> str:
    """Each pair from both of its ends, two points at a time: in float32 that is faster than to add up forces in memory."""
    squares = " + ".join(f"d{k} * d{k}" for k in range(dim))
    blank = f"{chr(10)}        "

    def half(at: str, sums: str) -> str:
        return f"""
            {_each(dim, f"d{{k}} = others{{k}}[j] - {at}{{k}}", "; ")}
            r = {squares}
            # Not with itself, nor with what only fills up.
            pair = (r > zero) & (r < beyond)
            counts = np.float32(pair)
            value, slope = rough_profile(r if pair else one, p)
            energy += counts * value
            slope *= counts
            """ + _each(dim, f"{sums}{{k}} += slope * d{{k}}", "; ")

    return f"""
@jit
def rough_rows(X, G, first, stride, p, work):
    dim, points = X.shape
    zero, one, beyond = np.float32(0), np.float32(1), np.float32(50)
    wide = (points + LANES - 1) // LANES * LANES
    Z = work[: dim * wide].reshape((dim, wide))
    for k in range(dim):
        # Those that fill up are further away than points of the sphere can be.
        Z[k, :points], Z[k, points:] = X[k], 10
    {_each(dim, "others{k} = Z[{k}]", f"{chr(10)}    ")}
    total = 0.0
    for i in range(0, points, 2):
        {_each(dim, "x{k}, y{k} = Z[{k}, i], Z[{k}, i + 1]", blank)}
        {_each(dim, "a{k} = b{k} = zero", "; ")}
        energy = zero
        for j in range(wide):{half("x", "a")}{half("y", "b")}
        {_each(dim, "G[{k}, i] = -a{k}", blank)}
        if i + 1 < points:
            {_each(dim, "G[{k}, i + 1] = -b{k}", blank + "    ")}
        total += energy
    return total / 2
"""


_ROUGH = '''
@evaluator
def rough_energy(X, G, parameters, work):
    """``energy`` with the pairs in float32."""
    return {sum}(X, G, 0, 1, np.float32(parameters[0]), work.view(np.float32))
'''
