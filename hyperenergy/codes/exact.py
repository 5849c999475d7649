"""Finite sets of vectors with coordinates in Z or Z[sqrt D], and what can be counted about them without rounding."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyperenergy.arithmetic.quadratic import Quadratic
from hyperenergy.arithmetic.steps import Fails
from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError

Integers = NDArray[Any]  # of int64, or of Python's unbounded integers (dtype object)
# x -> signs * x[permutation], an orthogonal map.
SignedPermutation = tuple[Integers, Integers]
# Entries of a block of a Gram matrix: 2^20 int16 stay in the cache.
_BLOCK = 2**20


@dataclass(frozen=True, eq=False)
class ExactVectors:
    """The vectors a + b sqrt(D), rows of the integer arrays ``a`` and ``b`` (N, m), all of one norm.

    Directions are meant, so common factors do not matter; the space R^m may be larger than their span.  symmetries: maps
    that are said to keep the set, for large ones; ``orbits`` tests them.
    """

    a: Integers
    b: Integers | None = None
    D: int = 2
    symmetries: tuple[SignedPermutation, ...] = ()

    def __post_init__(self) -> None:
        """ArgumentError unless the parts are integer matrices of one shape without a zero vector, D not a square."""
        for name, x in {"a": self.a, **({} if self.b is None else {"b": self.b})}.items():
            integral = isinstance(x, np.ndarray) and (
                np.issubdtype(x.dtype, np.integer)
                or (x.dtype == object and all(isinstance(v, int | np.integer) for v in x.flat))
            )
            if not integral or x.ndim != 2 or x.shape != self.a.shape or not x.size:
                raise ArgumentError(name, f"{getattr(x, 'dtype', type(x))} array", "must be an integer matrix (N, m)")
        if integer("D", self.D, 2) == math.isqrt(self.D) ** 2:
            raise ArgumentError("D", self.D, "must not be a square")
        nonzero = (self.a != 0).any(1) if self.b is None else ((self.a != 0) | (self.b != 0)).any(1)
        if not nonzero.all():
            raise ArgumentError("a", f"a zero vector, row {int((~nonzero).argmax())}", "must have a direction")

    def __len__(self) -> int:
        return len(self.a)

    def floats(self) -> NDArray[np.float64]:
        """Unit vectors in R^m, float64."""
        x = self.a.astype(np.float64)
        if self.b is not None:
            x = x + self.b.astype(np.float64) * np.sqrt(float(self.D))
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    @functools.cached_property
    def _small(self) -> tuple[Integers, Integers | None]:
        """a and b in the smallest integers that hold every inner product and its partial sums."""
        bound = self.a.shape[1] * self._largest**2 * (1 + self.D)
        kind = next((t for t in (np.int16, np.int64) if bound <= np.iinfo(t).max), object)
        return self.a.astype(kind), None if self.b is None else self.b.astype(kind)

    @property
    def _largest(self) -> int:
        return max(int(abs(x).max()) for x in (self.a, self.b) if x is not None)

    def gram(self, rows: Any = slice(None)) -> tuple[Integers, Integers | None]:
        """Integers p, q with x_i.x_j = p + q sqrt(D), for the given rows i and all j; q is None where there is no b."""
        a, b = self._small
        if b is None:
            return _products(a[rows], a), None
        return _products(a[rows], a) + self.D * _products(b[rows], b), _products(a[rows], b) + _products(b[rows], a)

    def norm(self) -> Quadratic:
        """The common squared norm.  Fails if the vectors differ in it."""
        a = self.a.astype(object)
        p, q = (a * a).sum(1), np.zeros(len(a), dtype=object)
        if self.b is not None:
            b = self.b.astype(object)
            p, q = p + self.D * (b * b).sum(1), 2 * (a * b).sum(1)
        other = (p != p[0]) | (q != q[0])
        if other.any():
            raise Fails(f"points 0 and {int(other.argmax())} do not have one norm")
        return self._number(p[0], q[0])

    def distribution(self, rows: Integers | None = None) -> dict[Quadratic, int]:
        """Inner products of the unit vectors -> how many other points each point sees at it, exactly, in order.

        Checked for every point, or for the given ones.  Fails if points repeat or see different distributions.
        """
        if len(self) < 2:
            raise Fails("a code has two points or more")
        norm = self.norm()
        p, q = self.gram(slice(0, 1))
        values = np.unique(p[0].astype(object) if q is None else [f"{x} {y}" for x, y in zip(p[0], q[0], strict=True)])
        pairs = [(int(v), 0) if q is None else tuple(map(int, v.split())) for v in values]
        counts = _count(p, q, pairs)[0]
        chosen = np.arange(len(self)) if rows is None else rows
        step = max(1, _BLOCK // len(self))

        def uneven(first: int) -> int | None:
            some = chosen[first : first + step]
            found = _count(*self.gram(some), pairs)
            wrong = (found != counts).any(1)
            return int(some[wrong.argmax()]) if wrong.any() else None

        with ThreadPoolExecutor() as pool:
            for point in pool.map(uneven, range(0, len(chosen), step)):
                if point is not None:
                    raise Fails(f"points 0 and {point} see different inner products")
        exact = {self._number(x, y) / norm: int(n) for (x, y), n in zip(pairs, counts, strict=True)}
        if exact.pop(Quadratic(Fraction(1)), 0) != 1:
            raise Fails("a point occurs twice")
        return dict(sorted(exact.items()))

    def orbits(self) -> Integers:
        """One representative of each orbit under the group that ``symmetries`` generate; without any, all points.

        Fails if one of them does not keep the set.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        index = np.arange(len(self))
        if not self.symmetries:
            return index
        order = np.lexsort(self.a.T)
        images = []
        for permutation, signs in self.symmetries:
            if sorted(permutation) != list(range(self.a.shape[1])) or set(np.unique(signs)) - {-1, 1}:
                raise Fails("a symmetry is no signed permutation of the coordinates")
            moved = self.a[:, permutation] * signs
            reached = np.lexsort(moved.T)
            if self.b is not None or not np.array_equal(moved[reached], self.a[order]):
                raise Fails("a symmetry does not keep the set of vectors")
            image = np.empty_like(index)
            image[reached] = order
            images.append(image)
        ends = np.concatenate(images)
        starts = np.tile(index, len(images))
        graph = coo_array((np.ones(len(ends), dtype=np.int8), (starts, ends)), shape=(len(self), len(self)))
        _, label = connected_components(graph, directed=False)
        return np.unique(label, return_index=True)[1]

    def _number(self, p: Any, q: Any) -> Quadratic:
        return Quadratic(Fraction(int(p)), Fraction(int(q)), self.D)

    def frame_dimension(self) -> Quadratic:
        """The rank of the vectors, from S = sum_i x_i x_i^T and S^2 = c S: S/c is a projector, whose trace is its rank.

        Fails if they are no tight frame of their span, as every spherical 2-design is.
        """
        S = self._frame()
        # Where the products fit into int64 they take no time; the comparison is by elements, in unbounded integers.
        bound = len(S[0]) * max(int(abs(x).max()) for x in S) ** 2 * (1 + self.D)
        fitting = tuple(x.astype(np.int64 if bound < 2**63 else object) for x in S)
        square = tuple(x.astype(object) for x in self._times(fitting, fitting, np.matmul))
        trace, trace_of_square = (tuple(np.trace(x) for x in matrix) for matrix in (S, square))
        left, right = self._times(square, trace, np.multiply), self._times(S, trace_of_square, np.multiply)
        if not all((x == y).all() for x, y in zip(left, right, strict=True)):
            raise Fails("the vectors are no tight frame of their span: sum x x^T is no multiple of a projector")
        return self._number(*trace) * self._number(*trace) / self._number(*trace_of_square)

    def _frame(self) -> tuple[Integers, Integers]:
        """S = sum_i x_i x_i^T as p + q sqrt D, in unbounded integers."""
        kind = np.int64 if len(self) * self._largest**2 * (1 + self.D) < 2**63 else object
        a = self.a.astype(kind)
        p = a.T @ a
        if self.b is None:
            return p.astype(object), np.zeros_like(p).astype(object)
        b = self.b.astype(kind)
        return (p + self.D * (b.T @ b)).astype(object), (a.T @ b + b.T @ a).astype(object)

    def _times(self, x: Any, y: Any, product: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
        """(x0 + x1 sqrt D) (y0 + y1 sqrt D)."""
        return product(x[0], y[0]) + self.D * product(x[1], y[1]), product(x[0], y[1]) + product(x[1], y[0])


def _products(x: Integers, y: Integers) -> Integers:
    """x y^T, coordinate by coordinate: whole rows at a time in the given integers, which no BLAS multiplies."""
    if x.dtype == object:
        return x @ y.T
    total = np.zeros((len(x), len(y)), x.dtype)
    term = np.empty_like(total)
    columns = np.ascontiguousarray(y.T)
    for k in range(x.shape[1]):
        np.multiply(x[:, k, None], columns[k], out=term)
        total += term
    return total


def _count(p: Integers, q: Integers | None, pairs: list[tuple[int, ...]]) -> Integers:
    """How often each pair occurs in every row; a column more for what is none of them."""
    counts = [(p == x).sum(1) if q is None else ((p == x) & (q == y)).sum(1) for x, y in pairs]
    return np.stack(counts, 1)


def in_own_span(x: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """The points (N, m) in coordinates of their span, padded with zeros to ``dim``: an isometry, to round-off.

    The basis is Gram-Schmidt's of the points in their order, so that the coordinates do not depend on a library's signs.
    """
    # Where the first points are a basis, which is nearly always, Gram-Schmidt's is found at once.
    q, r = np.linalg.qr(x[:dim].T)
    if len(x) >= dim and np.abs(r.diagonal()).min() > 1e-6:
        return _unit(x @ (q * np.sign(r.diagonal())))
    basis: list[NDArray[np.float64]] = []
    for row in x:
        rest = row.copy()
        for _ in range(2):  # twice is enough for orthogonality to round-off
            for e in basis:
                rest -= (rest @ e) * e
        norm = np.linalg.norm(rest)
        if norm > 1e-6:
            basis.append(rest / norm)
    if len(basis) > dim:
        raise ValueError(f"the points span {len(basis)} dimensions, more than {dim}")
    coordinates = x @ np.array(basis).T
    return _unit(np.pad(coordinates, ((0, 0), (0, dim - len(basis)))))


def _unit(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x / np.linalg.norm(x, axis=1, keepdims=True)
