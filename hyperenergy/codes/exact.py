"""Finite sets of vectors with coordinates in Z or Z[sqrt D], and what can be counted about them without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import sympy

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ExactVectors:
    """The vectors a + b sqrt(D), rows of the integer arrays ``a`` and ``b`` (N, m), all of one norm.

    Directions are meant, so common factors do not matter; the space R^m may be larger than their span.
    """

    a: Integers
    b: Integers | None = None
    D: int = 1

    def __len__(self) -> int:
        return len(self.a)

    def floats(self) -> NDArray[np.float64]:
        """Unit vectors in R^m, float64."""
        x = self.a.astype(np.float64)
        if self.b is not None:
            x = x + self.b * np.sqrt(float(self.D))
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    def gram(self, rows: slice = slice(None)) -> tuple[Integers, Integers]:
        """Integers p, q with x_i.x_j = p + q sqrt(D), for the given rows i and all j."""
        a, b = self.a, self.b
        if b is None:
            p = a[rows] @ a.T
            return p, np.zeros_like(p)
        return a[rows] @ a.T + self.D * (b[rows] @ b.T), a[rows] @ b.T + b[rows] @ a.T

    def distribution(self) -> dict[sympy.Expr, int]:
        """Inner products of the unit vectors -> how many other points each point sees at it, exactly.

        Checked for every point.  ValueError if the vectors differ in norm, repeat, or see different distributions.
        """
        p, q = self.gram()
        norm = (int(p[0, 0]), int(q[0, 0]))
        if (p.diagonal() != norm[0]).any() or (q.diagonal() != norm[1]).any():
            raise ValueError("the vectors do not have one norm")
        pairs, label = np.unique(np.stack([p.ravel(), q.ravel()]), axis=1, return_inverse=True)
        label = label.reshape(p.shape)
        counts = np.stack([(label == k).sum(1) for k in range(pairs.shape[1])], 1)
        uneven = (counts != counts[0]).any(1)
        if uneven.any():
            raise ValueError(f"points 0 and {int(uneven.argmax())} see different inner products")
        exact = {self._quotient((int(x), int(y)), norm): int(c) for (x, y), c in zip(pairs.T, counts[0], strict=True)}
        if exact.pop(self._quotient(norm, norm)) != 1:
            raise ValueError("a point occurs twice")
        return dict(sorted(exact.items(), key=lambda item: float(item[0])))

    def _quotient(self, x: tuple[int, int], y: tuple[int, int]) -> sympy.Expr:
        """(x0 + x1 sqrt D) / (y0 + y1 sqrt D) with a rational denominator."""
        import sympy

        norm = y[0] ** 2 - self.D * y[1] ** 2
        rational = sympy.Rational(x[0] * y[0] - self.D * x[1] * y[1], norm)
        irrational = sympy.Rational(x[1] * y[0] - x[0] * y[1], norm)
        return rational + irrational * sympy.sqrt(self.D) if self.b is not None else rational


def in_own_span(x: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """The points (N, m) in coordinates of their span, padded with zeros to ``dim``: an isometry, to round-off.

    The basis is Gram-Schmidt's of the points in their order, so that the coordinates do not depend on a library's signs.
    """
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
    coordinates = np.pad(coordinates, ((0, 0), (0, dim - len(basis))))
    return coordinates / np.linalg.norm(coordinates, axis=1, keepdims=True)
