"""Losses as torch.nn.Module: shells that store hyperparameters; the formulas are in ``formulas``.

Called on (anchors, positives), each (*batch, M, dim) with unit rows -> (*batch,).  ``formula`` is the same without
the checks of the rows, for inner loops.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hyperenergy.kernels import Kernel, Riesz
from hyperenergy.losses import formulas
from hyperenergy.losses.checks import check_hyperparameters, check_pair


class PairLoss(torch.nn.Module, ABC):
    """A loss of a batch of pairs, with its hyperparameters in ``options``."""

    # Values lie in (0, inf) and are computed to full relative accuracy, however small.
    positive: ClassVar[bool] = False

    def __init__(self, **options: Any) -> None:
        super().__init__()
        check_hyperparameters(**options)
        self.options = options

    def __getattr__(self, name: str) -> Any:
        options = self.__dict__.get("options", {})
        return options[name] if name in options else super().__getattr__(name)

    @abstractmethod
    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        """The loss, without checks of the rows."""

    def forward(self, anchors: Tensor, positives: Tensor) -> Tensor:
        check_pair(anchors, positives)
        return self.formula(anchors, positives)

    @property
    def cusp_slope(self) -> float:
        """d loss_i / d|u_i - v_i| at coincidence of the alignment term of one pair; 0 where the loss is smooth."""
        return 0.0

    @property
    def label(self) -> str:
        """Name and hyperparameters as one would type them."""
        shown = [
            f"{name}={value.label if isinstance(value, Kernel) else getattr(value, '__name__', value)}"
            for name, value in self.options.items()
            if value is not None and value is not False
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def extra_repr(self) -> str:
        return self.label.partition("(")[2][:-1]


class InfoNCE(PairLoss):
    __doc__ = formulas.info_nce.__doc__
    positive = True

    def __init__(self, temperature: float = 0.1, symmetric: bool = False) -> None:
        super().__init__(temperature=temperature, symmetric=symmetric)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.info_nce(anchors, positives, **self.options)


class SimCLR(PairLoss):
    __doc__ = formulas.sim_clr.__doc__
    positive = True

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.sim_clr(anchors, positives, **self.options)


class NTXent(PairLoss):
    __doc__ = formulas.nt_xent.__doc__
    positive = True

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature=temperature)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.nt_xent(anchors, positives, **self.options)


class DCL(PairLoss):
    __doc__ = formulas.dcl.__doc__

    def __init__(self, temperature: float = 0.1, within_view: bool = True, symmetric: bool = False) -> None:
        super().__init__(temperature=temperature, within_view=within_view, symmetric=symmetric)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.dcl(anchors, positives, **self.options)

    @property
    def label(self) -> str:
        cross_only = "" if self.within_view else ", within_view=False"
        symmetric = ", symmetric=True" if self.symmetric else ""
        return f"DCL(temperature={self.temperature}{cross_only}{symmetric})"


class DHEL(PairLoss):
    __doc__ = formulas.dhel.__doc__

    def __init__(self, temperature: float = 0.1, two_view: bool = False) -> None:
        super().__init__(temperature=temperature, two_view=two_view)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.dhel(anchors, positives, **self.options)


class KCL(PairLoss):
    __doc__ = formulas.kcl.__doc__

    def __init__(
        self,
        kernel: Kernel,
        gamma: float = 16.0,
        alignment_kernel: Kernel | None = None,
        two_view: bool = False,
    ) -> None:
        super().__init__(kernel=kernel, gamma=gamma, alignment_kernel=alignment_kernel, two_view=two_view)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.kcl(anchors, positives, **self.options)

    @property
    def alignment(self) -> Kernel:
        """The kernel K_A of the alignment term."""
        return self.alignment_kernel or self.kernel

    @property
    def cusp_slope(self) -> float:
        return (2 if self.two_view else 1) * self.alignment.cusp_slope


class PhiPsi(PairLoss):
    __doc__ = formulas.phi_psi.__doc__

    def __init__(
        self,
        phi: Callable[[Tensor], Tensor],
        psi: Callable[[Tensor], Tensor],
        negatives: Literal["within", "cross"] = "within",
    ) -> None:
        super().__init__(phi=phi, psi=psi, negatives=negatives)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.phi_psi(anchors, positives, **self.options)


class AlignUniform(PairLoss):
    __doc__ = formulas.align_uniform.__doc__

    def __init__(self, alpha: float = 2.0, t: float = 2.0, weight: float = 1.0) -> None:
        super().__init__(alpha=alpha, t=t, weight=weight)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.align_uniform(anchors, positives, **self.options)

    @property
    def cusp_slope(self) -> float:
        return Riesz(-self.alpha).cusp_slope


class SpectralContrastive(PairLoss):
    __doc__ = formulas.spectral_contrastive.__doc__

    def __init__(self) -> None:
        super().__init__()

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return formulas.spectral_contrastive(anchors, positives)
