"""What the engine computes, as torch functions: differentiable twice, in forward mode once, under ``vmap`` and compiled.

Both orders are linear in memory.  A third derivative of a large batch is an error, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hyperenergy.losses.engine import by_rows, by_tiles
from hyperenergy.losses.engine.by_rows import Arguments, Layout, flat, unflat
from hyperenergy.losses.engine.programs import PROGRAMS, LogSum, Program

_LARGE = "of a batch of this size is not implemented; take a smaller one, which is a single expression"


def _folded(values: Tensor, layout: Layout) -> Tensor:
    return values.sum() if layout.weights is None else (values * layout.weights).sum()


def _weights(upstream: Tensor, layout: Layout, fold: bool, given: Arguments) -> Tensor:
    """Of each value in what is differentiated."""
    if not fold:
        return upstream
    return upstream.expand(len(given.x)) if layout.weights is None else upstream * layout.weights


def _plain(x: Tensor) -> Any:
    """Without autocast, whose state in a backward pass is that of who calls it."""
    return torch.autocast(x.device.type, enabled=False)


def _converted(slopes: Arguments, given: Arguments) -> list[Tensor]:
    """The gradient in the types of what it belongs to; an empty tensor for what is not there."""
    pairs = zip(flat(slopes), flat(given), strict=True)
    return [given.x.new_empty(0) if y is None or g is None else g.to(y.dtype) for g, y in pairs]


class Rows(torch.autograd.Function):
    """(values, *gradient): values (M,), or their sum where ``fold``; the gradient is that of the sum, where ``wanted``."""

    @staticmethod
    def forward(program: Program, layout: Layout, fold: bool, wanted: bool, *tensors: Tensor | None) -> Any:
        given = unflat(tensors)
        with _plain(given.x):
            if fold and by_tiles.suits(program, given, layout):
                assert isinstance(program, LogSum)
                total, slopes = by_tiles.run(program, given, layout, wanted)
            else:
                values, slopes = by_rows.run(program, given, layout, layout.weights, wanted and fold)
                weighted = values if layout.weights is None else values * layout.weights
                total = weighted.sum(dtype=torch.float64).to(values.dtype) if fold else values
        kept = [given.x.new_empty(0)] * len(tensors) if slopes is None else _converted(slopes, given)
        return (total, *kept)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.program, ctx.layout, ctx.fold, wanted, *tensors = inputs
        ctx.known, ctx.count = wanted and ctx.fold, len(tensors)
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*tensors, *output[1:])
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Any, ...]:
        tensors, kept = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
        found = Gradient.apply(ctx.program, ctx.layout, ctx.fold, ctx.known, upstream[0], *kept, *tensors)
        return (None,) * 4 + tuple(
            g if y is not None and needed else None
            for g, y, needed in zip(found, tensors, ctx.needs_input_grad[4:], strict=True)
        )

    @staticmethod
    def jvp(ctx: Any, *along: Any) -> tuple[Any, ...]:
        tensors = ctx.saved_tensors
        pairs = zip(along[4:], tensors, strict=True)
        tangents = [None if y is None else torch.zeros_like(y) if v is None else v for v, y in pairs]
        value = Along.apply(ctx.program, ctx.layout, *tangents, *tensors)
        return (_folded(value, ctx.layout) if ctx.fold else value, *[None] * ctx.count)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> Any:
        return _each(Rows, info, in_dims, inputs, 4)


class Along(torch.autograd.Function):
    """The derivatives (M,) of the values along tangents."""

    @staticmethod
    def forward(program: Program, layout: Layout, *tensors: Any) -> Tensor:
        half = len(tensors) // 2
        given = unflat(tensors[half:])
        with _plain(given.x):
            return by_rows.along(program, given, layout, unflat(tensors[:half]))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        return

    @staticmethod
    def backward(ctx: Any, *along: Tensor) -> Any:
        raise NotImplementedError(f"a derivative of the forward mode {_LARGE}, or reverse mode twice")

    @staticmethod
    def jvp(ctx: Any, *along: Any) -> Any:
        raise NotImplementedError(f"a derivative of the forward mode {_LARGE}, or reverse mode twice")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> Any:
        found = [
            Along.apply(*inputs[:2], *(_nth(y, dim, k) for y, dim in zip(inputs[2:], in_dims[2:], strict=True)))
            for k in range(info.batch_size)
        ]
        return torch.stack(found), 0


class Gradient(torch.autograd.Function):
    """upstream times the gradient of the values as a function of all that it depends on; known already, or not."""

    @staticmethod
    def forward(program: Program, layout: Layout, fold: bool, known: bool, upstream: Tensor, *tensors: Any) -> Any:
        half = len(tensors) // 2
        given = unflat(tensors[half:])
        if known:
            return tuple(upstream * y for y in tensors[:half])
        with _plain(given.x):
            _, slopes = by_rows.run(program, given, layout, _weights(upstream, layout, fold, given), True)
        assert slopes is not None
        return tuple(_converted(slopes, given))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.program, ctx.layout, ctx.fold, _, upstream, *tensors = inputs
        ctx.count = len(tensors) // 2
        ctx.save_for_backward(upstream, *tensors[ctx.count :])

    @staticmethod
    def backward(ctx: Any, *along: Tensor) -> tuple[Any, ...]:
        upstream, *tensors = ctx.saved_tensors
        present = [y is not None for y in tensors]
        guarded = Guard.apply(*[y for y in tensors if y is not None])
        filled = iter(guarded)
        tensors = [next(filled) if there else None for there in present]
        found = Second.apply(ctx.program, ctx.layout, ctx.fold, upstream, *along, *tensors)
        return (
            (None,) * 4
            + (found[0],)
            + (None,) * ctx.count
            + tuple(g if there else None for g, there in zip(found[1:], present, strict=True))
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> Any:
        return _each(Gradient, info, in_dims, inputs, 4)


class Second(torch.autograd.Function):
    """(derivative by upstream, *by the others) of <Gradient, along>."""

    @staticmethod
    def forward(program: Program, layout: Layout, fold: bool, upstream: Tensor, *tensors: Any) -> Any:
        half = len(tensors) // 2
        given = unflat(tensors[half:])
        along = [None if y is None else v for v, y in zip(tensors[:half], tensors[half:], strict=True)]
        with _plain(given.x):
            weights = _weights(upstream, layout, fold, given)
            found, by_weight = by_rows.second(program, given, layout, weights, unflat(along))
        return (_folded(by_weight, layout) if fold else by_weight, *_converted(found, given))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        return

    @staticmethod
    def backward(ctx: Any, *along: Tensor) -> Any:
        raise NotImplementedError(f"a third derivative {_LARGE}")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> Any:
        return _each(Second, info, in_dims, inputs, 3)


class Guard(torch.autograd.Function):
    """What it is given; an error for who differentiates by it.  Without it a third derivative would be zero."""

    generate_vmap_rule = True

    @staticmethod
    def forward(*tensors: Tensor) -> tuple[Tensor, ...]:
        return tuple(y.clone() for y in tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        return

    @staticmethod
    def backward(ctx: Any, *along: Tensor) -> Any:
        raise NotImplementedError(f"a third derivative {_LARGE}")


def _nth(y: Any, dim: int | None, k: int) -> Any:
    return y if dim is None or not isinstance(y, Tensor) else y.select(dim, k)


def _each(function: Any, info: Any, in_dims: tuple[Any, ...], inputs: tuple[Any, ...], fixed: int) -> Any:
    """One after the other along the mapped axis: each is large."""
    results = []
    for k in range(info.batch_size):
        mapped = [_nth(y, dim, k) for y, dim in zip(inputs[fixed:], in_dims[fixed:], strict=True)]
        results.append(function.apply(*inputs[:fixed], *mapped))
    return tuple(torch.stack(some) for some in zip(*results, strict=True)), (0,) * len(results[0])


# The same for compiled graphs, which keep a program by name and layouts as lists.


@torch.library.custom_op("hyperenergy::rows", mutates_args=())
def _op(
    program: str,
    fold: bool,
    own: list[int],
    pairs: list[int],
    itself: bool,
    ids: list[Tensor],
    row_ids: Tensor | None,
    weights: Tensor | None,
    x: Tensor,
    shift: Tensor | None,
    scale: Tensor,
    bias: Tensor | None,
    points: list[Tensor],
) -> list[Tensor]:
    layout = _layout(own, pairs, itself, ids, row_ids, weights)
    return [y.clone() for y in Rows.forward(PROGRAMS[program], layout, fold, True, x, shift, scale, bias, *points)]


def _layout(
    own: Sequence[int],
    pairs: Sequence[int],
    itself: bool,
    ids: Sequence[Tensor],
    rows: Tensor | None,
    weights: Tensor | None,
) -> Layout:
    return Layout(
        tuple(None if column < 0 else column for column in own),
        tuple(some if some.numel() else None for some in ids),
        rows,
        tuple(None if count < 0 else count for count in pairs),
        weights,
        itself,
    )


@_op.register_fake
def _(
    program: str,
    fold: bool,
    own: list[int],
    pairs: list[int],
    itself: bool,
    ids: list[Tensor],
    row_ids: Tensor | None,
    weights: Tensor | None,
    x: Tensor,
    shift: Tensor | None,
    scale: Tensor,
    bias: Tensor | None,
    points: list[Tensor],
) -> list[Tensor]:
    tensors = [x, shift, scale, bias, *points]
    values = x.new_empty(()) if fold else x.new_empty(len(x))
    return [values, *(x.new_empty(0) if y is None or not fold else torch.empty_like(y) for y in tensors)]


def _op_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.program, ctx.fold, ctx.own, ctx.pairs, ctx.itself, ids, row_ids, weights, x, shift, scale, bias, points = inputs
    ctx.counts = len(ids), len(points)
    kept = output[1:] if ctx.fold else []
    ctx.save_for_backward(row_ids, weights, x, shift, scale, bias, *ids, *points, *kept)


def _op_backward(ctx: Any, upstream: Sequence[Tensor]) -> Any:
    row_ids, weights, x, shift, scale, bias, *rest = ctx.saved_tensors
    ids, points = rest[: ctx.counts[0]], rest[ctx.counts[0] : sum(ctx.counts)]
    if ctx.fold:
        found = [upstream[0] * y for y in rest[sum(ctx.counts) :]]
    else:
        layout = (ctx.own, ctx.pairs, ctx.itself, ids, row_ids, weights)
        found = _op_gradient(ctx.program, *layout, upstream[0], x, shift, scale, bias, points)
    slopes = [None if y is None else g for g, y in zip(found, (x, shift, scale, bias), strict=False)]
    # As the inputs are: a list for a list of tensors.
    nothing = (None, None, None, [None] * len(ids), None, None)
    return (None, None, *nothing, *slopes, list(found[4:]))


@torch.library.custom_op("hyperenergy::rows_gradient", mutates_args=())
def _op_gradient(
    program: str,
    own: list[int],
    pairs: list[int],
    itself: bool,
    ids: list[Tensor],
    row_ids: Tensor | None,
    weights: Tensor | None,
    upstream: Tensor,
    x: Tensor,
    shift: Tensor | None,
    scale: Tensor,
    bias: Tensor | None,
    points: list[Tensor],
) -> list[Tensor]:
    layout = _layout(own, pairs, itself, ids, row_ids, weights)
    none = [x.new_empty(0)] * (4 + len(points))
    return list(
        Gradient.forward(PROGRAMS[program], layout, False, False, upstream, *none, x, shift, scale, bias, *points)
    )


@_op_gradient.register_fake
def _(
    program: str,
    own: list[int],
    pairs: list[int],
    itself: bool,
    ids: list[Tensor],
    row_ids: Tensor | None,
    weights: Tensor | None,
    upstream: Tensor,
    x: Tensor,
    shift: Tensor | None,
    scale: Tensor,
    bias: Tensor | None,
    points: list[Tensor],
) -> list[Tensor]:
    return [x.new_empty(0) if y is None else torch.empty_like(y) for y in (x, shift, scale, bias, *points)]


_op.register_autograd(_op_backward, setup_context=_op_context)


def in_graph(program: str, layout: Layout, fold: bool, given: Arguments) -> Tensor:
    """As ``Rows``, for a graph that is being compiled or exported."""
    empty = given.x.new_empty(0, dtype=torch.long)
    own, pairs = ([-1 if n is None else n for n in numbers] for numbers in (layout.own, layout.pairs))
    ids = [empty if some is None else some for some in layout.ids]
    x, shift, scale, bias, points = given
    masks = (own, pairs, layout.itself, ids, layout.rows, layout.weights)
    value: Tensor = _op(program, fold, *masks, x, shift, scale, bias, list(points))[0]
    return value
