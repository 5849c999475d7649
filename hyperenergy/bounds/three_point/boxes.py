"""Branch and bound: phi(u) + phi(v) + phi(t) - G(u,v,t) >= 0 wherever det = 1 + 2uvt - u^2 - v^2 - t^2 >= 0.

G is a symmetric polynomial, phi a polynomial plus an absolutely monotone function.  All is symmetric, so that boxes
with u <= v <= t are enough.  On a box with center c and half width w, (u,v,t) = c + w x with x in [-1,1]^3, and
everything is a polynomial in x; of phi, a lower bound on the box (``Axis``).  Let Z be the whole.  For any lambda >=
0, Z >= 0 where det >= 0 follows from Z - lambda det >= 0 on the box.  Tried are 0 and what removes most of the
gradient at the center,

    lambda = max(0, <grad Z, grad det> / |grad det|^2).

A polynomial on [-1,1]^3 is at least its constant, less the moduli of all coefficients of degree >= 3 (positive ones of
monomials that are squares count nothing), plus the least value of the rest with a_ij x_i x_j replaced by the smaller
-|a_ij| (x_i^2 + x_j^2) / 2, a sum of parabolas a x^2 + b x, each of which has its least value on [-1,1] in closed form.

Rounding, unit 2^-53.  gamma_m = m 2^-53 (1 + 1e-9) bounds the relative error of m operations, and that of a sum of
products with m operations in each, in any order, relative to the sum of the moduli (Higham, Accuracy and Stability,
section 3.1).

- Centers and half widths are multiples of 2^-31-level below 2 in modulus, at most 20 levels: exact.
- G about the center: binomial x power of c x power of w with gamma_{n+3} (G has n rows), its coefficients rounded
  once, three contractions with gamma_n each.  As |c| + w <= 1, the moduli of the errors sum up to at most
  gamma_{6n+10} |G|, |G| the sum of the moduli of G's coefficients.
- phi's coefficients have their own errors, which sum up to ``Axis.error``, and are added: gamma_3.
- det's coefficients: at most 8 operations on terms whose moduli sum up to at most 6; times lambda.
- The lower bound changes by no more than the moduli of the changes of coefficients sum up to.  Its own evaluation has
  at most 50 operations on terms that are smaller than the coefficients, and n^3 + 10 for the sum over degrees >= 3.

gamma_{6n+200} of the coefficients and gamma_{2n^3+100} of those of degree >= 3 are more than all this together; what
underflow does is below 1e-290.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_UNIT = 2.0**-53
# Numbers in a batch; halvings, few enough for exact centers.
_BATCH, _DEEPEST = 2**20, 20


@dataclass(frozen=True)
class Axis:
    """A lower bound of phi about a center: coefficients (of powers of x, at least n of them), whose errors sum up to at
    most ``error``.  lost: how far it lies below phi at the center."""

    coefficients: Floats
    error: float
    lost: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """Whether it is shown.  against: triples with det > 0 where the whole is negative, as far as floating point tells;
    boxes: how many were looked at."""

    shown: bool
    against: Floats
    boxes: int


def search(G: Floats, phi: Callable[[float, float], Axis], most: float, limit: int) -> Outcome:
    """On [-1, most]^3.  G: (n, n, n) coefficients of u^i v^j t^k.  phi(c, w): about c, for [c-w, c+w].  most: with at
    most 30 bits behind the point.  limit: so many boxes at most.  It ends with the level at which something speaks
    against it."""
    half = (1 + most) / 2
    index, level, boxes = np.zeros((1, 3), np.int64), 0, 0
    against: list[Floats] = []
    while len(index) and level <= _DEEPEST and boxes + len(index) <= limit:
        boxes += len(index)
        tables = _Tables(G, phi, index, half * 2.0**-level)
        left = []
        for part in np.array_split(index, -(-len(index) * G.size // _BATCH)):
            open_, wrong = tables.undecided(part)
            left.append(part[open_])
            against.append(tables.center(part[wrong]))
        if sum(map(len, against)):
            break
        index, level = _children(np.concatenate(left)), level + 1
    found = np.concatenate(against) if against else np.zeros((0, 3))
    return Outcome(len(index) == 0 and len(found) == 0, found, boxes)


def _children(index: Integers) -> Integers:
    """The halves in each direction, in order of u, v, t."""
    corners = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    found = (2 * index[:, None] + corners).reshape(-1, 3)
    return found[(found[:, 0] <= found[:, 1]) & (found[:, 1] <= found[:, 2])]


class _Tables:
    """What the boxes of one level share: phi and the powers along each axis."""

    def __init__(self, G: Floats, phi: Callable[[float, float], Axis], index: Integers, width: float) -> None:
        self.G, self.width, n = G, width, len(G)
        self.steps = np.unique(index)
        axes = [phi(float(c), width) for c in self.center(self.steps)]
        length = len(axes[0].coefficients)
        self.phi = np.array([axis.coefficients for axis in axes])
        self.norm = np.abs(self.phi).sum(1)
        self.error = np.array([axis.error for axis in axes])
        self.lost = np.array([axis.lost for axis in axes])
        even = np.arange(n, length) % 2 == 0
        self.beyond = np.where(even, np.minimum(self.phi[:, n:], 0), -np.abs(self.phi[:, n:])).sum(1)
        self.shift = _shifts(self.center(self.steps), width, n)
        i, j, k = np.indices((n, n, n))
        high = (i + j + k >= 3) & ~((i == 1) & (j == 1) & (k == 1))
        square = (i % 2 == 0) & (j % 2 == 0) & (k % 2 == 0)
        self.high, self.square = (high.ravel() * 1.0, (high & square).ravel() * 0.5)
        self.total = float(np.abs(G).sum())

    def center(self, steps: Integers) -> Floats:
        return np.asarray(-1 + (2 * steps + 1) * self.width, np.float64)

    def undecided(self, index: Integers) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which boxes are neither shown nor outside of det >= 0, and which have a center that speaks against it."""
        n, places = len(self.G), np.searchsorted(self.steps, index)
        det = _Det.about(self.center(index), self.width)
        outside = det.negative().lower() > 0
        lengths = self.norm[places].sum(1)
        Z = -self._coefficients(places)
        for axis in range(3):
            pure = tuple(slice(None) if a == axis else 0 for a in range(3))
            Z[(slice(None), *pure)] += self.phi[places[:, axis], :n]
        flat = Z.reshape(len(Z), -1)
        moduli = np.abs(flat)
        high = self.beyond[places].sum(1) + flat @ self.square - moduli @ (self.high - self.square)
        size = moduli @ self.high - self.beyond[places].sum(1)
        whole = _Low.of(Z, high)
        slope, normal = whole.linear, det.linear
        length = (normal * normal).sum(1)
        steep = length > 1e-20 * self.width**2
        best = np.where(steep, np.maximum(0, (slope * normal).sum(1)) / np.where(steep, length, 1), 0)
        margin = self.error[places].sum(1) + 1e-290
        margin += _UNIT * ((6 * n + 200) * (self.total + lengths) + (2 * n**3 + 100) * size)
        shown = outside
        for multiplier in (np.zeros_like(best), best):
            low = whole.less(det, multiplier).lower()
            shown |= low > 1.0001 * (margin + _UNIT * 400 * 6 * multiplier)
        return ~shown, (det.constant > 0) & (whole.constant + self.lost[places].sum(1) < 0)

    def _coefficients(self, places: Integers) -> Floats:
        """G about the centers, (boxes, n, n, n)."""
        n = len(self.G)
        firsts, of_first = np.unique(places[:, 0], return_inverse=True)
        first = (self.shift[firsts] @ self.G.reshape(n, -1)).reshape(-1, n, n, n)
        pairs, of_pair = np.unique(np.stack([of_first, places[:, 1]], -1), axis=0, return_inverse=True)
        second = self.shift[pairs[:, 1], None] @ first[pairs[:, 0]]
        last = np.swapaxes(self.shift[places[:, 2]], 1, 2)
        return (second.reshape(-1, n * n, n)[of_pair.ravel()] @ last).reshape(-1, n, n, n)


def _shifts(centers: Floats, width: float, n: int) -> Floats:
    """(centers, n, n): row a, column i has binomial(i, a) c^(i-a) w^a."""
    powers = np.cumprod(np.concatenate([np.ones((1, len(centers))), np.repeat(centers[None], n - 1, 0)]), 0)
    widths = np.cumprod([1.0] + [width] * (n - 1))
    found = np.zeros((len(centers), n, n))
    for i in range(n):
        for a in range(i + 1):
            found[:, a, i] = math.comb(i, a) * powers[i - a] * widths[a]
    return found


@dataclass(frozen=True)
class _Low:
    """Polynomials in x, (boxes, ...): constant, linear (3), squares (3), mixed (of x2 x3, x1 x3, x1 x2), the
    coefficient of x1 x2 x3, and a lower bound of all others of degree 3 and more."""

    constant: Floats
    linear: Floats
    squares: Floats
    mixed: Floats
    triple: Floats
    high: Floats

    @classmethod
    def of(cls, Z: Floats, high: Floats) -> _Low:
        linear = np.stack([Z[:, 1, 0, 0], Z[:, 0, 1, 0], Z[:, 0, 0, 1]], -1)
        squares = np.stack([Z[:, 2, 0, 0], Z[:, 0, 2, 0], Z[:, 0, 0, 2]], -1)
        mixed = np.stack([Z[:, 0, 1, 1], Z[:, 1, 0, 1], Z[:, 1, 1, 0]], -1)
        return cls(Z[:, 0, 0, 0], linear, squares, mixed, Z[:, 1, 1, 1], high)

    def less(self, other: _Low, factor: Floats) -> _Low:
        """self - factor other, where other has nothing in ``high``."""
        row = factor[:, None]
        return _Low(
            self.constant - factor * other.constant,
            self.linear - row * other.linear,
            self.squares - row * other.squares,
            self.mixed - row * other.mixed,
            self.triple - factor * other.triple,
            self.high,
        )

    def lower(self) -> Floats:
        mixed = np.abs(self.mixed)
        a = self.squares - (mixed.sum(1)[:, None] - mixed) / 2
        b = np.abs(self.linear)
        inside = b < 2 * a
        parabola = np.where(inside, -b * b / np.where(inside, 4 * a, 1), a - b)
        return self.constant + parabola.sum(1) - np.abs(self.triple) + self.high


class _Det(_Low):
    @classmethod
    def about(cls, center: Floats, w: float) -> _Det:
        u, v, t = center.T
        others = np.stack([v * t, u * t, u * v], -1)
        nothing = np.zeros(len(u))
        return cls(
            1 + 2 * u * v * t - u * u - v * v - t * t,
            2 * (others - center) * w,
            np.full_like(center, -w * w),
            2 * center * w * w,
            np.full_like(nothing, 2 * w**3),
            nothing,
        )

    def negative(self) -> _Low:
        """-det, less what rounding can do."""
        nothing = np.zeros_like(self.constant)
        return _Low(-self.constant - 1e-13, -self.linear, -self.squares, -self.mixed, -self.triple, nothing)
