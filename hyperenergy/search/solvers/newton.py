"""Newton's method on the quotient by rotations, and what the Hessian says of a stationary point.

The Hessian vanishes along the orbit of z under rotations, whose tangent vectors are z A with A antisymmetric; these are
taken out of it exactly, so that what is left of it tells flat directions from rotations, however small their eigenvalues.
Source: Absil, Mahony and Sepulchre 2008, sections 5.5 and 6.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.geometry.sphere import project, retract
from hyperenergy.objectives.base import Objective
from hyperenergy.search.solvers.curvature import riemannian_hessians, rotations, tangent_bases

# Above this many coordinates the dense Hessian is left alone: 3000^2 float64 are 72 MB, and its spectrum takes 10 s.
MOST_COORDINATES = 3000
# Round-off in second derivatives, in units of n eps times the largest entry, n eps being the norm of a matrix of n by n
# entries each of them off by eps: kernels take a few operations.
_ROUND_OFF = 8.0
# Beside a stationary point eigenvalues are off by the third derivative times the distance, of the order of the gradient.
_BESIDE = 10.0
_MOST_HESSIANS, _MOST_STEPS = 4, 8
# No point moves further than this (as a chord) in a Newton step.
_LONGEST = 0.1


@dataclass(frozen=True)
class Signature:
    """Of the Hessian at a stationary point: index, the number of negative eigenvalues (0 at a minimum); zero_modes, of
    vanishing ones; orbit, the dimension of the orbit under rotations, which are always among them."""

    index: int
    zero_modes: int
    orbit: int


def applicable(objective: Objective, z: Float[Tensor, "rows dim"]) -> bool:
    """Whether there is a Hessian (no pair on a kink), somewhere to move, and not too much of it."""
    rows, dim = z.shape
    if dim == 1 or rows * dim > MOST_COORDINATES:
        return False
    if not objective.kinked:
        return True
    U, V = objective.views(z)
    return not bool((U == V).all(-1).any())


def riemannian_hessian(objective: Objective, z: Float[Tensor, "rows dim"]) -> tuple[Tensor, Tensor, Tensor]:
    """Hessian and gradient in tangent coordinates, and the basis."""
    return _measured(objective, z)[:3]


def _measured(objective: Objective, z: Tensor) -> tuple[Tensor, Tensor, Tensor, float]:
    """The same, and the largest number that the Hessian is made of."""
    basis = tangent_bases(z[None])
    matrix, ambient, largest = riemannian_hessians(objective, z[None], basis)
    return matrix[0], torch.einsum("iap,ia->ip", basis[0], ambient[0]).flatten(), basis[0], float(largest[0])


def orbit_dimension(z: Float[Tensor, "rows dim"]) -> int:
    """Dimension of the orbit of z under SO(d), from its rank r: d(d-1)/2 less the rotations that fix the span."""
    rank, dim = int(torch.linalg.matrix_rank(z, rtol=1e-6)), z.shape[-1]
    free = dim - rank
    return (dim * (dim - 1) - free * (free - 1)) // 2


def polish(objective: Objective, z: Float[Tensor, "rows dim"]) -> tuple[Tensor, Signature | None]:
    """Newton steps while they at least halve the gradient, and the signature of the Hessian at the end.

    An eigenvalue is zero where it is below its round-off, 8 n eps times the largest number that the Hessian is made of, or
    below ten times the gradient, which hides it.  A point with negative eigenvalues is left where it is.  No signature where
    second derivatives overflow or underflow.
    """
    signature = None
    orbit = orbit_dimension(z)
    for _ in range(_MOST_HESSIANS):
        hessian, gradient, basis, largest = _measured(objective, z)
        if not 0 < largest < torch.inf:
            return z, None
        n = len(gradient)
        # In units of the largest entry, so that neither the eigenvalues nor their squares leave the range.
        hessian, hidden = hessian / largest, float(_BESIDE * gradient.norm() / largest)
        turned = rotations(z[None], basis[None])[0]
        # Rotations get the eigenvalue 1 instead of 0.
        image = hessian @ turned
        hessian = hessian - turned @ image.T - image @ turned.T + turned @ (turned.T @ image + _eye(turned)) @ turned.T
        round_off = _ROUND_OFF * n * torch.finfo(z.dtype).eps
        zero = max(round_off, hidden)
        # All eigenvalues above zero: the common case, and a tenth of the cost of a spectrum.
        if not int(torch.linalg.cholesky_ex(hessian - zero * _eye(hessian)).info):
            factor = torch.linalg.cholesky(largest * hessian)
            return _descend(objective, z, basis, partial(_solve, factor))[0], Signature(0, orbit, orbit)
        eigenvalues, vectors = torch.linalg.eigh(hessian)
        flat = eigenvalues.abs() <= zero
        if bool(flat.all()):  # hidden by the gradient: not near enough to a stationary point to tell
            return z, None
        signature = Signature(int((eigenvalues < -zero).sum()), int(flat.sum()) + orbit, orbit)
        if signature.index:
            return z, signature
        moved = False
        # Along what the gradient hides, too, as long as that lessens it; otherwise along what is certain.
        for certain in (round_off, zero):
            inverse = torch.where(eigenvalues.abs() <= certain, 0.0, 1 / eigenvalues.abs()) / largest
            z, moved = _descend(objective, z, basis, partial(_apply, vectors, inverse))
            if moved:
                break
        if not moved or hidden <= round_off:
            break
        # Nearer to the stationary point soft directions may tell themselves from flat ones.
    return z, signature


def _eye(matrix: Tensor) -> Tensor:
    return torch.eye(matrix.shape[1], dtype=matrix.dtype, device=matrix.device)


def _solve(factor: Tensor, v: Tensor) -> Tensor:
    return torch.cholesky_solve(v.unsqueeze(-1), factor).squeeze(-1)


def _apply(vectors: Tensor, eigenvalues: Tensor, v: Tensor) -> Tensor:
    return vectors @ (eigenvalues * (vectors.T @ v))


def _descend(
    objective: Objective, z: Tensor, basis: Tensor, inverse: Callable[[Tensor], Tensor]
) -> tuple[Tensor, bool]:
    """Steps with one Hessian while they at least halve the gradient; whether there was any.

    From a relative gradient g each gains a factor of the order of g, so that the Hessian is worth several.
    """
    moved = False
    gradient = objective.value_and_gradient(z[None])[1][0]
    for _ in range(_MOST_STEPS):
        step = -inverse(torch.einsum("iap,ia->ip", basis, gradient).flatten())
        # The basis belongs to where the Hessian was taken; retraction and projection correct what little it is off.
        move = project(z, torch.einsum("iap,ip->ia", basis, step.reshape(basis.shape[0], -1)))
        move = move * (_LONGEST / move.norm(dim=-1).max().clamp(min=_LONGEST))
        trial = retract(z, move)
        after = objective.value_and_gradient(trial[None])[1][0]
        if not after.norm() < gradient.norm() / 2:
            break
        z, gradient, moved = trial, after, True
    return z, moved
