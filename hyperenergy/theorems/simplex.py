"""B1: up to d+1 pairs, every loss of the family has the aligned simplex as its minimizer.  F2: the spectral loss is
not of the family.  F1: nor is every decreasing kernel."""

from __future__ import annotations

import torch

from hyperenergy import codes
from hyperenergy.losses import modules as losses
from hyperenergy.objectives import Aligned, BatchLoss, Energy, Objective
from hyperenergy.prediction import Prediction, Status
from hyperenergy.theorems.registry import PAPER, Theorem, predict_aligned_code


def _predict_b1(objective: Objective, points: int, dim: int) -> Prediction | None:
    if not isinstance(objective, BatchLoss | Aligned) or points > dim + 1:
        return None
    match objective.loss:
        case (
            losses.InfoNCE() | losses.SimCLR() | losses.NTXent() | losses.DCL() | losses.DHEL() | losses.AlignUniform()
        ):
            unique = True
        case losses.PhiPsi() as loss:
            convexity = _convexity(loss, points)
            if convexity is None:
                return None
            unique = convexity == "strict" or points == 2
        case _:
            return None
    code = codes.simplex(points, dim)
    return predict_aligned_code("B1", Status.THEOREM, objective, code, unique=unique)


def _convexity(loss: losses.PhiPsi, points: int) -> str | None:
    """Whether G(x) = phi(sum psi(x_j)) looks increasing and convex on [-2, 0]^{M-1}: "strict", "weak", or None.

    phi and psi are the user's callables, so this is a screen by 4000 midpoints, not a proof; a failed midpoint is a
    proof that the hypothesis fails.  Relative similarities lie in [-2, 2], and at the claimed minimum in [-2, 0].
    """
    generator = torch.Generator().manual_seed(0)
    x, y = 4 * torch.rand(2, 4000, points - 1, generator=generator, dtype=torch.float64) - 2

    def G(z: torch.Tensor) -> torch.Tensor:
        return loss.phi(loss.psi(z).sum(-1))

    middle, ends = G((x + y) / 2), (G(x) + G(y)) / 2
    noise = 1e-12 * (1 + ends.abs())
    rising = bool((G(x + 1e-3) > G(x)).all())
    if not rising or bool((middle > ends + noise).any()):
        return None
    # Along (1, ..., 1) G may be linear, as log-sum-exp is; strictness concerns unequal negatives with equal mean.
    centered = x - x.mean(-1, keepdim=True)
    flat = G(torch.zeros_like(centered))
    return "strict" if points > 2 and bool((G(centered) > flat + noise).all()) else "weak"


B1 = Theorem(
    "B1",
    "Up to d+1 pairs, InfoNCE-family losses share the aligned simplex",
    "Let 2 <= M <= d+1 and let a loss be -s_i plus a contrastive term that is convex, symmetric and strictly increasing "
    "in the negative similarities relative to s_i = u_i.v_i. Then its minimizers are exactly the configurations with "
    "u_i = v_i for all i and u_i.u_j = -1/(M-1) for all i != j.",
    Status.THEOREM,
    f"{PAPER}, batch-level theorem",
    _predict_b1,
)


def _predict_f1(objective: Objective, points: int, dim: int) -> Prediction | None:
    if not isinstance(objective, Energy) or objective.kernel.strictly_convex_decreasing or points > dim + 1:
        return None
    return predict_aligned_code("F1", Status.FALSE, objective, codes.simplex(points, dim), unique=False)


F1 = Theorem(
    "F1",
    "The simplex is optimal for every decreasing kernel",
    "Claimed: for M <= d+1 and any decreasing kernel the simplex has the least energy. False without convexity in the "
    "squared distance: for Riesz s = -3, M = 4, d = 3, two antipodal pairs have the lower mean energy -16/3.",
    Status.FALSE,
    f"{PAPER} states the hypothesis of convexity; the counterexample shows that it is needed",
    _predict_f1,
)


def _predict_f2(objective: Objective, points: int, dim: int) -> Prediction | None:
    if not isinstance(objective, BatchLoss | Aligned) or points > dim + 1:
        return None
    if not isinstance(objective.loss, losses.SpectralContrastive):
        return None
    return predict_aligned_code("F2", Status.FALSE, objective, codes.simplex(points, dim), unique=False)


F2 = Theorem(
    "F2",
    "The spectral contrastive loss shares the simplex minimizer",
    "Claimed: for M <= d+1 the aligned simplex minimizes -2 mean s_i + mean_{i!=j} (u_i.v_j)^2. False for M <= d: the "
    "square does not increase in the similarity, and an orthonormal aligned set has the lower value -2.",
    Status.FALSE,
    "misstatement in the literature on spectral contrastive learning (HaoChen et al. 2021 define the loss)",
    _predict_f2,
)
