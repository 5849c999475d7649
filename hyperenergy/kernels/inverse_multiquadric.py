"""The kernel c / sqrt(c^2 + r), c > 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hyperenergy.arithmetic.namespaces import Namespace, Number, to_float
from hyperenergy.kernels.base import Kernel, positive, tidy


@dataclass(frozen=True)
class InverseMultiquadric(Kernel):
    """c / sqrt(c^2 + r), c > 0."""

    c: Number = 1.0

    strictly_completely_monotone = positive = True
    singular = kinked = False
    cusp_slope = 0.0

    def __post_init__(self) -> None:
        positive("c", self.c)

    def profile(self, r: Any, m: Namespace) -> Any:
        c = m.number(self.c)
        return c / m.sqrt(c * c + r)

    def steeper(self, factor: float) -> Kernel:
        return InverseMultiquadric(tidy(to_float(self.c) / factor))
