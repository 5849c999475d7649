"""The kernel -1/2 log r = -log|x-y|."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.kernels.base import Kernel


@dataclass(frozen=True)
class Logarithmic(Kernel):
    """-1/2 log r = -log|x-y|."""

    strictly_completely_monotone = singular = kinked = True
    cusp_slope = math.inf

    def profile(self, r: Any, m: Namespace) -> Any:
        return -m.log(r) / 2
