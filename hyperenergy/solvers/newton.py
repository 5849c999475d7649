"""Newton's method on the quotient by rotations, and what the Hessian says of a stationary point.

In an orthonormal basis of the tangent space at z the Riemannian Hessian is B^T (H - diag(x_i.g_i)) B, with H and g the
ambient Hessian and gradient: the second term is the curvature of the spheres.  It vanishes along the orbit of z under
rotations, whose tangent vectors are z A with A antisymmetric; a Newton step leaves these directions alone.
Source: Absil, Mahony and Sepulchre 2008, sections 5.5 and 6.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.objectives import Objective
from hyperenergy.sphere import project, retract

# Above this many coordinates the dense Hessian is left alone: 3000^2 float64 are 72 MB, and its spectrum takes 10 s.
MOST_COORDINATES = 3000
# Eigenvalues below this part of the largest are zero: round-off in second derivatives is about 1e-12 of it.
_ZERO = 1e-8
_MOST_SPECTRA, _MOST_STEPS = 4, 8


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


def tangent_basis(z: Float[Tensor, "rows dim"]) -> Float[Tensor, "rows dim dim_minus_1"]:
    """Orthonormal bases of the tangent spaces at the rows."""
    return torch.linalg.qr(z.unsqueeze(-1), mode="complete")[0][..., 1:]


def riemannian_hessian(objective: Objective, z: Float[Tensor, "rows dim"]) -> tuple[Tensor, Tensor, Tensor]:
    """Hessian and gradient in tangent coordinates, and the basis."""
    rows, dim = z.shape
    ambient, hessian = objective.gradient_and_hessian(z)
    basis = tangent_basis(z)
    hessian = torch.einsum("iap,iajb,jbq->ipjq", basis, hessian.reshape(rows, dim, rows, dim), basis)
    curvature = (ambient * z).sum(-1)
    index = torch.arange(rows, device=z.device)
    # Within one row: minus x_i.g_i times the identity.
    hessian[index, :, index] -= curvature[:, None, None] * torch.eye(dim - 1, dtype=z.dtype, device=z.device)
    n = rows * (dim - 1)
    matrix = hessian.reshape(n, n)
    return (matrix + matrix.T) / 2, torch.einsum("iap,ia->ip", basis, ambient).reshape(n), basis


def orbit_dimension(z: Float[Tensor, "rows dim"]) -> int:
    """Dimension of the orbit of z under SO(d), from its rank r: d(d-1)/2 less the rotations that fix the span."""
    rank, dim = int(torch.linalg.matrix_rank(z, rtol=1e-6)), z.shape[-1]
    free = dim - rank
    return (dim * (dim - 1) - free * (free - 1)) // 2


def polish(objective: Objective, z: Float[Tensor, "rows dim"]) -> tuple[Tensor, Signature | None]:
    """Newton steps while they at least halve the gradient, and the signature of the Hessian at the end.

    Directions with a vanishing eigenvalue get no step.  A point with negative eigenvalues is left where it is.  No
    signature where second derivatives overflow or underflow.
    """
    signature = None
    for _ in range(_MOST_SPECTRA):
        hessian, gradient, basis = riemannian_hessian(objective, z)
        largest = float(hessian.abs().max())
        if not 0 < largest < torch.inf:
            return z, None
        # In units of the largest entry, so that neither the eigenvalues nor their squares leave the range.
        eigenvalues, vectors = torch.linalg.eigh(hessian / largest)
        # Beside a stationary point the rotations have eigenvalues of the order of the gradient, of either sign.
        zero = eigenvalues.abs() <= torch.maximum(_ZERO * eigenvalues.abs().max(), 10 * gradient.norm() / largest)
        signature = Signature(int((eigenvalues[~zero] < 0).sum()), int(zero.sum()), orbit_dimension(z))
        if signature.index:
            return z, signature
        if bool(zero.all()):  # hidden by the gradient: not near enough to a stationary point to tell
            return z, None
        inverse = torch.where(zero, 0.0, 1 / torch.where(zero, 1.0, eigenvalues))
        z, moved = _descend(objective, z, basis, vectors, inverse / largest)
        if not moved or signature.zero_modes == signature.orbit:
            break
        # Nearer to the stationary point soft directions may tell themselves from rotations.
    return z, signature


def _descend(objective: Objective, z: Tensor, basis: Tensor, vectors: Tensor, inverse: Tensor) -> tuple[Tensor, bool]:
    """Steps with one Hessian while they at least halve the gradient; whether there was any.

    From a relative gradient g each gains a factor of the order of g, so that the spectrum is worth several.
    """
    moved = False
    gradient = objective.value_and_gradient(z[None])[1][0]
    for _ in range(_MOST_STEPS):
        step = -vectors @ (inverse * (vectors.T @ torch.einsum("iap,ia->ip", basis, gradient).reshape(-1)))
        # The basis belongs to where the Hessian was taken; retraction and projection correct what little it is off.
        trial = retract(z, project(z, torch.einsum("iap,ip->ia", basis, step.reshape(basis.shape[0], -1))))
        after = objective.value_and_gradient(trial[None])[1][0]
        if not after.norm() < gradient.norm() / 2:
            break
        z, gradient, moved = trial, after, True
    return z, moved
