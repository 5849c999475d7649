"""Losses as torch.nn.Module: shells that store hyperparameters; the formulas are in ``formulas``.

Called on (anchors, positives), each (*batch, M, dim) with unit rows -> (*batch,).  ``formula`` is the same without
the checks of the rows, for inner loops.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal

from torch import Tensor

from hyperenergy.kernels import Gaussian, Kernel, Riesz, declared
from hyperenergy.losses import formulas
from hyperenergy.losses.base import Loss, shown
from hyperenergy.losses.checks import (
    a_kernel,
    check_alignment_kernel,
    check_pair,
    declaration,
    elementwise,
    kernel_or_none,
    number,
    one_of,
    positive_number,
    switch,
)
from hyperenergy.losses.facts import FrameFacts, KernelFacts, SoftmaxFacts


class PairLoss(Loss):
    """A loss of a batch of pairs."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared.forget(cls, PairLoss, ("alignment_term",))

    @abstractmethod
    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        """The loss, without checks of the rows."""

    def forward(self, anchors: Tensor, positives: Tensor) -> Tensor:
        check_pair(anchors, positives)
        return self.formula(anchors, positives)

    @property
    def alignment_term(self) -> tuple[float, Kernel] | None:
        """(weight, K_A) where the alignment term is -weight K_A(|u_i-v_i|^2); None for the linear ones, -s_i/tau."""
        return None


class InfoNCE(PairLoss):
    __doc__ = formulas.info_nce.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number, symmetric=switch)

    def __init__(self, temperature: float = 0.1, symmetric: bool = False) -> None:
        super().__init__(temperature=temperature, symmetric=symmetric)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.info_nce(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=False, across=True, symmetrized=self.symmetric)


class SimCLR(PairLoss):
    __doc__ = formulas.sim_clr.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.sim_clr(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=True, across=True)


class NTXent(PairLoss):
    __doc__ = formulas.nt_xent.__doc__
    positive = True
    hyperparameters = declaration(temperature=positive_number)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.nt_xent(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=True, within=True, across=True, symmetrized=True)


class DCL(PairLoss):
    __doc__ = formulas.dcl.__doc__
    hyperparameters = declaration(temperature=positive_number, within_view=switch, symmetric=switch)

    def __init__(self, temperature: float = 0.1, within_view: bool = True, symmetric: bool = False) -> None:
        super().__init__(temperature=temperature, within_view=within_view, symmetric=symmetric)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.dcl(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        tau, within = float(self.temperature), self.within_view
        return SoftmaxFacts(tau, own=False, within=within, across=True, symmetrized=self.symmetric)

    @property
    def label(self) -> str:
        cross_only = "" if self.within_view else ", within_view=False"
        symmetric = ", symmetric=True" if self.symmetric else ""
        return f"DCL(temperature={shown(self.temperature)}{cross_only}{symmetric})"


class DHEL(PairLoss):
    __doc__ = formulas.dhel.__doc__
    hyperparameters = declaration(temperature=positive_number, two_view=switch)

    def __init__(self, temperature: float = 0.1, two_view: bool = False) -> None:
        super().__init__(temperature=temperature, two_view=two_view)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.dhel(anchors, positives, **self.options)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.temperature), own=False, within=True, across=False, views=1 + self.two_view)


class KCL(PairLoss):
    __doc__ = formulas.kcl.__doc__
    hyperparameters = declaration(
        gamma=positive_number,
        two_view=switch,
        kernel=a_kernel,
        alignment_kernel=kernel_or_none,
    )

    def __init__(
        self,
        kernel: Kernel,
        gamma: float = 16.0,
        alignment_kernel: Kernel | None = None,
        two_view: bool = False,
    ) -> None:
        super().__init__(kernel=kernel, gamma=gamma, alignment_kernel=alignment_kernel, two_view=two_view)

    @classmethod
    def checked_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        checked = super().checked_options(options)
        check_alignment_kernel(checked.get("alignment_kernel"), checked["kernel"])
        return checked

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.kcl(anchors, positives, **self.options)

    def theory(self) -> KernelFacts:
        return KernelFacts(self.alignment, self.kernel, float(self.gamma), views=1 + self.two_view)

    @property
    def alignment(self) -> Kernel:
        """The kernel K_A of the alignment term."""
        return self.alignment_kernel or self.kernel

    @property
    def alignment_term(self) -> tuple[float, Kernel]:
        return (2.0 if self.two_view else 1.0), self.alignment


class PhiPsi(PairLoss):
    __doc__ = f"""{formulas.phi_psi.__doc__}
    ``convexity`` is what you know of G(x) = phi(sum_j psi(x_j)): "strict" if it is convex and increasing, and strictly
    convex across differences of the x_j; "weak" if only convex and increasing.  Theorem B1 speaks on your word alone.
    """
    hyperparameters = declaration(
        negatives=one_of("within", "cross"),
        convexity=one_of(None, "weak", "strict"),
        phi=elementwise,
        psi=elementwise,
    )

    def __init__(
        self,
        phi: Callable[[Tensor], Tensor],
        psi: Callable[[Tensor], Tensor],
        negatives: Literal["within", "cross"] = "within",
        convexity: Literal["weak", "strict"] | None = None,
    ) -> None:
        super().__init__(phi=phi, psi=psi, negatives=negatives, convexity=convexity)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.phi_psi(anchors, positives, phi=self.phi, psi=self.psi, negatives=self.negatives)


class AlignUniform(PairLoss):
    __doc__ = formulas.align_uniform.__doc__
    hyperparameters = declaration(alpha=positive_number, t=positive_number, weight=positive_number)

    def __init__(self, alpha: float = 2.0, t: float = 2.0, weight: float = 1.0) -> None:
        super().__init__(alpha=alpha, t=t, weight=weight)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.align_uniform(anchors, positives, **self.options)

    def theory(self) -> KernelFacts:
        alignment, kernel = Riesz(-float(self.alpha)), Gaussian(float(self.t))
        return KernelFacts(alignment, kernel, float(self.weight), logarithm=True, symmetrized=True)

    @property
    def alignment_term(self) -> tuple[float, Kernel]:
        return 1.0, Riesz(-self.alpha)


class SpectralContrastive(PairLoss):
    __doc__ = formulas.spectral_contrastive.__doc__

    def __init__(self) -> None:
        super().__init__()

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.spectral_contrastive(anchors, positives)

    def theory(self) -> FrameFacts:
        return FrameFacts(attraction=2.0)


class SigLIP(PairLoss):
    __doc__ = formulas.sig_lip.__doc__
    positive = True
    hyperparameters = declaration(scale=positive_number, bias=number)

    def __init__(self, scale: float = 10.0, bias: float = -10.0) -> None:
        super().__init__(scale=scale, bias=bias)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.sig_lip(anchors, positives, **self.options)
