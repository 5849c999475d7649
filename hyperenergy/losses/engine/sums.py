"""What losses call: the values of rows as one expression where the batch is small, and by blocks where it is not."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperenergy.losses.batch import Batch, Keys
from hyperenergy.losses.engine import by_rows
from hyperenergy.losses.engine.by_rows import Arguments, Layout
from hyperenergy.losses.engine.programs import PROGRAMS, LogSum, Program

# Numbers rows x keys up to which one expression, which keeps them all, is the faster.
SMALL = 2**18


def log_sums(
    x: Tensor,
    keys: Sequence[Keys],
    temperature: float | Tensor,
    batch: Batch,
    *,
    shift: Tensor | None = None,
    own: bool = False,
) -> Tensor:
    """log sum_j exp((x_i.y_j - shift_i)/tau) over the negatives of each row, or log(1 + that) where ``own``.

    (*batch, M), or their sum where ``batch.fold``.  A row without negatives has 0.
    """
    return row_sums(LogSum(own), x, keys, 1 / temperature, batch, shift=shift)


def row_sums(
    program: Program,
    x: Tensor,
    keys: Sequence[Keys],
    scale: float | Tensor,
    batch: Batch,
    *,
    shift: Tensor | None = None,
    bias: float | Tensor | None = None,
) -> Tensor:
    """The program's values of the rows x, (*batch, M), or their sum where ``batch.fold``."""
    points = tuple(key.points for key in keys)
    if not _by_blocks(x, keys, batch):
        return batch.total(by_rows.expression(program, Arguments(x, shift, scale, bias, points), keys, batch.row_ids))
    scale, bias = _number(scale, x), None if bias is None else _number(bias, x)
    given = Arguments(x, shift, scale, bias, points)
    layout = Layout(tuple(key.own for key in keys), tuple(key.ids for key in keys), batch.row_ids)
    lead = x.shape[:-2]
    if not lead:
        return _one(program, layout, batch.fold, given)
    shape = torch.broadcast_shapes(lead, *(y.shape[:-2] for y in given.points))
    flat = [y.expand(*shape, *y.shape[-2:]).flatten(0, len(shape) - 1) for y in (x, *given.points)]
    shifts = None if shift is None else shift.expand(*shape, shift.shape[-1]).flatten(0, len(shape) - 1)
    found = [
        _one(
            program,
            layout,
            batch.fold,
            Arguments(flat[0][k], None if shifts is None else shifts[k], scale, bias, tuple(y[k] for y in flat[1:])),
        )
        for k in range(len(flat[0]))
    ]
    return torch.stack(found).unflatten(0, shape)


def _one(program: Program, layout: Layout, fold: bool, given: Arguments) -> Tensor:
    from hyperenergy.losses.engine import functions

    if torch.compiler.is_compiling():
        (name,) = [name for name, other in PROGRAMS.items() if other == program]
        return functions.in_graph(name, layout, fold, given)
    tensors = (given.x, given.shift, given.scale, given.bias, *given.points)
    wanted = torch.is_grad_enabled() and any(y is not None and y.requires_grad for y in tensors)
    found = functions.Rows.apply(program, layout, fold, wanted, *tensors)
    value: Tensor = found[0]
    return value


def _by_blocks(x: Tensor, keys: Sequence[Keys], batch: Batch) -> bool:
    """Always within autocast, from which the blocks keep their backward pass away."""
    columns = sum(key.points.shape[-2] for key in keys)
    large = x.shape[-2] * columns > SMALL
    return columns > 0 and (large or (batch.cast and not torch.compiler.is_compiling()))


def _number(value: float | Tensor, x: Tensor) -> Tensor:
    return value.to(x.dtype) if isinstance(value, Tensor) else x.new_tensor(value)
