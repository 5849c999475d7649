"""A loss over the batches of all processes, as of one process that has them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.losses import averaging
from hyperenergy.losses.base import Loss
from hyperenergy.losses.batch import Batch, Keys
from hyperenergy.losses.checks import one_of

_TYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


class Distributed(torch.nn.Module):
    """``loss`` over the batches of all processes of a group: value and gradients as of one process on all of them, one after
    the other.  Called as the loss is, on what this process has; local batches may differ in size.

    The value is the same everywhere ("none": the values of the anchors here).  Gradients are those of that one value.
    Hyperparameters that are learned get all of theirs on every process.  DistributedDataParallel and FSDP average over
    processes what the parameters of an encoder get: features that come out of one get theirs times the number of processes,
    so that the average is right.  average=True says so of features of any other module whose gradients are averaged, and
    False that none are.

    A process sends what others need as negatives, once forward and once back: of M pairs in R^d in all M d numbers for
    one-sided InfoNCE, cross-view DCL, DHEL, KCL and SigLIP; 2 M d for their symmetric and two-view forms, SimCLR, NT-Xent,
    DCL, AlignUniform, and per view for several; d^2 for the spectral loss without ids; M d for SupCon.  Sizes and types go
    before that, and are refused on all processes alike.  Without a process group it is the loss itself.
    """

    def __init__(self, loss: Loss, group: Any = None, *, average: bool | None = None) -> None:
        super().__init__()
        if not isinstance(loss, Loss):
            raise ArgumentError("loss", repr(loss), "must be a loss of this package such as DHEL(0.1)")
        self.placed = _Placed(loss)
        self.group, self.average = group, one_of(None, True, False)("average", average)
        averaging.watch()

    @property
    def loss(self) -> Loss:
        return self.placed.loss

    def forward(self, *features: Any, **options: Any) -> Tensor:
        if not dist.is_available() or not dist.is_initialized():
            alone: Tensor = self.loss(*features, **options)
            return alone
        world, count = dist.group.WORLD if self.group is None else self.group, dist.get_world_size(self.group)
        features = tuple(self._scaled(x, count) for x in features)
        options = {name: self._scaled(x, count) for name, x in options.items()}
        tensors: tuple[Tensor, ...] = ()
        batch, error = Batch(), None
        try:
            tensors, batch = self.loss.parsed(*features, **options)
        except ArgumentError as problem:
            error = problem
        sizes = _agreed(tensors, batch, error, world)
        everyone = World(
            None if batch.ids is None else _gathered(batch.ids, sizes, world),
            None if batch.negatives is None else Gather.apply(batch.negatives, _all(batch.negatives, world), world),
            batch.reduction,
            batch.cast,
            world,
            sizes,
            batch.ids,
        )
        shared = {f"loss.{name}": Shared.apply(x, world) for name, x in self.loss.named_parameters()}
        value: Tensor = torch.func.functional_call(self.placed, shared, (everyone, *tensors))
        return value

    def _scaled(self, x: Any, count: int) -> Any:
        if not isinstance(x, Tensor) or not x.requires_grad:
            return x
        average = averaging.averages(x) if self.average is None else self.average
        return Scaled.apply(x, count) if average else x


class _Placed(torch.nn.Module):
    """The loss of rows that are placed already, as a module, whose parameters can be replaced for a call."""

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, batch: Batch, *tensors: Tensor) -> Tensor:
        return self.loss.of(*tensors, batch)


@dataclass(frozen=True, eq=False)
class World(Batch):
    """The negatives of the pairs here among those of all processes."""

    group: Any = None
    sizes: tuple[int, ...] = ()
    own_ids: Tensor | None = None
    # What was gathered in this call, by the tensor that it was gathered from: once, however often a formula asks.
    gathered: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def _start(self) -> int:
        return sum(self.sizes[: dist.get_rank(self.group)])

    @property
    def row_ids(self) -> Tensor | None:
        return self.own_ids

    def keys(self, x: Tensor) -> Keys:
        if id(x) not in self.gathered:
            self.gathered[id(x)] = x, Gather.apply(x, self.sizes, self.group)
        return Keys(self.gathered[id(x)][1], self._start, self.ids)

    def gram(self, x: Tensor) -> Tensor:
        return self.everywhere(x.mT @ x, final=False)

    def pairs(self, x: Tensor) -> int:
        return sum(self.sizes)

    def labels(self, labels: Tensor) -> Tensor:
        return _gathered(labels, self.sizes, self.group)

    def everywhere(self, value: Tensor, final: bool = True) -> Tensor:
        if not value.is_floating_point():
            value = value.clone()
            dist.all_reduce(value, group=self.group)
            return value
        total: Tensor = Total.apply(value, self.group, final)
        return total

    def log_total(self, logs: Tensor, final: bool = True) -> Tensor:
        largest = logs.detach().amax(-1)
        dist.all_reduce(largest, dist.ReduceOp.MAX, self.group)
        return self.everywhere((logs - largest.unsqueeze(-1)).exp().sum(-1), final).log() + largest


def _agreed(tensors: Sequence[Tensor], batch: Batch, error: ArgumentError | None, group: Any) -> tuple[int, ...]:
    """How many pairs each process has.  ArgumentError on all of them where one has none, or has something else."""
    x = tensors[0] if tensors else torch.zeros(1, 1)
    mine = [
        int(error is None),
        x.shape[-2],
        x.shape[-1],
        x.ndim,
        _TYPES.index(x.dtype),
        int(batch.ids is not None),
        int(batch.negatives is not None),
        math.prod(x.shape[:-2]),
    ]
    device = x.device if error is None else torch.device("cuda" if dist.get_backend(group) == "nccl" else "cpu")
    rows = [torch.zeros(len(mine), dtype=torch.long, device=device) for _ in range(dist.get_world_size(group))]
    dist.all_gather(rows, torch.tensor(mine, device=device), group=group)
    found = torch.stack(rows).tolist()
    if error is not None:
        raise error
    for process, (fine, *_) in enumerate(found):
        if not fine:
            raise ArgumentError(
                "features", f"an error on process {process}", "its message says which; no process goes on"
            )
    names = ("", "", "dim", "axes", "type", "ids", "negatives", "batch axes")
    for k in (2, 3, 4, 5, 6, 7):
        values = [row[k] for row in found]
        if len(set(values)) > 1:
            shown = [str(_TYPES[v]) if k == 4 else bool(v) if k in (5, 6) else v for v in values]
            raise ArgumentError(f"{names[k]} by process", shown, "must be the same on all processes")
    return tuple(row[1] for row in found)


def _all(x: Tensor, group: Any) -> tuple[int, ...]:
    """How many rows each process has of x."""
    rows = [torch.zeros(1, dtype=torch.long, device=x.device) for _ in range(dist.get_world_size(group))]
    dist.all_gather(rows, torch.tensor([x.shape[-2]], device=x.device), group=group)
    return tuple(int(row) for row in rows)


def _gathered(x: Tensor, sizes: Sequence[int], group: Any) -> Tensor:
    """The entries (..., M) of all processes, one after the other along the last axis."""
    return _gather(x.unsqueeze(-1), sizes, group).squeeze(-1)


def _gather(x: Tensor, sizes: Sequence[int], group: Any) -> Tensor:
    """The rows (..., M, dim) of all processes, one after the other.  Collectives want equal sizes: rows are padded."""
    most = max(sizes)
    padded = torch.zeros(*x.shape[:-2], most, x.shape[-1], dtype=x.dtype, device=x.device)
    padded[..., : x.shape[-2], :] = x
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded, group=group)
    return torch.cat([part[..., :size, :] for part, size in zip(parts, sizes, strict=True)], -2)


class Gather(torch.autograd.Function):
    """The rows of all processes.  What they get as gradients on each process is summed where they came from."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sizes: tuple[int, ...], group: Any) -> Tensor:
        ctx.sizes, ctx.group = sizes, group
        return _gather(x, sizes, group)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        own = torch.zeros(0)
        for process, part in enumerate(upstream[0].split(ctx.sizes, -2)):
            part = part.contiguous()
            target = process if ctx.group is None else dist.get_global_rank(ctx.group, process)
            dist.reduce(part, target, group=ctx.group)
            if process == dist.get_rank(ctx.group):
                own = part
        return own, None, None


class Total(torch.autograd.Function):
    """The sum over processes.  ``final``: a copy of the one value that is differentiated, on each process; otherwise
    something on which the values of each process depend."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, group: Any, final: bool) -> Tensor:
        ctx.group, ctx.final = group, final
        total = value.clone()
        dist.all_reduce(total, group=group)
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        if ctx.final:
            return upstream[0], None, None
        total = upstream[0].clone()
        dist.all_reduce(total, group=ctx.group)
        return total, None, None


class Shared(torch.autograd.Function):
    """A hyperparameter that all processes have; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, group: Any) -> Tensor:
        ctx.group = group
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        total = upstream[0].clone()
        dist.all_reduce(total, group=ctx.group)
        return total, None


class Scaled(torch.autograd.Function):
    """x, with its gradient times ``factor``."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: int) -> Tensor:
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        return ctx.factor * upstream[0], None
