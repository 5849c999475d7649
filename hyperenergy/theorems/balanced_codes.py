"""Which codes are in equilibrium under every force law, decided in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hyperenergy.arithmetic.quadratic import Quadratic
from hyperenergy.codes.catalogue import Code
from hyperenergy.codes.exact import ExactVectors

_ANTIPODE = Quadratic(Fraction(-1))


@dataclass(frozen=True)
class Balance:
    """Whether a code is balanced: for every point x and every inner product, the sum of the points that x sees at it is a
    multiple of x.  by: what decides it."""

    balanced: bool
    by: str

    def __bool__(self) -> bool:
        return self.balanced


def balance(code: Code) -> Balance:
    """Exactly, by the strength of the code as a design where that suffices, else by its coordinates.

    A spherical t-design with at most t inner products other than -1 and 1 is balanced: at the inner product x_k the force
    is a mean over the design of a polynomial of degree t, which is that over the sphere, and 0 by reflection.
    Sources: Leech, Equilibrium of sets of particles on a sphere (1957), who asks for all force laws; Cohn, Elkies, Kumar and
    Schuermann, Point configurations that are asymmetric yet balanced (2010), the rule.
    """
    others = len(code.inner_products) - _sees_antipodes(code)
    if code.design_strength >= others:
        return Balance(True, f"a {code.design_strength}-design with {others} inner products other than -1")
    assert code.vectors is not None  # polygons are designs of strength N - 1
    return Balance(shells_are_along(code.vectors), "the sum of each shell, from coordinates")


def _sees_antipodes(code: Code) -> bool:
    return code.size % 2 == 0 if code.vectors is None else any((x - _ANTIPODE).sign == 0 for x in code.distribution)


def shells_are_along(vectors: ExactVectors) -> bool:
    """Whether for every point x_j and every inner product the vectors that x_j sees at it add up to a multiple of x_j.

    With s their sum, that is |x_j|^2 s = (x_j.s) x_j, in Z or Z[sqrt D].  ``orbits`` has a point of each orbit.
    """
    return all(_along(vectors, int(j)) for j in vectors.orbits())


def _along(vectors: ExactVectors, j: int) -> bool:
    D = vectors.D
    a = vectors.a.astype(object)
    b = np.zeros_like(a) if vectors.b is None else vectors.b.astype(object)
    p, q = vectors.gram(slice(j, j + 1))
    p, q = p[0].astype(object), np.zeros(len(a), dtype=object) if q is None else q[0].astype(object)
    norm = p[j], q[j]

    def times(x: tuple[Any, Any], y: tuple[Any, Any]) -> tuple[Any, Any]:
        return x[0] * y[0] + D * x[1] * y[1], x[0] * y[1] + x[1] * y[0]

    for product in set(zip(p.tolist(), q.tolist(), strict=True)):
        shell = (p == product[0]) & (q == product[1])
        total = a[shell].sum(0), b[shell].sum(0)
        # x_j.s is the number of them times the product.
        along = times((int(shell.sum()) * product[0], int(shell.sum()) * product[1]), (a[j], b[j]))
        if any((x != y).any() for x, y in zip(times(norm, total), along, strict=True)):
            return False
    return True
