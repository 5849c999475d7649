"""Expected losses of random batches from N pairs, as objectives over the N pairs.

N pairs with weights carry a law; a batch is drawn iid from it (the mini-batch loss of a population), without replacement (of
a data set, B8), or is a part of a fixed partition, or one of a list of batches (B16).  The value is exact where the
batches can be enumerated, up to permutation, and otherwise a mean over batches drawn once, which ``Expected.estimate``
sharpens by control variates.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.checks import integer
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import Points
from hyperenergy.kernels.base import Kernel
from hyperenergy.losses.batch import without_own
from hyperenergy.losses.calls import check_pair
from hyperenergy.losses.facts import SoftmaxFacts, facts
from hyperenergy.losses.families import PairLoss
from hyperenergy.objectives.base import Aligned, BatchLoss, Objective
from hyperenergy.objectives.batches import Batches, checked_batches, shown_batches, within

Rows = Float[Tensor, "*starts rows dim"]


@dataclass(frozen=True)
class Estimate:
    """value; standard_error: 0 where it is exact; batches: evaluated; exact: whether these are all."""

    value: float
    standard_error: float
    batches: int
    exact: bool


@dataclass(frozen=True, eq=False)
class Expected(Objective):
    """The expected loss of a batch of ``batch`` pairs drawn from N pairs; called on (anchors, positives), each
    (*starts, N, dim), it gives (*starts,), as a loss does.

    replace: iid draws from the law with the given weights (N,) of sum 1, equal if left out; pairs can repeat.  Without
    replacement all subsets of size ``batch`` are equally likely.  partition: index tuples, or True for consecutive blocks
    of ``batch``; the value is the mean over its parts.  batches: a list of batches, index tuples of ``batch`` different
    pairs each, all equally likely; it may name a batch twice, and says ``batch``, which may be left out.  aligned:
    positives equal to anchors, half of the unknowns.
    Up to ``enumerate`` batches are enumerated; beyond, ``samples`` batches are drawn once, from ``seed``: the value is their
    mean, and ``estimate`` gives a more accurate one, by control variates, with its standard error.

    Law: for losses that average over pairs (KCL, spectral) the value does not depend on ``batch`` (E3).
    Raises ArgumentError for a batch larger than the data set without replacement, weights that are negative or do not sum
    to 1, a partition that is none, batches of another size, with an index that no pair has or with one twice, or iid draws
    under a kernel that is infinite at coincidence.
    """

    loss: PairLoss
    batch: int = 0  # as it is kept, of 2 or more
    replace: bool = True
    partition: Sequence[Sequence[int]] | bool = False
    weights: Float[Tensor, " points"] | None = None
    aligned: bool = False
    enumerate: int = 20_000
    samples: int = 4096
    seed: int = 0
    batches: Batches | None = None
    _drawn: dict[int, tuple[Tensor, Tensor | None]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.loss, PairLoss):
            raise ArgumentError("loss", repr(self.loss), "must be a loss of pairs such as DHEL(0.5)")
        if self.batches is not None:
            object.__setattr__(self, "batches", checked_batches(self.batches, self._given_batch()))
            object.__setattr__(self, "batch", len(self.batches[0]))
        for name, least in (("batch", 2), ("enumerate", 1), ("samples", 2), ("seed", 0)):
            object.__setattr__(self, name, integer(name, getattr(self, name), least))
        if not isinstance(self.partition, bool | Sequence) or isinstance(self.partition, str):
            raise ArgumentError(
                "partition", repr(self.partition), "must be True or index tuples such as [(0, 1), (2, 3)]"
            )
        if not isinstance(self.replace, bool):
            raise ArgumentError("replace", repr(self.replace), "allowed: True, False")
        if self.batches is not None:
            for name, default in (("replace", True), ("partition", False)):
                if getattr(self, name) is not default:
                    raise ArgumentError(name, repr(getattr(self, name)), "batches say all; leave it out")
        kernel = getattr(self.loss, "kernel", None)
        if self._iid and isinstance(kernel, Kernel) and kernel.singular:
            raise ArgumentError(
                "loss", self.loss.label, "is infinite: iid draws repeat a pair, where its kernel is; use replace=False"
            )
        if self.weights is not None:
            object.__setattr__(self, "weights", _checked_weights(self.weights))
            if not self._iid:
                raise ArgumentError("weights", "given", "only iid draws have weights; leave them out")

    def _given_batch(self) -> int | None:
        return None if self.batch == 0 else integer("batch", self.batch, 2)

    @property
    def _iid(self) -> bool:
        return self.replace and self.partition is False and self.batches is None

    @property
    def label(self) -> str:
        how = "" if self._iid else ", partition" if self.partition is not False else ", replace=False"
        if self.batches is not None:
            how = f", batches={shown_batches(self.batches)}"
        return f"Expected({self.loss.label}, batch={self.batch}{how}{', aligned' if self.aligned else ''})"

    @property
    def positive(self) -> bool:
        return self.loss.positive

    @property
    def _whole(self) -> Objective:
        """The loss of all pairs at once, which has the same unknowns."""
        return Aligned(self.loss) if self.aligned else BatchLoss(self.loss)

    @property
    def alignment_term(self) -> tuple[float, Kernel] | None:
        return self._whole.alignment_term

    def rows(self, points: int) -> int:
        return self._whole.rows(points)

    def views(self, z: Rows) -> tuple[Points, Points]:
        return self._whole.views(z)

    def assemble(self, anchors: Points, positives: Points) -> Rows:
        return self._whole.assemble(anchors, positives)

    def check(self, points: int, dim: int) -> None:
        self.exact(points)

    def temporaries(self, points: int, dim: int) -> int:
        if self.partition is not False:
            sizes = [len(part) for part in self.parts(points)]
        else:
            index, _ = self._batches(points)
            sizes = [index.shape[1]] * len(index)
        return sum(4 * size * (size + dim) for size in sizes)

    def __call__(self, anchors: Points, positives: Points) -> Tensor:
        check_pair(anchors, positives)
        return self._value(anchors, positives)

    def value(self, z: Rows) -> Tensor:
        return self._value(*self.views(z))

    def estimate(self, anchors: Points, positives: Points) -> Estimate:
        """The expected loss of one configuration (N, dim), with its standard error."""
        check_pair(anchors, positives)
        if anchors.ndim != 2:
            raise ArgumentError("anchors", f"shape {tuple(anchors.shape)}", "must be one configuration (N, dim)")
        with torch.no_grad():
            if self.partition is not False:
                return Estimate(float(self._value(anchors, positives)), 0.0, len(self.parts(len(anchors))), True)
            index, probability = self._batches(len(anchors))
            if probability is not None:
                return Estimate(float(self._value(anchors, positives)), 0.0, len(index), True)
            index = index.to(anchors.device)
            values = self.loss.formula(anchors[index], positives[index])
            values = values - self._control(anchors, positives, index, values)
            return Estimate(float(values.mean()), float(values.std() / len(index) ** 0.5), len(index), False)

    def exact(self, points: int) -> bool:
        """Whether all batches of that many pairs are enumerated."""
        if self.partition is not False:
            return bool(self.parts(points))
        return self._batches(points)[1] is not None

    def _value(self, U: Points, V: Points) -> Tensor:
        points = U.shape[-2]
        if self.partition is not False:
            parts = self.parts(points)
            each = [self.loss.formula(U[..., part, :], V[..., part, :]) for part in parts]
            return torch.stack(each).mean(0)
        index, weight = self._batches(points)
        index = index.to(U.device)
        values = self.loss.formula(U[..., index, :], V[..., index, :])
        return values.mean(-1) if weight is None else (values * weight.to(values)).sum(-1)

    def parts(self, points: int) -> list[list[int]]:
        """The parts of the partition of that many pairs."""
        if self.partition is True:
            if points % self.batch:
                raise ArgumentError("batch", self.batch, f"must divide the {points} pairs to partition them")
            return [list(range(k, k + self.batch)) for k in range(0, points, self.batch)]
        assert not isinstance(self.partition, bool)
        parts = [list(part) for part in self.partition]
        if sorted(i for part in parts for i in part) != list(range(points)) or min(map(len, parts)) < 2:
            raise ArgumentError(
                "partition", repr(self.partition), f"must hold each of 0..{points - 1} once, in parts of two or more"
            )
        return parts

    def _batches(self, points: int) -> tuple[Tensor, Tensor | None]:
        """Indices (batches, batch), with their probabilities where these are all batches, up to permutation."""
        if points not in self._drawn:
            self._drawn[points] = self._draw(points)
        return self._drawn[points]

    def _draw(self, points: int) -> tuple[Tensor, Tensor | None]:
        size = self.batch
        if self.batches is not None:
            index = torch.tensor(within(self.batches, points))
            return index, torch.full((len(index),), 1 / len(index), dtype=torch.float64)
        if self.weights is not None and len(self.weights) != points:
            raise ArgumentError("weights", f"{len(self.weights)} of them", f"must be {points}, one per pair")
        if not self.replace:
            if size > points:
                raise ArgumentError(
                    "batch", size, f"must be at most {points}, the number of pairs, without replacement"
                )
        kinds = points + size - 1 if self.replace else points
        pairwise = pair_mean(self.loss)
        if pairwise and math.comb(kinds, size) > self.enumerate:
            size = 2  # the expectation of a mean over pairs is that of two draws, at any number of points
        if pairwise or math.comb(kinds, size) <= self.enumerate:
            if self.replace:
                index = torch.tensor(list(combinations_with_replacement(range(points), size)))
                return index, self._multinomial(index, points)
            index = torch.tensor(list(combinations(range(points), size)))
            return index, torch.full((len(index),), 1 / len(index), dtype=torch.float64)
        generator = torch.Generator().manual_seed(self.seed)
        if not self.replace:
            return torch.rand(self.samples, points, generator=generator).argsort(-1)[:, :size], None
        weights = torch.ones(points) / points if self.weights is None else self.weights.cpu()
        drawn = torch.multinomial(weights, self.samples * size, replacement=True, generator=generator)
        return drawn.reshape(self.samples, size), None

    def _multinomial(self, index: Tensor, points: int) -> Tensor:
        """Probabilities of multisets: M!/prod c_i! prod w_i^{c_i}, the number of orders in exact integers."""
        size, orders = index.shape[1], multiset_orders(index)
        if self.weights is None:
            return torch.tensor([n / points**size for n in orders], dtype=torch.float64)
        counts = torch.nn.functional.one_hot(index, points).sum(1)
        # Orders beyond the range of float64 come with products of weights that make up for it.
        logs = torch.tensor([math.log(n) for n in orders], dtype=torch.float64)
        if float(logs.max()) > 600:
            return (logs + torch.xlogy(counts, self.weights).sum(1)).exp()
        return torch.tensor(orders, dtype=torch.float64) * (self.weights**counts).prod(1)

    def _control(self, U: Points, V: Points, index: Tensor, values: Tensor) -> Tensor:
        """sum_k beta_k (C_k - E C_k) per batch, with beta by least squares.

        C_k: the mean over anchors of s_i and, for losses with a temperature, of log Z_i, and of e^{x_ij/tau}/Z_i over the
        negatives of each; Z_i is the mean over all that a negative can be, so that all E C_k are known exactly.
        """
        points = U.shape[-2]
        weights = torch.ones(points).to(U) / points if self.weights is None else self.weights.to(U)
        own = (U * V).sum(-1)
        controls = [own[..., index].mean(-1) - (own @ weights).unsqueeze(-1)]
        temperature = getattr(self.loss, "temperature", None)
        if temperature is not None:
            form = facts(self.loss)
            across_only = isinstance(form, SoftmaxFacts) and not form.within
            similarity = U @ (V if across_only else U).mT / float(temperature)
            if self.replace:
                log_z = (similarity + weights.log()).logsumexp(-1)
            else:
                log_z = without_own(similarity, 0).logsumexp(-1) - math.log(points - 1)
            controls.append(log_z[..., index].mean(-1) - (log_z @ weights).unsqueeze(-1))
            relative = (similarity - log_z.unsqueeze(-1)).exp()[..., index.unsqueeze(-1), index.unsqueeze(-2)]
            controls.append(without_own(relative, 0).mean((-2, -1)) - 1)
        C = torch.stack(controls, -1)
        centered = C - C.mean(-2, keepdim=True)
        # A control that does not vary, as s_i of aligned pairs, is round-off, and of no use.
        C, centered = C[:, centered.std(-2) > 1e-8], centered[:, centered.std(-2) > 1e-8]
        beta = torch.linalg.pinv(centered.mT @ centered, hermitian=True) @ (centered.mT @ (values - values.mean()))
        return C @ beta


def pair_mean(loss: PairLoss) -> bool:
    """Whether the loss is known to be a mean over pairs."""
    form = facts(loss)
    return form is not None and form.pairwise


def multiset_orders(index: Tensor) -> list[int]:
    """In how many orders each multiset, a row of indices, can be drawn: M!/prod c_i!, exactly."""
    if index.shape[1] == 2:
        return (1 + (index[:, 0] != index[:, 1]).long()).tolist()
    factorial = [math.factorial(k) for k in range(index.shape[1] + 1)]
    return [factorial[len(row)] // math.prod(factorial[c] for c in Counter(row).values()) for row in index.tolist()]


def _checked_weights(weights: Any) -> Tensor:
    try:
        given = torch.as_tensor(weights)
        found = given.double()
    except (TypeError, ValueError, RuntimeError):
        raise ArgumentError("weights", repr(weights), "must be numbers >= 0, one per pair") from None
    if found.ndim != 1 or not bool(found.isfinite().all()) or bool((found < 0).any()):
        raise ArgumentError("weights", repr(weights), "must be numbers >= 0, one per pair")
    # To the precision in which they were given.
    precision = 1e-12 if given.dtype == torch.float64 or not given.is_floating_point() else 1e-6
    if isinstance(weights, list | tuple):
        found, precision = torch.tensor(weights, dtype=torch.float64), 1e-12
    excess = abs(float(found.sum()) - 1)
    if excess > precision:
        raise ArgumentError("weights", f"a sum of {float(found.sum())!r}", "must sum to 1")
    # What sums to 1 to round-off stays, so that the weights of a law are those of the law made of them.
    return found if excess <= len(found) * torch.finfo(torch.float64).eps else found / found.sum()
