"""What samples of a kernel's profile say about it: which declared facts they contradict, and how it behaves at r = 0.

The k-th divided difference of a function is a value of its k-th derivative over k!, so that the differences of a completely
monotone function alternate in sign at any nodes.  Samples can refute such a fact and never prove it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from hyperenergy.arithmetic.namespaces import MpmathNamespace, Namespace, TorchNamespace

Profile = Callable[[Any, Namespace], Any]

# Windows of equidistant nodes in (0, 4], one near each scale on which a kernel may change its mind.
_WINDOWS = ((1e-6, 1e-3), (1e-3, 0.1), (0.1, 1.0), (0.5, 4.0), (2.0, 4.0), (3.5, 4.0))
_NODES, _ORDER = 25, 12
# Twelve differences of a kernel of scale 1e-20 leave 1e-250 of its size; 400 digits see the sign.
_DIGITS = 400
# Of profiles that float64 alone can read four differences are left, and no strictness.
_COARSE_ORDER = 4


@dataclass(frozen=True)
class AtZero:
    """singular: kappa is not finite at r = 0.  slope: -d kappa / d|x-y| there, 0 where it rises.  kinked: d kappa / dr is
    infinite there.  order: the s of a growth like |x-y|^{-s}, 0 of what is finite there, and nearly so of a logarithm."""

    singular: bool
    slope: float
    kinked: bool
    order: float = 0.0


def contradiction(profile: Profile, declared: Mapping[str, Any]) -> str | None:
    """What the samples say against the facts declared (name -> value), the first found; None where they agree."""
    samples = _Samples(profile)
    for name, value in declared.items():
        if name in _SIGNS and value:
            order, least, strict = _SIGNS[name]
            found = samples.wrong_sign(least, min(order, samples.order), strict)
            if found is not None:
                return f"{name}: {found}"
    zero = at_zero(profile) if {"singular", "cusp_slope", "kinked"} & set(declared) else None
    if zero is not None:
        if declared.get("singular", zero.singular) != zero.singular:
            return f"singular: kappa is {'infinite' if zero.singular else 'finite'} at r = 0"
        slope = declared.get("cusp_slope", zero.slope)
        if not (slope == zero.slope or math.isclose(slope, zero.slope, rel_tol=1e-6)):
            return f"cusp_slope: it is {zero.slope:.6g}"
        if declared.get("kinked", zero.kinked) != zero.kinked:
            return f"kinked: d kappa / dr is {'infinite' if zero.kinked else 'finite'} at r = 0"
    return None


# Fact -> up to which order of difference, from which on, and whether strictly, the signs alternate (order 0: positive).
_SIGNS = {
    "positive": (0, 0, True),
    "decreasing": (1, 1, False),
    "strictly_decreasing": (1, 1, True),
    "strictly_convex_decreasing": (2, 1, True),
    "completely_monotone": (_ORDER, 1, False),
    "strictly_completely_monotone": (_ORDER, 1, True),
}


def at_zero(profile: Profile) -> AtZero:
    """The behavior at coincidence, read off the formula."""
    samples = _Samples(profile)
    zero = samples.at(0)
    if not samples.finite(zero):
        return AtZero(True, math.inf, True, samples.growth())
    near, nearer = samples.steps
    slopes = [(zero - samples.at(h * h)) / h for h in (near, nearer)]
    rates = [(zero - samples.at(h)) / h for h in (near, nearer)]
    slope = 0.0
    if slopes[0] > 0 and slopes[1] > 0 and not _falls(slopes, samples):
        slope = math.inf if _falls(slopes[::-1], samples) else float(slopes[1])
    return AtZero(False, slope, rates[0] != 0 and _falls([abs(x) for x in rates[::-1]], samples))


def _falls(pair: list[Any], samples: _Samples) -> bool:
    """Whether the second of two positive numbers is clearly the smaller one: powers of the step are, constants are not."""
    return bool(pair[1] < pair[0] * samples.ratio)


class _Samples:
    """Values of a profile in 400 digits, or in float64 where it reads nothing else."""

    def __init__(self, profile: Profile) -> None:
        import mpmath

        self._context = mpmath.mp.clone()
        self._context.dps = _DIGITS
        self._profile, self.precise = profile, True
        try:
            # A profile that computes in float64 on the way gives float64, and only that precision can be asked of it.
            self.precise = isinstance(self.at(1), mpmath.mpf | self._context.mpf | int)
        except Exception:  # whatever it cannot do with such numbers
            self.precise = False
        self.order = _ORDER if self.precise else _COARSE_ORDER
        self.steps: tuple[Any, Any] = (1e-3, 1e-5)
        self.ratio = 0.5
        if self.precise:
            self.steps, self.ratio = (self._context.mpf(10) ** -40, self._context.mpf(10) ** -80), 0.99

    def at(self, r: Any) -> Any:
        """kappa(r); infinite where it divides by zero."""
        if not self.precise:
            return float(self._profile(torch.tensor(float(r), dtype=torch.float64), TorchNamespace))
        try:
            return self._profile(self._context.mpf(r), MpmathNamespace(self._context))
        except ZeroDivisionError:
            return self._context.inf

    def finite(self, value: Any) -> bool:
        return bool(self._context.isfinite(value)) if self.precise else math.isfinite(value)

    def growth(self) -> float:
        """The order s of |x-y|^{-s}, from two distances at which lower orders are below its digits."""
        near, nearer = (self._context.mpf(10) ** -k for k in (30, 60))
        ratio = self._context.mpf(self.at(nearer)) / self._context.mpf(self.at(near))
        return float(2 * self._context.log(abs(ratio)) / self._context.log(near / nearer))

    def wrong_sign(self, least: int, most: int, strict: bool) -> str | None:
        """Where a difference of an order in least..most has not the sign (-1)^order, in words."""
        noise = self._context.mpf(10) ** (20 - _DIGITS) if self.precise else 2.0**-46
        for low, high in _WINDOWS:
            step = (self._context.mpf(high) - self._context.mpf(low)) / (_NODES - 1)
            row = [self.at(low + step * k) for k in range(_NODES)]
            if not all(map(self.finite, row)):
                return f"kappa is not finite on [{low:g}, {high:g}]"
            size = [abs(x) for x in row]
            for order in range(most + 1):
                if order:  # what round-off can do to a difference is a matter of its own nodes
                    row = [b - a for a, b in itertools.pairwise(row)]
                    size = [max(pair) for pair in itertools.pairwise(size)]
                if order < least:
                    continue
                for x, bound in zip(row, size, strict=True):
                    signed, bound = (-1) ** order * x, noise * bound * 2**order
                    if signed < -bound or (strict and self.precise and signed <= bound):
                        what = f"a difference of order {order}" if order else "kappa"
                        kind = "zero" if abs(x) <= bound else "positive" if x > 0 else "negative"
                        return f"{what} is {kind} on [{low:g}, {high:g}]"
        return None
