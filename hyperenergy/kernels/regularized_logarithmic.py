"""The kernel -log(1 + t r), t > 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.arithmetic.numbers import Number, to_float
from hyperenergy.checks import positive
from hyperenergy.kernels.base import Kernel, tidy


@dataclass(frozen=True)
class RegularizedLogarithmic(Kernel):
    """-log(1 + t r), t > 0."""

    t: Number = 1.0

    strictly_completely_monotone = True
    singular = kinked = False
    cusp_slope = 0.0

    def __post_init__(self) -> None:
        positive("t", self.t)

    def profile(self, r: Any, m: Namespace) -> Any:
        return -m.log(1 + m.number(self.t) * r)

    def with_slope(self, r: Tensor) -> tuple[Tensor, Tensor]:
        t = to_float(self.t)
        inner = (r * t).add_(1)
        return inner.log().neg_(), inner.reciprocal_().mul_(-t)

    def steeper(self, factor: float) -> Kernel:
        return RegularizedLogarithmic(tidy(to_float(self.t) * factor))
