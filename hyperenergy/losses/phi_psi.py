"""The (phi,psi)-family.  Formula, module and facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor

from hyperenergy.geometry.sphere import Points
from hyperenergy.losses.base import Reduction
from hyperenergy.losses.batch import ALONE, Batch
from hyperenergy.losses.checks import declaration, elementwise, one_of
from hyperenergy.losses.engine.programs import Elementwise
from hyperenergy.losses.engine.sums import row_sums
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.log_space import Loss


def phi_psi(
    anchors: Points,
    positives: Points,
    *,
    phi: Callable[[Tensor], Tensor],
    psi: Callable[[Tensor], Tensor],
    negatives: Literal["within", "cross"] = "within",
    batch: Batch = ALONE,
) -> Loss:
    """The (phi,psi)-family: mean_i phi( sum_{j!=i} psi(x_ij - s_i) ), x_ij = u_i.u_j (within) or u_i.v_j (cross).

    phi and psi act elementwise on tensors and increase.  DHEL is phi = log, psi = exp(./tau).  One-sided.  "none": one value
    per anchor; without negatives it is phi(0).
    Source: Tian 2022.  Minimum for M <= d+1, psi convex (B1): phi((M-1) psi(-M/(M-1))).
    """
    s = (anchors * positives).sum(-1)
    keys = [batch.keys(anchors if negatives == "within" else positives), *batch.further]
    return batch.reduced(row_sums(Elementwise(phi, psi), anchors, keys, 1.0, batch, shift=s), anchors)


class PhiPsi(PairLoss):
    __doc__ = f"""{phi_psi.__doc__}
    ``convexity`` is what you know of G(x) = phi(sum_j psi(x_j)): "strict" if it is convex and increasing, and strictly
    convex across differences of the x_j; "weak" if only convex and increasing.  Theorem B1 speaks on your word alone.  Where
    G is constant at the simplex, as of psi = relu(x+1), it says that there are other minimizers.
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
        *,
        normalize: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(
            phi=phi, psi=psi, negatives=negatives, convexity=convexity, normalize=normalize, reduction=reduction
        )

    def formula(self, anchors: Tensor, positives: Tensor, batch: Batch = ALONE) -> Tensor:
        return phi_psi(anchors, positives, phi=self.phi, psi=self.psi, negatives=self.negatives, batch=batch)
