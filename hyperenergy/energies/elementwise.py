"""What a block of pairs needs entry by entry: derivatives of a kernel, and squared distances."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperenergy.kernels.base import Kernel

# Where the kernel is evaluated for a pair that is dropped afterwards: all are finite at right angles, and those of lines not
# at the antipode.
DROPPED = 2.0
# Squared distances below this lose more than a digit as 2 - 2 x.y.
CLOSE = 0.25
# Beyond one close pair of so many, all distances are taken from differences: lists of pairs would be longer than the block.
_MANY_CLOSE = 16
# Close pairs that are gathered at once.
_AT_ONCE = 2**16

# Rows and columns of close pairs, some at a time.
Close = list[tuple[Tensor, Tensor]]


def derivatives(kernel: Kernel, r: Tensor, order: int) -> tuple[Tensor, ...]:
    """kappa(r), kappa'(r), ... up to ``order`` <= 2, elementwise."""
    closed = kernel.with_slope(r) if order == 1 else None
    if closed is not None:
        return closed
    r = r.detach().requires_grad_(order > 0)
    with torch.enable_grad():
        found = [kernel(r)]
        for k in range(order):
            # A kernel that is linear in r has a constant kappa'.
            constant = not found[-1].requires_grad
            (slope,) = (
                (torch.zeros_like(r),)
                if constant
                else torch.autograd.grad(found[-1].sum(), r, create_graph=k + 1 < order)
            )
            found.append(slope)
    return tuple(x.detach() for x in found)


def sum_of_squared_differences(a: Tensor, x: Tensor) -> Tensor:
    """|a_i-x_j|^2, one coordinate at a time."""
    total = (a[..., 0].unsqueeze(-1) - x[..., 0].unsqueeze(-2)).square_()
    for k in range(1, x.shape[-1]):
        e = a[..., k].unsqueeze(-1) - x[..., k].unsqueeze(-2)
        total.addcmul_(e, e)
    return total


def mostly_close(r: Tensor) -> bool:
    return int((r < CLOSE).sum()) * _MANY_CLOSE > r.numel()


def refine_close(r: Tensor, x: Tensor, y: Tensor) -> Close | None:
    """Take the squared distances r (rows, columns) of close pairs of x and y from differences, in place, and return the
    pairs; None where it was all of them: where most are close, and on a GPU, which is not to wait for their number."""
    if r.is_cuda or mostly_close(r):
        r.copy_(sum_of_squared_differences(x, y))
        return None
    row, column = torch.nonzero(r < CLOSE, as_tuple=True)
    close = list(zip(row.split(_AT_ONCE), column.split(_AT_ONCE), strict=True))
    for i, j in close:
        r[i, j] = (x[i] - y[j]).square().sum(-1)
    return close
