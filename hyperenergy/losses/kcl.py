"""KCL: two kernels.  Formula, module and facts."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hyperenergy.geometry.sphere import Points, squared_distance
from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import (
    a_kernel,
    check_alignment_kernel,
    declaration,
    kernel_or_none,
    positive_number,
    switch,
)
from hyperenergy.losses.engine.kernel_sums import kernel_sums
from hyperenergy.losses.facts import KernelFacts
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.learnable import Learnable
from hyperenergy.losses.log_space import Loss


def kcl(
    anchors: Points,
    positives: Points,
    *,
    kernel: Kernel,
    gamma: float = 16.0,
    alignment_kernel: Kernel | None = None,
    two_view: bool = False,
    batch: Batch = ALONE,
) -> Loss:
    """KCL: -mean_i K_A(u_i,v_i) + gamma mean_{i!=j} K_U(u_i,u_j), K_A = K_U = ``kernel`` unless given.

    two_view, the form of the authors' code: -2 mean K_A + gamma (mean_{i!=j} K_U(u) + mean_{i!=j} K_U(v)).
    Negatives: other points of the same view, in a mean over pairs.  One-sided, two_view symmetric.  "none": one per pair.
    Source: Koromilas et al. 2024.  Minima (B2): at M <= d+1 an aligned simplex, -K_A(0) + gamma K_U(2M/(M-1)), and any
    universally optimal code.  The expected value does not depend on M (E3).
    """
    value = -batch.total((alignment_kernel or kernel)(squared_distance(anchors, positives)))
    energy = kernel_sums(anchors, kernel, batch)
    if two_view:
        value, energy = 2 * value, energy + kernel_sums(positives, kernel, batch)
    return batch.reduced(value + gamma * batch.over_negatives(energy, anchors), anchors)


class KCL(PairLoss):
    __doc__ = kcl.__doc__
    takes_negatives = False
    hyperparameters = declaration(
        gamma=positive_number,
        two_view=switch,
        kernel=a_kernel,
        alignment_kernel=kernel_or_none,
    )

    def __init__(
        self,
        kernel: Kernel,
        gamma: Learnable = 16.0,
        alignment_kernel: Kernel | None = None,
        two_view: bool = False,
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(
            kernel=kernel,
            gamma=gamma,
            alignment_kernel=alignment_kernel,
            two_view=two_view,
            normalize=normalize,
            reduction=reduction,
        )

    @classmethod
    def checked_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        checked = super().checked_options(options)
        check_alignment_kernel(checked.get("alignment_kernel"), checked["kernel"])
        return checked

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return kcl(anchors, positives, **self.options, batch=batch)

    def theory(self) -> KernelFacts:
        return KernelFacts(self.alignment, self.kernel, float(self.gamma), views=1 + self.two_view)

    @property
    def alignment(self) -> Kernel:
        """The kernel K_A of the alignment term."""
        return self.alignment_kernel or self.kernel

    @property
    def alignment_term(self) -> tuple[float, Kernel]:
        return (2.0 if self.two_view else 1.0), self.alignment
