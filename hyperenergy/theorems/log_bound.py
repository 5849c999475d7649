"""The bounds of B21 and B22 at universal optima: for which temperatures they hold, decided by outward rounded arithmetic.

All is written in s = 1 + t of inner products t, u = 1/tau, and over e^{-u}: f = e^{us}, and the code, of which each point
sees m(s) others at s, has E = sum m e^{us}; the least Z is M-1.  The interpolant h of f at the code attains the linear
programming bound M h_0 - h(1) = E there, so that h_0 need not be known: C = h(1) - h_0, and rho = E/(M C) is
E/((M-1) h(1) - E).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from hyperenergy import codes
from hyperenergy.arithmetic.quadratic import Quadratic
from hyperenergy.codes.universal import interpolants, interpolation_nodes

_INTERVALS = mpmath.ctx_iv.MPIntervalContext()  # one of its own, so that no other precision changes
_INTERVALS.prec = 100
# Beyond these, h(1) <= f(1) is nearly as good as h itself, whose degree is the number of corners less one or two.
_MOST_CORNERS = 24
# From here on divided differences are bounded by derivatives; beyond the last, nothing is decided.
_STEEP, _STEEPEST = 15.0, 1e4


@dataclass(frozen=True, eq=False)
class Profile:
    """A universally optimal code as its bound needs it, by intervals.

    seen: (s, how many others each point sees there).  nodes: the s at which h interpolates, in Newton's order, and
    at_one, slopes: values and derivatives at t = 1 of the polynomials that h = sum_j c_j h_j is made of; None where h(1) <=
    f(1) has to do.
    """

    points: int
    seen: tuple[tuple[Any, int], ...]
    nodes: tuple[Any, ...] | None
    at_one: tuple[Any, ...] = ()
    slopes: tuple[Any, ...] = ()

    def energy(self, u: Any) -> Any:
        """E e^u."""
        return sum(m * _INTERVALS.exp(u * s) for s, m in self.seen)

    def at_most(self, u: Any) -> Any:
        """An interval of which the upper end is at least h(1) e^u."""
        if self.nodes is None:
            return _INTERVALS.exp(2 * u)
        return sum(c * p for c, p in zip(self._differences(u), self.at_one, strict=True))

    def slope(self, u: Any) -> Any:
        """h'(1) e^u, where there are nodes."""
        return sum(c * p for c, p in zip(self._differences(u), self.slopes, strict=True))

    def _differences(self, u: Any) -> list[Any]:
        assert self.nodes is not None
        return _steep(self.nodes, u) if u.b > _STEEP else _divided_differences(self.nodes, u)


def _interval(x: Quadratic) -> Any:
    a, b = (_INTERVALS.mpf(y.numerator) / y.denominator for y in (x.a, x.b))
    return a + b * _INTERVALS.sqrt(_INTERVALS.mpf(x.D)) if x.b else a


def _divided_differences(nodes: tuple[Any, ...], u: Any) -> list[Any]:
    """f[s_1], f[s_1, s_2], ... of f = e^{us}, all positive: that of order j is sum_m u^(j+m)/(j+m)! H_m(s_1..s_(j+1)), H_m
    the sum of all monomials of degree m, of which there are C(j+m, j), each at most 2^m.  So what lies beyond m = K is at
    most u^j/j! (2u)^K/K! (1 + q + q^2 + ...), q = 2u/(K+1)."""
    terms = 50 + int(8 * float(u.b))
    monomials = [_INTERVALS.mpf(1)] + [_INTERVALS.mpf(0)] * (terms - 1)
    powers = [_INTERVALS.mpf(1)]  # u^k/k!
    for k in range(1, terms + len(nodes)):
        powers.append(powers[-1] * u / k)
    left = (2 * u) ** terms / _INTERVALS.mpf(_factorial(terms)) / (1 - 2 * u / (terms + 1))
    found = []
    for j, s in enumerate(nodes):
        for m in range(1, terms):
            monomials[m] = monomials[m] + s * monomials[m - 1]
        value = sum(powers[j + m] * monomials[m] for m in range(terms))
        found.append(value + powers[j] * _INTERVALS.mpf([0, 1]) * left)
    return found


def _factorial(n: int) -> int:
    return n if n < 2 else n * _factorial(n - 1)


def _steep(nodes: tuple[Any, ...], u: Any) -> list[Any]:
    """Bounds: a divided difference of order j is f^(j)/j! somewhere between the nodes, which increases."""
    found, power = [], _INTERVALS.mpf([0, 1])
    for j, s in enumerate(nodes):
        found.append(power * _INTERVALS.exp(u * s))
        power = power * u / (j + 1)
    return found


def _from_distribution(distribution: Mapping[Quadratic, int], dim: int, skip: tuple[int, ...]) -> Profile:
    nodes = interpolation_nodes(distribution)
    seen = tuple((_interval(t + 1), m) for t, m in distribution.items())
    made_of = [h for h, _ in interpolants(nodes, dim, skip)]
    at_one = tuple(_interval(h(1)) for h in made_of)
    slopes = tuple(
        _interval(sum((c * k for k, c in enumerate(h.coefficients)), Quadratic(Fraction(0)))) for h in made_of
    )
    return Profile(1 + sum(distribution.values()), seen, tuple(_interval(t + 1) for t in nodes), at_one, slopes)


def _of_polygon(corners: int) -> Profile:
    steps = range(corners // 2, 0, -1)  # in ascending order of the cosines
    s = {j: 1 + _INTERVALS.cos(2 * _INTERVALS.pi * j / corners) for j in steps}
    s = {j: _INTERVALS.mpf(0) if 2 * j == corners else x for j, x in s.items()}
    seen = tuple((s[j], 1 if 2 * j == corners else 2) for j in steps)
    if corners > _MOST_CORNERS:
        return Profile(corners, seen, None)
    nodes = tuple(s[j] for j in steps for _ in range(1 if 2 * j == corners else 2))
    at_one, slopes = [_INTERVALS.mpf(1)], [_INTERVALS.mpf(0)]
    for node in nodes[:-1]:
        slopes.append(slopes[-1] * (2 - node) + at_one[-1])
        at_one.append(at_one[-1] * (2 - node))
    return Profile(corners, seen, nodes, tuple(at_one), tuple(slopes))


@functools.lru_cache(maxsize=64)
def profile(points: int, dim: int) -> Profile | None:
    """Of the universal optimum of that many points whose proof is carried out here; None where there is none, and for
    simplexes, of which B1 speaks."""
    if points <= dim + 1:
        return None
    if dim == 2:
        return _of_polygon(points) if points <= codes.MOST_POINTS else None
    if points == 2 * dim:
        return _from_distribution({Quadratic(Fraction(-1)): 1, Quadratic(Fraction(0)): points - 2}, dim, ())
    code = codes.universal_optimum(points, dim)
    return None if code is None else _from_distribution(code.distribution, dim, code.skip)


def least_ratio(b: Any) -> Any:
    """r(b) = -log(1-b^2) / (b log((1+b)/(1-b))): what rho has to exceed; 1/2 at 0, increasing, less than 1."""
    return -_INTERVALS.log(1 - b * b) / (b * _INTERVALS.log((1 + b) / (1 - b)))


@functools.lru_cache(maxsize=4096)
def proved(points: int, dim: int, tau: float | Fraction, copies: int = 1, own: bool = False) -> bool:
    """Whether the bound proves that the universal optimum of that many points minimizes mean_i log(own e^{1/tau} + copies
    sum_{j != i} e^{x_i.x_j/tau}).  True only on a proof; False where there is none, or none by this bound."""
    code = profile(points, dim)
    if code is None or not 1 / _STEEPEST <= tau:
        return False
    exact = Fraction(tau)
    u = _INTERVALS.mpf(exact.denominator) / exact.numerator
    energy = code.energy(u)
    # kappa: the share of the negatives in what the logarithm is taken of.
    kappa = copies * energy / (copies * energy + own * _INTERVALS.exp(2 * u))
    variance = _INTERVALS.mpf(((code.points - 1) * code.at_most(u) - energy).b)  # M C e^u, at most
    rho = energy / (variance * kappa)
    if rho.a >= 1:
        return True
    b = kappa * (1 - (code.points - 1) / energy)
    # Intervals of b that reach 0 or 1 decide nothing.
    return bool(0 < b.a and b.b < 1 and rho.a > least_ratio(b).b)


@functools.lru_cache(maxsize=4096)
def proved_free(points: int, dim: int, tau: float | Fraction, own: bool) -> bool:
    """Whether B22 proves that the aligned universal optimum of that many points minimizes mean_i -u_i.v_i/tau + log(own
    e^{u_i.v_i/tau} + sum_{j != i} (e^{u_i.v_j/tau} + e^{u_i.u_j/tau})) with both views free.  True only on a proof."""
    code = profile(points, dim)
    if code is None or code.nodes is None or not 1 / _STEEP <= tau:
        return False
    exact = Fraction(tau)
    u = _INTERVALS.mpf(exact.denominator) / exact.numerator
    energy = code.energy(u)
    variance = (code.points - 1) * code.at_most(u) - energy  # M C e^u
    kappa = 2 * energy / (2 * energy + own * _INTERVALS.exp(2 * u))
    b = 1 - (code.points - 1) / energy
    if not (variance.a > 0 and 0 < b.a and b.b < 1):
        return False
    spread = 1 - _INTERVALS.exp(-2 * u * variance / (code.points * code.slope(u)))  # gamma
    beta = 1 / (4 * (variance / (code.points * energy) + spread * (1 - b)))
    if not (2 * beta * b).b <= 1:
        return False
    rho = (energy / variance - beta) / kappa
    return bool(rho.a >= 1 or rho.a > least_ratio(kappa * b).b)


@functools.lru_cache(maxsize=256)
def threshold(points: int, dim: int, digits: int = 3) -> Fraction | None:
    """The least temperature of so many digits from which on DHEL is proved (``proved`` holds there, and at all higher
    ones: see B21); None where no code is known, or it is not proved at 4."""
    scale = 10**digits
    low, high = 0, 4 * scale
    if not proved(points, dim, Fraction(high, scale)):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if proved(points, dim, Fraction(middle, scale)) else (middle, high)
    return Fraction(high, scale)
