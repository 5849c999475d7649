"""The kernel exp(-t r), t > 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hyperenergy.arithmetic.namespaces import Namespace, Number, to_float
from hyperenergy.kernels.base import Kernel, positive, tidy


@dataclass(frozen=True)
class Gaussian(Kernel):
    """exp(-t r), t > 0."""

    t: Number = 2.0

    strictly_completely_monotone = positive = True
    singular = kinked = False
    cusp_slope = 0.0

    def __post_init__(self) -> None:
        positive("t", self.t)

    def profile(self, r: Any, m: Namespace) -> Any:
        return m.exp(-m.number(self.t) * r)

    def log_profile(self, r: Any, m: Namespace) -> Any:
        return -m.number(self.t) * r

    def steeper(self, factor: float) -> Kernel:
        return Gaussian(tidy(to_float(self.t) * factor))
