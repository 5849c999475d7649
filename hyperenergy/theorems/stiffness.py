"""How much a symmetrized loss resists where the two of each pair move apart, from an aligned configuration (L3)."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.families import PairLoss
from hyperenergy.theorems.balance import Rows, checked, moved, tangent_frame


def stiffness(points: Rows, loss: PairLoss) -> float:
    """The least second derivative of the loss along u_i = exp(e x_i), v_i = exp(-e x_i) at e = 0, sum |x_i|^2 = 1, x_i
    tangent to the sphere at the points.

    Where it is positive, pairs near these points are best aligned, for a loss with L(U,V) = L(V,U).
    Raises ArgumentError for points that are no unit rows, and for what is no loss of pairs.
    """
    U, loss = checked(points, loss)
    rows, dim = U.shape
    frame = tangent_frame(U)

    def value(c: Tensor) -> Tensor:
        return loss.formula(moved(U, frame, c), moved(U, frame, -c))

    H = torch.func.hessian(value)(torch.zeros(rows * (dim - 1), dtype=torch.float64))
    return float(torch.linalg.eigvalsh((H + H.mT) / 2)[0])


def weights(points: Rows, loss: PairLoss) -> Tensor | None:
    """p_ij, the softmax weight of v_j for the anchor u_i at V = U, and 0 for i = j; None for losses without."""
    U, loss = checked(points, loss)
    form = facts(loss)
    if not isinstance(form, SoftmaxFacts) or not form.across:
        return None
    a = ((U @ U.mT - 1) / form.temperature).fill_diagonal_(-torch.inf)
    total = torch.logsumexp(a, -1, keepdim=True) + torch.log(torch.tensor(form.copies, dtype=torch.float64))
    p: Tensor = (a - (torch.logaddexp(total, torch.zeros_like(total)) if form.own else total)).exp()
    return p


def aligns_locally(points: Rows, loss: PairLoss) -> bool:
    """Whether L3 says that near these points, a local minimizer among aligned ones, pairs of the loss are best aligned.

    Always of NT-Xent and symmetric DCL; of symmetric InfoNCE and symmetric cross-view DCL where no point is too heavy.
    False where L3 says nothing: ``stiffness`` tells more.
    """
    p, form = weights(points, loss), facts(loss)
    if p is None or not isinstance(form, SoftmaxFacts) or not form.symmetrized:
        return False
    return form.copies == 2 or heaviness(points, loss) < 1


def heaviness(points: Rows, loss: PairLoss) -> float:
    """The largest (c_i + r_i + g_i)/(3 w_i) of L3; sums over j: w of p_ij, c of p_ji, r of p_ij x_ij, g of p_ji x_ij."""
    U, loss = checked(points, loss)
    p = weights(U, loss)
    if p is None:
        return 0.0
    x = U @ U.mT
    return float(((p.sum(0) + (p * x).sum(1) + (p * x).sum(0)) / (3 * p.sum(1))).max())
