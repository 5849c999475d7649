"""The kernel exp(-t r), t > 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.arithmetic.numbers import Number, to_float
from hyperenergy.arithmetic.special import log_0f1, log_products
from hyperenergy.checks import positive
from hyperenergy.kernels.base import Floats, Kernel, tidy


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

    def with_slope(self, r: Tensor) -> tuple[Tensor, Tensor]:
        t = to_float(self.t)
        value = (r * -t).exp_()
        return value, value * -t

    def steeper(self, factor: float) -> Kernel:
        return Gaussian(tidy(to_float(self.t) * factor))

    def log_uniform_mean(self, dim: int) -> float:
        return float(log_0f1(dim / 2, to_float(self.t) ** 2, scaled=True))

    def eigenvalues(self, dim: int, degree: int) -> Floats:
        """E[e^{2tT} P_k(T)] = t^k / (d/2)_k 0F1(; k+d/2; t^2)."""
        t, k = to_float(self.t), np.arange(degree + 1.0)
        logs = log_products(np.log(t) - np.log(dim / 2 + k[:-1]))
        return np.asarray(np.exp(log_0f1(k + dim / 2, t * t, scaled=True) + logs))
