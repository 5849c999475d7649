"""The check of a certificate: exact arithmetic and balls, no search, no solver, no floating point.

For N unit vectors of R^d and a polynomial h = sum_k h_k P_k (P_k the Gegenbauer polynomials of the sphere, P_k(1) = 1)
with h_k >= 0 for k >= 1 and h(t) <= f(t) on [-1, 1), f the kernel as a function of the inner product t,

    sum_{i<j} f(x_i.x_j) >= (N^2 h_0 - N h(1)) / 2,

because sum_{i,j} P_k(x_i.x_j) >= 0 (Delsarte and Yudin).  A certificate lists the h_k as exact numbers.  What is shown
here is h <= f, by polynomials that are nonnegative on [0, 1], which Descartes' rule decides after bisection:

- Riesz kernels with an integer s > 0: f = rho^-s with rho = |x-y|, and 1 - rho^s h(1 - rho^2/2) is a polynomial;
- polynomial kernels: f - h itself;
- all others here are completely monotone up to a constant, so that f is absolutely monotone in t: from any a on, all
  terms of its Taylor series are nonnegative for t >= a, and the series broken off anywhere is a lower bound, also where f
  is singular at t = 1.  Its coefficients are enclosed in balls and rounded down.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import flint
from flint import arb, arb_series, fmpq, fmpq_poly, fmpz_poly

FORMAT = "hyperenergy certificate 1"
TWO_POINT, KERNEL_LOSS = "two-point", "kernel loss"
SOFTMAX_LOSS, LOGARITHM = "softmax loss", "logarithm"
# Bits of the balls; terms of a Taylor series beyond the degree of h; halvings of an interval.
_BITS, _BEYOND, _DEPTH, _PIECES = 320, 12, 320, 30
MOST_DEGREE, _MOST_DIGITS, _MOST_SIZE = 400, 400, 10**12
_NUMBER = re.compile(r"(-?\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?|(-?\d+)/(\d+)", re.ASCII)


class CertificateError(ValueError):
    """A certificate that is none, or that does not prove what it claims."""


def proved(certificate: Any) -> Fraction:
    """The lower bound that the certificate proves, at least what it claims: of sum_{i<j} f(x_i.x_j), or of a loss.
    CertificateError, with the field and the reason, where it proves less."""
    fields = _object(certificate, "certificate", ("format", "kind", "bound"))
    claimed, value = rational(fields["bound"], "bound"), proves(fields)
    if claimed > value:
        raise CertificateError(f"bound: got {_shown(fields['bound'])}; what is proved is {about(value)} and no more")
    return value


def proves(certificate: Any) -> Fraction:
    """``proved``, whatever is claimed."""
    fields = _object(certificate, "certificate", ("format", "kind"))
    if fields["format"] != FORMAT:
        raise CertificateError(f"format: got {_shown(fields['format'])}; must be {FORMAT!r}")
    kind = fields["kind"]
    if not isinstance(kind, str) or kind not in _KINDS:
        raise CertificateError(f"kind: got {_shown(kind)}; must be {' or '.join(map(repr, _KINDS))}")
    with flint.ctx.workprec(_BITS):
        return _KINDS[kind](fields)


def _two_point(fields: Mapping[str, Any]) -> Fraction:
    fields = _object(fields, "certificate", ("kernel", "points", "dim", "coefficients"))
    points, dim = _integer(fields["points"], "points"), _integer(fields["dim"], "dim")
    h = _coefficients(fields["coefficients"])
    for k, x in enumerate(h[1:], 1):
        if x < 0:
            raise CertificateError(f"coefficients: number {k} is {about(x)}; must be nonnegative from number 1 on")
    name, numbers = _kernel(fields["kernel"], "kernel")
    _below(name, numbers, _polynomial(h, dim))
    return (points * points * h[0] - points * sum(h)) / 2


def _kernel_loss(fields: Mapping[str, Any]) -> Fraction:
    """-attraction K_A(0) + weight E, E the mean energy over pairs or its logarithm: no batch falls below, as K_A is largest
    at 0."""
    fields = _object(fields, "certificate", ("attraction", "weight", "logarithm", "alignment", "energy"))
    attraction, weight = (rational(fields[name], name) for name in ("attraction", "weight"))
    if attraction < 0 or weight < 0:
        raise CertificateError("attraction, weight: must be nonnegative")
    energy = _object(fields["energy"], "energy", ("kind", "points"))
    if energy["kind"] != TWO_POINT:
        raise CertificateError(f"energy: kind: got {_shown(energy['kind'])}; must be {TWO_POINT!r}")
    least, points = proved(energy), energy["points"]
    mean = 2 * least / (points * (points - 1))
    if fields["logarithm"] is True:
        if mean <= 0:
            raise CertificateError("energy: its bound must be positive, as its logarithm is taken")
        return _down(ball(weight) * ball(mean).log() - ball(attraction) * _largest(fields["alignment"]))
    if fields["logarithm"] is not False:
        raise CertificateError(f"logarithm: got {_shown(fields['logarithm'])}; must be true or false")
    return _down(ball(weight * mean) - ball(attraction) * _largest(fields["alignment"]))


def _largest(kernel: Any) -> arb:
    """K_A at coincidence, where it is largest."""
    name, numbers = _kernel(kernel, "alignment")
    if name == "Polynomial" and numbers["c"] >= 0:  # below 0 an even power may be larger at t = -1
        return ball((1 + numbers["c"]) ** _power_of(numbers))
    if (name == "Riesz" and numbers["s"] < 0) or (name == "RegularizedLogarithmic" and numbers["t"] > 0):
        return arb(0)
    if name in ("Gaussian", "Laplace", "InverseMultiquadric") and all(x > 0 for x in numbers.values()):
        return arb(1)
    raise CertificateError(f"alignment: {name} with these parameters is not finite at coincidence, or not decreasing")


def _softmax_loss(fields: Mapping[str, Any]) -> Fraction:
    """B1's value, which no batch falls below, of any size in any dimension: convexity and unit vectors are all it takes.

    One sided: log(own + copies (M-1) e^{-M/((M-1) tau)}), copies = within + across; with the logarithm once more, for the
    positives, and negatives within the views alone, 2 log(M-1) - (M+1)/((M-1) tau).
    """
    flags = ("own", "within", "across")
    fields = _object(fields, "certificate", ("points", "temperature", "views", *flags))
    points, tau = _integer(fields["points"], "points"), rational(fields["temperature"], "temperature")
    if tau <= 0 or any(type(fields[name]) is not bool for name in flags):
        raise CertificateError("temperature, own, within, across: must be positive, and true or false")
    own, within, across = (fields[name] for name in flags)
    views, copies = _views(fields), within + across
    if copies == 0 or (views == 2 and (own or across)):
        raise CertificateError("own, within, across: no bound of such a loss is known here")
    sums, steep = arb(copies * (points - 1)), 1 / ball(tau * (points - 1))
    if views == 2:
        return _down(2 * sums.log() - (points + 1) * steep)
    if own:
        return _down((1 + sums * (-points * steep).exp()).log())
    return _down(sums.log() - points * steep)


def _logarithm(fields: Mapping[str, Any]) -> Fraction:
    """A lower bound of DHEL, of any size in any dimension, by the certificate of the energy under its logarithms (B21).

    With f = e^{(t-1)/tau}, E = M h_0 - h(1) > 0 and C = h(1) - h_0, the sums Z_i = sum_{j != i} f >= z = (M-1) e^{-2/tau}
    have mean log Z_i >= log E if z >= E, or if K M C < E for K = -log(1-B^2) / (B log((1+B)/(1-B))), B = 1 - z/E: see
    proofs_check/b21.py.  DHEL is mean log Z_i + mean (1 - s_i)/tau; with both views a second mean and 1/tau more.
    """
    fields = _object(fields, "certificate", ("temperature", "views", "energy"))
    energy = _object(fields["energy"], "energy", ("kind", "kernel", "points", "coefficients"))
    tau, views = rational(fields["temperature"], "temperature"), _views(fields)
    if tau <= 0:
        raise CertificateError("temperature: must be positive")
    if energy["kind"] != TWO_POINT or _kernel(energy["kernel"], "kernel") != ("Gaussian", {"t": 1 / (2 * tau)}):
        raise CertificateError("energy: must be a two-point certificate of Gaussian(1/(2 temperature))")
    proved(energy)
    h, points = _coefficients(energy["coefficients"]), energy["points"]
    E, C = ball(points * h[0] - sum(h)), ball(sum(h[1:], Fraction(0)))
    least = (points - 1) * (-2 / ball(tau)).exp()
    if not E > 0:
        raise CertificateError("energy: M h_0 - h(1) must be positive")
    if not least >= E:
        B = 1 - least / E
        K = -(1 - B * B).log() / (B * ((1 + B) / (1 - B)).log())
        if not K * points * C < E:
            raise CertificateError("energy: its coefficients vary too much under the logarithm: K M C < E is not shown")
    return _down(views * E.log() + ball((views - 1) / tau))


_KINDS = {TWO_POINT: _two_point, KERNEL_LOSS: _kernel_loss, SOFTMAX_LOSS: _softmax_loss, LOGARITHM: _logarithm}


# What was read


def _object(value: Any, name: str, fields: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise CertificateError(f"{name}: got {_shown(value)}; must be an object")
    if missing := [field for field in fields if field not in value]:
        raise CertificateError(f"{name}: {missing[0]} is missing")
    return value


def _integer(value: Any, name: str) -> int:
    if type(value) is not int or not 2 <= value <= _MOST_SIZE:
        raise CertificateError(f"{name}: got {_shown(value)}; must be an integer >= 2 (and at most {_MOST_SIZE})")
    return value


def _views(fields: Mapping[str, Any]) -> int:
    views = fields["views"]
    if type(views) is not int or views not in (1, 2):
        raise CertificateError(f"views: got {_shown(views)}; must be 1 or 2")
    return views


def rational(value: Any, name: str) -> Fraction:
    """A decimal or a fraction, as a text: 3, -0.25, 1.5e-7, 1/3."""
    found = _NUMBER.fullmatch(value) if isinstance(value, str) and len(value) <= _MOST_DIGITS else None
    if found is None or (found[5] is not None and int(found[5]) == 0):
        raise CertificateError(
            f'{name}: got {_shown(value)}; must be an exact number as a text, such as "0.125" or "1/3"'
        )
    return Fraction(value)


def _coefficients(value: Any) -> list[Fraction]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_DEGREE + 1:
        raise CertificateError(f"coefficients: got {_shown(value)}; must be a list of 1 to {MOST_DEGREE + 1} numbers")
    return [rational(x, f"coefficients: number {k}") for k, x in enumerate(value)]


def about(x: Fraction) -> str:
    """For a message: a float, where there is one."""
    try:
        return repr(float(x))
    except OverflowError:
        return "a number beyond float64"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# h and f


def gegenbauer(dim: int) -> Iterator[fmpq_poly]:
    """P_0, P_1, ...: (2k+d-2) t P_k = (k+d-2) P_{k+1} + k P_{k-1}.  Not that of ``arithmetic``, with which bounds are
    proposed: an error there cannot forge a certificate."""
    t = fmpq_poly([0, 1])
    before, now, k = fmpq_poly([1]), t, 1
    yield before
    while True:
        yield now
        before, now = now, (t * now * (2 * k + dim - 2) - before * k) / (k + dim - 2)
        k += 1


def _polynomial(h: list[Fraction], dim: int) -> fmpq_poly:
    """sum_k h_k P_k."""
    total = fmpq_poly([])
    for x, P in zip(h, gegenbauer(dim), strict=False):
        total += P * _rational(x)
    return total


def _below(name: str, numbers: Mapping[str, Fraction], h: fmpq_poly) -> None:
    """Show h <= f on [-1, 1)."""
    s = numbers.get("s", Fraction(0))
    if name == "Riesz" and s > 0 and s.denominator == 1 and s <= MOST_DEGREE:
        polynomial = _riesz(h, int(s))
    elif name == "Polynomial":
        polynomial = _mapped(_power(numbers) - h)
    else:
        return _below_series(series(name, numbers), h)
    if not nonnegative(polynomial):
        raise CertificateError("coefficients: h <= f does not hold on all of [-1, 1)")
    return None


def _kernel(kernel: Any, field: str) -> tuple[str, dict[str, Fraction]]:
    name = _object(kernel, field, ("name",))["name"]
    if not isinstance(name, str) or name not in KERNELS:
        raise CertificateError(f"{field}: got {_shown(name)}; checked are {', '.join(KERNELS)}")
    given = _object(kernel, field, ("name", *KERNELS[name]))
    numbers = {key: rational(given[key], f"{field}: {key}") for key in KERNELS[name]}
    if further := sorted(set(given) - {"name", *numbers}):
        raise CertificateError(f"{field}: {further[0]} is no parameter of {name}")
    return name, numbers


# Name -> parameters.
KERNELS = {
    "Riesz": ("s",),
    "Logarithmic": (),
    "Gaussian": ("t",),
    "Laplace": ("t",),
    "InverseMultiquadric": ("c",),
    "RegularizedLogarithmic": ("t",),
    "Polynomial": ("degree", "c"),
}


def _riesz(h: fmpq_poly, s: int) -> fmpq_poly:
    """rho^s (f - h), up to a positive factor, on [0, 1]: in t = 2x - 1 where s is even, in rho = 2x where it is odd."""
    if s % 2 == 0:
        return 1 - _mapped(h) * fmpq_poly([4, -4]) ** (s // 2)
    return 1 - h(fmpq_poly([1, 0, -2])) * fmpq_poly([0, 2]) ** s


def _mapped(p: fmpq_poly) -> fmpq_poly:
    """From [-1, 1] to [0, 1]."""
    return p(fmpq_poly([-1, 2]))


def _power(numbers: Mapping[str, Fraction]) -> fmpq_poly:
    """(t + c)^degree; no sign is asked for, because f - h is looked at itself."""
    return fmpq_poly([_rational(numbers["c"]), 1]) ** _power_of(numbers)


def _power_of(numbers: Mapping[str, Fraction]) -> int:
    degree = numbers["degree"]
    if degree.denominator != 1 or not 1 <= degree <= MOST_DEGREE:
        raise CertificateError(f"kernel: degree: got {degree}; must be an integer from 1 to {MOST_DEGREE}")
    return int(degree)


Series = Callable[[Any, int], arb_series]


def series(name: str, numbers: Mapping[str, Fraction]) -> Series:
    """f(a + x) in powers of x, so many of them, for a in [-1, 1); absolutely monotone up to a constant."""
    balls = {key: ball(x) for key, x in numbers.items()}
    key, number = next(iter(numbers.items()), ("", Fraction(1)))
    if number <= 0 and not (name == "Riesz" and -2 <= number < 0):
        raise CertificateError(f"kernel: {key}: got {number}; f must be absolutely monotone")

    def at(a: Any, length: int) -> arb_series:
        r = arb_series([2 - 2 * arb(a), -2], prec=length)
        if name == "Riesz":
            return (r.log() * (-balls["s"] / 2)).exp() * (1 if number > 0 else -1)
        if name == "Logarithmic":
            return r.log() / -2
        if name == "Gaussian":
            return (r * -balls["t"]).exp()
        if name == "Laplace":
            return (r.sqrt() * -balls["t"]).exp()
        if name == "InverseMultiquadric":
            return (r + balls["c"] ** 2).rsqrt() * balls["c"]
        return -(r * balls["t"] + 1).log()

    return at


# Nonnegative polynomials


def _below_series(at: Series, h: fmpq_poly) -> None:
    """h <= f piece by piece: on each the Taylor polynomial of f at its left end less h is nonnegative.  Pieces halve 1 - t;
    where a piece's polynomial falls below zero, the series is begun again at its middle."""
    length = h.degree() + _BEYOND
    ends = [fmpq(-1), *(1 - fmpq(1, 2**j) for j in range(4)), fmpq(1)]
    pieces = [(a, b, 0) for a, b in itertools.pairwise(ends)]
    while pieces:
        a, b, depth = pieces.pop()
        lower = fmpq_poly([_rational(_down(x)) for x in _terms(at(a, length), length)])
        difference = (lower - h(fmpq_poly([a, 1])))(fmpq_poly([0, b - a]))
        if nonnegative(difference):
            continue
        middle = (a + b) / 2
        value = _terms(at(middle, 1), 1)[0]
        if value < arb(h(middle)) or depth >= _PIECES:
            near = float(Fraction(int(middle.p), int(middle.q)))
            raise CertificateError(f"coefficients: h <= f could not be shown near the inner product {near}")
        pieces += [(a, middle, depth + 1), (middle, b, depth + 1)]


def _rational(x: Fraction) -> fmpq:
    return fmpq(x.numerator, x.denominator)


def _terms(f: arb_series, length: int) -> list[arb]:
    found = [f[k] for k in range(length)]
    if not all(x.is_finite() for x in found):
        raise CertificateError("kernel: its values could not be enclosed")
    return found


def ball(x: Fraction) -> arb:
    return arb(_rational(x))


def _down(x: arb) -> Fraction:
    """A rational that is no larger."""
    mantissa, exponent = x.lower().man_exp()
    return int(mantissa) * Fraction(2) ** int(exponent)


def nonnegative(polynomial: fmpq_poly) -> bool:
    """Whether it is >= 0 on [0, 1]: shown on halves of halves by Descartes' rule (the coefficients of (1+x)^n p(1/(1+x)),
    which has the signs of p on (0, 1), are nonnegative); refuted by a value below zero; False, too, where neither comes
    soon."""
    p, shift = polynomial.numer(), fmpz_poly([1, 1])
    parts = [(p, 0)]
    while parts:
        p, depth = parts.pop()
        n = p.degree()
        coefficients = p.coeffs()
        if n <= 0:
            if n == 0 and coefficients[0] < 0:
                return False
            continue
        if all(x >= 0 for x in fmpz_poly(coefficients[::-1])(shift).coeffs()):
            continue
        left = fmpz_poly([x << (n - k) for k, x in enumerate(coefficients)])
        right = left(shift)
        if coefficients[0] < 0 or right[0] < 0 or depth >= _DEPTH:
            return False
        parts += [(right, depth + 1), (left, depth + 1)]
    return True
