"""A block of rows after the other: one product of matrices for the logits, one pass in place, and two products for the
gradient, which is finished before the next block begins.  Always in the same order: the same input gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hyperenergy.losses.batch import Keys, masks, without_own
from hyperenergy.losses.engine.programs import Program

# Numbers of a block (12 MiB of float32, which caches hold; on a GPU 1 GiB), its most rows, and its least: with fewer, going
# through all keys for every block would take longer than the products.
BLOCK, GPU_BLOCK = 3 * 2**20, 2**28
_MOST_ROWS, _GPU_MOST_ROWS = 512, 4096
_LEAST_ROWS = 128


class Arguments(NamedTuple):
    """What is differentiated by, for one batch: rows (M, dim), shift (M,) or None, numbers, and the points of the keys."""

    x: Tensor
    shift: Tensor | None
    scale: Any
    bias: Any
    points: tuple[Tensor, ...]


class Layout(NamedTuple):
    """Which columns count: own, ids and pairs of each Keys, and the ids of the rows.

    weights (M,): of the values in their sum, 1 where None; itself: the rows are the keys, and are given once.
    """

    own: tuple[int | None, ...]
    ids: tuple[Tensor | None, ...]
    rows: Tensor | None
    pairs: tuple[int | None, ...]
    weights: Tensor | None = None
    itself: bool = False

    def keys(self, points: Sequence[Tensor], start: int = 0) -> list[Keys]:
        """The keys as they are for rows from ``start`` on."""
        return [
            Keys(y, None if own is None else own + start, ids, pairs)
            for y, own, ids, pairs in zip(points, self.own, self.ids, self.pairs, strict=True)
        ]

    def row_ids(self, rows: slice) -> Tensor | None:
        return None if self.rows is None else self.rows[..., rows]


def expression(program: Program, given: Arguments, keys: Sequence[Keys], ids: Tensor | None) -> Tensor:
    """The values (*batch, M) as one expression, differentiable at will."""
    if ids is None and all(key.pairs is None for key in keys):
        parts = [without_own(given.x @ y.mT, key.own) for key, y in zip(keys, given.points, strict=True)]
        return program.value(_logits(parts, given), None)
    parts, masked = [], []
    for key, y in zip(keys, given.points, strict=True):
        similarity = given.x @ y.mT
        mask = masks(similarity.shape[-2], key, ids)
        if mask is None:
            similarity = without_own(similarity, key.own)
            mask = similarity.new_zeros((), dtype=torch.bool)
        parts.append(similarity)
        masked.append(mask.expand(similarity.shape))
    return program.value(_logits(parts, given), torch.cat(masked, -1))


def _logits(similarities: list[Tensor], given: Arguments) -> Tensor:
    logits = torch.cat(similarities, -1) if len(similarities) > 1 else similarities[0]
    if given.shift is not None:
        logits = logits - given.shift.unsqueeze(-1)
    logits = logits * given.scale
    return logits if given.bias is None else logits + given.bias


def blocks(rows: int, columns: int, gpu: bool) -> Iterator[slice]:
    numbers, most = (GPU_BLOCK, _GPU_MOST_ROWS) if gpu else (BLOCK, _MOST_ROWS)
    size = max(_LEAST_ROWS, min(most, numbers // max(columns, 1)))
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def run(
    program: Program, given: Arguments, layout: Layout, upstream: Tensor | None, wanted: bool
) -> tuple[Tensor, Arguments | None]:
    """The values (M,), and, where wanted, the gradient of their sum with the weights ``upstream`` (M,), 1 by default."""
    if layout.itself:
        found, both = run(program, _twice(given), layout._replace(itself=False), upstream, wanted)
        return found, None if both is None else _once(both)
    x, shift, scale, bias, points = given
    small = is_small(x, points, scale)
    widths = [len(y) for y in points]
    values = []
    slopes = None if not wanted else _zeros(given)
    buffer = None
    for rows in blocks(len(x), sum(widths), x.is_cuda):
        scaled = x[rows] * scale
        count = len(scaled)
        if buffer is None:
            buffer = x.new_empty(count * sum(widths))
        block = buffer[: count * sum(widths)].view(count, -1)
        parts = block.split(widths, -1)
        for y, part in zip(points, parts, strict=True):
            torch.mm(scaled, y.mT, out=part)
            program.refine(part, scaled, y)
        if bias is not None:
            block.add_(bias)
        some = None if shift is None else shift[rows]
        shifts = None if some is None else some * scale
        fill = _Fill(layout.keys(points, rows.start), layout.row_ids(rows), widths)
        value, factors, sums = program.in_place(block, shifts, fill, small)
        values.append(value.to(x.dtype))
        if slopes is None:
            continue
        weights = upstream[rows] if upstream is not None else None
        if weights is not None:
            sums = sums * weights
            factors = weights if factors is None else factors * weights
        if factors is not None:
            scaled = scaled * factors.unsqueeze(-1)
        mine = slopes.x[rows]
        for k, (y, part, slope) in enumerate(zip(points, parts, slopes.points, strict=True)):
            torch.addmm(mine, part, y, beta=int(k > 0), out=mine)
            torch.addmm(slope, part.mT, scaled, beta=int(rows.start > 0), out=slope)
        mine.mul_(scale if factors is None else (factors * scale).unsqueeze(-1))
        by_scale = (mine * x[rows]).sum(dtype=torch.float64) / scale
        if some is not None:
            assert slopes.shift is not None
            slopes.shift[rows] = -scale * sums
            by_scale = by_scale - (some * sums).sum(dtype=torch.float64)
        slopes.scale.add_(by_scale)
        if bias is not None:
            assert slopes.bias is not None
            slopes.bias.add_(sums.sum(dtype=torch.float64))
    return torch.cat(values), slopes


# Logits up to which exponentials of single precision can be summed as they are: e^40 is 2e17, of 3e38.
_SMALL = 40.0


def is_small(x: Tensor, points: Sequence[Tensor], scale: Tensor) -> bool:
    """Whether no logit is larger.  Not asked of a GPU, which would have to be waited for."""
    if x.is_cuda:
        return False
    longest = max(float(y.square().sum(-1).amax()) for y in points) * float(x.square().sum(-1).amax())
    return float(scale) * longest**0.5 <= _SMALL


def _twice(given: Arguments) -> Arguments:
    return given._replace(points=(given.x,))


def _once(slopes: Arguments) -> Arguments:
    return slopes._replace(x=slopes.x.add_(slopes.points[0]), points=())


class _Fill:
    """Puts a number where the rows of a block are not to count."""

    def __init__(self, keys: Sequence[Keys], ids: Tensor | None, widths: Sequence[int]) -> None:
        self.keys, self.ids, self.widths = keys, ids, widths

    def __call__(self, block: Tensor, number: float) -> None:
        for key, part in zip(self.keys, block.split(list(self.widths), -1), strict=True):
            mask = None if self.ids is None else masks(len(part), key, self.ids)
            if mask is not None:
                part.masked_fill_(mask, number)
            elif key.own is not None:
                partners = () if key.pairs is None else (key.own + key.pairs, key.own - key.pairs)
                for column in (key.own, *partners):
                    if -len(part) < column < part.shape[-1]:
                        part.diagonal(column).fill_(number)


def _zeros(given: Arguments) -> Arguments:
    x, shift, scale, bias, points = given
    # Sums over the whole batch in float64; they become what they belong to at the end.
    exact = scale.new_zeros((), dtype=torch.float64)
    return Arguments(
        torch.zeros_like(x),
        None if shift is None else torch.zeros_like(shift),
        exact,
        None if bias is None else exact.clone(),
        tuple(torch.zeros_like(y) for y in points),
    )


def second(
    program: Program, given: Arguments, layout: Layout, upstream: Tensor, along: Arguments
) -> tuple[Arguments, Tensor]:
    """Derivatives of <gradient, along>, the gradient being that of the values with the weights ``upstream``: by
    what the values depend on, and by those weights.  A block's gradient is differentiated, then forgotten."""
    if layout.itself:
        totals, by_weight = second(program, _twice(given), layout._replace(itself=False), upstream, _twice(along))
        return _once(totals), by_weight
    totals, by_weight = _zeros(given), torch.zeros_like(upstream)
    for rows in blocks(len(given.x), sum(len(y) for y in given.points), given.x.is_cuda):
        leaves, product, weights = _product(program, given, layout, rows, upstream[rows], along)
        inputs = [y for y in flat(leaves) if y is not None]
        if not product.requires_grad:
            continue
        found = iter(torch.autograd.grad(product, [weights, *inputs], allow_unused=True, materialize_grads=True))
        by_weight[rows] = next(found)
        for total, leaf, own in zip(flat(totals), flat(leaves), _by_row(given), strict=True):
            if total is not None and leaf is not None:
                (total[rows] if own else total).add_(next(found))
    return totals, by_weight


def along(program: Program, given: Arguments, layout: Layout, tangents: Arguments) -> Tensor:
    """The derivatives (M,) of the values along tangents: what <gradient, tangents> depends on the weights of the values."""
    if layout.itself:
        return along(program, _twice(given), layout._replace(itself=False), _twice(tangents))
    found: list[Tensor] = []
    for rows in blocks(len(given.x), sum(len(y) for y in given.points), given.x.is_cuda):
        ones = given.x.new_ones(rows.stop - rows.start)
        _, product, weights = _product(program, given, layout, rows, ones, tangents)
        found += torch.autograd.grad(product, weights)
    return torch.cat(found)


def _product(
    program: Program, given: Arguments, layout: Layout, rows: slice, weights: Tensor, along: Arguments
) -> tuple[Arguments, Tensor, Tensor]:
    """<gradient, along> of the weighted values of some rows, with the leaves that it is an expression of: all that they
    depend on, and their weights."""
    with torch.enable_grad():
        own = _by_row(given)
        taken = [y if y is None or not mine else y[rows] for y, mine in zip(flat(given), own, strict=True)]
        leaves = unflat([None if y is None else y.detach().requires_grad_(True) for y in taken])
        weights = weights.detach().requires_grad_(True)
        values = expression(program, leaves, layout.keys(leaves.points, rows.start), layout.row_ids(rows))
        there = [y for y in flat(leaves) if y is not None]
        firsts = torch.autograd.grad((values * weights).sum(), there, create_graph=True, materialize_grads=True)
        vectors = [
            v[rows] if mine else v
            for v, y, mine in zip(flat(along), flat(given), own, strict=True)
            if y is not None and v is not None
        ]
        return leaves, torch.stack([(g * v).sum() for g, v in zip(firsts, vectors, strict=True)]).sum(), weights


def flat(arguments: Arguments) -> tuple[Tensor | None, ...]:
    x, shift, scale, bias, points = arguments
    return (x, shift, scale, bias, *points)


def unflat(tensors: Sequence[Tensor | None]) -> Arguments:
    x, shift, scale, bias, *points = tensors
    assert x is not None
    return Arguments(x, shift, scale, bias, tuple(y for y in points if y is not None))


def _by_row(given: Arguments) -> list[bool]:
    """Which of the arguments have an entry for each row: x and shift."""
    return [True, True, False, False, *[False] * len(given.points)]
