"""Kernels: functions kappa(r) of the squared distance r = |x-y|^2 in [0, 4].

Each kernel is a frozen dataclass with one formula, ``profile(r, m)``, that reads tensors, arrays, symbols or balls
depending on the namespace ``m``.  Parameters are kept as given (int, Fraction, float, or a string such as "1/3").

A kernel is *completely monotone* (CM) if (-1)^k kappa^(k) >= 0 on (0, 4] for all k; adding a constant changes neither
minimizers nor the sign of any derivative, so "up to a constant" is left out below.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor

from hyperenergy.errors import ArgumentError, integer
from hyperenergy.namespaces import Namespace, Number, TorchNamespace, to_float


def positive(name: str, value: Number) -> float:
    """The float value of a parameter that must be finite and > 0; ArgumentError otherwise."""
    number = finite(name, value)
    if number <= 0:
        raise ArgumentError(name, repr(value), "must be a finite number > 0")
    return number


def finite(name: str, value: Number) -> float:
    """The float value of a parameter that must be a finite number; ArgumentError otherwise."""
    try:
        number = to_float(getattr(value, "item", lambda: value)())  # NumPy's and torch's scalars are numbers, too
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentError(name, repr(value), "must be a finite number")
    return number


def _tidy(number: float) -> Number:
    """An int where it is one: labels read Riesz(s=2), not s=2.0."""
    return int(number) if number == int(number) else number


@dataclass(frozen=True)
class Kernel(ABC):
    """A function of the squared distance.  ``kernel(r)`` maps a tensor of r to a tensor of the same shape."""

    @abstractmethod
    def profile(self, r: Any, m: Namespace) -> Any:
        """kappa(r) in the number system of ``m``."""

    def __call__(self, r: Tensor) -> Tensor:
        return self.profile(r, TorchNamespace)

    def log_profile(self, r: Any, m: Namespace) -> Any:
        """log kappa(r) of a positive kernel; kernels that span more than the range of float64 have a formula of their own."""
        return m.log(self.profile(r, m))

    def steeper(self, factor: float) -> Kernel | None:
        """The kernel of the same family whose parameter makes it steeper by this factor (softer below 1), if there is one."""
        return None

    @property
    def strictly_completely_monotone(self) -> bool:
        """All derivatives alternate strictly in sign: the hypothesis of Cohn and Kumar, with uniqueness.

        False unless a kernel says otherwise, so that no theorem speaks of a kernel that has not been examined.
        """
        return False

    @property
    def completely_monotone(self) -> bool:
        """The derivatives alternate weakly in sign."""
        return self.strictly_completely_monotone

    @property
    def strictly_convex_decreasing(self) -> bool:
        """The hypothesis on the energy kernel of B2(a)."""
        return self.strictly_completely_monotone

    @property
    def singular(self) -> bool:
        """kappa(r) -> +infinity as r -> 0."""
        return False

    @property
    def positive(self) -> bool:
        """kappa > 0 everywhere: energies can be compared relatively, however small."""
        return False

    @property
    def cusp_slope(self) -> float:
        """-d kappa / d|x-y| at |x-y| = 0+: 0 for a smooth kernel, > 0 (perhaps infinite) where there is a cusp."""
        return 0.0

    @property
    def kinked(self) -> bool:
        """d kappa / dr is infinite at r = 0: the second derivative in the points, if not the first, does not exist."""
        return self.cusp_slope > 0

    @property
    def label(self) -> str:
        """Name and parameters as one would type them."""
        parameters = ", ".join(f"{f.name}={getattr(self, f.name)}" for f in fields(self))
        return f"{type(self).__name__}({parameters})"


@dataclass(frozen=True)
class Gaussian(Kernel):
    """exp(-t r), t > 0."""

    t: Number = 2.0

    def __post_init__(self) -> None:
        positive("t", self.t)

    @property
    def strictly_completely_monotone(self) -> bool:
        return True

    @property
    def positive(self) -> bool:
        return True

    def profile(self, r: Any, m: Namespace) -> Any:
        return m.exp(-m.number(self.t) * r)

    def log_profile(self, r: Any, m: Namespace) -> Any:
        return -m.number(self.t) * r

    def steeper(self, factor: float) -> Kernel:
        return Gaussian(_tidy(to_float(self.t) * factor))


@dataclass(frozen=True)
class Laplace(Kernel):
    """exp(-t sqrt r), t > 0: the exponential of the distance, with a cusp at coincidence."""

    t: Number = 1.0

    def __post_init__(self) -> None:
        positive("t", self.t)

    @property
    def strictly_completely_monotone(self) -> bool:
        return True

    @property
    def positive(self) -> bool:
        return True

    def profile(self, r: Any, m: Namespace) -> Any:
        return m.exp(-m.number(self.t) * m.sqrt(r))

    def log_profile(self, r: Any, m: Namespace) -> Any:
        return -m.number(self.t) * m.sqrt(r)

    def steeper(self, factor: float) -> Kernel:
        return Laplace(_tidy(to_float(self.t) * factor))

    @property
    def cusp_slope(self) -> float:
        return to_float(self.t)


@dataclass(frozen=True)
class InverseMultiquadric(Kernel):
    """c / sqrt(c^2 + r), c > 0."""

    c: Number = 1.0

    def __post_init__(self) -> None:
        positive("c", self.c)

    @property
    def strictly_completely_monotone(self) -> bool:
        return True

    @property
    def positive(self) -> bool:
        return True

    def profile(self, r: Any, m: Namespace) -> Any:
        c = m.number(self.c)
        return c / m.sqrt(c * c + r)

    def steeper(self, factor: float) -> Kernel:
        return InverseMultiquadric(_tidy(to_float(self.c) / factor))


@dataclass(frozen=True)
class Riesz(Kernel):
    """r^{-s/2} for s > 0 and -r^{-s/2} for s < 0: the s-energy, Coulomb's at s = d-2.

    CM for s > 0 and (up to a constant) for -2 < s < 0.  At s = -2 the energy depends on the centroid alone; below,
    the kernel is concave and the predictions for decreasing convex kernels fail (F1).
    """

    s: Number = 1.0

    def __post_init__(self) -> None:
        if finite("s", self.s) == 0:
            raise ArgumentError("s", repr(self.s), "must be non-zero; the limit s -> 0 is Logarithmic()")

    @property
    def _s(self) -> float:
        return to_float(self.s)

    def profile(self, r: Any, m: Namespace) -> Any:
        from fractions import Fraction

        power = m.power(r, -Fraction(self.s) / 2)
        return power if self._s > 0 else -power

    def log_profile(self, r: Any, m: Namespace) -> Any:
        return -m.number(self.s) / 2 * m.log(r)

    def steeper(self, factor: float) -> Kernel | None:
        return Riesz(_tidy(self._s * factor)) if self._s > 0 else None

    @property
    def strictly_completely_monotone(self) -> bool:
        return self._s > -2

    @property
    def completely_monotone(self) -> bool:
        return self._s >= -2

    @property
    def singular(self) -> bool:
        return self._s > 0

    @property
    def positive(self) -> bool:
        return self._s > 0

    @property
    def kinked(self) -> bool:
        return self._s > -2

    @property
    def cusp_slope(self) -> float:
        if self._s < -1:
            return 0.0
        return 1.0 if self._s == -1 else math.inf


@dataclass(frozen=True)
class Logarithmic(Kernel):
    """-1/2 log r = -log|x-y|."""

    @property
    def strictly_completely_monotone(self) -> bool:
        return True

    def profile(self, r: Any, m: Namespace) -> Any:
        return -m.log(r) / 2

    @property
    def singular(self) -> bool:
        return True

    @property
    def cusp_slope(self) -> float:
        return math.inf


@dataclass(frozen=True)
class RegularizedLogarithmic(Kernel):
    """-log(1 + t r), t > 0."""

    t: Number = 1.0

    def __post_init__(self) -> None:
        positive("t", self.t)

    @property
    def strictly_completely_monotone(self) -> bool:
        return True

    def profile(self, r: Any, m: Namespace) -> Any:
        return -m.log(1 + m.number(self.t) * r)

    def steeper(self, factor: float) -> Kernel:
        return RegularizedLogarithmic(_tidy(to_float(self.t) * factor))


@dataclass(frozen=True)
class Polynomial(Kernel):
    """(x.y + c)^degree = (1 - r/2 + c)^degree, c >= 1, degree >= 1 an integer.

    CM because x.y + c >= 0 on the sphere, but not strictly: the derivatives beyond ``degree`` vanish, so that a
    universally optimal code is a minimizer and need not be the only one (every spherical ``degree``-design is one).
    """

    degree: int = 2
    c: Number = 1.0

    def __post_init__(self) -> None:
        integer("degree", self.degree, 1)
        if finite("c", self.c) < 1:
            raise ArgumentError("c", repr(self.c), "must be >= 1, so that the kernel decreases on the whole sphere")

    def profile(self, r: Any, m: Namespace) -> Any:
        return (1 - r / 2 + m.number(self.c)) ** self.degree

    @property
    def strictly_completely_monotone(self) -> bool:
        return False

    @property
    def completely_monotone(self) -> bool:
        return True

    @property
    def strictly_convex_decreasing(self) -> bool:
        return self.degree >= 2
