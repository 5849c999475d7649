"""The kernel (x.y + c)^degree = (1 - r/2 + c)^degree, c >= 1, degree >= 1 an integer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.arithmetic.numbers import Number
from hyperenergy.checks import finite, integer
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Kernel


@dataclass(frozen=True)
class Polynomial(Kernel):
    """(x.y + c)^degree = (1 - r/2 + c)^degree, c >= 1, degree >= 1 an integer.

    CM because x.y + c >= 0 on the sphere, but not strictly: the derivatives beyond ``degree`` vanish, so that a
    universally optimal code is a minimizer and need not be the only one (every spherical ``degree``-design is one).
    """

    degree: int = 2
    c: Number = 1.0

    completely_monotone = strictly_decreasing = True
    singular = kinked = False
    cusp_slope = 0.0

    def __post_init__(self) -> None:
        integer("degree", self.degree, 1, 2**31 - 1)
        if finite("c", self.c) < 1:
            raise ArgumentError("c", repr(self.c), "must be >= 1, so that the kernel decreases on the whole sphere")

    def profile(self, r: Any, m: Namespace) -> Any:
        return (1 - r / 2 + m.number(self.c)) ** self.degree

    @property
    def strictly_convex_decreasing(self) -> bool:
        return self.degree >= 2
