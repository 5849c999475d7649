"""Where the rows are the keys, each pair once: blocks of rows with the keys from there on.

With E_ij = e^{scale x_i.x_j}, Z_i = sum_j E_ij and a_i the derivative of the value of row i by Z_i, the gradient of the
values is scale sum_j E_ij (a_i + a_j) x_j: half of E for the sums, half of it again, and two products with halves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from hyperenergy.losses.engine.by_rows import Arguments, Layout, blocks, is_small
from hyperenergy.losses.engine.programs import LogSum, Program


def suits(program: Program, given: Arguments, layout: Layout) -> bool:
    """Whether exponentials can be summed without the largest of each row, and nothing but rows and partners is left out."""
    return (
        isinstance(program, LogSum)
        and layout.itself
        and layout.rows is None
        and given.bias is None
        and layout.own == (0,)
        and is_small(given.x, (given.x,), given.scale)
    )


def run(program: LogSum, given: Arguments, layout: Layout, wanted: bool) -> tuple[Tensor, Arguments | None]:
    """The sum of the values with their weights, and, where wanted, its gradient."""
    x, shift, scale, _, _ = given
    scaled, sums = x * scale, torch.zeros_like(x[:, 0])
    for rows, block in _blocks(scaled, x, layout.pairs[0]):
        count = len(block)
        sums[rows] += block.sum(1)
        sums[rows.stop :] += block[:, count:].sum(0)
    values, factors, slopes = program.of_sums(sums, None, None if shift is None else shift * scale)
    if layout.weights is not None:
        values, factors, slopes = (y * layout.weights for y in (values, factors, slopes))
    total = values.sum(dtype=torch.float64).to(x.dtype)
    if not wanted:
        return total, None
    gradient = torch.zeros_like(x)
    for rows, block in _blocks(scaled, x, layout.pairs[0]):
        count = len(block)
        block.mul_(factors[rows].unsqueeze(-1) + factors[rows.start :])
        gradient[rows].addmm_(block, scaled[rows.start :])
        gradient[rows.stop :].addmm_(block[:, count:].mT, scaled[rows])
    by_scale = (gradient * x).sum(dtype=torch.float64) / (2 * scale)
    if shift is not None:
        by_scale = by_scale - (shift * slopes).sum(dtype=torch.float64)
    return total, Arguments(gradient, None if shift is None else -scale * slopes, by_scale, None, ())


def _blocks(scaled: Tensor, x: Tensor, pairs: int | None) -> Iterator[tuple[slice, Tensor]]:
    """Rows, and e^{scale x_i.x_j} of them with the points from the first of them on; 0 for a row itself and its partner."""
    buffer = None
    for rows in blocks(len(x), len(x), x.is_cuda):
        count, width = rows.stop - rows.start, len(x) - rows.start
        if buffer is None:
            buffer = x.new_empty(count * width)
        block = buffer[: count * width].view(count, width)
        torch.mm(scaled[rows], x[rows.start :].mT, out=block)
        block.diagonal().fill_(-math.inf)
        if pairs is not None and pairs < width:
            block.diagonal(pairs).fill_(-math.inf)
        yield rows, block.exp_()
