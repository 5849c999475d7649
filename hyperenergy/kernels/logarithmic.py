"""The kernel -1/2 log r = -log|x-y|."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.kernels.base import Floats, Kernel


@dataclass(frozen=True)
class Logarithmic(Kernel):
    """-1/2 log r = -log|x-y|."""

    strictly_completely_monotone = singular = kinked = True
    cusp_slope = math.inf

    def profile(self, r: Any, m: Namespace) -> Any:
        return -m.log(r) / 2

    def uniform_mean(self, dim: int) -> float:
        from scipy.special import digamma

        return -0.5 * float(math.log(4) + digamma((dim - 1) / 2) - digamma(dim - 1))

    def eigenvalues(self, dim: int, degree: int) -> Floats:
        """The derivative of Riesz' at s = 0: (k-1)! / (2 (d-1)_k) for k >= 1."""
        k = np.arange(degree + 1.0)
        rest = np.cumprod(np.append(1 / (2 * (dim - 1)), k[1:-1] / (dim - 1 + k[1:-1])))
        return np.append(self.uniform_mean(dim), rest)[: degree + 1]
