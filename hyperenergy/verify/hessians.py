"""How the claims about second derivatives at aligned codes are checked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.families import PairLoss
from hyperenergy.theorems.known import universal_optimum
from hyperenergy.theorems.modes import Block, cross_polytope_blocks, eigenvalues, polygon_blocks
from hyperenergy.theorems.prediction import Outcome
from hyperenergy.verify.checks import make_result
from hyperenergy.verify.grid import Grid, Instance, Result

# Of eigenvalues, relative to the largest: round-off in two derivatives of sums of some ten terms.
_TOLERANCE = 1e-11


def hessian_eigenvalues(loss: PairLoss, X: Tensor) -> Tensor:
    """Of M times the loss at the aligned points X (points, dim), along the sphere, in ascending order."""
    points, dim = X.shape
    # Of each point an orthonormal basis of what is perpendicular to it.
    bases = torch.linalg.svd(X[:, None, :]).Vh[:, 1:]

    def value(z: Tensor) -> Tensor:
        moved = X + torch.einsum("amk,mkd->amd", z.reshape(2, points, dim - 1), bases)
        U, V = moved / moved.norm(dim=-1, keepdim=True)
        return points * loss.formula(U, V)

    start = torch.zeros(2 * points * (dim - 1), dtype=torch.float64)
    return torch.linalg.eigvalsh(torch.func.hessian(value)(start))


def _blocks(instance: Instance) -> Iterator[tuple[int, Block]]:
    said = facts(instance.subject)
    assert isinstance(said, SoftmaxFacts)
    if instance.claim == "L1":
        return cross_polytope_blocks(said, instance.dim)
    return ((1, block) for block in polygon_blocks(said, instance.points))


def check_hessian(instance: Instance, grid: Grid) -> Result:
    """L1, L2: the eigenvalues of the second derivative against those of the blocks; of L1 also that they are positive."""
    known = universal_optimum(instance.points, instance.dim)
    assert known is not None
    stated = eigenvalues(_blocks(instance))
    found = hessian_eigenvalues(instance.subject, known.build()).numpy()
    size = float(np.abs(stated).max())
    gap = float(np.abs(found - stated).max())
    rotations = instance.dim * (instance.dim - 1) // 2
    least = float(np.delete(stated, np.argsort(np.abs(stated))[:rotations]).min())
    agrees = gap <= _TOLERANCE * size and (instance.claim != "L1" or least > 0)
    kind = "a local minimum" if least > 0 else "no local minimum"
    reason = f"{len(stated)} eigenvalues agree to {gap / size:.0e}; the least but rotations is {least:.6g}: {kind}"
    outcome = Outcome.CONSISTENT if agrees else Outcome.REFUTED
    return make_result(
        instance, grid, outcome, reason, float(found[0]), prediction=float(stated[0]), value_gap=gap / max(1.0, size)
    )
