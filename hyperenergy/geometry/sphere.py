"""Unit vectors: the geometry of products of spheres S^{d-1} in R^d.

Arrays of points have shape ``(*batch, points, dim)``; every function acts on the last axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.checks import not_unit
from hyperenergy.errors import ArgumentError

Points = Float[Tensor, "*batch points dim"]

# What is left of a norm in float64 where coordinates were written with eight decimals or more.
_WRITTEN = 1e-8


def tensor(x: Any) -> Any:
    """A NumPy array of numbers as a tensor, of the same memory where that can be; everything else as it is."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fiu":
        return x
    plain = x.dtype.isnative and x.flags.writeable and all(step >= 0 for step in x.strides)
    return torch.from_numpy(x if plain else np.array(x, dtype=x.dtype.newbyteorder("=")))


def normalize(x: Float[Tensor, "*batch dim"], name: str = "points") -> Float[Tensor, "*batch dim"]:
    """Scale every row to unit norm.

    Law: ``normalize(c * x) == normalize(x)`` for c > 0.
    Raises ArgumentError for rows that are zero or not finite: they have no direction.
    """
    x = tensor(x)
    if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim < 1 or x.shape[-1] < 1:
        given = f"{x.dtype} of shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
        raise ArgumentError(name, given, "must be a floating-point tensor with at least one coordinate per row")
    largest = x.abs().amax(-1, keepdim=True)
    bad = ~((largest > 0) & largest.isfinite())
    if bad.any():
        row = bad.squeeze(-1).nonzero()[0].tolist()
        raise ArgumentError(name, f"{x[tuple(row)].tolist()} at row {row}", "rows must be finite and non-zero")
    x = x / largest  # first, so that the squares neither overflow nor underflow
    return x / x.norm(dim=-1, keepdim=True)


def check_points(x: object, name: str = "points", least: int = 2) -> None:
    """Raise ArgumentError unless ``x`` is a floating-point tensor of at least ``least`` finite unit rows.

    Unit means to within 1000 units of round-off of the tensor's type, 1e-4 in float32, but at most 0.04, which is what half
    precision leaves of a sum of squares; and in float64 to within 1e-8, as files of eight decimals have them.
    """
    if not isinstance(x, Tensor) or not x.is_floating_point():
        given = f"{x.dtype} tensor" if isinstance(x, Tensor) else type(x).__name__
        raise ArgumentError(name, given, "must be a floating-point torch tensor")
    if x.ndim < 2 or x.shape[-1] < 1:
        raise ArgumentError(name, f"shape {tuple(x.shape)}", "must have shape (*batch, points, dim) with dim >= 1")
    if x.shape[-2] < least:
        raise ArgumentError(name, f"{x.shape[-2]} points", f"at least {least} are needed")
    allowed = _WRITTEN if x.dtype == torch.float64 else min(1000 * torch.finfo(x.dtype).eps, 0.04)
    if wrong := not_unit(x.detach().norm(dim=-1), allowed):
        row, norm = wrong
        shown = f"{norm:.6g}" if not abs(norm - 1) < 1e-4 else f"1 {'+' if norm > 1 else '-'} {abs(norm - 1):.1e}"
        raise ArgumentError(
            name, f"a row of norm {shown} at {list(row)}", f"rows of {x.dtype} must be unit vectors; see normalize"
        )


def project(x: Points, v: Points) -> Points:
    """Orthogonal projection of v onto the tangent space at x.  Law: ``(project(x, v) * x).sum(-1) == 0``."""
    return v - (v * x).sum(-1, keepdim=True) * x


def retract(x: Points, v: Points) -> Points:
    """The point of the sphere nearest to x + v, for a tangent v.  Law: a curve t -> retract(x, t v) has velocity v at 0."""
    y = x + v
    return y / y.norm(dim=-1, keepdim=True)


def squared_distance(x: Tensor, y: Tensor) -> Tensor:
    """|x-y|^2 from differences: relative accuracy also for close points, where 2 - 2 x.y cancels."""
    return (x - y).square().sum(-1)


def pairwise_squared_distance(
    x: Float[Tensor, "*batch points_x dim"], y: Float[Tensor, "*batch points_y dim"]
) -> Float[Tensor, "*batch points_x points_y"]:
    """|x_i - y_j|^2 for all i, j, from differences.  Takes memory for points_x * points_y * dim numbers."""
    return squared_distance(x.unsqueeze(-2), y.unsqueeze(-3))


def random_points(*shape: int, generator: torch.Generator, dtype: torch.dtype = torch.float64) -> Points:
    """Independent uniform unit vectors of the given shape ``(*batch, points, dim)``, on the generator's device."""
    return normalize(torch.randn(*shape, generator=generator, dtype=dtype, device=generator.device))
