"""What losses call: the values of rows as one expression where the batch is small, and by blocks where it is not."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from hyperenergy.losses.batch import Batch, Keys, is_large
from hyperenergy.losses.engine import by_rows
from hyperenergy.losses.engine.by_rows import Arguments, Layout
from hyperenergy.losses.engine.programs import PROGRAMS, LogSum, Program


def log_sums(
    x: Tensor,
    keys: Sequence[Keys],
    temperature: float | Tensor,
    batch: Batch,
    *,
    shift: Tensor | None = None,
    own: bool = False,
    weights: Tensor | None = None,
) -> Tensor:
    """log sum_j exp((x_i.y_j - shift_i)/tau) over the negatives of each row, or log(1 + that) where ``own``.

    (*batch, M), or their sum where ``batch.fold``.  A row without negatives has 0.
    """
    return row_sums(LogSum(own), x, keys, 1 / temperature, batch, shift=shift, weights=weights)


def row_sums(
    program: Program,
    x: Tensor,
    keys: Sequence[Keys],
    scale: float | Tensor,
    batch: Batch,
    *,
    shift: Tensor | None = None,
    bias: float | Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The program's values of the rows x, (*batch, M), or where ``batch.fold`` their sum with constant weights."""
    points = tuple(key.points for key in keys)
    if not _by_blocks(x, keys, batch):
        values = by_rows.expression(program, Arguments(x, shift, scale, bias, points), keys, batch.row_ids)
        return batch.total(values if weights is None or not batch.fold else values * weights)
    scale, bias = _number(scale, x), None if bias is None else _number(bias, x)
    # Rows that are the only keys are given once, so that each pair can be taken once.
    itself = len(points) == 1 and points[0] is x
    given = Arguments(x, shift, scale, bias, () if itself else points)
    own, ids, pairs = (tuple(getattr(key, name) for key in keys) for name in ("own", "ids", "pairs"))
    layout = Layout(own, ids, batch.row_ids, pairs, weights, itself)
    lead = x.shape[:-2]
    if not lead:
        return _one(program, layout, batch.fold, given)
    shape = torch.broadcast_shapes(lead, *(y.shape[:-2] for y in given.points))

    def flat(y: Tensor, axes: int) -> Tensor:
        return y.expand(*shape, *y.shape[-axes:]).flatten(0, len(shape) - 1)

    xs, every = flat(x, 2), [flat(y, 2) for y in given.points]
    shifts, shares = (None if y is None else flat(y, 1) for y in (shift, weights))
    found = []
    for k in range(len(xs)):
        one = Arguments(xs[k], None if shifts is None else shifts[k], scale, bias, tuple(y[k] for y in every))
        found.append(_one(program, layout._replace(weights=None if shares is None else shares[k]), batch.fold, one))
    return torch.stack(found).unflatten(0, shape)


def _one(program: Program, layout: Layout, fold: bool, given: Arguments) -> Tensor:
    from hyperenergy.losses.engine import functions

    if torch.compiler.is_compiling():
        for name, other in PROGRAMS.items():
            if other == program:
                return functions.in_graph(name, layout, fold, given)
        values = _recomputed(program, layout, given)
        weighted = values if layout.weights is None else values * layout.weights
        return weighted.sum() if fold else values
    hidden = (layout.rows, layout.weights, *layout.ids)
    if any(y is not None and torch._C._functorch.is_batchedtensor(y) for y in hidden):
        raise NotImplementedError("vmap over ids or labels of a batch of this size is not implemented; loop over them")
    tensors = (given.x, given.shift, given.scale, given.bias, *given.points)
    wanted = torch.is_grad_enabled() and any(y is not None and y.requires_grad for y in tensors)
    found = functions.Rows.apply(program, layout, fold, wanted, *tensors)
    value: Tensor = found[0]
    return value


def _recomputed(program: Program, layout: Layout, given: Arguments) -> Tensor:
    """For graphs of programs that hold functions: blocks of the expression, computed again where differentiated."""
    x, shift, scale, bias, points = given
    every = (x,) if layout.itself else points
    found = []
    for rows in by_rows.blocks(len(x), sum(len(y) for y in every), x.is_cuda):
        keys, ids = layout.keys(every, rows.start), layout.row_ids(rows)

        def block(
            part: Tensor, some: Tensor | None, *ys: Tensor, keys: Sequence[Keys] = keys, ids: Tensor | None = ids
        ) -> Tensor:
            return by_rows.expression(program, Arguments(part, some, scale, bias, ys), keys, ids)

        found.append(checkpoint(block, x[rows], None if shift is None else shift[rows], *every, use_reentrant=False))
    return torch.cat(found)


def _by_blocks(x: Tensor, keys: Sequence[Keys], batch: Batch) -> bool:
    """Always within autocast, from which the blocks keep their backward pass away."""
    columns = sum(key.points.shape[-2] for key in keys)
    return columns > 0 and (is_large(x.shape[-2] * columns) or (batch.cast and not torch.compiler.is_compiling()))


def _number(value: float | Tensor, x: Tensor) -> Tensor:
    # Filled where it is: a number that is copied to a GPU would be waited for.
    return value.to(x.dtype) if isinstance(value, Tensor) else torch.full((), value, dtype=x.dtype, device=x.device)
