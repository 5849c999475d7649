"""SupCon of collapsed classes, as a function of the products of the class points, and the unknowns of its minimization.

f(G) = (1/N) sum_c n_c log(n_c - 1 + sum_{c' != c} n_c' e^{(G_cc' - 1)/tau}) is strictly convex over correlation matrices
G, and its minimizer unchanged when classes of one size change places: one number for each two sizes.  With k_a classes of
size a, G is positive semidefinite exactly if 1 - g_aa >= 0 (k_a >= 2) and the matrix Q, Q_aa = 1 + (k_a - 1) g_aa and
Q_ab = sqrt(k_a k_b) g_ab, is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # of float64


@dataclass(frozen=True)
class Classes:
    """sizes: the different numbers of points, each at least 2; counts: how many classes have them."""

    sizes: tuple[int, ...]
    counts: tuple[int, ...]
    temperature: float

    @property
    def points(self) -> int:
        return sum(n * k for n, k in zip(self.sizes, self.counts, strict=True))

    @cached_property
    def others(self) -> Floats:
        """Of a class of size a: how many others of size b there are."""
        k = np.array(self.counts, dtype=float)
        return np.tile(k, (len(k), 1)) - np.eye(len(k))

    def log_terms(self, g: Floats) -> tuple[Floats, Floats]:
        """log of what the classes of size b add to the denominator of one of size a, and log of that, less 1/tau."""
        n = np.array(self.sizes, dtype=float)
        with np.errstate(divide="ignore"):
            terms = np.log(self.others) + np.log(n) + (g - 1) / self.temperature
        own = np.log(n - 1)
        return terms, np.logaddexp(own, np.logaddexp.reduce(terms, axis=1))

    def value(self, g: Floats) -> tuple[float, float]:
        """f, and its logarithm."""
        terms, logs = self.log_terms(g)
        shares = np.array(self.sizes, dtype=float) * self.counts / self.points
        if self.sizes == (2,):
            rest = float(np.logaddexp.reduce(terms[0]))
            small = float(np.logaddexp(0.0, rest))
            return small, math.log(small) if rest > -37 else rest
        value = math.fsum(shares * logs)
        return value, math.log(value)

    def weights(self, g: Floats) -> tuple[Floats, Floats, float]:
        """How f grows with the products, by a common factor: h_ab = e^{-scale} df/dG for one ordered pair of classes, by
        the denominator of the first; p_ab, the share of all classes of size b in that; and scale."""
        terms, logs = self.log_terms(g)
        n = np.array(self.sizes, dtype=float)
        log_h = np.log(n)[:, None] + np.log(n) + (g - 1) / self.temperature - logs[:, None]
        log_h -= math.log(self.points) + math.log(self.temperature)
        log_h = np.where(self.others > 0, log_h, -math.inf)
        scale = float(log_h.max())
        return np.exp(log_h - scale), np.exp(terms - logs[:, None]), scale


def quotient(classes: Classes, g: Floats) -> Floats:
    """Q, of which and of the 1 - g_aa the eigenvalues are those of all products of the class points."""
    k = np.sqrt(np.array(classes.counts, dtype=float))
    return np.outer(k, k) * g + np.diag(1 - np.diag(g))


class Program:
    """The program in its unknowns x, the products g_aa (k_a >= 2) and g_ab."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        m = len(classes.sizes)
        self.m = m
        k = np.array(classes.counts, dtype=float)
        self.single = [a for a in range(m) if k[a] > 1]
        self.pairs = [(a, a) for a in self.single] + [(a, b) for a in range(m) for b in range(a + 1, m)]
        self.rows, self.columns = np.array(self.pairs).T
        # Of one unknown: how many ordered pairs of classes have it, and what it adds to Q.
        same = self.rows == self.columns
        self.size = np.where(same, k[self.rows] * (k[self.rows] - 1), 2 * k[self.rows] * k[self.columns])
        self.step = np.where(same, k[self.rows] - 1, np.sqrt(k[self.rows] * k[self.columns]))
        self.n_single = len(self.single)

    def products(self, x: Floats) -> Floats:
        g = np.eye(self.m)
        g[self.rows, self.columns] = g[self.columns, self.rows] = x
        return g

    def direction(self, x: Floats) -> Floats:
        Q = np.zeros((self.m, self.m))
        Q[self.rows, self.columns] = Q[self.columns, self.rows] = self.step * x
        return Q

    def slopes(self, S: Floats) -> Floats:
        """<S, dQ/dx>."""
        return np.where(self.rows == self.columns, 1.0, 2.0) * self.step * S[self.rows, self.columns]

    def derivatives(self, x: Floats) -> tuple[Floats, Floats, float]:
        """Gradient and Hessian of f, both by e^{-scale}; and scale."""
        c = self.classes
        g = self.products(x)
        h, p, scale = c.weights(g)
        k = np.array(c.counts, dtype=float)
        gradient = self.size * ((h + h.T) / 2)[self.rows, self.columns]
        # Of a class of size a: k_a n_a / N (diag p - p p^T) / tau^2 by the products with all sizes.
        H = np.zeros((len(x), len(x)))
        for a in range(self.m):
            place = {b: i for i, (r, s) in enumerate(self.pairs) for b in {r, s} if a in (r, s) and (b != a or r == s)}
            index, b = np.array(list(place.values())), np.array(list(place))
            if len(index):
                outer = h[a, b] * k[a] * c.others[a, b] / c.temperature
                H[np.ix_(index, index)] += np.diag(outer) - np.outer(outer, p[a, b])
        return gradient, H, scale

    def change(self, x: Floats, dx: Floats) -> float:
        """f(x + dx) - f(x), by e^{-scale} of x, without cancellation."""
        c, g = self.classes, self.products(x)
        h, p, _ = c.weights(g)
        grown = np.expm1((self.products(x + dx) - g) / c.temperature)
        with np.errstate(over="ignore", invalid="ignore"):
            relative = (p * grown).sum(1)  # of the denominators
            first = (h * c.others * grown).sum(1) * c.temperature * np.array(c.counts)
            ratio = np.where(np.abs(relative) > 1e-8, np.log1p(relative) / np.where(relative == 0, 1, relative), 1.0)
            return float((first * ratio).sum())

    def inside(self, x: Floats) -> bool:
        Q = quotient(self.classes, self.products(x))
        return bool(np.all(x[: self.n_single] < 1)) and float(np.linalg.eigvalsh(Q)[0]) > 0
