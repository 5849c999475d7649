"""Certificates of lower bounds of pair energies: proposed by a linear program or an interpolant, and kept once they hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

import flint
from flint import arb, arb_poly

from hyperenergy.arithmetic.quadratic import Quadratic
from hyperenergy.bounds import checking, interpolation, program
from hyperenergy.bounds.checking import FORMAT, TWO_POINT, CertificateError
from hyperenergy.codes import Code
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels import Kernel
from hyperenergy.kernels.base import examined
from hyperenergy.kernels.gaussian import Gaussian

Certificate = dict[str, Any]

# Degrees of linear programs: by the size, and those that are tried where more helps.
_LATER = (48, 60)
# From this tolerance on a bound is to come soon: one program, and universal bounds of up to this degree.
_QUICK, _SOON = 1e-5, 64
# Digits of coefficients behind the point, beyond those of the least value of f.
_ROUGH, _FINE = 24, 30
_LIFTS = 24
# Programs with a constraint that the one before sets.
_ROUNDS = 4


class NoBoundError(ArithmeticError):
    """No certificate was found: the program had no solution, or what it proposed could not be proved."""


def described(kernel: Kernel, *, decreasing: bool = False) -> dict[str, str]:
    """Name and parameters, exact, as a certificate has them.  ArgumentError for a kernel that has no rigorous evaluation, or
    is not completely monotone (decreasing: not decreasing)."""
    name, numbers = exact(kernel)
    if not (kernel.decreasing if decreasing else kernel.completely_monotone):
        fact = "decreasing" if decreasing else "completely monotone"
        raise ArgumentError("kernel", kernel.label, f"has no certified bounds: it is not {fact}")
    return {"name": name, **{key: str(x) for key, x in numbers.items()}}


def exact(kernel: Kernel) -> tuple[str, dict[str, Fraction]]:
    """Name and parameters, as the exact numbers that they are."""
    name = type(kernel).__name__
    if examined(kernel) is None or name not in checking.KERNELS:
        these = ", ".join(checking.KERNELS)
        raise ArgumentError("kernel", kernel.label, f"has no rigorous evaluation; these have: {these}")
    given = {field.name: getattr(kernel, field.name) for field in fields(kernel)}
    return name, {key: Fraction(x.item() if hasattr(x, "item") else x) for key, x in given.items()}


def linear(kernel: Kernel, points: int, dim: int, degree: int | None, tolerance: float) -> Certificate:
    """By the linear program of that degree; without one, from 3 sqrt N on, as long as more gains more than the tolerance."""
    if degree is not None:
        return _linear(kernel, points, dim, degree)
    first = min(_LATER[0], 4 + 3 * math.isqrt(points))
    best = _linear(kernel, points, dim, first)
    for more in _LATER:
        if tolerance >= _QUICK:
            break
        if more < 1.2 * first:
            continue
        found, before = _linear(kernel, points, dim, more), Fraction(best["bound"])
        gain = Fraction(found["bound"]) - before
        best = found if gain > 0 else best
        if gain <= tolerance * abs(before):
            break
    return best


def _linear(kernel: Kernel, points: int, dim: int, degree: int, spread: float | None = None) -> Certificate:
    digits = _ROUGH + _digits(kernel)
    try:
        h = program.solve(kernel, points, dim, degree, spread)
    except program.NoProgramError as error:
        raise NoBoundError(str(error)) from error
    unit = 1e-14 * float(abs(h).sum())
    if kernel.positive:  # lifting by what is violated where f is large would cost much where it is small
        share, least = max(0.0, program.violation(kernel, dim, h, relative=True)), kernel.profile(4.0, _Floats)
        h = h / (1 + 1.5 * share)
        unit = min(unit, 1e-14 * least) + share * least
    unit = max(unit, program.violation(kernel, dim, h), 1e-300)
    rounded = [Fraction(math.floor(Fraction(float(x)) * 10**digits), 10**digits) for x in h]
    return _lifted(kernel, points, dim, rounded, digits, (unit * 2**k for k in range(_LIFTS)))


def logarithmic(tau: Fraction, points: int, dim: int, degree: int | None) -> Certificate:
    """Of Gaussian(1/(2 tau)), with coefficients that vary so little that its logarithm is bounded, too (B21): the
    constraint K M C <= E is linear where K is held; K grows with E, so that it falls from the first program on."""
    kernel = Gaussian(str(1 / (2 * tau)))
    degree = degree or min(_LATER[0], 4 + 3 * math.isqrt(points))
    found = _linear(kernel, points, dim, degree)
    if varies_little(found, tau):
        return found
    best: Certificate | None = None
    for _ in range(_ROUNDS):
        found = _linear(kernel, points, dim, degree, _spread(found, tau) * (1 + 1e-6))
        if not varies_little(found, tau):
            break
        best = found
    if best is None:
        raise NoBoundError("no certificate of the logarithm was found")
    return best


def _bounded(certificate: Certificate) -> float:
    """E = M h_0 - h(1)."""
    return float(2 * Fraction(certificate["bound"]) / certificate["points"])


def _spread(certificate: Certificate, tau: Fraction) -> float:
    """K of B21."""
    least = (certificate["points"] - 1) * math.exp(-2 / tau)
    B = 1 - least / _bounded(certificate)
    return 0.5 if B <= 1e-6 else -math.log1p(-B * B) / (B * math.log((1 + B) / (1 - B)))


def varies_little(certificate: Certificate, tau: Fraction) -> bool:
    """Whether K M C <= E, as floating point has it."""
    C = float(sum(map(Fraction, certificate["coefficients"][1:])))
    return _spread(certificate, tau) * certificate["points"] * C < _bounded(certificate)


def of_code(kernel: Kernel, code: Code, tolerance: float) -> Certificate:
    """Of a universally optimal code, which attains it: a sharp one's inner products are Levenshtein's nodes."""
    if not code.skip:
        return universal(kernel, code.size, code.dim, tolerance)
    with flint.ctx.workprec(interpolation.BITS):
        nodes = sorted(map(product, code.distribution), key=float)
        return interpolated(kernel, code.size, code.dim, nodes, code.skip)


def product(x: Quadratic) -> arb:
    """An inner product of the catalogue."""
    return checking.ball(x.a) + checking.ball(x.b) * arb(x.D).sqrt()


def universal(kernel: Kernel, points: int, dim: int, tolerance: float = 0.0) -> Certificate:
    """The universal lower bound of Levenshtein's quadrature, which every sharp code attains; of high degrees, which take
    seconds, only where no more than the tolerance may be lost."""
    most = interpolation.MOST_DEGREE if tolerance < _QUICK else _SOON
    with flint.ctx.workprec(interpolation.BITS):
        nodes = interpolation.levenshtein_nodes(points, dim, most)
        if nodes is None:
            raise NoBoundError(f"the universal bound of {points} points in R^{dim} has too high a degree")
        return interpolated(kernel, points, dim, nodes)


def interpolated(kernel: Kernel, points: int, dim: int, nodes: Sequence[arb], skip: Sequence[int] = ()) -> Certificate:
    """By the interpolant at these nodes, rounded down."""
    with flint.ctx.workprec(interpolation.BITS):
        digits = _FINE + _digits(kernel)
        try:
            h = interpolation.interpolant(value(kernel), nodes, dim, skip)
        except ZeroDivisionError as error:  # nodes that are too close to tell
            raise NoBoundError(f"no interpolant of {kernel.label} for {points} points in R^{dim}") from error
        rounded = [interpolation.decimal(x, digits) if k not in skip else Fraction(0) for k, x in enumerate(h)]
    # A coefficient that is zero, as the one of highest degree may be, is enclosed by a ball around zero.
    rounded = [max(x, Fraction(0)) if k and x > -Fraction(2, 10**digits) else x for k, x in enumerate(rounded)]
    unit = 2.0 * len(rounded) * 10.0**-digits
    return _lifted(kernel, points, dim, rounded, digits, (unit * 1000.0**k for k in range(8)))


def value(kernel: Kernel) -> interpolation.Value:
    """f and f' at an inner product, in balls of the precision that is set."""
    name, numbers = exact(kernel)
    if name == "Polynomial":
        power = arb_poly([checking.ball(numbers["c"]), 1]) ** int(numbers["degree"])
        return lambda t: (power(t), power.derivative()(t))
    at = checking.series(name, numbers)

    def at_both(t: arb) -> tuple[arb, arb]:
        found = at(t, 2)
        return found[0], found[1]

    return at_both


def _digits(kernel: Kernel) -> int:
    """Zeros behind the point of the least value of f.  NoBoundError where that leaves float64."""
    least = abs(float(kernel.profile(4.0, _Floats)))
    if kernel.positive and not 1e-290 < least < 1e290:
        raise NoBoundError(f"{kernel.label} leaves the range of float64")
    return max(0, -math.floor(math.log10(least))) if least > 0 else 0


class _Floats:
    exp, log, sqrt = staticmethod(math.exp), staticmethod(math.log), staticmethod(math.sqrt)

    @staticmethod
    def number(value: Any) -> float:
        return float(Fraction(value))

    @staticmethod
    def power(x: float, exponent: Any) -> float:
        return x ** float(Fraction(exponent))


def _lifted(
    kernel: Kernel, points: int, dim: int, h: list[Fraction], digits: int, lifts: Iterator[float]
) -> Certificate:
    """The first certificate that holds, f lifted by one of the amounts: h_0 less it."""
    reason: Exception | None = None
    for lift in lifts:
        first = h[0] - Fraction(math.ceil(Fraction(lift) * 10**digits), 10**digits)
        certificate = _certificate(kernel, points, dim, [first, *h[1:]])
        try:
            checking.proved(certificate)
        except CertificateError as error:
            reason = error
        else:
            return certificate
    raise NoBoundError(f"no certificate of {kernel.label} for {points} points in R^{dim}: {reason}")


def _certificate(kernel: Kernel, points: int, dim: int, h: list[Fraction]) -> Certificate:
    value = (points * points * h[0] - points * sum(h)) / 2
    return {
        "format": FORMAT,
        "kind": TWO_POINT,
        "kernel": described(kernel),
        "points": points,
        "dim": dim,
        "bound": decimal(value),
        "coefficients": [_exact(x) for x in h],
    }


def decimal(value: Fraction, digits: int = 30) -> str:
    """So many significant digits, rounded down."""
    if value == 0:
        return "0"
    # (Of what leaves float64, too, to within one digit.)
    places = digits - (len(str(abs(value.numerator))) - len(str(value.denominator)))
    if places <= 0:
        return str(math.floor(value))
    return _exact(Fraction(math.floor(value * 10**places), 10**places))


def _exact(x: Fraction) -> str:
    """Of a decimal fraction, all of its digits."""
    places, scaled = 0, x
    while scaled.denominator != 1:
        step = max(1, (scaled.denominator.bit_length() - 1) // 4)
        places, scaled = places + step, scaled * 10**step
    text = str(abs(scaled.numerator)).rjust(places + 1, "0")
    whole, part = (text[:-places], text[-places:].rstrip("0")) if places else (text, "")
    return ("-" if x < 0 else "") + whole + (f".{part}" if part else "")
