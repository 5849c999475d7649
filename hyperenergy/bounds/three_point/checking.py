"""The check of a three-point certificate: G and q of the package's derivation exactly, then (3) by branch and bound.

A certificate has h_0..h_K and, for each k, a matrix L_k by columns; F_k = L_k L_k^T is positive semidefinite whatever
they are, so that nothing but (3) and h_k >= 0 remains to be shown.  No solver, no search for anything but boxes.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from flint import arb_poly, fmpq, fmpq_mat, fmpq_mpoly, fmpq_mpoly_ctx, fmpq_poly

from hyperenergy.bounds.checking import (
    FORMAT,
    CertificateError,
    _integer,
    _kernel,
    _object,
    _shown,
    about,
    ball,
    gegenbauer,
    rational,
    series,
)
from hyperenergy.bounds.three_point.boxes import Axis, Floats, Outcome, search

ENERGY, CODE = "three-point", "three-point code"
MOST_DEGREE, MOST_BOXES = 24, 3_000_000
_BITS, _TERMS, _GRAIN = 192, 10, 2**30
# With coefficients up to here, no float64 comes near its range.
_LARGEST = Fraction(10) ** 30
_NAMES = fmpq_mpoly_ctx.get(("u", "v", "t"), "lex")


def proved(certificate: Any) -> Fraction:
    """What the certificate proves, at least what it claims: of an energy, a lower bound of sum_{i<j} f(x_i.x_j); of a
    code, the s for which no such number of points has all inner products <= s.  CertificateError, with the field and
    the reason, where it proves less."""
    fields = _object(
        certificate, "certificate", ("format", "kind", "bound", "points", "dim", "coefficients", "factors")
    )
    if fields["format"] != FORMAT:
        raise CertificateError(f"format: got {_shown(fields['format'])}; must be {FORMAT!r}")
    if fields["kind"] not in (ENERGY, CODE):
        raise CertificateError(f"kind: got {_shown(fields['kind'])}; must be {ENERGY!r} or {CODE!r}")
    claimed = rational(fields["bound"], "bound")
    whole = read(fields)
    energy = fields["kind"] == ENERGY
    value = whole.energy
    if energy and claimed > value:
        raise CertificateError(f"bound: got {_shown(fields['bound'])}; what is proved is {about(value)} and no more")
    if not energy and value <= 0:
        raise CertificateError("coefficients: the right side of (4) is not positive")
    if not energy and not -1 < claimed < 1:
        raise CertificateError(f"bound: got {_shown(fields['bound'])}; must lie between -1 and 1")
    at = kernel_of(fields) if energy else None
    outcome = whole.outcome(at, Fraction(1) if energy else claimed, MOST_BOXES)
    if not outcome.shown:
        near = f"; it fails at {outcome.against[0].tolist()}" if len(outcome.against) else ""
        raise CertificateError(f"factors: (3) could not be shown with {outcome.boxes} boxes{near}")
    return value if energy else claimed


Kernel = tuple[str, Mapping[str, Fraction]]


def kernel_of(fields: Mapping[str, Any]) -> Kernel:
    name, numbers = _kernel(_object(fields, "certificate", ("kernel",))["kernel"], "kernel")
    if name == "Polynomial":
        raise CertificateError("kernel: Polynomial has no three-point certificates")
    series(name, numbers)  # refuses what is not absolutely monotone
    return name, numbers


@dataclass(frozen=True)
class Whole:
    """points; h and G as polynomials; both exact."""

    points: int
    h0: Fraction
    h: fmpq_poly
    G: fmpq_mpoly

    @functools.cached_property
    def on_pairs(self) -> fmpq_poly:
        """G(u, u, 1)."""
        found: dict[int, fmpq] = {}
        for (i, j, _), x in _terms(self.G):
            found[i + j] = found.get(i + j, fmpq(0)) + x
        return fmpq_poly([found.get(i, fmpq(0)) for i in range(max(found, default=0) + 1)])

    @functools.cached_property
    def energy(self) -> Fraction:
        """(4)."""
        top = self.h(fmpq(1)) + self.on_pairs(fmpq(1))
        return (self.points**2 * self.h0 - self.points * Fraction(int(top.p), int(top.q))) / 2

    def values(self) -> Callable[[Floats], Floats]:
        """p in floating point, of (n, 3) triples: for who proposes."""
        G, q = self._floats(), [_float(x) for x in (self.h + 3 * self.on_pairs).coeffs()] or [0.0]
        n, weight = len(G), 3 * (self.points - 2)

        def values(triples: Floats) -> Floats:
            u, v, t = (x[:, None] ** np.arange(n) for x in triples.T)
            found = np.einsum("bjk,bj,bk->b", (u @ G.reshape(n, -1)).reshape(-1, n, n), v, t)
            return np.asarray((found + np.polynomial.polynomial.polyval(triples, q).sum(1)) / weight)

        return values

    def _floats(self) -> Floats:
        """3(N-2) G, each coefficient rounded."""
        n = 1 + max((max(powers) for powers, _ in _terms(self.G)), default=0)
        G = np.zeros((max(n, 3),) * 3)
        for powers, x in _terms(self.G):
            G[powers] = _float(3 * (self.points - 2) * x)
        return G

    def outcome(self, kernel: Kernel | None, most: Fraction, limit: int) -> Outcome:
        """(3) on [-1, most]^3, times 3(N-2): phi = f - q, and 3(N-2) G."""
        G = self._floats()
        q = self.h + 3 * self.on_pairs
        grains = -(-most * _GRAIN // 1)
        with flint.ctx.workprec(_BITS):
            phi = _phi(kernel, q, max(len(G), q.degree() + 1, _TERMS))
            return search(G, phi, float(Fraction(grains) / _GRAIN), limit)


def _phi(kernel: Kernel | None, q: fmpq_poly, length: int) -> Callable[[float, float], Axis]:
    """f - q about c.  All derivatives of f from the first on are nonnegative on [-1, 1), so that the remainder of its
    series broken off at an odd power, a derivative of even order times an even power, is nonnegative: what is kept
    lies below f on both sides of c.  At t = 1, the tangent at the left end: it grows as the box shrinks."""
    at = series(*kernel) if kernel is not None else None

    def phi(c: float, w: float) -> Axis:
        found = [-x for x in arb_poly(q)(arb_poly([c, w])).coeffs()]
        found += [ball(Fraction(0))] * (length - len(found))
        lost = 0.0
        if at is not None:
            if c + w >= 1:
                f = at(c - w, 2)
                found[0], found[1] = found[0] + f[0] + f[1] * w, found[1] + f[1] * w
                lost = float(at(c, 1)[0] - f[0] - f[1] * w)
            else:
                f, scale = at(c, _TERMS), ball(Fraction(1))
                for k in range(_TERMS):
                    found[k] += f[k] * scale
                    scale *= w
        # Each float is within 2^-52 of the ball's middle.
        floats = np.array([float(x) for x in found])
        error = sum(float(x.rad()) for x in found) * 1.01 + float(np.abs(floats).sum()) * 2.0**-51
        if not (np.isfinite(floats).all() and error < np.inf):
            raise CertificateError("kernel: its values could not be enclosed")
        return Axis(floats, error, lost)

    return phi


# What was read


def read(fields: Mapping[str, Any]) -> Whole:
    """G = sum_k <F_k, S_k> and h, exactly."""
    points, dim = _integer(fields["points"], "points"), _integer(fields["dim"], "dim")
    if points < 3 or dim < 3:
        raise CertificateError("points, dim: must be at least 3")
    h = _numbers(fields["coefficients"], "coefficients", 1, 2 * MOST_DEGREE + 1)
    if any(x < 0 for x in h[1:]):
        raise CertificateError("coefficients: must be nonnegative from number 1 on")
    factors = fields["factors"]
    if not isinstance(factors, list) or len(factors) > MOST_DEGREE + 1:
        raise CertificateError(f"factors: must be a list of at most {MOST_DEGREE + 1} matrices")
    Y = _NAMES.from_dict({})
    for k, (Q, columns) in enumerate(zip(_inner(dim), factors, strict=False)):
        size = len(factors) - k
        if not isinstance(columns, list) or len(columns) > size:
            raise CertificateError(f"factors: number {k}: must be a list of at most {size} columns")
        read_ = [_numbers(x, f"factors: number {k}", size, size) for x in columns]
        if read_:
            Y += Q * _pairs(read_, dim + 2 * k)
    polynomial = fmpq_poly([])
    for x, P in zip(h, gegenbauer(dim), strict=False):
        polynomial += P * _rational(x)
    return Whole(points, h[0], polynomial, _symmetric(Y))


def _numbers(value: Any, name: str, least: int, most: int) -> list[Fraction]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise CertificateError(f"{name}: got {_shown(value)}; must be a list of {least} to {most} numbers")
    found = [rational(x, name) for x in value]
    if any(abs(x) > _LARGEST for x in found):
        raise CertificateError(f"{name}: must be at most {float(_LARGEST)} in modulus")
    return found


def _terms(p: fmpq_mpoly) -> Iterator[tuple[tuple[int, int, int], fmpq]]:
    for (i, j, k), x in p.to_dict().items():
        yield (int(i), int(j), int(k)), x


def _float(x: fmpq) -> float:
    return float(Fraction(int(x.p), int(x.q)))


def _rational(x: Fraction) -> fmpq:
    return fmpq(x.numerator, x.denominator)


def _inner(dim: int) -> Iterator[fmpq_mpoly]:
    """Q_0, Q_1, ..."""
    u, v, t = _NAMES.gens()
    n, s, w = dim - 1, t - u * v, (1 - u * u) * (1 - v * v)
    before, now = _NAMES.from_dict({(0, 0, 0): 1}), s
    yield before
    for k in itertools.count(1):
        yield now
        before, now = now, ((2 * k + n - 2) * s * now - k * w * before) * fmpq(1, k + n - 2)


def _pairs(columns: list[list[Fraction]], dim: int) -> fmpq_mpoly:
    """sum_ij F_ij e_i(u) e_j(v) with F = L L^T."""
    size = len(columns[0])
    L = fmpq_mat([[_rational(column[i]) for column in columns] for i in range(size)])
    basis = [[P[a] for a in range(size)] for P in itertools.islice(gegenbauer(dim), size)]
    in_powers = fmpq_mat(basis).transpose() * L
    M = in_powers * in_powers.transpose()
    return _NAMES.from_dict({(a, b, 0): M[a, b] for a in range(size) for b in range(size) if M[a, b] != 0})


def _symmetric(Y: fmpq_mpoly) -> fmpq_mpoly:
    """The mean over the six orders; Y is symmetric in u and v."""
    found: dict[tuple[int, ...], fmpq] = {}
    for (i, j, k), x in _terms(Y):
        for powers in ((i, j, k), (i, k, j), (k, i, j)):
            found[powers] = found.get(powers, fmpq(0)) + x / 3
    return _NAMES.from_dict(found)
