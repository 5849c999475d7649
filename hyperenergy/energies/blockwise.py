"""Sums over all pairs of points and their derivatives, one block of rows at a time.

With r = |x_i-x_j|^2, e = x_i-x_j and f = v_i-v_j the sum over ordered pairs, its gradient and its Hessian along v are

    sum_ij kappa(r),    4 sum_j kappa'(r) e,    4 sum_j [ kappa'(r) f + 2 kappa''(r) (e.f) e ],

so that a block needs matrices of its rows by all points and nothing larger.  In few dimensions differences are taken
coordinate by coordinate.  In many, matrix products serve: r = |x_i|^2 + |x_j|^2 - 2 x_i.x_j, but for close pairs, where
that cancels and whose differences are taken one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from hyperenergy import compiled
from hyperenergy.energies import tiles
from hyperenergy.energies.elementwise import CLOSE, DROPPED, derivatives, mostly_close, sum_of_squared_differences
from hyperenergy.kernels.base import Kernel

# Numbers in the largest temporary of a sum: 2^18 float64 are 2 MiB, which a CPU's cache holds; a GPU wants more at once.
BLOCK, GPU_BLOCK = 2**18, 2**26
# Pairs times dimensions of one configuration from which compiled code repays its compilation.
COMPILED = 10**9
# Up to this dimension a pass per coordinate is cheaper than a matrix product with its care for close pairs.
_FEW = 8
# Squared distances below this lose more than a digit as 2 - 2 x.y.


_MANY = "of more than 2^18 numbers (on a GPU 2^26), points^2 * dim, is not implemented"

_NO_FORWARD = (
    f"a derivative of the forward mode through a pair energy {_MANY}; use reverse mode, "
    "torch.func.jacrev(torch.func.grad(...))"
)


def block_size(x: Tensor) -> int:
    return GPU_BLOCK if x.is_cuda else BLOCK


def sums(x: Tensor, kernel: Kernel, charges: Tensor | None = None) -> Tensor:
    """Sums over ordered pairs of the configurations x (batch, points, dim), without derivatives; shape (batch,).

    charges (points,): each pair counts by the product of its two.  Neither compiled code nor tiles know of them.
    """
    if charges is None and _compiled(x, kernel):
        return sums_and_forces(x, kernel)[0]
    if charges is None and tiles.suits(x):
        return tiles.sums(x, kernel, None)
    total = _totals(x)
    for some, rows in _blocks(x):
        total[some] += _Block(x[some], rows, charges).slopes(kernel, 0)[0].sum((-2, -1))
    return total.to(x.dtype)


def sums_and_forces(x: Tensor, kernel: Kernel, charges: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Sums over ordered pairs, (batch,), and their gradients, (batch, points, dim)."""
    total, forces = _totals(x), torch.empty_like(x)
    if charges is None and _compiled(x, kernel):
        for k in range(len(x)):
            total[k], forces[k] = compiled.pair_sum(x[k], kernel)
        return total, forces
    if charges is None and tiles.suits(x):
        return tiles.sums(x, kernel, forces), forces
    for some, rows in _blocks(x):
        block = _Block(x[some], rows, charges)
        value, first = block.slopes(kernel, 1)
        total[some] += value.sum((-2, -1))
        forces[some, rows] = 4 * block.pull(first)
    return total.to(x.dtype), forces


def _totals(x: Tensor) -> Tensor:
    """Sums over blocks are in float64: in single precision ten billion pairs would lose four digits."""
    return torch.zeros(len(x), dtype=torch.float64, device=x.device)


def hessian_products(x: Tensor, v: Tensor, kernel: Kernel, charges: Tensor | None = None) -> Tensor:
    """Hessians of the sums over ordered pairs along v, both (batch, points, dim)."""
    product = torch.empty_like(x)
    for some, rows in _blocks(x):
        block, along = _Block(x[some], rows, charges), v[some]
        _, first, second = block.slopes(kernel, 2)
        bend = 2 * second * block.dot(along)
        product[some, rows] = 4 * (
            _weighted_differences(first, along[:, rows], along, block.by_coordinates) + block.pull(bend)
        )
    return product


def linearize(x: Tensor, kernel: Kernel, charges: Tensor | None = None) -> Callable[[Tensor], Tensor]:
    """``hessian_products`` at x as a function of v; what does not depend on v is kept where it is one block."""
    blocks = list(_blocks(x))
    if len(blocks) > 1:
        return lambda v: hessian_products(x, v, kernel, charges)
    block = _Block(x, blocks[0][1], charges)
    _, first, second = block.slopes(kernel, 2)
    return lambda v: (
        4 * (_weighted_differences(first, v, v, block.by_coordinates) + block.pull(2 * second * block.dot(v)))
    )


def hessians(x: Tensor, kernel: Kernel, charges: Tensor | None = None) -> Tensor:
    """Hessians of the sums over ordered pairs, (batch, points, dim, points, dim): with e = x_i-x_j the block of i and j is
    -4 (kappa' I + 2 kappa'' e e^T), and the blocks of a row sum to zero."""
    points, dim = x.shape[1:]
    block = _Block(x, slice(0, points), charges)
    _, first, second = block.slopes(kernel, 2)
    e = x.unsqueeze(2) - x.unsqueeze(1)
    blocks = torch.einsum("nij,nija,nijb->nijab", -8 * second, e, e)
    coordinate, row = (torch.arange(k, device=x.device) for k in (dim, points))
    blocks[..., coordinate, coordinate] -= 4 * first.unsqueeze(-1)
    blocks[:, row, row] = -blocks.sum(2)
    return blocks.transpose(2, 3)


def _compiled(x: Tensor, kernel: Kernel) -> bool:
    large = x.shape[1] ** 2 * x.shape[2] >= COMPILED
    return (
        large
        and x.device.type == "cpu"
        and x.dtype == torch.float64
        and compiled.available()
        and compiled.readable(kernel)
    )


def _blocks(x: Tensor) -> Iterator[tuple[slice, slice]]:
    """Configurations and rows of one block: several whole configurations, or some rows of one."""
    batch, points, _ = x.shape
    together = max(1, block_size(x) // points**2)
    rows = points if together > 1 else max(1, block_size(x) // points)
    for first in range(0, batch, together):
        for start in range(0, points, rows):
            yield slice(first, first + together), slice(start, start + rows)


class _Block:
    """The pairs of some rows with all points of the configurations x (batch, points, dim)."""

    def __init__(self, x: Tensor, rows: slice, charges: Tensor | None) -> None:
        self.x, self.some, self.offset = x, x[:, rows], rows.start
        self.charges = None if charges is None else charges[rows, None] * charges
        # Close pairs as (configuration, row, column), where differences come from products of matrices.
        self.close: tuple[Tensor, Tensor, Tensor] | None = None
        # Whether sums of differences go coordinate by coordinate: in few dimensions, or where most pairs are close.
        self.by_coordinates = x.shape[-1] <= _FEW
        if self.by_coordinates:
            self.r = sum_of_squared_differences(self.some, x)
            return
        norms = x.square().sum(-1)
        r = torch.baddbmm(norms.unsqueeze(-2), self.some, x.mT, alpha=-2) + norms[:, rows].unsqueeze(-1)
        self._own(r).fill_(DROPPED)
        if mostly_close(r):
            self.by_coordinates, self.r = True, sum_of_squared_differences(self.some, x)
            return
        close = torch.nonzero(r < CLOSE, as_tuple=True)
        if len(close[0]):
            self.close = (close[0], close[1], close[2])
            for part, e in self._differences():
                r[part] = e.square().sum(-1)
        self.r = r

    def slopes(self, kernel: Kernel, order: int) -> tuple[Tensor, ...]:
        """kappa, kappa', ... up to ``order`` for each pair, times its charges; 0 for a point with itself."""
        self._own(self.r).fill_(DROPPED)
        found = derivatives(kernel, self.r, order)
        if self.charges is not None:
            found = tuple(matrix * self.charges for matrix in found)
        for matrix in found:
            self._own(matrix).fill_(0.0)
        return found

    def pull(self, w: Tensor) -> Tensor:
        """sum_j w_ij (x_i - x_j); overwrites w."""
        if self.close is None:
            return _weighted_differences(w, self.some, self.x, self.by_coordinates)
        weights = w[self.close]
        w[self.close] = 0.0
        result = _weighted_differences(w, self.some, self.x, False)
        start = 0
        for (batch, row, _), e in self._differences():
            part = weights[start : start + len(row)]
            start += len(row)
            result.index_put_((batch, row), part.unsqueeze(-1) * e, accumulate=True)
        return result

    def dot(self, v: Tensor) -> Tensor:
        """(x_i-x_j).(v_i-v_j) for each pair."""
        along = v[:, self.offset : self.offset + self.some.shape[1]]
        if self.by_coordinates:
            return _sum_of_products(self.some, self.x, along, v)
        own = (self.x * v).sum(-1)
        some = (self.some * along).sum(-1)
        result = some.unsqueeze(-1) + own.unsqueeze(-2) - self.some @ v.mT - along @ self.x.mT
        for part, e in self._differences():
            batch, row, column = part
            result[part] = (e * (along[batch, row] - v[batch, column])).sum(-1)
        return result

    def _own(self, matrix: Tensor) -> Tensor:
        return matrix.diagonal(self.offset, -2, -1)

    def _differences(self) -> Iterator[tuple[tuple[Tensor, Tensor, Tensor], Tensor]]:
        """The close pairs, as many at a time as a block holds, with x_i - x_j."""
        if self.close is None:
            return
        at_once = max(1, block_size(self.x) // self.x.shape[-1])
        for batch, row, column in zip(*(index.split(at_once) for index in self.close), strict=True):
            yield (batch, row, column), self.some[batch, row] - self.x[batch, column]


def _sum_of_products(a: Tensor, x: Tensor, b: Tensor, v: Tensor) -> Tensor:
    """(a_i-x_j).(b_i-v_j), one coordinate at a time."""
    total = a.new_zeros(*a.shape[:-1], x.shape[-2])
    for k in range(x.shape[-1]):
        total.addcmul_(
            a[..., k].unsqueeze(-1) - x[..., k].unsqueeze(-2), b[..., k].unsqueeze(-1) - v[..., k].unsqueeze(-2)
        )
    return total


def _weighted_differences(w: Tensor, a: Tensor, x: Tensor, by_coordinates: bool) -> Tensor:
    """sum_j w_ij (a_i - x_j)."""
    if not by_coordinates:
        return w.sum(-1, keepdim=True) * a - w @ x
    columns = [((a[..., k].unsqueeze(-1) - x[..., k].unsqueeze(-2)) * w).sum(-1) for k in range(x.shape[-1])]
    return torch.stack(columns, -1)


class PairSums(torch.autograd.Function):
    """(sums, forces) over ordered pairs of x (batch, points, dim), differentiable twice; forces are there to be kept, not to
    be differentiated.  They are computed on the way where ``with_forces``, and otherwise when they are asked for."""

    @staticmethod
    def forward(x: Tensor, kernel: Kernel, with_forces: bool) -> tuple[Tensor, Tensor]:
        # Without autocast, whose state in a backward pass is that of who calls it.
        with torch.autocast(x.device.type, enabled=False):
            if with_forces:
                return sums_and_forces(x, kernel)
            return sums(x, kernel), x.new_zeros(len(x), 0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        x, ctx.kernel, ctx.with_forces = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(x, output[1])
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        forces = _Forces.apply(*ctx.saved_tensors, ctx.kernel, ctx.with_forces)
        return upstream[0][:, None, None] * forces, None, None

    @staticmethod
    def jvp(ctx: Any, *along: Any) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return _Along.apply(x, along[0], ctx.kernel), None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], x: Tensor, kernel: Kernel, with_forces: bool) -> Any:
        flat = x.movedim(in_dims[0], 0)
        found = PairSums.apply(flat.flatten(0, 1), kernel, with_forces)
        return tuple(y.unflatten(0, flat.shape[:2]) for y in found), (0, 0)


class _Along(torch.autograd.Function):
    """The derivative of the sums along v."""

    @staticmethod
    def forward(x: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return (sums_and_forces(x, kernel)[1] * v).sum((-2, -1))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        return

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Any:
        raise NotImplementedError(_NO_FORWARD)

    @staticmethod
    def jvp(ctx: Any, *along: Any) -> Any:
        raise NotImplementedError(_NO_FORWARD)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], x: Tensor, v: Tensor, kernel: Kernel) -> Any:
        x, v = (_batched(y, dim, info.batch_size) for y, dim in zip((x, v), in_dims, strict=False))
        return _Along.apply(x.flatten(0, 1), v.flatten(0, 1), kernel).unflatten(0, x.shape[:2]), 0


class _Forces(torch.autograd.Function):
    """The gradient of the sums as a function of x; known already, or not."""

    @staticmethod
    def forward(x: Tensor, forces: Tensor, kernel: Kernel, known: bool) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return forces.clone() if known else sums_and_forces(x, kernel)[1]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, _, ctx.kernel, _ = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None, None]:
        (x,) = ctx.saved_tensors
        return _HessianProduct.apply(_LastDerivative.apply(x), upstream[0], ctx.kernel), None, None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], x: Tensor, forces: Tensor, kernel: Kernel, known: bool) -> Any:
        x, forces = (_batched(y, dim, info.batch_size) for y, dim in zip((x, forces), in_dims, strict=False))
        found = _Forces.apply(x.flatten(0, 1), forces.flatten(0, 1), kernel, known)
        return found.unflatten(0, x.shape[:2]), 0


class _HessianProduct(torch.autograd.Function):
    """The Hessian of the sums along v: linear and symmetric in v, and not differentiable in x, which is guarded."""

    @staticmethod
    def forward(x: Tensor, v: Tensor, kernel: Kernel) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return hessian_products(x, v, kernel)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, _, ctx.kernel = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, Tensor, None]:
        (x,) = ctx.saved_tensors
        # What goes to x is discarded, or meets the guard.
        return torch.zeros_like(x), _HessianProduct.apply(x, upstream[0], ctx.kernel), None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], x: Tensor, v: Tensor, kernel: Kernel) -> Any:
        x, v = (_batched(y, dim, info.batch_size) for y, dim in zip((x, v), in_dims, strict=False))
        return _HessianProduct.apply(x.flatten(0, 1), v.flatten(0, 1), kernel).unflatten(0, x.shape[:2]), 0


def _batched(x: Tensor, dim: int | None, size: int) -> Tensor:
    """The mapped axis first."""
    return x.expand(size, *x.shape) if dim is None else x.movedim(dim, 0)


class _LastDerivative(torch.autograd.Function):
    """x itself; an error for who differentiates by it.  Without the guard a third derivative would be zero."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        return

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Tensor:
        raise NotImplementedError(f"a third derivative of a pair energy {_MANY}; take fewer points")
