"""A critical point of a potential is proved to exist, and its second derivatives to be definite, or not.

Let w = Q v with Q any square matrix, G(v) = Q^T gradient(Q v), M = Q^T hessian Q over the box |v_k| <= rho, S a diagonal of
signs, r = max_k |G_k(0)|, and beta = max_k sum_l |delta_kl - S_k M_kl|.  If r + beta rho < rho, then v - S G(v) maps the box
into its inside (Krawczyk), so that G has a zero in it, and only one.  As beta < 1, M and with it Q are regular, so that
the gradient vanishes there.  M has the signs of S by Gershgorin's theorem, and the second derivatives have those of M by
Sylvester's: without a negative one the point is a strict local minimum up to rotations; with one it is none.

Q has the eigenvectors of the second derivatives as columns, in floating point, over the roots of the eigenvalues' sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from hyperenergy.bounds.enclosure.derivatives import Place, gradient, hessian, jet_at, place
from hyperenergy.bounds.enclosure.gauge import Floats, Slice, transverse
from hyperenergy.bounds.enclosure.potentials import Jet, Potential

# Of the largest second derivative: below, none can be told from zero in floating point.
_FLAT = 1e-12
# Newton's steps, those from which on the second derivatives are kept, and how far points may go.
_STEPS, _CLOSE, _FAR = 40, 1e-5, 0.3


class NotDecided(ArithmeticError):
    """Nothing was proved, and why."""


@dataclass(frozen=True)
class Proof:
    """A critical point in the box, the only one there.  where: what encloses it; jet: the potential there; descending: how
    many independent directions descend, 0 at a strict local minimum."""

    slice: Slice
    where: Place
    jet: Jet
    descending: int


@dataclass(frozen=True)
class _Modes:
    """matrix: Q; signs: S; scale: a power of two that the potential was divided by."""

    matrix: Floats
    signs: Floats
    scale: arb

    def step(self, slopes: list[Any]) -> list[Any]:
        """Newton's, to the relative accuracy of floating point, however small."""
        size = largest(slopes)
        if not size.is_finite():
            raise NotDecided("slopes do not exist here, or could not be enclosed")
        if size == 0:
            return slopes
        unit = _power_of_two(size)
        g = np.array([float(x / unit) for x in slopes])
        return [arb(float(x)) * (unit / self.scale) for x in -self.matrix @ (self.signs * (self.matrix.T @ g))]


def refined(potential: Potential, at: Slice) -> Slice:
    """The slice about a critical point near, to the bits that balls have: Newton's method.

    NotDecided where it leaves, does not settle, or second derivatives vanish.
    """
    modes, before = None, np.inf
    for _ in range(_STEPS):
        where = place(at)
        jet = jet_at(potential, where)
        if modes is None or before > _CLOSE:
            modes = _modes(hessian(at, where, jet))
        step = modes.step(gradient(at, where, jet))
        size = float(largest(step))
        if size > _FAR:
            raise NotDecided("Newton's method leaves the points: no critical point is near")
        if size <= 2.0 ** (24 - ctx.prec) or (size < 2.0 ** (48 - ctx.prec) and size > before / 2):
            return at
        at, before = at.moved(step), size
    raise NotDecided("Newton's method does not settle: the critical point is degenerate, or none is near")


def prove(potential: Potential, at: Slice) -> Proof:
    """Krawczyk's test about w = 0.  NotDecided where it fails."""
    where = place(at)
    jet = jet_at(potential, where)
    modes = _modes(hessian(at, where, jet))
    Q = arb_mat(len(modes.matrix), len(modes.matrix), [float(x) for x in modes.matrix.ravel()])
    slopes = arb_mat([[x / modes.scale] for x in gradient(at, where, jet)])
    r = largest(x for row in (Q.transpose() * slopes).table() for x in row)
    rho = (4 * r + arb(2) ** (16 - ctx.prec)).upper()
    box = [arb(0, (rho * sum(abs(x) for x in row)).upper()) for row in Q.table()]
    around = place(at, box)
    if not transverse(at, around.points):
        raise NotDecided("the coordinates could not be shown to be free of rotations")
    jet = jet_at(potential, around)
    M = (Q.transpose() * hessian(at, around, jet) * Q).table()
    scale = modes.scale
    beta = largest(
        sum((abs((k == j) - s * x / scale) for j, x in enumerate(row)), arb(0))
        for k, (s, row) in enumerate(zip(modes.signs.tolist(), M, strict=True))
    )
    if not (beta < 1 and r + beta * rho < rho):
        raise NotDecided("second derivatives are too small in some direction for a proof")
    return Proof(at, around, jet, int((modes.signs < 0).sum()))


def largest(numbers: Any) -> arb:
    """An upper bound of their sizes; not finite where one is not."""
    found = arb(0)
    for x in numbers:
        size = abs(x).upper()
        if not size.is_finite():
            return arb("inf")
        found = size if size > found else found
    return found


def _modes(H: arb_mat) -> _Modes:
    entries = H.table()
    size = largest(x for row in entries for x in row)
    if not size.is_finite():
        raise NotDecided("second derivatives do not exist here, or could not be enclosed")
    if size == 0:
        raise NotDecided(f"{len(entries)} flat directions beside rotations")
    scale = _power_of_two(size)
    matrix = np.array([[float(x / scale) for x in row] for row in entries])
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    flat = int((abs(values) <= _FLAT * abs(values).max()).sum())
    if flat:
        raise NotDecided(f"{flat} flat direction{'s' if flat > 1 else ''} beside rotations")
    return _Modes(vectors / np.sqrt(abs(values)), np.sign(values), scale)


def _power_of_two(x: arb) -> arb:
    mantissa, exponent = x.mid().man_exp()
    return arb(2) ** (int(exponent) + int(mantissa).bit_length())
