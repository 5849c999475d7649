"""Dense Riemannian Hessians in tangent coordinates, many at a time, and their use to precondition a descent.

In an orthonormal basis B of the tangent space at z the Riemannian Hessian is B^T (H - diag(x_i.g_i)) B, with H and g the
ambient Hessian and gradient: the second term is the curvature of the spheres.  Beside the minimum of a flat landscape its
eigenvalues spread over ten orders of magnitude, and the smallest ones are negative.
Source: Absil, Mahony and Sepulchre 2008, section 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.objectives.base import Objective, Rows

Matrices = Float[Tensor, "batch n n"]

# Singular values of a configuration below this part of the largest are zero.
_FLAT = 1e-6
# Numbers in the Hessians that are assembled together: 2^23 float64 are 64 MiB, of which there are some copies.
_AT_ONCE, _GPU_AT_ONCE = 2**23, 2**28
# The shift that makes a Hessian positive definite is sought from this part of its largest entry on, in steps of this
# factor, beginning two steps below the last one.
FIRST_SHIFT, _LEAST_SHIFT, _FACTOR, _MOST_SHIFTS = 1e-8, 1e-13, 8.0, 16


def tangent_bases(z: Rows) -> Float[Tensor, "batch rows dim dim_minus_1"]:
    """Orthonormal bases of the tangent spaces at the rows: the reflection that takes the last axis to the row, or to its
    antipode, without its last column."""
    dim = z.shape[-1]
    axis = torch.zeros(dim, dtype=z.dtype, device=z.device)
    axis[-1] = 1.0
    v = z + torch.where(z[..., -1:] < 0, -axis, axis)  # the longer of the two
    reflection = torch.eye(dim, dtype=z.dtype, device=z.device) - (
        2 * v.unsqueeze(-1) * v.unsqueeze(-2) / v.square().sum(-1)[..., None, None]
    )
    return reflection[..., :-1]


def coordinates(basis: Tensor, v: Rows) -> Float[Tensor, "batch n"]:
    """Tangent vectors in the basis."""
    return torch.einsum("niap,nia->nip", basis, v).flatten(1)


def vectors(basis: Tensor, x: Float[Tensor, "batch n"]) -> Rows:
    """The tangent vectors of these coordinates."""
    return torch.einsum("niap,nip->nia", basis, x.reshape(*basis.shape[:2], basis.shape[-1]))


def riemannian_hessians(objective: Objective, z: Rows, basis: Tensor) -> tuple[Matrices, Rows, Float[Tensor, "batch"]]:
    """Hessians in tangent coordinates, symmetric; the derivatives by the coordinates in R^dim; and the largest number that
    each is made of, of which its round-off is a part: of a kernel that is nearly linear, most cancels."""
    batch, rows = z.shape[:2]
    _, ambient = objective.value_and_derivative(z)
    hessian = objective.hessians(z)
    half = torch.einsum("niajb,njbq->niajq", hessian, basis)
    matrix = torch.einsum("niap,niajq->nipjq", basis, half)
    row, coordinate = torch.arange(rows, device=z.device), torch.arange(basis.shape[-1], device=z.device)
    radial = (ambient * z).sum(-1)
    matrix[:, row[:, None], coordinate, row[:, None], coordinate] -= radial.unsqueeze(-1)
    matrix = matrix.reshape(batch, -1, rows * basis.shape[-1])
    largest = torch.maximum(hessian.abs().flatten(1).amax(-1), radial.abs().amax(-1))
    return (matrix + matrix.mT) / 2, ambient, largest


def rotations(z: Rows, basis: Tensor) -> Float[Tensor, "batch n planes"]:
    """The tangent space of the orbit under rotations, z A with A antisymmetric, in the basis: orthonormal columns, and zeros
    for the planes in which nothing turns.

    In principal axes, z = y V^T with orthogonal columns of y, the planes of two axes give y_a V_b^T - y_b V_a^T, which are
    orthogonal to one another.
    """
    squares, axes = torch.linalg.eigh(z.mT @ z)
    y, turned = z @ axes, torch.einsum("niqp,nqb->nipb", basis, axes)
    a, b = torch.triu_indices(z.shape[-1], z.shape[-1], 1, device=z.device)
    found = y[:, :, None, a] * turned[..., b] - y[:, :, None, b] * turned[..., a]
    lengths = squares[:, a] + squares[:, b]
    factors = torch.where(lengths > _FLAT**2 * squares[:, -1:], lengths, torch.inf).rsqrt()
    return found.flatten(1, 2) * factors.unsqueeze(1)


@dataclass(frozen=True)
class Curvature:
    """Hessians of several configurations, made positive definite: factor (batch, n, n), Cholesky's; shift (batch,), what
    was added to the diagonal, relative to its largest entry; age (batch,): steps since."""

    factor: Tensor
    basis: Tensor
    shift: Tensor
    age: Tensor

    def solve(self, v: Rows) -> Rows:
        """The inverse along v."""
        x = coordinates(self.basis, v).unsqueeze(-1)
        return vectors(self.basis, torch.cholesky_solve(x, self.factor).squeeze(-1))

    def take(self, keep: Tensor) -> Curvature:
        return Curvature(**{f.name: getattr(self, f.name)[keep] for f in fields(self)})

    def renewed(self, objective: Objective, z: Rows, where: Tensor) -> Curvature:
        """With the Hessians at z in the places ``where``."""
        places = torch.nonzero(where).squeeze(-1)
        for some in places.split(at_once(objective, z)):
            fresh = measure(objective, z[some], self.shift[some])
            for f in fields(self):
                getattr(self, f.name)[some] = getattr(fresh, f.name)
        return self


def first_curvature(objective: Objective, z: Rows, shift: float = FIRST_SHIFT) -> Curvature:
    """The curvature at z, with shifts that are sought from this one on."""
    shifts = z.new_full((len(z),), shift * _FACTOR**2).split(at_once(objective, z))
    parts = [measure(objective, *part) for part in zip(z.split(at_once(objective, z)), shifts, strict=True)]
    return Curvature(**{f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Curvature)})


def at_once(objective: Objective, z: Rows) -> int:
    """Hessians that are assembled together: few enough that their temporaries, some copies, fit into memory."""
    return max(1, (_GPU_AT_ONCE if z.is_cuda else _AT_ONCE) // (z.shape[1] * z.shape[2]) ** 2)


def measure(objective: Objective, z: Rows, shift: Tensor) -> Curvature:
    """The curvature at z, with shifts that are sought from a part of the last ones on."""
    basis = tangent_bases(z)
    matrix, _, largest = riemannian_hessians(objective, z, basis)
    largest = torch.where(largest.isfinite() & (largest > 0), largest, 1.0)
    # Rotations have no curvature; neither the gradient nor its changes have a part along them.
    turned = rotations(z, basis) * largest.sqrt()[:, None, None]
    matrix = matrix.baddbmm(turned, turned.mT)
    shift = (shift / _FACTOR**2).clamp(min=_LEAST_SHIFT)
    diagonal = matrix.diagonal(dim1=-2, dim2=-1)
    given = diagonal.clone()
    factor, pending = torch.empty_like(matrix), torch.arange(len(z), device=z.device)
    for _ in range(_MOST_SHIFTS):
        diagonal[pending] = given[pending] + (shift * largest)[pending].unsqueeze(-1)
        factor[pending], info = torch.linalg.cholesky_ex(matrix[pending])
        pending = pending[info != 0]
        if not len(pending):
            break
        shift[pending] *= _FACTOR
    if len(pending):  # not finite
        factor[pending] = (
            torch.eye(matrix.shape[1], dtype=z.dtype, device=z.device) * largest[pending, None, None].sqrt()
        )
    return Curvature(factor, basis, shift, torch.zeros(len(z), dtype=torch.int64, device=z.device))
