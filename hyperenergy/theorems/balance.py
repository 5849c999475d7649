"""Which force positives feel where they lie on their anchors, and where they go to if they feel one.

Of an aligned configuration that is a critical point among aligned ones, the first derivatives of a loss in U and in V are
opposite to each other.  Symmetrized losses have equal ones, which vanish; of one-sided losses with negatives from the other
view they need not: then pairs come apart (B5).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.checks import positive
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import check_points, tensor
from hyperenergy.losses.families import PairLoss

# What is left of a rotation where points span fewer dimensions, as a share of the largest one.
_ROUND_OFF = 1e-8
# Of the largest second derivative: what is below is no curvature that could be told from none.
_FLAT = 1e-12

Rows = Float[Tensor, "points dim"]


def checked(points: object, loss: object) -> tuple[Tensor, PairLoss]:
    """One configuration in float64 and a loss; ArgumentError for anything else."""
    if not isinstance(loss, PairLoss):
        given = repr(loss) if isinstance(loss, torch.nn.Module) else type(loss).__name__
        raise ArgumentError("loss", given, "must be a loss of pairs such as DCL(0.1)")
    points = tensor(points)
    check_points(points)
    assert isinstance(points, Tensor)
    if points.ndim != 2:
        raise ArgumentError("points", f"shape {tuple(points.shape)}", "must be one configuration, (points, dim)")
    if points.shape[1] < 2:
        raise ArgumentError("points", f"shape {tuple(points.shape)}", "on S^0 nothing can move; dim must be 2 or more")
    return points.detach().to(torch.float64), loss


def _pulls(U: Tensor, loss: PairLoss) -> Tensor:
    """-M dL/dv_j at V = U, with its part along u_j."""
    pulls: Tensor = -len(U) * torch.func.grad(lambda V: loss.formula(U, V))(U)
    return pulls


def _across(pulls: Tensor, U: Tensor) -> Tensor:
    return pulls - (pulls * U).sum(-1, keepdim=True) * U


def forces(points: Rows, loss: PairLoss) -> Rows:
    """-M times the gradient of the loss in each v_j, on the sphere, at V = U = ``points``.

    With negatives from the other view it is -(1/tau) P_j sum_{i != j} p_ij u_i, P_j the projection onto the tangent space at
    u_j and p_ij the softmax weight of v_j for the anchor u_i.  Law: without such negatives, as of DHEL and KCL, it is 0.
    Raises ArgumentError for points that are no unit rows, and for what is no loss of pairs.
    """
    U, loss = checked(points, loss)
    return _across(_pulls(U, loss), U)


def largest_force(points: Rows, loss: PairLoss) -> float:
    """The largest of the ``forces``, as a share of the largest pull on a positive, the part along its anchor included."""
    U, loss = checked(points, loss)
    pulls = _pulls(U, loss)
    largest = float(pulls.norm(dim=-1).max())
    return float(_across(pulls, U).norm(dim=-1).max()) / largest if largest > 0 else 0.0


def balanced(points: Rows, loss: PairLoss, *, tolerance: float = 1e-11) -> bool:
    """Whether no positive that lies on its anchor feels a force: the ``largest_force`` is at most ``tolerance``, below which
    is what a search to its default tolerance leaves.

    Where the best aligned configurations are not balanced, no minimizer of the loss is aligned (B5).
    Numerical; ``balanced_codes.balance`` decides it exactly for the codes of the catalogue, at every temperature.
    """
    return largest_force(points, loss) <= positive("tolerance", tolerance)


@dataclass(frozen=True, eq=False)
class Expansion:
    """Where an expansion at an aligned configuration puts the minimizer.

    gain: by how much the loss is lower there, to the same order.
    """

    anchors: Rows
    positives: Rows
    gain: float

    @property
    def misalignment(self) -> float:
        """The largest |u_i-v_i|."""
        return float((self.anchors - self.positives).norm(dim=-1).max())


def leading(points: Rows, loss: PairLoss) -> Expansion | None:
    """v_i and u_i moved by +-(2/M) (A^{-1} F)_i from u_i = v_i = ``points``, a minimizer among aligned configurations; F the
    ``forces``, A the second derivatives of the mean of L(U,V) and L(V,U) as both move so.

    For ((1+a) L(U,V) + (1-a) L(V,U))/2, whose force is a F, it is right up to a relative error O(a^2); at a = 1, where
    second derivatives of L in U and in V differ, too, ``expansion`` is better.
    None where A is not positive, which L3 rules out for most losses.
    """
    U, loss = checked(points, loss)
    frame = tangent_frame(U)

    def value(c: Tensor) -> Tensor:
        v, u = moved(U, frame, c), moved(U, frame, -c)
        return (loss.formula(u, v) + loss.formula(v, u)) / 2

    zero = torch.zeros(frame.shape[0] * frame.shape[2], dtype=torch.float64)
    slope = -2 / len(U) * (frame.mT @ forces(U, loss)[:, :, None]).flatten()
    step = _newton(slope, torch.func.hessian(value)(zero), zero[:, None][:, :0])
    return (
        None if step is None else Expansion(moved(U, frame, -step), moved(U, frame, step), float(-(slope @ step)) / 2)
    )


def expansion(points: Rows, loss: PairLoss) -> Expansion | None:
    """The Newton step of the loss from U = V = ``points``, a minimizer among aligned configurations, all 2M points free: its
    relative error is of the order of the force.

    None where the second derivatives are not positive on what is left of the tangent space by rotations: then the
    configuration is a saddle, or so flat that nothing is said to this order.
    """
    U, loss = checked(points, loss)
    z, rows = torch.cat([U, U]), len(U)
    frame = tangent_frame(z)

    def value(c: Tensor) -> Tensor:
        y = moved(z, frame, c)
        return loss.formula(y[:rows], y[rows:])

    zero = torch.zeros(frame.shape[0] * frame.shape[2], dtype=torch.float64)
    slope = torch.func.grad(value)(zero)
    step = _newton(slope, torch.func.hessian(value)(zero), _rotations(z, frame))
    if step is None:
        return None
    y = moved(z, frame, step)
    return Expansion(y[:rows], y[rows:], float(-(slope @ step)) / 2)


def moved(z: Tensor, frame: Tensor, c: Tensor) -> Tensor:
    """The points after a step along the sphere, in coordinates of the frame.

    Scaling to unit length is a retraction of second order, so that two derivatives in c are those on the sphere.
    """
    y = z + (frame @ c.reshape(*frame.shape[::2], 1)).squeeze(-1)
    return y / y.norm(dim=-1, keepdim=True)


def _newton(slope: Tensor, hessian: Tensor, fixed: Tensor) -> Tensor | None:
    """The step to the least value, across the directions ``fixed``, orthonormal columns; None where there is none."""
    H = (hessian + hessian.mT) / 2
    scale = float(H.abs().max())
    stiff = H + scale * len(H) * fixed @ fixed.mT
    if not float(torch.linalg.eigvalsh(stiff)[0]) > _FLAT * scale:
        return None
    step: Tensor = -torch.linalg.solve(stiff, slope - fixed @ (fixed.mT @ slope))
    return step


def tangent_frame(z: Tensor) -> Tensor:
    """An orthonormal basis of each tangent space, (rows, dim, dim-1): the complement of z in a Householder reflection."""
    dim = z.shape[1]
    sign = torch.where(z[:, :1] >= 0, 1.0, -1.0).to(z)
    w = z.clone()
    w[:, :1] += sign
    reflections = torch.eye(dim, dtype=z.dtype) - 2 * w[:, :, None] * w[:, None] / (w * w).sum(-1)[:, None, None]
    return reflections[:, :, 1:]


def _rotations(z: Tensor, frame: Tensor) -> Tensor:
    """An orthonormal basis of the directions in which rotations move all points, in coordinates of the frame."""
    dim = z.shape[1]
    generators = []
    for a in range(dim):
        for b in range(a):
            moved = torch.zeros_like(z)
            moved[:, a], moved[:, b] = z[:, b], -z[:, a]
            generators.append((frame.mT @ moved[:, :, None]).flatten())
    left, sizes, _ = torch.linalg.svd(torch.stack(generators, 1), full_matrices=False)
    return left[:, sizes > _ROUND_OFF * sizes[0]]
