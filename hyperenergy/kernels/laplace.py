"""The kernel exp(-t sqrt r), t > 0: the exponential of the distance, with a cusp at coincidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from hyperenergy.arithmetic.namespaces import Namespace
from hyperenergy.arithmetic.numbers import Number, to_float
from hyperenergy.checks import positive
from hyperenergy.kernels.base import Kernel, tidy


@dataclass(frozen=True)
class Laplace(Kernel):
    """exp(-t sqrt r), t > 0: the exponential of the distance, with a cusp at coincidence."""

    t: Number = 1.0

    strictly_completely_monotone = positive = kinked = True
    singular = False

    def __post_init__(self) -> None:
        positive("t", self.t)

    def profile(self, r: Any, m: Namespace) -> Any:
        return m.exp(-m.number(self.t) * m.sqrt(r))

    def log_profile(self, r: Any, m: Namespace) -> Any:
        return -m.number(self.t) * m.sqrt(r)

    def with_slope(self, r: Tensor) -> tuple[Tensor, Tensor]:
        """The slope -t e^{-t d} / (2 d), d = sqrt r, is 0 at 0: see the namespace of torch."""
        t, d = to_float(self.t), r.sqrt()
        value = (d * -t).exp_()
        return value, (value * (-t / 2)).div_(d).masked_fill_(d == 0, 0.0)

    def steeper(self, factor: float) -> Kernel:
        return Laplace(tidy(to_float(self.t) * factor))

    @property
    def cusp_slope(self) -> float:
        return to_float(self.t)
