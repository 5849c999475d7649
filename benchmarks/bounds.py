"""Certified lower bounds: how near, how fast, and how fast they are checked again, in a process that has run before."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.bounds import certificates, checking, interpolation

Say = Callable[[str], None]
# Published bounds of Thomson's problem; seconds to make and check all four, and to check one.
PUBLISHED = {25: "243.638659", 50: "1054.849188", 100: "4447.479965", 200: "18436.477818"}
_FOUR, _CHECK = 5.0, 0.1
# Points -> seconds for a bound that loses 1e-5; seconds to check a code's, its relative gap, and its largest size.
_QUICK = {64: 0.1, 200: 0.3}
_CODE, _GAP, _MOST = 0.5, 1e-15, 600
# Points -> seconds to enclose a minimum of Thomson's problem.
_ENCLOSED = {32: 0.5, 100: 5.0}


def measure(say: Say) -> bool:
    """All bars but those of three-point bounds, which take minutes."""
    he.lower_bound(he.Riesz(1), 9, 3)
    return all([published(say), quick(say), attained(say), enclosed(say)])


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def published(say: Say) -> bool:
    say(f"\n{'Thomson':<8} {'certified':>22} {'published':>14} {'make':>7} {'check':>7}")
    total, good = 0.0, True
    for points, least in PUBLISHED.items():
        bound, made = _timed(lambda points=points: he.lower_bound(he.Riesz(1), points, 3))
        value, checked = _timed(lambda certificate=bound.certificate: checking.proved(certificate))
        total += made + checked
        good &= value >= Fraction(least) and checked <= _CHECK
        say(f"{points:<8} {float(value):>22.12f} {least:>14} {made:>7.3f} {checked:>7.3f}")
    say(f"all four: {total:.2f} s (at most {_FOUR:g}), a check at most {_CHECK:g} s: {'ok' if good else 'MISSED'}")
    return good and total <= _FOUR


def quick(say: Say) -> bool:
    good = True
    for points, most in _QUICK.items():
        he.lower_bound(he.Riesz(1), points, 3, tolerance=1e-5)
        bound, seconds = _timed(lambda points=points: he.lower_bound(he.Riesz(1), points, 3, tolerance=1e-5))
        best = he.lower_bound(he.Riesz(1), points, 3, degree=60)
        loss = 1 - bound.value / best.value
        good &= seconds <= most and loss <= 1e-5
        say(f"quick bound, N = {points}: {seconds:.3f} s (at most {most:g}), loss {loss:.1e}")
    return good


def attained(say: Say) -> bool:
    """Of every universal optimum that is proved here: the worst relative gap in exact arithmetic, the slowest check."""
    worst, slowest, count = Fraction(0), 0.0, 0
    for code in codes.examples():
        if code.optimality != "theorem" or not code.distribution or (code.size > _MOST and code.name != "leech"):
            continue
        kernels = [he.Riesz(s) for s in {1, 2, 3, max(1, code.dim - 2)}] + [he.Gaussian(t) for t in (0.5, 1, 4, 20)]
        for kernel in kernels:
            bound = he.lower_bound(kernel, code.size, code.dim)
            value, seconds = _timed(lambda certificate=bound.certificate: checking.proved(certificate))
            worst, slowest, count = max(worst, _gap(code, kernel, value)), max(slowest, seconds), count + 1
    say(
        f"universal optima: {count} certificates, largest relative gap {float(worst):.1e}, slowest check {slowest:.3f} s"
    )
    return worst <= Fraction(_GAP) and slowest <= _CODE


def _gap(code: codes.Code, kernel: he.Kernel, value: Fraction) -> Fraction:
    """(energy - value) / energy, from the exact inner products, rounded up."""
    with flint.ctx.workprec(interpolation.BITS):
        f = certificates.value(kernel)
        total = sum(times * f(certificates.product(x))[0] for x, times in code.distribution.items()) * code.size / 2
        mantissa, exponent = ((total - checking.ball(value)) / total).upper().man_exp()
        return int(mantissa) * Fraction(2) ** int(exponent)


def enclosed(say: Say) -> bool:
    good = True
    for points, most in _ENCLOSED.items():
        best = he.minimize(he.Energy(he.Riesz(1)), points=points, dim=3, restarts=32, seed=0)
        he.enclose(best.points, he.Riesz(1))
        found, seconds = _timed(lambda best=best: he.enclose(best.points, he.Riesz(1)))
        good &= found.minimum is True and seconds <= most
        say(
            f"Krawczyk, N = {points}: {seconds:.2f} s (at most {most:g}), minimum {found.minimum}, energy {found.energy}"
        )
    return good


def three_point(say: Say) -> bool:
    """Thomson's problem by three-point bounds: minutes."""
    good = True
    for points, (energy, most) in THREE_POINT.items():
        bound, made = _timed(lambda points=points: he.lower_bound(he.Riesz(1), points, 3, method="three-point"))
        _, checked = _timed(lambda certificate=bound.certificate: he.check_certificate(certificate))
        gap = 1 - bound.value / energy
        good &= gap <= most and checked <= 10
        say(f"three-point, N = {points}: gap {gap:.2e} (at most {most:g}), make {made:.1f} s, check {checked:.2f} s")
    return good


# Points -> the best known energy, and the bar of the relative gap.
THREE_POINT = {
    5: (6.474691495, 1e-6),
    7: (14.452977414, 3e-4),
    8: (19.675287861, 1.2e-4),
    9: (25.759986531, 3e-4),
    10: (32.716949460, 3e-4),
    11: (40.596450508, 1.3e-3),
}
