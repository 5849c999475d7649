"""The logarithm of a pair energy: the same minimizers, where the energy itself leaves the range of float64."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperenergy.arithmetic.namespaces import NumpyNamespace, TorchNamespace
from hyperenergy.energies.energy import pair_weight
from hyperenergy.geometry.sphere import project
from hyperenergy.kernels.base import Kernel
from hyperenergy.objectives.base import Energy, Objective, Rows

# A kernel is steep if it spans more than this factor, e^40, between a tenth and all of the range of r: then energies are
# ruled by the nearest pair alone, and overflow where random points are close.
_STEEP, _NEAR = 40.0, 0.1


def steep(kernel: Kernel) -> bool:
    """Whether sums over pairs of this kernel are better taken in logarithms."""
    if not kernel.positive:
        return False
    near, far = (float(kernel.log_profile(r, NumpyNamespace)) for r in (_NEAR, kernel.farthest))
    return near - far > _STEEP


@dataclass(frozen=True)
class Logarithm(Objective):
    """log of a pair energy of a positive kernel, in the energy's own pair convention.

    Its gradient is that of the energy over the energy, so that the relative gradient norm is the energy's.
    """

    energy: Energy

    def value(self, z: Rows) -> Tensor:
        rows = z.shape[-2]
        i, j = torch.triu_indices(rows, rows, 1, device=z.device)
        r = (z[..., i, :] - z[..., j, :]).square().sum(-1)
        logs = self.energy.kernel.log_profile(r, TorchNamespace)
        return torch.logsumexp(logs, -1) + math.log(2 * pair_weight(self.energy.pairs, rows))

    @property
    def logarithmic(self) -> bool:
        return True

    def value_and_gradient(self, z: Rows) -> tuple[Tensor, Rows, Tensor]:
        """As that of any objective, but the scale's unit is 1: the value's own is that of no logarithm."""
        z = z.detach().requires_grad_(True)
        with torch.enable_grad():
            value = self.value(z)
            (ambient,) = torch.autograd.grad(value.sum(), z)
        scale = (ambient.square().sum((-2, -1)) + 1 / z.shape[-2]).sqrt()
        return value.detach(), project(z.detach(), ambient), scale

    @property
    def label(self) -> str:
        return f"log {self.energy.label}"


def logarithmic(objective: Objective) -> Objective:
    """The objective's logarithm where the range demands it, else the objective."""
    if type(objective) is Energy and steep(objective.kernel):
        return Logarithm(objective)
    return objective
