"""From a program to a certificate: rounds of new triples, and the lift that makes (3) hold."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from hyperenergy.arithmetic.namespaces import NumpyNamespace
from hyperenergy.bounds import certificates
from hyperenergy.bounds.certificates import Certificate, NoBoundError
from hyperenergy.bounds.checking import FORMAT
from hyperenergy.bounds.three_point import checking, program, samples
from hyperenergy.bounds.three_point.rounding import Rounded
from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError, need
from hyperenergy.kernels import Kernel

Floats = NDArray[np.float64]
_POOL, _START, _ROUNDS, _CODE_ROUNDS, _LIFTS = 20_000, 1000, 14, 40, 8
# Boxes of a proof while one is looked for; triples whose slack, relative to the right side, is below it stay.
_BOXES, _NEAR, _AGAINST = 400_000, 0.01, 200
# Of codes, what (4) must exceed not to be the solver's zero.
_NOTHING = 1e-7


def three_point(
    kernel: Kernel, points: int, dim: int, degree: int = 6, *, tolerance: float = 1e-7, rounds: int = _ROUNDS
) -> Certificate:
    """A certificate of a lower bound of sum_{i<j} kernel over ``points`` unit vectors of R^dim, by three-point bounds.

    degree: F_k has degree - k + 1 rows, k = 0..degree; time grows with its sixth power.  tolerance: the rounds of new
    triples end once they can gain no more, relative to the bound; half of it is given to the proof.  rounds: so many
    at most.

    Law: ``checking.proved`` accepts it; what it proves grows with the degree, up to the tolerance.
    Raises ArgumentError for a kernel that is not completely monotone or has no rigorous evaluation, or for fewer than
    three points or dimensions; MissingExtra without clarabel (extra ``bounds``); NoBoundError where nothing could be
    proved.
    Source: Cohn and Woo 2012.
    """
    described = certificates.described(kernel)
    if described["name"] == "Polynomial":
        raise ArgumentError("kernel", kernel.label, "has no three-point bounds")
    shape = _shape(points, dim, degree)
    ask = _Ask(shape, Fraction(1), kernel, described, positive("tolerance", tolerance), integer("rounds", rounds, 1))
    return ask.certificate(ask.best())


def three_point_code(
    points: int, dim: int, inner: float | str, degree: int = 6, *, rounds: int = _CODE_ROUNDS
) -> Certificate:
    """A certificate that any ``points`` unit vectors of R^dim have two with an inner product > ``inner`` (a number, or
    an exact one as a text), by three-point bounds.  What is optimal at 1/6 is proved for 1/6 - 1e-5, say: for 1/6
    itself it would take exact algebraic numbers.  Arguments and errors are those of ``three_point``.

    Law: ``checking.proved`` accepts it.
    Source: Bachoc and Vallentin 2008.
    """
    try:
        most = Fraction(inner)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        most = Fraction(1)
    if not -1 < most < 1:
        raise ArgumentError("inner", repr(inner), "must be a number between -1 and 1")
    shape = _shape(points, dim, degree)
    ask = _Ask(shape, most, None, None, 0.0, integer("rounds", rounds, 1))
    return ask.certificate(ask.best())


def _shape(points: int, dim: int, degree: int) -> program.Shape:
    need("bounds")
    degree = integer("degree", degree, 1, checking.MOST_DEGREE)
    return program.Shape(integer("points", points, 3), integer("dim", dim, 3), degree)


@dataclass(frozen=True)
class _Ask:
    """most: the largest inner product that is looked at; kernel: None for codes; tolerance: what may be lost."""

    shape: program.Shape
    most: Fraction
    kernel: Kernel | None
    described: dict[str, str] | None
    tolerance: float
    rounds: int

    def certificate(self, rounded: Rounded) -> Certificate:
        found: Certificate = {
            "format": FORMAT,
            "kind": checking.ENERGY if self.kernel is not None else checking.CODE,
            "points": self.shape.points,
            "dim": self.shape.dim,
            "coefficients": [certificates._exact(x) for x in rounded.h],
            "factors": [[[certificates._exact(x) for x in column] for column in k] for k in rounded.factors],
        }
        if self.kernel is None:
            return {**found, "bound": str(self.most)}
        value = checking.read(found).energy
        return {**found, "kernel": self.described, "bound": certificates.decimal(value)}

    def right(self, triples: Floats) -> Floats:
        """The left side of (3)."""
        if self.kernel is None:
            return np.zeros(len(triples))
        values = np.asarray(self.kernel.profile(np.maximum(2 - 2 * triples, 1e-14), NumpyNamespace))
        return np.asarray(values.sum(1) / (3 * (self.shape.points - 2)))

    def best(self) -> Rounded:
        """Rounds of new triples until no more can be gained and it is shown; else the best one, lifted until it is."""
        rng, most = np.random.default_rng(0), float(self.most)
        pool = samples.start(_POOL, rng, most)
        base = pool[:: -(-len(pool) // _START)]
        extra, problem = base[:0], "the program has no solution"
        found: list[tuple[float, float, Rounded]] = []
        for _ in range(self.rounds):
            triples = samples.triples(np.concatenate([base, extra]))
            try:
                unknowns, value = self._solved(triples)
            except program.NoProgramError as error:
                problem = str(error)
                break
            if self.kernel is None and value < _NOTHING:
                break
            rounded = Rounded.of(self.shape, unknowns, self._scale)
            slack = self.slack(rounded)
            low, at = samples.descended(slack, np.concatenate([pool, extra]))
            over = max(0.0, -float(at[0]))
            near = slack(triples[len(base) :]) < _NEAR * self._scale
            new = samples.clustered(samples.distinct(low[at < _NEAR * self._scale]), rng)
            if self._cost(over) <= self._enough(value):
                shown, against = self._tried(rounded, over)
                if shown is not None:
                    return shown
                if len(against):
                    new = np.concatenate([new, against])
                    over = max(over, -float(slack(samples.triples(against)).min()))
            found.append((value - self._cost(over), over, rounded))
            extra = np.concatenate([extra[near], samples.within(new, most)])
        if not found:
            raise self._failed(problem)
        return self._lifted(*max(found, key=lambda x: x[0])[1:])

    def _enough(self, value: float) -> float:
        """What may be lost of (4): of codes, where it need but be positive, half."""
        return abs(value) * (self.tolerance if self.kernel is not None else 0.5)

    @functools.cached_property
    def _scale(self) -> float:
        """The size of p: its mean over the triples of a configuration, as another bound has it."""
        points, dim = self.shape.points, self.shape.dim
        if self.kernel is None:
            return 1 / (points - 2)
        energy = Fraction(certificates.universal(self.kernel, points, dim)["bound"])
        return (float(energy) / (points * (points - 1) / 2) + self._raised) / (points - 2)

    @functools.cached_property
    def _raised(self) -> float:
        """A constant that makes f positive, for the program's scales alone."""
        if self.kernel is None or self.kernel.positive:
            return 0.0
        return max(0.0, 1 - float(self.right(np.full((1, 3), -1.0))[0]) * (self.shape.points - 2))

    def _solved(self, triples: Floats) -> tuple[Floats, float]:
        """The program's solution, and what (4) would be."""
        right = self.right(triples) + self._raised / (self.shape.points - 2)
        unknowns = program.solve(self.shape, triples, right, self._scale, homogeneous=self.kernel is None)
        unknowns[0] -= self._raised
        return unknowns, self.shape.points / 2 * float(self.shape.objective() @ unknowns)

    def _cost(self, over: float) -> float:
        """What (4) falls by where p is lowered by so much."""
        return max(0.0, over) * (self.shape.points - 2) * self.shape.points * (self.shape.points - 1) / 2

    def slack(self, rounded: Rounded) -> Callable[[Floats], Floats]:
        """Left side less right side of (3) in floating point; a large number beyond ``most``."""
        value, most = checking.read(self.certificate(rounded)).values(), float(self.most)

        def slack(triples: Floats) -> Floats:
            found = self.right(triples) - value(triples)
            return np.where((triples <= most + samples.SLIP).all(1), found, 1e3 * self._scale)

        return slack

    def _tried(self, rounded: Rounded, over: float, times: float = 1.0) -> tuple[Rounded | None, Floats]:
        """Lowered by ``over`` and half of what may be lost, if that is shown; and angles that speak against it."""
        value = float(checking.read(self.certificate(rounded)).energy)
        spare = self._enough(value) if self.kernel is not None else max(0.0, value - self._cost(over))
        tried = rounded.lifted((over + times * spare / 2 / self._cost(1.0)) * (self.shape.points - 2))
        whole = checking.read(self.certificate(tried))
        if self.kernel is None and whole.energy <= 0:
            return None, np.zeros((0, 3))
        kernel = checking.kernel_of({"kernel": self.described}) if self.kernel is not None else None
        outcome = whole.outcome(kernel, self.most, _BOXES)
        return tried if outcome.shown else None, samples.angles(outcome.against[:_AGAINST])

    def _lifted(self, over: float, rounded: Rounded) -> Rounded:
        slack = self.slack(rounded)
        for k in range(_LIFTS):
            shown, against = self._tried(rounded, over, 4.0**k if self.kernel is not None else 1.0)
            if shown is not None:
                return shown
            if len(against):
                over = max(over, -1.2 * float(slack(samples.triples(against)).min()))
        raise self._failed(f"(3) could not be shown; the degree, {self.shape.degree}, or the rounds may be too few")

    def _failed(self, reason: str) -> NoBoundError:
        points, dim = self.shape.points, self.shape.dim
        what = f"of inner products > {self.most}" if self.kernel is None else f"of {self.kernel.label}"
        return NoBoundError(f"no three-point certificate {what} for {points} points in R^{dim}: {reason}")
