"""Kernels of lines: functions of |x.y|, that do not tell x from -x."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.arithmetic.namespaces import Namespace, NumpyNamespace
from hyperenergy.errors import ArgumentError
from hyperenergy.kernels.base import Floats, Kernel

# Eigenvalues from quadrature that are this small beside the largest are round-off.
_RESOLVED = 1e-13


@dataclass(frozen=True)
class Projective(Kernel):
    """The kernel k of lines: k at r = 2 - 2|x.y|, the squared distance of the nearer two of +-x and +-y; with ``sine`` at
    1 - (x.y)^2, the squared sine of the angle between the lines.

    Law: the value at (x, y) is that at (-x, y).
    By distance it has a kink where lines are orthogonal, a minimum of a decreasing k: minimizers are drawn to such pairs,
    and a search, which follows derivatives, ends near them without being stationary.  By sine it is as smooth as k.
    Of six lines in R^3 those through the corners of an icosahedron are best under Riesz' kernels of the sine (Cohn and
    Kumar 2007, section 8, on projective spaces); under Riesz(1) and Riesz(2) of the distance those of a cuboctahedron
    cost less, three pairs of them at right angles: 12 + 3/sqrt(2) = 14.12 against 14.27, and 13.5 against 13.57.
    Raises ArgumentError unless k is a kernel that is none of lines itself.
    """

    kernel: Kernel
    sine: bool = False

    farthest, of_lines = 2.0, True

    def __post_init__(self) -> None:
        if not isinstance(self.kernel, Kernel) or isinstance(self.kernel, Projective):
            raise ArgumentError("kernel", repr(self.kernel), "must be a kernel of points such as Riesz(s=1)")
        if not isinstance(self.sine, bool):
            raise ArgumentError("sine", repr(self.sine), "allowed: True, False")

    def _folded(self, r: Any) -> Any:
        return r * (4 - r) / 4 if self.sine else _smaller(r, 4 - r)

    def profile(self, r: Any, m: Namespace) -> Any:
        return self.kernel.profile(self._folded(r), m)

    def log_profile(self, r: Any, m: Namespace) -> Any:
        return self.kernel.log_profile(self._folded(r), m)

    def steeper(self, factor: float) -> Kernel | None:
        kernel = self.kernel.steeper(factor)
        return None if kernel is None else Projective(kernel, self.sine)

    # At r = 0 the folded distance is r to first order, and what k does there it does, too.
    @property
    def positive(self) -> bool:
        return self.kernel.positive

    @property
    def singular(self) -> bool:
        return self.kernel.singular

    @property
    def cusp_slope(self) -> float:
        return self.kernel.cusp_slope

    @property
    def kinked(self) -> bool:
        return self.kernel.kinked

    def integrable(self, dim: int) -> bool:
        return self.kernel.integrable(dim)

    def log_uniform_mean(self, dim: int) -> float | None:
        if not self.positive:
            return None
        _, r, log_weights = _half(dim)
        return float(np.logaddexp.reduce(log_weights + self.log_profile(r, NumpyNamespace)))

    def uniform_mean(self, dim: int) -> float:
        return float(self._terms(dim)[1].sum())

    def eigenvalues(self, dim: int, degree: int) -> Floats:
        """E[k P_j(T)]: zero in odd degrees, and where it is below the accuracy of the quadrature."""
        t, values = self._terms(dim)
        found = np.array(
            [values @ P if j % 2 == 0 else 0.0 for j, P in enumerate(islice(gegenbauer(t, dim), degree + 1))]
        )
        return np.where(abs(found) > _RESOLVED * abs(found).max(), found, 0.0)

    def _terms(self, dim: int) -> tuple[Floats, Floats]:
        """Nodes t and weighted values, through logarithms where the values alone overflow."""
        t, r, log_weights = _half(dim)
        if self.positive:
            return t, np.exp(log_weights + self.log_profile(r, NumpyNamespace))
        return t, np.exp(log_weights) * self.profile(r, NumpyNamespace)


@dataclass(frozen=True)
class FramePotential(Kernel):
    """(x.y)^2 = (1 - r/2)^2.

    Law: summed over ordered pairs and the diagonal it is |X^T X|_F^2 >= N^2/d, with equality at the tight frames, which
    exist for all N >= d; for N <= d its least value is N, at orthonormal vectors (Benedetto and Fickus, Finite normalized
    tight frames, Adv. Comput. Math. 18 (2003)).
    """

    singular = kinked = False
    cusp_slope = 0.0
    farthest, of_lines, unit = 2.0, True, 1.0

    def profile(self, r: Any, m: Namespace) -> Any:
        return (1 - r / 2) ** 2

    def with_slope(self, r: Tensor) -> tuple[Tensor, Tensor]:
        product = 1 - r / 2
        return product * product, -product

    def uniform_mean(self, dim: int) -> float:
        return 1 / dim

    def eigenvalues(self, dim: int, degree: int) -> Floats:
        """t^2 = 1/d + (1 - 1/d) P_2(t), and E[P_2^2] = 2 / ((d-1)(d+2)), one over the multiplicity."""
        return np.array([1 / dim, 0.0, 2 / (dim * (dim + 2)), *[0.0] * degree])[: degree + 1]


def _smaller(x: Any, y: Any) -> Any:
    """The smaller of two numbers of one number system, entry by entry."""
    if isinstance(x, Tensor):
        return torch.minimum(x, y)
    if isinstance(x, np.ndarray):
        return np.minimum(x, y)
    if hasattr(x, "free_symbols"):
        import sympy

        return sympy.Min(x, y)
    return min(x, y)


def _half(dim: int) -> tuple[Floats, Floats, Floats]:
    """The double-exponential rule in the angle theta from 0 to pi/2 between two uniform lines, whose density is
    proportional to sin^{d-2} theta: cos theta, 4 sin^2(theta/2) and logarithms of weights of sum 1.

    Powers of theta at 0 do it no harm, and at pi/2, where kernels of lines have kinks, it ends.
    """
    u = np.linspace(-5.38, 5.38, 6001)
    half = np.pi / 2 * np.sinh(u)
    theta = np.pi / 2 / (1 + np.exp(-2 * half))
    log_weights = np.log(np.cosh(u)) - 2 * np.log(np.cosh(half)) + (dim - 2) * np.log(np.sin(theta))
    return np.cos(theta), 4 * np.sin(theta / 2) ** 2, log_weights - np.logaddexp.reduce(log_weights)
