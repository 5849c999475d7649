"""A loss over random batches of a representation, and the values that it is to be seen beside."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import random_points
from hyperenergy.laws.finite import expected_uniform
from hyperenergy.losses.base import Loss
from hyperenergy.losses.facts import facts
from hyperenergy.losses.families import LabeledLoss, MultiViewLoss, PairLoss
from hyperenergy.theorems import predict
from hyperenergy.theorems.prediction import Status
from hyperenergy.training.diagnosis.measures import Told
from hyperenergy.training.diagnosis.views import Views

# So many batches at least, and not more than this: of ten thousand points and M = 256 each point is in one five times.
LEAST_BATCHES, _MOST_BATCHES = 50, 400
# A batch of M points in R^d is compared with what is uniform by so many drawn ones, where no formula is known.
_DRAWN = 200
# Below this temperature, and for values this small, the exact expectation keeps no digits.
_COLD, _DIGITS = 0.02, 1e-9


@dataclass(frozen=True)
class Estimate:
    """A mean over batches, and its standard error; 0 of a value that is exact."""

    mean: float
    error: float = 0.0
    source: str = ""

    def __str__(self) -> str:
        return f"{self.mean:.5g}" if not self.error else f"{self.mean:.5g} ± {self.error:.1g}"


@dataclass(frozen=True)
class Losses:
    """value: the loss of the pairs.  aligned: of the anchors with themselves as positives, or with every class in one place.
    apart: the mean difference, with the error of the difference, batch by batch."""

    value: Estimate
    aligned: Estimate
    apart: Estimate
    batch: int
    batches: int


def over_batches(
    loss: Loss, views: Views, batch: int, batches: int | None, generator: torch.Generator, tell: Told
) -> Losses:
    """The loss of random batches of the training's size, without replacement within a batch, as an epoch has them."""
    count = batches or max(LEAST_BATCHES, min(_MOST_BATCHES, views.points // batch))
    values, aligned = [], []
    order = torch.zeros(0, dtype=torch.long)
    for k in range(count):
        if len(order) < batch:
            order = torch.randperm(views.points, generator=generator)
        index, order = order[:batch], order[batch:]
        first, second = (x.double() for x in views.rows(index))
        u, v = first, None if views.positives is None else second
        labels = None if views.labels is None else views.labels[index]
        values.append(called(loss, u, v, labels))
        aligned.append(called(loss, *collapsed(loss, u, v, labels), labels))
        tell(f"{loss.label} over {count} batches of {batch}", (k + 1) / count)
    both = torch.tensor(values, dtype=torch.float64), torch.tensor(aligned, dtype=torch.float64)
    return Losses(estimate(both[0]), estimate(both[1]), estimate(both[0] - both[1]), batch, count)


def collapsed(loss: Loss, u: Tensor, v: Tensor | None, labels: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The same batch with alignment perfect: the anchors twice, or each class where its mean points to."""
    if not isinstance(loss, LabeledLoss) or labels is None:
        return u, None
    sums = torch.zeros(int(labels.max()) + 1, u.shape[1], dtype=u.dtype).index_add_(
        0, labels, u if v is None else u + v
    )
    means = sums / sums.norm(dim=-1, keepdim=True).clamp(min=torch.finfo(u.dtype).tiny)
    places = means[labels]
    return places, None if v is None else places


def called(loss: Loss, u: Tensor, v: Tensor | None, labels: Tensor | None) -> float:
    """The loss of one batch, whatever it is called on.  Without a second view pairs coincide; of a loss of labels there is
    then one row a point, and else two of one class."""
    with torch.no_grad():
        if isinstance(loss, LabeledLoss):
            if labels is None:
                raise ArgumentError("labels", "none", f"{loss.label} needs them, one a row")
            if v is None:
                value = loss(u, labels)
            else:
                value = loss(torch.cat([u, v]), torch.cat([labels, labels]))
        elif isinstance(loss, MultiViewLoss):
            value = loss(torch.stack([u, u if v is None else v]))
        else:
            value = loss(u, u if v is None else v)
    return float(value.mean())


def check(loss: object, batch: int, views: Views) -> Loss:
    """The loss; ArgumentError where it has no mean over such batches."""
    if not isinstance(loss, Loss):
        raise ArgumentError("loss", repr(loss), "must be a loss such as he.DHEL(temperature=0.1)")
    if loss.reduction == "sum":
        raise ArgumentError("loss", f"{loss.label} with reduction='sum'", "must have reduction='mean'")
    if batch > views.points:
        raise ArgumentError("batch", batch, f"is larger than the data: {views.points} points")
    if isinstance(loss, LabeledLoss) and views.labels is None:
        raise ArgumentError("labels", "none", f"{loss.label} needs them, one a row")
    u, _ = views.rows(slice(0, batch))
    try:
        value = called(loss, u.double(), None, None if views.labels is None else views.labels[:batch])
    except ArgumentError as error:
        if "singletons" not in str(error):
            raise
        raise ArgumentError(
            "loss", loss.label, 'batches have classes of one point; singletons="skip" leaves them out'
        ) from None
    if not math.isfinite(value):
        raise ArgumentError("loss", loss.label, "is not finite where pairs coincide: its kernel cannot align")
    return loss


def estimate(values: Tensor) -> Estimate:
    return Estimate(float(values.mean()), float(values.std() / math.sqrt(len(values))) if len(values) > 1 else 0.0)


def least(loss: Loss, batch: int, dim: int) -> Estimate | None:
    """A value that no batch is below: the theorem's in as many dimensions as it takes, for more only lower it."""
    if not isinstance(loss, PairLoss):
        return None
    found = predict(loss, batch, max(dim, batch - 1))
    if found is None or found.status != Status.THEOREM.value:
        return None
    attained = "" if dim >= batch - 1 else f"; a bound that is not attained in R^{dim}"
    return Estimate(found.value, 0.0, f"{found.theorem}, the least value of a batch{attained}")


def attainable(loss: Loss, batch: int, views: Views, generator: torch.Generator) -> Estimate:
    """The expected loss of a batch of aligned uniform points: what random batches of a large data set can have."""
    dim = views.dim
    if isinstance(loss, LabeledLoss):
        return _classes_apart(loss, batch, views, generator)
    if isinstance(loss, PairLoss):
        exact = _exactly(loss, batch, dim)
        if exact is not None:
            return Estimate(exact, 0.0, "aligned uniform points, exactly (E1 to E3)")
    drawn = _drawn(loss, batch, dim, generator, lambda u: None)
    return Estimate(drawn.mean, drawn.error, f"aligned uniform points, {_DRAWN} batches drawn")


def _exactly(loss: PairLoss, batch: int, dim: int) -> float | None:
    """The expected loss, where a formula has it to its digits: 1e-12 of 1/tau, for temperatures down to 0.02."""
    temperature = getattr(facts(loss), "temperature", 1.0)
    if temperature < _COLD:
        return None
    try:
        value = expected_uniform(loss, batch, dim)
    except ArgumentError:
        return None
    return value if math.isfinite(value) and abs(value) > _DIGITS / temperature else None


def unrelated(loss: Loss, batch: int, views: Views, generator: torch.Generator) -> Estimate:
    """The expected loss of a batch of independent uniform pairs: an encoder that knows nothing."""
    paired = views.positives is not None

    def other(u: Tensor) -> Tensor | None:
        return random_points(*u.shape, generator=generator) if paired else None

    drawn = _drawn(loss, batch, views.dim, generator, other, views.labels)
    return Estimate(drawn.mean, drawn.error, f"iid uniform {'pairs' if paired else 'points'}")


def one_place(loss: Loss, batch: int, dim: int) -> Estimate:
    """The loss of pairs where all points coincide."""
    u = torch.zeros(batch, dim, dtype=torch.float64)
    u[:, 0] = 1
    return Estimate(called(loss, u, None, None), 0.0, "all points in one place")


def _drawn(
    loss: Loss,
    batch: int,
    dim: int,
    generator: torch.Generator,
    second: Callable[[Tensor], Tensor | None],
    labels: Tensor | None = None,
) -> Estimate:
    values = []
    for _ in range(_DRAWN):
        u = random_points(batch, dim, generator=generator)
        some = None if labels is None else labels[torch.randperm(len(labels), generator=generator)[:batch]]
        values.append(called(loss, u, second(u), some))
    return estimate(torch.tensor(values, dtype=torch.float64))


def _classes_apart(loss: Loss, batch: int, views: Views, generator: torch.Generator) -> Estimate:
    """Random batches with each class in one place, the places a simplex where there is room for one, else uniform."""
    from hyperenergy import codes

    labels, dim = views.labels, views.dim
    assert labels is not None
    classes = int(labels.max()) + 1
    room = 2 <= classes <= dim + 1 and classes <= codes.MOST_POINTS
    values = []
    for _ in range(_DRAWN):
        some = labels[torch.randperm(len(labels), generator=generator)[:batch]]
        places = codes.simplex(classes, dim).points if room else random_points(classes, dim, generator=generator)
        x = places[some]
        values.append(called(loss, x, None if views.positives is None else x, some))
    found = estimate(torch.tensor(values, dtype=torch.float64))
    what = f"classes on a simplex (B7), {_DRAWN} batches" if room else f"classes at uniform points, {_DRAWN} batches"
    return Estimate(found.mean, found.error, what)
